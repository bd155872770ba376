"""A road to simulators in this process: no sockets. What they break, breaks for the caller as on a socket.

Not here: whose fate is fulfilled on the way (wire).
"""

import itertools
from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import unquote

import httpx

from syncd.sandbox.asgi import Peer, Scope
from syncd.sandbox.loopback import LOOPBACK, Simulator


class AsgiRoad(httpx.AsyncBaseTransport):
    """Carries each request to the application at its port. `cut` is what these applications break connections with."""

    def __init__(self) -> None:
        self.apps: Final[dict[int, Simulator]] = {}
        self._cut: set[Peer] = set()
        self._numbers = itertools.count(1)

    def cut(self, peer: Peer) -> None:
        self._cut.add(peer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        peer = (LOOPBACK, next(self._numbers))
        coming: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": await request.aread()}]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        assert request.url.port is not None
        await self.apps[request.url.port](_scope(request, peer), receive, send)
        if peer in self._cut:
            self._cut.remove(peer)
            raise httpx.ReadError("the connection broke", request=request)
        body = b"".join(message.get("body", b"") for message in sent)
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


def _scope(request: httpx.Request, peer: Peer) -> Scope:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "method": request.method,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": peer,
    }
