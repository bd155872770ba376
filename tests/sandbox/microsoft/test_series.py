"""Series: days of patterns, daylight saving, occurrences edited and deleted one by one, series rescheduled."""

from datetime import date
from typing import Any

import pytest

from tests.sandbox.microsoft.site import (
    BERLIN,
    Site,
    all_day,
    at,
    draft,
    event_path,
    shown,
    starts,
    weekly,
)

YEAR = {"startDateTime": "2026-11-01T00:00:00", "endDateTime": "2028-01-01T00:00:00", "$top": "1000"}


def instances(site: Site, ref: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = site.get(f"{event_path(ref)}/instances", params={**YEAR, **params})["value"]
    return rows


def pattern(kind: str, start: str = "2026-11-24", count: int = 4, **fields: Any) -> dict[str, Any]:
    bounds = {"type": "numbered", "startDate": start, "numberOfOccurrences": count}
    return {"pattern": {"type": kind, "interval": 1, **fields}, "range": bounds}


@pytest.mark.parametrize(
    ("recurrence", "wanted"),
    [
        (pattern("daily", interval=2), ["2026-11-24", "2026-11-26", "2026-11-28", "2026-11-30"]),
        (
            pattern("weekly", daysOfWeek=["tuesday", "friday"]),
            ["2026-11-24", "2026-11-27", "2026-12-01", "2026-12-04"],
        ),
        (
            pattern("weekly", interval=2, daysOfWeek=["sunday", "tuesday"], firstDayOfWeek="monday"),
            ["2026-11-24", "2026-11-29", "2026-12-08", "2026-12-13"],
        ),
        (
            pattern("weekly", interval=2, daysOfWeek=["sunday", "tuesday"], firstDayOfWeek="sunday"),
            ["2026-11-24", "2026-12-06", "2026-12-08", "2026-12-20"],
        ),
        (pattern("absoluteMonthly", dayOfMonth=24), ["2026-11-24", "2026-12-24", "2027-01-24", "2027-02-24"]),
        (
            pattern("relativeMonthly", index="last", daysOfWeek=["tuesday"]),
            ["2026-11-24", "2026-12-29", "2027-01-26", "2027-02-23"],
        ),
        (pattern("absoluteYearly", dayOfMonth=24, month=11, count=2), ["2026-11-24", "2027-11-24"]),
        (
            pattern("relativeYearly", index="fourth", daysOfWeek=["tuesday"], month=11, count=2),
            ["2026-11-24", "2027-11-23"],
        ),
    ],
)
def test_a_pattern_gives_its_days(microsoft: Site, recurrence: dict[str, Any], wanted: list[str]) -> None:
    master = microsoft.create(recurrence=recurrence)
    assert master["type"] == "seriesMaster"
    assert [start[:10] for start in starts(instances(microsoft, master["id"]))] == wanted


def test_a_day_that_a_month_lacks_is_its_last(microsoft: Site) -> None:
    january = {"start": at("2027-01-31T09:00"), "end": at("2027-01-31T10:00")}
    master = microsoft.create(recurrence=pattern("absoluteMonthly", "2027-01-31", 3, dayOfMonth=31), **january)
    assert [s[:10] for s in starts(instances(microsoft, master["id"]))] == ["2027-01-31", "2027-02-28", "2027-03-31"]


def test_a_series_begins_on_the_first_day_of_its_pattern(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2, day="thursday"))
    assert master["start"] == shown("2026-11-26T08:00")
    assert master["recurrence"]["range"]["startDate"] == "2026-11-26"


