"""The loopback proxy before the CalDAV server: it logs every request, and spoils it on demand.

Clients see the proxy alone. Not here: which faults there are (proxy_kinds), how they are carried
out (proxy_delivery, proxy_rows), HTTP itself (proxy_wire).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from syncd.sandbox.clock import SandboxClock, rfc3339
from syncd.sandbox.control import (
    CONTROL_PREFIX,
    ControlError,
    ControlReply,
    ControlRoutes,
    Fault,
    Faults,
    RequestLog,
    is_number,
    json_object,
)
from syncd.sandbox.proxy_delivery import Delivery, Outcome
from syncd.sandbox.proxy_facts import Facts, facts_of
from syncd.sandbox.proxy_kinds import KINDS, MATCHES, completed
from syncd.sandbox.proxy_wire import BrokenMessageError, ClientStream, Request, Response

LOOPBACK: Final = "127.0.0.1"


class FaultProxy:
    """An HTTP/1.1 proxy for one server; several of them may stand before the same one.

    `delay_seconds` is real time spent on each request before anything else, as a distant server
    costs it; it may be changed at any moment. `sleep` is how that time is spent.
    """

    def __init__(
        self,
        upstream: str,
        clock: SandboxClock,
        *,
        delay_seconds: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.delay_seconds = delay_seconds
        self.log = RequestLog()
        self.faults = Faults(KINDS, MATCHES)
        self._sleep = sleep
        self._delivery = Delivery(upstream, sleep)
        self._control = ControlRoutes(clock, self.log, self.faults, self.release)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """The address clients use, without a final slash; empty before `start`."""
        return self._delivery.own_url

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, port)
        bound = self._server.sockets[0].getsockname()[1]
        self._delivery.own_url = f"http://{LOOPBACK}:{bound}"

    async def stop(self) -> None:
        """Close the port and every connection. May be repeated."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def plant(self, spec: Mapping[str, Any]) -> int:
        """Plant one fault (see proxy_kinds) and return its id. Raises ControlError."""
        return self.faults.add(completed(spec))

    async def release(self) -> int:
        """Apply what `apply_late` held back; returns how many requests that were."""
        return await self._delivery.release()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(ClientStream(reader, writer)))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, client: ClientStream) -> None:
        try:
            # A client that breaks off, or sends no HTTP, ends its own connection and nothing else.
            with suppress(BrokenMessageError, ConnectionError):
                while (request := await client.read()) is not None:
                    if not await self._exchange(client, request):
                        break
        finally:
            await client.close()

    async def _exchange(self, client: ClientStream, request: Request) -> bool:
        """Answer one request; False when the connection is over."""
        if request.path.startswith(CONTROL_PREFIX):
            return await client.answer(_as_response(await self._controlled(request)))
        outcome = await self._carried(request)
        if outcome.response is None:
            return False
        return await client.answer(outcome.response, cut_after=outcome.cut_after)

    async def _carried(self, request: Request) -> Outcome:
        facts = facts_of(request)
        if self.delay_seconds:
            await self._sleep(self.delay_seconds)
        path = request.decoded_path
        fault = self.faults.take(request.method, path, request.body, facts.matchable)
        if fault is None:
            outcome = await self._delivery.plain(request)
        else:
            outcome = await self._delivery.faulty(request, fault.do)
        self.log.append(self._entry(request, facts, outcome, fault))
        return outcome

    def _entry(self, request: Request, facts: Facts, outcome: Outcome, fault: Fault | None) -> dict[str, Any]:
        """A row of the log. `status` is the client's, None for a broken connection."""
        response = outcome.response
        return {
            "at": rfc3339(self.clock.now()),
            "method": request.method,
            "path": request.path,
            "href": request.decoded_path,
            "query": request.query,
            "status": None if response is None else response.status,
            "server_status": outcome.server_status,
            "bytes_in": len(request.body),
            "bytes_out": 0 if response is None else len(response.body[: outcome.cut_after]),
            "write": facts.write,
            "report": facts.report,
            "hrefs": facts.hrefs,
            "fault": None if fault is None else _fault_name(fault, outcome),
        }

    async def _controlled(self, request: Request) -> ControlReply:
        path = request.path
        try:
            if request.method == "POST" and path == f"{CONTROL_PREFIX}/faults":
                return ControlReply(200, {"id": self.plant(json_object(request.body))})
            if path == f"{CONTROL_PREFIX}/settings" and request.method in ("GET", "POST"):
                if request.method == "POST":
                    self._set(json_object(request.body))
                return ControlReply(200, {"delay_seconds": self.delay_seconds})
        except ControlError as error:
            return ControlReply(400, {"message": str(error)})
        reply = await self._control.answer(request.method, path, request.query, request.body)
        return reply or ControlReply(404, {"message": "no such control route"})

    def _set(self, settings: Mapping[str, Any]) -> None:
        delay = settings.get("delay_seconds", self.delay_seconds)
        if set(settings) - {"delay_seconds"} or not is_number(delay) or not 0 <= delay < 3600:
            raise ControlError("settings are: delay_seconds, 0 or more")
        self.delay_seconds = float(delay)


def _fault_name(fault: Fault, outcome: Outcome) -> str:
    return fault.name if outcome.delivered else f"{fault.name} (no effect)"


def _as_response(reply: ControlReply) -> Response:
    headers = (("content-type", "application/json"),)
    return Response(reply.status, headers, json.dumps(reply.body).encode())
