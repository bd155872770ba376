"""Scenarios in a studio: the real adapters over HTTP, and a calendar server whose files are put back.

Not here: how the rest is put back (two_sides_stage), people's acts (studio_hands), the requests of a process (wire),
the servers (site_end, studio_end), scenarios.
"""

import itertools
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import httpx

from syncd.cli.compose import House
from syncd.model import Side
from syncd.sandbox.radicale import RadicaleServer
from syncd.store import SqlStore
from syncd.store.database import Database, normalised
from tests.e2e.studio import Ground, Studio, studio_on
from tests.interruption.fates import Fate
from tests.interruption.memory_wire import MortalStore
from tests.interruption.scenario import Scenario
from tests.interruption.site_end import SiteEnd
from tests.interruption.studio_end import StudioEnd
from tests.interruption.studio_hands import StudioHands
from tests.interruption.two_sides_stage import TwoSidesStage
from tests.interruption.wire import Way, Wire

_people = itertools.count(1)
# Everything is plain HTTP on this machine; certificates take long to load.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Server:
    """The calendar server of a test process. `collections`: where the accounts lie."""

    radicale: RadicaleServer
    collections: Path


class StudioStage(TwoSidesStage[StudioHands]):
    """A scenario in a studio, prepared once. `files`: where the account is kept meanwhile."""

    def __init__(self, name: str, hands: StudioHands, files: Path) -> None:
        super().__init__(name, hands)
        self._files = files

    def _take_outside(self) -> None:
        shutil.copytree(self._hands.shelves.folder, self._files)

    def _put_outside_back(self) -> None:
        shutil.rmtree(self._hands.shelves.folder)
        shutil.copytree(self._files, self._hands.shelves.folder)

    def _doomed(self, fate: Fate) -> tuple[House, SqlStore]:
        house = replace(self._hands.studio.house, transport=Wire(self._hands.way, fate))
        return house, cast("SqlStore", MortalStore(self._hands.store, fate))


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
            stage = StudioStage(f"real/{kind}", hands, folder / "before")
            await stage.remember()
            yield stage
        finally:
            await hands.database.aclose()
            await road.aclose()


def _hands(studio: Studio, database_url: str, folder: Path, road: httpx.AsyncBaseTransport) -> StudioHands:
    site = SiteEnd(studio.wix.app, httpx.URL(studio.wix.base_url), road, lambda: studio.site)
    way = Way(studio.store, {Side.WIX: site, Side.EXTERNAL: StudioEnd(studio, road)})
    studio.house = replace(studio.house, transport=Wire(way, Fate()))
    return StudioHands(studio, way, Database(normalised(database_url)), folder)
