"""One installation between a simulated site and a simulated account, all in this process, without sockets.

Passes go the way of the command line (its composition root). Not here: which provider it is (account), what happens to
requests (wire), how it is put back (account_stage).
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from syncd import config
from syncd.cli.compose import Credentials, seal
from syncd.cli.connect import stored
from syncd.cli.passes import one_pass
from syncd.connections import Request, Wish, configure, confirm, disconnect
from syncd.model import Connection, Decision, Override, Target
from syncd.ports import Account as Opened
from syncd.ports import Shelf
from syncd.run import Result
from syncd.sandbox.asgi import Cut
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixState
from syncd.sandbox.wix.app import WixApp
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Schedule
from syncd.store import SqlStore
from syncd.store.database import Database
from tests.configuration import Configuration, SiteAccess
from tests.e2e.studio import APP, BRIDGE, INSTANCE, NOW, SECRET, staffed_site
from tests.interruption.account import Account
from tests.interruption.asgi_road import AsgiRoad
from tests.interruption.google_house import MortalHouse
from tests.interruption.scenario import Scenario

Opening = Callable[[SandboxClock, Cut], Account]
AT_SITE: Final = httpx.URL("http://127.0.0.1:4001/")  # nothing listens there
AT_ACCOUNT: Final = httpx.URL("http://127.0.0.1:4003/")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a studio has its configuration, and its database; an empty address is SQLite in memory."""

    folder: Path
    url: str


@dataclass(frozen=True)
class HurriedHouse(MortalHouse):
    """Its accounts wait for nothing, whatever a server asks them to wait for."""

    def account(self, provider: str, credentials: Credentials, shelf: Shelf | None = None) -> Opened:
        account: Any = super().account(provider, credentials, shelf)
        account.pause = _at_once
        opened: Opened = account
        return opened


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)


@dataclass(slots=True)
class AccountStudio:
    """Simulators, account and store outlive every pass, as the real ones do. `target`: of new connections."""

    house: MortalHouse
    store: SqlStore
    clock: SandboxClock
    wix: WixApp
    site: Site
    account: Account
    road: AsgiRoad
    rows: dict[str, Schedule]
    target: Target
    connection_ids: list[str] = field(default_factory=list)

    async def connect(self, schedule: str, **wish: Any) -> Connection:
        """A connection that is made as the command line makes it, with a consent of its own, and confirmed."""
        account = self.account
        credentials = Credentials(account.email, grant=account.consented(self.clock.now()))
        request = Request(
            id=f"connection-{next(_numbers)}",
            provider=account.provider,
            schedule=self.rows[schedule].id,
            email=account.email,
            sealed=seal(self.house.keys(), credentials),
            wish=Wish(**{"target": self.target, **wish}),
        )
        made = await stored(self.house, self.store, credentials, request)
        made = await confirm(self.house.desk(self.store), made)
        if made.id not in self.connection_ids:
            self.connection_ids.append(made.id)
        return made

    async def connection(self) -> Connection:
        found = await self.store.connection(self.connection_ids[-1])
        assert found is not None
        return found

    async def configure(self, **wish: Any) -> None:
        connection = await self.connection()
        account = await self.house.account_of(self.store, self.house.keys(), connection)
        try:
            await configure(self.house.desk(self.store), account, connection, Wish(**wish))
        finally:
            await account.aclose()

    async def disconnect(self) -> None:
        await disconnect(self.house.desk(self.store), await self.connection())

    async def override(self, session: str, **texts: str) -> None:
        await self.store.put_override(INSTANCE, "session", session, Override(**texts), self.clock.now())

    async def decide(self, decision: Decision) -> int:
        groups = {row.group for row in await self.store.holds()}
        return sum([len(await self.store.decide(group, decision, self.clock.now())) for group in groups])

    async def sync_all(self) -> Sequence[Result]:
        return await one_pass(self.house, self.house.work(self.store), await self.store.connections())


@asynccontextmanager
async def account_studio(
    scenario: Scenario, database: Database, place: Place, target: Target, opening: Opening
) -> AsyncIterator[AccountStudio]:
    """The site with its staff, the account with an empty default calendar."""
    clock, road = SandboxClock(NOW, rate=0), AsgiRoad()
    wix, account = WixApp(WixState(clock), road.cut), opening(clock, road.cut)
    wix.state.switches.set({"rate_limit_per_minute": 0})
    for url, app in ((AT_SITE, wix), (AT_ACCOUNT, account.app)):
        assert url.port is not None
        road.apps[url.port] = app
    site, rows = staffed_site(wix.state)
    settings, store = config.load(_written(scenario, place, account), {}), SqlStore(database)
    house = HurriedHouse(settings, clock, road, shared=None if place.url else store)
    try:
        yield AccountStudio(house, store, clock, wix, site, account, road, rows, target)
    finally:
        wix.close()
        account.app.close()


def _written(scenario: Scenario, place: Place, account: Account) -> Path:
    access = SiteAccess(str(AT_SITE).rstrip("/"), APP, SECRET, INSTANCE)
    url = place.url or "sqlite:///in-memory.db"
    file = Configuration(BRIDGE, access, str(AT_SITE), url, scenario.policy).write(place.folder)
    with file.open("a") as text:
        text.write(account.section(AT_ACCOUNT))
    return file
