"""One stage per test and subject; what a subject cannot do is not asked of it, and the summary says so."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.contract.subject_apple import ACCOUNTS
from tests.contract.subjects import ABILITIES, Stage, Subject, subjects
from tests.contract.summary import LACKS


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*abilities): asked only of subjects with all these abilities")


@pytest.fixture(params=subjects(), ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    needed = {name for mark in request.node.iter_markers("needs") for name in mark.args}
    assert needed <= ABILITIES, "no subject declares such an ability"
    missing = sorted(needed - found.abilities)
    if missing:
        pytest.skip(f"{found.name} {LACKS}{', '.join(missing)}")
    return found


@pytest.fixture
def server(request: pytest.FixtureRequest, subject: Subject) -> str:
    """The address of what the subject talks to, "" where it talks to nobody."""
    address: str = request.getfixturevalue(subject.server) if subject.server else ""
    return address


@pytest.fixture
async def stage(subject: Subject, server: str) -> AsyncIterator[Stage]:
    async with subject.open(server) as opened:
        yield opened


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real CalDAV server for each test process; every stage takes an account of its own."""
    server = RadicaleServer(tmp_path_factory.mktemp("radicale"), ACCOUNTS)
    asyncio.run(server.start())
    try:
        yield server.base_url
    finally:
        asyncio.run(server.stop())
