"""Moments on the wire: dateTimeTimeZone in and out, and the bounds that a query carries.

Not here: the occurrences of a series (`occurrences.py`), names of zones (`zones.py`).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.values import Moment
from syncd.sandbox.microsoft.zones import is_known, place
from syncd.sandbox.switching import Switches

_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d(?::\d\d)?)(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")
_BOUND = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,7})?)?(Z|z|[+-]\d\d:\d\d)?")


def check_zone(name: object, switches: Switches) -> str:
    """A name that Exchange knows. 400 for anything else."""
    if not isinstance(name, str) or not is_known(name, switches["iana_zones"]):
        shown = name if isinstance(name, str) else ""
        raise GraphError(
            "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{shown}'.",
        )
    return name


def read_edges(start: object, end: object, *, all_day: bool, switches: Switches) -> tuple[Moment, Moment]:
    """`start` and `end` of a body, half-open. 400 for an end before the start and for an all-day event that is none."""
    first, last = (_read(value, name, switches) for value, name in ((start, "start"), (end, "end")))
    if last.instant < first.instant:
        raise GraphError("ErrorPropertyValidationFailure", "The end of the event is before its start.")
    if not all_day:
        return first, last
    for edge, name in ((first, "Start"), (last, "End")):
        if edge.local.time() != datetime.min.time():
            text = f"The Event.{name} property for an all-day event needs to be set to midnight."
            raise GraphError("ErrorPropertyValidationFailure", text)
    if first.zone != last.zone:
        text = "The Event.Start and Event.End properties for an all-day event need to be in the same time zone."
        raise GraphError("ErrorPropertyValidationFailure", text)
    days = Moment(first.local.date(), first.zone), Moment(last.local.date(), last.zone)
    if days[1].at - days[0].at < timedelta(days=1):
        raise GraphError("ErrorPropertyValidationFailure", "An all-day event must last at least 24 hours.")
    return days


def _read(value: object, name: str, switches: Switches) -> Moment:
    if not isinstance(value, Mapping):
        raise GraphError("ErrorPropertyValidationFailure", f"The property {name} is needed.")
    found = _LOCAL.fullmatch(str(value.get("dateTime")))
    zone = check_zone(value.get("timeZone"), switches)
    if found is None or (found.group(4) and switches["offset_in_datetime"] == "refuse"):
        raise _unread(name)
    day, clock, fraction, offset = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset or ''}")
        if at.utcoffset() is None:
            at = at.replace(tzinfo=place(zone))
        return Moment(at.astimezone(UTC), zone)
    except (ValueError, OverflowError) as error:
        raise _unread(name) from error


def _unread(name: str) -> GraphError:
    return GraphError("RequestBodyRead", f"Cannot convert the value of {name}.dateTime to a date and time.")


def read_bound(text: str | None, name: str) -> datetime:
    """`startDateTime` or `endDateTime` of a query, in UTC; without an offset it is UTC. 400 for anything else."""
    if text is None:
        raise GraphError(
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime.",
        )
    found = _BOUND.fullmatch(text)
    try:
        if found is not None:
            day, clock, offset = found.groups()
            at = datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or 'Z').upper()}")
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphError("ErrorInvalidParameter", f"The value of {name} is no date and time.")


def show_moment(moment: Moment, zone: str) -> Json:
    """As an answer shows it in a zone: local, without offset, 7 digits. A date floats: midnight whatever the zone."""
    local = moment.local
    if isinstance(moment.at, datetime):
        local = moment.at.astimezone(place(zone)).replace(tzinfo=None)
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}0", "timeZone": zone}


def show_instant(at: datetime) -> str:
    """createdDateTime and its like: UTC, 7 digits."""
    found = at.astimezone(UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond:06d}0Z"


def show_original(moment: Moment) -> str:
    """`originalStart`: UTC, without fractions."""
    return f"{moment.instant:%Y-%m-%dT%H:%M:%SZ}"


def edge_body(at: date, zone: str) -> Json:
    """A datetime or a date as the body of an edge, in a zone."""
    if not isinstance(at, datetime):
        return {"dateTime": f"{at.isoformat()}T00:00:00", "timeZone": zone}
    local = at.astimezone(place(zone))
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}0", "timeZone": zone}


def as_edges(start: Moment, end: Moment) -> dict[str, Any]:
    """The part of a body that would write these edges again."""
    return {"start": edge_body(start.at, start.zone), "end": edge_body(end.at, end.zone), "isAllDay": start.all_day}
