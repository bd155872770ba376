"""Faults on demand: each test first sees that the fault was really delivered."""

from typing import Any

import httplib2
import httpx
import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.google.errors import REASONS
from tests.sandbox.google.site import ANNA, BERT, Json, Site, draft
from tests.sandbox.running import stops_at_once

INSERT = {"operation": "^events.insert$"}


def post(google: Site, body: Json) -> httpx.Response:
    """An insert that is never repeated, unlike the library's."""
    headers = {"Authorization": f"Bearer {google.token()}"}
    return google.client.post("/calendar/v3/calendars/primary/events", json=body, headers=headers)


def ids(google: Site) -> set[str]:
    return {event.id for event in google.hands.events()}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_can_be_planted_and_touches_nothing(google: Site, reason: str) -> None:
    fault = google.fault({"error": reason}, INSERT)
    reply = post(google, draft(id="first"))
    assert google.fired(fault) == 1
    assert reply.status_code == REASONS[reason][0]
    assert reply.json()["error"]["errors"][0]["reason"] == reason
    assert ids(google) == set()
    assert post(google, draft(id="first")).status_code == 200


def test_a_reason_may_come_with_another_status_and_retry_after(google: Site) -> None:
    google.fault({"error": {"reason": "rateLimitExceeded", "status": 429, "retry_after": 30}})
    refusal = google.refused(google.events.list(calendarId="primary"))
    assert (refusal.status, refusal.reason, refusal.headers["retry-after"]) == (429, "rateLimitExceeded", "30")


def test_a_write_can_fail_after_it_was_carried_out(google: Site) -> None:
    fault = google.fault({"error": {"reason": "internalError", "after": True}}, INSERT)
    reply = post(google, draft(id="first"))
    assert google.fired(fault) == 1
    assert reply.status_code == 500
    assert ids(google) == {"first"}


def test_a_planted_status_touches_nothing(google: Site) -> None:
    fault = google.fault({"status": 502, "body": "gateway", "headers": {"retry-after": "9"}}, INSERT)
    reply = post(google, draft())
    assert google.fired(fault) == 1
    assert (reply.status_code, reply.text, reply.headers["retry-after"]) == (502, "gateway", "9")
    assert ids(google) == set()


@pytest.mark.parametrize(("status", "reason"), [(404, "notFound"), (500, "internalError"), (504, "backendError")])
def test_a_planted_status_has_the_envelope_that_goes_with_it(google: Site, status: int, reason: str) -> None:
    google.fault({"status": status})
    refusal = google.refused(google.events.list(calendarId="primary"))
    assert (refusal.status, refusal.reason) == (status, reason)


def test_a_lost_answer_leaves_the_event_and_the_library_finds_it_taken(google: Site) -> None:
    fault = google.fault({"drop": "after"}, INSERT)
    refusal = google.refused(google.events.insert(calendarId="primary", body=draft(id="first")))
    assert google.fired(fault) == 1
    assert (refusal.status, refusal.reason) == (409, "duplicate")
    assert [entry["status"] for entry in google.writes()] == [None, 409]
    assert ids(google) == {"first"}


def test_a_request_dropped_before_it_was_read_leaves_nothing(google: Site) -> None:
    fault = google.fault({"drop": "before"}, INSERT)
    with pytest.raises(httpx.TransportError):
        post(google, draft())
    assert google.fired(fault) == 1
    assert ids(google) == set()


def test_a_whole_batch_can_be_applied_and_its_answer_lost(google: Site) -> None:
    fault = google.fault({"drop": "after"}, {"path": "^/batch/"}, times=2)
    batch = google.service().new_batch_http_request()
    for ref in ("first", "second"):
        batch.add(google.events.insert(calendarId="primary", body=draft(id=ref)))
    with pytest.raises((httplib2.HttpLib2Error, OSError)):
        batch.execute()
    assert google.fired(fault) == 2
    assert ids(google) == {"first", "second"}


def test_applied_late_happens_only_on_release(google: Site) -> None:
    fault = google.fault({"apply_late": True}, INSERT)
    with pytest.raises(httpx.TransportError):
        post(google, draft(id="first"))
    assert google.fired(fault) == 1
    assert ids(google) == set()
    assert google.client.post("/_sandbox/faults/release").json() == {"released": 1}
    assert ids(google) == {"first"}
    assert [entry["fault"] for entry in google.writes()] == ["1:apply_late", "released"]


def test_a_body_can_be_cut(google: Site) -> None:
    fault = google.fault({"cut_body": 20}, INSERT)
    with pytest.raises(httpx.TransportError):
        post(google, draft(id="first"))
    assert google.fired(fault) == 1
    assert ids(google) == {"first"}


def test_a_stale_list_shows_the_past_and_its_token_brings_the_rest(google: Site) -> None:
    google.insert(id="first")
    _, token = google.sync()
    google.clock.advance(60)
    google.insert(id="second")
    fault = google.fault({"stale_seconds": 30})
    rows, later = google.sync(token)
    assert google.fired(fault) == 1
    assert rows == {}
    assert set(google.sync(later)[0]) == {"second"}


def test_reads_show_the_state_before_the_last_writes_or_an_earlier_version(google: Site) -> None:
    google.insert(id="first", summary="One")
    google.hands.edit("first", summary="Two")
    google.insert(id="second")
    for do, shown in (({"stale_writes": 1}, {"first": "Two"}), ({"stale_writes": 2}, {"first": "One"})):
        fault = google.fault(do)
        assert {row["id"]: row["summary"] for row in google.rows()} == shown
        assert google.fired(fault) == 1
    fault = google.fault({"replay": {"back": 1, "id": "^first$"}})
    assert google.get("first")["summary"] == "One"
    assert google.fired(fault) == 1


