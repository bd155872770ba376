"""The outside world of a measurement, as a process of its own: a Wix site, and one account with calendars.

The account is at Radicale behind the fault proxy, or at a simulator that grants access (granted).

Its CPU is not the product's. It is told what to do by lines of JSON on standard input, answers each with one, and ends
with its input. Sessions are the same in every run, so that a store filled in one world fits the next. Not here: the
product (passing), what is measured (rows).
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from benchmarks.google import GOOGLE
from benchmarks.granted import Provider, account_in
from benchmarks.microsoft import MICROSOFT
from benchmarks.shelf import Shelf
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.ics import render
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer, SeedCalendar, seed
from syncd.sandbox.wix import WixServer, WixState, events, schedules
from syncd.sandbox.wix.access import ALL_SCOPES
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import BOOKINGS_APP, BUSINESS_EXTERNAL_ID, Resource

NOW: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday; both changes of the clock lie within the window
ZONE: Final = "Europe/Berlin"
EMAIL, PASSWORD = "anna@icloud.example", "abcd-efgh-ijkl-mnop"
APP, SECRET, INSTANCE, STAFF = (str(UUID(int=number)) for number in (11, 13, 12, 21))
_DAYS: Final = 350
_GRANTING: Final[Mapping[str, Provider]] = {one.name: one for one in (GOOGLE, MICROSOFT)}
_ICS: Final = {"content-type": "text/calendar; charset=utf-8"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the world holds at first. `kept`: the calendars as an earlier world left them. `shelf`: not by Radicale.

    `at`: the provider that grants access to the account, "" for Radicale.
    """

    folder: Path
    sessions: int = 0
    events: int = 0
    minutes: float = 0.0
    kept: bool = False
    shelf: bool = False
    at: str = ""

    @property
    def calendars(self) -> Path:
        """Where Radicale keeps those of the account."""
        return self.folder / "collections/collection-root" / EMAIL


