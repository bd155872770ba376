"""Requests and replies of the simulators that speak ASGI, and the carrying out of the fault kinds they all have.

cut_body, which these simulators know beyond the common kinds, breaks the connection after n bytes of the answer's body.
Not here: which fault is due (`control.py`), what is answered (each simulator), sockets (`loopback.py`).
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final

from syncd.sandbox.control import COMMON_KINDS, Check, is_count, is_number

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Peer = tuple[str, int]
Cut = Callable[[Peer], None]

DELIVERY_KINDS: Final[Mapping[str, Check]] = {"cut_body": is_count}


def is_true(value: object) -> bool:
    """For kinds that are there or not."""
    return value is True


def is_positive(value: object) -> bool:
    """True for a whole number, 1 or more."""
    return is_count(value) and value != 0


ANYWHERE: Final = frozenset({*COMMON_KINDS, *DELIVERY_KINDS})
"""Kinds that make sense for every request."""


def is_indexes(value: object) -> bool:
    """True for a list of whole numbers, 0 or more."""
    return isinstance(value, list) and all(map(is_count, value))


def is_replay(value: object) -> bool:
    """True for {"back": count, "id": regular expression}, of which the second may be missing."""
    if not isinstance(value, dict) or not {"back"} <= set(value) <= {"back", "id"} or not is_count(value["back"]):
        return False
    try:
        re.compile(value.get("id", ""))
    except (re.error, TypeError):
        return False
    return True


READ_KINDS: Final[Mapping[str, Check]] = {
    "stale_seconds": lambda value: is_number(value) and value > 0,  # type: ignore[operator]
    "stale_writes": is_positive,
    "replay": is_replay,
    "truncate": is_count,
    "empty": is_true,
    "foreign_edit": lambda value: isinstance(value, dict) and bool(value),
}
"""Kinds that every simulator of calendars has within its answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, read completely. `raw_path` is still percent-encoded.

    Header names are lower case; a header that was sent several times is one list (RFC 9110, 5.3).
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: Peer
    raw_path: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply with a JSON (or any other) body; with `cut_after` the rest of it is never sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    cut_after: int | None = None

    @classmethod
    def of(cls, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> "Reply":
        """A JSON reply."""
        return cls(status, json.dumps(body).encode(), {"content-type": "application/json", **headers})


Answer = Callable[[Request, Mapping[str, Any]], Awaitable[Reply]]


class Delivery:
    """What planted faults do to a request and its answer. `blank` makes the body of a planted status without one."""

    def __init__(self, cut: Cut, blank: Callable[[Request, int], Mapping[str, Any] | str]) -> None:
        self._cut = cut
        self._blank = blank
        self._closing = asyncio.Event()
        self._held: list[Request] = []

    async def carry(self, request: Request, do: Mapping[str, Any], answer: Answer) -> Reply | None:
        """The answer as the fault leaves it; None when the connection shall break. May wait (`delay_seconds`)."""
        if "delay_seconds" in do:
            await self._pause(do["delay_seconds"])
        if do.get("drop") == "before":
            return None
        if "apply_late" in do:
            self._held.append(request)
            return None
        if "status" in do:
            return self._planted(request, do)
        reply = await answer(request, do)
        if "cut_body" in do:
            reply = replace(reply, cut_after=min(do["cut_body"], len(reply.body) - 1))
        return None if do.get("drop") == "after" else reply

    async def send(self, request: Request, reply: Reply | None, receive: Receive, send: Send) -> None:
        """Send the reply, or break the connection to the client."""
        if reply is not None:
            await _send(send, reply)
            if reply.cut_after is None:
                return
        self._cut(request.peer)
        while (await receive())["type"] != "http.disconnect":
            pass

    def take_held(self) -> list[Request]:
        """The requests that `apply_late` held back since the last call, oldest first."""
        held, self._held = self._held, []
        return held

    def end_delays(self) -> None:
        """End the planted delays of requests that wait now."""
        self._closing.set()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End planted delays early, now and later, so that a server can stop."""
        self._closing.set()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    def _planted(self, request: Request, do: Mapping[str, Any]) -> Reply:
        body = do["body"] if "body" in do else self._blank(request, do["status"])
        if isinstance(body, str):
            return Reply(do["status"], body.encode(), {"content-type": "text/plain", **do.get("headers", {})})
        return Reply.of(do["status"], body, do.get("headers", {}))


async def read_request(scope: Scope, receive: Receive) -> Request:
    """The whole request, body included."""
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name: ", ".join(values) for name, values in headers.items()},
        body=b"".join(chunks),
        peer=tuple(scope["client"]),
        raw_path=scope["raw_path"].decode("latin-1"),
    )


async def _send(send: Send, reply: Reply) -> None:
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    more = reply.cut_after is not None
    await send({"type": "http.response.body", "body": reply.body[: reply.cut_after], "more_body": more})
