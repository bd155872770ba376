"""One live holder at a time, told by the database's clock, a rising fence, and whether its process lives."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from syncd.errors import LeaseLost
from syncd.ports import Changes, Owner
from syncd.store import SqlStore, open_store, this_process
from tests.store.builders import ME, OTHER
from tests.store.processes import running

TAKE = """
import asyncio
import sys
from syncd.store import open_store, this_process

async def main():
    store = await open_store(sys.argv[1])
    lease = await store.acquire("c1", this_process(), 600)
    print(lease.fence, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_free_lease_is_taken_for_the_seconds_asked(store: SqlStore) -> None:
    lease = await store.acquire("c1", ME, 60)
    assert lease is not None
    assert (lease.name, lease.owner, lease.fence, lease.seconds) == ("c1", ME, 1, 60)
    left = lease.until - datetime.now(UTC)
    assert timedelta(seconds=30) < left < timedelta(seconds=90)


async def test_a_held_lease_is_nobody_elses_not_even_the_holders(store: SqlStore) -> None:
    here = this_process()
    assert await store.acquire("c1", here, 60) is not None
    assert await store.acquire("c1", OTHER, 60) is None
    assert await store.acquire("c1", here, 60) is None


async def test_leases_of_other_names_do_not_matter(store: SqlStore) -> None:
    assert await store.acquire("c1", ME, 60) is not None
    assert await store.acquire("c2", OTHER, 60) is not None


async def test_an_expired_lease_is_taken_over_with_a_higher_fence(store: SqlStore) -> None:
    first = await store.acquire("c1", ME, 0)
    second = await store.acquire("c1", OTHER, 60)
    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1


async def test_a_released_lease_is_free_and_the_next_fence_is_higher(store: SqlStore) -> None:
    first = await store.acquire("c1", ME, 60)
    assert first is not None
    await store.release(first)
    second = await store.acquire("c1", OTHER, 60)
    assert second is not None
    assert second.fence == first.fence + 1


async def test_a_renewed_lease_lasts_longer_under_the_same_fence(store: SqlStore) -> None:
    first = await store.acquire("c1", ME, 60)
    assert first is not None
    second = await store.renew(first)
    assert second.fence == first.fence
    assert second.until >= first.until


async def test_an_expired_lease_that_nobody_took_can_be_renewed(store: SqlStore) -> None:
    lease = await store.acquire("c1", ME, 0)
    assert lease is not None
    assert (await store.renew(lease)).fence == lease.fence


async def test_a_lost_lease_cannot_be_renewed_and_its_release_does_nothing(store: SqlStore) -> None:
    lost = await store.acquire("c1", ME, 0)
    assert lost is not None
    held = await store.acquire("c1", OTHER, 60)
    with pytest.raises(LeaseLost):
        await store.renew(lost)
    await store.release(lost)
    assert held is not None
    assert (await store.renew(held)).fence == held.fence


async def test_a_released_lease_serves_no_commit(store: SqlStore) -> None:
    lease = await store.acquire("c1", ME, 60)
    assert lease is not None
    await store.release(lease)
    with pytest.raises(LeaseLost):
        await store.commit(Changes(), lease)
    with pytest.raises(LeaseLost):
        await store.renew(lease)


async def test_a_holder_of_another_host_is_taken_for_alive(store: SqlStore) -> None:
    assert await store.acquire("c1", Owner("far", 2**22 + 1, "gone"), 60) is not None
    assert await store.acquire("c1", this_process(), 60) is None


async def test_a_process_number_given_anew_does_not_keep_a_lease(store: SqlStore) -> None:
    here = this_process()
    before = Owner(here.host, here.process, "an earlier start")
    assert await store.acquire("c1", before, 600) is not None
    taken = await store.acquire("c1", here, 60)
    assert taken is not None
    assert taken.fence == 2


async def test_the_lease_of_a_killed_process_is_taken_over_at_once(store: SqlStore, database_url: str) -> None:
    with running(TAKE, database_url) as child:
        assert child.said == "1"
        assert await store.acquire("c1", this_process(), 60) is None
        child.die()
        taken = await store.acquire("c1", this_process(), 60)
    assert taken is not None
    assert taken.fence == 2


async def test_of_two_stores_that_ask_at_once_one_is_given_the_lease(store: SqlStore, database_url: str) -> None:
    other = await open_store(database_url)
    try:
        asked = [opened.acquire(f"c{number}", this_process(), 60) for number in range(10) for opened in (store, other)]
        given = [lease.name for lease in await asyncio.gather(*asked) if lease is not None]
    finally:
        await other.aclose()
    assert sorted(given) == sorted(f"c{number}" for number in range(10))


def test_this_process_is_told_from_every_other() -> None:
    here = this_process()
    assert here == this_process()
    assert (here.process, bool(here.host), bool(here.started)) == (os.getpid(), True, True)
