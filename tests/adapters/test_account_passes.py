"""Whole passes between a site and an account, the same for each provider whose items are rows of an API.

The core on top of the adapters, over real HTTP. Not here: the rules themselves (tests/rules, tests/cycle), the site
(memory), what only one provider does (test_google_passes, test_microsoft_passes).
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from syncd.model import Event, Status, Target
from tests.adapters import google_bench, microsoft_bench
from tests.adapters.account_bench import AccountBench, store_in
from tests.cycle.bench import SITE_ID, at, event


@pytest.fixture(params=["google", "microsoft"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AccountBench[Any]]:
    opening = google_bench.bench_in if request.param == "google" else microsoft_bench.bench_in
    async with opening(tmp_path) as opened:
        yield opened


async def test_sessions_appear_outside_and_events_inside_and_then_it_is_quiet(bench: AccountBench[Any]) -> None:
    await bench.connected()
    for number in range(60):
        bench.session(f"s{number}", event(f"Session {number}", at(number % 20, 10 + number // 20)))
    bench.put("Dentist", 1)
    result = await bench.sync()
    assert result.error is None, result.error
    assert len(bench.outer_titles()) == 61
    assert list(bench.blocks()) == ["Dentist"]
    await bench.at_rest()


async def test_edits_travel_both_ways_once(bench: AccountBench[Any]) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    dentist = bench.put("Dentist", 2)
    await bench.sync()
    bench.retitle(bench.copy("Yoga"), "Yoga, outdoors")
    bench.hands.edit(dentist, location="Main Street")
    await bench.later()
    assert "Yoga, outdoors" in bench.inside_titles()
    assert bench.blocks()["Dentist"].location == "Main Street"
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    await bench.later()
    assert bench.written() == [bench.names.update]
    assert bench.outer_titles() == ["Dentist", "Yoga, indoors"]
    await bench.at_rest()


async def test_a_deleted_original_takes_its_block_and_a_deleted_copy_its_session(
    bench: AccountBench[Any],
) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    dentist = bench.put("Dentist", 2)
    await bench.sync()
    await bench.later()
    bench.hands.delete(dentist)
    bench.hands.delete(bench.copy("Yoga"))
    await bench.several(2)
    assert bench.inside_titles() == []
    await bench.at_rest()


async def test_a_copy_that_is_moved_to_another_calendar_cancels_nothing(bench: AccountBench[Any]) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    bench.hands.move(bench.copy("Yoga"), bench.another_calendar())
    await bench.several()
    assert bench.inside_titles() == ["Yoga"]
    assert bench.outer_titles() == ["Yoga"], "it is made again where it belongs"
    await bench.at_rest()


async def test_a_fill_with_refused_and_lost_parts_ends_complete_and_single(bench: AccountBench[Any]) -> None:
    await bench.connected()
    for number in range(30):
        bench.session(f"s{number}", event(f"S{number:02}", at(number % 20, 10 + number // 20)))
    bench.outer.plant({"part_failures": [0, 7], "unanswered_parts": [3, 11]}, match={"path": bench.names.batch})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.several(2)
    assert bench.outer_titles() == [f"S{number:02}" for number in range(30)]
    await bench.at_rest()


async def test_a_revoked_grant_stops_the_connection_and_removes_nothing(bench: AccountBench[Any]) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.put("Dentist", 2)
    await bench.sync()
    bench.hands.revoke()
    await bench.later(minutes=70)
    found = await bench.connection()
    assert (found.status, found.reason) == (Status.ERROR, "TOKEN_REVOKED")
    assert bench.inside_titles() == ["Dentist", "Yoga"]
    assert bench.outer_titles() == ["Dentist", "Yoga"]


async def test_a_dedicated_calendar_is_made_once_and_filled(bench: AccountBench[Any]) -> None:
    await bench.connected(target=Target.DEDICATED)
    bench.session("s1", event("Yoga", at(1, 10)))
    before = bench.calendars()
    bench.outer.plant({"drop": "after"}, match={"operation": bench.names.make_calendar})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.several(2)
    found = await bench.connection()
    assert found.calendar is not None
    assert bench.calendars() == before + 1
    assert bench.titles_in(found.calendar) == ["Yoga"]


@pytest.mark.parametrize("many", [0, 50])
async def test_an_empty_database_doubles_nothing(bench: AccountBench[Any], tmp_path: Path, many: int) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10), description="<b>not bold</b>\n& so on"))
    bench.put("Dentist", 2)
    for number in range(many):
        bench.session(f"more {number}", event(f"More {number:02}", at(number % 20, 12 + number // 20)))
    await bench.sync()
    await bench.later(minutes=120)
    inside, outside = bench.inside_titles(), bench.outer_titles()
    bench.store, old = await store_in(tmp_path, "new"), bench.store
    try:
        await bench.connected()
        await bench.several()
        assert (bench.inside_titles(), bench.outer_titles()) == (inside, outside)
        assert len(outside) == many + 2
        await bench.at_rest()
    finally:
        await bench.store.aclose()
        bench.store = old


async def test_an_earlier_state_of_our_copy_that_is_shown_again_does_not_travel_back(bench: AccountBench[Any]) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    await bench.later()
    assert bench.outer_titles() == ["Yoga, indoors"]
    for operation in (bench.names.read, bench.names.get):
        bench.outer.plant({"replay": {"back": 1}}, match={"operation": operation}, times=2)
    await bench.later(minutes=2)
    assert bench.outer.delivered()
    assert bench.inside_titles() == ["Yoga, indoors"]
    await bench.several(2)
    assert (bench.inside_titles(), bench.outer_titles()) == (["Yoga, indoors"], ["Yoga, indoors"])
    await bench.at_rest()


async def test_a_foreign_edit_right_behind_our_update_is_not_lost(bench: AccountBench[Any]) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    bench.outer.plant({"foreign_edit": {"location": bench.names.room}}, match={"operation": bench.names.update})
    await bench.later()
    assert bench.outer.delivered()
    await bench.several(2)
    session = bench.world.items(SITE_ID)["s1"]
    assert (session.event.title, session.event.location) == ("Yoga, indoors", "Room 2")
    await bench.at_rest()


async def test_an_account_that_takes_no_more_is_left_for_an_hour_and_then_filled(
    bench: AccountBench[Any],
) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.put("Dentist", 2)
    bench.outer.refuse(bench.names.create, bench.names.full)
    await bench.sync()
    assert bench.outer.delivered()
    for _ in range(5):
        await bench.later()
        assert (bench.written(), bench.outer.operations()) == ([], [bench.names.read])
    await bench.several(2)
    assert bench.outer_titles() == ["Dentist", "Yoga"]
    assert list(bench.blocks()) == ["Dentist"]
    await bench.at_rest()
