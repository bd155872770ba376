"""The life of a connection in whole passes: what ends it, what stops it, what a person switches. R19 to R23, R30.

Not here: the checks of `connect` and `configure` themselves, which ask nobody's calendar.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.errors import AuthRevoked
from syncd.model import Event, Reason, Schedule, Status, Target
from syncd.ports import Changes, ForeignConnection
from tests.cycle.bench import EMAIL, SITE_ID, STAFF, Bench, at, event

YOGA = event("Yoga", at(1, 9))
DENTIST = event("Dentist", at(1, 14))


async def with_both(bench: Bench) -> None:
    """A connection with one session and its copy, one outside event and its block."""
    await bench.connect()
    bench.session("s1", YOGA)
    bench.outside_event("e1", DENTIST)
    await bench.settle(1)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}


async def stands(bench: Bench) -> tuple[Status, Reason | None]:
    found = await bench.connection()
    return found.status, found.reason


def reschedule(bench: Bench, **changes: object) -> None:
    """Anna's schedule as the site shows it from now on."""
    found: list[Schedule] = bench.world.site_schedules[SITE_ID]
    found[0] = replace(found[0], **changes)  # type: ignore[arg-type]


# what stops a connection


@pytest.mark.rule("R19")
async def test_a_schedule_that_the_sites_own_sync_has_is_left_alone_until_it_is_free_again(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.world.site_connections[SITE_ID].append(ForeignConnection(STAFF.id, "GOOGLE", "CONNECTED"))
    await bench.settle(2)
    assert bench.world.log == []
    assert await stands(bench) == (Status.ERROR, Reason.SYNCED_BY_WIX)
    bench.world.site_connections[SITE_ID].clear()
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga"}
    assert await stands(bench) == (Status.SYNCED, None)


@pytest.mark.rule("R19")
async def test_the_sites_own_connections_are_asked_for_once_a_day(bench: Bench) -> None:
    await with_both(bench)
    asked: list[str] = []
    bench.world.interrupt = lambda verb, moment: asked.append(verb) if moment == "before" else None
    await bench.settle(3)
    assert "foreign_connections" not in asked
    bench.clock.advance(timedelta(hours=24))
    await bench.settle(2)
    assert asked.count("foreign_connections") == 1


@pytest.mark.rule("R20")
async def test_another_owner_ends_the_connection_when_two_reads_say_so(bench: Bench) -> None:
    await with_both(bench)
    reschedule(bench, owner="user-zoe")
    bench.world.cancel(SITE_ID, "s1")
    await bench.sync()
    assert set(bench.exported()) == {"Yoga"}
    assert (await bench.connection()).status is not Status.DISCONNECTED
    await bench.settle(3)
    assert await stands(bench) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}


@pytest.mark.rule("R20")
async def test_an_owner_that_is_not_told_or_comes_back_is_no_change(bench: Bench) -> None:
    await with_both(bench)
    for owner in (None, "user-zoe", STAFF.owner, "user-zoe", STAFF.owner):
        reschedule(bench, owner=owner)
        await bench.settle(1)
    assert await stands(bench) == (Status.SYNCED, None)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.settle(1)
    assert set(bench.exported()) == {"Yoga basics"}


@pytest.mark.rule("R20")
async def test_a_cancelled_schedule_ends_the_connection_and_its_cancellations_are_not_acted_on(bench: Bench) -> None:
    await with_both(bench)
    reschedule(bench, active=False)
    bench.world.cancel(SITE_ID, "s1")
    await bench.settle(3)
    assert await stands(bench) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}


@pytest.mark.rule("R20")
async def test_a_missing_schedule_ends_the_connection_when_two_reads_say_so(bench: Bench) -> None:
    await with_both(bench)
    gone = bench.world.site_schedules[SITE_ID].pop(0)
    await bench.settle(1)
    bench.world.site_schedules[SITE_ID].insert(0, gone)
    await bench.settle(2)
    assert await stands(bench) == (Status.SYNCED, None)
    bench.world.site_schedules[SITE_ID].pop(0)
    await bench.settle(3)
    assert await stands(bench) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert set(bench.exported()) == {"Yoga"}


@pytest.mark.rule("R21")
async def test_a_revoked_grant_deletes_nothing_and_the_work_goes_on_after_the_repair(bench: Bench) -> None:
    await with_both(bench)
    bench.world.revoked.add(EMAIL)
    bench.world.cancel(SITE_ID, "s1")
    bench.world.remove(bench.primary, "e1")
    await bench.settle(2)
    assert await stands(bench) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.blocks()) == {"Dentist"}
    bench.world.revoked.clear()
    await renew(bench)
    await bench.settle(2)
    assert bench.exported() == {}
    assert bench.blocks() == {}
    await bench.assert_at_rest()


async def renew(bench: Bench) -> None:
    """The connection as a person's `connect` renews it."""
    healthy = replace(await bench.connection(), status=Status.CONNECTED, reason=None, detail=None)
    await bench.store.commit(Changes(connections=[healthy]), None)


@pytest.mark.rule("R21")
async def test_a_site_that_refuses_is_told_in_the_status_of_each_connection_and_is_no_fault_of_the_account(
    bench: Bench,
) -> None:
    await with_both(bench)
    bench.world.revoked.add(SITE_ID)
    result = await bench.sync()
    assert isinstance(result.error, AuthRevoked)
    assert await stands(bench) == (Status.SYNCED, None)
    assert (await bench.connection()).detail == result.error.told
    bench.world.revoked.clear()
    await bench.settle(1)
    assert (await bench.connection()).detail is None
    await bench.assert_at_rest()


