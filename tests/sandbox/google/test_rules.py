"""What may be written into which event: types, guests and organizers, locked copies, and silent cuts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from syncd.sandbox.google import Hands
from tests.sandbox.google.site import ANNA, BERT, Json, Site, at, day, draft

NINE = datetime(2026, 11, 24, 8, tzinfo=UTC)
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
BOSS = "boss@office.example"
BIRTHDAY: Json = {
    "eventType": "birthday",
    "start": day("2026-11-24"),
    "end": day("2026-11-25"),
    "recurrence": ["RRULE:FREQ=YEARLY"],
    "transparency": "transparent",
    "visibility": "private",
}


def patched(google: Site, ref: str, **fields: Any) -> Any:
    return google.events.patch(calendarId="primary", eventId=ref, body=fields)


def test_types_that_need_a_workspace_account_a_primary_calendar_and_a_time(google: Site) -> None:
    for kind in ("outOfOffice", "focusTime"):
        body = draft(eventType=kind)
        assert google.refused(google.events.insert(calendarId="primary", body=body)).reason == "eventTypeRestriction"
        theirs = google.service(BERT).events()
        assert theirs.insert(calendarId="primary", body=body).execute()["eventType"] == kind
        other = google.state.add_calendar(BERT, "Other").id
        assert google.refused(theirs.insert(calendarId=other, body=body)).reason == "eventTypeRestriction"
        all_day = draft(eventType=kind, start=day("2026-11-24"), end=day("2026-11-25"))
        assert google.refused(theirs.insert(calendarId="primary", body=all_day)).reason == "eventTypeRestriction"


def test_a_working_location_is_public_and_transparent(google: Site) -> None:
    opaque = google.events.insert(calendarId="primary", body=draft(eventType="workingLocation"))
    assert google.refused(opaque).reason == "eventTypeRestriction"
    event = google.insert(eventType="workingLocation", transparency="transparent", visibility="public")
    assert event["eventType"] == "workingLocation"


def test_nobody_creates_events_from_gmail_or_of_unknown_types(google: Site) -> None:
    for kind, reason in (("fromGmail", "eventTypeRestriction"), ("party", "invalid")):
        assert google.refused(google.events.insert(calendarId="primary", body=draft(eventType=kind))).reason == reason


def test_a_birthday_takes_no_properties_and_keeps_its_day(google: Site) -> None:
    marked = {**BIRTHDAY, "extendedProperties": {"private": {"a": "1"}}}
    assert google.refused(google.events.insert(calendarId="primary", body=draft(**marked))).status == 400
    event = google.insert(**BIRTHDAY)
    for fields in ({"extendedProperties": {"private": {"a": "1"}}}, {"location": "Home"}):
        assert google.refused(patched(google, event["id"], **fields)).reason == "eventTypeRestriction"
    assert patched(google, event["id"], summary="New").execute()["summary"] == "New"


def test_an_event_from_gmail_lets_private_fields_be_changed_alone(google: Site) -> None:
    event = google.hands.add("Flight", NINE, TEN, type="fromGmail")
    assert google.refused(patched(google, event.id, summary="New")).reason == "eventTypeRestriction"
    moved = {"start": at("2026-11-24T11:00"), "end": at("2026-11-24T12:00")}
    assert google.refused(patched(google, event.id, **moved)).reason == "eventTypeRestriction"
    marked = patched(google, event.id, extendedProperties={"private": {"a": "1"}}, colorId="2").execute()
    assert marked["colorId"] == "2"


def test_status_events_keep_their_shared_fields_by_switch(google: Site) -> None:
    event = google.hands.add("Away", NINE, TEN, type="outOfOffice")
    assert patched(google, event.id, summary="Gone").execute()["summary"] == "Gone"
    google.switch(status_event_edits="refuse")
    assert google.refused(patched(google, event.id, summary="Back")).reason == "eventTypeRestriction"
    assert patched(google, event.id, colorId="2").execute()["colorId"] == "2"


def test_the_type_of_an_event_is_fixed(google: Site) -> None:
    event = google.insert()
    refusal = google.refused(patched(google, event["id"], eventType="focusTime"))
    assert refusal.reason == "eventTypeRestriction"


def test_a_type_added_later_is_shown_by_switch(google: Site) -> None:
    google.hands.add("Away", NINE, TEN, type="outOfOffice")
    google.switch(future_fields=True)
    assert [row["eventType"] for row in google.rows()] == ["outOfOfficeV2"]


def test_types_are_selected_by_parameter(google: Site) -> None:
    google.insert()
    google.hands.add("Away", NINE, TEN, type="outOfOffice")
    assert [row["eventType"] for row in google.rows(eventTypes=["outOfOffice", "focusTime"])] == ["outOfOffice"]


def test_a_guest_changes_private_fields_and_the_own_answer_alone(google: Site) -> None:
    event = google.hands.invite("Meeting", NINE, TEN, BOSS)
    shown = google.get(event.id)
    assert "self" not in shown["organizer"]
    assert [guest.get("self") for guest in shown["attendees"]] == [None, True]
    for fields in (
        {"summary": "Mine"},
        {"start": at("2026-11-24T08:00")},
        {"extendedProperties": {"shared": {"a": ""}}},
    ):
        refusal = google.refused(patched(google, event.id, **fields))
        assert (refusal.status, refusal.reason) == (403, "forbiddenForNonOrganizer")
    patched(google, event.id, transparency="transparent", extendedProperties={"private": {"a": "1"}}).execute()
    answered = [{"email": BOSS, "responseStatus": "accepted"}, {"email": ANNA, "responseStatus": "declined"}]
    assert patched(google, event.id, attendees=answered).execute()["attendees"][1]["responseStatus"] == "declined"


def test_guests_may_modify_when_the_organizer_says_so(google: Site) -> None:
    event = google.hands.invite("Meeting", NINE, TEN, BOSS, guestsCanModify=True)
    assert patched(google, event.id, summary="Mine").execute()["summary"] == "Mine"


def test_a_declined_invitation_stays_confirmed(google: Site) -> None:
    event = google.hands.invite("Meeting", NINE, TEN, BOSS)
    google.hands.answer(event.id, "declined")
    (row,) = google.rows()
    assert row["status"] == "confirmed"
    assert row["attendees"][1] == {"email": ANNA, "responseStatus": "declined", "self": True}


def test_a_locked_copy_keeps_its_main_fields(google: Site) -> None:
    event = google.insert()
    google.hands.lock(event["id"])
    assert google.refused(patched(google, event["id"], summary="New")).status == 403
    shown = patched(google, event["id"], transparency="transparent").execute()
    assert (shown["locked"], shown["transparency"]) == (True, "transparent")


def test_many_guests_are_left_out_of_the_answer(google: Site) -> None:
    google.hands.invite("Meeting", NINE, TEN, BOSS)
    (row,) = google.rows(maxAttendees=1)
    assert row["attendeesOmitted"] is True
    assert [guest["email"] for guest in row["attendees"]] == [ANNA]


def test_guests_get_mail_only_when_asked_for(google: Site) -> None:
    guests = [{"email": BOSS}]
    quiet = google.events.insert(calendarId="primary", body=draft(attendees=guests), sendUpdates="none").execute()
    google.events.delete(calendarId="primary", eventId=quiet["id"], sendUpdates="none").execute()
    assert google.state.mailed == []
    loud = google.events.insert(calendarId="primary", body=draft(attendees=guests), sendUpdates="all").execute()
    google.events.delete(calendarId="primary", eventId=loud["id"], sendNotifications=True).execute()
    assert [(mail.to, mail.kind) for mail in google.state.mailed] == [(BOSS, "invitation"), (BOSS, "cancellation")]
    assert len(google.client.get("/_sandbox/mails").json()["mails"]) == 2


def test_some_mail_is_sent_whatever_was_asked_by_switch(google: Site) -> None:
    google.switch(guest_mail_despite_none=True)
    google.events.insert(calendarId="primary", body=draft(attendees=[{"email": BOSS}]), sendUpdates="none").execute()
    assert len(google.state.mailed) == 1


def test_long_keys_are_dropped_and_long_values_cut_without_a_word(google: Site) -> None:
    private = {"k" * 44: "v" * 1025, "l" * 45: "lost"}
    event = google.insert(extendedProperties={"private": private})
    assert event["extendedProperties"] == {"private": {"k" * 44: "v" * 1024}}


@pytest.mark.parametrize("private", [{f"k{n}": "" for n in range(301)}, {f"k{n}": "v" * 1024 for n in range(33)}])
def test_too_many_or_too_large_properties_are_400(google: Site, private: Json) -> None:
    body = draft(extendedProperties={"private": private})
    assert google.refused(google.events.insert(calendarId="primary", body=body)).status == 400


def test_long_texts_are_cut_or_let_through_by_switch(google: Site) -> None:
    google.switch(long_description="truncate", long_text="truncate")
    event = google.insert(description="d" * 9000, summary="s" * 2000)
    assert (len(event["description"]), len(event["summary"])) == (8192, 1024)
    google.switch(long_text="accept")
    assert len(google.insert(summary="s" * 2000)["summary"]) == 2000


def test_a_description_is_rewritten_by_switch(google: Site) -> None:
    google.switch(description_html="rewritten")
    assert google.insert(description="A & B\nC &amp; D")["description"] == "A &amp; B<br>C &amp; D"


def test_a_description_is_rewritten_when_a_person_saves_the_event_by_switch(google: Site) -> None:
    google.switch(description_html="by_hand")
    event = google.insert(description="A & B\nC")
    assert event["description"] == "A & B\nC"
    assert google.hands.edit(event["id"], summary="New").fields["description"] == "A &amp; B<br>C"


def test_from_all_day_to_timed_a_patch_needs_a_null_unless_switched(google: Site) -> None:
    event = google.insert(start=day("2026-11-24"), end=day("2026-11-25"))
    timed = {"start": at("2026-11-24T09:00"), "end": at("2026-11-24T10:00")}
    assert google.refused(patched(google, event["id"], **timed)).status == 400
    with_null = {edge: {**value, "date": None} for edge, value in timed.items()}
    assert patched(google, event["id"], **with_null).execute()["start"]["dateTime"] == "2026-11-24T09:00:00+01:00"
    google.switch(date_switch_by_patch="drop")
    whole = {"start": day("2026-11-24"), "end": day("2026-11-25")}
    assert patched(google, event["id"], **whole).execute()["start"] == {"date": "2026-11-24"}


def test_what_older_clients_do_not_know_needs_its_parameter(google: Site) -> None:
    meeting = {"conferenceId": "abc", "conferenceSolution": {"key": {"type": "addOn"}}}
    event = google.insert(conferenceData=meeting)
    assert "conferenceData" not in event
    ref = {"calendarId": "primary", "eventId": event["id"]}
    body = {"conferenceData": meeting}
    assert google.events.patch(**ref, body=body, conferenceDataVersion=1).execute()["conferenceData"] == meeting
    assert google.events.update(**ref, body=draft()).execute()["conferenceData"] == meeting
    assert "conferenceData" not in google.events.update(**ref, body=draft(), conferenceDataVersion=1).execute()
    coloured = google.events.patch(**ref, body={"colorId": "2", "eventLabelId": "x"}).execute()
    assert ("eventLabelId" in coloured, coloured["colorId"]) == (False, "2")
    labelled = google.events.patch(**ref, body={"colorId": "3", "eventLabelId": "x"}, eventLabelVersion=1).execute()
    assert (labelled["eventLabelId"], labelled["colorId"]) == ("x", "2")


def test_a_lower_sequence_is_refused(google: Site) -> None:
    event = google.insert(sequence=3)
    assert event["sequence"] == 3
    assert google.refused(patched(google, event["id"], sequence=2)).status == 400


def test_an_event_without_length_is_refused_by_switch(google: Site) -> None:
    google.insert(end=at("2026-11-24T09:00"))
    google.switch(zero_length_events="refuse")
    body = draft(end=at("2026-11-24T09:00"))
    assert google.refused(google.events.insert(calendarId="primary", body=body)).reason == "timeRangeEmpty"


def test_a_write_without_change_keeps_the_etag_by_switch(google: Site) -> None:
    event = google.insert()
    assert patched(google, event["id"], summary="Check").execute()["etag"] != event["etag"]
    google.switch(noop_write="same")
    etag = google.get(event["id"])["etag"]
    assert patched(google, event["id"], summary="Check").execute()["etag"] == etag


def test_both_names_on_an_insert_are_let_through_by_switch(google: Site) -> None:
    google.switch(id_with_uid="accept")
    assert google.insert(id="first", iCalUID="uid@elsewhere")["iCalUID"] == "uid@elsewhere"


def test_an_import_is_known_by_its_uid(google: Site) -> None:
    body = draft(iCalUID="uid@elsewhere", organizer={"email": BOSS})
    first = google.events.import_(calendarId="primary", body=body).execute()
    second = google.events.import_(calendarId="primary", body={**body, "summary": "Again"}).execute()
    assert first["id"] == second["id"]
    assert second["organizer"] == {"email": BOSS}
    assert google.refused(google.events.import_(calendarId="primary", body=draft())).reason == "required"


def test_a_move_is_cancelled_here_and_found_there(google: Site) -> None:
    other = google.state.add_calendar(ANNA, "Other").id
    google.insert(id="single")
    google.insert(id="series", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    google.hands.edit("series_20261124T080000Z", summary="Special")
    _, token = google.sync()
    for ref in ("single", "series"):
        google.events.move(calendarId="primary", eventId=ref, destination=other).execute()
    rows, _ = google.sync(token)
    assert {row["status"] for row in rows.values()} == {"cancelled"}
    assert set(rows) == {"single", "series_20261124T080000Z", "series_20261201T080000Z"}
    there = google.rows(other, singleEvents=True)
    assert {row["id"]: row["summary"] for row in there} == {
        **dict.fromkeys(rows, "Check"),
        "series_20261124T080000Z": "Special",
    }
    refusal = google.refused(google.events.move(calendarId=other, eventId="series_20261201T080000Z", destination=ANNA))
    assert refusal.reason == "cannotChangeOrganizerOfInstance"
    assert google.refused(google.events.move(calendarId=other, eventId="single", destination="none")).status == 404


def test_a_moved_event_may_get_another_id_by_switch(google: Site) -> None:
    google.switch(move_keeps_id=False)
    other = google.state.add_calendar(ANNA, "Other").id
    event = google.insert()
    assert google.hands.move(event["id"], other).id != event["id"]


def test_a_persons_copy_carries_private_properties_by_switch(google: Site) -> None:
    event = google.insert(extendedProperties={"private": {"a": "1"}})
    assert google.hands.copy(event["id"]).fields["extendedProperties"] == {"private": {"a": "1"}}
    google.switch(copied_private=False)
    assert "extendedProperties" not in google.hands.copy(event["id"]).fields
    assert len({row["id"] for row in google.rows()}) == 3


def test_deleted_events_are_forgotten_in_time_by_switch(google: Site) -> None:
    google.switch(tombstone_days=30)
    google.insert(id="single")
    _, token = google.sync()
    google.hands.delete("single")
    google.clock.advance(30 * 86400)
    assert google.refused(google.events.get(calendarId="primary", eventId="single")).status == 404
    assert google.sync(token)[0] == {}
    assert google.insert(id="single")["status"] == "confirmed"


def test_a_person_takes_an_event_out_of_the_bin(google: Site) -> None:
    event = google.insert()
    _, token = google.sync()
    google.hands.delete(event["id"])
    google.hands.restore(event["id"])
    rows, _ = google.sync(token)
    assert rows[event["id"]]["status"] == "confirmed"
    assert rows[event["id"]]["etag"] != event["etag"]


def test_deleting_what_never_was_is_410_by_switch(google: Site) -> None:
    google.switch(delete_of_unknown="410")
    assert google.refused(google.events.delete(calendarId="primary", eventId="neverwas")).status == 410


def test_a_person_adds_dates_and_times_and_edits_them(google: Site) -> None:
    hands = Hands(google.state, ANNA)
    event = hands.add("Holiday", date(2026, 12, 24), date(2026, 12, 27), description="Away")
    assert google.get(event.id)["end"] == {"date": "2026-12-27"}
    hands.edit(event.id, start=NINE, end=TEN, zone="Europe/Berlin", description=None)
    shown = google.get(event.id)
    assert shown["start"]["dateTime"] == "2026-11-24T09:00:00+01:00"
    assert "description" not in shown
