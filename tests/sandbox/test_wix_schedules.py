"""Schedules V3, the business schedule, and the reading half of External Calendars V2."""

import pytest

from syncd.sandbox import studio
from syncd.sandbox.wix.values import BOOKINGS_APP, BUSINESS_EXTERNAL_ID
from tests.sandbox.wix_site import EVENTS, EXTERNAL, MARA, SCHEDULES, Json, WixSite, at

QUERY = f"{SCHEDULES}/query"


async def find(wix: WixSite, **conditions: Json) -> list[Json]:
    rows: list[Json] = (await wix.ok("POST", QUERY, {"query": {"filter": conditions}}))["schedules"]
    return rows


async def test_a_new_schedule_has_defaults_and_revision_1(wix: WixSite) -> None:
    body = {"schedule": {"name": "Blocks"}, "idempotencyKey": "s1"}
    schedule = (await wix.ok("POST", SCHEDULES, body))["schedule"]
    assert schedule["status"] == "ACTIVE"
    assert schedule["revision"] == "1"
    assert schedule["timeZone"] == "Europe/Berlin"
    assert schedule["businessTimeZoneEnabled"] is True
    assert schedule["appId"] == studio.APP_ID
    assert (await wix.ok("POST", SCHEDULES, body))["schedule"]["id"] == schedule["id"]


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({}, "schedule.name"),
        ({"name": "n" * 201}, "schedule.name"),
        ({"name": "n", "defaultTitle": ""}, "schedule.defaultTitle"),
        ({"name": "n", "defaultCapacity": -1}, "schedule.defaultCapacity"),
        ({"name": "n", "timeZone": "Nowhere/City"}, "schedule.timeZone"),
        ({"name": "n", "appId": "app"}, "schedule.appId"),
        ({"name": "n", "permissions": [{}, {}]}, "schedule.permissions"),
        ({"name": "n", "scheduleOwnerId": "x"}, "schedule.scheduleOwnerId"),
    ],
)
async def test_an_invalid_schedule_is_400(wix: WixSite, schedule: Json, field: str) -> None:
    assert await wix.violated("POST", SCHEDULES, {"schedule": schedule}) == field


async def test_an_update_needs_the_current_revision(wix: WixSite) -> None:
    path = f"{SCHEDULES}/{MARA.schedule_id}"
    changed = await wix.ok("PATCH", path, {"schedule": {"revision": "1", "name": "Mara"}})
    assert (changed["schedule"]["name"], changed["schedule"]["revision"]) == ("Mara", "2")
    await wix.refused(409, "PATCH", path, {"schedule": {"revision": "1", "name": "Late"}})
    body = {"schedule": {"revision": "2", "externalId": "other"}}
    assert await wix.violated("PATCH", path, body) == "schedule.externalId"


async def test_a_new_zone_of_a_schedule_moves_inheriting_events(wix: WixSite) -> None:
    event = await wix.create()
    path = f"{SCHEDULES}/{MARA.schedule_id}"
    body = {"schedule": {"revision": "1", "businessTimeZoneEnabled": False, "timeZone": "Asia/Tokyo"}}
    await wix.ok("PATCH", path, body)
    moved = await wix.get(event["id"])
    assert moved["start"]["localDate"] == "2026-11-24T09:00:00"
    assert moved["start"]["utcDate"] == "2026-11-24T00:00:00Z"


async def test_the_business_schedule_is_found_by_its_constant(wix: WixSite) -> None:
    (business,) = await find(wix, externalId={"$eq": BUSINESS_EXTERNAL_ID})
    assert (business["name"], business["appId"]) == ("business", BOOKINGS_APP)
    query: Json = {"filter": {"scheduleId": {"$eq": business["id"]}, "type": {"$eq": "WORKING_HOURS"}}}
    masters = await wix.query(recurrenceType=["MASTER"], query=query)
    days = {row["recurrenceRule"]["days"][0] for row in masters}
    assert days == {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"}
    await wix.refused(428, "POST", f"{SCHEDULES}/{business['id']}/cancel", {})


async def test_a_staff_schedule_has_its_resource_id_and_owner(wix: WixSite) -> None:
    (schedule,) = await find(wix, externalId={"$in": [MARA.resource_id]})
    assert schedule["id"] == MARA.schedule_id
    assert schedule["permissions"][0]["identity"]["wixUserId"] == MARA.wix_user_id


async def test_only_active_schedules_are_listed_unless_status_is_filtered(wix: WixSite) -> None:
    await wix.ok("POST", f"{SCHEDULES}/{studio.PILATES.id}/cancel", {})
    assert await find(wix, id={"$eq": studio.PILATES.id}) == []
    (cancelled,) = await find(wix, status={"$eq": "CANCELLED"})
    assert cancelled["id"] == studio.PILATES.id
    assert (await wix.ok("GET", f"{SCHEDULES}/{studio.PILATES.id}"))["schedule"]["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": {"name": {"$eq": "x"}}}, "query.filter.name"),
        ({"filter": {"id": {"$exists": True}}}, "query.filter.id.$exists"),
        ({"sort": [{"fieldName": "name"}]}, "query.sort"),
        ({"cursorPaging": {"limit": 101}}, "query.cursorPaging.limit"),
    ],
)
async def test_an_invalid_schedule_query_is_400(wix: WixSite, query: Json, field: str) -> None:
    assert await wix.violated("POST", QUERY, {"query": query}) == field


