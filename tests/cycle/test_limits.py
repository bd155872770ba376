"""Brakes, in whole passes: too many deletions or creations, an empty side, items that fail. R15, R27, R28, R29.

Not here: what a single deletion needs (test_edits), what proves an absence (test_reading).
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import FULL
from syncd.model import Decision, Event, Reason, Ref, Status
from syncd.ports import Changes
from tests.cycle.bench import SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9))


async def with_classes(bench: Bench, count: int) -> None:
    """A connection with so many sessions, exported eleven minutes ago."""
    await bench.connect()
    for number in range(count):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
    await bench.settle(1)
    assert len(bench.exported()) == count


def cancel(bench: Bench, count: int) -> None:
    for number in range(count):
        bench.world.cancel(SITE_ID, f"s{number}")


def remove_copies(bench: Bench, count: int) -> None:
    for number in range(count):
        bench.world.remove(bench.outside_calendar, bench.exported_id(f"Class {number}"))


async def groups(bench: Bench) -> set[str]:
    return {row.group for row in await bench.store.holds(bench.connection_id)}


@pytest.mark.rule("R15")
async def test_many_cancelled_sessions_are_held_as_one_group_and_deleted_when_approved(bench: Bench) -> None:
    await with_classes(bench, 20)
    cancel(bench, 11)
    bench.world.edit(SITE_ID, "s19", Event(title="Class nineteen"))
    result = await bench.sync()
    assert (result.error, result.held) == (None, 1)
    assert len(bench.exported()) == 20
    assert "Class nineteen" in bench.exported()
    await bench.assert_at_rest()
    assert len(await groups(bench)) == 1
    assert await bench.decide(Decision.APPROVED) == 11
    await bench.settle(2)
    assert len(bench.exported()) == 9
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_many_cancelled_sessions_keep_their_copies_when_rejected(bench: Bench) -> None:
    await with_classes(bench, 20)
    cancel(bench, 11)
    await bench.settle(1)
    await bench.decide(Decision.REJECTED)
    await bench.settle(2)
    assert len(bench.exported()) == 20
    assert await groups(bench) == set()
    await bench.assert_at_rest()


@pytest.mark.rule("R15", "R6")
async def test_many_copies_deleted_outside_cancel_nothing_until_approved(bench: Bench) -> None:
    await with_classes(bench, 20)
    remove_copies(bench, 11)
    await bench.settle(3)
    assert len(bench.world.items(SITE_ID)) == 20
    assert len(await groups(bench)) == 1
    await bench.assert_at_rest()
    await bench.decide(Decision.APPROVED)
    await bench.settle(3)
    assert len(bench.world.items(SITE_ID)) == 9
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_many_copies_deleted_outside_are_put_back_when_rejected(bench: Bench) -> None:
    await with_classes(bench, 20)
    remove_copies(bench, 11)
    await bench.settle(3)
    await bench.decide(Decision.REJECTED)
    await bench.settle(3)
    assert len(bench.exported()) == 20
    assert len(bench.world.items(SITE_ID)) == 20
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_a_few_deletions_at_a_time_count_together_within_a_day(bench: Bench) -> None:
    await with_classes(bench, 20)
    cancel(bench, 8)
    await bench.settle(2)
    assert len(bench.exported()) == 12
    for number in range(8, 12):
        bench.world.cancel(SITE_ID, f"s{number}")
    await bench.settle(2)
    assert len(bench.exported()) == 12
    assert len(await groups(bench)) == 1


@pytest.mark.rule("R15")
async def test_an_emptied_side_stops_everything_and_what_returns_leaves_the_hold(bench: Bench) -> None:
    await with_classes(bench, 6)
    copies = dict(bench.world.items(bench.outside_calendar))
    remove_copies(bench, 6)
    bench.session("new", YOGA)
    result = await bench.sync()
    assert result.error is None
    await bench.settle(2)
    assert bench.exported() == {}
    assert len(bench.world.items(SITE_ID)) == 7
    assert await groups(bench) != set()
    for id_, item in copies.items():
        bench.world.put(bench.outside_calendar, id_, item.event, mark=item.traits.mark, uid=item.traits.uid)
    await bench.settle(3)
    assert len(bench.exported()) == 7
    assert await groups(bench) == set()
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_after_a_day_without_a_pass_a_single_deletion_needs_approval(bench: Bench) -> None:
    await with_classes(bench, 6)
    bench.clock.advance(timedelta(hours=25))
    cancel(bench, 1)
    assert (await bench.sync()).held == 1
    assert len(bench.exported()) == 6
    await bench.decide(Decision.APPROVED)
    await bench.settle(2)
    assert len(bench.exported()) == 5
    await bench.assert_at_rest()


@pytest.mark.rule("R15")
async def test_after_a_restore_a_single_deletion_needs_approval(bench: Bench) -> None:
    await with_classes(bench, 6)
    careful = replace(await bench.connection(), careful=True)
    await bench.store.commit(Changes(connections=[careful]), None)
    cancel(bench, 1)
    assert (await bench.sync()).held == 1
    assert len(bench.exported()) == 6


@pytest.mark.rule("R15")
async def test_the_deletions_of_one_series_are_one_act(bench: Bench) -> None:
    await bench.connect()
    for number in range(14):
        start = f"2026-03-{number + 2:02}T10:00:00"
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)), series="series-1", original_start=start)
    bench.session("single", YOGA)
    await bench.settle(1)
    cancel(bench, 14)
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga"}
    await bench.assert_at_rest()


@pytest.mark.rule("R28")
async def test_a_booking_that_comes_before_the_cancel_stops_it(bench: Bench) -> None:
    await with_classes(bench, 6)
    remove_copies(bench, 1)
    await bench.settle(1)
    booked = Ref(SITE_ID, "s0")

    def book_first(verb: str, moment: str) -> None:
        if (verb, moment) == ("delete", "before") and bench.world.item(booked).traits.participants == 0:
            bench.world.book(booked)

    bench.world.interrupt = book_first
    await bench.settle(3)
    assert "s0" in bench.world.items(SITE_ID)
    assert "Class 0" in bench.exported()
    await bench.assert_at_rest()


@pytest.mark.rule("R27")
async def test_an_item_that_fails_is_quarantined_and_the_others_go_on(bench: Bench) -> None:
    bench.outside = replace(FULL, series_edit=False)
    await with_classes(bench, 3)
    refused = bench.exported_id("Class 0")
    bench.world.edit(bench.outside_calendar, refused, series="series-9", original_start="2026-03-02T10:00:00")
    await bench.settle(1)
    for number in range(3):
        bench.world.edit(SITE_ID, f"s{number}", Event(location="Garden"))
    result = await bench.sync()
    assert (result.error, result.failed) == (None, 1)
    assert [copy.location for _, copy in sorted(bench.exported().items())] == [None, "Garden", "Garden"]
    assert (await bench.store.tally(bench.connection_id))["quarantined"] == 1
    await bench.assert_at_rest()
    bench.world.edit(bench.outside_calendar, refused, series=None, original_start=None)
    await bench.settle(2)
    assert bench.exported()["Class 0"].location == "Garden"
    assert (await bench.store.tally(bench.connection_id))["quarantined"] == 0
    await bench.assert_at_rest()


@pytest.mark.rule("R27")
async def test_when_most_actions_fail_the_connection_is_in_error(bench: Bench) -> None:
    bench.outside = replace(FULL, series_edit=False)
    await with_classes(bench, 6)
    for number in range(6):
        copy = bench.exported_id(f"Class {number}")
        bench.world.edit(bench.outside_calendar, copy, series="series-9", original_start=f"2026-03-0{number + 2}")
    await bench.settle(1)
    for number in range(6):
        bench.world.edit(SITE_ID, f"s{number}", Event(location="Garden"))
    await bench.sync()
    stands = await bench.connection()
    assert (stands.status, stands.reason) == (Status.ERROR, Reason.MANY_ITEMS_FAILED)


@pytest.mark.rule("R27")
async def test_a_call_that_failed_is_repeated_by_the_next_pass(bench: Bench) -> None:
    await with_classes(bench, 3)
    bench.world.edit(SITE_ID, "s0", Event(location="Garden"))
    bench.world.faults["update"] = ["fail"]
    await bench.sync()
    assert bench.exported()["Class 0"].location is None
    await bench.settle(2)
    assert bench.exported()["Class 0"].location == "Garden"
    await bench.assert_at_rest()


@pytest.mark.rule("R29")
async def test_after_the_first_pass_more_creations_than_the_limit_wait_for_a_person(bench: Bench) -> None:
    bench.rules = replace(bench.rules, create_limit=3)
    await with_classes(bench, 5)
    for number in range(4):
        bench.outside_event(f"e{number}", event(f"Event {number}", at(number, 14)))
    result = await bench.sync()
    assert (result.held, bench.blocks()) == (1, {})
    await bench.assert_at_rest()
    await bench.decide(Decision.APPROVED)
    await bench.settle(2)
    assert len(bench.blocks()) == 4
    await bench.assert_at_rest()


@pytest.mark.rule("R29")
async def test_an_unconfirmed_connection_waits(bench: Bench) -> None:
    connection = await bench.connect()
    await bench.store.commit(Changes(connections=[replace(connection, confirmed=False)]), None)
    bench.session("s1", YOGA)
    result = await bench.sync()
    assert result.skipped is not None
    assert bench.world.log == []


@pytest.mark.rule("R29")
async def test_a_twin_of_a_linked_block_is_cancelled_after_two_reads_ten_minutes_apart(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    await bench.settle(1)
    block = bench.block_id("Dentist")
    twin = bench.world.copy(Ref(SITE_ID, block))
    other = bench.world.copy(Ref(SITE_ID, block))
    bench.world.edit(SITE_ID, other.id, Event(title="Dentist, moved", when=at(2, 14)))
    await bench.sync()
    assert {block, twin.id, other.id} == set(bench.world.items(SITE_ID))
    bench.clock.advance(timedelta(minutes=5))
    await bench.sync()
    assert {block, twin.id, other.id} == set(bench.world.items(SITE_ID))
    bench.clock.advance(timedelta(minutes=6))
    await bench.sync()
    assert {block, other.id} == set(bench.world.items(SITE_ID))
    assert await bench.noted("R29") == 1
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await bench.assert_at_rest()
