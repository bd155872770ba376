"""Which points of a scenario are taken: all of them, or a seeded sample that misses no kind; and which of them twice.

Not here: what a point is (fates), what becomes of it (lives).
"""

import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.interruption.fates import Fate, Point, Step, points_of

EVERY: Final = sys.maxsize


@dataclass(frozen=True, slots=True)
class Many:
    """How many points of one scenario are taken; and of these, how many once more, with the next process killed too."""

    points: int
    twice: int


def fates(steps: Sequence[Step], seed: str, many: Many) -> Iterator[tuple[Point, Fate | None]]:
    """What happens to a process that takes these steps, and to the next one, in each life."""
    points = dealt(points_of(steps), seed, many.points)
    yield from ((point, None) for point in points)
    dice = random.Random(seed)
    again = dice.sample(points, min(many.twice, len(points)))
    yield from ((point, Fate(last=dice.randint(2, len(steps)))) for point in again)


def dealt(points: Sequence[Point], seed: str, most: int) -> list[Point]:
    """At most so many of the points, kind after kind, the same for the same seed."""
    dice = random.Random(seed)
    kinds: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in dice.sample(points, len(points)):
        kinds[point.step.sort, point.what].append(point)
    rows = dice.sample(list(kinds.values()), len(kinds))
    in_turn = [row[turn] for turn in range(len(points)) for row in rows if turn < len(row)]
    return in_turn[:most]
