"""The table: (base, session, external event) by origin by policies, each played until it rests.

Expectations come from DESIGN alone: invariants (invariants) and ends (cases). Not here: one rule at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest

from syncd.model import UNSEEN, Action, Create, Delete, Hold, Kind, LinkState, Ref, Side, Unseen, Update
from syncd.plan import plan
from tests.rules.build import SITE, YOGA, hour
from tests.rules.cases import STATES, Case, edits_of, expected, misses, world_of
from tests.rules.ends import differences, doubles, survives
from tests.rules.invariants import (
    ALL,
    OF_EACH_PLAN,
    Invariant,
    complaints,
    copies_have_their_own_key,
    creates_lie_in_the_window,
    fixed_events_are_never_written,
    guests_are_never_mailed,
    imports_are_never_exported,
    imports_are_tagged_with_their_provider,
    nothing_absent_is_written,
    nothing_is_deleted_without_proof,
    only_what_was_observed_is_written,
    originals_are_deleted_in_the_second_cycle,
    participants_are_kept,
    writes_change_something,
)
from tests.rules.look import Look
from tests.rules.world import World, moves_something

PASS: Final = timedelta(minutes=15)
ROUNDS: Final = 5
SHOWN: Final = 2  # failing cases printed of each kind
UNBOOKED: Final[tuple[int | Unseen, ...]] = (0, UNSEEN)
COUNTS: Final[tuple[int | Unseen, ...]] = (0, 3, UNSEEN)
# An absence is known of what was stored before; after a dismissal no copy lies there.
COPY_STATES: Final = {
    "lost": ("never", "v0", "v1", "v2"),
    "tombstone": ("never", "gone", "v0", "v1", "v2"),
    "dismissed": ("never", "gone"),
}

pytestmark = pytest.mark.timeout(60)


def cells(base: str, origins: Iterable[Side] = tuple(Side)) -> Iterator[Case]:
    """Every pair of states that can come about; the original of a link was seen once."""
    for origin, wix, external in product(origins, STATES, STATES):
        case = Case(base, wix, external, origin)
        linked = base not in ("none", "lost")
        if (linked and case.state(origin) == "never") or (wix, external) == ("never", "never"):
            continue
        if case.state(case.copy) in COPY_STATES.get(base, STATES):
            yield case


def policies(case: Case) -> Iterator[Case]:
    """A case under every policy that concerns it: `write_back` and participants limit what came from Wix alone."""
    for on_clash in Side:
        if case.origin is Side.EXTERNAL:
            yield from (replace(case, on_clash=on_clash, participants=count) for count in UNBOOKED)
            continue
        for write_back, count in product(("all", "without_participants", "off"), COUNTS):
            yield replace(case, on_clash=on_clash, write_back=write_back, participants=count)


def play(world: World) -> Iterator[str]:
    """Complaints about a world: plan, apply, plan again, then one cycle after the other until it rests."""
    world.read(confirm=False)
    yield from pass_once(world, ALL)
    world.read(confirm=False)
    again = world.plan()
    if any(moves_something(action) for action in again.actions):
        yield f"a second plan does something: {'; '.join(map(_line, again.actions))}"
    quiet = 0
    for _ in range(ROUNDS):
        world.now += PASS
        world.read()
        before = len(world.written)
        yield from pass_once(world, OF_EACH_PLAN)
        quiet = quiet + 1 if len(world.written) == before else 0
        if quiet == 2:
            break
    if not quiet:
        yield "it never rests"
    if len(world.written) > 3:
        yield f"many writes: {'; '.join(map(_line, world.written))}"
    yield from doubles(world)


def pass_once(world: World, checks: Sequence[Invariant]) -> list[str]:
    work = world.workload()
    planned = plan(work, world.policy, world.now)
    found = complaints(Look(work, world.policy, world.now, planned), checks)
    world.apply(planned)
    return found


Check = Callable[[Case, World], Iterator[str]]


def prove(cases: Iterable[Case], *checks: Check) -> int:
    """Play every case; fail with one case for each kind of complaint, and its first plan. Returns their number."""
    failed: dict[tuple[str, ...], list[str]] = {}
    count = 0
    for case in cases:
        world = world_of(case)
        edits = list(edits_of(case, world))
        count += 1
        found = list(play(world))
        found += [f"lost: {edit.field.value} {edit.value!r}" for edit in edits if not survives(world, edit)]
        found += [text for check in checks for text in check(case, world)]
        if found:
            kind = tuple(sorted({text.split(":")[0] for text in found}))
            failed.setdefault(kind, []).append("\n    ".join([str(case), *dict.fromkeys(found), *_first_plan(case)]))
    bad = sum(map(len, failed.values()))
    told = [f"{len(texts)} like {text}" for texts in failed.values() for text in texts[:SHOWN]]
    assert not failed, f"{bad} of {count} cases\n  " + "\n  ".join(told)
    return count


def _first_plan(case: Case) -> list[str]:
    world = world_of(case)
    world.read(confirm=False)
    return [f"plan: {_line(action)}" for action in world.plan().actions]


def _line(action: Action) -> str:
    """An action on one line, its own words first."""
    if isinstance(action, Hold):
        return f"hold {action.why.value} {action.reason!r} of " + "; ".join(map(_line, action.actions))
    words = [action.kind, action.why.value, action.item, str(getattr(action, "side", ""))]
    words += [f"{one.field.value}: {one.before!r} → {one.after!r}" for one in getattr(action, "changes", ())]
    words += [f"{name}={value}" for name in ("then", "reason", "bases") if (value := getattr(action, name, None))]
    return " ".join(words)


def ends_as_expected(case: Case, world: World) -> Iterator[str]:
    """The end that DESIGN 3 names."""
    yield from misses(world, expected(case))


def sides_agree(case: Case, world: World) -> Iterator[str]:  # noqa: ARG001
    """Both sides of a live link are the same through the projection, unless a person is asked or told."""
    for link in world.live_links():
        sides = [world.real.get((side, ref)) for side in Side if (ref := link.refs[side])]
        settled = link.state is LinkState.LIVE and not link.refused
        if (
            settled
            and all(one and one.absence is None for one in sides)
            and link.id not in (*world.held, *world.listed)
        ):
            yield from (f"{name.value} differs at rest" for name in differences(world, link))


@pytest.mark.parametrize("origin", list(Side))
def test_live_links_end_where_the_rules_say_under_every_policy(origin: Side) -> None:
    cases = (under for case in cells("live", [origin]) for under in policies(case))
    assert prove(cases, ends_as_expected, sides_agree) > 200


@pytest.mark.parametrize("origin", list(Side))
def test_adopted_items_are_kept_the_same_and_never_deleted(origin: Side) -> None:
    cases = (replace(under, adopted=True) for case in cells("live", [origin]) for under in policies(case))
    assert prove(cases, sides_agree) > 200


@pytest.mark.parametrize("adopted", [False, True])
def test_live_links_keep_the_invariants_with_a_direction_off(adopted: bool) -> None:
    off = [(True, False), (False, True), (False, False)]
    cases = (
        replace(case, imports=imports, exports=exports, write_back=back, participants=count, adopted=adopted)
        for case in cells("live")
        for imports, exports in off
        for back, count in (("all", 0), ("without_participants", 3 if case.origin is Side.WIX else 0))
    )
    assert prove(cases) > 500


@pytest.mark.parametrize("base", ["none", "lost", "tombstone", "dismissed"])
def test_items_without_a_live_link_keep_the_invariants(base: str) -> None:
    origins = [Side.WIX] if base == "none" else list(Side)
    cases = (
        replace(case, imports=imports, exports=exports, participants=count, write_back="without_participants")
        for case in cells(base, origins)
        for imports, exports in product((True, False), repeat=2)
        for count in ((0, 3) if case.origin is Side.WIX else (0,))
    )
    assert prove(cases) > 100


def test_what_is_left_of_a_dismissed_pair_keeps_the_invariants() -> None:
    """Of an adopted pair one item went and the other was let go of."""
    cases = (
        replace(case, base="dismissed", adopted=True, imports=imports, exports=exports)
        for case in cells("live")
        for imports, exports in product((True, False), repeat=2)
        if (case.wix in ("gone", "scope")) != (case.external in ("gone", "scope", "never"))
    )
    assert prove(cases) > 100


def test_blocks_are_tagged_with_their_provider() -> None:
    for case in cells("none", [Side.WIX]):
        world = world_of(case)
        world.read(confirm=False)
        work = world.workload()
        look = Look(work, world.policy, world.now, plan(work, world.policy, world.now))
        assert not list(imports_are_tagged_with_their_provider(look)), case


@pytest.mark.parametrize("base", ["none", "live"])
@pytest.mark.parametrize(
    "traits",
    [
        {"private": True},
        {"guests": True},
        {"own": False},
        {"kind": Kind.FIXED},
        {"series": "row-1", "original_start": "2026-03-11T10:00:00"},
        {"private": True, "guests": True},
    ],
    ids=["private", "guests", "others", "fixed", "series", "private with guests"],
)
def test_events_that_must_not_be_written_stay_as_they_are(base: str, traits: dict[str, Any]) -> None:
    cases = (replace(case, traits=traits, on_clash=clash) for case in cells(base) for clash in Side)
    assert prove(cases) > 100


def test_guests_may_be_written_where_the_provider_does_not_mail() -> None:
    cases = (replace(case, traits={"guests": True}, mails_guests=False) for case in cells("live"))
    assert prove(cases, sides_agree) > 100


@pytest.mark.parametrize("reason", ["doubtful", "empty wix", "empty external"])
def test_nothing_is_done_after_a_reading_in_doubt(reason: str) -> None:
    count = 0
    for case in cells("live"):
        world = world_of(case)
        world.read(confirm=False)
        empty = frozenset(side for side in Side if reason.endswith(side.value))
        work = replace(world.workload(), doubtful="short" if reason == "doubtful" else None, empty=empty)
        planned = plan(work, world.policy, world.now)
        assert not complaints(Look(work, world.policy, world.now, planned)), case
        assert not planned.writes(), case
        assert not any(moves_something(action) for action in planned.actions), case
        count += 1
    assert count > 100


def planted(case: Case, **changed: Any) -> list[str]:
    """Complaints about the plan of a case after one slot of its only write was changed."""
    world = world_of(case)
    world.read(confirm=False)
    work = world.workload()
    honest = plan(work, world.policy, world.now)
    (write,) = (one for one in honest.actions if isinstance(one, Create | Update | Delete))
    faulty = replace(honest, actions=(replace(write, **changed),))
    return [text.split(":")[0] for text in complaints(Look(work, world.policy, world.now, faulty), OF_EACH_PLAN)]


MOVED: Final = Case("live", "v2", "v0")
MADE: Final = Case("none", "v0", "never")
CANCELLED: Final = Case("live", "gone", "v0")


@pytest.mark.parametrize(
    ("case", "changed", "noticed"),
    [
        (MOVED, {"if_match": "0"}, only_what_was_observed_is_written),
        (MOVED, {"changes": ()}, writes_change_something),
        (MADE, {"key": "another"}, copies_have_their_own_key),
        (MADE, {"event": replace(YOGA, when=hour(1000))}, creates_lie_in_the_window),
        (MADE, {"side": Side.WIX}, imports_are_never_exported),
        (CANCELLED, {"side": Side.WIX, "ref": Ref(SITE, "s1")}, nothing_is_deleted_without_proof),
        (CANCELLED, {"side": Side.WIX, "ref": Ref(SITE, "s1")}, nothing_absent_is_written),
        (CANCELLED, {"side": Side.WIX, "ref": Ref(SITE, "s1")}, originals_are_deleted_in_the_second_cycle),
    ],
)
def test_the_invariants_notice_a_planted_fault(case: Case, changed: dict[str, Any], noticed: Invariant) -> None:
    assert noticed.__name__ in planted(case, **changed)


def test_the_invariants_have_nothing_to_say_of_the_honest_plan() -> None:
    assert not any(planted(case) for case in (MOVED, MADE, CANCELLED))


@pytest.mark.parametrize(
    ("traits", "noticed"),
    [
        ({"guests": True}, guests_are_never_mailed),
        ({"kind": Kind.FIXED}, fixed_events_are_never_written),
        ({"own": False}, fixed_events_are_never_written),
    ],
)
def test_the_invariants_notice_a_write_to_an_event_that_must_be_left(
    traits: dict[str, Any], noticed: Invariant
) -> None:
    world = world_of(MOVED)
    world.read(confirm=False)
    honest = world.plan()
    item = world.workload().items[0]
    assert item.external is not None
    guest = replace(item.external, traits=replace(item.external.traits, **traits))
    work = replace(world.workload(), items=(replace(item, external=guest),))
    assert list(noticed(Look(work, world.policy, world.now, honest)))


def test_the_invariants_notice_a_booked_session_that_is_moved() -> None:
    world = world_of(Case("live", "v0", "v2"))
    world.read(confirm=False)
    honest = world.plan()
    item = world.workload().items[0]
    assert item.wix is not None
    booked = replace(item.wix, traits=replace(item.wix.traits, participants=3))
    work = replace(world.workload(), items=(replace(item, wix=booked),))
    careful = replace(world.policy, write_back="without_participants")
    assert list(participants_are_kept(Look(work, careful, world.now, honest)))
