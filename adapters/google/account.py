"""One Google account: whose it is, its calendars, what may be written in them, and where an event has moved to.

Not here: events (calendar, writing), the grant (adapters.oauth).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapters.accounts import GrantedAccount
from adapters.batches import Pause
from adapters.google.batch import MOST
from adapters.google.client import Call, Client
from adapters.google.mapping import LIMITS, kept
from adapters.google.refusals import SIDE, Asked, Missing, unclear
from syncd.errors import CalendarGone, Forbidden, Rejected, Transient
from syncd.ports import CalendarInfo, Capabilities

PRIMARY: Final = "primary"
CAPABILITIES: Final = Capabilities(
    delta=True,
    keyed_create=True,
    keyed_bulk=True,
    conditional_write=True,
    max_batch=MOST,
    max_in_flight=2,  # of 50 each: more would wait for the quota longer than a request may take
    series_edit=True,
    mails_guests=False,  # every write says sendUpdates=none
    limits=LIMITS,
    kept=kept,
)
_PAGES: Final = 40
_READABLE: Final = frozenset({"owner", "writer", "reader"})
_WRITABLE: Final = frozenset({"owner", "writer"})
_GONE_HINT: Final = "make a new calendar with: syncd configure CONNECTION --new-calendar, or choose another one"


class CalendarList(GrantedAccount[Client]):
    """The calendars of one account. `writable` is remembered, and asked again when a write was refused."""

    capabilities = CAPABILITIES

    def __init__(self, client: Client, bridge: str, found: str = "", pause: Pause = asyncio.sleep) -> None:
        super().__init__(client, bridge, found, pause)
        self.known_writable[PRIMARY] = True
        self._zones: dict[str, str] = {}
        self._others: list[str] | None = None
        self._seen: Sequence[Mapping[str, Any]] = ()

    async def address(self) -> str:
        """The account's address, for people: of the grant, else the real id of the primary calendar."""
        known = (await self.client.tokens.grant()).email
        return known or str((await self.about(PRIMARY)).get("id", ""))

    async def calendars(self) -> Sequence[CalendarInfo]:
        rows = [row for row in await self._rows() if row.get("accessRole") in _READABLE]
        if not rows:
            raise Transient("listing the calendars: the answer is empty", side=SIDE)
        shown = [_info(row) for row in rows]
        return sorted(shown, key=lambda info: (not info.default, not info.writable))

    def calendar_id(self, key: str) -> str | None:
        """Google chooses the ids: that of a calendar which said the key when they were last listed."""
        return _saying(self._seen, key)

    async def make_calendar(self, key: str, name: str) -> CalendarInfo:
        """Look for the one that says the key in its description, and make it when there is none."""
        rows = await self._rows()
        there = _saying(rows, key)
        if there is not None:
            return next(_info(row) for row in rows if row["id"] == there)
        zone = next((row["timeZone"] for row in rows if row.get("primary") and row.get("timeZone")), None)
        body = {"summary": name, "description": f"[syncd {self.bridge} {key}]", **({"timeZone": zone} if zone else {})}
        asked = Asked("making the calendar", writes=True)
        try:
            made = await self.client.send(Call(asked, self.client.service.calendars.insert(body=body)))
        except Rejected as error:
            hint = "the account refuses new calendars"
            raise Forbidden(str(error), code="CALENDAR", side=SIDE, hint=hint) from error
        if not made.get("id"):
            raise unclear(asked)
        self.known_writable[made["id"]] = True
        self._others = None
        return CalendarInfo(made["id"], made.get("summary", name))

    async def give_up(self) -> None:
        await self.client.tokens.end()

    # for its calendars

    async def about(self, calendar: str) -> Mapping[str, Any]:
        """What the calendar says of itself. Raises CalendarGone when it is not there, nor in the account's list."""
        request = self.client.service.calendars.get(calendarId=calendar)
        try:
            found = await self.client.send(Call(Asked("asking the calendar"), request))
        except Missing:
            pass
        else:
            self._zones[calendar] = found.get("timeZone", "")
            return dict(found)
        try:
            await self._entry(calendar)
        except Missing:
            text = "the calendar is not there any more"
            raise CalendarGone(text, side=SIDE, hint=_GONE_HINT) from None
        raise Transient("the calendar is listed, and does not answer", side=SIDE)

    async def writable(self, calendar: str, *, afresh: bool = False) -> bool:
        """Whether the account may write in it. Raises CalendarGone."""
        if afresh or calendar not in self.known_writable:
            try:
                entry = await self._entry(calendar)
            except Missing:  # taken off the list by its owner's hand
                await self.about(calendar)
                entry = {}
            self.told(calendar, entry.get("accessRole", "reader"))
        return self.known_writable[calendar]

    def told(self, calendar: str, role: str | None, zone: str | None = None) -> None:
        """Role and zone as some answer had them."""
        if role is not None:
            self.known_writable[calendar] = role in _WRITABLE
        if zone:
            self._zones[calendar] = zone

    async def zone(self, calendar: str) -> str:
        """The zone of the calendar, "" when it says none."""
        if calendar not in self._zones:
            await self.about(calendar)
        return self._zones[calendar]

    async def others(self, calendar: str) -> Sequence[str]:
        """The other calendars that an event may have been moved to: those that may be written."""
        if self._others is None:
            infos = [_info(row) for row in await self._rows()]
            self._others = [info.id for info in infos if info.writable]
        return [one for one in self._others if one != calendar]

    async def _entry(self, calendar: str) -> Mapping[str, Any]:
        request = self.client.service.listed.get(calendarId=calendar)
        entry = await self.client.send(Call(Asked("asking for the calendar's entry"), request))
        return dict(entry)

    async def _rows(self) -> list[Mapping[str, Any]]:
        asked, rows, page = Asked("listing the calendars"), [], ""
        for _ in range(_PAGES):
            more = {"pageToken": page} if page else {}
            request = self.client.service.listed.list(maxResults=250, showHidden=True, **more)
            answer = await self.client.send(Call(asked, request))
            if answer.get("kind") != "calendar#calendarList":
                raise unclear(asked)
            rows += [row for row in answer.get("items", []) if row.get("id") and not row.get("deleted")]
            page = answer.get("nextPageToken") or ""
            if not page:
                self._seen = rows
                return rows
        raise Transient("listing the calendars: the listing has no end", side=SIDE)


def _info(row: Mapping[str, Any]) -> CalendarInfo:
    """The primary calendar goes by its alias: its real id is the owner's address, which may change."""
    default = bool(row.get("primary"))
    name = row.get("summaryOverride") or row.get("summary") or row["id"]
    return CalendarInfo(PRIMARY if default else row["id"], name, default, row.get("accessRole") in _WRITABLE)


def _saying(rows: Iterable[Mapping[str, Any]], key: str) -> str | None:
    """The id of the first calendar whose description says the key."""
    return next((str(row["id"]) for row in rows if f" {key}]" in str(row.get("description", ""))), None)
