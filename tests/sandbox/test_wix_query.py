"""Query Events: window, recurrence types, filters, sort, pages."""

import pytest

from syncd.sandbox import studio
from tests.sandbox.wix_site import EVENTS, JONAS, MARA, Json, WixSite, at, window

QUERY = f"{EVENTS}/query"


def filtered(**conditions: Json) -> Json:
    names = {key.replace("__", "."): value for key, value in conditions.items()}
    return {"filter": names, "cursorPaging": {"limit": 1000}}


def titles(rows: list[Json]) -> set[str]:
    return {row["title"] for row in rows}


async def test_the_window_selects_by_overlap_half_open(wix: WixSite) -> None:
    event = await wix.create()  # 09:00 to 10:00
    for start, end, inside in (
        ("09:30", "09:45", True),
        ("08:00", "09:01", True),
        ("09:59", "11:00", True),
        ("08:00", "09:00", False),
        ("10:00", "11:00", False),
    ):
        body = window(f"2026-11-24T{start}", f"2026-11-24T{end}")
        rows = (await wix.ok("POST", QUERY, body))["events"]
        assert (event["id"] in {row["id"] for row in rows}) is inside, (start, end)


async def test_the_window_is_local_to_the_site_unless_a_zone_is_given(wix: WixSite) -> None:
    event = await wix.create()  # 08:00 UTC
    body = window("2026-11-24T07:55", "2026-11-24T08:05")
    rows = (await wix.ok("POST", QUERY, body))["events"]
    assert event["id"] not in {row["id"] for row in rows}
    rows = (await wix.ok("POST", QUERY, body | {"timeZone": "UTC"}))["events"]
    assert event["id"] in {row["id"] for row in rows}


async def test_working_hours_are_left_out_unless_asked_for_by_type(wix: WixSite) -> None:
    assert "WORKING_HOURS" not in {row["type"] for row in await wix.query(query=filtered())}
    rows = await wix.query(query=filtered(type={"$eq": "WORKING_HOURS"}))
    assert {row["type"] for row in rows} == {"WORKING_HOURS"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"scheduleId": {"$eq": MARA.schedule_id}}, {"Team meeting", "Stock taking"}),
        (
            {"scheduleId": {"$in": [MARA.schedule_id, JONAS.schedule_id]}},
            {"Team meeting", "Stock taking", "Call with the supplier", "Paperwork"},
        ),
        ({"externalScheduleId": {"$eq": studio.PILATES.external_id}}, {"Pilates"}),
        (
            {"resources.id": {"$hasSome": [MARA.resource_id]}},
            {"Hatha Yoga", "Pilates", "Personal Training", "Open practice"},
        ),
        (
            {"resources.id": {"$hasAll": [MARA.resource_id, studio.SOUTH.id]}},
            {"Pilates", "Open practice"},
        ),
        ({"resources.type": {"$hasSome": ["ROOM"]}}, {"Hatha Yoga", "Pilates", "Open practice"}),
        ({"type": {"$eq": "APPOINTMENT"}}, {"Personal Training"}),
        ({"participants.total": {"$gte": 4}}, {"Hatha Yoga"}),
        ({"remainingCapacity": {"$eq": 0}}, {"Personal Training"}),
        (
            {"totalCapacity": {"$exists": False}},
            {"Team meeting", "Stock taking", "Call with the supplier", "Paperwork", "Course planning"},
        ),
        ({"conferencingDetails": {"$exists": True}}, set()),
        ({"transparency": {"$eq": "TRANSPARENT"}}, set()),
        ({"appId": {"$eq": studio.APP_ID}}, set()),
        (
            {"type": {"$in": ["CLASS"]}, "recurringEventId": {"$in": [None]}},
            {"Open practice"},
        ),
    ],
)
async def test_a_filter_selects(wix: WixSite, condition: Json, expected: set[str]) -> None:
    rows = await wix.query(query={"filter": condition, "cursorPaging": {"limit": 1000}})
    assert titles(rows) == expected


@pytest.mark.parametrize(
    "name",
    ["id", "status", "title", "updatedDate", "createdDate", "revision", "extendedFields", "start", "end", "$and"],
)
async def test_what_cannot_be_filtered_is_400(wix: WixSite, name: str) -> None:
    body = window(query={"filter": {name: {"$eq": "x"}}})
    assert await wix.violated("POST", QUERY, body) == f"query.filter.{name}"


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({"scheduleId": {"$ne": "x"}}, "scheduleId.$ne"),
        ({"scheduleId": {"$hasSome": ["x"]}}, "scheduleId.$hasSome"),
        ({"scheduleId": "x"}, "scheduleId"),
        ({"scheduleId": {"$in": "x"}}, "scheduleId.$in"),
        ({"transparency": {"$in": ["OPAQUE"]}}, "transparency.$in"),
        ({"resources.id": {"$eq": "x"}}, "resources.id.$eq"),
        ({"location": {"$exists": "yes"}}, "location.$exists"),
        ({"participants.total": {"$gt": "1"}}, "participants.total.$gt"),
    ],
)
async def test_an_operator_that_a_field_lacks_is_400(wix: WixSite, condition: Json, field: str) -> None:
    body = window(query={"filter": condition})
    assert await wix.violated("POST", QUERY, body) == f"query.filter.{field}"