class Account(Protocol):
    """The account's side of the world."""

    def facts(self) -> Json: ...

    def log(self) -> Json:
        """Its requests since `forget`, by the name of the side."""

    def forget(self) -> None: ...

    def obey(self, order: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Apple:
    """A CalDAV server behind the proxy that counts what comes."""

    proxy: FaultProxy
    server: RadicaleServer | Shelf

    def facts(self) -> Json:
        return {"apple": self.proxy.base_url, "server": self.server.base_url}

    def log(self) -> Json:
        return {"apple": self.proxy.log.to_json()["requests"]}

    def forget(self) -> None:
        self.proxy.log.reset()

    def obey(self, order: Mapping[str, Any]) -> None:
        match order:
            case {"delay": seconds}:
                self.proxy.delay_seconds = float(seconds)


@dataclass(slots=True)
class World:
    """Everything that is outside."""

    clock: SandboxClock
    wix: WixServer
    site: Site
    staff: str
    account: Account

    def facts(self) -> Json:
        here = {"wix": self.wix.base_url, "schedule": self.staff, "now": self.clock.now().isoformat()}
        return here | self.account.facts()

    def obey(self, order: Mapping[str, Any]) -> Json:
        """Carry out an order and answer it."""
        match order:
            case {"retitle": count}:
                for number, event in enumerate(self._sessions()[:count]):
                    events.update(
                        self.site, {"id": event.id, "revision": str(event.revision), "title": f"New {number}"}
                    )
            case {"cancel": count}:
                for event in self._sessions()[:count]:
                    events.cancel(self.site, event.id)
            case {"forget": True}:
                self.wix.app.log.reset()
                self.account.forget()
            case {"advance": seconds}:
                self.clock.advance(float(seconds))
            case {"log": True}:
                return {"wix": self.wix.app.log.to_json()["requests"], **self.account.log()}
            case {"blocks": title}:
                named = [event for event in self._sessions() if event.fields.get("title") == title]
                return {event.id: event.span.start_utc.isoformat() for event in named}
            case _:
                self.account.obey(order)
        return self.facts()

    def _sessions(self) -> list[Any]:
        return [event for event in self.site.events.all() if event.status == "CONFIRMED"]


def add_sessions(site: Site, staff: str, count: int) -> None:
    """Sessions of one hour on the staff member's schedule, spread over most of a year."""
    for number in range(count):
        day = NOW.date() + timedelta(days=1 + number % _DAYS)
        start = datetime.combine(day, time(6)) + timedelta(minutes=20 * (number // _DAYS))
        edges = (start, start + timedelta(hours=1))
        first, last = (edge.isoformat(timespec="seconds") for edge in edges)
        body = {"scheduleId": staff, "title": f"Yoga {number}", "notes": "Bring a mat and some water"}
        more = {
            "start": {"localDate": first},
            "end": {"localDate": last},
            "location": {"type": "CUSTOM", "name": "Room"},
        }
        events.create(site, BOOKINGS_APP, body | more)


def calendar_of(count: int) -> bytes:
    """A person's own events, as one text that Radicale takes apart by their UIDs."""
    parts = []
    for number in range(count):
        start = datetime.combine(NOW.date() + timedelta(days=1 + number % _DAYS), time(18), ZoneInfo(ZONE))
        start += timedelta(minutes=30 * (number // _DAYS))
        body = {"uid": f"own-{number}@home", "title": f"Dentist {number}", "start": start, "zone": None}
        text = render({**body, "end": start + timedelta(minutes=30)}, stamp=NOW).decode()
        parts.append(text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")])
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//home//EN\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


def wix_site(clock: SandboxClock, sessions: int) -> tuple[WixServer, Site, str]:
    """A site with its business schedule and one staff member."""
    state = WixState(clock)
    state.switches.set({"rate_limit_per_minute": 0})
    state.apps[APP] = SECRET
    site = state.add_site(INSTANCE, ZONE)
    site.scopes[APP] = ALL_SCOPES
    schedules.create(site, BOOKINGS_APP, {"name": "Studio", "externalId": BUSINESS_EXTERNAL_ID})
    made = schedules.create(site, BOOKINGS_APP, {"name": "Anna", "externalId": STAFF})
    site.resources[STAFF] = Resource(STAFF, "Anna", "STAFF", made.id)
    schedules.set_owner(site, made.id, str(UUID(int=31)))
    add_sessions(site, made.id, sessions)
    return WixServer(state), site, made.id


async def opened(wanted: Wanted, stack: AsyncExitStack) -> World:
    """A world that is there until the stack is closed."""
    clock = SandboxClock(NOW, rate=0)
    wix, site, staff = wix_site(clock, wanted.sessions)
    clock.advance(wanted.minutes * 60)
    await wix.start()
    stack.push_async_callback(wix.stop)
    return World(clock, wix, site, staff, await account(wanted, clock, stack))


async def account(wanted: Wanted, clock: SandboxClock, stack: AsyncExitStack) -> Account:
    if wanted.at:
        granted = account_in(_GRANTING[wanted.at], wanted.folder, clock, wanted.events)
        await granted.server.start()
        stack.push_async_callback(granted.server.stop)
        return granted
    server = await serving(wanted, stack)
    proxy = FaultProxy(server.base_url, clock)
    await proxy.start()
    stack.push_async_callback(proxy.stop)
    return Apple(proxy, server)


async def serving(wanted: Wanted, stack: AsyncExitStack) -> RadicaleServer | Shelf:
    """The calendar server; the account has a calendar of its own, with its events in it."""
    if wanted.shelf:
        (wanted.calendars / "home").mkdir(parents=True, exist_ok=True)
        shelf = Shelf(EMAIL, wanted.calendars)
        await shelf.start()
        stack.push_async_callback(shelf.stop)
        return shelf
    radicale = RadicaleServer(wanted.folder, {EMAIL: PASSWORD})
    await radicale.start()
    stack.push_async_callback(radicale.stop)
    if not wanted.kept:
        (home,) = await seed(radicale.base_url, EMAIL, PASSWORD, [SeedCalendar("home", "Home")])
        if wanted.events:
            async with client(radicale.base_url) as web:
                answer = await web.put(home, content=calendar_of(wanted.events), headers=_ICS)
                answer.raise_for_status()
    return radicale


def client(url: str) -> httpx.AsyncClient:
    """The account, used past the product."""
    return httpx.AsyncClient(base_url=url, auth=(EMAIL, PASSWORD), timeout=120, trust_env=False)


def root() -> str:
    """Where the account's calendars lie."""
    return f"/{quote(EMAIL)}/"


async def main(wanted: Wanted) -> None:
    async with AsyncExitStack() as stack:
        world = await opened(wanted, stack)
        print(json.dumps(world.facts()), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(world.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(main(Wanted(**{**given, "folder": Path(given["folder"])})))
