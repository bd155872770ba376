"""Single events: create, read, update, cancel, restore, in bulk, and what is refused."""

from typing import Any

import pytest

from syncd.sandbox import studio
from tests.sandbox.wix_site import EVENTS, JONAS, MARA, V3, Json, WixSite, at, draft

BULK = f"{V3}/bulk/events"


async def test_a_new_event_has_revision_1_and_its_instant_in_utc(wix: WixSite) -> None:
    event = await wix.create()
    assert event["revision"] == "1"
    assert event["status"] == "CONFIRMED"
    assert event["recurrenceType"] == "NONE"
    assert event["transparency"] == "OPAQUE"
    assert event["appId"] == studio.APP_ID
    assert event["externalScheduleId"] == MARA.resource_id
    assert event["scheduleName"] == MARA.name
    assert event["start"] == {
        "localDate": "2026-11-24T09:00:00",
        "timeZone": "Europe/Berlin",
        "utcDate": "2026-11-24T08:00:00Z",
    }
    assert await wix.get(event["id"]) == event


async def test_seconds_are_dropped(wix: WixSite) -> None:
    event = await wix.create(start={"localDate": "2026-11-24T09:00:59"})
    assert event["start"]["localDate"] == "2026-11-24T09:00:00"


async def test_adjusted_times_are_in_the_zone_asked_for_else_the_sites(wix: WixSite) -> None:
    body = {"event": draft(timeZone="America/New_York"), "timeZone": "Asia/Tokyo"}
    event = (await wix.ok("POST", EVENTS, body))["event"]
    assert event["start"]["utcDate"] == "2026-11-24T14:00:00Z"
    assert event["adjustedStart"] == {"localDate": "2026-11-24T23:00:00", "timeZone": "Asia/Tokyo"}
    plain = await wix.get(event["id"])
    assert plain["adjustedStart"]["localDate"] == "2026-11-24T15:00:00"


async def test_the_same_idempotency_key_returns_the_same_event(wix: WixSite) -> None:
    body = {"event": draft(), "idempotencyKey": "k1"}
    first = (await wix.ok("POST", EVENTS, body))["event"]
    again = (await wix.ok("POST", EVENTS, body))["event"]
    other = (await wix.ok("POST", EVENTS, body | {"idempotencyKey": "k2"}))["event"]
    assert first["id"] == again["id"] != other["id"]


async def test_read_only_fields_are_ignored(wix: WixSite) -> None:
    event = await wix.create(status="CANCELLED", revision="9", participants={"total": 3}, id="x")
    assert (event["status"], event["revision"]) == ("CONFIRMED", "1")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "event.title"),
        ({"title": "t" * 201}, "event.title"),
        ({"notes": ""}, "event.notes"),
        ({"notes": "n" * 5001}, "event.notes"),
        ({"title": 7}, "event.title"),
        ({"scheduleId": None}, "event.scheduleId"),
        ({"scheduleId": "no-guid"}, "event.scheduleId"),
        ({"start": None}, "event.start"),
        ({"end": None}, "event.end"),
        ({"start": {"localDate": "2026-11-24T09:00:00Z"}}, "event.start.localDate"),
        ({"start": {"localDate": "2026-11-24"}}, "event.start.localDate"),
        ({"start": {"localDate": "2026-13-24T09:00:00"}}, "event.start.localDate"),
        ({"start": {"utcDate": "2026-11-24T09:00:00Z"}}, "event.start.localDate"),
        ({"end": at("2026-11-24T08:59")}, "event.end"),
        ({"end": at("2127-11-24T09:00")}, "event.end"),
        ({"timeZone": "+01:00"}, "event.timeZone"),
        ({"timeZone": "Mars/Base"}, "event.timeZone"),
        ({"timeZone": "CET"}, "event.timeZone"),
        ({"type": "BLOCK"}, "event.type"),
        ({"transparency": "BUSY"}, "event.transparency"),
        ({"allDay": "yes"}, "event.allDay"),
        ({"allDay": True}, "event.allDay"),
        ({"totalCapacity": -1}, "event.totalCapacity"),
        ({"totalCapacity": "4"}, "event.totalCapacity"),
        ({"location": {"name": "x"}}, "event.location.type"),
        ({"location": {"type": "HOME"}}, "event.location.type"),
        ({"location": {"type": "CUSTOM", "name": "n" * 151}}, "event.location.name"),
        ({"location": {"type": "CUSTOM", "id": "1"}}, "event.location.id"),
        ({"resources": [{}]}, "event.resources[0].id"),
        ({"resources": [{"id": "nobody"}]}, "event.resources[0].id"),
        ({"resources": [{"id": MARA.resource_id}] * 101}, "event.resources"),
        (
            {"resources": [{"id": MARA.resource_id, "permissionRole": "OWNER"}]},
            "event.resources[0].permissionRole",
        ),
        ({"type": "CLASS"}, "event.resources"),
        ({"extendedFields": {"namespaces": {"@a/b": {}}}}, "event.extendedFields.namespaces.@a/b"),
        ({"recurrenceType": "INSTANCE"}, "event.recurrenceType"),
        ({"description": "text"}, "event.description"),
        ({"tags": ["google"]}, "event.tags"),
        ({"externalCalendarOverrides": {}}, "event.externalCalendarOverrides"),
    ],
)
async def test_an_invalid_field_is_400_and_named(wix: WixSite, change: Json, field: str) -> None:
    body = {key: value for key, value in (draft() | change).items() if value is not None}
    assert await wix.violated("POST", EVENTS, {"event": body}) == field


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t" * 200},
        {"notes": "n" * 5000},
        {"location": {"type": "CUSTOM", "name": "n" * 150}},
        {"resources": [{"id": MARA.resource_id}] * 100},
        {"end": at("2126-11-24T09:00")},
        {"timeZone": "UTC"},
        {"end": at("2026-11-24T09:00")},
    ],
)
async def test_a_field_at_its_limit_is_accepted(wix: WixSite, change: Json) -> None:
    await wix.create(**change)


