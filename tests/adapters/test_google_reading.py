"""Reading the primary calendar of the simulator over real HTTP: listings, tokens, series, absence, moves."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.google.calendar import PROBES
from syncd.errors import AdapterError, CalendarGone, CursorExpired, Forbidden, Transient
from syncd.model import AllDay, ChangeSet, Cursor, Event, Gone, Kind, Ref, Timed, Window
from syncd.ports import Edit, Erasure, knowing
from syncd.sandbox.google import Hands
from tests.adapters.google_world import COLLECTION, EMAIL, NOW, WINDOW, World, at, draft, key, shown, world

BERLIN = "Europe/Berlin"


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


def put(google: World, title: str, when: Timed | AllDay | None = None, **fields: Any) -> Ref:
    """A new event of the person's own; its ref."""
    at_ = when or at(1)
    if isinstance(at_, AllDay):
        return Ref(COLLECTION, google.hands.add(title, at_.first, at_.until, **fields).id)
    return Ref(COLLECTION, google.hands.add(title, at_.start, at_.end, zone=at_.tzid, **fields).id)


def weekly(google: World, title: str = "Lesson", count: int = 4, first: date = date(2027, 3, 15), hour: int = 9) -> str:
    """A series at an hour of Berlin's clock; the id of its master."""
    start = datetime(first.year, first.month, first.day, hour, tzinfo=UTC)
    return put(
        google, title, Timed(start, start + timedelta(hours=1), BERLIN), recurrence=[f"RRULE:FREQ=WEEKLY;COUNT={count}"]
    ).id


def titles(found: ChangeSet) -> list[str]:
    return sorted(str(one.event.title) for one in found.observations)


def fingerprints(found: ChangeSet) -> dict[str, str]:
    return {one.ref.id: one.fingerprint or "" for one in found.observations}


async def cursor_of(google: World) -> Cursor:
    cursor = (await google.calendar.read(WINDOW)).cursor
    assert cursor is not None
    return cursor


# --- one query shape --------------------------------------------------------------------------------------------------


async def test_every_listing_asks_in_one_shape_without_window_order_or_filter(google: World) -> None:
    put(google, "Tea")
    await google.calendar.read(await cursor_of(google))
    queries = [row["query"] for row in google.rows() if row["operation"] == "events.list"]
    assert len(queries) == 2
    for query in queries:
        assert "singleEvents=true" in query
        assert "showDeleted=true" in query
        assert "maxResults=2500" in query
        assert not [
            word for word in ("timeM", "orderBy", "q=", "eventTypes", "Property", "updatedMin") if word in query
        ]


async def test_an_idle_read_is_one_request(google: World) -> None:
    put(google, "Tea")
    cursor = await cursor_of(google)
    google.forget()
    found = await google.calendar.read(cursor)
    assert (found.observations, found.removed, found.broken) == ((), (), ())
    assert google.operations() == ["events.list"]


async def test_what_lies_outside_the_window_is_listed_and_not_observed(google: World) -> None:
    far = put(google, "Far", Timed(NOW + timedelta(days=900), NOW + timedelta(days=901), "UTC"))
    near = put(google, "Near")
    found = await google.calendar.read(WINDOW)
    assert [one.ref for one in found.observations] == [near]
    assert found.listed == frozenset({far.id, near.id})
    assert found.groups == {far.id: frozenset(), near.id: frozenset({near.id})}


async def test_pages_are_put_together_and_their_token_is_the_last_one_s(google: World) -> None:
    google.state.switches.set({"short_pages": 2, "empty_first_page": True})
    for number in range(5):
        put(google, f"n{number}")
    found = await google.calendar.read(WINDOW)
    assert titles(found) == ["n0", "n1", "n2", "n3", "n4"]
    assert google.operations().count("events.list") >= 4
    assert found.cursor is not None
    put(google, "n5")
    assert titles(await google.calendar.read(found.cursor)) == ["n5"]