async def test_schedules_come_in_pages(wix: WixSite) -> None:
    first = await wix.ok("POST", QUERY, {"query": {"cursorPaging": {"limit": 4}}})
    cursor = first["pagingMetadata"]["cursors"]["next"]
    rest = await wix.ok("POST", QUERY, {"query": {"cursorPaging": {"cursor": cursor}}})
    refs = [row["id"] for row in first["schedules"] + rest["schedules"]]
    assert len(set(refs)) == len(refs) == 10
    assert rest["pagingMetadata"]["hasNext"] is False


async def test_cancelling_a_schedule_is_permanent_and_cancels_its_future(wix: WixSite) -> None:
    path = f"{SCHEDULES}/{studio.YOGA.id}"
    await wix.ok("POST", f"{path}/cancel", {})
    assert (await wix.get(wix.seeded.sessions["yoga_monday"]))["status"] == "CANCELLED"
    assert (await wix.get(wix.seeded.sessions["open_north"]))["status"] == "CANCELLED"
    await wix.refused(428, "POST", f"{path}/cancel", {})
    await wix.refused(428, "PATCH", path, {"schedule": {"revision": "2", "name": "x"}})
    body = {"scheduleId": studio.YOGA.id, "start": at("2026-11-24T09:00"), "end": at("2026-11-24T10:00")}
    await wix.refused(428, "POST", EVENTS, {"event": body})


async def test_events_with_participants_can_be_kept(wix: WixSite) -> None:
    body = {"preserveFutureEventsWithParticipants": True}
    await wix.ok("POST", f"{SCHEDULES}/{studio.TRAINING.id}/cancel", body)
    assert (await wix.get(wix.seeded.sessions["training_1"]))["status"] == "CONFIRMED"


async def test_an_unknown_schedule_is_404(wix: WixSite) -> None:
    await wix.refused(404, "GET", f"{SCHEDULES}/5b6a5d0a-0000-4000-8000-000000000000")


@pytest.mark.parametrize("owner", ["0d7c1b1e-1111-4111-8111-111111111111", None])
async def test_people_can_hand_a_schedule_over(wix: WixSite, owner: str | None) -> None:
    await wix.people("owner", {"scheduleId": MARA.schedule_id, "wixUserId": owner})
    schedule = (await wix.ok("GET", f"{SCHEDULES}/{MARA.schedule_id}"))["schedule"]
    found = [entry["identity"]["wixUserId"] for entry in schedule["permissions"]]
    assert found == ([] if owner is None else [owner])
    assert schedule["revision"] == "2"


async def test_a_site_begins_without_wixs_own_connections(wix: WixSite) -> None:
    answer = await wix.ok("GET", f"{EXTERNAL}/connections")
    assert answer == {"connections": [], "failedProviderIds": []}
    kinds = [row["calendarType"] for row in (await wix.ok("GET", f"{EXTERNAL}/providers"))["providers"]]
    assert kinds == ["GOOGLE", "MICROSOFT", "I_CAL"]


async def test_connections_are_selected_by_schedule(wix: WixSite) -> None:
    rows = [
        {"id": "c1", "providerId": "p1", "scheduleId": MARA.schedule_id, "status": "SYNCED"},
        {"id": "c2", "providerId": "p2", "scheduleId": studio.BUSINESS.id, "status": "CONNECTED"},
    ]
    await wix.people("connections", {"connections": rows})
    params = {"scheduleIds": [MARA.schedule_id]}
    assert (await wix.ok("GET", f"{EXTERNAL}/connections", params=params))["connections"] == rows[:1]


async def test_an_unreadable_provider_fails_the_call_unless_partial_failure(wix: WixSite) -> None:
    rows = [{"id": "c1", "providerId": "p1"}, {"id": "c2", "providerId": "p2"}]
    await wix.people("connections", {"connections": rows, "failedProviderIds": ["p1"]})
    await wix.refused(503, "GET", f"{EXTERNAL}/connections")
    answer = await wix.ok("GET", f"{EXTERNAL}/connections", params={"partialFailure": "true"})
    assert answer == {"connections": rows[1:], "failedProviderIds": ["p1"]}
