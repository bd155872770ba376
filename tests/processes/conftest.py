"""A studio and processes beside it, on each database; one calendar server for all of them, with an account for each."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.e2e.studio import PASSWORD, Ground, Studio, studio_on
from tests.processes.gates import Gate, gate_before
from tests.processes.workers import Workshop

_people = itertools.count(1)
_PEOPLE = 300
_SERVICE = """
[service]
clock_url = "{clock}"
[log]
level = "error"
"""


@pytest.fixture(scope="session")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    accounts = {f"anna{number}@example.test": PASSWORD for number in range(1, _PEOPLE)}
    server = RadicaleServer(tmp_path_factory.mktemp("radicale"), accounts)
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture
def place(calendars: RadicaleServer, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Nothing is held for its number: those limits have tests of their own."""
    limits = {"delete_limit": 1000, "delete_hard_limit": 1000}
    account = f"anna{next(_people)}@example.test"
    return Ground(database_url, calendars.base_url, account, tmp_path_factory.mktemp("studio"), limits)


@pytest.fixture
async def studio(place: Ground) -> AsyncIterator[Studio]:
    async with studio_on(place) as one:
        yield one


@pytest.fixture
def workshop(studio: Studio, place: Ground, bytecode: Path) -> Workshop:
    """Where processes work on the studio."""
    config = place.folder / "syncd.toml"
    with config.open("a") as file:
        file.write(_SERVICE.format(clock=f"{studio.wix.base_url}/_sandbox/clock"))
    return Workshop(config, bytecode)


@pytest.fixture
def gate(studio: Studio) -> Iterator[Gate]:
    """Before the calendars of the studio; open when the test is over, so that the simulators can end."""
    one = gate_before(studio)
    try:
        yield one
    finally:
        one.let_go()