async def test_what_is_known_at_its_version_is_not_shown_again_in_either_reading(google: World) -> None:
    old = put(google, "Old")
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    put(google, "New")
    again = await google.calendar.read(WINDOW, knowing(fingerprints(before)))
    assert titles(again) == ["New"]
    assert again.listed is not None
    assert old.id in again.listed
    made = shown((await google.calendar.create([draft()]))[0])
    known = {**fingerprints(before), made.ref.id: made.fingerprint or ""}
    assert titles(await google.calendar.read(before.cursor, knowing(known))) == ["New"]


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 3])
async def test_a_token_that_expires_on_any_page_expires_the_cursor(google: World, page: int) -> None:
    cursor = await cursor_of(google)
    google.state.switches.set({"short_pages": 1})
    for number in range(4):
        put(google, f"n{number}")
    google.plant({"gone_on_page": page}, match={"operation": "events.list"})
    with pytest.raises(CursorExpired):
        await google.calendar.read(cursor)
    assert google.delivered()
    assert titles(await google.calendar.read(WINDOW)) == ["n0", "n1", "n2", "n3"]


@pytest.mark.parametrize("answer", ["400", "410"])
async def test_a_token_that_was_never_given_out_expires_the_cursor(google: World, answer: str) -> None:
    google.state.switches.set({"malformed_token": answer})
    with pytest.raises(CursorExpired):
        await google.calendar.read(Cursor("never", WINDOW))


@pytest.mark.parametrize(("times", "page"), [(1, 1), (1, 3), (2, 2)])
async def test_a_listing_that_is_broken_off_is_begun_again_once(google: World, times: int, page: int) -> None:
    google.state.switches.set({"short_pages": 1})
    for number in range(4):
        put(google, f"n{number}")
    google.plant({"gone_on_page": page}, match={"operation": "events.list"}, times=times)
    if times == 1:
        assert titles(await google.calendar.read(WINDOW)) == ["n0", "n1", "n2", "n3"]
    else:
        with pytest.raises(Transient, match="twice"):
            await google.calendar.read(WINDOW)
    assert len(google.delivered()) == times


async def test_a_listing_that_ends_in_an_error_is_no_answer_at_all(google: World) -> None:
    google.state.switches.set({"short_pages": 1})
    put(google, "One")
    put(google, "Two")
    google.plant({"error": "backendError"}, match={"operation": "events.list", "query": "pageToken"})
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"kind": "calendar#events", "items": [{}]}', '{"kind": "calendar#events", "items": []}', "text"],
)
async def test_an_answer_that_is_no_listing_or_has_no_end_is_never_an_empty_one(google: World, body: str) -> None:
    google.plant({"status": 200, "body": body}, match={"operation": "events.list"})
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


async def test_after_an_expired_token_what_vanished_in_the_gap_is_no_longer_listed(google: World) -> None:
    lost = put(google, "Lost")
    kept = put(google, "Kept")
    cursor = await cursor_of(google)
    google.hands.delete(lost.id)
    google.state.expire_sync_tokens()
    with pytest.raises(CursorExpired):
        await google.calendar.read(cursor)
    assert (await google.calendar.read(WINDOW)).listed == frozenset({kept.id})


# --- tombstones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", ["bare", "kept"])
async def test_a_deleted_event_is_a_removal_in_a_change_and_not_in_a_listing(google: World, details: str) -> None:
    google.state.switches.set({"cancelled_details": details, "full_list_tombstones": "kept"})
    ref = put(google, "Tea")
    cursor = await cursor_of(google)
    google.hands.delete(ref.id)
    found = await google.calendar.read(cursor)
    assert [(one.group, one.evidence) for one in found.removed] == [(ref.id, "tombstone")]
    assert found.observations == ()
    assert (await google.calendar.read(WINDOW)).listed == frozenset()


