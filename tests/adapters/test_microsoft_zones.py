"""Zones by the names that Graph gives them, and the names by which it takes ours.

Not here: series in such zones (test_series_agree), and where days and hours are written (test_microsoft_drafts).
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from adapters.microsoft.bodies import Body, put
from adapters.microsoft.mapping import when_from
from adapters.microsoft.zones import from_graph, to_graph
from syncd.model import AllDay, Field
from tests.adapters.wix_studio import NOW

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = 2
# What a clock of no Windows name does: two hours at once, from winter to summer.
NAMELESS = {"Antarctica/Troll"}


@cache
def offsets(name: str) -> list[tuple[datetime, timedelta | None]]:
    """Instants, to the half hour, from which on a zone counts with another offset."""
    zone, found = ZoneInfo(name), [(FIRST, FIRST.astimezone(ZoneInfo(name)).utcoffset())]
    for day in range(365 * YEARS):
        morning = FIRST + timedelta(days=day)
        if (morning + timedelta(days=1)).astimezone(zone).utcoffset() == found[-1][1]:
            continue
        for half in range(1, 49):
            at = morning + timedelta(minutes=30 * half)
            if (offset := at.astimezone(zone).utcoffset()) != found[-1][1]:
                found.append((at, offset))
    return found


def test_every_windows_name_is_a_zone_that_this_machine_knows() -> None:
    names = {name: from_graph(name) for name in WINDOWS_TO_OLSON}
    assert len(names) > 130
    assert not {name for name, iana in names.items() if iana not in available_timezones()}


def test_every_windows_name_is_found_again_by_its_zone() -> None:
    assert not {name: to_graph(iana) for name, iana in WINDOWS_TO_OLSON.items() if to_graph(iana) != name}


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        (" Eastern Standard Time ", "America/New_York"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("Morocco Standard Time", "Africa/Casablanca"),
        ("Europe/Vienna", "Europe/Vienna"),
        ("europe/vienna", "Europe/Vienna"),
        ("UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("Etc/GMT", "UTC"),
    ],
)
def test_a_zone_is_known_by_its_windows_or_iana_name(name: str, iana: str) -> None:
    assert from_graph(name) == iana


@pytest.mark.parametrize(
    "name", ["tzone://Microsoft/Custom", "Customized Time Zone", "Mars/Olympus", "", "../etc/passwd"]
)
def test_a_zone_that_nobody_else_knows_has_no_name(name: str) -> None:
    assert from_graph(name) is None
    assert to_graph(name) is None


@pytest.mark.parametrize(
    ("iana", "name"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("America/Toronto", "Eastern Standard Time"),  # whose clock changes in the same night as Havana's
        ("Asia/Calcutta", "India Standard Time"),
        ("Israel", "Israel Standard Time"),  # on another day than its neighbours, in the same week
        ("Asia/Nicosia", "FLE Standard Time"),
        ("Africa/El_Aaiun", "Morocco Standard Time"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_is_written_by_the_windows_name_that_counts_as_it_does(iana: str, name: str) -> None:
    assert to_graph(iana) == name


def test_a_clock_of_whatever_zone_shows_the_same_under_its_windows_name_at_any_hour_of_two_years() -> None:
    """Every zone that a site may have. One shift of an hour, and whoever reads a day at midnight reads another one."""
    named = {iana: to_graph(iana) for iana in available_timezones()}
    assert {iana for iana, name in named.items() if name is None} == NAMELESS
    wrong = {
        iana: name
        for iana, name in named.items()
        if name is not None and offsets(iana) != offsets(from_graph(name) or "")
    }
    assert not wrong


def test_a_day_keeps_its_date_there_and_back_wherever_the_schedule_is() -> None:
    """Both ends at midnight in one zone that Graph takes; a zone without a name there is no reason to refuse."""
    day = AllDay(date(2026, 3, 8), date(2026, 3, 9))
    zones: set[str] = set()
    for home in available_timezones():
        body: Body = {}
        put(body, Field.WHEN, day, home)
        assert [body[edge]["dateTime"] for edge in ("start", "end")] == [
            "2026-03-08T00:00:00.0000000",
            "2026-03-09T00:00:00.0000000",
        ], home
        assert body["start"]["timeZone"] == body["end"]["timeZone"], home
        assert when_from(body, home) == day, home
        zones.add(body["start"]["timeZone"])
    assert len(zones) > 100
    assert zones <= WINDOWS_TO_OLSON.keys()


def test_a_day_of_a_schedule_whose_zone_has_no_name_is_written_in_utc() -> None:
    body: Body = {}
    put(body, Field.WHEN, AllDay(date(2026, 3, 8), date(2026, 3, 9)), "Antarctica/Troll")
    assert body["start"] == {"dateTime": "2026-03-08T00:00:00.0000000", "timeZone": "UTC"}


@pytest.mark.parametrize("name", ["tzone://Microsoft/Custom", None, "Mars/Olympus"])
def test_hours_of_an_organiser_in_a_zone_without_a_name_are_the_schedules(name: str | None) -> None:
    edge = {"dateTime": f"{NOW:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
    when = when_from({"start": edge, "end": edge, "originalStartTimeZone": name}, "Europe/Berlin")
    assert not isinstance(when, AllDay)
    assert getattr(when, "tzid", None) == "Europe/Berlin"
    assert getattr(when, "start", None) == NOW