def test_a_list_can_lie_about_being_whole(google: Site) -> None:
    for ref in ("first", "second"):
        google.insert(id=ref)
    for do, count in (({"truncate": 1}, 1), ({"empty": True}, 0)):
        fault = google.fault(do)
        (page,) = google.pages()
        assert google.fired(fault) == 1
        assert len(page["items"]) == count
        assert google.rows(syncToken=page["nextSyncToken"]) == []


def test_a_fault_without_effect_is_named_so(google: Site) -> None:
    google.insert(id="first")
    google.fault({"empty": True})
    google.rows(q="nothing like it")
    google.fault({"empty": True})
    google.rows()
    assert [entry["fault"] for entry in google.log()[-2:]] == ["1:empty (no effect)", "2:empty"]


def test_the_answer_of_a_write_can_carry_somebody_elses_edit(google: Site) -> None:
    fault = google.fault({"foreign_edit": {"location": "Theirs"}})
    event = google.insert(id="first")
    assert google.fired(fault) == 1
    assert event["location"] == "Theirs"
    assert google.get("first")["etag"] == event["etag"]


def test_a_duplicate_can_go_unnoticed(google: Site) -> None:
    google.insert(id="first", summary="Theirs")
    fault = google.fault({"undetected_duplicate": True}, INSERT)
    event = google.insert(id="first", summary="Mine")
    assert google.fired(fault) == 1
    assert event["summary"] == "Mine"
    assert google.get("first")["summary"] == "Theirs"


def test_a_kind_waits_for_a_request_where_it_makes_sense_and_for_its_page(google: Site) -> None:
    google.insert(id="first")
    fault = google.fault({"gone_on_page": 2})
    google.rows()
    google.get("first")
    assert google.fired(fault) == 0
    google.insert(id="second")
    request = google.events.list(calendarId="primary", maxResults=1)
    refusal = google.refused(google.events.list_next(request, request.execute()))
    assert (refusal.status, google.fired(fault)) == (410, 1)


def test_faults_are_chosen_by_operation_account_query_and_body(google: Site) -> None:
    for match in (
        {"account": f"^{BERT}$"},
        {"query": "showDeleted=true"},
        {"operation": "events.get"},
        {"body": "Unlucky"},
    ):
        google.fault({"error": "backendError"}, match)
    google.insert(id="first")
    google.rows()
    assert google.refused(google.service(BERT).events().list(calendarId="primary")).status == 503
    assert google.refused(google.events.list(calendarId="primary", showDeleted=True)).status == 503
    assert google.refused(google.events.get(calendarId="primary", eventId="first")).status == 503
    assert post(google, draft(summary="Unlucky")).status_code == 503


def test_an_oauth_request_can_fail_too(google: Site) -> None:
    google.fault({"status": 503}, {"path": "^/token$"})
    reply = google.client.post("/token")
    assert (reply.status_code, reply.json()["error"]) == (503, "internal_failure")
    assert google.client.post("/token").status_code == 400


@pytest.mark.parametrize(
    "spec",
    [
        {"do": {}},
        {"do": {"explode": True}},
        {"do": {"error": "unheardOf"}},
        {"do": {"error": {"reason": "notFound", "status": "x"}}},
        {"do": {"error": {"status": 429}}},
        {"do": {"error": {"reason": "notFound", "after": 1}}},
        {"do": {"gone_on_page": 0}},
        {"do": {"part_failures": 1}},
        {"do": {"foreign_edit": {}}},
        {"match": {"header": "x"}, "do": {"drop": "after"}},
    ],
)
def test_a_fault_that_is_not_understood_is_400(google: Site, spec: Any) -> None:
    assert google.client.post("/_sandbox/faults", json=spec).status_code == 400
    assert google.client.get("/_sandbox/faults").json() == {"faults": []}


def test_the_log_tells_reads_from_writes_and_holds_no_token(google: Site) -> None:
    google.insert(id="first", summary="Logged")
    google.rows()
    write, read = google.log()
    assert (write["operation"], write["write"], write["body"]["summary"]) == ("events.insert", True, "Logged")
    assert (read["operation"], read["write"], read["status"]) == ("events.list", False, 200)
    assert "body" not in read
    assert "ya29" not in google.client.get("/_sandbox/log").text


async def test_a_stopping_server_does_not_wait_for_planted_delays() -> None:
    await stops_at_once(GoogleServer(GoogleState(SandboxClock(rate=0))))


def test_unknown_paths_and_wrong_methods_are_pages_not_json(google: Site) -> None:
    headers = {"Authorization": f"Bearer {google.token()}"}
    for method, path, status in (
        ("GET", "/calendar/v3/nothing", 404),
        ("GET", "/calendar/v2/calendars/primary", 404),
        ("POST", "/calendar/v3/calendars/primary/events/x", 405),
        ("PUT", "/calendar/v3/calendars/primary/events", 405),
    ):
        reply = google.client.request(method, path, headers=headers)
        assert reply.status_code == status
        assert reply.headers["content-type"].startswith("text/html")


def test_a_method_that_is_not_simulated_is_404(google: Site) -> None:
    assert google.refused(google.service().acl().list(calendarId=ANNA)).status == 404
    assert google.refused(google.events.quickAdd(calendarId="primary", text="Lunch")).status == 404
