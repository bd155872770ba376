"""Graph answers from before a write, late, in part, or with somebody else's edit: over the real adapter. R24.

What its rounds leave out and say of what is not gone: tests/e2e/test_microsoft_rounds; here the reads are lies.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from syncd.model import Target
from tests.e2e.simulated_person import identified
from tests.e2e.studio import Studio, local
from tests.stale.liars import Spec, lied_to, undisturbed

pytestmark = pytest.mark.parametrize("ground", ["microsoft"], indirect=True)
ROUND: Final = {"operation": "^calendarView.delta$"}
BY_ID: Final = {"operation": "^events.get$"}
BATCH: Final = {"path": r"/\$batch$"}
A_PAGE: Final = 200  # rows that are asked for at once
RUN: Final = "FREQ=WEEKLY;COUNT=4"


def outside(studio: Studio, do: Spec, *matches: Mapping[str, str], times: int = -1) -> None:
    for match in matches:
        studio.microsoft.plant(do, match, times=times)


def switch(studio: Studio, **switches: Any) -> None:
    studio.microsoft.server.state.switches.set(switches)


async def starts(studio: Studio) -> set[str]:
    return set(await studio.blocks())


async def copies(studio: Studio) -> set[str]:
    return {copy.title for copy in await studio.person.copies()}


def place_of(row: Mapping[str, Any]) -> str:
    place = row.get("location", {})
    return str(place.get("name") or place.get("address"))


async def with_block(studio: Studio) -> str:
    """An event from three o'clock on, and its block; its name."""
    await studio.connect()
    name = await studio.person.event("Dentist", local(1, "15:00"))
    await studio.settle(2)
    return name


async def put_off(studio: Studio) -> str:
    """The same, put off to four o'clock; its block has not followed yet."""
    name = await with_block(studio)
    await studio.person.event("Dentist", local(1, "16:00"))
    return name


