"""A plain CalDAV client for the tests of the fault proxy: raw HTTP, no adapter, no library."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from syncd.sandbox.ics import render
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer

EMAIL, PASSWORD = "anna@example.test", "correct-horse"
ACCOUNTS = {EMAIL: PASSWORD}
NS = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav"}
_numbers = itertools.count(1)


@contextmanager
def running_radicale(folder: Path, accounts: Mapping[str, str] = ACCOUNTS) -> Iterator[RadicaleServer]:
    """A server for a module of tests; each test makes its own calendar on it."""
    server = RadicaleServer(folder, accounts)
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@asynccontextmanager
async def account_through(proxy: FaultProxy, server: RadicaleServer) -> AsyncIterator["Account"]:
    """A new calendar on the server, seen through the proxy, which is started and stopped."""
    login = (EMAIL, PASSWORD)
    await proxy.start()
    try:
        async with (
            httpx.AsyncClient(base_url=proxy.base_url, auth=login) as web,
            httpx.AsyncClient(base_url=server.base_url, auth=login) as direct,
        ):
            account = Account(proxy, web, direct)
            await account.make_calendar()
            yield account
    finally:
        await proxy.stop()


def event(title: str = "Yoga", uid: str = "uid-1") -> bytes:
    """A plain event of one hour."""
    start = datetime(2030, 3, 4, 9, tzinfo=UTC)
    return render({"uid": uid, "title": title, "start": start, "end": start.replace(hour=10)})


@dataclass(frozen=True)
class Row:
    """What a multistatus says of one href."""

    status: int
    etag: str | None
    text: str | None


@dataclass
class Account:
    """One calendar, seen through the proxy (`web`) and directly on the server (`direct`)."""

    proxy: FaultProxy
    web: httpx.AsyncClient
    direct: httpx.AsyncClient
    home: str = "/anna%40example.test/"
    calendar: str = field(default_factory=lambda: f"/anna%40example.test/cal-{next(_numbers)}/")

    async def make_calendar(self) -> None:
        assert (await self.direct.request("MKCALENDAR", self.calendar)).status_code == 201

    async def put(self, name: str = "a.ics", body: bytes | None = None, **headers: str) -> httpx.Response:
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        content = event(uid=f"uid-{name}") if body is None else body
        return await self.web.put(self.calendar + name, content=content, headers=names)

    async def put_all(self, *names: str) -> None:
        for name in names:
            assert (await self.put(name)).status_code == 201

    async def stored(self, name: str = "a.ics") -> str | None:
        """The object as the server holds it, or None."""
        answer = await self.direct.get(self.calendar + name)
        return answer.text if answer.status_code == 200 else None

    async def sync(self, token: str = "") -> httpx.Response:
        body = (
            f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token>'
            "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        return await self.web.request("REPORT", self.calendar, content=body)

    async def multiget(self, *names: str) -> httpx.Response:
        hrefs = "".join(f"<D:href>{self.calendar}{name}</D:href>" for name in names)
        body = (
            '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
            f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}</C:calendar-multiget>"
        )
        return await self.web.request("REPORT", self.calendar, content=body)

    def rows(self, answer: httpx.Response) -> dict[str, Row]:
        """Rows by file name."""
        assert answer.status_code == 207
        found = etree.fromstring(answer.content).iterfind("D:response", NS)
        return {str(row.findtext("D:href", "", NS)).rsplit("/", 1)[1]: _row(row) for row in found}

    async def plant(self, do: dict[str, Any], **rest: Any) -> None:
        """Plant a fault over HTTP, as another process would."""
        answer = await self.web.post("/_sandbox/faults", json={"do": do, **rest})
        assert answer.status_code == 200, answer.text

    def last(self) -> dict[str, Any]:
        """The last line of the proxy's log."""
        line: dict[str, Any] = self.proxy.log.to_json()["requests"][-1]
        return line


def sync_token(answer: httpx.Response) -> str | None:
    return etree.fromstring(answer.content).findtext("D:sync-token", None, NS)


def _row(row: Any) -> Row:
    status = row.findtext("D:status", None, NS) or row.findtext("D:propstat/D:status", "", NS)
    return Row(
        int(status.split()[1]),
        row.findtext(".//D:getetag", None, NS),
        row.findtext(".//C:calendar-data", None, NS),
    )
