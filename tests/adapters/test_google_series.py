"""Series on the simulator over real HTTP: occurrences, clocks that change, splits, deletions told in two ways."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.model import Gone, Timed, Window
from syncd.ports import knowing
from tests.adapters.google_world import (
    WINDOW,
    World,
    at,
    draft,
    fingerprints,
    put,
    shown,
    weekly,
    world,
)


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def test_each_occurrence_of_a_series_keeps_its_wall_time_over_the_change_of_clocks(
    google: World,
) -> None:
    series = weekly(google)
    found = await google.calendar.read(WINDOW)
    whens = sorted(one.event.when.start for one in found.observations if isinstance(one.event.when, Timed))
    assert [when.hour for when in whens] == [9, 9, 8, 8], "Berlin changes its clocks on 28 March"
    assert {one.traits.series for one in found.observations} == {series}
    assert sorted(str(one.traits.original_start) for one in found.observations) == [
        f"2027-{day}T10:00:00" for day in ("03-15", "03-22", "03-29", "04-05")
    ]
    assert all(one.traits.group == one.ref.id for one in found.observations)


async def test_an_autumn_series_keeps_its_wall_time_too(google: World) -> None:
    window = Window(datetime(2027, 10, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC))
    weekly(google, count=3, first=date(2027, 10, 18), hour=8)
    found = await google.calendar.read(window)
    whens = sorted(one.event.when.start for one in found.observations if isinstance(one.event.when, Timed))
    assert [when.hour for when in whens] == [8, 8, 9], "Berlin changes its clocks on 31 October"


async def test_a_moved_occurrence_keeps_its_id_and_its_original_start(google: World) -> None:
    weekly(google)
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    one = sorted(before.observations, key=lambda seen: seen.ref.id)[1]
    google.hands.edit(
        one.ref.id, start=at(24, 17, month=3).start.replace(year=2027), end=at(24, 18, month=3).start.replace(year=2027)
    )
    (moved,) = (await google.calendar.read(before.cursor, knowing(fingerprints(before)))).observations
    assert moved.ref == one.ref
    assert moved.traits.original_start == one.traits.original_start
    assert moved.event.when != one.event.when


async def test_a_cancelled_occurrence_is_a_removal_of_its_own(google: World) -> None:
    weekly(google)
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    gone = before.observations[2].ref
    google.hands.delete(gone.id)
    found = await google.calendar.read(before.cursor)
    assert [one.group for one in found.removed] == [gone.id]
    absence = (await google.calendar.get([gone]))[gone].absence
    assert absence is not None
    assert (absence.kind, absence.evidence) == (Gone.GONE, "cancelled")


@pytest.mark.parametrize("told", ["instances", "master"])
async def test_a_deleted_series_removes_each_of_its_occurrences_however_it_is_told(google: World, told: str) -> None:
    google.state.switches.set({"deleted_series": told})
    series = weekly(google)
    other = put(google, "Other")
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    google.hands.delete(series)
    found = await google.calendar.read(before.cursor, knowing(fingerprints(before)))
    expected = {one.ref.id for one in before.observations} - {other.id}
    assert expected <= {one.group for one in found.removed}
    assert other.id not in {one.group for one in found.removed}


async def test_a_series_whose_time_changes_is_told_as_old_ones_gone_and_new_ones_there(google: World) -> None:
    series = weekly(google)
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    start = datetime(2027, 3, 15, 11, tzinfo=UTC)
    google.hands.edit(series, start=start, end=start + timedelta(hours=1))
    found = await google.calendar.read(before.cursor, knowing(fingerprints(before)))
    assert {one.group for one in found.removed} >= {one.ref.id for one in before.observations}
    assert len(found.observations) == 4
    assert {one.traits.series for one in found.observations} == {series}


async def test_a_split_series_goes_on_under_another_one(google: World) -> None:
    series = weekly(google)
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    third = sorted(one.ref.id for one in before.observations)[2]
    google.hands.split(third, summary="Lesson, other room")
    after = await google.calendar.read(WINDOW)
    by_title = {(one.event.title, one.traits.series == series) for one in after.observations}
    assert by_title == {("Lesson", True), ("Lesson, other room", False)}
    assert len(after.observations) == 4


async def test_an_event_that_its_owner_repeats_is_gone_and_its_occurrences_are_there(google: World) -> None:
    name = google.hands.add("Run", at(1).start, at(1).end).id
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    assert [one.ref.id for one in before.observations] == [name]
    google.hands.edit(name, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    known = knowing(fingerprints(before))
    changed = await google.calendar.read(before.cursor, known)
    assert name in {one.group for one in changed.removed}
    assert {one.traits.series for one in changed.observations} == {name}
    full = await google.calendar.read(WINDOW, known)
    assert full.listed is not None
    assert name not in full.listed
    seen = (await google.calendar.get([before.observations[0].ref]))[before.observations[0].ref]
    assert seen.absence is not None
    assert seen.absence.kind is Gone.GONE


async def test_an_item_of_ours_that_somebody_repeats_stays_known_by_its_id(google: World) -> None:
    made = shown((await google.calendar.create([draft()]))[0])
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    google.hands.edit(made.ref.id, recurrence=["RRULE:FREQ=DAILY;COUNT=3"], summary="Daily")
    known = knowing(fingerprints(before))
    changed = await google.calendar.read(before.cursor, known)
    assert {one.ref.id: one.event.title for one in changed.observations}[made.ref.id] == "Daily"
    assert made.ref.id not in {one.group for one in changed.removed}
    full = await google.calendar.read(WINDOW, known)
    assert full.listed is not None
    assert made.ref.id in full.listed
    google.hands.delete(made.ref.id)
    assert changed.cursor is not None
    gone = await google.calendar.read(changed.cursor, knowing({**fingerprints(changed)}))
    assert made.ref.id in {one.group for one in gone.removed}
