"""A bench per test, on each database."""

from collections.abc import AsyncIterator

import pytest

from syncd.store import open_store
from tests.cycle.bench import Bench


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    store = await open_store(database_url)
    try:
        yield Bench(store)
    finally:
        await store.aclose()
