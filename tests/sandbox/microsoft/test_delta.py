"""calendarView/delta: what a round tells, how its pages and tokens work, what is refused."""

import pytest

from tests.sandbox.microsoft.site import (
    ANNA,
    BERT,
    HOUR,
    IMMUTABLE,
    WINDOW,
    Json,
    Site,
    all_day,
    at,
    calendar_path,
    draft,
    event_path,
    starts,
    weekly,
)

PARAMS = {"startDateTime": WINDOW[0], "endDateTime": WINDOW[1]}
FAR = {"start": at("2028-01-04T09:00"), "end": at("2028-01-04T10:00")}


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


def test_a_first_round_tells_what_meets_the_window_and_a_later_one_what_changed(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.create(**FAR)
    first = microsoft.round()
    assert ids(first.rows) == [event["id"]]
    assert first.rows[0]["@odata.type"] == "#microsoft.graph.event"
    assert first.rows[0]["@odata.etag"] == event["@odata.etag"]
    assert first.replies[0].headers["preference-applied"] == "odata.track-changes"
    second = microsoft.round(first.link)
    assert (second.rows, second.link != first.link) == ([], True)
    microsoft.patch(event["id"], subject="New")
    other = microsoft.create()
    third = microsoft.round(second.link)
    assert [(row["id"], row["subject"]) for row in third.rows] == [(event["id"], "New"), (other["id"], "Check")]


@pytest.mark.parametrize(
    "spelling",
    [
        "/me/calendarView/delta",
        "/me/calendarView/delta()",
        "/me/calendarView/microsoft.graph.delta",
        "/me/calendar/calendarView/microsoft.graph.delta()",
        f"/users/{ANNA}/calendarView/delta",
    ],
)
def test_delta_is_found_under_all_its_names(microsoft: Site, spelling: str) -> None:
    event = microsoft.create()
    assert ids(microsoft.round(path=spelling).rows) == [event["id"]]


def test_names_of_the_window_are_read_in_any_case(microsoft: Site) -> None:
    params = {"startdatetime": WINDOW[0], "ENDDATETIME": WINDOW[1]}
    assert "@odata.deltaLink" in microsoft.get("/me/calendarView/delta", params=params)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "ErrorInvalidParameter"),
        ({"startDateTime": WINDOW[0]}, "ErrorInvalidParameter"),
        ({**PARAMS, "endDateTime": "soon"}, "ErrorInvalidParameter"),
        ({**PARAMS, "endDateTime": "2026-10-01T00:00:00Z"}, "ErrorInvalidParameter"),
        ({**PARAMS, "endDateTime": "2031-11-01T00:00:00Z"}, "ErrorInvalidRequest"),
        ({**PARAMS, "$top": "50"}, "ErrorInvalidUrlQuery"),
        ({**PARAMS, "$filter": "subject eq 'x'"}, "ErrorInvalidUrlQuery"),
        ({**PARAMS, "$orderby": "subject"}, "ErrorInvalidUrlQuery"),
        ({**PARAMS, "$search": "x"}, "ErrorInvalidUrlQuery"),
    ],
)
def test_a_query_that_delta_does_not_know_is_refused(microsoft: Site, params: Json, code: str) -> None:
    refusal = microsoft.refused("GET", "/me/calendarView/delta", params=params)
    assert (refusal.status, refusal.code) == (400, code)


@pytest.mark.parametrize("status", ["500", "400"])
def test_expansion_is_refused(microsoft: Site, status: str) -> None:
    microsoft.switch(delta_expand_status=status)
    params = {**PARAMS, "$expand": "singleValueExtendedProperties($filter=id eq 'String {a} Name b')"}
    assert microsoft.refused("GET", "/me/calendarView/delta", params=params).status == int(status)


def test_select_is_tolerated_or_refused(microsoft: Site) -> None:
    params = {**PARAMS, "$select": "subject"}
    assert microsoft.call("GET", "/me/calendarView/delta", params=params).is_success
    microsoft.switch(delta_select="refuse")
    assert microsoft.refused("GET", "/me/calendarView/delta", params=params).status == 400