async def test_single_events_may_lie_in_the_past(wix: WixSite) -> None:
    await wix.create(start=at("2020-01-01T09:00"), end=at("2020-01-01T10:00"))


async def test_an_all_day_event_ends_at_midnight_after_its_last_day(wix: WixSite) -> None:
    days: Json = {"start": at("2026-11-24T00:00"), "end": at("2026-11-26T00:00")}
    event = await wix.create(allDay=True, **days)
    assert event["allDay"] is True
    assert event["end"]["utcDate"] == "2026-11-25T23:00:00Z"


async def test_a_body_that_is_no_json_object_is_400(wix: WixSite) -> None:
    headers = {"Authorization": wix.token}
    for content, kind in (("[]", "application/json"), ("{", "application/json"), ("{}", "text/plain")):
        reply = await wix.client.post(EVENTS, content=content, headers=headers | {"content-type": kind})
        assert reply.status_code == 400


async def test_an_update_changes_only_what_is_present_and_raises_the_revision(wix: WixSite) -> None:
    event = await wix.create(notes="private")
    wix.clock.advance(60)
    changed = await wix.update(event, title="New")
    assert changed["revision"] == "2"
    assert changed["title"] == "New"
    assert changed["start"] == event["start"]
    assert changed["updatedDate"] > event["updatedDate"]
    assert (await wix.get(event["id"], pi=True))["notes"] == "private"


async def test_an_update_with_a_stale_revision_is_409_and_changes_nothing(wix: WixSite) -> None:
    event = await wix.create()
    await wix.update(event, title="First")
    body = {"event": {"id": event["id"], "revision": "1", "title": "Second"}}
    await wix.refused(409, "PATCH", f"{EVENTS}/{event['id']}", body)
    assert (await wix.get(event["id"]))["title"] == "First"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": "x"}, "event.revision"),
        ({"title": "x", "revision": 1}, "event.revision"),
        ({"revision": "1", "type": "COURSE"}, "event.type"),
        ({"revision": "1", "scheduleId": JONAS.schedule_id}, "event.scheduleId"),
        ({"revision": "1", "start": None}, "event.start"),
        ({"revision": "1", "id": "another"}, "event.id"),
        ({"revision": "1", "fieldMask": "title"}, "event.fieldMask"),
    ],
)
async def test_an_update_that_breaks_a_rule_is_400(wix: WixSite, fields: Json, named: str) -> None:
    event = await wix.create()
    body = {"event": {"id": event["id"], **fields}}
    assert await wix.violated("PATCH", f"{EVENTS}/{event['id']}", body) == named


