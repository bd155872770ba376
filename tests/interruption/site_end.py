"""The site as the end of a way: its requests by name, and what goes wrong there.

Not here: how requests get to it (the stages give that), the other side (studio_end, google_end).
"""

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from syncd.model import Event, Side
from syncd.sandbox.wix.app import WixApp
from syncd.sandbox.wix.state import Site
from tests.interruption import site_acts
from tests.interruption.app_end import AppEnd
from tests.interruption.wire import WHERE, Call, Spec, whole

_VERBS: Final = {
    "POST /events": "create",
    "POST /bulk/events/create": "create",
    "PATCH /events/…": "update",
    "POST /bulk/events/update": "update",
    "POST /events/…/cancel": "delete",
    "POST /bulk/events/cancel": "delete",
}
_TOO_LATE: Final = {"status": 409, "body": {"message": "", "details": {"applicationError": {"code": "CONFLICT"}}}}


@dataclass(slots=True)
class SiteEnd(AppEnd[WixApp]):
    """The simulated site. `site`: as it is now."""

    site: Callable[[], Site]

    def call(self, request: httpx.Request, body: bytes) -> Call:
        path = request.url.path.removeprefix("/calendar/v3")
        name = f"{request.method} {re.sub(r'^/events/(?!query$)[^/]+', '/events/…', path)}"
        verb = _VERBS.get(name, "")
        titles = tuple(str(one.get("title")) for one in _sent(body)) if verb in ("create", "update") else ()
        told = b'"notifyParticipants":false' in body
        return Call(
            Side.WIX,
            path,
            f"wix {name}",
            verb,
            name in _VERBS,
            body,
            titles,
            bulk="/bulk/" in name,
            disturbs=verb in ("update", "delete") and not told,
        )

    async def carry(self, request: httpx.Request) -> httpx.Response:
        """The planted failures of a bulk call are refusals of the items themselves."""
        answer = await whole(self.road, request)
        if "/bulk/" not in request.url.path:
            return answer
        text = answer.content.replace(b'"code": "INTERNAL"', b'"code": "INVALID_ARGUMENT"')
        headers = {key: value for key, value in answer.headers.items() if key != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=text)

    def refusing(self, call: Call, titles: Collection[str]) -> Sequence[Spec]:
        if not call.bulk:
            return [{"do": {"status": 400}}]
        return [{"do": {"item_failures": [index for index, title in enumerate(call.titles) if title in titles]}}]

    def outdated(self, call: Call) -> Spec:  # noqa: ARG002 - it is the same for each
        return {"do": _TOO_LATE}

    def edited(self, call: Call) -> Spec:  # noqa: ARG002
        return {"do": {"foreign_edit": {"location": {"type": "CUSTOM", "name": WHERE}}}}

    async def edit(self, call: Call) -> None:
        for one in _sent(call.body):
            site_acts.edit(self.site(), one["id"], Event(location=WHERE))


def _sent(body: bytes) -> list[dict[str, Any]]:
    """The events that a creation or an update sends."""
    sent = json.loads(body)
    return [one["event"] for one in sent["events"]] if "events" in sent else [sent["event"]]
