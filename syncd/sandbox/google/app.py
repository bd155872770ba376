"""The simulator as an ASGI application: OAuth, the methods, batches, the request log, and faults carried out.

`do` of a fault may hold, beyond the common kinds and cut_body:

error               a reason, or {"reason", "status", "retry_after", "after"}: the call is refused and nothing happens;
                    with "after": true it is carried out first
stale_seconds       s: a read shows the calendar as it was s seconds ago
stale_writes        k: a read shows the calendar as it was before its last k versions were written
replay              {"back": k, "id": regular expression = any}: a read shows events k versions before their newest
truncate            n: a list with its first n rows only, which claims to be whole
empty               true: a list without rows, which claims to be whole
expire_tokens       true: the calendar's sync tokens expire before the list is read
gone_on_page        n: 410 on page n of a list (1 is the first); a request for another page is passed over
foreign_edit        {fields}: the person edits the event between a write and its answer, which shows the edit
undetected_duplicate true: an insert whose id is taken is answered as if it had been stored
part_failures       [index]: parts of a batch that are refused untouched, with 403 rateLimitExceeded
unanswered_parts    [index]: parts of a batch that are carried out and answered with 503
reversed_parts      true: the parts of a batch run in reverse order

`match` may also hold `operation` ("events.insert"), `query` and `account` (the address). Each part of a batch is a
request of its own in the log and for faults, but what breaks a connection makes no sense for a part. A fault waits for
a request where its kinds make sense. Not here: sockets (`server.py`).
"""

import json
import random
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from syncd.sandbox.asgi import (
    ANYWHERE,
    DELIVERY_KINDS,
    Cut,
    Delivery,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    is_indexes,
    is_replay,
    read_request,
)
from syncd.sandbox.clock import rfc3339
from syncd.sandbox.control import (
    CONTROL_PREFIX,
    Check,
    ControlReply,
    ControlRoutes,
    Fault,
    Faults,
    RequestLog,
    is_count,
    is_number,
)
from syncd.sandbox.google import grants, oauth
from syncd.sandbox.google.batch import read_batch, write_batch
from syncd.sandbox.google.calls import Calls, overridden
from syncd.sandbox.google.discovery import BATCH_PATH, Method, find_method
from syncd.sandbox.google.errors import REASONS, GoogleError
from syncd.sandbox.google.listing import page_number
from syncd.sandbox.google.people import PeopleRoutes
from syncd.sandbox.google.posting import Poster
from syncd.sandbox.google.push import Channels
from syncd.sandbox.google.routes import ANSWERS, PAST_KINDS
from syncd.sandbox.google.state import GoogleState


def _is_error(value: object) -> bool:
    if isinstance(value, dict):
        known = {"reason", "status", "retry_after", "after"}
        numbers = [value[name] for name in ("status", "retry_after") if name in value]
        timed = isinstance(value.get("after", False), bool)
        return value.get("reason") in REASONS and set(value) <= known and timed and all(map(is_count, numbers))
    return value in REASONS


FAULT_KINDS: Final[Mapping[str, Check]] = {
    **DELIVERY_KINDS,
    "error": _is_error,
    "stale_seconds": lambda value: is_number(value) and value > 0,  # type: ignore[operator]
    "stale_writes": lambda value: is_count(value) and value > 0,  # type: ignore[operator]
    "replay": is_replay,
    "truncate": is_count,
    "empty": lambda value: value is True,
    "expire_tokens": lambda value: value is True,
    "gone_on_page": lambda value: is_count(value) and value > 0,  # type: ignore[operator]
    "foreign_edit": lambda value: isinstance(value, dict) and bool(value),
    "undetected_duplicate": lambda value: value is True,
    "part_failures": is_indexes,
    "unanswered_parts": is_indexes,
    "reversed_parts": lambda value: value is True,
}
"""What `do` of a fault may hold here beyond the common kinds."""

_USUAL: Final = ("authError", "forbidden", "notFound", "conflict", "deleted", "conditionNotMet", "internalError")
_MATCHES: Final = ("operation", "query", "account")
_OF_BATCHES: Final = frozenset({"part_failures", "unanswered_parts", "reversed_parts"})
_OF_CONNECTIONS: Final = frozenset({"drop", "apply_late", *DELIVERY_KINDS})


def _blank(request: Request, status: int) -> Mapping[str, Any]:
    """The body of a planted status."""
    if request.path in oauth.PATHS:
        return {"error": "internal_failure", "error_description": "planted"}
    usual = {found: reason for reason, (found, _, _) in REASONS.items() if reason in _USUAL}
    reason = usual.get(status, "backendError" if status >= 500 else "badRequest")
    return GoogleError(reason, "planted", status=status).envelope()


