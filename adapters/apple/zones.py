"""TZID ↔ IANA zone: names of other systems, zones that only a VTIMEZONE defines, and the VTIMEZONEs we write.

Times are always resolved from their wall time and the TZID beside them, object by object: a definition of one object
never leaks into another that uses the same name. Not here: the properties that carry times (mapping, series).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from adapters.apple.ics import UNREADABLE, Component, Line, MalformedError, parse

UTC_NAMES: Final = frozenset({"UTC", "Z", "GMT", "Etc/UTC", "Etc/GMT", "Etc/Zulu", "Zulu", "Etc/UCT", "UCT"})
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?")
_DAY: Final = timedelta(days=1)
_MAX_ONSETS: Final = 500
# Of all rules of a definition together: those of Outlook begin in 1601.
_MAX_YEARS: Final = 2000
_LAST_YEAR: Final = 2038
# What a yearly change of the clock is told by, and how many values each part may have.
_PARTS: Final = {"FREQ": 1, "INTERVAL": 1, "BYMONTH": 1, "BYDAY": 1, "BYMONTHDAY": 8, "BYYEARDAY": 8}
_ENDS: Final = ("COUNT", "UNTIL", "WKST")
_TOLD: Final = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE")
_LONGEST_NAME: Final = 200
# Noon of every week of two years: enough to tell two sets of yearly rules apart.
_PROBES: Final = tuple(datetime(2026, 1, 1, 12) + timedelta(weeks=n) for n in range(104))  # noqa: DTZ001 - wall times


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone to count in, and the IANA name by which the core knows it ("UTC" when it has none)."""

    name: str
    tz: tzinfo

    def instant(self, wall: datetime) -> datetime:
        """The instant of a wall time; one that occurs twice is the first, one in a gap takes the offset before it
        (RFC 5545, 3.3.5)."""
        return wall.replace(tzinfo=self.tz, fold=0).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """The naive wall time of an instant."""
        return instant.astimezone(self.tz).replace(tzinfo=None, fold=0)


class Zones:
    """The zones that one object names. `home`: where its floating times are."""

    def __init__(self, calendar: Component, home: str) -> None:
        self.home = iana(home) or Zone("UTC", UTC)
        self._defined = {part.text("TZID") or "": part for part in calendar.parts("VTIMEZONE")}
        self._known: dict[str, Zone] = {}

    def __getitem__(self, tzid: str | None) -> Zone:
        """The zone of a TZID, the home zone for None. Raises MalformedError for one that nothing explains."""
        if tzid is None:
            return self.home
        if tzid not in self._known:
            self._known[tzid] = self._resolved(tzid)
        return self._known[tzid]

    def _resolved(self, tzid: str) -> Zone:
        definition = self._defined.get(tzid)
        named = definition.text("X-LIC-LOCATION") if definition else None
        found = iana(tzid) or (iana(named) if named else None)
        if found is None and definition is not None:
            found = _from_definition(definition, self.home)
        found = found or _fixed(tzid)
        if found is None:
            raise MalformedError("its time zone is unknown")
        return found


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def iana(tzid: str) -> Zone | None:
    """The zone for an IANA name, one with a vendor's prefix before it, or a Windows name."""
    plain = tzid.strip().strip('"')
    # Names are remembered, so the long ones of a hostile object must not be.
    return _iana(plain) if len(plain) < _LONGEST_NAME else None


@lru_cache(maxsize=512)
def _iana(plain: str) -> Zone | None:
    if plain in UTC_NAMES:
        return Zone("UTC", UTC)
    parts = plain.split("/")
    # "/freeassociation.sourceforge.net/Europe/Berlin" and the like: RFC 5545, 3.8.3.1 allows a prefix.
    tails = ["/".join(parts[at:]) for at in range(min(len(parts), 8))]
    candidates = [plain, WINDOWS_TO_OLSON.get(plain, ""), *(tail for tail in tails if "/" in tail)]
    for candidate in candidates:
        name = _names().get(candidate.lower())
        if name is not None:
            try:
                return Zone(name, ZoneInfo(name))
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return None


def _fixed(tzid: str) -> Zone | None:
    """`GMT+0500` and `UTC-03:30`; whole hours have an IANA name, whose sign is the other way round."""
    found = _OFFSET.fullmatch(tzid.strip())
    if found is None or int(found[2]) > 14 or int(found[3] or 0) > 59:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    sign = 1 if found[1] == "+" else -1
    name = "UTC" if minutes else f"Etc/GMT{'-' if sign > 0 else '+'}{hours}"
    # West of Greenwich the names end at twelve hours.
    known = name if name.lower() in _names() else "UTC"
    return Zone(known, timezone(sign * timedelta(hours=hours, minutes=minutes)))


