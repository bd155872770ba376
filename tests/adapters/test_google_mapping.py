"""Event resources ↔ the core: times, kinds, busy, marks, descriptions. Fixtures are written from Google's reference."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.google.mapping import (
    LIMITS,
    mark_from,
    new_resource,
    observation,
    properties,
    rewritten,
)
from adapters.google.markup import to_markup, to_text
from adapters.sights import MalformedError
from syncd.errors import Rejected
from syncd.model import AllDay, Event, Field, Kind, Mark, Timed, identical
from syncd.normalise import clean_text
from tests.adapters.google_world import BRIDGE, VIEW, at, draft, event, fixture, key, mark

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def read(name: str, **changes: Any) -> Any:
    return observation(fixture(name) | changes, VIEW)


# --- reading: times ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("single", Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), BERLIN)),
        ("summer", Timed(utc(2027, 3, 29, 8), utc(2027, 3, 29, 9), BERLIN)),
        ("over_the_lost_hour", Timed(utc(2027, 3, 27, 22), utc(2027, 3, 28, 5), BERLIN)),
        ("second_two_o_clock", Timed(utc(2027, 10, 31, 1, 15), utc(2027, 10, 31, 1, 45), BERLIN)),
        ("seen_from_another_zone", Timed(utc(2026, 12, 1, 14), utc(2026, 12, 1, 15), "America/New_York")),
        ("all_day", AllDay(date(2027, 3, 27), date(2027, 3, 29))),
    ],
)
def test_a_time_is_its_instants_and_the_zone_of_its_organiser(name: str, when: Any) -> None:
    assert identical(read(name).event.when, when)


def test_a_time_that_names_no_zone_is_in_that_of_the_calendar() -> None:
    bare = {"start": {"dateTime": "2026-12-01T10:00:00+01:00"}, "end": {"dateTime": "2026-12-01T11:00:00+01:00"}}
    assert read("single", **bare).event.when == Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), BERLIN)


def test_a_zone_that_nobody_knows_keeps_the_instants() -> None:
    odd = {edge: fixture("single")[edge] | {"timeZone": "Middle/Earth"} for edge in ("start", "end")}
    assert read("single", **odd).event.when == Timed(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10), BERLIN)


@pytest.mark.parametrize(
    "broken",
    [
        {"start": None},
        {"start": {"date": "2026-12-01"}},
        {"end": {"date": "2026-12-01"}, "start": {"date": "2026-12-01"}},
        {"end": {"dateTime": "2026-12-01T09:00:00+01:00"}},
        {"start": {"dateTime": "Grandma's house"}},
        {"start": "2026-12-01"},
        {"attendees": "cleo@example.test"},
        {"extendedProperties": {"private": {"syncdBridge": 1, "syncdKey": "k", "syncdGeneration": 2}}},
    ],
)
def test_what_cannot_be_read_says_why_without_anybody_s_text(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        read("single", **broken)
    assert str(caught.value)
    assert not [word for word in ("Grandma", "cleo", "Dentist") if word in str(caught.value)]


# --- reading: series --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "series", "original"),
    [
        ("single", None, None),
        ("instance", "6a1b2c3d4e5f6g7h8i9j0k1l2m", "2027-03-29T10:00:00"),
        ("instance_moved", "6a1b2c3d4e5f6g7h8i9j0k1l2m", "2027-03-22T10:00:00"),
        ("instance_all_day", "7a1b2c3d4e5f6g7h8i9j0k1l2m", "2027-03-29"),
    ],
)
def test_an_occurrence_names_its_series_and_its_original_local_start(name: str, series: Any, original: Any) -> None:
    seen = read(name)
    assert (seen.traits.series, seen.traits.original_start) == (series, original)
    assert seen.ref.id == seen.traits.group == fixture(name)["id"]


def test_the_original_start_is_that_of_the_organiser_s_clock_not_of_the_calendar_s() -> None:
    away = {"originalStartTime": {"dateTime": "2027-03-29T10:00:00+02:00", "timeZone": "America/New_York"}}
    assert read("instance", **away).traits.original_start == "2027-03-29T04:00:00"


def test_occurrences_of_one_series_share_its_uid() -> None:
    assert read("instance").traits.uid == read("instance_moved").traits.uid == "6a1b2c3d4e5f6g7h8i9j0k1l2m@google.com"


# --- reading: what it is ----------------------------------------------------------------------------------------------


def test_a_plain_event_is_ordinary_own_and_busy() -> None:
    seen = read("single")
    assert seen.event == Event(seen.event.when, "Dentist", "Bring the card", "Main Street 1", True)
    assert (seen.traits.kind, seen.traits.own, seen.traits.private, seen.traits.guests) == (
        Kind.ORDINARY,
        True,
        False,
        False,
    )
    assert seen.version == seen.fingerprint == fixture("single")["etag"]
    assert seen.traits.created == utc(2026, 10, 2, 7)


@pytest.mark.parametrize(
    ("changes", "busy"),
    [
        ({}, True),
        ({"transparency": "opaque"}, True),
        ({"transparency": "transparent"}, False),
        ({"status": "tentative"}, True),
        ({"attendees": [{"email": "a", "self": True, "responseStatus": "declined"}]}, False),
        ({"attendees": [{"email": "a", "self": True, "responseStatus": "tentative"}]}, True),
        ({"attendees": [{"email": "a", "self": True, "responseStatus": "needsAction"}]}, True),
        ({"attendees": [{"email": "b", "responseStatus": "declined"}]}, True),
        ({"eventType": "workingLocation"}, False),
        ({"eventType": "birthday"}, False),
        ({"eventType": "outOfOffice"}, True),
        ({"eventType": "focusTime"}, True),
        ({"eventType": "fromGmail", "transparency": "transparent"}, False),
        ({"eventType": "somethingNew"}, True),
        ({"eventType": "somethingNew", "transparency": "transparent"}, False),
    ],
)
def test_r18_whether_an_event_takes_its_time(changes: dict[str, Any], busy: bool) -> None:
    assert read("single", **changes).event.busy is busy


@pytest.mark.parametrize(
    "changes",
    [
        *({"eventType": kind} for kind in ("outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail")),
        {"eventType": "somethingNew"},
        {"locked": True},
        {"organizer": {"email": "ben@example.test"}},
        {"organizer": {"email": "ben@example.test", "self": False}},
        {"attendeesOmitted": True},
    ],
)
def test_r16_what_is_special_locked_or_somebody_else_s_is_never_written(changes: dict[str, Any]) -> None:
    assert read("single", **changes).traits.kind is Kind.FIXED


def test_r16_nothing_is_written_in_a_calendar_that_may_only_be_read() -> None:
    from dataclasses import replace

    assert observation(fixture("single"), replace(VIEW, writable=False)).traits.kind is Kind.FIXED


@pytest.mark.parametrize("name", ["working_location", "birthday", "focus_time", "invitation_declined"])
def test_r16_and_r18_of_the_kinds_that_google_documents(name: str) -> None:
    seen = read(name)
    assert (seen.traits.kind, seen.event.busy) == (Kind.FIXED, name == "focus_time")


@pytest.mark.parametrize(
    ("visibility", "private"),
    [(None, False), ("default", False), ("public", False), ("private", True), ("confidential", True)],
)
def test_r17_what_is_private(visibility: str | None, private: bool) -> None:
    assert read("single", visibility=visibility).traits.private is private


def test_guests_are_all_but_the_owner() -> None:
    assert read("with_guests").traits.guests
    assert not read("single", attendees=[{"email": "anna@gmail.example", "self": True}]).traits.guests
    assert read("single", attendeesOmitted=True).traits.guests


def test_an_invitation_is_not_the_owner_s_own() -> None:
    assert not read("invitation_declined").traits.own


# --- marks ------------------------------------------------------------------------------------------------------------


def test_our_mark_is_read_from_the_private_properties() -> None:
    assert read("ours").traits.mark == Mark(
        BRIDGE, 3, "30313233343536373839303132333435", "feedfacefeedface", "session-1", "wix",
        frozenset({Field.TITLE, Field.DESCRIPTION}),
    )  # fmt: skip
    assert read("with_guests").traits.mark is None


@pytest.mark.parametrize(
    "given",
    [
        mark(),
        mark(original="session-1", provider="google"),
        Mark(BRIDGE, 12, key("x"), "d", overridden=frozenset(Field)),
    ],
)
def test_a_mark_survives_its_properties(given: Mark) -> None:
    assert mark_from({"extendedProperties": {"private": properties(given)}}) == given


def test_no_property_is_longer_than_google_keeps() -> None:
    kept = properties(mark(original="x" * 1025))
    assert max(map(len, kept)) <= 44
    assert max(map(len, kept.values())) <= 1024
    assert mark_from({"extendedProperties": {"private": kept}}) == mark()


def test_a_copy_in_the_app_has_the_mark_and_another_id() -> None:
    assert read("ours", id="zz1b2c3d4e5f6g7h8i9j0k1l2m").traits.mark == read("ours").traits.mark


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_new_event_invites_and_reminds_nobody_and_lies_under_its_key() -> None:
    body = new_resource(draft("one", event(at(1), "Yoga", location="Studio")))
    assert body["id"] == key("one")
    assert "attendees" not in body
    assert body["reminders"] == {"useDefault": False}
    assert body["start"] == {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": BERLIN}
    assert (body["summary"], body["location"], body["transparency"]) == ("Yoga", "Studio", "opaque")
    assert "description" not in body


@pytest.mark.parametrize("name", ["Key", "abcw", "a_b_c_d", "abcd", ""])
def test_a_key_that_google_would_not_take_as_an_id_is_refused_here(name: str) -> None:
    from syncd.ports import Draft

    with pytest.raises(Rejected):
        new_resource(Draft(name, event(), mark()))


@pytest.mark.parametrize(
    ("when", "start", "end"),
    [
        (at(29, 8, month=3, tzid=BERLIN), "2026-03-29T10:00:00+02:00", "2026-03-29T11:00:00+02:00"),
        (at(28, 22, month=3, tzid=BERLIN), "2026-03-28T23:00:00+01:00", "2026-03-29T00:00:00+01:00"),
        (at(25, 0, month=10, tzid=BERLIN), "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"),
        (at(1, 12, tzid="UTC"), "2026-12-01T12:00:00+00:00", "2026-12-01T13:00:00+00:00"),
    ],
)
def test_a_time_is_written_in_its_zone_with_the_offset_that_tells_doubled_hours_apart(
    when: Timed, start: str, end: str
) -> None:
    body = new_resource(draft("one", event(when)))
    assert (body["start"], body["end"]) == (
        {"dateTime": start, "timeZone": when.tzid},
        {"dateTime": end, "timeZone": when.tzid},
    )
    assert identical(observation(body, VIEW).event.when, when)


@pytest.mark.parametrize("count", [1, 3])
def test_whole_days_are_written_as_dates(count: int) -> None:
    when = AllDay(date(2027, 3, 27), date(2027, 3, 27) + timedelta(days=count))
    body = new_resource(draft("one", event(when)))
    assert set(body["start"]) == set(body["end"]) == {"date"}
    assert observation(body, VIEW).event.when == when


@pytest.mark.parametrize("name", ["single", "all_day", "instance", "with_guests", "html_description", "ours"])
def test_writing_what_is_shown_writes_nothing(name: str) -> None:
    given = fixture(name)
    shown = observation(given, VIEW).event
    assert rewritten(given, shown, None, shown) is None


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        (Event(title="Tea"), {"summary"}),
        (Event(title=None), {"summary"}),
        (Event(location="Garden"), {"location"}),
        (Event(description="Text"), {"description"}),
        (Event(busy=False), {"transparency"}),
        (Event(when=at(5)), {"start", "end"}),
        (Event(when=AllDay(date(2026, 12, 5), date(2026, 12, 6))), {"start", "end"}),
    ],
)
def test_an_edit_changes_its_own_fields_and_nothing_else_of_the_resource(wanted: Event, changed: set[str]) -> None:
    given = fixture("with_guests")
    body = rewritten(given, wanted, mark(), observation(given, VIEW).event)
    assert body is not None
    assert {name for name in given | body if given.get(name) != body.get(name)} == changed
    assert observation(body, VIEW).event == wanted.over(observation(given, VIEW).event)
    assert given == fixture("with_guests"), "what was seen stays as it was seen"


def test_hours_that_become_days_leave_no_hour_behind() -> None:
    given = fixture("single")
    whole = rewritten(given, Event(when=AllDay(date(2026, 12, 5), date(2026, 12, 6))), None, Event())
    assert whole is not None
    assert whole["start"] == {"date": "2026-12-05"}
    back = rewritten(whole, Event(when=at(5)), None, Event())
    assert back is not None
    assert back["start"] == {"dateTime": "2026-12-05T10:00:00+01:00", "timeZone": BERLIN}


def test_a_new_mark_replaces_ours_and_leaves_the_properties_of_others() -> None:
    given = fixture("ours")
    given["extendedProperties"]["private"]["crm"] = "4711"
    given["extendedProperties"]["shared"] = {"room": "2"}
    body = rewritten(given, Event(), mark("two"), observation(given, VIEW).event)
    assert body is not None
    assert mark_from(body) == mark("two")
    assert body["extendedProperties"]["shared"] == {"room": "2"}
    assert body["extendedProperties"]["private"]["crm"] == "4711"


def test_an_event_made_by_hand_gets_no_mark() -> None:
    given = fixture("single")
    assert rewritten(given, Event(), mark(), observation(given, VIEW).event) is None


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_text_is_cut_to_what_google_keeps(name: Field) -> None:
    for text in ("x" * 9000, "<b> & " * 2000):
        body = new_resource(draft("one", event().put({name: text})))
        wire = {Field.TITLE: "summary", Field.DESCRIPTION: "description", Field.LOCATION: "location"}[name]
        assert len(body[wire]) <= LIMITS[name]
        shown = observation(body, VIEW).event.get(name)
        assert isinstance(shown, str)
        assert text.startswith(shown)


# --- descriptions -----------------------------------------------------------------------------------------------------


def test_a_description_of_the_app_is_read_as_its_text() -> None:
    assert clean_text(read("html_description").event.description) == (
        "Hello Anna & all,\nsee the plan (https://example.test/x?a=1&b=2)\n- one\n- two"
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("one<br>two", "one\ntwo"),
        ("one<br/>two\nthree", "one\ntwo\nthree"),
        ("a &lt;b&gt; c", "a <b> c"),
        ('<a href="https://example.test">https://example.test</a>', "https://example.test"),
        ('<a href="mailto:cleo@example.test">cleo@example.test</a>', "cleo@example.test"),
        ("<html-blob>x<br>y</html-blob>", "x\ny"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<b>unclosed", "unclosed"),
    ],
)
def test_markup_becomes_the_text_that_a_person_sees(markup: str, text: str) -> None:
    assert clean_text(to_text(markup)) == text


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "two\nlines",
        'a < b & c > d, "quoted" <tags> & entities;',
        "<b>not bold</b>",
        "&amp; stays",
        "x <br> y &nbsp; z",
        "&lt;",
        "Grüße, 日本語, 🧘‍♀️",
        "",
    ],
)
def test_every_text_of_ours_comes_back_to_the_letter(text: str) -> None:
    assert to_text(to_markup(text, 8000)) == text


def test_a_text_without_markup_is_sent_as_it_is() -> None:
    assert to_markup("a < b & c", 8000) == "a < b & c"


def test_a_link_rewritten_by_the_app_is_no_change_of_the_text() -> None:
    assert to_text("a<br>b &amp; c") == to_text("a\nb & c")
