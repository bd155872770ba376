"""Writes: each event is one request, or one part of a batch. Nobody is told of any (R26).

Not here: reading (calendar), what an edit does to a resource (mapping), what became of writes (adapters.outcomes).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from adapters.google.client import Call
from adapters.google.mapping import is_cancelled, new_resource, rewritten
from adapters.google.refusals import SIDE, Asked
from adapters.outcomes import Outcomes, not_missing
from adapters.sights import View
from syncd.errors import AdapterError, Rejected, Stale
from syncd.model import Observation
from syncd.ports import Draft, Edit, Erasure, Outcome

if TYPE_CHECKING:
    from adapters.google.calendar import GoogleCalendar

_QUIET: Final = {"sendUpdates": "none"}


class Writer:
    """Writes to one calendar."""

    def __init__(self, calendar: "GoogleCalendar") -> None:
        self.calendar = calendar
        self._outcomes = Outcomes(calendar, is_cancelled)

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
        outcomes |= await self._outcomes.sent(calls)
        return [not_missing(outcomes[at]) for at in range(len(drafts))]

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        if len({edit.ref for edit in edits}) < len(edits):  # one after the other: no batch may hold an event twice
            return [outcome for edit in edits for outcome in await self.update([edit])]
        seen = [self.calendar.last_seen(edit.ref.id, edit.if_match) for edit in edits]
        found = await self._outcomes.judged(edits, seen, self._edited)
        calls: dict[int, Call] = {}
        for at, (body, shown) in found.kept.items():
            if body is None:
                found.outcomes[at] = shown
                continue
            edit = edits[at]
            request = self._events.update(calendarId=self.calendar.id, eventId=edit.ref.id, body=body, **_QUIET)
            calls[at] = Call(Asked("changing an event", edit.ref.id, writes=True), request, if_match=shown.version)
        outcomes = found.outcomes | await self._outcomes.sent(calls)
        return [outcomes[at] for at in range(len(edits))]

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        view = await self.calendar.view()
        calls = {}
        for at, one in enumerate(erasures):
            request = self._events.delete(calendarId=self.calendar.id, eventId=one.ref.id, **_QUIET)
            calls[at] = Call(Asked("deleting an event", one.ref.id, writes=True), request, one.if_match)
        outcomes = await self._outcomes.removed(erasures, calls, view)
        return [outcomes[at] for at in range(len(erasures))]

    @property
    def _events(self) -> Any:
        return self.calendar.account.client.service.events

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
