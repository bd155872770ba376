"""Lists without change tracking: pages, order, selection, the window of a view, whose events are listed."""

import pytest

from tests.sandbox.microsoft.site import (
    ANNA,
    BERT,
    WINDOW,
    Json,
    Site,
    at,
    calendar_path,
    draft,
    event_path,
    starts,
    weekly,
)

PARAMS = {"startDateTime": WINDOW[0], "endDateTime": WINDOW[1]}


def days(site: Site, count: int) -> list[str]:
    """Events on days in a row, the latest first."""
    found = []
    for day in range(count, 0, -1):
        edges = {"start": at(f"2026-12-{day:02}T09:00"), "end": at(f"2026-12-{day:02}T10:00")}
        found.append(site.create(subject=f"Day {day:02}", **edges)["id"])
    return found


def all_rows(site: Site, path: str, **params: str) -> list[Json]:
    page = site.get(path, params=params)
    rows: list[Json] = page["value"]
    while "@odata.nextLink" in page:
        page = site.get(page["@odata.nextLink"])
        rows += page["value"]
    return rows


def test_a_page_has_ten_rows_unless_another_number_is_asked_for(microsoft: Site) -> None:
    refs = days(microsoft, 23)
    page = microsoft.get("/me/calendarView", params=PARAMS)
    assert len(page["value"]) == 10
    rows = all_rows(microsoft, "/me/calendarView", **PARAMS)
    assert [row["id"] for row in rows] == refs[::-1]
    assert len(microsoft.get("/me/events", params={"$top": "23"})["value"]) == 23
    assert [row["id"] for row in all_rows(microsoft, "/me/events", **{"$top": "7"})] == refs


@pytest.mark.parametrize("top", ["0", "1001", "many", "-1"])
def test_a_page_has_between_1_and_1000_rows(microsoft: Site, top: str) -> None:
    assert microsoft.refused("GET", "/me/calendarView", params={**PARAMS, "$top": top}).status == 400


def test_rows_are_ordered_and_filtered(microsoft: Site) -> None:
    days(microsoft, 3)
    rows = all_rows(microsoft, "/me/events", **{"$orderby": "start/dateTime desc"})
    assert starts(rows) == ["2026-12-03T08:00", "2026-12-02T08:00", "2026-12-01T08:00"]
    rows = all_rows(microsoft, "/me/events", **{"$filter": "start/dateTime ge '2026-12-02T00:00' and subject ne 'x'"})
    assert len(rows) == 2
    assert microsoft.refused("GET", "/me/events", params={"$orderby": "weather"}).status == 400


def test_a_selection_leaves_the_named_properties_and_the_id(microsoft: Site) -> None:
    microsoft.create()
    (row,) = microsoft.get("/me/events", params={"$select": "subject,start"})["value"]
    assert set(row) == {"@odata.etag", "id", "subject", "start"}
    refusal = microsoft.refused("GET", "/me/events", params={"$select": "title"})
    assert (refusal.status, "'title'" in refusal.message) == (400, True)


def test_rows_can_be_counted(microsoft: Site) -> None:
    days(microsoft, 12)
    assert microsoft.get("/me/events", params={"$count": "true"})["@odata.count"] == 12


def test_an_option_that_does_not_exist_is_refused_or_passed_over(microsoft: Site) -> None:
    assert microsoft.refused("GET", "/me/events", params={"maxResults": "5"}).code == "BadRequest"
    microsoft.switch(unknown_parameters="ignore")
    assert microsoft.call("GET", "/me/events", params={"maxResults": "5"}).is_success


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "ErrorInvalidParameter"),
        ({**PARAMS, "endDateTime": "2031-11-01T00:00:00Z"}, "ErrorInvalidRequest"),
        ({**PARAMS, "startDateTime": "2027-06-01"}, "ErrorInvalidParameter"),
        ({**PARAMS, "$select": "createdDateTime"}, "ErrorInvalidRequest"),
    ],
)
def test_a_view_needs_a_window_that_makes_sense(microsoft: Site, params: Json, code: str) -> None:
    refusal = microsoft.refused("GET", "/me/calendarView", params=params)
    assert (refusal.status, refusal.code) == (400, code)


def test_bounds_without_an_offset_are_utc_whatever_zone_is_preferred(microsoft: Site) -> None:
    event = microsoft.create()  # from 8 to 9 in UTC
    tokyo = 'outlook.timezone="Tokyo Standard Time"'
    assert microsoft.view(tokyo, start="2026-11-24T09:00:00", end="2026-11-24T20:00:00") == []
    inside = microsoft.view(tokyo, start="2026-11-24T08:59:00", end="2026-11-24T20:00:00")
    assert starts(inside) == ["2026-11-24T17:00"]
    berlin = microsoft.view(start="2026-11-24T09:30:00+01:00", end="2026-11-24T09:45:00+01:00")
    assert [row["id"] for row in berlin] == [event["id"]]


def test_instances_need_a_master_and_a_window(microsoft: Site) -> None:
    single = microsoft.create()
    master = microsoft.create(recurrence=weekly(3))
    assert microsoft.refused("GET", f"{event_path(single['id'])}/instances", params=PARAMS).status == 400
    assert microsoft.refused("GET", f"{event_path(master['id'])}/instances").status == 400
    page = microsoft.get(f"{event_path(master['id'])}/instances", params={**PARAMS, "$top": "2"})
    assert len(page["value"]) == 2
    assert len(microsoft.get(page["@odata.nextLink"])["value"]) == 1


def test_the_mailbox_lists_all_its_calendars_and_a_calendar_its_own(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    here = microsoft.create()
    there = microsoft.create(f"{calendar_path(other.id)}/events")
    assert [row["id"] for row in microsoft.get("/me/events")["value"]] == [here["id"], there["id"]]
    assert [row["id"] for row in microsoft.get("/me/calendar/events")["value"]] == [here["id"]]
    assert [row["id"] for row in microsoft.get(f"{calendar_path(other.id)}/events")["value"]] == [there["id"]]
    assert microsoft.refused("GET", f"/me/calendar{event_path(there['id'])[3:]}x").status == 400
    microsoft.switch(events_of_me="default")
    assert [row["id"] for row in microsoft.get("/me/events")["value"]] == [here["id"]]


def test_another_mailbox_is_not_reached(microsoft: Site) -> None:
    theirs = microsoft.post("/me/events", draft(), email=BERT)
    assert microsoft.refused("GET", event_path(theirs["id"])).code == "ErrorItemNotFound"
    assert microsoft.refused("GET", f"/users/{BERT}/events").status == 403
    assert microsoft.get(f"/users/{ANNA}/events")["value"] == []


def test_a_private_event_in_a_shared_calendar_hides_what_it_is(microsoft: Site) -> None:
    source = microsoft.state.default_calendar(BERT)
    shared = microsoft.state.share(source.id, ANNA, can_edit=False)
    secret = draft(subject="Doctor", sensitivity="private", location={"displayName": "Clinic"})
    theirs = microsoft.post("/me/events", secret, email=BERT)
    (row,) = microsoft.get(f"{calendar_path(shared.id)}/events")["value"]
    assert (row["id"], row["subject"]) == (theirs["id"], "Private appointment")
    assert "Clinic" not in str(row)
    assert microsoft.refused("PATCH", event_path(row["id"]), json={"subject": "x"}).code == "ErrorAccessDenied"
