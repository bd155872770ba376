"""What goes wrong on demand in the frame: lost and late answers, refusals before and after the deed; and the log."""

from typing import Any

import httpx
import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import MicrosoftServer, MicrosoftState
from syncd.sandbox.microsoft.errors import Json
from tests.sandbox.microsoft.site import BERT, Site, draft
from tests.sandbox.running import stops_at_once


def control(microsoft: Site, method: str, path: str, body: Json | None = None) -> httpx.Response:
    return microsoft.client.request(method, f"{microsoft.server.base_url}/_sandbox{path}", json=body)


def test_an_error_comes_before_the_deed_or_after_it(microsoft: Site) -> None:
    match = {"operation": "events.create"}
    microsoft.fault({"error": "ServiceUnavailable"}, match)
    refusal = microsoft.refused_draft()
    assert (refusal.status, refusal.code) == (503, "ServiceUnavailable")
    assert microsoft.hands.events() == []
    microsoft.fault({"error": {"code": "GatewayTimeout", "after": True}}, match)
    assert microsoft.refused_draft().status == 504
    assert len(microsoft.hands.events()) == 1


@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 1)])
def test_an_answer_is_lost_before_or_after_the_deed(microsoft: Site, moment: str, stored: int) -> None:
    microsoft.fault({"drop": moment}, {"operation": "events.create"})
    with pytest.raises(httpx.TransportError):
        microsoft.create()
    assert len(microsoft.hands.events()) == stored
    assert microsoft.log()[-1]["status"] is None


def test_an_answer_breaks_in_the_middle(microsoft: Site) -> None:
    microsoft.fault({"cut_body": 10}, {"operation": "events.list"})
    with pytest.raises(httpx.TransportError):
        microsoft.get("/me/events")
    microsoft.get("/me/events")


def test_a_request_is_held_back_and_carried_out_later(microsoft: Site) -> None:
    microsoft.fault({"apply_late": True}, {"operation": "events.create"})
    with pytest.raises(httpx.TransportError):
        microsoft.create()
    assert microsoft.hands.events() == []
    assert control(microsoft, "POST", "/faults/release").json() == {"released": 1}
    assert len(microsoft.hands.events()) == 1
    assert microsoft.log()[-1]["fault"] == "released"


def test_a_status_may_be_planted_with_headers_and_any_body(microsoft: Site) -> None:
    microsoft.fault({"status": 503, "headers": {"Retry-After": "3"}, "body": "<h1>Sorry</h1>"})
    reply = microsoft.call("GET", "/me/events")
    assert (reply.status_code, reply.text, reply.headers["retry-after"]) == (503, "<h1>Sorry</h1>", "3")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BadRequest"),
        (401, "InvalidAuthenticationToken"),
        (404, "ErrorItemNotFound"),
        (410, "SyncStateNotFound"),
        (412, "ErrorIrresolvableConflict"),
        (418, "BadRequest"),
        (429, "TooManyRequests"),
        (500, "UnknownError"),
        (504, "GatewayTimeout"),
    ],
)
def test_a_planted_status_without_a_body_has_a_usual_one(microsoft: Site, status: int, code: str) -> None:
    microsoft.fault({"status": status})
    refusal = microsoft.refused("GET", "/me/events")
    assert (refusal.status, refusal.code) == (status, code)


def test_the_authority_can_fail_too(microsoft: Site) -> None:
    microsoft.fault({"status": 503}, {"path": "/oauth2/v2.0/token$"})
    url = f"{microsoft.server.base_url}/common/oauth2/v2.0/token"
    reply = microsoft.client.post(url)
    assert (reply.status_code, reply.json()["error"]) == (503, "temporarily_unavailable")
    assert microsoft.client.post(url).status_code == 400


