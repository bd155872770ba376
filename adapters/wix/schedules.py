"""Schedules of a site, and the site's own connections to calendars outside.

A schedule does not say whether it is a staff member's or a service's: both have an `externalId`, the id of a resource
or of a service (reference/wix.md, 4; QUIRKS.md tells how it is decided). Not here: sessions (reads).
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.wix import reads, wire
from adapters.wix.client import Call, Installation
from adapters.wix.refusals import SIDE, Asked, Permission
from syncd.errors import Transient
from syncd.model import Schedule, ScheduleKind, Window
from syncd.ports import ForeignConnection

BUSINESS: Final = "4e0579a5-491e-4e70-a872-d097eed6e520"
_QUERY: Final = "/calendar/v3/schedules/query"
_CONNECTIONS: Final = "/bookings/v2/external-calendars/connections"
_PAGE: Final = 100
_MOST_PAGES: Final = 200
_SAMPLE: Final = timedelta(days=60)
_BOOKED: Final = frozenset({"APPOINTMENT", "CLASS", "COURSE"})
_PROVIDERS: Final[Mapping[str, str]] = {
    "GOOGLE": "google",
    "MICROSOFT": "microsoft",
    "OUTLOOK": "microsoft",
    "OFFICE_365": "microsoft",
    "I_CAL": "apple",
}


@dataclass(slots=True)
class Known:
    """What was learnt of a site while the process runs: kinds of schedules by id, and its active staff."""

    kinds: dict[str, ScheduleKind] = field(default_factory=dict)
    staff: tuple[str, ...] | None = None


async def schedules(at: Installation, known: Known) -> Sequence[Schedule]:
    """Every schedule, cancelled ones too. One query, and one more when a kind has to be found out."""
    rows = await _rows(at)
    unclear = [row for row in rows if row.id not in known.kinds and row.external_id not in (None, BUSINESS)]
    if unclear:
        known.kinds |= await _decide(at, unclear)
    found = [_schedule(row, _kind(row, known)) for row in rows]
    known.staff = tuple(sorted({one.resource for one in found if one.resource and one.active}))
    return found


async def as_they_are(at: Installation, known: Sequence[Schedule]) -> Sequence[Schedule]:
    """These schedules in one query; what each is was found out before."""
    kinds = {one.id: one.kind for one in known}
    return [_schedule(row, kinds[row.id]) for row in await _rows(at) if row.id in kinds]


async def business(at: Installation) -> None:
    """One cheap read: the business schedule. Raises what keeps the site from being read."""
    await _page(at, {"externalId": {"$eq": BUSINESS}}, 1, None)


async def foreign(at: Installation) -> Sequence[ForeignConnection]:
    """The site's own connections that are not DISCONNECTED, as far as their providers could be read.

    Raises Forbidden without the permission, or with `code` PREMIUM_FEATURE_NOT_ENABLED: the caller decides.
    """
    asked = Asked("the site's own connections", Permission.EXTERNAL)
    call = Call(asked, "GET", _CONNECTIONS, query=[("partialFailure", "true")])
    found = await at.client.send(call, wire.Connections)
    return [
        ForeignConnection(one.schedule_id, _PROVIDERS.get(one.calendar_type, one.calendar_type.lower()), one.status)
        for one in found.connections
        if one.status != "DISCONNECTED"
    ]


async def _rows(at: Installation) -> Sequence[wire.Schedule]:
    rows: dict[str, wire.Schedule] = {}
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await _page(at, {"status": {"$in": ["ACTIVE", "CANCELLED"]}}, _PAGE, cursor)
        if not page.whole:
            break
        rows |= {row.id: row for row in page.rows}
        cursor = page.next
        if cursor is None:
            return list(rows.values())
    raise Transient("Wix listed the schedules only in part", side=SIDE)


async def _page(at: Installation, chosen: reads.Filter, limit: int, cursor: str | None) -> wire.Page[wire.Schedule]:
    paging = {"limit": limit}
    query = (
        {"cursorPaging": paging, "filter": chosen} if cursor is None else {"cursorPaging": {**paging, "cursor": cursor}}
    )
    call = Call(Asked("the schedules", Permission.READ), "POST", _QUERY, {"query": query})
    return at.client.decode(call, await at.client.body(call), wire.schedule_page)


def _schedule(row: wire.Schedule, kind: ScheduleKind) -> Schedule:
    owners = [one.identity.wix_user_id for one in row.permissions if one.identity is not None]
    return Schedule(
        id=row.id,
        kind=kind,
        name=row.name,
        external_id=row.external_id or "",
        time_zone=row.time_zone or "UTC",
        owner=owners[0] if owners else None,
        active=row.status == "ACTIVE",
    )


def _kind(row: wire.Schedule, known: Known) -> ScheduleKind:
    if row.external_id == BUSINESS:
        return ScheduleKind.BUSINESS
    # without an external id it belongs to nobody who could be blocked: export only
    return known.kinds.get(row.id, ScheduleKind.SERVICE)


async def _decide(at: Installation, rows: Sequence[wire.Schedule]) -> Mapping[str, ScheduleKind]:
    """Kinds by evidence, the strongest first: an event links the id as a resource; bookable events lie on the

    schedule; it has defaults for bookable events; otherwise it is a staff member's without events yet.
    """
    sample = await _sample(at)
    linked = {resource.id for event in sample for resource in event.resources}
    bookable = {event.schedule_id for event in sample if event.type in _BOOKED}
    found = {}
    for row in rows:
        service = row.id in bookable or row.default_title is not None or row.default_capacity is not None
        is_staff = row.external_id in linked or not service
        found[row.id] = ScheduleKind.STAFF if is_staff else ScheduleKind.SERVICE
    return found


async def _sample(at: Installation) -> Sequence[wire.Event]:
    """Events around now, one page of them: staff who work are linked in some."""
    now = at.clock.now()
    async with aclosing(reads.sheets(at, reads.Search(Window(now - _SAMPLE / 4, now + _SAMPLE), {}))) as sheets:
        async for sheet in sheets:
            return [row.event for row in sheet.rows]
    return []
