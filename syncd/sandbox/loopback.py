"""An ASGI simulator on a loopback port, inside a running event loop: no signals, no log lines, no lifespan.

Not here: what it answers (each simulator's `app.py`).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from syncd.sandbox.asgi import Cut, Peer, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 600


class Simulator(Protocol):
    """An ASGI application that can be told to end what it waits for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

    def close(self) -> None:
        """End planted delays early."""


class LoopbackServer:
    """Serves one simulator. `start` and `stop` may be called once each."""

    def __init__(self) -> None:
        self._transports: dict[Peer, asyncio.Transport] = {}
        self._shared = ServerState()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """Where it listens, without a final slash; only after `start`."""
        return f"http://{LOOPBACK}:{self._port}"

    async def serve(self, app: Simulator, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        config.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self._protocol(config), LOOPBACK, port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self, app: Simulator) -> None:
        """Close the port and break what is still open."""
        if self._server is None:
            return
        self._server.close()
        app.close()
        for transport in list(self._transports.values()):
            transport.abort()
        await asyncio.gather(*self._shared.tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _protocol(self, config: uvicorn.Config) -> asyncio.Protocol:
        return _Tracked(config, self._shared, self._transports)

    def cut(self, peer: Peer) -> None:
        """Break the connection to a client."""
        transport = self._transports.get(peer)
        if transport is not None:
            transport.abort()


A = TypeVar("A", bound=Simulator)


class SimulatorServer(Generic[A]):
    """Serves one simulator, which `build` makes of the way to break connections. `start` and `stop` once each."""

    def __init__(self, build: Callable[[Cut], A]) -> None:
        self._loopback = LoopbackServer()
        self.app = build(self._loopback.cut)

    @property
    def base_url(self) -> str:
        """Where it listens, without a final slash; only after `start`."""
        return self._loopback.base_url

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        await self._loopback.serve(self.app, port)

    async def stop(self) -> None:
        """Close the port and break what is still open."""
        await self._loopback.close(self.app)


class _Tracked(H11Protocol):
    """Keeps the transport of each client at hand, so that a connection can be broken without a reply."""

    def __init__(
        self,
        config: uvicorn.Config,
        shared: ServerState,
        transports: dict[Peer, asyncio.Transport],
    ) -> None:
        super().__init__(config=config, server_state=shared, app_state={})
        self._transports = transports
        self._peer: Peer | None = None

    def connection_made(self, transport: Any) -> None:
        self._peer = tuple(transport.get_extra_info("peername"))
        self._transports[self._peer] = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._peer is not None:
            self._transports.pop(self._peer, None)
        super().connection_lost(exc)
