"""A process that something happens to, anywhere, ends as if it had not: nothing lost, nothing doubled, nobody mailed.

Every scenario in the memory world, on both databases; each point begins from the same prepared world and database.
Not here: the real adapters (test_real_interruption), processes of the system that are killed (tests/processes).
"""

from collections.abc import Callable, Iterator

import pytest

from tests.interruption.lives import lived, undisturbed
from tests.interruption.memory_stage import memory_stage
from tests.interruption.sample import EVERY, Many, fates
from tests.interruption.scenario import MEMORY, Scenario
from tests.interruption.scenarios import SCENARIOS
from tests.interruption.summary import POINTS
from tests.proving import PROVE

PLAYED = [one for one in SCENARIOS if MEMORY in one.worlds]
MANY = {
    "sqlite": Many(EVERY, twice=10) if PROVE else Many(17, twice=1),
    "postgresql": Many(25, twice=0) if PROVE else Many(2, twice=0),
}


def _played() -> Iterator[object]:
    """Each scenario on SQLite; in a sample every other one on PostgreSQL too, in the proof all of them."""
    for number, scenario in enumerate(PLAYED):
        yield pytest.param(scenario, "sqlite", id=f"{scenario.name}-sqlite")
        if PROVE or number % 2:
            yield pytest.param(scenario, "postgresql", id=f"{scenario.name}-postgresql", marks=pytest.mark.postgresql)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("scenario", "database"), list(_played()))
async def test_whatever_happens_to_a_process_the_end_is_the_same(
    scenario: Scenario, database: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    async with memory_stage(scenario, url) as stage:
        course = await undisturbed(stage, scenario)
        chosen = fates(course.steps, f"{scenario.name}/{database}", MANY[database])
        reached, wrong = await lived(stage, scenario, course, chosen)
    record_property(POINTS, reached)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
