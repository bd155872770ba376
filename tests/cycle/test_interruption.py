"""A pass that is killed anywhere, or whose replies are lost, ends as if it had not been: nothing lost, nothing doubled.

A killed process leaves what it committed and what it wrote in the world, so the points are: before its first step, and
right after each commit and each remote write; between two of them nothing lasting happens. A scenario is prepared once;
each point then starts from copies of its world and its store. Not here: what a scenario's right end is (the other
modules say so), real processes that are killed.
"""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from adapters.memory import MemoryWorld
from syncd.model import Decision, Event, Target
from syncd.ports import Changes, Lease
from syncd.store import SqlStore, empty_store, this_process
from tests.cycle.bench import SITE_ID, Bench, at, event

ELEVEN = timedelta(minutes=11)
YOGA = event("Yoga", at(1, 9), description="Bring a mat", location="Room 1")
DENTIST = event("Dentist", at(1, 14))


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Fate:
    """Counts the steps of a process; `last`: the one at which it ends."""

    last: int | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.last is not None and len(self.steps) >= self.last

    def step(self, what: str, moment: str) -> None:
        if self.is_over:
            raise Killed
        self.steps.append(f"{moment} {what}")
        if self.is_over:
            raise Killed


class MortalStore:
    """A store as seen by a process with a fate: it counts commits, and answers nothing more once the process ended."""

    def __init__(self, store: SqlStore, fate: Fate) -> None:
        self._store = store
        self._fate = fate

    async def commit(self, changes: Changes, lease: Lease | None) -> None:
        self._fate.step("commit", "before")
        await self._store.commit(changes, lease)
        self._fate.step("commit", "after")

    def __getattr__(self, verb: str) -> Any:
        if self._fate.is_over:
            raise Killed
        return getattr(self._store, verb)


# scenarios


async def first_fill(bench: Bench) -> None:
    await bench.connect()
    for number in range(3):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
        bench.outside_event(f"e{number}", event(f"Event {number}", at(number, 14)))


async def linked(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.session("s2", event("Pilates", at(2, 9)))
    bench.outside_event("e1", DENTIST)
    bench.outside_event("e2", event("Lunch", at(2, 12)))
    await bench.settle(1)


async def updates(bench: Bench) -> None:
    await linked(bench)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.edit_copy("Pilates", Event(when=at(2, 10)))
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 15)))


async def merge(bench: Bench) -> None:
    await linked(bench)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics", location="Room 2"))
    bench.edit_copy("Yoga", Event(when=at(1, 10), location="Garden"))


async def originals_deleted(bench: Bench) -> None:
    await linked(bench)
    bench.world.cancel(SITE_ID, "s1")
    bench.world.remove(bench.primary, "e1")


async def copies_deleted(bench: Bench) -> None:
    await linked(bench)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    bench.world.cancel(SITE_ID, bench.block_id("Dentist"))


