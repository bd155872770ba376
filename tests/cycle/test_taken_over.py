"""A pass that sleeps right after its intents were recorded, and wakes when its lease is another's: it sends nothing.

Not here: real processes that are stopped (tests/processes).
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from adapters.memory import MemorySite
from syncd.apply import Tenure
from syncd.errors import LeaseLost
from syncd.ports import Changes, Lease, WriteState
from syncd.run import Result
from syncd.site import sync_site
from syncd.store import SqlStore, this_process
from tests.cycle.bench import SITE_ID, Bench, at, event

MOMENT = 1e-6  # seconds of a lease that is over as soon as it is asked about


@dataclass
class SleepyStore:
    """A store whose leases are taken by another process once an intent was recorded under them."""

    store: SqlStore
    intents: int = 0

    async def commit(self, changes: Changes, lease: Lease | None) -> None:
        await self.store.commit(changes, lease)
        opened = [row for row in changes.journal if row.state is WriteState.OPEN]
        if opened and lease is not None:
            self.intents += len(opened)
            assert await self.store.acquire(lease.name, this_process(), MOMENT) is not None

    def __getattr__(self, verb: str) -> Any:
        return getattr(self.store, verb)


async def _sleepy(bench: Bench) -> tuple[Result, SleepyStore]:
    store = SleepyStore(bench.store)
    other = bench.restarted(cast("SqlStore", store), bench.world)
    work = other.work(lease_seconds=MOMENT)
    bench.runs = other.runs
    site = MemorySite(bench.world, SITE_ID, bench.inside)
    (result,) = await sync_site(work, site, await bench.store.connections(), bench._account)
    return result, store


@pytest.mark.parametrize("first", [True, False], ids=["the calendar is to be made", "sessions are to be copied"])
async def test_nothing_is_sent_for_intents_whose_lease_was_lost(bench: Bench, first: bool) -> None:
    await bench.connect()
    if not first:
        bench.session("s0", event("Class 0", at(0, 9)))
        await bench.settle(1)
    for number in range(1, 4):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
    before = list(bench.world.log)
    result, store = await _sleepy(bench)
    assert store.intents == (1 if first else 3)
    assert isinstance(result.error, LeaseLost)
    assert bench.world.log == before
    await bench.settle(2)
    assert len(bench.exported()) == (3 if first else 4)
    await bench.assert_at_rest()


@pytest.mark.parametrize(("passed", "renewed"), [(59, False), (61, True)])
async def test_a_lease_of_three_minutes_is_renewed_after_a_third_of_it(
    bench: Bench, passed: float, renewed: bool
) -> None:
    taken = await bench.store.acquire("connection:one", this_process(), 100)
    assert taken is not None
    lease = replace(taken, seconds=180.0)
    tenure = Tenure(bench.work(), [lease], asyncio.get_running_loop().time() - passed)
    assert ((await tenure.current()).until > lease.until) is renewed
