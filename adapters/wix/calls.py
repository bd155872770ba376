"""The requests that write: one event, or up to 50 in a bulk request, each with its own answer.

Nothing here is sent twice but what a refused token kept from arriving. No participant is ever told (R26). Not here:
what is written and why (writes), what refusals mean (refusals).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from adapters.wix import wire
from adapters.wix.client import Call, Installation
from adapters.wix.reads import EVENTS
from adapters.wix.refusals import SIDE, Asked, Permission, item_error
from syncd.errors import AdapterError, Exists, Rejected, Stale, Transient
from syncd.model import Unseen, When

MOST: Final = 50
_BULK: Final = "/calendar/v3/bulk/events"
_QUIET: Final = {"participantNotification": {"notifyParticipants": False}}

Answer: TypeAlias = wire.Event | AdapterError


@dataclass(frozen=True, slots=True)
class Sent:
    """One item of a request. `notes`: what they hold after it, if that is known. `ref`: "" while it is new."""

    body: dict[str, Any]
    when: When | Unseen
    notes: str | Unseen | None
    ref: str = ""
    key: str = ""


async def create(at: Installation, sent: Sequence[Sent]) -> Sequence[Answer]:
    """Make events: a single one under its key, which bulk requests have no room for (reference/wix.md, 3.3)."""
    asked = Asked("a new event", Permission.MANAGE, writes=True)
    if len(sent) == 1:
        body = {"event": sent[0].body, "idempotencyKey": sent[0].key}
        return [await _one(at, Call(asked, "POST", EVENTS, body))]
    events = [{"event": one.body} for one in sent]
    call = Call(asked, "POST", f"{_BULK}/create", {"events": events, "returnEntity": True})
    return await _bulk(at, call, [""] * len(sent))


async def update(at: Installation, sent: Sequence[Sent]) -> Sequence[Answer]:
    """Change the fields present in each body, at the revision it names."""
    if len(sent) == 1:
        ref = sent[0].ref
        asked = Asked("an update", Permission.MANAGE, ref=ref, writes=True)
        call = Call(asked, "PATCH", _path(ref), {"event": sent[0].body, **_QUIET})
        return [await _one(at, call)]
    asked = Asked("updates", Permission.MANAGE, writes=True)
    events = [{"event": one.body} for one in sent]
    call = Call(asked, "POST", f"{_BULK}/update", {"events": events, "returnEntity": True, **_QUIET})
    return await _bulk(at, call, [one.ref for one in sent])


async def cancel(at: Installation, ids: Sequence[str]) -> Sequence[Answer]:
    """Cancel events; there is no way back."""
    if len(ids) == 1:
        asked = Asked("a cancellation", Permission.MANAGE, ref=ids[0], writes=True)
        return [await _one(at, Call(asked, "POST", f"{_path(ids[0])}/cancel", _QUIET))]
    asked = Asked("cancellations", Permission.MANAGE, writes=True)
    body = {"eventIds": list(ids), "returnEntity": True, **_QUIET}
    return await _bulk(at, Call(asked, "POST", f"{_BULK}/cancel", body), ids)


def _path(ref: str) -> str:
    return f"{EVENTS}/{quote(ref, safe='')}"


async def _one(at: Installation, call: Call) -> Answer:
    """The answer to a call about one item; what concerns this item alone is an answer too."""
    try:
        return (await at.client.send(call, wire.OneEvent)).event
    except (Stale, Exists, Rejected) as error:
        return error


async def _bulk(at: Installation, call: Call, refs: Sequence[str]) -> Sequence[Answer]:
    """The answers of a bulk call, in order; an item that it does not mention may have been written."""
    results = (await at.client.send(call, wire.Results)).results
    answers: dict[int, Answer] = {}
    for result in results:
        about = result.item_metadata
        index = about.original_index
        if not 0 <= index < len(refs):
            continue
        asked = replace(call.asked, ref=refs[index])
        if not about.success:
            answers[index] = item_error(about.error.code if about.error is not None else "", asked)
        elif result.item is not None:
            answers[index] = result.item
        elif about.id is not None:
            answers[index] = wire.Event(id=about.id)
    lost = [
        Transient(f"Wix did not answer for one of {call.asked.what}", side=SIDE, ref=ref, applied=True) for ref in refs
    ]
    return [answers.get(index, lost[index]) for index in range(len(refs))]
