"""Cells of the table (base, session, external event): the world each begins in, and where DESIGN 3 says it must end.

Not here: which cells are enumerated, and playing them (test_table).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from syncd.model import (
    UNSEEN,
    Event,
    Field,
    Gone,
    LinkState,
    Mark,
    Observation,
    Side,
    Unseen,
    Value,
    same,
)
from tests.rules.build import NOW, PRIVATE, YOGA, absent, connection, hour, link, mark_of, outside, policy, session
from tests.rules.build import copy_outside as our_copy
from tests.rules.ends import Edit
from tests.rules.world import World

V1: Final = replace(YOGA, title="Yoga one", description="Bring two mats")
V2: Final = replace(YOGA, title="Yoga two", when=hour(3))
VERSIONS: Final = {"v0": YOGA, "v1": V1, "v2": V2}
ABSENCES: Final = {"gone": Gone.GONE, "window": Gone.OUT_OF_WINDOW, "scope": Gone.OUT_OF_SCOPE, "unknown": Gone.UNKNOWN}
STATES: Final = ("never", *ABSENCES, *VERSIONS)
LINK_STATES: Final = {
    "live": LinkState.LIVE,
    "tombstone": LinkState.TOMBSTONE,
    "dismissed": LinkState.DISMISSED,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One cell. `base`: the link's state; "none": never linked; "lost": our mark lies there, the database does not.

    `traits`: of the external item beside the ordinary ones. `link_state` and the rest as in DESIGN 2.
    """

    base: str
    wix: str
    external: str
    origin: Side = Side.WIX
    adopted: bool = False
    write_back: str = "all"
    on_clash: Side = Side.WIX
    participants: int | Unseen = 0
    imports: bool = True
    exports: bool = True
    mails_guests: bool = True
    traits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def copy(self) -> Side:
        return self.origin.other

    def state(self, side: Side) -> str:
        return self.wix if side is Side.WIX else self.external

    def guarded(self) -> bool:
        """R28: whether a move or a cancellation from outside waits for a person."""
        booked = self.participants != 0 and self.write_back == "without_participants"
        return booked and self.origin is Side.WIX


def world_of(case: Case) -> World:
    """The world in which a case begins."""
    under = policy(write_back=case.write_back, on_clash=case.on_clash, mails_guests=case.mails_guests)
    world = World(connection(imports=case.imports, exports=case.exports), under, NOW, linked=50)
    wix, external = _items(case)
    lying = {Side.WIX: _as(case.wix, wix), Side.EXTERNAL: _as(case.external, external)}
    for seen in lying.values():
        if seen is not None:
            world.put(seen)
    if case.base in ("none", "lost"):
        _remember_copy(world, wix, external, case)
        return world
    given = {side: one for side, one in lying.items() if one is not None}
    pair = link(
        given.get(Side.WIX),
        given.get(Side.EXTERNAL),
        origin=case.origin,
        adopted=case.adopted,
        state=LINK_STATES[case.base],
        participants=case.participants,
    )
    world.links[pair.id] = pair
    _remember_copy(world, wix, external, case)
    return world


def _items(case: Case) -> tuple[Observation, Observation]:
    """Session and event as they lie there in version v0."""
    told: dict[str, Any] = {"participants": case.participants}
    if case.origin is Side.WIX:
        wix = session(**told)
        marked = not case.adopted and case.base != "none"
        external = our_copy(wix, **case.traits) if marked else outside(**case.traits)
        return wix, external
    external = outside(**case.traits)
    mark: Mark | None = None if case.adopted or case.base == "none" else mark_of(external)
    return session(id="b1", mark=mark, **told), external


def _as(state: str, seen: Observation) -> Observation | None:
    if state == "never":
        return None
    if state in ABSENCES:
        return absent(seen, ABSENCES[state])
    version = "1" if state == "v0" else state
    return replace(seen, event=VERSIONS[state], version=version, fingerprint=f"f{version}")


def _remember_copy(world: World, wix: Observation, external: Observation, case: Case) -> None:
    """What the world has to know of a copy that was made before the case begins."""
    original, copy = (wix, external) if case.origin is Side.WIX else (external, wix)
    if copy.traits.mark is None or (case.base == "lost" and case.state(copy.side) == "never"):
        return
    world.keys.add((copy.side, copy.traits.mark.key))
    world.origin_of[(copy.side, copy.ref)] = (original.side, original.ref)
    if case.base != "lost":
        world.copies[(original.side, original.ref)] = 1


