"""Which points of a scenario are taken: all of them in the full proof, else a seeded sample that misses no kind.

Not here: what a point is (fates), what becomes of it (lives).
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from tests.interruption.fates import Point
from tests.proving import PROVE


def chosen(points: Sequence[Point], seed: str, most: int) -> list[Point]:
    """At most so many of the points, kind after kind, the same for the same seed; in the full proof every one."""
    return list(points) if PROVE else dealt(points, seed, most)


def dealt(points: Sequence[Point], seed: str, most: int) -> list[Point]:
    """At most so many of the points, kind after kind, the same for the same seed."""
    dice = random.Random(seed)
    kinds: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in dice.sample(points, len(points)):
        kinds[point.step.sort, point.what].append(point)
    rows = dice.sample(list(kinds.values()), len(kinds))
    in_turn = [row[turn] for turn in range(len(points)) for row in rows if turn < len(row)]
    return in_turn[:most]
