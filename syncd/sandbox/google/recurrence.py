"""The occurrences of a series: which starts its RRULE, EXRULE, RDATE and EXDATE lines give in its own zone.

Local times repeat (RFC 5545, 3.3.10); one that a zone skips is read with the offset before the gap, one that comes
twice is the first. Not here: exceptions, and which occurrences a list shows (`listing.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

from syncd.sandbox.google.errors import GoogleError
from syncd.sandbox.google.values import Event, Moment

_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:]+)?):(.+)")
_PERIODS = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_CACHED_SERIES = 512


def check_recurrence(lines: tuple[str, ...], start: Moment) -> None:
    """400 for lines that are no recurrence, or that give no occurrence at all."""
    try:
        first = next(_naive(lines, start.local, start.zone), None)
    except (ValueError, TypeError, KeyError) as error:
        raise GoogleError("invalid", "Invalid recurrence rule.", ("parameter", "recurrence")) from error
    if first is None:
        raise GoogleError("invalid", "The recurring event has no instances.", ("parameter", "recurrence"))


def starts(master: Event, before: datetime) -> list[Moment]:
    """Starts of the series earlier than `before` (aware), in order, exceptions not considered."""
    found = _starts(master.recurrence, master.start, before)
    return list(found)


def occurrence(master: Event, start: Moment) -> Event:
    """The occurrence at one of its starts, as the series alone makes it."""
    return replace(
        master,
        id=f"{master.id}_{start.stamp}",
        start=start,
        end=_shifted(master.end, master.start, start),
        recurrence=(),
        series_id=master.id,
        original=start,
    )


def find_start(master: Event, stamp: str) -> Moment | None:
    """The start that a stamp in an instance's id names; None when the series has none there."""
    match = re.fullmatch(r"(\d{8})(?:T(\d{6})Z)?", stamp)
    if match is None:
        return None
    try:
        at = datetime.strptime(match.group(1) + (match.group(2) or "000000"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    found = starts(master, at + timedelta(days=2))
    return next((start for start in found if start.stamp == stamp), None)


@lru_cache(_CACHED_SERIES)
def _starts(lines: tuple[str, ...], first: Moment, before: datetime) -> tuple[Moment, ...]:
    found = []
    limit = before.astimezone(ZoneInfo(first.zone)).replace(tzinfo=None)
    for local in _naive(lines, first.local, first.zone):
        if local >= limit:
            break
        at = local.date() if first.all_day else local.replace(tzinfo=ZoneInfo(first.zone)).astimezone(UTC)
        found.append(Moment(at, first.zone))
    return tuple(found)


def _naive(lines: tuple[str, ...], first: datetime, zone: str) -> Iterator[datetime]:
    """Local starts, in order and without end when the rule has none. Raises ValueError for what is no recurrence."""
    rules = rruleset()
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(line)
        name, parameters, value = match.groups()
        if name == "RRULE":
            rules.rrule(_rule(value, first, zone))
        elif name == "EXRULE":
            rules.exrule(_rule(value, first, zone))
        else:
            for text in value.split(","):
                at = _read_local(text, parameters, first, zone)
                (rules.rdate if name == "RDATE" else rules.exdate)(at)
    return iter(rules)


def _rule(text: str, first: datetime, zone: str) -> rrule:
    parts = dict(part.split("=", 1) for part in text.split(";") if part)
    if parts.get("FREQ") not in _PERIODS:
        raise ValueError(text)
    if "UNTIL" in parts:
        parts["UNTIL"] = _until(parts["UNTIL"], zone).strftime("%Y%m%dT%H%M%S")
    found = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=first)
    if not isinstance(found, rrule):
        raise TypeError(text)
    return found


def _until(text: str, zone: str) -> datetime:
    """UNTIL is inclusive; a date covers its whole day."""
    if "T" not in text:
        return datetime.combine(_date(text), time(23, 59, 59))
    return _local(text, zone, zone)


def _read_local(text: str, parameters: str, first: datetime, zone: str) -> datetime:
    if "T" not in text:
        return datetime.combine(_date(text), first.time())
    named = re.search(r";TZID=([^;:]+)", parameters)
    return _local(text, named.group(1) if named else zone, zone)


def _local(text: str, written_in: str, zone: str) -> datetime:
    naive = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone follows
    place = UTC if text.endswith("Z") else ZoneInfo(written_in)
    return naive.replace(tzinfo=place).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def _shifted(end: Moment, first: Moment, start: Moment) -> Moment:
    """The end of an occurrence: the exact duration of the first one (RFC 5545, 3.8.5.3)."""
    return Moment(start.at + (end.at - first.at), end.zone)
