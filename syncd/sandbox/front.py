"""What stands before every answer of a simulator that speaks ASGI: control routes, planted faults, the request log.

Not here: what is answered, and which kinds of fault make sense for which request (each simulator).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from syncd.sandbox.asgi import Cut, Delivery, Receive, Reply, Request, Send
from syncd.sandbox.clock import SandboxClock, rfc3339
from syncd.sandbox.control import CONTROL_PREFIX, Check, ControlReply, ControlRoutes, Fault, Faults, RequestLog


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request is to faults and to the log.

    `kinds`: those of a fault that make sense for it. `facts`: what the simulator's own matches look at. `page`: the
    number of the page asked for. `past`: kinds that show something else than the truth, or, by chance, the same.
    """

    operation: str | None
    write: bool
    kinds: frozenset[str]
    facts: Mapping[str, str]
    page: int = 1
    past: frozenset[str] = frozenset()
    batch: bool = False
    secret: bool = False
    """Whether the query must not be logged."""


class Service(Protocol):
    """What a simulator answers."""

    def seen(self, request: Request) -> Seen:
        """What this request is."""

    async def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The answer as a fault changes it from within."""

    def told_again(self, request: Request) -> object:
        """What a read would tell without any fault; counts for nothing."""

    def told(self, reply: Reply) -> object:
        """What an answer tells but for its tokens, which are new each time."""

    def blank(self, request: Request, status: int) -> Mapping[str, Any] | str:
        """The body of a planted status: JSON, or a text."""

    async def control(self, request: Request) -> ControlReply | None:
        """The reply of a control route of this simulator alone; None for an unknown one."""


@dataclass(slots=True)
class Front:
    """Answers all requests of one simulator. Its log and its faults are open to tests."""

    service: Service
    clock: SandboxClock
    cut: Cut
    kinds: Mapping[str, Check]
    matches: tuple[str, ...]
    not_in_parts: frozenset[str] = frozenset()
    """Kinds that make no sense for one part of a batch."""
    log: RequestLog = field(default_factory=RequestLog)
    faults: Faults = field(init=False)
    _delivery: Delivery = field(init=False)
    _control: ControlRoutes = field(init=False)

    def __post_init__(self) -> None:
        self.faults = Faults(kinds=self.kinds, matches=self.matches)
        self._delivery = Delivery(self.cut, self.service.blank)
        self._control = ControlRoutes(self.clock, self.log, self.faults, self.release)

    async def serve(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request, or break its connection."""
        if request.path.startswith(f"{CONTROL_PREFIX}/"):
            reply: Reply | None = await self._answer_control(request)
        else:
            reply = await self.answer(request)
        await self._delivery.send(request, reply, receive, send)

    async def answer(self, request: Request, part: int | None = None) -> Reply | None:
        """The answer to a request or a part of a batch, logged; None when the connection shall break."""
        seen = self.service.seen(request)
        fault = self._due(request, seen, part)
        reply = await self._delivery.carry(request, fault.do if fault else {}, self.service.answer)
        name = None if fault is None else self._named(fault, request, seen, reply)
        self.note(request, name, reply, {} if part is None else {"part": part})
        return reply

    def end_delays(self) -> None:
        """End the planted delays of requests that wait now."""
        self._delivery.end_delays()

    def close(self) -> None:
        """End planted delays early."""
        self._delivery.close()

    def forget_held(self) -> None:
        """Give up the requests that `apply_late` holds back."""
        self._delivery.take_held()

    def note(self, request: Request, fault: str | None, reply: Reply | None, more: Mapping[str, Any]) -> None:
        """Log a request with its answer."""
        seen = self.service.seen(request)
        # A whole batch is no write: its parts are.
        entry = {
            "at": rfc3339(self.clock.now()),
            "method": request.method,
            "path": request.path,
            "query": "" if seen.secret else request.query,
            "operation": seen.operation,
            "status": None if reply is None else reply.status,
            "bytes_in": len(request.body),
            "bytes_out": 0 if reply is None else len(reply.body),
            "write": seen.write,
            "batch": seen.batch,
            "fault": fault,
            **more,
        }
        if seen.write:
            entry["body"] = loaded(request.body)
        self.log.append(entry)

    async def _answer_control(self, request: Request) -> Reply:
        found = await self._control.answer(request.method, request.path, request.query, request.body)
        if found is None:
            found = await self.service.control(request)
        if found is None:
            found = ControlReply(404, {"message": "no such sandbox route"})
        return Reply.of(found.status, found.body, {})

    def _due(self, request: Request, seen: Seen, part: int | None) -> Fault | None:
        kinds = seen.kinds if part is None else seen.kinds - self.not_in_parts
        return self.faults.take(
            request.method,
            request.path,
            request.body,
            seen.facts,
            fits=lambda do: set(do) <= kinds and do.get("gone_on_page", seen.page) == seen.page,
        )

    def _named(self, fault: Fault, request: Request, seen: Seen, reply: Reply | None) -> str:
        """The fault as the log shows it: whether it changed what was read."""
        if reply is None or not set(fault.do) <= seen.past:
            return fault.name
        same = self.service.told_again(request) == self.service.told(reply)
        return f"{fault.name} (no effect)" if same else fault.name

    async def release(self) -> int:
        """Carry out what `apply_late` held back; returns how many requests that were."""
        held = self._delivery.take_held()
        for request in held:
            reply = await self.service.answer(request, {})
            self.note(request, "released", reply, {})
        return len(held)


def loaded(raw: bytes) -> Any:
    """A body's JSON value; None for what is none."""
    try:
        return json.loads(raw or b"null")
    except ValueError:
        return None
