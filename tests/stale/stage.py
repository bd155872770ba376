"""One installation in a memory world whose reads can lie, and the hands that change things on both sides.

Not here: which lies are told when (test_table, test_histories).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from adapters.memory import MemoryAccount, MemoryCalendar, Place
from adapters.memory_calls import Caller, Fault
from syncd.model import ChangeSet, Connection, Cursor, Event, Observation, Ref, Side, Window
from syncd.ports import NOTHING_KNOWN, Known
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

READS: Final = ("read", "get", "find")
ELEVEN: Final = timedelta(minutes=11)
HALF_A_DAY: Final = timedelta(hours=12)


class UnnumberedCalendar(MemoryCalendar):
    """A calendar whose versions have no order, as ETags have none."""

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        shown = await super().read(since, known)
        return replace(shown, observations=tuple(_unnumbered(seen) for seen in shown.observations))

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        return {ref: _unnumbered(seen) for ref, seen in (await super().get(refs)).items()}

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        return {key: _unnumbered(seen) for key, seen in (await super().find(keys)).items()}


class UnnumberedAccount(MemoryAccount):
    def open(self, calendar: str, *, zone: str, collection: str) -> MemoryCalendar:
        return UnnumberedCalendar(self._world, Place(calendar, collection, zone), self.capabilities)


def _unnumbered(seen: Observation) -> Observation:
    return replace(seen, sequence=None)


@dataclass
class Stage(Bench):
    """`numbered`: whether the calendars outside count their versions."""

    numbered: bool = True
    lies: Counter[tuple[str, Side]] = field(default_factory=Counter)

    async def _account(self, _: Connection) -> MemoryAccount:
        kind = MemoryAccount if self.numbered else UnnumberedAccount
        return kind(self.world, EMAIL, self.outside)

    async def linked(self, sessions: Sequence[str], events: Sequence[str]) -> None:
        """Sessions with copies and events with blocks; each was edited once where it is from, all is at rest."""
        await self.connect()
        for number, name in enumerate(sessions):
            self.session(name, event(f"{name}?", at(number, 9), description="Bring a mat", location="Room 1"))
        for number, name in enumerate(events):
            self.outside_event(name, event(f"{name}?", at(number, 14), location="High Street"))
        await self.settle(2)
        for name in sessions:
            self.world.edit(SITE_ID, name, Event(title=name))
        for name in events:
            self.world.edit(self.primary, name, Event(title=name))
        await self.settle(2)
        self.world.log.clear()

    async def lied_to(self, weather: Callable[[Caller], Fault | None], passes: int, apart: timedelta) -> None:
        """Passes under a weather; fails unless a read was really answered with something else than the truth."""
        self.world.deceived.clear()
        self.world.calls.weather = weather
        for _ in range(passes):
            await self.sync()
            self.clock.advance(apart)
        self.world.calls.weather = None
        self.lies.update(self.world.deceived)
        assert self.world.deceived, "no read was answered with anything but the truth"

    async def in_the_end(self) -> None:
        """The world tells the truth again: half an hour, then until each calendar was listed as a whole once."""
        await self.settle(3)
        for passes in (1, 2):
            self.clock.advance(HALF_A_DAY)
            await self.settle(passes)

    def written(self) -> Counter[tuple[str, str]]:
        """How often we wrote, by verb and calendar."""
        return Counter((verb, calendar) for verb, calendar, _ in self.world.log)


def lying(fault: Fault, *sides: Side, verbs: Sequence[str] = READS) -> Callable[[Caller], Fault | None]:
    """A weather: every read of these sides by these verbs is answered so."""

    def weather(caller: Caller) -> Fault | None:
        hit = caller.side in sides and caller.verb in verbs and (fault is not Fault.REPLAY or caller.verb != "find")
        return fault if hit else None

    return weather
