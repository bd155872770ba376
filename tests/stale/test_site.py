"""The site answers from before a write, in part, or with somebody else's edit: over the real adapters. R24, R15."""

import pytest

from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local
from tests.stale.liars import BY_ID, QUERY, Spec, at_site, lied_to, undisturbed
from tests.stale.situations import copies, moved_event, retitled_copy, retitled_session, warmed_up

LISTED = pytest.mark.parametrize("reads", [(QUERY,), (QUERY, BY_ID)], ids=["listed", "listed and read by id"])


@LISTED
@pytest.mark.rule("R24", "R2")
async def test_a_session_shown_as_it_was_before_its_edit_does_not_undo_it(
    studio: Studio, reads: tuple[Spec, ...]
) -> None:
    ref = await retitled_session(studio)
    await studio.settle(2)
    at_site(studio, {"replay": {"back": 1, "id": ref}}, *reads)
    await undisturbed(studio, "replay")
    assert set(await copies(studio)) == {"Power yoga"}
    assert (await studio.at_wix())[ref]["title"] == "Power yoga"
    await studio.assert_at_rest()


@LISTED
@pytest.mark.rule("R24", "R5")
async def test_a_session_shown_as_it_was_before_our_write_is_no_edit_of_it(
    studio: Studio, reads: tuple[Spec, ...]
) -> None:
    ref = await retitled_copy(studio)
    await studio.sync()
    at_site(studio, {"stale_writes": 1}, *reads)
    await undisturbed(studio, "stale_writes")
    assert set(await copies(studio)) == {"Mine"}
    assert (await studio.at_wix())[ref]["title"] == "Mine"
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
async def test_a_write_read_back_from_before_it_is_neither_repeated_nor_undone(studio: Studio) -> None:
    ref = await retitled_copy(studio, notes="Mat")
    at_site(studio, {"stale_writes": 1}, BY_ID)
    await lied_to(studio, "stale_writes", passes=1)
    assert [row.split()[0] for row in studio.written()] == ["PATCH"]
    await studio.settle(1)
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["notes"]) == ("Mine", "Mat")
    assert set(await copies(studio)) == {"Mine"}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R5")
async def test_an_edit_right_behind_our_write_is_kept_though_the_read_back_is_from_before_both(studio: Studio) -> None:
    ref = await retitled_copy(studio, notes="Mat")
    at_site(studio, {"foreign_edit": {"title": "Theirs", "notes": "Meanwhile"}}, {"method": "PATCH"}, times=1)
    at_site(studio, {"stale_writes": 2}, BY_ID)
    await lied_to(studio, "foreign_edit", "stale_writes", passes=1)
    await studio.settle(2)
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["notes"]) == ("Theirs", "Meanwhile")
    (text,) = (await studio.exported()).values()
    assert (lines(text, "SUMMARY"), lines(text, "DESCRIPTION")) == (["Theirs"], ["Meanwhile"])
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R3")
async def test_a_cancelled_session_that_is_shown_once_more_is_not_exported_again(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.cancel(ref)
    await studio.sync()
    assert await studio.exported() == {}
    at_site(studio, {"stale_writes": 1}, QUERY, BY_ID)
    await undisturbed(studio, "stale_writes")
    assert await studio.exported() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R4")
@pytest.mark.parametrize("count", [1, 3])
async def test_blocks_that_the_site_does_not_show_yet_are_not_made_twice(studio: Studio, count: int) -> None:
    await studio.connect()
    for day in range(count):
        await studio.event(f"Errand {day}", local(day, "15:00"))
    await studio.sync()
    at_site(studio, {"stale_writes": count}, QUERY, BY_ID)
    await undisturbed(studio, "stale_writes")
    assert len(await studio.blocks()) == count
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R13")
async def test_a_block_whose_creation_was_not_answered_and_that_is_not_shown_yet_is_made_once(studio: Studio) -> None:
    await warmed_up(studio)
    await studio.event("Dentist", local(1, "15:00"))
    at_site(studio, {"drop": "after"}, {"method": "POST", "path": "/events$"}, times=1)
    await lied_to(studio, "drop", passes=1)
    at_site(studio, {"stale_writes": 1}, QUERY, BY_ID)
    await lied_to(studio, "stale_writes", passes=1)
    await studio.settle(2)
    ever = [row for row in (await studio.everything_at_wix()).values() if row.get("title") == "Dentist"]
    assert [row["status"] for row in ever] == ["CONFIRMED"]
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_session_that_the_site_does_not_know_for_a_while_keeps_its_copy(studio: Studio) -> None:
    await warmed_up(studio)
    ref = studio.session("Yoga", local(1, "10:00"))
    await studio.settle(2)
    at_site(studio, {"stale_writes": 1}, QUERY, BY_ID)
    await undisturbed(studio, "stale_writes")
    assert set(await copies(studio)) == {"Warm-up", "Yoga"}
    assert (await studio.at_wix())[ref]["status"] == "CONFIRMED"
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_a_cancel_for_which_only_an_earlier_revision_can_be_read_waits(studio: Studio) -> None:
    name = await moved_event(studio)
    await studio.sync()
    await studio.outside.remove("home/", name)
    at_site(studio, {"stale_writes": 1}, BY_ID)
    await lied_to(studio, "stale_writes")
    assert studio.written() == []
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T16:00"}
    await studio.settle(2)
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R13")
@pytest.mark.parametrize("do", [{"missing_results": [1, 3]}, {"reversed_results": True}], ids=["in part", "backwards"])
@pytest.mark.parametrize("lags", [False, True], ids=["", "and shown late"])
async def test_a_bulk_create_answered_in_part_or_backwards_is_made_once(studio: Studio, do: Spec, lags: bool) -> None:
    await studio.connect()
    wanted = {f"Errand {day} 2026-03-0{2 + day}T15:00" for day in range(1, 6)}
    for day in range(1, 6):
        await studio.event(f"Errand {day}", local(day, "15:00"))
    at_site(studio, do, {"path": "bulk/.*create$"}, times=1)
    await lied_to(studio, *do, passes=1)
    if lags:
        at_site(studio, {"stale_writes": 5}, QUERY, BY_ID)
        await lied_to(studio, "stale_writes", passes=1)
    await studio.settle(2)
    assert set(await studio.blocks()) == wanted
    errands = [text for text in (await studio.at_wix()).values() if text["title"].startswith("Errand")]
    assert len(errands) == 5
    assert (await studio.store.tally(studio.connection_ids[-1]))["open"] == 0
    await studio.assert_at_rest()


@pytest.mark.rule("R15")
@pytest.mark.parametrize(
    "do",
    [
        {"cut_body": 300},
        {"truncate": 1},
        {"empty": True},
        {"truncate": 1, "paging": {"count": 3}},
        {"paging": {"hasNext": True}},
        {"truncate": 1, "paging": {"hasNext": None, "cursors": None}},
    ],
    ids=["broken off", "short", "empty", "short and counted whole", "promising more", "short and silent"],
)
async def test_a_page_of_sessions_that_is_not_whole_deletes_nothing_and_loses_nothing(studio: Studio, do: Spec) -> None:
    await studio.connect()
    for day in range(1, 4):
        studio.session(f"Class {day}", local(day, "10:00"))
    await studio.sync()
    studio.session("Class 4", local(4, "10:00"))
    at_site(studio, do, QUERY)
    await undisturbed(studio, "+".join(sorted(do)))
    assert set(await copies(studio)) == {f"Class {day}" for day in range(1, 5)}
    await studio.assert_at_rest()
