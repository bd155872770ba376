"""How much a mailbox takes: four requests at once, a number of them in ten minutes, and what a refusal says."""

import asyncio
from email.utils import parsedate_to_datetime

import httpx

from tests.sandbox.microsoft.site import BERT, Site

_EVENTS = "/v1.0/me/events"


def at_once(microsoft: Site, count: int, *emails: str) -> list[httpx.Response]:
    """So many reads of each person, all sent before the first is answered."""
    microsoft.fault({"delay_seconds": 3600}, {"operation": "events.list"}, times=-1)
    tokens = [microsoft.token(*([email] if email else [])) for email in emails or ("",) for _ in range(count)]

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=microsoft.server.base_url, trust_env=False, verify=False) as client:  # noqa: S501
            headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
            asked = [asyncio.create_task(client.get(_EVENTS, headers=header)) for header in headers]
            while (await client.get("/_sandbox/faults")).json()["faults"][0]["fired"] < len(tokens):
                pass
            microsoft.server.app.front.end_delays()
            return list(await asyncio.gather(*asked))

    return microsoft.on_loop(ask)


def test_the_fifth_request_at_once_is_throttled(microsoft: Site) -> None:
    replies = at_once(microsoft, 5)
    assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 200, 429]
    (refused,) = [reply for reply in replies if reply.status_code == 429]
    error = refused.json()["error"]
    assert error["code"] == "ApplicationThrottled"
    assert error["message"] == "Application is over its MailboxConcurrency limit."
    assert refused.headers["retry-after"] == "10"


def test_each_mailbox_has_its_own_four(microsoft: Site) -> None:
    replies = at_once(microsoft, 4, "anna@outlook.example", BERT)
    assert [reply.status_code for reply in replies] == [200] * 8


def test_the_number_at_once_is_a_switch(microsoft: Site) -> None:
    microsoft.switch(concurrent_requests=0)
    assert {reply.status_code for reply in at_once(microsoft, 6)} == {200}


def test_a_request_takes_turns_so_that_others_can_come_in_between(microsoft: Site) -> None:
    microsoft.switch(concurrent_requests=1, service_turns=400)

    async def ask() -> list[int]:
        async with httpx.AsyncClient(base_url=microsoft.server.base_url, trust_env=False, verify=False) as client:  # noqa: S501
            headers = {"Authorization": f"Bearer {microsoft.token()}"}
            replies = await asyncio.gather(*(client.get(_EVENTS, headers=headers) for _ in range(2)))
            return sorted(reply.status_code for reply in replies)

    assert microsoft.on_loop(ask) == [200, 429]


def test_one_after_the_other_there_is_always_room(microsoft: Site) -> None:
    for _ in range(6):
        microsoft.get("/me/events")


def test_ten_minutes_hold_so_many_requests_of_a_mailbox(microsoft: Site) -> None:
    microsoft.switch(quota_requests=3, retry_after=20)
    for _ in range(3):
        microsoft.get("/me/events")
        microsoft.clock.advance(60)
    refusal = microsoft.refused("GET", "/me/events")
    assert (refusal.status, refusal.code) == (429, "TooManyRequests")
    assert refusal.headers["retry-after"] == "20"
    microsoft.get("/me/events", email=BERT)
    microsoft.clock.advance(600)
    microsoft.get("/me/events")


def test_a_refused_request_counts_as_well(microsoft: Site) -> None:
    microsoft.switch(quota_requests=1)
    microsoft.get("/me/events")
    microsoft.clock.advance(599)
    microsoft.refused("GET", "/me/events")
    microsoft.clock.advance(1)
    assert microsoft.refused("GET", "/me/events").status == 429
    microsoft.clock.advance(600)
    microsoft.get("/me/events")


def test_retry_after_is_seconds_a_date_or_missing(microsoft: Site) -> None:
    microsoft.switch(quota_requests=1, retry_after_form="date", retry_after=20)
    microsoft.get("/me/events")
    told = parsedate_to_datetime(microsoft.refused("GET", "/me/events").headers["retry-after"])
    assert (told - microsoft.clock.now()).total_seconds() == 20
    microsoft.switch(retry_after=0)
    assert "retry-after" not in microsoft.refused("GET", "/me/events").headers
