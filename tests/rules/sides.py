"""Both sides as they lie there, people's hands on them, and what syncd reads, stores and gives to the planner.

It follows DESIGN 4 and shares no code with the planner. Not here: applying plans (world), calls that fail or get lost
(the interruption suite), storage (store).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from syncd.model import (
    Absence,
    Connection,
    Decision,
    Event,
    Field,
    FieldWrite,
    Gone,
    Item,
    Link,
    LinkState,
    MakeCalendar,
    Observation,
    Override,
    Overrides,
    Pending,
    Plan,
    Policy,
    Ref,
    Side,
    Value,
    Workload,
    Write,
    digest_of,
    same,
)
from syncd.normalise import shown
from syncd.plan import plan

Key: TypeAlias = tuple[Side, Ref]
EVIDENCE: Final = {Side.WIX: "cancelled", Side.EXTERNAL: "tombstone"}


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that did not win and went to the history."""

    item: str
    field: Field
    value: Value


@dataclass
class Sides:
    """Both sides, links, history, holds. `real` is what lies there, `seen` what the last reading stored of it.

    `touched`: refs with a pending row. With `everything`, each item is given to the planner in every pass, pending or
    not: a planner that leans on the pending rows would then do too much.
    """

    connection: Connection
    policy: Policy
    now: datetime
    everything: bool = True
    linked: int | None = None
    real: dict[Key, Observation] = field(default_factory=dict)
    seen: dict[Key, Observation] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    overrides: dict[Ref, Override] = field(default_factory=dict)
    schedule_override: Override = field(default_factory=Override)
    exported_by: int = 1
    losers: list[Lost] = field(default_factory=list)
    held: dict[str, tuple[Write, ...]] = field(default_factory=dict)
    decisions: dict[str, dict[str, Decision]] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    touched: set[Key] = field(default_factory=set)
    copies: Counter[Key] = field(default_factory=Counter)  # copies ever made of an original
    origin_of: dict[Key, Key] = field(default_factory=dict)  # item we made → its original
    deletions: list[tuple[datetime, str]] = field(default_factory=list)
    recent: dict[str, list[FieldWrite]] = field(default_factory=dict)
    written: list[Write | MakeCalendar] = field(default_factory=list)
    keys: set[tuple[Side, str]] = field(default_factory=set)
    made: int = 0
    stale: int = 0

    # people's hands

    def put(self, seen: Observation) -> Key:
        """Lay an item there as it is."""
        key = (seen.side, seen.ref)
        self.real[key] = seen
        return key

    def edit(self, key: Key, **values: Value) -> None:
        """Somebody changes fields of a present item."""
        old = self.real[key]
        self._replace(key, event=old.event.put({Field(name): value for name, value in values.items()}))

    def book(self, key: Key, participants: int) -> None:
        """Somebody books, or cancels a booking."""
        self._replace(key, traits=replace(self.real[key].traits, participants=participants))

    def remove(self, key: Key, kind: Gone = Gone.GONE) -> None:
        """Somebody removes an item, or it is no longer where it was."""
        evidence = EVIDENCE[key[0]] if kind is Gone.GONE else kind.value
        self._replace(key, absence=Absence(kind, evidence, self.now, cycles=0))

    def override(self, session: Ref, value: Override) -> None:
        """Somebody sets what a session shows outside; its link becomes pending."""
        self.overrides[session] = value
        self.touched.add((Side.WIX, session))

    def decide(self, decision: Decision) -> int:
        """Somebody answers every hold that waits. Returns how many."""
        waiting = [(item, action) for item, actions in self.held.items() for action in actions]
        for item, action in waiting:
            self.decisions.setdefault(item, {})[digest_of(action)] = decision
            self.touched.update(key for key, name in self._names() if name == item)
        return len(waiting)

    def _replace(self, key: Key, **slots: object) -> None:
        old = self.real[key]
        self.made += 1
        version = f"{old.version}.{self.made}"
        self.real[key] = replace(old, version=version, fingerprint=f"f{version}", **slots)  # type: ignore[arg-type]

    # a cycle

    def read(self, *, confirm: bool = True) -> None:
        """Store what lies there. With `confirm` this is a new cycle: an absence that is still there counts once more.

        Without a pending row nobody looks again, so the absence is not counted either.
        """
        for key, real in self.real.items():
            before = self.seen.get(key)
            kept = self._stored(real)
            if real.absence is not None:
                cycles = before.absence.cycles if before and before.absence == real.absence else real.absence.cycles
                again = confirm and (self.everything or key in self.touched or cycles == 0)
                kept = replace(kept, absence=replace(real.absence, cycles=max(cycles + again, 1)))
                self.real[key] = replace(real, absence=kept.absence)
            if before is None or (before.fingerprint, before.absence) != (kept.fingerprint, kept.absence):
                self.touched.add(key)
            self.seen[key] = kept

    def _stored(self, real: Observation) -> Observation:
        """A private event of outside origin keeps its time alone before it is stored (R17)."""
        ours = (real.side, real.ref) in self.origin_of or real.traits.mark is not None
        if real.side is Side.WIX or ours or not real.traits.private:
            return real
        hidden = {Field.TITLE: "Busy", Field.DESCRIPTION: None, Field.LOCATION: None}
        traits = replace(real.traits, masked=frozenset(hidden))
        return replace(real, event=real.event.put(hidden), traits=traits)

    def workload(self) -> Workload:
        """What the planner is given: from stored state, never from what changed."""
        paired = {key for one in self.live_links() for key in _keys(one)}
        items = [self._linked_item(one) for one in self.live_links()]
        items += [self._lone_item(key) for key in self.seen if key not in paired]
        due = [item for item in items if self.everything or self._is_pending(item)]
        rest = [item for item in items if item not in due and item.link is None and self._lies_there(item)]
        return Workload(
            self.connection,
            tuple(due),
            neighbours=tuple(replace(item, pending=()) for item in rest),
            linked=sum(one.state is LinkState.LIVE for one in self.links.values())
            if self.linked is None
            else self.linked,
            deleted_24h=len({act for at, act in self.deletions if at > self.now - timedelta(hours=24)}),
            complete=frozenset(Side),
        )

    def plan(self) -> Plan:
        return plan(self.workload(), self.policy, self.now)

    def live_links(self) -> list[Link]:
        """Links that the store still gives out: a tombstone is found by its key alone (R12)."""
        return [one for one in self.links.values() if one.state is not LinkState.TOMBSTONE]

    def overrides_of(self, session: Ref | None) -> Overrides:
        own = self.overrides.get(session, Override()) if session else Override()
        return Overrides(own, self.schedule_override)

    def shown(self, key: Key) -> Event:
        """What an item shows to the other side, a session through the lens (R8)."""
        event = self.real[key].event
        return shown(event, self.overrides_of(key[1]), self.policy.description) if key[0] is Side.WIX else event

    def present(self, side: Side) -> Iterator[Observation]:
        return (one for (at, _), one in self.real.items() if at is side and lies(one))

    def _names(self) -> Iterator[tuple[Key, str]]:
        paired = {key: one.id for one in self.live_links() for key in _keys(one)}
        return ((key, paired.get(key, f"{key[0].value}|{key[1]}")) for key in self.seen)

    def _is_pending(self, item: Item) -> bool:
        seen = [one for one in (item.wix, item.external) if one is not None]
        return any((one.side, one.ref) in self.touched for one in seen)

    def _lies_there(self, item: Item) -> bool:
        return any(lies(one) for one in (item.wix, item.external))

    def _linked_item(self, one: Link) -> Item:
        wix, external = self._seen(Side.WIX, one.refs.wix), self._seen(Side.EXTERNAL, one.refs.external)
        origin = one.refs[one.origin]
        return Item(
            link=one,
            wix=wix,
            external=external,
            overrides=self.overrides_of(one.refs.wix),
            exported_by=self.exported_by,
            pending=self._pending(wix, external),
            decisions=self.decisions.get(one.id, {}),
            recent=tuple(self.recent.get(one.id, ())),
            generations=self.copies[(one.origin, origin)] if origin else 0,
        )

    def _seen(self, side: Side, ref: Ref | None) -> Observation | None:
        return self.seen.get((side, ref)) if ref else None

    def _lone_item(self, key: Key) -> Item:
        seen = self.seen[key]
        wix, claim = (seen if key[0] is Side.WIX else None), None
        mark = seen.traits.mark
        if key[0] is Side.EXTERNAL and mark is not None and mark.original is not None:
            named = Ref(self.connection.site, mark.original)
            wix = self.seen.get((Side.WIX, named))
            ours = [one for one in self.links.values() if one.refs.wix == named]
            claim = max(ours, key=lambda one: one.generation, default=None)
        return Item(
            wix=wix,
            external=seen if key[0] is Side.EXTERNAL else None,
            overrides=self.overrides_of(wix.ref if wix else None),
            exported_by=self.exported_by,
            pending=self._pending(seen),
            decisions=self.decisions.get(f"{key[0].value}|{key[1]}", {}),
            generations=self.copies[key],
            claim=claim,
            twin=key[0] is Side.WIX and mark is not None and self._has_twin(seen),
        )

    def _has_twin(self, seen: Observation) -> bool:
        """Whether a linked block of ours equals it in time, title and home (R29)."""
        blocks = [self._seen(Side.WIX, one.refs.wix) for one in self.live_links() if one.made.wix]
        return any(
            same(one.event.when, seen.event.when)
            and same(one.event.title, seen.event.title)
            and one.traits.home == seen.traits.home
            for one in blocks
            if one is not None and one.absence is None
        )

    def _pending(self, *sides: Observation | None) -> tuple[Pending, ...]:
        return tuple(Pending(one.side, one.ref, self.now, 1) for one in sides if one is not None)


def lies(seen: Observation | None) -> bool:
    """Whether an item is there: one that left the window still is (R14)."""
    return seen is not None and (seen.absence is None or seen.absence.kind is Gone.OUT_OF_WINDOW)


def _keys(one: Link) -> list[Key]:
    return [(side, ref) for side in Side if (ref := one.refs[side]) is not None]
