"""A whole installation in one process: a memory world with a site and an account, a store, and passes over it."""

import asyncio
import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from adapters.memory import FULL, SITE, MemoryAccount, MemoryClock, MemorySite, MemoryWorld
from syncd.connections import Desk, Names, Wish, configure, disconnect
from syncd.model import (
    AllDay,
    Connection,
    Decision,
    Event,
    Override,
    Plan,
    Ref,
    Schedule,
    ScheduleKind,
    SyncConfig,
    Timed,
    When,
)
from syncd.normalise import calendar_key, collection_of, covers
from syncd.ports import Capabilities, Changes, HistoryRow, Owner, Touch
from syncd.run import Pass, Result, Rules
from syncd.site import sync_site
from syncd.store import SqlStore, this_process

SITE_ID = "site-1"
STAFF = Schedule("schedule-anna", ScheduleKind.STAFF, "Anna", "resource-anna", "Europe/Berlin", owner="user-anna")
OTHER = Schedule("schedule-ben", ScheduleKind.STAFF, "Ben", "resource-ben", "Europe/Berlin", owner="user-ben")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
EMAIL = "anna@example.org"


def at(day: int, hour: int, hours: float = 1.0) -> Timed:
    """A span `day` days after the first Monday, in UTC hours."""
    start = MONDAY.replace(hour=hour) + timedelta(days=day)
    return Timed(start, start + timedelta(hours=hours), "Europe/Berlin")


def days(first: int, count: int = 1) -> AllDay:
    start = date(2026, 3, 2) + timedelta(days=first)
    return AllDay(start, start + timedelta(days=count))


def event(title: str | None, when: When, **fields: object) -> Event:
    return Event(when=when, title=title, **{"description": None, "location": None, "busy": True, **fields})  # type: ignore[arg-type]


