"""Reads one collection, of either side, and records what it showed: fields, typed absences, pending rows, cursor.

Not here: what a sighting is taken for (sightings), the proof that something is gone (absences), what is recorded of it
(news), deciding what follows (plan), whose turn it is (cycle). A cursor commits with the observations it covers, in one
transaction, before any effect.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from syncd.errors import CursorExpired
from syncd.model import ChangeSet, Cursor, Window
from syncd.observe.absences import look_again
from syncd.observe.news import changes_of
from syncd.observe.sightings import Sightings, Subject
from syncd.ports import NOTHING_KNOWN, Lease, StateStore
from syncd.run import Pass

__all__ = ["AUDIT", "Reading", "Subject", "look", "observe"]

AUDIT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it. `doubtful`: why nothing may be concluded from what is missing. `broken`: group → reason."""

    complete: bool
    doubtful: str | None = None
    broken: Mapping[str, str] = field(default_factory=dict)


async def observe(work: Pass, subject: Subject, lease: Lease | None) -> Reading:
    """Read one collection and record it. May be repeated; reading twice what did not change records nothing.

    Raises what the adapter raises for the collection as a whole; nothing is recorded then.
    """
    now = work.clock.now()
    window = work.rules.window(now)
    cursor = await work.store.cursor(subject.cursors_of, subject.collection)
    known = _Known(work.store, subject, singles=cursor is not None and cursor.window != window)
    changes = await _read(known, cursor, window)
    seen = Sightings(work, subject, now, changes)
    if changes.listed is not None:
        seen.unlisted = [group for group in await known(None) if group not in changes.listed]
    await seen.gather()
    await look_again(seen)
    await work.store.commit(await changes_of(seen, cursor, window), lease)
    doubtful = None if changes.complete else "the listing was cut short"
    return Reading(changes.complete, doubtful, {row.group: row.reason for row in changes.broken})


async def look(work: Pass, subject: Subject, lease: Lease | None) -> None:
    """Read the refs of `again` directly and record them; no listing, no cursor."""
    now = work.clock.now()
    window = work.rules.window(now)
    seen = Sightings(work, subject, now, ChangeSet((), window, complete=False))
    await seen.gather()
    await look_again(seen)
    await work.store.commit(await changes_of(seen, None, window), lease)


@dataclass(slots=True)
class _Known:
    """What is stored of the collection, for its adapter to ask. All of it is read once, before it is listed.

    `singles`: the window has rolled, so that every series is expanded anew.
    """

    store: StateStore
    subject: Subject
    singles: bool
    whole: Mapping[str, str | None] | None = None

    async def __call__(self, groups: Collection[str] | None) -> Mapping[str, str | None]:
        side, collection = self.subject.side, self.subject.collection
        if groups is not None:
            return await self.store.fingerprints(side, collection, groups, singles=self.singles)
        if self.whole is None:
            self.whole = await self.store.fingerprints(side, collection, singles=self.singles)
        return self.whole


async def _read(known: _Known, cursor: Cursor | None, window: Window) -> ChangeSet:
    subject = known.subject
    if cursor is not None and cursor.token and not (known.singles or subject.audit or subject.anew):
        try:
            return await subject.adapter.read(cursor, known)
        except CursorExpired:
            pass  # a refused token means a clean full read, compared with what is stored
    await known(None)  # before the listing: what is stored meanwhile is not missing in it
    return await subject.adapter.read(window, NOTHING_KNOWN if subject.anew else known)
