"""Whole passes between a site and a Google account: the core on top of the adapter, over real HTTP.

Not here: the rules themselves (tests/rules, tests/cycle), the site (memory).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.memory import MemoryClock
from syncd.model import Event, Status, Target, Timed
from syncd.sandbox.google import Hands
from tests.adapters.account_bench import AccountBench, on_monday, store_in
from tests.adapters.google_world import EMAIL, World, world
from tests.cycle.bench import MONDAY, SITE_ID, at, event


class GoogleBench(AccountBench[World]):
    """A memory site whose connection has a Google account."""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[GoogleBench]:
    store = await store_in(tmp_path)
    async with world() as google:
        on_monday(google)
        at_google = {"provider": "google", "email": EMAIL, "primary_id": "primary", "idle": ("events.list",)}
        yield GoogleBench(store, MemoryClock(MONDAY), outer=google, **at_google)  # type: ignore[arg-type]
    await store.aclose()


def put(bench: GoogleBench, title: str, day: int, **fields: object) -> str:
    when = at(day, 9)
    return bench.outer.hands.add(title, when.start, when.end, zone=when.tzid, **fields).id


async def test_sessions_appear_outside_and_events_inside_and_then_it_is_quiet(bench: GoogleBench) -> None:
    await bench.connected()
    for number in range(60):
        bench.session(f"s{number}", event(f"Session {number}", at(number % 20, 10 + number // 20)))
    put(bench, "Dentist", 1)
    result = await bench.sync()
    assert result.error is None, result.error
    assert len(bench.outer.titles()) == 61
    assert list(bench.blocks()) == ["Dentist"]
    assert len([row for row in bench.outer.rows() if row["batch"]]) == 2
    await bench.at_rest()


async def test_edits_travel_both_ways_once(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    dentist = put(bench, "Dentist", 2)
    await bench.sync()
    copy = next(one.id for one in bench.outer.hands.events() if one.fields["summary"] == "Yoga")
    bench.outer.hands.edit(copy, summary="Yoga, outdoors")
    bench.outer.hands.edit(dentist, location="Main Street")
    await bench.later()
    assert "Yoga, outdoors" in bench.inside_titles()
    assert bench.blocks()["Dentist"].location == "Main Street"
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    await bench.later()
    assert bench.written() == ["events.update"]
    assert bench.outer.titles() == ["Dentist", "Yoga, indoors"]
    await bench.at_rest()


async def test_a_deleted_original_takes_its_block_along_and_a_deleted_copy_its_session(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    dentist = put(bench, "Dentist", 2)
    await bench.sync()
    await bench.later()
    copy = next(one.id for one in bench.outer.hands.events() if one.fields["summary"] == "Yoga")
    bench.outer.hands.delete(dentist)
    bench.outer.hands.delete(copy)
    await bench.later()
    await bench.later()
    assert bench.inside_titles() == []
    await bench.at_rest()


async def test_a_copy_that_is_moved_to_another_calendar_cancels_nothing(bench: GoogleBench) -> None:
    await bench.connected()
    other = bench.outer.state.add_calendar(EMAIL, "Other")
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    copy = next(one.id for one in bench.outer.hands.events() if one.fields["summary"] == "Yoga")
    bench.outer.hands.move(copy, other.id)
    for _ in range(3):
        result = await bench.later()
        assert result.error is None, result.error
    assert bench.inside_titles() == ["Yoga"]


async def test_occurrences_of_a_series_become_blocks_and_a_moved_series_is_followed(bench: GoogleBench) -> None:
    await bench.connected()
    series = put(bench, "Lesson", 1, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    put(bench, "Dentist", 8)  # with nothing but gone items linked, the side would count as empty (R15)
    await bench.sync()
    items = bench.world.items(SITE_ID)
    before = {id_ for id_, item in items.items() if item.event.title == "Lesson"}
    assert len(before) == 5
    when = at(1, 15)
    bench.outer.hands.edit(series, start=when.start, end=when.end)
    for _ in range(3):
        result = await bench.later()
        assert result.error is None, result.error
    after = {id_: item for id_, item in bench.world.items(SITE_ID).items() if item.event.title == "Lesson"}
    hours = {item.event.when.start.hour for item in after.values() if isinstance(item.event.when, Timed)}
    assert (set(after), hours) == (before, {15}), "the blocks were moved, not made again"
    await bench.at_rest()


@pytest.mark.parametrize("page", [1, 3])
async def test_an_expired_token_is_a_full_reading_and_nothing_is_lost_in_the_gap(bench: GoogleBench, page: int) -> None:
    await bench.connected()
    ids = [put(bench, f"n{number}", number) for number in range(6)]
    await bench.sync()
    bench.outer.state.switches.set({"short_pages": 2})
    for number in (0, 1, 2, 3, 4):
        bench.outer.hands.edit(ids[number], location="Garden")
    bench.outer.hands.delete(ids[5])
    bench.outer.plant({"gone_on_page": page, "expire_tokens": True}, match={"operation": "events.list"})
    assert (await bench.later()).error is None
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    assert sorted(bench.blocks()) == ["n0", "n1", "n2", "n3", "n4"]
    assert {one.location for one in bench.blocks().values()} == {"Garden"}


async def test_an_insert_whose_answer_is_lost_is_not_made_twice(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.outer.plant({"drop": "after"}, match={"operation": "events.insert"})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.later()
    assert bench.outer.titles() == ["Yoga"]
    await bench.at_rest()


async def test_a_fill_with_refused_and_lost_parts_ends_complete_and_single(bench: GoogleBench) -> None:
    await bench.connected()
    for number in range(30):
        bench.session(f"s{number}", event(f"S{number:02}", at(number % 20, 10 + number // 20)))
    bench.outer.plant({"part_failures": [0, 7], "unanswered_parts": [3, 11]}, match={"path": "/batch"})
    await bench.sync()
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    assert bench.outer.titles() == [f"S{number:02}" for number in range(30)]
    await bench.at_rest()


async def test_a_revoked_grant_stops_the_connection_and_removes_nothing(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    put(bench, "Dentist", 2)
    await bench.sync()
    bench.outer.hands.revoke()
    await bench.later()
    found = await bench.connection()
    assert (found.status, found.reason) == (Status.ERROR, "TOKEN_REVOKED")
    assert bench.inside_titles() == ["Dentist", "Yoga"]
    assert bench.outer.titles() == ["Dentist", "Yoga"]


async def test_a_dedicated_calendar_is_made_once_and_filled(bench: GoogleBench) -> None:
    await bench.connected(target=Target.DEDICATED)
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.outer.plant({"drop": "after"}, match={"operation": "calendars.insert"})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.later()
    await bench.later()
    found = await bench.connection()
    assert found.calendar is not None
    assert len(bench.outer.state.calendars) == 2
    there = Hands(bench.outer.state, EMAIL, found.calendar).events()
    assert [one.fields["summary"] for one in there] == ["Yoga"]


async def test_an_empty_database_doubles_nothing(bench: GoogleBench, tmp_path: Path) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10), description="<b>not bold</b>\n& so on"))
    put(bench, "Dentist", 2)
    await bench.sync()
    bench.store, old = await store_in(tmp_path, "new"), bench.store
    try:
        await bench.connected()
        for _ in range(3):
            result = await bench.later()
            assert result.error is None, result.error
        assert bench.inside_titles() == ["Dentist", "Yoga"]
        assert bench.outer.titles() == ["Dentist", "Yoga"]
        await bench.at_rest()
    finally:
        await bench.store.aclose()
        bench.store = old


async def test_an_earlier_state_of_our_copy_that_is_shown_again_does_not_travel_back(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    await bench.later()
    assert bench.outer.titles() == ["Yoga, indoors"]
    for operation in ("events.list", "events.get"):
        bench.outer.plant({"replay": {"back": 1}}, match={"operation": operation})
    await bench.later(minutes=2)
    assert bench.outer.delivered()
    assert bench.inside_titles() == ["Yoga, indoors"]
    for _ in range(2):
        await bench.later()
    assert (bench.inside_titles(), bench.outer.titles()) == (["Yoga, indoors"], ["Yoga, indoors"])
    await bench.at_rest()


async def test_a_foreign_edit_right_behind_our_update_is_not_lost(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    await bench.later()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    bench.outer.plant({"foreign_edit": {"location": "Room 2"}}, match={"operation": "events.update"})
    await bench.later()
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    session = bench.world.items(SITE_ID)["s1"]
    assert (session.event.title, session.event.location) == ("Yoga, indoors", "Room 2")
    await bench.at_rest()


async def test_writes_that_google_refuses_for_an_hour_are_made_afterwards(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    put(bench, "Dentist", 2)
    bench.outer.refuse("events.insert", "quotaExceeded")
    await bench.sync()
    assert bench.outer.delivered()
    for _ in range(5):
        await bench.later()
        assert (bench.written(), bench.outer.operations()) == ([], ["events.list"])
    for _ in range(2):
        await bench.later()
    assert bench.outer.titles() == ["Dentist", "Yoga"]
    assert list(bench.blocks()) == ["Dentist"]
    await bench.at_rest()
