"""The life of a connection: first plan, access, calendars that vanish, switching off, the end."""

import pytest

from syncd.cli.compose import seal
from syncd.errors import AuthRevoked, CalendarGone, ConfigError
from syncd.model import Decision, Reason, Status, Target
from tests.e2e.studio import Studio, local


@pytest.mark.rule("R29")
async def test_an_unconfirmed_connection_is_planned_but_not_applied(studio: Studio) -> None:
    await studio.connect(confirmed=False, target=Target.DEDICATED)
    studio.session("Yoga")
    assert {action.kind for action in (await studio.dry()).actions} == {"make_calendar", "create"}
    studio.forget_requests()
    result = await studio.attempt()
    assert "not confirmed" in str(result.skipped)
    assert studio.written() == []
    await studio.connect(target=Target.DEDICATED)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R29")
@pytest.mark.policy(create_limit=2)
async def test_many_creations_after_the_first_pass_wait_for_a_person(studio: Studio) -> None:
    await studio.connect()
    for day in range(1, 5):
        studio.session(f"First {day}", local(day, "09:00"))
    assert (await studio.sync()).written == 4
    for day in range(1, 5):
        studio.session(f"Second {day}", local(day, "12:00"))
    result = await studio.sync()
    assert (result.written, result.held) == (0, 1)
    await studio.decide(Decision.APPROVED)
    assert (await studio.sync()).written == 4
    await studio.assert_at_rest()


@pytest.mark.rule("R29")
async def test_a_block_that_nothing_claims_is_cancelled_when_it_is_a_twin_and_else_listed(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    line = block["notes"]
    studio.session("Dentist", local(1, "15:00"), notes=line.replace(line.split()[-2], "k" * 32))
    studio.session("Bank", local(2, "15:00"), notes=line.replace(line.split()[-2], "m" * 32))
    await studio.sync()
    assert len([row for row in (await studio.at_wix()).values() if row["title"] == "Dentist"]) == 2
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", "Bank 2026-03-04T15:00"}
    assert block["id"] in await studio.at_wix()
    assert [note.rule for note in await studio.store.notes()] == ["R29"]
    await studio.assert_at_rest()


@pytest.mark.rule("R19")
async def test_the_same_account_and_schedule_again_renew_and_another_schedule_is_refused(studio: Studio) -> None:
    first = await studio.connect("anna")
    assert (await studio.connect("anna")).id == first.id
    with pytest.raises(ConfigError, match=first.id):
        await studio.connect("ben")
    assert [one.id for one in await studio.store.connections()] == [first.id]


@pytest.mark.rule("R19")
async def test_a_schedule_that_wix_itself_comes_to_sync_is_left_alone(studio: Studio) -> None:
    await studio.connect()
    studio.session("Yoga")
    await studio.sync()
    studio.site.connections.append(_own_connection(studio.rows["anna"].id))
    studio.clock.advance(90_000)
    studio.session("Pilates", local(3, "09:00"))
    studio.forget_requests()
    await studio.attempt()
    connection = await studio.connection()
    assert (connection.status, connection.reason) == (Status.ERROR, Reason.SYNCED_BY_WIX)
    assert studio.written() == []
    studio.site.connections.clear()
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000", "Pilates 20260305T090000"}


@pytest.mark.rule("R20")
async def test_a_schedule_handed_to_another_owner_ends_its_connection_and_removes_nothing(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.web.post("/_sandbox/owner", json={"scheduleId": studio.rows["anna"].id, "wixUserId": "somebody"})
    studio.cancel(ref)
    studio.forget_requests()
    await studio.attempt()
    await studio.attempt()
    connection = await studio.connection()
    assert (connection.status, connection.reason) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert studio.written() == []
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}


@pytest.mark.rule("R21")
async def test_an_account_that_refuses_us_keeps_everything_until_the_account_is_connected_again(studio: Studio) -> None:
    connection = await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    studio.session("Yoga")
    await studio.sync()
    wrong = seal(studio.house.keys(), studio.person.dead_credentials())
    await studio.store.put_credentials(connection.id, wrong)
    studio.forget_requests()
    assert isinstance((await studio.attempt()).error, AuthRevoked)
    studio.clock.advance(300)  # where an outage looks the same, a refusal counts the second time
    await studio.attempt()
    found = await studio.connection()
    assert (found.status, found.reason) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert studio.written() == []
    assert (await studio.connect()).id == connection.id
    studio.session("Pilates", local(2, "09:00"))
    assert (await studio.sync()).written == 1
    assert (await studio.connection()).status is Status.SYNCED
    await studio.assert_at_rest()


@pytest.mark.rule("R22")
async def test_a_deleted_calendar_deletes_no_session_and_is_made_anew_on_request(studio: Studio) -> None:
    await studio.connect(target=Target.DEDICATED)
    refs = {studio.session("Yoga"), studio.session("Pilates", local(2, "09:00"))}
    await studio.sync()
    (old,) = await studio.person.calendars()
    await studio.person.remove_calendar(old)
    for _ in range(3):
        studio.clock.advance(660)
        await studio.attempt()
    found = await studio.connection()
    assert (found.status, found.reason) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    assert set(await studio.at_wix()) == refs
    assert await studio.person.calendars() == []
    await studio.configure(new_calendar=True)
    await studio.settle(2)
    assert await studio.person.calendars() not in ([], [old])
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000", "Pilates 20260304T090000"}
    assert set(await studio.at_wix()) == refs
    await studio.assert_at_rest()


@pytest.mark.rule("R22")
async def test_a_calendar_imported_from_that_is_deleted_keeps_its_blocks(studio: Studio) -> None:
    await studio.connect(target=Target.DEDICATED)
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await studio.person.remove_calendar(studio.person.calendar)
    assert isinstance((await studio.attempt()).error, CalendarGone)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}