def test_an_end_date_is_inclusive(microsoft: Site) -> None:
    bounds = {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-12-08"}
    master = microsoft.create(recurrence={**weekly(), "range": bounds})
    assert [s[:10] for s in starts(instances(microsoft, master["id"]))] == ["2026-11-24", "2026-12-01", "2026-12-08"]


@pytest.mark.parametrize(
    ("first", "wanted"),
    [
        ("2027-03-23", ["2027-03-23T08:00", "2027-03-30T07:00"]),  # clocks go forward on the 28th
        ("2027-10-26", ["2027-10-26T07:00", "2027-11-02T08:00"]),  # and back on the 31st
    ],
)
def test_a_series_keeps_the_clock_of_its_zone_when_clocks_change(
    microsoft: Site, first: str, wanted: list[str]
) -> None:
    edges = {"start": at(f"{first}T09:00"), "end": at(f"{first}T10:00")}
    master = microsoft.create(recurrence=weekly(2, first), **edges)
    assert master["recurrence"]["range"]["recurrenceTimeZone"] == BERLIN
    rows = instances(microsoft, master["id"])
    assert starts(rows) == wanted
    assert [row["originalStart"] for row in rows] == [f"{text}:00Z" for text in wanted]


def test_a_series_written_in_utc_shifts_when_clocks_change(microsoft: Site) -> None:
    edges = {"start": at("2027-03-23T08:00", "UTC"), "end": at("2027-03-23T09:00", "UTC")}
    master = microsoft.create(recurrence=weekly(2, "2027-03-23"), **edges)
    assert starts(instances(microsoft, master["id"])) == ["2027-03-23T08:00", "2027-03-30T08:00"]


def test_an_occurrence_in_the_hour_that_is_skipped_comes_later(microsoft: Site) -> None:
    edges = {"start": at("2027-03-27T02:30"), "end": at("2027-03-27T02:45")}
    master = microsoft.create(recurrence=pattern("daily", "2027-03-27", 2), **edges)
    assert starts(instances(microsoft, master["id"])) == ["2027-03-27T01:30", "2027-03-28T01:30"]


def test_occurrences_are_full_in_a_view_and_absent_among_events(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2), location={"displayName": "Room 1"})
    rows = microsoft.view()
    assert [row["type"] for row in rows] == ["occurrence", "occurrence"]
    assert {row["seriesMasterId"] for row in rows} == {master["id"]}
    assert {row["location"]["displayName"] for row in rows} == {"Room 1"}
    assert len({row["iCalUId"] for row in [*rows, master]}) == 3
    assert [row["id"] for row in microsoft.get("/me/events")["value"]] == [master["id"]]
    assert microsoft.event(rows[1]["id"]) == {**rows[1], "@odata.context": master["@odata.context"]}


def test_an_edited_occurrence_becomes_an_exception_in_its_place(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2))
    first, second = microsoft.view()
    edges = {"start": at("2026-12-03T11:00"), "end": at("2026-12-03T12:00")}
    moved = microsoft.patch(second["id"], subject="Moved", **edges)
    assert (moved["id"], moved["type"]) == (second["id"], "exception")
    assert moved["originalStart"] == "2026-12-01T08:00:00Z"
    rows = microsoft.view()
    assert starts(rows) == ["2026-11-24T08:00", "2026-12-03T10:00"]
    assert rows[0]["changeKey"] == first["changeKey"]
    found = microsoft.get(event_path(master["id"]), params={"$expand": "exceptionOccurrences"})
    assert [row["subject"] for row in found["exceptionOccurrences"]] == ["Moved"]


def test_change_keys_of_a_series_may_change_together(microsoft: Site) -> None:
    microsoft.switch(series_change_key="series")
    microsoft.create(recurrence=weekly(2))
    first, second = microsoft.view()
    microsoft.patch(second["id"], subject="New")
    assert microsoft.event(first["id"])["changeKey"] != first["changeKey"]


def test_a_deleted_occurrence_leaves_a_gap(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(3))
    second = microsoft.view()[1]
    microsoft.delete(second["id"])
    assert starts(microsoft.view()) == ["2026-11-24T08:00", "2026-12-08T08:00"]
    assert microsoft.refused("GET", event_path(second["id"])).code == "ErrorItemNotFound"
    found = microsoft.get(event_path(master["id"]), params={"$select": "subject,cancelledOccurrences"})
    assert found["cancelledOccurrences"] == [f"OID.{master['id']}.2026-12-01"]