def test_a_window_of_1825_days_is_the_longest(microsoft: Site) -> None:
    params = {**PARAMS, "endDateTime": "2031-10-31T00:00:00Z"}
    assert microsoft.call("GET", "/me/calendarView/delta", params=params).is_success


def test_the_window_is_half_open(microsoft: Site) -> None:
    microsoft.create(start=at("2026-10-31T23:00", "UTC"), end=at("2026-11-01T00:00", "UTC"))
    inside = microsoft.create(start=at("2026-10-31T23:00", "UTC"), end=at("2026-11-01T00:01", "UTC"))
    microsoft.create(start=at("2027-01-01T00:00", "UTC"), end=at("2027-01-01T01:00", "UTC"))
    assert ids(microsoft.round().rows) == [inside["id"]]


def test_an_all_day_event_is_matched_by_midnights_in_utc(microsoft: Site) -> None:
    microsoft.create(**all_day("2026-10-31", "2026-11-01", "Tokyo Standard Time"))
    inside = microsoft.create(**all_day("2026-12-31", "2027-01-01", "Pacific Standard Time"))
    assert ids(microsoft.round().rows) == [inside["id"]]


def test_a_deleted_event_comes_as_removed(microsoft: Site) -> None:
    event = microsoft.create()
    link = microsoft.round().link
    microsoft.delete(event["id"])
    (row,) = microsoft.round(link).rows
    assert row == {
        "@odata.type": "#microsoft.graph.event",
        "id": event["id"],
        "@removed": {"reason": "deleted"},
    }


def test_an_event_that_leaves_the_window_comes_as_removed_and_is_still_there(microsoft: Site) -> None:
    event = microsoft.create()
    link = microsoft.round().link
    microsoft.patch(event["id"], **FAR)
    assert microsoft.round(link).removed == [event["id"]]
    assert microsoft.event(event["id"])["subject"] == "Check"


@pytest.mark.parametrize("told", [True, False])
def test_an_event_that_changes_outside_the_window_comes_as_removed_by_switch(microsoft: Site, told: bool) -> None:
    microsoft.switch(delta_outside_removed=told)
    old = microsoft.create(**FAR)
    link = microsoft.round().link
    microsoft.patch(old["id"], subject="New")
    new = microsoft.create(**FAR)
    assert microsoft.round(link).removed == ([old["id"], new["id"]] if told else [])


def test_an_event_in_another_calendar_is_removed_here_and_new_there(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    there = f"{calendar_path(other.id)}/calendarView/delta"
    event = microsoft.create()
    here, beyond = microsoft.round().link, microsoft.round(path=there).link
    microsoft.hands.move(event["id"], other.id)
    assert microsoft.round(here).removed == [event["id"]]
    assert ids(microsoft.round(beyond).whole) == [event["id"]]


def test_without_immutable_ids_a_moved_event_has_another_id(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    there = f"{calendar_path(other.id)}/calendarView/delta"
    event = microsoft.create()
    before = microsoft.round(None, "x=1").rows[0]["id"]
    microsoft.hands.move(event["id"], other.id)
    after = microsoft.round(None, "x=1", path=there).rows[0]["id"]
    assert len({before, after, event["id"]}) == 3


def test_a_series_is_its_master_and_slim_occurrences(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2))
    rows = microsoft.round().rows
    assert [row["type"] for row in rows] == ["seriesMaster", "occurrence", "occurrence"]
    assert rows[0]["recurrence"]["pattern"]["type"] == "weekly"
    assert set(rows[1]) == {"@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end"}
    assert rows[1]["seriesMasterId"] == master["id"]


def test_a_master_may_begin_long_before_the_window(microsoft: Site) -> None:
    edges = {"start": at("2020-01-07T09:00"), "end": at("2020-01-07T10:00")}
    endless = {**weekly(), "range": {"type": "noEnd", "startDate": "2020-01-07"}}
    microsoft.create(recurrence=endless, **edges)
    rows = microsoft.round().rows
    assert rows[0]["start"]["dateTime"].startswith("2020-01-07")
    assert len(rows) == 1 + 9


def test_a_deleted_occurrence_is_told_by_its_absence_alone(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(3))
    first = microsoft.round()
    gone = first.rows[2]["id"]
    microsoft.delete(gone)
    second = microsoft.round(first.link)
    assert second.removed == []
    assert ids(second.rows) == [master["id"], first.rows[1]["id"], first.rows[3]["id"]]


def test_an_edited_occurrence_is_a_whole_row_with_its_series(microsoft: Site) -> None:
    microsoft.create(recurrence=weekly(2))
    first = microsoft.round()
    microsoft.patch(first.rows[2]["id"], subject="Moved")
    rows = microsoft.round(first.link).rows
    assert [row["type"] for row in rows] == ["seriesMaster", "occurrence", "exception"]
    assert (rows[2]["subject"], rows[2]["originalStart"]) == ("Moved", "2026-12-01T08:00:00Z")


def test_a_rescheduled_series_has_new_occurrences_and_says_nothing_of_the_old(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2))
    first = microsoft.round()
    edges = {"start": at("2026-11-25T09:00"), "end": at("2026-11-25T10:00")}
    microsoft.patch(master["id"], recurrence=weekly(2, "2026-11-25", "wednesday"), **edges)
    second = microsoft.round(first.link)
    assert second.removed == []
    assert not set(ids(second.rows[1:])) & set(ids(first.rows[1:]))
    assert starts(second.rows[1:]) == ["2026-11-25T08:00", "2026-12-02T08:00"]


