"""The calendar answers from before a write, in part, or with somebody else's edit: over the real adapters. R24."""

from datetime import timedelta

import pytest

from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local
from tests.stale.liars import GET, LISTING, MULTIGET, Spec, earlier, lied_to, outside, undisturbed
from tests.stale.situations import copies, deleted_event, event_with_block, moved_event, retitled_session, warmed_up

BODIES = (MULTIGET, GET)
READS = pytest.mark.parametrize("reads", [(LISTING,), (LISTING, *BODIES)], ids=["listed", "listed and read by address"])


async def starts(studio: Studio) -> set[str]:
    return set(await studio.blocks())


@READS
@pytest.mark.rule("R24", "R5")
async def test_an_event_shown_as_it_was_before_it_was_moved_does_not_move_its_block_back(
    studio: Studio, reads: tuple[Spec, ...]
) -> None:
    name = await moved_event(studio)
    await studio.settle(2)
    outside(studio, earlier(name), *reads)
    await undisturbed(studio, "replay_rows")
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    await studio.assert_at_rest()


@READS
@pytest.mark.rule("R24", "R2")
async def test_a_copy_shown_as_it_was_before_our_write_is_no_edit_of_it(
    studio: Studio, reads: tuple[Spec, ...]
) -> None:
    ref = await retitled_session(studio)
    await studio.sync()
    outside(studio, earlier(await studio.copy_named("Power yoga")), *reads)
    await undisturbed(studio, "replay_rows")
    assert (await studio.at_wix())[ref]["title"] == "Power yoga"
    assert set(await copies(studio)) == {"Power yoga"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
@pytest.mark.parametrize("reads", [(LISTING,), BODIES], ids=["listed", "read by address"])
async def test_an_edit_that_one_read_does_not_show_yet_is_not_lost(studio: Studio, reads: tuple[Spec, ...]) -> None:
    name = await moved_event(studio)
    outside(studio, earlier(name), *reads)
    await lied_to(studio, "replay_rows", passes=1)
    await studio.settle(1)
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R4")
async def test_an_event_that_is_listed_and_cannot_be_read_yet_is_not_lost(studio: Studio) -> None:
    await studio.connect()
    await studio.sync()
    name = await studio.event("Dentist", local(1, "15:00"))
    outside(studio, earlier(name), *BODIES)
    await undisturbed(studio, "replay_rows")
    assert await starts(studio) == {"Dentist 2026-03-03T15:00"}
    await studio.assert_at_rest()


@READS
@pytest.mark.rule("R24", "R12")
async def test_a_deleted_event_that_is_shown_once_more_gets_no_block_again(
    studio: Studio, reads: tuple[Spec, ...]
) -> None:
    name = await deleted_event(studio)
    await studio.settle(2)
    assert await studio.blocks() == {}
    outside(studio, earlier(name), *reads)
    await undisturbed(studio, "replay_rows")
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_an_event_that_is_listed_as_gone_and_can_be_read_keeps_its_block(studio: Studio) -> None:
    name = await event_with_block(studio)
    outside(studio, earlier(name), LISTING)
    await undisturbed(studio, "replay_rows")
    assert await starts(studio) == {"Dentist 2026-03-03T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_an_event_that_is_gone_and_can_still_be_read_loses_its_block_when_it_no_longer_can(
    studio: Studio,
) -> None:
    name = await deleted_event(studio)
    outside(studio, earlier(name), *BODIES)
    await undisturbed(studio, "replay_rows")
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R4")
@pytest.mark.parametrize("do", [{"empty": True}, {"empty": "bare"}, {"cut_body": 150}], ids=["token", "bare", "cut"])
async def test_an_answer_that_names_nothing_or_breaks_off_hides_no_change_for_good(studio: Studio, do: Spec) -> None:
    await studio.connect()
    studio.session("Yoga")
    await studio.event("Dentist", local(1, "15:00"))
    await studio.settle(2)
    await studio.event("Dentist", local(1, "16:00"))
    await studio.edit_copy("Yoga", ("SUMMARY:Yoga", "SUMMARY:Mine"))
    outside(studio, do, LISTING)
    await lied_to(studio, *do, passes=1)
    await studio.settle(1)
    assert await starts(studio) == {"Dentist 2026-03-03T16:00"}
    assert {row["title"] for row in (await studio.at_wix()).values()} == {"Mine", "Dentist"}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R6")
async def test_what_a_short_answer_leaves_out_comes_with_the_daily_listing(studio: Studio) -> None:
    await studio.connect()
    await studio.event("Errand 1", local(1, "15:00"))
    await studio.settle(2)
    await studio.event("Errand 1", local(1, "16:00"))
    await studio.event("Errand 2", local(2, "15:00"))
    outside(studio, {"truncate_rows": 1}, LISTING, times=1)
    await lied_to(studio, "truncate_rows", passes=1)
    assert len(await studio.blocks()) < 2 or "Errand 1 2026-03-03T15:00" in await studio.blocks()
    for _ in range(3):
        studio.clock.advance(timedelta(hours=9).total_seconds())
        await studio.sync()
    assert await starts(studio) == {"Errand 1 2026-03-03T16:00", "Errand 2 2026-03-04T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
@pytest.mark.parametrize("first", [True, False], ids=["create", "update"])
async def test_an_edit_right_behind_our_write_is_kept_though_our_write_was_answered_with_its_version(
    studio: Studio, first: bool
) -> None:
    warm_up = await warmed_up(studio)
    ref = studio.session("Yoga", local(1, "10:00"))
    if not first:
        await studio.sync()
        studio.edit(ref, title="Power yoga")
    theirs = {"replace": [["SUMMARY:.*", "SUMMARY:Theirs"]], "answer": "theirs"}
    outside(studio, {"foreign_edit": theirs}, {}, times=1)
    await lied_to(studio, "foreign_edit", passes=1)
    await studio.settle(2)
    assert [(await studio.at_wix())[one]["title"] for one in (warm_up, ref)] == ["Warm-up", "Theirs"]
    assert set(await copies(studio)) == {"Warm-up", "Theirs"}
    await studio.assert_at_rest()


@pytest.mark.rule("R1", "R13")
async def test_a_create_whose_reply_was_lost_and_that_is_not_shown_yet_is_not_doubled(studio: Studio) -> None:
    await warmed_up(studio)
    studio.session("Yoga", local(1, "10:00"))
    outside(studio, {"drop": "after"}, {"method": "PUT"}, times=1)
    await lied_to(studio, "drop", passes=1)
    outside(studio, earlier(), LISTING, MULTIGET, GET)
    await lied_to(studio, "replay_rows", passes=1)
    await studio.settle(2)
    assert set(await copies(studio)) == {"Warm-up", "Yoga"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24")
async def test_an_update_whose_reply_was_lost_and_that_is_read_back_from_long_before_undoes_nothing(
    studio: Studio,
) -> None:
    await studio.connect()
    ref = studio.session("Yoga", location={"type": "CUSTOM", "address": "Room 1"})
    await studio.sync()
    studio.edit(ref, location={"type": "CUSTOM", "address": "Room 2"})
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    outside(studio, {"drop": "after"}, {"method": "PUT"}, times=1)
    await lied_to(studio, "drop", passes=1)
    outside(studio, earlier(await studio.copy_named("Power yoga"), back=2), *BODIES, LISTING)
    await lied_to(studio, "replay_rows", passes=2)
    await studio.settle(2)
    (text,) = (await studio.exported()).values()
    assert (lines(text, "SUMMARY"), lines(text, "LOCATION")) == (["Power yoga"], ["Room 2"])
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["location"]["address"]) == ("Power yoga", "Room 2")
    await studio.assert_at_rest()
