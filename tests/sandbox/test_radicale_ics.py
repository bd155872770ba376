"""Neutral outside events as iCalendar: read back by the library, and byte for byte where it matters."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event
from recurring_ical_events import of

from syncd.sandbox.ics import render

BERLIN = ZoneInfo("Europe/Berlin")
DENTIST: dict[str, Any] = {
    "uid": "dentist@example.test",
    "title": "Dentist; bring papers, please",
    "description": "line one\nline two",
    "location": "Main Street 1",
    "start": datetime(2030, 3, 4, 9, tzinfo=BERLIN),
    "end": datetime(2030, 3, 4, 10, tzinfo=BERLIN),
    "zone": "Europe/Berlin",
    "private": False,
    "free": False,
    "rrule": None,
}


def read(rendered: bytes) -> Event:
    (event,) = Calendar.from_ical(rendered).walk("VEVENT")
    assert isinstance(event, Event)
    return event


def test_event_says_what_it_was_given() -> None:
    event = read(render(DENTIST))

    assert event["uid"] == "dentist@example.test"
    assert event["summary"] == "Dentist; bring papers, please"
    assert event["description"] == "line one\nline two"
    assert event["location"] == "Main Street 1"
    assert (event.start, event.end) == (DENTIST["start"], DENTIST["end"])
    assert event["transp"] == "OPAQUE"
    assert "class" not in event


def test_nobody_is_invited_and_nothing_rings() -> None:
    rendered = render(DENTIST)

    assert not any(word in rendered for word in (b"METHOD", b"ORGANIZER", b"ATTENDEE", b"VALARM"))


def test_private_and_free_are_marked() -> None:
    event = read(render({**DENTIST, "private": True, "free": True}))

    assert (event["class"], event["transp"]) == ("PRIVATE", "TRANSPARENT")


def test_event_without_zone_is_written_in_utc() -> None:
    rendered = render({**DENTIST, "zone": None})

    assert b"DTSTART:20300304T080000Z" in rendered
    assert b"VTIMEZONE" not in rendered


def test_all_day_event_has_dates_and_an_exclusive_end() -> None:
    rendered = render({**DENTIST, "start": date(2030, 3, 4), "end": date(2030, 3, 6), "zone": None})

    assert b"DTSTART;VALUE=DATE:20300304" in rendered
    assert b"DTEND;VALUE=DATE:20300306" in rendered


@pytest.mark.parametrize(
    ("first", "utc_hours"),
    [(datetime(2030, 3, 25, 9, tzinfo=BERLIN), [8, 7]), (datetime(2030, 10, 21, 9, tzinfo=BERLIN), [7, 8])],
    ids=["spring", "autumn"],
)
def test_weekly_series_keeps_its_local_hour_across_the_change_of_clocks(first: datetime, utc_hours: list[int]) -> None:
    weekly = {**DENTIST, "start": first, "end": first.replace(hour=10), "rrule": "FREQ=WEEKLY;COUNT=2"}

    calendar = Calendar.from_ical(render(weekly))

    assert [zone["tzid"] for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    found = of(calendar).between(first, first + timedelta(days=14))
    assert [event.start.astimezone(UTC).hour for event in found] == utc_hours


def test_same_event_is_the_same_bytes_and_a_stamp_can_be_given() -> None:
    stamped = render(DENTIST, stamp=datetime(2029, 1, 1, tzinfo=UTC))

    assert render(DENTIST) == render(dict(DENTIST))
    assert b"DTSTAMP:20290101T000000Z" in stamped


def test_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        render({**DENTIST, "start": datetime(2030, 3, 4, 9)})  # noqa: DTZ001