async def test_a_row_that_cannot_be_read_is_broken_and_still_listed(google: World) -> None:
    ref = put(google, "Odd")
    row = {"id": ref.id, "etag": '"1"', "status": "confirmed", "start": {}, "end": {}}
    answer = {"kind": "calendar#events", "items": [row], "nextSyncToken": "t", "timeZone": BERLIN}
    google.plant({"status": 200, "body": json.dumps(answer)}, match={"operation": "events.list"})
    found = await google.calendar.read(WINDOW)
    assert google.delivered()
    assert [(one.group, one.fingerprint) for one in found.broken] == [(ref.id, '"1"')]
    assert found.listed == frozenset({ref.id})


async def test_an_event_type_added_later_does_not_break_the_listing(google: World) -> None:
    google.state.switches.set({"future_fields": True})
    put(google, "Tea")
    found = await google.calendar.read(WINDOW)
    assert titles(found) == ["Tea"]
    assert found.broken == ()


# --- series -----------------------------------------------------------------------------------------------------------


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


# --- direct reads -----------------------------------------------------------------------------------------------------


async def absence_of(google: World, ref: Ref) -> tuple[Gone, str]:
    absence = (await google.calendar.get([ref]))[ref].absence
    assert absence is not None
    return absence.kind, absence.evidence


@pytest.mark.parametrize("keeps_id", [True, False])
async def test_an_event_moved_to_another_calendar_of_the_account_is_out_of_scope(google: World, keeps_id: bool) -> None:
    google.state.switches.set({"move_keeps_id": keeps_id})
    other = google.state.add_calendar(EMAIL, "Other")
    ref, ours = put(google, "Tea"), shown((await google.calendar.create([draft()]))[0]).ref
    for one in (ref, ours):
        google.hands.move(one.id, other.id)
        assert (await absence_of(google, one))[0] is Gone.OUT_OF_SCOPE


async def test_an_event_deleted_with_other_calendars_beside_is_gone(google: World) -> None:
    google.state.add_calendar(EMAIL, "Other")
    google.state.add_calendar(EMAIL, "Holidays", role="reader")
    ref = put(google, "Tea")
    google.hands.delete(ref.id)
    google.forget()
    assert await absence_of(google, ref) == (Gone.GONE, "cancelled")
    assert google.operations() == ["events.get", "calendarList.list", "events.list"], (
        "nobody moves it where one may only read"
    )


async def test_without_another_calendar_no_further_request_is_made_for_the_next_deleted_ones(google: World) -> None:
    refs = [put(google, f"n{number}") for number in range(3)]
    for ref in refs:
        google.hands.delete(ref.id)
    await google.calendar.get(refs)
    google.forget()
    await google.calendar.get(refs)
    assert google.operations() == ["events.get"] * 3


async def test_an_occurrence_is_not_looked_for_elsewhere(google: World) -> None:
    google.state.add_calendar(EMAIL, "Other")
    weekly(google)
    ref = (await google.calendar.read(WINDOW)).observations[0].ref
    google.hands.delete(ref.id)
    google.forget()
    assert await absence_of(google, ref) == (Gone.GONE, "cancelled")
    assert google.operations() == ["events.get"]


async def test_when_the_other_calendar_does_not_answer_nothing_is_known(google: World) -> None:
    other = google.state.add_calendar(EMAIL, "Other")
    ref = put(google, "Tea")
    google.hands.delete(ref.id)
    google.plant({"error": "backendError"}, match={"operation": "events.list", "path": other.id.partition("@")[0]})
    assert (await absence_of(google, ref))[0] is Gone.UNKNOWN
    assert google.delivered()


