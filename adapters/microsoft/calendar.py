"""One calendar as the core knows it (`CalendarAdapter`): check, read, get, find; writes go to `writing`.

Not here: pages (listing), groups of rows (series), our mark beside them (marks), what resources mean (mapping).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapters.batches import Answer
from adapters.microsoft import listing as pages
from adapters.microsoft import marks
from adapters.microsoft.account import CalendarList
from adapters.microsoft.batch import each
from adapters.microsoft.client import Call
from adapters.microsoft.drafts import expanded, mark_from, sought
from adapters.microsoft.listing import Round
from adapters.microsoft.mapping import MASTER, is_cancelled, observation, series_of, version_of
from adapters.microsoft.refusals import Asked, Missing
from adapters.microsoft.series import UNREAD, Group, grouped, sighted
from adapters.microsoft.writing import Writer
from adapters.rows import RowCalendar
from adapters.sights import Resource, Sights, View, absent
from syncd.errors import AdapterError, Transient
from syncd.model import Broken, ChangeSet, Cursor, Gone, Observation, Ref, Removal, Window
from syncd.ports import Known

_READING: Final = "reading an event"
_LATE: Final = "it is listed, but not there"


class MicrosoftCalendar(RowCalendar[CalendarList, Writer]):
    """The calendar with one id. `zone`: the schedule's, of times whose own zone nobody knows, and of days."""

    def __init__(self, account: CalendarList, calendar: str, *, zone: str, collection: str) -> None:
        super().__init__(account, calendar, zone=zone, collection=collection)
        self._client = account.client
        self.writer = Writer(self)

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        mine = [ref for ref in refs if ref.collection == self.collection]
        found = dict(zip(mine, await self.resources([ref.id for ref in mine]), strict=True))
        present = {ref: one for ref, one in found.items() if isinstance(one, Mapping) and not is_cancelled(one)}
        places = await self._places(present.values())
        view = await self.view()
        answer = {ref: absent(view, ref, Gone.UNKNOWN, "it lies in another calendar") for ref in refs}
        return answer | {ref: self._sought(view, ref, one, places) for ref, one in found.items()}

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        rows = [row for row in await self._bearing(sought(keys)) if not is_cancelled(row)]
        view = await self.view()
        found: dict[str, Observation] = {}
        for row in sorted(rows, key=_by_age):
            mark = mark_from(row)
            if mark is not None and mark.key in keys and mark.key not in found:
                found[mark.key] = self.shown(row, view, Asked("looking for an event", mark.key))
        return found

    # for its writer too

    @property
    def events(self) -> Any:
        """The library's builder of what lies in this calendar."""
        return self._client.me.calendars.by_calendar_id(self.id).events

    async def view(self, _rows: Iterable[Resource] = ()) -> View:
        """From where rows of this calendar are looked at; it is asked once whether it may be written."""
        writable = await self.account.writable(self.id)
        return View(self.collection, self.zone, writable, self._client.clock.now())

    async def resources(self, names: Sequence[str]) -> list[Answer]:
        """Each event by a direct read, our mark with it: a resource, Missing, or why nothing is known.

        By the mailbox and not by the calendar: one that lies in another calendar by now is not gone.
        """
        events = self._client.me.events
        calls = [self._client.get(Asked(_READING, one), events.by_event_id(one), expand=[expanded()]) for one in names]
        return await self.asked(calls)

    async def sent(self, calls: Sequence[Call]) -> list[Answer]:
        return await each(self._client, calls, self.account.pause)

    def observed(self, resource: Resource, view: View) -> Observation:
        return observation(resource, view)

    def version_of(self, resource: Resource) -> str | None:
        return version_of(resource)

    # reading

    async def everything(self, window: Window, known: Known) -> ChangeSet:
        stored = await known(None)

        async def ask() -> Round:
            return await pages.everything(self._client, self.id, window, self.account.pause)

        found: Round = await self.account.answering(self.id, ask)
        groups, _ = grouped(found.rows.values())
        sights = await self._sights(groups, stored, window, late=False)
        return _change_set(found, sights, window, listed=frozenset(groups))

    async def changes(self, cursor: Cursor, known: Known) -> ChangeSet:
        found = await pages.changes(self._client, cursor.token, self.account.pause)
        groups, cancelled = grouped(found.rows.values())
        stored = await known(list(groups)) if groups else {}
        sights = await self._sights(groups, stored, cursor.window, late=True)
        gone = [Removal(name, "cancelled") for name in cancelled]
        gone += [Removal(name) for name in found.removed]
        return _change_set(found, sights, cursor.window, removed=gone)

    async def _sights(
        self, groups: Mapping[str, Group], stored: Mapping[str, str | None], window: Window, *, late: bool
    ) -> Sights:
        """What the groups hold that are not as they are stored. `late`: one that is listed and gone is told as such."""
        prints = {name: group.fingerprint for name, group in groups.items()}
        # An echo of our own write is what is stored already.
        news = [group for name, group in groups.items() if prints[name] is None or stored.get(name) != prints[name]]
        if not news:
            return Sights()
        told, failed = await self._marks(news)
        shown = [group.marked(told[group.name]) for group in news if group.name in told]
        # Of a series that we know, what cannot be read at present is left open: times are told all the same.
        shown += [group for group in news if group.name in failed and group.name in stored and group.lacks_master]
        view = await self.view()
        sights = await asyncio.to_thread(sighted, shown, prints, view, window)
        missing = [name for name, error in failed.items() if isinstance(error, Missing) and not late]
        unread = [Broken(name, _why(error), passing=True) for name, error in failed.items() if name not in missing]
        sights.broken += unread
        return sights

    async def _marks(self, groups: Sequence[Group]) -> tuple[dict[str, Resource], dict[str, AdapterError]]:
        """What says our mark on each group, and what a series has in common where no row did; and what failed."""
        told: dict[str, Resource] = {}
        if len(groups) > marks.DIRECT:

            async def ask() -> dict[str, Resource] | None:
                return await marks.bearers(self._client, self.id)

            listed = await self.account.answering(self.id, ask)
            told = {} if listed is None else marks.told_by(groups, listed, self._client.clock.now())
        names = [group.name for group in groups if group.name not in told]
        answers = dict(zip(names, await self.resources(names), strict=True))
        read = {name: one for name, one in answers.items() if not isinstance(one, AdapterError)}
        told |= read
        for one in read.values():  # a round may lag: only what was read directly is known to be of this pass
            if one.get("id"):
                self.remembered.take(one)
        return told, {name: one for name, one in answers.items() if isinstance(one, AdapterError)}

    # direct reads

    async def _places(self, rows: Iterable[Resource]) -> dict[str, Any]:
        """For each event, or series of occurrences, the calendar that it lies in, or why that is not known."""
        names = list(dict.fromkeys(_holder(row) for row in rows))
        events = self._client.me.events
        calls = [
            self._client.get(Asked("looking for a calendar", one), events.by_event_id(one).calendar) for one in names
        ]
        answers = await self.answers(calls)
        return dict(zip(names, answers, strict=True))

    def _sought(self, view: View, ref: Ref, found: Any, places: Mapping[str, Any]) -> Observation:
        if isinstance(found, Missing):
            return absent(view, ref, Gone.GONE, "listing")
        if isinstance(found, AdapterError):
            return absent(view, ref, Gone.UNKNOWN, str(found))
        if is_cancelled(found):
            return absent(view, ref, Gone.GONE, "cancelled")
        place = places[_holder(found)]
        if isinstance(place, AdapterError) or not place.get("id"):
            return absent(view, ref, Gone.UNKNOWN, "which calendar it lies in was not told")
        if place["id"] != self.id:
            return absent(view, ref, Gone.OUT_OF_SCOPE, "it was moved to another calendar")
        if found.get("type") == MASTER and mark_from(found) is None:
            return absent(view, ref, Gone.GONE, "it is a series now")
        try:
            return self.shown(found, view, Asked(_READING, ref.id))
        except Transient as error:
            return absent(view, ref, Gone.UNKNOWN, str(error))

    async def _bearing(self, keys: Sequence[str]) -> list[Resource]:
        """Events of this calendar with these keys, as far as look-ups tell; and those that repeats were refused for."""
        if not keys:
            return []

        async def ask() -> tuple[list[Resource], bool]:
            return await marks.holders(self._client, self.id, keys)

        rows, sure = await self.account.answering(self.id, ask)
        known = {row["id"] for row in rows}
        named = [one for key in keys if (one := self.writer.told.get(key)) and one not in known]
        if named:
            answers = await self.resources(named)
            rows, sure = [*rows, *(one for one in answers if isinstance(one, Mapping))], False
        if sure:
            return rows
        places = await self._places(rows)
        return [
            row for row in rows if isinstance(place := places[_holder(row)], Mapping) and place.get("id") == self.id
        ]


def _holder(row: Resource) -> str:
    """What is asked for its calendar: occurrences lie where their series does."""
    return series_of(row) or str(row["id"])


def _by_age(row: Resource) -> tuple[bool, str, str]:
    """What we made, where that is told (a copy has no transaction id, or its own); then the oldest first."""
    mark = mark_from(row)
    is_copy = mark is None or row.get("transactionId") != mark.key
    return is_copy, str(row.get("createdDateTime", "")), row["id"]


def _why(error: AdapterError) -> str:
    return _LATE if isinstance(error, Missing) else f"{UNREAD}: {error}"


def _change_set(
    found: Round,
    sights: Sights,
    window: Window,
    *,
    removed: Sequence[Removal] = (),
    listed: frozenset[str] | None = None,
) -> ChangeSet:
    return ChangeSet(
        observations=tuple(sights.observations),
        window=window,
        removed=tuple(removed),
        groups=sights.groups,
        listed=listed,
        broken=tuple(sights.broken),
        cursor=None if found.token is None else Cursor(found.token, window),
    )
