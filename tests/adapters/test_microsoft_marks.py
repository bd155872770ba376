"""Our mark beside the rows of a round, which never tell it: read one by one, or listed by property.

Not here: rounds themselves (test_microsoft_reading), what a mark says (test_microsoft_drafts).
"""

import re
from collections.abc import AsyncIterator

import pytest

from adapters.microsoft.marks import DIRECT
from tests.adapters.microsoft_world import (
    BRIDGE,
    WINDOW,
    World,
    at,
    cursor_of,
    draft,
    mark,
    put,
    shown,
    stored,
    titles,
    world,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def test_what_we_made_bears_its_mark_though_no_row_tells_it(microsoft: World) -> None:
    await microsoft.calendar.create([draft()])
    put(microsoft, "Tea")
    found = {one.event.title: one.traits.mark for one in (await microsoft.calendar.read(WINDOW)).observations}
    assert found == {"Yoga": mark(), "Tea": None}


async def test_a_changed_event_of_ours_still_bears_its_mark(microsoft: World) -> None:
    made = shown((await microsoft.calendar.create([draft()]))[0])
    before = await microsoft.calendar.read(WINDOW)
    assert before.cursor is not None
    microsoft.hands.edit(made.ref.id, subject="Yoga, outdoors")
    (seen,) = (await microsoft.calendar.read(before.cursor, stored(before))).observations
    assert (seen.event.title, seen.traits.mark) == ("Yoga, outdoors", mark())


@pytest.mark.parametrize("lag", [0, 600])
async def test_of_many_events_those_with_a_mark_are_listed_at_once_and_young_ones_read_alone(
    microsoft: World, lag: int
) -> None:
    microsoft.switch(property_lag_seconds=lag)
    await microsoft.calendar.create([draft("old")])
    for number in range(DIRECT):
        put(microsoft, f"n{number:02}", at(1 + number % 20))
    microsoft.clock.advance(7200)
    await microsoft.calendar.create([draft("young")])
    microsoft.forget()
    found = await microsoft.calendar.read(WINDOW)
    marks = {one.traits.mark.key for one in found.observations if one.traits.mark is not None}
    assert marks == {draft("old").key, draft("young").key}
    assert len(found.observations) == DIRECT + 2
    assert microsoft.operations() == ["calendarView.delta", "events.list", "events.get"]


async def test_marks_of_another_installation_are_told_in_either_way(microsoft: World) -> None:
    theirs = draft("theirs")
    other = type(theirs)(theirs.key, theirs.event, type(theirs.mark)("bridge-2", 1, theirs.key, "d"))
    await microsoft.calendar.create([other])
    (few,) = (await microsoft.calendar.read(WINDOW)).observations
    for number in range(DIRECT):
        put(microsoft, f"n{number:02}", at(1 + number % 20))
    microsoft.clock.advance(7200)
    many = [one for one in (await microsoft.calendar.read(WINDOW)).observations if one.ref == few.ref]
    assert [one.traits.mark.bridge for one in (few, *many) if one.traits.mark is not None] == ["bridge-2"] * 2
    assert BRIDGE != "bridge-2"


async def test_where_events_are_not_listed_by_a_property_each_is_read(microsoft: World) -> None:
    await microsoft.calendar.create([draft()])
    for number in range(DIRECT):
        put(microsoft, f"n{number:02}", at(1 + number % 20))
    microsoft.clock.advance(7200)
    microsoft.refuse("events.list", "UnknownError")
    microsoft.forget()
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert [one.event.title for one in found.observations if one.traits.mark is not None] == ["Yoga"]
    assert microsoft.operations().count("events.get") == DIRECT + 1


async def test_an_event_whose_mark_cannot_be_read_is_asked_for_again_before_it_is_told(microsoft: World) -> None:
    cursor = await cursor_of(microsoft)
    good, bad = put(microsoft, "Good"), put(microsoft, "Bad")
    microsoft.plant({"error": "UnknownError"}, match={"operation": "events.get", "path": re.escape(bad.id)})
    found = await microsoft.calendar.read(cursor)
    assert microsoft.delivered()
    assert [one.ref for one in found.observations] == [good]
    assert [(one.group, one.passing) for one in found.broken] == [(bad.id, True)]
    assert titles(await microsoft.calendar.read(cursor)) == ["Bad", "Good"]


async def test_an_event_that_is_listed_and_gone_by_the_time_it_is_read_is_asked_for_again(microsoft: World) -> None:
    cursor = await cursor_of(microsoft)
    ref = put(microsoft, "Brief")
    microsoft.refuse("events.get", "ErrorItemNotFound")
    found = await microsoft.calendar.read(cursor)
    assert microsoft.delivered()
    assert found.observations == ()
    assert [(one.group, one.passing) for one in found.broken] == [(ref.id, True)]
