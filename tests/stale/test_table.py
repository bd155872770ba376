"""What people do, and how reads lie about it: in the end all is as without lies, by as many writes. R24.

Both sides are memory calendars; the same over real adapters: test_site, test_outside.
"""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest

from adapters.memory_calls import Fault
from syncd.model import Event, Ref, Side
from syncd.store import open_store
from tests.cycle.bench import SITE_ID, at, event
from tests.proving import PROVE
from tests.stale.stage import Stage, lying

WIX, EXTERNAL = Side.WIX, Side.EXTERNAL
MINUTE: Final = timedelta(minutes=1)

Act = Callable[[Stage], object]
Writes = Counter[tuple[str, str]]


def edit_copy(stage: Stage, title: str, change: Event) -> Ref:
    return stage.world.edit(stage.outside_calendar, stage.exported_id(title), change)


SESSIONS: Final[Mapping[str, Act]] = {
    "quiet": lambda _: None,
    "renamed": lambda stage: stage.world.edit(SITE_ID, "renamed", Event(title="renamed again")),
    "moved": lambda stage: stage.world.edit(SITE_ID, "moved", Event(when=at(20, 9))),
    "cancelled": lambda stage: stage.world.cancel(SITE_ID, "cancelled"),
    "copy edited": lambda stage: edit_copy(stage, "copy edited", Event(location="Garden")),
    "copy moved": lambda stage: edit_copy(stage, "copy moved", Event(when=at(21, 9))),
    "copy deleted": lambda stage: stage.world.remove(stage.outside_calendar, stage.exported_id("copy deleted")),
    "both edited": lambda stage: (
        stage.world.edit(SITE_ID, "both edited", Event(description="Bring water")),
        edit_copy(stage, "both edited", Event(location="Garden")),
    ),
}
"""What people do to a session or its copy; each to a session of this name."""

EVENTS: Final[Mapping[str, Act]] = {
    "calm": lambda _: None,
    "retold": lambda stage: stage.world.edit(stage.primary, "retold", Event(location="Low Street")),
    "put off": lambda stage: stage.world.edit(stage.primary, "put off", Event(when=at(22, 14))),
    "deleted": lambda stage: stage.world.remove(stage.primary, "deleted"),
    "block moved": lambda stage: stage.world.edit(SITE_ID, stage.block_id("block moved"), Event(when=at(23, 14))),
    "block cancelled": lambda stage: stage.world.cancel(SITE_ID, stage.block_id("block cancelled")),
}
"""What people do to an event or its block; each to an event of this name."""

ACTS: Final = len(SESSIONS) + len(EVENTS) + 2


def act(stage: Stage) -> None:
    """Everything at once, each thing to an item of its own, and something new on each side."""
    for one in (*SESSIONS.values(), *EVENTS.values()):
        one(stage)
    stage.session("made", event("made", at(24, 9)))
    stage.outside_event("made too", event("made too", at(24, 14)))


@dataclass(frozen=True)
class Lie:
    """Which reads lie, and how. `delta`: whether the calendars outside have cursors."""

    fault: Fault
    sides: tuple[Side, ...]
    verbs: tuple[str, ...] = ("read", "get", "find")
    delta: bool = True


LIES: Final = {
    "the site lists earlier rows": Lie(Fault.REPLAY, (WIX,), ("read",)),
    "the site lists and reads earlier rows": Lie(Fault.REPLAY, (WIX,)),
    "the site lags": Lie(Fault.STALE, (WIX,)),
    "the calendars list earlier rows": Lie(Fault.REPLAY, (EXTERNAL,), ("read",)),
    "the calendars list and read earlier rows": Lie(Fault.REPLAY, (EXTERNAL,)),
    "the calendars without cursors list and read earlier rows": Lie(Fault.REPLAY, (EXTERNAL,), delta=False),
    "the calendars without cursors lag": Lie(Fault.STALE, (EXTERNAL,), delta=False),
    "both sides lag": Lie(Fault.STALE, (WIX, EXTERNAL), delta=False),
}


async def while_it_is_read(stage: Stage, lie: Lie) -> None:
    act(stage)
    await stage.lied_to(lying(lie.fault, *lie.sides, verbs=lie.verbs), 2, MINUTE)


async def right_after(stage: Stage, lie: Lie) -> None:
    act(stage)
    await stage.sync()
    await stage.lied_to(lying(lie.fault, *lie.sides, verbs=lie.verbs), 2, MINUTE)


async def much_later(stage: Stage, lie: Lie) -> None:
    act(stage)
    await stage.settle(3)
    await stage.lied_to(lying(lie.fault, *lie.sides, verbs=lie.verbs), 3, 2 * MINUTE)


MOMENTS: Final = {"while it is read": while_it_is_read, "right after": right_after, "much later": much_later}
NUMBERS: Final = {"counted versions": True, "versions without order": False}
CASES: Final = [
    (lie, moment, numbers)
    for lie, moment, numbers in itertools.product(LIES, MOMENTS, NUMBERS)
    # A calendar that remembers no removals, and all of whose answers are from half an hour ago, has lost its items.
    if not (LIES[lie].fault is Fault.STALE and EXTERNAL in LIES[lie].sides and moment == "much later")
]

_undisturbed: dict[tuple[bool, bool], tuple[dict[str, list[str]], Writes]] = {}


@asynccontextmanager
async def on_stage(url: str, lie: Lie, *, numbered: bool) -> AsyncIterator[Stage]:
    store = await open_store(url)
    try:
        stage = Stage(store, numbered=numbered)
        stage.outside = replace(stage.outside, delta=lie.delta)
        await stage.linked(list(SESSIONS), list(EVENTS))
        yield stage
    finally:
        await store.aclose()


async def undisturbed(url: str, lie: Lie, *, numbered: bool) -> tuple[dict[str, list[str]], Writes]:
    """What lies on both sides in the end, and how much was written for it, where every read tells the truth."""
    key = (lie.delta, numbered)
    if key not in _undisturbed:
        async with on_stage(url, lie, numbered=numbered) as stage:
            act(stage)
            await stage.in_the_end()
            _undisturbed[key] = stage.raw(), stage.written()
    return _undisturbed[key]


@pytest.mark.parametrize(("lie", "moment", "numbers"), CASES if PROVE else CASES[::5])
async def test_r24_what_was_so_before_is_no_edit_no_deletion_and_no_new_item(
    fresh_url: Callable[[], str], lie: str, moment: str, numbers: str
) -> None:
    told, numbered = LIES[lie], NUMBERS[numbers]
    truth, writes = await undisturbed(fresh_url(), told, numbered=numbered)
    assert sum(writes.values()) >= ACTS - 2
    async with on_stage(fresh_url(), told, numbered=numbered) as stage:
        stage.world.lag = 3
        await MOMENTS[moment](stage, told)
        stage.world.lag = 1
        await stage.in_the_end()
        assert stage.raw() == truth
        assert stage.written() == writes
        await stage.assert_at_rest()
