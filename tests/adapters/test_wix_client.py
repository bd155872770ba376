"""The token of a site and what happens around it, over HTTP against the simulator.

Not here: what refusals mean one by one (test_wix_mapping).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters import load
from adapters.wix import Options, create
from syncd.errors import AuthRevoked, Forbidden, Throttled, Transient
from syncd.ports import SiteAdapter
from syncd.sandbox.clock import SandboxClock
from tests.adapters.test_http import Peer, peer
from tests.adapters.wix_studio import APP, NOW, SECRET, WINDOW, draft, seen, studio


async def test_one_token_serves_many_calls() -> None:
    async with studio() as at:
        for _ in range(3):
            await at.adapter.check()
        assert at.tokens() == 1


async def test_callers_at_the_same_time_ask_for_one_token_together() -> None:
    async with studio() as at:
        await asyncio.gather(*(at.adapter.check() for _ in range(8)))
        assert at.tokens() == 1


@pytest.mark.parametrize(("seconds", "tokens"), [(0.85 * 14400 - 1, 1), (0.85 * 14400, 2)])
async def test_a_token_is_renewed_at_85_percent_of_its_life(seconds: float, tokens: int) -> None:
    async with studio() as at:
        await at.adapter.check()
        at.clock.advance(seconds)
        await at.adapter.check()
        assert at.tokens() == tokens


async def test_a_token_that_is_refused_is_renewed_once_and_the_call_repeated() -> None:
    async with studio() as at:
        await at.adapter.check()
        at.server.app.access.revoke_all()
        (made,) = await at.blocks.create([draft()])
        assert seen(made).version == "1"
        assert at.tokens() == 2
        assert len((await at.adapter.read(WINDOW)).groups) == 1


async def test_callers_whose_token_is_refused_at_the_same_time_renew_it_once() -> None:
    async with studio() as at:
        await at.adapter.check()
        at.server.app.access.revoke_all()
        await asyncio.gather(*(at.adapter.check() for _ in range(5)))
        assert at.tokens() == 2


async def test_a_new_token_that_is_refused_too_means_the_app_was_removed() -> None:
    async with studio() as at:
        at.fault("schedules/query", {"status": 401}, times=-1)
        with pytest.raises(AuthRevoked) as caught:
            await at.adapter.check()
        assert len(at.requests("schedules/query")) == 2
    assert "install the app" in caught.value.hint


async def test_bad_credentials_of_an_outside_account_renew_nothing() -> None:
    async with studio() as at:
        body = {"message": "m", "details": {"applicationError": {"code": "BAD_CREDENTIALS"}}}
        at.fault("schedules/query", {"status": 401, "body": body}, times=-1)
        with pytest.raises(Forbidden):
            await at.adapter.check()
        assert (at.tokens(), len(at.requests("schedules/query"))) == (1, 1)


async def test_a_wrong_secret_names_the_setting_and_never_the_secret() -> None:
    async with studio(app_secret="wrong-0ne") as at:
        with pytest.raises(Forbidden) as caught:
            await at.adapter.check()
    assert "app_secret" in caught.value.hint
    assert "wrong-0ne" not in f"{caught.value!r}"


async def test_a_site_without_the_app_names_the_setting() -> None:
    async with studio(instance_id="elsewhere") as at:
        with pytest.raises(AuthRevoked) as caught:
            await at.adapter.check()
    assert "instance_id" in caught.value.hint


def _json(body: bytes, *headers: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in headers)
    return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (head, len(body), body)


TOKEN = _json(b'{"access_token":"t0ken","token_type":"Bearer","expires_in":14400}')


@pytest.mark.parametrize(("bearer", "sent"), [(False, b"authorization: t0ken"), (True, b"authorization: bearer t0ken")])
async def test_the_token_goes_bare_unless_the_prefix_is_asked_for(bearer: bool, sent: bytes) -> None:
    async with peer(TOKEN, _json(b"{}")) as there, site_at(there, Options(bearer=bearer)) as adapter:
        await adapter.check()
        assert sent in there.requests[1].lower().split(b"\r\n")


async def test_the_last_hint_for_consistent_reads_is_sent_back() -> None:
    hinted = _json(b"{}", b"x-wix-consistent: c7")
    async with peer(TOKEN, hinted, _json(b"{}")) as there, site_at(there, Options()) as adapter:
        await adapter.check()
        await adapter.check()
        assert b"x-wix-consistent" not in there.requests[1].lower()
        assert b"x-wix-consistent: c7" in there.requests[2].lower()


@asynccontextmanager
async def site_at(there: Peer, options: Options) -> AsyncIterator[SiteAdapter]:
    clock = SandboxClock(NOW, rate=0)
    adapter = create(
        base_url=there.url, app_id=APP, app_secret=SECRET, instance_id="i", clock=clock, bridge="b", options=options
    )
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def test_too_many_requests_wait_as_told() -> None:
    async with studio() as at:
        at.fault("events/query", {"status": 429, "headers": {"retry-after": "17"}})
        with pytest.raises(Throttled) as caught:
            await at.adapter.read(WINDOW)
    assert caught.value.retry_after == 17


async def test_too_many_requests_without_a_word_wait_longer_each_time_up_to_a_minute() -> None:
    waits = []
    async with studio() as at:
        at.fault("events/query", {"status": 429}, times=8)
        for _ in range(8):
            with pytest.raises(Throttled) as caught:
                await at.adapter.read(WINDOW)
            waits.append(caught.value.retry_after)
        await at.adapter.read(WINDOW)
        at.fault("events/query", {"status": 429})
        with pytest.raises(Throttled) as caught:
            await at.adapter.read(WINDOW)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert caught.value.retry_after == 1


async def test_a_lost_answer_to_a_read_is_asked_for_again() -> None:
    async with studio() as at:
        at.session(at.yoga)
        at.fault("events/query", {"drop": "after"})
        assert len((await at.adapter.read(WINDOW)).groups) == 1


async def test_an_answer_that_is_no_json_is_as_good_as_lost() -> None:
    async with studio() as at:
        at.fault("v3/events$", {"status": 200, "body": "<html>"})
        with pytest.raises(Transient) as caught:
            await at.blocks.create([draft()])
        at.fault("events/query", {"status": 200, "body": "<html>"})
        with pytest.raises(Transient) as read:
            await at.adapter.read(WINDOW)
    assert (caught.value.applied, read.value.applied) == (True, False)


async def test_requests_are_counted_by_method_host_and_status() -> None:
    calls: list[tuple[str, str, int]] = []
    options = Options(per_minute=100_000, count=lambda *call: calls.append(call))
    async with studio(options) as at:
        await at.adapter.check()
    assert calls == [("POST", "127.0.0.1", 200), ("POST", "127.0.0.1", 200)]


async def test_views_of_a_site_share_its_token() -> None:
    async with studio() as at:
        await at.adapter.covering([at.anna]).read(WINDOW)
        await at.adapter.on(at.anna, "apple").check()
        assert at.tokens() == 1


def test_the_adapter_is_found_by_name() -> None:
    assert load("wix") is create


async def test_the_secret_goes_to_the_token_endpoint_alone() -> None:
    async with studio() as at:
        await at.adapter.read(WINDOW)
        assert SECRET not in str(at.requests())
