"""Our mark as extended properties of an event, how to look for it, and the body that makes an event. Pure.

The body depends on the draft and the schedule's zone alone: sent again it is the same to the letter, which is what a
`transactionId` asks for (reference/microsoft.md, 2.2). Not here: changed fields (bodies), sending (writing).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapters.microsoft.bodies import Body, put
from adapters.microsoft.refusals import SIDE
from syncd.errors import Rejected
from syncd.model import UNSEEN, Field, Mark
from syncd.ports import Draft

PROPERTIES: Final = "singleValueExtendedProperties"
# One set for all installations and for ever: named properties are scarce in a mailbox (QUIRKS).
_SET: Final = "{31dfb0f0-c805-4853-bd20-d9f67e3533ee}"
MADE: Final = f"String {_SET} Name syncd"
BRIDGE: Final = f"String {_SET} Name syncdBridge"
KEY: Final = f"String {_SET} Name syncdKey"
REST: Final = f"String {_SET} Name syncdMark"
KEYS_AT_ONCE: Final = 15
_ANYONE: Final = "syncd"
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_LONGEST_REST: Final = 1024
_GENERATION, _DIGEST, _ORIGINAL, _PROVIDER, _OVERRIDDEN = "gdopv"
_LETTERS: Final = {"W": Field.WHEN, "T": Field.TITLE, "D": Field.DESCRIPTION, "L": Field.LOCATION, "B": Field.BUSY}


# --- the mark ---------------------------------------------------------------------------------------------------------


def properties(mark: Mark) -> list[dict[str, str]]:
    """The mark as properties: bridge and key alone in their own, so that each can be looked for, the rest in a third.

    One more says the same for every installation: whose mark it is has not to be known to look for it (R25). A name
    of the original that would make the rest too long is left out.
    """
    told = {MADE: _ANYONE, BRIDGE: mark.bridge, KEY: mark.key, REST: _rest(mark)}
    return [{"id": name, "value": value} for name, value in told.items()]


def _rest(mark: Mark) -> str:
    letters = "".join(letter for letter, field in _LETTERS.items() if field in mark.overridden)
    told = {_DIGEST: mark.digest, _ORIGINAL: mark.original, _PROVIDER: mark.provider, _OVERRIDDEN: letters}
    kept = {_GENERATION: mark.generation, **{name: value for name, value in told.items() if value}}
    text = _written(kept)
    if len(text) > _LONGEST_REST:
        text = _written({name: value for name, value in kept.items() if name != _ORIGINAL})
    return text


def _written(values: Mapping[str, object]) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=True)


def mark_from(resource: Mapping[str, Any]) -> Mark | None:
    """Our mark, where an answer shows the properties; a copy that a person makes has it too.

    None says nothing of an answer of delta, or of a write: they never hold them.
    """
    told = _told(resource)
    bridge, key = told.get(BRIDGE.casefold()), told.get(KEY.casefold())
    if not bridge or not key:
        return None
    rest = _read(told.get(REST.casefold(), ""))
    number = rest.get(_GENERATION)
    return Mark(
        bridge=bridge,
        generation=number if type(number) is int and 0 < number < 10**9 else 1,
        key=key,
        digest=_text(rest, _DIGEST),
        original=_text(rest, _ORIGINAL) or None,
        provider=_text(rest, _PROVIDER) or None,
        overridden=frozenset(_LETTERS[letter] for letter in _text(rest, _OVERRIDDEN) if letter in _LETTERS),
    )


def _told(resource: Mapping[str, Any]) -> dict[str, str]:
    """Values by their property, whose id is compared without case: a GUID may come back in the other one."""
    rows = resource.get(PROPERTIES)
    found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return {str(row.get("id")).casefold(): value for row in found if isinstance(value := row.get("value"), str)}


def _read(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


# --- looking for it ---------------------------------------------------------------------------------------------------


def expanded() -> str:
    """`$expand` that shows the mark; without a filter of its own it is refused (reference/microsoft.md, 2.4)."""
    named = " or ".join(f"id eq '{name}'" for name in (BRIDGE, KEY, REST))
    return f"{PROPERTIES}($filter={named})"


def of_anyone() -> str:
    """`$filter` for events with a mark, of whatever installation."""
    return _has(MADE, _ANYONE)


def of_keys(keys: Iterable[str]) -> str:
    """`$filter` for events that bear one of these keys, KEYS_AT_ONCE at most."""
    return " or ".join(_has(KEY, key) for key in keys)


def sought(keys: Sequence[str]) -> list[str]:
    """The keys that can be looked for, each once."""
    return [key for key in dict.fromkeys(keys) if _WORD.fullmatch(key)]


def _has(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"{PROPERTIES}/any(ep: ep/id eq '{name}' and ep/value eq '{quoted}')"


# --- a new event ------------------------------------------------------------------------------------------------------


def new_event(draft: Draft, home: str) -> Body:
    """The body of a POST: nobody is invited, nobody is reminded. `home`: IANA name, for dates.

    Raises Rejected for what no calendar can hold.
    """
    if not _WORD.fullmatch(draft.key):
        raise Rejected("the key cannot be looked for", side=SIDE, ref=draft.key)
    if draft.event.when is UNSEEN:
        raise Rejected("it has no start", side=SIDE, ref=draft.key)
    body: Body = {"transactionId": draft.key, "isReminderOn": False}
    for field in Field:
        value = draft.event.get(field)
        if value is not None and value is not UNSEEN:
            put(body, field, value, home)
    return {**body, PROPERTIES: properties(draft.mark)}
