"""One calendar as the core knows it (`CalendarAdapter`): check, read, get, find; writes go to `writing`.

Not here: requests (collection), what objects mean (reading, series, mapping).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from adapters.apple.account import CalDavAccount
from adapters.apple.collection import Body, Collection, Listing
from adapters.apple.ics import MalformedError
from adapters.apple.mapping import KEY
from adapters.apple.multistatus import path_of
from adapters.apple.reading import Look, Seen, absent, opened, seen, sought, split
from adapters.apple.writing import Writer
from syncd.model import Broken, ChangeSet, Cursor, Gone, Observation, Ref, Removal, Side, Window
from syncd.ports import NOTHING_KNOWN, Draft, Edit, Erasure, Known, Outcome, Standing


class AppleCalendar:
    """The calendar with one id. `zone`: where floating times are. `collection`: what its refs carry."""

    side = Side.EXTERNAL

    def __init__(self, account: CalDavAccount, calendar: str, *, zone: str, collection: str) -> None:
        self.capabilities = account.capabilities
        self.collection = collection
        self._calendar = calendar
        self._account = account
        self._zone = zone
        self._objects = Collection(account, calendar)
        self._writer = Writer(self._objects, self._look)

    async def check(self) -> Standing:
        row = await self._account.about(self._calendar)
        owner = await self._account.owner(self._calendar)
        named = row.hrefs("D:current-user-principal")
        identity = path_of(named[0]) if named else await self._account.proven_identity()
        return Standing(identity, owner.writable)

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        if isinstance(since, Cursor):
            window, listing = since.window, await self._objects.changes(since.token)
            # What the server names has changed for it. A version that we know may be that of a replica behind, or one
            # that our own write was answered with, though somebody's edit was right behind it.
            differing = list(listing.etags)
            stored = await known(differing) if differing else {}
        else:
            window, listing, stored = since, await self._objects.listing(), await known(None)
            differing = [name for name, etag in listing.etags.items() if not self._seen(name, etag, window, stored)]
        found: list[Seen | Broken] = []
        if differing:
            look = await self._look()
            async for batch in self._bodies(differing):
                late = _late(batch, listing, stored, everything=not isinstance(since, Cursor))
                timely = {name: body for name, body in batch.items() if name not in late}
                items = await asyncio.to_thread(seen, look, timely, window)
                self._remember(items, batch)
                found += [*items, *late.values()]
        return _change_set(listing, found, window, everything=not isinstance(since, Cursor))

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        look = await self._look()
        answer: dict[Ref, Observation] = {}
        named: dict[str, list[Ref]] = {}
        for ref in refs:
            if ref.collection == self.collection:
                named.setdefault(split(ref)[0], []).append(ref)
            else:
                answer[ref] = absent(look, ref, Gone.UNKNOWN, "it lies in another calendar")
        async for batch in self._bodies(list(named)):
            answer |= await asyncio.to_thread(_sought, look, batch, named)
        return answer

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        look = await self._look()
        names = {f"{key}.ics": key for key in keys if KEY.fullmatch(key)}
        found: dict[str, Observation] = {}
        async for batch in self._objects.bodies(list(names)):
            refs = {name: [Ref(self.collection, name)] for name in batch}
            for ref, observed in (await asyncio.to_thread(_sought, look, batch, refs)).items():
                if observed.absence is None:
                    found[names[ref.id]] = observed
        return found

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return await self._writer.create(drafts)

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        return await self._writer.update(edits)

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        return await self._writer.delete(erasures)

    async def _bodies(self, names: Sequence[str]) -> AsyncIterator[dict[str, Body]]:
        """The objects in batches. Only while its collection answers is a missing object a deleted one."""
        async for batch in self._objects.bodies(names):
            if any(body.gone for body in batch.values()):
                await self._account.about(self._calendar)
            yield batch

    def _seen(self, name: str, etag: str | None, window: Window, known: Mapping[str, str | None]) -> bool:
        """Whether this version of an object need not be fetched: it is stored, or has nothing within the window."""
        if etag is None or name in known:
            return etag is not None and known[name] == etag
        version, quiet = self._account.quiet.get((self._calendar, name), (None, window))
        return version == etag and quiet.start <= window.start and window.end <= quiet.end

    def _remember(self, items: Sequence[Seen | Broken], batch: Mapping[str, Body]) -> None:
        for one in items:
            if isinstance(one, Seen):
                version = batch[one.name].fingerprint
                self._account.quiet.pop((self._calendar, one.name), None)
                if one.quiet is not None and version is not None:
                    self._account.quiet[self._calendar, one.name] = version, one.quiet

    async def _look(self) -> Look:
        owner = await self._account.owner(self._calendar)
        return Look(self.collection, self._zone, owner, self._account.clock.now())


def _sought(look: Look, batch: Mapping[str, Body], named: Mapping[str, Sequence[Ref]]) -> dict[Ref, Observation]:
    answer = {}
    for name, body in batch.items():
        for ref in named[name]:
            answer[ref] = _one(look, ref, name, body)
    return answer


def _one(look: Look, ref: Ref, name: str, body: Body) -> Observation:
    if body.gone:
        return absent(look, ref, Gone.GONE, "listing")
    try:
        return sought(look, ref, opened(look, name, body), body)
    except MalformedError as error:
        return absent(look, ref, Gone.UNKNOWN, str(error))


def _late(
    batch: Mapping[str, Body], listing: Listing, known: Mapping[str, str | None], *, everything: bool
) -> dict[str, Broken]:
    """Objects of which a read lags behind the listing that named them: it must not be the last word on them.

    That one is listed and not there is no news in a listing of everything, where some servers have it for good.
    """
    late: dict[str, Broken] = {}
    for name, body in batch.items():
        told = listing.etags.get(name)
        if body.gone and not everything:
            late[name] = Broken(name, "it is listed, but not there", passing=True)
        elif body.fingerprint is not None and body.fingerprint == known.get(name) and not _same(told, body.fingerprint):
            late[name] = Broken(name, "it is read at an earlier version than it is listed", told, passing=True)
    return late


def _same(one: str | None, other: str) -> bool:
    """Weak comparison of ETags (RFC 9110, 8.8.3.2)."""
    return one is None or one.removeprefix("W/") == other.removeprefix("W/")


def _change_set(listing: Listing, found: Sequence[Seen | Broken], window: Window, *, everything: bool) -> ChangeSet:
    shown = [one for one in found if isinstance(one, Seen)]
    complete = listing.complete
    cursor = Cursor(listing.token, window) if listing.token is not None and complete else None
    return ChangeSet(
        observations=tuple(item for one in shown for item in one.observations),
        window=window,
        removed=() if everything else tuple(Removal(name) for name in sorted(listing.removed)),
        groups={one.name: frozenset(item.ref.id for item in one.observations) for one in shown},
        listed=frozenset(listing.etags) if everything else None,
        broken=tuple(one for one in found if isinstance(one, Broken)),
        cursor=cursor,
        complete=complete,
    )
