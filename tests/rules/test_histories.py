"""Random histories: people edit, move, delete, cancel and book on both sides while syncd passes; then it is quiet.

It converges, the second plan is empty, no edit is lost, and discarded plans leave no trace. Not here: single cells
(test_table).
"""

import random
from collections import Counter
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from syncd.model import (
    Field,
    LinkState,
    Pair,
    Policy,
    Side,
)
from tests.rules.build import CONNECTION, NOW, hour, outside, policy, session
from tests.rules.build import event as block_of_time
from tests.rules.ends import differences, partner
from tests.rules.history import PASS, History, Step
from tests.rules.world import World, moves_something

QUIET_PASSES: Final = 8
FIELDS: Final = (Field.TITLE, Field.WHEN, Field.DESCRIPTION, Field.LOCATION)


VERBS: Final = (
    *("edit",) * 8,
    *("pass",) * 6,
    *("remove", "remove", "book", "override", "agree", "race", "appear", "discard"),
    *("hide", "find", "leave", "reissue", "duplicate", "approve", "reject"),
)
STEPS: Final = st.builds(
    Step,
    verb=st.sampled_from(VERBS),
    side=st.sampled_from(Side),
    index=st.integers(0, 4),
    field=st.sampled_from(FIELDS),
)
POLICIES: Final = st.builds(
    policy,
    on_clash=st.sampled_from(Side),
    write_back=st.sampled_from(["all", "without_participants", "off"]),
    delete_limit=st.sampled_from([10, 1]),
    delete_share=st.sampled_from([0.2, 0.0]),
)


def begin(under: Policy, *, everything: bool) -> History:
    """Three sessions and two events of outside origin, already synced once."""
    world = World(CONNECTION, under, NOW, everything=everything)
    for number in range(3):
        world.put(session(block_of_time(f"Class {number}", hour(1, 8 + number)), id=f"s{number}"))
    for number in range(2):
        world.put(outside(block_of_time(f"Private {number}", hour(1, 14 + number)), id=f"e{number}"))
    history = History(world)
    history.cycle()
    assert len(world.links) == 5
    return history


def settle(history: History) -> None:
    """Quiet passes until it rests; then both sides are the same, or a person is asked or told."""
    history.find()
    for _ in range(QUIET_PASSES):
        history.cycle()
    last = history.cycle()
    busy = [action for action in last if moves_something(action)]
    assert not busy, f"never rests: {busy}"
    world = history.world
    for link in world.live_links():
        sides = [world.real.get((side, ref)) for side in Side if (ref := link.refs[side])]
        excused = link.id in world.held or link.id in world.listed or link.refused or link.state is not LinkState.LIVE
        if not excused and all(one is not None and one.absence is None for one in sides):
            assert not list(differences(world, link)), (link, sides)
    _each_original_has_its_copy(world)


def _each_original_has_its_copy(world: World) -> None:
    paired = {(side, link.refs[side]) for link in world.live_links() for side in Side}
    told = {*world.held, *world.listed}
    for key, real in world.real.items():
        alone = real.absence is None and key not in paired and real.traits.mark is None
        assert not alone or f"{key[0].value}|{key[1]}" in told, f"{key} has no copy"


def picture(world: World) -> dict[str, object]:
    """What a person sees in the end: both sides, without versions and ids of ours."""
    return {
        side.value: sorted((str(one.event), one.traits.participants or 0) for one in world.present(side))
        for side in Side
    }


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(under=POLICIES, steps=st.lists(STEPS, max_size=25), everything=st.booleans())
def test_every_history_converges_and_loses_nothing(under: Policy, steps: list[Step], everything: bool) -> None:
    history = begin(under, everything=everything)
    for step in steps:
        history.do(step)
    settle(history)
    for name in ("clash", "deletion", "hold", "relink", "override", "put back", "overtaken"):
        if history.reached[name]:
            event(name)


