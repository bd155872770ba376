"""Events one at a time: ids, etags, preconditions, partial writes, deletion."""

from typing import Any

import pytest

from tests.sandbox.google.site import ANNA, BERT, Site, at, day, draft


def test_a_new_event_is_answered_whole_and_read_back(google: Site) -> None:
    event = google.insert(location="Room 1")
    assert event["start"] == {"dateTime": "2026-11-24T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert (event["status"], event["eventType"], event["sequence"]) == ("confirmed", "default", 0)
    assert event["organizer"] == {"email": ANNA, "self": True}
    assert google.get(event["id"]) == event


@pytest.mark.parametrize("ref", ["abc", "ABCDE", "abcdw", "a_bcd", "x" * 20])
def test_an_id_outside_the_alphabet_is_refused(google: Site, ref: str) -> None:
    refusal = google.refused(google.events.insert(calendarId="primary", body=draft(id=ref)))
    assert (refusal.status, refusal.reason) == (400, "invalid")


def test_an_id_is_taken_for_ever(google: Site) -> None:
    google.insert(id="abcde12345")
    assert google.refused(google.events.insert(calendarId="primary", body=draft(id="abcde12345"))).reason == "duplicate"
    google.events.delete(calendarId="primary", eventId="abcde12345").execute()
    refusal = google.refused(google.events.insert(calendarId="primary", body=draft(id="abcde12345")))
    assert (refusal.status, refusal.reason) == (409, "duplicate")
    assert google.get("abcde12345")["status"] == "cancelled"


def test_an_update_removes_what_it_leaves_out_and_a_patch_keeps_it(google: Site) -> None:
    event = google.insert(location="Room 1", description="Notes")
    patched = google.events.patch(calendarId="primary", eventId=event["id"], body={"description": None}).execute()
    assert "description" not in patched
    assert patched["location"] == "Room 1"
    updated = google.events.update(calendarId="primary", eventId=event["id"], body=draft(summary="New")).execute()
    assert "location" not in updated
    assert len({event["etag"], patched["etag"], updated["etag"]}) == 3


def test_a_patch_merges_properties_key_by_key(google: Site) -> None:
    event = google.insert(extendedProperties={"private": {"a": "1", "b": "2"}, "shared": {"c": "3"}})
    body = {"extendedProperties": {"private": {"a": None, "d": "4"}}}
    patched = google.events.patch(calendarId="primary", eventId=event["id"], body=body).execute()
    assert patched["extendedProperties"] == {"private": {"b": "2", "d": "4"}, "shared": {"c": "3"}}


def test_a_stale_etag_is_refused_and_a_current_one_is_not(google: Site) -> None:
    event = google.insert()
    google.hands.edit(event["id"], summary="Theirs")
    request = google.events.update(calendarId="primary", eventId=event["id"], body=draft(summary="Mine"))
    request.headers["If-Match"] = event["etag"]
    refusal = google.refused(request)
    assert (refusal.status, refusal.reason) == (412, "conditionNotMet")
    request.headers["If-Match"] = google.get(event["id"])["etag"]
    assert request.execute()["summary"] == "Mine"


def test_an_asterisk_means_any_version(google: Site) -> None:
    event = google.insert()
    request = google.events.delete(calendarId="primary", eventId=event["id"])
    request.headers["If-Match"] = "*"
    assert request.execute() == ""


def test_null_is_absence_in_a_whole_body(google: Site) -> None:
    body = {**draft(), "location": None, "recurrence": None, "start": {**at("2026-11-24T09:00"), "date": None}}
    event = google.events.insert(calendarId="primary", body=body).execute()
    assert "location" not in event
    body = {**draft(), "description": None}
    assert google.events.update(calendarId="primary", eventId=event["id"], body=body).execute()["summary"] == "Check"


def test_fractions_of_a_second_are_lost(google: Site) -> None:
    event = google.insert(start={"dateTime": "2026-11-24T08:00:00.750Z"}, end={"dateTime": "2026-11-24T09:00:00Z"})
    assert event["start"] == {"dateTime": "2026-11-24T09:00:00+01:00", "timeZone": "Europe/Berlin"}


def test_the_source_is_shown_to_its_creator_alone(google: Site) -> None:
    source = {"url": "https://studio.example/1", "title": "Studio"}
    assert google.insert(source=source)["source"] == source
    google.state.calendars[ANNA].roles[BERT] = "writer"
    (row,) = google.service(BERT).events().list(calendarId=ANNA).execute()["items"]
    assert "source" not in row


def test_reading_again_with_the_same_etag_is_304(google: Site) -> None:
    event = google.insert()
    reply = google.client.get(
        f"/calendar/v3/calendars/primary/events/{event['id']}",
        headers={"Authorization": f"Bearer {google.token()}", "If-None-Match": event["etag"]},
    )
    assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", event["etag"])


def test_deleting_twice_is_410_and_deleting_what_never_was_404(google: Site) -> None:
    event = google.insert()
    assert google.events.delete(calendarId="primary", eventId=event["id"]).execute() == ""
    refusal = google.refused(google.events.delete(calendarId="primary", eventId=event["id"]))
    assert (refusal.status, refusal.reason) == (410, "deleted")
    assert google.refused(google.events.delete(calendarId="primary", eventId="neverwas")).status == 404


@pytest.mark.parametrize(("switch", "status"), [("403", 403), ("409", 409), ("410", 410)])
@pytest.mark.parametrize("verb", ["update", "patch"])
def test_writing_to_a_deleted_event_is_refused_by_switch(google: Site, switch: str, status: int, verb: str) -> None:
    event = google.insert()
    google.hands.delete(event["id"])
    google.switch(write_to_deleted=switch)
    request = getattr(google.events, verb)(calendarId="primary", eventId=event["id"], body=draft())
    assert google.refused(request).status == status


def test_writing_to_a_deleted_event_revives_it_by_switch(google: Site) -> None:
    event = google.insert()
    google.hands.delete(event["id"])
    google.switch(write_to_deleted="200")
    request = google.events.update(calendarId="primary", eventId=event["id"], body=draft())
    assert request.execute()["status"] == "confirmed"


def test_updated_stands_still_when_reminders_alone_change(google: Site) -> None:
    event = google.insert()
    google.clock.advance(60)
    body = {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}]}}
    patched = google.events.patch(calendarId="primary", eventId=event["id"], body=body).execute()
    assert patched["updated"] == event["updated"]
    assert patched["etag"] != event["etag"]
    renamed = google.events.patch(calendarId="primary", eventId=event["id"], body={"summary": "New"}).execute()
    assert renamed["updated"] != event["updated"]


