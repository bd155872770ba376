"""Scenarios in a studio: the real adapters over HTTP, put back for each life with all that lies outside.

Not here: people's acts (studio_hands), the requests of a process (wire), the servers (site_end, studio_end), scenarios.
"""

import asyncio
import itertools
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, cast

import httpx

from syncd.cli.compose import House
from syncd.cli.passes import one_pass
from syncd.errors import SyncdError
from syncd.model import Side
from syncd.sandbox.radicale import RadicaleServer
from syncd.sandbox.wix.state import Site
from syncd.store import SqlStore, this_process
from syncd.store.database import Database, normalised
from tests.e2e.studio import INSTANCE, Ground, Studio, studio_on
from tests.interruption.fates import Fate, Killed, What
from tests.interruption.memory_wire import MortalStore
from tests.interruption.rows import Rows, put_back, taken
from tests.interruption.scenario import Scenario
from tests.interruption.site_end import SiteEnd
from tests.interruption.studio_end import StudioEnd
from tests.interruption.studio_hands import Known, StudioHands
from tests.interruption.wire import Way, Wire

ELEVEN: Final = timedelta(minutes=11)
_DUE: Final = {"born": (What.HUNG,), "passed": (What.LATE, What.HUNG_LONG)}
_people = itertools.count(1)
# Everything is plain HTTP on this machine; certificates take long to load.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Server:
    """The calendar server of a test process. `collections`: where the accounts lie."""

    radicale: RadicaleServer
    collections: Path


@dataclass(frozen=True, slots=True)
class Before:
    """A studio as its scenario prepared it."""

    now: datetime
    site: Site
    rows: Rows
    files: Path
    known: Known


class StudioStage:
    """A scenario in a studio, prepared once."""

    def __init__(self, name: str, hands: StudioHands) -> None:
        self.name = name
        self._hands = hands
        self._before: Before | None = None

    @property
    def hands(self) -> StudioHands:
        return self._hands

    async def remember(self, files: Path) -> None:
        """What is there now is what the scenario prepared. `files`: where the account is kept meanwhile."""
        hands, studio = self._hands, self._hands.studio
        shutil.copytree(hands.shelves.folder, files)
        way = hands.way
        known = Known(dict(hands.items), list(way.acts), list(way.edits), set(way.refused), list(way.doubts))
        self._before = Before(studio.clock.now(), studio.site.copy(), await taken(hands.database), files, known)

    async def fresh(self) -> None:
        before, hands, studio = self._before, self._hands, self._hands.studio
        assert before is not None
        hands.way.forget()
        hands.items, known = dict(before.known.items), before.known
        hands.way.acts, hands.way.edits = list(known.acts), list(known.edits)
        hands.way.refused, hands.way.doubts = set(known.refused), list(known.doubts)
        studio.clock.set(before.now)
        studio.site = studio.wix.state.sites[INSTANCE] = before.site.copy()
        await put_back(hands.database, before.rows)
        shutil.rmtree(hands.shelves.folder)
        shutil.copytree(before.files, hands.shelves.folder)

    async def run(self, fate: Fate, passes: int) -> None:
        house = replace(self._hands.studio.house, transport=Wire(self._hands.way, fate))
        store = cast("SqlStore", MortalStore(self._hands.store, fate))
        try:
            for _ in range(passes):
                await self._one_pass(house, store)
                self._hands.advance(ELEVEN)
        except Killed:
            self._hands.advance(ELEVEN)
        fate.over = True
        async with self._hands.way.lock:  # what waited for its turn has found that it is over
            await asyncio.sleep(0)
        assert not self._hands.way.odd, self._hands.way.odd

    async def _one_pass(self, house: House, store: SqlStore) -> None:
        """A pass whose process will be dead; what stops the whole of it is left to the next one."""
        ended = replace(this_process(), started="a process that has ended")
        try:
            await one_pass(house, replace(house.work(store), owner=ended), await store.connections())
        except SyncdError:
            return

    async def release(self, moment: str) -> None:
        await self._hands.way.release(_DUE[moment])


@asynccontextmanager
async def studio_stage(
    scenario: Scenario, database_url: str, server: Server, folder: Path
) -> AsyncIterator[StudioStage]:
    """A stage with an account of its own; `folder` holds the configuration and what is put back."""
    email = f"anna{next(_people)}@example.test"
    ground = Ground(database_url, server.radicale.base_url, email, folder, scenario.policy)
    async with studio_on(ground) as studio:
        road = httpx.AsyncHTTPTransport(verify=_NO_TLS)
        hands = _hands(studio, database_url, server.collections / email, road)
        try:
            await scenario.prepare(hands)
            kind = "postgresql" if database_url.startswith("postgres") else "sqlite"
            stage = StudioStage(f"real/{kind}", hands)
            await stage.remember(folder / "before")
            yield stage
        finally:
            await hands.database.aclose()
            await road.aclose()


def _hands(studio: Studio, database_url: str, folder: Path, road: httpx.AsyncBaseTransport) -> StudioHands:
    site = SiteEnd(studio.wix.app, lambda: studio.site, httpx.URL(studio.wix.base_url), road)
    way = Way(studio.store, {Side.WIX: site, Side.EXTERNAL: StudioEnd(studio, road)})
    studio.house = replace(studio.house, transport=Wire(way, Fate()))
    return StudioHands(studio, way, Database(normalised(database_url)), folder)
