"""What the tests of the Microsoft adapter share: an account on the simulator over real HTTP, builders, fixtures.

People's hands act past the adapter, in the simulator's own state.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import adapters.microsoft
from adapters.http import Transport
from adapters.microsoft import MicrosoftAccount
from adapters.microsoft.calendar import MicrosoftCalendar
from adapters.sights import View
from syncd.model import AllDay, ChangeSet, Cursor, Ref, Timed, When
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import Hands, MicrosoftServer, MicrosoftState
from syncd.sandbox.microsoft.seed import CLIENT_ID, CLIENT_SECRET, SeededAccount, seed_account
from tests.adapters.shared_world import (
    BERLIN,
    BRIDGE,
    NOW,
    WINDOW,
    AccountWorld,
    MemoryShelf,
    Waits,
    at,
    draft,
    event,
    fingerprints,
    key,
    mark,
    shown,
    titles,
)

__all__ = [
    "BERLIN",
    "BRIDGE",
    "NOW",
    "WINDOW",
    "MemoryShelf",
    "Waits",
    "at",
    "draft",
    "event",
    "fingerprints",
    "key",
    "mark",
    "shown",
    "titles",
]

EMAIL, COLLECTION = "anna@outlook.example", "cal-of-anna"
FIXTURES = Path(adapters.microsoft.__file__).parent / "fixtures"
VIEW = View(COLLECTION, BERLIN, True, NOW)
IDENTITY = "00000000-0000-0000-0000-00000000a11a.9188040d-6c67-4c5b-b112-36a304b66dad"
GRANT = Grant("", "M.refresh", NOW, (adapters.microsoft.CALENDARS,), IDENTITY, EMAIL, NOW - timedelta(days=30))


def fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


@dataclass
class World(AccountWorld):
    """One account of a simulated Microsoft, and the adapter on its default calendar. `family`: another one of it.

    `holidays`: a calendar that nobody can write.
    """

    server: MicrosoftServer
    seeded: SeededAccount
    account: MicrosoftAccount
    calendar: MicrosoftCalendar

    @property
    def state(self) -> MicrosoftState:
        return self.server.state

    @property
    def hands(self) -> Hands:
        return Hands(self.state, EMAIL)

    @property
    def family(self) -> str:
        return self.seeded.calendars[1][0]

    @property
    def holidays(self) -> str:
        return self.seeded.calendars[2][0]

    def open(self, calendar: str, collection: str = "another") -> MicrosoftCalendar:
        opened = self.account.open(calendar, zone=BERLIN, collection=collection)
        assert isinstance(opened, MicrosoftCalendar)
        return opened

    def refuse(self, operation: str, code: str, *, times: int = 1, **more: Any) -> None:
        """The next calls of this operation are refused with this code, and nothing happens."""
        self.plant({"error": {"code": code, **more}}, match={"operation": operation}, times=times)

    def titles(self) -> list[str]:
        return sorted(str(one.fields.get("subject", "")) for one in self.hands.events())

    def again(self, transport: Transport | None = None) -> "World":
        """The same account in another process, with its own memory and the same shelf."""
        return _opened(self.server, self.clock, self.seeded, self.shelf, self.account.found, transport)


def _opened(  # noqa: PLR0917 - what processes of one account share
    server: MicrosoftServer,
    clock: SandboxClock,
    seeded: SeededAccount,
    shelf: MemoryShelf,
    found: str = "",
    transport: Transport | None = None,
) -> World:
    waits = Waits()
    account = adapters.microsoft.create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=f"{server.base_url}/v1.0",
        authority=server.base_url,
        shelf=shelf,
        clock=clock,
        bridge=BRIDGE,
        found=found,
        pause=waits,
        transport=transport,
    )
    assert isinstance(account, MicrosoftAccount)
    calendar = account.open(seeded.calendars[0][0], zone=BERLIN, collection=COLLECTION)
    assert isinstance(calendar, MicrosoftCalendar)
    return World(server, clock, shelf, waits, seeded, account, calendar)


def granted(seeded: SeededAccount, clock: SandboxClock) -> Grant:
    """A seeded account's grant, its access token good for an hour."""
    fresh = replace(GRANT, access_token=seeded.access_token, refresh_token=seeded.refresh_token)
    return replace(fresh, expires_at=clock.now() + timedelta(hours=1))


@asynccontextmanager
async def world(now: datetime = NOW) -> AsyncIterator[World]:
    clock = SandboxClock(now, rate=0)
    server = MicrosoftServer(MicrosoftState(clock))
    await server.start()
    seeded = seed_account(server.state, [], EMAIL, "Anna")
    opened = _opened(server, clock, seeded, MemoryShelf(granted(seeded, clock)))
    try:
        yield opened
    finally:
        await opened.account.aclose()
        await server.stop()


# --- people's hands, and what a reading says -------------------------------------------------------------------------


def put(microsoft: World, title: str, when: When | None = None, *, calendar: str = "default", **fields: Any) -> Ref:
    """A new event of the person's own; its ref."""
    span, hands = when or at(1), Hands(microsoft.state, EMAIL, calendar)
    if isinstance(span, AllDay):
        return Ref(COLLECTION, hands.add(title, span.first, span.until, **fields).id)
    return Ref(COLLECTION, hands.add(title, span.start, span.end, zone=span.tzid, **fields).id)


def weekly(microsoft: World, count: int = 4, first: date = date(2027, 3, 15), hour: int = 9, **fields: Any) -> str:
    """A weekly "Lesson" of an hour in Berlin, the first one at this hour UTC; the id of its master."""
    start = datetime(first.year, first.month, first.day, hour, tzinfo=UTC)
    when = Timed(start, start + timedelta(hours=1), BERLIN)
    return put(microsoft, "Lesson", when, rrule=f"FREQ=WEEKLY;COUNT={count}", **fields).id


def occurrences(microsoft: World, series: str) -> list[str]:
    """The ids of a series' occurrences that are there, in order."""
    return [one.id for one in microsoft.hands.occurrences(series, date(2028, 1, 1))]


async def cursor_of(microsoft: World) -> Cursor:
    cursor = (await microsoft.calendar.read(WINDOW)).cursor
    assert cursor is not None
    return cursor


async def since(microsoft: World, cursor: Cursor, before: ChangeSet) -> ChangeSet:
    """What changed, for somebody who has stored what an earlier reading showed."""
    return await microsoft.calendar.read(cursor, stored(before))


def stored(*found: ChangeSet) -> Any:
    """What is known after these readings: a fingerprint for each group."""
    from syncd.ports import knowing

    prints: dict[str, str] = {}
    for one in found:
        for seen in one.observations:
            prints[seen.traits.group or seen.ref.id] = seen.fingerprint or ""
    return knowing(prints)
