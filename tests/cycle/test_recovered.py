"""What becomes of writes whose reply was lost, that took too long, or that a side keeps refusing. R15, R24, R27.

Not here: kills at each step (tests/interruption).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory import FULL, SITE, MemoryAccount, MemorySite
from adapters.memory_site import Scope
from syncd.errors import AdapterError, Rejected
from syncd.model import Connection, Event, Field, Ref, Side, Timed
from syncd.ports import Changes
from syncd.run import Result
from syncd.site import sync_site
from tests.cycle.bench import EMAIL, OTHER, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9))
DENTIST = event("Dentist", at(1, 14))
ELEVEN = timedelta(minutes=11)
SECOND = "ben@example.org"


class _Minutes(MemorySite):
    """A site that keeps whole minutes only."""

    def _within(self, scope: Scope) -> MemorySite:
        return _Minutes(self._world, self.collection, self.capabilities, rewrites=self._rewrites, scope=scope)

    def _fit(self, event: Event, ref: Ref) -> Event:
        event = super()._fit(event, ref)
        if isinstance(event.when, Timed):
            start, end = (one.replace(second=0) for one in (event.when.start, event.when.end))
            event = event.put({Field.WHEN: Timed(start, end, event.when.tzid)})
        return event


class _NoPlaces(MemorySite):
    """A site that refuses every location, and says so only when one comes."""

    def _within(self, scope: Scope) -> MemorySite:
        return _NoPlaces(self._world, self.collection, self.capabilities, rewrites=self._rewrites, scope=scope)

    def _fit(self, event: Event, ref: Ref) -> Event:
        if isinstance(event.location, str) and event.location:
            raise Rejected("no such place", side=self.side.value, ref=str(ref))
        return super()._fit(event, ref)


async def sync_with(bench: Bench, site: MemorySite) -> Result:
    """One pass against this site, then eleven minutes."""

    async def account(_: Connection) -> MemoryAccount:
        return bench.account

    (result,) = await sync_site(bench.work(), site, await bench.store.connections(), account)
    bench.clock.advance(ELEVEN)
    return result


def seconds(when: Timed, count: int) -> Timed:
    return Timed(when.start + timedelta(seconds=count), when.end + timedelta(seconds=count), when.tzid)


def start_of(bench: Bench, calendar: str, title: str) -> datetime:
    (found,) = [item.event.when for item in bench.world.items(calendar).values() if item.event.title == title]
    assert isinstance(found, Timed)
    return found.start


# the reply of a create


@pytest.mark.rule("R5")
@pytest.mark.parametrize("edit", [Event(title="Yoga (bring towel)", when=at(1, 10)), Event(location="Garden")])
async def test_an_edit_of_a_copy_whose_creation_was_not_answered_travels(bench: Bench, edit: Event) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    bench.world.faults["create"] = ["lose"]
    await bench.sync()
    bench.clock.advance(timedelta(hours=1))
    bench.edit_copy("Yoga", edit)
    await bench.settle(3)
    expected = edit.over(YOGA)
    assert [copy for _, copy in bench.exported().items()] == [expected]
    assert bench.world.items(SITE_ID)["s1"].event == expected
    await bench.assert_at_rest()


@pytest.mark.rule("R4")
async def test_an_edit_of_a_block_whose_creation_was_not_answered_travels(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    bench.world.faults["create"] = ["lose"]
    await bench.sync()
    bench.clock.advance(timedelta(hours=1))
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(when=at(1, 16)))
    await bench.settle(3)
    assert bench.world.items(bench.primary)["e1"].event.when == at(1, 16)
    assert bench.blocks()["Dentist"].when == at(1, 16)
    await bench.assert_at_rest()


@pytest.mark.rule("R24", "R4")
async def test_a_block_whose_creation_was_not_answered_is_as_we_made_it_though_the_site_drops_the_seconds(
    bench: Bench,
) -> None:
    site, told = _Minutes(bench.world, SITE_ID, SITE), seconds(at(1, 14), 30)
    await bench.connect()
    bench.outside_event("e1", event("Dentist", told))
    bench.world.faults["create"] = ["lose"]
    await sync_with(bench, site)
    assert len(await bench.store.open_writes(bench.connection_id)) == 1
    for _ in range(3):
        await sync_with(bench, site)
    assert start_of(bench, SITE_ID, "Dentist") == at(1, 14).start
    assert bench.world.items(bench.primary)["e1"].event.when == told
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(when=at(1, 16)))
    await sync_with(bench, site)
    assert bench.world.items(bench.primary)["e1"].event.when == at(1, 16)


@pytest.mark.rule("R5")
async def test_an_edit_between_a_creation_and_its_answer_travels(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    bench.world.faults["create"] = ["foreign"]
    await bench.settle(3)
    location = bench.exported()["Yoga"].location
    assert location is not None
    assert bench.world.items(SITE_ID)["s1"].event.location == location
    await bench.assert_at_rest()


@pytest.mark.rule("R1", "R24")
async def test_a_creation_that_was_not_answered_and_not_touched_is_no_change(bench: Bench) -> None:
    bench.outside = replace(FULL, limits={Field.DESCRIPTION: 10})
    bench.account = MemoryAccount(bench.world, EMAIL, bench.outside, rewrites=True)
    await bench.connect(calendars=())
    bench.session("s1", event("Yoga", at(1, 9), description="Bring a mat and a towel"))
    bench.world.faults["create"] = ["lose"]
    await bench.sync()
    await bench.assert_at_rest()
    assert bench.exported()["Yoga"].description == "Bring a ma"
    assert bench.world.items(SITE_ID)["s1"].event.description == "Bring a mat and a towel"


# the reply of an update


@pytest.mark.rule("R24", "R10")
async def test_an_update_whose_reply_was_lost_is_ours_though_the_site_rounds_the_time(bench: Bench) -> None:
    site = _Minutes(bench.world, SITE_ID, SITE)
    await bench.connect()
    bench.outside_event("e1", event("Dentist", seconds(at(1, 14), 30)))
    await sync_with(bench, site)
    moved = seconds(at(1, 15), 30)
    bench.world.edit(bench.primary, "e1", Event(when=moved))
    bench.world.faults["update"] = ["lose"]
    for _ in range(4):
        await sync_with(bench, site)
    assert bench.world.items(bench.primary)["e1"].event.when == moved
    assert start_of(bench, SITE_ID, "Dentist") == at(1, 15).start
    assert ("update", bench.primary, "e1") not in bench.world.log


@pytest.mark.rule("R24")
async def test_what_the_site_makes_of_a_time_is_no_edit_of_the_block(bench: Bench) -> None:
    site = _Minutes(bench.world, SITE_ID, SITE)
    await bench.connect()
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    await sync_with(bench, site)
    moved = seconds(at(1, 15), 30)
    bench.world.edit(bench.primary, "e1", Event(when=moved))
    for _ in range(4):
        await sync_with(bench, site)
    assert start_of(bench, SITE_ID, "Dentist") == at(1, 15).start
    assert bench.world.items(bench.primary)["e1"].event.when == moved


# the reply of a deletion


@pytest.mark.rule("R15")
async def test_deletions_whose_replies_were_lost_count_toward_the_limit(bench: Bench) -> None:
    await bench.connect(calendars=())
    for number in range(60):
        bench.session(f"s{number}", event(f"Class {number}", at(number % 28, 9)))
    await bench.settle(2)
    for number in range(0, 40, 10):
        for one in range(number, number + 10):
            bench.world.cancel(SITE_ID, f"s{one}")
        bench.world.faults["delete"] = ["lose"] * 4
        await bench.settle(1)
        bench.world.faults["delete"] = []
        await bench.settle(1)
    assert len(bench.exported()) == 50
    assert len(await bench.store.holds(bench.connection_id)) == 30


@pytest.mark.rule("R32")
async def test_writes_whose_replies_were_lost_count_as_alternating(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await bench.settle(2)
    written = 0
    for number in range(8):
        bench.world.edit(SITE_ID, "s1", Event(location=("Room 1", "Room 2")[number % 2]))
        bench.world.faults["update"] = ["lose"]
        before = len(bench.world.log)
        await bench.settle(1)
        bench.world.faults["update"] = []
        await bench.settle(1)
        written += len(bench.world.log) - before
    assert written == 3


# no answer in time


async def with_two_people(bench: Bench) -> Callable[[Connection], Awaitable[MemoryAccount]]:
    """Two connections of one site, Anna's first; each call of hers carries one event, one after the other."""
    first = await bench.connect(calendars=())
    bench.world.add_account(SECOND)
    second = replace(first, id="z-ben", schedule=OTHER, identity=bench.world.identity(SECOND), email=SECOND)
    await bench.store.commit(Changes(connections=[second]), None)
    for number in range(5):
        bench.session(f"a{number}", event(f"Class {number}", at(number, 9)))
    bench.session("b0", event("Pilates", at(1, 9)), OTHER)

    async def account(connection: Connection) -> MemoryAccount:
        slow = replace(FULL, max_batch=1, max_in_flight=1)
        return MemoryAccount(bench.world, connection.email, slow if connection.email == EMAIL else FULL)

    return account


