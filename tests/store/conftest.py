"""An open store on each database."""

from collections.abc import AsyncIterator

import pytest

from syncd.store import SqlStore, open_store


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    opened = await open_store(database_url)
    yield opened
    await opened.aclose()
