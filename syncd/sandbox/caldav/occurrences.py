"""When the events of an object take place: for filters by time, and for series told as their occurrences.

Not here: anything else of an object (`ical.py`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.error import InvalidCalendar

from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.ical import CalendarObject

FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_MARGIN: Final = timedelta(days=2)
_MOST: Final = 1000
_FINE: Final = ("SECONDLY", "MINUTELY", "HOURLY")
_UNREADABLE: Final = (ValueError, TypeError, KeyError, OverflowError, IndexError, AttributeError, InvalidCalendar)


def moment(text: str | None, default: datetime) -> datetime:
    """A bound of a time-range, in UTC (RFC 4791, 9.9). 403 for another form."""
    if text is None:
        return default
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(403, "C:valid-filter") from None


def plain_span(found: CalendarObject) -> tuple[datetime, datetime] | None:
    """Start and end of one event in UTC that does not repeat: what most objects are. None for any other."""
    part = found.parts[0]
    if found.kind != "VEVENT" or len(found.parts) > 1 or any(part.values(name) for name in ("RRULE", "RDATE")):
        return None
    start, end = part.value("DTSTART") or "", part.value("DTEND") or ""
    try:
        return moment(start, FIRST), moment(end, FIRST)
    except Refused:
        return None


def overlap(span: tuple[datetime, datetime], start: datetime, end: datetime) -> bool:
    """Whether a span shares time with [start, end), or takes none and begins in it (RFC 4791, 9.9)."""
    begins, ends = span
    return begins < end and (ends > start or begins == ends == start)


def takes_place(body: bytes, start: datetime, end: datetime) -> bool:
    """Whether an event of the object overlaps [start, end); an object that cannot be read always does."""
    try:
        calendar = Calendar.from_ical(body)
        return _is_fine(calendar) or next(_within(calendar, start, end), None) is not None
    except _UNREADABLE:
        return True


def expanded(body: bytes, start: datetime, end: datetime) -> bytes:
    """The object as its occurrences in [start, end), each in UTC and without rules (RFC 4791, 9.6.5)."""
    try:
        calendar = Calendar.from_ical(body)
        found = [] if _is_fine(calendar) else list(islice(_within(calendar, start, end), _MOST))
        told = Calendar()
        for name, value in calendar.property_items(recursive=False, sorted=False):
            if name not in ("BEGIN", "END"):
                told.add(name, value, encode=False)
        is_series = any("RRULE" in event or "RDATE" in event for event in calendar.walk("VEVENT"))
        for event in found:
            told.add_component(_in_utc(event, is_series=is_series))
        rendered: bytes = told.to_ical()
    except _UNREADABLE:
        return body
    return rendered


def _within(calendar: Any, start: datetime, end: datetime) -> Iterator[Any]:
    """Occurrences that overlap [start, end), or begin in it and take no time, in order of start (RFC 4791, 9.9)."""
    earliest = min((_instant(event.start) for event in calendar.walk("VEVENT")), default=FIRST)
    # The library looks at every day from there on. An RDATE before the first occurrence is not legal (RFC 5545, 3.8.5).
    since = max(start, earliest - _MARGIN if earliest > FIRST + _MARGIN else FIRST + _MARGIN)
    for event in recurring_ical_events.of(calendar, skip_bad_series=True).after(since):
        begins, ends = _instant(event.start), _instant(event.end)
        if begins >= end:
            return
        if overlap((begins, ends), start, end):
            yield event


def _instant(at: date) -> datetime:
    """The moment, floating ones and dates taken in UTC: the calendar has no zone of its own here."""
    moment = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)  # noqa: DTZ001 - made aware below
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


def _is_fine(calendar: Any) -> bool:
    """Whether a rule repeats so often that nobody counts it out."""
    rules = [event["RRULE"] for event in calendar.walk("VEVENT") if "RRULE" in event]
    return any(str(rule).find(word) >= 0 for rule in rules for word in _FINE)


def _in_utc(event: Any, *, is_series: bool) -> Event:
    for name in ("RRULE", "RDATE", "EXDATE", "EXRULE"):
        event.pop(name, None)
    if not is_series:
        event.pop("RECURRENCE-ID", None)
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        if name in event and isinstance(event[name].dt, datetime):
            at: date = event[name].dt
            event.pop(name)
            event.add(name, at.astimezone(UTC) if at.utcoffset() is not None else at)  # type: ignore[attr-defined]
    told: Event = event
    return told
