"""What a site says of itself: its schedules, its own connections, whose it is, over HTTP.

Not here: sessions (test_wix_reading), tokens and refusals as such (test_wix_client).
"""

from dataclasses import replace

import pytest

from syncd.errors import Forbidden, Transient
from syncd.model import ScheduleKind
from tests.adapters.wix_studio import APP, INSTANCE, studio


async def test_schedules_are_told_apart_and_cancelled_ones_are_shown() -> None:
    async with studio() as at:
        at.session(at.yoga, resources=[{"id": "r-anna"}], type="CLASS")
        from syncd.sandbox.wix import schedules

        schedules.cancel(at.site, at.ben.id, {})
        owner = "22222222-2222-4222-8222-222222222222"
        schedules.set_owner(at.site, at.anna.id, owner)
        found = {one.name: one for one in await at.adapter.schedules()}
        asked = len(at.requests())
        await at.adapter.schedules()
        assert len(at.requests()) == asked + 1
    kinds = {name: one.kind for name, one in found.items()}
    assert kinds == {
        "business": ScheduleKind.BUSINESS,
        "Anna": ScheduleKind.STAFF,
        "Ben": ScheduleKind.STAFF,
        "Yoga": ScheduleKind.SERVICE,
    }
    assert (found["Anna"].owner, found["Anna"].resource, found["Yoga"].resource) == (owner, "r-anna", None)
    assert (found["Anna"].active, found["Ben"].active) == (True, False)
    assert found["Anna"].time_zone == "Europe/Berlin"


async def test_what_events_show_of_a_schedule_outweighs_its_own_defaults() -> None:
    async with studio() as at:
        from syncd.sandbox.wix import schedules

        at.edit_schedule(at.anna, defaultTitle="Appointment")
        plain = schedules.create(at.site, APP, {"name": "Pilates", "externalId": "service-9"})
        at.session(replace(at.yoga, id=plain.id), resources=[{"id": "r-anna"}], type="CLASS")
        kinds = {one.name: one.kind for one in await at.adapter.schedules()}
    assert (kinds["Anna"], kinds["Pilates"]) == (ScheduleKind.STAFF, ScheduleKind.SERVICE)


async def test_every_page_of_schedules_is_read() -> None:
    async with studio() as at:
        from syncd.sandbox.wix import schedules

        for number in range(120):
            schedules.create(at.site, APP, {"name": f"room {number}"})
        assert len(await at.adapter.schedules()) == 124


async def test_a_missing_page_of_schedules_is_no_answer() -> None:
    async with studio() as at:
        body = {"schedules": [], "pagingMetadata": {"hasNext": True}}
        at.fault("schedules/query", {"status": 200, "body": body})
        with pytest.raises(Transient):
            await at.adapter.schedules()


async def test_the_sites_own_connections_are_listed_but_the_disconnected() -> None:
    async with studio() as at:
        row = {"providerId": "p", "scheduleId": at.anna.id, "calendarType": "I_CAL", "status": "SYNCED"}
        at.site.connections = [row, {**row, "status": "DISCONNECTED"}, {**row, "providerId": "q"}]
        at.site.failed_provider_ids = ["q"]
        found = await at.adapter.foreign_connections()
    assert [(one.schedule, one.kind, one.status) for one in found] == [(at.anna.id, "apple", "SYNCED")]


async def test_a_plan_without_external_calendars_is_named_by_code_and_repair() -> None:
    async with studio() as at:
        at.server.state.switches.set({"premium": False})
        with pytest.raises(Forbidden) as caught:
            await at.adapter.foreign_connections()
    assert caught.value.code == "PREMIUM_FEATURE_NOT_ENABLED"
    assert "plan" in caught.value.hint


async def test_a_check_is_one_read_that_says_whose_site_it_is() -> None:
    async with studio() as at:
        standing = await at.adapter.check()
        assert len(at.requests()) == 1
    assert (standing.identity, standing.writable) == (INSTANCE, True)
