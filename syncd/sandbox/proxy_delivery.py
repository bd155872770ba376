"""Carry a request to the server and back, doing on the way what a fault says.

Not here: sockets towards the client and control routes (proxy), row rewriting (proxy_rows).
"""

import hashlib
import json
import re
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from syncd.sandbox.proxy_past import Past
from syncd.sandbox.proxy_rows import REWRITING, Multistatus, served_bytes, served_etag, substituted
from syncd.sandbox.proxy_wire import BrokenMessageError, Request, Response, send

_REMEMBERED_REQUESTS: Final = 1_000
_REMEMBERED_ANSWERS: Final = 10
_INVALID_TOKEN: Final = b'<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>'
_XML: Final = ("content-type", "application/xml; charset=utf-8")
_UNREACHABLE: Final = Response(
    502, (("content-type", "text/plain"),), b"The calendar server behind the proxy does not answer."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the client gets, and whether the fault came to pass.

    No `response` means a connection broken without a reply. `server_status` is None when the
    server never saw the request.
    """

    response: Response | None
    server_status: int | None = None
    cut_after: int | None = None
    delivered: bool = True


class Delivery:
    """The way from one proxy address to its server, with its memory of held and past messages."""

    def __init__(self, upstream: str, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.upstream = upstream.rstrip("/")
        self.own_url = ""
        self._sleep = sleep
        self._held: list[Request] = []
        self._past: OrderedDict[bytes, deque[Response]] = OrderedDict()
        self._objects = Past()

    async def plain(self, request: Request) -> Outcome:
        """Pass the request on; 502 when the server cannot be reached."""
        response = await self._forward(request)
        return Outcome(response, _said(response))

    async def faulty(self, request: Request, do: Mapping[str, Any]) -> Outcome:
        """Pass the request on as the fault says, or not at all."""
        if "delay_seconds" in do:
            await self._sleep(do["delay_seconds"])
        if (early := self._without_server(request, do)) is not None:
            return early
        stored = await self._forward(request)
        response, delivered = await self._rewritten(request, stored, do)
        if do.get("drop") == "after":
            return Outcome(None, _said(stored), delivered=delivered)
        if "replay" in do:
            return Outcome(response, _said(stored), delivered=False)
        cut = do.get("cut_body")
        if cut is not None and cut >= len(response.body):
            return Outcome(response, _said(stored), delivered=False)
        return Outcome(response, _said(stored), cut, delivered)

    async def release(self) -> int:
        """Send what `apply_late` held back to the server, in order; returns how many that were."""
        held, self._held = self._held, []
        for request in held:
            await self._forward(request)
        return len(held)

    def _without_server(self, request: Request, do: Mapping[str, Any]) -> Outcome | None:
        if "status" in do:
            return Outcome(_planted(do))
        if do.get("drop") == "before":
            return Outcome(None)
        if "apply_late" in do:
            self._held.append(request)
            return Outcome(None)
        if "refuse_token" in do:
            return Outcome(Response(do["refuse_token"], (_XML,), _INVALID_TOKEN))
        if "replay" in do:
            past = self._past.get(_same(request), ())
            back = do["replay"].get("back", 1)
            return Outcome(past[-back]) if back <= len(past) else None
        return None

    async def _rewritten(self, request: Request, response: Response, do: Mapping[str, Any]) -> tuple[Response, bool]:
        """The answer after every rewriting kind, and whether each of them changed something."""
        delivered = True
        if "foreign_edit" in do:
            response, done = await self._foreign_edit(request, response, do["foreign_edit"])
            delivered &= done
        if "replay_rows" in do:
            before, response = response, self._objects.shown(request, response, do["replay_rows"])
            delivered &= response != before
        for kind in REWRITING:
            if kind in do:
                before, response = response, _changed(request, response, kind, do)
                delivered &= response != before
        return response, delivered

    async def _foreign_edit(self, request: Request, answer: Response, spec: Mapping[str, Any]) -> tuple[Response, bool]:
        if answer.status >= 300:
            return answer, False
        identity = tuple(pair for pair in request.headers if pair[0] == "authorization")
        stored = await self._forward(Request("GET", request.target, identity))
        text = _unfolded(stored.body.decode())
        edited = substituted(text, spec["replace"])
        headers = (*identity, ("content-type", "text/calendar; charset=utf-8"))
        body = edited.replace("\n", "\r\n").encode()
        theirs = await self._forward(Request("PUT", request.target, headers, body))
        if spec.get("answer") == "theirs":
            answer = answer.with_header("etag", theirs.header("etag"))
        return answer, edited != text and theirs.status < 300

    async def _forward(self, request: Request) -> Response:
        headers = tuple(
            (key, value.replace(self.own_url, self.upstream) if key == "destination" else value)
            for key, value in request.headers
        )
        try:
            response = await send(self.upstream, replace(request, headers=headers))
        except (OSError, BrokenMessageError):
            return _UNREACHABLE
        response = self._as_own(response)
        self._remember(request, response)
        return response

    def _as_own(self, response: Response) -> Response:
        """Absolute addresses of the server become the proxy's, in headers and in XML."""
        headers = tuple((key, value.replace(self.upstream, self.own_url)) for key, value in response.headers)
        body = response.body
        if "xml" in (response.header("content-type") or ""):
            body = body.replace(self.upstream.encode(), self.own_url.encode())
        return Response(response.status, headers, body)

    def _remember(self, request: Request, response: Response) -> None:
        self._objects.note(request, response)
        key = _same(request)
        self._past.setdefault(key, deque(maxlen=_REMEMBERED_ANSWERS)).append(response)
        self._past.move_to_end(key)
        if len(self._past) > _REMEMBERED_REQUESTS:
            self._past.popitem(last=False)


def _said(response: Response) -> int | None:
    return None if response is _UNREACHABLE else response.status


def _same(request: Request) -> bytes:
    who = [value for key, value in request.headers if key in ("depth", "authorization")]
    line = f"{request.method} {request.target} {who}\n".encode()
    return hashlib.sha256(line + request.body).digest()


def _planted(do: Mapping[str, Any]) -> Response:
    body = do.get("body", "")
    kind = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    given = tuple((key.lower(), value) for key, value in do.get("headers", {}).items())
    headers = (
        given
        if any(key == "content-type" for key, _ in given)
        else (
            *given,
            ("content-type", kind),
        )
    )
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(do["status"], headers, text.encode())


def _changed(request: Request, response: Response, kind: str, do: Mapping[str, Any]) -> Response:
    """The answer after one rewriting kind; the same answer when the kind had no effect on it."""
    etag, value = response.header("etag"), do[kind]
    match kind:
        case "strip_etag":
            return response.with_header("etag", None)
        case "weak_etag":
            if value in (True, "header", "all") and etag is not None and etag.startswith('"'):
                response = response.with_header("etag", f"W/{etag}")
            return _rows(response, Multistatus.weaken) if value in ("rows", "all") else response
        case "replace":
            text = substituted(response.body.decode("utf-8", "surrogateescape"), value)
            return replace(response, body=text.encode("utf-8", "surrogateescape"))
        case "serve" if request.method == "GET":
            return _served(request, response, value)
        case _:
            return _rows(response, lambda multistatus: multistatus.apply(kind, do))


def _rows(response: Response, rewrite: Callable[[Multistatus], int]) -> Response:
    try:
        multistatus = Multistatus(response.body)
    except ValueError:
        return response
    return replace(response, body=multistatus.to_bytes()) if rewrite(multistatus) else response


def _served(request: Request, response: Response, value: Mapping[str, Any]) -> Response:
    for href, content in value.items():
        if re.search(href, request.decoded_path):
            body = served_bytes(content)
            etag = response.header("etag") or served_etag(body)
            headers = (("content-type", "text/calendar; charset=utf-8"), ("etag", etag))
            return Response(200, headers, body)
    return response


def _unfolded(text: str) -> str:
    """Content lines joined (RFC 5545, 3.1) and ended by a bare newline, where `.*` stops."""
    return re.sub(r"\n[ \t]", "", text.replace("\r\n", "\n"))
