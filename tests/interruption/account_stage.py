"""Scenarios between a site and an account, both simulated in this process, put back for each life.

Not here: what all such stages have in common (two_sides_stage), people's acts (account_hands), the requests of a
process (wire), the scenarios.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from syncd.cli.compose import House
from syncd.model import Side, Target
from syncd.store import SqlStore
from syncd.store.database import Database, normalised
from tests.interruption.account_hands import AccountHands
from tests.interruption.account_studio import AT_ACCOUNT, AT_SITE, AccountStudio, Opening, Place, account_studio
from tests.interruption.fates import Fate
from tests.interruption.google_house import mortal
from tests.interruption.rows import in_memory
from tests.interruption.scenario import Scenario
from tests.interruption.site_end import SiteEnd
from tests.interruption.two_sides_stage import TwoSidesStage
from tests.interruption.wire import Way, Wire


@dataclass(frozen=True, slots=True)
class World:
    """A world of accounts. `target`: where copies go."""

    name: str
    target: Target
    opening: Opening


class AccountStage(TwoSidesStage[AccountHands]):
    """A scenario between a site and an account, prepared once."""

    def __init__(self, name: str, hands: AccountHands) -> None:
        super().__init__(name, hands)
        self._state: Any = None

    def _take_outside(self) -> None:
        self._state = self._hands.account.state.copy()

    def _put_outside_back(self) -> None:
        self._hands.account.state.become(self._state)

    def _doomed(self, fate: Fate) -> tuple[House, SqlStore]:
        hands = self._hands
        house = replace(hands.studio.house, transport=Wire(hands.way, fate), fate=fate)
        return house, mortal(hands.store, fate)


@asynccontextmanager
async def account_stage(scenario: Scenario, world: World, place: Place) -> AsyncIterator[AccountStage]:
    """A stage of its own."""
    database = Database(normalised(place.url)) if place.url else await in_memory()
    try:
        async with account_studio(scenario, database, place, world.target, world.opening) as studio:
            hands = _hands(studio, database)
            await scenario.prepare(hands)
            kind = "postgresql" if place.url.startswith("postgres") else "sqlite"
            stage = AccountStage(f"{world.name}/{kind}", hands)
            await stage.remember()
            yield stage
    finally:
        await database.aclose()


def _hands(studio: AccountStudio, database: Database) -> AccountHands:
    """The healthy process goes the same way, so that its writes are counted."""
    site = SiteEnd(studio.wix, AT_SITE, studio.road, lambda: studio.site)
    way = Way(studio.store, {Side.WIX: site, Side.EXTERNAL: studio.account.end(AT_ACCOUNT, studio.road)})
    studio.house = replace(studio.house, transport=Wire(way, Fate()))
    return AccountHands(studio, way, database)
