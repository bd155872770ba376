"""Events and schedules as Wix writes them in JSON: empty fields are left out, 64-bit numbers are strings.

Not here: who may see personal data (`access.py` decides, this takes a flag).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncd.sandbox.clock import rfc3339
from syncd.sandbox.wix.errors import Json
from syncd.sandbox.wix.times import DstRule, in_zone, local_text, to_utc
from syncd.sandbox.wix.values import INHERITABLE, Event, Rule, Schedule
from syncd.sandbox.wix.view import View

_SHOWN = ("title", "transparency", "totalCapacity")
_LISTED_PARTICIPANTS = 50


@dataclass(frozen=True, slots=True)
class Lens:
    """How a caller asked to see things. `zone` is for adjusted times; None means the site's."""

    view: View
    zone: str | None = None
    pi: bool = False


def render_event(event: Event, lens: Lens) -> Json:
    """The wire form of one event."""
    shown: Json = {
        "id": event.id,
        "scheduleId": event.schedule_id,
        **_schedule_names(event, lens.view),
        "type": event.type,
        "status": event.status,
        **_times(event, lens.zone or lens.view.site.zone),
        "recurrenceType": event.recurrence,
        **{key: event.fields[key] for key in _SHOWN if key in event.fields},
        "resources": _resources(event, lens.view),
        "inheritedFields": [name for name in INHERITABLE if name in event.inherited],
        "revision": str(event.revision),
        "createdDate": rfc3339(event.created),
        "updatedDate": rfc3339(event.updated),
    }
    if event.rule is not None:
        shown["recurrenceRule"] = _rule(event.rule, event, lens)
    if event.master_id is not None:
        shown["recurringEventId"] = event.master_id
    if event.app_id is not None:
        shown["appId"] = event.app_id
    _add_rest(shown, event, lens)
    return shown


def _add_rest(shown: Json, event: Event, lens: Lens) -> None:
    fields = event.fields
    switches = lens.view.site.switches
    if "location" in fields:
        shown["location"] = _location(fields["location"], switches["location_address"])
    if "totalCapacity" in fields:
        shown["remainingCapacity"] = max(0, fields["totalCapacity"] - event.participants)
    if "extendedFields" in fields:
        shown["extendedFields"] = fields["extendedFields"]
    if lens.pi:
        shown["participants"] = _participants(event)
        shown.update({k: fields[k] for k in ("notes", "conferencingDetails") if k in fields})
    if switches["future_fields"]:
        shown["laterAddition"] = {"kind": "ADDED_LATER"}
        shown["inheritedFields"] = [*shown["inheritedFields"], "ADDED_LATER"]


def _schedule_names(event: Event, view: View) -> Json:
    schedule = view.schedule(event.schedule_id)
    if schedule is None:
        return {}
    names = {"scheduleName": schedule.name}
    if schedule.external_id is not None:
        names["externalScheduleId"] = schedule.external_id
    return names


def _times(event: Event, zone: str) -> Json:
    span = event.span
    return {
        "timeZone": span.zone,
        "start": _moment(span.start, span.zone, span.start_utc),
        "end": _moment(span.end, span.zone, span.end_utc),
        "adjustedStart": _adjusted(span.start_utc, zone),
        "adjustedEnd": _adjusted(span.end_utc, zone),
        "allDay": span.all_day,
    }


def _moment(local: datetime, zone: str, instant: datetime) -> Json:
    return {"localDate": local_text(local), "timeZone": zone, "utcDate": rfc3339(instant)}


def _adjusted(instant: datetime, zone: str) -> Json:
    return {"localDate": local_text(in_zone(instant, zone)), "timeZone": zone}


def _rule(rule: Rule, event: Event, lens: Lens) -> Json:
    shown: Json = {"frequency": "WEEKLY", "interval": rule.interval, "days": [rule.day]}
    if rule.until is not None:
        shown["until"] = {"localDate": local_text(rule.until), "timeZone": event.span.zone}
        instant = to_utc(rule.until, event.span.zone, DstRule())
        shown["adjustedUntil"] = _adjusted(instant, lens.zone or lens.view.site.zone)
    return shown


def _resources(event: Event, view: View) -> list[Json]:
    shown = []
    for entry in event.fields.get("resources", ()):
        known = view.site.resources.get(entry["id"])
        names = {} if known is None else {"name": known.name, "type": known.type}
        shown.append({"transparency": "OPAQUE", **entry, **names})
    return shown


def _location(location: Json, spelling: str) -> Json:
    if spelling == "address" or "address" not in location:
        return dict(location)
    rest = {key: value for key, value in location.items() if key != "address"}
    return {**rest, "formattedAddress": location["address"]}


def _participants(event: Event) -> Json:
    listed = min(event.participants, _LISTED_PARTICIPANTS)
    return {
        "total": event.participants,
        "list": [_participant(event, number) for number in range(1, listed + 1)],
        "hasMore": event.participants > listed,
        "status": "CONFIRMED",
    }


def _participant(event: Event, number: int) -> Json:
    return {
        "name": f"Guest {number}",
        "email": f"guest{number}@example.com",
        "phone": f"+49301234{number:04d}",
        "contactId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{event.id}/{number}")),
    }


def render_schedule(schedule: Schedule, lens: Lens) -> Json:
    """The wire form of one schedule."""
    shown: Json = {
        "id": schedule.id,
        "name": schedule.name,
        "status": schedule.status,
        "timeZone": schedule.zone,
        "businessTimeZoneEnabled": schedule.follows_site,
        "appId": schedule.app_id,
        **_schedule_fields(schedule, lens),
        "permissions": [],
        "revision": str(schedule.revision),
        "createdDate": rfc3339(schedule.created),
        "updatedDate": rfc3339(schedule.updated),
    }
    if schedule.external_id is not None:
        shown["externalId"] = schedule.external_id
    if schedule.owner is not None:
        identity = {"wixUserId": schedule.owner}
        shown["permissions"] = [{"identity": identity, "role": schedule.role}]
    if lens.view.site.switches["future_fields"]:
        shown["laterAddition"] = {"kind": "ADDED_LATER"}
    return shown


def _schedule_fields(schedule: Schedule, lens: Lens) -> dict[str, Any]:
    shown = dict(schedule.fields)
    if not lens.pi:
        shown.pop("defaultConferencingDetails", None)
    if "defaultLocation" in shown:
        spelling = lens.view.site.switches["location_address"]
        shown["defaultLocation"] = _location(shown["defaultLocation"], spelling)
    return shown