async def test_the_default_order_is_by_start_and_can_be_turned(wix: WixSite) -> None:
    rows = await wix.query(query=filtered())
    starts = [row["start"]["utcDate"] for row in rows]
    assert starts == sorted(starts)
    turned = filtered() | {"sort": [{"fieldName": "end", "order": "DESC"}]}
    ends = [row["end"]["utcDate"] for row in await wix.query(query=turned)]
    assert ends == sorted(ends, reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": [{"fieldName": "title"}]}, "query.sort[0].fieldName"),
        ({"sort": [{"fieldName": "start", "order": "UP"}]}, "query.sort[0].order"),
        ({"cursorPaging": {"limit": 0}}, "query.cursorPaging.limit"),
        ({"cursorPaging": {"limit": 1001}}, "query.cursorPaging.limit"),
        ({"cursorPaging": {"cursor": "invented"}}, "query.cursorPaging.cursor"),
        ({"paging": {"limit": 1}}, "query.paging"),
    ],
)
async def test_an_invalid_query_is_400(wix: WixSite, query: Json, field: str) -> None:
    assert await wix.violated("POST", QUERY, window(query=query)) == field


async def test_a_window_that_ends_before_it_starts_is_400(wix: WixSite) -> None:
    body = window("2026-12-01T00:00", "2026-11-01T00:00")
    assert await wix.violated("POST", QUERY, body) == "toLocalDate"


async def test_an_unknown_recurrence_type_is_400(wix: WixSite) -> None:
    assert await wix.violated("POST", QUERY, window(recurrenceType=["SERIES"])) == "recurrenceType"


async def test_a_page_holds_fifty_rows_unless_told_otherwise(wix: WixSite) -> None:
    answer = await wix.ok("POST", QUERY, window())
    assert len(answer["events"]) == 50
    assert answer["pagingMetadata"]["count"] == 50
    assert answer["pagingMetadata"]["hasNext"] is True


async def test_all_pages_together_are_the_listing_of_the_first_moment(wix: WixSite) -> None:
    whole = await wix.query(query=filtered(), fields=["PI_FIELDS"])
    body = window(query={"cursorPaging": {"limit": 100}}, fields=["PI_FIELDS"])
    page = await wix.ok("POST", QUERY, body)
    rows = page["events"]
    await wix.cancel(whole[-1])
    await wix.create(start=at("2027-11-19T09:00"), end=at("2027-11-19T10:00"))
    while page["pagingMetadata"]["hasNext"]:
        cursor = page["pagingMetadata"]["cursors"]["next"]
        following = {"query": {"cursorPaging": {"limit": 100, "cursor": cursor}}}
        page = await wix.ok("POST", QUERY, following)
        rows += page["events"]
    assert rows == whole
    assert page["pagingMetadata"]["cursors"] == {}


async def test_a_cursor_goes_without_filter_and_sort(wix: WixSite) -> None:
    page = await wix.ok("POST", QUERY, window())
    cursor = page["pagingMetadata"]["cursors"]["next"]
    query = {"cursorPaging": {"cursor": cursor}, "filter": {"type": {"$eq": "CLASS"}}}
    assert await wix.violated("POST", QUERY, {"query": query}) == "query.filter"


async def test_the_same_cursor_answers_the_same_page_again(wix: WixSite) -> None:
    page = await wix.ok("POST", QUERY, window())
    body = {"query": {"cursorPaging": {"cursor": page["pagingMetadata"]["cursors"]["next"]}}}
    first, again = await wix.ok("POST", QUERY, body), await wix.ok("POST", QUERY, body)
    assert first["events"] == again["events"]


async def test_an_event_without_length_counts_as_its_start(wix: WixSite) -> None:
    event = await wix.create(end=at("2026-11-24T09:00"))
    for start, inside in (("09:00", True), ("09:01", False)):
        body = window(f"2026-11-24T{start}", "2026-11-24T12:00")
        rows = (await wix.ok("POST", QUERY, body))["events"]
        assert (event["id"] in {row["id"] for row in rows}) is inside