class GoogleApp:
    """`cut(peer)` breaks the connection to a client; it is given by the server."""

    def __init__(self, state: GoogleState, cut: Cut) -> None:
        self.state = state
        self.log = RequestLog()
        self.faults = Faults(kinds=FAULT_KINDS, matches=_MATCHES)
        self.channels = Channels(state)
        self._calls = Calls(state, self.channels)
        self._poster = Poster(self.channels)
        self._delivery = Delivery(cut, _blank)
        self._control = ControlRoutes(state.clock, self.log, self.faults, self._release)
        self._people = PeopleRoutes(state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        request = await read_request(scope, receive)
        if request.path.startswith(f"{CONTROL_PREFIX}/"):
            reply: Reply | None = await self._answer_control(request)
        else:
            reply = await self._answer_logged(overridden(request))
        await self._delivery.send(request, reply, receive, send)
        self._poster.send_soon()

    def close(self) -> None:
        """End planted delays early and stop sending messages."""
        self._delivery.close()
        self._poster.close()

    async def deliver_pushes(self) -> int:
        """Send what channels have to say, held messages included; returns how many were sent."""
        return await self._poster.send_all()

    async def _answer_control(self, request: Request) -> Reply:
        if (request.method, request.path) == ("POST", f"{CONTROL_PREFIX}/pushes/release"):
            return Reply.of(200, {"sent": await self.deliver_pushes()}, {})
        found = await self._control.answer(request.method, request.path, request.query, request.body)
        if found is None:
            found = self._people.answer(request.method, request.path, request.query, request.body)
        if found is None:
            found = ControlReply(404, {"message": "no such sandbox route"})
        return Reply.of(found.status, found.body, {})

    async def _answer_logged(self, request: Request, part: int | None = None) -> Reply | None:
        found = find_method(request.method, request.raw_path)
        method = found[0] if found else None
        fault = self._due(request, method, part)
        reply = await self._delivery.carry(request, fault.do if fault else {}, self._answered)
        name = None if fault is None else self._named(fault, request, method, reply)
        self._note(request, method, name, reply, {} if part is None else {"part": part})
        return reply

    def _due(self, request: Request, method: Method | None, part: int | None) -> Fault | None:
        kinds = ANYWHERE
        if method is not None:
            kinds |= {"error"} | (ANSWERS[method.id][1] if method.id in ANSWERS else frozenset())
        if request.path == BATCH_PATH:
            kinds |= _OF_BATCHES
        if part is not None:
            kinds -= _OF_CONNECTIONS
        page = page_number(self.state, parse_qs(request.query).get("pageToken", [None])[0])
        token = grants.peek(self.state, request.headers.get("authorization", ""))
        facts = {
            "operation": method.id if method else "",
            "query": request.query,
            "account": token.grant.email if token else "",
        }
        return self.faults.take(
            request.method,
            request.path,
            request.body,
            facts,
            fits=lambda do: set(do) <= kinds and do.get("gone_on_page", page) == page,
        )

    def _named(self, fault: Fault, request: Request, method: Method | None, reply: Reply | None) -> str:
        """The fault as the log shows it: whether it changed what was read."""
        if method is None or reply is None or not set(fault.do) <= PAST_KINDS:
            return fault.name
        truth = self._calls.answer_again(request)
        return fault.name if _told(truth) != _told(reply) else f"{fault.name} (no effect)"

    async def _answered(self, request: Request, do: Mapping[str, Any]) -> Reply:
        if request.path == BATCH_PATH and request.method == "POST":
            return await self._answer_batch(request, do)
        if request.path in oauth.PATHS:
            return oauth.answer(self.state, request)
        return self._calls.answer(request, do)

    async def _answer_batch(self, request: Request, do: Mapping[str, Any]) -> Reply:
        try:
            parts = read_batch(request, self.state.switches["batch_max"])
        except GoogleError as error:
            return Reply.of(error.status, error.envelope(), error.headers)
        replies: dict[int, Reply] = {}
        for place in self._order(len(parts), do):
            part = overridden(parts[place].request)
            if place in do.get("part_failures", ()):
                refused = GoogleError("rateLimitExceeded")
                replies[place] = Reply.of(refused.status, refused.envelope(), {})
                self._note(part, _method_of(part), "part_failures", replies[place], {"part": place})
                continue
            answered = await self._answer_logged(part, place)
            lost = place in do.get("unanswered_parts", ())
            replies[place] = Reply.of(503, _blank(part, 503), {}) if answered is None or lost else answered
        boundary = f"batch_{self.state.opaque('batch', self.state.serial())[:32]}"
        return write_batch(parts, [replies[place] for place in range(len(parts))], boundary)

    def _order(self, count: int, do: Mapping[str, Any]) -> list[int]:
        order = list(range(count))
        wanted = "reversed" if "reversed_parts" in do else self.state.switches["batch_order"]
        if wanted == "reversed":
            order.reverse()
        elif wanted == "shuffled":
            random.Random(self.state.serial()).shuffle(order)
        return order

    async def _release(self) -> int:
        held = self._delivery.take_held()
        for request in held:
            reply = await self._answered(request, {})
            self._note(request, _method_of(request), "released", reply, {})
        return len(held)

    def _note(
        self,
        request: Request,
        method: Method | None,
        fault: str | None,
        reply: Reply | None,
        more: Mapping[str, Any],
    ) -> None:
        # A whole batch is no write: its parts are.
        write = method is not None and method.write
        entry = {
            "at": rfc3339(self.state.clock.now()),
            "method": request.method,
            "path": request.path,
            "query": "" if request.path in oauth.PATHS else request.query,
            "operation": method.id if method else None,
            "status": None if reply is None else reply.status,
            "bytes_in": len(request.body),
            "bytes_out": 0 if reply is None else len(reply.body),
            "write": write,
            "batch": request.path == BATCH_PATH,
            "fault": fault,
            **more,
        }
        if write:
            try:
                entry["body"] = json.loads(request.body or b"null")
            except ValueError:
                entry["body"] = None
        self.log.append(entry)


def _method_of(request: Request) -> Method | None:
    found = find_method(request.method, request.raw_path)
    return found[0] if found else None


def _told(reply: Reply) -> Any:
    """What an answer says but for its tokens, which are new each time."""
    told = json.loads(reply.body or b"null")
    if isinstance(told, dict):
        told = {name: name if name.startswith("next") else value for name, value in told.items()}
    return reply.status, told
