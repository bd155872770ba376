"""Scenarios between a site and an account, both simulated in this process, put back for each life.

Not here: people's acts (account_hands), the requests of a process (wire), the scenarios.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.cli.compose import House
from syncd.cli.passes import one_pass
from syncd.errors import SyncdError
from syncd.model import Side, Target
from syncd.sandbox.wix.state import Site
from syncd.store import SqlStore
from syncd.store.database import Database, normalised
from tests.e2e.studio import INSTANCE
from tests.interruption.account_hands import AccountHands
from tests.interruption.account_studio import AT_ACCOUNT, AT_SITE, AccountStudio, Opening, Place, account_studio
from tests.interruption.fates import Fate, Killed, What
from tests.interruption.google_house import ended, mortal
from tests.interruption.rows import Rows, in_memory, put_back, taken
from tests.interruption.scenario import Scenario
from tests.interruption.site_end import SiteEnd
from tests.interruption.studio_hands import Known
from tests.interruption.wire import Way, Wire

ELEVEN: Final = timedelta(minutes=11)
_DUE: Final = {"born": (What.HUNG,), "passed": (What.LATE, What.HUNG_LONG)}


@dataclass(frozen=True, slots=True)
class World:
    """A world of accounts. `target`: where copies go."""

    name: str
    target: Target
    opening: Opening


@dataclass(frozen=True, slots=True)
class Before:
    """What the scenario prepared."""

    now: datetime
    site: Site
    state: Any
    rows: Rows
    known: Known


class AccountStage:
    """A scenario between a site and an account, prepared once."""

    def __init__(self, name: str, hands: AccountHands) -> None:
        self.name = name
        self._hands = hands
        self._before: Before | None = None

    @property
    def hands(self) -> AccountHands:
        return self._hands

    async def remember(self) -> None:
        """What is there now is what the scenario prepared."""
        hands, studio, way = self._hands, self._hands.studio, self._hands.way
        known = Known(dict(hands.items), list(way.acts), list(way.edits), set(way.refused), list(way.doubts))
        rows = await taken(hands.database)
        self._before = Before(studio.clock.now(), studio.site.copy(), studio.account.state.copy(), rows, known)

    async def fresh(self) -> None:
        before, hands, studio = self._before, self._hands, self._hands.studio
        assert before is not None
        hands.way.forget()
        hands.items, known = dict(before.known.items), before.known
        hands.way.acts, hands.way.edits = list(known.acts), list(known.edits)
        hands.way.refused, hands.way.doubts = set(known.refused), list(known.doubts)
        studio.clock.set(before.now)
        studio.site = studio.wix.state.sites[INSTANCE] = before.site.copy()
        studio.account.state.become(before.state)
        await put_back(hands.database, before.rows)

    async def run(self, fate: Fate, passes: int) -> None:
        hands, house = self._hands, self._hands.studio.house
        doomed = replace(house, transport=Wire(hands.way, fate), fate=fate)
        store = mortal(hands.store, fate)
        try:
            for _ in range(passes):
                await self._one_pass(doomed, store)
                hands.advance(ELEVEN)
        except Killed:
            hands.advance(ELEVEN)
        fate.over = True
        async with hands.way.lock:  # what waited for its turn has found that it is over
            await asyncio.sleep(0)
        assert not hands.way.odd, hands.way.odd

    async def _one_pass(self, house: House, store: SqlStore) -> None:
        """A pass whose process will be dead; what stops the whole of it is left to the next one."""
        try:
            await one_pass(house, replace(house.work(store), owner=ended()), await store.connections())
        except SyncdError:
            return

    async def release(self, moment: str) -> None:
        await self._hands.way.release(_DUE[moment])


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
    site = SiteEnd(app=studio.wix, address=AT_SITE, road=studio.road, site=lambda: studio.site)
    way = Way(studio.store, {Side.WIX: site, Side.EXTERNAL: studio.account.end(AT_ACCOUNT, studio.road)})
    studio.house = replace(studio.house, transport=Wire(way, Fate()))
    return AccountHands(studio, way, database)
