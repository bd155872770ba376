"""A site, an account, a store and the desk between them, and what may be done there.

Not here: what must come of it (the tests).
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.memory import MemoryAccount, MemorySite, MemoryWorld
from syncd.connections import (
    Desk,
    Request,
    Wish,
    configure,
    connect,
)
from syncd.connections.values import Names
from syncd.errors import ConfigError
from syncd.model import (
    Connection,
    Event,
    Link,
    Pair,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Timed,
    Window,
)
from syncd.normalise import calendar_key, collection_of, covers
from syncd.ports import Changes
from syncd.store import SqlStore, this_process

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 13, tzinfo=UTC), datetime(2027, 11, 21, tzinfo=UTC))
SITE = "site-1"
EMAIL = "owner@example.org"
BRIDGE = "bridge01"

ANNA = Schedule("s-anna", ScheduleKind.STAFF, "Anna", "r-anna", "Europe/Berlin", owner="u-anna")
BEN = Schedule("s-ben", ScheduleKind.STAFF, "Ben", "r-ben", "Europe/Berlin", owner="u-ben")
YOGA = Schedule("s-yoga", ScheduleKind.SERVICE, "Yoga", "x-yoga", "Europe/Berlin")
OLD = Schedule("s-old", ScheduleKind.STAFF, "Old", "r-old", "Europe/Berlin", active=False)


@dataclass
class Office:
    """A site with four schedules, an account with its default calendar, a store, and a desk between them."""

    world: MemoryWorld
    store: SqlStore
    waits: list[float] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def site(self) -> MemorySite:
        return MemorySite(self.world, SITE)

    @property
    def account(self) -> MemoryAccount:
        return MemoryAccount(self.world, EMAIL)

    @property
    def default(self) -> str:
        return self.world.default_calendar(EMAIL)

    @property
    def desk(self) -> Desk:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        names = Names(collection_of, partial(calendar_key, BRIDGE), covers)
        return Desk(self.store, names, this_process(), NOW, WINDOW, wait)

    def dedicated(self, schedule: Schedule, generation: int = 1) -> str:
        return str(self.account.calendar_id(calendar_key(BRIDGE, schedule.id, generation)))

    async def connect(self, schedule: str = ANNA.id, email: str = EMAIL, **wish: object) -> Connection:
        request = Request(
            id=f"c{next(self.numbers)}",
            provider="memory",
            schedule=schedule,
            email=email,
            sealed=b"sealed",
            wish=Wish(**wish),  # type: ignore[arg-type]
        )
        return await connect(self.desk, self.site, MemoryAccount(self.world, email), request)

    async def refused(self, schedule: str = ANNA.id, email: str = EMAIL, **wish: object) -> tuple[str, ...]:
        before = await self.store.connections()
        with pytest.raises(ConfigError) as error:
            await self.connect(schedule, email, **wish)
        assert await self.store.connections() == before
        return error.value.problems

    async def configure(self, connection: Connection, **wish: object) -> Connection:
        return await configure(self.desk, self.account, connection, Wish(**wish))  # type: ignore[arg-type]

    async def put(self, connection: Connection) -> Connection:
        await self.store.commit(Changes(connections=[connection]), None)
        return connection

    async def pending(self, connection: Connection) -> set[tuple[Side, str]]:
        """What the next pass will look at: side and id."""
        load = await self.store.workload(connection.id, NOW, WINDOW)
        return {(entry.side, entry.ref.id) for item in load.items for entry in item.pending}


def yoga(title: str = "Yoga") -> Event:
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return Event(Timed(start, start.replace(hour=10), "UTC"), title, None, None, True)


async def linked(office: Office, connection: Connection) -> Link:
    """An exported session, known to the store."""
    session = Ref(SITE, "w1")
    copy = Ref(collection_of(connection, office.dedicated(ANNA)), "e1")
    link = Link("l1", connection.id, Side.WIX, Pair(session, copy), Pair(yoga(), yoga()), Pair(False, True))
    await office.store.commit(Changes(links=[link]), None)
    return link
