"""Which points of a scenario are taken: all of them, or a seeded sample that misses no kind.

Not here: what a point is (fates), what becomes of it (lives).
"""

import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tests.interruption.fates import Point

EVERY: Final = sys.maxsize


def dealt(points: Sequence[Point], seed: str, most: int) -> list[Point]:
    """At most so many of the points, kind after kind, the same for the same seed."""
    dice = random.Random(seed)
    kinds: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in dice.sample(points, len(points)):
        kinds[point.step.sort, point.what].append(point)
    rows = dice.sample(list(kinds.values()), len(kinds))
    in_turn = [row[turn] for turn in range(len(points)) for row in rows if turn < len(row)]
    return in_turn[:most]
