"""The named switches for what the documentation leaves open, daylight saving among them."""

import pytest

from syncd.sandbox.wix.switches import SWITCHES
from tests.sandbox.wix_site import (
    EVENTS,
    EXTERNAL,
    JONAS,
    MARA,
    SCHEDULES,
    Json,
    WixSite,
    at,
    draft,
    weekly,
    window,
)

GAP = {"start": at("2027-03-28T02:30"), "end": at("2027-03-28T04:00")}
FOLD = {"start": at("2027-10-31T02:30"), "end": at("2027-10-31T04:00")}


async def test_switches_are_listed_with_meaning_and_default(wix: WixSite) -> None:
    answer = (await wix.client.get("/_sandbox/switches")).json()
    assert set(answer["switches"]) == set(SWITCHES)
    assert all(answer["known"][name]["meaning"] for name in SWITCHES)
    assert all(answer["switches"][name] == answer["known"][name]["default"] for name in SWITCHES)


@pytest.mark.parametrize(
    "body", [{"unknown": 1}, {"dst_gap": "sideways"}, {"premium": 1}, {"rate_limit_per_minute": -1}]
)
async def test_an_unknown_switch_or_value_is_400_and_changes_nothing(wix: WixSite, body: Json) -> None:
    before = (await wix.client.get("/_sandbox/switches")).json()
    reply = await wix.client.post("/_sandbox/switches", json={"dst_fold": "later"} | body)
    assert reply.status_code == 400
    assert (await wix.client.get("/_sandbox/switches")).json() == before


async def test_switches_go_back_to_their_defaults(wix: WixSite) -> None:
    await wix.switch(premium=False)
    answer = (await wix.client.delete("/_sandbox/switches")).json()
    assert answer["switches"]["premium"] is True


async def test_query_lists_cancelled_events_by_switch(wix: WixSite) -> None:
    event = await wix.cancel(await wix.create())
    await wix.switch(query_returns_cancelled=True)
    rows = {row["id"]: row["status"] for row in await wix.query()}
    assert rows[event["id"]] == "CANCELLED"


async def test_query_refuses_a_missing_window_by_switch(wix: WixSite) -> None:
    await wix.ok("POST", f"{EVENTS}/query", {})
    await wix.switch(query_window_required=True)
    assert await wix.violated("POST", f"{EVENTS}/query", {}) == "fromLocalDate"
    await wix.ok("POST", f"{EVENTS}/query", {"recurrenceType": ["MASTER"]})


async def test_the_largest_pages_are_settings(wix: WixSite) -> None:
    await wix.switch(query_events_max_limit=10, query_schedules_max_limit=5)
    query: Json = {"query": {"cursorPaging": {"limit": 11}}}
    assert await wix.violated("POST", f"{EVENTS}/query", query) == "query.cursorPaging.limit"
    assert await wix.violated("POST", f"{SCHEDULES}/query", query) == "query.cursorPaging.limit"


@pytest.mark.parametrize("content", ["blocks", "appointments", "copies"])
async def test_the_staff_schedule_holds_blocks_appointments_or_copies(wix: WixSite, content: str) -> None:
    await wix.switch(staff_schedule_content=content)
    original = wix.seeded.sessions["training_3"]
    query: Json = {"filter": {"scheduleId": {"$eq": JONAS.schedule_id}}}
    rows = [row for row in await wix.query(query=query) if row["type"] == "APPOINTMENT"]
    if content == "blocks":
        assert rows == []
    elif content == "appointments":
        assert original in {row["id"] for row in rows}
    else:
        assert len(rows) == 2
        assert original not in {row["id"] for row in rows}
        assert {row["scheduleId"] for row in rows} == {JONAS.schedule_id}
        assert await wix.get(rows[0]["id"]) == rows[0]
        await wix.refused(428, "POST", f"{EVENTS}/{rows[0]['id']}/cancel", {})


