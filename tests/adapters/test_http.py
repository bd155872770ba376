"""HTTP as the adapters use it: what is refused, what may have been applied, what is counted, what never shows.

Not here: what a status means to a provider (the provider's own tests).
"""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from adapters import load
from adapters.http import MAY_HAVE_ARRIVED, Http, Limits, Reply, retry_after
from syncd.errors import ConfigError, Forbidden, Rejected, Throttled, Transient

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """A server that reads requests and answers each with the next of its answers; the last one goes on."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.url = ""
        self.release = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                if answer is None:
                    break
                if answer == b"":
                    await self.release.wait()
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def peer(*answers: bytes | None) -> AsyncIterator[Peer]:
    found = Peer(*answers)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        found.release.set()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def http(*origins: str, limits: Limits | None = None) -> AsyncIterator[Http]:
    client = Http(origins, limits=limits or Limits(retry_wait=0))
    try:
        yield client
    finally:
        await client.aclose()


async def test_a_reply_comes_back_whatever_its_status() -> None:
    answer = b"HTTP/1.1 404 Not Found\r\nX-Wix-Request-Id: 7\r\ncontent-length: 4\r\n\r\ngone"
    async with peer(answer) as there, http(there.url) as client:
        got = await client.request("GET", f"{there.url}/a")
    assert got == Reply(404, {"x-wix-request-id": "7", "content-length": "4"}, b"gone")


async def test_a_redirect_is_a_reply_and_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
    async with peer(answer) as there, http(there.url) as client:
        got = await client.request("GET", f"{there.url}/a")
        assert (got.status, got.headers["location"], len(there.requests)) == (302, "/elsewhere", 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/calendar",
        "https://www.wixapis.com.evil.example/",
        "https://www.wixapis.com:8443/",
        "http://www.wixapis.com/",
        "https://user:pass@www.wixapis.com/",
    ],
)
async def test_another_origin_is_forbidden(url: str) -> None:
    async with http("https://www.wixapis.com") as client:
        with pytest.raises(Forbidden) as caught:
            await client.request("GET", url)
    assert "pass" not in str(caught.value)


async def test_a_transport_of_ones_own_carries_admitted_requests_alone_and_is_closed_with_the_client() -> None:
    carried: list[str] = []

    class Road(httpx.AsyncBaseTransport):
        closed = False

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            carried.append(str(request.url))
            return httpx.Response(200, content=b"ok")

        async def aclose(self) -> None:
            self.closed = True

    road = Road()
    client = Http(["https://www.wixapis.com"], transport=road)
    assert (await client.request("GET", "https://www.wixapis.com/a")).body == b"ok"
    for url in ("https://evil.example/a", "http://www.wixapis.com/a"):
        with pytest.raises(Forbidden):
            await client.request("GET", url)
    await client.aclose()
    assert (carried, road.closed) == (["https://www.wixapis.com/a"], True)


async def test_a_star_stands_for_the_first_labels_of_a_host() -> None:
    async with peer(OK) as there, http(there.url.replace("127.0.0.1", "*.0.0.1")) as client:
        assert (await client.request("GET", there.url)).status == 200
        with pytest.raises(Forbidden):
            await client.request("GET", there.url.replace("127.0.0.1", "120.0.1"))


async def test_plain_http_goes_to_loopback_addresses_only() -> None:
    async with http("http://calendar.example") as client:
        with pytest.raises(Forbidden, match="plain http") as caught:
            await client.request("GET", "http://calendar.example/")
    assert caught.value.hint


@pytest.mark.parametrize(("method", "applied"), [("POST", True), ("PUT", True), ("GET", False), ("REPORT", False)])
async def test_a_lost_reply_of_a_write_may_have_been_applied(method: str, applied: bool) -> None:
    async with peer(None) as there, http(there.url) as client:
        with pytest.raises(Transient) as caught:
            await client.request(method, f"{there.url}/a?token=secret", side="wix")
        assert len(there.requests) == 1
    assert caught.value.applied is applied
    assert caught.value.side == "wix"
    assert "secret" not in f"{caught.value!r}"


async def test_a_connection_that_was_never_made_applied_nothing() -> None:
    async with peer(OK) as there:
        pass
    async with http(there.url) as client:
        with pytest.raises(Transient) as caught:
            await client.request("POST", there.url)
    assert caught.value.applied is False


async def test_a_write_without_an_answer_in_time_may_have_been_applied() -> None:
    async with peer(b"") as there, http(there.url) as client:
        with pytest.raises(Transient) as caught:
            await client.request("POST", there.url, timeout=0.05)
    assert caught.value.applied is True


async def test_a_repeatable_request_is_tried_three_times() -> None:
    async with peer(None, None, OK) as there, http(there.url) as client:
        got = await client.request("POST", f"{there.url}/query", repeatable=True)
        assert (got.body, len(there.requests)) == (b"ok", 3)


async def test_a_repeatable_request_gives_up_after_three_tries_with_nothing_applied() -> None:
    async with peer(None) as there, http(there.url) as client:
        with pytest.raises(Transient) as caught:
            await client.request("POST", f"{there.url}/query", repeatable=True)
        assert (caught.value.applied, len(there.requests)) == (False, 3)


def _long(size: int) -> bytes:
    packed = gzip.compress(b"a" * size)
    return (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)) + packed


@pytest.mark.parametrize(("method", "error"), [("GET", Rejected), ("POST", Transient)])
async def test_a_reply_that_is_too_long_once_unpacked_is_refused(method: str, error: type[Exception]) -> None:
    async with peer(_long(5000)) as there, http(there.url, limits=Limits(max_body=4999)) as client:
        with pytest.raises(error, match="longer than 4999"):
            await client.request(method, there.url)


async def test_a_reply_of_just_the_allowed_length_is_taken() -> None:
    async with peer(_long(5000)) as there, http(there.url, limits=Limits(max_body=5000)) as client:
        assert len((await client.request("GET", there.url)).body) == 5000


async def test_a_turn_that_does_not_come_is_throttled_and_applies_nothing() -> None:
    async with peer(OK) as there, http(there.url, limits=Limits(per_minute=2)) as client:
        await client.request("POST", there.url)
        with pytest.raises(Throttled) as caught:
            await client.request("POST", there.url, timeout=0.02)
        assert (caught.value.applied, len(there.requests)) == (False, 1)


async def test_a_request_counts_for_as_many_as_it_weighs() -> None:
    async with peer(OK) as there, http(there.url, limits=Limits(per_minute=100)) as client:
        await client.request("POST", there.url, weight=1000)
        with pytest.raises(Throttled):
            await client.request("POST", there.url, timeout=0.02)
        assert len(there.requests) == 1


async def test_a_header_that_cannot_be_sent_never_shows_in_the_error() -> None:
    async with peer(OK) as there, http(there.url) as client:
        with pytest.raises(Rejected) as caught:
            await client.request("GET", there.url, headers={"authorization": "s3cret\nx"})
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_every_try_is_counted_with_its_status_or_0() -> None:
    seen: list[tuple[str, str, int]] = []
    async with peer(None, OK) as there:
        client = Http([there.url], limits=Limits(retry_wait=0), count=lambda *call: seen.append(call))
        await client.request("GET", there.url, repeatable=True)
        await client.aclose()
    assert seen == [("GET", "127.0.0.1", 0), ("GET", "127.0.0.1", 200)]


async def test_cookies_are_neither_kept_nor_sent() -> None:
    answer = b"HTTP/1.1 200 OK\r\nset-cookie: session=1\r\ncontent-length: 0\r\n\r\n"
    async with peer(answer, OK) as there, http(there.url) as client:
        await client.request("GET", there.url)
        await client.request("GET", there.url)
        assert b"cookie" not in there.requests[1].lower()


async def test_no_url_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with peer(OK) as there, http(there.url) as client:
            await client.request("GET", f"{there.url}/a?token=secret")
    assert "secret" not in caplog.text


async def test_a_proxy_named_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with peer(OK) as there, http(there.url) as client:
        assert (await client.request("GET", there.url)).status == 200


def test_every_error_of_the_library_below_has_its_row() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {found for sub in kind.__subclasses__() for found in below(sub)} or {kind}

    assert below(httpx.RequestError) == set(MAY_HAVE_ARRIVED)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("9999999", 86_400.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_without_retry_after_nothing_is_said() -> None:
    assert retry_after({}, NOW) is None


def test_an_unknown_adapter_is_named_with_the_installed_ones() -> None:
    with pytest.raises(ConfigError, match=r"'fax'; installed: .*wix"):
        load("fax")
