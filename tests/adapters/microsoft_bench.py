"""A memory site whose connection has a simulated Microsoft account: whole passes, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.memory import MemoryClock
from syncd.sandbox.microsoft import Hands
from tests.adapters.account_bench import AccountBench, Names, on_monday, store_in
from tests.adapters.microsoft_world import EMAIL, World, world
from tests.cycle.bench import MONDAY

NAMES: Final = Names(
    title="subject",
    read="calendarView.delta",
    get="events.get",
    create="events.create",
    update="events.update",
    make_calendar="calendars.create",
    batch="batch",
    full="ErrorQuotaExceeded",
    room={"displayName": "Room 2"},
)


class MicrosoftBench(AccountBench[World]):
    """A memory site whose connection has a Microsoft account."""

    def hands_in(self, calendar: str) -> Hands:
        return Hands(self.outer.state, EMAIL, calendar)

    def another_calendar(self) -> str:
        return self.outer.family

    def calendars(self) -> int:
        return len(self.outer.state.listed(EMAIL))


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
            names=NAMES,
        )
    await store.aclose()
