"""The studio that the sandbox starts with: one Wix site, and what lies in a calendar outside. All dates follow `now`.

Not here: how other simulators store the outside events; they are plain mappings, rendered elsewhere.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import events
from syncd.sandbox.wix.access import ALL_SCOPES
from syncd.sandbox.wix.state import Site, WixState
from syncd.sandbox.wix.times import local_text
from syncd.sandbox.wix.values import (
    BOOKINGS_APP,
    BUSINESS_EXTERNAL_ID,
    DAYS,
    Resource,
    Schedule,
)

ZONE = "Europe/Berlin"


def _ref(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://studio.example/{name}"))


INSTANCE_ID = _ref("instance")
APP_ID = _ref("app")
APP_SECRET = "sandbox-app-secret"

LOCATION = {"type": "BUSINESS", "id": _ref("location"), "name": "Studio Mitte", "address": "Lindenweg 12, Berlin"}


@dataclass(frozen=True, slots=True)
class StudioSchedule:
    """A schedule that can be connected. `kind`: business, staff or service."""

    id: str
    external_id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff member: a resource with an owner, an events schedule and working hours."""

    resource_id: str
    name: str
    wix_user_id: str
    schedule_id: str
    hours_schedule_id: str


def _staff(key: str, name: str) -> Staff:
    parts = (_ref(f"{key}/{part}") for part in ("resource", "user", "events", "hours"))
    resource, user, schedule, hours = parts
    return Staff(resource, name, user, schedule, hours)


STAFF = (_staff("staff1", "Mara Lindner"), _staff("staff2", "Jonas Weber"), _staff("staff3", "Aylin Kaya"))
NORTH = Resource(_ref("room/north"), "Room North", "ROOM")
SOUTH = Resource(_ref("room/south"), "Room South", "ROOM")

BUSINESS = StudioSchedule(_ref("business"), BUSINESS_EXTERNAL_ID, "business", "business")
YOGA = StudioSchedule(_ref("yoga/schedule"), _ref("yoga"), "Hatha Yoga", "service")
PILATES = StudioSchedule(_ref("pilates/schedule"), _ref("pilates"), "Pilates", "service")
TRAINING = StudioSchedule(_ref("training/schedule"), _ref("training"), "Personal Training", "service")
SERVICES = (YOGA, PILATES, TRAINING)
SCHEDULES = (
    BUSINESS,
    *(StudioSchedule(one.schedule_id, one.resource_id, one.name, "staff") for one in STAFF),
    *SERVICES,
)

OVERRIDES: tuple[Mapping[str, str], ...] = (
    {"schedule": YOGA.id, "title": "Teaching yoga", "description": "Mats are in the cupboard."},
    {"session": "stock_taking", "title": "Busy at the studio", "description": ""},
    {"session": "training_1", "title": "Training with a client", "description": "Room North"},
)
"""Titles and descriptions to be shown outside, for which Wix V3 has no place; `session` names an entry of
`Seeded.sessions`."""

