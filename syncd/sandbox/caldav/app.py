"""The simulator as ASGI applications, one for each host: the request log, faults, slow and concurrent multigets.

Not here: what is answered (`service.py`), sockets (`server.py`), which faults there are (`faults.py`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from syncd.sandbox.asgi import Cut, Peer, Receive, Reply, Request, Scope, Send, read_request
from syncd.sandbox.caldav import access, dav
from syncd.sandbox.caldav.faults import (
    FAULT_KINDS,
    MATCHES,
    PAST_KINDS,
    edited_behind,
    kinds_for,
    rewritten,
)
from syncd.sandbox.caldav.people import PeopleRoutes
from syncd.sandbox.caldav.reports import facts_of
from syncd.sandbox.caldav.service import WRITES, Service
from syncd.sandbox.caldav.state import HOSTS, CaldavState
from syncd.sandbox.control import ControlReply
from syncd.sandbox.front import Front, Seen

_MULTIGET: Final = "calendar-multiget"
_LONGEST: Final = 60.0
"""Seconds that a slow multiget takes at most."""


class CaldavApp:
    """`cuts` break the connection to a client, one for each host; they are given by the server.

    Inside, the `peer` of a request is the host that was asked and the client's port.
    """

    def __init__(self, state: CaldavState, cuts: Mapping[str, Cut]) -> None:
        self.state = state
        self.front = Front(self, state.clock, lambda peer: _cut(cuts, peer), FAULT_KINDS, MATCHES)
        self.log = self.front.log
        self.faults = self.front.faults
        self._service = Service(state)
        self._people = PeopleRoutes(state)
        self._flights: Counter[str] = Counter()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End planted delays and slow multigets early."""
        self.front.close()
        self._closing.set()

    async def serve(self, host: str, request: Request, receive: Receive, send: Send) -> None:
        """Answer a request to one of HOSTS."""
        await self.front.serve(replace(request, peer=(host, request.peer[1])), receive, send)

    def seen(self, request: Request) -> Seen:
        """What this request is to faults and to the log."""
        facts = facts_of(request)
        return Seen(
            operation=facts.report or request.method,
            write=request.method in WRITES,
            kinds=kinds_for(request, facts),
            facts={
                "report": facts.report,
                "token": facts.token,
                "account": access.named(self.state, request),
                "host": request.peer[0],
            },
            past=PAST_KINDS,
        )

    async def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The answer as a fault changes it from within."""
        reply = self._service.busy()
        if reply is not None:
            return reply
        if facts_of(request).report == _MULTIGET:
            reply = await self._multiget(request, do)
        else:
            reply = self._service.answer(request.peer[0], request, do)
        if "foreign_edit" in do:
            reply = edited_behind(self.state, request, reply, do["foreign_edit"])
        return rewritten(request, reply, do)

    def told_again(self, request: Request) -> object:
        """What a read would tell without any fault; nothing of it is counted."""
        copied = self.state.copy()
        copied.switches = replace(copied.switches, fired=Counter())
        return self.told(Service(copied).answer(request.peer[0], request, {}))

    def told(self, reply: Reply) -> object:
        """What an answer tells but for its sync token."""
        if reply.status != 207:
            return reply.status, reply.body
        root = dav.parsed(reply.body)
        for token in root.findall(dav.tag("D:sync-token")):
            root.remove(token)
        return reply.status, dav.serialised(root)

    def blank(self, _request: Request, _status: int) -> str:
        """The body of a planted status: none."""
        return ""

    async def control(self, request: Request) -> ControlReply | None:
        """The reply of a control route of this simulator alone."""
        return self._people.answer(request.method, request.path, request.query, request.body)

    async def _multiget(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """A multiget with the time it takes; 503 where too many are on their way."""
        switches, account = self.state.switches, access.named(self.state, request)
        limit = switches["multigets_at_once"]
        if limit and self._flights[account] >= limit:
            switches.fire("multigets_at_once")
            return self._service.too_busy()
        self._flights[account] += 1
        try:
            await self._slowly()
            return self._service.answer(request.peer[0], request, do)
        finally:
            self._flights[account] -= 1

    async def _slowly(self) -> None:
        switches = self.state.switches
        seconds = switches["multiget_seconds"] + switches["multiget_milliseconds"] / 1000
        if not seconds:
            return
        for name in ("multiget_seconds", "multiget_milliseconds"):
            switches.fire(name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), min(seconds, _LONGEST))


class HostApp:
    """One host of the simulator, ASGI, HTTP only."""

    def __init__(self, app: CaldavApp, host: str) -> None:
        if host not in HOSTS:
            raise ValueError(f"{host} is no host")
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app.serve(self._host, await read_request(scope, receive), receive, send)

    def close(self) -> None:
        """End what waits."""
        self._app.close()


def _cut(cuts: Mapping[str, Cut], peer: Peer) -> None:
    host, port = peer
    cuts[host](("127.0.0.1", port))