def test_a_fault_waits_for_the_operation_query_account_and_body_it_names(microsoft: Site) -> None:
    for match in (
        {"operation": "^events.get$"},
        {"query": "top=7"},
        {"account": BERT},
        {"method": "post", "body": "Unlucky"},
    ):
        microsoft.fault({"status": 503}, match)
    event = microsoft.create(subject="Lucky")
    microsoft.get("/me/events")
    assert microsoft.refused("GET", "/me/events", email=BERT).status == 503
    assert microsoft.refused("GET", "/me/events", params={"$top": "7"}).status == 503
    assert microsoft.refused("GET", f"/me/events/{event['id'].replace('/', '%2F')}").status == 503
    assert microsoft.refused_draft(subject="Unlucky").status == 503


def test_a_fault_waits_for_a_request_where_it_makes_sense(microsoft: Site) -> None:
    number = microsoft.fault({"refuse_token": {"code": 50076}})
    other = microsoft.fault({"foreign_edit": {"subject": "Theirs"}})
    microsoft.get("/me/events")
    assert (microsoft.fired(number), microsoft.fired(other)) == (0, 0)
    assert microsoft.create()["subject"] == "Theirs"


@pytest.mark.parametrize(
    "spec",
    [
        {"do": {}},
        {"do": {"explode": True}},
        {"do": {"error": "unheardOf"}},
        {"do": {"error": {"code": "BadRequest", "status": "x"}}},
        {"do": {"error": {"status": 429}}},
        {"do": {"error": {"code": "BadRequest", "after": 1}}},
        {"do": {"error": {"code": "BadRequest", "message": 1}}},
        {"do": {"gone_on_page": 0}},
        {"do": {"bad_token": 500}},
        {"do": {"part_failures": 1}},
        {"do": {"foreign_edit": {}}},
        {"do": {"claims_challenge": 1}},
        {"do": {"refuse_token": {"error": "invalid_grant"}}},
        {"do": {"refuse_token": {"code": 1}}},
        {"match": {"header": "x"}, "do": {"drop": "after"}},
    ],
)
def test_a_fault_that_is_not_understood_is_400(microsoft: Site, spec: Any) -> None:
    assert control(microsoft, "POST", "/faults", spec).status_code == 400
    assert control(microsoft, "GET", "/faults").json() == {"faults": []}


def test_the_log_tells_reads_from_writes_and_holds_no_token(microsoft: Site) -> None:
    microsoft.create(subject="Logged")
    microsoft.get("/me/events")
    write, read = microsoft.log()
    assert (write["operation"], write["write"], write["body"]["subject"]) == ("events.create", True, "Logged")
    assert (read["operation"], read["write"], read["status"]) == ("events.list", False, 200)
    assert "body" not in read
    assert microsoft.token() not in control(microsoft, "GET", "/log").text
    assert "Bearer" not in control(microsoft, "GET", "/log").text


def test_a_fault_that_changed_nothing_is_named_so(microsoft: Site) -> None:
    microsoft.create()
    for do, name in (({"truncate": 5}, "1:truncate (no effect)"), ({"truncate": 0}, "2:truncate")):
        microsoft.fault(do, {"operation": "events.list"})
        microsoft.get("/me/events")
        assert microsoft.log()[-1]["fault"] == name


async def test_a_stopping_server_does_not_wait_for_planted_delays() -> None:
    await stops_at_once(MicrosoftServer(MicrosoftState(SandboxClock(rate=0))))


def test_a_running_simulator_goes_back_to_where_a_copy_was_made(microsoft: Site) -> None:
    token = microsoft.token()
    microsoft.create(subject="First")
    before = microsoft.state.copy()
    microsoft.create(subject="Second")
    microsoft.hands.revoke()
    microsoft.state.become(before)
    assert [row["subject"] for row in microsoft.get("/me/events")["value"]] == ["First"]
    assert {grant.ended for grant in microsoft.state.authority.grants} == {None}
    headers = {"Authorization": f"Bearer {token}"}
    assert microsoft.call("POST", "/me/events", json=draft(), headers=headers).status_code == 201
