"""Recurrence rules: what one says, whether it ever comes true, and how much work it is to follow. Pure.

Not here: the dates that a series has (series).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from dateutil.rrule import rrulestr
from icalendar import vRecur

from adapters.apple.ics import Component, Line, MalformedError
from adapters.apple.mapping import Start

MAX_OCCURRENCES: Final = 5000
MAX_RULES: Final = 2
# All parts of a rule with each of their values once are shorter.
MAX_RULE: Final = 4000
_MAX_STEPS: Final = 200_000
_DAY: Final = timedelta(days=1)
_LAST_YEARS: Final = 9971
# Parts of a rule that may rule out every day.
_CHOOSY: Final = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")


def instant_of(at: date | datetime) -> datetime:
    """The instant of a time; of a date, its midnight in UTC."""
    return at.astimezone(UTC) if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)


def bound(master: Component, first: tuple[Start, date | datetime], begin: datetime, end: datetime) -> None:
    """Refuse what would not end in time: estimates from above, before anything is expanded.

    `first`: start and end of the first occurrence; `begin`, `end`: where occurrences are looked for.
    Raises MalformedError.
    """
    start = instant_of(first[0].at)
    length = instant_of(first[1]) - start
    rules = master.lines("RRULE")
    if len(rules) > MAX_RULES:
        raise MalformedError(f"it has more than {MAX_RULES} rules")
    for line in rules:
        rule = rule_of(line, first[0])
        daily, steps = _density(rule)
        until = _one(rule, "UNTIL", None)
        stop = end if until is None else min(end, instant_of(until))
        # The library begins to look as much earlier as an occurrence is long.
        days = min(stop - begin + length, max(stop - start, timedelta())) / _DAY
        many = min(daily * (days - 2), float(_one(rule, "COUNT", "inf")))
        if many > MAX_OCCURRENCES or steps * ((stop - start) / _DAY) > _MAX_STEPS:
            raise MalformedError("it recurs too often")


def _parsed(line: Line) -> vRecur:
    if len(line.value) > MAX_RULE:
        raise MalformedError("its rule is too long")
    rule: vRecur = vRecur.from_ical(line.value)
    for name, values in rule.items():
        if isinstance(values, list):
            rule[name] = list(dict.fromkeys(values))
    if int(_one(rule, "INTERVAL", 1)) < 1:
        raise MalformedError("its rule has no interval")
    if "COUNT" in rule and "UNTIL" in rule:
        # RFC 5545, 3.3.10 forbids it, and clients differ in which of the two counts.
        raise MalformedError("its rule has two ends")
    return rule


def _one(rule: vRecur, name: str, default: Any) -> Any:
    values = rule.get(name)
    return values[0] if isinstance(values, list) and values else (values or default)


def _density(rule: vRecur) -> tuple[float, float]:
    """At most how many occurrences a day, and how many steps a day it takes to find them."""
    often = str(_one(rule, "FREQ", "")).upper()
    if often in ("SECONDLY", "MINUTELY"):
        raise MalformedError("it recurs too often")
    interval = int(_one(rule, "INTERVAL", 1))
    hours, minutes, seconds = (len(rule.get(name) or [0]) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if often == "HOURLY":
        a_day = min(24 / interval, hours if rule.get("BYHOUR") else 24)
        return a_day * minutes * seconds, 24 / interval
    return float(hours * minutes * seconds), 1 if often == "DAILY" else 0.5


def never(rule: vRecur, start: Start) -> bool:
    """Whether no day of any year fits the rule: the library would look for one until the year 9999.

    The last 28 years that there are have every kind of year; by each day, or hour, they are few steps.
    """
    if not any(name in rule for name in _CHOOSY):
        return False
    probe = vRecur({**rule, "INTERVAL": [1]})
    for name in ("COUNT", "UNTIL"):
        probe.pop(name, None)
    wall = start.at if isinstance(start.at, datetime) else datetime(start.at.year, start.at.month, start.at.day)  # noqa: DTZ001
    late = wall.replace(year=_LAST_YEARS, day=min(wall.day, 28), tzinfo=None, fold=0)
    text: bytes = probe.to_ical()  # type: ignore[no-untyped-call]
    return next(iter(rrulestr(text.decode(), dtstart=late)), None) is None


def rule_of(line: Line, start: Start) -> vRecur:
    """The rule with its UNTIL in the kind of the start: a date, or an instant in UTC (RFC 5545, 3.3.10)."""
    rule = _parsed(line)
    until = _one(rule, "UNTIL", None)
    if until is None:
        return rule
    if not start.timed:
        rule["UNTIL"] = [until.date() if isinstance(until, datetime) else until]
    elif not isinstance(until, datetime):
        # Some clients end a timed series by a date and mean to include that day.
        rule["UNTIL"] = [start.zone.instant(datetime(until.year, until.month, until.day, 23, 59, 59))]  # noqa: DTZ001
    elif until.tzinfo is None:
        rule["UNTIL"] = [start.zone.instant(until)]
    return rule
