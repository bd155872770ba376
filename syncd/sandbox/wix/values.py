"""The values a site consists of: events, schedules, resources, grants. Immutable, so that every version can be kept.

Not here: the site that holds them (`state.py`) and their wire form (`render.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

BOOKINGS_APP = "13d21c63-b5ec-5912-8397-c3a5ddb27a97"
BUSINESS_EXTERNAL_ID = "4e0579a5-491e-4e70-a872-d097eed6e520"

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

INHERITABLE: Mapping[str, tuple[str, ...]] = {
    "TITLE": ("title",),
    "TIME_ZONE": ("timeZone",),
    "TIME": ("start", "end", "allDay"),
    "LOCATION": ("location",),
    "RESOURCES": ("resources",),
    "CAPACITY": ("totalCapacity",),
    "PARTICIPANTS": (),
    "CONFERENCING_DETAILS": ("conferencingDetails",),
}
"""Names of `inheritedFields` and the fields each covers."""

FROM_SCHEDULE = frozenset({"TITLE", "TIME_ZONE", "LOCATION", "CAPACITY", "CONFERENCING_DETAILS"})
"""What a single event or a MASTER can take from its schedule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Weekly on one day, every `interval` weeks; `until` is local and inclusive."""

    day: str
    interval: int = 1
    until: datetime | None = None

    @property
    def weekday(self) -> int:
        """Monday is 0."""
        return DAYS.index(self.day)


@dataclass(frozen=True, slots=True)
class Span:
    """Local times of an event in a zone and the instants they stand for; half-open."""

    start: datetime
    end: datetime
    zone: str
    start_utc: datetime
    end_utc: datetime
    all_day: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One version of an event. `fields` holds the plain ones by their wire name; absent means empty."""

    id: str
    schedule_id: str
    type: str
    span: Span
    fields: Mapping[str, Any]
    created: datetime
    updated: datetime
    app_id: str | None = None
    status: str = "CONFIRMED"
    recurrence: str = "NONE"
    inherited: frozenset[str] = frozenset()
    rule: Rule | None = None
    master_id: str | None = None
    slot: datetime | None = None
    """Local start that the rule gives, on INSTANCE and EXCEPTION."""
    generation: int = 0
    """Of a MASTER: how often its rule or time has changed."""
    live_from: datetime | None = None
    """Of a MASTER that was re-timed: no occurrence is made that starts before."""
    participants: int = 0
    revision: int = 1
    retired: bool = False
    """An instance that went when its MASTER was re-timed."""

    @property
    def occurs(self) -> bool:
        """Whether this is a block of time and not the definition of a series."""
        return self.recurrence != "MASTER"

    @property
    def confirmed(self) -> bool:
        """Whether it takes place."""
        return self.status == "CONFIRMED" and not self.retired

    def resource_ids(self) -> set[str]:
        """Of staff and rooms linked."""
        return {entry["id"] for entry in self.fields.get("resources", ())}

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it shares time with [start, end); an event without length counts as its start."""
        last = self.span.end_utc
        if self.rule is not None:
            return self.span.start_utc < end and (
                self.rule.until is None or self.rule.until.date() >= start.date() - timedelta(days=1)
            )
        if last == self.span.start_utc:
            return start <= last < end
        return self.span.start_utc < end and last > start


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """One version of a schedule. `fields` holds defaultTitle, defaultLocation, … by wire name."""

    id: str
    external_id: str | None
    name: str
    app_id: str
    zone: str
    created: datetime
    updated: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    follows_site: bool = True
    owner: str | None = None
    role: str = "WRITER"
    status: str = "ACTIVE"
    revision: int = 1

    @property
    def is_business(self) -> bool:
        """Whether this is the site's business schedule."""
        return self.external_id == BUSINESS_EXTERNAL_ID


@dataclass(frozen=True, slots=True)
class Resource:
    """A staff member (with two schedules) or something else that can be booked, such as a room."""

    id: str
    name: str
    type: str
    events_schedule_id: str | None = None
    working_schedule_id: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds the token: an app installed on one site, with these scopes."""

    instance_id: str
    app_id: str
    scopes: frozenset[str]
