"""When staff members are free: working hours minus everything OPAQUE that concerns them.

Not here: booking rules such as slot length or capacity.
"""

from collections.abc import Iterable
from datetime import datetime

from syncd.sandbox.clock import rfc3339
from syncd.sandbox.wix.errors import Json
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Event, Resource

Interval = tuple[datetime, datetime]


def availability(site: Site, start: datetime, end: datetime) -> Json:
    """Free intervals in [start, end) of each staff member, in UTC."""
    staff = [resource for resource in site.resources.values() if resource.events_schedule_id]
    return {
        "staff": [
            {
                "resourceId": member.id,
                "name": member.name,
                "free": [
                    {"start": rfc3339(first), "end": rfc3339(last)} for first, last in free(site, member, start, end)
                ],
            }
            for member in staff
        ]
    }


def free(site: Site, member: Resource, start: datetime, end: datetime) -> list[Interval]:
    """Free intervals of one staff member, clipped to the window."""
    taking_place = [e for e in site.events.all() if e.confirmed and e.occurs]
    hours = _working_hours(site, member, [e for e in taking_place if e.span.end_utc > start])
    open_times = [(max(start, a), min(end, b)) for a, b in hours if b > start and a < end]
    busy = [_interval(event) for event in taking_place if _blocks(event, member)]
    return _minus(_union(open_times), _union(busy))


def _interval(event: Event) -> Interval:
    return event.span.start_utc, event.span.end_utc


def _working_hours(site: Site, member: Resource, events: list[Event]) -> list[Interval]:
    hours = [event for event in events if event.type == "WORKING_HOURS"]
    own = [_interval(e) for e in hours if e.schedule_id == member.working_schedule_id]
    if own:
        return own
    business = {s.id for s in site.schedules.all() if s.is_business}
    return [_interval(event) for event in hours if event.schedule_id in business]


def _blocks(event: Event, member: Resource) -> bool:
    if event.type == "WORKING_HOURS" or event.fields.get("transparency") != "OPAQUE":
        return False
    if event.schedule_id == member.events_schedule_id:
        return True
    return any(
        entry["id"] == member.id and entry.get("transparency", "OPAQUE") == "OPAQUE"
        for entry in event.fields.get("resources", ())
    )


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for first, last in sorted(intervals):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        elif last > first:
            merged.append((first, last))
    return merged


def _minus(open_times: list[Interval], busy: list[Interval]) -> list[Interval]:
    found = []
    for first, last in open_times:
        at = first
        for start, end in busy:
            if end > at and start < last:
                if start > at:
                    found.append((at, start))
                at = max(at, end)
        if at < last:
            found.append((at, last))
    return found
