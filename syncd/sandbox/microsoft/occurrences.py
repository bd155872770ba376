"""The occurrences of a series: the days that a pattern gives, and the events on them by the clock of its zone.

A clock time that a zone skips is read with the offset before the gap, one that comes twice is the first. A day of the
month that a month does not have is its last one. Not here: exceptions, and which occurrences an answer shows.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count, takewhile
from typing import Final

from syncd.sandbox.microsoft.ids import occurrence_id
from syncd.sandbox.microsoft.values import Event, Moment, Recurrence
from syncd.sandbox.microsoft.zones import place

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES: Final = ("first", "second", "third", "fourth", "last")

_CACHED_SERIES: Final = 512
_LAST_YEAR: Final = 4500  # Exchange ends what has no end there


def days(recurrence: Recurrence, before: date) -> tuple[date, ...]:
    """The days of a series earlier than `before`, in order."""
    found = _days(recurrence, before.year)
    return found[: bisect_left(found, before)]


def occurrence_on(master: Event, day: date) -> Event | None:
    """The plain occurrence on a day; None when the series has none there."""
    if master.recurrence is None or day not in _day_set(master.recurrence, day.year + 1):
        return None
    return occurrence(master, master.recurrence, day)


def occurrence(master: Event, recurrence: Recurrence, day: date) -> Event:
    """The occurrence on one of its days, as the series alone makes it."""
    start = _moved(master, recurrence, master.start, day)
    return replace(
        master,
        id=occurrence_id(master.id, day),
        start=start,
        end=_moved(master, recurrence, master.end, day),
        recurrence=None,
        series_id=master.id,
        original=start,
        day=day,
        transaction_id=None,
    )


def occurrences(master: Event, since: date, before: date) -> list[Event]:
    """The plain occurrences of a series on days from one to before another."""
    if master.recurrence is None:
        return []
    found = days(master.recurrence, before)
    return [occurrence(master, master.recurrence, day) for day in found[bisect_left(found, since) :]]


def first_day(recurrence: Recurrence) -> date | None:
    """The first day of a series; None when it has none at all."""
    found = _days(recurrence, recurrence.start.year + 30)
    return found[0] if found else None


def _moved(master: Event, recurrence: Recurrence, edge: Moment, day: date) -> Moment:
    zone = place(recurrence.zone)
    first = _clock(master.start, recurrence).date()
    if not isinstance(edge.at, datetime):
        return Moment(day + (edge.at - first), edge.zone)
    local = _clock(edge, recurrence) + (day - first)
    return Moment(local.replace(tzinfo=zone).astimezone(UTC), edge.zone)


def _clock(edge: Moment, recurrence: Recurrence) -> datetime:
    """What the clock of the series shows at an edge."""
    if isinstance(edge.at, datetime):
        return edge.at.astimezone(place(recurrence.zone)).replace(tzinfo=None)
    return edge.local


@lru_cache(_CACHED_SERIES)
def _day_set(recurrence: Recurrence, year: int) -> frozenset[date]:
    return frozenset(_days(recurrence, year))


@lru_cache(_CACHED_SERIES)
def _days(recurrence: Recurrence, year: int) -> tuple[date, ...]:
    """The days of a series up to the end of a year."""
    limit = date(min(year, _LAST_YEAR), 12, 31)
    if recurrence.until is not None:
        limit = min(limit, recurrence.until)
    found = []
    for day in takewhile(lambda day: day <= limit, _PATTERNS[recurrence.type](recurrence)):
        if day >= recurrence.start:
            found.append(day)
        if recurrence.count and len(found) == recurrence.count:
            break
    return tuple(found)


def _daily(recurrence: Recurrence) -> Iterator[date]:
    return (recurrence.start + timedelta(days=step * recurrence.interval) for step in count())


def _weekly(recurrence: Recurrence) -> Iterator[date]:
    first = WEEKDAYS.index(recurrence.first_day_of_week)
    week = recurrence.start - timedelta(days=(recurrence.start.weekday() - first) % 7)
    offsets = sorted((WEEKDAYS.index(day) - first) % 7 for day in recurrence.days_of_week)
    for step in count():
        for offset in offsets:
            yield week + timedelta(days=7 * recurrence.interval * step + offset)


def _months(recurrence: Recurrence) -> Iterator[tuple[int, int]]:
    months = recurrence.start.year * 12 + recurrence.start.month - 1
    return ((number // 12, number % 12 + 1) for number in count(months, recurrence.interval))


def _years(recurrence: Recurrence) -> Iterator[tuple[int, int]]:
    return ((year, recurrence.month) for year in count(recurrence.start.year, recurrence.interval))


def _absolute(recurrence: Recurrence, months: Iterator[tuple[int, int]]) -> Iterator[date]:
    for year, month in months:
        yield date(year, month, min(recurrence.day_of_month, monthrange(year, month)[1]))


def _relative(recurrence: Recurrence, months: Iterator[tuple[int, int]]) -> Iterator[date]:
    wanted = {WEEKDAYS.index(day) for day in recurrence.days_of_week}
    for year, month in months:
        month_days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
        fitting = [day for day in month_days if day.weekday() in wanted]
        yield fitting[-1] if recurrence.index == "last" else fitting[INDEXES.index(recurrence.index)]


_PATTERNS: Final[Mapping[str, Callable[[Recurrence], Iterator[date]]]] = {
    "daily": _daily,
    "weekly": _weekly,
    "absoluteMonthly": lambda recurrence: _absolute(recurrence, _months(recurrence)),
    "relativeMonthly": lambda recurrence: _relative(recurrence, _months(recurrence)),
    "absoluteYearly": lambda recurrence: _absolute(recurrence, _years(recurrence)),
    "relativeYearly": lambda recurrence: _relative(recurrence, _years(recurrence)),
}
PATTERNS: Final = tuple(_PATTERNS)
