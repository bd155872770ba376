"""Events one at a time: what a new one looks like, partial writes, preconditions, deletion, what is refused."""

from typing import Any

import pytest

from syncd.sandbox.microsoft.fields import SHAPES
from tests.sandbox.microsoft.site import (
    ANNA,
    BERT,
    HOUR,
    IMMUTABLE,
    Site,
    all_day,
    at,
    calendar_path,
    draft,
    event_path,
    shown,
    weekly,
)


def test_a_new_event_is_answered_whole_and_read_back(microsoft: Site) -> None:
    reply = microsoft.call("POST", "/me/events", json=draft(location={"displayName": "Room 1"}))
    event = reply.json()
    assert reply.status_code == 201
    assert (event["start"], event["end"]) == (shown("2026-11-24T08:00"), shown("2026-11-24T09:00"))
    assert (event["type"], event["showAs"], event["sensitivity"]) == ("singleInstance", "busy", "normal")
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"
    assert event["organizer"] == {"emailAddress": {"name": "Anna Weber", "address": ANNA}}
    assert event["responseStatus"] == {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
    assert event["isReminderOn"] is True
    assert event["locations"][0]["displayName"] == "Room 1"
    assert microsoft.event(event["id"]) == event


def test_every_change_makes_a_new_change_key(microsoft: Site) -> None:
    event = microsoft.create()
    patched = microsoft.patch(event["id"], subject="New")
    assert patched["changeKey"] != event["changeKey"]
    assert patched["id"] == event["id"]
    assert microsoft.event(event["id"])["@odata.etag"] == patched["@odata.etag"]


def test_a_patch_keeps_what_it_does_not_name(microsoft: Site) -> None:
    event = microsoft.create(location={"displayName": "Room 1"}, showAs="oof")
    patched = microsoft.patch(event["id"], subject="New")
    assert (patched["location"]["displayName"], patched["showAs"], patched["start"]) == (
        "Room 1",
        "oof",
        event["start"],
    )


@pytest.mark.parametrize("clears", [True, False])
def test_null_in_a_patch_clears_by_switch(microsoft: Site, clears: bool) -> None:
    microsoft.switch(null_clears=clears)
    event = microsoft.create(location={"displayName": "Room 1"})
    patched = microsoft.patch(event["id"], location=None, subject=None)
    assert patched["location"]["displayName"] == ("" if clears else "Room 1")
    assert patched["subject"] == ("" if clears else "Check")


def test_writing_the_location_replaces_the_locations(microsoft: Site) -> None:
    event = microsoft.create(locations=[{"displayName": "Room 1"}, {"displayName": "Room 2"}])
    assert event["location"]["displayName"] == "Room 1; Room 2"
    patched = microsoft.patch(event["id"], location={"displayName": "Room 3"})
    assert [place["displayName"] for place in patched["locations"]] == ["Room 3"]


@pytest.mark.parametrize(("switch", "status"), [("412", 412), ("409", 409)])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_etag_is_refused(microsoft: Site, switch: str, status: int, method: str) -> None:
    microsoft.switch(if_match=switch)
    event = microsoft.create()
    theirs = microsoft.patch(event["id"], subject="Theirs")
    headers = {"If-Match": event["@odata.etag"]}
    refusal = microsoft.refused(method, event_path(event["id"]), headers=headers, json={"subject": "Mine"})
    assert (refusal.status, refusal.code) == (status, "ErrorIrresolvableConflict")
    assert microsoft.event(event["id"]) == theirs
    headers = {"If-Match": theirs["@odata.etag"]}
    assert microsoft.call(method, event_path(event["id"]), headers=headers, json={"subject": "Mine"}).is_success


def test_a_stale_etag_may_not_be_looked_at(microsoft: Site) -> None:
    microsoft.switch(if_match="ignore")
    event = microsoft.create()
    microsoft.patch(event["id"], subject="Theirs")
    mine = microsoft.patch(event["id"], headers={"If-Match": event["@odata.etag"]}, subject="Mine")
    assert mine["subject"] == "Mine"


def test_deleting_twice_is_404(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.delete(event["id"])
    refusal = microsoft.refused("DELETE", event_path(event["id"]))
    assert (refusal.status, refusal.code) == (404, "ErrorItemNotFound")
    assert microsoft.refused("GET", event_path(event["id"])).status == 404


@pytest.mark.parametrize("ref", ["abc", "AAkALgAA", "x" * 60])
def test_what_is_no_id_is_malformed(microsoft: Site, ref: str) -> None:
    refusal = microsoft.refused("GET", event_path(ref))
    assert (refusal.status, refusal.code) == (400, "ErrorInvalidIdMalformed")


def test_ids_are_case_sensitive(microsoft: Site) -> None:
    event = microsoft.create()
    assert microsoft.call("GET", event_path(event["id"].swapcase())).status_code in (400, 404)


def test_both_forms_of_an_id_are_good_in_a_path(microsoft: Site) -> None:
    event = microsoft.create()
    regular = microsoft.event(event["id"], "respond-async")
    assert regular["id"] != event["id"]
    assert microsoft.event(regular["id"], IMMUTABLE)["id"] == event["id"]
    body = {"inputIds": [regular["id"]], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    (translated,) = microsoft.post("/me/translateExchangeIds", body)["value"]
    assert translated == {"sourceId": regular["id"], "targetId": event["id"]}


def test_a_move_to_another_calendar_changes_the_regular_id_alone(microsoft: Site) -> None:
    event = microsoft.create()
    regular = microsoft.event(event["id"], "x=1")["id"]
    other = microsoft.state.add_calendar(ANNA, "Other")
    microsoft.hands.move(event["id"], other.id)
    moved = microsoft.event(event["id"], "x=1")
    assert moved["id"] != regular
    assert microsoft.event(event["id"])["id"] == event["id"]
    assert microsoft.refused("GET", event_path(regular)).code == "ErrorItemNotFound"
    assert microsoft.get(f"{event_path(event['id'])}/calendar")["id"] == other.id


def test_the_body_comes_back_as_a_page_or_as_text(microsoft: Site) -> None:
    event = microsoft.create(body={"contentType": "text", "content": "One & two\nthree  \n"})
    assert event["body"]["contentType"] == "html"
    assert event["body"]["content"].startswith("<html>\r\n<head>")
    assert "One &amp; two<br>\r\nthree" in event["body"]["content"]
    text = microsoft.event(event["id"], 'outlook.body-content-type="text"')
    assert text["body"] == {"contentType": "text", "content": "One & two\r\nthree"}
    assert text["bodyPreview"] == "One & two\r\nthree"


def test_a_body_may_come_back_changed(microsoft: Site) -> None:
    microsoft.switch(body_rewriting="stronger")
    event = microsoft.create(body={"contentType": "text", "content": "See https://a.example\n\nEnd"})
    text = microsoft.event(event["id"], 'outlook.body-content-type="text"')["body"]["content"]
    assert text == "See <https://a.example>https://a.example\r\nEnd"


def test_the_preview_is_cut(microsoft: Site) -> None:
    assert len(microsoft.create(body={"contentType": "text", "content": "x" * 400})["bodyPreview"]) == 255


def test_an_online_meeting_is_lost_with_its_join_block(microsoft: Site) -> None:
    event = microsoft.create(isOnlineMeeting=True, body={"contentType": "text", "content": "Agenda"})
    assert event["onlineMeeting"]["joinUrl"] in event["body"]["content"]
    kept = microsoft.patch(event["id"], subject="New")
    assert kept["isOnlineMeeting"] is True
    lost = microsoft.patch(event["id"], body={"contentType": "text", "content": "New agenda"})
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


def test_times_are_utc_unless_a_zone_is_preferred(microsoft: Site) -> None:
    event = microsoft.create()
    local = microsoft.event(event["id"], 'outlook.timezone="Tokyo Standard Time"')
    assert local["start"] == shown("2026-11-24T17:00", "Tokyo Standard Time")
    refusal = microsoft.refused("GET", event_path(event["id"]), 'outlook.timezone="Middle Earth"')
    assert (refusal.status, refusal.code) == (400, "TimeZoneNotSupportedException")


def test_an_all_day_event_floats_whatever_zone_is_asked(microsoft: Site) -> None:
    event = microsoft.create(**all_day("2026-11-24", "2026-11-26"))
    assert (event["start"], event["end"]) == (shown("2026-11-24T00:00"), shown("2026-11-26T00:00"))
    tokyo = microsoft.event(event["id"], 'outlook.timezone="Tokyo Standard Time"')
    assert tokyo["start"] == shown("2026-11-24T00:00", "Tokyo Standard Time")
    assert event["isAllDay"] is True


def test_switching_to_all_day_and_back_needs_its_edges(microsoft: Site) -> None:
    event = microsoft.create()
    refusal = microsoft.refused("PATCH", event_path(event["id"]), json={"isAllDay": True})
    assert "midnight" in refusal.message
    assert microsoft.patch(event["id"], **all_day("2026-11-24", "2026-11-25"))["isAllDay"] is True
    back = microsoft.patch(event["id"], isAllDay=False, start=at("2026-11-24T09:00"), end=at("2026-11-24T10:00"))
    assert (back["isAllDay"], back["start"]) == (False, event["start"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"end": at("2026-11-24T08:00")}, "ErrorPropertyValidationFailure"),
        ({"start": None}, "ErrorPropertyValidationFailure"),
        ({"start": at("2026-11-24T09:00", "Middle Earth")}, "TimeZoneNotSupportedException"),
        ({"start": {"dateTime": "2026-11-24T09:00:00"}}, "TimeZoneNotSupportedException"),
        ({"start": {"dateTime": "soon", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-24T08:00:00Z", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({**all_day("2026-11-24", "2026-11-24")}, "ErrorPropertyValidationFailure"),
        ({**all_day("2026-11-24", "2026-11-25"), "end": at("2026-11-25T01:00")}, "ErrorPropertyValidationFailure"),
        (
            {**all_day("2026-11-24", "2026-11-25"), "end": at("2026-11-26T00:00", "UTC")},
            "ErrorPropertyValidationFailure",
        ),
        ({"subject": "x" * 256}, "ErrorPropertyValidationFailure"),
        ({"subject": 5}, "RequestBodyRead"),
        ({"title": "Check"}, "RequestBodyRead"),
        ({"showAs": "away"}, "RequestBodyRead"),
        ({"attendees": [{"emailAddress": {"address": "nobody"}}]}, "ErrorPropertyValidationFailure"),
        ({"singleValueExtendedProperties": [{"id": "mine", "value": "1"}]}, "ErrorInvalidParameter"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(microsoft: Site, fields: Any, code: str) -> None:
    refusal = microsoft.refused_draft(**fields)
    assert (refusal.status, refusal.code) == (400, code)
    assert microsoft.hands.events() == []


@pytest.mark.parametrize(("limit", "status"), [(255, 400), (300, 201), (0, 201)])
def test_a_long_subject_is_refused_beyond_a_limit(microsoft: Site, limit: int, status: int) -> None:
    microsoft.switch(subject_limit=limit)
    assert microsoft.call("POST", "/me/events", json=draft(subject="x" * 256)).status_code == status


def test_a_long_subject_is_cut_by_switch(microsoft: Site) -> None:
    microsoft.switch(subject_limit=10, subject_excess="cut")
    assert microsoft.create(subject="x" * 11)["subject"] == "x" * 10


def test_an_offset_inside_a_time_is_taken_by_switch(microsoft: Site) -> None:
    microsoft.switch(offset_in_datetime="accept")
    event = microsoft.create(start={"dateTime": "2026-11-24T09:00:00+02:00", "timeZone": "UTC"})
    assert event["start"] == shown("2026-11-24T07:00")


def test_more_than_500_attendees_are_refused(microsoft: Site) -> None:
    guests = [{"emailAddress": {"address": f"g{n}@a.example"}} for n in range(501)]
    assert microsoft.refused_draft(attendees=guests).status == 400
    assert len(microsoft.create(attendees=guests[:500])["attendees"]) == 500


def test_an_iana_name_is_taken_when_exchange_knows_it(microsoft: Site) -> None:
    event = microsoft.create(start=at("2026-11-24T09:00", "Europe/Berlin"))
    assert (event["start"], event["originalStartTimeZone"]) == (shown("2026-11-24T08:00"), "Europe/Berlin")
    assert microsoft.refused_draft(start=at("2026-11-24T09:00", "Europe/Busingen")).status == 400
    microsoft.switch(iana_zones="none")
    assert microsoft.refused_draft(start=at("2026-11-24T09:00", "Europe/Berlin")).status == 400


def test_read_only_properties_are_passed_over_or_refused(microsoft: Site) -> None:
    event = microsoft.create(iCalUId="mine", **{"@odata.type": "#microsoft.graph.event"})
    assert event["iCalUId"] != "mine"
    microsoft.switch(read_only_properties="refuse")
    assert microsoft.refused_draft(iCalUId="mine").code == "ErrorInvalidRequest"


def test_guests_are_mailed_by_the_organizer_alone(microsoft: Site) -> None:
    event = microsoft.create(attendees=[{"emailAddress": {"address": BERT}}])
    microsoft.patch(event["id"], subject="New")
    microsoft.delete(event["id"])
    assert [(mail.to, mail.kind) for mail in microsoft.state.mailed] == [
        (BERT, "invitation"),
        (BERT, "update"),
        (BERT, "cancellation"),
    ]


def test_a_guest_changes_and_deletes_their_own_copy(microsoft: Site) -> None:
    ref = microsoft.hands.invite("Board", *HOUR, BERT).id
    event = microsoft.event(ref)
    assert (event["isOrganizer"], event["responseStatus"]["response"]) == (False, "notResponded")
    assert event["organizer"]["emailAddress"]["address"] == BERT
    assert microsoft.patch(ref, subject="Mine")["subject"] == "Mine"
    microsoft.delete(ref)
    assert microsoft.state.mailed == []


def test_a_calendar_to_be_read_alone_refuses_writes(microsoft: Site) -> None:
    holidays = microsoft.state.add_calendar(ANNA, "Holidays", can_edit=False)
    refusal = microsoft.refused("POST", f"{calendar_path(holidays.id)}/events", json=draft())
    assert (refusal.status, refusal.code) == (403, "ErrorAccessDenied")


def test_a_full_mailbox_takes_no_more(microsoft: Site) -> None:
    microsoft.state.accounts[ANNA].full = True
    assert microsoft.refused_draft().status == 507


def test_an_edit_between_a_write_and_its_answer_is_in_the_answer(microsoft: Site) -> None:
    number = microsoft.fault({"foreign_edit": {"subject": "Theirs"}})
    event = microsoft.create()
    assert microsoft.fired(number) == 1
    assert event["subject"] == "Theirs"
    assert microsoft.event(event["id"])["@odata.etag"] == event["@odata.etag"]


WRONG: tuple[Any, ...] = (
    None,
    5,
    -1,
    True,
    "x",
    "",
    [],
    [5],
    [None],
    {},
    {"type": 5},
    {"dateTime": 5, "timeZone": 5},
    "9999-12-31",
)


@pytest.mark.parametrize("name", [*SHAPES, "range", "pattern", "weather"])
def test_whatever_is_written_is_taken_or_refused(microsoft: Site, name: str) -> None:
    for value in WRONG:
        changed = {name: value}
        if name in ("range", "pattern"):
            whole = weekly()
            changed = {"recurrence": {**whole, name: value}}
        for reply in (
            microsoft.call("POST", "/me/events", json=draft() | changed),
            microsoft.call("PATCH", event_path(microsoft.create()["id"]), json=changed),
        ):
            assert reply.status_code in (200, 201, 400), (value, reply.text)


@pytest.mark.parametrize("part", ["pattern", "range"])
@pytest.mark.parametrize("value", WRONG)
def test_whatever_stands_in_a_recurrence_is_taken_or_refused(microsoft: Site, part: str, value: Any) -> None:
    whole = weekly()
    for name in ("type", "interval", "month", "dayOfMonth", "daysOfWeek", "startDate", "endDate", "index"):
        recurrence = {**whole, part: {**whole[part], name: value}}
        reply = microsoft.call("POST", "/me/events", json=draft(recurrence=recurrence))
        assert reply.status_code in (201, 400), (name, reply.text)


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_the_ends_of_time_are_refused_or_taken(microsoft: Site, edge: str) -> None:
    for zone in ("Line Islands Standard Time", "Dateline Standard Time", "UTC"):
        at_the_end = {"dateTime": edge, "timeZone": zone}
        reply = microsoft.call("POST", "/me/events", json=draft(start=at_the_end, end=at_the_end))
        assert reply.status_code in (201, 400), reply.text