def test_an_occurrence_cannot_repeat(microsoft: Site) -> None:
    microsoft.create(recurrence=weekly(2))
    ref = microsoft.view()[0]["id"]
    refusal = microsoft.refused("PATCH", event_path(ref), json={"recurrence": weekly(2)})
    assert refusal.status == 400


def test_a_changed_master_changes_what_exceptions_left_to_it(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2))
    ref = microsoft.view()[1]["id"]
    microsoft.patch(ref, subject="Mine")
    microsoft.patch(master["id"], subject="All", showAs="oof")
    assert [(row["subject"], row["showAs"]) for row in microsoft.view()] == [("All", "oof"), ("Mine", "oof")]


def test_a_rescheduled_series_has_new_ids_and_loses_its_exceptions(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(3))
    before = microsoft.view()
    microsoft.patch(before[1]["id"], subject="Mine")
    microsoft.delete(before[2]["id"])
    edges = {"start": at("2026-11-25T09:00"), "end": at("2026-11-25T10:00")}
    microsoft.patch(master["id"], recurrence=weekly(3, "2026-11-25", "wednesday"), **edges)
    after = microsoft.view()
    assert [start[:10] for start in starts(after)] == ["2026-11-25", "2026-12-02", "2026-12-09"]
    assert {row["subject"] for row in after} == {"Check"}
    assert not {row["id"] for row in before} & {row["id"] for row in after}
    assert microsoft.event(master["id"])["id"] == master["id"]


def test_a_series_without_its_recurrence_is_a_single_event(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(3))
    single = microsoft.patch(master["id"], recurrence=None)
    assert (single["type"], single["recurrence"], single["start"]) == ("singleInstance", None, master["start"])


def test_a_deleted_series_takes_its_occurrences_along(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(3))
    ref = microsoft.view()[1]["id"]
    microsoft.patch(ref, subject="Mine")
    microsoft.delete(master["id"])
    assert microsoft.view() == []
    assert microsoft.refused("GET", event_path(ref)).status == 404


def test_an_all_day_series_floats(microsoft: Site) -> None:
    master = microsoft.create(recurrence=weekly(2), **all_day("2026-11-24", "2026-11-25"))
    rows = instances(microsoft, master["id"])
    assert [(row["start"], row["end"]) for row in rows] == [
        (shown("2026-11-24T00:00"), shown("2026-11-25T00:00")),
        (shown("2026-12-01T00:00"), shown("2026-12-02T00:00")),
    ]


@pytest.mark.parametrize(
    ("recurrence", "code"),
    [
        ({**weekly(), "pattern": {"type": "hourly", "interval": 1}}, "RequestBodyRead"),
        ({**weekly(), "pattern": {"type": "weekly", "interval": 1}}, "ErrorPropertyValidationFailure"),
        (weekly(0), "ErrorPropertyValidationFailure"),
        (weekly(3, "2026-11-25"), "ErrorPropertyValidationFailure"),
        (weekly(3, type="endDate", endDate="2026-11-01"), "ErrorPropertyValidationFailure"),
        (weekly(3, recurrenceTimeZone="Middle Earth"), "TimeZoneNotSupportedException"),
        ({"pattern": weekly()["pattern"]}, "ErrorPropertyValidationFailure"),
    ],
)
def test_a_recurrence_that_makes_no_sense_is_refused(microsoft: Site, recurrence: dict[str, Any], code: str) -> None:
    refusal = microsoft.refused("POST", "/me/events", json=draft(recurrence=recurrence))
    assert (refusal.status, refusal.code) == (400, code)


def test_an_endless_series_is_shown_within_the_window_alone(microsoft: Site) -> None:
    microsoft.create(recurrence={**weekly(), "range": {"type": "noEnd", "startDate": "2026-11-24"}})
    rows = microsoft.view(start="2030-01-01T00:00:00", end="2030-02-01T00:00:00")
    assert [date.fromisoformat(start[:10]).weekday() for start in starts(rows)] == [1] * 5
