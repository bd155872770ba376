"""The one place that imports httpx: timeouts, limits, redaction, the allow-list of hosts, Retry-After.

A reply comes back whatever its status; only what kept a reply from coming is an error here. Not here: what a status
means (each provider's error table), credentials (the caller's headers).
"""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Final, TypeAlias

import httpx
import stamina
from aiolimiter import AsyncLimiter

from syncd.errors import AdapterError, Forbidden, Rejected, Throttled, Transient

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
_TRIES: Final = 3
_UNREACHED_HINT: Final = "check the network and the configured address; the next pass tries again"
_LOST_HINT: Final = "the next pass tries again"
_LONGEST_WAIT: Final = 86_400.0

# Whether the request may have reached the server, by what went wrong; the most exact class counts.
MAY_HAVE_ARRIVED: Final[Mapping[type[httpx.RequestError], bool]] = {
    httpx.ConnectError: False,
    httpx.ConnectTimeout: False,
    httpx.PoolTimeout: False,
    httpx.ProxyError: False,
    httpx.UnsupportedProtocol: False,
    httpx.LocalProtocolError: False,  # a header that cannot be sent: raised before anything is
    httpx.ReadTimeout: True,
    httpx.WriteTimeout: True,
    httpx.ReadError: True,
    httpx.WriteError: True,
    httpx.CloseError: True,
    httpx.RemoteProtocolError: True,
    httpx.DecodingError: True,
    httpx.TooManyRedirects: True,
}

# Both write whole URLs, and headers below INFO.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Count = Callable[[str, str, int], None]
Transport: TypeAlias = httpx.AsyncBaseTransport


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered. `headers`: names in lower case, repeated ones joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one account. `per_minute`: requests in any 60 seconds, None = no bound. `timeout`: seconds for one

    whole request, waiting for its turn included. `max_body`: bytes of a reply, decoded. `retry_wait`: seconds before
    the second try of a repeatable request.
    """

    per_minute: int | None = None
    connections: int = 10
    timeout: float = 30.0
    connect_timeout: float = 10.0
    max_body: int = 32 * 2**20
    retry_wait: float = 0.2


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None
    seconds: float
    side: str
    repeatable: bool
    weight: int

    @property
    def name(self) -> str:
        """How errors call it: a path may hold an account's address, a query more."""
        return f"{self.method} to {self.url.host}"

    @property
    def harmless(self) -> bool:
        return self.repeatable or self.method in SAFE


@dataclass(slots=True)
class _Turn:
    """Whether a request has left the queue: before that nothing can have been applied."""

    came: bool = field(default=False)


