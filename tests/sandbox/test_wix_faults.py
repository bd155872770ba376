"""Faults on demand: each test first sees that the fault was really delivered."""

import asyncio
import time

import httpx
import pytest

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixServer, WixState
from tests.sandbox.wix_site import EVENTS, MARA, SCHEDULES, V3, Json, WixSite, at, draft, window

CREATE = {"method": "POST", "path": f"^{EVENTS}$"}
QUERY = f"{EVENTS}/query"


async def on_schedule(wix: WixSite) -> list[Json]:
    query = {"filter": {"scheduleId": {"$eq": MARA.schedule_id}}}
    return await wix.query(query=query)


async def test_a_planted_status_touches_nothing(wix: WixSite) -> None:
    fault = await wix.fault({"status": 503, "headers": {"retry-after": "7"}, "body": "gateway"}, CREATE)
    reply = await wix.call("POST", EVENTS, {"event": draft()})
    assert (reply.status_code, reply.text, reply.headers["retry-after"]) == (503, "gateway", "7")
    assert await wix.fired(fault) == 1
    assert len(await on_schedule(wix)) == 2
    await wix.create()
    assert len(await on_schedule(wix)) == 3


async def test_a_planted_body_may_be_json(wix: WixSite) -> None:
    await wix.fault({"status": 500, "body": {"message": "m", "details": {}}})
    reply = await wix.call("GET", f"{EVENTS}/view")
    assert (reply.status_code, reply.json()["message"]) == (500, "m")


async def test_dropped_before_is_a_broken_connection_and_nothing_applied(wix: WixSite) -> None:
    fault = await wix.fault({"drop": "before"}, CREATE)
    with pytest.raises(httpx.TransportError):
        await wix.call("POST", EVENTS, {"event": draft()})
    assert await wix.fired(fault) == 1
    assert len(await on_schedule(wix)) == 2


async def test_dropped_after_is_a_broken_connection_and_applied(wix: WixSite) -> None:
    fault = await wix.fault({"drop": "after"}, CREATE)
    with pytest.raises(httpx.TransportError):
        await wix.call("POST", EVENTS, {"event": draft(), "idempotencyKey": "k"})
    assert await wix.fired(fault) == 1
    assert len(await on_schedule(wix)) == 3
    await wix.ok("POST", EVENTS, {"event": draft(), "idempotencyKey": "k"})
    assert len(await on_schedule(wix)) == 3


async def test_applied_late_happens_only_on_release(wix: WixSite) -> None:
    fault = await wix.fault({"apply_late": True}, CREATE)
    with pytest.raises(httpx.TransportError):
        await wix.call("POST", EVENTS, {"event": draft()})
    assert await wix.fired(fault) == 1
    assert len(await on_schedule(wix)) == 2
    assert await wix.people("faults/release", {}) == {"released": 1}
    assert len(await on_schedule(wix)) == 3
    assert await wix.people("faults/release", {}) == {"released": 0}
    assert [entry["fault"] for entry in await wix.log() if entry["write"]] == ["1:apply_late", "released"]


async def test_a_delay_comes_before_the_answer(wix: WixSite) -> None:
    fault = await wix.fault({"delay_seconds": 0.05})
    began = time.monotonic()
    await wix.ok("GET", f"{EVENTS}/view")
    assert time.monotonic() - began >= 0.05
    assert await wix.fired(fault) == 1


