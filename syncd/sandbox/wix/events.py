"""What happens to events: create, update, cancel, restore defaults.

Not here: the occurrences of a series (`series.py`), splitting (`split.py`), reading (`query.py`, `view.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from syncd.sandbox.wix import series
from syncd.sandbox.wix.errors import WixError, invalid, not_found, stale
from syncd.sandbox.wix.event_body import PLAIN, Patch, read_event
from syncd.sandbox.wix.fields import as_enum, as_list, as_revision, required
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.times import in_zone, to_utc
from syncd.sandbox.wix.values import FROM_SCHEDULE, INHERITABLE, Event, Schedule, Span
from syncd.sandbox.wix.view import View

_TIMES = ("start", "end", "allDay", "timeZone")
_CENTURY = timedelta(days=36525)
_DEFAULTS = {
    "title": "defaultTitle",
    "location": "defaultLocation",
    "totalCapacity": "defaultCapacity",
    "conferencingDetails": "defaultConferencingDetails",
}


def precondition(site: Site, message: str) -> WixError:
    """428: not allowed in the present state; the code is a switch."""
    return WixError(428, message, site.switches["precondition_code"])


def find(site: Site, ref: str) -> Event:
    """The event to be written. 404 when unknown or gone with a re-timed MASTER."""
    event = site.events.get(ref)
    if event is None and View(site).event(ref) is not None:
        raise precondition(site, "this is the copy of an appointment")
    if event is None or event.retired:
        raise not_found("event", ref)
    return event


def create(site: Site, app_id: str, body: object) -> Event:
    """A new single event or MASTER (with its occurrences). Raises WixError."""
    patch = read_event(body, site)
    if isinstance(body, dict) and body.get("recurrenceType") in ("INSTANCE", "EXCEPTION"):
        raise invalid("event.recurrenceType", "cannot be created directly")
    schedule = _schedule_of(site, patch)
    rule = patch.get("recurrenceRule")
    now = site.clock.now()
    event = Event(
        id=site.guid() if rule is None else site.opaque("series", site.guid()),
        schedule_id=schedule.id,
        type=patch.get("type", "DEFAULT"),
        span=_new_span(site, patch, schedule),
        fields=_merged({"transparency": "OPAQUE", **schedule_defaults(schedule)}, patch),
        created=now,
        updated=now,
        app_id=app_id,
        recurrence="NONE" if rule is None else "MASTER",
        inherited=FROM_SCHEDULE - touched(patch),
        rule=rule,
    )
    _check_kind(event)
    if rule is not None:
        _check_first_day(site, event.span)
    site.put(event)
    if rule is not None:
        series.fill(site, event)
    return event


def update(site: Site, body: Mapping[str, Any], notify: bool = False) -> Event:
    """Change the fields present in `body` if its revision is the current one. Raises WixError."""
    event = find(site, str(required(body, "id", "event.id")))
    patch = read_event(body, site)
    sent = as_revision(body.get("revision"), "event.revision")
    _check_fixed(event, patch)
    if sent != event.revision:
        raise stale(event.id)
    if not event.confirmed:
        raise precondition(site, "the event is cancelled")
    return change(site, event, patch, notify)


def change(site: Site, event: Event, patch: Patch, notify: bool = False) -> Event:
    """Apply a checked patch, whatever the revision; what an edit in Wix's own pages does too."""
    changed = replace(
        event,
        span=_patched_span(site, event, patch),
        fields=_merged(event.fields, patch),
        rule=patch.get("recurrenceRule", event.rule),
        inherited=event.inherited - touched(patch),
        recurrence="EXCEPTION" if event.recurrence == "INSTANCE" else event.recurrence,
    )
    _check_kind(changed)
    if event.recurrence == "MASTER" and changed.span.start != event.span.start:
        _check_first_day(site, changed.span)
    if changed.span != event.span:
        _refuse_booked(site, event)
        _tell_booked(site, event, "moved", notify)
    elif notify:
        _tell_booked(site, event, "changed", notify)
    stored = site.bump(changed)
    return _after_master_change(site, event, stored)


