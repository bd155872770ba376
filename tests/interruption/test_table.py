"""The table of scenarios and the machinery of points: names, kinds and counts. Not here: any life."""

from collections import Counter

from tests.interruption.fates import WHATS, Fate, Killed, Point, Sort, Step, What, points_of
from tests.interruption.sample import dealt
from tests.interruption.scenario import MEMORY, WORLDS
from tests.interruption.scenarios import SCENARIOS

STEPS = [Step("commit", number, Sort.COMMIT) for number in range(1, 9)]
STEPS += [Step("read wix", number, Sort.READ) for number in range(1, 5)]
STEPS += [Step("create external", number, Sort.WRITE) for number in range(1, 4)]


def test_scenarios_are_many_and_no_two_have_one_name() -> None:
    names = Counter(one.name for one in SCENARIOS)
    assert len(names) >= 40
    assert [name for name, count in names.items() if count > 1] == []
    for world in WORLDS - {MEMORY}:
        assert sum(world in one.worlds for one in SCENARIOS) >= 35
    assert not any("/" in name for name in names)


def test_where_a_scenario_is_not_played_it_says_why() -> None:
    barred = [(world, why) for one in SCENARIOS for world, why in one.barred.items()]
    assert barred
    assert all(world in WORLDS and why for world, why in barred)


def test_points_have_names_of_their_own() -> None:
    points = points_of(STEPS)
    assert len({str(point) for point in points}) == len(points) == 8 * 3 + 4 * 3 + 3 * 7


def test_a_sample_has_every_kind_of_point_and_is_the_same_each_time() -> None:
    points = points_of(STEPS)
    taken = dealt(points, "seed", 13)
    assert {(one.step.sort, one.what) for one in taken} == {(sort, what) for sort in Sort for what in WHATS[sort]}
    assert taken == dealt(points, "seed", 13)
    assert len(dealt(points, "seed", 1000)) == len(set(points)) == len(points)


def test_a_process_whose_fate_is_fulfilled_does_nothing_more() -> None:
    fate = Fate(Point(Step("commit", 2, Sort.COMMIT), What.KILLED_BEFORE))
    assert fate.arrive("commit", Sort.COMMIT) is None
    for name in ("commit", "read wix"):
        try:
            fate.arrive(name, Sort.COMMIT)
        except Killed:
            continue
        raise AssertionError("it lives")
    assert fate.reached
    assert [str(step) for step in fate.steps] == ["commit#1", "commit#2"]
