"""Reads of the Wix simulator from before a write, pages that are cut or lie, and answers that belong to others."""

from typing import Any

import httpx
import pytest

from tests.sandbox.wix_site import EVENTS, MARA, V3, Json, WixSite, draft, window

QUERY = f"{EVENTS}/query"


async def rows(wix: WixSite) -> dict[str, Json]:
    found = await wix.query(query={"filter": {"scheduleId": {"$eq": MARA.schedule_id}}})
    return {row["id"]: row for row in found}


async def last_fault(wix: WixSite) -> str | None:
    fault: str | None = (await wix.log())[-1]["fault"]
    return fault


async def test_a_query_can_show_one_event_as_it_was_and_the_others_as_they_are(wix: WixSite) -> None:
    first, second = await wix.create(title="One"), await wix.create(title="Two")
    for event in (first, second):
        await wix.update(event, title=f"{event['title']} again")
    await wix.fault({"replay": {"back": 1, "id": f"^{first['id']}$"}}, {"path": "query"})
    shown = await rows(wix)
    assert (shown[first["id"]]["title"], shown[first["id"]]["revision"]) == ("One", "1")
    assert shown[second["id"]]["title"] == "Two again"


async def test_a_read_by_id_can_come_from_before_the_last_write_though_the_clock_stands_still(wix: WixSite) -> None:
    event = await wix.create()
    await wix.update(event, title="New")
    await wix.fault({"stale_writes": 1}, {"path": f"^{EVENTS}/"})
    assert (await wix.get(event["id"]))["title"] == "Check"
    assert (await wix.get(event["id"]))["title"] == "New"


async def test_a_read_from_before_a_create_does_not_know_the_event_yet(wix: WixSite) -> None:
    before = await rows(wix)
    event = await wix.create()
    await wix.fault({"stale_writes": 1}, times=3)
    assert set(await rows(wix)) == set(before)
    await wix.refused(404, "GET", f"{EVENTS}/{event['id']}")
    assert await wix.ok("GET", EVENTS, params={"eventIds": [event["id"]]}) == {"events": []}
    assert set(await rows(wix)) == {*before, event["id"]}


async def test_a_cancelled_event_can_be_shown_confirmed_once_more(wix: WixSite) -> None:
    event = await wix.create()
    await wix.cancel(event)
    await wix.fault({"stale_writes": 1}, times=2)
    assert (await wix.get(event["id"]))["status"] == "CONFIRMED"
    assert event["id"] in await rows(wix)
    assert event["id"] not in await rows(wix)


async def test_the_writes_of_other_events_count_too(wix: WixSite) -> None:
    event = await wix.create()
    await wix.update(event, title="New")
    await wix.create(title="Other")
    await wix.fault({"stale_writes": 1}, times=1)
    assert (await wix.get(event["id"]))["title"] == "New"
    assert await last_fault(wix) == "1:stale_writes (no effect)"
    await wix.fault({"stale_writes": 2}, times=1)
    assert (await wix.get(event["id"]))["title"] == "Check"
    assert await last_fault(wix) == "2:stale_writes"


async def test_a_page_can_break_off_in_the_middle_of_its_body(wix: WixSite) -> None:
    event = await wix.create()
    fault = await wix.fault({"cut_body": 60}, times=2)
    with pytest.raises(httpx.TransportError):
        await rows(wix)
    with pytest.raises(httpx.TransportError):
        await wix.get(event["id"])
    assert await wix.fired(fault) == 2
    assert event["id"] in await rows(wix)


async def test_a_write_whose_answer_breaks_off_was_carried_out(wix: WixSite) -> None:
    event = await wix.create()
    await wix.fault({"cut_body": 0}, {"method": "PATCH"})
    with pytest.raises(httpx.TransportError):
        await wix.update(event, title="New")
    assert (await wix.get(event["id"]))["title"] == "New"


@pytest.mark.parametrize(
    ("paging", "told"),
    [
        ({"hasNext": False}, {"hasNext": False, "cursors": True}),
        ({"cursors": {}}, {"hasNext": True, "cursors": False}),
        ({"hasNext": None, "cursors": None}, {}),
    ],
    ids=["says it is the last", "has no cursor", "says nothing"],
)
async def test_a_page_can_tell_the_wrong_thing_of_what_follows(wix: WixSite, paging: Json, told: Json) -> None:
    await wix.fault({"paging": paging}, {"path": "query"})
    answer = await wix.ok("POST", QUERY, window(query={"cursorPaging": {"limit": 2}}))
    shown = answer["pagingMetadata"]
    assert shown.pop("count") == len(answer["events"]) == 2
    if "cursors" in shown:
        shown["cursors"] = bool(shown["cursors"])
    assert shown == told
    assert await last_fault(wix) == "1:paging"


async def test_a_short_page_can_count_rows_that_it_does_not_hold(wix: WixSite) -> None:
    await wix.fault({"truncate": 1, "paging": {"count": 9}}, {"path": "query"})
    answer = await wix.ok("POST", QUERY, window())
    assert (len(answer["events"]), answer["pagingMetadata"]["count"]) == (1, 9)


async def made_in_bulk(wix: WixSite, *titles: str) -> Json:
    body = {"events": [{"event": draft(title=title)} for title in titles], "returnEntity": True}
    return await wix.ok("POST", f"{V3}/bulk/events/create", body)


async def test_a_bulk_answer_can_leave_out_what_was_carried_out(wix: WixSite) -> None:
    fault = await wix.fault({"missing_results": [0, 2]})
    answer = await made_in_bulk(wix, "One", "Two", "Three")
    assert await wix.fired(fault) == 1
    assert [row["itemMetadata"]["originalIndex"] for row in answer["results"]] == [1]
    assert answer["bulkActionMetadata"] == {"totalSuccesses": 3, "totalFailures": 0}
    assert {"One", "Two", "Three"} <= {row["title"] for row in (await rows(wix)).values()}


async def test_a_bulk_answer_can_come_in_another_order(wix: WixSite) -> None:
    await wix.fault({"reversed_results": True})
    answer = await made_in_bulk(wix, "One", "Two")
    told: list[Any] = [(row["itemMetadata"]["originalIndex"], row["item"]["title"]) for row in answer["results"]]
    assert told == [(1, "Two"), (0, "One")]