async def adoption(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.session("s2", event("Pilates", at(2, 9)))
    bench.outside_event("e1", event("Yoga", at(1, 9), description="Mine"))
    bench.outside_event("e2", DENTIST)


async def held(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA, participants=3)
    bench.session("s2", event("Pilates", at(2, 9)))
    await bench.settle(1)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    await bench.settle(2)


async def approved_hold(bench: Bench) -> None:
    await held(bench)
    assert await bench.decide(Decision.APPROVED) == 1


async def rejected_hold(bench: Bench) -> None:
    await held(bench)
    assert await bench.decide(Decision.REJECTED) == 1


async def disconnection(bench: Bench) -> None:
    await linked(bench)
    await bench.disconnect()


async def another_target(bench: Bench) -> None:
    await linked(bench)
    await bench.configure(target=Target.PRIMARY)


async def another_id(bench: Bench) -> None:
    await bench.connect()
    series: dict[str, Any] = {"series": "series-1", "original_start": "2026-03-03T10:00:00"}
    bench.session("s1", YOGA, **series)
    await bench.settle(1)
    await bench.override("s1", title="Yoga with Anna")
    await bench.settle(1)
    bench.world.cancel(SITE_ID, "s1")
    bench.session("s9", replace(YOGA, when=at(1, 11)), **series)


Scenario = Callable[[Bench], Awaitable[None]]
# each with the passes that its work takes
SCENARIOS: dict[Scenario, int] = {
    first_fill: 1,
    updates: 1,
    merge: 1,
    originals_deleted: 1,
    copies_deleted: 2,
    adoption: 1,
    approved_hold: 1,
    rejected_hold: 1,
    disconnection: 1,
    another_target: 2,
    another_id: 1,
}
VERBS = ("make_calendar", "create", "update", "delete")


# lives


@dataclass
class Start:
    """Where every life of a scenario begins."""

    bench: Bench
    passes: int

    async def live(self, fate: Fate, *, fault: tuple[str, str] | None = None) -> dict[str, list[str]]:
        """Passes of a process until its fate, then of the one after it; both sides at the end, raw."""
        async with self.bench.store.snapshot() as store:
            world = copy.deepcopy(self.bench.world)
            before = len(world.log)
            if fault is not None:
                world.faults[fault[0]] = [fault[1]]
            after = await endure(self.bench.restarted(store, world), self.passes, fate)
            world.faults.clear()
            await after.sync()
            world.release()
            await after.settle(4)
            await assert_quiet(after)
            assert len(world.log) > before or not fate.steps
            return after.raw()


async def endure(bench: Bench, passes: int, fate: Fate) -> Bench:
    """The passes of a process with this fate; the installation after its restart."""
    doomed = bench.restarted(cast("SqlStore", MortalStore(bench.store, fate)), bench.world)
    doomed.owner = replace(this_process(), started="a process that has ended")
    bench.world.interrupt = fate.step
    try:
        for _ in range(passes):
            await doomed.sync()
            bench.clock.advance(ELEVEN)
    except Killed:
        bench.clock.advance(ELEVEN)
    bench.world.interrupt = None
    after = bench.restarted(bench.store, bench.world)
    after.runs = doomed.runs
    return after


async def assert_quiet(bench: Bench) -> None:
    before = list(bench.world.log)
    result = await bench.sync()
    assert result.error is None, result.error
    assert bench.world.log == before
    assert (await bench.store.tally(bench.connection_id))["open"] == 0


@asynccontextmanager
async def prepared(scenario: Scenario) -> AsyncIterator[Start]:
    store = await empty_store()
    try:
        bench = Bench(store)
        await scenario(bench)
        yield Start(bench, SCENARIOS[scenario])
    finally:
        await store.aclose()


def points(steps: list[str]) -> list[int]:
    """The numbers of the steps after which something lasting is new, and the first."""
    lasting = {f"after {what}" for what in ("commit", *VERBS)}
    return [1, *(number for number, step in enumerate(steps, 1) if step in lasting)]


def named(scenario: Scenario) -> str:
    return getattr(scenario, "__name__", "")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
async def test_killed_at_any_step_it_ends_as_if_it_had_not_been(scenario: Scenario) -> None:
    async with prepared(scenario) as start:
        whole = Fate()
        undisturbed = await start.live(whole)
        wrong = {}
        for last in points(whole.steps):
            fate = Fate(last)
            wrong[f"step {last}"] = await difference(start.live(fate), undisturbed)
    assert {step: found for step, found in wrong.items() if found} == {}, f"{undisturbed}\n{whole.steps}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
async def test_lost_and_late_replies_end_as_if_they_had_come(scenario: Scenario) -> None:
    async with prepared(scenario) as start:
        whole = Fate()
        undisturbed = await start.live(whole)
        wrong = {}
        for verb in (verb for verb in VERBS if f"after {verb}" in whole.steps):
            for fault in ("fail", "lose", "late"):
                wrong[f"{fault} {verb}"] = await difference(start.live(Fate(), fault=(verb, fault)), undisturbed)
    assert {fault: found for fault, found in wrong.items() if found} == {}, undisturbed


async def difference(life: Awaitable[dict[str, list[str]]], undisturbed: dict[str, list[str]]) -> str:
    """What is wrong with the end of a life; empty when nothing is."""
    try:
        found = await life
    except AssertionError as error:
        return f"{error}"
    return "" if found == undisturbed else f"{found}"


@pytest.mark.parametrize("last", range(4, 40, 6))
async def test_on_either_database_a_first_fill_survives_a_kill(bench: Bench, last: int) -> None:
    await first_fill(bench)
    after = await endure(bench, 1, Fate(last))
    await after.settle(4)
    assert set(after.exported()) == {"Class 0", "Class 1", "Class 2"}
    assert sorted(after.inside_titles()) == [*(f"Class {n}" for n in range(3)), *(f"Event {n}" for n in range(3))]
    await assert_quiet(after)


def test_copies_of_a_world_are_apart() -> None:
    world = Bench(cast("SqlStore", None)).world
    other: MemoryWorld = copy.deepcopy(world)
    other.put(SITE_ID, "s1", YOGA)
    assert world.items(SITE_ID) == {}
