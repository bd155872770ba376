"""The way of one process to the real servers: where its fate is fulfilled, request by request.

Requests go one at a time, so that the steps of a process have an order. What breaks is broken by the simulator and by
the proxy, on the socket. Not here: what people do (studio_hands), what can happen (fates).
"""

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

import httpx

from syncd.model import Event, Side
from syncd.sandbox.control import Faults
from tests.e2e.studio import Studio
from tests.interruption.fates import Fate, Sort, What
from tests.interruption.studio_ics import changed

Act = Callable[[], Awaitable[None]]
Planned = tuple[Side, str, Act]

HELD: Final = (What.LATE, What.HUNG, What.HUNG_LONG)
_WRITES: Final = frozenset({"PUT", "DELETE", "MKCALENDAR", "PATCH"})
_VERBS: Final = {
    "POST /events": "create",
    "POST /bulk/events/create": "create",
    "PATCH /events/…": "update",
    "POST /bulk/events/update": "update",
    "POST /events/…/cancel": "delete",
    "POST /bulk/events/cancel": "delete",
}
_REPORT: Final = re.compile(rb"<(?:\w+:)?(sync-collection|calendar-multiget|calendar-query)\b")
_REFUSED_BY: Final = {Side.WIX: 400, Side.EXTERNAL: 415}
_TOO_LATE: Final[Mapping[Side, Mapping[str, Any]]] = {
    Side.WIX: {"status": 409, "body": {"message": "", "details": {"applicationError": {"code": "CONFLICT"}}}},
    Side.EXTERNAL: {"status": 412},
}
_WHERE: Final = "Somewhere else"
# Everything is plain HTTP on this machine; certificates take long to load.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# Takes the place of whatever location the object has.
_MOVED: Final = [[r"^LOCATION[;:].*\n", ""], [r"^END:VEVENT", f"LOCATION:{_WHERE}\nEND:VEVENT"]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the suite sees it. `verb`: of a write that makes, changes or removes items, else empty."""

    side: Side
    path: str
    name: str
    verb: str
    writes: bool
    body: bytes

    @property
    def sort(self) -> Sort:
        return Sort.WRITE if self.writes else Sort.READ

    @property
    def bulk(self) -> bool:
        return "/bulk/" in self.name

    def names(self, title: str) -> bool:
        """Whether it creates or updates an item with this title."""
        text = f'"title":"{title}"' if self.side is Side.WIX else f"SUMMARY:{title}\r\n"
        return self.verb in ("create", "update") and text.encode() in self.body

    @property
    def disturbs(self) -> bool:
        """Whether a guest may be mailed because of it (R26)."""
        if self.side is Side.EXTERNAL:
            return self.verb in ("create", "update") and b"\nATTENDEE" in self.body
        told = b'"notifyParticipants":false' in self.body
        return self.verb in ("update", "delete") and not told


def call_of(request: httpx.Request, body: bytes, *, wix: bool) -> Call:
    """What a request is; ids are left out of its name, so that it is the same in every life."""
    if not wix:
        return _call_outside(request, body)
    path = request.url.path.removeprefix("/calendar/v3")
    name = f"{request.method} {re.sub(r'^/events/(?!query$)[^/]+', '/events/…', path)}"
    return Call(Side.WIX, path, f"wix {name}", _VERBS.get(name, ""), name in _VERBS, body)


def _call_outside(request: httpx.Request, body: bytes) -> Call:
    method, verb = request.method, ""
    found = _REPORT.search(body) if method == "REPORT" else None
    kind = f" {found[1].decode()}" if found else f" {request.headers.get('depth', '')}".rstrip()
    if method == "PUT":
        verb = "create" if "if-none-match" in request.headers else "update"
        kind = " new" if verb == "create" else ""
    elif method == "DELETE":
        verb = "delete"
    place = "made" if "/syncd-" in request.url.path else "own"
    return Call(Side.EXTERNAL, unquote(request.url.path), f"dav {method}{kind} {place}", verb, method in _WRITES, body)


@dataclass(slots=True)
class Way:
    """What lies between every process and the servers; it outlives them.

    `acts`, `edits`: what people do while a call is on its way, each once. `refused`: titles that are refused for good.
    `doubts`: sides that refuse their next update as too late, though nothing was changed.
    `hanging`: what holds a request back, and which. `written`, `mailed`: writes that arrived, and those of them that
    may mail a guest. `odd`: what did not go as planned here; the product would take an assertion for its own error.
    """

    studio: Studio
    acts: list[Planned] = field(default_factory=list)
    edits: list[Side] = field(default_factory=list)
    refused: set[tuple[Side, str]] = field(default_factory=set)
    doubts: list[Side] = field(default_factory=list)
    hanging: tuple[What, Call] | None = None
    written: int = 0
    mailed: int = 0
    odd: list[str] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    road: httpx.AsyncHTTPTransport = field(default_factory=lambda: httpx.AsyncHTTPTransport(verify=_NO_TLS))

    def faults(self, side: Side) -> Faults:
        return self.studio.wix.app.faults if side is Side.WIX else self.studio.proxy.faults

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
        store = self.studio.store
        rows = [row for one in await store.connections() for row in await store.open_writes(one.id)]
        return any(row.side is Side.WIX and row.action.kind == "delete" for row in rows)

    def refuses(self, call: Call) -> bool:
        return any(side is call.side and call.names(title) for side, title in self.refused)

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
        await self.studio.proxy.release()
        (await self.studio.web.post("/_sandbox/faults/release")).raise_for_status()
        if self.takes_edit(call):
            await self._edited(call)

    async def _edited(self, call: Call) -> None:
        """Somebody edits the item that a call wrote, now."""
        if call.side is Side.EXTERNAL:
            calendar, _, name = call.path.removeprefix(unquote(self.studio.outside.root)).rpartition("/")
            text = (await self.studio.outside.web.get(quote(call.path))).text
            await self.studio.outside.put(f"{calendar}/", name, changed(text, None, Event(location=_WHERE)))
            return
        sent = json.loads(call.body)
        ids = [one["event"]["id"] for one in sent["events"]] if call.bulk else [sent["event"]["id"]]
        for ref in ids:
            self.studio.edit(ref, **_edit(Side.WIX))

    def forget(self) -> None:
        """Nothing is planned, held or counted any more."""
        self.hanging, self.written, self.mailed = None, 0, 0
        self.odd.clear()
        for side in Side:
            self.faults(side).clear()
        self.studio.forget_requests()
        self.studio.wix.app._held.clear()
        self.studio.proxy._delivery._held.clear()


class Wire(httpx.AsyncBaseTransport):
    """The requests of one process with its fate."""

    def __init__(self, way: Way, fate: Fate) -> None:
        self._way = way
        self._fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fate.live()
        async with self._way.lock:
            wix = request.url.port == httpx.URL(self._way.studio.wix.base_url).port
            call = call_of(request, await request.aread(), wix=wix)
            what = self._fate.arrive(call.name, call.sort)
            if what is not What.NOT_APPLIED and what not in HELD:
                await self._way.before(call)
            self._fate.live()
            return await self._carried(request, call, what)

    async def _carried(self, request: httpx.Request, call: Call, what: What | None) -> httpx.Response:
        way = self._way
        do = self._planned(call, what)
        if call.writes and what is not What.NOT_APPLIED:
            way.written += what not in HELD
            way.mailed += call.disturbs
        number = way.faults(call.side).add({"do": do}) if do else 0
        try:
            response = await self._exchanged(request)
        except httpx.TransportError:
            if what is None:
                way.odd.append(f"{call.name} broke by itself")
            self._came_to_pass(call, number)
            if what in HELD:
                way.hanging = (what, call) if do == {"apply_late": True} else None
            if what in (What.HUNG, What.HUNG_LONG):
                self._fate.end()
            raise
        self._came_to_pass(call, number)
        if what is What.KILLED_AFTER:
            self._fate.end()
        if "item_failures" in do:
            return _refusing_for_good(response)
        return response

    def _planned(self, call: Call, what: What | None) -> Mapping[str, Any]:
        """What the server is to do with this request."""
        way = self._way
        if what is What.NOT_APPLIED:
            # A read whose connection breaks is sent once more at once; an answer is an answer.
            return {"drop": "before"} if call.writes else {"status": 500}
        refused, doubted = way.refuses(call), way.doubts_of(call)
        if what in HELD:
            return {"drop": "before"} if refused or doubted else {"apply_late": True}
        if doubted:
            return {"drop": "before"} if what is What.REPLY_LOST else _TOO_LATE[call.side]
        if refused and call.bulk:
            failing = [index for index, title in enumerate(_titles(call)) if (call.side, title) in way.refused]
            return {"item_failures": failing, **_lost(what)}
        if refused:
            return {"drop": "before"} if what is What.REPLY_LOST else {"status": _REFUSED_BY[call.side]}
        if way.takes_edit(call):
            return {"foreign_edit": _edit(call.side), **_lost(what)}
        return _lost(what)

    def _came_to_pass(self, call: Call, number: int) -> None:
        """The planted fault was carried out, on this request; the next one finds none."""
        faults = self._way.faults(call.side)
        fired = {row["id"]: row["fired"] for row in faults.to_json()["faults"]}
        if number and fired[number] != 1:
            self._way.odd.append(f"{call.name} was not disturbed")
        faults.clear()

    async def _exchanged(self, request: httpx.Request) -> httpx.Response:
        """The whole answer as it came over the socket."""
        answer = await self._way.road.handle_async_request(request)
        try:
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            body = b"".join([chunk async for chunk in answer.stream])
        finally:
            await answer.aclose()
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body), extensions=answer.extensions
        )


def _lost(what: What | None) -> Mapping[str, Any]:
    return {"drop": "after"} if what is What.REPLY_LOST else {}


def _edit(side: Side) -> Mapping[str, Any]:
    return {"location": {"type": "CUSTOM", "name": _WHERE}} if side is Side.WIX else {"replace": _MOVED}


def _titles(call: Call) -> list[str]:
    return [str(one["event"].get("title")) for one in json.loads(call.body)["events"]]


def _refusing_for_good(response: httpx.Response) -> httpx.Response:
    """The planted failures of a bulk call as refusals of the items themselves."""
    body = response.stream
    assert isinstance(body, httpx.ByteStream)
    text = b"".join(body).replace(b'"code": "INTERNAL"', b'"code": "INVALID_ARGUMENT"')
    headers = {key: value for key, value in response.headers.items() if key != "content-length"}
    return httpx.Response(response.status_code, headers=headers, content=text)
