"""Simulated accounts that several modules of tests open: each test its own."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.microsoft_world import World, world


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


@pytest.fixture
async def again(microsoft: World) -> AsyncIterator[World]:
    """The same account in another pass, which has seen nothing yet."""
    opened = microsoft.again()
    yield opened
    await opened.account.aclose()