@dataclass
class Bench:
    """One site, one account, one connection. `world` and `store` outlive any pass, as the real ones do."""

    store: SqlStore
    clock: MemoryClock = field(default_factory=lambda: MemoryClock(MONDAY))
    rules: Rules = field(default_factory=lambda: Rules(bridge="bridge-1"))
    outside: Capabilities = FULL
    inside: Capabilities = SITE
    runs: int = 0
    owner: Owner = field(default_factory=this_process)

    def __post_init__(self) -> None:
        self.world = MemoryWorld(self.clock)
        self.world.add_site(SITE_ID, STAFF, OTHER)
        self.primary = self.world.add_account(EMAIL)
        self.account = MemoryAccount(self.world, EMAIL, self.outside)

    async def connect(self, schedule: Schedule = STAFF, **config: object) -> Connection:
        """A confirmed connection of the schedule, importing the primary calendar."""
        chosen = SyncConfig(**{"calendars": (self.primary,), **config})  # type: ignore[arg-type]
        identity = self.world.identity(EMAIL)
        connection = Connection(
            f"connection-{schedule.id}", SITE_ID, "memory", schedule, identity, EMAIL, chosen, confirmed=True
        )
        await self.store.commit(Changes(connections=[connection]), None)
        self.connection_id = connection.id
        return connection

    async def connection(self) -> Connection:
        found = await self.store.connection(self.connection_id)
        assert found is not None
        return found

    @property
    def outside_calendar(self) -> str:
        """The dedicated calendar's id in the world."""
        return next(s.id for s in self.world.shelves(EMAIL) if s.id != self.primary)

    # passes

    def work(self, **options: object) -> Pass:
        self.runs += 1
        return Pass(f"run-{self.runs}", self.store, self.clock, self.owner, self.rules, **options)  # type: ignore[arg-type]

    async def sync(self) -> Result:
        """One real pass; the result of the connection."""
        return (await self.sync_all())[0]

    async def sync_all(self) -> list[Result]:
        site = MemorySite(self.world, SITE_ID, self.inside)
        return await sync_site(self.work(), site, await self.store.connections(), self._account)

    async def dry(self) -> Plan:
        """The plan of a dry run."""
        async with self.store.snapshot() as copy:
            site = MemorySite(self.world, SITE_ID, self.inside)
            work = replace(self.work(dry=True), store=copy)
            results = await sync_site(work, site, await copy.connections(), self._account)
        assert results[0].error is None, results[0].error
        assert results[0].plan is not None
        return results[0].plan

    async def _account(self, _: Connection) -> MemoryAccount:
        return MemoryAccount(self.world, EMAIL, self.outside)

    async def settle(self, passes: int = 4) -> list[Result]:
        """Passes eleven minutes apart."""
        found = []
        for _ in range(passes):
            found.append(await self.sync())
            self.clock.advance(timedelta(minutes=11))
        return found

    async def assert_at_rest(self) -> None:
        """Nothing pending but what is held or quarantined; two passes eleven minutes apart write nothing."""
        for _ in range(2):
            self.clock.advance(timedelta(minutes=11))
            before = len(self.world.log)
            result = await self.sync()
            assert result.error is None, result.error
            assert self.world.log[before:] == []

    # hands

    def session(self, id_: str, what: Event, schedule: Schedule = STAFF, **traits: object) -> Ref:
        """A session on a schedule, made by a person."""
        given = {"home": schedule.id, "schedules": frozenset({schedule.id}), **traits}
        return self.world.put(SITE_ID, id_, what, **given)

    def outside_event(self, id_: str, what: Event, **traits: object) -> Ref:
        return self.world.put(self.primary, id_, what, **traits)

    def inside_titles(self) -> list[str]:
        return sorted(str(item.event.title) for item in self.world.items(SITE_ID).values())

    def exported(self) -> dict[str, Event]:
        """Title → event of everything in the dedicated calendar; fails when two have one title."""
        found: dict[str, Event] = {}
        for item in self.world.items(self.outside_calendar).values():
            assert str(item.event.title) not in found, "doubled"
            found[str(item.event.title)] = item.event
        return found

    def exported_id(self, title: str) -> str:
        items = self.world.items(self.outside_calendar)
        return next(id_ for id_, item in items.items() if item.event.title == title)

    def blocks(self) -> dict[str, Event]:
        """Title → event of every session that bears a mark of ours."""
        items = self.world.items(SITE_ID).values()
        return {str(item.event.title): item.event for item in items if item.traits.mark is not None}

    def block_id(self, title: str) -> str:
        items = self.world.items(SITE_ID)
        return next(i for i, item in items.items() if item.traits.mark is not None and item.event.title == title)

    async def override(self, session: str, **texts: str) -> None:
        await self.store.put_override(SITE_ID, "session", session, Override(**texts), self.clock.now())

    def desk(self) -> Desk:
        """Where a person changes connections."""
        bridge, now = self.rules.bridge, self.clock.now()
        names = Names(collection_of, lambda schedule, number: calendar_key(bridge, schedule, number), covers)
        return Desk(self.store, names, this_process(), now, self.rules.window(now), asyncio.sleep)

    async def configure(self, **wish: object) -> Connection:
        """`syncd configure`, with the wishes of syncd.connections.Wish."""
        chosen = Wish(**wish)  # type: ignore[arg-type]
        return await configure(self.desk(), self.account, await self.connection(), chosen)

    async def disconnect(self) -> None:
        """`syncd disconnect`; the next pass removes what was made."""
        await disconnect(self.desk(), await self.connection())

    async def history(self, rule: str) -> list[HistoryRow]:
        """What was done under a rule, the newest first."""
        rows = await self.store.history(connection=self.connection_id, limit=1000)
        return [row for row in rows if row.rule == rule]

    async def noted(self, rule: str) -> int:
        """How many items are left as they are and listed under a rule."""
        return sum(note.rule == rule for note in await self.store.notes(self.connection_id))

    def edit_copy(self, title: str, change: Event) -> None:
        """A person edits the exported copy of this title."""
        self.world.edit(self.outside_calendar, self.exported_id(title), change)

    def restarted(self, store: SqlStore, world: MemoryWorld) -> "Bench":
        """The same installation after a restart, on this store and in this world."""
        other = copy.copy(self)
        other.store, other.world = store, world
        assert isinstance(world.clock, MemoryClock)
        other.clock = world.clock
        other.account = MemoryAccount(world, EMAIL, self.outside)
        return other

    def raw(self) -> dict[str, list[str]]:
        """Everything that lies on both sides, by calendar: fields and whether we made it, without ids."""
        calendars = [SITE_ID, *sorted(shelf.id for shelf in self.world.shelves(EMAIL))]
        return {
            name: sorted(f"{item.event} {item.traits.mark is not None}" for item in self.world.items(name).values())
            for name in calendars
        }

    async def decide(self, decision: Decision) -> int:
        rows = await self.store.holds()
        decided = 0
        for group in {row.group for row in rows}:
            decided += len(await self.store.decide(group, decision, self.clock.now()))
        return decided

    def collection(self, connection: Connection, calendar: str) -> str:
        return collection_of(connection, calendar)

    async def touch(self, touches: list[Touch]) -> None:
        await self.store.commit(Changes(touched=touches), None)
