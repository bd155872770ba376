"""The shapes of Wix's JSON that this adapter reads; fields and values it does not know are passed over.

Not here: what they mean (mapping, schedules), how they are fetched (client).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Shape(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A JSON object in camel case."""


class Moment(Shape, frozen=True):
    """`local_date` has no offset; `utc_date` is RFC 3339."""

    local_date: str = ""
    time_zone: str | None = None
    utc_date: str | None = None


class Location(Shape, frozen=True):
    """`address` is a plain string, or in newer pages an object (reference/wix.md, 8 row 18)."""

    type: str | None = None
    name: str | None = None
    address: str | dict[str, Any] | None = None
    formatted_address: str | None = None


class Resource(Shape, frozen=True):
    id: str


class Participants(Shape, frozen=True):
    total: int = 0


class Extended(Shape, frozen=True):
    namespaces: dict[str, dict[str, Any]] = {}


class Event(Shape, frozen=True):
    """Calendar Events V3 (reference/wix.md, 3.1). `participants` and `notes` come with PI fields only."""

    id: str
    revision: str | int = ""
    status: str = "CONFIRMED"
    type: str = "DEFAULT"
    schedule_id: str | None = None
    title: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    all_day: bool = False
    time_zone: str | None = None
    recurring_event_id: str | None = None
    transparency: str | None = None
    location: Location | None = None
    resources: list[Resource] = []
    participants: Participants | None = None
    notes: str | None = None
    app_id: str | None = None
    created_date: str | None = None
    updated_date: str | None = None
    extended_fields: Extended | None = None

    @property
    def cancelled(self) -> bool:
        return self.status == "CANCELLED"

    @property
    def shows_personal(self) -> bool:
        """Whether this row alone proves that PI fields were answered."""
        return self.participants is not None or self.notes is not None


class Identity(Shape, frozen=True):
    wix_user_id: str | None = None


class Permission(Shape, frozen=True):
    identity: Identity | None = None


class Schedule(Shape, frozen=True):
    """Schedules V3 (reference/wix.md, 4)."""

    id: str
    external_id: str | None = None
    name: str = ""
    status: str = "ACTIVE"
    time_zone: str | None = None
    default_title: str | None = None
    default_capacity: int | None = None
    permissions: list[Permission] = []


class Connection(Shape, frozen=True):
    """External Calendars V2 (reference/wix.md, 2.4)."""

    schedule_id: str = ""
    calendar_type: str = "UNDEFINED"
    status: str = "UNDEFINED"


class Connections(Shape, frozen=True):
    connections: list[Connection] = []


class Cursors(Shape, frozen=True):
    next: str | None = None


class Paging(Shape, frozen=True):
    count: int | None = None
    cursors: Cursors | None = None
    has_next: bool | None = None


class _EventPage(Shape, frozen=True):
    events: list[Event] = []
    paging_metadata: Paging | None = None


class _RawPage(Shape, frozen=True):
    events: list[msgspec.Raw] = []
    paging_metadata: Paging | None = None


class SchedulePage(Shape, frozen=True):
    schedules: list[Schedule] = []
    paging_metadata: Paging | None = None


class _OnlyId(Shape, frozen=True):
    id: str


class OneEvent(Shape, frozen=True):
    event: Event


class ItemError(Shape, frozen=True):
    code: str = ""


class ItemMetadata(Shape, frozen=True):
    id: str | None = None
    original_index: int = -1
    success: bool = False
    error: ItemError | None = None


class Result(Shape, frozen=True):
    item_metadata: ItemMetadata
    item: Event | None = None


class Results(Shape, frozen=True):
    results: list[Result] = []


class Token(Shape, frozen=True, rename=None):
    access_token: str
    expires_in: float


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page. `unreadable`: ids of rows that could not be decoded; `whole`: nothing on it is missing, as far as

    the page itself tells. `next`: the cursor of the following page.
    """

    rows: Sequence[T]
    unreadable: Sequence[str]
    whole: bool
    next: str | None


_EVENTS = msgspec.json.Decoder(_EventPage)
_RAW = msgspec.json.Decoder(_RawPage)
_EVENT = msgspec.json.Decoder(Event)
_ID = msgspec.json.Decoder(_OnlyId)


def event_page(body: bytes) -> Page[Event]:
    """A page of events, or a list of them; a row that cannot be decoded costs only itself. Raises DecodeError."""
    try:
        page = _EVENTS.decode(body)
    except msgspec.ValidationError:
        return _salvaged(body)
    return _page(page.events, (), page.paging_metadata, whole=True)


def schedule_page(body: bytes) -> Page[Schedule]:
    """A page of schedules. Raises DecodeError: none may be passed over."""
    page = msgspec.json.decode(body, type=SchedulePage)
    return _page(page.schedules, (), page.paging_metadata, whole=True)


def _salvaged(body: bytes) -> Page[Event]:
    page = _RAW.decode(body)
    rows: list[Event] = []
    unreadable: list[str] = []
    named = True
    for raw in page.events:
        try:
            rows.append(_EVENT.decode(raw))
        except msgspec.ValidationError:
            try:
                unreadable.append(_ID.decode(raw).id)
            except msgspec.ValidationError:
                named = False
    return _page(rows, unreadable, page.paging_metadata, whole=named)


def _page(rows: Sequence[T], unreadable: Sequence[str], paging: Paging | None, *, whole: bool) -> Page[T]:
    if paging is None:
        return Page(rows, unreadable, whole, None)
    cursor = paging.cursors.next if paging.cursors is not None else None
    if paging.has_next is False:
        cursor = None
    promised = paging.has_next is True and not cursor
    short = whole and paging.count is not None and paging.count != len(rows) + len(unreadable)
    return Page(rows, unreadable, whole and not promised and not short, cursor or None)