PROVIDERS: tuple[Mapping[str, Any], ...] = tuple(
    {
        "id": ref,
        "name": name,
        "calendarType": kind,
        "features": {
            "connectMethods": [connect],
            "updateSyncConfig": connect == "CREDENTIALS" or kind == "MICROSOFT",
            "listEventFromCalendars": imports,
            "syncToCalendar": exports,
        },
    }
    for ref, name, kind, connect, imports, exports in (
        (
            "6c533722-f1f9-4847-95c7-d4c4922ae9b0",
            "Google",
            "GOOGLE",
            "OAUTH",
            "PRIMARY_CALENDAR_ONLY",
            "NOT_SUPPORTED",
        ),
        (
            "ae0d26b4-7e04-4735-a15e-1b1acaba2f00",
            "Microsoft",
            "MICROSOFT",
            "OAUTH",
            "SPECIFIC_CALENDARS",
            "DEDICATED_CALENDAR",
        ),
        (
            "9f084ae8-b3a6-4eb6-a29d-bc682c04b5fc",
            "Apple",
            "I_CAL",
            "CREDENTIALS",
            "SPECIFIC_CALENDARS",
            "DEDICATED_CALENDAR",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """The site, and the ids of events by the name they have in this module (a series: its MASTER)."""

    site: Site
    sessions: dict[str, str] = field(default_factory=dict)


def next_monday(now: datetime) -> date:
    """The Monday after today, in the studio's zone."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    return today + timedelta(days=7 - today.weekday())


def seed_wix(state: WixState, clock: SandboxClock) -> Seeded:
    """Put the studio into an empty Wix: site, app, staff, rooms, schedules and sessions."""
    state.apps[APP_ID] = APP_SECRET
    site = state.add_site(INSTANCE_ID, ZONE)
    site.scopes[APP_ID] = ALL_SCOPES
    site.providers = [dict(provider) for provider in PROVIDERS]
    _add_resources(site)
    _add_schedules(site)
    seeded = Seeded(site)
    monday = next_monday(clock.now())
    _add_working_hours(site, clock)
    _add_classes(seeded, monday)
    _add_singles(seeded, monday)
    return seeded


def _add_resources(site: Site) -> None:
    staff = (Resource(s.resource_id, s.name, "STAFF", s.schedule_id, s.hours_schedule_id) for s in STAFF)
    site.resources.update({resource.id: resource for resource in (*staff, NORTH, SOUTH)})


def _add_schedules(site: Site) -> None:
    now = site.clock.now()
    owners = {one.schedule_id: one.wix_user_id for one in STAFF}
    for one in SCHEDULES:
        shared = {"defaultTitle": one.name, "defaultLocation": LOCATION, "defaultCapacity": 12}
        defaults = shared if one.kind == "service" else {}
        bare = Schedule(one.id, one.external_id, one.name, BOOKINGS_APP, ZONE, now, now, defaults)
        site.put_schedule(replace(bare, owner=owners.get(one.id)))
    for staff in STAFF:
        name = f"Working hours of {staff.name}"
        hours = Schedule(staff.hours_schedule_id, None, name, BOOKINGS_APP, ZONE, now, now)
        site.put_schedule(replace(hours, owner=staff.wix_user_id))


def _add_working_hours(site: Site, clock: SandboxClock) -> None:
    today = clock.now().astimezone(ZoneInfo(ZONE)).date()
    for schedule_id in (BUSINESS.id, *(one.hours_schedule_id for one in STAFF)):
        for weekday in range(5):
            first = today + timedelta(days=(weekday - today.weekday()) % 7)
            body = {
                "scheduleId": schedule_id,
                "type": "WORKING_HOURS",
                "title": "Working hours",
                **_between(first, "09:00", "18:00"),
                "recurrenceRule": _weekly(first),
            }
            events.create(site, BOOKINGS_APP, body)


def _between(day: date, start: str, end: str) -> dict[str, Any]:
    edges = {"start": start, "end": end}
    return {
        key: {"localDate": local_text(datetime.combine(day, time.fromisoformat(text)))} for key, text in edges.items()
    }


def _weekly(day: date) -> dict[str, Any]:
    return {"frequency": "WEEKLY", "interval": 1, "days": [DAYS[day.weekday()]]}


def _linked(*refs: str) -> list[dict[str, str]]:
    return [{"id": ref, "transparency": "OPAQUE"} for ref in refs]


def _add_classes(seeded: Seeded, monday: date) -> None:
    """Weekly classes; the first weeks of some are booked."""
    mara, jonas, aylin = (one.resource_id for one in STAFF)
    rows = (
        ("yoga_monday", YOGA, mara, NORTH, 0, "10:00", "11:00", (4, 7, 2, 1)),
        ("pilates_wednesday", PILATES, mara, SOUTH, 2, "17:00", "18:00", ()),
        ("pilates_tuesday", PILATES, jonas, SOUTH, 1, "11:00", "12:00", (3, 3)),
        ("yoga_thursday", YOGA, aylin, NORTH, 3, "16:00", "17:15", ()),
    )
    for name, service, staff, room, weekday, start, end, booked in rows:
        day = monday + timedelta(days=weekday)
        body = {
            "scheduleId": service.id,
            "type": "CLASS",
            **_between(day, start, end),
            "resources": _linked(staff, room.id),
            "recurrenceRule": _weekly(day),
        }
        master = events.create(seeded.site, BOOKINGS_APP, body)
        seeded.sessions[name] = master.id
        for instance, total in zip(seeded.site.occurrences(master.id), booked, strict=False):
            seeded.site.bump(instance, participants=total)


def _add_singles(seeded: Seeded, monday: date) -> None:
    """Appointments with one participant, sessions without any, and two equal classes in two rooms."""
    mara, jonas, aylin = STAFF
    appointments = (
        ("training_1", mara, 1, "09:30", "10:30"),
        ("training_2", mara, 10, "14:00", "15:00"),
        ("training_3", jonas, 2, "13:00", "14:00"),
        ("training_4", jonas, 9, "09:00", "10:00"),
        ("training_5", aylin, 4, "10:00", "11:30"),
    )
    for name, staff, day, start, end in appointments:
        body = {"scheduleId": TRAINING.id, "type": "APPOINTMENT", "totalCapacity": 1}
        links = {"resources": _linked(staff.resource_id)}
        _add(seeded, name, body | links | _between(monday + timedelta(days=day), start, end), 1)
    for name, staff, title, day, start, end, notes in (
        ("team_meeting", mara, "Team meeting", 3, "09:00", "10:00", "Agenda: summer plan"),
        ("stock_taking", mara, "Stock taking", 11, "16:00", "17:30", None),
        ("supplier", jonas, "Call with the supplier", 4, "15:00", "15:30", None),
        ("office_day", jonas, "Paperwork", 8, "09:00", "12:00", "Quarterly figures"),
        ("course_planning", aylin, "Course planning", 1, "13:00", "14:30", None),
    ):
        body = {"scheduleId": staff.schedule_id, "title": title, "location": LOCATION}
        more = {} if notes is None else {"notes": notes}
        _add(seeded, name, body | more | _between(monday + timedelta(days=day), start, end))
    for name, room in (("open_north", NORTH), ("open_south", SOUTH)):
        body = {"scheduleId": YOGA.id, "type": "CLASS", "title": "Open practice"}
        links = {"resources": _linked(mara.resource_id, room.id)}
        _add(seeded, name, body | links | _between(monday + timedelta(days=4), "12:00", "13:00"))


def _add(seeded: Seeded, name: str, body: dict[str, Any], participants: int = 0) -> None:
    event = events.create(seeded.site, BOOKINGS_APP, body)
    seeded.sessions[name] = event.id
    if participants:
        seeded.site.bump(event, participants=participants)


def external_events(now: datetime) -> list[dict[str, Any]]:
    """What staff 1 already has in a calendar outside.

    Each mapping has uid, title, description, location, start, end (aware datetimes, or dates with
    an exclusive end), zone, private, free, and rrule (RFC 5545 text or None).
    """
    monday = next_monday(now)
    blank = {"description": "", "location": "", "zone": ZONE, "private": False, "free": False, "rrule": None}
    rows: tuple[dict[str, Any], ...] = (
        {"title": "Therapy", "private": True, **_outside(monday, 1, "12:00", "13:00")},
        {"title": "Bank: loan", "private": True, **_outside(monday, 8, "16:00", "17:00")},
        {
            "title": "Dentist",
            "description": "Bring the insurance card",
            "location": "Hauptstr. 5, Berlin",
            **_outside(monday, 1, "15:00", "15:45"),
        },
        {
            "title": "Lunch run",
            "rrule": "FREQ=WEEKLY;COUNT=10",
            **_outside(monday, 2, "12:30", "13:30"),
        },
        {
            "title": "Moving house",
            "start": monday + timedelta(days=11),
            "end": monday + timedelta(days=12),
        },
        {"title": "Friend in town", "free": True, **_outside(monday, 4, "14:00", "17:00")},
        {"title": "Team meeting", **_outside(monday, 3, "09:00", "10:00")},
    )
    named = ({"uid": _ref(f"outside/{row['title']}"), **blank, **row} for row in rows)
    return list(named)


def _outside(monday: date, days: int, start: str, end: str) -> dict[str, datetime]:
    day = monday + timedelta(days=days)
    place = ZoneInfo(ZONE)
    return {
        "start": datetime.combine(day, time.fromisoformat(start), place),
        "end": datetime.combine(day, time.fromisoformat(end), place),
    }