def test_the_sequence_grows_with_the_time_alone(google: Site) -> None:
    event = google.insert()
    named = google.events.patch(calendarId="primary", eventId=event["id"], body={"summary": "New"}).execute()
    moved = {"start": at("2026-11-24T11:00"), "end": at("2026-11-24T12:00")}
    later = google.events.patch(calendarId="primary", eventId=event["id"], body=moved).execute()
    assert (named["sequence"], later["sequence"]) == (0, 1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"end": at("2026-11-24T08:00")}, "timeRangeEmpty"),
        ({"end": day("2026-11-25")}, "invalid"),
        ({"start": None}, "required"),
        ({"start": {"dateTime": "2026-11-24T09:00:00"}}, "required"),
        ({"start": at("2026-11-24T09:00", "Mars/Base")}, "invalid"),
        ({"start": {"date": "2026-11-24", "dateTime": "2026-11-24T09:00:00Z"}}, "invalid"),
        ({"start": day("2026-11-24"), "end": day("2026-11-24")}, "timeRangeEmpty"),
        ({"visibility": "secret"}, "invalid"),
        ({"transparency": "glass"}, "invalid"),
        ({"status": "done"}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=SECONDLY"]}, "invalid"),
        ({"recurrence": ["DTSTART:20261124T090000"]}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20200101T000000Z"]}, "invalid"),
        ({"attendees": [{"email": "nobody"}]}, "invalid"),
        ({"unheardOf": 1}, "invalid"),
        ({"summary": 1}, "invalid"),
        ({"description": "x" * 8193}, "invalid"),
        ({"summary": "x" * 1025}, "invalid"),
        ({"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}}, "invalid"),
        ({"source": {"url": "ftp://x", "title": "x"}}, "invalid"),
        ({"id": "abcde", "iCalUID": "x@y"}, "invalid"),
    ],
)
def test_a_body_that_makes_no_sense_is_400(google: Site, fields: dict[str, Any], reason: str) -> None:
    refusal = google.refused(google.events.insert(calendarId="primary", body=draft(**fields)))
    assert (refusal.status, refusal.reason) == (400, reason)
    assert google.hands.events() == []
