"""Several connections of one site, and installations that have lost their memory."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from syncd.model import Decision
from syncd.store.database import normalised
from syncd.store.tables import metadata
from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local


@pytest.mark.rule("R28", "R2")
async def test_a_session_exported_twice_is_moved_from_outside_only_with_approval_and_then_everywhere(
    studio: Studio,
) -> None:
    first = await studio.connect("anna", imports=False, calendars=None)
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    calendar, name = await studio.dedicated(), await studio.copy_named("Yoga")
    await studio.connect("business", imports=False, calendars=None)
    await studio.sync()
    later = (("20260303T090000", "20260303T120000"), ("20260303T100000", "20260303T130000"))
    await studio.outside.edit(calendar, name, *later)
    await studio.sync()
    assert [row.connection for row in await studio.store.holds()] == [first.id]
    assert (await studio.at_wix())[ref]["start"]["localDate"] == "2026-03-03T09:00:00"
    await studio.decide(Decision.APPROVED)
    for _ in range(2):
        await studio.sync()
    assert (await studio.at_wix())[ref]["start"]["localDate"] == "2026-03-03T12:00:00"
    made = [one for one in await studio.outside.calendars() if one.startswith("syncd-")]
    texts = [text for one in made for text in (await studio.outside.objects(one)).values()]
    assert [lines(text, "DTSTART") for text in texts] == [["20260303T120000"]] * 2
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R25", "R1")
async def test_what_one_staff_member_is_blocked_by_is_not_shown_to_another(studio: Studio) -> None:
    await studio.outside.web.request("MKCALENDAR", f"{studio.outside.root}work/")
    await studio.connect("anna")
    await studio.connect("ben", calendars=("work/",))
    await studio.event("Dentist", local(1, "15:00"))
    studio.session("Paperwork", local(2, "09:00"), scheduleId=studio.rows["ben"].id)
    for _ in range(2):
        await studio.sync()
    assert [row["scheduleId"] for row in (await studio.blocks()).values()] == [studio.rows["anna"].id]
    assert set(await studio.exported()) == {"Paperwork 20260304T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R23", "R13")
async def test_a_disconnect_right_after_the_database_was_lost_removes_by_mark(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await _forget_everything(studio)
    await studio.connect()
    await studio.disconnect()
    for _ in range(2):
        await studio.attempt()
        studio.clock.advance(660)
    assert set(await studio.at_wix()) == {ref}
    assert await studio.exported() == {}
    assert set(await studio.outside.objects("home/")) == {"dentist.ics"}


@pytest.mark.rule("R13", "R10", "R8")
async def test_without_memory_an_edit_of_the_copy_loses_and_what_the_site_changed_travels(studio: Studio) -> None:
    await studio.connect()
    yoga, _ = studio.session("Yoga", local(1, "09:00")), studio.session("Pilates", local(2, "09:00"))
    await studio.event("Dentist", local(1, "15:00"))
    await studio.sync()
    names = set(await studio.outside.objects(await studio.dedicated()))
    await _forget_everything(studio)
    studio.edit(yoga, title="Power yoga")
    await studio.edit_copy("Pilates", ("SUMMARY:Pilates", "SUMMARY:Mine"))
    await studio.event("Dentist", local(1, "16:00"))
    await studio.connect()
    await studio.settle(2)
    assert set(await studio.outside.objects(await studio.dedicated())) == names
    assert set(await studio.exported()) == {"Power yoga 20260303T090000", "Pilates 20260304T090000"}
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T16:00"}
    assert any("Mine" in str(row.action) for row in await studio.history("R10"))
    await studio.assert_at_rest()


async def _forget_everything(studio: Studio) -> None:
    """The database is lost and made anew: not a row is left in it."""
    engine = create_async_engine(normalised(studio.house.settings.store.url))
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    await engine.dispose()
    studio.connection_ids.clear()
