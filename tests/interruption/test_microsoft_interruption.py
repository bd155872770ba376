"""The scenarios between a site and a Microsoft account, with the real adapters: stopped at any request or commit.

Copies lie in a calendar made for them, or in the default one; what is not known of the service takes turns. A sample
takes some points of some scenarios on either database, the full proof all scenarios on both. Not here: other worlds.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.interruption.account_stage import World, account_stage
from tests.interruption.account_studio import Place
from tests.interruption.lives import lived, undisturbed
from tests.interruption.microsoft_stage import worlds
from tests.interruption.sample import Many, fates
from tests.interruption.scenario import ON_PRIMARY, Scenario
from tests.interruption.scenarios import SCENARIOS
from tests.interruption.scenarios_chosen_ids import CHOSEN_IDS
from tests.interruption.summary import POINTS
from tests.proving import PROVE

MOST: Final = {"sqlite": 20, "postgresql": 4} if PROVE else {"sqlite": 4, "postgresql": 4}  # points of one scenario
MANY: Final = {database: Many(most, twice=4 if most == 20 else 1) for database, most in MOST.items()}
_DATABASES: Final = ("sqlite", "postgresql")


def _played() -> Iterator[object]:
    """World, scenario and database.

    A sample takes every sixth scenario and those that are about ids, each in one world on one database.
    """
    taken = [one for number, one in enumerate(SCENARIOS) if PROVE or number % 6 == 0 or one in CHOSEN_IDS]
    for turn, scenario in enumerate(taken):
        every = [one for one in itertools.product(worlds(turn), _DATABASES) if one[0].name in scenario.worlds]
        for world, database in every if PROVE else every[turn % len(every) :][:1]:
            marks = [pytest.mark.postgresql] if database == "postgresql" else []
            yield pytest.param((world, scenario, database), id=f"{world.name}-{scenario.name}-{database}", marks=marks)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("played", list(_played()))
async def test_with_microsoft_too_the_end_is_the_same_whatever_happens(
    played: tuple[World, Scenario, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    world, scenario, database = played
    scenario = scenario.on_primary() if world.name in ON_PRIMARY else scenario
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    async with account_stage(scenario, world, Place(tmp_path, url)) as stage:
        course = await undisturbed(stage, scenario)
        chosen = fates(course.steps, f"{scenario.name}/{stage.name}", MANY[database])
        reached, wrong = await lived(stage, scenario, course, chosen)
    record_property(POINTS, reached)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
