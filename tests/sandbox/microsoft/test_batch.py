"""JSON batches: what may stand in one, chains, which answers come back, and what faults do to single items."""

import asyncio
from typing import Any

import pytest

from syncd.sandbox.microsoft.errors import Json
from tests.sandbox.microsoft.site import BERT, Site, draft


def item(ref: str, method: str = "GET", url: str = "/me/events", **more: Any) -> Json:
    found: Json = {"id": ref, "method": method, "url": url, **more}
    if "body" in more:
        found.setdefault("headers", {"Content-Type": "application/json"})
    return found


def creating(count: int, *, chained: bool = False) -> list[Json]:
    """Items that create events named 0, 1, …"""
    found = [item(str(n), "POST", body=draft(subject=str(n))) for n in range(count)]
    for n in range(1, count if chained else 0):
        found[n]["dependsOn"] = [str(n - 1)]
    return found


def sent(microsoft: Site, items: list[Json], **more: Any) -> list[Json]:
    """The answers, in the order in which they came."""
    found: list[Json] = microsoft.post("/$batch", {"requests": items}, **more)["responses"]
    return found


def by_id(answers: list[Json]) -> dict[str, Json]:
    return {answer["id"]: answer for answer in answers}


def subjects(microsoft: Site) -> set[str]:
    return {str(event.fields["subject"]) for event in microsoft.hands.events()}


def test_each_item_has_its_own_status_headers_and_body(microsoft: Site) -> None:
    event = microsoft.create()
    ref = event["id"].replace("/", "%2F")
    answers = by_id(
        sent(
            microsoft,
            [
                item("a", url="/me/events"),
                item("b", url="me/events/nonsense"),
                item("c", "DELETE", f"/me/events/{ref}"),
            ],
        )
    )
    assert {ref: answer["status"] for ref, answer in answers.items()} == {"a": 200, "b": 400, "c": 204}
    assert [row["subject"] for row in answers["a"]["body"]["value"]] == ["Check"]
    assert answers["b"]["body"]["error"]["code"] == "ErrorInvalidIdMalformed"
    assert answers["a"]["headers"]["Content-Type"].startswith("application/json")
    assert "body" not in answers["c"]
    assert subjects(microsoft) == set()


def test_headers_of_an_item_are_its_own_and_the_token_may_be_the_outer_one(microsoft: Site) -> None:
    microsoft.create()
    prefer = {"Prefer": 'outlook.timezone="Tokyo Standard Time"'}
    asked = [
        item("plain"),
        item("tokyo", headers=prefer),
        item("bert", headers={"Authorization": f"Bearer {microsoft.token(BERT)}"}),
    ]
    found = by_id(sent(microsoft, asked))
    zones = {ref: [row["start"]["timeZone"] for row in answer["body"]["value"]] for ref, answer in found.items()}
    assert zones == {"plain": ["UTC"], "tokyo": ["Tokyo Standard Time"], "bert": []}


@pytest.mark.parametrize(
    "items",
    [
        [],
        [item(str(n)) for n in range(21)],
        [item("a"), item("A")],
        [{"method": "GET", "url": "/me"}],
        [{"id": 1, "method": "GET", "url": "/me"}],
        [item("a", "FETCH")],
        [item("a", url="https://graph.microsoft.com/v1.0/me")],
        [item("a", url="//graph.microsoft.com/v1.0/me")],
        [item("a", url="")],
        [item("a", "POST", headers={}, body={})],
        [item("a", "POST", "/$batch", body={"requests": []})],
        [item("a", headers={"Prefer": 1})],
        [item("a", dependsOn=["b"]), item("b")],
        [item("a"), item("b", dependsOn=["c"])],
        [item("a", dependsOn=["a"])],
        [item("a"), item("b", dependsOn="a")],
        [item("a"), item("b", dependsOn=["a"]), item("c", dependsOn=["a"])],
        [item("a"), item("b"), item("c", dependsOn=["b"])],
    ],
)
def test_what_breaks_a_rule_is_400_as_a_whole(microsoft: Site, items: list[Json]) -> None:
    refusal = microsoft.refused("POST", "/$batch", json={"requests": [*items]})
    assert (refusal.status, refusal.code) == (400, "BadRequest")
    assert [entry["operation"] for entry in microsoft.log()] == [None]


def test_a_batch_is_json_with_requests_and_a_token(microsoft: Site) -> None:
    assert microsoft.refused("POST", "/$batch", json={"items": []}).status == 400
    assert microsoft.refused("POST", "/$batch", content=b"x", headers={"content-type": "text/plain"}).status == 415
    nobody = {"headers": {"Authorization": "Bearer nonsense"}}
    assert microsoft.refused("POST", "/$batch", json={"requests": [item("a")]}, **nobody).status == 401


def test_a_chain_runs_to_its_end(microsoft: Site) -> None:
    answers = sent(microsoft, creating(20, chained=True))
    assert [answer["status"] for answer in answers] == [201] * 20
    assert len(microsoft.hands.events()) == 20