@pytest.mark.timeout(60)
def test_histories_reach_clashes_deletions_holds_moves_and_overrides() -> None:
    reached: Counter[str] = Counter()
    for seed in range(120):
        reached += _random_history(random.Random(seed)).reached
    wanted = ("clash", "deletion", "hold", "relink", "override", "put back", "overtaken", "approve", "reject")
    assert not [name for name in wanted if not reached[name]], reached


def _random_history(chance: random.Random) -> History:
    under = policy(
        on_clash=chance.choice(list(Side)),
        write_back=chance.choice(["all", "without_participants", "off"]),
        delete_limit=chance.choice([10, 1]),
        delete_share=0.0,
    )
    history = begin(under, everything=chance.random() < 0.5)
    for _ in range(30):
        step = Step(chance.choice(VERBS), chance.choice(list(Side)), chance.randrange(5), chance.choice(FIELDS))
        history.do(step)
    settle(history)
    return history


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("write_back", ["all", "without_participants", "off"])
@pytest.mark.parametrize("index", range(5))
def test_an_event_known_by_another_id_is_followed_not_deleted(index: int, write_back: str, everything: bool) -> None:
    """R31: "Gone or unknown, and new, are matched before they count", copies of ours (0 to 2) too."""
    history = begin(policy(write_back=write_back), everything=everything)
    before = picture(history.world)
    history.do(Step("reissue", Side.EXTERNAL, index))
    settle(history)
    assert history.reached["relink"] == 1
    assert picture(history.world) == before


# In a discarded cycle time passes and absences are confirmed, so that what R15 counts together may differ.
PATIENT: Final = POLICIES.map(lambda under: replace(under, delete_limit=100))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(under=POLICIES, steps=st.lists(STEPS, max_size=12))
def test_plans_discarded_three_times_end_like_one_applied_at_once(under: Policy, steps: list[Step]) -> None:
    at_once, thrice = begin(under, everything=False), begin(under, everything=False)
    for step in filter(_is_an_edit, steps):
        at_once.do(step)
        at_once.world.read(confirm=False)
        thrice.do(step)
        for _ in range(3):
            thrice.do(Step("discard"))
    _same_end(at_once, thrice)
    assert Counter(thrice.world.losers) == Counter(at_once.world.losers)
    assert set(thrice.world.held) == set(at_once.world.held)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(under=PATIENT, steps=st.lists(STEPS, max_size=12))
def test_whole_cycles_that_are_discarded_leave_no_trace(under: Policy, steps: list[Step]) -> None:
    at_once, thrice = begin(under, everything=False), begin(under, everything=False)
    for step in filter(_is_an_edit, steps):
        at_once.do(step)
        thrice.do(step)
    for _ in range(3):
        thrice.world.now += PASS
        thrice.world.read()
        thrice.world.plan()
    _same_end(at_once, thrice)


def _is_an_edit(step: Step) -> bool:
    return step.verb not in ("pass", "race", "discard", "approve", "reject")


def _same_end(at_once: History, thrice: History) -> None:
    settle(at_once)
    settle(thrice)
    assert picture(thrice.world) == picture(at_once.world)


def test_a_text_that_one_side_cuts_short_never_comes_back_cut() -> None:
    """R10: "A side that can hold a value only in part … never overwrites the fuller one with its version"."""
    history = begin(policy(limits=Pair({}, {Field.TITLE: 8})), everything=True)
    world = history.world
    long = world.put(session(block_of_time("Yoga for beginners", hour(5)), id="long"))
    history.cycle()
    copy = partner(world, long)
    assert copy is not None
    assert world.real[copy].event.title == "Yoga for"
    world.edit(copy, when=hour(6))
    settle(history)
    assert world.real[long].event == block_of_time("Yoga for beginners", hour(6))
    world.edit(copy, title="Pilates")
    history.cycle()
    assert world.real[long].event.title == "Yoga for beginners"
    assert [lost.value for lost in world.losers] == ["Pilates"]
    world.edit(long, title="Yoga for everybody")
    settle(history)
    assert [world.real[key].event.title for key in (long, copy)] == ["Yoga for everybody", "Yoga for"]
