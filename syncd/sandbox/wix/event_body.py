"""Reads an `event` object of a request into a checked patch: the fields present, in the simulator's own values.

Not here: rules that need the stored event or the schedule (`events.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from syncd.sandbox.switching import Switches
from syncd.sandbox.wix.errors import invalid
from syncd.sandbox.wix.fields import (
    as_bool,
    as_enum,
    as_guid,
    as_int,
    as_list,
    as_local,
    as_object,
    as_text,
    as_zone,
    refuse_unknown,
    required,
)
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import DAYS, Rule

Patch = dict[str, Any]

READ_ONLY = frozenset(
    {
        "id",
        "externalScheduleId",
        "scheduleName",
        "status",
        "adjustedStart",
        "adjustedEnd",
        "recurrenceType",
        "recurringEventId",
        "remainingCapacity",
        "participants",
        "inheritedFields",
        "appId",
        "permissions",
        "revision",
        "createdDate",
        "updatedDate",
    }
)
PLAIN = (
    "title",
    "transparency",
    "location",
    "resources",
    "totalCapacity",
    "conferencingDetails",
    "notes",
    "extendedFields",
)
WRITABLE = frozenset({*PLAIN, "scheduleId", "type", "start", "end", "allDay", "timeZone", "recurrenceRule"})
NEVER_EMPTY = ("start", "end", "timeZone", "transparency", "allDay", "type", "recurrenceRule")
TYPES = ("DEFAULT", "WORKING_HOURS", "APPOINTMENT", "CLASS", "COURSE")
ROLES = ("WRITER", "COMMENTER")
_UNLIMITED = 2**20


def read_event(value: object, site: Site, path: str = "event") -> Patch:
    """The writable fields present in `value`; null stays None. Read-only fields are passed over."""
    body = as_object(value, path)
    refuse_unknown(body, WRITABLE | READ_ONLY, path, site.switches)
    patch: Patch = {}
    for key in sorted(WRITABLE & body.keys()):
        if body[key] is None:
            if key in NEVER_EMPTY:
                raise invalid(f"{path}.{key}", "cannot be empty", "REQUIRED_FIELD")
            patch[key] = None
        else:
            patch[key] = _READERS[key](body[key], f"{path}.{key}", site)
    return patch


def _moment(value: object, path: str, site: Site) -> object:
    body = as_object(value, path)
    refuse_unknown(body, ("localDate", "timeZone", "utcDate"), path, site.switches)
    return as_local(body.get("localDate"), f"{path}.localDate")


def _rule(value: object, path: str, site: Site) -> Rule:
    body = as_object(value, path)
    known = ("frequency", "interval", "days", "until", "adjustedUntil")
    refuse_unknown(body, known, path, site.switches)
    as_enum(required(body, "frequency", f"{path}.frequency"), f"{path}.frequency", ("WEEKLY",))
    days = as_list(required(body, "days", f"{path}.days"), f"{path}.days", 1, 1)
    until = body.get("until")
    return Rule(
        day=as_enum(days[0], f"{path}.days", DAYS),
        interval=as_int(body.get("interval", 1), f"{path}.interval", 1, 4),
        until=None if until is None else _moment(until, f"{path}.until", site),  # type: ignore[arg-type]
    )


def read_location(value: object, path: str, switches: Switches) -> dict[str, Any]:
    """A location of an event or the default one of a schedule."""
    body = as_object(value, path)
    known = ("id", "type", "name", "address", "formattedAddress")
    refuse_unknown(body, known, path, switches)
    kind = required(body, "type", f"{path}.type")
    location = {"type": as_enum(kind, f"{path}.type", ("BUSINESS", "CUSTOMER", "CUSTOM"))}
    if body.get("id") is not None:
        if kind != "BUSINESS":
            raise invalid(f"{path}.id", "goes only with type BUSINESS")
        location["id"] = as_text(body["id"], f"{path}.id", 1, 250)
    if body.get("name") is not None:
        location["name"] = as_text(body["name"], f"{path}.name", 1, 150)
    if body.get("address") is not None:
        location["address"] = as_text(body["address"], f"{path}.address", 0, _UNLIMITED)
    return location


def _location(value: object, path: str, site: Site) -> dict[str, Any]:
    return read_location(value, path, site.switches)


def _resources(value: object, path: str, site: Site) -> list[dict[str, Any]]:
    known = ("id", "name", "type", "transparency", "permissionRole")
    resources = []
    for index, entry in enumerate(as_list(value, path, 0, 100)):
        at = f"{path}[{index}]"
        body = as_object(entry, at)
        refuse_unknown(body, known, at, site.switches)
        ref = as_text(required(body, "id", f"{at}.id"), f"{at}.id", 1, 250)
        if ref not in site.resources:
            raise invalid(f"{at}.id", "is no resource of this site", "UNKNOWN_RESOURCE")
        resource = {"id": ref}
        if body.get("transparency") is not None:
            resource["transparency"] = _transparency(body["transparency"], f"{at}.transparency", site)
        if body.get("permissionRole") is not None:
            role = body["permissionRole"]
            resource["permissionRole"] = as_enum(role, f"{at}.permissionRole", ROLES)
        resources.append(resource)
    return resources


def _transparency(value: object, path: str, _site: Site) -> str:
    return as_enum(value, path, ("OPAQUE", "TRANSPARENT"))


def read_conferencing(value: object, path: str, switches: Switches) -> dict[str, Any]:
    """Conferencing details of an event or the default ones of a schedule."""
    body = as_object(value, path)
    known = ("type", "hostUrl", "guestUrl", "password", "externalId")
    refuse_unknown(body, known, path, switches)
    details = {"type": as_enum(body.get("type", "CUSTOM"), f"{path}.type", ("ZOOM", "CUSTOM"))}
    for key in known[1:]:
        if body.get(key) is not None:
            details[key] = as_text(body[key], f"{path}.{key}", 0, _UNLIMITED)
    return details


def _conferencing(value: object, path: str, site: Site) -> dict[str, Any]:
    return read_conferencing(value, path, site.switches)


def read_extended(value: object, path: str, switches: Switches) -> dict[str, Any]:
    """`extendedFields`: refused where the site has no schema for the namespace."""
    body = as_object(value, path)
    refuse_unknown(body, ("namespaces",), path, switches)
    namespaces = as_object(body.get("namespaces", {}), f"{path}.namespaces")
    for name, content in namespaces.items():
        if name not in switches["extended_fields_namespaces"]:
            at = f"{path}.namespaces.{name}"
            raise invalid(at, "has no schema on this site", "SCHEMA_NOT_FOUND")
        as_object(content, f"{path}.namespaces.{name}")
    return {"namespaces": namespaces}


def _extended(value: object, path: str, site: Site) -> dict[str, Any]:
    return read_extended(value, path, site.switches)


_READERS: Mapping[str, Callable[[Any, str, Site], Any]] = {
    "scheduleId": lambda value, path, _: as_guid(value, path),
    "type": lambda value, path, _: as_enum(value, path, TYPES),
    "title": lambda value, path, _: as_text(value, path, 1, 200),
    "start": _moment,
    "end": _moment,
    "allDay": lambda value, path, _: as_bool(value, path),
    "timeZone": lambda value, path, _: as_zone(value, path),
    "recurrenceRule": _rule,
    "transparency": _transparency,
    "location": _location,
    "resources": _resources,
    "totalCapacity": lambda value, path, _: as_int(value, path, 0),
    "conferencingDetails": _conferencing,
    "notes": lambda value, path, _: as_text(value, path, 1, 5000),
    "extendedFields": _extended,
}
