"""Lists without change tracking: events, the calendar view, the instances of a series; pages by $skip.

A page is cut from the present state, so that what is added or deleted between two pages shifts the rest.
Not here: delta (`delta.py`), how a row looks (`render.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.extended import shown_properties
from syncd.sandbox.microsoft.moments import read_bound
from syncd.sandbox.microsoft.occurrences import occurrences
from syncd.sandbox.microsoft.options import Options
from syncd.sandbox.microsoft.reach import Reach
from syncd.sandbox.microsoft.render import Lens, render_event
from syncd.sandbox.microsoft.state import Calendar, View
from syncd.sandbox.microsoft.values import Event

T = TypeVar("T")
Window = tuple[datetime, datetime]

LONGEST_WINDOW: Final = timedelta(days=1825)
_NOT_IN_VIEWS: Final = {"createdDateTime", "lastModifiedDateTime"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One request for a list; `query` has names in lower case, `url` is its address without the query."""

    reach: Reach
    lens: Lens
    options: Options
    query: Mapping[str, str]
    url: str


def read_window(query: Mapping[str, str]) -> Window:
    """The half-open window of a view. 400 when a bound is missing, or it is too long."""
    start, end = (read_bound(query.get(name.casefold()), name) for name in ("startDateTime", "endDateTime"))
    if end < start:
        raise GraphError("ErrorInvalidParameter", "The end of the window is before its start.")
    if end - start > LONGEST_WINDOW:
        raise GraphError("ErrorInvalidRequest", "The requested date range is longer than 1825 days.")
    return start, end


def meets(event: Event, window: Window) -> bool:
    """Whether an event lies in a half-open window; one without length counts where it starts."""
    start, end = event.start.instant, event.end.instant
    return start < window[1] and (end > window[0] or (start == end and start >= window[0]))


def expanded(master: Event, view: View, window: Window) -> list[Event]:
    """The living occurrences and exceptions of a series within a window, in order of their days."""
    stored = view.exceptions(master.id)
    own = {event.day for event in stored}
    # Days are those of the series' own clock, which is less than two days from UTC.
    since = (window[0] - (master.end.instant - master.start.instant) - timedelta(days=2)).date()
    before = (window[1] + timedelta(days=2)).date()
    plain = [event for event in occurrences(master, since, before) if event.day not in own]
    found = [event for event in (*plain, *stored) if not event.deleted and meets(event, window)]
    return sorted(found, key=lambda event: event.day or event.start.instant.date())


def rows_of(view: View, calendar: Calendar, window: Window) -> list[Event]:
    """Everything in a window, series as their occurrences."""
    found: list[Event] = []
    for event in view.living(calendar.events_in):
        if event.is_master:
            found += expanded(event, view, window)
        elif meets(event, window):
            found.append(event)
    return found


def calendar_view(listing: Listing, calendar: Calendar) -> Json:
    """One page of a view without change tracking."""
    options = listing.options
    if options.select is not None and options.select & _NOT_IN_VIEWS:
        raise GraphError("ErrorInvalidRequest", "These properties cannot be selected in a calendar view.")
    switches = listing.reach.state.switches
    if options.filters_properties and switches["property_filter_on_view"] == "500":
        raise GraphError("InternalServerError")
    view = listing.reach.view(listing.reach.state.mailbox_of(calendar))
    rows = rows_of(view, calendar, read_window(listing.query))
    rows.sort(key=lambda event: (event.start.instant, event.id))
    return _page(listing, rows, expand=switches["property_expand_on_view"] == "works")


def list_events(listing: Listing, calendars: list[Calendar]) -> Json:
    """One page of the single events and masters of some calendars."""
    state = listing.reach.state
    found: list[Event] = []
    for calendar in calendars:
        view = listing.reach.view(state.mailbox_of(calendar))
        found += view.living(calendar.events_in)
    if listing.options.filters_properties:
        found = _looked_up(listing, found, calendars)
        return _page(listing, found, filtered=True)
    return _page(listing, found)


def _looked_up(listing: Listing, rows: list[Event], calendars: list[Calendar]) -> list[Event]:
    """Those that fit as the index knows them, which may lag behind."""
    accepts = listing.options.accepts
    lag = listing.reach.state.switches["property_lag_seconds"]
    if accepts is None or not lag:
        return [event for event in rows if accepts is None or accepts(event)]
    found = []
    views = {c.events_in: listing.reach.view(listing.reach.state.mailbox_of(c), lag) for c in calendars}
    for event in rows:
        known = views[event.calendar_id].record(event.id)
        if known is not None and not known.deleted and accepts(known):
            found.append(event)
    return found


def list_instances(listing: Listing, calendar: Calendar, master: Event) -> Json:
    """One page of the occurrences and exceptions of a series within a window."""
    if not master.is_master:
        raise GraphError("ErrorInvalidRequest", "The event is no series master.")
    view = listing.reach.view(listing.reach.state.mailbox_of(calendar))
    return _page(listing, expanded(master, view, read_window(listing.query)))


def row_of(event: Event, lens: Lens, options: Options, *, expand: bool = True) -> Json:
    """An event with what the query adds and leaves."""
    row = options.shown(render_event(event, lens))
    return row | (shown_properties(event.properties, options.properties) if expand else {})


def _page(listing: Listing, rows: list[Event], *, expand: bool = True, filtered: bool = False) -> Json:
    options = listing.options
    if options.accepts is not None and not filtered:
        rows = [event for event in rows if options.accepts(event)]
    rows = spoiled(options.ordered(rows), listing.reach.do)
    shown = [row_of(event, listing.lens, options, expand=expand) for event in rows[options.skip :][: options.top]]
    answer: Json = {"@odata.context": context(listing.url, "Collection(event)")}
    return answer | cut(rows, options, listing.query, listing.url) | {"value": shown}


def cut(rows: list[T], options: Options, query: Mapping[str, str], url: str) -> Json:
    """The page of some rows that a query asks for, with the link to the next."""
    answer: Json = {"@odata.count": len(rows)} if options.count else {}
    end = options.skip + options.top
    answer["value"] = rows[options.skip : end]
    if end < len(rows):
        answer["@odata.nextLink"] = f"{url}?{urlencode({**query, '$skip': str(end)}, safe='$')}"
    return answer


def spoiled(rows: list[T], do: Mapping[str, Any]) -> list[T]:
    """The rows as a planted fault leaves them."""
    return [] if do.get("empty") else rows[: do.get("truncate", len(rows))]


def context(url: str, name: str) -> str:
    """`@odata.context`."""
    base = url[: url.index("/v1.0")] if "/v1.0" in url else url
    return f"{base}/v1.0/$metadata#{name}"
