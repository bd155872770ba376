"""A key that was used once is spent: what is made anew bears another, and never counts as what was removed. R25, R30.

Not here: how switches and endings go otherwise (test_connections), a lost database in general (test_lost_database).
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import FULL, MemoryAccount, MemoryCalendar, MemorySite, Place
from adapters.memory_world import Shelf
from syncd.errors import Exists
from syncd.model import Connection, Ref
from syncd.ports import Changes
from syncd.run import Result
from syncd.site import sync_site
from syncd.store import empty_store
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9))
DENTIST = event("Dentist", at(1, 14))
ELEVEN = timedelta(minutes=11)


class _ForgetsNoId(MemoryCalendar):
    """A calendar that refuses an id for ever, also when what bore it was deleted."""

    def _answers_again(self, shelf: Shelf, ref: Ref) -> bool:
        if ref.id in shelf.former:
            raise Exists("the id was used", side=self.side.value, ref=str(ref))
        return super()._answers_again(shelf, ref)


class _AccountThatForgetsNoId(MemoryAccount):
    def open(self, calendar: str, *, zone: str, collection: str) -> MemoryCalendar:
        return _ForgetsNoId(self._world, Place(calendar, collection, zone), self.capabilities)


async def sync_strictly(bench: Bench) -> Result:
    """A pass over an account that refuses used ids."""

    async def account(_: Connection) -> MemoryAccount:
        return _AccountThatForgetsNoId(bench.world, EMAIL, FULL)

    site = MemorySite(bench.world, SITE_ID, bench.inside)
    (result,) = await sync_site(bench.work(), site, await bench.store.connections(), account)
    bench.clock.advance(ELEVEN)
    return result


async def assert_blocked_by_one(bench: Bench) -> None:
    """The event lies where it was, and blocks once."""
    assert set(bench.world.items(bench.primary)) == {"e1"}
    assert bench.inside_titles() == ["Dentist"]
    assert ("delete", bench.primary, "e1") not in bench.world.log
    await bench.assert_at_rest()


@pytest.mark.rule("R30")
async def test_import_off_and_on_again_blocks_anew_and_a_later_change_deletes_nothing(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    for _ in range(2):
        await bench.configure(imports=False)
        await bench.settle(2)
        assert bench.inside_titles() == []
        await bench.configure(imports=True)
        await bench.settle(2)
        await assert_blocked_by_one(bench)
    await bench.configure(imports=True)
    await bench.settle(4)
    await assert_blocked_by_one(bench)


@pytest.mark.rule("R30")
async def test_a_site_that_answers_a_spent_key_with_what_was_cancelled_gets_the_next_generation(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    await bench.configure(imports=False)
    await bench.settle(2)
    lost, bench.store = bench.store, await empty_store()
    try:
        await bench.connect()
        await bench.settle(2)
        await assert_blocked_by_one(bench)
        await bench.configure(imports=True)
        await bench.settle(3)
        await assert_blocked_by_one(bench)
    finally:
        await bench.store.aclose()
        bench.store = lost


@pytest.mark.rule("R30")
async def test_an_id_refused_for_ever_gives_way_to_the_next_generation(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await sync_strictly(bench)
    for _ in range(2):
        await bench.configure(exports=False)
        await sync_strictly(bench)
        assert bench.exported() == {}
        await bench.configure(exports=True)
        assert (await sync_strictly(bench)).error is None
        await sync_strictly(bench)
        assert bench.exported() == {"Yoga": YOGA}


@pytest.mark.rule("R30")
async def test_after_the_loss_of_the_database_a_refused_id_is_no_quarantine(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await sync_strictly(bench)
    await bench.configure(exports=False)
    await sync_strictly(bench)
    calendar = (await bench.connection()).calendar
    lost, bench.store = bench.store, await empty_store()
    try:
        anew = await bench.connect()
        await bench.store.commit(Changes(connections=[replace(anew, calendar=calendar)]), None)
        for _ in range(2):
            result = await sync_strictly(bench)
            assert (result.error, result.failed) == (None, 0)
        assert bench.exported() == {"Yoga": YOGA}
        assert (await bench.store.tally(bench.connection_id))["quarantined"] == 0
    finally:
        await bench.store.aclose()
        bench.store = lost
