"""Creates whose reply was lost, of originals that are gone when the copy is found: the copy goes too."""

import pytest

from tests.e2e.studio import Studio, local


@pytest.mark.rule("R3", "R24")
async def test_a_copy_found_after_its_session_was_cancelled_is_removed(studio: Studio) -> None:
    await studio.connect()
    studio.session("Pilates", local(6, "09:00"))
    await studio.sync()
    ref = studio.session("Yoga", local(5, "09:00"))
    studio.person.spoil("create", {"drop": "after"})
    await studio.attempt()
    assert studio.person.delivered()
    assert len(await studio.person.shown()) == 2
    studio.cancel(ref)
    await studio.settle(2)
    assert set(await studio.person.shown()) == {"Pilates 20260308T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R24")
async def test_a_block_found_after_its_event_was_deleted_is_cancelled(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Errand", local(6, "15:00"))
    await studio.sync()
    name = await studio.person.event("Dentist", local(5, "15:00"))
    studio.fault_at_wix("/events$", {"drop": "after"})
    await studio.attempt()
    assert len(await studio.blocks()) == 2
    await studio.person.remove(name)
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Errand 2026-03-08T15:00"}
    await studio.assert_at_rest()
