"""The scenarios over the real adapters: the Wix simulator and Radicale over HTTP, stopped at any request or commit.

Every other scenario is played on one database in a sample, each on both in the full proof. Not here: the memory world
(test_memory_interruption), processes of the system that are killed (tests/processes).
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.e2e.studio import PASSWORD
from tests.interruption.lives import lived, undisturbed
from tests.interruption.sample import Many, fates
from tests.interruption.scenario import REAL, Scenario
from tests.interruption.scenarios import SCENARIOS
from tests.interruption.studio_stage import Server, studio_stage
from tests.interruption.summary import POINTS
from tests.proving import PROVE

MANY: Final = Many(4, twice=0) if PROVE else Many(1, twice=0)  # on one database
_PEOPLE: Final = 500
_DATABASES: Final = ("sqlite", "postgresql")


def _played() -> Iterator[object]:
    """Scenario and database; in a sample every other scenario, and of those three of four on SQLite."""
    for scenario in (one for one in SCENARIOS if REAL in one.worlds):
        turn = zlib.crc32(scenario.name.encode()) % 8
        if not PROVE and turn % 2:
            continue
        for database in _DATABASES if PROVE else (_DATABASES[turn == 0],):
            marks = [pytest.mark.postgresql] if database == "postgresql" else []
            yield pytest.param((scenario, database), id=f"{scenario.name}-{database}", marks=marks)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A calendar server with an account for each stage."""
    folder = tmp_path_factory.mktemp("radicale")
    accounts = {f"anna{number}@example.test": PASSWORD for number in range(1, _PEOPLE)}
    radicale = RadicaleServer(folder, accounts)
    asyncio.run(radicale.start())
    try:
        yield Server(radicale, folder / "collections" / "collection-root")
    finally:
        asyncio.run(radicale.stop())


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("played", list(_played()))
async def test_over_http_too_the_end_is_the_same_whatever_happens(
    played: tuple[Scenario, str],
    server: Server,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    scenario, database = played
    url: str = request.getfixturevalue(f"{database}_url")
    async with studio_stage(scenario, url, server, tmp_path) as stage:
        course = await undisturbed(stage, scenario)
        chosen = fates(course.steps, f"{scenario.name}/{stage.name}", MANY)
        reached, wrong = await lived(stage, scenario, course, chosen)
    record_property(POINTS, reached)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
