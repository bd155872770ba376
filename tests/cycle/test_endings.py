"""Ending a connection, or the use of a calendar, comes to an end whatever is gone by then. R22, R23, R30.

Not here: the endings in which nothing is in the way (test_connections).
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import FULL, MemoryAccount, MemorySite
from syncd.connections import Request, Wish, confirm, connect
from syncd.model import Connection, Decision, Event, Status, Target
from syncd.site import sync_site
from tests.cycle.bench import EMAIL, OTHER, SITE_ID, STAFF, Bench, at, event

YOGA = event("Yoga", at(1, 9))
DENTIST = event("Dentist", at(1, 14))


async def with_both(bench: Bench) -> None:
    """A connection with one session and its copy, one outside event and its block."""
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}


async def some_passes(bench: Bench) -> None:
    """Passes over every connection, eleven minutes apart, in which nothing goes wrong."""
    for _ in range(4):
        assert {one.error for one in await bench.sync_all()} == {None}
        bench.clock.advance(timedelta(minutes=11))


async def connect_again(bench: Bench) -> None:
    """`syncd connect` for the same schedule and account, confirmed, and what follows from it."""
    request = Request("second", "memory", STAFF.id, EMAIL, b"sealed", Wish(imports=True, exports=True))
    site = MemorySite(bench.world, SITE_ID, bench.inside)
    found = await connect(bench.desk(), site, bench.account, request)
    await confirm(bench.desk(), found)
    bench.connection_id = found.id
    await some_passes(bench)


async def assert_ended(bench: Bench) -> None:
    """DISCONNECTED for good: the schedule may be connected once more, and no pass does anything."""
    stands = await bench.connection()
    assert (stands.status, stands.disconnecting) == (Status.DISCONNECTED, False)
    before = len(bench.world.log)
    await bench.settle(2)
    assert bench.world.log[before:] == []


@pytest.mark.rule("R23", "R22")
@pytest.mark.parametrize("seen_first", [False, True], ids=["at the disconnect", "by a pass before it"])
async def test_a_disconnect_ends_though_the_calendar_is_gone(bench: Bench, seen_first: bool) -> None:
    await with_both(bench)
    bench.world.remove_calendar(bench.outside_calendar)
    if seen_first:
        await bench.settle(1)
    await bench.disconnect()
    assert (await bench.connection()).status is Status.DISCONNECTED
    await bench.settle(3)
    assert bench.inside_titles() == ["Yoga"]
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await assert_ended(bench)


@pytest.mark.rule("R23", "R21")
@pytest.mark.parametrize("seen_first", [False, True], ids=["at the disconnect", "by a pass before it"])
async def test_a_disconnect_ends_though_the_grant_was_withdrawn_and_lists_what_is_left(
    bench: Bench, seen_first: bool
) -> None:
    await with_both(bench)
    bench.world.revoked.add(EMAIL)
    if seen_first:
        await bench.settle(1)
    await bench.disconnect()
    await bench.settle(3)
    assert bench.inside_titles() == ["Yoga"]
    assert set(bench.exported()) == {"Yoga"}
    assert await bench.noted("R23") == 1
    await assert_ended(bench)


@pytest.mark.rule("R23", "R21")
async def test_a_disconnect_ends_though_only_the_calendar_refuses_the_grant(bench: Bench) -> None:
    class Remembering(MemoryAccount):
        async def identity(self) -> str:
            return bench.world.identity(EMAIL)

    async def account(_: Connection) -> MemoryAccount:
        return Remembering(bench.world, EMAIL, FULL)

    await with_both(bench)
    bench.world.revoked.add(EMAIL)
    await bench.disconnect()
    for _ in range(3):
        site = MemorySite(bench.world, SITE_ID, bench.inside)
        await sync_site(bench.work(), site, await bench.store.connections(), account)
        bench.clock.advance(timedelta(minutes=11))
    assert bench.inside_titles() == ["Yoga"]
    assert set(bench.exported()) == {"Yoga"}
    assert await bench.noted("R23") == 1
    await assert_ended(bench)


@pytest.mark.rule("R23")
async def test_a_disconnect_ends_though_the_calendar_became_read_only_and_lists_what_is_left(bench: Bench) -> None:
    await with_both(bench)
    shelf = bench.world.shelf(bench.outside_calendar)
    assert shelf is not None
    shelf.writable = False
    await bench.disconnect()
    await bench.settle(4)
    assert bench.inside_titles() == ["Yoga"]
    assert set(bench.exported()) == {"Yoga"}
    assert await bench.noted("R23") == 1
    await assert_ended(bench)


@pytest.mark.rule("R23", "R25")
async def test_what_a_withdrawn_grant_left_behind_is_adopted_by_the_next_connection(bench: Bench) -> None:
    await with_both(bench)
    bench.world.revoked.add(EMAIL)
    await bench.disconnect()
    await bench.settle(2)
    bench.world.revoked.clear()
    await connect_again(bench)
    assert bench.exported() == {"Yoga": YOGA}
    assert bench.inside_titles() == ["Dentist", "Yoga"]


@pytest.mark.rule("R23", "R19")
async def test_after_disconnecting_and_connecting_once_more_both_sides_are_filled_again(bench: Bench) -> None:
    await with_both(bench)
    await bench.disconnect()
    await bench.settle(2)
    assert (bench.inside_titles(), bench.exported()) == (["Yoga"], {})
    await connect_again(bench)
    await bench.configure(imports=True)
    await some_passes(bench)
    assert bench.exported() == {"Yoga": YOGA}
    assert bench.inside_titles() == ["Dentist", "Yoga"]
    assert set(bench.world.items(bench.primary)) == {"e1"}
    assert (await bench.connection()).status is Status.SYNCED


@pytest.mark.rule("R23")
async def test_a_disconnect_gives_up_a_block_of_which_nothing_is_known_and_lists_it(bench: Bench) -> None:
    await with_both(bench)
    bench.world.remove(SITE_ID, bench.block_id("Dentist"))
    await bench.settle(1)
    await bench.disconnect()
    await bench.settle(4)
    assert bench.exported() == {}
    assert await bench.noted("R23") == 1
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await assert_ended(bench)


@pytest.mark.rule("R23", "R15")
async def test_a_disconnect_removes_a_copy_whose_deletion_was_rejected(bench: Bench) -> None:
    bench.rules = replace(bench.rules, delete_limit=0, delete_share=0.0)
    await bench.connect()
    bench.session("s1", YOGA)
    bench.session("s2", event("Pilates", at(2, 9)))
    await bench.settle(2)
    bench.world.cancel(SITE_ID, "s1")
    await bench.settle(1)
    await bench.decide(Decision.REJECTED)
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga", "Pilates"}
    await bench.disconnect()
    await bench.settle(3)
    assert bench.exported() == {}
    assert bench.inside_titles() == ["Pilates"]
    await assert_ended(bench)


@pytest.mark.rule("R23", "R19")
async def test_the_schedule_can_be_connected_once_more_when_its_calendar_was_gone(bench: Bench) -> None:
    await with_both(bench)
    bench.world.remove_calendar(bench.outside_calendar)
    await bench.disconnect()
    await bench.settle(2)
    await connect_again(bench)
    assert bench.exported() == {"Yoga": YOGA}
    assert bench.inside_titles() == ["Dentist", "Yoga"]


# a calendar that was used before


@pytest.mark.rule("R30", "R22")
@pytest.mark.parametrize("made_first", [False, True], ids=["before the new copies", "after the new copies"])
async def test_a_former_calendar_that_its_owner_deletes_stops_nothing(bench: Bench, made_first: bool) -> None:
    await with_both(bench)
    former = bench.outside_calendar
    await bench.configure(target=Target.PRIMARY)
    if made_first:
        assert (await bench.sync()).error is None
    bench.world.remove_calendar(former)
    for _ in range(4):
        bench.clock.advance(timedelta(minutes=11))
        assert (await bench.sync()).error is None
    titles = sorted(str(item.event.title) for item in bench.world.items(bench.primary).values())
    assert titles == ["Dentist", "Yoga"]
    assert bench.inside_titles() == ["Dentist", "Yoga"]
    stands = await bench.connection()
    assert (stands.status, stands.retired) == (Status.SYNCED, ())
    await bench.assert_at_rest()


@pytest.mark.rule("R30")
async def test_a_former_copy_goes_though_somebody_touched_it(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await bench.settle(2)
    former, old = bench.outside_calendar, bench.exported_id("Yoga")
    await bench.configure(target=Target.PRIMARY)
    await bench.sync()
    assert len(bench.world.items(bench.primary)) == 1
    if old in bench.world.items(former):
        bench.world.edit(former, old, Event(location="Garden"))
    await bench.settle(4)
    assert bench.world.items(former) == {}
    (copy,) = bench.world.items(bench.primary).values()
    assert copy.event.title == "Yoga"
    assert (await bench.connection()).retired == ()
    await bench.assert_at_rest()


@pytest.mark.rule("R30", "R26")
async def test_a_former_copy_with_guests_is_left_and_listed_where_they_would_be_mailed(bench: Bench) -> None:
    bench.outside = replace(FULL, mails_guests=True)
    bench.account = MemoryAccount(bench.world, EMAIL, bench.outside)
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await bench.settle(2)
    former, old = bench.outside_calendar, bench.exported_id("Yoga")
    bench.world.edit(former, old, guests=True)
    await bench.settle(1)
    await bench.configure(target=Target.PRIMARY)
    await bench.settle(2)
    assert await bench.noted("R26") == 1
    await bench.settle(2)
    assert set(bench.world.items(former)) == {old}
    assert len(bench.world.items(bench.primary)) == 1
    assert bench.world.mailed == []
    await bench.assert_at_rest()


# a block on another schedule


@pytest.mark.rule("R4")
async def test_a_block_that_a_person_moves_to_another_schedule_is_made_anew_and_not_cancelled(bench: Bench) -> None:
    await with_both(bench)
    moved = bench.block_id("Dentist")
    bench.world.edit(SITE_ID, moved, home=OTHER.id, schedules=frozenset({OTHER.id}))
    await bench.settle(4)
    homes = {item.traits.home: id_ for id_, item in bench.world.items(SITE_ID).items() if item.event == DENTIST}
    assert homes[OTHER.id] == moved
    assert len(homes) == 2
    assert ("delete", SITE_ID, moved) not in bench.world.log
    await bench.assert_at_rest()


@pytest.mark.rule("R23")
async def test_the_end_of_a_connection_gives_the_access_back_once_all_is_removed(bench: Bench) -> None:
    await with_both(bench)
    await bench.disconnect()
    assert bench.world.given_up == []
    await bench.settle(2)
    assert bench.world.given_up == [EMAIL]
    await assert_ended(bench)
    assert bench.world.given_up == [EMAIL]


@pytest.mark.rule("R23")
async def test_access_that_cannot_be_given_back_does_not_keep_a_connection_from_its_end(bench: Bench) -> None:
    await with_both(bench)
    await bench.disconnect()
    bench.world.faults["give_up"] = ["fail"]
    await bench.settle(2)
    assert (bench.world.faults["give_up"], bench.world.given_up) == ([], [])
    await assert_ended(bench)
