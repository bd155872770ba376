"""Scenarios between a site and a Google account, both simulated in this process.

Not here: how they are put back (two_sides_stage), people's acts (google_hands), the requests of a process (wire).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from syncd.cli.compose import House
from syncd.model import Side, Target
from syncd.sandbox.google import GoogleState
from syncd.store import SqlStore
from syncd.store.database import Database, normalised
from tests.interruption.fates import Fate
from tests.interruption.google_end import GoogleEnd
from tests.interruption.google_hands import GoogleHands
from tests.interruption.google_house import mortal
from tests.interruption.google_studio import EMAIL, GoogleStudio, Place, addresses, google_studio
from tests.interruption.rows import in_memory
from tests.interruption.scenario import GOOGLE, GOOGLE_DEDICATED, Scenario
from tests.interruption.site_end import SiteEnd
from tests.interruption.two_sides_stage import TwoSidesStage
from tests.interruption.wire import Way, Wire

TARGETS: Final = {GOOGLE: Target.PRIMARY, GOOGLE_DEDICATED: Target.DEDICATED}


class GoogleStage(TwoSidesStage[GoogleHands]):
    """A scenario between a site and an account at Google, prepared once."""

    def __init__(self, name: str, hands: GoogleHands) -> None:
        super().__init__(name, hands)
        self._state: GoogleState | None = None

    def _take_outside(self) -> None:
        self._state = self._hands.studio.state.copy()

    def _put_outside_back(self) -> None:
        assert self._state is not None
        self._hands.studio.state.become(self._state)

    def _doomed(self, fate: Fate) -> tuple[House, SqlStore]:
        hands = self._hands
        house = replace(hands.studio.house, transport=Wire(hands.way, fate), fate=fate)
        return house, mortal(hands.store, fate)


@asynccontextmanager
async def google_stage(scenario: Scenario, world: str, place: Place) -> AsyncIterator[GoogleStage]:
    """A stage of its own."""
    database = Database(normalised(place.url)) if place.url else await in_memory()
    try:
        async with google_studio(scenario, database, place, TARGETS[world]) as studio:
            hands = _hands(studio, database)
            await scenario.prepare(hands)
            kind = "postgresql" if place.url.startswith("postgres") else "sqlite"
            stage = GoogleStage(f"{world}/{kind}", hands)
            await stage.remember()
            yield stage
    finally:
        await database.aclose()


def _hands(studio: GoogleStudio, database: Database) -> GoogleHands:
    """The healthy process goes the same way, so that its writes are counted."""
    at_site, at_google = addresses()
    site = SiteEnd(studio.wix, at_site, studio.road, lambda: studio.site)
    google = GoogleEnd(studio.google, at_google, studio.road, EMAIL)
    way = Way(studio.store, {Side.WIX: site, Side.EXTERNAL: google})
    studio.house = replace(studio.house, transport=Wire(way, Fate()))
    return GoogleHands(studio, way, database)
