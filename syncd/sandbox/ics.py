"""Render neutral outside events, plain dictionaries, as iCalendar objects (RFC 5545).

Not here: which events there are (studio), and where they are put (radicale).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

_PRODID: Final = "-//outside//calendar//EN"


def render(event: Mapping[str, Any], *, stamp: datetime | None = None) -> bytes:
    """One VCALENDAR with one VEVENT, the same bytes for the same event.

    `event` has `uid`, `title`, `start`, `end` and perhaps `description`, `location`, `zone` (IANA
    name; without it times are written in UTC), `private`, `free`, `rrule` (RFC 5545 text). Start
    and end are aware datetimes, or dates with an exclusive end. DTSTAMP is `stamp`, else the start.
    """
    item = Event()
    item.add("uid", event["uid"])
    item.add("dtstamp", (stamp or _moment(event["start"])).astimezone(UTC))
    for name in ("start", "end"):
        item.add(f"dt{name}", _placed(event[name], event.get("zone")))
    for name, key in (
        ("summary", "title"),
        ("description", "description"),
        ("location", "location"),
    ):
        if event.get(key):
            item.add(name, event[key])
    if event.get("private"):
        item.add("class", "PRIVATE")
    item.add("transp", "TRANSPARENT" if event.get("free") else "OPAQUE")
    if event.get("rrule"):
        item.add("rrule", vRecur.from_ical(event["rrule"]))
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODID)
    calendar.add_component(item)
    # RFC 5545, 3.6.5: one VTIMEZONE for each TZID; it begins before the first occurrence.
    calendar.add_missing_timezones(first_date=date(_moment(event["start"]).year - 1, 1, 1))
    rendered: bytes = calendar.to_ical()
    return rendered


def _placed(when: date, zone: str | None) -> date:
    if not isinstance(when, datetime):
        return when
    if when.utcoffset() is None:
        raise ValueError("an outside event needs aware times")
    return when.astimezone(ZoneInfo(zone) if zone else UTC)


def _moment(when: date) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, time(), UTC)
