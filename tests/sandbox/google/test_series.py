"""Series: expansion in the event's zone through both changes of the clock, exceptions, splits, and re-based ids."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncd.sandbox.google import recurrence
from syncd.sandbox.google.values import Event, Moment
from tests.naive_series import DAYS, Series
from tests.sandbox.google.site import ANNA, BERLIN, Json, Site, at, day

NEW_YORK = "America/New_York"
HORIZON = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(days=730)


def weekly(google: Site, **fields: Any) -> Json:
    """Tuesdays from 2026-11-24, 09:00 to 10:00 in Berlin, five times."""
    return google.insert(**{"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"], "id": "series", **fields})


def instance(number: int) -> str:
    moment = datetime(2026, 11, 24, 8, tzinfo=UTC) + timedelta(weeks=number)
    return f"series_{moment:%Y%m%dT%H%M%SZ}"


def test_masters_are_listed_or_expanded(google: Site) -> None:
    weekly(google)
    (master,) = google.rows()
    assert master["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=5"]
    rows = google.rows(singleEvents=True)
    assert [row["id"] for row in rows] == [instance(number) for number in range(5)]
    assert all("recurrence" not in row and row["recurringEventId"] == "series" for row in rows)
    assert rows[1]["originalStartTime"]["dateTime"] == "2026-12-01T09:00:00+01:00"


CORPUS = (
    Series("FREQ=WEEKLY;COUNT=60", "2026-11-24T09:00", "Europe/Berlin"),
    Series("FREQ=WEEKLY;BYDAY=MO,WE,SU;INTERVAL=2", "2026-11-25T18:30", "Europe/Berlin"),
    Series("FREQ=DAILY;INTERVAL=3", "2027-03-20T02:30", "Europe/Berlin"),
    Series("FREQ=DAILY;UNTIL=20271105T000000Z", "2027-10-20T02:30", "Europe/Berlin"),
    Series("FREQ=DAILY;COUNT=40", "2027-02-20T02:30", NEW_YORK),
    Series("FREQ=DAILY;COUNT=30", "2027-10-25T01:30", NEW_YORK),
    Series("FREQ=MONTHLY;BYDAY=2TU", "2026-12-08T20:00", NEW_YORK),
    Series("FREQ=MONTHLY;BYDAY=-1FR;COUNT=14", "2026-11-27T20:00", "Australia/Sydney"),
    Series("FREQ=MONTHLY;BYMONTHDAY=31", "2026-12-31T07:00", "Asia/Tokyo"),
    Series("FREQ=YEARLY", "2026-12-24T18:00", "Europe/London"),
    Series(
        "FREQ=WEEKLY;COUNT=8",
        "2027-03-16T09:00",
        "Europe/Berlin",
        without=(date(2027, 3, 23), date(2027, 4, 6)),
        with_=(date(2027, 4, 1),),
    ),
)


def lines(series: Series) -> list[str]:
    found = [f"RRULE:{series.rule}"]
    for name, days in (("EXDATE", series.without), ("RDATE", series.with_)):
        stamps = [f"{one:%Y%m%d}T{series.began:%H%M%S}" for one in days]
        found += [f"{name};TZID={series.zone}:{','.join(stamps)}"] if stamps else []
    return found


@pytest.mark.parametrize("series", CORPUS, ids=lambda series: f"{series.zone} {series.rule}")
def test_the_expansion_equals_a_walk_through_the_days(google: Site, series: Series) -> None:
    end = series.began + timedelta(hours=1)
    google.insert(
        start={"dateTime": series.began.isoformat(), "timeZone": series.zone},
        end={"dateTime": end.isoformat(), "timeZone": series.zone},
        recurrence=lines(series),
    )
    rows = google.rows(singleEvents=True, orderBy="startTime", timeZone="UTC", maxResults=2500)
    expected = series.starts(HORIZON)
    assert len(expected) > 1
    assert [datetime.fromisoformat(row["start"]["dateTime"]) for row in rows] == expected


@pytest.mark.parametrize("seed", range(60))
def test_random_series_equal_a_walk_through_the_days(seed: int) -> None:
    dice = random.Random(seed)
    first = datetime.fromisoformat(dice.choice(("2027-03-10", "2027-10-20", "2026-12-29")))
    first += timedelta(days=dice.randrange(15), minutes=30 * dice.randrange(48))
    name = DAYS[first.weekday()]
    rule = dice.choice(
        (
            "FREQ=DAILY",
            f"FREQ=WEEKLY;BYDAY={','.join(sorted({name, dice.choice(DAYS)}))}",
            f"FREQ=MONTHLY;BYDAY={(first.day - 1) // 7 + 1}{name}",
            f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        )
    )
    rule += f";INTERVAL={dice.randrange(1, 4)}" + dice.choice((";COUNT=17", ";UNTIL=20280531T225959Z", ""))
    zone = dice.choice((BERLIN, NEW_YORK, "Australia/Sydney", "Asia/Kolkata", "Europe/London"))
    series = Series(rule, first.isoformat(), zone)
    master = a_master(series)
    found = [moment.at for moment in recurrence.starts(master, HORIZON)]
    assert found == series.starts(HORIZON)
    assert len(found) > 1


def a_master(series: Series) -> Event:
    start = series.began.replace(tzinfo=ZoneInfo(series.zone)).astimezone(UTC)
    edges = (Moment(start, series.zone), Moment(start + timedelta(hours=1), series.zone))
    return Event("series", *edges, start, start, "uid", {}, ANNA, ANNA, recurrence=tuple(lines(series)))


def test_local_time_stands_still_when_the_clocks_change(google: Site) -> None:
    for ref, first in (("spring", "2027-03-23"), ("autumn", "2027-10-26")):
        rule = ["RRULE:FREQ=WEEKLY;COUNT=2"]
        google.insert(id=ref, start=at(f"{first}T09:00"), end=at(f"{first}T10:00"), recurrence=rule)
    starts = {row["id"]: row["start"]["dateTime"] for row in google.rows(singleEvents=True)}
    assert starts == {
        "spring_20270323T080000Z": "2027-03-23T09:00:00+01:00",
        "spring_20270330T070000Z": "2027-03-30T09:00:00+02:00",
        "autumn_20271026T070000Z": "2027-10-26T09:00:00+02:00",
        "autumn_20271102T080000Z": "2027-11-02T09:00:00+01:00",
    }


def test_a_skipped_time_is_read_before_the_gap_and_a_doubled_one_is_the_first(google: Site) -> None:
    google.insert(
        id="spring",
        start=at("2027-03-27T02:30"),
        end=at("2027-03-27T02:45"),
        recurrence=["RRULE:FREQ=DAILY;COUNT=2"],
    )
    google.insert(
        id="autumn",
        start=at("2027-10-30T02:30"),
        end=at("2027-10-30T02:45"),
        recurrence=["RRULE:FREQ=DAILY;COUNT=2"],
    )
    starts = {row["id"]: row["start"]["dateTime"] for row in google.rows(singleEvents=True)}
    assert starts["spring_20270328T013000Z"] == "2027-03-28T03:30:00+02:00"
    assert starts["autumn_20271031T003000Z"] == "2027-10-31T02:30:00+02:00"


def test_the_last_day_of_a_timed_series_may_be_a_date(google: Site) -> None:
    weekly(google, recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20261208"])
    assert [row["id"] for row in google.rows(singleEvents=True)] == [instance(number) for number in range(3)]


def test_all_day_instances_carry_dates(google: Site) -> None:
    rule = ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20261201"]
    google.insert(id="series", start=day("2026-11-24"), end=day("2026-11-26"), recurrence=rule)
    rows = google.rows(singleEvents=True)
    assert [row["id"] for row in rows] == ["series_20261124", "series_20261208"]
    assert (rows[1]["start"], rows[1]["end"]) == ({"date": "2026-12-08"}, {"date": "2026-12-10"})
    assert rows[1]["originalStartTime"] == {"date": "2026-12-08"}


def test_expansion_ends_at_a_horizon_that_moves_with_time(google: Site) -> None:
    weekly(google, recurrence=["RRULE:FREQ=WEEKLY"])
    google.switch(expansion_days=30)
    rows, token = google.sync()
    assert len(rows) == 4
    google.clock.advance(7 * 86400)
    assert google.sync(token)[0] == {}
    assert len(google.sync()[0]) == 5
    assert google.get(instance(10))["id"] == instance(10)


def test_one_edited_occurrence_keeps_its_id_at_its_new_time(google: Site) -> None:
    weekly(google)
    _, token = google.sync()
    moved = {"start": at("2026-12-02T15:00"), "end": at("2026-12-02T16:00"), "summary": "Moved"}
    google.events.update(calendarId="primary", eventId=instance(1), body=moved).execute()
    rows, _ = google.sync(token)
    assert list(rows) == [instance(1)]
    assert rows[instance(1)]["start"]["dateTime"] == "2026-12-02T15:00:00+01:00"
    assert rows[instance(1)]["originalStartTime"]["dateTime"] == "2026-12-01T09:00:00+01:00"
    assert [row["id"] for row in google.rows()] == ["series", instance(1)]
    assert len(google.rows(singleEvents=True)) == 5


def test_one_deleted_occurrence_is_a_cancelled_exception(google: Site) -> None:
    weekly(google)
    _, token = google.sync()
    google.events.delete(calendarId="primary", eventId=instance(2)).execute()
    rows, _ = google.sync(token)
    assert set(rows[instance(2)]) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    assert len(google.rows(singleEvents=True)) == 4
    assert len(google.rows(singleEvents=True, showDeleted=True)) == 5
    assert [row["status"] for row in google.rows()] == ["confirmed", "cancelled"]
    assert google.refused(google.events.delete(calendarId="primary", eventId=instance(2))).status == 410


def test_a_changed_title_brings_every_instance(google: Site) -> None:
    weekly(google)
    _, token = google.sync()
    google.hands.edit("series", summary="New")
    rows, _ = google.sync(token)
    assert {row["summary"] for row in rows.values()} == {"New"}
    assert len(rows) == 5


def test_a_changed_time_rebases_ids_and_takes_exceptions_along(google: Site) -> None:
    weekly(google)
    google.hands.edit(instance(1), summary="Special")
    before, token = google.sync()
    google.hands.edit("series", start=at("2026-11-24T11:00"), end=at("2026-11-24T12:00"))
    rows, later = google.sync(token)
    gone = {ref for ref, row in rows.items() if row["status"] == "cancelled"}
    assert gone == set(before)
    living = {ref: row for ref, row in rows.items() if row["status"] == "confirmed"}
    assert set(living) == {ref.replace("T08", "T10") for ref in before}
    assert {row["summary"] for row in living.values()} == {"Check"}
    assert google.sync(later)[0] == {}
    assert set(google.sync()[0]) == set(living)


def test_a_time_changed_back_revives_the_old_ids_without_the_exception(google: Site) -> None:
    weekly(google)
    google.hands.edit(instance(1), summary="Special")
    before, token = google.sync()
    for hour in (11, 9):
        google.hands.edit("series", start=at(f"2026-11-24T{hour:02}:00"), end=at(f"2026-11-24T{hour + 1:02}:00"))
    rows, _ = google.sync(token)
    assert set(rows) == set(before)
    assert {row["summary"] for row in rows.values()} == {"Check"}


def test_this_and_following_is_an_ended_series_and_a_new_one(google: Site) -> None:
    weekly(google)
    google.hands.edit(instance(3), summary="Special")
    before, token = google.sync()
    new = google.hands.split(instance(2), summary="Later", start=at("2026-12-08T14:00"), end=at("2026-12-08T15:00"))
    assert new.id == "series_R20261208T080000"
    rows, _ = google.sync(token)
    gone = {ref for ref, row in rows.items() if row["status"] == "cancelled"}
    assert gone == {instance(2), instance(3), instance(4)}
    added = [row for row in rows.values() if row.get("recurringEventId") == new.id]
    assert [row["start"]["dateTime"] for row in added] == [
        f"2026-12-{number}T14:00:00+01:00" for number in ("08", "15", "22")
    ]
    assert set(before) - gone <= set(google.sync()[0])
    assert len(google.sync()[0]) == 5


def test_this_and_following_keeps_the_number_of_occurrences_whatever_was_left_out(google: Site) -> None:
    weekly(google, recurrence=["RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20261201T090000"])
    google.hands.split(instance(2), summary="Later")
    rows = {row["start"]["dateTime"][:10]: row["summary"] for row in google.rows(singleEvents=True)}
    assert rows == {"2026-11-24": "Check", "2026-12-08": "Later", "2026-12-15": "Later", "2026-12-22": "Later"}


def test_this_and_following_from_the_first_on_is_the_whole_series(google: Site) -> None:
    weekly(google)
    assert google.hands.split(instance(0), summary="All").id == "series"
    assert {row["summary"] for row in google.rows(singleEvents=True)} == {"All"}


def test_this_and_following_of_an_all_day_series_ends_the_day_before(google: Site) -> None:
    google.insert(
        id="series", start=day("2026-11-24"), end=day("2026-11-25"), recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20261215"]
    )
    google.hands.split("series_20261208", start=date(2026, 12, 9), end=date(2026, 12, 10))
    assert [row["id"] for row in google.rows(singleEvents=True)] == [
        "series_20261124",
        "series_20261201",
        "series_R20261208_20261209",
    ]


def test_a_restricted_instance_restricts_the_series(google: Site) -> None:
    weekly(google)
    google.events.patch(calendarId="primary", eventId=instance(1), body={"visibility": "private"}).execute()
    assert {row.get("visibility") for row in google.rows(singleEvents=True)} == {"private"}


def test_a_deleted_series_cancels_its_instances(google: Site) -> None:
    weekly(google)
    google.hands.edit(instance(1), summary="Special")
    before, token = google.sync()
    google.hands.delete("series")
    rows, later = google.sync(token)
    assert {ref: row["status"] for ref, row in rows.items()} == dict.fromkeys(before, "cancelled")
    assert google.sync(later)[0] == {}
    assert google.sync()[0] == {}
    (row,) = google.rows(showDeleted=True)
    assert (row["id"], row["status"]) == ("series", "cancelled")


def test_a_deleted_series_can_be_told_by_its_master_alone(google: Site) -> None:
    google.switch(deleted_series="master")
    weekly(google)
    _, token = google.sync()
    google.hands.delete("series")
    rows, _ = google.sync(token)
    assert {ref: row["status"] for ref, row in rows.items()} == {"series": "cancelled"}


def test_a_single_event_that_begins_to_repeat_gives_way_to_its_instances(google: Site) -> None:
    google.insert(id="series")
    _, token = google.sync()
    google.hands.edit("series", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    rows, later = google.sync(token)
    assert {ref: row["status"] for ref, row in rows.items()} == {
        "series": "cancelled",
        instance(0): "confirmed",
        instance(1): "confirmed",
    }
    google.hands.edit("series", recurrence=None)
    rows, _ = google.sync(later)
    assert {ref: row["status"] for ref, row in rows.items()} == {
        "series": "confirmed",
        instance(0): "cancelled",
        instance(1): "cancelled",
    }


def test_instances_of_a_series_are_read_in_pages_with_an_inclusive_lower_bound(google: Site) -> None:
    weekly(google)
    google.hands.delete(instance(0))
    events = google.events
    request = events.instances(calendarId="primary", eventId="series", maxResults=2)
    first = request.execute()
    second = events.instances_next(request, first).execute()
    assert [row["id"] for row in (*first["items"], *second["items"])] == [instance(n) for n in range(1, 5)]
    found = events.instances(calendarId="primary", eventId="series", timeMin="2026-12-22T09:00:00Z").execute()
    assert [row["id"] for row in found["items"]] == [instance(4)]
    found = events.instances(calendarId="primary", eventId="series", showDeleted=True).execute()
    assert len(found["items"]) == 5
    found = events.instances(calendarId="primary", eventId="series", originalStart="2026-12-08T08:00:00Z").execute()
    assert [row["id"] for row in found["items"]] == [instance(2)]
    google.insert(id="single")
    assert google.refused(events.instances(calendarId="primary", eventId="single")).status == 404


def test_an_instance_cannot_repeat_and_an_unknown_one_is_404(google: Site) -> None:
    weekly(google)
    body = {"recurrence": ["RRULE:FREQ=DAILY"]}
    refusal = google.refused(google.events.patch(calendarId="primary", eventId=instance(1), body=body))
    assert refusal.status == 400
    for ref in ("series_20261125T080000Z", "series_20261125", "series_x", "other_20261124T080000Z"):
        assert google.refused(google.events.get(calendarId="primary", eventId=ref)).status == 404


def test_a_series_needs_a_zone(google: Site) -> None:
    start, end = ({"dateTime": f"2026-11-24T{hour}:00:00Z"} for hour in ("08", "09"))
    body = {"start": start, "end": end, "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}
    refusal = google.refused(google.events.insert(calendarId="primary", body=body))
    assert (refusal.status, refusal.reason) == (400, "required")
