"""Lists: windows, filters, pages of one snapshot, and what sync tokens promise."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.google.site import ANNA, BERT, Site, at, day


def three(google: Site) -> list[str]:
    return [google.insert(id=f"event{number}", summary=f"Number {number}")["id"] for number in range(3)]


def test_a_window_bounds_the_end_from_below_and_the_start_from_above_both_exclusive(google: Site) -> None:
    google.insert()  # 08:00 to 09:00 UTC
    assert google.rows(timeMin="2026-11-24T09:00:00Z") == []
    assert len(google.rows(timeMin="2026-11-24T08:59:59Z")) == 1
    assert google.rows(timeMax="2026-11-24T09:00:00+01:00") == []
    assert len(google.rows(timeMax="2026-11-24T09:00:01+01:00")) == 1


def test_an_all_day_event_lies_in_the_calendars_zone(google: Site) -> None:
    google.insert(start=day("2026-11-24"), end=day("2026-11-25"))
    assert google.rows(timeMin="2026-11-24T23:00:00Z") == []
    assert len(google.rows(timeMin="2026-11-24T22:59:00Z")) == 1
    assert google.rows()[0]["start"] == {"date": "2026-11-24"}


def test_rows_are_shown_in_the_zone_of_the_answer_and_keep_their_own(google: Site) -> None:
    google.insert()
    (page,) = google.pages(timeZone="America/New_York")
    assert page["items"][0]["start"] == {"dateTime": "2026-11-24T03:00:00-05:00", "timeZone": "Europe/Berlin"}
    assert page["timeZone"] == "Europe/Berlin"


def test_properties_text_and_uid_select(google: Site) -> None:
    mine = google.insert(summary="Piano lesson", extendedProperties={"private": {"a": "1"}})
    google.insert(summary="Chess", extendedProperties={"private": {"a": "2"}})
    for params in ({"privateExtendedProperty": "a=1"}, {"q": "piano"}, {"iCalUID": mine["iCalUID"]}):
        assert [row["id"] for row in google.rows(**params)] == [mine["id"]]
    assert "nextSyncToken" not in google.pages(q="piano")[-1]


def test_deleted_events_are_listed_bare_and_only_when_asked_for(google: Site) -> None:
    event = google.insert(description="secret")
    google.hands.delete(event["id"])
    assert google.rows() == []
    (row,) = google.rows(showDeleted=True)
    assert set(row) == {"kind", "etag", "id", "status"}
    google.switch(cancelled_details="kept")
    assert google.rows(showDeleted=True)[0]["description"] == "secret"


def test_pages_show_one_snapshot_and_the_token_brings_what_came_in_between(google: Site) -> None:
    three(google)
    request = google.events.list(calendarId="primary", maxResults=2)
    first = request.execute()
    assert "nextSyncToken" not in first
    google.hands.edit("event2", summary="Meanwhile")
    second = google.events.list_next(request, first).execute()
    assert "nextPageToken" not in second
    assert [row["summary"] for row in second["items"]] == ["Number 2"]
    (row,) = google.rows(syncToken=second["nextSyncToken"])
    assert row["summary"] == "Meanwhile"


def test_a_page_token_belongs_to_its_query(google: Site) -> None:
    three(google)
    first = google.events.list(calendarId="primary", maxResults=1).execute()
    for other in ({"singleEvents": True}, {"showDeleted": True}, {"q": "Number"}):
        request = google.events.list(calendarId="primary", pageToken=first["nextPageToken"], **other)
        assert google.refused(request).status == 400
    more = google.events.list(calendarId="primary", pageToken=first["nextPageToken"], maxResults=2)
    assert len(more.execute()["items"]) == 2


def test_a_sync_token_brings_changes_deletions_and_additions(google: Site) -> None:
    three(google)
    rows, token = google.sync()
    assert set(rows) == {"event0", "event1", "event2"}
    google.hands.edit("event0", summary="New")
    google.hands.delete("event1")
    google.insert(id="event3")
    rows, later = google.sync(token)
    assert {ref: row["status"] for ref, row in rows.items()} == {
        "event0": "confirmed",
        "event1": "cancelled",
        "event3": "confirmed",
    }
    assert google.sync(later)[0] == {}
    assert set(google.sync(token)[0]) == {"event0", "event1", "event3"}


@pytest.mark.parametrize(
    "mixed",
    [
        {"timeMin": "2026-11-24T09:00:00Z"},
        {"timeMax": "2026-11-24T09:00:00Z"},
        {"updatedMin": "2026-11-20T09:00:00Z"},
        {"q": "x"},
        {"orderBy": "startTime"},
        {"iCalUID": "x"},
        {"privateExtendedProperty": "a=1"},
        {"sharedExtendedProperty": "a=1"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_goes_with_no_restriction(google: Site, mixed: dict[str, Any]) -> None:
    _, token = google.sync()
    refusal = google.refused(google.events.list(calendarId="primary", singleEvents=True, syncToken=token, **mixed))
    assert (refusal.status, refusal.reason) == (400, "syncTokenWithRequestRestrictions")


def test_a_sync_token_belongs_to_its_query_its_calendar_and_its_person(google: Site) -> None:
    _, token = google.sync()
    assert google.refused(google.events.list(calendarId="primary", syncToken=token)).status == 400
    google.state.calendars[ANNA].roles[BERT] = "reader"
    theirs = google.service(BERT).events().list(calendarId=ANNA, syncToken=token, singleEvents=True)
    assert google.refused(theirs).status == 400


def test_a_malformed_token_is_400_or_410_by_switch(google: Site) -> None:
    request = google.events.list(calendarId="primary", syncToken="made-up")
    assert google.refused(request).status == 400
    google.switch(malformed_token="410")
    assert google.refused(request).status == 410


def test_an_old_token_expires_by_switch(google: Site) -> None:
    _, token = google.sync()
    google.switch(sync_token_days=7)
    google.clock.advance(7 * 86400)
    refusal = google.refused(google.events.list(calendarId="primary", singleEvents=True, syncToken=token))
    assert (refusal.status, refusal.reason) == (410, "fullSyncRequired")


def test_after_410_the_full_list_has_no_tombstones_of_the_gap(google: Site) -> None:
    three(google)
    _, token = google.sync()
    google.hands.delete("event0")
    fault = google.fault({"expire_tokens": True})
    assert google.refused(google.events.list(calendarId="primary", singleEvents=True, syncToken=token)).status == 410
    assert google.fired(fault) == 1
    rows, later = google.sync()
    assert set(rows) == {"event1", "event2"}
    google.hands.delete("event1")
    assert google.sync(later)[0]["event1"]["status"] == "cancelled"


@pytest.mark.parametrize("page", [1, 3])
def test_a_token_can_be_gone_on_any_page(google: Site, page: int) -> None:
    three(google)
    fault = google.fault({"gone_on_page": page}, times=2)
    for _ in range(2):
        request = google.events.list(calendarId="primary", maxResults=1)
        for _ in range(page - 1):
            request = google.events.list_next(request, request.execute())
        assert google.refused(request).reason == "fullSyncRequired"
    assert google.fired(fault) == 2
    assert len(google.rows(maxResults=1)) == 3


def test_a_first_list_with_a_window_gives_a_token_without_one(google: Site) -> None:
    page = google.pages(timeMin="2027-01-01T00:00:00Z")[-1]
    google.insert()
    assert len(google.rows(syncToken=page["nextSyncToken"])) == 1
    google.switch(bounded_token="bounded")
    assert google.rows(syncToken=page["nextSyncToken"]) == []
    google.switch(bounded_token="none")
    assert "nextSyncToken" not in google.pages(timeMin="2027-01-01T00:00:00Z")[-1]


def test_updated_min_shows_deleted_events_and_reaches_only_so_far_back(google: Site) -> None:
    three(google)
    google.clock.advance(3600)
    google.hands.delete("event0")
    since = (google.clock.now() - timedelta(minutes=1)).isoformat()
    assert [row["id"] for row in google.rows(updatedMin=since)] == ["event0"]
    old = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    refusal = google.refused(google.events.list(calendarId="primary", updatedMin=old))
    assert (refusal.status, refusal.reason) == (410, "updatedMinTooLongAgo")
    google.switch(updated_min_days=0)
    assert len(google.rows(updatedMin=old)) == 3


def test_pages_can_be_short_or_empty(google: Site) -> None:
    three(google)
    google.switch(short_pages=1, empty_first_page=True)
    pages = google.pages()
    assert [len(page["items"]) for page in pages] == [0, 1, 1, 1]
    assert "nextSyncToken" in pages[-1]


def test_order_by_start_needs_single_events(google: Site) -> None:
    google.insert(id="later", start=at("2026-11-25T09:00"), end=at("2026-11-25T10:00"))
    google.insert(id="sooner")
    assert google.refused(google.events.list(calendarId="primary", orderBy="startTime")).status == 400
    assert [row["id"] for row in google.rows(orderBy="startTime", singleEvents=True)] == ["sooner", "later"]


def test_a_long_get_comes_as_a_post_and_is_a_list(google: Site) -> None:
    google.insert()
    assert google.rows(q="x" * 2100) == []
    last = google.log()[-1]
    assert (last["method"], last["operation"], last["write"]) == ("GET", "events.list", False)
    assert len(google.hands.events()) == 1


def test_parts_of_an_answer_are_selected_by_fields(google: Site) -> None:
    google.insert()
    answer = google.events.list(calendarId="primary", fields="items(id,start/dateTime),nextSyncToken").execute()
    assert set(answer) == {"items", "nextSyncToken"}
    assert answer["items"][0]["start"] == {"dateTime": "2026-11-24T09:00:00+01:00"}
    assert google.refused(google.events.list(calendarId="primary", fields="items(id")).status == 400


def test_a_calendar_that_is_gone_is_404(google: Site) -> None:
    google.hands.remove_calendar()
    refusal = google.refused(google.events.list(calendarId="primary"))
    assert (refusal.status, refusal.reason) == (404, "notFound")
