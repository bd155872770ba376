"""Names of zones, and the arithmetic of days, without HTTP."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncd.sandbox.microsoft.moments import read_edges, show_moment
from syncd.sandbox.microsoft.patterns import patterned
from syncd.sandbox.microsoft.switches import SWITCHES
from syncd.sandbox.microsoft.zones import CUSTOM, is_known, place, windows_name
from syncd.sandbox.switching import Switches
from tests.sandbox.microsoft.site import Site, at, weekly


@pytest.mark.parametrize(
    ("windows", "iana"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("GMT Standard Time", "Europe/London"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("India Standard Time", "Asia/Kolkata"),
        ("pacific standard time", "America/Los_Angeles"),
    ],
)
def test_a_windows_name_has_the_rules_of_its_place(windows: str, iana: str) -> None:
    for month in (1, 4, 7, 10):
        moment = datetime(2027, month, 1, 12)  # noqa: DTZ001 - the zone follows
        assert moment.replace(tzinfo=place(windows)).utcoffset() == moment.replace(tzinfo=ZoneInfo(iana)).utcoffset()


@pytest.mark.parametrize("iana", ["Europe/Berlin", "Asia/Tokyo", "America/New_York"])
def test_an_iana_zone_has_a_windows_name_with_its_rules(iana: str) -> None:
    name = windows_name(iana)
    assert "/" not in name
    moment = datetime(2027, 7, 1, 12)  # noqa: DTZ001 - the zone follows
    assert moment.replace(tzinfo=place(name)).utcoffset() == moment.replace(tzinfo=ZoneInfo(iana)).utcoffset()


def test_what_windows_has_no_name_for_keeps_its_own() -> None:
    assert windows_name("Europe/Busingen") == "Europe/Busingen"
    assert windows_name("Etc/UTC") == windows_name("UTC") == "UTC"


@pytest.mark.parametrize(
    ("name", "names", "known"),
    [
        ("W. Europe Standard Time", "none", True),
        ("Europe/Berlin", "published", True),
        ("Europe/Berlin", "none", False),
        ("Europe/Busingen", "published", False),
        ("Europe/Busingen", "all", True),
        (CUSTOM, "published", False),
        ("", "all", False),
    ],
)
def test_which_names_are_taken(name: str, names: str, known: bool) -> None:
    assert is_known(name, names) is known


def test_times_keep_six_of_seven_digits() -> None:
    value = {"dateTime": "2026-11-24T09:00:00.1234567", "timeZone": "UTC"}
    start, _ = read_edges(value, value, all_day=False, switches=Switches(SWITCHES))
    assert show_moment(start, "UTC")["dateTime"] == "2026-11-24T09:00:00.1234560"


@pytest.mark.parametrize(
    "zone", ["AUS Eastern Standard Time", "Pacific Standard Time", "E. South America Standard Time"]
)
def test_a_series_keeps_its_local_time_through_a_year(microsoft: Site, zone: str) -> None:
    edges = {"start": at("2026-11-24T09:00", zone), "end": at("2026-11-24T10:00", zone)}
    microsoft.create(recurrence=weekly(52), **edges)
    rows = microsoft.view(f'outlook.timezone="{zone}"', start="2026-11-01T00:00:00", end="2027-12-31T00:00:00")
    assert len(rows) == 52
    assert {row["start"]["dateTime"][11:16] for row in rows} == {"09:00"}
    assert {row["end"]["dateTime"][11:16] for row in rows} == {"10:00"}
    utc = microsoft.view(start="2026-11-01T00:00:00", end="2027-12-31T00:00:00")
    offsets = {place(zone).utcoffset(datetime(2027, month, 15)) for month in range(1, 13)}  # noqa: DTZ001 - local
    assert len({row["start"]["dateTime"][11:16] for row in utc}) == len(offsets)


def test_the_far_sides_of_the_date_line_are_within_the_window(microsoft: Site) -> None:
    for zone in ("Line Islands Standard Time", "Dateline Standard Time"):
        microsoft.create(recurrence=weekly(1), start=at("2026-11-24T00:30", zone), end=at("2026-11-24T23:30", zone))
    for row in microsoft.view():
        moment = row["start"]["dateTime"][:19]
        end = (datetime.fromisoformat(moment) + timedelta(minutes=1)).isoformat()
        assert row["id"] in {found["id"] for found in microsoft.view(start=moment, end=end)}


@pytest.mark.parametrize(
    ("rrule", "kind", "more"),
    [
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", "daily", {"interval": 2}),
        ("FREQ=WEEKLY;BYDAY=TU,FR", "weekly", {"daysOfWeek": ["tuesday", "friday"]}),
        ("FREQ=WEEKLY", "weekly", {"daysOfWeek": ["tuesday"]}),
        ("FREQ=MONTHLY;BYMONTHDAY=24", "absoluteMonthly", {"dayOfMonth": 24}),
        ("FREQ=MONTHLY;BYDAY=-1TU", "relativeMonthly", {"index": "last", "daysOfWeek": ["tuesday"]}),
        ("FREQ=YEARLY", "absoluteYearly", {"dayOfMonth": 24, "month": 11}),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TU", "relativeYearly", {"index": "fourth", "month": 11}),
    ],
)
def test_a_rule_becomes_a_pattern(rrule: str, kind: str, more: dict[str, object]) -> None:
    found = patterned(rrule, date(2026, 11, 24), "UTC")
    assert found["pattern"]["type"] == kind
    assert more.items() <= found["pattern"].items()


def test_an_end_of_a_rule_becomes_a_range() -> None:
    until = patterned("FREQ=DAILY;UNTIL=20261201T080000Z", date(2026, 11, 24), "UTC")["range"]
    assert (until["type"], until["endDate"]) == ("endDate", "2026-12-01")
    assert patterned("FREQ=DAILY", date(2026, 11, 24), "UTC")["range"]["type"] == "noEnd"


@pytest.mark.parametrize("rrule", ["FREQ=DAILY;BYHOUR=9", "FREQ=MONTHLY;BYDAY=5TU", "FREQ=MONTHLY;BYDAY=-2TU"])
def test_a_rule_that_outlook_cannot_say_is_refused(rrule: str) -> None:
    with pytest.raises(ValueError, match="no "):
        patterned(rrule, date(2026, 11, 24), "UTC")
