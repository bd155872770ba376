"""Several requests in one: framing, what is sent again and what is not, a lost answer."""

from collections.abc import AsyncIterator
from email.message import Message
from email.parser import BytesParser

import pytest

from adapters.batches import PATIENCE
from adapters.google.batch import MOST, framed, unframed
from adapters.google.client import Call, service
from adapters.google.refusals import Asked
from adapters.http import Reply
from syncd.errors import Exists, Rejected, Stale, Throttled, Transient
from syncd.model import Event, Observation
from syncd.ports import Draft, Edit, Erasure
from tests.adapters.google_world import NOW, WINDOW, World, draft, event, key, shown, world

EVENTS = service("http://127.0.0.1:9/").events


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


def drafts(*names: str) -> list[Draft]:
    return [draft(name, event(title=name)) for name in names]


async def made(google: World, *names: str) -> list[Observation]:
    return [shown(one) for one in await google.calendar.create(drafts(*names))]


# --- framing ----------------------------------------------------------------------------------------------------------


def test_each_part_is_a_request_with_a_path_and_headers_of_its_own() -> None:
    calls = [
        Call(Asked("a read", "one"), EVENTS.get(calendarId="a@b.test", eventId="one")),
        Call(
            Asked("a write", "two", writes=True),
            EVENTS.update(calendarId="primary", eventId="two", body={"summary": "Grüße"}, sendUpdates="none"),
            if_match='"7"',
        ),
    ]
    boundary, content = framed(calls)
    whole = BytesParser().parsebytes(f'content-type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode() + content)
    parts = [part for part in whole.get_payload() if isinstance(part, Message)]
    assert [part["content-id"] for part in parts] == ["<syncd + 0>", "<syncd + 1>"]
    read, write = (str(part.get_payload()) for part in parts)
    assert read.startswith("GET /calendar/v3/calendars/a%40b.test/events/one?alt=json HTTP/1.1\r\n")
    assert write.startswith("PUT /calendar/v3/calendars/primary/events/two?sendUpdates=none&alt=json HTTP/1.1\r\n")
    assert 'if-match: "7"\r\n' in write
    assert "authorization" not in content.decode().lower()
    assert "127.0.0.1" not in content.decode()


def test_the_same_parts_are_framed_alike() -> None:
    calls = [Call(Asked("a read", "one"), EVENTS.get(calendarId="primary", eventId="one"))]
    assert framed(calls) == framed(calls)


def test_answers_are_told_apart_by_their_number_in_whatever_order() -> None:
    body = (
        b"--x\r\nContent-Type: application/http\r\nContent-ID: <response-syncd + 1>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 3\r\n\r\n"
        b'{"summary": "Gr\xc3\xbc\xc3\x9fe"}\r\n'
        b"--x\r\nContent-Type: application/http\r\nContent-ID: <response-syncd + 0>\r\n\r\n"
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n\r\n"
        b"--x--\r\n"
    )
    found = unframed(Reply(200, {"content-type": "multipart/mixed; boundary=x"}, body))
    assert found[0].status == 204
    assert found[0].body == b""
    assert (found[1].status, found[1].headers["retry-after"]) == (200, "3")
    assert found[1].body.decode() == '{"summary": "Grüße"}'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>"),
        ("multipart/mixed; boundary=x", b""),
        ("multipart/mixed; boundary=x", b"--x\r\nContent-ID: <response-syncd + 0>\r\n\r\nnot HTTP\r\n--x--"),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--x--"),
        ("", b"\xff\xfe"),
    ],
)
def test_what_cannot_be_read_says_nothing_of_any_part(kind: str, body: bytes) -> None:
    assert unframed(Reply(200, {"content-type": kind}, body)) == {}


# --- over the wire ----------------------------------------------------------------------------------------------------


async def test_fifty_are_one_request(google: World) -> None:
    names = [f"n{number:02}" for number in range(MOST)]
    await made(google, *names)
    assert google.titles() == names
    assert [row["path"] for row in google.rows() if row["batch"]] == ["/batch/calendar/v3"]


async def test_one_is_sent_alone(google: World) -> None:
    await made(google, "one")
    assert not [row for row in google.rows() if row["batch"]]


async def test_parts_refused_for_their_rate_are_sent_again_alone(google: World) -> None:
    google.plant({"part_failures": [1, 3]}, match={"path": "/batch"})
    await made(google, "a", "b", "c", "d")
    assert google.delivered()
    assert google.titles() == ["a", "b", "c", "d"]
    assert google.waits.seconds == [1.0]
    assert google.operations().count("events.insert") == 6


async def test_parts_refused_again_and_again_are_throttled_in_their_place(google: World) -> None:
    google.plant({"error": "rateLimitExceeded"}, match={"operation": "events.insert", "body": key("a")}, times=3)
    outcomes = await google.calendar.create(drafts("a", "b"))
    assert len(google.delivered()) == 3
    assert [type(one) for one in outcomes] == [Throttled, Observation]
    assert google.waits.seconds == [1.0, 2.0]
    assert google.titles() == ["b"]


