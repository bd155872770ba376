"""One life: a process to which something happens, the one after it, and the end of both.

Not here: which points are taken (sample), the worlds (stages), how two sides compare (referee).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from syncd.apply.ledger import names_of
from syncd.model import Decision, Window
from tests.interruption.fates import Fate, Point, Step, What
from tests.interruption.hands import SITE, Hands, Lying
from tests.interruption.referee import amiss, betrayed, strays, unequal
from tests.interruption.scenario import Scenario
from tests.interruption.stage import Stage

ELEVEN: Final = timedelta(minutes=11)
SOME_TIME: Final = datetime(2026, 3, 2, tzinfo=UTC)
SOME_WINDOW: Final = Window(SOME_TIME, SOME_TIME + timedelta(days=1))  # pending items are loaded in any
MOST_PASSES: Final = 14  # after which an installation that still writes never comes to rest


@dataclass(frozen=True, slots=True)
class Course:
    """How an undisturbed life goes: the steps of its process, and what lies on both sides at its end."""

    steps: list[Step]
    end: list[Lying]


async def undisturbed(stage: Stage, scenario: Scenario) -> Course:
    """The life in which nothing happens. Raises AssertionError when even that does not end well."""
    await stage.fresh()
    fate = Fate()
    await stage.run(fate, scenario.passes)
    await _keeps(stage.hands, scenario)
    await scenario.between(stage.hands)
    assert stage.hands.planned() == 0, "what the scenario is about has not happened"
    await _end_well(stage, scenario, may_double=False)
    return Course(fate.steps, await stage.hands.raw())


async def lived(
    stage: Stage, scenario: Scenario, course: Course, fates: Iterable[tuple[Point, Fate | None]]
) -> tuple[list[str], dict[str, str]]:
    """The names of the lives with these fates, and what is wrong with the end of which."""
    names, wrong = [], {}
    for point, second in fates:
        found = await wrong_at(stage, scenario, course, point, second)
        again = f", then killed before step {second.last}" if second is not None and second.reached else ""
        names.append(name := f"{scenario.name}/{stage.name}/{point}{again}")
        if found:
            wrong[name] = found
    return names, wrong


async def wrong_at(stage: Stage, scenario: Scenario, course: Course, point: Point, second: Fate | None = None) -> str:
    """What is wrong with the end of a life with this point in it; empty when nothing is.

    `second`: the fate of the next process, which may be over before it is reached.
    """
    await stage.fresh()
    fate = Fate(point)
    try:
        await stage.run(fate, scenario.passes)
        assert fate.reached, "the point was not reached"
        await _keeps(stage.hands, scenario)
        await stage.release("born")
        await scenario.between(stage.hands)
        if second is not None:
            await stage.run(second, 1)
        came_late = point.what in (What.LATE, What.HUNG_LONG)
        await _end_well(stage, scenario, may_double=came_late)
        found = await _claimed(stage.hands) if came_late else await stage.hands.raw()
    except Exception as error:  # noqa: BLE001 - the other points are still to be told
        return f"{type(error).__name__}: {error}"
    return _difference(course.end, found)


async def _end_well(stage: Stage, scenario: Scenario, *, may_double: bool) -> None:
    """Passes of the next process until both sides rest and are equal, and nobody was mailed.

    `may_double`: a call arrived after another process had given it up; only then may a block have been made twice.
    """
    hands = stage.hands
    await _rest(stage)
    made_twice = await _twins(stage)
    assert may_double or not made_twice, "made twice, though nothing came late"
    assert hands.mailed() == 0, "a guest was mailed"
    await _keeps(hands, scenario)
    await _referee(hands, scenario)


async def _rest(stage: Stage) -> None:
    """Passes eleven minutes apart, until two in a row wrote nothing and left nothing to do."""
    hands = stage.hands
    quiet = passes = 0
    while quiet < 2:
        assert passes < MOST_PASSES, f"no rest after {passes} passes: {await _left(hands)}"
        before = hands.writes()
        await hands.sync()
        await stage.release("passed")
        hands.advance(ELEVEN)
        passes += 1
        settled = hands.writes() == before and not await _left(hands)
        quiet = quiet + 1 if settled else 0


async def _twins(stage: Stage) -> bool:
    """Whether blocks were made twice, and the second ones cancelled (R29) or waiting for a person to say so (R15).

    The person says yes to groups of nothing else.
    """
    store = stage.hands.store
    groups: dict[str, set[object]] = defaultdict(set)
    for row in await store.holds():
        groups[row.group].add((row.body.get("kind"), row.body.get("rule")))
    held = [group for group, bodies in groups.items() if bodies == {("delete", "R29")}]
    for group in held:
        await store.decide(group, Decision.APPROVED, SOME_TIME)
    if held:
        await _rest(stage)
    rows = await store.history(limit=1000)
    return any(row.kind == "delete" and row.rule == "R29" for row in rows)


async def _claimed(hands: Hands) -> list[Lying]:
    """What lies there but for blocks that came late, equal none any more, and are therefore left and listed (R29)."""
    listed = {note.item for note in await hands.store.notes() if note.rule == "R29"}
    return [one for one in await hands.raw() if not (one.ours and one.place == SITE and f"wix|{one.ref}" in listed)]


async def _left(hands: Hands) -> list[str]:
    """What is pending without being held or quarantined, and what is still open."""
    left = []
    for connection in await hands.store.connections():
        tally = await hands.store.tally(connection.id)
        if tally["open"]:
            left += [f"open: {row.action.kind}" for row in await hands.store.open_writes(connection.id)]
        if tally["pending"]:
            held = {row.item for row in await hands.store.holds(connection.id)}
            load = await hands.store.workload(connection.id, SOME_TIME, SOME_WINDOW)
            loose = [item for item in load.items if not item.quarantine and not held & set(names_of(item))]
            left += [f"pending: {name}" for item in loose for name in list(names_of(item))[:1]]
    return left


async def _keeps(hands: Hands, scenario: Scenario) -> None:
    """What must not leave its calendar has not left it."""
    if scenario.secret:
        wrong = betrayed(scenario.secret, await hands.raw(), await hands.stored())
        assert not wrong, "; ".join(wrong)


async def _referee(hands: Hands, scenario: Scenario) -> None:
    lying = await hands.raw()
    links = [link for one in await hands.store.connections() for link in await hands.store.links(one.id)]
    sessions = sorted({one.ref for one in lying if one.place == SITE})
    shown = await hands.store.overrides(sessions[0].collection, sessions, []) if sessions else {}
    overrides = {ref: found.session for ref, found in shown.items()}
    excused = await _excused(hands)
    wrong = [*unequal(lying, links, overrides, excused), *amiss(lying, scenario.ends)]
    assert not wrong, "; ".join(wrong)
    left = strays(lying, links, excused)
    assert len(left) == scenario.strays, f"ours, and linked with nothing: {left}"


async def _excused(hands: Hands) -> set[str]:
    """What is held, quarantined or listed, by the names under which the store has it."""
    names = {note.item for note in await hands.store.notes()} | {row.item for row in await hands.store.holds()}
    for connection in await hands.store.connections():
        if (await hands.store.tally(connection.id))["quarantined"]:
            load = await hands.store.workload(connection.id, SOME_TIME, SOME_WINDOW)
            names |= {name for item in load.items if item.quarantine for name in names_of(item)}
    return names


def _told(one: Lying) -> str:
    """What two lists of what lies there are compared by; refs are left out."""
    return f"{one.place}: {one.event}{' (ours)' if one.ours else ''}{' (private)' if one.private else ''}"


def _difference(right: list[Lying], found: list[Lying]) -> str:
    """What lies there too much and too little; empty when nothing does."""
    expected, there = Counter(map(_told, right)), Counter(map(_told, found))
    parts = [f"too much: {one}" for one in (there - expected).elements()]
    parts += [f"missing: {one}" for one in (expected - there).elements()]
    return "; ".join(parts)
