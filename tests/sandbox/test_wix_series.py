"""MASTER, INSTANCE, EXCEPTION: how weekly series unfold, change, end and split."""

import pytest

from syncd.sandbox import studio
from tests.sandbox.wix_site import (
    EVENTS,
    MARA,
    SCHEDULES,
    Json,
    WixSite,
    at,
    draft,
    weekly,
    window,
)


def dates(rows: list[Json]) -> list[str]:
    return [row["start"]["localDate"][:10] for row in rows]


async def test_a_weekly_master_unfolds_for_a_year_and_is_not_listed_itself(wix: WixSite) -> None:
    master, rows = await wix.series()
    assert master["recurrenceType"] == "MASTER"
    assert dates(rows)[:3] == ["2026-11-24", "2026-12-01", "2026-12-08"]
    assert dates(rows)[-1] == "2027-11-16"
    assert {row["recurrenceType"] for row in rows} == {"INSTANCE"}
    assert master["id"] not in {row["id"] for row in await wix.query()}


async def test_a_master_is_listed_when_asked_for_by_type(wix: WixSite) -> None:
    master, _ = await wix.series(recurrenceRule=weekly("TUESDAY", interval=2))
    rows = await wix.query(recurrenceType=["MASTER"])
    found = next(row for row in rows if row["id"] == master["id"])
    assert found["recurrenceRule"] == {"frequency": "WEEKLY", "interval": 2, "days": ["TUESDAY"]}


async def test_ids_of_master_and_instances_are_long_and_stable(wix: WixSite) -> None:
    master, rows = await wix.series()
    refs = [master["id"], *(row["id"] for row in rows)]
    assert all(36 <= len(ref) <= 250 for ref in refs)
    assert len(set(refs)) == len(refs)
    assert [row["id"] for row in await wix.instances(master)] == refs[1:]


async def test_interval_and_until_limit_the_occurrences(wix: WixSite) -> None:
    until = {"localDate": "2026-12-22T09:00:00"}
    _, rows = await wix.series(recurrenceRule=weekly("TUESDAY", interval=2, until=until))
    assert dates(rows) == ["2026-11-24", "2026-12-08", "2026-12-22"]


async def test_occurrences_keep_their_local_time_across_both_changes_of_the_clock(wix: WixSite) -> None:
    _, rows = await wix.series()
    utc = {row["start"]["localDate"][:10]: row["start"]["utcDate"][11:16] for row in rows}
    assert utc["2027-03-23"] == "08:00"
    assert utc["2027-03-30"] == "07:00"
    assert utc["2027-10-26"] == "07:00"
    assert utc["2027-11-02"] == "08:00"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"frequency": "DAILY", "days": ["MONDAY"]}, "frequency"),
        ({"frequency": "WEEKLY"}, "days"),
        ({"frequency": "WEEKLY", "days": ["MONDAY", "TUESDAY"]}, "days"),
        ({"frequency": "WEEKLY", "days": ["monday"]}, "days"),
        (weekly("MONDAY", interval=0), "interval"),
        (weekly("MONDAY", interval=5), "interval"),
        (weekly("MONDAY", count=3), "count"),
        (weekly("MONDAY", until={"localDate": "soon"}), "until.localDate"),
    ],
)
async def test_a_rule_beyond_the_weekly_subset_is_400(wix: WixSite, rule: Json, field: str) -> None:
    body = {"event": draft(recurrenceRule=rule)}
    assert await wix.violated("POST", EVENTS, body) == f"event.recurrenceRule.{field}"


async def test_a_series_cannot_start_before_today(wix: WixSite) -> None:
    body = {
        "event": draft(
            start=at("2026-11-19T09:00"),
            end=at("2026-11-19T10:00"),
            recurrenceRule=weekly("THURSDAY"),
        )
    }
    assert await wix.violated("POST", EVENTS, body) == "event.start"


async def test_the_horizon_moves_with_the_clock(wix: WixSite) -> None:
    master, rows = await wix.series()
    before = (await wix.ok("GET", f"{EVENTS}/view"))["eventsView"]
    assert before == {"endDate": "2027-11-21T00:00:00Z", "futureDurationInDays": 365}
    wix.clock.advance(7 * 86400)
    wix.token = (await wix.log_in()).json()["access_token"]
    body = window(end="2028-01-01T00:00", query={"filter": {"recurringEventId": {"$eq": master["id"]}}})
    body["query"]["cursorPaging"] = {"limit": 1000}
    later = (await wix.ok("POST", f"{EVENTS}/query", body))["events"]
    assert [row["id"] for row in later[:-1]] == [row["id"] for row in rows]
    assert dates(later)[-1] == "2027-11-23"