def fails(bench: Bench, verb: str, errors: list[Exception]) -> None:
    """The next calls of this verb end so before they take effect."""

    def hook(called: str, moment: str) -> None:
        if (called, moment) == (verb, "before") and errors:
            raise errors.pop()

    bench.world.interrupt = hook


def copies_of(bench: Bench, email: str) -> list[str]:
    shelves = [shelf.id for shelf in bench.world.shelves(email)]
    return sorted(str(item.event.title) for name in shelves for item in bench.world.items(name).values())


@pytest.mark.rule("R27")
async def test_three_calls_without_an_answer_stop_one_connection_and_not_the_others(bench: Bench) -> None:
    account = await with_two_people(bench)
    site = MemorySite(bench.world, SITE_ID, SITE)
    fails(bench, "create", [TimeoutError(), TimeoutError(), TimeoutError()])
    first, second = await sync_site(bench.work(), site, await bench.store.connections(), account)
    assert isinstance(first.error, AdapterError)
    assert (second.error, second.written) == (None, 1)
    assert copies_of(bench, SECOND) == ["Pilates"]
    assert len(await bench.store.open_writes(bench.connection_id)) == 3
    for _ in range(2):
        bench.clock.advance(ELEVEN)
        results = await sync_site(bench.work(), site, await bench.store.connections(), account)
        assert [one.error for one in results] == [None, None]
    assert copies_of(bench, EMAIL) == [f"Class {number}" for number in range(5)]
    assert await bench.store.open_writes(bench.connection_id) == []


