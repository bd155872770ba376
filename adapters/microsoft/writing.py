"""Writes: each event is one request, or one part of a batch. No guest is ever mailed (R26).

Nothing rests on `If-Match`, which the service does not document: what this pass has not seen is read right before it
is written. Not here: reading (calendar), bodies (bodies, drafts), what became of writes (adapters.outcomes).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from adapters.microsoft.bodies import Body, changes
from adapters.microsoft.client import Call
from adapters.microsoft.drafts import PROPERTIES, mark_from, new_event, properties
from adapters.microsoft.mapping import is_cancelled, version_of
from adapters.microsoft.marks import made_under
from adapters.microsoft.refusals import SIDE, Asked, Missing, Repeated
from adapters.outcomes import Outcomes, not_missing
from adapters.sights import Resource, View, absent, moment_of
from syncd.errors import AdapterError, Rejected, Stale
from syncd.model import Gone, Observation
from syncd.ports import Draft, Edit, Erasure, Outcome

if TYPE_CHECKING:
    from adapters.microsoft.calendar import MicrosoftCalendar

_READING: Final = "reading an event"
_FRESH: Final = timedelta(minutes=1)  # an answer with an older event is that of an earlier create
# Delta leaves these out of an occurrence whose series is not known; without them nobody can tell what a write does.
_NEEDED: Final = frozenset({"attendees", "isOnlineMeeting", "isAllDay", "type"})


class Writer:
    """Writes to one calendar. `told`: ids of events by their key, as refused repeats of creates named them."""

    def __init__(self, calendar: "MicrosoftCalendar") -> None:
        self.calendar = calendar
        self.told: dict[str, str] = {}
        self._outcomes = Outcomes(calendar, is_cancelled)

    # create

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        calls: dict[int, Call] = {}
        outcomes: dict[int, Outcome] = {}
        for at, draft in enumerate(drafts):
            try:
                body = new_event(draft, self.calendar.zone)
            except Rejected as error:
                outcomes[at] = error
            else:
                asked = Asked("creating an event", draft.key, writes=True)
                information = self.calendar.events.to_post_request_information(body)
                calls[at] = self._client.call(asked, information)
        answers = await self._outcomes.answers(calls)
        answers |= await self._replayed({at: one for at, one in answers.items() if self._is_replay(one)})
        marked = {at: _with(one, properties(drafts[at].mark)) for at, one in answers.items()}
        outcomes |= await self._outcomes.held(marked, calls)
        await self._repeated([one for one in outcomes.values() if isinstance(one, Repeated)])
        return [not_missing(outcomes[at]) for at in range(len(drafts))]

    def _is_replay(self, answer: Any) -> bool:
        made = moment_of(answer.get("createdDateTime")) if isinstance(answer, Mapping) else None
        return made is not None and made < self._client.clock.now() - _FRESH

    async def _replayed(self, answers: Mapping[int, Resource]) -> dict[int, Any]:
        """Events as they are now: a repeated create may show one that was deleted since (QUIRKS)."""
        found = await self.calendar.resources([str(one.get("id")) for one in answers.values()])
        gone = {"isCancelled": True}
        return {
            at: {**shown, **gone} if isinstance(now, Missing) else now
            for (at, shown), now in zip(answers.items(), found, strict=True)
        }

    async def _repeated(self, refused: Sequence[Repeated]) -> None:
        """Find the events that other bodies made under these transaction ids: all stay Exists.

        What neither a look-up nor the calendar itself shows is gone, and its transaction id is refused for ever.
        """
        self.told |= {one.ref: one.existing for one in refused if one.existing}
        asked = [one.ref for one in refused if not one.existing]
        left = set(asked) - (await self.calendar.find(asked)).keys() if asked else set()
        if left:
            self.told |= await made_under(self._client, self.calendar.id, left)

    # update

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        if len({edit.ref for edit in edits}) < len(edits):  # one after the other: no batch may hold an event twice
            return [outcome for edit in edits for outcome in await self.update([edit])]
        seen = [self._seen(edit.ref.id, edit.if_match, marked=edit.mark is not None) for edit in edits]
        found = await self._outcomes.judged(edits, seen, self._edited)
        calls: dict[int, Call] = {}
        for at, (body, shown) in found.kept.items():
            if not body:
                found.outcomes[at] = shown
                continue
            information = self._event(edits[at].ref.id).to_patch_request_information(body)
            asked = Asked("changing an event", edits[at].ref.id, writes=True)
            calls[at] = self._client.call(asked, information, if_match=shown.version)
        answers = await self._outcomes.answers(calls)
        marked = {at: _with(one, _left(edits[at], found.rows[at])) for at, one in answers.items()}
        outcomes = found.outcomes | await self._outcomes.held(marked, calls)
        return [outcomes[at] for at in range(len(edits))]

    def _edited(self, edit: Edit, row: Any, view: View) -> tuple[Body, Observation]:
        """The body to send, {} when the event shows everything already; and what it shows. Raises Stale, Rejected."""
        shown = self._writable(edit, row, view)
        body = changes(row, edit.event, shown.event, self.calendar.zone)
        left = _left(edit, row)
        return (body if left == row.get(PROPERTIES) else {**body, PROPERTIES: left}), shown

    # delete

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        seen = [self._seen(one.ref.id, one.if_match, marked=False) for one in erasures]
        found = await self._outcomes.judged(erasures, seen, self._removable)
        calls: dict[int, Call] = {}
        for at, shown in found.kept.items():
            if shown.absence is not None:
                found.outcomes[at] = shown
                continue
            information = self._event(shown.ref.id).to_delete_request_information()
            asked = Asked("deleting an event", shown.ref.id, writes=True)
            calls[at] = self._client.call(asked, information, if_match=shown.version)
        outcomes = found.outcomes | await self._outcomes.removed(erasures, calls, found.view)
        return [outcomes[at] for at in range(len(erasures))]

    def _removable(self, erasure: Erasure, row: Any, view: View) -> Observation:
        """What the event shows; absent when it is gone already. Raises Stale, Rejected."""
        if self._outcomes.is_gone(row):
            return absent(view, erasure.ref, Gone.GONE, "tombstone")
        return self._writable(erasure, row, view)

    # common

    @property
    def _client(self) -> Any:
        return self.calendar.account.client

    def _event(self, name: str) -> Any:
        """By the mailbox, as it is read: an event that lies in another calendar by now is not gone."""
        return self._client.me.events.by_event_id(name)

    def _seen(self, name: str, version: str | None, *, marked: bool) -> Resource | None:
        """The event as this pass saw it at that version, if all was told that a write must know."""
        row = self.calendar.last_seen(name, version)
        if row is None or not row.keys() >= _NEEDED or (marked and mark_from(row) is None):
            return None
        return row

    def _writable(self, wanted: Edit | Erasure, row: Any, view: View) -> Observation:
        """What the event shows. Raises Stale for one that is gone or has changed, Rejected where guests would be

        mailed."""
        if isinstance(row, AdapterError):
            raise row
        name = wanted.ref.id
        if is_cancelled(row):
            raise Stale("the event is not there any more", side=SIDE, ref=name)
        version = version_of(row)
        if wanted.if_match is not None and version != wanted.if_match:
            raise Stale("the event has changed since it was read", side=SIDE, ref=name)
        if version is None:
            raise Rejected("Microsoft gives no ETag to write against", side=SIDE, ref=name)
        shown = self.calendar.shown(row, view, Asked(_READING, name))
        if shown.traits.guests:
            raise Rejected("others are invited, and would be mailed", side=SIDE, ref=name)
        return shown


def _left(edit: Edit, row: Resource) -> Any:
    """The properties of our mark after an edit: a new mark only where there is one (answers never show them)."""
    if edit.mark is None or mark_from(row) in (None, edit.mark):
        return row.get(PROPERTIES)
    return properties(edit.mark)


def _with(answer: Any, marks: Any) -> Any:
    """The answer of a write with the properties that it does not show."""
    return {**answer, PROPERTIES: marks} if isinstance(answer, Mapping) and marks is not None else answer
