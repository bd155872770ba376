"""What the tests of the Google adapter share: an account on the simulator over real HTTP, a shelf, builders, fixtures.

People's hands act past the adapter, in the simulator's own state.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import adapters.google
from adapters.google import GoogleAccount
from adapters.google.calendar import GoogleCalendar
from adapters.sights import View
from syncd.model import AllDay, Cursor, Ref, Timed, When
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState, Hands
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, seed_account
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

EMAIL, COLLECTION = "anna@gmail.example", "cal-of-anna"
FIXTURES = Path(adapters.google.__file__).parent / "fixtures"
VIEW = View(COLLECTION, "Europe/Berlin", True, NOW)
GRANT = Grant("", "1//refresh", NOW, ("openid", adapters.google.SCOPE), "1234567890", EMAIL, NOW - timedelta(days=30))


def fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


@dataclass
class World(AccountWorld):
    """One account of a simulated Google, and the adapter on it."""

    server: GoogleServer
    hands: Hands
    account: GoogleAccount
    calendar: GoogleCalendar

    @property
    def state(self) -> GoogleState:
        return self.server.state

    def refuse(self, operation: str, reason: str, *, times: int = 1, **more: int) -> None:
        """The next calls of this operation are refused for this reason, and nothing happens."""
        self.plant({"error": {"reason": reason, **more}}, match={"operation": operation}, times=times)

    def titles(self) -> list[str]:
        return sorted(str(one.fields.get("summary", "")) for one in self.hands.events())

    def again(self) -> "World":
        """The same account in another process, with its own memory and the same shelf."""
        return _opened(self.server, self.clock, self.hands, self.shelf, found=self.account.found)


def _opened(server: GoogleServer, clock: SandboxClock, hands: Hands, shelf: MemoryShelf, found: str = "") -> World:
    waits = Waits()
    account = adapters.google.create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=server.base_url,
        token_url=f"{server.base_url}/token",
        revoke_url=f"{server.base_url}/revoke",
        shelf=shelf,
        clock=clock,
        bridge=BRIDGE,
        found=found,
        pause=waits,
    )
    assert isinstance(account, GoogleAccount)
    calendar = account.open("primary", zone="Europe/Berlin", collection=COLLECTION)
    assert isinstance(calendar, GoogleCalendar)
    return World(server, clock, shelf, waits, hands, account, calendar)


def granted(state: GoogleState, clock: SandboxClock, email: str = EMAIL) -> Grant:
    """A seeded account's grant, its access token good for an hour."""
    seeded = seed_account(state, [], email, "Anna")
    sub = state.accounts[email].sub
    until = clock.now() + timedelta(hours=1)
    fresh = replace(GRANT, access_token=seeded.access_token, refresh_token=seeded.refresh_token)
    return replace(fresh, expires_at=until, identity=sub)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    clock = SandboxClock(NOW, rate=0)
    server = GoogleServer(GoogleState(clock))
    await server.start()
    shelf = MemoryShelf(granted(server.state, clock))
    opened = _opened(server, clock, Hands(server.state, EMAIL), shelf)
    try:
        yield opened
    finally:
        await opened.account.aclose()
        await server.stop()


# --- people's hands, and what a reading says -------------------------------------------------------------------------


def put(google: World, title: str, when: When | None = None, **fields: Any) -> Ref:
    """A new event of the person's own; its ref."""
    span = when or at(1)
    if isinstance(span, AllDay):
        return Ref(COLLECTION, google.hands.add(title, span.first, span.until, **fields).id)
    return Ref(COLLECTION, google.hands.add(title, span.start, span.end, zone=span.tzid, **fields).id)


def weekly(google: World, count: int = 4, first: date = date(2027, 3, 15), hour: int = 9) -> str:
    """A weekly "Lesson" of an hour in Berlin, the first one at this hour UTC; the id of its master."""
    start = datetime(first.year, first.month, first.day, hour, tzinfo=UTC)
    when = Timed(start, start + timedelta(hours=1), BERLIN)
    return put(google, "Lesson", when, recurrence=[f"RRULE:FREQ=WEEKLY;COUNT={count}"]).id


async def cursor_of(google: World) -> Cursor:
    cursor = (await google.calendar.read(WINDOW)).cursor
    assert cursor is not None
    return cursor
