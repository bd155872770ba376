"""Moments on the wire: EventDateTime in and out, and the times that query parameters carry.

Not here: the occurrences of a series (`recurrence.py`).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from syncd.sandbox.google.errors import GoogleError, Json, invalid, required
from syncd.sandbox.google.values import Moment

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_zone(name: object, where: str) -> str:
    """An IANA name. 400 for anything else."""
    if not isinstance(name, str) or name not in _zones():
        raise invalid(where, f"Invalid time zone definition for {where} time.")
    return name


def read_moment(value: object, where: str, calendar_zone: str) -> Moment:
    """`start` or `end` of a body. A `dateTime` needs an offset or a `timeZone`."""
    if not isinstance(value, Mapping):
        raise required(where)
    day, at = value.get("date"), value.get("dateTime")
    if (day is None) == (at is None):
        text = f"Invalid {where} time." if day is not None else f"Missing {where} time."
        raise GoogleError("invalid" if day is not None else "required", text, ("parameter", where))
    zone = value.get("timeZone")
    if zone is not None:
        check_zone(zone, where)
    if day is not None:
        return Moment(_read_date(day, where), zone or calendar_zone)
    return Moment(_read_time(at, zone, where), zone or calendar_zone)


def _read_date(text: object, where: str) -> date:
    try:
        if isinstance(text, str) and _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise invalid(where, f"Invalid value for: {where}.date")


def _read_time(text: object, zone: str | None, where: str) -> datetime:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise invalid(where, f"Invalid value for: {where}.dateTime")
    try:
        at = datetime.fromisoformat(text.upper()).replace(microsecond=0)
    except ValueError as error:
        raise invalid(where, f"Invalid value for: {where}.dateTime") from error
    if at.utcoffset() is None:
        if zone is None:
            raise required(f"{where}.timeZone")
        at = at.replace(tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC)


def read_instant(text: str, name: str) -> datetime:
    """A query parameter such as timeMin: RFC 3339 with an offset."""
    match = _TIME.fullmatch(text)
    if match is None or match.group(2) is None:
        raise GoogleError("badRequest", f"Invalid value for {name}: an RFC3339 time with an offset is needed")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError as error:
        raise GoogleError("badRequest", f"Invalid value for {name}") from error


def show_moment(moment: Moment, answer_zone: str) -> Json:
    """As an answer shows it: a date alone, or a local time with its offset in the zone of the answer."""
    if not isinstance(moment.at, datetime):
        return {"date": moment.at.isoformat()}
    return {"dateTime": show_local(moment.at, answer_zone), "timeZone": moment.zone}


def show_local(at: datetime, zone: str) -> str:
    """RFC 3339 in a zone."""
    return at.astimezone(ZoneInfo(zone)).isoformat().replace("+00:00", "Z")


def show_instant(at: datetime) -> str:
    """`created` and `updated`: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moved(moment: Moment, value: Mapping[str, Any]) -> Json:
    """The body of a moment after a patch: present keys replace, null removes."""
    before: Json = {"timeZone": moment.zone}
    if isinstance(moment.at, datetime):
        before["dateTime"] = moment.at.isoformat()
    else:
        before["date"] = moment.at.isoformat()
    return {key: found for key, found in {**before, **value}.items() if found is not None}
