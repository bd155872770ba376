"""Whole passes over a memory world and a real store: what each side looks like afterwards."""

from datetime import timedelta

import pytest

from syncd.model import Decision, Event, Override, Status
from tests.cycle.bench import SITE_ID, Bench, at, days, event

YOGA = event("Yoga", at(1, 9), description="Bring a mat", location="Room 1")


@pytest.mark.rule("R1", "R7")
async def test_a_session_is_exported_once_and_the_second_pass_writes_nothing(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    first = await bench.sync()
    assert (first.error, first.written) == (None, 1)
    assert bench.exported() == {"Yoga": YOGA}
    assert (await bench.connection()).status is Status.SYNCED
    await bench.assert_at_rest()


@pytest.mark.rule("R4", "R25", "R18")
async def test_an_outside_event_blocks_the_schedule_and_is_not_exported_again(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    bench.outside_event("e2", event("Free lunch", at(1, 12), busy=False))
    bench.outside_event("e3", event("Holiday", days(3)))
    await bench.sync()
    assert set(bench.blocks()) == {"Dentist", "Holiday"}
    assert bench.blocks()["Dentist"].when == at(1, 14)
    await bench.assert_at_rest()
    assert len(bench.world.items(bench.primary)) == 3


@pytest.mark.rule("R2", "R5", "R9")
async def test_edits_of_both_sides_are_merged(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.edit(SITE_ID, "s1", Event(location="Room 2"))
    bench.world.edit(bench.outside_calendar, bench.exported_id("Yoga"), Event(when=at(1, 10)))
    await bench.sync()
    expected = event("Yoga", at(1, 10), description="Bring a mat", location="Room 2")
    assert bench.exported() == {"Yoga": expected}
    assert bench.world.items(SITE_ID)["s1"].event == expected
    await bench.assert_at_rest()


@pytest.mark.rule("R10")
async def test_a_clash_is_won_by_the_site_and_the_loser_is_in_the_history(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.edit(bench.outside_calendar, bench.exported_id("Yoga"), Event(title="Yoga for all"))
    await bench.sync()
    assert set(bench.exported()) == {"Yoga basics"}
    rows = await bench.store.history(connection=bench.connection_id)
    assert any("Yoga for all" in str(row.action) and row.rule == "R10" for row in rows)
    await bench.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_cancelled_session_takes_its_copy_away(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.cancel(SITE_ID, "s1")
    await bench.sync()
    assert bench.exported() == {}
    await bench.assert_at_rest()


@pytest.mark.rule("R6")
async def test_a_deleted_copy_cancels_its_session_in_the_second_cycle(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.clock.advance(timedelta(minutes=11))
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.sync()
    assert "s1" in bench.world.items(SITE_ID)
    await bench.sync()
    assert "s1" not in bench.world.items(SITE_ID)
    await bench.assert_at_rest()


@pytest.mark.rule("R6")
async def test_a_deleted_outside_event_frees_the_slot(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    await bench.sync()
    bench.world.remove(bench.primary, "e1")
    await bench.sync()
    assert bench.blocks() == {}
    await bench.assert_at_rest()


@pytest.mark.rule("R28")
async def test_a_deletion_of_a_booked_class_is_held_and_rejected(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA, participants=3)
    await bench.sync()
    bench.clock.advance(timedelta(minutes=11))
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    result = await bench.sync()
    assert result.held == 1
    await bench.assert_at_rest()
    assert await bench.decide(Decision.REJECTED) == 1
    await bench.sync()
    assert bench.exported() == {"Yoga": YOGA}
    assert "s1" in bench.world.items(SITE_ID)
    assert (await bench.sync()).held == 0
    await bench.assert_at_rest()


@pytest.mark.rule("R28")
async def test_an_approved_deletion_of_a_booked_class_is_carried_out(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA, participants=3)
    await bench.sync()
    bench.clock.advance(timedelta(minutes=11))
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.sync()
    await bench.decide(Decision.APPROVED)
    await bench.sync()
    assert "s1" not in bench.world.items(SITE_ID)
    await bench.assert_at_rest()


@pytest.mark.rule("R17")
async def test_a_private_event_blocks_as_busy_and_its_text_is_never_stored(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", event("Surgery", at(1, 14), description="secret", location="Clinic"), private=True)
    await bench.sync()
    assert set(bench.blocks()) == {"Busy"}
    assert all("Surgery" not in str(item) for item in bench.world.items(SITE_ID).values())
    await bench.assert_at_rest()


@pytest.mark.rule("R8")
async def test_an_override_is_shown_outside_and_an_edit_there_changes_the_override(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    await bench.override("s1", title="Yoga with Anna")
    await bench.sync()
    assert set(bench.exported()) == {"Yoga with Anna"}
    bench.world.edit(bench.outside_calendar, bench.exported_id("Yoga with Anna"), Event(title="Yoga at dawn"))
    await bench.sync()
    assert bench.world.items(SITE_ID)["s1"].event.title == "Yoga"
    assert set(bench.exported()) == {"Yoga at dawn"}
    await bench.assert_at_rest()


@pytest.mark.rule("R8")
async def test_an_override_that_the_site_keeps_is_shown_unless_syncd_keeps_one(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA, override=Override(title="Quiet hour"))
    await bench.sync()
    assert set(bench.exported()) == {"Quiet hour"}
    await bench.override("s1", title="Yoga with Anna")
    await bench.sync()
    assert set(bench.exported()) == {"Yoga with Anna"}
    bench.world.edit(SITE_ID, "s1", override=Override(title="Loud hour"))
    await bench.assert_at_rest()


@pytest.mark.rule("R13")
async def test_a_hand_made_twin_is_adopted_and_not_doubled(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", event("Yoga", at(1, 9)))
    result = await bench.sync()
    assert result.written == 0
    assert bench.blocks() == {}
    await bench.assert_at_rest()
    bench.world.cancel(SITE_ID, "s1")
    await bench.sync()
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await bench.assert_at_rest()


async def test_a_dry_run_writes_nothing_and_prints_the_digest_of_the_pass_that_follows(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    planned = [await bench.dry() for _ in range(3)]
    assert bench.world.log == []
    result = await bench.sync()
    assert result.plan is not None
    assert {plan.digest for plan in planned} == {result.plan.digest}
    assert set(bench.exported()) == {"Yoga"}