async def test_an_edited_instance_is_an_exception_for_good_with_its_id(wix: WixSite) -> None:
    master, rows = await wix.series()
    edited = await wix.update(rows[1], title="Special")
    assert (edited["id"], edited["recurrenceType"]) == (rows[1]["id"], "EXCEPTION")
    assert edited["recurringEventId"] == master["id"]
    assert "TITLE" not in edited["inheritedFields"]
    assert "TIME" in edited["inheritedFields"]
    path = f"{EVENTS}/{edited['id']}/restore-defaults"
    restored = (await wix.ok("POST", path, {"fields": ["TITLE"]}))["event"]
    assert (restored["title"], restored["recurrenceType"]) == ("Check", "EXCEPTION")


async def test_a_moved_occurrence_takes_its_default_time_back(wix: WixSite) -> None:
    _, rows = await wix.series()
    moved = await wix.update(rows[1], start=at("2026-12-03T15:00"), end=at("2026-12-03T16:00"))
    path = f"{EVENTS}/{moved['id']}/restore-defaults"
    restored = (await wix.ok("POST", path, {"fields": ["TIME"]}))["event"]
    assert restored["start"] == rows[1]["start"]


async def test_a_new_title_of_the_master_reaches_all_but_the_past_and_own_titles(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.update(rows[2], title="Own")
    await wix.update(rows[3], notes="a note")
    wix.clock.advance(5 * 86400)
    wix.token = (await wix.log_in()).json()["access_token"]
    await wix.update(master, title="New")
    now = await wix.instances(master)
    assert [row["id"] for row in now] == [row["id"] for row in rows]
    assert [row["title"] for row in now[:5]] == ["Check", "New", "Own", "New", "New"]
    assert [row["revision"] for row in now[:5]] == ["1", "2", "2", "3", "2"]


async def test_retiming_the_master_gives_future_instances_new_ids(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.update(rows[2], title="Own")
    moved = await wix.update(rows[3], start=at("2026-12-18T18:00"), end=at("2026-12-18T19:00"))
    await wix.update(master, start=at("2026-11-24T11:00"), end=at("2026-11-24T12:00"))
    now = await wix.instances(master)
    old, new = {row["id"] for row in rows}, {row["id"] for row in now}
    assert old & new == {rows[2]["id"], rows[3]["id"]}
    by_id = {row["id"]: row for row in now}
    assert by_id[rows[2]["id"]]["start"]["localDate"] == "2026-12-08T11:00:00"
    assert by_id[rows[3]["id"]]["start"] == moved["start"]
    assert len(now) == len(rows)
    assert dates(now).count("2026-12-15") == 0


async def test_retiming_keeps_past_instances_and_bookings(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.people("participants", {"eventId": rows[2]["id"], "total": 4})
    wix.clock.advance(5 * 86400)
    wix.token = (await wix.log_in()).json()["access_token"]
    rule = weekly("WEDNESDAY")
    await wix.update(
        master,
        start=at("2026-12-02T09:00"),
        end=at("2026-12-02T10:00"),
        recurrenceRule=rule,
    )
    now = await wix.instances(master)
    assert now[0]["id"] == rows[0]["id"]
    assert dates(now)[:3] == ["2026-11-24", "2026-12-02", "2026-12-09"]
    assert (await wix.get(now[2]["id"], pi=True))["participants"]["total"] == 4


async def test_retired_ids_cannot_be_written(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.update(master, recurrenceRule=weekly("TUESDAY", interval=2))
    path = f"{EVENTS}/{rows[0]['id']}"
    body = {"event": {"id": rows[0]["id"], "revision": "2", "title": "x"}}
    await wix.refused(404, "PATCH", path, body)
    await wix.refused(404, "POST", f"{path}/cancel", {})


async def test_cancelling_a_master_cancels_its_future_exceptions_included(wix: WixSite) -> None:
    master, rows = await wix.series()
    await wix.update(rows[2], title="Own")
    wix.clock.advance(5 * 86400)
    wix.token = (await wix.log_in()).json()["access_token"]
    await wix.cancel(master)
    assert [row["id"] for row in await wix.instances(master)] == [rows[0]["id"]]
    assert (await wix.get(rows[2]["id"]))["status"] == "CANCELLED"
    assert (await wix.get(rows[5]["id"]))["status"] == "CANCELLED"


async def test_a_cancelled_occurrence_does_not_come_back_with_the_horizon(wix: WixSite) -> None:
    master, rows = await wix.series()
    cancelled = await wix.cancel(rows[1])
    assert cancelled["recurrenceType"] == "EXCEPTION"
    wix.clock.advance(2 * 86400)
    wix.token = (await wix.log_in()).json()["access_token"]
    assert "2026-12-01" not in dates(await wix.instances(master))
    assert "2026-12-08" in dates(await wix.instances(master))


async def test_a_single_event_takes_no_rule(wix: WixSite) -> None:
    event = await wix.create()
    body = {"event": {"revision": "1", "recurrenceRule": weekly("TUESDAY")}}
    named = await wix.violated("PATCH", f"{EVENTS}/{event['id']}", body)
    assert named == "event.recurrenceRule"


async def test_a_split_ends_the_old_series_and_starts_a_new_one(wix: WixSite) -> None:
    master, rows = await wix.series()
    own = await wix.update(rows[4], title="Own")
    body = {"splitLocalDate": "2026-12-15T00:00:00"}
    answer = await wix.ok("POST", f"{EVENTS}/{master['id']}/split", body)
    old = answer["updatedRecurringEventEndingBeforeSplit"]
    new = answer["newRecurringEventStartingFromSplit"]
    assert (old["id"], old["revision"]) == (master["id"], "2")
    assert old["recurrenceRule"]["until"]["localDate"] == "2026-12-14T23:59:00"
    assert new["start"]["localDate"] == "2026-12-15T09:00:00"
    assert [row["id"] for row in await wix.instances(old)] == [row["id"] for row in rows[:3]]
    after = await wix.instances(new)
    assert len(after) == len(rows) - 3
    assert after[1]["id"] == own["id"]
    assert after[0]["id"] != rows[3]["id"]


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ("2026-11-20T00:00:00", "splitLocalDate"),
        ("2026-11-24T09:00:00", "splitLocalDate"),
        ("2026-12-09T00:00:00", "splitLocalDate"),
    ],
)
async def test_a_split_in_the_past_too_early_or_at_the_end_is_400(wix: WixSite, when: str, field: str) -> None:
    until = {"localDate": "2026-12-08T23:00:00"}
    master, _ = await wix.series(recurrenceRule=weekly("TUESDAY", until=until))
    body = {"splitLocalDate": when}
    assert await wix.violated("POST", f"{EVENTS}/{master['id']}/split", body) == field


async def test_a_schedules_new_default_title_reaches_inheriting_series(wix: WixSite) -> None:
    schedule = (await wix.ok("GET", f"{SCHEDULES}/{studio.YOGA.id}"))["schedule"]
    body = {"schedule": {"revision": schedule["revision"], "defaultTitle": "Slow Yoga"}}
    await wix.ok("PATCH", f"{SCHEDULES}/{studio.YOGA.id}", body)
    master = await wix.get(wix.seeded.sessions["yoga_monday"])
    rows = await wix.instances(master)
    assert (master["title"], {row["title"] for row in rows}) == ("Slow Yoga", {"Slow Yoga"})
    own = await wix.get(wix.seeded.sessions["open_north"])
    assert (own["title"], own["revision"]) == ("Open practice", "1")


async def test_a_room_added_to_the_master_is_linked_to_its_instances(wix: WixSite) -> None:
    master, _ = await wix.series()
    links = [{"id": MARA.resource_id}, {"id": studio.SOUTH.id}]
    await wix.update(master, resources=links)
    rows = await wix.instances(master)
    assert all(len(row["resources"]) == 2 for row in rows)


async def test_a_copy_of_a_site_and_the_site_go_different_ways(wix: WixSite) -> None:
    master, (first, *_) = await wix.series()
    site = next(iter(wix.state.sites.values()))
    before = site.copy()
    await wix.cancel(first)
    await wix.create()
    assert {event.id for event in site.events.all()} > {event.id for event in before.events.all()}
    kept, gone = before.events.get(first["id"]), site.events.get(first["id"])
    assert kept is not None
    assert gone is not None
    assert (kept.confirmed, gone.confirmed) == (True, False)
    assert [one.id for one in before.occurrences(master["id"])] == [one.id for one in site.occurrences(master["id"])]
