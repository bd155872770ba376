"""The documented routes: path, permission, and how request and answer are read and written.

Not here: HTTP itself and faults (`app.py`), and what the calls do (`events.py`, `query.py`, `schedules.py`, …).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.clock import rfc3339
from syncd.sandbox.wix import bulk, events, external, query, schedules, series, split
from syncd.sandbox.wix.access import MANAGE, MANAGE_EXTERNAL, READ, READ_PI, sees_pi
from syncd.sandbox.wix.errors import Json, WixError, invalid
from syncd.sandbox.wix.event_body import read_event
from syncd.sandbox.wix.fields import (
    answer_zone,
    as_bool,
    as_enum,
    as_list,
    as_local,
    as_object,
    as_text,
    notification,
    refuse_unknown,
    required,
)
from syncd.sandbox.wix.paging import Page
from syncd.sandbox.wix.render import Lens, render_event, render_schedule
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Caller, Event
from syncd.sandbox.wix.view import View

Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """One permitted request. `do` is what a planted fault asks for, mostly empty."""

    caller: Caller
    site: Site
    view: View
    params: Mapping[str, str]
    query: Query
    body: Json
    do: Mapping[str, Any] = field(default_factory=dict)

    def only(self, *known: str) -> None:
        """400 for anything in the body that this method does not know."""
        refuse_unknown(self.body, known, "", self.site.switches)

    def lens(self, *, pi: bool = False) -> Lens:
        """How to render for this caller; the zone is the body's `timeZone`."""
        return Lens(View(self.site), answer_zone(self.body), pi)

    def notify(self) -> bool:
        """Whether participants shall be told."""
        return notification(self.body, self.site.switches)

    def wants_pi(self, fields: object) -> bool:
        """Reads `fields`: at most one of the two PI sets."""
        wanted = as_list(fields if fields is not None else [], "fields", 0, 1)
        names = [as_enum(name, "fields", ("PI_FIELDS", "OWN_PI_FIELDS")) for name in wanted]
        return sees_pi(self.caller, self.site, names)


