"""One calendar collection by its objects: listing, changes since a token, bodies, with no href left unexplained.

Not here: what bodies say (series, mapping), writing (writing).
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.apple import multistatus as dav
from adapters.apple.account import CalDavAccount
from adapters.apple.client import SIDE, Answer, encoded, refusal, rows_of
from adapters.apple.discovery import Home
from adapters.apple.multistatus import Multistatus, NotXmlError, Row
from syncd.errors import CursorExpired, Rejected, Transient

BATCH: Final = 50
_PAGES: Final = 100
_GONE: Final = (404, 410)
# Answers to a sync-collection without a token from servers that have none.
_NO_SYNC: Final = frozenset({400, 403, 404, 405, 409, 412, 415, 422, 501})
# Answers to a sync-collection with a token that the server no longer knows.
_REFUSED: Final = frozenset({400, 403, 405, 409, 410, 412, 415, 418, 422, 501})
# Before the version of a whole collection, where there are no tokens; a sync-token is a URI, which has no blanks.
_CTAG: Final = "ctag "


@dataclass(slots=True)
class Listing:
    """`etags`: every object named, with its ETag, weak ones too. `removed`: objects that the answer says are gone."""

    etags: dict[str, str | None] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    token: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Body:
    """One object: its text and the version from the same answer; or that it is gone; or why it cannot be had.

    `etag` is strong; `fingerprint` may be weak. `passing`: it may be had later.
    """

    text: str | None = None
    etag: str | None = None
    fingerprint: str | None = None
    gone: bool = False
    reason: str = ""
    passing: bool = False


class Collection:
    """The collection with one id. Names are decoded file names in it."""

    def __init__(self, account: CalDavAccount, calendar: str) -> None:
        self.account = account
        self.calendar = calendar

    async def listing(self) -> Listing:
        """Every object. One request where the server knows sync-collection, which gives a token along with it.

        Elsewhere the collection's own version is the token. It is asked for first: what changes meanwhile is news then.
        """
        if self.calendar not in self.account.without_sync:
            answer = await self._report(dav.sync_collection(""), 0)
            if answer.status in _NO_SYNC:
                self.account.without_sync.add(self.calendar)
            else:
                listing = await self._pages(answer)
                if listing.token is not None:
                    return listing
        version = await self._version()
        listing = await self._propfind()
        listing.token = version
        return listing

    async def changes(self, token: str) -> Listing:
        """What changed since the token. Raises CursorExpired for a token that is refused or an answer in doubt, and
        where a server can only say that something has changed."""
        if token.startswith(_CTAG):
            self.account.without_sync.add(self.calendar)
            if await self._version() == token:
                return Listing(token=token)
            raise CursorExpired("something has changed, and the server does not say what", side=SIDE, ref=self.calendar)
        answer = await self._report(dav.sync_collection(token), 0)
        broken = answer.status >= 500 and "valid-sync-token" in answer.conditions
        if answer.status in _REFUSED or broken:
            raise CursorExpired(f"the server refuses the token ({answer.status})", side=SIDE, ref=self.calendar)
        if answer.status in _GONE:
            await self.account.about(self.calendar)
            raise CursorExpired("the server refuses the token", side=SIDE, ref=self.calendar)
        listing = await self._pages(answer)
        if listing.token is None or not listing.complete:
            raise CursorExpired("the answer to the token is in doubt", side=SIDE, ref=self.calendar)
        if not listing.etags and not listing.removed:
            listing.token = token  # an answer that names nothing proves nothing: it is asked for once more
        return listing

    async def bodies(self, names: Sequence[str]) -> AsyncIterator[dict[str, Body]]:
        """The objects in batches, an answer for every name."""
        for at in range(0, len(names), BATCH):
            yield await self._batch(list(names[at : at + BATCH]))

    async def body(self, name: str) -> Body:
        return (await self._batch([name]))[name]

    async def _report(self, body: str, depth: int) -> Answer:
        return await self.account.send("REPORT", self.calendar, body=body, depth=depth)

    async def _pages(self, answer: Answer) -> Listing:
        """Read an answer, and go on with its token as long as the server says that it was cut (RFC 6578, 3.6)."""
        home, listing = await self.account.home(), Listing()
        for _ in range(_PAGES):
            page = rows_of(answer, "reading the calendar")
            cut = self._take(page, listing, home)
            before, listing.token = listing.token, page.token
            if not cut:
                return listing
            if page.token is None or page.token == before:
                break
            answer = await self._report(dav.sync_collection(page.token), 0)
        listing.complete = False
        return listing

    def _take(self, page: Multistatus, listing: Listing, home: Home) -> bool:
        cut = False
        for row in page.rows:
            name = self._name(row, home)
            if row.status == 507:
                cut = True
            elif name and row.status in _GONE:
                listing.removed.add(name)
                listing.etags.pop(name, None)
            elif name and row.status == 200:
                listing.etags[name] = row.fingerprint
                listing.removed.discard(name)
            elif row.status not in (200, *_GONE):
                listing.complete = False
        self._ours(page.rows, home)
        return cut

    async def _version(self) -> str | None:
        """The version of the whole collection, as a token; None where the server has none."""
        answer = await self.account.send("PROPFIND", self.calendar, body=dav.propfind("CS:getctag"), depth=0)
        if answer.status in _GONE:
            await self.account.about(self.calendar)
        rows = rows_of(answer, "asking the calendar").rows
        version = rows[0].text("CS:getctag") if rows else None
        return f"{_CTAG}{version}" if version else None

    async def _propfind(self) -> Listing:
        body = dav.propfind("D:getetag", "D:resourcetype")
        answer = await self.account.send("PROPFIND", self.calendar, body=body, depth=1)
        if answer.status in _GONE:
            await self.account.about(self.calendar)
        page, home = rows_of(answer, "reading the calendar"), await self.account.home()
        listing = Listing()
        self._take(page, listing, home)
        # A listing that leaves out the collection itself has lost rows, or is of something else.
        itself = any(self._name(row, home) == "" for row in page.rows)
        listing.complete = listing.complete and itself and not listing.removed
        return listing

    def _ours(self, rows: Sequence[Row], home: Home) -> None:
        if rows and all(self._name(row, home) is None for row in rows):
            raise Transient("reading the calendar: the answer is of another collection", side=SIDE)

    def _name(self, row: Row, home: Home) -> str | None:
        """The object's file name, decided by the href alone; "" for the collection itself, None for what is no object
        of it."""
        path = self.calendar if self.calendar.startswith("/") else home.path + self.calendar
        if row.path.rstrip("/") == path.rstrip("/"):
            return ""
        name = row.path.removeprefix(path)
        return None if name == row.path or "/" in name else name

    async def _batch(self, names: list[str]) -> dict[str, Body]:
        """One multiget; one that fails as a whole is halved, down to a plain GET of the one that spoils it."""
        home = await self.account.home()
        page = await self._multiget(names, home)
        if page is None and len(names) > 1:
            half = len(names) // 2
            return {**await self._batch(names[:half]), **await self._batch(names[half:])}
        found = _found(page, lambda row: self._name(row, home)) if page else {}
        return {name: found.get(name) or await self.alone(name) for name in names}

    async def _multiget(self, names: list[str], home: Home) -> Multistatus | None:
        """The answer to one multiget; None for a refusal that may be due to a single object."""
        path = self.calendar if self.calendar.startswith("/") else home.path + self.calendar
        hrefs = [encoded(path) + encoded(name, slash=False) for name in names]
        try:
            answer = await self._report(dav.multiget(hrefs), 1)
            if answer.status == 207:
                return dav.parsed(answer.body)
        except (NotXmlError, Rejected):
            return None
        if answer.status in (*_GONE, 500):
            # A calendar that has gone and a server in trouble answer so too, and then to this as well.
            await self.account.about(self.calendar)
        elif answer.status not in (400, 413, 507):
            raise refusal(answer.status, "reading objects")
        return None

    async def alone(self, name: str) -> Body:
        """One object by a plain GET: what a multiget left out or gave without text is asked for once more."""
        try:
            answer = await self.account.send("GET", self.calendar, name)
        except Rejected:
            return Body(reason="it is too large")
        if answer.status in _GONE:
            return Body(gone=True)
        if answer.status != 200:
            passing = isinstance(refusal(answer.status, "reading an object"), Transient)
            return Body(reason=f"the server answered {answer.status} for it", passing=passing)
        shown = str(answer.headers.get("etag", "")).strip() or None
        try:
            return Body(answer.body.decode(), answer.strong_etag, shown)
        except UnicodeDecodeError:
            return Body(reason="it is not UTF-8", fingerprint=shown)


def _found(page: Multistatus, name_of: Callable[[Row], str | None]) -> Mapping[str, Body]:
    found = {}
    for row in page.rows:
        name = name_of(row)
        text = row.text("C:calendar-data")
        if name and row.status in _GONE:
            found[name] = Body(gone=True)
        elif name and row.status == 200 and text:
            found[name] = Body(text, row.etag, row.fingerprint)
    return found
