"""The calendar server behind the fault proxy as the end of a way: its requests by name, and what goes wrong there.

Not here: the site (site_end), iCalendar text (studio_ics).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

import httpx

from syncd.model import Event, Side
from syncd.sandbox.control import Faults
from tests.e2e.studio import Studio
from tests.interruption.studio_ics import changed
from tests.interruption.wire import WHERE, Call, Spec, whole

_WRITES: Final = frozenset({"PUT", "DELETE", "MKCALENDAR", "PATCH"})
_REPORT: Final = re.compile(rb"<(?:\w+:)?(sync-collection|calendar-multiget|calendar-query)\b")
_TITLE: Final = re.compile(rb"^SUMMARY:(.*)\r\n", re.MULTILINE)
# Takes the place of whatever location the object has.
_MOVED: Final = [[r"^LOCATION[;:].*\n", ""], [r"^END:VEVENT", f"LOCATION:{WHERE}\nEND:VEVENT"]]


@dataclass(slots=True)
class StudioEnd:
    """The calendar server of a studio."""

    studio: Studio
    road: httpx.AsyncBaseTransport

    @property
    def faults(self) -> Faults:
        return self.studio.proxy.faults

    def serves(self, url: httpx.URL) -> bool:
        return url.port == httpx.URL(self.studio.proxy.base_url).port

    def call(self, request: httpx.Request, body: bytes) -> Call:
        method, verb = request.method, ""
        found = _REPORT.search(body) if method == "REPORT" else None
        kind = f" {found[1].decode()}" if found else f" {request.headers.get('depth', '')}".rstrip()
        if method == "PUT":
            verb = "create" if "if-none-match" in request.headers else "update"
            kind = " new" if verb == "create" else ""
        elif method == "DELETE":
            verb = "delete"
        place = "made" if "/syncd-" in request.url.path else "own"
        writing = verb in ("create", "update")
        return Call(
            Side.EXTERNAL,
            unquote(request.url.path),
            f"dav {method}{kind} {place}",
            verb,
            method in _WRITES,
            body,
            tuple(title.decode() for title in _TITLE.findall(body)) if writing else (),
            disturbs=writing and b"\nATTENDEE" in body,
        )

    async def carry(self, request: httpx.Request) -> httpx.Response:
        return await whole(self.road, request)

    def refusing(self, call: Call, titles: Collection[str]) -> Sequence[Spec]:  # noqa: ARG002 - one item in each
        return [{"do": {"status": 415}}]

    def outdated(self, call: Call) -> Spec:  # noqa: ARG002
        return {"do": {"status": 412}}

    def edited(self, call: Call) -> Spec:  # noqa: ARG002
        return {"do": {"foreign_edit": {"replace": _MOVED}}}

    async def edit(self, call: Call) -> None:
        outside = self.studio.outside
        calendar, _, name = call.path.removeprefix(unquote(outside.root)).rpartition("/")
        text = (await outside.web.get(quote(call.path))).text
        await outside.put(f"{calendar}/", name, changed(text, None, Event(location=WHERE)))

    async def release(self) -> None:
        await self.studio.proxy.release()

    def forget(self) -> None:
        self.faults.clear()
        self.studio.proxy.log.reset()
        self.studio.proxy._delivery._held.clear()
