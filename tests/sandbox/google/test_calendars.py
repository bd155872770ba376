"""Calendars and their list, settings, colours and free/busy."""

from datetime import UTC, datetime

from tests.sandbox.google.site import ANNA, BERT, Site, at, day

DAY = {"timeMin": "2026-11-24T00:00:00Z", "timeMax": "2026-11-25T00:00:00Z"}


def test_the_list_marks_the_primary_calendar_and_comes_in_pages(google: Site) -> None:
    google.state.add_calendar(ANNA, "Other")
    google.state.add_calendar(ANNA, "Holidays", "holidays", "reader")
    entries = google.service().calendarList()
    request = entries.list(maxResults=2)
    first = request.execute()
    second = entries.list_next(request, first).execute()
    found = [*first["items"], *second["items"]]
    assert [(row["summary"], row["accessRole"], row.get("primary")) for row in found] == [
        (ANNA, "owner", True),
        ("Other", "owner", None),
        ("Holidays", "reader", None),
    ]
    assert "nextSyncToken" in second
    writable = entries.list(minAccessRole="writer").execute()["items"]
    assert [row["summary"] for row in writable] == [ANNA, "Other"]
    assert google.refused(entries.list(syncToken="x")).status == 410


def test_a_calendar_id_is_percent_encoded_in_the_path(google: Site) -> None:
    ref = "en.german/x#holiday@group.v.calendar.google.com"
    google.state.add_calendar(ANNA, "Holidays", "holidays", "reader", ref)
    assert google.service().calendars().get(calendarId=ref).execute()["id"] == ref
    assert google.rows(ref) == []


def test_primary_stands_for_the_persons_own_calendar(google: Site) -> None:
    calendars = google.service(BERT).calendars()
    assert calendars.get(calendarId="primary").execute()["id"] == BERT
    assert google.refused(calendars.get(calendarId=ANNA)).status == 404


def test_a_secondary_calendar_lives_and_dies(google: Site) -> None:
    calendars = google.service().calendars()
    made = calendars.insert(body={"summary": "New", "timeZone": "Asia/Tokyo"}).execute()
    assert (made["timeZone"], made["dataOwner"]) == ("Asia/Tokyo", ANNA)
    changed = calendars.patch(calendarId=made["id"], body={"summary": "Newer", "description": "D"}).execute()
    assert (changed["summary"], changed["description"]) == ("Newer", "D")
    assert changed["etag"] != made["etag"]
    assert calendars.delete(calendarId=made["id"]).execute() == ""
    assert google.refused(google.events.list(calendarId=made["id"])).status == 404
    assert len(google.service().calendarList().list().execute()["items"]) == 1


def test_the_primary_calendar_cannot_be_deleted_and_a_title_is_needed(google: Site) -> None:
    calendars = google.service().calendars()
    assert google.refused(calendars.delete(calendarId="primary")).status == 400
    assert google.refused(calendars.insert(body={"description": "x"})).reason == "required"
    assert google.refused(calendars.insert(body={"summary": "x", "timeZone": "Mars/Base"})).status == 400


def test_an_entry_is_hidden_shown_and_taken_out(google: Site) -> None:
    other = google.state.add_calendar(ANNA, "Other").id
    entries = google.service().calendarList()
    entries.patch(calendarId=other, body={"hidden": True, "summaryOverride": "Mine"}).execute()
    assert len(entries.list().execute()["items"]) == 1
    assert entries.list(showHidden=True).execute()["items"][1]["summaryOverride"] == "Mine"
    entries.delete(calendarId=other).execute()
    assert google.refused(entries.get(calendarId=other)).status == 404
    assert entries.insert(body={"id": other}).execute()["id"] == other
    assert google.refused(entries.delete(calendarId="primary")).status == 403


def test_a_new_zone_moves_all_day_events(google: Site) -> None:
    google.insert(start=day("2026-11-24"), end=day("2026-11-25"))
    late = "2026-11-24T23:30:00Z"
    assert google.rows(timeMin=late) == []
    google.service().calendars().patch(calendarId="primary", body={"timeZone": "America/New_York"}).execute()
    assert len(google.rows(timeMin=late)) == 1
    assert google.pages()[0]["timeZone"] == "America/New_York"


def test_free_busy_merges_what_blocks(google: Site) -> None:
    google.insert()
    google.insert(start=at("2026-11-24T09:30"), end=at("2026-11-24T11:00"))
    google.insert(start=at("2026-11-24T14:00"), end=at("2026-11-24T15:00"), transparency="transparent")
    google.insert(start=at("2026-11-17T20:00"), end=at("2026-11-17T21:00"), recurrence=["RRULE:FREQ=WEEKLY"])
    nine, ten = (datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (14, 15))
    event = google.hands.invite("Meeting", nine, ten, "boss@office.example")
    google.hands.answer(event.id, "declined")
    asked = {**DAY, "items": [{"id": ANNA}, {"id": BERT}]}
    answer = google.service().freebusy().query(body=asked).execute()
    assert [(row["start"][11:16], row["end"][11:16]) for row in answer["calendars"][ANNA]["busy"]] == [
        ("08:00", "10:00"),
        ("19:00", "20:00"),
    ]
    assert answer["calendars"][BERT]["errors"][0]["reason"] == "notFound"


def test_settings_and_colours_are_there(google: Site) -> None:
    settings = google.service().settings()
    assert settings.get(setting="timezone").execute()["value"] == "Europe/Berlin"
    assert {row["id"] for row in settings.list().execute()["items"]} >= {"timezone", "locale"}
    assert google.refused(settings.get(setting="mood")).status == 404
    assert google.service().colors().get().execute()["event"]
