"""Series on the simulator over real HTTP: slim occurrences, clocks that change, splits, deletions told by nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from syncd.model import UNSEEN, ChangeSet, Field, Gone, Ref, Timed, Window
from tests.adapters.microsoft_world import (
    COLLECTION,
    WINDOW,
    World,
    at,
    draft,
    mark,
    occurrences,
    put,
    shown,
    stored,
    titles,
    weekly,
    world,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def first(microsoft: World) -> ChangeSet:
    found = await microsoft.calendar.read(WINDOW)
    assert found.cursor is not None
    return found


async def changed(microsoft: World, before: ChangeSet) -> ChangeSet:
    """What has changed since, for somebody who has stored what was shown before."""
    assert before.cursor is not None
    return await microsoft.calendar.read(before.cursor, stored(before))


def hours(found: ChangeSet) -> list[int]:
    return [when.start.hour for when in sorted(whens(found), key=lambda when: when.start)]


def whens(found: ChangeSet) -> list[Timed]:
    return [one.event.when for one in found.observations if isinstance(one.event.when, Timed)]


async def test_each_occurrence_of_a_series_keeps_its_wall_time_over_the_change_of_clocks(microsoft: World) -> None:
    series = weekly(microsoft, body="Bring a mat", location="Room 1")
    found = await first(microsoft)
    assert hours(found) == [9, 9, 8, 8], "Berlin changes its clocks on 28 March"
    assert {one.traits.series for one in found.observations} == {series}
    assert {one.traits.group for one in found.observations} == {series}
    assert sorted(str(one.traits.original_start) for one in found.observations) == [
        f"2027-{day}T10:00:00" for day in ("03-15", "03-22", "03-29", "04-05")
    ]
    texts = {(one.event.title, one.event.description, one.event.location) for one in found.observations}
    assert texts == {("Lesson", "Bring a mat", "Room 1")}
    assert found.groups == {series: frozenset(occurrences(microsoft, series))}


async def test_an_autumn_series_keeps_its_wall_time_too(microsoft: World) -> None:
    window = Window(datetime(2027, 10, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC))
    weekly(microsoft, count=3, first=date(2027, 10, 18), hour=8)
    assert hours(await microsoft.calendar.read(window)) == [8, 8, 9], "Berlin changes its clocks on 31 October"


async def test_a_series_that_began_years_ago_shows_what_lies_in_the_window_alone(microsoft: World) -> None:
    series = weekly(microsoft, count=400, first=date(2021, 1, 4))
    found = await first(microsoft)
    assert len(found.observations) == 52
    assert series not in {one.ref.id for one in found.observations}
    assert all(WINDOW.meets(when) for when in whens(found))


async def test_an_unchanged_series_costs_nothing(microsoft: World) -> None:
    weekly(microsoft)
    before = await first(microsoft)
    microsoft.forget()
    again = await microsoft.calendar.read(WINDOW, stored(before))
    assert (again.observations, len(again.listed or ())) == ((), 1)
    assert microsoft.operations() == ["calendarView.delta"]


@pytest.mark.parametrize("switches", [{}, {"delta_split_series": True}, {"delta_order": "reversed"}])
async def test_a_deleted_occurrence_is_missing_in_its_group_and_read_as_gone(
    microsoft: World, switches: dict[str, Any]
) -> None:
    microsoft.switch(**switches)
    series = weekly(microsoft)
    before = await first(microsoft)
    gone = occurrences(microsoft, series)[1]
    microsoft.hands.delete(gone)
    found = await changed(microsoft, before)
    assert found.removed == ()
    assert found.groups == {series: frozenset(occurrences(microsoft, series))}
    assert gone not in found.groups[series]
    seen = (await microsoft.calendar.get([Ref(COLLECTION, gone)]))[Ref(COLLECTION, gone)]
    assert seen.absence is not None
    assert (seen.absence.kind, seen.absence.evidence) == (Gone.GONE, "listing")


async def test_a_moved_occurrence_keeps_its_original_start_and_its_texts(microsoft: World) -> None:
    series = weekly(microsoft)
    before = await first(microsoft)
    one = occurrences(microsoft, series)[1]
    start = datetime(2027, 3, 24, 17, tzinfo=UTC)
    microsoft.hands.edit(one, start=start, end=start + timedelta(hours=1), subject="Lesson, later")
    found = await changed(microsoft, before)
    (moved,) = [seen for seen in found.observations if seen.event.title == "Lesson, later"]
    assert moved.traits.original_start == "2027-03-22T10:00:00"
    assert moved.event.when == Timed(start, start + timedelta(hours=1), "Europe/Berlin")
    assert titles(found) == ["Lesson"] * 3 + ["Lesson, later"]
    direct = (await microsoft.calendar.get([moved.ref]))[moved.ref]
    assert (direct.event, direct.traits, direct.version) == (moved.event, moved.traits, moved.version)


async def test_a_rescheduled_series_has_other_ids_and_the_same_name(microsoft: World) -> None:
    series = weekly(microsoft)
    before = await first(microsoft)
    old = set(occurrences(microsoft, series))
    start = datetime(2027, 3, 16, 9, tzinfo=UTC)
    microsoft.hands.edit(series, start=start, end=start + timedelta(hours=1), rrule="FREQ=WEEKLY;COUNT=4")
    found = await changed(microsoft, before)
    assert found.groups == {series: frozenset(occurrences(microsoft, series))}
    assert not old & found.groups[series]
    assert {one.traits.series for one in found.observations} == {series}


@pytest.mark.parametrize("told", ["master", "all"])
async def test_a_deleted_series_is_one_removal_of_its_group(microsoft: World, told: str) -> None:
    microsoft.switch(delta_deleted_series=told)
    series, other = weekly(microsoft), put(microsoft, "Other")
    before = await first(microsoft)
    microsoft.hands.delete(series)
    found = await changed(microsoft, before)
    assert series in {one.group for one in found.removed}
    assert other.id not in {one.group for one in found.removed}
    refs = [one.ref for one in before.observations if one.traits.series == series]
    kinds = [one.absence.kind for one in (await microsoft.calendar.get(refs)).values() if one.absence is not None]
    assert kinds == [Gone.GONE] * 4


async def test_a_split_series_goes_on_under_another_one(microsoft: World) -> None:
    series = weekly(microsoft)
    before = await first(microsoft)
    microsoft.hands.split(occurrences(microsoft, series)[2], subject="Lesson, other room")
    found = await changed(microsoft, before)
    assert {(one.event.title, one.traits.series == series) for one in found.observations} == {
        ("Lesson", True),
        ("Lesson, other room", False),
    }
    assert len(found.groups[series]) == 2
    assert len(found.observations) == 4


# --- what occurrences have from their series --------------------------------------------------------------------------


async def test_without_the_series_in_a_round_it_is_read_once_for_all_its_occurrences(microsoft: World) -> None:
    series = weekly(microsoft, body="Bring a mat")
    microsoft.plant({"missing_master": True}, match={"operation": "calendarView.delta"})
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert {one.event.description for one in found.observations} == {"Bring a mat"}
    assert len(found.observations) == 4
    assert microsoft.operations().count("events.get") == 1
    assert found.listed == frozenset({series})


async def test_of_a_known_series_that_cannot_be_read_texts_are_left_open_and_it_is_asked_for_again(
    microsoft: World,
) -> None:
    series = weekly(microsoft)
    before = await first(microsoft)
    microsoft.hands.delete(occurrences(microsoft, series)[0])
    microsoft.plant({"missing_master": True}, match={"operation": "calendarView.delta"})
    microsoft.refuse("events.get", "UnknownError")
    found = await changed(microsoft, before)
    assert len(microsoft.delivered()) == 2
    assert len(whens(found)) == 3
    open_fields = (Field.TITLE, Field.DESCRIPTION, Field.LOCATION, Field.BUSY)
    assert {one.event.get(field) for one in found.observations for field in open_fields} == {UNSEEN}
    assert [(one.group, one.passing) for one in found.broken] == [(series, True)]
    again = await changed(microsoft, before)
    assert titles(again) == ["Lesson"] * 3


async def test_a_new_series_that_cannot_be_read_is_not_told_yet(microsoft: World) -> None:
    series = weekly(microsoft)
    microsoft.plant({"missing_master": True}, match={"operation": "calendarView.delta"})
    microsoft.refuse("events.get", "UnknownError")
    found = await microsoft.calendar.read(WINDOW)
    assert len(microsoft.delivered()) == 2
    assert found.observations == ()
    assert [(one.group, one.passing) for one in found.broken] == [(series, True)]
    assert found.listed == frozenset({series})


async def test_what_changes_for_a_whole_series_changes_each_occurrence(microsoft: World) -> None:
    series = weekly(microsoft)
    before = await first(microsoft)
    microsoft.hands.edit(series, subject="Lesson for all", sensitivity="private")
    found = await changed(microsoft, before)
    assert titles(found) == ["Lesson for all"] * 4
    assert all(one.traits.private for one in found.observations)


async def test_a_plain_view_shows_the_same_series(microsoft: World) -> None:
    weekly(microsoft, body="Bring a mat")
    before = await first(microsoft)
    microsoft.plant({"endless": True}, match={"operation": "calendarView.delta"})
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()

    def told(one: ChangeSet) -> list[tuple[Any, ...]]:
        return sorted((seen.ref, seen.event.title, seen.event.description, seen.traits) for seen in one.observations)

    assert [row[:3] for row in told(found)] == [row[:3] for row in told(before)]
    assert [row[3] for row in told(found)] == [row[3] for row in told(before)]


# --- events that somebody repeats -------------------------------------------------------------------------------------


async def test_an_event_that_its_owner_repeats_is_gone_and_its_occurrences_are_there(microsoft: World) -> None:
    ref = put(microsoft, "Run")
    before = await first(microsoft)
    microsoft.hands.edit(ref.id, rrule="FREQ=DAILY;COUNT=3")
    found = await changed(microsoft, before)
    assert {one.traits.series for one in found.observations} == {ref.id}
    assert found.groups == {ref.id: frozenset(occurrences(microsoft, ref.id))}
    seen = (await microsoft.calendar.get([ref]))[ref]
    assert seen.absence is not None
    assert (seen.absence.kind, seen.absence.evidence) == (Gone.GONE, "it is a series now")


async def test_an_item_of_ours_that_somebody_repeats_stays_known_by_its_id(microsoft: World) -> None:
    made = shown((await microsoft.calendar.create([draft()]))[0])
    before = await first(microsoft)
    microsoft.hands.edit(made.ref.id, rrule="FREQ=DAILY;COUNT=3", subject="Daily")
    found = await changed(microsoft, before)
    assert {one.ref.id: one.event.title for one in found.observations}[made.ref.id] == "Daily"
    assert {one.traits.mark for one in found.observations} == {mark()}
    assert len(found.observations) == 4
    direct = (await microsoft.calendar.get([made.ref]))[made.ref]
    assert (direct.absence, direct.event.title) == (None, "Daily")
    microsoft.hands.delete(made.ref.id)
    gone = await changed(microsoft, found)
    assert made.ref.id in {one.group for one in gone.removed}


async def test_an_event_with_guests_tells_of_them_on_each_occurrence(microsoft: World) -> None:
    guest = {"emailAddress": {"address": "ben@example.org", "name": "Ben"}, "type": "required"}
    weekly(microsoft, attendees=[guest])
    assert at(1).tzid == "Europe/Berlin"
    found = await first(microsoft)
    assert [one.traits.guests for one in found.observations] == [True] * 4
