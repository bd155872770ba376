"""One Microsoft account: whose it is, its calendars, what may be written in them, and which one is dedicated to us.

Not here: events (calendar, writing), the grant (adapters.oauth).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.accounts import GrantedAccount
from adapters.batches import Pause
from adapters.microsoft.batch import MOST
from adapters.microsoft.bodies import LIMITS, kept
from adapters.microsoft.client import Client
from adapters.microsoft.refusals import AGAIN, SIDE, Asked, Missing, unclear
from adapters.refusals import mapping_of
from syncd.errors import CalendarGone, Exists, Forbidden, Rejected, Transient
from syncd.ports import CalendarInfo, Capabilities

CAPABILITIES: Final = Capabilities(
    delta=True,
    keyed_create=True,
    keyed_bulk=True,
    conditional_write=True,
    max_batch=MOST,
    max_in_flight=3,  # of 4 for a mailbox: one is left to whatever else its owner runs
    series_edit=True,
    mails_guests=True,
    late_writes=True,  # If-Match is not in its reference: nothing may rest on it (reference/microsoft.md, 2.3)
    limits=LIMITS,
    kept=kept,
)
_LISTED: Final = 100
_SHORT: Final = 12  # characters of a key that tell one calendar of ours from another
_LONGEST_NAME: Final = 200
_TAG: Final = re.compile(rf" \[[0-9a-v]{{{_SHORT}}}\]\s*$")
_GONE_HINT: Final = "make a new calendar with: syncd configure CONNECTION --new-calendar, or choose another one"


class CalendarList(GrantedAccount[Client]):
    """The calendars of one account. `writable` is remembered, and asked again when a write was refused."""

    capabilities = CAPABILITIES

    def __init__(self, client: Client, bridge: str, found: str = "", pause: Pause = asyncio.sleep) -> None:
        super().__init__(client, bridge, found, pause)
        self._seen: Sequence[Mapping[str, Any]] = ()

    async def address(self) -> str:
        """The account's address, for people: of the grant, else that of whoever owns the default calendar."""
        known = (await self.client.tokens.grant()).email
        return known or _address(await self._rows())

    async def calendars(self) -> Sequence[CalendarInfo]:
        rows = await self._rows()
        if not rows:
            raise Transient("listing the calendars: the answer is empty", side=SIDE)
        mine = _address(rows).casefold()
        shown = [_info(row, mine) for row in rows]
        return sorted(shown, key=lambda info: (not info.default, not info.writable))

    def calendar_id(self, key: str) -> str | None:
        """The id of a calendar whose name said the key when they were last listed: the server chooses the ids."""
        found = _saying(self._seen, key)
        return None if found is None else str(found["id"])

    async def make_calendar(self, key: str, name: str) -> CalendarInfo:
        """Look for the one that says the key in its name, and make it when there is none (QUIRKS 19)."""
        there = await self._said(key)
        if there is not None:
            return there
        asked = Asked("making the calendar", writes=True)
        body = {"name": f"{name[:_LONGEST_NAME]} {_tag(key)}"}
        try:
            information = self.client.me.calendars.to_post_request_information(body)
            made = await self.client.send(self.client.call(asked, information))
        except Exists as error:  # of a name that says this key: it was made meanwhile
            there = await self._said(key)
            if there is None:
                raise Transient(str(error), side=SIDE, hint=AGAIN) from error
            return there
        except Rejected as error:
            hint = "the account refuses new calendars"
            raise Forbidden(str(error), code="CALENDAR", side=SIDE, hint=hint) from error
        if not made.get("id"):
            raise unclear(asked)
        self._told(made)
        return _info(made, "")

    async def give_up(self) -> None:
        """There is no way to give a grant back: its owner takes it from this application in their own settings."""

    # for its calendars

    async def about(self, calendar: str) -> Mapping[str, Any]:
        """What the calendar says of itself. Raises CalendarGone when it is not there, nor in the account's list."""
        call = self.client.get(Asked("asking the calendar"), self.client.me.calendars.by_calendar_id(calendar))
        try:
            found = await self.client.send(call)
        except Missing:
            pass
        else:
            self._told({**found, "id": calendar})
            return dict(found)
        if not any(row["id"] == calendar for row in await self._rows()):
            raise CalendarGone("the calendar is not there any more", side=SIDE, hint=_GONE_HINT)
        raise Transient("the calendar is listed, and does not answer", side=SIDE, hint=AGAIN)

    async def writable(self, calendar: str, *, afresh: bool = False) -> bool:
        """Whether the account may write in it. Raises CalendarGone."""
        if afresh or calendar not in self.known_writable:
            await self.about(calendar)
        return self.known_writable[calendar]

    def _told(self, row: Mapping[str, Any]) -> None:
        self.known_writable[str(row["id"])] = _is_writable(row)

    async def _said(self, key: str) -> CalendarInfo | None:
        found = _saying(await self._rows(), key)
        return None if found is None else _info(found, "")

    async def _rows(self) -> Sequence[Mapping[str, Any]]:
        asked = Asked("listing the calendars")
        rows = await self.client.listed(self.client.get(asked, self.client.me.calendars, top=_LISTED))
        for row in rows:
            self._told(row)
        self._seen = rows
        return rows


def _address(rows: Sequence[Mapping[str, Any]]) -> str:
    """The owner of the default calendar: the account itself."""
    return next((_owner(row) for row in rows if row.get("isDefaultCalendar")), "")


def _owner(row: Mapping[str, Any]) -> str:
    return str(mapping_of(row.get("owner")).get("address") or "")


def _info(row: Mapping[str, Any], mine: str) -> CalendarInfo:
    """`mine`: the account's own address in lower case, "" where it does not matter whose calendar it is."""
    owner = _owner(row)
    name = _TAG.sub("", str(row.get("name") or row["id"]))
    default = bool(row.get("isDefaultCalendar"))
    shared = owner if mine and owner.casefold() != mine and not default else ""
    return CalendarInfo(str(row["id"]), name, default, _is_writable(row), shared)


def _is_writable(row: Mapping[str, Any]) -> bool:
    return bool(row.get("canEdit"))


def _tag(key: str) -> str:
    return f"[{key[:_SHORT]}]"


def _saying(rows: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any] | None:
    """The calendar whose name says the key; one that somebody else shares with this account is theirs."""
    mine, tag = _address(rows).casefold(), _tag(key)
    said = (row for row in rows if str(row.get("name", "")).rstrip().endswith(tag))
    return next((row for row in said if not _info(row, mine).owner), None)
