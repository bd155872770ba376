"""What a calendar lists, page by page, and what that says of the items within a window.

One query shape for ever: single events, deleted ones too, no window, no order (reference/google.md, 0 and 1). Not
here: single events (calendar), fields (mapping).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.google.client import Call, Client
from adapters.google.mapping import is_cancelled, observation
from adapters.google.refusals import AGAIN, SIDE, Asked, unclear
from adapters.sights import MalformedError, Resource, Sights, View
from syncd.errors import CursorExpired, Transient
from syncd.model import UNSEEN, Broken, Window

_SHAPE: Final[Mapping[str, Any]] = {"singleEvents": True, "showDeleted": True, "maxResults": 2500}
_PAGES: Final = 1000


@dataclass(slots=True)
class Listing:
    """Rows by id, each as it was shown last. `token`: for what changes from now on."""

    rows: dict[str, Resource] = field(default_factory=dict)
    token: str = ""
    zone: str | None = None
    role: str | None = None

    @property
    def present(self) -> list[str]:
        """Ids of what is there, decided before it is read."""
        return [name for name, row in self.rows.items() if not is_cancelled(row)]

    @property
    def cancelled(self) -> list[str]:
        return [name for name, row in self.rows.items() if is_cancelled(row)]

    @property
    def series(self) -> set[str]:
        """Ids of the series that rows are instances of, where they are not shown themselves."""
        named = {row["recurringEventId"] for row in self.rows.values() if "recurringEventId" in row}
        return named - set(self.present)


async def everything(client: Client, calendar: str) -> Listing:
    """Every row. A listing that Google breaks off is begun again once."""
    try:
        return await _pages(client, calendar, None)
    except CursorExpired:
        pass
    try:
        return await _pages(client, calendar, None)
    except CursorExpired as error:
        text = "reading the calendar: the listing was broken off twice"
        raise Transient(text, side=SIDE, hint=AGAIN) from error


async def changes(client: Client, calendar: str, token: str) -> Listing:
    """Rows that changed since the token. Raises CursorExpired, on whatever page."""
    return await _pages(client, calendar, token)


async def _pages(client: Client, calendar: str, token: str | None) -> Listing:
    """All pages, or an error: half of them say nothing about what is missing."""
    asked = Asked("reading the calendar", token=token is not None)
    listing, page = Listing(), ""
    for _ in range(_PAGES):
        more = {name: value for name, value in (("syncToken", token), ("pageToken", page)) if value}
        request = client.service.events.list(calendarId=calendar, **_SHAPE, **more)
        answer = await client.send(Call(asked, request))
        _take(answer, listing, asked)
        before, page = page, answer.get("nextPageToken") or ""
        if not page:
            listing.token = answer.get("nextSyncToken") or ""
            break
        if page == before:
            break
    if not listing.token:
        raise Transient("reading the calendar: the listing has no end", side=SIDE, hint=AGAIN)
    return listing


def _take(answer: Any, listing: Listing, asked: Asked) -> None:
    rows = answer.get("items", []) if answer.get("kind") == "calendar#events" else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("id") for row in rows):
        raise unclear(asked)
    for row in rows:
        listing.rows.pop(row["id"], None)  # shown again on a later page: the order of the last showing counts
        listing.rows[row["id"]] = row
    listing.zone = answer.get("timeZone") or listing.zone
    listing.role = answer.get("accessRole") or listing.role


def sighted(rows: Iterable[Resource], view: View, window: Window) -> Sights:
    """Present rows, each on its own: what it holds within the window, or why it cannot be read."""
    sights = Sights()
    for row in rows:
        name = row["id"]
        try:
            seen = observation(row, view)
        except MalformedError as error:
            sights.broken.append(Broken(name, str(error), row.get("etag")))
            continue
        when = seen.event.when
        is_within = when is not UNSEEN and window.meets(when)
        sights.groups[name] = frozenset({name}) if is_within else frozenset()
        if is_within:
            sights.observations.append(seen)
    return sights


def instances_of(series: Collection[str], names: Iterable[str]) -> list[str]:
    """Those of the names that are instances of these series: `<series>_<original start>` (reference/google.md, 1.4)."""
    return [name for name in names if name.rpartition("_")[0] in series]
