"""The running simulator for tests of this folder."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixServer, WixState
from tests.sandbox.wix_site import WixSite

START = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
TLS = ssl.create_default_context()  # made once: it costs more than the server


@pytest.fixture
async def wix() -> AsyncIterator[WixSite]:
    """The seeded studio on a clock that stands still at noon UTC, Friday 2026-11-20."""
    clock = SandboxClock(START, rate=0)
    state = WixState(clock)
    seeded = studio.seed_wix(state, clock)
    server = WixServer(state)
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url, verify=TLS) as client:
        site = WixSite(client, clock, state, seeded)
        site.token = (await site.log_in()).json()["access_token"]
        yield site
    await server.stop()
