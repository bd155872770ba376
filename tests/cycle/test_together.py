"""Several connections of one site, and people who change one while a pass goes on. R8, R23, and leases (DESIGN 4).

Not here: what stops one connection and not the others (test_recovered).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from adapters.memory import MemoryAccount, MemorySite
from syncd.connections import Request, Wish, confirm, connect
from syncd.model import Connection, Event, Schedule, ScheduleKind, Status, SyncConfig
from syncd.ports import Changes, Lease
from syncd.run import Result
from syncd.site import sync_site
from syncd.store import SqlStore
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9), description="Bring a mat")
DENTIST = event("Dentist", at(1, 14))
SECOND = "studio@example.org"
STUDIO = Schedule("schedule-studio", ScheduleKind.BUSINESS, "Studio", "studio", "Europe/Berlin")


class RecordingStore:
    """A store that tells which leases were renewed, in order."""

    def __init__(self, store: SqlStore, told: list[str]) -> None:
        self._store = store
        self._told = told

    async def renew(self, lease: Lease) -> Lease:
        self._told.append(f"renew {lease.name}")
        return await self._store.renew(lease)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)


async def with_studio(bench: Bench) -> None:
    """Anna's connection, and the studio's to another account, which has her sessions too."""
    first = await bench.connect(calendars=())
    bench.world.add_account(SECOND)
    bench.world.site_schedules[SITE_ID].append(STUDIO)
    identity = bench.world.identity(SECOND)
    config = SyncConfig(calendars=())
    second = replace(first, id="z-studio", schedule=STUDIO, identity=identity, email=SECOND, config=config)
    await bench.store.commit(Changes(connections=[second]), None)


def accounts(bench: Bench) -> Callable[[Connection], Awaitable[MemoryAccount]]:
    async def account(connection: Connection) -> MemoryAccount:
        return MemoryAccount(bench.world, connection.email, bench.outside)

    return account


async def sync_both(bench: Bench, passes: int = 1) -> list[Result]:
    """Passes over both connections in which nothing goes wrong."""
    results: list[Result] = []
    for _ in range(passes):
        site = MemorySite(bench.world, SITE_ID, bench.inside)
        results = await sync_site(bench.work(), site, await bench.store.connections(), accounts(bench))
        assert {one.error for one in results} == {None}
        bench.clock.advance(timedelta(minutes=11))
    return results


def shown(bench: Bench) -> list[Event]:
    """Every copy, Anna's first."""
    shelves = [shelf.id for email in (EMAIL, SECOND) for shelf in bench.world.shelves(email)]
    return [item.event for name in shelves for item in bench.world.items(name).values()]


# what one connection changes is news for the other


@pytest.mark.rule("R8")
@pytest.mark.parametrize("text", ["Yoga at dawn", "Yoga"], ids=["another one", "the inherited one"])
async def test_an_override_edited_in_one_copy_is_shown_in_the_other(bench: Bench, text: str) -> None:
    await with_studio(bench)
    bench.session("s1", YOGA)
    await sync_both(bench)
    await bench.override("s1", title="Yoga with Anna")
    await sync_both(bench)
    assert [copy.title for copy in shown(bench)] == ["Yoga with Anna"] * 2
    bench.edit_copy("Yoga with Anna", Event(title=text))
    await sync_both(bench, 3)
    assert [copy.title for copy in shown(bench)] == [text] * 2
    assert bench.world.items(SITE_ID)["s1"].event.title == "Yoga"
    before = len(bench.world.log)
    await sync_both(bench, 2)
    assert bench.world.log[before:] == []


@pytest.mark.rule("R8", "R31")
async def test_an_override_goes_with_an_occurrence_under_a_new_id_for_both(bench: Bench) -> None:
    await with_studio(bench)
    traits: dict[str, Any] = {"series": "series-1", "original_start": "2026-03-03T10:00:00"}
    bench.session("s1", YOGA, **traits)
    await sync_both(bench)
    await bench.override("s1", title="Yoga with Anna")
    await sync_both(bench)
    bench.world.cancel(SITE_ID, "s1")
    bench.session("s1-new", YOGA, **traits)
    await sync_both(bench, 4)
    assert [copy.title for copy in shown(bench)] == ["Yoga with Anna"] * 2


@pytest.mark.rule("R5", "R2")
async def test_an_edit_in_one_copy_reaches_the_other_though_its_reply_was_lost(bench: Bench) -> None:
    await with_studio(bench)
    bench.session("s1", YOGA)
    await sync_both(bench)
    bench.edit_copy("Yoga", Event(title="Yoga at dawn"))
    bench.world.faults["update"] = ["lose"]
    await sync_both(bench)
    edited: list[str] = []

    def garden(verb: str, moment: str) -> None:
        if (verb, moment) == ("read", "after") and not edited:
            edited.append(verb)
            bench.world.edit(SITE_ID, "s1", Event(location="Garden"))

    bench.world.interrupt = garden
    await sync_both(bench, 4)
    expected = replace(YOGA, title="Yoga at dawn", location="Garden")
    assert shown(bench) == [expected, expected]
    assert bench.world.items(SITE_ID)["s1"].event == expected


