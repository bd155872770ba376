"""patternedRecurrence in and out: which patterns and ranges make sense, and how they are answered.

Not here: the days that they give (`occurrences.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.moments import check_zone
from syncd.sandbox.microsoft.occurrences import INDEXES, PATTERNS, WEEKDAYS, first_day
from syncd.sandbox.microsoft.values import Moment, Recurrence
from syncd.sandbox.switching import Switches

_RANGES: Final = ("endDate", "noEnd", "numbered")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOST: Final = 999
_PATTERN_KEYS: Final = frozenset({"type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index"})
_RANGE_KEYS: Final = frozenset({"type", "startDate", "endDate", "recurrenceTimeZone", "numberOfOccurrences"})


def read_recurrence(value: object, start: Moment, switches: Switches) -> Recurrence:
    """`recurrence` of a body for an event that starts then. 400 for what is none, or gives no occurrence."""
    pattern, bounds = (_part(value, name) for name in ("pattern", "range"))
    _check_keys(pattern, _PATTERN_KEYS)
    _check_keys(bounds, _RANGE_KEYS)
    found = Recurrence(
        type=_choice(pattern.get("type"), PATTERNS, "pattern.type"),
        interval=_number(pattern.get("interval"), 1, "interval"),
        days_of_week=_weekdays(pattern),
        first_day_of_week=_choice(pattern.get("firstDayOfWeek") or "sunday", WEEKDAYS, "firstDayOfWeek"),
        day_of_month=_number(pattern.get("dayOfMonth"), 0, "dayOfMonth", 0),
        month=_number(pattern.get("month"), 0, "month", 0),
        index=_choice(pattern.get("index") or "first", INDEXES, "index"),
        range_type=_choice(bounds.get("type"), _RANGES, "range.type"),
        start=_date(bounds.get("startDate"), "startDate"),
        until=None,
        count=0,
        zone=_zone(bounds, start, switches),
    )
    return _checked(_bounded(found, bounds), start)


def _zone(bounds: Mapping[str, Any], start: Moment, switches: Switches) -> str:
    named = bounds.get("recurrenceTimeZone")
    return check_zone(named, switches) if named else start.zone


def _bounded(found: Recurrence, bounds: Mapping[str, Any]) -> Recurrence:
    if found.range_type == "endDate":
        return replace(found, until=_date(bounds.get("endDate"), "endDate"))
    if found.range_type == "numbered":
        return replace(found, count=_number(bounds.get("numberOfOccurrences"), None, "numberOfOccurrences"))
    return found


def _checked(found: Recurrence, start: Moment) -> Recurrence:
    weekly = found.type in ("weekly", "relativeMonthly", "relativeYearly")
    if weekly and not found.days_of_week:
        raise _invalid("daysOfWeek is needed")
    if found.type.startswith("absolute") and not 1 <= found.day_of_month <= 31:
        raise _invalid("dayOfMonth is needed")
    if found.type.endswith("Yearly") and not 1 <= found.month <= 12:
        raise _invalid("month is needed")
    if found.until is not None and found.until < found.start:
        raise _invalid("endDate is before startDate")
    if found.start != start.local.date():
        raise _invalid("startDate is not the date of the event's start")
    if first_day(found) is None:
        raise _invalid("the series has no occurrence")
    return found


def show_recurrence(found: Recurrence) -> Json:
    """`recurrence` of an answer: every field, with the values that stand for nothing."""
    pattern = {
        "type": found.type,
        "interval": found.interval,
        "month": found.month,
        "dayOfMonth": found.day_of_month,
        "firstDayOfWeek": found.first_day_of_week,
        "index": found.index,
    }
    if found.days_of_week:
        pattern["daysOfWeek"] = list(found.days_of_week)
    bounds = {
        "type": found.range_type,
        "startDate": found.start.isoformat(),
        "endDate": "0001-01-01" if found.until is None else found.until.isoformat(),
        "recurrenceTimeZone": found.zone,
        "numberOfOccurrences": found.count,
    }
    return {"pattern": pattern, "range": bounds}


def _part(value: object, name: str) -> Mapping[str, Any]:
    part = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(part, Mapping):
        raise _invalid(f"{name} is needed")
    return part


def _check_keys(part: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = [key for key in part if key not in known and not key.startswith("@odata.")]
    if unknown:
        raise GraphError("RequestBodyRead", f"The property '{unknown[0][:60]}' does not exist on a recurrence.")


def _choice(value: object, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise GraphError("RequestBodyRead", f"Cannot convert the value of {name}.")
    return str(value)


def _number(value: object, usual: int | None, name: str, least: int = 1) -> int:
    found = usual if value is None else value
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= _MOST:
        raise _invalid(f"{name} is out of range")
    return found


def _weekdays(pattern: Mapping[str, Any]) -> tuple[str, ...]:
    named = pattern.get("daysOfWeek") or ()
    if not isinstance(named, list | tuple):
        raise GraphError("RequestBodyRead", "Cannot convert the value of daysOfWeek.")
    return tuple(_choice(day, WEEKDAYS, "daysOfWeek") for day in named)


def _date(value: object, name: str) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphError("RequestBodyRead", f"Cannot convert the value of {name} to a date.")


def _invalid(why: str) -> GraphError:
    return GraphError("ErrorPropertyValidationFailure", f"The recurrence is invalid: {why}.")
