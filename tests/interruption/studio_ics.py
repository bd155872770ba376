"""An object of a calendar as its owner's app makes, changes and shows it: iCalendar text in, iCalendar text out.

Made of the icalendar library alone, past everything that the product does with such text. Not here: where objects lie.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar
from icalendar import Event as Skeleton

from syncd.model import UNSEEN, AllDay, Event, Timed, When
from syncd.sandbox.ics import render
from tests.interruption.hands import Like

MARK: Final = "X-SYNCD-MARK"
_GUEST: Final = "mailto:guest@example.test"
_SPAN: Final = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


# The library's own types name every value that a property might have.
Component: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Shown:
    """One block of time of an object. `rid`: the original start of an occurrence, None for an object that is one."""

    rid: str | None
    event: Event
    ours: bool
    private: bool


def made(uid: str, event: Event, like: Like, rule: str | None = None) -> str:
    """A new object."""
    start, end, zone = _edges(event.when)
    given = {"title": event.title, "description": event.description, "location": event.location}
    body: dict[str, Any] = {key: value for key, value in given.items() if isinstance(value, str)}
    body |= {"uid": uid, "start": start, "end": end, "zone": zone, "free": event.busy is False, "rrule": rule}
    text = render(body, stamp=datetime(2026, 3, 1, tzinfo=UTC)).decode()
    return turned(text, None, like) if like.guests or like.private else text


def changed(text: str, rid: str | None, change: Event) -> str:
    """The object with the shown fields of one item changed."""
    calendar: Any = Calendar.from_ical(text)
    target = _target(calendar, rid)
    for name, value in (("SUMMARY", change.title), ("DESCRIPTION", change.description), ("LOCATION", change.location)):
        if value is not UNSEEN:
            _put(target, name, value)
    if change.busy is not UNSEEN:
        _put(target, "TRANSP", "OPAQUE" if change.busy else "TRANSPARENT")
    if change.when is not UNSEEN:
        start, end, zone = _edges(change.when)
        for name, moment in (("DTSTART", start), ("DTEND", end)):
            _put(target, name, moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) and zone else moment)
    return _text(calendar)


def turned(text: str, rid: str | None, like: Like) -> str:
    """The object with one item private or not, with a guest or without."""
    calendar: Any = Calendar.from_ical(text)
    target = _target(calendar, rid)
    _put(target, "CLASS", "PRIVATE" if like.private else None)
    _put(target, "ATTENDEE", _GUEST if like.guests else None)
    return _text(calendar)


def without(text: str, rid: str) -> str:
    """The object without one occurrence."""
    calendar: Any = Calendar.from_ical(text)
    calendar.subcomponents = [part for part in calendar.subcomponents if _own_rid(part) != rid]
    master = next(part for part in calendar.walk("VEVENT"))
    master.add("exdate", _original(master, rid))
    return _text(calendar)


def renamed(text: str, uid: str) -> str:
    """The same under another UID, as an app duplicates an event."""
    calendar: Any = Calendar.from_ical(text)
    for part in calendar.walk("VEVENT"):
        _put(part, "UID", uid)
    return _text(calendar)


@lru_cache(maxsize=4096)
def shown(text: str) -> tuple[Shown, ...]:
    """Everything that an object holds, occurrences one by one."""
    calendar: Any = Calendar.from_ical(text)
    parts = calendar.walk("VEVENT")
    if len(parts) == 1 and "RRULE" not in parts[0]:
        return (_shown(parts[0], None),)
    found = recurring_ical_events.of(calendar).between(*_SPAN)
    return tuple(_shown(part, rid_of(part["RECURRENCE-ID"].dt)) for part in found)


def rid_of(original: date) -> str:
    """An original start as refs name it."""
    if isinstance(original, datetime):
        return f"{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{original:%Y%m%d}"


def weeks(when: When, count: int) -> list[When]:
    """The same wall-clock time in so many weeks in a row."""
    if isinstance(when, AllDay):
        steps = [timedelta(weeks=number) for number in range(count)]
        return [AllDay(when.first + step, when.until + step) for step in steps]
    zone = ZoneInfo(when.tzid)
    local = [moment.astimezone(zone) for moment in (when.start, when.end)]
    later = [[moment + timedelta(weeks=number) for moment in local] for number in range(count)]
    return [Timed(start.astimezone(UTC), end.astimezone(UTC), when.tzid) for start, end in later]


def _shown(part: Component, rid: str | None) -> Shown:
    start, end = part["DTSTART"].dt, part["DTEND"].dt
    when: When
    if isinstance(start, datetime):
        zone = part["DTSTART"].params.get("TZID") or getattr(start.tzinfo, "key", "UTC")
        when = Timed(start.astimezone(UTC), end.astimezone(UTC), str(zone))
    else:
        when = AllDay(start, end)
    texts = [str(part[name]) or None if name in part else None for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
    busy = str(part.get("TRANSP", "OPAQUE")) != "TRANSPARENT"
    event = Event(when=when, title=texts[0], description=texts[1], location=texts[2], busy=busy)
    return Shown(rid, event, MARK in part, str(part.get("CLASS", "")) in ("PRIVATE", "CONFIDENTIAL"))


def _target(calendar: Component, rid: str | None) -> Component:
    """The VEVENT of one item; an occurrence gets its own if it has none."""
    parts = calendar.walk("VEVENT")
    if rid is None:
        return parts[0]
    there = next((part for part in parts if _own_rid(part) == rid), None)
    if there is not None:
        return there
    master = parts[0]
    start = _original(master, rid)
    length = master["DTEND"].dt - master["DTSTART"].dt
    override: Component = Skeleton.from_ical(master.to_ical())
    for name in ("RRULE", "EXDATE"):
        _put(override, name, None)
    for name, moment in (("DTSTART", start), ("DTEND", start + length), ("RECURRENCE-ID", start)):
        _put(override, name, moment)
    calendar.add_component(override)
    return override


def _original(master: Component, rid: str) -> Any:
    """An original start in the kind and zone of the series."""
    first = master["DTSTART"].dt
    if not isinstance(first, datetime):
        return datetime.strptime(rid, "%Y%m%d").date()  # noqa: DTZ007 - a date
    return datetime.strptime(rid, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(first.tzinfo)


def _own_rid(part: Any) -> str | None:
    return rid_of(part["RECURRENCE-ID"].dt) if "RECURRENCE-ID" in part else None


def _put(part: Component, name: str, value: Any) -> None:
    part.pop(name, None)
    if value is not None:
        part.add(name.lower(), value)


def _text(calendar: Component) -> str:
    rendered: bytes = calendar.to_ical()
    return rendered.decode()


def _edges(when: object) -> tuple[date, date, str | None]:
    if isinstance(when, Timed):
        return when.start, when.end, when.tzid
    assert isinstance(when, AllDay)
    return when.first, when.until, None
