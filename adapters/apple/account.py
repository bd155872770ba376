"""One account: its calendars, making the dedicated one, and the way of every request to a calendar.

Not here: discovery (discovery), what is in a calendar (calendar), the wire (client).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.apple import multistatus as dav
from adapters.apple.client import (
    IN_FLIGHT,
    SIDE,
    Answer,
    Moved,
    Session,
    answer_of,
    refusal,
    rows_of,
)
from adapters.apple.discovery import Discovery, Home
from adapters.apple.mapping import KEY, LIMITS, Owner
from adapters.apple.multistatus import Row
from adapters.http import Transport
from syncd.errors import AdapterError, CalendarGone, Forbidden, Rejected, Transient
from syncd.model import Window
from syncd.ports import CalendarInfo, Capabilities, Clock

CAPABILITIES: Final = Capabilities(
    delta=True,
    keyed_create=True,
    keyed_bulk=True,
    conditional_write=True,
    max_batch=1,
    max_in_flight=IN_FLIGHT,
    series_edit=True,
    mails_guests=True,
    limits=LIMITS,
)
_PREFIX: Final = "syncd-"
_COLOUR: Final = "#0F766EFF"
_ORDER: Final = 1000  # behind the calendars that people put in order
_UNKNOWN_PROPERTY: Final = frozenset({207, 400, 409, 422, 424})
_MAY_WRITE: Final = frozenset(map(dav.tag, ("D:all", "D:write", "D:write-content", "D:bind")))
_NO_EVENTS: Final = frozenset(
    map(dav.tag, ("CS:subscribed", "C:schedule-inbox", "C:schedule-outbox", "CS:notification"))
)
_GONE_HINT: Final = (
    "put it back, or `syncd configure` the connection: `--new-calendar` for one that syncd made, `--calendar` for one "
    "that is imported"
)
_ABOUT: Final = (
    "D:resourcetype",
    "D:displayname",
    "D:current-user-privilege-set",
    "D:current-user-principal",
    "C:supported-calendar-component-set",
)


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom. `bridge`: the installation whose marks are ours. `found`: as `CalDavAccount.found`."""

    url: str
    email: str
    password: str
    bridge: str
    found: str = ""

    def __repr__(self) -> str:
        return f"Login({self.url!r})"