class Http:
    """One client per account (`reference/stack.md` decision 3), with one TLS context for all.

    `origins`: where requests may go, such as `https://www.wixapis.com` or `https://*.icloud.com`; plain http only on
    loopback addresses. `count(method, host, status)` is called once per try, with status 0 when no reply came.
    `transport`: what carries admitted requests in place of sockets of our own; it is closed with this client.
    """

    def __init__(
        self,
        origins: Iterable[str],
        *,
        limits: Limits | None = None,
        count: Count | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._limits = limits if limits is not None else Limits()
        self._origins = tuple(httpx.URL(origin) for origin in origins)
        self._count = count
        self._limiter = _limiter(self._limits.per_minute)
        self._slots = asyncio.Semaphore(self._limits.connections)
        room = self._limits.connections
        self._client = httpx.AsyncClient(
            verify=_tls(),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": "syncd"},
            limits=httpx.Limits(max_connections=room, max_keepalive_connections=room, keepalive_expiry=60),
            transport=transport,
        )

    async def request(  # noqa: PLR0913 - the parts of one HTTP request
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the lease of the caller cuts it
        side: str = "",
        repeatable: bool = False,
        weight: int = 1,
    ) -> Reply:
        """One request, sent once; redirects are replies. `timeout` in seconds can only shorten that of the limits.

        `weight`: as how many requests it counts against `per_minute`, such as the parts of a batch.

        `repeatable`: the request changes nothing, whatever its method; a transport error is tried again, three times
        in all. Raises Transient (with `applied` unless it was never sent or changes nothing), Throttled when its turn
        did not come in time, Forbidden for an address that is not allowed, Rejected for what cannot be sent or is
        answered at too great a length.
        """
        seconds = self._limits.timeout if timeout is None else min(timeout, self._limits.timeout)
        call = _Call(
            method.upper(), self._allowed(url, side), headers or {}, content, seconds, side, repeatable, weight
        )
        if not repeatable:
            return await self._once(call)
        waits = self._limits.retry_wait
        tries = stamina.retry_context(
            on=_is_passing, attempts=_TRIES, timeout=None, wait_initial=waits, wait_jitter=waits
        )
        async for attempt in tries:
            with attempt:
                return await self._once(call)
        raise Transient(f"{call.name}: not sent", side=side)

    async def aclose(self) -> None:
        """Close all connections. May be repeated."""
        await self._client.aclose()

    def _allowed(self, url: str, side: str) -> httpx.URL:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:  # its text quotes the address
            raise Rejected("an address is no URL", side=side) from None
        if parsed.userinfo or not any(_matches(parsed, origin) for origin in self._origins):
            raise Forbidden(f"requests to {parsed.host or 'nowhere'} are not allowed", code="ORIGIN", side=side)
        if parsed.scheme != "https" and not _is_loopback(parsed.host):
            raise Forbidden(
                f"plain http to {parsed.host} is not allowed", code="PLAIN_HTTP", side=side, hint="use an https address"
            )
        return parsed

    async def _once(self, call: _Call) -> Reply:
        turn = _Turn()
        status = 0
        try:
            async with asyncio.timeout(call.seconds), self._turn(turn, call.weight):
                reply = await self._exchange(call)
            status = reply.status
        except TimeoutError as error:
            if not turn.came:
                raise Throttled(f"{call.name}: its turn did not come", retry_after=60, side=call.side) from error
            raise _lost(call, "timed out", arrived=True) from error
        except httpx.LocalProtocolError:  # its text quotes the header
            raise Rejected(f"{call.name}: cannot be sent", side=call.side) from None
        except httpx.RequestError as error:
            raise _lost(call, type(error).__name__, arrived=_arrived(type(error))) from error
        finally:
            if self._count is not None and turn.came:
                self._count(call.method, call.url.host, status)
        return reply

    @asynccontextmanager
    async def _turn(self, turn: _Turn, weight: int) -> AsyncIterator[None]:
        async with self._slots:
            if self._limiter is not None:
                await self._limiter.acquire(min(weight, self._limiter.max_rate))
            turn.came = True
            yield

    async def _exchange(self, call: _Call) -> Reply:
        times = httpx.Timeout(call.seconds, connect=min(call.seconds, self._limits.connect_timeout))
        request = self._client.build_request(
            call.method, call.url, headers=dict(call.headers), content=call.content, timeout=times
        )
        answer = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > self._limits.max_body:
                    raise self._too_long(call)
            return Reply(answer.status_code, dict(answer.headers.items()), bytes(body))
        finally:
            await answer.aclose()

    def _too_long(self, call: _Call) -> AdapterError:
        text = f"{call.name}: the reply is longer than {self._limits.max_body} bytes"
        return Rejected(text, side=call.side) if call.harmless else Transient(text, side=call.side, applied=True)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait as `Retry-After` says, a number or a date (RFC 9110, 10.2.3), one day at most.

    None: it says nothing. `headers` as in `Reply`; `now` is aware.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if until.tzinfo is None:  # "-0000": UTC without a place (RFC 5322, 3.3)
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)


@cache
def _tls() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _limiter(per_minute: int | None) -> AsyncLimiter | None:
    """A bucket that keeps any 60 seconds within the bound: half at once, the other half as it drips out."""
    if per_minute is None:
        return None
    half = max(per_minute / 2, 1)
    return AsyncLimiter(half, 60)


def _matches(url: httpx.URL, origin: httpx.URL) -> bool:
    if url.scheme != origin.scheme or _port(url) != _port(origin):
        return False
    if origin.host.startswith("*."):
        return url.host.endswith(origin.host[1:])
    return url.host == origin.host


def _port(url: httpx.URL) -> int | None:
    return url.port if url.port is not None else {"http": 80, "https": 443}.get(url.scheme)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _arrived(kind: type[httpx.RequestError]) -> bool:
    return next((MAY_HAVE_ARRIVED[base] for base in kind.__mro__ if base in MAY_HAVE_ARRIVED), True)


def _lost(call: _Call, reason: str, *, arrived: bool) -> Transient:
    # Not reached at all is seldom the server's fault.
    hint = _LOST_HINT if arrived else _UNREACHED_HINT
    return Transient(f"{call.name}: {reason}", side=call.side, hint=hint, applied=arrived and not call.harmless)


def _is_passing(error: Exception) -> bool:
    return isinstance(error, Transient) and not isinstance(error, Throttled)
