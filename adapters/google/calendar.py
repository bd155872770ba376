"""One calendar as the core knows it (`CalendarAdapter`): check, read, get, find; writes go to `writing`.

Not here: pages (listing), what resources mean (mapping).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapters.batches import Answer
from adapters.google import listing as pages
from adapters.google.account import CalendarList
from adapters.google.batch import each
from adapters.google.client import Call
from adapters.google.listing import Listing, instances_of, sighted
from adapters.google.mapping import KEY, is_cancelled, observation, stands_for_series
from adapters.google.refusals import Asked, Deleted, Missing
from adapters.google.writing import Writer
from adapters.rows import RowCalendar
from adapters.sights import Resource, Sights, View, absent
from syncd.errors import AdapterError, Transient
from syncd.model import Broken, ChangeSet, Cursor, Gone, Observation, Ref, Removal, Window
from syncd.ports import Known

PROBES: Final = 250  # requests that one call of `get` makes in other calendars


class GoogleCalendar(RowCalendar[CalendarList, Writer]):
    """The calendar with one id. `zone`: of times that name none, where the calendar names none either."""

    def __init__(self, account: CalendarList, calendar: str, *, zone: str, collection: str) -> None:
        super().__init__(account, calendar, zone=zone, collection=collection)
        self._client = account.client
        self.writer = Writer(self)

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        mine = [ref for ref in refs if ref.collection == self.collection]
        found = dict(zip(mine, await self.resources([ref.id for ref in mine]), strict=True))
        view = await self.view(one for one in found.values() if not isinstance(one, AdapterError))
        answer = {ref: absent(view, ref, Gone.UNKNOWN, "it lies in another calendar") for ref in refs}
        answer |= {ref: self._sought(view, ref, one) for ref, one in found.items()}
        deleted = {ref: one for ref, one in found.items() if isinstance(one, Mapping) and _may_have_moved(one)}
        return answer | await self._elsewhere(view, deleted)

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        sought = [key for key in dict.fromkeys(keys) if KEY.fullmatch(key)]
        found = {}
        for key, one in zip(sought, await self.resources(sought), strict=True):
            if isinstance(one, AdapterError) and not isinstance(one, Missing):
                raise one
            if isinstance(one, Mapping) and not is_cancelled(one):
                found[key] = one
        view = await self.view(found.values())
        return {key: self.shown(one, view, Asked("looking for an event", key)) for key, one in found.items()}

    # for its writer too

    async def view(self, rows: Iterable[Resource] = ()) -> View:
        """The view for these rows; the calendar is asked for its zone only when one of them names none."""
        account, zone = self.account, self.zone
        if any(_names_no_zone(row) for row in rows):
            zone = await account.zone(self.id) or zone
        return View(self.collection, zone, await account.writable(self.id), self._client.clock.now())

    async def sent(self, calls: Sequence[Call]) -> list[Answer]:
        return await each(self._client, calls, self.account.pause)

    def observed(self, resource: Resource, view: View) -> Observation:
        return observation(resource, view)

    def version_of(self, resource: Resource) -> str | None:
        return resource.get("etag")

    def is_proven(self, missing: Missing) -> bool:
        return isinstance(missing, Deleted)

    async def resources(self, names: Sequence[str]) -> list[Answer]:
        """Each event by a direct read: a resource, Missing, or why nothing is known."""
        return await self.asked([self._reads(self.id, name) for name in names])

    def _reads(self, calendar: str, name: str) -> Call:
        request = self._client.service.events.get(calendarId=calendar, eventId=name)
        return Call(Asked("reading an event", name), request)

    # reading

    async def everything(self, window: Window, known: Known) -> ChangeSet:
        stored = await known(None)
        listing = await self._listed(None)
        there = {name: listing.rows[name] for name in listing.present}
        masters, lost = await self._masters(listing.series & stored.keys())
        there |= masters
        news = [row for name, row in there.items() if row.get("etag") is None or stored.get(name) != row["etag"]]
        sights = await self._sights(news, window)
        broken = [*sights.broken, *(Broken(name, "the series is not to be read", passing=True) for name in lost)]
        listed = frozenset(there) | frozenset(lost)
        return _change_set(listing, sights, window, broken=broken, listed=listed)

    async def changes(self, cursor: Cursor, known: Known) -> ChangeSet:
        listing = await self._listed(cursor.token)
        asked = [*listing.rows, *sorted(listing.series)]
        stored = await known(asked) if asked else {}
        there = {name: listing.rows[name] for name in listing.present}
        masters, lost = await self._masters(listing.series & stored.keys())
        there |= masters
        # An echo of our own write is what is stored already.
        news = [row for name, row in there.items() if row.get("etag") is None or stored.get(name) != row["etag"]]
        sights = await self._sights(news, cursor.window)
        gone = [*listing.cancelled, *sorted(listing.series & stored.keys())]
        gone += await self._instances(listing, stored, known)
        gone = [name for name in gone if name not in there and name not in lost]
        broken = [*sights.broken, *(Broken(name, "the series is not to be read", passing=True) for name in lost)]
        return _change_set(listing, sights, cursor.window, broken=broken, removed=gone)

    async def _listed(self, token: str | None) -> Listing:
        async def ask() -> Listing:
            if token is None:
                return await pages.everything(self._client, self.id)
            return await pages.changes(self._client, self.id, token)

        listing: Listing = await self.account.answering(self.id, ask)
        self.account.told(self.id, listing.role, listing.zone)
        return listing

    async def _masters(self, names: set[str]) -> tuple[dict[str, Resource], set[str]]:
        """Items of ours that somebody repeats: a listing shows their instances only, so they are read by themselves.

        And those of which nothing is known.
        """
        order = sorted(names)
        answers = dict(zip(order, await self.resources(order), strict=True))
        lost = {name for name, one in answers.items() if isinstance(one, AdapterError) and not isinstance(one, Missing)}
        there = {name: one for name, one in answers.items() if isinstance(one, Mapping) and not is_cancelled(one)}
        return {name: one for name, one in there.items() if not stands_for_series(one)}, lost

    async def _instances(self, listing: Listing, stored: Mapping[str, str | None], known: Known) -> list[str]:
        """Stored instances of a series whose deletion is told of the series alone (QUIRKS 6)."""
        whole = {name for name in listing.cancelled if "recurringEventId" not in listing.rows[name]} - stored.keys()
        if not whole:
            return []
        return [name for name in instances_of(whole, await known(None)) if name not in listing.rows]

    async def _sights(self, rows: Sequence[Resource], window: Window) -> Sights:
        if not rows:
            return Sights()
        view = await self.view(rows)
        sights = await asyncio.to_thread(sighted, rows, view, window)
        shown = {seen.ref.id for seen in sights.observations}
        for row in rows:
            if row["id"] in shown:
                self.remembered.take(row)
        return sights

    # direct reads

    def _sought(self, view: View, ref: Ref, found: Any) -> Observation:
        if isinstance(found, Missing):
            return absent(view, ref, Gone.GONE, "listing")
        if isinstance(found, AdapterError):
            return absent(view, ref, Gone.UNKNOWN, str(found))
        if is_cancelled(found):
            return absent(view, ref, Gone.GONE, "cancelled")
        if stands_for_series(found):
            return absent(view, ref, Gone.GONE, "it is a series now")
        try:
            return self.shown(found, view, Asked("reading an event", ref.id))
        except Transient as error:
            return absent(view, ref, Gone.UNKNOWN, str(error))

    async def _elsewhere(self, view: View, deleted: Mapping[Ref, Resource]) -> dict[Ref, Observation]:
        """Of deleted events, those that live on in another calendar of the account, where somebody moved them.

        Also those that could not be looked for: more than so many at once wait for the next pass.
        """
        others = await self.account.others(self.id) if deleted else ()
        if not others:
            return {}
        room = max(PROBES // len(others), 1)
        pairs = [(ref, other) for ref in list(deleted)[:room] for other in others]
        found = await self.answers([self._looks(other, deleted[ref]) for ref, other in pairs])
        answer = {}
        for (ref, _), one in zip(pairs, found, strict=True):
            if isinstance(one, Mapping) and any(not is_cancelled(row) for row in one.get("items", [one])):
                answer[ref] = absent(view, ref, Gone.OUT_OF_SCOPE, "it was moved to another calendar")
            elif isinstance(one, AdapterError) and not isinstance(one, Missing):
                answer.setdefault(ref, absent(view, ref, Gone.UNKNOWN, str(one)))
        late = "it is deleted here, and not looked for in other calendars yet"
        return answer | {ref: absent(view, ref, Gone.UNKNOWN, late) for ref in list(deleted)[room:]}

    def _looks(self, calendar: str, deleted: Resource) -> Call:
        """Where it has moved it has kept its UID, and perhaps its id; a tombstone may hold the id alone."""
        if "iCalUID" not in deleted:
            return self._reads(calendar, deleted["id"])
        request = self._client.service.events.list(calendarId=calendar, iCalUID=deleted["iCalUID"])
        return Call(Asked("looking for a moved event", deleted["id"]), request)


def _may_have_moved(resource: Resource) -> bool:
    return is_cancelled(resource) and "recurringEventId" not in resource


def _names_no_zone(row: Resource) -> bool:
    start = row.get("start") or {}
    return isinstance(start, Mapping) and "dateTime" in start and not start.get("timeZone")


def _change_set(  # noqa: PLR0913 - the parts of one answer
    listing: Listing,
    sights: Sights,
    window: Window,
    *,
    broken: Sequence[Broken],
    removed: Sequence[str] = (),
    listed: frozenset[str] | None = None,
) -> ChangeSet:
    return ChangeSet(
        observations=tuple(sights.observations),
        window=window,
        removed=tuple(Removal(name) for name in dict.fromkeys(removed)),
        groups=sights.groups,
        listed=listed,
        broken=tuple(broken),
        cursor=Cursor(listing.token, window),
    )