async def test_a_batch_whose_parts_are_all_refused_for_their_rate_is_throttled_as_a_whole(google: World) -> None:
    google.refuse("events.insert", "rateLimitExceeded", times=2, retry_after=9)
    with pytest.raises(Throttled) as caught:
        await google.calendar.create(drafts("a", "b"))
    assert len(google.delivered()) == 2
    assert caught.value.retry_after == 9
    assert not caught.value.applied
    assert google.titles() == []
    assert google.waits.seconds == []


async def test_a_part_that_is_to_wait_long_is_left_to_the_next_pass(google: World) -> None:
    google.refuse("events.insert", "rateLimitExceeded", retry_after=int(PATIENCE) + 1)
    outcomes = await google.calendar.create(drafts("a", "b"))
    assert google.delivered()
    assert [type(one) for one in outcomes].count(Throttled) == 1
    assert google.waits.seconds == []
    assert google.operations().count("events.insert") == 2


async def test_a_part_that_failed_at_google_may_have_been_applied_and_is_not_sent_again(google: World) -> None:
    google.plant({"unanswered_parts": [0]}, match={"path": "/batch"})
    outcomes = await google.calendar.create(drafts("a", "b"))
    assert google.delivered()
    lost = outcomes[0]
    assert isinstance(lost, Transient)
    assert lost.applied
    assert shown(outcomes[1]).event.title == "b"
    assert google.operations().count("events.insert") == 2
    assert (await google.calendar.find([key("a")]))[key("a")].event.title == "a"


async def test_a_batch_whose_answer_is_lost_is_not_repeated_and_found_by_its_keys(google: World) -> None:
    google.plant({"drop": "after"}, match={"path": "/batch"})
    with pytest.raises(Transient) as caught:
        await google.calendar.create(drafts("a", "b"))
    assert google.delivered()
    assert caught.value.applied
    found = await google.calendar.find([key("a"), key("b"), key("c")])
    assert {name: one.event.title for name, one in found.items()} == {key("a"): "a", key("b"): "b"}
    assert google.titles() == ["a", "b"]


async def test_a_batch_that_google_refuses_as_a_whole_may_have_been_applied(google: World) -> None:
    google.plant({"status": 503, "body": "{}"}, match={"path": "/batch"})
    with pytest.raises(Transient) as caught:
        await google.calendar.create(drafts("a", "b"))
    assert google.delivered()
    assert caught.value.applied


async def test_parts_whose_bearer_is_refused_are_sent_again_under_a_new_one(google: World) -> None:
    google.refuse("events.insert", "authError")
    await made(google, "a", "b")
    assert google.delivered()
    assert google.titles() == ["a", "b"]
    assert len(google.shelf.saved) == 1


async def test_reading_many_directly_is_one_request_and_may_be_repeated(google: World) -> None:
    items = await made(google, "a", "b", "c")
    google.forget()
    google.plant({"drop": "before"}, match={"path": "/batch"})
    found = await google.calendar.get([one.ref for one in items])
    assert google.delivered()
    assert [found[one.ref].event.title for one in items] == ["a", "b", "c"]


async def test_parts_may_run_in_any_order(google: World) -> None:
    google.plant({"reversed_parts": True}, match={"path": "/batch"})
    items = await made(google, "a", "b", "c")
    assert google.delivered()
    assert [one.event.title for one in items] == ["a", "b", "c"]


async def test_each_part_has_a_precondition_and_an_outcome_of_its_own(google: World) -> None:
    items = await made(google, "a", "b", "c")
    google.hands.edit(items[1].ref.id, summary="by hand")
    outcomes = await google.calendar.update([Edit(one.ref, Event(location="Garden"), one.version) for one in items])
    assert isinstance(outcomes[1], Stale)
    assert [shown(outcomes[at]).event.location for at in (0, 2)] == ["Garden", "Garden"]
    again = await google.calendar.delete([Erasure(one.ref, one.version) for one in items])
    assert [isinstance(one, Stale) for one in again] == [True, True, True]
    assert google.titles() == ["a", "by hand", "c"]


async def test_a_draft_that_cannot_be_sent_does_not_keep_the_others(google: World) -> None:
    bad = Draft("NOT-AN-ID", event(), draft().mark)
    outcomes = await google.calendar.create([*drafts("a"), bad, *drafts("b")])
    assert isinstance(outcomes[1], Rejected)
    assert google.titles() == ["a", "b"]


async def test_a_batch_repeated_under_its_keys_makes_nothing_new(google: World) -> None:
    await made(google, "a", "b")
    again = await google.calendar.create(drafts("a", "b", "c"))
    assert [type(one) for one in again] == [Exists, Exists, Observation]
    assert google.titles() == ["a", "b", "c"]


async def test_edits_of_one_event_are_not_put_into_one_batch(google: World) -> None:
    (item,) = await made(google, "a")
    google.forget()
    outcomes = await google.calendar.update(
        [Edit(item.ref, Event(title="b"), None), Edit(item.ref, Event(location="c"), None)]
    )
    assert not [row for row in google.rows() if row["batch"]]
    assert (shown(outcomes[1]).event.title, shown(outcomes[1]).event.location) == ("b", "c")
    assert len((await google.calendar.read(WINDOW)).observations) == 1
    assert google.clock.now() == NOW
