"""The wire of one account: requests that Google's library builds and parses, and that we send.

The library is heavy: it is imported when the first account is used. Not here: several requests in one (batch), what
refusals mean (refusals).
"""

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from adapters.google.refusals import BY, SIDE, Asked, read_refusal, unclear
from adapters.http import Http, Reply
from adapters.oauth import Tokens
from adapters.pace import Pace
from syncd.ports import Clock

_DROPPED: Final = frozenset({"accept-encoding", "content-length", "user-agent"})
_building = threading.Lock()


@dataclass(frozen=True, slots=True)
class Service:
    """What the library builds requests with. Shared: resources cost milliseconds each, and a megabyte."""

    events: Any
    calendars: Any
    listed: Any
    batch: str


class _NoTransport:
    """The library sends nothing, looks for no credentials and fetches no document."""

    def request(self, *_: object, **__: object) -> None:
        raise RuntimeError("requests of the library are sent by adapters.http")


def service(root: str) -> Service:
    """The service below a root address. Once per process and address; may be called from any thread."""
    with _building:
        return _service(root)


@cache
def _service(root: str) -> Service:
    # At DEBUG it tells addresses of requests, which hold those of calendars, and answers.
    logging.getLogger("googleapiclient").setLevel(logging.WARNING)
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc

    document = json.loads(get_static_doc("calendar", "v3"))
    # Batches go by the root alone, whatever other address the library is given (QUIRKS 2).
    document["rootUrl"] = root.rstrip("/") + "/"
    document.pop("baseUrl", None)
    built = build_from_document(document, http=_NoTransport())
    batch = document["rootUrl"] + document["batchPath"]
    return Service(built.events(), built.calendars(), built.calendarList(), batch)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the library built it, and what is asked by it."""

    asked: Asked
    request: Any
    if_match: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        kept = {name: value for name, value in self.request.headers.items() if name.lower() not in _DROPPED}
        return kept if self.if_match is None else {**kept, "if-match": self.if_match}

    @property
    def body(self) -> bytes | None:
        body: str | None = self.request.body
        return None if body is None else body.encode()

    def parsed(self, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        """The answer as the library reads it. Raises Transient for one that is no JSON object."""
        from httplib2 import Response

        named = {**{name: headers[name] for name in ("content-type",) if name in headers}, "status": str(status)}
        answer = self.request.postproc(Response(named), body)
        if status != 204 and not isinstance(answer, dict) and body:
            raise unclear(self.asked)
        return answer


class Client:
    """One account. Its methods may be called by several tasks at once.

    `pace`: writes rest while Google refuses them all (`quotaExceeded`).
    """

    def __init__(self, http: Http, root: str, tokens: Tokens, clock: Clock) -> None:
        self._http = http
        self._root = root
        self.tokens = tokens
        self.clock = clock
        self.pace = Pace(BY, clock)

    @property
    def service(self) -> Service:
        return service(self._root)

    async def send(self, call: Call) -> Any:
        """The answer. Raises the errors of the table; a write whose reply is lost may be applied."""
        self.pace.check(call.asked)
        url, body = call.request.uri, call.body
        reply = await self.exchange(call.request.method, url, call.headers, body, repeatable=not call.asked.writes)
        with self.pace.counting():
            return self.answer(call, reply)

    def answer(self, call: Call, reply: Reply) -> Any:
        """What one reply says. Raises the errors of the table."""
        if 200 <= reply.status < 300:
            return call.parsed(reply.status, reply.headers, reply.body)
        error = read_refusal(reply.status, reply.body).error(call.asked, self.pace.wait(reply))
        self.pace.heed(error)
        raise error

    async def exchange(  # noqa: PLR0913 - the parts of one request
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        repeatable: bool,
        weight: int = 1,
    ) -> Reply:
        """One request under a bearer; a bearer that is refused is renewed once, and the request sent once more."""
        bearer = await self.tokens.bearer()
        for last in (False, True):
            # Google compresses only for clients that name gzip here too.
            named = {**headers, "authorization": f"Bearer {bearer}", "user-agent": "syncd (gzip)"}
            reply = await self._http.request(
                method, url, headers=named, content=content, side=SIDE, repeatable=repeatable, weight=weight
            )
            if reply.status != 401 or last:
                break
            bearer = await self.tokens.bearer(refused=bearer)
        return reply

    async def aclose(self) -> None:
        await self._http.aclose()


def writes(calls: Sequence[Call]) -> bool:
    """Whether one of them changes anything."""
    return any(call.asked.writes for call in calls)
