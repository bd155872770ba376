"""Several connections of one site, and installations that have lost their memory."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from syncd.model import Decision, Target
from syncd.store.database import normalised
from syncd.store.tables import metadata
from tests.e2e.studio import Studio, local


@pytest.mark.rule("R28", "R2")
async def test_a_session_exported_twice_is_moved_from_outside_only_with_approval_and_then_everywhere(
    studio: Studio,
) -> None:
    first = await studio.connect("anna", imports=False, calendars=None, target=Target.DEDICATED)
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    name = await studio.person.copy_of("Yoga")
    await studio.connect("business", imports=False, calendars=None, target=Target.DEDICATED)
    await studio.sync()
    await studio.person.edit(name, start=local(1, "12:00"), end=local(1, "13:00"))
    await studio.sync()
    assert [row.connection for row in await studio.store.holds()] == [first.id]
    assert (await studio.at_wix())[ref]["start"]["localDate"] == "2026-03-03T09:00:00"
    await studio.decide(Decision.APPROVED)
    for _ in range(2):
        await studio.sync()
    assert (await studio.at_wix())[ref]["start"]["localDate"] == "2026-03-03T12:00:00"
    assert [copy.at for copy in await studio.person.copies()] == ["20260303T120000"] * 2
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R25", "R1")
async def test_what_one_staff_member_is_blocked_by_is_not_shown_to_another(studio: Studio) -> None:
    work = await studio.person.add_calendar("work")
    await studio.connect("anna")
    await studio.connect("ben", calendars=(work,), target=Target.DEDICATED)
    await studio.person.event("Dentist", local(1, "15:00"))
    studio.session("Paperwork", local(2, "09:00"), scheduleId=studio.rows["ben"].id)
    for _ in range(2):
        await studio.sync()
    assert [row["scheduleId"] for row in (await studio.blocks()).values()] == [studio.rows["anna"].id]
    assert set(await studio.person.shown()) == {"Paperwork 20260304T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R23", "R13")
async def test_a_disconnect_right_after_the_database_was_lost_removes_by_mark(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await forget_everything(studio)
    await studio.connect()
    await studio.disconnect()
    for _ in range(2):
        await studio.attempt()
        studio.clock.advance(660)
    assert set(await studio.at_wix()) == {ref}
    assert await studio.person.shown() == {}
    assert set(await studio.person.own()) == {"Dentist 20260303T150000"}


@pytest.mark.rule("R13", "R10", "R8")
async def test_without_memory_an_edit_of_the_copy_loses_and_what_the_site_changed_travels(studio: Studio) -> None:
    await studio.connect()
    yoga, _ = studio.session("Yoga", local(1, "09:00")), studio.session("Pilates", local(2, "09:00"))
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    names = {copy.name for copy in await studio.person.copies()}
    await forget_everything(studio)
    studio.edit(yoga, title="Power yoga")
    await studio.person.edit_copy("Pilates", title="Mine")
    await studio.person.event("Dentist", local(1, "16:00"))
    await studio.connect()
    await studio.settle(2)
    assert {copy.name for copy in await studio.person.copies()} == names
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000", "Pilates 20260304T090000"}
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T16:00"}
    assert any("Mine" in str(row.action) for row in await studio.history("R10"))
    await studio.assert_at_rest()


async def forget_everything(studio: Studio) -> None:
    """The database is lost and made anew: not a row is left in it."""
    engine = create_async_engine(normalised(studio.house.settings.store.url))
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    await engine.dispose()
    studio.connection_ids.clear()