def cancel(site: Site, ref: str, notify: bool = False) -> Event:
    """Set CANCELLED; the event stays readable by id. A MASTER takes its future with it."""
    event = find(site, ref)
    if not event.confirmed:
        if site.switches["cancel_cancelled"] == "200":
            return event
        raise precondition(site, "the event is already cancelled")
    ended = event.occurs and event.span.end_utc <= site.clock.now()
    if ended and site.switches["cancel_past"] == "428":
        raise precondition(site, "the event has ended")
    for one in (event, *_going_with(site, event)):
        _refuse_booked(site, one)
    for occurrence in _going_with(site, event):
        _tell_booked(site, occurrence, "cancelled", notify)
        _set_cancelled(site, occurrence)
    _tell_booked(site, event, "cancelled", notify)
    return _set_cancelled(site, event, edited=True)


def _going_with(site: Site, event: Event) -> list[Event]:
    """Future occurrences that a cancelled MASTER takes with it."""
    if event.recurrence != "MASTER":
        return []
    kept = site.switches["master_cancel_exceptions"] == "keep"
    return [e for e in series.future(site, event.id) if e.recurrence == "INSTANCE" or not kept]


def restore_defaults(site: Site, ref: str, names: object) -> Event:
    """Let the named fields be inherited again, from the MASTER or from the schedule."""
    event = find(site, ref)
    wanted = {as_enum(name, "fields", INHERITABLE) for name in as_list(names, "fields", 1, len(INHERITABLE))}
    if not event.confirmed:
        raise precondition(site, "the event is cancelled")
    if event.master_id is None:
        if wanted - FROM_SCHEDULE:
            raise invalid("fields", "this event inherits only from its schedule")
        stored = _take_from_schedule(site, event, frozenset(wanted))
        return _after_master_change(site, event, stored)
    return _take_from_master(site, event, frozenset(wanted))


def take_schedule_changes(site: Site, schedule: Schedule) -> None:
    """Events of a schedule that have not ended take over what they inherit from it."""
    now = site.clock.now()
    for event in list(site.events.all()):
        mine = event.schedule_id == schedule.id and event.confirmed and event.master_id is None
        if mine and (event.recurrence == "MASTER" or event.span.end_utc > now):
            stored = _from_schedule(site, event, schedule)
            if stored.fields != event.fields or stored.span != event.span:
                _after_master_change(site, event, site.bump(stored))


def touched(patch: Patch) -> frozenset[str]:
    """Names of `inheritedFields` that a patch makes the event's own."""
    return frozenset(name for name, keys in INHERITABLE.items() if any(key in patch for key in keys))


def schedule_defaults(schedule: Schedule) -> dict[str, Any]:
    """What an event takes from its schedule when it says nothing itself."""
    found = {key: schedule.fields.get(default) for key, default in _DEFAULTS.items()}
    return {key: value for key, value in found.items() if value is not None}


def _schedule_of(site: Site, patch: Patch) -> Schedule:
    schedule = site.schedules.get(required(patch, "scheduleId", "event.scheduleId"))
    if schedule is None:
        raise not_found("schedule", patch["scheduleId"])
    if schedule.status != "ACTIVE":
        raise precondition(site, "the schedule is cancelled")
    return schedule


