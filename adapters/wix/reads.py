"""Reading events: a window in pages, single ones by id, ours by key.

Not here: what an event means (mapping), schedules (schedules).
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.wix import wire
from adapters.wix.client import PI, Call, Installation
from adapters.wix.mapping import WORKING_HOURS, Row, observation, unknown
from adapters.wix.refusals import SIDE, Asked, Permission
from syncd.errors import Forbidden, Rejected, Stale, Transient
from syncd.model import Broken, ChangeSet, Observation, Ref, Schedule, ScheduleKind, Window

Filter = Mapping[str, Any]

QUERY: Final = "/calendar/v3/events/query"
EVENTS: Final = "/calendar/v3/events"
SESSIONS: Final = ("NONE", "INSTANCE", "EXCEPTION")
_SURE_ROWS: Final = 100
_MOST_PAGES: Final = 200
_MOST_IDS: Final = 100
_LONGEST_QUERY: Final = 6000  # characters: gateways refuse long addresses, and ids have up to 250
_BACK, _AHEAD = timedelta(days=730), timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Search:
    """A Query Events: which window, which recurrence types, which filter."""

    window: Window
    filter: Filter
    kinds: Sequence[str] = SESSIONS

    def body(self, limit: int, *, personal: bool, cursor: str | None = None) -> dict[str, Any]:
        """The request; a cursor stands in the place of filter and sort (reference/wix.md, 7)."""
        query: dict[str, Any] = {"cursorPaging": {"limit": limit}}
        if cursor is not None:
            query["cursorPaging"]["cursor"] = cursor
        else:
            query["sort"] = [{"fieldName": "start", "order": "ASC"}]
            if self.filter:
                query["filter"] = self.filter
        body: dict[str, Any] = {
            "fromLocalDate": _edge(self.window.start),
            "toLocalDate": _edge(self.window.end, up=True),
            "timeZone": "UTC",
            "recurrenceType": list(self.kinds),
            "query": query,
        }
        return {**body, "fields": [PI]} if personal else body


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of rows. `whole` as in `wire.Page`."""

    rows: Sequence[Row]
    unreadable: Sequence[str]
    whole: bool


@dataclass(slots=True)
class _Found:
    """What a listing has shown so far; of an event shown twice the newest revision."""

    known: Mapping[str, str | None]
    listed: set[str] = field(default_factory=set)
    changed: dict[str, Row] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    complete: bool = True

    def add(self, sheet: Sheet) -> None:
        self.complete = self.complete and sheet.whole
        self.listed.update(sheet.unreadable)
        self.broken.update(sheet.unreadable)
        for row in sheet.rows:
            event = row.event
            # a cancelled one is looked up by id like any that has vanished (DESIGN 4)
            if event.cancelled or event.type == WORKING_HOURS:
                continue
            self.listed.add(event.id)
            if self.known.get(event.id) != row.fingerprint:
                older = self.changed.get(event.id)
                if older is None or row.revision >= older.revision:
                    self.changed[event.id] = row


def filters(covered: Sequence[Schedule] | None) -> Sequence[Filter]:
    """The queries that together show what these schedules cover; None covers the whole site."""
    if covered is None or any(schedule.kind is ScheduleKind.BUSINESS for schedule in covered):
        return [{}]
    homes = sorted({schedule.id for schedule in covered})
    staff = sorted({schedule.resource for schedule in covered if schedule.resource})
    found: list[Filter] = [{"scheduleId": {"$in": part}} for part in _parts(homes)]
    return [*found, *({"resources.id": {"$hasSome": part}} for part in _parts(staff))]


async def read(
    at: Installation, wanted: Sequence[Filter], window: Window, known: Mapping[str, str | None]
) -> ChangeSet:
    """Every session of the window that one of the filters shows, unchanged ones by id alone."""
    found = _Found(known, complete=bool(wanted))
    for chosen in wanted:
        async for sheet in sheets(at, Search(window, chosen)):
            found.add(sheet)
    seen: list[Observation] = []
    broken = [Broken(ref, "its fields cannot be read") for ref in sorted(found.broken)]
    for ref, row in found.changed.items():
        try:
            seen.append(observation(row, at.instance_id, at.namespace))
        except ValueError:
            broken.append(Broken(ref, "its times cannot be read", row.fingerprint))
    return ChangeSet(
        observations=tuple(seen),
        window=window,
        groups={one.ref.id: frozenset({one.ref.id}) for one in seen},
        listed=frozenset(found.listed),
        broken=tuple(broken),
        complete=found.complete,
    )


async def sheets(at: Installation, search: Search) -> AsyncGenerator[Sheet, None]:
    """The pages of a search, 200 at most: then the last one is not whole."""

    async def page(personal: bool, cursor: str | None = None) -> tuple[Sheet, str | None, bool]:
        body = search.body(at.client.rows, personal=personal, cursor=cursor)
        call = Call(Asked("a query of events", Permission.READ), "POST", QUERY, body)
        return (*await _sheet(at, call, personal), personal)

    try:
        sheet, cursor, personal = await at.client.personal(page)
    except Rejected:
        if at.client.rows == _SURE_ROWS:
            raise
        at.client.rows = _SURE_ROWS
        sheet, cursor, personal = await at.client.personal(page)
    for _ in range(_MOST_PAGES - 1):
        yield sheet
        if cursor is None:
            return
        sheet, cursor, _personal = await page(personal, cursor)
    yield sheet if cursor is None else Sheet(sheet.rows, sheet.unreadable, whole=False)