@dataclass(frozen=True, slots=True)
class Route:
    """`kinds` names the faults, beyond the common ones, that make sense here."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Call], Json]
    scopes: tuple[str, ...]
    write: bool = False
    kinds: frozenset[str] = frozenset()


def _rendered(call: Call, event: Event) -> Json:
    return {"event": render_event(_somebody_else(call, event), call.lens())}


def _somebody_else(call: Call, event: Event) -> Event:
    """The planted edit of another person that comes between a write and its answer."""
    if "foreign_edit" not in call.do or not event.confirmed:
        return event
    return events.change(call.site, event, read_event(call.do["foreign_edit"], call.site))


def _create_event(call: Call) -> Json:
    call.only("event", "timeZone", "idempotencyKey")
    key = call.body.get("idempotencyKey")
    known = _created_before(call, "event", key)
    if known is not None:
        return {"event": render_event(query.read_one(View(call.site), known), call.lens())}
    event = events.create(call.site, call.caller.app_id, required(call.body, "event", "event"))
    _remember(call, "event", key, event.id)
    return _rendered(call, event)


def _created_before(call: Call, kind: str, key: object) -> str | None:
    if key is None:
        return None
    as_text(key, "idempotencyKey", 1, 255)
    return call.site.idempotency.get((call.caller.app_id, kind, str(key)))


def _remember(call: Call, kind: str, key: object, ref: str) -> None:
    if key is not None:
        call.site.idempotency[(call.caller.app_id, kind, str(key))] = ref


def _update_event(call: Call) -> Json:
    call.only("event", "participantNotification", "timeZone")
    body = as_object(required(call.body, "event", "event"), "event")
    ref = call.params["id"]
    if body.get("id", ref) != ref:
        raise invalid("event.id", "differs from the path")
    return _rendered(call, events.update(call.site, {**body, "id": ref}, call.notify()))


def _cancel_event(call: Call) -> Json:
    call.only("participantNotification", "timeZone")
    return _rendered(call, events.cancel(call.site, call.params["id"], call.notify()))


def _restore(call: Call) -> Json:
    call.only("fields", "timeZone")
    names = call.body.get("fields")
    return _rendered(call, events.restore_defaults(call.site, call.params["id"], names))


def _split(call: Call) -> Json:
    call.only("splitLocalDate", "timeZone")
    at = as_local(call.body.get("splitLocalDate"), "splitLocalDate")
    old, new = split.split(call.site, call.params["id"], at)
    return {
        "updatedRecurringEventEndingBeforeSplit": render_event(old, call.lens()),
        "newRecurringEventStartingFromSplit": render_event(new, call.lens()),
    }


def _run_bulk(call: Call, key: str, apply: Callable[[Any], Event]) -> Json:
    items = as_list(required(call.body, key, key), key, 1, bulk.MAX_ITEMS)
    entity = as_bool(call.body.get("returnEntity", False), "returnEntity")
    lens = call.lens()

    def item_id(item: object) -> str | None:
        if isinstance(item, dict):
            body = item.get("event")
            item = body.get("id") if isinstance(body, dict) else None
        return item if isinstance(item, str) else None

    steps = bulk.Bulk(
        ref=item_id,
        apply=lambda item: _somebody_else(call, apply(item)),
        show=(lambda event: render_event(event, lens)) if entity else None,
    )
    answer = bulk.run(steps, items, call.do.get("item_failures", ()))
    return bulk.spoiled(answer, call.do.get("missing_results", ()), backwards="reversed_results" in call.do)


def _bulk_create(call: Call) -> Json:
    call.only("events", "returnEntity", "timeZone")

    def apply(item: object) -> Event:
        return events.create(call.site, call.caller.app_id, _item(call, item))

    return _run_bulk(call, "events", apply)


def _item(call: Call, item: object) -> Json:
    body = as_object(item, "events[]")
    refuse_unknown(body, ("event",), "events[]", call.site.switches)
    return as_object(required(body, "event", "event"), "event")


def _bulk_update(call: Call) -> Json:
    call.only("events", "returnEntity", "participantNotification", "timeZone")
    notify = call.notify()
    return _run_bulk(call, "events", lambda item: events.update(call.site, _item(call, item), notify))


def _bulk_cancel(call: Call) -> Json:
    call.only("eventIds", "returnEntity", "participantNotification", "timeZone")
    notify = call.notify()

    def apply(item: object) -> Event:
        return events.cancel(call.site, as_text(item, "eventIds", 1, 250), notify)

    return _run_bulk(call, "eventIds", apply)


def _read_lens(call: Call, *known: str) -> Lens:
    refuse_unknown(call.query, (*known, "timeZone", "fields"), "", call.site.switches)
    zone = answer_zone({name: values[0] for name, values in call.query.items()})
    return Lens(call.view, zone, call.wants_pi(call.query.get("fields")))


def _get_event(call: Call) -> Json:
    lens = _read_lens(call)
    return {"event": render_event(query.read_one(call.view, call.params["id"]), lens)}


def _list_events(call: Call) -> Json:
    lens = _read_lens(call, "eventIds")
    refs = as_list(call.query.get("eventIds", []), "eventIds", 1, 100)
    found = query.read_many(call.view, refs)
    if call.do.get("empty"):
        found = []
    found = found[: call.do.get("truncate", len(found))]
    return {"events": [render_event(event, lens) for event in found]}


def _query_events(call: Call) -> Json:
    pi = call.wants_pi(call.body.get("fields"))
    page = _spoiled(call, query.query_events(call.view, call.body, pi=pi))
    lens = Lens(call.view, page.zone, page.pi)
    rows = [render_event(event, lens) for event in page.rows]
    return {"events": rows, "pagingMetadata": _metadata(call, page)}


def _spoiled(call: Call, page: Page) -> Page:
    """The page as a planted fault cuts it."""
    if call.do.get("empty"):
        return Page((), page.zone, page.pi)
    if "truncate" in call.do:
        return Page(page.rows[: call.do["truncate"]], page.zone, page.pi)
    return page


def _metadata(call: Call, page: Page) -> Json:
    """`pagingMetadata`, with what a planted fault says instead; null leaves a field out."""
    told = {**page.metadata(), **call.do.get("paging", {})}
    return {name: value for name, value in told.items() if value is not None}


def _events_view(call: Call) -> Json:
    now = call.site.clock.now()
    end = call.site.extended_to or series.horizon(now)
    return {"eventsView": {"endDate": rfc3339(end), "futureDurationInDays": (end - now).days}}


def _create_schedule(call: Call) -> Json:
    call.only("schedule", "idempotencyKey")
    key = call.body.get("idempotencyKey")
    known = _created_before(call, "schedule", key)
    if known is not None:
        found = schedules.find(View(call.site), known)
        return {"schedule": render_schedule(found, call.lens())}
    body = required(call.body, "schedule", "schedule")
    schedule = schedules.create(call.site, call.caller.app_id, body)
    _remember(call, "schedule", key, schedule.id)
    return {"schedule": render_schedule(schedule, call.lens())}


def _get_schedule(call: Call) -> Json:
    refuse_unknown(call.query, ("fields",), "", call.site.switches)
    lens = Lens(call.view, None, call.wants_pi(call.query.get("fields")))
    return {"schedule": render_schedule(schedules.find(call.view, call.params["id"]), lens)}


def _update_schedule(call: Call) -> Json:
    call.only("schedule", "participantNotification")
    call.notify()
    body = as_object(required(call.body, "schedule", "schedule"), "schedule")
    ref = call.params["id"]
    if body.get("id", ref) != ref:
        raise invalid("schedule.id", "differs from the path")
    schedule = schedules.update(call.site, {**body, "id": ref})
    return {"schedule": render_schedule(schedule, call.lens())}


def _query_schedules(call: Call) -> Json:
    pi = call.wants_pi(call.body.get("fields"))
    page = _spoiled(call, schedules.query(call.view, call.body, pi=pi))
    lens = Lens(call.view, None, page.pi)
    rows = [render_schedule(schedule, lens) for schedule in page.rows]
    return {"schedules": rows, "pagingMetadata": _metadata(call, page)}


def _cancel_schedule(call: Call) -> Json:
    call.only("preserveFutureEventsWithParticipants", "participantNotification")
    call.notify()
    schedule = schedules.cancel(call.site, call.params["id"], call.body)
    return {"schedule": render_schedule(schedule, call.lens())}


def _providers(call: Call) -> Json:
    external.check_premium(call.site)
    return external.providers(call.site)


def _connections(call: Call) -> Json:
    external.check_premium(call.site)
    refuse_unknown(call.query, ("scheduleIds", "partialFailure"), "", call.site.switches)
    partial = call.query.get("partialFailure", ["false"])[0]
    return external.connections(call.site, call.query.get("scheduleIds", []), partial)


_READS = frozenset({"stale_seconds", "stale_writes", "replay"})
_LISTS = _READS | {"truncate", "empty"}
_PAGES = _LISTS | {"paging"}
_EDITS = frozenset({"foreign_edit"})
_ITEMS = frozenset({"item_failures", "missing_results", "reversed_results"})
_MAY_READ = (READ, READ_PI)
_MAY_WRITE = (MANAGE,)
_V3 = "/calendar/v3"
_EXTERNAL = r"/bookings/v2/external-calendars?"


def _read(method: str, path: str, answer: Callable[[Call], Json], kinds: frozenset[str] = frozenset()) -> Route:
    return Route(method, _pattern(path), answer, _MAY_READ, kinds=kinds)


def _write(method: str, path: str, answer: Callable[[Call], Json], kinds: frozenset[str] = frozenset()) -> Route:
    return Route(method, _pattern(path), answer, _MAY_WRITE, write=True, kinds=kinds)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(path.replace("{id}", "(?P<id>[^/]+)"))


ROUTES: tuple[Route, ...] = (
    _read("GET", f"{_V3}/events/view", _events_view),
    _read("POST", f"{_V3}/events/query", _query_events, _PAGES),
    _read("GET", f"{_V3}/events", _list_events, _LISTS),
    _read("GET", f"{_V3}/events/{{id}}", _get_event, _READS),
    _write("POST", f"{_V3}/events", _create_event, _EDITS),
    _write("PATCH", f"{_V3}/events/{{id}}", _update_event, _EDITS),
    _write("POST", f"{_V3}/events/{{id}}/cancel", _cancel_event),
    _write("POST", f"{_V3}/events/{{id}}/restore-defaults", _restore, _EDITS),
    _write("POST", f"{_V3}/events/{{id}}/split", _split),
    _write("POST", f"{_V3}/bulk/events/create", _bulk_create, _EDITS | _ITEMS),
    _write("POST", f"{_V3}/bulk/events/update", _bulk_update, _EDITS | _ITEMS),
    _write("POST", f"{_V3}/bulk/events/cancel", _bulk_cancel, _ITEMS),
    _read("POST", f"{_V3}/schedules/query", _query_schedules, _PAGES),
    _read("GET", f"{_V3}/schedules/{{id}}", _get_schedule, _READS),
    _write("POST", f"{_V3}/schedules", _create_schedule),
    _write("PATCH", f"{_V3}/schedules/{{id}}", _update_schedule),
    _write("POST", f"{_V3}/schedules/{{id}}/cancel", _cancel_schedule),
    Route("GET", re.compile(f"{_EXTERNAL}/providers"), _providers, (MANAGE_EXTERNAL,)),
    Route("GET", re.compile(f"{_EXTERNAL}/connections"), _connections, (MANAGE_EXTERNAL,)),
)


def find_route(method: str, path: str, old_path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a request and its path parameters. `old_path` is the switch `path_without_s`."""
    if path.startswith("/bookings/v2/external-calendar/") and old_path == "404":
        return None
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groupdict()
    return None


def no_route() -> WixError:
    """404 for a path that is not documented, or not served here."""
    return WixError(404, "no such method")
