"""Zones by all the names that calendars give them, on both sides of each change of the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.apple import zones
from adapters.apple.ics import MalformedError, parse
from adapters.apple.zones import Zones, definition, iana, written
from tests.adapters.apple_world import fixture

wall = datetime.fromisoformat


def known(text: str = "BEGIN:VCALENDAR\nEND:VCALENDAR") -> Zones:
    return Zones(parse(text), "Europe/Berlin")


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/America/New_York", "America/New_York"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_is_known_by_its_iana_windows_or_prefixed_name(tzid: str, name: str) -> None:
    zone = iana(tzid)
    assert zone is not None
    assert zone.name == name


def test_a_name_of_an_offset_counts_by_that_offset() -> None:
    zone = known()["GMT+0500"]
    assert (zone.name, zone.instant(wall("2026-07-01T12:00"))) == ("Etc/GMT-5", datetime(2026, 7, 1, 7, tzinfo=UTC))
    assert known()["UTC-03:30"].instant(wall("2026-07-01T12:00")) == datetime(2026, 7, 1, 15, 30, tzinfo=UTC)


def test_a_zone_that_only_its_definition_explains_counts_by_it() -> None:
    zone = known(fixture("custom_zone"))["Customized Time Zone"]
    assert zone.instant(wall("2026-07-01T12:00")) == datetime(2026, 7, 1, 6, 15, tzinfo=UTC)


def test_two_objects_may_define_one_name_differently() -> None:
    text = fixture("custom_zone")
    other = text.replace("TZOFFSETTO:+0545", "TZOFFSETTO:-0200")
    assert known(text)["Customized Time Zone"].instant(wall("2026-07-01T12:00")).hour == 6
    assert known(other)["Customized Time Zone"].instant(wall("2026-07-01T12:00")).hour == 14


def test_a_definition_that_counts_like_the_calendars_zone_is_that_zone() -> None:
    text = fixture("outlook_zone").replace("W. Europe Standard Time", "My own zone")
    assert known(text)["My own zone"].name == "Europe/Berlin"


def test_a_zone_that_nothing_explains_is_refused() -> None:
    with pytest.raises(MalformedError, match="its time zone is unknown"):
        known()["Mars/Olympus"]


def test_a_definition_that_changes_the_clock_every_second_is_not_followed() -> None:
    text = fixture("custom_zone").replace("TZOFFSETFROM", "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM")
    with pytest.raises(MalformedError, match="its time zone is unknown"):
        known(text)["Customized Time Zone"]


def test_a_definition_with_changes_without_number_is_not_followed() -> None:
    dates = ",".join(f"19{year:02}{month:02}01T030000" for year in range(70, 99) for month in range(1, 13)) + ","
    text = fixture("custom_zone").replace("TZOFFSETFROM", f"RDATE:{dates}{dates.removesuffix(',')}\r\nTZOFFSETFROM", 1)
    with pytest.raises(MalformedError, match="its time zone is unknown"):
        known(text)["Customized Time Zone"]


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (wall("2026-03-29T01:59"), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (wall("2026-03-29T02:30"), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # in the gap: the offset before it
        (wall("2026-03-29T03:00"), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (wall("2026-10-25T02:30"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first
        (wall("2026-10-25T03:00"), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_wall_times_around_both_changes_of_the_clock(local: datetime, instant: datetime) -> None:
    assert known()["Europe/Berlin"].instant(local) == instant


def test_the_second_of_two_equal_wall_times_is_written_in_utc() -> None:
    assert written(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin") == ("20261025T023000", "Europe/Berlin")
    assert written(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin") == ("20261025T013000Z", None)


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]


@given(st.sampled_from(ZONES), st.datetimes(wall("2026-01-01T00:00"), wall("2027-12-31T00:00"), timezones=st.just(UTC)))
def test_what_is_written_means_the_same_instant_by_iana_and_by_our_definition(tzid: str, instant: datetime) -> None:
    instant = instant.replace(microsecond=0)
    value, named = written(instant, tzid)
    local = wall(value.rstrip("Z"))
    if named is None:
        assert local.replace(tzinfo=UTC) == instant
        return
    assert local.replace(tzinfo=ZoneInfo(tzid)).astimezone(UTC) == instant
    ours = definition(tzid, instant.year).serialised().replace(f"TZID:{tzid}", "TZID:Ours")
    read = Zones(parse(f"BEGIN:VCALENDAR\r\n{ours}END:VCALENDAR\r\n"), "UTC")["Ours"]
    assert read.instant(local) == instant


def test_the_definition_of_a_zone_without_changes_has_one_observance() -> None:
    part = definition("Asia/Kathmandu", 2026)
    assert [inner.name for inner in part.parts("STANDARD") + part.parts("DAYLIGHT")] == ["STANDARD"]
    assert zones.day(datetime(2026, 7, 1, tzinfo=UTC)) == "20260701"
