"""The memory adapter as a subject: with all abilities, with some taken away, and as a site."""

import dataclasses
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from adapters.memory import FULL, MemoryAccount, MemoryClock, MemorySite, MemoryWorld
from syncd.model import Event, Field, Ref, Schedule, ScheduleKind, Timed
from syncd.ports import Capabilities
from tests.contract.cases import BERLIN, COLLECTION, NOW, yoga
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject

INSTANCE: Final = "site-1"
MARA: Final = Schedule("schedule-mara", ScheduleKind.STAFF, "Mara", "resource-mara", BERLIN)
JONAS: Final = Schedule("schedule-jonas", ScheduleKind.STAFF, "Jonas", "resource-jonas", BERLIN)
WHOLE: Final = Schedule("schedule-business", ScheduleKind.BUSINESS, "Studio", "business", BERLIN)
LIMITED: Final = dataclasses.replace(FULL, limits={Field.TITLE: 200, Field.DESCRIPTION: 4000})


@dataclass(slots=True)
class MemoryHands(Hands):
    """`collection`: what refs carry. `traits`: what each item that a person makes has beside its fields."""

    world: MemoryWorld
    calendar: str
    collection: str
    traits: dict[str, Any] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def put(self, event: Event) -> Ref:
        return self._put(event, self.traits)

    async def edit(self, ref: Ref, event: Event) -> None:
        self.world.edit(self.calendar, ref.id, event)

    async def remove(self, ref: Ref) -> None:
        if self.calendar == INSTANCE:
            self.world.cancel(self.calendar, ref.id)
        else:
            self.world.remove(self.calendar, ref.id)

    async def raw(self, ref: Ref) -> str:
        return str(self.world.item(Ref(self.calendar, ref.id)))

    async def mailed(self) -> int:
        guests = sum(item.traits.guests for item in self.world.items(self.calendar).values())
        return len(self.world.mailed) + guests

    async def titles(self) -> Sequence[str]:
        return sorted(str(item.event.title) for item in self.world.items(self.calendar).values())

    async def copy(self, ref: Ref) -> Ref:
        return Ref(self.collection, self.world.copy(Ref(self.calendar, ref.id)).id)

    async def edit_behind(self, event: Event) -> None:
        self.world.stranger = lambda ref: self.world.edit(ref.collection, ref.id, event)
        for verb in ("create", "update"):
            self.world.faults[verb] = ["foreign"]

    async def put_series(self, event: Event, count: int) -> str:
        assert isinstance(event.when, Timed)
        for number in range(count):
            by = timedelta(days=number)
            when = Timed(event.when.start + by, event.when.end + by, event.when.tzid)
            original = when.start.replace(tzinfo=None).isoformat()
            traits = {"group": "series-1", "series": "series-1", "original_start": original}
            self.world.put(self.calendar, f"series-1#{original}", event.put({Field.WHEN: when}), **traits)
        return "series-1"

    async def expire_cursors(self) -> None:
        self.world.expire_cursors(self.calendar)

    async def remove_calendar(self, calendar: str) -> None:
        self.world.remove_calendar(calendar)

    async def book(self, ref: Ref, n: int) -> None:
        self.world.book(Ref(self.calendar, ref.id), n)

    async def put_on(self, schedule: Schedule, event: Event) -> Ref:
        return self._put(event, _on(schedule))

    def _put(self, event: Event, traits: Mapping[str, Any]) -> Ref:
        name = f"by-hand-{next(self.numbers)}"
        self.world.put(self.calendar, name, event, **traits)
        return Ref(self.collection, name)


def _on(schedule: Schedule) -> dict[str, Any]:
    names = {schedule.id, *([schedule.resource] if schedule.resource else [])}
    return {"home": schedule.id, "schedules": frozenset(names)}


def _account(name: str, capabilities: Capabilities, *missing: str) -> Subject:
    @asynccontextmanager
    async def opened(_server: str) -> AsyncIterator[Stage]:
        world = MemoryWorld(MemoryClock(NOW))
        account = MemoryAccount(world, "anna@example.test", capabilities)
        main = world.default_calendar("anna@example.test")
        calendar = account.open(main, zone=BERLIN, collection=COLLECTION)
        hands = MemoryHands(world, main, COLLECTION)
        never = Ref(COLLECTION, "never-there")
        yield Stage(calendar, hands, never, account=account, unacceptable=yoga(title="x" * 201))
        await account.aclose()

    return Subject(name, opened, ABILITIES - {"site", *missing})


@asynccontextmanager
async def _site(_server: str) -> AsyncIterator[Stage]:
    world = MemoryWorld(MemoryClock(NOW))
    world.add_site(INSTANCE, MARA, JONAS, WHOLE)
    site = MemorySite(world, INSTANCE)
    hands = MemoryHands(world, INSTANCE, INSTANCE, _on(MARA))
    bad = yoga(title="x" * 201)
    yield Stage(site.on(MARA, "memory"), hands, Ref(INSTANCE, "never-there"), site=site, unacceptable=bad)
    await site.aclose()


MEMORY: Final = (
    _account("memory", LIMITED),
    _account("memory-no-delta", dataclasses.replace(LIMITED, delta=False), "delta", "expire"),
    _account("memory-unconditional", dataclasses.replace(LIMITED, conditional_write=False), "conditional_write"),
    _account("memory-unkeyed-bulk", dataclasses.replace(LIMITED, keyed_bulk=False), "keyed_bulk"),
    Subject("memory-site", _site, ABILITIES - {"delta", "expire", "keyed_bulk", "series", "account", "kept"}),
)
