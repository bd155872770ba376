"""Plans that are made and thrown away change nothing: whoever applies the last one ends where applying at once ends.

Plans are thrown away by dry runs, and by passes that lose their lease at each of their commits. Not here: processes
that die (tests/interruption).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from syncd.errors import LeaseLost
from syncd.model import Decision, Event
from syncd.ports import Changes, Lease
from syncd.store import SqlStore, empty_store, this_process
from tests.cycle.bench import SITE_ID, Bench, at, event

MINUTES = timedelta(minutes=11)


class RobbedStore:
    """A store whose leases another process takes right before a certain commit."""

    def __init__(self, store: SqlStore, last: int) -> None:
        self._store = store
        self._left = last

    async def commit(self, changes: Changes, lease: Lease | None) -> None:
        self._left -= 1
        if self._left == 0 and lease is not None:
            taken = await self._store.acquire(lease.name, this_process(), lease.seconds)
            assert taken is not None
            try:
                await self._store.commit(changes, lease)
            finally:
                await self._store.release(taken)
        else:
            await self._store.commit(changes, lease)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)


async def robbed(bench: Bench, last: int) -> None:
    """A pass that loses its lease at its commit of this number."""
    other = bench.restarted(cast("SqlStore", RobbedStore(bench.store, last)), bench.world)
    other.owner = replace(this_process(), started="a process that has ended")  # so that its leases can be taken
    try:
        result = await other.sync()
        assert result.error is None or isinstance(result.error, LeaseLost)
    except LeaseLost:
        pass  # the site's own lease: the whole pass stops
    bench.runs = other.runs


@pytest.fixture
async def stores() -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Two empty stores."""
    pair = (await empty_store(), await empty_store())
    try:
        yield pair
    finally:
        for store in pair:
            await store.aclose()


async def fill(bench: Bench) -> None:
    for number in range(3):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
        bench.outside_event(f"e{number}", event(f"Event {number}", at(number, 14)))
    bench.session("booked", event("Booked", at(4, 9)), participants=2)
    bench.outside_event("twin", event("Class 2", at(2, 9)))


async def edits(bench: Bench) -> None:
    bench.world.edit(SITE_ID, "s0", Event(title="Class nought", location="Room 1"))
    bench.edit_copy("Class 0", Event(when=at(0, 10), location="Garden"))
    bench.world.edit(bench.primary, "e0", Event(when=at(0, 15)))
    await bench.override("s1", title="Class with Anna")


async def deletions(bench: Bench) -> None:
    bench.world.remove(bench.outside_calendar, bench.exported_id("Booked"))
    bench.world.cancel(SITE_ID, "s2")
    bench.world.remove(bench.primary, "e1")
    bench.world.cancel(SITE_ID, bench.block_id("Event 2"))


async def decision(bench: Bench) -> None:
    assert await bench.decide(Decision.APPROVED) == 1


STEPS: tuple[Callable[[Bench], Awaitable[None]], ...] = (fill, edits, deletions, decision)


async def at_once(bench: Bench) -> dict[str, list[str]]:
    await bench.connect()
    for step in STEPS:
        await step(bench)
        await bench.settle(3)
    await bench.assert_at_rest()
    return bench.raw()


async def after_discarding(bench: Bench, last: int) -> dict[str, list[str]]:
    """The same steps; before each pass a dry run, and a pass that loses its lease at its `last` commit."""
    await bench.connect()
    for step in STEPS:
        await step(bench)
        for _ in range(3):
            before = list(bench.world.log)
            planned = (await bench.dry()).digest
            await robbed(bench, last)
            if last == 1:
                assert bench.world.log == before
                assert (await bench.dry()).digest == planned
            await bench.sync()
            bench.clock.advance(MINUTES)
    await bench.assert_at_rest()
    return bench.raw()


@pytest.mark.parametrize("last", [1, 2, 4, 6])
async def test_plans_discarded_before_each_pass_change_nothing(stores: tuple[SqlStore, SqlStore], last: int) -> None:
    expected = await at_once(Bench(stores[0]))
    assert await after_discarding(Bench(stores[1]), last) == expected


async def test_on_either_database_discarded_plans_change_nothing(
    bench: Bench, stores: tuple[SqlStore, SqlStore]
) -> None:
    expected = await at_once(Bench(stores[0]))
    assert await after_discarding(bench, 5) == expected


async def test_three_dry_runs_write_nothing_and_print_one_digest(bench: Bench) -> None:
    await bench.connect()
    await fill(bench)
    await bench.settle(1)
    await deletions(bench)
    written = list(bench.world.log)
    tally = await bench.store.tally(bench.connection_id)
    digests = {(await bench.dry()).digest for _ in range(3)}
    assert bench.world.log == written
    assert await bench.store.tally(bench.connection_id) == tally
    result = await bench.sync()
    assert result.plan is not None
    assert digests == {result.plan.digest}
