"""Edits and deletions of linked items, in whole passes: what travels, what is put back, what is left. R5a to R32.

Not here: the plain cases (test_pass), brakes (test_limits), a connection's life (test_connections).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory import FULL
from syncd.model import Event, Field, Kind, LinkState, Side
from tests.cycle.bench import SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9), description="Bring a mat", location="Room 1")
DENTIST = event("Dentist", at(1, 14))
MINUTES = timedelta(minutes=11)


# what is put back


@pytest.mark.rule("R5a", "R8")
async def test_an_empty_title_is_put_back_once_and_left_when_it_returns(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.edit_copy("Yoga", Event(title=None))
    await bench.settle(2)
    assert bench.exported() == {"Yoga": YOGA}
    assert len(await bench.history("R5a")) == 1
    bench.edit_copy("Yoga", Event(title=None))
    await bench.settle(2)
    assert set(bench.exported()) == {"None"}
    assert bench.world.items(SITE_ID)["s1"].event == YOGA
    assert await bench.noted("R5a") == 1
    await bench.assert_at_rest()


@pytest.mark.rule("R5a", "R5")
async def test_without_write_back_an_edit_outside_is_put_back_once_and_left_when_it_returns(bench: Bench) -> None:
    bench.rules = replace(bench.rules, write_back="off")
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.edit_copy("Yoga", Event(location="Garden"))
    await bench.settle(2)
    assert bench.exported()["Yoga"].location == "Room 1"
    bench.edit_copy("Yoga", Event(location="Garden"))
    await bench.settle(2)
    assert bench.exported()["Yoga"].location == "Garden"
    assert bench.world.items(SITE_ID)["s1"].event == YOGA
    await bench.assert_at_rest()


@pytest.mark.rule("R5a")
async def test_what_was_left_outside_never_fires_later(bench: Bench) -> None:
    bench.rules = replace(bench.rules, write_back="off")
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    for _ in range(2):
        bench.edit_copy("Yoga", Event(location="Garden"))
        await bench.settle(2)
    bench.rules = replace(bench.rules, write_back="all")
    bench.world.edit(SITE_ID, "s1", Event(description="Bring two mats"))
    await bench.settle(2)
    assert bench.world.items(SITE_ID)["s1"].event == replace(YOGA, description="Bring two mats")
    assert bench.exported()["Yoga"].description == "Bring two mats"
    await bench.assert_at_rest()


@pytest.mark.rule("R5a", "R6")
async def test_without_write_back_a_deleted_copy_is_put_back_once_and_left_when_it_is_deleted_again(
    bench: Bench,
) -> None:
    bench.rules = replace(bench.rules, write_back="off")
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.settle(1)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga"}
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.settle(3)
    assert bench.exported() == {}
    assert "s1" in bench.world.items(SITE_ID)
    await bench.assert_at_rest()


@pytest.mark.rule("R16", "R5a")
async def test_a_fixed_event_blocks_and_is_never_written(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST, kind=Kind.FIXED)
    await bench.sync()
    assert bench.blocks() == {"Dentist": DENTIST}
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(when=at(1, 15)))
    await bench.settle(3)
    assert bench.world.items(bench.primary)["e1"].event == DENTIST
    assert bench.blocks() == {"Dentist": DENTIST}
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))
    await bench.settle(3)
    assert set(bench.world.items(bench.primary)) == {"e1"}
    assert bench.blocks() == {}
    await bench.assert_at_rest()


@pytest.mark.rule("R26", "R5a")
async def test_an_event_with_guests_is_never_written_where_they_would_be_mailed(bench: Bench) -> None:
    bench.outside = replace(FULL, mails_guests=True)
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST, guests=True)
    await bench.sync()
    bench.world.edit(bench.outside_calendar, bench.exported_id("Yoga"), guests=True)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(when=at(1, 15)))
    await bench.settle(3)
    assert bench.world.items(bench.primary)["e1"].event == DENTIST
    assert bench.blocks() == {"Dentist": DENTIST}
    bench.world.cancel(SITE_ID, "s1")
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))
    await bench.settle(3)
    assert bench.world.mailed == []
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await bench.assert_at_rest()


# one side gone


@pytest.mark.rule("R3")
async def test_a_cancelled_block_deletes_a_plain_event_and_spares_a_private_one(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    bench.outside_event("e2", event("Surgery", at(2, 9)), private=True)
    await bench.settle(1)
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))
    bench.world.cancel(SITE_ID, bench.block_id("Busy"))
    await bench.settle(3)
    assert set(bench.world.items(bench.primary)) == {"e2"}
    assert bench.blocks() == {}
    bench.world.edit(bench.primary, "e2", Event(when=at(2, 12)))
    await bench.settle(2)
    assert {title: block.when for title, block in bench.blocks().items()} == {"Busy": at(2, 12)}
    await bench.assert_at_rest()


@pytest.mark.rule("R11")
async def test_the_originals_deletion_wins_over_an_edit_of_the_copy(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.cancel(SITE_ID, "s1")
    bench.edit_copy("Yoga", Event(title="Yoga for all"))
    await bench.settle(2)
    assert bench.exported() == {}
    assert any("Yoga for all" in str(row.action) for row in await bench.history("R11"))
    await bench.assert_at_rest()


@pytest.mark.rule("R11")
async def test_a_copys_deletion_loses_to_an_edit_of_the_original(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga basics"}
    assert bench.blocks()["Dentist"].when == at(1, 16)
    await bench.assert_at_rest()


@pytest.mark.rule("R11")
async def test_a_copys_deletion_loses_to_a_new_booking(bench: Bench) -> None:
    bench.rules = replace(bench.rules, write_back="all")
    await bench.connect()
    session = bench.session("s1", YOGA)
    await bench.settle(1)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    bench.world.book(session)
    await bench.settle(3)
    assert bench.exported() == {"Yoga": YOGA}
    assert "s1" in bench.world.items(SITE_ID)
    await bench.assert_at_rest()


@pytest.mark.rule("R12")
async def test_gone_on_both_sides_is_the_end_and_what_comes_back_is_new(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    bench.world.remove(bench.primary, "e1")
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))
    await bench.settle(2)
    links = await bench.store.links(bench.connection_id)
    assert [link.state for link in links] == [LinkState.TOMBSTONE]
    await bench.assert_at_rest()
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist"}
    await bench.assert_at_rest()


# no echo, no oscillation


@pytest.mark.rule("R24", "R10")
async def test_texts_cut_by_the_other_side_make_no_echo_and_never_overwrite_the_fuller_one(bench: Bench) -> None:
    bench.outside = replace(FULL, limits={Field.DESCRIPTION: 20})
    long = "Bring a mat, a towel, and water for two hours"
    await bench.connect()
    bench.session("s1", replace(YOGA, description=long))
    await bench.sync()
    assert bench.exported()["Yoga"].description == long[:20].rstrip()
    await bench.assert_at_rest()
    bench.edit_copy("Yoga", Event(title="Yoga basics"))
    await bench.settle(2)
    assert bench.world.items(SITE_ID)["s1"].event == replace(YOGA, title="Yoga basics", description=long)
    await bench.assert_at_rest()


@pytest.mark.rule("R24")
async def test_the_replay_of_a_version_from_before_our_write_is_no_change(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.sync()
    bench.world.faults["read"] = ["replay", "replay"]
    bench.world.faults["get"] = ["replay", "replay"]
    await bench.sync()
    bench.world.faults.clear()
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga basics"}
    assert bench.world.items(SITE_ID)["s1"].event.title == "Yoga basics"
    await bench.assert_at_rest()


@pytest.mark.rule("R24", "R9")
async def test_somebodys_edit_inside_the_answer_of_our_write_is_kept(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.faults["update"] = ["foreign"]
    await bench.settle(3)
    both = replace(YOGA, title="Yoga basics", location="changed by somebody else")
    assert bench.world.items(SITE_ID)["s1"].event == both
    assert bench.exported() == {"Yoga basics": both}
    await bench.assert_at_rest()


@pytest.mark.rule("R32")
async def test_a_client_that_toggles_a_field_is_stopped_after_three_writes(bench: Bench) -> None:
    bench.rules = replace(bench.rules, on_clash=Side.EXTERNAL)
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.settle(1)
    for room in ("Room 2", "Room 1") * 4:
        bench.edit_copy("Yoga", Event(location=room))
        await bench.settle(1)
    writes = [entry for entry in bench.world.log if entry[0] == "update" and entry[1] == SITE_ID]
    assert len(writes) == 3
    assert await bench.noted("R32") == 1
    await bench.assert_at_rest()


# moved to another id


@pytest.mark.rule("R31")
async def test_an_occurrence_under_a_new_id_is_the_same_one_and_keeps_its_override(bench: Bench) -> None:
    await bench.connect()
    series: dict[str, Any] = {"series": "series-1", "original_start": "2026-03-03T10:00:00"}
    bench.session("s1", YOGA, **series)
    await bench.settle(1)
    await bench.override("s1", title="Yoga with Anna")
    await bench.settle(1)
    bench.world.cancel(SITE_ID, "s1")
    bench.session("s2", replace(YOGA, when=at(1, 11)), **series)
    await bench.settle(3)
    assert {title: copy.when for title, copy in bench.exported().items()} == {"Yoga with Anna": at(1, 11)}
    assert not any(entry[0] == "delete" for entry in bench.world.log)
    await bench.assert_at_rest()


@pytest.mark.rule("R31")
@pytest.mark.parametrize("fault", ["fail", "lose"])
async def test_an_id_that_nobody_knows_any_more_is_left_to_nobody_though_its_successors_write_fails(
    bench: Bench, fault: str
) -> None:
    """Wix answers 404 for the ids of a series that was split: unknown, never gone."""
    await bench.connect()
    series: dict[str, Any] = {"series": "series-1", "original_start": "2026-03-03T10:00:00"}
    bench.session("s1", YOGA, **series)
    await bench.settle(1)
    bench.world.remove(SITE_ID, "s1")
    bench.session("s9", replace(YOGA, when=at(1, 11)), **series)
    bench.world.faults["update"] = [fault]
    await bench.sync()
    assert bench.exported()["Yoga"].when == (at(1, 9) if fault == "fail" else at(1, 11))
    assert len(await bench.history("R31")) == 1
    await bench.settle()
    assert bench.exported()["Yoga"].when == at(1, 11)
    assert (await bench.store.tally(bench.connection_id))["pending"] == 0
    await bench.assert_at_rest()


@pytest.mark.rule("R31")
async def test_an_occurrence_that_is_gone_waits_one_cycle_for_its_successor(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA, series="series-1", original_start="2026-03-03T10:00:00")
    await bench.settle(1)
    bench.world.cancel(SITE_ID, "s1")
    await bench.sync()
    assert set(bench.exported()) == {"Yoga"}
    await bench.sync()
    assert bench.exported() == {}
    await bench.assert_at_rest()


@pytest.mark.rule("R31")
async def test_an_event_under_a_new_id_keeps_its_block(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST, uid="uid-1")
    await bench.settle(1)
    block = bench.block_id("Dentist")
    bench.world.remove(bench.primary, "e1")
    bench.outside_event("e9", replace(DENTIST, when=at(1, 16)), uid="uid-1")
    await bench.settle(3)
    assert bench.block_id("Dentist") == block
    assert bench.blocks()["Dentist"].when == at(1, 16)
    await bench.assert_at_rest()


# the window


@pytest.mark.rule("R14")
async def test_items_that_move_out_of_the_window_are_followed(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    bench.world.edit(SITE_ID, "s1", Event(when=at(500, 9)))
    bench.world.edit(bench.primary, "e1", Event(when=at(500, 14)))
    await bench.settle(3)
    assert bench.exported()["Yoga"].when == at(500, 9)
    assert bench.blocks()["Dentist"].when == at(500, 14)
    await bench.assert_at_rest()
    bench.edit_copy("Yoga", Event(title="Yoga basics"))
    await bench.settle(2)
    assert bench.world.items(SITE_ID)["s1"].event.title == "Yoga basics"


@pytest.mark.rule("R14")
async def test_what_lies_beyond_the_window_is_taken_in_when_the_window_reaches_it(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", replace(YOGA, when=at(370, 9)))
    bench.outside_event("e1", replace(DENTIST, when=at(370, 14)))
    await bench.settle(2)
    assert bench.world.log == []
    for _ in range(6):
        bench.clock.advance(timedelta(hours=20))
        await bench.sync()
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}
    await bench.assert_at_rest()


@pytest.mark.rule("R14")
async def test_the_passing_of_time_is_no_deletion(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    before = len(bench.world.log)
    for _ in range(12):
        bench.clock.advance(timedelta(hours=20))
        assert (await bench.sync()).error is None
    assert bench.world.log[before:] == []
    assert "s1" in bench.world.items(SITE_ID)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}
