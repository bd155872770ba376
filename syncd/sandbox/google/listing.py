"""events.list and events.instances: which rows, in which order, in pages of one snapshot, with sync tokens.

Not here: how a row looks (`render.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.sandbox.google.errors import GoogleError, Json, invalid
from syncd.sandbox.google.recurrence import occurrence, starts
from syncd.sandbox.google.render import Lens, render_list, render_row
from syncd.sandbox.google.state import GoogleState, Rest, SyncToken, View
from syncd.sandbox.google.values import Event
from syncd.sandbox.google.writing import forgotten

Key = tuple[tuple[str, Any], ...]

_FILTERS: Final = ("timeMin", "timeMax", "updatedMin", "q", "orderBy", "iCalUID")
_PROPERTIES: Final = ("privateExtendedProperty", "sharedExtendedProperty")
_SHAPE: Final = ("singleEvents", "eventTypes", "maxAttendees", "showHiddenInvitations", "timeZone")
_TOKENLESS: Final = ("orderBy", "q", "updatedMin", "iCalUID", *_PROPERTIES)
_PAGING: Final = ("pageToken", "maxResults", "fields")
_MOST_ROWS: Final = 2500
_KEPT_RESTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """One request for a list: the state that is read, by whom, with which typed parameters.

    `do` is what a planted fault asks for.
    """

    state: GoogleState
    view: View
    email: str
    params: Json
    do: Json

    @property
    def single(self) -> bool:
        """Whether series are expanded."""
        return bool(self.params.get("singleEvents"))

    @property
    def shape(self) -> Key:
        """What a sync token is bound to."""
        return tuple((name, self.params[name]) for name in _SHAPE if self.params.get(name))

    @property
    def key(self) -> Key:
        """What all pages of one list have in common."""
        return tuple(sorted((name, value) for name, value in self.params.items() if name not in _PAGING))

    @property
    def until(self) -> datetime:
        """Where expansion ends; whole hours, so that lists soon after each other agree."""
        days = self.state.switches["expansion_days"]
        hour = self.state.clock.now().replace(minute=0, second=0, microsecond=0)
        end = hour + timedelta(days=days)
        latest: datetime = self.params.get("timeMax", end)
        return min(end, latest)


def page_number(state: GoogleState, page_token: str | None) -> int:
    """Which page a request asks for, from 1."""
    rest = state.rests.get(page_token or "")
    return 1 if rest is None else rest.page


def list_events(listing: Listing) -> Json:
    """One page of `events.list`. Raises GoogleError."""
    if listing.do.get("expire_tokens"):
        listing.state.expire_sync_tokens(listing.view.calendar.id)
    if "gone_on_page" in listing.do:
        raise _gone(listing)
    _check_mix(listing)
    since = _read_token(listing)
    if listing.params.get("pageToken") is not None:
        return _next_page(listing)
    rows = _full(listing) if since is None else _changed(listing, since)
    rows = [row for row in rows if _fits(row, listing, since)]
    rows = _spoiled(_ordered(rows, listing), listing.do)
    return _page(listing, Rest(*_whose(listing), tuple(rows), 1, _new_token(listing, since, rows), since))


def list_instances(listing: Listing, master: Event) -> Json:
    """One page of `events.instances`; `timeMin` is inclusive here."""
    if listing.params.get("pageToken") is not None:
        return _next_page(listing)
    rows = [*occurrences(listing.view, master, listing.until), *listing.view.exceptions(master.id)]
    if not listing.params.get("showDeleted"):
        rows = [row for row in rows if not row.cancelled]
    earliest = listing.params.get("timeMin")
    zone = listing.view.calendar.zone
    rows = [row for row in rows if earliest is None or row.end.instant(zone) >= earliest]
    wanted = listing.params.get("originalStart")
    if wanted is not None:
        rows = [row for row in rows if row.original and wanted in _spellings(row.original.at)]
    rows.sort(key=lambda row: row.start.instant(zone))
    return _page(listing, Rest(*_whose(listing), tuple(rows), 1, None, None))


def _spellings(at: Any) -> tuple[str, ...]:
    text = at.isoformat()
    return text, text.replace("+00:00", "Z")


def occurrences(view: View, master: Event, until: datetime) -> list[Event]:
    """Plain occurrences of a living series before `until`, those with an exception of their own left out."""
    own = {event.original.stamp for event in view.exceptions(master.id) if event.original is not None}
    return [occurrence(master, start) for start in starts(master, until) if start.stamp not in own]


def _whose(listing: Listing) -> tuple[str, str, Key]:
    return listing.view.calendar.id, listing.email, listing.key


def _check_mix(listing: Listing) -> None:
    params = listing.params
    if params.get("syncToken") is not None:
        mixed = [name for name in (*_FILTERS, *_PROPERTIES) if name in params]
        if mixed or params.get("showDeleted") is False:
            name = mixed[0] if mixed else "showDeleted"
            raise GoogleError("syncTokenWithRequestRestrictions", where=("parameter", name))
    if params.get("orderBy") == "startTime" and not listing.single:
        raise GoogleError("badRequest", "The requested ordering is not available for the particular query.")
    if "timeMin" in params and "timeMax" in params and params["timeMax"] <= params["timeMin"]:
        raise GoogleError("timeRangeEmpty")
    if params.get("maxResults", 1) > _MOST_ROWS and listing.state.switches["max_results_above"] == "refuse":
        raise invalid("maxResults")
    days = listing.state.switches["updated_min_days"]
    if days and "updatedMin" in params and params["updatedMin"] < listing.state.clock.now() - timedelta(days=days):
        raise GoogleError("updatedMinTooLongAgo", where=("parameter", "updatedMin"))


def _read_token(listing: Listing) -> SyncToken | None:
    text = listing.params.get("syncToken")
    if text is None:
        return None
    state = listing.state
    token = state.sync_tokens.get(text)
    if token is None or token.calendar_id != listing.view.calendar.id or token.email != listing.email:
        if state.switches["malformed_token"] == "410":
            raise _gone(listing)
        raise invalid("syncToken", "Invalid sync token value.")
    days = state.switches["sync_token_days"]
    if text in state.dead_tokens or (days and token.issued + timedelta(days=days) <= state.clock.now()):
        raise _gone(listing)
    if token.shape != listing.shape and not state.switches["sync_token_shared"]:
        raise invalid("syncToken", "The sync token belongs to another query.")
    return token


def _gone(listing: Listing) -> GoogleError:
    calendar = listing.view.calendar
    calendar.gap = calendar.version
    listing.state.expire_sync_tokens(calendar.id)
    return GoogleError("fullSyncRequired", where=("parameter", "syncToken"))


def _full(listing: Listing) -> list[Event]:
    deleted = bool(listing.params.get("showDeleted") or "updatedMin" in listing.params)
    found = []
    for record in listing.view.records():
        rows = _rows(record, listing.view, listing)
        found += [row for row in rows if not row.cancelled or _is_told(row, listing, deleted=deleted)]
    return found


def _is_told(row: Event, listing: Listing, *, deleted: bool) -> bool:
    """Whether a full list holds this cancelled row."""
    if row.orphan or forgotten(listing.state, row):
        return False
    if row.series_id is not None:
        return deleted or not listing.single
    kept = listing.state.switches["full_list_tombstones"]
    hidden = kept == "none" or (kept == "gap" and row.version <= listing.view.calendar.gap)
    return deleted and not hidden


def _rows(record: Event, view: View, listing: Listing) -> Iterable[Event]:
    """The rows that a record makes in a list: itself, or the occurrences of a series."""
    if not (listing.single and record.is_master):
        return (record,)
    if not record.cancelled:
        return occurrences(view, record, listing.until)
    return (record,) if listing.state.switches["deleted_series"] == "master" else ()


def _changed(listing: Listing, since: SyncToken) -> list[Event]:
    """What differs from the state of the token: rows that are new or changed, and those that are gone as cancelled."""
    before = listing.view.back_to(since.version)
    gone: dict[str, Event] = {}
    found: dict[str, Event] = {}
    for record in listing.view.records():
        if record.version <= since.version or forgotten(listing.state, record):
            continue
        old = before.calendar.events.get(record.id, before.past)
        if record.orphan:
            if old is not None and not old.orphan:
                gone[record.id] = record
            continue
        if old is not None and not old.cancelled and not _told_by_master(record, listing):
            rows = _rows(old, before, listing)
            gone |= {row.id: _cancelled(row, record) for row in rows}
        found |= {row.id: row for row in _rows(record, listing.view, listing)}
    return list((gone | found).values())


def _told_by_master(record: Event, listing: Listing) -> bool:
    return record.is_master and record.cancelled and listing.state.switches["deleted_series"] == "master"


def _cancelled(row: Event, cause: Event) -> Event:
    return replace(row, status="cancelled", version=cause.version, updated=cause.updated)


def _fits(row: Event, listing: Listing, since: SyncToken | None) -> bool:
    params = listing.params
    if params.get("eventTypes") and row.type not in params["eventTypes"]:
        return False
    earliest, latest = params.get("timeMin"), params.get("timeMax")
    if since is not None and listing.state.switches["bounded_token"] == "bounded" and not row.cancelled:
        earliest, latest = since.window
    zone = listing.view.calendar.zone
    if earliest is not None and row.end.instant(zone) <= earliest:
        return False
    if latest is not None and row.start.instant(zone) >= latest:
        return False
    if "updatedMin" in params and row.updated < params["updatedMin"]:
        return False
    return params.get("iCalUID", row.uid) == row.uid and _fits_text(row, params)


def _fits_text(row: Event, params: Json) -> bool:
    for kind, name in (("private", _PROPERTIES[0]), ("shared", _PROPERTIES[1])):
        held = row.fields.get("extendedProperties", {}).get(kind, {})
        for wanted in params.get(name, ()):
            key, equals, value = wanted.partition("=")
            if not equals:
                raise invalid(name, f"Invalid value for {name}")
            if held.get(key) != value:
                return False
    words = str(params.get("q", "")).casefold().split()
    text = " ".join(str(row.fields.get(name, "")) for name in ("summary", "description", "location")).casefold()
    return all(word in text for word in words)


def _ordered(rows: list[Event], listing: Listing) -> list[Event]:
    zone = listing.view.calendar.zone
    match listing.params.get("orderBy"):
        case "startTime":
            return sorted(rows, key=lambda row: row.start.instant(zone))
        case "updated":
            return sorted(rows, key=lambda row: (row.updated, row.version))
    match listing.state.switches["list_order"]:
        case "id":
            return sorted(rows, key=lambda row: row.id)
        case "reversed":
            return rows[::-1]
    return rows


def _spoiled(rows: list[Event], do: Json) -> list[Event]:
    """The rows as a planted fault leaves them."""
    return [] if do.get("empty") else rows[: do.get("truncate", len(rows))]


def _new_token(listing: Listing, since: SyncToken | None, rows: list[Event]) -> SyncToken | None:
    switches = listing.state.switches
    params = listing.params
    window = (params.get("timeMin"), params.get("timeMax")) if since is None else since.window
    if any(name in params for name in _TOKENLESS) and not switches["sync_token_with_filters"]:
        return None
    if window != (None, None) and switches["bounded_token"] == "none":
        return None
    if since is not None and not rows and switches["empty_answer_token"] == "same":
        return since
    calendar_id = listing.view.calendar.id
    now = listing.state.clock.now()
    return SyncToken(calendar_id, listing.email, listing.shape, listing.view.version, now, window)


def _next_page(listing: Listing) -> Json:
    rest = listing.state.rests.get(listing.params["pageToken"])
    if rest is None or (rest.calendar_id, rest.email, rest.query) != _whose(listing):
        raise invalid("pageToken", "Invalid page token value.")
    return _page(listing, rest)


def _page(listing: Listing, rest: Rest) -> Json:
    state = listing.state
    size = min(listing.params.get("maxResults", 250), _MOST_ROWS)
    size = min(size, state.switches["short_pages"] or size)
    if rest.page == 1 and state.switches["empty_first_page"] and rest.rows:
        size = 0
    rows, left = rest.rows[:size], rest.rows[size:]
    lens = _lens(listing)
    return render_list([render_row(row, lens) for row in rows], lens, _tokens(state, rest, left))


def _lens(listing: Listing) -> Lens:
    calendar, params = listing.view.calendar, listing.params
    zone = params.get("timeZone", calendar.zone)
    return Lens(listing.state, calendar, listing.email, zone, params.get("maxAttendees"))


def _tokens(state: GoogleState, rest: Rest, left: tuple[Event, ...]) -> Json:
    if left:
        text = f"CkQ{state.opaque('page', state.serial())[:40]}"
        state.rests[text] = replace(rest, rows=left, page=rest.page + 1)
        while len(state.rests) > _KEPT_RESTS:
            state.rests.pop(next(iter(state.rests)))
        return {"nextPageToken": text}
    if rest.token is None:
        return {}
    text = _token_text(state, rest.token)
    state.sync_tokens[text] = rest.token
    return {"nextSyncToken": text}


def _token_text(state: GoogleState, token: SyncToken) -> str:
    shape = "any" if state.switches["sync_token_shared"] else token.shape
    parts = (token.calendar_id, token.email, shape, token.version, token.issued, token.window, state.expiries)
    return f"CP{state.opaque('sync', *parts)[:40]}="
