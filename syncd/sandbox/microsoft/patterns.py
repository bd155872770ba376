"""patternedRecurrence made from the text of an RRULE (RFC 5545, 3.3.10), as far as Outlook can say it.

For what people do (`hands.py`) and for seeds. Not here: checks of what clients send (`recurrence.py`).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.occurrences import INDEXES, WEEKDAYS

_DAYS: Final = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), WEEKDAYS, strict=True))


def patterned(rrule: str, start: date, zone: str) -> Json:
    """The recurrence of a series that starts then, by the clock of a zone; `start` is local there.

    Raises ValueError for what Outlook has no pattern for.
    """
    parts = dict(part.split("=", 1) for part in rrule.split(";"))
    day = start.date() if isinstance(start, datetime) else start
    pattern = {"type": "", "interval": int(parts.pop("INTERVAL", 1)), "firstDayOfWeek": "monday"}
    bounds = _range(parts, day, zone)
    parts.pop("WKST", None)
    pattern |= _PATTERNS[parts.pop("FREQ")](parts, day)
    if parts:
        raise ValueError(f"no pattern for {sorted(parts)}")
    return {"pattern": pattern, "range": bounds}


def _range(parts: dict[str, str], day: date, zone: str) -> Json:
    found: Json = {"type": "noEnd", "startDate": day.isoformat(), "recurrenceTimeZone": zone}
    if "COUNT" in parts:
        found |= {"type": "numbered", "numberOfOccurrences": int(parts.pop("COUNT"))}
    if "UNTIL" in parts:
        until = parts.pop("UNTIL")
        found |= {"type": "endDate", "endDate": f"{until[:4]}-{until[4:6]}-{until[6:8]}"}
    return found


def _daily(_parts: dict[str, str], _day: date) -> Json:
    return {"type": "daily"}


def _weekly(parts: dict[str, str], day: date) -> Json:
    named = parts.pop("BYDAY", "")
    return {"type": "weekly", "daysOfWeek": [_DAYS[name] for name in named.split(",") if name] or [_weekday(day)]}


def _monthly(parts: dict[str, str], day: date) -> Json:
    if "BYDAY" not in parts:
        return {"type": "absoluteMonthly", "dayOfMonth": int(parts.pop("BYMONTHDAY", day.day))}
    return {"type": "relativeMonthly", **_relative(parts)}


def _yearly(parts: dict[str, str], day: date) -> Json:
    month = int(parts.pop("BYMONTH", day.month))
    if "BYDAY" not in parts:
        return {"type": "absoluteYearly", "dayOfMonth": int(parts.pop("BYMONTHDAY", day.day)), "month": month}
    return {"type": "relativeYearly", "month": month, **_relative(parts)}


def _relative(parts: dict[str, str]) -> Json:
    """`2TU`, or days with one BYSETPOS."""
    names = parts.pop("BYDAY").split(",")
    place = int(parts.pop("BYSETPOS", names[0][:-2] or 1))
    if place == 0 or place < -1 or place > 4:
        raise ValueError("no index for that place")
    index = "last" if place == -1 else INDEXES[place - 1]
    return {"index": index, "daysOfWeek": [_DAYS[name[-2:]] for name in names]}


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]


_PATTERNS: Final[Mapping[str, Any]] = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
