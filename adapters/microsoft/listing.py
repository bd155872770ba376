"""What a calendar lists, page by page: rounds of delta, and the plain view where a round has no end.

The window is widened by a day on each side: days are matched as midnights in UTC, and cut here (reference/microsoft.md,
1.5). Not here: what rows stand for (series), single events (calendar), fields (mapping).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.batches import Pause
from adapters.microsoft.client import Call, Client
from adapters.microsoft.mapping import REMOVED, version_of
from adapters.microsoft.refusals import AGAIN, SIDE, Asked, Overtaxed, unclear
from adapters.sights import Resource
from syncd.errors import CursorExpired, Transient
from syncd.model import Window

SIZES: Final = (200, 50, 10)  # rows of a page; the next one after a server that failed over the one before
_DAY: Final = timedelta(days=1)
_PAGES: Final = 1000
_EMPTY: Final = 50  # pages in a row without a row
_NEXT: Final = "@odata.nextLink"
_LAST: Final = "@odata.deltaLink"


class EndlessError(Exception):
    """Pages follow on pages, and nothing new is on them."""


@dataclass(slots=True)
class Round:
    """Rows by id, each as it was shown last, and ids told as removed. `token`: for what changes from now on, or None.

    A removed id need not be of a deleted event, nor of one that ever lay here (reference/microsoft.md, 0).
    """

    rows: dict[str, Resource] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    token: str | None = None

    def take(self, row: Resource) -> None:
        name = row["id"]
        self.rows.pop(name, None)
        self.removed.pop(name, None)
        if REMOVED in row:
            self.removed[name] = None
        else:
            self.rows[name] = row


async def everything(client: Client, calendar: str, window: Window, pause: Pause) -> Round:
    """Every row of a window. A round that is broken off is begun again once; of one without an end, the plain view."""
    asked = Asked("reading the calendar")
    builder = client.me.calendars.by_calendar_id(calendar).calendar_view
    edges = {"start_date_time": _moment(window.start - _DAY), "end_date_time": _moment(window.end + _DAY)}

    def first(page: int) -> Call:
        return client.get(asked, builder.delta, page=page, **edges)

    for _ in range(2):
        try:
            return await _Pages(client, asked, pause).all(first)
        except CursorExpired:
            continue
        except EndlessError:
            return await _plain(client, builder, edges, pause)
    raise Transient("reading the calendar: the listing was broken off twice", side=SIDE, hint=AGAIN)


async def changes(client: Client, token: str, pause: Pause) -> Round:
    """Rows that changed since the token. Raises CursorExpired, on whatever page, also where there is no last one."""
    asked = Asked("reading the calendar", token=True)
    if not _is_token(token):
        raise CursorExpired("reading the calendar: what is kept is no token of it", side=SIDE)
    try:
        return await _Pages(client, asked, pause).all(lambda page: client.follow(asked, token, page=page))
    except EndlessError:
        raise CursorExpired("reading the calendar: the changes have no end", side=SIDE) from None


async def _plain(client: Client, builder: Any, edges: dict[str, str], pause: Pause) -> Round:
    asked = Asked("reading the calendar")
    try:
        pages = _Pages(client, asked, pause, tracked=False)
        return await pages.all(lambda page: client.get(asked, builder, page=page, top=page, **edges))
    except EndlessError:
        raise Transient("reading the calendar: the listing has no end", side=SIDE, hint=AGAIN) from None


@dataclass(slots=True)
class _Pages:
    """One round under way. `tracked`: it ends in a token; a plain listing ends without one."""

    client: Client
    asked: Asked
    pause: Pause
    tracked: bool = True
    size: int = 0
    seen: set[bytes] = field(default_factory=set)
    empty: int = 0

    async def all(self, first: Callable[[int], Call]) -> Round:
        """All pages, or an error: half of them say nothing about what is missing. Raises EndlessError."""
        found, make = Round(), first
        for _ in range(_PAGES):
            answer = await self._page(make)
            self._take(answer, found)
            link, last = answer.get(_NEXT), answer.get(_LAST)
            if not link:
                if self.tracked:
                    if not last:
                        raise unclear(self.asked)
                    found.token = self.client.within(last, self.asked)
                return found
            make = self._following(self.client.within(link, self.asked))
        raise EndlessError

    def _following(self, link: str) -> Callable[[int], Call]:
        return lambda page: self.client.follow(self.asked, link, page=page)

    async def _page(self, make: Callable[[int], Call]) -> Any:
        """One page; where the server fails over it, a smaller one is asked for."""
        while True:
            try:
                return await self.client.send(make(SIZES[self.size]))
            except Overtaxed:
                if self.size + 1 >= len(SIZES):
                    raise
                self.size += 1
                await self.pause(float(self.size))

    def _take(self, answer: Any, found: Round) -> None:
        rows = answer.get("value")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and _is_name(row.get("id")) for row in rows):
            raise unclear(self.asked)
        self.empty = 0 if rows else self.empty + 1
        digest = hashlib.sha256(repr([(row["id"], version_of(row), REMOVED in row) for row in rows]).encode()).digest()
        if (rows and digest in self.seen) or self.empty > _EMPTY:
            raise EndlessError
        self.seen.add(digest)
        for row in rows:
            found.take(row)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_token(token: str) -> bool:
    """Whether it names a place below the root; whatever else it is, the service says."""
    return token.startswith("/") and ".." not in token.partition("?")[0].split("/")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
