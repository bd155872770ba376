"""The wire: the caldav library's async client over our own HTTP, and the table of what its statuses mean.

The library gives the verbs and their headers. Sending, bounds, credentials and reading of answers are ours, because
of what the library does there (QUIRKS.md, "The library"). Not here: discovery (account), calendars (collection).
"""

import asyncio
import base64
import logging
import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from adapters.apple.multistatus import Multistatus, NotXmlError, conditions, parsed
from adapters.http import Http, Limits, Reply, Transport, retry_after
from syncd.errors import AdapterError, AuthRevoked, ConfigError, Forbidden, Rejected, Throttled, Transient
from syncd.ports import Clock

# niquests brings a urllib3 of its own for the whole process; without it caldav runs on httpx.
sys.modules.setdefault("niquests", None)  # type: ignore[arg-type]
from caldav.aio import AsyncDAVClient  # noqa: E402
from caldav.response import DAVResponse  # noqa: E402

# It writes bodies of requests, answers and events.
logging.getLogger("caldav").setLevel(logging.CRITICAL)

SIDE: Final = "external"
TIMEOUT: Final = 120.0
IN_FLIGHT: Final = 8
_SIGN_IN_HINT: Final = (
    "the server refuses this password: try the same one in a calendar app first (as a CalDAV account). If that fails "
    "too, for an Apple account sign in at account.apple.com, choose Sign-In and Security, then App-Specific Passwords, "
    "make one (it looks like xxxx-xxxx-xxxx-xxxx; two-factor authentication has to be on), and run `syncd connect "
    "apple` again with it; the account's own password never works here, and changing that one revokes every "
    "app-specific password. If the app gets in, wait some minutes and try again"
)
_AGAIN: Final = "the next pass tries again"
_BUSY_SECONDS: Final = 60.0
# Beside 5xx: the server could not now, and says nothing about the item.
_BROKEN_OFF: Final = frozenset({408, 423, 425})
_TOO_LARGE: Final = frozenset({413, 507})


class Answer(DAVResponse):
    """What the server said, kept as bytes: the library would read and log the body by itself."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.body = reply.body
        self._raw = ""
        self.tree = None

    @property
    def strong_etag(self) -> str | None:
        text = str(self.headers.get("etag", "")).strip()
        return text if text and not text.startswith("W/") else None

    @property
    def conditions(self) -> frozenset[str]:
        return conditions(self.body)


class Session(AsyncDAVClient):
    """One account at one server. Requests, and the credentials with them, go only to origins that were admitted."""

    def __init__(self, url: str, email: str, password: str, clock: Clock, transport: Transport | None = None) -> None:
        self._admitted: dict[str, Http] = {}
        self._transport = transport
        super().__init__(url=url, username=email, timeout=int(TIMEOUT), enable_rfc6764=False)
        self.admit(url)
        pair = base64.b64encode(f"{email}:{password}".encode()).decode()
        self.headers = {"User-Agent": "syncd", "Authorization": f"Basic {pair}"}
        self._clock = clock
        # iCloud takes half a minute for a large multiget and no second one beside it.
        self._reports = asyncio.Lock()

    def _create_session(self) -> None:
        """The library's own connection is never made."""

    def admit(self, url: str) -> None:
        """Let requests go to the origin of this URL from now on. Trusting it is the caller's decision."""
        origin = origin_of(url)
        if origin not in self._admitted:
            limits = Limits(connections=IN_FLIGHT + 2, timeout=TIMEOUT)
            self._admitted[origin] = Http([origin], limits=limits, transport=self._transport)

    async def close(self) -> None:
        for http in self._admitted.values():
            await http.aclose()

    async def request(
        self,
        url: str,
        method: str = "GET",
        body: str = "",
        headers: Mapping[str, str] | None = None,
        rate_limit_time_slept: float = 0,  # noqa: ARG002 - the library's signature; nothing is repeated here
    ) -> Answer:
        """Every verb of the library ends here. Raises what concerns the account; other statuses are answers."""
        sent = {**self.headers, **(headers or {})}
        content = body.encode()
        if method in ("GET", "PUT"):
            # Cyrus weakens the ETag of a compressed answer.
            sent["Accept-Encoding"] = "identity"
        if method == "REPORT":
            async with self._reports:
                reply = await self._sent(method, url, sent, content)
        else:
            reply = await self._sent(method, url, sent, content)
        return self._checked(method, Answer(reply))

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Reply:
        http = self._admitted.get(origin_of(url))
        if http is None:
            raise Forbidden("requests to this address are not allowed", code="ORIGIN", side=SIDE)
        return await http.request(method, url, headers=headers, content=content or None, side=SIDE)

    def _checked(self, method: str, answer: Answer) -> Answer:
        status = answer.status
        if status == 401:
            # Outages at Apple's answer 401 to good passwords as well (reference/caldav.md, 1).
            text = "the server refuses the credentials (401)"
            raise AuthRevoked(text, side=SIDE, hint=_SIGN_IN_HINT, passing=True)
        if status in (429, 503):
            seconds = retry_after(answer.headers, self._clock.now())
            wait = _BUSY_SECONDS if seconds is None else seconds
            raise Throttled(f"{method}: the server is busy ({status})", retry_after=wait, side=SIDE, hint=_AGAIN)
        if 300 <= status < 400 or status == 421:
            raise Moved(method, status, str(answer.headers.get("location", "")))
        return answer


class Moved(Transient):
    """The address lies elsewhere by now: discover again, then repeat. Nothing was applied."""

    def __init__(self, method: str, status: int, location: str) -> None:
        super().__init__(f"{method}: the server has moved this address ({status})", side=SIDE)
        self.location = location


def rows_of(answer: Answer, what: str) -> Multistatus:
    """The rows of a 207. Raises Forbidden, Transient for any other answer; never takes one for an empty list."""
    if answer.status != 207:
        raise refusal(answer.status, what)
    try:
        return parsed(answer.body)
    except NotXmlError as error:
        raise Transient(f"{what}: {error}", side=SIDE) from None


def refusal(status: int, what: str, *, ref: str = "", wrote: bool = False) -> AdapterError:
    """The error for a status that no special case explains. `wrote`: the request was a write."""
    text = f"{what}: the server answered {status}"
    if status in _TOO_LARGE:
        return Rejected(text, side=SIDE, ref=ref, hint="it is too large, or the account is full")
    if status == 403:
        return Forbidden(text, code="403", side=SIDE, ref=ref, hint="the calendar may be read-only")
    if status in _BROKEN_OFF or status >= 500:
        return Transient(text, side=SIDE, ref=ref, hint=_AGAIN, applied=wrote)
    if wrote:
        return Rejected(text, side=SIDE, ref=ref)
    return Transient(text, side=SIDE, ref=ref)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, a default port left out. Raises ConfigError for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(["the address of the calendar server is no URL"]) from None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, default) else "")


def encoded(path: str, *, slash: bool = True) -> str:
    """A decoded path, or with `slash=False` one segment of it, as it travels."""
    return quote(path, safe="/" if slash else "")


def answer_of(response: Any) -> Answer:
    """What our own `request` gave to one of the library's verbs."""
    if not isinstance(response, Answer):
        raise TypeError("the library answered by itself")
    return response
