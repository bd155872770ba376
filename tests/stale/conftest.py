"""What the tests of lying reads start from: empty databases, and the studio of the end-to-end tests on SQLite."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.e2e.studio import PASSWORD, Ground, Studio, studio_on

_people = itertools.count(1)
_PEOPLE = 100


@pytest.fixture
def fresh_url(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of another empty, migrated database each time."""
    numbers = itertools.count(1)

    def url() -> str:
        copy = tmp_path / f"syncd-{next(numbers)}.db"
        shutil.copy(sqlite_template, copy)
        return f"sqlite+aiosqlite:///{copy}"

    return url


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
async def studio(
    radicale: RadicaleServer, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    ground = Ground(sqlite_url, radicale.base_url, f"anna{next(_people)}@example.test", folder)
    async with studio_on(ground) as one:
        yield one