@pytest.mark.rule("R22", "R27")
@pytest.mark.parametrize("verb", ["make_calendar", "identity", "create"])
@pytest.mark.parametrize("error", [TimeoutError(), KeyError("unexpected")], ids=["no answer", "a defect"])
async def test_whatever_goes_wrong_in_one_turn_the_others_have_theirs(
    bench: Bench, verb: str, error: Exception
) -> None:
    account = await with_two_people(bench)
    site = MemorySite(bench.world, SITE_ID, SITE)
    fails(bench, verb, [error])
    results = await sync_site(bench.work(), site, await bench.store.connections(), account)
    assert len(results) == 2
    assert results[1].error is None
    assert copies_of(bench, SECOND) == ["Pilates"]
    for _ in range(2):
        bench.clock.advance(ELEVEN)
        results = await sync_site(bench.work(), site, await bench.store.connections(), account)
        assert [one.error for one in results] == [None, None]
    assert copies_of(bench, EMAIL) == [f"Class {number}" for number in range(5)]


# intents that stay open


@pytest.mark.rule("R4")
async def test_a_dry_run_prints_the_digest_of_the_pass_though_an_intent_stays_open(bench: Bench) -> None:
    await bench.connect()
    for number in range(3):
        bench.outside_event(f"e{number}", event(f"Event {number}", at(number, 14)))
    bench.world.faults["create"] = ["late"]
    await bench.sync()
    planned = await bench.dry()
    result = await bench.sync()
    assert result.plan is not None
    assert planned.digest == result.plan.digest
    assert bench.world.log == []
    bench.world.release()
    await bench.settle(2)
    assert set(bench.blocks()) == {"Event 0", "Event 1", "Event 2"}
    assert len(bench.world.items(SITE_ID)) == 3
    await bench.assert_at_rest()