async def test_cancelling_twice_answers_the_event_by_switch(wix: WixSite) -> None:
    event = await wix.cancel(await wix.create())
    await wix.switch(cancel_cancelled="200")
    assert await wix.cancel(event) == event


async def test_cancelling_the_past_is_refused_by_switch(wix: WixSite) -> None:
    event = await wix.create(start=at("2026-11-02T09:00"), end=at("2026-11-02T10:00"))
    await wix.switch(cancel_past="428", precondition_code="TOO_LATE")
    details = await wix.refused(428, "POST", f"{EVENTS}/{event['id']}/cancel", {})
    assert details["applicationError"]["code"] == "TOO_LATE"
    await wix.switch(cancel_past="200")
    await wix.cancel(event)


async def test_exceptions_survive_a_cancelled_master_by_switch(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.update(rows[2], title="Own")
    await wix.switch(master_cancel_exceptions="keep")
    await wix.cancel(master)
    assert [row["id"] for row in await wix.instances(master)] == [rows[2]["id"]]


@pytest.mark.parametrize("setting", ["404", "omitted", "CANCELLED"])
async def test_an_instance_of_a_retimed_master_is_read_as_the_switch_says(wix: WixSite, setting: str) -> None:
    master, rows = await wix.series()
    kept = wix.seeded.sessions["team_meeting"]
    await wix.update(master, recurrenceRule=weekly("WEDNESDAY"))
    await wix.switch(retimed_instance_read=setting, query_returns_cancelled=True)
    old = rows[0]["id"]
    single = await wix.call("GET", f"{EVENTS}/{old}")
    many = await wix.call("GET", EVENTS, params={"eventIds": [old, kept]})
    if setting == "CANCELLED":
        assert single.json()["event"]["status"] == "CANCELLED"
        assert [row["id"] for row in many.json()["events"]] == [old, kept]
    elif setting == "omitted":
        assert single.status_code == 404
        assert [row["id"] for row in many.json()["events"]] == [kept]
    else:
        assert (single.status_code, many.status_code) == (404, 404)
    listed = {row["id"] for row in await wix.instances(master)}
    assert (old in listed) is (setting == "CANCELLED")


@pytest.mark.parametrize(("policy", "people", "mails"), [("untouched", 1, 0), ("cancelled", 0, 0), ("notified", 1, 1)])
async def test_what_cancelling_an_appointment_does_to_its_bookings(
    wix: WixSite, policy: str, people: int, mails: int
) -> None:
    await wix.switch(bookings_on_change=policy)
    ref = wix.seeded.sessions["training_1"]
    await wix.cancel(await wix.get(ref))
    assert (await wix.get(ref, pi=True))["participants"]["total"] == people
    sent = (await wix.client.get("/_sandbox/notifications")).json()["notifications"]
    assert len(sent) == mails


async def test_moving_what_is_booked_is_refused_by_switch(wix: WixSite) -> None:
    await wix.switch(bookings_on_change="refused")
    event = await wix.get(wix.seeded.sessions["training_1"])
    path = f"{EVENTS}/{event['id']}"
    body = {"event": {"revision": event["revision"], "end": at("2026-11-24T11:00")}}
    await wix.refused(428, "PATCH", path, body)
    await wix.refused(428, "POST", f"{path}/cancel", {})
    await wix.update(event, title="A title may change")


async def test_extended_fields_are_kept_where_the_site_has_the_schema(wix: WixSite) -> None:
    fields = {"namespaces": {"@studio/overrides": {"title": "Shown"}}}
    await wix.switch(extended_fields_namespaces=["@studio/overrides"])
    event = await wix.create(extendedFields=fields)
    assert (await wix.get(event["id"]))["extendedFields"] == fields
    other: Json = {"namespaces": {"@other/app": {}}}
    await wix.refused(400, "POST", EVENTS, {"event": draft(extendedFields=other)})


@pytest.mark.parametrize("spelling", ["address", "formattedAddress"])
async def test_an_address_is_answered_in_either_spelling(wix: WixSite, spelling: str) -> None:
    await wix.switch(location_address=spelling)
    place = {"type": "CUSTOM", "name": "Park", "address": "Hill 1"}
    event = await wix.create(location=place)
    assert event["location"] == {"type": "CUSTOM", "name": "Park", spelling: "Hill 1"}


async def test_unknown_request_fields_are_ignored_by_switch(wix: WixSite) -> None:
    await wix.switch(unknown_request_fields="ignore")
    event = await wix.create(description="text")
    assert "description" not in event


async def test_answers_carry_later_additions_by_switch(wix: WixSite) -> None:
    await wix.switch(future_fields=True)
    event = await wix.create()
    assert event["laterAddition"]
    assert "ADDED_LATER" in event["inheritedFields"]


async def test_events_without_length_are_refused_by_switch(wix: WixSite) -> None:
    await wix.switch(zero_length_events="refuse")
    body = {"event": draft(end=at("2026-11-24T09:00"))}
    assert await wix.violated("POST", EVENTS, body) == "event.end"


@pytest.mark.parametrize(
    ("setting", "utc", "shown"),
    [("forward", "01:30", "03:30"), ("backward", "00:30", "01:30")],
)
async def test_a_skipped_local_time_moves_as_the_switch_says(wix: WixSite, setting: str, utc: str, shown: str) -> None:
    await wix.switch(dst_gap=setting)
    event = await wix.create(**GAP)
    assert event["start"]["utcDate"] == f"2027-03-28T{utc}:00Z"
    assert event["adjustedStart"]["localDate"] == f"2027-03-28T{shown}:00"
    assert event["start"]["localDate"] == "2027-03-28T02:30:00"


async def test_a_skipped_local_time_is_refused_by_switch_but_never_in_a_series(wix: WixSite) -> None:
    await wix.switch(dst_gap="refuse")
    assert await wix.violated("POST", EVENTS, {"event": draft(**GAP)}) == "event.start.localDate"
    times = {"start": at("2026-11-22T02:15"), "end": at("2026-11-22T03:00")}
    _, rows = await wix.series(recurrenceRule=weekly("SUNDAY"), **times)
    gap = next(row for row in rows if row["start"]["localDate"].startswith("2027-03-28"))
    assert gap["start"]["utcDate"] == "2027-03-28T01:15:00Z"
    assert gap["end"]["utcDate"] > gap["start"]["utcDate"]


@pytest.mark.parametrize(("setting", "utc"), [("earlier", "00:30"), ("later", "01:30")])
async def test_a_local_time_that_comes_twice_is_taken_as_the_switch_says(wix: WixSite, setting: str, utc: str) -> None:
    await wix.switch(dst_fold=setting)
    event = await wix.create(**FOLD)
    assert event["start"]["utcDate"] == f"2027-10-31T{utc}:00Z"
    assert event["end"]["utcDate"] == "2027-10-31T03:00:00Z"


async def test_without_premium_external_calendars_are_403_by_code(wix: WixSite) -> None:
    await wix.switch(premium=False)
    for path in ("providers", "connections"):
        details = await wix.refused(403, "GET", f"{EXTERNAL}/{path}")
        assert details["applicationError"]["code"] == "PREMIUM_FEATURE_NOT_ENABLED"
    assert (await wix.ok("POST", f"{EVENTS}/query", window()))["events"]


async def test_the_path_without_s_is_404_unless_switched_on(wix: WixSite) -> None:
    path = "/bookings/v2/external-calendar/connections"
    await wix.refused(404, "GET", path)
    await wix.switch(path_without_s="works")
    await wix.ok("GET", path)


async def test_transparency_of_one_resource_is_answered(wix: WixSite) -> None:
    links = [{"id": MARA.resource_id, "transparency": "TRANSPARENT"}]
    event = await wix.create(resources=links)
    assert event["resources"][0]["transparency"] == "TRANSPARENT"