@pytest.mark.rule("R22")
async def test_a_calendar_that_cannot_be_made_is_told_and_nothing_is_written(studio: Studio) -> None:
    await studio.connect(target=Target.DEDICATED)
    studio.session("Yoga")
    studio.person.spoil("make", {"status": 403}, times=-1)
    await studio.attempt()
    assert studio.person.delivered()
    found = await studio.connection()
    assert (found.status, found.reason) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_CREATION_FAILED)
    assert await studio.person.calendars() == []


@pytest.mark.rule("R23")
async def test_a_disconnect_removes_what_we_made_on_both_sides_and_nothing_else(studio: Studio) -> None:
    await studio.connect()
    kept = {studio.session("Yoga"), studio.session("Team meeting", local(3, "09:00"))}
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.person.event("Team meeting", local(3, "09:00"))
    await studio.sync()
    await studio.disconnect()
    assert (await studio.connection()).status is Status.DISCONNECTED
    await studio.attempt()
    assert set(await studio.at_wix()) == kept
    assert set(await studio.person.own()) == {"Dentist 20260303T150000", "Team meeting 20260305T090000"}
    assert await studio.person.shown() == {}
    assert not (await studio.connection()).disconnecting
    studio.forget_requests()
    await studio.attempt()
    assert studio.written() == []


@pytest.mark.rule("R23", "R13")
async def test_a_disconnect_that_was_cut_short_goes_on_with_the_next_pass(studio: Studio) -> None:
    await studio.connect()
    for day in range(1, 4):
        studio.session(f"Class {day}", local(day, "09:00"))
    await studio.sync()
    await studio.disconnect()
    studio.person.spoil("delete", {"status": 503}, skip=1, times=-1)
    await studio.attempt()
    assert studio.person.delivered()
    assert (await studio.connection()).disconnecting
    with pytest.raises(ConfigError, match="still being disconnected"):
        await studio.connect()
    studio.person.heal()
    await studio.attempt()
    assert await studio.person.shown() == {}
    assert not (await studio.connection()).disconnecting
    await studio.connect()
    await studio.sync()
    assert len(await studio.person.shown()) == 3


@pytest.mark.rule("R30")
async def test_import_switched_off_removes_the_blocks_and_on_again_meets_the_calendar_anew(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    studio.session("Yoga")
    await studio.sync()
    await studio.configure(imports=False)
    await studio.settle(2)
    assert await studio.blocks() == {}
    assert set(await studio.person.own()) == {"Dentist 20260303T150000"}
    await studio.person.event("Bank", local(2, "15:00"))
    await studio.assert_at_rest()
    await studio.configure(imports=True)
    await studio.sync()
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", "Bank 2026-03-04T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R30")
async def test_export_switched_off_removes_the_copies_and_keeps_the_sessions(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.configure(exports=False)
    await studio.settle(2)
    assert await studio.person.shown() == {}
    assert ref in await studio.at_wix()
    await studio.assert_at_rest()
    await studio.configure(exports=True)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R30")
async def test_another_target_is_filled_first_and_then_the_old_one_is_emptied(studio: Studio) -> None:
    await studio.connect(target=Target.DEDICATED)
    studio.session("Yoga")
    await studio.sync()
    (old,) = [copy.name for copy in await studio.person.copies()]
    await studio.configure(target=Target.PRIMARY)
    await studio.settle(3)
    (new,) = {row.name for row in [*(await studio.person.own()).values(), *await studio.person.copies()]}
    assert new.partition("/")[0] != old.partition("/")[0]
    assert await studio.blocks() == {}
    assert (await studio.connection()).retired == ()
    await studio.assert_at_rest()


def _own_connection(schedule: str) -> dict[str, object]:
    return {"id": "00000000-0000-0000-0000-000000000099", "scheduleId": schedule, "status": "CONNECTED"}
