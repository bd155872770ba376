"""A write that is refused as too late, though nothing has changed: the edit arrives all the same."""

import pytest

from tests.e2e.studio import Studio, local

_UNTIMELY = {"status": 412}


@pytest.mark.rule("R2")
async def test_an_update_outside_that_is_refused_without_a_reason_is_made_later(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    studio.person.spoil("change", _UNTIMELY, times=20)
    await studio.attempt()
    refused = [row for row in studio.person.log.to_json()["requests"] if row["fault"] and row["status"] == 412]
    assert refused
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}

    studio.person.heal()
    await studio.settle()
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5")
async def test_an_update_at_the_site_that_is_refused_without_a_reason_is_made_later(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Dentist", local(1, "14:00"))
    await studio.sync()
    await studio.person.edit(name, title="Dentist at two")
    times = {"status": 409, "body": {"message": "", "details": {"applicationError": {"code": "CONFLICT"}}}}
    studio.fault_at_wix("/calendar/v3/events", times, method="PATCH", times=20)
    await studio.attempt()
    refused = [row for row in studio.wix.app.log.to_json()["requests"] if row["method"] == "PATCH"]
    assert [row["status"] for row in refused if row["fault"]]
    assert [key.partition(" 2026")[0] for key in await studio.blocks()] == ["Dentist"]

    studio.wix.app.faults.clear()
    await studio.settle()
    assert [key.partition(" 2026")[0] for key in await studio.blocks()] == ["Dentist at two"]
    assert set(await studio.person.own()) == {"Dentist at two 20260303T140000"}
    await studio.assert_at_rest()
