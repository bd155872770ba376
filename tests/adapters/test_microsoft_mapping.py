"""Event resources → the core: times, kinds, busy, texts, series. Fixtures are written from Microsoft's reference.

Not here: our mark and what is written (test_microsoft_drafts), zones (test_microsoft_zones).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.microsoft.drafts import PROPERTIES, properties
from adapters.microsoft.mapping import (
    description,
    filled,
    is_cancelled,
    is_slim,
    observation,
    series_of,
    version_of,
)
from adapters.microsoft.series import Group, grouped, sighted
from adapters.sights import MalformedError, View
from syncd.model import UNSEEN, AllDay, Kind, Timed, Window, identical
from tests.adapters.microsoft_world import BERLIN, COLLECTION, NOW, VIEW, WINDOW, fixture, mark


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def read(name: str, **changes: Any) -> Any:
    return observation(fixture(name) | changes, VIEW)


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("single", Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), BERLIN)),
        ("summer", Timed(utc(2027, 3, 29, 8), utc(2027, 3, 29, 9), BERLIN)),
        ("over_the_lost_hour", Timed(utc(2027, 3, 27, 22), utc(2027, 3, 28, 5), BERLIN)),
        ("second_two_o_clock", Timed(utc(2027, 10, 31, 1, 15), utc(2027, 10, 31, 1, 45), BERLIN)),
        ("made_in_another_zone", Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), "America/New_York")),
        ("custom_zone", Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), BERLIN)),
        ("all_day", AllDay(date(2027, 3, 27), date(2027, 3, 29))),
    ],
)
def test_a_time_is_its_instants_and_the_zone_of_its_organiser(name: str, when: Any) -> None:
    assert identical(read(name).event.when, when)


@pytest.mark.parametrize("zone", ["UTC", "Tonga Standard Time", "Pacific Standard Time", "nowhere"])
def test_days_are_the_date_parts_whatever_zone_stands_beside_them(zone: str) -> None:
    edges = {edge: fixture("all_day")[edge] | {"timeZone": zone} for edge in ("start", "end")}
    assert read("all_day", **edges).event.when == AllDay(date(2027, 3, 27), date(2027, 3, 29))


def test_a_time_that_is_told_in_another_zone_than_was_asked_for_is_read_in_that_one() -> None:
    edge = {"dateTime": "2027-03-29T10:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    end = edge | {"dateTime": "2027-03-29T11:30:00"}
    assert read("summer", start=edge, end=end).event.when == Timed(utc(2027, 3, 29, 8), utc(2027, 3, 29, 9, 30), BERLIN)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": None},
        {"end": {}},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-12-01T11:00:00.0000000", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-12-01T08:00:00.0000000", "timeZone": "Middle/Earth"}},
        {"isAllDay": True},
        {"subject": 7},
        {"location": "Main Street"},
        {"attendees": 3},
        {"id": None, "start": 5},
    ],
)
def test_what_cannot_be_read_says_so_and_tells_nothing_of_it(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        read("single", **changes)
    assert "Dentist" not in str(caught.value)


def test_an_event_without_length_is_taken() -> None:
    start = fixture("single")["start"]
    assert read("single", end=start).event.when == Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 9), BERLIN)


# --- texts ------------------------------------------------------------------------------------------------------------


def test_texts_are_what_a_person_wrote() -> None:
    event = read("single").event
    assert (event.title, event.description, event.location) == (
        "Dentist",
        "Bring the card.\nSecond floor.",
        "Main Street 1",
    )


def test_empty_texts_are_none() -> None:
    event = read("empty").event
    assert (event.title, event.description, event.location) == (None, None, None)


def test_a_body_in_markup_says_nothing_since_plain_text_was_asked_for() -> None:
    assert read("html_body").event.description is UNSEEN


def test_the_way_into_an_online_meeting_is_not_part_of_the_description() -> None:
    assert read("online_meeting").event.description == "Agenda: prices."


def test_lines_of_a_person_s_own_stay() -> None:
    ruled = {"contentType": "text", "content": f"one\r\n{'_' * 40}\r\ntwo"}
    assert read("single", body=ruled).event.description == f"one\n{'_' * 40}\ntwo"
    assert description(fixture("online_meeting") | {"body": ruled}) == f"one\n{'_' * 40}\ntwo"


def test_a_text_below_the_way_into_a_meeting_stays() -> None:
    block = fixture("online_meeting")["body"]["content"]
    told = fixture("online_meeting") | {"body": {"contentType": "text", "content": f"{block}\r\nSee you"}}
    assert description(told) == "Agenda: prices.\n\nSee you"


# --- busy, kind, people -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shows", "busy"),
    [
        ("free", False),
        ("busy", True),
        ("tentative", True),
        ("oof", True),
        ("workingElsewhere", True),
        ("unknown", True),
        ("addedLater", True),
    ],
)
def test_every_value_but_free_takes_time(shows: str, busy: bool) -> None:
    assert read("single", showAs=shows).event.busy is busy


def test_an_open_invitation_takes_time_and_a_declined_one_does_not() -> None:
    assert read("invitation_open").event.busy is True
    assert fixture("invitation_declined")["showAs"] == "busy"
    assert read("invitation_declined").event.busy is False


@pytest.mark.parametrize(
    ("name", "kind", "own", "guests"),
    [
        ("single", Kind.ORDINARY, True, False),
        ("with_guests", Kind.ORDINARY, True, True),
        ("invitation_open", Kind.FIXED, False, True),
        ("occurrence", Kind.ORDINARY, True, False),
    ],
)
def test_what_others_organise_is_fixed_and_guests_are_told(name: str, kind: Kind, own: bool, guests: bool) -> None:
    traits = read(name).traits
    assert (traits.kind, traits.own, traits.guests) == (kind, own, guests)


def test_the_organiser_among_the_attendees_is_no_guest() -> None:
    assert not read("single", attendees=[{"type": "required", **fixture("single")["organizer"]}]).traits.guests


def test_in_a_calendar_that_may_only_be_read_and_of_an_unknown_type_it_is_fixed() -> None:
    assert observation(fixture("single"), View(COLLECTION, BERLIN, False, NOW)).traits.kind is Kind.FIXED
    assert read("single", type="addedLater").traits.kind is Kind.FIXED


@pytest.mark.parametrize(
    ("told", "private"), [("normal", False), ("personal", False), ("private", True), ("confidential", True)]
)
def test_private_and_confidential_are_private(told: str, private: bool) -> None:
    assert read("single", sensitivity=told).traits.private is private


def test_a_cancelled_event_is_known_as_such() -> None:
    assert is_cancelled(fixture("cancelled"))
    assert not is_cancelled(fixture("single"))


def test_version_and_fingerprint_of_an_event_by_itself_are_its_etag() -> None:
    seen = read("single")
    assert seen.version == seen.fingerprint == fixture("single")["@odata.etag"]
    bare = {name: value for name, value in fixture("single").items() if name != "@odata.etag"}
    assert version_of(bare) == seen.version, "which holds the change key"
    assert (seen.traits.group, seen.traits.series, seen.sequence) == (seen.ref.id, None, None)
    assert seen.traits.created == utc(2026, 10, 2, 7) + timedelta(microseconds=123456)


# --- series -----------------------------------------------------------------------------------------------------------


def test_a_slim_occurrence_has_everything_else_from_its_series() -> None:
    slim, master = fixture("occurrence_slim"), fixture("series_master")
    assert is_slim(slim)
    seen, whole = observation(filled(slim, master), VIEW), read("occurrence")
    assert seen == whole
    assert (seen.event.title, seen.traits.series, seen.traits.group) == ("Lesson", master["id"], master["id"])


def test_without_its_series_a_slim_occurrence_leaves_everything_but_its_time_unseen() -> None:
    event = read("occurrence_slim").event
    assert isinstance(event.when, Timed)
    assert {event.title, event.description, event.location, event.busy} == {UNSEEN}


@pytest.mark.parametrize(
    ("name", "changes", "start"),
    [
        ("occurrence", {}, "2027-03-29T10:00:00"),
        ("occurrence_moved", {}, "2027-03-22T10:00:00"),
        ("occurrence_moved", {"originalStartTimeZone": "Eastern Standard Time"}, "2027-03-22T05:00:00"),
        ("occurrence_all_day", {}, "2027-04-05"),
        ("occurrence_all_day", {"originalStart": "2027-04-04T22:00:00Z"}, "2027-04-05"),
        ("occurrence_all_day", {"originalStart": None, "type": "occurrence"}, "2027-04-06"),
        ("single", {}, None),
        ("series_master", {}, None),
    ],
)
def test_the_original_start_is_local_text_or_a_date(name: str, changes: dict[str, Any], start: str | None) -> None:
    assert read(name, **changes).traits.original_start == start


def test_rows_make_groups_by_series_and_what_was_called_off_is_none() -> None:
    rows = [fixture(name) for name in ("single", "occurrence_slim", "series_master", "occurrence_moved")]
    off = fixture("cancelled") | {"id": "off"}
    skipped = fixture("occurrence_all_day") | {"isCancelled": True}
    groups, cancelled = grouped([*rows, off, skipped])
    master = rows[2]["id"]
    assert set(groups) == {rows[0]["id"], master}
    assert [row["id"] for row in groups[master].rows] == [rows[1]["id"], rows[3]["id"]]
    assert groups[master].master == rows[2]
    assert cancelled == ["off"]
    assert series_of(rows[1]) == master


def test_a_series_has_another_fingerprint_when_an_occurrence_goes_or_changes() -> None:
    rows = [fixture(name) for name in ("series_master", "occurrence_slim", "occurrence_moved")]
    (whole,) = grouped(rows)[0].values()
    (shuffled,) = grouped(reversed(rows))[0].values()
    (fewer,) = grouped(rows[:2])[0].values()
    (edited,) = grouped([*rows[:2], rows[2] | {"@odata.etag": 'W/"exception2"'}])[0].values()
    (renamed,) = grouped([rows[0] | {"@odata.etag": 'W/"series2"'}, *rows[1:]])[0].values()
    assert whole.fingerprint == shuffled.fingerprint
    assert len({one.fingerprint for one in (whole, fewer, edited, renamed)}) == 4
    (unversioned,) = grouped([{**rows[1], "@odata.etag": None}])[0].values()
    assert unversioned.fingerprint is None


def test_occurrences_within_the_window_are_told_under_the_fingerprint_of_their_series() -> None:
    rows = [fixture(name) for name in ("series_master", "occurrence_slim", "occurrence_moved")]
    groups, _ = grouped(rows)
    (name, group), *_ = groups.items()
    window = Window(utc(2027, 3, 25), utc(2027, 4, 25))
    sights = sighted([group.marked({PROPERTIES: []})], {name: group.fingerprint}, VIEW, window)
    assert sights.groups == {name: frozenset({rows[1]["id"]})}
    assert [(one.ref.id, one.fingerprint) for one in sights.observations] == [(rows[1]["id"], group.fingerprint)]


def test_occurrences_of_an_item_of_ours_bear_its_mark_and_it_stays_an_item() -> None:
    rows = [fixture(name) for name in ("series_master", "occurrence_slim")]
    groups, _ = grouped(rows)
    (name, group), *_ = groups.items()
    marked = group.marked({PROPERTIES: properties(mark())})
    sights = sighted([marked], {name: group.fingerprint}, VIEW, WINDOW)
    assert sights.groups == {name: frozenset({rows[0]["id"], rows[1]["id"]})}
    assert {one.traits.mark for one in sights.observations} == {mark()}
    assert {one.fingerprint for one in sights.observations} == {group.fingerprint}


def test_of_a_series_one_occurrence_that_cannot_be_read_is_there_all_the_same() -> None:
    odd = fixture("occurrence_moved") | {"start": {}}
    groups, _ = grouped([fixture("series_master"), fixture("occurrence_slim"), odd])
    (name, group), *_ = groups.items()
    sights = sighted([group.marked({PROPERTIES: []})], {}, VIEW, WINDOW)
    assert [one.group for one in sights.broken] == [name]
    assert odd["id"] in sights.groups[name]
    assert len(sights.observations) == 1


def test_a_single_event_that_cannot_be_read_is_broken_and_compared_with_nothing() -> None:
    sights = sighted([Group("odd", rows=[fixture("single") | {"id": "odd", "start": {}}])], {"odd": "e"}, VIEW, WINDOW)
    assert [(one.group, one.fingerprint) for one in sights.broken] == [("odd", "e")]
    assert sights.groups == {}
