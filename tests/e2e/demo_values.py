"""What a demonstration compares: a title and a time, in the studio's zone, read from Wix's JSON or from iCalendar.

Not here: fetching either (demo_wix, demo_caldav), what belongs together (demo_mirror).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from syncd.sandbox.studio import ZONE

Json = dict[str, Any]
PLACE = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class Shown:
    """Half-open; aware datetimes in the studio's zone, or dates for whole days."""

    title: str
    start: date
    end: date

    def __str__(self) -> str:
        if not isinstance(self.start, datetime):
            return f"{self.title}, {self.start:%a %d %b} all day"
        return f"{self.title}, {self.start:%a %d %b %H:%M}-{self.end:%H:%M}"


def of_session(event: Json, title: str | None = None) -> Shown:
    """A session as Wix tells it, under another title if one is given."""
    edges = [_wix_edge(event[name], whole=event["allDay"]) for name in ("start", "end")]
    return Shown(title or event["title"], *edges)


def later(shown: Shown, minutes: int) -> Shown:
    """The same at another time."""
    return Shown(shown.title, shown.start + timedelta(minutes=minutes), shown.end + timedelta(minutes=minutes))


def _wix_edge(edge: Json, *, whole: bool) -> date:
    if whole:
        return datetime.fromisoformat(edge["localDate"]).date()
    return datetime.fromisoformat(edge["utcDate"]).astimezone(PLACE)


def of_vevent(event: Event, title: str | None = None) -> Shown:
    """A VEVENT with DTSTART and DTEND, under another title if one is given."""
    edges = [_ics_edge(event.decoded(name)) for name in ("dtstart", "dtend")]
    return Shown(title or str(event["summary"]), *edges)


def _ics_edge(value: date) -> date:
    return value.astimezone(PLACE) if isinstance(value, datetime) else value


def text_of(event: Event, name: str) -> str:
    """A text property; empty when it is not there."""
    return str(event.get(name, ""))
