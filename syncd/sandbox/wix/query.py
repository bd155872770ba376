"""Query Events and List Events: window, recurrence types, filters, sort, pages.

Not here: single reads by id with their permission checks (`routes.py`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from syncd.sandbox.wix.errors import WixError, invalid, not_found
from syncd.sandbox.wix.fields import (
    Body,
    answer_zone,
    as_enum,
    as_list,
    as_local,
    as_object,
    refuse_unknown,
)
from syncd.sandbox.wix.filters import EXACT, EXISTS, MEMBERS, NUMERIC, Field, compile_filter
from syncd.sandbox.wix.paging import Page, Paging, page
from syncd.sandbox.wix.state import Site, Snapshot
from syncd.sandbox.wix.times import DstRule, to_utc
from syncd.sandbox.wix.values import Event
from syncd.sandbox.wix.view import View

RECURRENCE_TYPES = ("NONE", "MASTER", "INSTANCE", "EXCEPTION")
_DEFAULT_TYPES = ["NONE", "INSTANCE", "EXCEPTION"]
_KNOWN = ("fromLocalDate", "toLocalDate", "timeZone", "recurrenceType", "fields", "query")


def query_events(view: View, body: Body, *, pi: bool) -> Page:
    """One page of events; the cursor remembers zone and PI of the first. Raises 400."""
    site = view.site
    refuse_unknown(body, _KNOWN, "", site.switches)
    query = as_object(body.get("query") or {}, "query")
    refuse_unknown(query, ("filter", "sort", "cursorPaging"), "query", site.switches)
    paging = Paging.read(query, site, site.switches["query_events_max_limit"])

    def first() -> Snapshot:
        zone = answer_zone(body)
        return Snapshot(tuple(_select(view, body, query, zone)), zone, pi)

    return page(site, paging, first)


def _select(view: View, body: Body, query: Body, zone: str | None) -> list[Event]:
    site = view.site
    kinds = _kinds(body)
    start, end = _window(body, zone or site.zone, kinds, site)
    filter_body = as_object(query.get("filter") or {}, "query.filter")
    matches = compile_filter(filter_body, _fields(view))
    hours_wanted = "type" in filter_body
    found = []
    for event in view.events():
        shown = event.recurrence in kinds and _listed(event, site)
        if not shown or (event.type == "WORKING_HOURS" and not hours_wanted):
            continue
        if event.overlaps(start, end) and matches(event):
            found.append(event)
    return _sorted(found, query)


def _listed(event: Event, site: Site) -> bool:
    if event.confirmed:
        return True
    if event.retired and site.switches["retimed_instance_read"] != "CANCELLED":
        return False
    return bool(site.switches["query_returns_cancelled"])


def _kinds(body: Body) -> list[str]:
    value = body.get("recurrenceType")
    if value is None:
        return _DEFAULT_TYPES
    kinds = as_list(value, "recurrenceType", 0, len(RECURRENCE_TYPES))
    return [as_enum(kind, "recurrenceType", RECURRENCE_TYPES) for kind in kinds] or _DEFAULT_TYPES


def _window(body: Body, zone: str, kinds: list[str], site: Site) -> tuple[datetime, datetime]:
    edges = [
        to_utc(datetime(1, 1, 3), "UTC", DstRule()),  # noqa: DTZ001 - a local edge
        to_utc(datetime(9999, 12, 29), "UTC", DstRule()),  # noqa: DTZ001
    ]
    for index, key in enumerate(("fromLocalDate", "toLocalDate")):
        if body.get(key) is not None:
            edges[index] = to_utc(as_local(body[key], key), zone, DstRule())
        elif site.switches["query_window_required"] and kinds != ["MASTER"]:
            raise invalid(key, "is required", "REQUIRED_FIELD")
    if edges[1] <= edges[0]:
        raise invalid("toLocalDate", "must lie after fromLocalDate")
    return edges[0], edges[1]


def _sorted(events: list[Event], query: Body) -> list[Event]:
    value = query.get("sort")
    sorting = as_list(value if value is not None else [], "query.sort", 0, 1)
    field, order = "start", "ASC"
    if sorting:
        entry = as_object(sorting[0], "query.sort[0]")
        field = as_enum(entry.get("fieldName"), "query.sort[0].fieldName", ("start", "end"))
        order = as_enum(entry.get("order", "ASC"), "query.sort[0].order", ("ASC", "DESC"))

    def key(event: Event) -> tuple[datetime, str]:
        span = event.span
        return (span.start_utc if field == "start" else span.end_utc, event.id)

    return sorted(events, key=key, reverse=order == "DESC")


def _plain(name: str, part: str | None = None) -> Callable[[Event], Any]:
    def value(event: Event) -> Any:
        found = event.fields.get(name)
        return found.get(part) if part is not None and found is not None else found

    return value


def _resource_values(view: View, part: str) -> Callable[[Event], set[str]]:
    def values(event: Event) -> set[str]:
        entries = event.fields.get("resources", ())
        if part == "id":
            return event.resource_ids()
        if part == "transparency":
            return {entry.get("transparency", "OPAQUE") for entry in entries}
        known = (view.site.resources.get(entry["id"]) for entry in entries)
        return {resource.type for resource in known if resource is not None}

    return values


def _homes(view: View) -> Callable[[Event], set[str]]:
    """The schedule of an event, and the staff schedules it shows up on as well."""
    shared = view.site.switches["staff_schedule_content"] == "appointments"

    def values(event: Event) -> set[str]:
        staff = view.staff_of(event) if shared and event.type == "APPOINTMENT" else []
        return {event.schedule_id, *(str(member.events_schedule_id) for member in staff)}

    return values


def _external_schedule(view: View) -> Callable[[Event], str | None]:
    def value(event: Event) -> str | None:
        schedule = view.schedule(event.schedule_id)
        return None if schedule is None else schedule.external_id

    return value


def _remaining(event: Event) -> int | None:
    capacity = event.fields.get("totalCapacity")
    return None if capacity is None else max(0, capacity - event.participants)


def _fields(view: View) -> Mapping[str, Field]:
    return {
        "appId": Field(EXACT, lambda event: event.app_id),
        "scheduleId": Field(EXACT, _homes(view), many=True),
        "externalScheduleId": Field(EXACT, _external_schedule(view)),
        "type": Field(EXACT, lambda event: event.type),
        "recurringEventId": Field(EXACT, lambda event: event.master_id),
        "location.id": Field(EXACT, _plain("location", "id")),
        "location.type": Field(EXACT, _plain("location", "type")),
        "transparency": Field(("$eq",), _plain("transparency")),
        "resources.id": Field(MEMBERS, _resource_values(view, "id")),
        "resources.type": Field(MEMBERS, _resource_values(view, "type")),
        "resources.transparency": Field(MEMBERS, _resource_values(view, "transparency")),
        "totalCapacity": Field((*NUMERIC, *EXISTS), _plain("totalCapacity")),
        "remainingCapacity": Field(NUMERIC, _remaining),
        "participants.total": Field(NUMERIC, lambda event: event.participants),
        "location": Field(EXISTS, _plain("location")),
        "conferencingDetails": Field(EXISTS, _plain("conferencingDetails")),
    }


def read_one(view: View, ref: str) -> Event:
    """By id, cancelled ones too. 404 when unknown, or retired and the switch hides it."""
    event = view.event(ref)
    if event is None or (event.retired and view.site.switches["retimed_instance_read"] != "CANCELLED"):
        raise not_found("event", ref)
    return event


def read_many(view: View, refs: list[str]) -> list[Event]:
    """By ids; unknown ones are left out, retired ones as the switch says."""
    found = []
    for ref in refs:
        try:
            found.append(read_one(view, ref))
        except WixError:
            retired = view.event(ref) is not None
            if retired and view.site.switches["retimed_instance_read"] == "404":
                raise
    return found
