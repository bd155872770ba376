"""One installation between a simulated site and a simulated Google account, all in this process, without sockets.

Passes go the way of the command line (its composition root). Not here: what happens to requests (wire), people's acts
(google_hands), how it is put back (google_stage).
"""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from syncd import config
from syncd.cli.compose import Credentials, seal
from syncd.cli.connect import stored
from syncd.cli.passes import one_pass
from syncd.connections import Request, Wish, configure, confirm, disconnect
from syncd.model import Connection, Decision, Override, Target
from syncd.ports import Grant
from syncd.run import Result
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleState, grants
from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, SCOPES, seed_account
from syncd.sandbox.wix import WixState
from syncd.sandbox.wix.app import WixApp
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Schedule
from syncd.store import SqlStore
from syncd.store.database import Database
from tests.configuration import Configuration, SiteAccess
from tests.e2e.studio import APP, BRIDGE, INSTANCE, NOW, SECRET, staffed_site
from tests.interruption.asgi_road import AsgiRoad
from tests.interruption.google_house import MortalHouse
from tests.interruption.scenario import Scenario

EMAIL: Final = "anna@gmail.example"
_PORTS: Final = {"wix": 4001, "google": 4002}  # nothing listens there
_GOOGLE: Final = """\
[google]
client_id = "{id}"
client_secret = "{secret}"
base_url = "{url}"
token_url = "{url}token"
revoke_url = "{url}revoke"
"""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a studio has its configuration, and its database; an empty address is SQLite in memory."""

    folder: Path
    url: str


@dataclass(slots=True)
class GoogleStudio:
    """Simulators, account and store outlive every pass, as the real ones do. `target`: of new connections."""

    house: MortalHouse
    store: SqlStore
    clock: SandboxClock
    wix: WixApp
    site: Site
    google: GoogleApp
    road: AsgiRoad
    rows: dict[str, Schedule]
    target: Target
    connection_ids: list[str] = field(default_factory=list)

    @property
    def state(self) -> GoogleState:
        return self.google.state

    async def connect(self, schedule: str, **wish: Any) -> Connection:
        """A connection that is made as the command line makes it, with a consent of its own, and confirmed."""
        credentials = Credentials(EMAIL, grant=self._consented())
        request = Request(
            id=f"connection-{next(_numbers)}",
            provider="google",
            schedule=self.rows[schedule].id,
            email=EMAIL,
            sealed=seal(self.house.keys(), credentials),
            wish=Wish(**{"target": self.target, **wish}),
        )
        made = await stored(self.house, self.store, credentials, request)
        made = await confirm(self.house.desk(self.store), made)
        if made.id not in self.connection_ids:
            self.connection_ids.append(made.id)
        return made

    def _consented(self) -> Grant:
        now, state = self.clock.now(), self.state
        given = grants.add_grant(state, CLIENT_ID, EMAIL, SCOPES)
        until = now + timedelta(seconds=grants.ACCESS_SECONDS)
        access = grants.add_access(state, given)
        return Grant(access, given.refresh_token or "", until, SCOPES, state.accounts[EMAIL].sub, EMAIL, now)

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
async def google_studio(
    scenario: Scenario, database: Database, place: Place, target: Target
) -> AsyncIterator[GoogleStudio]:
    """The site with its staff, the account with an empty primary calendar."""
    clock, road = SandboxClock(NOW, rate=0), AsgiRoad()
    wix, google = WixApp(WixState(clock), road.cut), GoogleApp(GoogleState(clock), road.cut)
    wix.state.switches.set({"rate_limit_per_minute": 0})
    google.state.switches.set({"quota_user_per_minute": 0, "quota_project_per_minute": 0})
    road.apps.update({_PORTS["wix"]: wix, _PORTS["google"]: google})
    site, rows = staffed_site(wix.state)
    seed_account(google.state, [], EMAIL, "Anna")
    settings, store = config.load(_written(scenario, place), {}), SqlStore(database)
    house = MortalHouse(settings, clock, road, shared=None if place.url else store)
    try:
        yield GoogleStudio(house, store, clock, wix, site, google, road, rows, target)
    finally:
        wix.close()
        google.close()


def addresses() -> tuple[httpx.URL, httpx.URL]:
    """Of the site and of Google."""
    wix, google = (httpx.URL(f"http://127.0.0.1:{port}/") for port in _PORTS.values())
    return wix, google


def _written(scenario: Scenario, place: Place) -> Path:
    wix, google = addresses()
    access = SiteAccess(str(wix).rstrip("/"), APP, SECRET, INSTANCE)
    url = place.url or "sqlite:///in-memory.db"
    file = Configuration(BRIDGE, access, str(wix), url, scenario.policy).write(place.folder)
    with file.open("a") as text:
        text.write(_GOOGLE.format(id=CLIENT_ID, secret=CLIENT_SECRET, url=google))
    return file
