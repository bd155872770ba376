"""A memory site whose connection has a simulated Microsoft account: whole passes, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.memory import MemoryClock
from syncd.model import Timed
from syncd.sandbox.microsoft import Hands
from tests.adapters.account_bench import AccountBench, on_monday, store_in
from tests.adapters.microsoft_world import EMAIL, World, world
from tests.cycle.bench import MONDAY, SITE_ID, at


class MicrosoftBench(AccountBench[World]):
    """A memory site whose connection has a Microsoft account."""

    @property
    def hands(self) -> Hands:
        return self.outer.hands

    def copy(self, title: str) -> str:
        """The id of the event with this title."""
        return next(one.id for one in self.hands.events() if one.fields["subject"] == title)

    def put(self, title: str, day: int, hour: int = 9, **fields: object) -> str:
        when = at(day, hour)
        return self.hands.add(title, when.start, when.end, zone=when.tzid, **fields).id

    def titled(self, title: str) -> dict[str, Timed]:
        """Sessions with this title: their times."""
        items = self.world.items(SITE_ID).items()
        found = {name: one.event.when for name, one in items if one.event.title == title}
        return {name: when for name, when in found.items() if isinstance(when, Timed)}


@asynccontextmanager
async def bench_in(folder: Path) -> AsyncIterator[MicrosoftBench]:
    """A bench on the day of the bench, with a store of its own."""
    store = await store_in(folder)
    async with world(MONDAY) as microsoft:
        on_monday(microsoft)
        yield MicrosoftBench(
            store,
            MemoryClock(MONDAY),
            outer=microsoft,
            provider="microsoft",
            email=EMAIL,
            primary_id=microsoft.calendar.id,
            idle=("calendarView.delta",),
        )
    await store.aclose()
