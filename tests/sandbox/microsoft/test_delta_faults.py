"""Faults inside the answers of delta and of plain reads: that a client really meets each, and what comes after it."""

import pytest

from tests.sandbox.microsoft.site import IMMUTABLE, WINDOW, Site, event_path, weekly

PARAMS = {"startDateTime": WINDOW[0], "endDateTime": WINDOW[1]}
DELTA = {"operation": "calendarView.delta"}


def test_a_stale_round_tells_the_rest_later(microsoft: Site) -> None:
    link = microsoft.round().link
    microsoft.clock.advance(60)
    event = microsoft.create()
    number = microsoft.fault({"stale_seconds": 30}, DELTA)
    stale = microsoft.round(link)
    assert (microsoft.fired(number), stale.rows) == (1, [])
    assert [row["id"] for row in microsoft.round(stale.link).rows] == [event["id"]]


def test_stale_writes_show_the_mailbox_before_them(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.patch(event["id"], subject="New")
    microsoft.fault({"stale_writes": 1}, {"operation": "events.get"})
    assert microsoft.event(event["id"])["subject"] == "Check"
    assert microsoft.event(event["id"])["subject"] == "New"


def test_a_replay_tells_the_past_first_and_the_present_after_it(microsoft: Site) -> None:
    event = microsoft.create()
    other = microsoft.create()
    microsoft.patch(event["id"], subject="New")
    link = microsoft.round().link
    number = microsoft.fault({"replay": {"back": 1}}, DELTA)
    rows = microsoft.round(link).rows
    assert microsoft.fired(number) == 1
    assert [(row["id"], row["subject"]) for row in rows] == [(event["id"], "Check"), (event["id"], "New")]
    assert other["id"] not in {row["id"] for row in rows}


def test_a_replayed_event_that_is_gone_comes_as_removed_after_its_past(microsoft: Site) -> None:
    event = microsoft.create()
    link = microsoft.round().link
    microsoft.patch(event["id"], subject="New")
    microsoft.delete(event["id"])
    microsoft.fault({"replay": {"back": 1}}, DELTA)
    rows = microsoft.round(link).rows
    assert rows[0]["subject"] == "New"
    assert {(row["id"], "@removed" in row) for row in rows[1:]} == {(event["id"], True)}


def test_the_present_stands_last_after_several_changes(microsoft: Site) -> None:
    event = microsoft.create()
    link = microsoft.round().link
    for subject in ("One", "Two", "Three"):
        microsoft.patch(event["id"], subject=subject)
    microsoft.fault({"replay": {"back": 1}}, DELTA)
    subjects = [row["subject"] for row in microsoft.round(link).rows]
    assert (subjects[0], subjects[-1]) == ("Two", "Three")


def test_a_replayed_read_shows_the_past(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.patch(event["id"], subject="New")
    microsoft.fault({"replay": {"back": 1}}, {"operation": "events.get"})
    assert microsoft.event(event["id"])["subject"] == "Check"


@pytest.mark.parametrize(("do", "count"), [({"truncate": 1}, 1), ({"empty": True}, 0)])
@pytest.mark.parametrize("operation", ["calendarView.delta", "calendarView.list", "events.list"])
def test_a_list_that_lacks_rows_claims_to_be_whole(
    microsoft: Site, do: dict[str, object], count: int, operation: str
) -> None:
    for _ in range(3):
        microsoft.create()
    number = microsoft.fault(do, {"operation": operation})
    if operation == "calendarView.delta":
        rows = microsoft.round().rows
    else:
        rows = microsoft.view() if operation == "calendarView.list" else microsoft.get("/me/events")["value"]
    assert (microsoft.fired(number), len(rows)) == (1, count)


def test_tokens_can_be_made_to_expire(microsoft: Site) -> None:
    link = microsoft.round().link
    microsoft.fault({"expire_tokens": True}, DELTA)
    assert microsoft.refused("GET", link).code == "SyncStateNotFound"
    assert microsoft.refused("GET", link).status == 410
    assert microsoft.round().pages


def test_a_round_can_be_gone_in_its_middle(microsoft: Site) -> None:
    for _ in range(3):
        microsoft.create()
    number = microsoft.fault({"gone_on_page": 2}, DELTA)
    first = microsoft.get("/me/calendarView/delta", IMMUTABLE, "odata.maxpagesize=2", params=PARAMS)
    assert microsoft.fired(number) == 0
    refusal = microsoft.refused("GET", first["@odata.nextLink"])
    assert (microsoft.fired(number), refusal.status) == (1, 410)
    assert microsoft.refused("GET", first["@odata.nextLink"]).status == 410
    assert len(microsoft.round().rows) == 3


@pytest.mark.parametrize("status", [400, 404])
def test_a_good_token_can_be_refused(microsoft: Site, status: int) -> None:
    link = microsoft.round().link
    number = microsoft.fault({"bad_token": status}, DELTA)
    assert microsoft.refused("GET", link).status == status
    assert microsoft.fired(number) == 1
    assert microsoft.call("GET", link).is_success


def test_a_round_can_have_no_end(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.fault({"endless": True}, DELTA)
    page = microsoft.get("/me/calendarView/delta", params=PARAMS)
    links = set()
    for _ in range(5):
        assert [row["id"] for row in page["value"]] == [event["id"]]
        links.add(page["@odata.nextLink"])
        page = microsoft.get(page["@odata.nextLink"])
    assert len(links) == 5
    assert len(microsoft.round().rows) == 1


def test_empty_pages_can_be_planted(microsoft: Site) -> None:
    microsoft.create()
    microsoft.fault({"empty_pages": 2}, DELTA)
    assert [len(page["value"]) for page in microsoft.round().pages] == [0, 0, 1]


def test_a_series_can_be_split(microsoft: Site) -> None:
    microsoft.create(recurrence=weekly(3))
    microsoft.fault({"split_series": True}, DELTA)
    pages = microsoft.round(None, IMMUTABLE, "odata.maxpagesize=3").pages
    assert [len(page["value"]) for page in pages] == [3, 1]


def test_a_master_can_be_missing(microsoft: Site) -> None:
    microsoft.create(recurrence=weekly(2))
    microsoft.fault({"missing_master": True}, DELTA)
    assert [row["type"] for row in microsoft.round().rows] == ["occurrence", "occurrence"]


def test_exceptions_can_be_slim(microsoft: Site) -> None:
    microsoft.create(recurrence=weekly(2))
    microsoft.patch(microsoft.view()[1]["id"], subject="Mine")
    microsoft.fault({"slim_only": True}, DELTA)
    row = microsoft.round().rows[2]
    assert (row["type"], "subject" in row) == ("exception", False)


def test_a_fault_that_changed_nothing_says_so_in_the_log(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.fault({"stale_writes": 1}, {"operation": "events.get"})
    assert microsoft.call("GET", event_path(event["id"])).status_code == 404
    microsoft.fault({"truncate": 5}, DELTA)
    microsoft.round()
    named = [entry["fault"] for entry in microsoft.log() if entry["fault"]]
    assert [name.endswith("(no effect)") for name in named] == [False, True]