def edits_of(case: Case, world: World) -> Iterator[Edit]:
    """The fields that people changed since both sides agreed."""
    if case.base != "live":
        return
    for key, seen in world.real.items():
        if seen.absence is None:
            for name in Field:
                if not same(seen.event.get(name), YOGA.get(name)):
                    yield Edit(key, name, seen.event.get(name))


@dataclass(frozen=True, slots=True)
class End:
    """Where a case must come to rest. A side is an event (unseen fields are left open), None (nothing lies there) or
    "open"; `held`: a person is asked."""

    wix: Event | str | None = "open"
    external: Event | str | None = "open"
    held: bool | None = False

    def of(self, side: Side) -> Event | str | None:
        return self.wix if side is Side.WIX else self.external

    @staticmethod
    def at(side: Side, this: Event | str | None, other: Event | str | None, *, held: bool | None = False) -> "End":
        return End(this, other, held) if side is Side.WIX else End(other, this, held)


def expected(case: Case) -> End:
    """The end of a live link of ordinary items, both directions on, neither side adopted (R1 to R6, R9 to R12, R28)."""
    original, copy = case.state(case.origin), case.state(case.copy)
    there = VERSIONS.get(original)
    if "unknown" in (original, copy):
        return End.at(case.origin, _as_it_was(original), _as_it_was(copy), held=None)
    if original == "window":
        kept = VERSIONS.get(copy) if copy == "v0" else "open"
        return End.at(case.origin, "open", kept, held=None)
    if there is None:
        removed = None if original in ("gone", "scope") else "open"
        return End.at(case.origin, None, removed)
    if copy == "never":
        return End.at(case.origin, there, there)
    if copy == "gone":
        return _copy_gone(case, there)
    if copy in ABSENCES:
        return (
            End.at(case.origin, "open", "open", held=None) if copy == "window" else End.at(case.origin, there, "open")
        )
    return _merged(case)


def _as_it_was(state: str) -> Event | str | None:
    if state in ("window", "scope", "unknown"):
        return "open"
    return VERSIONS.get(state)


def _copy_gone(case: Case, original: Event) -> End:
    """R3, R6 and their limits; R11: against a change of the original the copy's deletion loses."""
    if original != YOGA or (case.origin is Side.WIX and case.write_back == "off"):
        return End.at(case.origin, original, original)
    if case.guarded():
        return End.at(case.origin, original, None, held=True)
    return End.at(case.origin, None, None)


def _merged(case: Case) -> End:
    """R9 and R10, field by field; what a person is asked about stays as it is on both sides (R28)."""
    wix, external = VERSIONS[case.wix], VERSIONS[case.external]
    moved = not same(external.when, YOGA.when) and not same(external.when, wix.when)
    held = case.guarded() and moved and _winner(case, Field.WHEN) is Side.EXTERNAL
    ends: dict[Field, Value] = {}
    for name in Field:
        winner = _winner(case, name)
        ends[name] = (wix if winner is Side.WIX else external).get(name)
    if not held:
        agreed = Event().put(ends)
        return End(agreed, agreed)
    # Whether the other fields of a held item wait with it is left open.
    return End(Event(when=wix.when), Event(when=external.when), held=True)


def _winner(case: Case, name: Field) -> Side:
    """The side whose value a field must show in the end."""
    changed = [side for side in Side if not same(VERSIONS[case.state(side)].get(name), YOGA.get(name))]
    if case.origin is Side.WIX and case.write_back == "off":
        return Side.WIX
    if len(changed) == 1:
        return changed[0]
    return case.on_clash


def misses(world: World, end: End) -> Iterator[str]:
    """How a world at rest differs from the expected end."""
    if end.held is not None and bool(world.held) != end.held:
        yield f"held: {bool(world.held)}, expected {end.held}"
    for side in Side:
        want = end.of(side)
        lying = list(world.present(side))
        if want == "open":
            continue
        if want is None:
            yield from (f"{one.ref} still lies on {side}" for one in lying)
        elif len(lying) != 1:
            yield f"{len(lying)} items lie on {side}, expected 1"
        elif isinstance(want, Event):
            yield from (
                f"{name.value} on {side} is {lying[0].event.get(name)!r}, expected {want.get(name)!r}"
                for name in Field
                if want.get(name) is not UNSEEN and not same(lying[0].event.get(name), want.get(name))
            )


__all__ = ["PRIVATE", "STATES", "Case", "End", "edits_of", "expected", "misses", "world_of"]
