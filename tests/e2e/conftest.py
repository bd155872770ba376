"""A studio per test; one calendar server for all of them, with an account for each.

`make test` takes each test on one database, half of them on either; `make prove` takes all on both.
"""

import asyncio
import itertools
import zlib
from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests import postgres
from tests.e2e.studio import PASSWORD, Ground, Studio, studio_on
from tests.proving import PROVE

_people = itertools.count(1)
_PEOPLE = 500


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "policy(**settings): what stands in [policy] of the studio's configuration")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if PROVE or not postgres.available():
        return
    spare = [item for item in items if _is_spare(item)]
    config.hook.pytest_deselected(items=spare)
    items[:] = [item for item in items if item not in spare]


def _is_spare(item: pytest.Item) -> bool:
    """Whether it is the other database's turn for this test of this folder."""
    call = getattr(item, "callspec", None)
    database = call.params.get("database_url") if call is not None else None
    if database is None or item.path.parent.name != "e2e":
        return False
    on_server = zlib.crc32(item.nodeid.replace(database, "").encode()) % 2 == 1
    return bool(on_server != (database == "postgresql"))


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
