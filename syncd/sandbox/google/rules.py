"""Who may write what: event types, the organizer's fields, locked copies, access to the calendar.

Not here: limits of single fields (`event_body.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from syncd.sandbox.google.errors import GoogleError, invalid
from syncd.sandbox.google.event_body import as_body
from syncd.sandbox.google.state import Calendar
from syncd.sandbox.google.values import Account, Event

TYPES: Final = ("default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation")
STATUS_TYPES: Final = frozenset({"focusTime", "outOfOffice", "workingLocation"})
WRITERS: Final = ("owner", "writer")

_LOCKED: Final = ("summary", "description", "location", "start", "end", "recurrence")
_PRIVATE: Final = ("reminders", "colorId", "eventLabelId", "transparency", "eventType", "attendeesOmitted")
_BIRTHDAY: Final = ("summary", "colorId", "reminders", "eventType")


def check_writer(calendar: Calendar, account: Account) -> None:
    """403 for somebody who may only read."""
    if calendar.roles[account.email] not in WRITERS:
        raise GoogleError("requiredAccessLevel")


def check_new(event: Event, calendar: Calendar, account: Account) -> None:
    """400 for an event of a type that cannot be created here."""
    if event.type not in TYPES:
        raise invalid("eventType", "Invalid value for: eventType")
    primary = calendar.id == account.email
    if event.type == "fromGmail" or (event.type != "default" and not primary):
        raise GoogleError("eventTypeRestriction")
    if event.type in ("outOfOffice", "focusTime") and (not account.workspace or event.start.all_day):
        raise GoogleError("eventTypeRestriction")
    if event.type == "workingLocation" and not (
        event.fields.get("transparency") == "transparent" and event.fields.get("visibility") == "public"
    ):
        raise GoogleError("eventTypeRestriction", "A working location event must be public and transparent.")
    if event.type == "birthday":
        _check_birthday(event)


def _check_birthday(event: Event) -> None:
    private = event.fields.get("visibility") == "private" and event.fields.get("transparency") == "transparent"
    annual = event.is_master and all("FREQ=YEARLY" in line for line in event.recurrence)
    if not (event.start.all_day and annual and private) or "extendedProperties" in event.fields:
        raise GoogleError("eventTypeRestriction", "A birthday is annual, all-day, private and transparent.")


def check_change(before: Event, after: Event, account: Account, *, fixed: frozenset[str] = frozenset()) -> None:
    """Refuse a change of what this person may not change in this event; `fixed` types keep their shared fields."""
    changed = changed_fields(as_body(before), as_body(after), account.email)
    if before.type == "birthday" and changed - set(_BIRTHDAY):
        raise GoogleError("eventTypeRestriction")
    if before.type in {"fromGmail", *fixed} and changed - set(_PRIVATE) - {"extendedProperties.private"}:
        raise GoogleError("eventTypeRestriction")
    if before.locked and changed & set(_LOCKED):
        raise GoogleError("forbidden", "The event is locked.")
    if before.organizer != account.email and not before.fields.get("guestsCanModify"):
        _check_guest(before, changed, account)


def _check_guest(before: Event, changed: set[str], account: Account) -> None:
    known = account.email in {entry["email"] for entry in before.fields.get("attendees", ())}
    if before.organizer.endswith("@group.calendar.google.com") and not known:
        return
    if changed - set(_PRIVATE) - {"extendedProperties.private", "attendees.self"}:
        raise GoogleError("forbiddenForNonOrganizer")


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any], email: str) -> set[str]:
    """Names of fields that differ; properties by kind, and one's own answer to an invitation as `attendees.self`."""
    found = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    if "extendedProperties" in found:
        old, new = (side.get("extendedProperties", {}) for side in (before, after))
        found.remove("extendedProperties")
        found |= {f"extendedProperties.{kind}" for kind in ("private", "shared") if old.get(kind) != new.get(kind)}
    if "attendees" in found:
        old, new = ([e for e in side.get("attendees", []) if e["email"] != email] for side in (before, after))
        found = (found - {"attendees"}) | {"attendees.self" if old == new else "attendees"}
    return found