async def test_skip_and_times_choose_the_requests(wix: WixSite) -> None:
    fault = await wix.fault({"status": 500}, skip=1, times=2)
    codes = [(await wix.call("GET", f"{EVENTS}/view")).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    assert await wix.fired(fault) == 2


async def test_a_fault_without_end_lasts_until_cleared(wix: WixSite) -> None:
    await wix.fault({"status": 500}, times=-1)
    assert [(await wix.call("GET", f"{EVENTS}/view")).status_code for _ in range(3)] == [500] * 3
    await wix.client.delete("/_sandbox/faults")
    await wix.ok("GET", f"{EVENTS}/view")


async def test_a_fault_matches_by_body(wix: WixSite) -> None:
    await wix.fault({"status": 500}, {"body": "Unlucky"})
    await wix.create(title="Lucky")
    await wix.refused(500, "POST", EVENTS, {"event": draft(title="Unlucky")})


async def test_a_token_request_can_fail_too(wix: WixSite) -> None:
    await wix.fault({"status": 503}, {"path": "/oauth2/token"})
    assert (await wix.log_in()).status_code == 503
    assert (await wix.log_in()).status_code == 200


@pytest.mark.parametrize(
    "spec",
    [
        {"do": {}},
        {"do": {"explode": True}},
        {"do": {"drop": "maybe"}},
        {"do": {"headers": {"a": "b"}}},
        {"match": {"header": "x"}, "do": {"drop": "after"}},
        {"match": {"path": "("}, "do": {"drop": "after"}},
        {"do": {"drop": "after"}, "times": 0},
        {"do": {"drop": "after"}, "often": 2},
        {"do": {"replay": 1}},
        {"do": {"stale_seconds": 0}},
        {"do": {"stale_writes": 0}},
        {"do": {"replay": {"back": 1, "id": "("}}},
        {"do": {"replay": {"id": "."}}},
        {"do": {"paging": {}}},
        {"do": {"paging": {"offset": 1}}},
        {"do": {"missing_results": 1}},
        {"do": {"reversed_results": False}},
        {"do": {"item_failures": [-1]}},
    ],
)
async def test_a_fault_that_is_not_understood_is_400(wix: WixSite, spec: Json) -> None:
    reply = await wix.client.post("/_sandbox/faults", json=spec)
    assert reply.status_code == 400
    assert (await wix.client.get("/_sandbox/faults")).json() == {"faults": []}


async def test_a_kind_that_makes_no_sense_for_a_request_waits_for_one_where_it_does(wix: WixSite) -> None:
    fault = await wix.fault({"item_failures": [0]})
    event = await wix.create()
    assert await wix.fired(fault) == 0
    body = {"eventIds": [event["id"]]}
    answer = await wix.ok("POST", f"{V3}/bulk/events/cancel", body)
    assert answer["bulkActionMetadata"]["totalFailures"] == 1
    assert await wix.fired(fault) == 1


async def test_failing_items_of_a_bulk_call_are_not_applied(wix: WixSite) -> None:
    fault = await wix.fault({"item_failures": [0, 2]})
    body = {"events": [{"event": draft(title=str(number))} for number in range(3)]}
    answer = await wix.ok("POST", f"{V3}/bulk/events/create", body)
    assert [row["itemMetadata"]["success"] for row in answer["results"]] == [False, True, False]
    assert await wix.fired(fault) == 1
    assert len(await on_schedule(wix)) == 3


async def test_a_stale_read_answers_from_a_while_ago(wix: WixSite) -> None:
    event = await wix.create()
    wix.clock.advance(60)
    await wix.update(event, title="New")
    wix.clock.advance(1)
    late = await wix.create(title="Later")
    fault = await wix.fault({"stale_seconds": 5}, times=3)
    assert (await wix.get(event["id"]))["title"] == "Check"
    rows = {row["id"]: row["title"] for row in await on_schedule(wix)}
    assert rows[event["id"]] == "Check"
    assert late["id"] not in rows
    await wix.refused(404, "GET", f"{EVENTS}/{late['id']}")
    assert await wix.fired(fault) == 3
    assert (await wix.get(event["id"]))["title"] == "New"


async def test_a_replayed_read_shows_rows_in_an_earlier_version(wix: WixSite) -> None:
    event = await wix.create()
    for title in ("Two", "Three"):
        event = await wix.update(event, title=title)
    fault = await wix.fault({"replay": {"back": 1}}, {"path": "query"})
    rows = {row["id"]: row for row in await on_schedule(wix)}
    assert (rows[event["id"]]["title"], rows[event["id"]]["revision"]) == ("Two", "2")
    assert await wix.fired(fault) == 1
    await wix.fault({"replay": {"back": 9}})
    assert (await wix.get(event["id"]))["revision"] == "1"


async def test_a_truncated_listing_claims_to_be_complete(wix: WixSite) -> None:
    fault = await wix.fault({"truncate": 3}, {"path": "query"})
    answer = await wix.ok("POST", QUERY, window())
    assert len(answer["events"]) == 3
    assert answer["pagingMetadata"] == {"count": 3, "cursors": {}, "hasNext": False}
    assert await wix.fired(fault) == 1


@pytest.mark.parametrize("path", [QUERY, f"{SCHEDULES}/query"])
async def test_an_empty_page_is_a_200(wix: WixSite, path: str) -> None:
    fault = await wix.fault({"empty": True})
    answer = await wix.ok("POST", path, {})
    assert answer["pagingMetadata"] == {"count": 0, "cursors": {}, "hasNext": False}
    assert await wix.fired(fault) == 1


async def test_reading_by_ids_can_come_back_empty(wix: WixSite) -> None:
    event = await wix.create()
    await wix.fault({"empty": True})
    answer = await wix.ok("GET", EVENTS, params={"eventIds": [event["id"]]})
    assert answer == {"events": []}


async def test_the_answer_of_a_write_can_carry_somebody_elses_edit(wix: WixSite) -> None:
    event = await wix.create()
    fault = await wix.fault({"foreign_edit": {"notes": "theirs", "end": at("2026-11-24T12:00")}})
    answer = await wix.update(event, title="Mine")
    assert await wix.fired(fault) == 1
    assert (answer["revision"], answer["title"]) == ("3", "Mine")
    assert answer["end"]["localDate"] == "2026-11-24T12:00:00"
    assert (await wix.get(event["id"], pi=True))["notes"] == "theirs"


async def test_the_log_names_writes_with_their_bodies_and_faults(wix: WixSite) -> None:
    await wix.client.delete("/_sandbox/log")
    await wix.fault({"drop": "after"}, CREATE)
    with pytest.raises(httpx.TransportError):
        await wix.call("POST", EVENTS, {"event": draft(title="Logged")})
    await on_schedule(wix)
    write, read = await wix.log()
    assert (write["write"], write["fault"], write["status"]) == (True, "1:drop", None)
    assert write["body"]["event"]["title"] == "Logged"
    assert write["at"] == "2026-11-20T12:00:00Z"
    assert (read["write"], read["status"], read["fault"]) == (False, 200, None)
    assert "body" not in read
    assert read["bytes_in"] > 0 < read["bytes_out"]
    later = (await wix.client.get("/_sandbox/log", params={"since": write["n"]})).json()
    assert [entry["n"] for entry in later["requests"]] == [read["n"]]


async def test_the_log_never_holds_the_app_secret(wix: WixSite) -> None:
    await wix.log_in()
    reply = await wix.client.get("/_sandbox/log")
    assert studio.APP_SECRET not in reply.text
    assert wix.token not in reply.text


async def test_each_fault_counts_the_requests_it_matches_and_one_fires_at_a_time(wix: WixSite) -> None:
    first = await wix.fault({"status": 500})
    second = await wix.fault({"status": 503}, skip=1)
    codes = [(await wix.call("GET", f"{EVENTS}/view")).status_code for _ in range(3)]
    assert codes == [500, 503, 200]
    assert (await wix.fired(first), await wix.fired(second)) == (1, 1)


async def test_somebody_elses_edit_waits_for_a_write_of_events(wix: WixSite) -> None:
    fault = await wix.fault({"foreign_edit": {"title": "Theirs"}})
    event = await wix.cancel(await wix.get(wix.seeded.sessions["stock_taking"]))
    await wix.ok("POST", SCHEDULES, {"schedule": {"name": "New"}})
    assert event["title"] == "Stock taking"
    assert await wix.fired(fault) == 0
    body = {"events": [{"event": draft()}, {"event": draft()}], "returnEntity": True}
    answer = await wix.ok("POST", f"{V3}/bulk/events/create", body)
    assert [row["item"]["title"] for row in answer["results"]] == ["Theirs", "Theirs"]
    assert await wix.fired(fault) == 1


async def test_a_stopping_server_does_not_wait_for_planted_delays() -> None:
    state = WixState(SandboxClock(rate=0))
    server = WixServer(state)
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url) as client:
        delayed = {"do": {"delay_seconds": 3600}}
        await client.post("/_sandbox/faults", json=delayed)
        waiting = asyncio.create_task(client.get("/anything"))
        while not (await client.get("/_sandbox/faults")).json()["faults"][0]["fired"]:
            pass
        await server.stop()
        with pytest.raises(httpx.TransportError):
            await waiting
