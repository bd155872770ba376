"""What waits for a person goes on waiting until a person decides, or the item itself changes. R15, R28, R29.

Not here: when something is held at all (test_limits).
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import Decision, Gone, Ref, Side
from tests.cycle.bench import SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9))
ELEVEN = timedelta(minutes=11)


async def with_classes(bench: Bench, count: int) -> None:
    await bench.connect()
    for number in range(count):
        bench.session(f"s{number}", event(f"Class {number}", at(number % 28, 9)))
    await bench.settle(2)
    assert len(bench.exported()) == count


async def pass_later(bench: Bench, by: timedelta = ELEVEN) -> None:
    bench.clock.advance(by)
    assert (await bench.sync()).error is None


async def with_a_held_deletion(bench: Bench) -> str:
    """A booked class whose copy somebody deleted; the group of the hold."""
    await bench.connect()
    bench.session("s1", YOGA, participants=2)
    bench.session("s2", event("Pilates", at(2, 9)))
    await bench.settle(2)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.settle(2)
    (row,) = await bench.store.holds(bench.connection_id)
    return row.group


@pytest.mark.rule("R15")
async def test_of_an_emptied_side_on_which_one_item_returns_the_others_still_wait(bench: Bench) -> None:
    await with_classes(bench, 6)
    copies = dict(bench.world.items(bench.outside_calendar))
    for id_ in copies:
        bench.world.remove(bench.outside_calendar, id_)
    for _ in range(3):
        await pass_later(bench)
    assert len(await bench.store.holds(bench.connection_id)) == 6
    first, item = next(iter(copies.items()))
    bench.world.put(bench.outside_calendar, first, item.event, mark=item.traits.mark, uid=item.traits.uid)
    for _ in range(4):
        await pass_later(bench)
    assert len(bench.world.items(SITE_ID)) == 6
    assert len(await bench.store.holds(bench.connection_id)) == 5
    await bench.assert_at_rest()
    assert await bench.decide(Decision.APPROVED) == 5
    await bench.settle(2)
    assert len(bench.world.items(SITE_ID)) == 1
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_held_deletions_are_not_done_by_the_passing_of_a_day(bench: Bench) -> None:
    await with_classes(bench, 20)
    for number in range(8):
        bench.world.cancel(SITE_ID, f"s{number}")
    await bench.settle(2)
    for number in range(8, 13):
        bench.world.cancel(SITE_ID, f"s{number}")
    await bench.settle(1)
    assert len(bench.exported()) == 12
    held = {row.action: row.since for row in await bench.store.holds(bench.connection_id)}
    for _ in range(26):
        await pass_later(bench, timedelta(hours=1))
    assert len(bench.exported()) == 12
    assert {row.action: row.since for row in await bench.store.holds(bench.connection_id)} == held
    await bench.decide(Decision.APPROVED)
    await bench.settle(2)
    assert len(bench.exported()) == 7
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_what_was_held_after_a_long_pause_waits_beyond_the_first_pass(bench: Bench) -> None:
    await with_classes(bench, 3)
    bench.world.cancel(SITE_ID, "s0")
    await pass_later(bench, timedelta(hours=30))
    assert len(bench.exported()) == 3
    for _ in range(3):
        await pass_later(bench, timedelta(minutes=5))
    assert len(bench.exported()) == 3
    assert len(await bench.store.holds(bench.connection_id)) == 1
    bench.world.cancel(SITE_ID, "s1")
    await pass_later(bench)
    assert set(bench.exported()) == {"Class 0", "Class 2"}
    await bench.decide(Decision.APPROVED)
    await bench.settle(1)
    assert set(bench.exported()) == {"Class 2"}
    await bench.assert_at_rest()


@pytest.mark.rule("R29")
async def test_held_creations_wait_though_fewer_than_the_limit_are_left(bench: Bench) -> None:
    bench.rules = replace(bench.rules, create_limit=3)
    await with_classes(bench, 2)
    for number in range(4):
        bench.outside_event(f"e{number}", event(f"Event {number}", at(number, 14)))
    assert (await bench.sync()).held == 1
    bench.world.remove(bench.primary, "e0")
    for _ in range(3):
        await pass_later(bench)
    assert bench.blocks() == {}
    await bench.assert_at_rest()
    await bench.decide(Decision.APPROVED)
    await bench.settle(2)
    assert set(bench.blocks()) == {"Event 1", "Event 2", "Event 3"}
    await bench.assert_at_rest()


@pytest.mark.rule("R15", "R28")
@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.REJECTED])
async def test_a_listing_cut_short_does_not_cost_a_decision(bench: Bench, decision: Decision) -> None:
    await with_a_held_deletion(bench)
    assert await bench.decide(decision) == 1
    bench.world.faults["read"] = ["cut"]
    await bench.sync()
    await bench.settle(3)
    assert await bench.store.holds(bench.connection_id) == []
    assert ("s1" in bench.world.items(SITE_ID)) is (decision is Decision.REJECTED)
    assert ("Yoga" in bench.exported()) is (decision is Decision.REJECTED)
    await bench.assert_at_rest()


@pytest.mark.rule("R15", "R28")
async def test_a_doubtful_pass_leaves_what_waits_under_its_name_and_since_when(bench: Bench) -> None:
    await with_a_held_deletion(bench)
    before = await bench.store.holds(bench.connection_id)
    bench.world.faults["read"] = ["cut"]
    await bench.sync()
    assert await bench.store.holds(bench.connection_id) == before
    await bench.settle(2)
    assert await bench.store.holds(bench.connection_id) == before


@pytest.mark.rule("R28")
async def test_an_approval_outlasts_a_pass_in_which_the_session_could_not_be_found(bench: Bench) -> None:
    await with_a_held_deletion(bench)
    await bench.decide(Decision.APPROVED)
    hidden = bench.world.items(SITE_ID)["s1"]
    shelf = bench.world.shelf(SITE_ID)
    assert shelf is not None
    del shelf.items["s1"]
    shelf.groups.pop("s1")
    await pass_later(bench)
    (seen,) = (await bench.store.stored(Side.WIX, [Ref(SITE_ID, "s1")])).values()
    assert seen.observation.absence is not None
    assert seen.observation.absence.kind is Gone.UNKNOWN
    shelf.items["s1"] = hidden
    shelf.groups["s1"] = {"s1"}
    await bench.settle(2)
    assert "s1" not in bench.world.items(SITE_ID)
    assert await bench.store.holds(bench.connection_id) == []
