"""Reads of the memory adapter that a lagging replica answers: the world as it was, nothing lost behind a cursor."""

import pytest

from adapters.memory import MemoryAccount, MemoryCalendar, MemoryClock, MemoryWorld
from adapters.memory_calls import Caller, Fault
from syncd.model import Event, Gone, Side
from tests.contract.cases import BERLIN, NOW, WINDOW, YOGA, draft, key, seen, yoga

EMAIL = "anna@example.test"


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld(MemoryClock(NOW))


@pytest.fixture
def calendar(world: MemoryWorld) -> MemoryCalendar:
    account = MemoryAccount(world, EMAIL)
    return account.open(world.default_calendar(EMAIL), zone=BERLIN, collection="calendar-1")


async def titles(calendar: MemoryCalendar) -> list[object]:
    return [one.event.title for one in (await calendar.read(WINDOW)).observations]


async def test_a_stale_read_shows_everything_as_it_was_before_the_last_changes(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    for name in ("one", "two"):
        world.put(calendar.collection, name, yoga(title=name))
    world.edit(calendar.collection, "one", Event(title="one again"))
    world.remove(calendar.collection, "two")
    world.faults["read"] = ["stale", "stale"]
    shown = [await titles(calendar)]
    world.lag = 3
    shown += [await titles(calendar), await titles(calendar)]
    assert shown == [["one again", "two"], ["one"], ["one again"]]
    assert world.deceived == [("read", Side.EXTERNAL)] * 2


async def test_a_stale_read_by_id_does_not_know_what_was_made_last_nor_that_something_is_gone(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    gone = world.put(calendar.collection, "gone", YOGA)
    made = seen((await calendar.create([draft()]))[0]).ref
    world.faults["get"] = ["stale", "stale"]
    absence = (await calendar.get([made]))[made].absence
    assert absence is not None
    assert absence.kind is Gone.GONE
    world.remove(calendar.collection, "gone")
    assert (await calendar.get([gone]))[gone].absence is None
    assert (await calendar.get([gone]))[gone].absence is not None
    assert world.deceived == [("get", Side.EXTERNAL)] * 2


async def test_a_stale_search_does_not_find_what_was_made_last(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    await calendar.create([draft()])
    world.faults["find"] = ["stale"]
    assert [set(await calendar.find([key("yoga")])) for _ in range(2)] == [set(), {key("yoga")}]


async def test_behind_a_stale_read_with_a_cursor_no_change_is_lost(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    world.put(calendar.collection, "one", yoga(title="Old"))
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    world.edit(calendar.collection, "one", Event(title="New"))
    world.faults["read"] = ["stale"]
    stale = await calendar.read(cursor)
    assert (stale.observations, stale.complete) == ((), True)
    assert stale.cursor is not None
    assert [one.event.title for one in (await calendar.read(stale.cursor)).observations] == ["New"]


async def test_a_replica_behind_the_cursor_itself_gives_it_back(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.put(calendar.collection, "one", YOGA)
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    world.faults["read"] = ["stale"]
    stale = await calendar.read(cursor)
    assert (stale.observations, stale.cursor) == ((), cursor)
    assert world.deceived == []


async def test_the_weather_decides_where_no_fault_waits(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    asked: list[tuple[str, Side]] = []

    def weather(caller: Caller) -> Fault | None:
        asked.append((caller.verb, caller.side))
        return Fault.STALE if caller.verb == "read" else None

    world.put(calendar.collection, "one", YOGA)
    world.calls.weather = weather
    world.faults["read"] = ["cut"]
    assert not (await calendar.read(WINDOW)).complete
    assert await titles(calendar) == []
    await calendar.check()
    assert asked == [("read", Side.EXTERNAL), ("check", Side.EXTERNAL)]
