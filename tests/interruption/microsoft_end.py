"""The simulated Microsoft as the end of a way: its requests by name, and what goes wrong there.

A batch is one request, whose parts meet faults of their own. Not here: the site (site_end), people (microsoft_account).
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import httpx

from syncd.model import Side
from syncd.sandbox.microsoft import Hands
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.microsoft.state import View
from tests.interruption.app_end import AppEnd
from tests.interruption.wire import WHERE, Call, Spec, whole

_ROOT: Final = "/v1.0"
_BATCH: Final = f"{_ROOT}/$batch"
_VERBS: Final = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
_NAMED: Final = ("calendars", "events")  # what ids come after
_EVENT: Final = re.compile(r"/events(?:/([^/]+))?$")
_REFUSED: Final = {"status": 400}
_TITLE: Final = re.compile(rb'"subject":\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request of the API, alone or in a batch. `path` lies below the version, its parts encoded as they came."""

    method: str
    path: str
    guests: bool

    @property
    def name(self) -> str:
        parts = self.path.split("/")
        kept = ["…" if before in _NAMED else part for before, part in zip(["", *parts], parts, strict=False)]
        return f"{self.method} {'/'.join(kept)}"

    @property
    def verb(self) -> str:
        return _VERBS.get(self.method, "") if _EVENT.search(self.path) else ""


@dataclass(slots=True)
class MicrosoftEnd(AppEnd[MicrosoftApp]):
    """One account of a simulated Microsoft."""

    email: str

    def call(self, request: httpx.Request, body: bytes) -> Call:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        is_batch, is_token = unquote(path) == _BATCH, path.endswith("/oauth2/v2.0/token")
        asked = _parts(body) if is_batch else [_asked(request.method, path.removeprefix(_ROOT), body)]
        name = " and ".join(sorted({one.name for one in asked}))
        verb = next((one.verb for one in asked if one.verb), "")
        return Call(
            Side.EXTERNAL,
            path,
            f"microsoft batch of {name}" if is_batch else f"microsoft {name}",
            verb,
            # A renewal of the access leaves the old one good: it counts as a read.
            writes=any(one.method != "GET" for one in asked) and not is_token,
            body=body,
            titles=tuple(json.loads(text) for text in _TITLE.findall(body)) if verb in ("create", "update") else (),
            bulk=is_batch,
            parts=is_batch,
            disturbs=any(one.verb and one.guests for one in asked),
        )

    async def carry(self, request: httpx.Request) -> httpx.Response:
        return await whole(self.road, request)

    def refusing(self, call: Call, titles: Collection[str]) -> Sequence[Spec]:  # noqa: ARG002 - told by their text
        texts = (rf'"subject":\s*{re.escape(json.dumps(title))}' for title in titles)
        return [{"match": {"operation": r"events\.", "body": text}, "do": _REFUSED} for text in texts]

    def outdated(self, call: Call) -> Spec:  # noqa: ARG002
        return {"match": {"operation": r"events\.update"}, "do": {"error": "ErrorIrresolvableConflict"}}

    def edited(self, call: Call) -> Spec:  # noqa: ARG002
        return {"match": {"operation": r"events\.update"}, "do": {"foreign_edit": {"location": WHERE}}}

    async def edit(self, call: Call) -> None:
        for one in _parts(call.body) if call.bulk else [_asked("", call.path, b"")]:
            found = _EVENT.search(one.path)
            assert found is not None
            event = View(self.app.state.mailboxes[self.email]).find(unquote(found[1]))
            assert event is not None
            Hands(self.app.state, self.email, event.calendar_id).edit(event.id, location=WHERE)


def _parts(body: bytes) -> list[_Asked]:
    rows = json.loads(body)["requests"]
    return [_asked(row["method"], row["url"].partition("?")[0], json.dumps(row.get("body")).encode()) for row in rows]


def _asked(method: str, path: str, body: bytes) -> _Asked:
    return _Asked(method, path.lstrip("/"), b'"attendees"' in body)
