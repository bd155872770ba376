"""Lanes: no more under way than there are, wide requests in their turn, and nothing lost to who gives up waiting."""

import asyncio

import pytest

from adapters.lanes import Lanes


class Road:
    """Requests that stay on their way until they are let through; `under_way`, and in which order they began."""

    def __init__(self, lanes: int) -> None:
        self.lanes = Lanes(lanes)
        self.began: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, width: int = 1) -> None:
        self._gates[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._drive(name, width))
        await self._settle()

    async def end(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()
        await self._settle()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await self._settle()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]

    async def _drive(self, name: str, width: int) -> None:
        async with self.lanes.taken(width):
            self.began.append(name)
            await self._gates[name].wait()

    async def _settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_as_many_are_under_way_as_there_are_lanes() -> None:
    road = Road(2)
    for name in "abc":
        await road.start(name)
    assert road.began == ["a", "b"]
    await road.end("a")
    assert road.began == ["a", "b", "c"]
    await road.end("b", "c")


async def test_a_wide_one_waits_for_all_its_lanes_and_is_not_overtaken() -> None:
    road = Road(4)
    await road.start("narrow")
    await road.start("wide", 4)
    await road.start("late")
    assert road.began == ["narrow"]
    await road.end("narrow")
    assert road.began == ["narrow", "wide"]
    await road.end("wide")
    assert road.began == ["narrow", "wide", "late"]
    await road.end("late")


async def test_one_that_is_wider_than_the_road_takes_all_of_it() -> None:
    road = Road(2)
    await road.start("huge", 20)
    await road.start("next")
    assert road.began == ["huge"]
    await road.end("huge", "next")
    assert road.began == ["huge", "next"]


async def test_who_gives_up_waiting_lets_the_others_pass() -> None:
    road = Road(2)
    await road.start("a")
    await road.start("wide", 2)
    await road.start("b")
    assert road.began == ["a"]
    await road.give_up("wide")
    assert road.began == ["a", "b"]
    await road.end("a", "b")


async def test_who_is_broken_off_on_the_way_gives_its_lanes_back() -> None:
    road = Road(1)
    await road.start("a")
    await road.start("b")
    await road.give_up("a")
    assert road.began == ["a", "b"]
    await road.end("b")


async def test_who_gives_up_in_the_moment_its_turn_comes_gives_it_on() -> None:
    lanes = Lanes(1)
    entered = asyncio.Event()

    async def first() -> None:
        async with lanes.taken(1):
            entered.set()
            await asyncio.sleep(0)

    async def other() -> str:
        async with lanes.taken(1):
            return "through"

    holder, leaver, waiter = (asyncio.create_task(run()) for run in (first, other, other))
    await entered.wait()
    await holder
    leaver.cancel()
    assert await waiter == "through"
