"""A memory site whose connection has a simulated Google account: whole passes, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.memory import MemoryClock
from syncd.sandbox.google import Hands
from tests.adapters.account_bench import AccountBench, Names, on_monday, store_in
from tests.adapters.google_world import EMAIL, World, world
from tests.cycle.bench import MONDAY

NAMES: Final = Names(
    title="summary",
    read="events.list",
    get="events.get",
    create="events.insert",
    update="events.update",
    make_calendar="calendars.insert",
    batch="/batch",
    full="quotaExceeded",
    room="Room 2",
)


class GoogleBench(AccountBench[World]):
    """A memory site whose connection has a Google account."""

    def hands_in(self, calendar: str) -> Hands:
        return Hands(self.outer.state, EMAIL, "primary" if calendar == "default" else calendar)

    def another_calendar(self) -> str:
        return self.outer.state.add_calendar(EMAIL, "Other").id

    def calendars(self) -> int:
        return len(self.outer.state.calendars)


@asynccontextmanager
async def bench_in(folder: Path) -> AsyncIterator[GoogleBench]:
    """A bench on the day of the bench, with a store of its own."""
    store = await store_in(folder)
    async with world() as google:
        on_monday(google)
        yield GoogleBench(
            store,
            MemoryClock(MONDAY),
            outer=google,
            provider="google",
            email=EMAIL,
            primary_id="primary",
            names=NAMES,
        )
    await store.aclose()
