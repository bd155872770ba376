"""Batches: the framing the library needs, one log entry and one quota unit for each part, failures of parts."""

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.sandbox.google.site import ANNA, BERT, Json, Site, draft


def run(google: Site, requests: dict[str, Any]) -> dict[str, Any]:
    """Answers by request id: the body, or the error."""
    answers: dict[str, Any] = {}

    def note(ref: str, response: Any, error: HttpError | None) -> None:
        answers[ref] = response if error is None else error

    batch = google.service().new_batch_http_request(callback=note)
    for ref, request in requests.items():
        batch.add(request, request_id=ref)
    batch.execute()
    return answers


def inserts(google: Site, count: int) -> dict[str, Any]:
    return {
        f"no. {number}/+": google.events.insert(calendarId="primary", body=draft(id=f"part{number}"))
        for number in range(count)
    }


def test_each_part_is_answered_under_its_id(google: Site) -> None:
    google.insert(id="there1")
    answers = run(
        google,
        {
            "new": google.events.insert(calendarId="primary", body=draft(summary="Zwölf — 12")),
            "gone": google.events.delete(calendarId="primary", eventId="there1"),
            "lost": google.events.get(calendarId="primary", eventId="nowhere"),
            "all": google.events.list(calendarId="primary", q="a b+c%"),
        },
    )
    assert answers["new"]["summary"] == "Zwölf — 12"
    assert answers["gone"] == ""
    assert (answers["lost"].status_code, answers["lost"].error_details[0]["reason"]) == (404, "notFound")
    assert answers["all"]["items"] == []


def test_each_part_is_an_entry_of_the_log_and_the_outer_request_is_marked(google: Site) -> None:
    google.server.app.log.reset()
    run(google, inserts(google, 3))
    *parts, outer = google.log()
    assert [(entry["operation"], entry["write"], entry["part"]) for entry in parts] == [
        ("events.insert", True, number) for number in range(3)
    ]
    assert parts[1]["body"]["id"] == "part1"
    assert (outer["batch"], outer["write"], outer["path"]) == (True, False, "/batch/calendar/v3")


def test_a_part_brings_its_own_precondition(google: Site) -> None:
    event = google.insert()
    request = google.events.update(calendarId="primary", eventId=event["id"], body=draft(summary="New"))
    request.headers["If-Match"] = '"stale"'
    assert run(google, {"a": request})["a"].status_code == 412


def test_a_part_inherits_the_outer_token_unless_it_brings_its_own(google: Site) -> None:
    inner = "GET /calendar/v3/calendars/primary?fields=id HTTP/1.1"
    parts = (f"{inner}\r\n\r\n", f"{inner}\r\nAuthorization: Bearer {google.token(BERT)}\r\n\r\n")
    content = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <part {number}>\r\n\r\n{part}\r\n"
        for number, part in enumerate(parts)
    )
    headers = {"Authorization": f"Bearer {google.token()}", "content-type": "multipart/mixed; boundary=b"}
    reply = google.client.post("/batch/calendar/v3", content=f"{content}--b--", headers=headers)
    assert reply.status_code == 200
    first, second = reply.text.split("--batch_")[1:3]
    assert "Content-ID: <response-part 0>" in first
    assert "HTTP/1.1 200 OK" in first
    assert f'{{"id": "{ANNA}"}}' in first
    assert f'{{"id": "{BERT}"}}' in second


def test_too_many_parts_are_refused_whole(google: Site) -> None:
    google.switch(batch_max=2)
    with pytest.raises(HttpError, match="at most 2 parts"):
        run(google, inserts(google, 3))
    assert google.hands.events() == []


def test_parts_run_in_any_order_and_are_answered_in_that_of_the_requests(google: Site) -> None:
    fault = google.fault({"reversed_parts": True})
    answers = run(google, inserts(google, 3))
    assert google.fired(fault) == 1
    assert [entry["part"] for entry in google.writes()] == [2, 1, 0]
    assert [answer["id"] for answer in answers.values()] == ["part0", "part1", "part2"]
    google.switch(batch_order="shuffled")
    requests = {str(number): google.events.get(calendarId="primary", eventId="part0") for number in range(10)}
    run(google, requests)
    order = [entry["part"] for entry in google.log() if entry["operation"] == "events.get"]
    assert sorted(order) == list(range(10)) != order


def test_refused_parts_are_untouched_and_unanswered_ones_carried_out(google: Site) -> None:
    fault = google.fault({"part_failures": [0], "unanswered_parts": [2]})
    answers = list(run(google, inserts(google, 3)).values())
    assert google.fired(fault) == 1
    assert (answers[0].status_code, answers[0].error_details[0]["reason"]) == (403, "rateLimitExceeded")
    assert answers[1]["id"] == "part1"
    assert answers[2].status_code == 503
    assert {event.id for event in google.hands.events()} == {"part1", "part2"}


def test_a_fault_meets_a_single_part(google: Site) -> None:
    error: Json = {"reason": "rateLimitExceeded", "status": 429, "retry_after": 7}
    fault = google.fault({"error": error}, {"operation": "events.insert"}, skip=1)
    answers = list(run(google, inserts(google, 3)).values())
    assert google.fired(fault) == 1
    assert answers[1].status_code == 429
    assert answers[1].resp["retry-after"] == "7"
    assert {event.id for event in google.hands.events()} == {"part0", "part2"}


def test_what_breaks_connections_waits_for_a_whole_request(google: Site) -> None:
    fault = google.fault({"drop": "after"}, {"operation": "events.insert"})
    run(google, inserts(google, 1))
    assert google.fired(fault) == 0


def test_each_part_counts_for_the_quota(google: Site) -> None:
    google.switch(quota_user_per_minute=2)
    answers = list(run(google, inserts(google, 3)).values())
    assert answers[2].error_details[0]["reason"] == "userRateLimitExceeded"
    assert len(google.hands.events()) == 2


def test_what_is_no_batch_is_400(google: Site) -> None:
    for body, kind in (("x", "text/plain"), ("--b\r\n\r\nx\r\n--b--", "multipart/mixed; boundary=b")):
        reply = google.client.post("/batch/calendar/v3", content=body, headers={"content-type": kind})
        assert reply.status_code == 400
