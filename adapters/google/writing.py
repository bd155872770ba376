"""Writes: each event is one request, or one part of a batch. Nobody is told of any (R26).

Not here: reading (calendar), what an edit does to a resource (mapping).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.google.client import Call
from adapters.google.mapping import is_cancelled, new_resource, rewritten
from adapters.google.refusals import SIDE, Asked, Barred, Missing
from adapters.sights import Resource, View, absent
from syncd.errors import AdapterError, Forbidden, Rejected, Stale, Transient
from syncd.model import Gone, Observation
from syncd.ports import Draft, Edit, Erasure, Outcome

if TYPE_CHECKING:
    from adapters.google.calendar import GoogleCalendar

_QUIET: Final = {"sendUpdates": "none"}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to one calendar."""

    calendar: "GoogleCalendar"

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        calls: dict[int, Call] = {}
        outcomes: dict[int, Outcome] = {}
        for at, draft in enumerate(drafts):
            try:
                request = self._events.insert(calendarId=self.calendar.id, body=new_resource(draft), **_QUIET)
            except Rejected as error:
                outcomes[at] = error
            else:
                calls[at] = Call(Asked("creating an event", draft.key, writes=True), request)
        outcomes |= await self._sent(calls)
        return [_not_missing(outcomes[at]) for at in range(len(drafts))]

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        if len({edit.ref for edit in edits}) < len(edits):  # one after the other: no batch may hold an event twice
            return [outcome for edit in edits for outcome in await self.update([edit])]
        rows = await self._present(edits)
        view = await self.calendar.view(row for row in rows if isinstance(row, Mapping))
        calls: dict[int, Call] = {}
        outcomes: dict[int, Outcome] = {}
        for at, (edit, row) in enumerate(zip(edits, rows, strict=True)):
            try:
                body, shown = self._edited(edit, row, view)
            except AdapterError as error:
                outcomes[at] = error
                continue
            if body is None:
                outcomes[at] = shown
                continue
            request = self._events.update(calendarId=self.calendar.id, eventId=edit.ref.id, body=body, **_QUIET)
            calls[at] = Call(Asked("changing an event", edit.ref.id, writes=True), request, if_match=row["etag"])
        outcomes |= await self._sent(calls)
        return [outcomes[at] for at in range(len(edits))]

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        view = await self.calendar.view()
        calls = {}
        for at, one in enumerate(erasures):
            request = self._events.delete(calendarId=self.calendar.id, eventId=one.ref.id, **_QUIET)
            calls[at] = Call(Asked("deleting an event", one.ref.id, writes=True), request, one.if_match)
        answers = await self._answers(calls)
        doubtful = [at for at, answer in answers.items() if type(answer) is Stale]
        looked = await self.calendar.resources([erasures[at].ref.id for at in doubtful])
        gone_already = {at for at, row in zip(doubtful, looked, strict=True) if _is_gone(row)}
        outcomes: list[Outcome] = []
        for at, one in enumerate(erasures):
            answer = answers[at]
            failed = isinstance(answer, AdapterError) and not isinstance(answer, Missing) and at not in gone_already
            outcomes.append(answer if failed else absent(view, one.ref, Gone.GONE, "tombstone"))
        return outcomes

    @property
    def _events(self) -> Any:
        return self.calendar.account.client.service.events

    async def _present(self, edits: Sequence[Edit]) -> list[Any]:
        """The resource of each edit: as this pass saw it at the version named, else as it is now."""
        seen = [self.calendar.last_seen(edit.ref.id, edit.if_match) for edit in edits]
        asked = [at for at, row in enumerate(seen) if row is None]
        rows: list[Any] = list(seen)
        for at, row in zip(asked, await self.calendar.resources([edits[at].ref.id for at in asked]), strict=True):
            rows[at] = row
        return rows

    def _edited(self, edit: Edit, row: Any, view: View) -> tuple[dict[str, Any] | None, Observation]:
        """The body to send, or None when it shows everything already; and what it shows. Raises Stale."""
        if isinstance(row, AdapterError):
            raise row
        if is_cancelled(row):
            raise Stale("the event is not there any more", side=SIDE, ref=edit.ref.id)
        if edit.if_match is not None and row.get("etag") != edit.if_match:
            raise Stale("the event has changed since it was read", side=SIDE, ref=edit.ref.id)
        if not row.get("etag"):
            raise Rejected("Google gives no ETag to write against", side=SIDE, ref=edit.ref.id)
        shown = self.calendar.shown(row, view, Asked("reading an event", edit.ref.id))
        return rewritten(row, edit.event, edit.mark, shown.event), shown

    async def _sent(self, calls: Mapping[int, Call]) -> dict[int, Outcome]:
        """What the calendar holds after each call, or why it does not."""
        answers = await self._answers(calls)
        present = [one for one in answers.values() if isinstance(one, Mapping)]
        view = await self.calendar.view(present) if present else None
        outcomes: dict[int, Outcome] = {}
        for at, one in answers.items():
            held = None if isinstance(one, AdapterError) or view is None else self._held(one, view, calls[at].asked)
            outcomes[at] = held or one
        return outcomes

    def _held(self, row: Resource, view: View, asked: Asked) -> Outcome:
        if is_cancelled(row):
            return absent(view, view.ref(asked.ref), Gone.GONE, "cancelled")
        try:
            return self.calendar.shown(row, view, asked)
        except Transient as error:
            return error

    async def _answers(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        """Answers and errors by place. Raises Forbidden when the calendar as a whole may not be written."""
        answers = dict(zip(calls, await self.calendar.asked(list(calls.values())), strict=True))
        if any(isinstance(one, Barred) for one in answers.values()):
            account = self.calendar.account
            if not await account.writable(self.calendar.id, afresh=True):
                hint = "give the account the right to make changes to events in this calendar, or choose another one"
                raise Forbidden("the calendar may not be written", code="READ_ONLY", side=SIDE, hint=hint)
        return answers


def _is_gone(row: Any) -> bool:
    return isinstance(row, Missing) or (isinstance(row, Mapping) and is_cancelled(row))


def _not_missing(outcome: Outcome) -> Outcome:
    """Nothing can be missing for an insert but its calendar, which answers: it will take it later."""
    if isinstance(outcome, Missing):
        return Transient(str(outcome), side=SIDE, ref=outcome.ref)
    return outcome
