"""The store alone: what a plan of ten thousand pending items is made from, each with an item that it may adopt.

Not here: the planner (planner), passes (rows).
"""

import asyncio
import time
from datetime import timedelta
from typing import Final

from benchmarks.planner import NOW
from benchmarks.table import Bench, Count, Measured, Row
from syncd.model import (
    Connection,
    Cursor,
    Event,
    Observation,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    SyncConfig,
    Timed,
    Traits,
    Window,
)
from syncd.normalise import collection_of
from syncd.ports import Changes, Touch
from syncd.store import SqlStore, migrate, open_store

COUNT: Final = 10_000
_RUNS: Final = 3
_WINDOW: Final = Window(NOW - timedelta(days=7), NOW + timedelta(days=366))


def _connection() -> Connection:
    schedule = Schedule("schedule", ScheduleKind.STAFF, "Anna", "resource")
    return Connection("c", "site", "memory", schedule, "account", "", SyncConfig(calendars=("primary",)))


def _seen(side: Side, number: int, collection: str) -> Observation:
    start = NOW + timedelta(minutes=30 * number)
    when = Timed(start, start + timedelta(hours=1), "Europe/Berlin")
    event = Event(when, f"Yoga {number}", "Bring a mat", "Room 1", busy=True)
    home = Traits(home="schedule", schedules=frozenset({"schedule"}), participants=0)
    traits = home if side is Side.WIX else Traits()
    return Observation(side, Ref(collection, f"{number}"), event, NOW, "1", "1", traits=traits)


async def _filled(url: str) -> SqlStore:
    await migrate(url)
    store, owner = await open_store(url), _connection()
    await store.commit(Changes(connections=[owner]), None)
    outside = collection_of(owner, "primary")
    known = Changes(cursors_of=owner.id, cursors={outside: Cursor("token", _WINDOW)})
    await store.commit(known, None)
    for side, collection in ((Side.WIX, "site"), (Side.EXTERNAL, outside)):
        seen = [_seen(side, number, collection) for number in range(COUNT)]
        touched = [Touch(owner.id, side, one.ref, NOW) for one in seen if side is Side.WIX]
        await store.commit(Changes(observations=seen, touched=touched), None)
    return store


async def _loading(url: str) -> Measured:
    store, times = await _filled(url), []
    try:
        for _ in range(_RUNS):
            began = time.perf_counter()
            found = await store.workload("c", NOW, _WINDOW)
            times.append(time.perf_counter() - began)
    finally:
        await store.aclose()
    items = Count("items", len(found.items), COUNT, COUNT)
    near = Count("neighbours", len(found.neighbours), COUNT, COUNT)
    return Measured(f"{min(times):.2f} s", (items, near), {"seconds": times})


def sqlite(bench: Bench) -> Measured:
    place = bench.place()
    place.mkdir()
    return asyncio.run(_loading(f"sqlite:///{place}/syncd.db"))


def postgresql(bench: Bench) -> Measured:
    return asyncio.run(_loading(bench.databases.new()))


ROWS: Final = (
    Row("pending-10000", "store: 10,000 pending, 10,000 beside", "(no figure)", sqlite),
    Row("pending-postgresql", "… on PostgreSQL", "(no figure)", postgresql),
)