@pytest.mark.parametrize("all_rows", [False, True])
def test_a_deleted_series_is_removed_by_its_master(microsoft: Site, all_rows: bool) -> None:
    microsoft.switch(delta_deleted_series="all" if all_rows else "master")
    microsoft.create(recurrence=weekly(2))
    first = microsoft.round()
    microsoft.delete(first.rows[0]["id"])
    assert microsoft.round(first.link).removed == ids(first.rows)[: 3 if all_rows else 1]


def test_pages_have_the_size_that_each_request_asks_for(microsoft: Site) -> None:
    for _ in range(5):
        microsoft.create()
    sized = microsoft.round(None, IMMUTABLE, "odata.maxpagesize=2")
    assert [len(page["value"]) for page in sized.pages] == [2, 2, 1]
    first = microsoft.get("/me/calendarView/delta", IMMUTABLE, "odata.maxpagesize=2", params=PARAMS)
    second = microsoft.get(first["@odata.nextLink"], 'outlook.timezone="Tokyo Standard Time"')
    assert len(second["value"]) == 3
    assert second["value"][0]["start"]["timeZone"] == "Tokyo Standard Time"
    assert not set(ids(second["value"])) & set(ids(sized.rows))


def test_the_service_chooses_the_size_of_a_page_when_nobody_asks(microsoft: Site) -> None:
    microsoft.switch(delta_page_size=3)
    for _ in range(5):
        microsoft.create()
    assert [len(page["value"]) for page in microsoft.round().pages] == [3, 2]


def test_a_series_is_not_split_over_pages_unless_the_switch_says_so(microsoft: Site) -> None:
    microsoft.create()
    microsoft.create(recurrence=weekly(4))
    whole = microsoft.round(None, IMMUTABLE, "odata.maxpagesize=2")
    assert [len(page["value"]) for page in whole.pages] == [1, 5]
    microsoft.switch(delta_split_series=True)
    split = microsoft.round(None, IMMUTABLE, "odata.maxpagesize=2")
    assert [len(page["value"]) for page in split.pages] == [2, 2, 2]


def test_what_is_written_between_pages_comes_in_the_next_round(microsoft: Site) -> None:
    for _ in range(3):
        microsoft.create()
    first = microsoft.get("/me/calendarView/delta", IMMUTABLE, "odata.maxpagesize=2", params=PARAMS)
    event = microsoft.create()
    last = microsoft.get(first["@odata.nextLink"])
    assert event["id"] not in ids(last["value"])
    assert ids(microsoft.round(last["@odata.deltaLink"]).rows) == [event["id"]]


