"""Random acts of people on both sides under random lies; then the truth, and what people did last is what there is.

Each field of each thing is edited on one side only, so that what is right in the end needs no rule of precedence.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.memory_calls import Caller, Fault
from syncd.model import Event, Side, Timed
from syncd.store import open_store
from tests.cycle.bench import SITE_ID, at, event
from tests.proving import PROVE
from tests.stale.stage import ELEVEN, Stage

EXAMPLES: Final = 150 if PROVE else 8
STEPS: Final = 9  # a lie lasts a minute: all of them together less than the ten that lend it weight

NAMES: Final = ("s1", "s2", "s3", "e1", "e2", "e3")
LIES: Final = (None, None, Fault.REPLAY, Fault.STALE)
WRITES: Final = (None, None, None, Fault.LOSE)


@dataclass(frozen=True)
class Act:
    """What a person does to the thing of this name: s… began as a session, e… as an event."""

    name: str
    what: str  # "make", "move", "describe" (at the site), "place" (outside), "remove"
    number: int


@dataclass(frozen=True)
class Weather:
    """What reads of each side tell in one pass, by verb, how far behind; and whether answers to writes are lost."""

    site: tuple[Fault | None, Fault | None]
    outside: tuple[Fault | None, Fault | None]
    lag: int
    lost: Fault | None

    def __call__(self, caller: Caller) -> Fault | None:
        listed, by_id = self.site if caller.side is Side.WIX else self.outside
        if caller.verb in ("create", "update", "delete"):
            return self.lost
        if caller.verb == "read":
            return listed
        if caller.verb == "get":
            return by_id
        return Fault.STALE if caller.verb == "find" and by_id is Fault.STALE else None


HONEST: Final = Weather((None, None), (None, None), 1, None)
ALL_AS_BEFORE: Final = Weather((Fault.REPLAY, Fault.REPLAY), (Fault.REPLAY, Fault.REPLAY), 2, None)

acts = st.builds(
    Act,
    name=st.sampled_from(NAMES),
    what=st.sampled_from(("make", "move", "describe", "place", "place", "describe", "remove")),
    number=st.integers(1, 9),
)
weathers = st.builds(
    Weather,
    site=st.tuples(st.sampled_from(LIES), st.sampled_from(LIES)),
    outside=st.tuples(st.sampled_from(LIES), st.sampled_from(LIES)),
    lag=st.integers(1, 4),
    lost=st.sampled_from(WRITES),
)
passes = st.one_of(st.just(HONEST), weathers, weathers)
steps = st.lists(st.tuples(st.lists(acts, max_size=3), passes), min_size=4, max_size=STEPS)


@dataclass
class People:
    """The hands of people, and what they have made of things: name → fields, for those that still are."""

    stage: Stage
    things: dict[str, Event] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)

    def do(self, act: Act) -> None:
        """Do it where it can be done at that moment, and remember it."""
        if act.what == "make":
            self._make(act)
        elif act.name in self.things and act.what == "remove":
            self._remove(act.name)
        elif act.name in self.things:
            self._edit(act)

    def _make(self, act: Act) -> None:
        if act.name in self.spent:
            return
        self.spent.add(act.name)
        made = event(act.name, _when(act), description="none", location="none")
        self.things[act.name] = made
        if act.name.startswith("s"):
            self.stage.session(act.name, made)
        else:
            self.stage.outside_event(act.name, made)

    def _remove(self, name: str) -> None:
        del self.things[name]
        if name.startswith("s"):
            self.stage.world.cancel(SITE_ID, name)
        else:
            self.stage.world.remove(self.stage.primary, name)

    def _edit(self, act: Act) -> None:
        is_session = act.name.startswith("s")
        change = {
            "move": Event(when=_when(act)),
            "describe": Event(description=f"description {act.number}"),
            "place": Event(location=f"room {act.number}"),
        }[act.what]
        at_site = act.what == "describe" or (act.what == "move" and is_session)
        calendar = SITE_ID if at_site else self._outside(is_session)
        ids = [id_ for id_, item in self.stage.world.items(calendar or "").items() if item.event.title == act.name]
        if ids:
            self.stage.world.edit(str(calendar), ids[0], change)
            self.things[act.name] = change.over(self.things[act.name])

    def _outside(self, is_session: bool) -> str:
        shelves = self.stage.world.shelves(self.stage.account.email)
        made = [shelf.id for shelf in shelves if shelf.id != self.stage.primary]
        return self.stage.primary if not is_session else (made or [self.stage.primary])[0]


def _when(act: Act) -> Timed:
    """A time of this thing alone."""
    return at(NAMES.index(act.name) * 3 + act.number % 3, 8 + act.number)


async def history(url: str, plan: list[tuple[list[Act], Weather]], *, numbered: bool) -> Counter[tuple[str, Side]]:
    """Carry out one history; which lies were told in it."""
    store = await open_store(url)
    try:
        stage = Stage(store, numbered=numbered)
        await stage.connect()
        people = People(stage)
        for name in ("s1", "e1"):
            people.do(Act(name, "make", 1))
        await stage.settle(2)
        for done, weather in plan:
            for act in done:
                people.do(act)
            stage.world.lag = weather.lag
            stage.world.calls.weather = None if weather == HONEST else weather
            await stage.sync()
            stage.clock.advance(ELEVEN if weather == HONEST else ELEVEN / 11)
        stage.world.calls.weather = None
        lies = Counter(stage.world.deceived)
        await stage.in_the_end()
        _compare(stage, people.things)
        await stage.assert_at_rest()
        return lies
    finally:
        await store.aclose()


def _compare(stage: Stage, things: dict[str, Event]) -> None:
    """Both sides hold each thing once, as people left it, and nothing else."""
    outside = [
        item for shelf in stage.world.shelves(stage.account.email) for item in stage.world.items(shelf.id).values()
    ]
    for items in (list(stage.world.items(SITE_ID).values()), outside):
        found = sorted((item.event for item in items), key=lambda one: str(one.title))
        assert found == [replace(things[name], busy=True) for name in sorted(things)]


@pytest.mark.timeout(1800 if PROVE else 120)
def test_r24_what_people_did_last_is_what_there_is_whatever_reads_have_told(fresh_url: Callable[[], str]) -> None:
    told: Counter[tuple[str, Side]] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(plan=steps, numbered=st.booleans())
    @example(plan=[([Act("s1", "describe", 1)], HONEST), ([], ALL_AS_BEFORE), ([], ALL_AS_BEFORE)], numbered=False)
    def any_history(plan: list[tuple[list[Act], Weather]], numbered: bool) -> None:
        told.update(asyncio.run(history(fresh_url(), plan, numbered=numbered)))

    any_history()
    for verb, side in itertools.product(("read", "get"), Side):
        assert told[verb, side] > 0, f"no {verb} of the {side} side told anything but the truth"
