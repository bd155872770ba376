"""Each fault of the proxy: that the client really meets it, and what the server holds afterwards."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer
from tests.sandbox.caldav_account import Account, account_through, event, running_radicale, sync_token


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def anna(radicale: RadicaleServer) -> AsyncIterator[Account]:
    proxy = FaultProxy(radicale.base_url, SandboxClock(datetime(2030, 1, 1, tzinfo=UTC)))
    async with account_through(proxy, radicale) as account:
        yield account


async def test_planted_status_is_answered_and_the_server_is_not_asked(anna: Account) -> None:
    await anna.plant({"status": 503, "headers": {"Retry-After": "7"}, "body": "later"})

    answer = await anna.put()

    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (503, "7", "later")
    assert anna.last()["server_status"] is None
    assert await anna.stored() is None


async def test_planted_json_body_is_answered_as_json(anna: Account) -> None:
    await anna.plant({"status": 401, "body": {"why": "revoked"}})

    answer = await anna.put()

    assert (answer.status_code, answer.json()) == (401, {"why": "revoked"})


async def test_dropped_before_breaks_the_connection_and_stores_nothing(anna: Account) -> None:
    await anna.plant({"drop": "before"}, match={"method": "PUT"})

    with pytest.raises(httpx.TransportError):
        await anna.put()

    assert (anna.last()["status"], anna.last()["server_status"]) == (None, None)
    assert await anna.stored() is None


async def test_dropped_after_breaks_the_connection_although_it_is_stored(anna: Account) -> None:
    await anna.plant({"drop": "after"}, match={"method": "PUT"})

    with pytest.raises(httpx.TransportError):
        await anna.put()

    assert (anna.last()["status"], anna.last()["server_status"]) == (None, 201)
    assert "SUMMARY:Yoga" in (await anna.stored() or "")


async def test_applied_late_reaches_the_server_only_when_released(anna: Account) -> None:
    await anna.plant({"apply_late": True}, match={"method": "PUT"})

    with pytest.raises(httpx.TransportError):
        await anna.put()

    assert await anna.stored() is None
    released = await anna.web.post("/_sandbox/faults/release")
    assert released.json() == {"released": 1}
    assert "SUMMARY:Yoga" in (await anna.stored() or "")
    assert (await anna.web.post("/_sandbox/faults/release")).json() == {"released": 0}


async def test_applied_late_still_obeys_its_precondition(anna: Account) -> None:
    await anna.plant({"apply_late": True}, match={"method": "PUT"})
    with pytest.raises(httpx.TransportError):
        await anna.put(body=event("Late"), If_None_Match="*")
    await anna.put(body=event("Early"))

    await anna.web.post("/_sandbox/faults/release")

    assert "SUMMARY:Early" in (await anna.stored() or "")


async def test_cut_body_breaks_in_the_middle_of_an_answer(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    await anna.plant({"cut_body": 100}, match={"report": "sync-collection"})

    with pytest.raises(httpx.RemoteProtocolError, match="received 100 bytes"):
        await anna.sync()

    assert (anna.last()["status"], anna.last()["bytes_out"]) == (207, 100)
    assert set(anna.rows(await anna.sync())) == {"a.ics", "b.ics"}


async def test_cut_at_zero_sends_the_head_alone_and_the_delete_is_done(anna: Account) -> None:
    await anna.put()
    await anna.plant({"cut_body": 0}, match={"method": "DELETE"})

    with pytest.raises(httpx.RemoteProtocolError):
        await anna.web.delete(anna.calendar + "a.ics")

    assert await anna.stored() is None


async def test_cut_beyond_the_end_of_the_body_is_logged_as_without_effect(anna: Account) -> None:
    await anna.put()
    await anna.plant({"cut_body": 10**6}, match={"method": "GET"})

    assert (await anna.web.get(anna.calendar + "a.ics")).status_code == 200

    assert anna.last()["fault"].endswith("(no effect)")


@pytest.mark.parametrize("status", [403, 409, 410, 412])
async def test_refused_token_is_answered_only_where_a_token_is_sent(anna: Account, status: int) -> None:
    await anna.plant({"refuse_token": status})
    first = await anna.sync()
    token = sync_token(first) or ""

    refused, again = await anna.sync(token), await anna.sync(token)

    assert (first.status_code, refused.status_code, again.status_code) == (207, status, 207)
    assert b"valid-sync-token" in refused.content


async def test_replay_repeats_an_earlier_answer_after_a_change(anna: Account) -> None:
    await anna.put(body=event("First"))
    await anna.multiget("a.ics")
    await anna.put(body=event("Second"))
    await anna.multiget("a.ics")
    await anna.plant({"replay": {"back": 2}}, match={"report": "calendar-multiget"})

    stale = anna.rows(await anna.multiget("a.ics"))["a.ics"]
    fresh = anna.rows(await anna.multiget("a.ics"))["a.ics"]

    assert "First" in (stale.text or "")
    assert "Second" in (fresh.text or "")
    assert stale.etag != fresh.etag


async def test_replay_without_an_earlier_answer_is_logged_as_without_effect(anna: Account) -> None:
    await anna.put()
    await anna.plant({"replay": {"back": 1}})

    assert set(anna.rows(await anna.sync())) == {"a.ics"}

    assert anna.last()["fault"].endswith("(no effect)")


async def test_foreign_edit_makes_the_answered_etag_outdated_at_once(anna: Account) -> None:
    await anna.plant({"foreign_edit": {"replace": [["SUMMARY:.*", "SUMMARY:theirs"]]}})

    put = await anna.put()

    assert put.status_code == 201
    assert "SUMMARY:theirs\r\n" in (await anna.stored() or "")
    assert (await anna.put(If_Match=put.headers["etag"])).status_code == 412


async def test_foreign_edit_can_be_hidden_behind_the_answered_etag(anna: Account) -> None:
    edit = {"replace": [["SUMMARY:.*", "SUMMARY:theirs"]], "answer": "theirs"}
    await anna.plant({"foreign_edit": edit})

    put = await anna.put()

    assert anna.rows(await anna.sync())["a.ics"].etag == put.headers["etag"]
    assert "SUMMARY:theirs" in (await anna.stored() or "")


async def test_foreign_edit_waits_for_a_put_and_a_refused_put_is_not_edited(anna: Account) -> None:
    await anna.put()
    await anna.plant({"foreign_edit": {"replace": [["SUMMARY:.*", "SUMMARY:theirs"]]}})
    await anna.sync()

    assert (await anna.put(If_None_Match="*")).status_code == 412

    assert anna.last()["fault"].endswith("(no effect)")
    assert "SUMMARY:Yoga" in (await anna.stored() or "")


async def test_skip_and_times_choose_which_requests_go_wrong(anna: Account) -> None:
    await anna.plant({"status": 500}, match={"method": "PUT"}, skip=1, times=2)

    seen = [(await anna.put(f"{n}.ics")).status_code for n in range(4)]

    assert seen == [201, 500, 500, 201]
    faults = (await anna.web.get("/_sandbox/faults")).json()["faults"]
    assert (faults[0]["fired"], faults[0]["times"]) == (2, 2)


async def test_path_is_matched_percent_decoded_and_body_as_sent(anna: Account) -> None:
    await anna.plant({"status": 500}, match={"path": "^/anna@example", "body": "SUMMARY:Pil"})

    yoga, pilates = await anna.put("a.ics"), await anna.put("b.ics", event("Pilates", "uid-b"))

    assert (yoga.status_code, pilates.status_code) == (201, 500)


async def test_cleared_faults_do_not_fire(anna: Account) -> None:
    await anna.plant({"status": 500}, times=-1)
    assert (await anna.put()).status_code == 500

    await anna.web.delete("/_sandbox/faults")

    assert (await anna.put()).status_code == 201


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"do": {"explode": True}},
        {"do": {"status": 500}, "match": {"colour": "red"}},
        {"do": {"drop_rows": "("}},
        {"do": {"refuse_token": 200}},
        {"do": {"replay": {"back": 0}}},
        {"do": {"replay_rows": {"back": 0}}},
        {"do": {"replay_rows": {"href": "("}}},
        {"do": {"replay_rows": True}},
        {"do": {"serve": {"/a[.]": {"base64": "*"}}}},
        {"do": {"set_row": {"href": "/a[.]"}}},
        {"do": {"set_row": {"href": "/a[.]", "status": 999}}},
        {"do": {"add_rows": [{"etag": '"1"'}]}},
        {"do": {"foreign_edit": {"replace": []}}},
        {"do": {"weak_etag": "body"}},
        {"do": {"status": 500, "drop": "before"}},
        {"do": {"apply_late": True, "empty": True}},
        {"do": {"drop": "after", "cut_body": 3}},
    ],
)
async def test_fault_that_makes_no_sense_is_refused(anna: Account, spec: dict[str, Any]) -> None:
    answer = await anna.web.post("/_sandbox/faults", json=spec)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert (await anna.web.get("/_sandbox/faults")).json() == {"faults": []}
