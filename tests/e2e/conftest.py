"""A studio per test; one calendar server for all of them, with an account for each."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.e2e.studio import PASSWORD, Ground, Studio, studio_on

_people = itertools.count(1)
_PEOPLE = 500


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "policy(**settings): what stands in [policy] of the studio's configuration")


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    accounts = {f"anna{number}@example.test": PASSWORD for number in range(1, _PEOPLE)}
    server = RadicaleServer(tmp_path_factory.mktemp("radicale"), accounts)
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def ground(
    request: pytest.FixtureRequest,
    radicale: RadicaleServer,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Ground:
    """The ground of this test; `@pytest.mark.policy(…)` sets `[policy]`."""
    marker = request.node.get_closest_marker("policy")
    policy = dict(marker.kwargs) if marker is not None else {}
    folder = tmp_path_factory.mktemp("studio")
    return Ground(database_url, radicale.base_url, f"anna{next(_people)}@example.test", folder, policy)


@pytest.fixture
async def studio(ground: Ground) -> AsyncIterator[Studio]:
    async with studio_on(ground) as one:
        yield one
