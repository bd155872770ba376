"""Reads one collection, of either side, and records what it showed: fields, typed absences, pending rows, cursor.

Not here: deciding what follows (plan), whose turn it is (cycle). A cursor commits with the observations it covers, in
one transaction, before any effect. Absence needs proof: see `_prove`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.errors import AuthRevoked, CursorExpired
from syncd.model import (
    UNSEEN,
    Absence,
    ChangeSet,
    Connection,
    Cursor,
    Event,
    Gone,
    Link,
    LinkState,
    Observation,
    Ref,
    Rule,
    Side,
    Window,
)
from syncd.normalise import canonical, covers, mask
from syncd.ports import (
    EARLIER,
    NOTHING_KNOWN,
    RETURNED,
    CalendarAdapter,
    Changes,
    Lease,
    Note,
    StateStore,
    Stored,
    Touch,
)
from syncd.run import Pass

QUIET = timedelta(minutes=10)  # after a change, a missing or an older item may be an answer from before it
AUDIT = timedelta(hours=24)
_UNREADABLE = Rule.R27.value
SURE = ("tombstone", "cancelled")  # evidence that no later answer can take back
DENIED = "told to be gone, and read as it was"
DOUBTS = (EARLIER, RETURNED, DENIED)
AGAIN = "again"  # why an item is read directly: it was asked for, and no listing has said anything of it


@dataclass(frozen=True, slots=True)
class Subject:
    """What is read, for whom. `cursors_of`: under whose name the cursor is kept. `identity`: whose account it was.

    `again`: refs to read directly in any case. `audit`: compare the full listing, whatever the cursor says.
    `readers`: those of the connections whose schedules the listing covers; None = all of them. `counts`: whether an
    absence found again is one more cycle's. `anew`: read everything, whatever is stored.
    """

    adapter: CalendarAdapter
    connections: Sequence[Connection]
    cursors_of: str
    identity: str | None = None
    again: Sequence[Ref] = ()
    audit: bool = False
    readers: Sequence[Connection] | None = None
    counts: bool = True
    anew: bool = False

    @property
    def side(self) -> Side:
        return self.adapter.side

    @property
    def collection(self) -> str:
        return self.adapter.collection


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
    seen = _Sightings(work, subject, now, changes)
    if changes.listed is not None:
        seen.unlisted = [group for group in await known(None) if group not in changes.listed]
    await seen.gather()
    await seen.look_again()
    await work.store.commit(await seen.changes(cursor, window), lease)
    doubtful = None if changes.complete else "the listing was cut short"
    return Reading(changes.complete, doubtful, {row.group: row.reason for row in changes.broken})


async def look(work: Pass, subject: Subject, lease: Lease | None) -> None:
    """Read the refs of `again` directly and record them; no listing, no cursor."""
    now = work.clock.now()
    window = work.rules.window(now)
    seen = _Sightings(work, subject, now, ChangeSet((), window, complete=False))
    await seen.gather()
    await seen.look_again()
    await work.store.commit(await seen.changes(None, window), lease)


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


@dataclass(slots=True)
class _Sightings:
    """One reading on its way into the store."""

    work: Pass
    subject: Subject
    now: datetime
    changeset: ChangeSet
    unlisted: list[str] = field(default_factory=list)  # groups that are stored, and not in a full listing
    stored: dict[Ref, Stored] = field(default_factory=dict)
    links: dict[Ref, list[Link]] = field(default_factory=dict)
    fresh: dict[Ref, Observation] = field(default_factory=dict)
    missing: dict[Ref, str] = field(default_factory=dict)  # candidates for absence, with the evidence

    async def gather(self) -> None:
        """Take what was shown, and find out what is no longer shown."""
        await self._know([seen.ref for seen in self.changeset.observations])
        for seen in self.changeset.observations:
            self._take(seen)
        if self.changeset.complete:
            await self._find_missing()
        for ref in self.subject.again:
            if ref not in self.fresh and ref not in self.missing:
                self.missing[ref] = AGAIN
        await self._know(list(self.missing))

    async def _know(self, refs: Sequence[Ref]) -> None:
        new = [ref for ref in refs if ref not in self.stored]
        if not new:
            return
        self.stored |= await self.work.store.stored(self.subject.side, new)
        for link in await self.work.store.links_of(self.subject.side, new):
            ref = link.refs[self.subject.side]
            if ref is not None:
                self.links.setdefault(ref, []).append(link)

    def _take(self, seen: Observation) -> None:
        """Accept one sighting; what looks like the replay of an earlier state is read once more directly (R24)."""
        seen = self._store_form(seen)
        if self._is_replay(seen):
            self.missing[seen.ref] = "replay"
        else:
            self.fresh[seen.ref] = seen

    def _store_form(self, seen: Observation) -> Observation:
        """Clean texts; what is private and of outside origin is masked before it is stored (R17)."""
        seen = canonical(seen)
        if seen.side is Side.WIX or seen.absence is not None:
            return self._first_start(seen)
        ours = seen.traits.mark is not None and seen.traits.mark.bridge == self.work.rules.bridge
        ours = ours or any(link.origin is Side.WIX for link in self.links.get(seen.ref, ()))
        return seen if ours else mask(seen, self.work.rules.import_details)

    def _first_start(self, seen: Observation) -> Observation:
        """An occurrence keeps the start under which it was first seen: overrides and relinks go by it (R8, R31)."""
        known = self.stored.get(seen.ref)
        first = known.observation.traits.original_start if known is not None else None
        if seen.side is Side.EXTERNAL or first is None or seen.traits.series is None:
            return seen
        return replace(seen, traits=replace(seen.traits, original_start=first))

    def _is_replay(self, seen: Observation) -> bool:
        known = self.stored.get(seen.ref)
        return known is not None and known.outdates(seen) and not known.has_yielded(seen, self.now, QUIET)

    async def _find_missing(self) -> None:
        store, side, collection = self.work.store, self.subject.side, self.subject.collection
        gone = {row.group: row.evidence for row in self.changeset.removed}
        touched = [*gone, *self.changeset.groups]
        if touched:
            shown = await store.in_groups(side, collection, touched)
            await self._know([seen.ref for seen in shown])
            for seen in shown:
                self._compare(seen, gone)
        if self.unlisted:
            missed = [group for group in self.unlisted if group not in gone]
            awaited = await store.expected(side, collection, self.changeset.window, missed)
            lost = [seen for seen in await store.in_groups(side, collection, awaited) if seen.absence is None]
            await self._know([seen.ref for seen in lost])
            for seen in lost:
                if self._is_awaited(seen):
                    self.missing.setdefault(seen.ref, "listing")

    def _compare(self, seen: Observation, gone: Mapping[str, str]) -> None:
        """Whether a stored item of an object that was read is still in it."""
        group = seen.traits.group or seen.ref.id
        if seen.absence is not None or seen.ref in self.fresh or seen.ref in self.missing:
            return
        if group in gone:
            self.missing[seen.ref] = gone[group]
        elif seen.ref.id not in self.changeset.groups.get(group, frozenset()) and self._is_awaited(seen):
            self.missing[seen.ref] = "listing"

    def _is_covered(self, seen: Observation) -> bool:
        when = seen.event.when
        return when is UNSEEN or self.changeset.window.meets(when)

    def _is_awaited(self, seen: Observation) -> bool:
        """Whether the listing should have shown it, or a link follows it wherever it is (R14)."""
        readers = self.subject.connections if self.subject.readers is None else self.subject.readers
        names = {one.id for one in readers}
        linked = any(link.connection in names for link in self.links.get(seen.ref, ()))
        if seen.side is Side.WIX and not linked and not any(covers(one, seen) for one in readers):
            return False
        if self._is_covered(seen):
            return True
        when = seen.event.when
        followed = any(link.state is LinkState.LIVE for link in self.links.get(seen.ref, ()))
        return followed and when is not UNSEEN and not self.changeset.window.is_after(when)

    # --- absence needs proof (DESIGN 4) ------------------------------------------------------------------------------

    async def look_again(self) -> None:
        """Read directly what seems to be missing; then make sure that the collection itself still answers."""
        if not self.missing:
            return
        found = await self.subject.adapter.get(list(self.missing))
        absent: list[Observation] = []
        for ref, evidence in self.missing.items():
            seen = found.get(ref)
            if seen is not None and seen.absence is None:
                self._take_direct(seen, evidence)
            else:
                absent.append(self._absent(ref, seen, "listing" if evidence == AGAIN else evidence))
        if absent:
            await self._prove(absent)

    def _take_direct(self, seen: Observation, evidence: str) -> None:
        """Accept a direct read. One that shows an earlier state, or denies a change, leaves the item unknown for now.

        A change that a cursor has passed would not be told again.
        """
        seen = self._store_form(seen)
        known = self.stored.get(seen.ref)
        if known is not None and self._is_replay(seen):
            gone = known.observation.absence
            was_gone = gone is not None and (gone.kind is Gone.GONE or gone.evidence == RETURNED)
            self.fresh[seen.ref] = self._unknown(known.observation, RETURNED if was_gone else EARLIER)
        elif known is not None and self._is_denied(known.observation, seen, evidence):
            self.fresh[seen.ref] = self._unknown(known.observation, DENIED)
        else:
            self.fresh[seen.ref] = seen

    def _is_denied(self, before: Observation, seen: Observation, evidence: str) -> bool:
        if seen.version != before.version:
            return False
        if before.absence is not None and before.absence.evidence == DENIED:
            return self.now - before.absence.since < QUIET
        told = evidence not in (AGAIN, "replay") and self.changeset.cursor is not None
        return told and (evidence == "tombstone" or self._is_covered(before))

    async def _prove(self, absent: Sequence[Observation]) -> None:
        """An absence counts only if the collection answers afterwards, for the same account."""
        standing = await self.subject.adapter.check()
        if self.subject.identity is not None and standing.identity != self.subject.identity:
            raise AuthRevoked("another account answers than the one that was connected", side=self.subject.side)
        for seen in absent:
            assert seen.absence is not None  # noqa: S101 - made by _absent
            sure = seen.absence.evidence in SURE or seen.absence.kind is not Gone.GONE
            known = self.stored.get(seen.ref)
            if not sure and known is not None and known.changed_within(QUIET, self.now):
                seen = self._unknown(seen, "not found right after it was changed")  # noqa: PLW2901
            self.fresh[seen.ref] = seen

    def _unknown(self, seen: Observation, why: str) -> Observation:
        """The item as unknown; it keeps the moment at which it was seen last, and the one of the first such doubt."""
        known = self.stored.get(seen.ref)
        before = known.observation.absence if known is not None else None
        goes_on = before is not None and before.kind is Gone.UNKNOWN and (why not in DOUBTS or before.evidence == why)
        since = before.since if before is not None and goes_on else self.now
        at = known.observation.seen_at if known is not None else self.now
        return replace(seen, absence=Absence(Gone.UNKNOWN, why, since), seen_at=at)

    def _absent(self, ref: Ref, seen: Observation | None, evidence: str) -> Observation:
        """The absence of an item, on top of what was known of it; found again, it has one more cycle behind it."""
        known = self.stored.get(ref)
        before = known.observation.absence if known is not None else None
        now = Absence(Gone.GONE, evidence, self.now)
        agrees = evidence in SURE and seen is not None and seen.absence is not None and seen.absence.kind is Gone.GONE
        if seen is not None and seen.absence is not None and not agrees:
            now = seen.absence
        if before is not None and before.kind is now.kind:
            proved = before.evidence in SURE and now.evidence not in SURE
            evidence = before.evidence if proved else now.evidence
            now = replace(now, since=before.since, cycles=before.cycles + self.subject.counts, evidence=evidence)
        base = known.observation if known is not None else seen
        if base is None:
            base = Observation(self.subject.side, ref, Event(), self.now)
        version = seen.version if seen is not None and seen.version is not None else base.version
        sequence = seen.sequence if seen is not None and seen.sequence is not None else base.sequence
        return replace(base, absence=now, seen_at=self.now, version=version, sequence=sequence)

    # --- into the store ----------------------------------------------------------------------------------------------

    async def changes(self, cursor: Cursor | None, window: Window) -> Changes:
        """Everything to record, in one transaction."""
        news = [seen for ref, seen in self.fresh.items() if self._is_news(seen)]
        refs = {seen.ref for seen in news}
        concerned: dict[Ref, Iterable[str]] = {ref: self._concerned(ref) for ref in refs}
        entering = await self._entering(cursor, window)
        for ref in entering:
            concerned.setdefault(ref, self._concerned(ref))
        touched = [
            Touch(connection, self.subject.side, ref, self.now)
            for ref, connections in concerned.items()
            for connection in connections
        ]
        complete = self.changeset.complete
        # With a cursor that has passed it, what the side failed to show would not be shown again.
        moves = complete and not any(one.passing for one in self.changeset.broken)
        notes, quieted = await self._unreadable()
        token = self.changeset.cursor.token if self.changeset.cursor is not None else ""
        covered = self.changeset.cursor.window if self.changeset.cursor is not None else window
        return Changes(
            observations=news,
            cursors_of=self.subject.cursors_of,
            cursors={self.subject.collection: Cursor(token, covered)} if moves else {},
            read=[(self.subject.side, self.subject.collection, self.now)] if complete else [],
            audited=complete and self.changeset.listed is not None,
            touched=touched,
            notes=notes,
            quieted=quieted,
        )

    async def _unreadable(self) -> tuple[list[Note], list[tuple[str, str]]]:
        """Notes for what lies there and cannot be read (R27), and those that no longer stand."""
        changeset, place = self.changeset, f"{self.subject.side}|{self.subject.collection}|"
        broken = {f"{place}{one.group}": one.reason for one in changeset.broken}
        over = {f"{place}{group}" for group in (*changeset.groups, *(row.group for row in changeset.removed))}
        whole = changeset.complete and changeset.listed is not None  # what is still broken was met again
        notes: list[Note] = []
        quieted: list[tuple[str, str]] = []
        if not broken and not over and not whole:
            return notes, quieted
        for one in self.subject.connections if self.subject.readers is None else self.subject.readers:
            known = {row.item: row for row in await self.work.store.notes(one.id) if row.rule == _UNREADABLE}
            for item, why in broken.items():
                if item not in known or known[item].reason != why:
                    notes.append(Note(one.id, item, _UNREADABLE, why, self.now))
            here = {item for item in known if item.startswith(place) and item not in broken}
            quieted += [(one.id, item) for item in here if whole or item in over]
        return notes, quieted

    async def _entering(self, cursor: Cursor | None, window: Window) -> Sequence[Ref]:
        """What the moving window takes in (R14)."""
        if cursor is None or cursor.window == window:
            return ()
        refs = await self.work.store.entering(self.subject.side, self.subject.collection, cursor.window, window)
        await self._know(refs)
        return refs

    def _is_news(self, seen: Observation) -> bool:
        known = self.stored.get(seen.ref)
        if known is None:
            return seen.absence is None or seen.ref in self.subject.again
        return replace(known.observation, seen_at=seen.seen_at) != seen

    def _concerned(self, ref: Ref) -> list[str]:
        """The connections that an item is pending for: those that link it, and those whose schedule covers it."""
        linked = {link.connection for link in self.links.get(ref, ())}
        known = self.stored.get(ref)
        sightings = [seen for seen in (self.fresh.get(ref), known.observation if known else None) if seen is not None]
        return [
            connection.id
            for connection in self.subject.connections
            if not connection.has_ended
            and (
                connection.id in linked
                or self.subject.side is Side.EXTERNAL
                or any(covers(connection, seen) for seen in sightings)
            )
        ]
