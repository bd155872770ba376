"""A simulator that runs beside a test: its event loop in a thread, its faults, switches and log at hand.

Not here: who speaks to it, and what a test asserts (each folder's `site.py`).
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import httpx
import pytest

Json = dict[str, Any]
T = TypeVar("T")


class _Server(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Controls:
    """What a test does to a running simulator from outside."""

    state: Any
    server: Any
    loop: asyncio.AbstractEventLoop

    def on_loop(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(10)

    def fault(self, do: Json, match: Json | None = None, **more: Any) -> int:
        number: int = self.server.app.faults.add({"match": match or {}, "do": do, **more})
        return number

    def fired(self, number: int) -> int:
        faults = self.server.app.faults.to_json()["faults"]
        return next(int(fault["fired"]) for fault in faults if fault["id"] == number)

    def switch(self, **values: Any) -> None:
        self.state.switches.set(values)

    def log(self) -> list[Json]:
        requests: list[Json] = self.server.app.log.to_json()["requests"]
        return requests


@contextmanager
def beside(server: _Server) -> Iterator[asyncio.AbstractEventLoop]:
    """Serve from a thread, so that tests can block; the loop is closed at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def stops_at_once(server: Any) -> None:
    """Fails unless a server that is stopped ends the planted delays of the requests that wait."""
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url) as client:
        server.app.faults.add({"do": {"delay_seconds": 3600}})
        waiting = asyncio.create_task(client.get("/anything"))
        while not (await client.get("/_sandbox/faults")).json()["faults"][0]["fired"]:
            pass
        await server.stop()
        with pytest.raises(httpx.TransportError):
            await waiting
