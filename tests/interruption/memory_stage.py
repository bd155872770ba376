"""Scenarios in the memory world: people's hands on it, and a stage that is put back for each life.

Not here: the calls of a process (memory_wire), the scenarios.
"""

import asyncio
import contextlib
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from adapters.memory import MemorySite, MemoryWorld
from syncd.connections import Request, Wish, confirm, connect
from syncd.errors import AdapterError, StoreError
from syncd.model import (
    Connection,
    Decision,
    Event,
    Link,
    LinkState,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Timed,
    When,
)
from syncd.normalise import collection_of
from syncd.ports import Changes
from syncd.store import SqlStore, this_process
from syncd.store.database import Database, normalised
from tests.cycle.bench import EMAIL, OTHER, SITE_ID, STAFF, Bench
from tests.interruption.fates import Fate, Killed, What
from tests.interruption.hands import HOME, MADE, SITE, Hands, Like, Lying
from tests.interruption.memory_house import house_for
from tests.interruption.memory_wire import Hitches, MortalStore, Wire
from tests.interruption.rows import Rows, in_memory, put_back, taken, told
from tests.interruption.scenario import Scenario

ELEVEN: Final = timedelta(minutes=11)
STUDIO: Final = Schedule("schedule-studio", ScheduleKind.BUSINESS, "Studio", "studio", "Europe/Berlin")
SCHEDULES: Final = {"anna": STAFF, "ben": OTHER, "business": STUDIO}
MADE_PREFIX: Final = "made-"


@dataclass(slots=True)
class Known:
    """What lies behind the names of a scenario, and what was planned."""

    items: dict[str, Ref] = field(default_factory=dict)
    hitches: Hitches = field(default_factory=Hitches)
    connection: Connection | None = None
    connected: int = 0
    backup: Rows = field(default_factory=dict)

    def copy(self) -> "Known":
        hitches = Hitches(list(self.hitches.acts), list(self.hitches.edits), list(self.hitches.doubts))
        return replace(self, items=dict(self.items), hitches=hitches)


