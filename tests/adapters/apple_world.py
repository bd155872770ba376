"""What the tests of the CalDAV adapter share: fixtures as text, an account on a real Radicale behind the fault proxy.

Raw reads and writes go past the adapter, by plain HTTP.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

import adapters.apple
from adapters.apple.calendar import AppleCalendar
from adapters.apple.collection import Body
from adapters.apple.mapping import Owner
from adapters.apple.reading import Look
from adapters.apple.series import StoredObject
from syncd.model import Event, Mark, Observation, Timed, When, Window
from syncd.ports import Account, Draft, Outcome
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer

EMAIL, PASSWORD, BRIDGE = "anna@example.test", "correct-horse-battery", "bridge-1"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC))
FIXTURES = Path(adapters.apple.__file__).parent / "fixtures"
OWNER = Owner(frozenset({f"mailto:{EMAIL}"}), BRIDGE)
LOOK = Look("cal/", "Europe/Berlin", OWNER, NOW)
_numbers = itertools.count(1)


class StillClock:
    def now(self) -> datetime:
        return NOW


def fixture(name: str) -> str:
    return (FIXTURES / f"{name}.ics").read_bytes().decode()


def stored(text: str, name: str = "a.ics") -> StoredObject:
    return StoredObject(text, name, "Europe/Berlin")


def ics(*lines: str, uid: str = "uid-1") -> str:
    """An object with one VEVENT of these lines."""
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//t//EN", "BEGIN:VEVENT", f"UID:{uid}")
    every = (*head, "DTSTAMP:20260901T000000Z", *lines, "END:VEVENT", "END:VCALENDAR")
    return "".join(f"{line}\r\n" for line in every)


def body(text: str, etag: str = '"1"') -> Body:
    return Body(text, etag, etag)


def at(day: int, hour: int = 9, *, month: int = 12, tzid: str = "Europe/Berlin") -> Timed:
    """One hour from that hour UTC."""
    start = datetime(2026, month, day, hour, tzinfo=UTC)
    return Timed(start, start.replace(hour=hour + 1), tzid)


def event(when: When | None = None, title: str | None = "Yoga", **fields: Any) -> Event:
    rest = {"description": None, "location": None, "busy": True, **fields}
    return Event(when or at(1), title, **rest)


def mark(key: str = "key-1", **fields: Any) -> Mark:
    return Mark(BRIDGE, 1, key, "digest-1", **fields)


def draft(key: str = "key-1", given: Event | None = None) -> Draft:
    return Draft(key, given or event(), mark(key))


def shown(outcome: Outcome) -> Observation:
    assert isinstance(outcome, Observation), repr(outcome)
    return outcome


@contextmanager
def running_radicale(folder: Path) -> Iterator[RadicaleServer]:
    server = RadicaleServer(folder, {EMAIL: PASSWORD})
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@dataclass
class World:
    """One account through the proxy, with a calendar of its own in each test, and the server past the proxy."""

    proxy: FaultProxy
    account: Account
    calendar: AppleCalendar
    raw: httpx.AsyncClient
    path: str

    async def put(self, name: str, text: str, **headers: str) -> str:
        """Store an object as somebody else would; its ETag."""
        answer = await self.raw.put(self.path + name, content=text.encode(), headers=headers)
        assert answer.status_code in (201, 204), answer.text
        return answer.headers["etag"]

    async def text(self, name: str) -> str | None:
        answer = await self.raw.get(self.path + name)
        return answer.text if answer.status_code == 200 else None

    async def remove(self, name: str) -> None:
        assert (await self.raw.delete(self.path + name)).status_code in (200, 204)

    async def remove_calendar(self) -> None:
        assert (await self.raw.delete(self.path)).status_code in (200, 204)

    def plant(self, do: Mapping[str, Any], *, match: Mapping[str, str] | None = None, times: int = 1) -> None:
        self.proxy.plant({"do": do, "match": match or {}, "times": times})

    def make_read_only(self) -> None:
        """From now on the server names no privilege to write."""
        written = r"<(\w+:)?(all|write|write-content|bind) ?/>"
        self.plant({"replace": [[written, "<read xmlns='DAV:'/>"]]}, match={"method": "PROPFIND"}, times=-1)

    def requests(self) -> list[str]:
        """Methods, or the names of reports, since the last call of `forget`."""
        return [row["report"] or row["method"] for row in self.proxy.log.to_json()["requests"]]

    def forget(self) -> None:
        self.proxy.log.reset()


@asynccontextmanager
async def world_on(server: RadicaleServer, *, zone: str = "Europe/Berlin") -> AsyncIterator[World]:
    proxy = FaultProxy(server.base_url, SandboxClock(NOW, rate=0))
    await proxy.start()
    account = adapters.apple.create(
        url=proxy.base_url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE
    )
    raw = httpx.AsyncClient(base_url=server.base_url, auth=(EMAIL, PASSWORD), trust_env=False)
    try:
        made = await account.make_calendar(f"cal-{next(_numbers)}", "Studio")
        calendar = account.open(made.id, zone=zone, collection="cal-of-anna")
        assert isinstance(calendar, AppleCalendar)
        proxy.log.reset()
        yield World(proxy, account, calendar, raw, f"/anna%40example.test/{made.id}")
    finally:
        await raw.aclose()
        await account.aclose()
        await proxy.stop()