# what a person changes while a pass goes on


async def run_listed(bench: Bench, listed: list[Connection]) -> Result:
    """The pass of a process that listed the connections some time ago."""
    site = MemorySite(bench.world, SITE_ID, bench.inside)
    (result,) = await sync_site(bench.work(), site, listed, accounts(bench))
    return result


async def with_work(bench: Bench) -> list[Connection]:
    """Something to export and something to import; the connections as they are listed."""
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    return list(await bench.store.connections())


async def test_a_pause_between_the_listing_and_the_turn_holds(bench: Bench) -> None:
    listed = await with_work(bench)
    await bench.store.commit(Changes(connections=[replace(listed[0], paused=True)]), None)
    result = await run_listed(bench, listed)
    assert result.skipped == "paused"
    assert bench.world.log == []
    assert (await bench.connection()).paused


@pytest.mark.rule("R30")
async def test_export_switched_off_between_the_listing_and_the_turn_stays_off(bench: Bench) -> None:
    listed = await with_work(bench)
    await bench.configure(exports=False)
    result = await run_listed(bench, listed)
    assert (result.error, result.written) == (None, 1)
    assert set(bench.blocks()) == {"Dentist"}
    assert [shelf.id for shelf in bench.world.shelves(EMAIL)] == [bench.primary]
    assert (await bench.connection()).config.exports is False


@pytest.mark.rule("R23")
async def test_a_disconnect_between_the_listing_and_the_turn_is_carried_out(bench: Bench) -> None:
    await with_work(bench)
    await bench.settle(2)
    listed = list(await bench.store.connections())
    bench.session("s2", event("Pilates", at(2, 9)))
    await bench.disconnect()
    await run_listed(bench, listed)
    await bench.settle(2)
    assert bench.exported() == {}
    assert bench.blocks() == {}
    stands = await bench.connection()
    assert (stands.status, stands.disconnecting) == (Status.DISCONNECTED, False)


async def test_an_order_given_while_the_site_is_read_is_kept(bench: Bench) -> None:
    await with_work(bench)

    class Slow(MemorySite):
        async def schedules(self, known: Sequence[Schedule] = ()) -> Sequence[Schedule]:
            await bench.store.commit(Changes(connections=[replace(await bench.connection(), paused=True)]), None)
            return await super().schedules(known)

    site = Slow(bench.world, SITE_ID, bench.inside)
    (result,) = await sync_site(bench.work(), site, await bench.store.connections(), accounts(bench))
    assert result.skipped == "paused"
    assert bench.world.log == []
    assert (await bench.connection()).paused


@pytest.mark.rule("R23")
async def test_an_ended_connection_has_no_work_left_when_another_writes_on_its_schedule(bench: Bench) -> None:
    ended = await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    await bench.disconnect()
    await bench.settle(2)
    assert (await bench.connection()).has_ended
    request = Request("connection-again", "memory", ended.schedule.id, EMAIL, b"", Wish(calendars=(bench.primary,)))
    again = await connect(bench.desk(), MemorySite(bench.world, SITE_ID), bench.account, request)
    await confirm(bench.desk(), again)
    for result in [*await bench.sync_all(), *await bench.sync_all()]:
        assert result.error is None
    assert set(bench.blocks()) == {"Dentist"}
    assert [(await bench.store.tally(one.id))["pending"] for one in (ended, again)] == [0, 0]


# leases


async def test_every_lease_is_renewed_after_reading_and_before_the_first_write_of_each_connection(
    bench: Bench,
) -> None:
    await with_studio(bench)
    bench.session("s1", YOGA)
    told: list[str] = []
    bench.store = cast(SqlStore, RecordingStore(bench.store, told))
    bench.world.interrupt = lambda verb, moment: told.append(verb) if moment == "before" else None
    await sync_both(bench)
    second_turn = told.index("create") + 1
    for turn in (told[:second_turn], told[second_turn:]):
        first_write = next(index for index, one in enumerate(turn) if one in ("make_calendar", "create"))
        before = turn[:first_write]
        reads = [index for index, one in enumerate(before) if one in ("read", "identity", "get")]
        renewed = before[max(reads) + 1 :]
        assert f"renew site:{SITE_ID}" in renewed
        assert any(one.startswith("renew connection:") for one in renewed)
