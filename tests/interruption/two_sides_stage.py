"""Scenarios between a site and an account, put back for each life with all that lies on both sides.

Not here: people's acts (two_sides), the requests of a process (wire), who keeps the account (studio_stage,
google_stage).
"""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from syncd.cli.compose import House
from syncd.cli.passes import one_pass
from syncd.errors import SyncdError
from syncd.sandbox.wix.state import Site
from syncd.store import SqlStore
from tests.e2e.studio import INSTANCE
from tests.interruption.fates import Fate, Killed, What
from tests.interruption.google_house import ended
from tests.interruption.rows import Rows, put_back, taken
from tests.interruption.two_sides import Known, TwoSides

ELEVEN: Final = timedelta(minutes=11)
_DUE: Final = {"born": (What.HUNG,), "passed": (What.LATE, What.HUNG_LONG)}
H = TypeVar("H", bound=TwoSides[Any])


@dataclass(frozen=True, slots=True)
class Before:
    """What the scenario prepared, but for what lies outside."""

    now: datetime
    site: Site
    rows: Rows
    known: Known


class TwoSidesStage(ABC, Generic[H]):
    """A scenario between a site and an account, prepared once."""

    def __init__(self, name: str, hands: H) -> None:
        self.name = name
        self._hands = hands
        self._before: Before | None = None

    @property
    def hands(self) -> H:
        return self._hands

    @abstractmethod
    def _take_outside(self) -> None:
        """Keep what lies outside."""

    @abstractmethod
    def _put_outside_back(self) -> None: ...

    @abstractmethod
    def _doomed(self, fate: Fate) -> tuple[House, SqlStore]:
        """What a process with this fate works in."""

    async def remember(self) -> None:
        """What is there now is what the scenario prepared."""
        hands, studio = self._hands, self._hands.studio
        self._take_outside()
        self._before = Before(studio.clock.now(), studio.site.copy(), await taken(hands.database), hands.known())

    async def fresh(self) -> None:
        before, hands, studio = self._before, self._hands, self._hands.studio
        assert before is not None
        hands.know(before.known)
        studio.clock.set(before.now)
        studio.site = studio.wix.state.sites[INSTANCE] = before.site.copy()
        await put_back(hands.database, before.rows)
        self._put_outside_back()

    async def run(self, fate: Fate, passes: int) -> None:
        house, store = self._doomed(fate)
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
        try:
            await one_pass(house, replace(house.work(store), owner=ended()), await store.connections())
        except SyncdError:
            return

    async def release(self, moment: str) -> None:
        await self._hands.way.release(_DUE[moment])