# what a side keeps refusing


@pytest.mark.rule("R27")
async def test_a_refused_edit_that_is_taken_back_is_quarantined_no_more(bench: Bench) -> None:
    bench.outside = replace(FULL, series_edit=False)
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await bench.settle(2)
    copy = bench.exported_id("Yoga")
    bench.world.edit(bench.outside_calendar, copy, series="series-9", original_start="2026-03-03T10:00:00")
    await bench.settle(1)
    bench.world.edit(SITE_ID, "s1", Event(location="Garden"))
    await bench.settle(1)
    assert (await bench.store.tally(bench.connection_id))["quarantined"] == 1
    bench.world.edit(SITE_ID, "s1", Event(location=None))
    await bench.settle(1)
    tally = await bench.store.tally(bench.connection_id)
    assert (tally["quarantined"], tally["pending"]) == (0, 0)
    await bench.assert_at_rest()


@pytest.mark.rule("R5", "R7")
async def test_an_event_that_loses_its_title_blocks_as_busy_and_still_moves_its_block(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    bench.world.edit(bench.primary, "e1", Event(title=None, when=at(1, 16)))
    await bench.settle(3)
    assert bench.blocks() == {"Busy": event("Busy", at(1, 16))}
    await bench.assert_at_rest()
    bench.world.edit(bench.primary, "e1", Event(when=at(2, 16)))
    await bench.settle(2)
    assert bench.blocks() == {"Busy": event("Busy", at(2, 16))}
    assert bench.world.items(bench.primary)["e1"].event == event(None, at(2, 16))
    bench.world.edit(bench.primary, "e1", Event(title="Dentist"))
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist"}
    await bench.assert_at_rest()


@pytest.mark.rule("R27", "R7")
async def test_a_text_that_the_site_refuses_does_not_keep_the_slot_at_the_wrong_hour(bench: Bench) -> None:
    site = _NoPlaces(bench.world, SITE_ID, SITE)
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await sync_with(bench, site)
    bench.world.edit(bench.primary, "e1", Event(location="Main street", when=at(1, 16)))
    for _ in range(3):
        await sync_with(bench, site)
    assert start_of(bench, SITE_ID, "Dentist") == at(1, 16).start
    bench.world.edit(bench.primary, "e1", Event(when=at(2, 16)))
    for _ in range(3):
        await sync_with(bench, site)
    assert start_of(bench, SITE_ID, "Dentist") == at(2, 16).start
    assert (await bench.store.tally(bench.connection_id))["quarantined"] == 1
    bench.world.edit(bench.primary, "e1", Event(busy=False))
    for _ in range(3):
        await sync_with(bench, site)
    assert bench.blocks()["Dentist"].busy is False
    before = len(bench.world.log)
    await sync_with(bench, site)
    assert bench.world.log[before:] == []
    stored = await bench.store.stored(Side.WIX, [Ref(SITE_ID, bench.block_id("Dentist"))])
    assert len(stored) == 1


@pytest.mark.rule("R10", "R24")
async def test_an_edit_of_the_very_field_whose_write_was_lost_is_not_taken_for_ours(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", event("Yoga", at(1, 9)))
    await bench.sync()
    bench.world.edit(bench.outside_calendar, bench.exported_id("Yoga"), Event(title="Yoga outside"))
    bench.world.faults.setdefault("update", []).append("late")  # the reply is lost, and the write is never applied
    await bench.sync()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga inside"))
    await bench.settle()
    assert bench.world.items(SITE_ID)["s1"].event.title == "Yoga inside"
    assert set(bench.exported()) == {"Yoga inside"}
    await bench.assert_at_rest()
