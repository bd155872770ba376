"""The way of one process to the real servers: where its fate is fulfilled, request by request.

Requests go one at a time, so that the steps of a process have an order. What breaks is broken by the servers
themselves. Not here: the servers (the modules named …_end), what people do (…_hands), what can happen (fates).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import httpx

from syncd.model import Side
from syncd.ports import StateStore
from syncd.sandbox.control import Faults
from tests.interruption.fates import Fate, Sort, What

Act = Callable[[], Awaitable[None]]
Planned = tuple[Side, str, Act]
Spec = Mapping[str, Any]  # a fault as a server takes it

HELD: Final = (What.LATE, What.HUNG, What.HUNG_LONG)
WHERE: Final = "Somewhere else"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the suite sees it; ids are left out of its name, so that it is the same in every life.

    `verb`: of a write that makes, changes or removes items, else empty. `titles`: of the items that it makes or
    changes. `bulk`: several items in one. `parts`: each of them is a request of its own to the server. `disturbs`: a
    guest may be mailed because of it (R26).
    """

    side: Side
    path: str
    name: str
    verb: str
    writes: bool
    body: bytes
    titles: tuple[str, ...] = ()
    bulk: bool = False
    parts: bool = False
    disturbs: bool = False

    @property
    def sort(self) -> Sort:
        return Sort.WRITE if self.writes else Sort.READ


class End(Protocol):
    """The server of one side."""

    @property
    def faults(self) -> Faults: ...

    def serves(self, url: httpx.URL) -> bool: ...
    def call(self, request: httpx.Request, body: bytes) -> Call: ...
    async def carry(self, request: httpx.Request) -> httpx.Response:
        """The whole answer. Raises httpx.TransportError."""

    def refusing(self, call: Call, titles: Collection[str]) -> Sequence[Spec]:
        """What refuses for good the items of a call that have these titles, some of which it has."""

    def outdated(self, call: Call) -> Spec:
        """What refuses an update as too late."""

    def edited(self, call: Call) -> Spec:
        """What lets somebody edit the item that an update writes, before it is answered."""

    async def edit(self, call: Call) -> None:
        """Somebody edits the items that a call wrote, now."""

    async def release(self) -> None:
        """What was held back is carried out."""

    def forget(self) -> None:
        """Nothing is planted, held or logged any more."""


@dataclass(slots=True)
class Way:
    """What lies between every process and the servers; it outlives them.

    `acts`, `edits`: what people do while a call is on its way, each once. `refused`: titles that are refused for good.
    `doubts`: sides that refuse their next update as too late, though nothing was changed.
    `hanging`: what holds a request back, and which. `written`, `mailed`: writes that arrived, and those of them that
    may mail a guest. `odd`: what did not go as planned here; the product would take an assertion for its own error.
    """

    store: StateStore
    ends: Mapping[Side, End]
    acts: list[Planned] = field(default_factory=list)
    edits: list[Side] = field(default_factory=list)
    refused: set[tuple[Side, str]] = field(default_factory=set)
    doubts: list[Side] = field(default_factory=list)
    hanging: tuple[What, Call] | None = None
    written: int = 0
    mailed: int = 0
    odd: list[str] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def end_of(self, url: httpx.URL) -> End:
        return next(end for end in self.ends.values() if end.serves(url))

    async def before(self, call: Call) -> None:
        """What was planned for the moment before this call arrives."""
        for planned in list(self.acts):
            side, verb, act = planned
            if side is call.side and (call.verb == verb or (verb == "delete" and await self._precedes_cancel(call))):
                self.acts.remove(planned)
                await act()

    async def _precedes_cancel(self, call: Call) -> bool:
        """Whether it is the fresh read before a cancellation, the last moment at which anything can stop that (R28)."""
        if call.name != "wix GET /events":
            return False
        rows = [row for one in await self.store.connections() for row in await self.store.open_writes(one.id)]
        return any(row.side is Side.WIX and row.action.kind == "delete" for row in rows)

    def refused_in(self, call: Call) -> set[str]:
        """Titles in this call that are refused."""
        return {title for side, title in self.refused if side is call.side and title in call.titles}

    def takes_edit(self, call: Call) -> bool:
        """Whether somebody edits the item that this call writes, before it is answered."""
        if call.verb != "update" or call.side not in self.edits:
            return False
        self.edits.remove(call.side)
        return True

    def doubts_of(self, call: Call) -> bool:
        """Whether this call is refused as too late, though nothing was changed."""
        if call.verb != "update" or call.side not in self.doubts:
            return False
        self.doubts.remove(call.side)
        return True

    async def release(self, due: Sequence[What]) -> None:
        """What is held back arrives now, if it is due; what people do at that moment they do."""
        if self.hanging is None or self.hanging[0] not in due:
            return
        (_, call), self.hanging = self.hanging, None
        await self.before(call)
        for end in self.ends.values():
            await end.release()
        if self.takes_edit(call):
            await self.ends[call.side].edit(call)

    def forget(self) -> None:
        """Nothing is planned, held or counted any more."""
        self.hanging, self.written, self.mailed = None, 0, 0
        self.odd.clear()
        for end in self.ends.values():
            end.forget()