def _from_definition(definition: Component, home: Zone) -> Zone | None:
    """The zone that a VTIMEZONE defines; one that counts like the home zone is the home zone.

    Only yearly rules are followed: anything finer is not a zone but a trap.
    """
    onsets = definition.parts("STANDARD") + definition.parts("DAYLIGHT")
    dates = sum(line.value.count(",") + 1 for onset in onsets for line in onset.lines("RDATE"))
    if not onsets or max(len(onsets), dates) > _MAX_ONSETS or not _is_yearly(onsets):
        return None
    try:
        parsed = Timezone.from_ical(_bare(onsets).serialised())
        if not isinstance(parsed, Timezone):
            return None
        tz = parsed.to_tz(lookup_tzid=False)
        same = all(wall.replace(tzinfo=tz).utcoffset() == wall.replace(tzinfo=home.tz).utcoffset() for wall in _PROBES)
    except UNREADABLE as error:
        raise MalformedError("its time zone cannot be used") from error
    return home if same else Zone("UTC", tz)


def _is_yearly(onsets: list[Component]) -> bool:
    """Whether all rules are yearly, with few changes each year, and not too many years of them."""
    years = 0
    for onset in onsets:
        for line in onset.lines("RRULE"):
            parts = [part.partition("=") for part in line.value.strip().upper().split(";") if part]
            found = {name: value for name, _, value in parts}
            few = all(name in _ENDS or value.count(",") < _PARTS.get(name, 0) for name, value in found.items())
            if not few or len(found) < len(parts) or found.get("FREQ") != "YEARLY":
                return False
            years += max(1, _year(found.get("UNTIL", ""), _LAST_YEAR) - _year(onset.word("DTSTART"), 1))
    return years <= _MAX_YEARS


def _year(value: str, default: int) -> int:
    return int(value[:4]) if value[:4].isascii() and value[:4].isdigit() else default


def _bare(onsets: list[Component]) -> Component:
    """A definition with what tells the changes of the clock alone, under one name for all.

    The library keeps every name that it reads for as long as the process lives.
    """
    bare = Component("VTIMEZONE", [Line.make("TZID", "defined")])
    for onset in onsets:
        told = [Line.make(name, line.value) for name in _TOLD for line in onset.lines(name)]
        bare.items.append(Component(onset.name, [*told]))
    return bare


@lru_cache(maxsize=256)
def definition(tzid: str, year: int) -> Component:
    """A VTIMEZONE for an IANA zone that is right from the year before to the year after `year`."""
    zone, year = ZoneInfo(tzid), min(max(year, 2), 9997)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    begin = datetime(year - 1, 1, 1, tzinfo=UTC)
    lines += _onset("STANDARD", _offset(zone, begin), zone, begin)
    for instant in _transitions(zone, begin, datetime(year + 2, 1, 1, tzinfo=UTC)):
        kind = "DAYLIGHT" if instant.astimezone(zone).dst() else "STANDARD"
        lines += _onset(kind, _offset(zone, instant - timedelta(seconds=1)), zone, instant)
    lines.append("END:VTIMEZONE")
    wrapped = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])
    return parse(wrapped).parts("VTIMEZONE")[0]


def _onset(kind: str, before: timedelta, zone: ZoneInfo, instant: datetime) -> list[str]:
    """One observance. Its DTSTART is a wall time by the offset before it (RFC 5545, 3.6.5)."""
    local = (instant + before).replace(tzinfo=None)
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{local:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_signed(before)}",
        f"TZOFFSETTO:{_signed(_offset(zone, instant))}",
        f"TZNAME:{instant.astimezone(zone).tzname()}",
        f"END:{kind}",
    ]


def _transitions(zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    found, day = [], begin
    while day < end:
        if _offset(zone, day) != _offset(zone, day + _DAY):
            low, high = day, day + _DAY
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, day) else (low, middle)
            found.append(high.replace(microsecond=0))
        day += _DAY
    return found


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _signed(offset: timedelta) -> str:
    seconds = round(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, second = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}" + (f"{second:02}" if second else "")


def written(instant: datetime, tzid: str) -> tuple[str, str | None]:
    """A DATE-TIME value for an instant and the TZID to stand beside it (None: the value is in UTC).

    A wall time that occurs twice means its first occurrence, so the second is written in UTC.
    """
    zone = iana(tzid)
    if zone is None or zone.name == "UTC":
        return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}", None
    wall = zone.wall(instant)
    if zone.instant(wall) != instant.replace(microsecond=0).astimezone(UTC):
        return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}", None
    return f"{wall:%Y%m%dT%H%M%S}", zone.name


def day(value: date) -> str:
    """A DATE value."""
    return f"{value:%Y%m%d}"