@pytest.mark.rule("R21")
async def test_credentials_of_another_account_are_refused(bench: Bench) -> None:
    await with_both(bench)
    other = replace(await bench.connection(), identity="account-9")
    await bench.store.commit(Changes(connections=[other]), None)
    bench.world.cancel(SITE_ID, "s1")
    await bench.settle(2)
    assert await stands(bench) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert set(bench.exported()) == {"Yoga"}


@pytest.mark.rule("R22")
async def test_a_removed_calendar_deletes_nothing_and_a_new_one_is_made_only_on_request(bench: Bench) -> None:
    await with_both(bench)
    bench.world.remove_calendar(bench.outside_calendar)
    await bench.settle(3)
    assert await stands(bench) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    assert set(bench.inside_titles()) == {"Yoga", "Dentist"}
    assert [shelf.id for shelf in bench.world.shelves(EMAIL)] == [bench.primary]
    await bench.configure(new_calendar=True)
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.inside_titles()) == {"Yoga", "Dentist"}
    assert await stands(bench) == (Status.SYNCED, None)
    await bench.assert_at_rest()


@pytest.mark.rule("R22")
async def test_a_calendar_that_cannot_be_made_is_an_error_of_its_own(bench: Bench) -> None:
    await bench.connect()
    bench.world.refuses_calendars.add(EMAIL)
    bench.session("s1", YOGA)
    await bench.settle(2)
    assert await stands(bench) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_CREATION_FAILED)
    assert bench.world.log == []


# the end


@pytest.mark.rule("R23", "R13")
async def test_disconnecting_removes_what_was_made_on_both_sides_and_keeps_what_was_adopted(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    bench.session("s2", event("Pilates", at(2, 9)))
    bench.outside_event("e1", DENTIST)
    bench.outside_event("e2", event("Pilates", at(2, 9)))
    await bench.settle(1)
    await bench.disconnect()
    assert (await bench.connection()).status is Status.DISCONNECTED
    await bench.settle(3)
    assert bench.exported() == {}
    assert bench.blocks() == {}
    assert set(bench.world.items(SITE_ID)) == {"s1", "s2"}
    assert set(bench.world.items(bench.primary)) == {"e1", "e2"}
    connection = await bench.connection()
    assert (connection.status, connection.disconnecting) == (Status.DISCONNECTED, False)
    before = len(bench.world.log)
    bench.session("s3", YOGA)
    await bench.settle(2)
    assert bench.world.log[before:] == []


@pytest.mark.rule("R23")
async def test_disconnecting_removes_by_mark_what_no_link_names(bench: Bench) -> None:
    await with_both(bench)
    links = await bench.store.links(bench.connection_id)
    await bench.store.commit(Changes(dissolved=[link.id for link in links]), None)
    await bench.disconnect()
    await bench.settle(3)
    assert bench.exported() == {}
    assert bench.blocks() == {}


@pytest.mark.rule("R23")
async def test_a_disconnect_whose_deletions_fail_goes_on_with_the_next_pass(bench: Bench) -> None:
    await with_both(bench)
    await bench.disconnect()
    bench.world.faults["delete"] = ["fail", "fail"]
    await bench.sync()
    assert (await bench.connection()).disconnecting
    await bench.settle(3)
    assert bench.exported() == {}
    assert bench.blocks() == {}
    assert not (await bench.connection()).disconnecting


# what a person switches


@pytest.mark.rule("R30")
async def test_import_off_removes_the_blocks_and_on_again_makes_them_anew(bench: Bench) -> None:
    await with_both(bench)
    await bench.configure(imports=False)
    await bench.settle(2)
    assert bench.blocks() == {}
    assert set(bench.exported()) == {"Yoga"}
    bench.outside_event("e2", event("Lunch", at(1, 12)))
    await bench.assert_at_rest()
    await bench.configure(imports=True)
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist", "Lunch"}
    assert set(bench.world.items(bench.primary)) == {"e1", "e2"}
    await bench.assert_at_rest()


@pytest.mark.rule("R30")
async def test_export_off_removes_the_copies_and_on_again_makes_them_anew(bench: Bench) -> None:
    await with_both(bench)
    await bench.configure(exports=False)
    await bench.settle(2)
    assert bench.exported() == {}
    assert set(bench.blocks()) == {"Dentist"}
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.assert_at_rest()
    await bench.configure(exports=True)
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga basics"}
    await bench.assert_at_rest()


@pytest.mark.rule("R30")
async def test_a_deselected_calendar_loses_its_blocks_and_keeps_its_events(bench: Bench) -> None:
    await with_both(bench)
    bench.world.add_calendar(EMAIL, "family", "Family")
    bench.world.put("family", "f1", event("School play", at(3, 14)))
    await bench.configure(calendars=("Calendar", "Family"))
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist", "School play"}
    await bench.configure(calendars=("Calendar",))
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist"}
    assert set(bench.world.items("family")) == {"f1"}
    await bench.assert_at_rest()


@pytest.mark.rule("R30")
async def test_another_target_gets_the_copies_and_the_old_one_is_emptied(bench: Bench) -> None:
    await with_both(bench)
    dedicated = bench.outside_calendar
    await bench.configure(target=Target.PRIMARY)
    await bench.settle(3)
    assert bench.world.items(dedicated) == {}
    titles = sorted(str(item.event.title) for item in bench.world.items(bench.primary).values())
    assert titles == ["Dentist", "Yoga"]
    assert set(bench.inside_titles()) == {"Yoga", "Dentist"}
    assert (await bench.connection()).retired == ()
    await bench.assert_at_rest()
    await bench.configure(target=Target.DEDICATED)
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga"}
    assert set(bench.world.items(bench.primary)) == {"e1"}
    await bench.assert_at_rest()