class Wire(httpx.AsyncBaseTransport):
    """The requests of one process with its fate."""

    def __init__(self, way: Way, fate: Fate) -> None:
        self._way = way
        self._fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fate.live()
        async with self._way.lock:
            call = self._way.end_of(request.url).call(request, await request.aread())
            what = self._fate.arrive(call.name, call.sort)
            if what is not What.NOT_APPLIED and what not in HELD:
                await self._way.before(call)
            self._fate.live()
            return await self._carried(request, call, what)

    async def _carried(self, request: httpx.Request, call: Call, what: What | None) -> httpx.Response:
        way, end = self._way, self._way.ends[call.side]
        specs = self._planned(call, what)
        if call.writes and what is not What.NOT_APPLIED:
            way.written += what not in HELD
            way.mailed += call.disturbs
        numbers = [end.faults.add(spec) for spec in specs]
        try:
            response = await end.carry(request)
        except httpx.TransportError:
            if what is None:
                way.odd.append(f"{call.name} broke by itself")
            self._came_to_pass(call, numbers)
            if what in HELD:
                way.hanging = (what, call) if specs[0]["do"] == {"apply_late": True} else None
            if what in (What.HUNG, What.HUNG_LONG):
                self._fate.end()
            raise
        self._came_to_pass(call, numbers)
        if what is What.KILLED_AFTER:
            self._fate.end()
        return response

    def _planned(self, call: Call, what: What | None) -> Sequence[Spec]:
        """What the server is to do with this request."""
        way, end = self._way, self._way.ends[call.side]
        dropped: Spec = {"do": {"drop": "before"}}
        if what is What.NOT_APPLIED:
            # A read whose connection breaks is sent once more at once; an answer is an answer.
            return [dropped if call.writes else {"do": {"status": 500}}]
        refused, doubted = way.refused_in(call), way.doubts_of(call)
        if what in HELD:
            return [dropped if refused or doubted else {"do": {"apply_late": True}}]
        is_lost = what is What.REPLY_LOST
        if doubted or (refused and not call.bulk):
            return [dropped] if is_lost else [end.outdated(call)] if doubted else end.refusing(call, refused)
        specs = [*end.refusing(call, refused)] if refused else [end.edited(call)] if way.takes_edit(call) else []
        return _losing(call, specs) if is_lost else specs

    def _came_to_pass(self, call: Call, numbers: Sequence[int]) -> None:
        """The planted faults were carried out, on this request; the next one finds none."""
        faults = self._way.ends[call.side].faults
        fired = {row["id"]: row["fired"] for row in faults.to_json()["faults"]}
        if any(fired[number] != 1 for number in numbers):
            self._way.odd.append(f"{call.name} was not disturbed")
        faults.clear()


def _losing(call: Call, specs: Sequence[Spec]) -> Sequence[Spec]:
    """The same, and the answer to the whole is lost. One request meets one fault, and each part one of its own."""
    lost: Spec = {"do": {"drop": "after"}}
    if call.parts or not specs:
        return [*specs, lost]
    return [{**spec, "do": {**spec["do"], **lost["do"]}} for spec in specs]


async def whole(road: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    """The whole answer as it came over the road."""
    answer = await road.handle_async_request(request)
    try:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        body = b"".join([chunk async for chunk in answer.stream])
    finally:
        await answer.aclose()
    return httpx.Response(answer.status_code, headers=answer.headers, content=body, extensions=answer.extensions)
