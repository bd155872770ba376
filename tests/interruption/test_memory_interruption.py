"""A process that something happens to, anywhere, ends as if it had not: nothing lost, nothing doubled, nobody mailed.

Every scenario in the memory world, on both databases; each point begins from the same prepared world and database.
Not here: the real adapters (test_real_interruption), processes of the system that are killed (tests/processes).
"""

import random
from collections.abc import Callable, Iterator

import pytest

from tests.interruption.fates import Fate, Point, points_of
from tests.interruption.lives import Course, undisturbed, wrong_at
from tests.interruption.memory_stage import memory_stage
from tests.interruption.sample import EVERY, dealt
from tests.interruption.scenario import MEMORY, Scenario
from tests.interruption.scenarios import SCENARIOS
from tests.interruption.summary import POINTS
from tests.proving import PROVE

PLAYED = [one for one in SCENARIOS if MEMORY in one.worlds]
# Points of one scenario; and how many of them are taken once more, with the next process killed too.
MOST = {"sqlite": EVERY, "postgresql": 25} if PROVE else {"sqlite": 20, "postgresql": 2}
TWICE = {"sqlite": 10, "postgresql": 0} if PROVE else {"sqlite": 1, "postgresql": 0}


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
    wrong: dict[str, str] = {}
    reached: list[str] = []
    async with memory_stage(scenario, url) as stage:
        course = await undisturbed(stage, scenario)
        for point, second in _fates(scenario, course, database):
            found = await wrong_at(stage, scenario, course, point, second)
            again = f", then killed before step {second.last}" if second is not None and second.reached else ""
            name = f"{scenario.name}/{stage.name}/{point}{again}"
            reached.append(name)
            if found:
                wrong[name] = found
    record_property(POINTS, reached)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())


def _fates(scenario: Scenario, course: Course, database: str) -> Iterator[tuple[Point, Fate | None]]:
    """What happens to the process, and to the next one, in each life."""
    seed = f"{scenario.name}/{database}"
    points = dealt(points_of(course.steps), seed, MOST[database])
    yield from ((point, None) for point in points)
    dice = random.Random(seed)
    twice = dice.sample(points, min(TWICE[database], len(points)))
    yield from ((point, Fate(last=dice.randint(2, len(course.steps)))) for point in twice)