class MemoryHands:
    """The hands of people in a memory world; see hands.Hands for the acts."""

    def __init__(self, bench: Bench, database: Database) -> None:
        self.bench = bench
        self.store: Any = bench.store
        self.known = Known()
        self._database = database
        self.bench.world.site_schedules[SITE_ID].append(STUDIO)
        self.wire()

    @property
    def world(self) -> MemoryWorld:
        return self.bench.world

    def wire(self, fate: Fate | None = None) -> Wire:
        """A new way to the world; what hangs on the old one goes on hanging."""
        old = self.world.calls
        hanging = old.hanging if isinstance(old, Wire) else []
        written = old.written if isinstance(old, Wire) else 0
        wire = Wire(fate=fate or Fate(), hitches=self.known.hitches, hanging=hanging, written=written)
        self.world.calls = wire
        return wire

    # life of the connection

    async def connect(self, schedule: str = "anna", **wish: Any) -> None:
        self.known.connected += 1
        wish = {"calendars": (HOME,), **wish}
        calendars = tuple(self._calendar(name) for name in wish["calendars"])
        chosen = Wish(**{**wish, "calendars": calendars})
        name = SCHEDULES[schedule].id
        request = Request(f"connection-{self.known.connected}", "memory", name, EMAIL, b"", chosen)
        desk = self.bench.desk()
        made = await connect(desk, MemorySite(self.world, SITE_ID), self.bench.account, request)
        await confirm(desk, made)
        self.bench.connection_id = made.id
        self.known.connection = made

    async def configure(self, **wish: Any) -> None:
        if "calendars" in wish:
            wish["calendars"] = tuple(self._calendar(name) for name in wish["calendars"])
        await self.bench.configure(**wish)

    async def disconnect(self) -> None:
        await self.bench.disconnect()

    async def decide(self, decision: Decision) -> int:
        return await self.bench.decide(decision)

    # items

    async def session(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        schedule = SCHEDULES[like.on or "anna"]
        concerned = {part for part in (schedule.id, schedule.resource) if part is not None}
        traits = {"home": schedule.id, "schedules": frozenset(concerned), "participants": like.participants}
        self.known.items[name] = self.world.put(SITE_ID, f"s-{name}", event, **traits)

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        traits = {"guests": like.guests, "private": like.private, "uid": f"e-{name}"}
        self.known.items[name] = self.world.put(self._calendar(like.on or HOME), f"e-{name}", event, **traits)

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        assert isinstance(event.when, Timed)
        for number in range(count):
            when = _later(event.when, timedelta(weeks=number))
            start = when.start.astimezone(ZoneInfo(when.tzid)).replace(tzinfo=None).isoformat()
            traits: dict[str, Any] = {"series": f"series-{name}", "original_start": start}
            one = f"{name} {number + 1}"
            if side is Side.WIX:
                await self.session(one, replace(event, when=when))
            else:
                await self.event(one, replace(event, when=when))
                traits |= {"group": f"e-{name}", "uid": f"e-{name}"}
            ref = self.known.items[one]
            self.world.edit(ref.collection, ref.id, **traits)

    async def calendar(self, name: str) -> None:
        self.world.add_calendar(EMAIL, self._calendar(name), name)

    async def edit(self, name: str, change: Event) -> None:
        ref = self.known.items[name]
        self.world.edit(ref.collection, ref.id, change)

    async def remove(self, name: str) -> None:
        self._remove(self.known.items[name])

    async def edit_copy(self, name: str, change: Event) -> None:
        ref = await self._copy(name)
        self.world.edit(ref.collection, ref.id, change)

    async def remove_copy(self, name: str) -> None:
        self._remove(await self._copy(name))

    async def duplicate_copy(self, name: str) -> None:
        self.known.items[f"duplicate of {name}"] = self.world.copy(await self._copy(name), f"d-{name}")

    async def become(self, name: str, like: Like) -> None:
        ref = self.known.items[name]
        if ref.collection == SITE_ID:
            self.world.edit(ref.collection, ref.id, participants=like.participants)
        else:
            self.world.edit(ref.collection, ref.id, guests=like.guests, private=like.private)

    async def move(self, name: str, calendar: str) -> None:
        self.known.items[name] = self.world.move(self.known.items[name], self._calendar(calendar))

    async def rebase(self, name: str) -> None:
        old = self.known.items[name]
        item = self.world.item(old)
        traits = {one: getattr(item.traits, one) for one in ("series", "original_start", "home", "schedules")}
        self.world.cancel(old.collection, old.id)
        again = self.world.put(SITE_ID, f"{old.id}-again", item.event, participants=item.traits.participants, **traits)
        self.known.items[name] = again

    async def override(self, name: str, **texts: str) -> None:
        await self.bench.override(self.known.items[name].id, **texts)

    def _remove(self, ref: Ref) -> None:
        if ref.collection == SITE_ID:
            self.world.cancel(ref.collection, ref.id)
        else:
            self.world.remove(ref.collection, ref.id)

    async def _copy(self, name: str) -> Ref:
        """What was made of an original for the newest connection, as the world names it."""
        ref = self.known.items[name]
        side = Side.WIX if ref.collection == SITE_ID else Side.EXTERNAL
        links = [link for link in await self.links() if link.connection == self.bench.connection_id]
        found = [link.refs[side.other] for link in links if link.refs[side] == self._stored(ref)]
        assert len(found) == 1, f"{name} has {len(found)} links"
        there = found[0]
        assert there is not None, f"{name} has no copy"
        calendars = [SITE_ID, *(shelf.id for shelf in self.world.shelves(EMAIL))]
        return next(one for id_ in calendars if self._stored(one := Ref(id_, there.id)) == there)

    def _stored(self, ref: Ref) -> Ref:
        """A ref of the world as the store names it."""
        connection = self.known.connection
        assert connection is not None
        return ref if ref.collection == SITE_ID else Ref(collection_of(connection, ref.collection), ref.id)

    def _calendar(self, name: str) -> str:
        return self.bench.primary if name == HOME else f"calendar-{name}"

    # trouble

    async def expire_cursors(self) -> None:
        for shelf in self.world.shelves(EMAIL):
            shelf.expire()

    async def meanwhile(self, side: Side, verb: str, act: Callable[[Hands], Awaitable[None]]) -> None:
        self.known.hitches.acts.append((side, verb, lambda: act(self)))

    async def answer_with_edit(self, side: Side) -> None:
        self.known.hitches.edits.append(side)

    async def refuse(self, side: Side, title: str) -> None:
        self.world.refuses_titles.add((side, title))

    async def refuse_as_stale(self, side: Side) -> None:
        self.known.hitches.doubts.append((side, self._all_versions_ahead))

    @contextmanager
    def _all_versions_ahead(self) -> Iterator[None]:
        """Meanwhile every item is at the version after its own."""
        lying = [(shelf, shelf.items) for owner in (SITE_ID, EMAIL) for shelf in self.world.shelves(owner)]
        for shelf, items in lying:
            shelf.items = {id_: replace(item, version=item.version + 1) for id_, item in items.items()}
        try:
            yield
        finally:
            for shelf, items in lying:
                shelf.items = items

    async def lose_database(self) -> None:
        await put_back(self._database, {})
        await self.connect()

    async def back_up(self) -> None:
        self.known.backup = await taken(self._database)

    async def restore(self) -> None:
        await put_back(self._database, self.known.backup)
        careful = [replace(one, careful=True) for one in await self.store.connections()]
        await self.store.commit(Changes(connections=careful), None)

    # time, and what is there

    async def sync(self) -> None:
        for result in await self.bench.sync_all():
            assert result.error is None, f"{result.error}"

    def advance(self, by: timedelta) -> None:
        self.bench.clock.advance(by)

    def writes(self) -> int:
        calls = self.world.calls
        assert isinstance(calls, Wire)
        return calls.written

    def planned(self) -> int:
        hitches = self.known.hitches
        return len(hitches.acts) + len(hitches.edits) + len(hitches.doubts)

    def mailed(self) -> int:
        return len(self.world.mailed)

    async def stored(self) -> str:
        return await told(self._database)

    async def raw(self) -> list[Lying]:
        shelves = {shelf.id: shelf.name for shelf in self.world.shelves(EMAIL)}
        made = [id_ for id_ in shelves if id_.startswith(MADE_PREFIX)]
        ours = {id_: MADE if number == 1 else f"{MADE} {number}" for number, id_ in enumerate(made, 1)}
        names = {SITE_ID: SITE, **shelves, **ours, self.bench.primary: HOME}
        return [
            Lying(
                place,
                item.event,
                ours=item.traits.mark is not None,
                private=item.traits.private,
                ref=self._stored(Ref(calendar, item.id)),
            )
            for calendar, place in names.items()
            for item in self.world.items(calendar).values()
        ]

    async def links(self) -> list[Link]:
        every = [await self.store.links(one.id) for one in await self.store.connections()]
        return [link for links in every for link in links if link.state is LinkState.LIVE]


def _later(when: When, by: timedelta) -> Timed:
    """The same wall-clock time, later."""
    assert isinstance(when, Timed)
    zone = ZoneInfo(when.tzid)
    start, end = (moment.astimezone(zone) + by for moment in (when.start, when.end))
    return Timed(start.astimezone(UTC), end.astimezone(UTC), when.tzid)


class MemoryStage:
    """A scenario in the memory world, put back for each life."""

    def __init__(self, hands: MemoryHands, database: Database, name: str) -> None:
        self.name = name
        self._hands = hands
        self._database = database
        self._world = b""
        self._known = Known()
        self._rows: Rows = {}
        self._runs = 0

    @property
    def hands(self) -> MemoryHands:
        return self._hands

    async def prepared(self) -> None:
        """What lies there now is where every life begins."""
        hands = self._hands
        self._known, self._runs = hands.known.copy(), hands.bench.runs
        hands.world.calls = Wire()  # acts of people are no part of the world
        self._world = pickle.dumps(hands.world, pickle.HIGHEST_PROTOCOL)
        hands.wire()
        self._rows = await taken(self._database)

    async def fresh(self) -> None:
        hands = self._hands
        world: MemoryWorld = pickle.loads(self._world)  # noqa: S301 - our own
        bench = hands.bench.restarted(hands.bench.store, world)
        hands.bench, hands.known = bench, self._known.copy()
        bench.runs = self._runs
        hands.wire()
        await put_back(self._database, self._rows)

    async def run(self, fate: Fate, passes: int) -> None:
        hands = self._hands
        store = cast("SqlStore", MortalStore(hands.bench.store, fate))
        doomed = hands.bench.restarted(store, hands.world)
        doomed.owner = replace(this_process(), started="a process that has ended")
        hands.wire(fate)
        try:
            for _ in range(passes):
                await _attempt(doomed)
                hands.advance(ELEVEN)
        except Killed:
            hands.advance(ELEVEN)
        await _ended()
        hands.wire()
        hands.bench.runs = doomed.runs

    async def release(self, moment: str) -> None:
        due = {"born": (What.HUNG,), "passed": (What.LATE, What.HUNG_LONG)}[moment]
        wire = self._hands.world.calls
        assert isinstance(wire, Wire)
        arrived = [apply for what, apply in wire.hanging if what in due]
        wire.hanging[:] = [one for one in wire.hanging if one[0] not in due]
        for apply in arrived:
            with contextlib.suppress(AdapterError):
                await apply()


async def _attempt(bench: Bench) -> None:
    """One pass; a database that fails ends it, as it ends a pass of the service."""
    with contextlib.suppress(StoreError):
        await bench.sync_all()


async def _ended() -> None:
    """Nothing of a process runs on."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*left, return_exceptions=True)


@asynccontextmanager
async def memory_stage(scenario: Scenario, database_url: str) -> AsyncIterator[MemoryStage]:
    """A stage on this database; an empty address is SQLite in memory."""
    database = Database(normalised(database_url)) if database_url else await in_memory()
    try:
        hands = MemoryHands(house_for(scenario, SqlStore(database)), database)
        await scenario.prepare(hands)
        kind = "postgresql" if database_url.startswith("postgres") else "sqlite"
        stage = MemoryStage(hands, database, f"memory/{kind}")
        await stage.prepared()
        yield stage
    finally:
        await database.aclose()
