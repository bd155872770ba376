"""What one reading showed, and what it did not: fields in the form in which they are stored, and what is missing.

Not here: whether the missing is gone (absences), what is recorded (news).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from syncd.model import (
    UNSEEN,
    ChangeSet,
    Connection,
    Link,
    LinkState,
    Observation,
    Ref,
    Side,
)
from syncd.normalise import canonical, covers, mask
from syncd.ports import CalendarAdapter, Stored
from syncd.run import Pass

QUIET: Final = timedelta(minutes=10)  # after a change, a missing or an older item may be an answer from before it
AGAIN: Final = "again"  # why an item is read directly: it was asked for, and no listing has said anything of it


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


@dataclass(slots=True)
class Sightings:
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
        await self.know([seen.ref for seen in self.changeset.observations])
        for seen in self.changeset.observations:
            self._take(seen)
        if self.changeset.complete:
            await self._find_missing()
        for ref in self.subject.again:
            if ref not in self.fresh and ref not in self.missing:
                self.missing[ref] = AGAIN
        await self.know(list(self.missing))

    async def know(self, refs: Sequence[Ref]) -> None:
        """Ask the store what it has of these, and which links have them, once."""
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
        seen = self.store_form(seen)
        if self.is_replay(seen):
            self.missing[seen.ref] = "replay"
        else:
            self.fresh[seen.ref] = seen

    def store_form(self, seen: Observation) -> Observation:
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

    def is_replay(self, seen: Observation) -> bool:
        """Whether a sighting is older than what is stored, and has not lasted (R24)."""
        known = self.stored.get(seen.ref)
        return known is not None and known.outdates(seen) and not known.has_yielded(seen, self.now, QUIET)

    @property
    def readers(self) -> Sequence[Connection]:
        """Whose schedules the listing covers."""
        return self.subject.connections if self.subject.readers is None else self.subject.readers

    async def _find_missing(self) -> None:
        store, side, collection = self.work.store, self.subject.side, self.subject.collection
        gone = {row.group: row.evidence for row in self.changeset.removed}
        touched = [*gone, *self.changeset.groups]
        if touched:
            shown = await store.in_groups(side, collection, touched)
            await self.know([seen.ref for seen in shown])
            for seen in shown:
                self._compare(seen, gone)
        if self.unlisted:
            missed = [group for group in self.unlisted if group not in gone]
            awaited = await store.expected(side, collection, self.changeset.window, missed)
            lost = [seen for seen in await store.in_groups(side, collection, awaited) if seen.absence is None]
            await self.know([seen.ref for seen in lost])
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

    def is_covered(self, seen: Observation) -> bool:
        """Whether an item was, when it was seen last, within what was listed."""
        when = seen.event.when
        return when is UNSEEN or self.changeset.window.meets(when)

    def _is_awaited(self, seen: Observation) -> bool:
        """Whether the listing should have shown it, or a link follows it wherever it is (R14)."""
        names = {one.id for one in self.readers}
        linked = any(link.connection in names for link in self.links.get(seen.ref, ()))
        if seen.side is Side.WIX and not linked and not any(covers(one, seen) for one in self.readers):
            return False
        if self.is_covered(seen):
            return True
        when = seen.event.when
        followed = any(link.state is LinkState.LIVE for link in self.links.get(seen.ref, ()))
        return followed and when is not UNSEEN and not self.changeset.window.is_after(when)