def _merged(fields: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    merged = {**fields, **{key: value for key, value in patch.items() if key in PLAIN}}
    return {key: value for key, value in merged.items() if value is not None}


def _new_span(site: Site, patch: Patch, schedule: Schedule) -> Span:
    start = required(patch, "start", "event.start")
    end = required(patch, "end", "event.end")
    zone = patch.get("timeZone") or schedule.zone
    return _span(site, start, end, zone, all_day=patch.get("allDay", False))


def _patched_span(site: Site, event: Event, patch: Patch) -> Span:
    if not any(key in patch for key in _TIMES):
        return event.span
    old = event.span
    zone = patch.get("timeZone", old.zone)
    start, end = patch.get("start", old.start), patch.get("end", old.end)
    return _span(site, start, end, zone, all_day=patch.get("allDay", old.all_day))


def _span(site: Site, start: datetime, end: datetime, zone: str, *, all_day: bool) -> Span:
    instants = []
    for name, local in (("event.start", start), ("event.end", end)):
        try:
            instants.append(to_utc(local, zone, site.dst))
        except ValueError as error:
            raise invalid(f"{name}.localDate", str(error)) from error
    first, last = instants
    if last < first or (last == first and site.switches["zero_length_events"] == "refuse"):
        raise invalid("event.end", "must not lie before the start")
    if end - start > _CENTURY:
        raise invalid("event.end", "must lie within 100 years of the start")
    if all_day and (start.hour, start.minute, end.hour, end.minute) != (0, 0, 0, 0):
        raise invalid("event.allDay", "needs a start and an end at 00:00")
    if all_day and end <= start:
        raise invalid("event.end", "is the day after the last one")
    return Span(start, end, zone, first, last, all_day)


def _check_kind(event: Event) -> None:
    if event.type == "CLASS" and not event.fields.get("resources"):
        raise invalid("event.resources", "a CLASS needs a resource", "REQUIRED_FIELD")


def _check_first_day(site: Site, span: Span) -> None:
    if span.start.date() < in_zone(site.clock.now(), span.zone).date():
        raise invalid("event.start", "of a series must not lie before today")


def _check_fixed(event: Event, patch: Patch) -> None:
    if patch.get("scheduleId", event.schedule_id) != event.schedule_id:
        raise invalid("event.scheduleId", "cannot be changed")
    if patch.get("type", event.type) != event.type:
        raise invalid("event.type", "cannot be changed")
    if "recurrenceRule" in patch and event.recurrence != "MASTER":
        raise invalid("event.recurrenceRule", "belongs to a MASTER")


def _after_master_change(site: Site, before: Event, stored: Event) -> Event:
    if stored.recurrence != "MASTER":
        return stored
    if stored.span != before.span or stored.rule != before.rule:
        return series.retime(site, stored)
    series.follow(site, stored)
    return stored


def _set_cancelled(site: Site, event: Event, *, edited: bool = False) -> Event:
    recurrence = event.recurrence
    if edited and recurrence == "INSTANCE":
        recurrence = "EXCEPTION"
    people = 0 if site.switches["bookings_on_change"] == "cancelled" else event.participants
    return site.bump(event, status="CANCELLED", recurrence=recurrence, participants=people)


def _refuse_booked(site: Site, event: Event) -> None:
    if site.switches["bookings_on_change"] == "refused" and event.participants:
        raise precondition(site, "the event has bookings")


def _tell_booked(site: Site, event: Event, kind: str, notify: bool) -> None:
    if event.participants and (notify or site.switches["bookings_on_change"] == "notified"):
        entry = {"eventId": event.id, "kind": kind, "participants": event.participants}
        site.notifications.append(entry)


def _from_schedule(site: Site, event: Event, schedule: Schedule) -> Event:
    keys = {key for name in event.inherited for key in INHERITABLE[name] if key in PLAIN}
    fields = {key: value for key, value in event.fields.items() if key not in keys}
    taken = {key: value for key, value in schedule_defaults(schedule).items() if key in keys}
    patch = {"timeZone": schedule.zone} if "TIME_ZONE" in event.inherited else {}
    span = event.span if event.span.zone == schedule.zone else _patched_span(site, event, patch)
    return replace(event, fields={**fields, **taken}, span=span)


def _take_from_schedule(site: Site, event: Event, names: frozenset[str]) -> Event:
    schedule = site.schedules.get(event.schedule_id)
    if schedule is None:
        raise not_found("schedule", event.schedule_id)
    inheriting = replace(event, inherited=event.inherited | names)
    return site.bump(_from_schedule(site, inheriting, schedule))


def _take_from_master(site: Site, event: Event, names: frozenset[str]) -> Event:
    master = site.events.get(event.master_id or "")
    if event.recurrence == "INSTANCE" or master is None:
        return event
    inheriting = replace(event, inherited=event.inherited | names)
    span = event.span
    if "TIME" in names and event.slot is not None:
        span = series.span_at(master, event.slot, site.dst)
    elif "TIME_ZONE" in names:
        span = _patched_span(site, event, {"timeZone": master.span.zone})
    return site.bump(inheriting, span=span, fields=series.followed_fields(inheriting, master))