async def test_more_deleted_events_than_can_be_looked_for_wait_for_the_next_pass(google: World) -> None:
    for number in range(PROBES // 2):
        google.state.add_calendar(EMAIL, f"Other {number}")
    refs = [put(google, f"n{number}") for number in range(3)]
    for ref in refs:
        google.hands.delete(ref.id)
    google.state.switches.set({"quota_user_per_minute": 0})
    found = await google.calendar.get(refs)
    assert [found[ref].absence.kind for ref in refs if found[ref].absence] == [Gone.GONE, Gone.GONE, Gone.UNKNOWN]  # type: ignore[union-attr]


async def test_what_never_was_is_gone_while_the_calendar_answers(google: World) -> None:
    assert await absence_of(google, Ref(COLLECTION, "neverthere0")) == (Gone.GONE, "listing")
    assert google.operations() == ["events.get", "calendars.get"]


async def test_an_event_that_cannot_be_read_is_unknown_and_the_others_are_read(google: World) -> None:
    good, bad = put(google, "Good"), put(google, "Bad")
    google.plant({"error": "backendError"}, match={"operation": "events.get", "path": bad.id}, times=2)
    found = await google.calendar.get([good, bad])
    assert found[good].event.title == "Good"
    assert (await absence_of(google, bad))[0] is Gone.UNKNOWN
    assert len(google.delivered()) == 2


async def test_a_ref_of_another_calendar_is_unknown_and_not_asked_for(google: World) -> None:
    assert (await absence_of(google, Ref("elsewhere", "abc")))[0] is Gone.UNKNOWN
    assert google.operations() == []


async def test_find_is_sure_or_it_fails(google: World) -> None:
    await google.calendar.create([draft("one"), draft("two")])
    google.refuse("events.get", "backendError")
    with pytest.raises(AdapterError):
        await google.calendar.find([key("one"), key("two")])
    assert google.delivered()
    assert set(await google.calendar.find([key("one"), key("two"), "NO-KEY"])) == {key("one"), key("two")}


# --- the calendar itself ----------------------------------------------------------------------------------------------


async def test_a_removed_calendar_is_gone_for_every_verb_and_nothing_is_said_of_its_events(google: World) -> None:
    made = await google.account.make_calendar(key("calendar"), "Sessions")
    calendar = google.account.open(made.id, zone=BERLIN, collection="sessions")
    item = shown((await calendar.create([draft()]))[0])
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    Hands(google.state, EMAIL, made.id).remove_calendar()
    for ask in (
        calendar.check(),
        calendar.read(WINDOW),
        calendar.read(cursor),
        calendar.get([item.ref]),
        calendar.find([key("one")]),
        calendar.create([draft("two")]),
        calendar.update([Edit(item.ref, Event(title="Tea"), item.version)]),
        calendar.delete([Erasure(item.ref, item.version)]),
    ):
        with pytest.raises(CalendarGone) as caught:
            await ask
        assert caught.value.hint


async def test_a_listing_that_says_not_found_while_the_calendar_is_there_is_passing(google: World) -> None:
    google.refuse("events.list", "notFound")
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


async def test_a_calendar_that_is_still_on_the_list_is_not_gone(google: World) -> None:
    google.refuse("events.list", "notFound")
    google.refuse("calendars.get", "notFound")
    with pytest.raises(Transient, match="listed"):
        await google.calendar.read(WINDOW)
    assert len(google.delivered()) == 2


async def test_access_to_the_api_that_is_switched_off_is_told_with_the_repair(google: World) -> None:
    google.state.switches.set({"api_enabled": False})
    with pytest.raises(Forbidden) as caught:
        await google.calendar.read(WINDOW)
    assert "API" in caught.value.hint


async def test_in_a_calendar_that_may_only_be_read_every_event_is_fixed(google: World) -> None:
    shared = google.state.add_calendar(EMAIL, "Shared")
    Hands(google.state, EMAIL, shared.id).add("Fair", date(2026, 12, 1), date(2026, 12, 2))
    shared.roles[EMAIL] = "reader"
    calendar = google.account.open(shared.id, zone=BERLIN, collection="shared")
    assert not (await calendar.check()).writable
    (seen,) = (await calendar.read(WINDOW)).observations
    assert seen.traits.kind is Kind.FIXED
