"""An office per test."""

from collections.abc import AsyncIterator

import pytest

from adapters.memory import MemoryClock, MemoryWorld
from syncd.store import open_store
from tests.connections.office import ANNA, BEN, EMAIL, NOW, OLD, SITE, YOGA, Office


@pytest.fixture
async def office(sqlite_url: str) -> AsyncIterator[Office]:
    world = MemoryWorld(MemoryClock(NOW))
    world.add_site(SITE, ANNA, BEN, YOGA, OLD)
    world.add_account(EMAIL)
    store = await open_store(sqlite_url)
    yield Office(world, store)
    await store.aclose()