def test_what_depends_on_a_failure_is_424_and_does_not_happen(microsoft: Site) -> None:
    items = creating(4, chained=True)
    items[1]["body"] = draft(end={"dateTime": "nonsense", "timeZone": "UTC"})
    answers = by_id(sent(microsoft, items))
    assert [answers[str(n)]["status"] for n in range(4)] == [201, 400, 424, 424]
    assert answers["3"]["body"]["error"]["code"] == "FailedDependency"
    assert subjects(microsoft) == {"0"}
    assert [entry["status"] for entry in microsoft.log()] == [201, 400, 424, 424, 200]


@pytest.mark.parametrize(("order", "first"), [("as_sent", "0"), ("reversed", "2")])
def test_answers_come_in_the_order_of_the_switch(microsoft: Site, order: str, first: str) -> None:
    microsoft.switch(batch_order=order)
    assert sent(microsoft, creating(3))[0]["id"] == first


def test_shuffled_answers_are_all_there(microsoft: Site) -> None:
    microsoft.switch(batch_order="shuffled")
    answers = sent(microsoft, creating(20, chained=True))
    assert [answer["id"] for answer in answers] != [str(n) for n in range(20)]
    assert len(by_id(answers)) == 20


def test_independent_items_beyond_the_fourth_are_throttled_or_wait_by_switch(microsoft: Site) -> None:
    answers = by_id(sent(microsoft, creating(6)))
    assert [answers[str(n)]["status"] for n in range(6)] == [201] * 4 + [429] * 2
    assert answers["5"]["body"]["error"]["code"] == "ApplicationThrottled"
    assert answers["5"]["headers"]["Retry-After"] == "10"
    microsoft.switch(batch_beyond_four="queued")
    assert [answer["status"] for answer in sent(microsoft, creating(6))] == [201] * 6


def test_items_share_the_room_of_a_mailbox_with_other_requests(microsoft: Site) -> None:
    async def both() -> list[Json]:
        quota = microsoft.server.app.quota
        with quota.flight("anna@outlook.example", _held()), quota.flight("anna@outlook.example", _held()):
            return await asyncio.to_thread(sent, microsoft, creating(3))

    answers = microsoft.on_loop(both)
    assert [answer["status"] for answer in answers] == [201, 201, 429]


def _held() -> Any:
    """A request that has not been answered yet."""
    return object()


def test_each_item_counts_for_the_quota(microsoft: Site) -> None:
    microsoft.switch(quota_requests=2)
    answers = sent(microsoft, creating(3, chained=True))
    assert [answer["status"] for answer in answers] == [201, 201, 429]
    assert answers[2]["body"]["error"]["code"] == "TooManyRequests"


def test_items_stand_in_the_log_and_the_batch_is_no_write(microsoft: Site) -> None:
    sent(microsoft, creating(2))
    first, second, whole = microsoft.log()
    assert (first["operation"], first["part"], first["write"]) == ("events.create", 0, True)
    assert (second["part"], second["body"]["subject"]) == (1, "1")
    assert (whole["batch"], whole["write"], whole["status"]) == (True, False, 200)


def test_some_items_are_refused_untouched_by_fault(microsoft: Site) -> None:
    number = microsoft.fault({"part_failures": [1]})
    answers = by_id(sent(microsoft, creating(3)))
    assert microsoft.fired(number) == 1
    assert answers["1"]["status"] == 429
    assert "Retry-After" in answers["1"]["headers"]
    assert subjects(microsoft) == {"0", "2"}


def test_an_item_refused_by_fault_ends_its_chain(microsoft: Site) -> None:
    microsoft.fault({"part_failures": [1]})
    answers = sent(microsoft, creating(3, chained=True))
    assert [answer["status"] for answer in answers] == [201, 429, 424]


def test_some_items_are_carried_out_and_not_answered_for_by_fault(microsoft: Site) -> None:
    microsoft.fault({"unanswered_parts": [0]})
    answers = by_id(sent(microsoft, creating(2)))
    assert [answers[ref]["status"] for ref in ("0", "1")] == [503, 201]
    assert subjects(microsoft) == {"0", "1"}


def test_answers_are_reversed_by_fault(microsoft: Site) -> None:
    microsoft.fault({"reversed_parts": True})
    assert [answer["id"] for answer in sent(microsoft, creating(3))] == ["2", "1", "0"]
    assert [answer["id"] for answer in sent(microsoft, creating(3))] == ["0", "1", "2"]


def test_a_fault_meets_a_single_item(microsoft: Site) -> None:
    error: Json = {"code": "ServiceUnavailable", "retry_after": 7, "after": True}
    number = microsoft.fault({"error": error}, {"operation": "events.create"}, skip=1)
    answers = by_id(sent(microsoft, creating(3)))
    assert microsoft.fired(number) == 1
    assert [answers[str(n)]["status"] for n in range(3)] == [201, 503, 201]
    assert answers["1"]["headers"]["Retry-After"] == "7"
    assert subjects(microsoft) == {"0", "1", "2"}


def test_what_breaks_connections_waits_for_a_whole_request(microsoft: Site) -> None:
    number = microsoft.fault({"drop": "after"}, {"operation": "events.create"})
    sent(microsoft, creating(1))
    assert microsoft.fired(number) == 0