async def test_arrays_are_replaced_whole(wix: WixSite) -> None:
    event = await wix.create(resources=[{"id": MARA.resource_id}, {"id": studio.NORTH.id}])
    changed = await wix.update(event, resources=[{"id": JONAS.resource_id}])
    assert changed["resources"] == [
        {"id": JONAS.resource_id, "name": JONAS.name, "type": "STAFF", "transparency": "OPAQUE"}
    ]


async def test_null_empties_an_inherited_value_and_restore_defaults_brings_it_back(wix: WixSite) -> None:
    event = await wix.create(scheduleId=studio.TRAINING.id, title=None, type="APPOINTMENT")
    assert event["title"] == studio.TRAINING.name
    assert "TITLE" in event["inheritedFields"]
    emptied = await wix.update(event, title=None, location=None)
    assert "title" not in emptied
    assert "location" not in emptied
    assert not {"TITLE", "LOCATION"} & set(emptied["inheritedFields"])
    path = f"{EVENTS}/{event['id']}/restore-defaults"
    restored = (await wix.ok("POST", path, {"fields": ["TITLE"]}))["event"]
    assert restored["title"] == studio.TRAINING.name
    assert "location" not in restored
    assert restored["revision"] == "3"


async def test_a_cancelled_event_stays_readable_by_id_with_a_higher_revision(wix: WixSite) -> None:
    event = await wix.create()
    cancelled = await wix.cancel(event)
    assert (cancelled["status"], cancelled["revision"]) == ("CANCELLED", "2")
    assert (await wix.get(event["id"]))["status"] == "CANCELLED"
    assert event["id"] not in {row["id"] for row in await wix.query()}


async def test_a_cancelled_event_can_be_neither_updated_nor_cancelled_again(wix: WixSite) -> None:
    event = await wix.cancel(await wix.create())
    await wix.refused(428, "POST", f"{EVENTS}/{event['id']}/cancel", {})
    body = {"event": {"id": event["id"], "revision": event["revision"], "title": "x"}}
    await wix.refused(428, "PATCH", f"{EVENTS}/{event['id']}", body)


async def test_there_is_no_delete_method(wix: WixSite) -> None:
    event = await wix.create()
    await wix.refused(404, "DELETE", f"{EVENTS}/{event['id']}")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{EVENTS}/unknown", None),
        ("PATCH", f"{EVENTS}/unknown", {"event": {"revision": "1"}}),
        ("POST", f"{EVENTS}/unknown/cancel", {}),
        ("GET", f"{EVENTS}/contactId/c", None),
        ("GET", f"{EVENTS}/memberId/me", None),
    ],
)
async def test_what_is_not_there_is_404(wix: WixSite, method: str, path: str, body: Any) -> None:
    await wix.refused(404, method, path, body)


async def test_personal_fields_come_only_when_asked_for(wix: WixSite) -> None:
    ref = wix.seeded.sessions["training_1"]
    plain, full = await wix.get(ref), await wix.get(ref, pi=True)
    assert not {"notes", "participants", "conferencingDetails"} & plain.keys()
    assert full["participants"]["total"] == 1
    assert full["participants"]["list"][0]["email"] == "guest1@example.com"


async def test_no_write_answers_personal_fields(wix: WixSite) -> None:
    event = await wix.create(notes="private", conferencingDetails={"type": "ZOOM", "hostUrl": "https://z.example"})
    changed = await wix.update(event, notes="other")
    assert not {"notes", "conferencingDetails", "participants"} & (event.keys() | changed.keys())
    assert (await wix.get(event["id"], pi=True))["conferencingDetails"]["type"] == "ZOOM"


async def test_more_than_fifty_participants_are_cut_with_has_more(wix: WixSite) -> None:
    event = await wix.create(totalCapacity=80)
    await wix.people("participants", {"eventId": event["id"], "total": 60})
    shown = await wix.get(event["id"], pi=True)
    assert (shown["participants"]["total"], len(shown["participants"]["list"])) == (60, 50)
    assert shown["participants"]["hasMore"] is True
    assert (shown["remainingCapacity"], shown["revision"]) == (20, "2")


async def test_at_most_one_set_of_personal_fields(wix: WixSite) -> None:
    body = {"fields": ["PI_FIELDS", "OWN_PI_FIELDS"]}
    assert await wix.violated("POST", f"{EVENTS}/query", body) == "fields"


