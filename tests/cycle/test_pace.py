"""How many writes go out at once: what a server takes is found out, never known by its name."""

import asyncio
from dataclasses import dataclass, field

import pytest

from syncd.apply.pace import Pace, flow
from syncd.errors import Throttled


@dataclass
class Clock:
    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


@dataclass
class Server:
    """Takes so many calls at once, one second each; more make every call slower, or are refused."""

    clock: Clock
    at_once: int
    widths: list[int] = field(default_factory=list)

    def rounds(self, pace: Pace, count: int) -> None:
        """So many calls as a full pace sends them."""
        done = 0
        while done < count:
            width = pace.width
            self.widths.append(width)
            self.clock.seconds += max(1.0, width / self.at_once)
            for _ in range(width):
                pace.landed()
            done += width


@pytest.mark.parametrize("cap", [1, 2, 8])
def test_it_starts_at_two_and_stops_at_the_cap_of_the_account(cap: int) -> None:
    clock = Clock()
    pace = Pace(cap, clock.now, width=min(2, cap))
    server = Server(clock, at_once=100)
    server.rounds(pace, 200)
    assert server.widths[0] == min(2, cap)
    assert max(server.widths) == pace.width == cap


def test_it_stops_growing_where_more_at_once_is_no_faster() -> None:
    clock = Clock()
    pace = Pace(64, clock.now)
    server = Server(clock, at_once=4)
    server.rounds(pace, 500)
    assert max(server.widths) <= 8
    assert pace.width >= 4


def test_a_refusal_halves_it_and_it_is_never_as_wide_again() -> None:
    clock = Clock()
    pace = Pace(8, clock.now, width=8)
    pace.pushed_back(8)
    assert pace.width == 4
    server = Server(clock, at_once=100)
    server.rounds(pace, 200)
    assert max(server.widths) == 7


def test_calls_that_are_refused_together_halve_it_once() -> None:
    pace = Pace(8, Clock().now, width=8)
    for _ in range(8):
        pace.pushed_back(8)
    assert pace.width == 4


def test_it_never_falls_below_one() -> None:
    pace = Pace(8, Clock().now, width=2)
    for _ in range(5):
        pace.pushed_back(pace.width)
    assert (pace.width, pace.cap) == (1, 1)


async def test_no_more_are_under_way_than_the_pace_allows_at_that_moment() -> None:
    pace = Pace(8, Clock().now, width=4)
    under_way: set[int] = set()
    most: list[int] = []

    async def work(job: int) -> None:
        under_way.add(job)
        most.append(len(under_way))
        if job == 3:
            pace.pushed_back(4)
        await asyncio.sleep(0)
        under_way.discard(job)

    await flow(range(20), pace, work)
    assert most[3] == 4
    assert max(most[8:]) == 3  # it was refused at four


async def test_an_error_stops_what_has_not_begun() -> None:
    begun: list[int] = []

    async def work(job: int) -> None:
        begun.append(job)
        raise Throttled("slower", retry_after=1)

    with pytest.raises(Throttled):
        await flow(range(20), Pace(8, Clock().now), work)
    assert begun == [0, 1]
