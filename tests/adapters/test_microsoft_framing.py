"""Framing of JSON batches: what a part is, what it depends on, and what an answer says of which part."""

import json

import pytest

from adapters.http import Reply
from adapters.microsoft.batch import framed, unframed
from adapters.microsoft.client import Call
from adapters.microsoft.refusals import Asked

ROOT = "http://127.0.0.1:9/v1.0"
READ = Call(Asked("a read", "one"), "GET", f"{ROOT}/me/events/e%2F1%3D?%24expand=x", {"prefer": "a"})
WRITE = Call(
    Asked("a write", "two", writes=True),
    "PATCH",
    f"{ROOT}/me/events/two",
    {"content-type": "application/json", "prefer": "a", "if-match": 'W/"7"'},
    '{"subject":"Grüße","n":1}'.encode(),
)


def test_each_part_is_a_request_with_a_relative_address_and_headers_of_its_own() -> None:
    read, write = json.loads(framed([READ, WRITE], ROOT, chained=False))["requests"]
    assert read == {"id": "0", "method": "GET", "url": "/me/events/e%2F1%3D?%24expand=x", "headers": {"prefer": "a"}}
    assert write == {
        "id": "1",
        "method": "PATCH",
        "url": "/me/events/two",
        "headers": {"content-type": "application/json", "prefer": "a", "if-match": 'W/"7"'},
        "body": {"subject": "Grüße", "n": 1},
    }


def test_each_part_of_a_chain_depends_on_the_one_before() -> None:
    parts = json.loads(framed([READ, WRITE, READ], ROOT, chained=True))["requests"]
    assert [part.get("dependsOn") for part in parts] == [None, ["0"], ["1"]]


def test_no_bearer_and_no_host_is_in_the_body_and_the_same_parts_are_framed_alike() -> None:
    content = framed([READ, WRITE], ROOT, chained=True)
    assert b"127.0.0.1" not in content
    assert b"authorization" not in content.lower()
    assert content == framed([READ, WRITE], ROOT, chained=True)


def test_answers_are_told_apart_by_their_number_in_whatever_order() -> None:
    told = {
        "responses": [
            {"id": "1", "status": 429, "headers": {"Retry-After": "3", "X": 7}, "body": {"error": {"code": "x"}}},
            {"id": "0", "status": 204},
            {"id": "2", "status": 204, "headers": None, "body": None},
        ]
    }
    found = unframed(Reply(200, {}, json.dumps(told).encode()))
    assert {number: (one.status, one.body) for number, one in found.items()} == {
        0: (204, b""),
        1: (429, b'{"error": {"code": "x"}}'),
        2: (204, b""),
    }
    assert found[1].headers == {"retry-after": "3"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b'{"responses": {}}',
        b'{"responses": [7]}',
        b'{"responses": [{"id": 0, "status": 200}]}',
        b'{"responses": [{"id": "x", "status": 200}]}',
        b'{"responses": [{"id": "0", "status": "200"}]}',
        b'{"responses": [{"id": "0"}]}',
    ],
)
def test_what_cannot_be_read_says_nothing_of_any_part(body: bytes) -> None:
    assert unframed(Reply(200, {}, body)) == {}