async def test_reading_by_ids_keeps_their_order_and_leaves_out_unknown_ones(wix: WixSite) -> None:
    first, second = await wix.create(), await wix.create()
    gone = await wix.cancel(second)
    refs = [gone["id"], "unknown", first["id"]]
    rows = (await wix.ok("GET", EVENTS, params={"eventIds": refs}))["events"]
    assert [(row["id"], row["status"]) for row in rows] == [
        (gone["id"], "CANCELLED"),
        (first["id"], "CONFIRMED"),
    ]


@pytest.mark.parametrize("count", [0, 101])
async def test_reading_by_ids_takes_1_to_100(wix: WixSite, count: int) -> None:
    params = {"eventIds": ["x"] * count}
    assert await wix.violated("GET", EVENTS, params=params) == "eventIds"


async def test_bulk_create_answers_each_item_apart(wix: WixSite) -> None:
    items = [{"event": draft(title="A")}, {"event": draft(title="")}, {"event": draft(title="B")}]
    answer = await wix.ok("POST", f"{BULK}/create", {"events": items, "returnEntity": True})
    assert answer["bulkActionMetadata"] == {"totalSuccesses": 2, "totalFailures": 1}
    flags = [result["itemMetadata"]["success"] for result in answer["results"]]
    assert flags == [True, False, True]
    assert [r["itemMetadata"]["originalIndex"] for r in answer["results"]] == [0, 1, 2]
    assert answer["results"][2]["item"]["title"] == "B"
    assert answer["results"][1]["itemMetadata"]["error"]["code"] == "INVALID_ARGUMENT"
    assert "item" not in answer["results"][1]


async def test_bulk_answers_no_entity_unless_asked(wix: WixSite) -> None:
    answer = await wix.ok("POST", f"{BULK}/create", {"events": [{"event": draft()}]})
    assert "item" not in answer["results"][0]
    assert answer["results"][0]["itemMetadata"]["id"]


@pytest.mark.parametrize("count", [0, 51])
async def test_a_bulk_call_takes_1_to_50_items(wix: WixSite, count: int) -> None:
    body = {"events": [{"event": draft()}] * count}
    assert await wix.violated("POST", f"{BULK}/create", body) == "events"


async def test_bulk_create_knows_no_idempotency_key(wix: WixSite) -> None:
    body = {"events": [{"event": draft()}], "idempotencyKey": "k"}
    assert await wix.violated("POST", f"{BULK}/create", body) == "idempotencyKey"


async def test_bulk_update_refuses_the_stale_item_alone(wix: WixSite) -> None:
    first, second = await wix.create(), await wix.create()
    await wix.update(second, title="Changed meanwhile")
    items = [{"event": {"id": e["id"], "revision": "1", "title": "Bulk"}} for e in (first, second)]
    answer = await wix.ok("POST", f"{BULK}/update", {"events": items})
    assert answer["bulkActionMetadata"] == {"totalSuccesses": 1, "totalFailures": 1}
    assert answer["results"][1]["itemMetadata"]["error"]["code"] == "REVISION_MISMATCH"
    assert (await wix.get(second["id"]))["title"] == "Changed meanwhile"


async def test_bulk_cancel_cancels_what_it_can(wix: WixSite) -> None:
    event = await wix.create()
    body = {"eventIds": [event["id"], "unknown"], "returnEntity": True}
    answer = await wix.ok("POST", f"{BULK}/cancel", body)
    assert answer["results"][0]["item"]["status"] == "CANCELLED"
    assert answer["results"][1]["itemMetadata"]["error"]["code"] == "EVENT_NOT_FOUND"
    assert answer["results"][1]["itemMetadata"]["id"] == "unknown"


async def test_participants_are_told_only_when_asked(wix: WixSite) -> None:
    ref = wix.seeded.sessions["training_1"]
    event = await wix.get(ref)
    moved = await wix.update(event, start=at("2026-11-24T09:00"))
    assert (await wix.client.get("/_sandbox/notifications")).json() == {"notifications": []}
    body = {"participantNotification": {"notifyParticipants": True, "message": "Sorry"}}
    await wix.ok("POST", f"{EVENTS}/{moved['id']}/cancel", body)
    sent = (await wix.client.get("/_sandbox/notifications")).json()["notifications"]
    assert sent == [{"eventId": ref, "kind": "cancelled", "participants": 1}]


async def test_a_message_to_participants_is_limited(wix: WixSite) -> None:
    event = await wix.create()
    body = {"participantNotification": {"message": "m" * 5001}}
    path = f"{EVENTS}/{event['id']}/cancel"
    assert await wix.violated("POST", path, body) == "participantNotification.message"
