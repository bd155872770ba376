"""Writes of times and of single occurrences: days, changes of clocks, series in their own zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.model import AllDay, Event, Gone, Timed
from syncd.ports import Edit
from tests.adapters.microsoft_world import (
    BERLIN,
    COLLECTION,
    WINDOW,
    World,
    at,
    draft,
    event,
    occurrences,
    shown,
    weekly,
)
from tests.adapters.microsoft_writes import deleted, made, seen, updated, writes

# --- times ------------------------------------------------------------------------------------------------------------


async def test_hours_become_days_and_hours_again(microsoft: World) -> None:
    item = await made(microsoft)
    whole = shown(await updated(microsoft, item, Event(when=AllDay(date(2027, 3, 27), date(2027, 3, 29)))))
    assert whole.event.when == AllDay(date(2027, 3, 27), date(2027, 3, 29))
    longer = shown(await updated(microsoft, whole, Event(when=AllDay(date(2027, 3, 27), date(2027, 3, 30)))))
    assert longer.event.when == AllDay(date(2027, 3, 27), date(2027, 3, 30))
    assert shown(await updated(microsoft, longer, Event(when=at(3)))).event.when == at(3)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "UTC"])
async def test_days_are_the_same_days_wherever_the_schedule_is(microsoft: World, zone: str) -> None:
    calendar = microsoft.account.open(microsoft.calendar.id, zone=zone, collection=COLLECTION)
    days = AllDay(date(2027, 3, 27), date(2027, 3, 29))
    item = shown((await calendar.create([draft("one", event(days))]))[0])
    assert item.event.when == days
    assert (await seen(microsoft, item.ref)).event.when == days


@pytest.mark.parametrize("day", [date(2027, 3, 27), date(2027, 3, 28), date(2026, 10, 24), date(2026, 10, 25)])
async def test_a_move_over_a_change_of_clocks_keeps_its_instants(microsoft: World, day: date) -> None:
    item = await made(microsoft)
    start = datetime(day.year, day.month, day.day, 22, 30, tzinfo=UTC)
    when = Timed(start, start + timedelta(hours=4), BERLIN)
    assert shown(await updated(microsoft, item, Event(when=when))).event.when == when


# --- series -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [date(2027, 3, 22), date(2026, 10, 19)])
async def test_one_occurrence_is_moved_alone_either_side_of_a_change_of_clocks(microsoft: World, first: date) -> None:
    weekly(microsoft, 3, first)
    items = sorted((await microsoft.calendar.read(WINDOW)).observations, key=lambda one: str(one.event.when))
    assert len(items) == 3
    for number, item in enumerate(items):
        assert isinstance(item.event.when, Timed)
        later = replace(
            item.event.when,
            start=item.event.when.start + timedelta(hours=2),
            end=item.event.when.end + timedelta(hours=2),
        )
        answer = shown(await updated(microsoft, item, Event(title=f"Lesson {number}", when=later)))
        assert (answer.event.when, answer.event.title) == (later, f"Lesson {number}")
        assert answer.ref == item.ref
        assert answer.traits.original_start == item.traits.original_start
    again = (await microsoft.calendar.read(WINDOW)).observations
    assert sorted(str(one.event.title) for one in again) == ["Lesson 0", "Lesson 1", "Lesson 2"]


async def test_one_occurrence_is_edited_and_one_deleted_and_the_others_stay(microsoft: World) -> None:
    master = weekly(microsoft, 4)
    ids = occurrences(microsoft, master)
    items = {one.ref.id: one for one in (await microsoft.calendar.read(WINDOW)).observations}
    microsoft.forget()
    answer = shown(await updated(microsoft, items[ids[1]], Event(title="Lesson, moved", busy=False)))
    assert (answer.event.title, answer.event.busy) == ("Lesson, moved", False)
    gone = shown(await deleted(microsoft, items[ids[2]]))
    assert gone.absence is not None
    assert gone.absence.kind is Gone.GONE
    assert writes(microsoft) == ["events.update", "events.delete"]
    left = {one.ref.id: one.event.title for one in (await microsoft.calendar.read(WINDOW)).observations}
    assert left == {ids[0]: "Lesson", ids[1]: "Lesson, moved", ids[3]: "Lesson"}


async def test_several_occurrences_of_one_series_are_edited_in_one_call(microsoft: World) -> None:
    weekly(microsoft, 5)
    items = (await microsoft.calendar.read(WINDOW)).observations
    edits = [Edit(one.ref, Event(title=f"Lesson {at}"), one.version) for at, one in enumerate(items)]
    outcomes = [shown(one) for one in await microsoft.calendar.update(edits)]
    assert [one.event.title for one in outcomes] == [f"Lesson {at}" for at in range(5)]


async def test_an_occurrence_in_a_zone_that_was_made_up_is_moved_to_the_instant(microsoft: World) -> None:
    weekly(microsoft, 2)
    (item, _) = sorted((await microsoft.calendar.read(WINDOW)).observations, key=lambda one: str(one.event.when))
    there = at(16, 11, month=3)
    when = Timed(there.start.replace(year=2027), there.end.replace(year=2027), "America/New_York")
    answer = shown(await updated(microsoft, item, Event(when=when)))
    assert isinstance(answer.event.when, Timed)
    assert (answer.event.when.start, answer.event.when.end) == (when.start, when.end)


async def test_a_copy_that_somebody_repeats_is_moved_as_a_series(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.hands.edit(item.ref.id, rrule="FREQ=DAILY;COUNT=3")
    now = await seen(microsoft, item.ref)
    answer = shown(await updated(microsoft, now, Event(when=at(5))))
    assert answer.ref == item.ref
    assert isinstance(answer.event.when, Timed)
    assert answer.event.when.start == at(5).start
    assert len(occurrences(microsoft, item.ref.id)) == 3