@pytest.mark.rule("R24", "R5")
@pytest.mark.parametrize("reads", [(ROUND,), (ROUND, BY_ID)], ids=["told", "told and read by id"])
async def test_an_event_shown_as_it_was_before_it_was_moved_does_not_move_its_block_back(
    studio: Studio, reads: tuple[Mapping[str, str], ...]
) -> None:
    await put_off(studio)
    await studio.settle(2)
    studio.microsoft.server.state.expire_delta_tokens()
    outside(studio, {"replay": {"back": 1}}, *reads)
    await undisturbed(studio, "replay")
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R7")
async def test_texts_of_a_series_that_were_read_from_before_its_edit_are_read_again_within_a_day(
    studio: Studio,
) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.settle(2)
    await studio.person.edit(name, title="Swim")
    outside(studio, {"missing_master": True}, ROUND)
    outside(studio, {"stale_writes": 1}, BY_ID)
    await lied_to(studio, "missing_master", "stale_writes")
    for _ in range(3):
        studio.clock.advance(timedelta(hours=9).total_seconds())
        await studio.sync()
    assert {block["title"] for block in (await studio.blocks()).values()} == {"Swim"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R2")
async def test_a_copy_told_as_it_was_before_our_write_is_no_edit_of_it(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    await studio.settle(2)
    studio.microsoft.server.state.expire_delta_tokens()
    outside(studio, {"replay": {"back": 1}}, ROUND, BY_ID)
    await undisturbed(studio, "replay")
    assert (await studio.at_wix())[ref]["title"] == "Power yoga"
    assert await copies(studio) == {"Power yoga"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
@pytest.mark.parametrize("lag", [30, 900])
async def test_an_edit_that_rounds_show_late_is_not_lost(studio: Studio, lag: int) -> None:
    switch(studio, delta_lag_seconds=lag)
    await with_block(studio)
    await studio.settle(2)
    assert await starts(studio) == {"Dentist 2026-03-03T15:00"}
    await studio.person.event("Dentist", local(1, "16:00"))
    await studio.sync()
    assert await starts(studio) == {"Dentist 2026-03-03T15:00"}
    await studio.settle(2)
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R1", "R2", "R3", "R24")
async def test_our_own_writes_that_rounds_show_late_are_neither_undone_nor_repeated(studio: Studio) -> None:
    switch(studio, delta_lag_seconds=900)
    await studio.connect()
    yoga, pilates = studio.session("Yoga"), studio.session("Pilates", local(2, "09:00"))
    await studio.settle(4)
    studio.edit(yoga, title="Power yoga")
    studio.cancel(pilates)
    await studio.settle(1)
    assert await copies(studio) == {"Power yoga"}
    studio.clock.advance(60)
    studio.forget_requests()
    for _ in range(3):  # rounds of before the creation, of before the change, and of now
        await studio.sync()
        studio.clock.advance(400)
    assert studio.written() == []
    assert await copies(studio) == {"Power yoga"}
    assert {row["title"] for row in (await studio.at_wix()).values()} == {"Power yoga"}
    await studio.assert_at_rest()


@pytest.mark.rule("R4")
async def test_an_event_that_is_told_and_cannot_be_read_yet_is_not_lost(studio: Studio) -> None:
    await studio.connect()
    await studio.sync()
    await studio.person.event("Dentist", local(1, "15:00"))
    outside(studio, {"stale_writes": 1}, BY_ID)
    await undisturbed(studio, "stale_writes")
    assert await starts(studio) == {"Dentist 2026-03-03T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R25", "R4")
async def test_a_copy_of_ours_whose_mark_cannot_be_read_yet_is_not_taken_for_a_persons_event(studio: Studio) -> None:
    await studio.connect(target=Target.PRIMARY)
    studio.session("Yoga", local(1, "09:00"))
    studio.session("Pilates", local(2, "09:00"))
    outside(studio, {"drop": "after"}, BATCH, times=1)
    await lied_to(studio, "drop", passes=1)
    switch(studio, property_lag_seconds=3600)
    outside(studio, {"stale_writes": 2}, BY_ID)
    await lied_to(studio, "stale_writes", passes=1)
    assert await studio.blocks() == {}
    await studio.settle(3)
    assert await studio.blocks() == {}
    assert sorted(copy.title for copy in await studio.person.copies()) == ["Pilates", "Yoga"]
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R12")
async def test_a_deleted_event_that_is_told_once_more_gets_no_block_again(studio: Studio) -> None:
    name = await with_block(studio)
    await studio.person.remove(name)
    await studio.settle(3)
    assert await studio.blocks() == {}
    studio.microsoft.server.state.expire_delta_tokens()
    outside(studio, {"stale_writes": 1}, ROUND, BY_ID, times=2)
    await lied_to(studio, "stale_writes", passes=1)
    await studio.settle(3)
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_an_event_that_is_told_as_removed_and_is_still_there_keeps_its_block(studio: Studio) -> None:
    """It lies in another part of the year; who reads only the round takes it for deleted."""
    name = await with_block(studio)
    await studio.person.event("Dentist", local(700, "15:00"))
    studio.forget_requests()
    await studio.settle(2)
    assert "events.get" in studio.requests()
    (block,) = (await studio.blocks()).values()
    assert block["start"]["localDate"][:4] == "2028"
    assert identified(name) in {event.id for event in studio.microsoft.hands.events()}
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_an_event_that_is_gone_and_can_still_be_read_loses_its_block_when_it_no_longer_can(
    studio: Studio,
) -> None:
    name = await with_block(studio)
    await studio.person.remove(name)
    outside(studio, {"stale_writes": 1}, BY_ID)
    await lied_to(studio, "stale_writes")
    await studio.settle(3)
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R15", "R6")
@pytest.mark.parametrize("do", [{"empty": True}, {"truncate": 1}], ids=["empty", "short"])
async def test_a_listing_that_is_not_whole_and_claims_to_be_cancels_nothing(studio: Studio, do: Spec) -> None:
    await studio.connect()
    for day in range(1, 8):
        await studio.person.event(f"Errand {day}", local(day, "15:00"))
        studio.session(f"Class {day}", local(day, "09:00"))
    await studio.settle(2)
    before = await starts(studio), await copies(studio), set(await studio.at_wix())
    assert (len(before[0]), len(before[1])) == (7, 7)
    studio.microsoft.server.state.expire_delta_tokens()
    outside(studio, do, ROUND)
    await lied_to(studio, *do)
    assert (await starts(studio), await copies(studio), set(await studio.at_wix())) == before
    await studio.settle(2)
    assert (await starts(studio), await copies(studio), set(await studio.at_wix())) == before
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R5")
@pytest.mark.parametrize("do", [{"empty": True}, {"cut_body": 150}], ids=["empty", "cut"])
async def test_an_answer_that_names_nothing_or_breaks_off_hides_no_change_for_good(studio: Studio, do: Spec) -> None:
    await put_off(studio)
    outside(studio, do, ROUND, times=4)
    await lied_to(studio, *do, passes=1)
    for _ in range(3):
        studio.clock.advance(timedelta(hours=9).total_seconds())
        await studio.sync()
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
async def test_an_edit_right_behind_our_update_is_kept_though_our_update_was_answered_with_it(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "10:00"))
    await studio.settle(2)
    studio.edit(ref, title="Power yoga")
    outside(studio, {"foreign_edit": {"location": "Garden"}}, {"operation": "^events.update$"}, times=1)
    await lied_to(studio, "foreign_edit", passes=1)
    await studio.settle(2)
    row = (await studio.at_wix())[ref]
    assert (row["title"], place_of(row)) == ("Power yoga", "Garden")
    assert {(copy.title, copy.location) for copy in await studio.person.copies()} == {("Power yoga", "Garden")}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R7", "R31")
@pytest.mark.parametrize(
    "lie", [{"slim_only": True}, {"missing_master": True}, {"split_series": True}], ids=["slim", "no master", "split"]
)
async def test_a_series_told_in_slim_rows_or_in_parts_keeps_its_texts_and_all_its_blocks(
    studio: Studio, lie: Spec
) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN, location="Park", description="Shoes")
    await studio.person.edit_occurrence(name, local(9, "12:30"), "Long run", local(9, "12:00"))
    await studio.settle(2)
    before = {key: (row["notes"], row["location"]) for key, row in (await studio.blocks()).items()}
    assert len(before) == 4
    studio.microsoft.server.state.expire_delta_tokens()
    outside(studio, lie, ROUND)
    outside(studio, {"error": "ErrorItemNotFound"}, BY_ID, times=3)
    studio.forget_requests()
    for _ in range(2):
        await studio.attempt()
        studio.clock.advance(60)
    assert "calendarView.delta" in studio.requests()
    assert {key: (row["notes"], row["location"]) for key, row in (await studio.blocks()).items()} == before
    studio.person.heal()
    await studio.settle(3)
    assert {key: (row["notes"], row["location"]) for key, row in (await studio.blocks()).items()} == before
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R6")
async def test_rows_of_one_series_on_several_pages_are_one_series(studio: Studio) -> None:
    switch(studio, delta_split_series=True)
    name = await studio.person.event("Run", local(2, "12:30"), rrule=f"FREQ=DAILY;COUNT={A_PAGE + 5}")
    await studio.connect()
    await studio.settle(1)
    assert len(await studio.blocks()) == A_PAGE + 5
    await studio.person.remove_occurrence(name, local(9, "12:30"))
    studio.forget_requests()
    await studio.settle(1)
    assert studio.requests().count("calendarView.delta") == 2  # pages of one round
    await studio.settle(2)
    assert len(await studio.blocks()) == A_PAGE + 4
    await studio.assert_at_rest()


@pytest.mark.rule("R1", "R13")
@pytest.mark.parametrize("count", [1, 3], ids=["alone", "in a chain"])
async def test_a_create_whose_reply_was_lost_and_that_is_not_shown_anywhere_yet_is_not_doubled(
    studio: Studio, count: int
) -> None:
    await studio.connect()
    studio.session("Warm-up", local(1, "08:00"))
    await studio.settle(2)
    for day in range(count):
        studio.session(f"Yoga {day}", local(day, "10:00"))
    switch(studio, property_lag_seconds=3600, delta_lag_seconds=1200)
    outside(studio, {"drop": "after"}, BATCH if count > 1 else {"operation": "^events.create$"}, times=1)
    await lied_to(studio, "drop", passes=2)
    await studio.settle(6)
    titles = sorted(copy.title for copy in await studio.person.copies())
    assert titles == ["Warm-up", *(f"Yoga {day}" for day in range(count))]
    await studio.assert_at_rest()


@pytest.mark.rule("R24")
async def test_an_update_whose_reply_was_lost_and_that_is_read_back_from_before_undoes_nothing(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", location={"type": "CUSTOM", "address": "Room 1"})
    await studio.sync()
    studio.edit(ref, location={"type": "CUSTOM", "address": "Room 2"})
    await studio.settle(2)
    studio.edit(ref, title="Power yoga")
    outside(studio, {"drop": "after"}, {"operation": "^events.update$"}, times=1)
    await lied_to(studio, "drop", passes=1)
    outside(studio, {"stale_writes": 2}, BY_ID, ROUND)
    await lied_to(studio, "stale_writes", passes=2)
    await studio.settle(3)
    assert {(copy.title, copy.location) for copy in await studio.person.copies()} == {("Power yoga", "Room 2")}
    row = (await studio.at_wix())[ref]
    assert (row["title"], place_of(row)) == ("Power yoga", "Room 2")
    await studio.assert_at_rest()