class CalDavAccount:
    """The verbs of `Account` but `open`; discovery is done once, and again when an address has moved.

    What an earlier account found is believed for reading and writing its calendars: their addresses are that account's
    own. It is discovered again before a calendar is made, before an absence is proved by a server that does not say
    whose it is, and by the next account when a request failed.
    `without_sync`: calendars whose server knows no sync-collection. `quiet`: by calendar and object, the version that
    holds nothing within a window; it need not be fetched again there, although nothing of it is stored.
    """

    def __init__(
        self, login: Login, clock: Clock, *, max_in_flight: int = IN_FLIGHT, transport: Transport | None = None
    ) -> None:
        self.capabilities = replace(CAPABILITIES, max_in_flight=max_in_flight)
        self.clock = clock
        self.bridge = login.bridge
        self._entry = login.url if urlsplit(login.url).path else f"{login.url}/"
        self._email = login.email
        self._session = Session(self._entry, login.email, login.password, clock, transport)
        self._discovery = Discovery(self._session, self._entry, login.email)
        self._home = self._discovery.remembered(login.found)
        self._is_remembered = self._home is not None
        self._doubted = False
        self._writable: dict[str, bool] = {}
        self._asking = asyncio.Lock()
        self.without_sync: set[str] = set()
        self.quiet: dict[tuple[str, str], tuple[str, Window]] = {}

    @property
    def found(self) -> str:
        """The entry address and the home that was found from it."""
        if self._home is None or self._doubted:
            return ""
        return self._discovery.kept(self._home)

    async def identity(self) -> str:
        """The path of the principal: the same whatever host the account lies on."""
        return (await self.home()).principal

    async def address(self) -> str:
        """The one that it was opened with."""
        return self._email

    async def give_up(self) -> None:
        """A password is its owner's to withdraw."""

    async def proven_identity(self) -> str:
        """The same, as the server says it now and not as an earlier account remembers it."""
        if self._is_remembered:
            await self.rediscover()
        return await self.identity()

    async def calendars(self) -> Sequence[CalendarInfo]:
        """Calendars of the home that may hold events; the default is the first writable one that we did not make."""
        await self.proven_identity()
        answer = await self.send("PROPFIND", "", body=dav.propfind(*_ABOUT), depth=1)
        if answer.status in (404, 410):
            self._home = None  # discovered anew by the next call
        listed, home = rows_of(answer, "listing the calendars").rows, await self.home()
        if not listed:
            raise Transient("listing the calendars: the answer is empty", side=SIDE)
        found = [self._info(home, row) for row in listed if row.status == 200 and holds_events(row)]
        first = next((one for one in found if one.writable and not one.id.startswith(_PREFIX)), None)
        shown = [CalendarInfo(one.id, one.name, default=one is first, writable=one.writable) for one in found]
        return sorted(shown, key=lambda one: not one.default)

    def calendar_id(self, key: str) -> str | None:
        return f"{_PREFIX}{key}/"

    async def make_calendar(self, key: str, name: str) -> CalendarInfo:
        """Probe the address that the key gives, and make a calendar there when nothing is."""
        if not KEY.fullmatch(key):
            raise Rejected("the key cannot be a part of an address", side=SIDE)
        calendar = f"{_PREFIX}{key}/"
        await self.proven_identity()
        home = await self.home()
        if there := await self._probe(home, calendar):
            return there
        # A server that does not know a property has to refuse the whole (RFC 4791, 5.3.1).
        for body in (dav.mkcalendar(name, _COLOUR, _ORDER), dav.mkcalendar(name)):
            made = answer_of(await self._session.mkcalendar(home.url(calendar), body))
            if made.status in (200, 201, 204):
                self._writable[calendar] = True
                return CalendarInfo(calendar, name)
            # 405 and 403 are what servers say when something lies there already.
            if there := await self._probe(home, calendar):
                return there
            if made.status not in _UNKNOWN_PROPERTY:
                break
        error = refusal(made.status, "making the calendar", wrote=True)
        if isinstance(error, Transient):
            raise error
        raise Forbidden(str(error), code=str(made.status), side=SIDE, hint="the account refuses new calendars")

    async def aclose(self) -> None:
        await self._session.close()

    # for its calendars

    async def home(self) -> Home:
        if self._home is None:
            self._home = await self._discovery.home()
        return self._home

    async def rediscover(self) -> bool:
        """Discover again; whether the home lies elsewhere now."""
        before, self._home = self._home, None
        self._is_remembered = self._doubted = False
        return await self.home() != before

    async def owner(self, calendar: str) -> Owner:
        """Whose calendar it is and whether it may be written; asked once per calendar, for all writes under way."""
        async with self._asking:
            if calendar not in self._writable:
                await self.about(calendar)
        home = await self.home()
        return Owner(home.addresses, self.bridge, self._writable[calendar])

    async def about(self, calendar: str) -> Row:
        """What the collection says of itself. Raises CalendarGone when it is not there, Forbidden."""
        answer = await self.send("PROPFIND", calendar, body=dav.propfind(*_ABOUT), depth=0)
        if answer.status in (404, 410):
            if await self.rediscover():
                raise Transient("the account has moved to another address", side=SIDE)
            raise CalendarGone("the calendar is not there any more", side=SIDE, ref=calendar, hint=_GONE_HINT)
        rows = rows_of(answer, "asking the calendar").rows
        if not rows or rows[0].status != 200:
            raise Transient("asking the calendar: the answer is empty", side=SIDE)
        self._writable[calendar] = is_writable(rows[0])
        return rows[0]

    async def send(  # noqa: PLR0913 - the parts of one request
        self,
        method: str,
        calendar: str,
        name: str = "",
        *,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        depth: int | None = None,
    ) -> Answer:
        """One request to a calendar or an object in it; repeated once where the account has moved meanwhile."""
        try:
            answer = await self._verb(method, (await self.home()).url(calendar, name), body, headers, depth)
        except Moved:
            await self.rediscover()
            return await self._verb(method, (await self.home()).url(calendar, name), body, headers, depth)
        except AdapterError:
            self._doubted = self._is_remembered
            raise
        # A refused report may mean its token; a refused PROPFIND, and 404, the address.
        refused = answer.status == 404 or (method == "PROPFIND" and answer.status >= 400)
        self._doubted |= self._is_remembered and not name and refused
        return answer

    async def _verb(
        self, method: str, url: str, body: str, headers: Mapping[str, str] | None, depth: int | None
    ) -> Answer:
        session, answer = self._session, None
        match method:
            case "PROPFIND":
                answer = await session.propfind(url, body, depth=depth or 0)
            case "REPORT":
                answer = await session.report(url, body, depth=depth)
            case "PUT":
                answer = await session.put(url, body, headers)
            case "DELETE":
                answer = await session.delete(url, headers)
            case _:
                answer = await session.request(url, method, body, headers)
        return answer_of(answer)

    async def _probe(self, home: Home, calendar: str) -> CalendarInfo | None:
        answer = answer_of(await self._session.propfind(home.url(calendar), dav.propfind(*_ABOUT), depth=0))
        if answer.status in (403, 404, 410):
            return None
        rows = rows_of(answer, "looking for the calendar").rows
        if not rows or rows[0].status != 200 or dav.tag("C:calendar") not in rows[0].names("D:resourcetype"):
            raise Forbidden("what lies at the calendar's address is no calendar", code="TAKEN", side=SIDE)
        return self._info(home, rows[0], calendar)

    def _info(self, home: Home, row: Row, calendar: str | None = None) -> CalendarInfo:
        key = home.id_of(row.path) if calendar is None else calendar
        self._writable[key] = is_writable(row)
        return CalendarInfo(key, row.text("D:displayname") or key.rstrip("/"), writable=self._writable[key])


def holds_events(row: Row) -> bool:
    """A calendar collection for VEVENT; one that does not name its component types takes all of them."""
    kinds = row.names("D:resourcetype")
    components: Any = row.props.get(dav.tag("C:supported-calendar-component-set"))
    named = [] if components is None else [str(part.get("name", "")).upper() for part in components]
    return dav.tag("C:calendar") in kinds and not kinds & _NO_EVENTS and (not named or "VEVENT" in named)


def is_writable(row: Row) -> bool:
    """By the privileges; a server that names none is believed to allow writing until it refuses."""
    if dav.tag("D:current-user-privilege-set") not in row.props:
        return True
    return bool(row.names("D:current-user-privilege-set") & _MAY_WRITE)