async def by_ids(at: Installation, ids: Sequence[str]) -> Mapping[str, Row]:
    """Events by id, wherever they lie in time, cancelled ones too; an id that is not shown is missing."""
    found: dict[str, Row] = {}
    for part in _url_parts(list(dict.fromkeys(ids))):
        for row in await _listed(at, part):
            found[row.event.id] = row
    return found


async def get(at: Installation, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
    """An answer for every ref: CANCELLED is gone, what is not shown is unknown (DESIGN 4)."""
    now = at.clock.now()
    rows = await by_ids(at, [ref.id for ref in refs if ref.collection == at.instance_id])
    answer: dict[Ref, Observation] = {}
    for ref in refs:
        row = rows.get(ref.id)
        if row is None or ref.collection != at.instance_id:
            answer[ref] = unknown(ref, "not found", now)
            continue
        try:
            answer[ref] = observation(row, at.instance_id, at.namespace)
        except ValueError:
            answer[ref] = unknown(ref, "cannot be read", now)
    return answer


async def find(at: Installation, keys: Sequence[str]) -> Mapping[str, Observation]:
    """Our app's present blocks by the key in their line; of several bearers the oldest.

    Raises Forbidden when the lines cannot be seen and Transient when a page is missing: "not there" would be a guess.
    """
    wanted = set(keys)
    now = at.clock.now()
    search = Search(Window(now - _BACK, now + _AHEAD), {"appId": {"$eq": at.app_id}}, kinds=("NONE",))
    bearers: dict[str, list[Observation]] = {}
    async for sheet in sheets(at, search):
        if not sheet.whole or sheet.unreadable:
            raise Transient("Wix listed our blocks only in part", side=SIDE)
        if sheet.rows and not sheet.rows[0].personal:
            raise _lines_unseen()
        for seen in _present(at, sheet):
            mark = seen.traits.mark
            if mark is not None and mark.key in wanted and mark.bridge == at.bridge:
                bearers.setdefault(mark.key, []).append(seen)
    return {key: min(found, key=_age) for key, found in bearers.items()}


def _present(at: Installation, sheet: Sheet) -> Iterator[Observation]:
    for row in sheet.rows:
        if not row.event.cancelled:
            try:
                yield observation(row, at.instance_id, at.namespace)
            except ValueError:
                raise Transient("Wix listed one of our blocks without times", side=SIDE) from None


def _lines_unseen() -> Forbidden:
    hint = f'give the app the permission "{Permission.READ_PI}" and accept it on the site'
    return Forbidden("Wix does not show the notes of our blocks", code=PI, side=SIDE, hint=hint)


def _age(seen: Observation) -> tuple[datetime, str]:
    return (seen.traits.created or datetime.max.replace(tzinfo=UTC), seen.ref.id)


async def _sheet(at: Installation, call: Call, personal: bool) -> tuple[Sheet, str | None]:
    now = at.clock.now()
    page = at.client.decode(call, await at.client.body(call), wire.event_page)
    proven = personal and any(row.shows_personal for row in page.rows)
    rows = [Row(row, proven, now) for row in page.rows]
    return Sheet(rows, page.unreadable, page.whole), page.next


async def _listed(at: Installation, ids: Sequence[str]) -> Sequence[Row]:
    asked = Asked("a list of events", Permission.READ, ref=ids[0] if len(ids) == 1 else "many")

    async def list_them(personal: bool) -> Sequence[Row]:
        query = [("eventIds", ref) for ref in ids]
        call = Call(asked, "GET", EVENTS, query=[*query, ("fields", PI)] if personal else query)
        return (await _sheet(at, call, personal))[0].rows

    try:
        return await at.client.personal(list_them)
    except Stale:  # 404: one of them is unknown, which may fail the whole list (reference/wix.md, 8 row 24)
        if len(ids) == 1:
            return ()
        half = len(ids) // 2
        return [*await _listed(at, ids[:half]), *await _listed(at, ids[half:])]


def _edge(moment: datetime, *, up: bool = False) -> str:
    """UTC without an offset; Wix ignores seconds, so the edge moves outwards to the minute."""
    whole = moment.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
    if up and whole.replace(tzinfo=UTC) != moment.astimezone(UTC):
        whole += timedelta(minutes=1)
    return whole.isoformat(timespec="seconds")


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _MOST_IDS] for start in range(0, len(ids), _MOST_IDS))


def _url_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    part: list[str] = []
    length = 0
    for ref in ids:
        size = len(ref) + len("&eventIds=")
        if part and (len(part) == _MOST_IDS or length + size > _LONGEST_QUERY):
            yield part
            part, length = [], 0
        part.append(ref)
        length += size
    if part:
        yield part