def test_empty_pages_come_before_each_page_by_switch(microsoft: Site) -> None:
    microsoft.switch(delta_empty_pages=1)
    for _ in range(3):
        microsoft.create()
    found = microsoft.round(None, IMMUTABLE, "odata.maxpagesize=2")
    assert [len(page["value"]) for page in found.pages] == [0, 2, 0, 1]


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_rows_may_come_in_any_order(microsoft: Site, order: str) -> None:
    microsoft.create(recurrence=weekly(5))
    for _ in range(5):
        microsoft.create()
    usual = ids(microsoft.round().rows)
    microsoft.switch(delta_order=order)
    found = ids(microsoft.round().rows)
    assert found != usual
    assert sorted(found) == sorted(usual)


def test_a_row_may_come_twice(microsoft: Site) -> None:
    microsoft.switch(delta_repeats=True)
    event = microsoft.create()
    assert ids(microsoft.round().rows) == [event["id"]] * 2


def test_a_change_may_be_shown_late(microsoft: Site) -> None:
    microsoft.switch(delta_lag_seconds=60)
    link = microsoft.round().link
    event = microsoft.create()
    late = microsoft.round(link)
    assert late.rows == []
    microsoft.clock.advance(60)
    assert ids(microsoft.round(late.link).rows) == [event["id"]]


def test_a_token_is_bound_to_its_person_and_its_calendar(microsoft: Site) -> None:
    link = microsoft.round().link
    assert microsoft.refused("GET", link, email=BERT).code == "BadRequest"
    other = microsoft.state.add_calendar(ANNA, "Other")
    query = link.partition("?")[2]
    elsewhere = f"{calendar_path(other.id)}/calendarView/delta?{query}"
    assert microsoft.refused("GET", elsewhere).status == 400


def test_dates_beside_a_token_mean_nothing(microsoft: Site) -> None:
    link = microsoft.round().link
    event = microsoft.create()
    found = microsoft.round(f"{link}&startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-02-01T00:00:00Z")
    assert ids(found.rows) == [event["id"]]


@pytest.mark.parametrize("switch", ["400", "404", "410"])
def test_a_token_that_was_never_given_is_refused(microsoft: Site, switch: str) -> None:
    microsoft.switch(delta_unknown_token=switch)
    assert microsoft.refused("GET", "/me/calendarView/delta?$deltatoken=abc").status == int(switch)
    assert microsoft.refused("GET", "/me/calendarView/delta?$skiptoken=abc").status == int(switch)


def test_a_token_dies_of_age(microsoft: Site) -> None:
    microsoft.switch(delta_token_days=2, delta_dead_location=True, delta_dead_code="resyncRequired")
    link = microsoft.round().link
    microsoft.clock.advance(2 * 86_400 - 1)
    assert microsoft.call("GET", link).is_success
    microsoft.clock.advance(1)
    refusal = microsoft.refused("GET", link)
    assert (refusal.status, refusal.code) == (410, "resyncRequired")
    assert refusal.headers["location"].endswith("/me/calendarView/delta?$deltatoken=")


def test_the_oldest_token_dies_first_when_few_are_kept(microsoft: Site) -> None:
    microsoft.switch(delta_tokens_kept=2)
    links = [microsoft.round().link for _ in range(3)]
    assert microsoft.refused("GET", links[0]).code == "SyncStateNotFound"
    assert microsoft.call("GET", links[2]).is_success


def test_a_cancelled_meeting_stays_as_a_row(microsoft: Site) -> None:
    ref = microsoft.hands.invite("Board", *HOUR, BERT).id
    link = microsoft.round().link
    microsoft.hands.cancel(ref)
    (row,) = microsoft.round(link).rows
    assert (row["isCancelled"], row["subject"]) == (True, "Canceled: Board")


def test_an_event_made_and_deleted_between_two_rounds_is_removed(microsoft: Site) -> None:
    link = microsoft.round().link
    event = microsoft.post("/me/events", draft())
    microsoft.delete(event["id"])
    assert microsoft.round(link).removed == [event["id"]]
    assert microsoft.refused("GET", event_path(event["id"])).status == 404
