"""The studio of the end-to-end tests and processes beside it, on each database."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import ground, radicale
from tests.e2e.studio import Ground, Studio, studio_on
from tests.processes.gates import Gate, gate_before
from tests.processes.workers import Workshop

__all__ = ["ground", "radicale"]

_SERVICE = """
[service]
clock_url = "{clock}"
[log]
level = "error"
"""


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture
def place(ground: Ground) -> Ground:
    """Nothing is held for its number: those limits have tests of their own."""
    return replace(ground, policy={"delete_limit": 1000, "delete_hard_limit": 1000})


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
