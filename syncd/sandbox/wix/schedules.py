"""Schedules V3: create, read, update, query, cancel.

Not here: what a schedule's events inherit from it (`events.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from syncd.sandbox.switching import Switches
from syncd.sandbox.wix.errors import invalid, not_found, stale
from syncd.sandbox.wix.event_body import (
    ROLES,
    read_conferencing,
    read_extended,
    read_location,
)
from syncd.sandbox.wix.events import precondition, take_schedule_changes
from syncd.sandbox.wix.fields import (
    Body,
    as_bool,
    as_enum,
    as_guid,
    as_int,
    as_list,
    as_object,
    as_revision,
    as_text,
    as_zone,
    refuse_unknown,
    required,
)
from syncd.sandbox.wix.filters import EXACT, Field, compile_filter
from syncd.sandbox.wix.paging import Page, Paging, page
from syncd.sandbox.wix.state import Site, Snapshot
from syncd.sandbox.wix.values import Schedule
from syncd.sandbox.wix.view import View

_INHERITED = (
    "defaultTitle",
    "defaultLocation",
    "defaultCapacity",
    "defaultConferencingDetails",
    "extendedFields",
)
_WRITABLE = {
    "externalId",
    "name",
    "timeZone",
    "businessTimeZoneEnabled",
    "appId",
    "permissions",
    *_INHERITED,
}
_READ_ONLY = {"id", "status", "revision", "createdDate", "updatedDate"}
_FILTERS: Mapping[str, Field] = {
    "id": Field(EXACT, lambda schedule: schedule.id),
    "externalId": Field(EXACT, lambda schedule: schedule.external_id),
    "appId": Field(EXACT, lambda schedule: schedule.app_id),
    "status": Field(EXACT, lambda schedule: schedule.status),
}


def find(view: View, ref: str) -> Schedule:
    """By id, whatever its status. Raises 404."""
    schedule = view.schedule(ref)
    if schedule is None:
        raise not_found("schedule", ref)
    return schedule


def create(site: Site, app_id: str, body: object) -> Schedule:
    """A new schedule of the calling app, or of the app named. Raises 400."""
    patch = _read(body, site.switches)
    now = site.clock.now()
    follows = patch.get("businessTimeZoneEnabled", True)
    owner, role = patch.get("permissions", (None, "WRITER"))
    return site.put_schedule(
        Schedule(
            id=site.guid(),
            external_id=patch.get("externalId"),
            name=required(patch, "name", "schedule.name"),
            app_id=patch.get("appId") or app_id,
            zone=site.zone if follows else patch.get("timeZone") or site.zone,
            created=now,
            updated=now,
            fields={key: patch[key] for key in _INHERITED if patch.get(key) is not None},
            follows_site=follows,
            owner=owner,
            role=role,
        )
    )


def update(site: Site, body: Mapping[str, Any]) -> Schedule:
    """Change the fields present; events that inherit them follow. Raises 400, 404, 409, 428."""
    schedule = find(View(site), str(required(body, "id", "schedule.id")))
    patch = _read(body, site.switches)
    sent = as_revision(body.get("revision"), "schedule.revision")
    for key, kept in (("externalId", schedule.external_id), ("appId", schedule.app_id)):
        if patch.get(key, kept) != kept:
            raise invalid(f"schedule.{key}", "cannot be changed")
    if sent != schedule.revision:
        raise stale(schedule.id)
    if schedule.status != "ACTIVE":
        raise precondition(site, "the schedule is cancelled")
    stored = site.bump_schedule(_patched(site, schedule, patch))
    take_schedule_changes(site, stored)
    return stored


def cancel(site: Site, ref: str, body: Body) -> Schedule:
    """Permanent. Future events are cancelled too, on request without those with participants."""
    schedule = find(View(site), ref)
    keep = as_bool(body.get("preserveFutureEventsWithParticipants", False), "preserveFuture…")
    if schedule.is_business:
        raise precondition(site, "the business schedule cannot be cancelled")
    if schedule.status != "ACTIVE":
        raise precondition(site, "the schedule is already cancelled")
    now = site.clock.now()
    for event in list(site.events.all()):
        ahead = event.recurrence == "MASTER" or event.span.start_utc > now
        kept = keep and event.participants > 0
        if event.schedule_id == ref and event.confirmed and ahead and not kept:
            site.bump(event, status="CANCELLED")
    return site.bump_schedule(schedule, status="CANCELLED")


def query(view: View, body: Body, *, pi: bool) -> Page:
    """One page, in order of creation; only ACTIVE ones unless `status` is filtered."""
    site = view.site
    refuse_unknown(body, ("query", "fields"), "", site.switches)
    asked = as_object(body.get("query") or {}, "query")
    refuse_unknown(asked, ("filter", "cursorPaging"), "query", site.switches)
    paging = Paging.read(asked, site, site.switches["query_schedules_max_limit"])

    def first() -> Snapshot:
        wanted = as_object(asked.get("filter") or {}, "query.filter")
        matches = compile_filter(wanted, _FILTERS)
        rows = (s for s in view.schedules() if "status" in wanted or s.status == "ACTIVE")
        return Snapshot(tuple(schedule for schedule in rows if matches(schedule)), None, pi)

    return page(site, paging, first)


def set_owner(site: Site, ref: str, owner: str | None) -> Schedule:
    """Somebody at the site hands the schedule to another user, or to nobody."""
    return site.bump_schedule(find(View(site), ref), owner=owner)


def _read(value: object, switches: Switches) -> dict[str, Any]:
    body = as_object(value, "schedule")
    refuse_unknown(body, _WRITABLE | _READ_ONLY, "schedule", switches)
    patch: dict[str, Any] = {}
    for key in sorted(_WRITABLE & body.keys()):
        empty = body[key] is None
        if empty and key in ("name", "timeZone", "businessTimeZoneEnabled"):
            raise invalid(f"schedule.{key}", "cannot be empty", "REQUIRED_FIELD")
        patch[key] = None if empty else _READERS[key](body[key], f"schedule.{key}", switches)
    if "permissions" in patch and patch["permissions"] is None:
        patch["permissions"] = (None, "WRITER")
    return patch


def _permissions(value: object, path: str, switches: Switches) -> tuple[str | None, str]:
    entries = as_list(value, path, 0, 1)
    if not entries:
        return None, "WRITER"
    entry = as_object(entries[0], f"{path}[0]")
    refuse_unknown(entry, ("identity", "role"), f"{path}[0]", switches)
    identity = as_object(entry.get("identity"), f"{path}[0].identity")
    refuse_unknown(identity, ("wixUserId",), f"{path}[0].identity", switches)
    owner = as_guid(identity.get("wixUserId"), f"{path}[0].identity.wixUserId")
    return owner, as_enum(entry.get("role", "WRITER"), f"{path}[0].role", ROLES)


def _patched(site: Site, schedule: Schedule, patch: dict[str, Any]) -> Schedule:
    fields = {**schedule.fields, **{k: v for k, v in patch.items() if k in _INHERITED}}
    follows = patch.get("businessTimeZoneEnabled", schedule.follows_site)
    owner, role = patch.get("permissions", (schedule.owner, schedule.role))
    return replace(
        schedule,
        name=patch.get("name", schedule.name),
        fields={key: value for key, value in fields.items() if value is not None},
        follows_site=follows,
        zone=site.zone if follows else patch.get("timeZone", schedule.zone),
        owner=owner,
        role=role,
    )


_READERS: Mapping[str, Callable[[Any, str, Switches], Any]] = {
    "externalId": lambda value, path, _: as_text(value, path, 1, 250),
    "name": lambda value, path, _: as_text(value, path, 1, 200),
    "timeZone": lambda value, path, _: as_zone(value, path),
    "businessTimeZoneEnabled": lambda value, path, _: as_bool(value, path),
    "appId": lambda value, path, _: as_guid(value, path),
    "permissions": _permissions,
    "defaultTitle": lambda value, path, _: as_text(value, path, 1, 200),
    "defaultLocation": read_location,
    "defaultCapacity": lambda value, path, _: as_int(value, path, 0),
    "defaultConferencingDetails": read_conferencing,
    "extendedFields": read_extended,
}
