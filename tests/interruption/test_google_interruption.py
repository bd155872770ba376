"""The scenarios between a site and a Google account, with the real adapters: stopped at any request or commit.

Copies lie in the primary calendar, or in one made for them. A sample takes some points of some scenarios on either
database, the full proof all scenarios on both. Not here: the other worlds.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.interruption.google_stage import TARGETS, google_stage
from tests.interruption.google_studio import Place
from tests.interruption.lives import lived, undisturbed
from tests.interruption.sample import Many, fates
from tests.interruption.scenario import GOOGLE, Scenario
from tests.interruption.scenarios import SCENARIOS
from tests.interruption.summary import POINTS
from tests.proving import PROVE

MANY: Final = Many(20, twice=4) if PROVE else Many(2, twice=1)  # on one database
_DATABASES: Final = ("sqlite", "postgresql")


def _played() -> Iterator[object]:
    """World, scenario and database; in a sample two of five scenarios in one world, most on SQLite."""
    for number, scenario in enumerate(SCENARIOS):
        worlds = [world for world in TARGETS if world in scenario.worlds]
        if not PROVE:
            worlds = [worlds[number % len(worlds)]] if worlds and number % 5 in (0, 2) else []
        for world in worlds:
            for database in _DATABASES if PROVE else (_DATABASES[number % 20 in (0, 7)],):
                marks = [pytest.mark.postgresql] if database == "postgresql" else []
                yield pytest.param((world, scenario, database), id=f"{world}-{scenario.name}-{database}", marks=marks)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("played", list(_played()))
async def test_with_google_too_the_end_is_the_same_whatever_happens(
    played: tuple[str, Scenario, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    world, scenario, database = played
    scenario = scenario.on_primary() if world == GOOGLE else scenario
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    async with google_stage(scenario, world, Place(tmp_path, url)) as stage:
        course = await undisturbed(stage, scenario)
        chosen = fates(course.steps, f"{scenario.name}/{stage.name}", MANY)
        reached, wrong = await lived(stage, scenario, course, chosen)
    record_property(POINTS, reached)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
