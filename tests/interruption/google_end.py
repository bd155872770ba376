"""The simulated Google as the end of a way: its requests by name, and what goes wrong there.

A batch is one request, whose parts meet faults of their own. Not here: the site (site_end), people (google_hands).
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import httpx

from syncd.model import Side
from syncd.sandbox.google import Hands
from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.google.discovery import BATCH_PATH, SERVICE_PATH
from tests.interruption.app_end import AppEnd
from tests.interruption.wire import WHERE, Call, Spec, whole

_VERBS: Final = {"POST": "create", "PUT": "update", "DELETE": "delete"}
_NAMED: Final = ("calendars", "calendarList", "events")  # what ids come after
_EVENT: Final = re.compile(r"calendars/([^/]+)/events(?:/([^/]+))?$")
_PART: Final = re.compile(rb"^(GET|POST|PUT|DELETE) (/\S+) HTTP/1\.1\r\n", re.MULTILINE)
_REFUSED: Final = {"status": 400}
_TITLE: Final = re.compile(rb'"summary": ("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request of the API, alone or in a batch."""

    method: str
    target: str

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0]).removeprefix(SERVICE_PATH)

    @property
    def name(self) -> str:
        parts = self.path.split("/")
        kept = [
            "…" if before in _NAMED and part != "primary" else part
            for before, part in zip(["", *parts], parts, strict=False)
        ]
        return f"{self.method} {'/'.join(kept)}"

    @property
    def verb(self) -> str:
        return _VERBS.get(self.method, "") if _EVENT.search(self.path) else ""

    @property
    def disturbs(self) -> bool:
        return bool(self.verb) and "sendUpdates=none" not in self.target


@dataclass(slots=True)
class GoogleEnd(AppEnd[GoogleApp]):
    """One account of a simulated Google."""

    email: str

    def call(self, request: httpx.Request, body: bytes) -> Call:
        is_batch = request.url.path == BATCH_PATH
        asked = _parts(body) if is_batch else [_Asked(request.method, request.url.raw_path.decode("ascii"))]
        first = asked[0]
        name = " and ".join(sorted({one.name for one in asked}))
        writing = first.verb in ("create", "update")
        return Call(
            Side.EXTERNAL,
            request.url.path,
            f"google batch of {name}" if is_batch else f"google {name}",
            first.verb,
            # A renewal of the access leaves the old one good: it counts as a read.
            writes=first.method != "GET" and first.path != "/token",
            body=body,
            titles=tuple(json.loads(text) for text in _TITLE.findall(body)) if writing else (),
            bulk=is_batch,
            parts=is_batch,
            disturbs=any(one.disturbs for one in asked),
        )

    async def carry(self, request: httpx.Request) -> httpx.Response:
        return await whole(self.road, request)

    def refusing(self, call: Call, titles: Collection[str]) -> Sequence[Spec]:  # noqa: ARG002 - told by their text
        return [
            {"match": {"operation": r"events\.", "body": re.escape(f'"summary": {json.dumps(title)}')}, "do": _REFUSED}
            for title in titles
        ]

    def outdated(self, call: Call) -> Spec:  # noqa: ARG002
        return {"match": {"operation": r"events\.update"}, "do": {"error": "conditionNotMet"}}

    def edited(self, call: Call) -> Spec:  # noqa: ARG002
        return {"match": {"operation": r"events\.update"}, "do": {"foreign_edit": {"location": WHERE}}}

    async def edit(self, call: Call) -> None:
        targets = [one.path for one in _parts(call.body)] if call.bulk else [call.path]
        for target in targets:
            found = _EVENT.search(target)
            assert found is not None
            Hands(self.app.state, self.email, found[1]).edit(found[2], location=WHERE)


def _parts(body: bytes) -> list[_Asked]:
    return [_Asked(method.decode(), target.decode()) for method, target in _PART.findall(body)]
