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

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from syncd.sandbox.asgi import (
    ANYWHERE,
    DELIVERY_KINDS,
    READ_KINDS,
    Cut,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    is_indexes,
    is_positive,
    is_true,
    read_request,
)
from syncd.sandbox.control import CONTROL_PREFIX, Check, ControlReply, is_count
from syncd.sandbox.front import Front, Seen, loaded
from syncd.sandbox.google import grants, oauth
from syncd.sandbox.google.batch import read_batch, write_batch
from syncd.sandbox.google.calls import Calls, overridden
from syncd.sandbox.google.discovery import BATCH_PATH, find_method
from syncd.sandbox.google.errors import REASONS, GoogleError
from syncd.sandbox.google.listing import page_number
from syncd.sandbox.google.people import PeopleRoutes
from syncd.sandbox.google.push import Channels
from syncd.sandbox.google.routes import ANSWERS, PAST_KINDS
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.parts import order_of
from syncd.sandbox.posting import Poster


def _is_error(value: object) -> bool:
    if isinstance(value, dict):
        known = {"reason", "status", "retry_after", "after"}
        numbers = [value[name] for name in ("status", "retry_after") if name in value]
        timed = isinstance(value.get("after", False), bool)
        return value.get("reason") in REASONS and set(value) <= known and timed and all(map(is_count, numbers))
    return value in REASONS


FAULT_KINDS: Final[Mapping[str, Check]] = {
    **DELIVERY_KINDS,
    **READ_KINDS,
    "error": _is_error,
    "expire_tokens": is_true,
    "gone_on_page": is_positive,
    "undetected_duplicate": is_true,
    "part_failures": is_indexes,
    "unanswered_parts": is_indexes,
    "reversed_parts": is_true,
}
"""What `do` of a fault may hold here beyond the common kinds."""

_USUAL: Final = ("authError", "forbidden", "notFound", "conflict", "deleted", "conditionNotMet", "internalError")
_MATCHES: Final = ("operation", "query", "account")
_OF_BATCHES: Final = frozenset({"part_failures", "unanswered_parts", "reversed_parts"})
_OF_CONNECTIONS: Final = frozenset({"drop", "apply_late", *DELIVERY_KINDS})


class GoogleApp:
    """`cut(peer)` breaks the connection to a client; it is given by the server."""

    def __init__(self, state: GoogleState, cut: Cut) -> None:
        self.state = state
        self.channels = Channels(state)
        self._calls = Calls(state, self.channels)
        self.front = Front(self, state.clock, cut, FAULT_KINDS, _MATCHES, _OF_CONNECTIONS)
        self._poster = Poster(self.channels)
        self._people = PeopleRoutes(state)
        self.log = self.front.log
        self.faults = self.front.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        await self.front.serve(overridden(await read_request(scope, receive)), receive, send)
        self._poster.send_soon()

    def close(self) -> None:
        """End planted delays early and stop sending messages."""
        self.front.close()
        self._poster.close()

    async def deliver_pushes(self) -> int:
        """Send what channels have to say, held messages included; returns how many were sent."""
        return await self._poster.send_all()

    def seen(self, request: Request) -> Seen:
        """What this request is to faults and to the log."""
        found = find_method(request.method, request.raw_path)
        method = found[0] if found else None
        kinds = ANYWHERE
        if method is not None:
            kinds |= {"error"} | (ANSWERS[method.id][1] if method.id in ANSWERS else frozenset())
        if request.path == BATCH_PATH:
            kinds |= _OF_BATCHES
        token = grants.peek(self.state, request.headers.get("authorization", ""))
        return Seen(
            operation=method.id if method else None,
            write=method is not None and method.write,
            kinds=kinds,
            facts={
                "operation": method.id if method else "",
                "query": request.query,
                "account": token.grant.email if token else "",
            },
            page=page_number(self.state, parse_qs(request.query).get("pageToken", [None])[0]),
            past=PAST_KINDS if method is not None else frozenset(),
            batch=request.path == BATCH_PATH,
            secret=request.path in oauth.PATHS,
        )

    async def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The answer as a fault changes it from within."""
        if request.path == BATCH_PATH and request.method == "POST":
            return await self._answer_batch(request, do)
        if request.path in oauth.PATHS:
            return oauth.answer(self.state, request)
        return self._calls.answer(request, do)

    def told_again(self, request: Request) -> object:
        """What a read would tell without any fault."""
        return self.told(self._calls.answer_again(request))

    def told(self, reply: Reply) -> object:
        """What an answer tells but for its tokens, which are new each time."""
        told = loaded(reply.body)
        if isinstance(told, dict):
            told = {name: name if name.startswith("next") else value for name, value in told.items()}
        return reply.status, told

    def blank(self, request: Request, status: int) -> Mapping[str, Any]:
        """The body of a planted status."""
        if request.path in oauth.PATHS:
            return {"error": "internal_failure", "error_description": "planted"}
        usual = {found: reason for reason, (found, _, _) in REASONS.items() if reason in _USUAL}
        reason = usual.get(status, "backendError" if status >= 500 else "badRequest")
        return GoogleError(reason, "planted", status=status).envelope()

    async def control(self, request: Request) -> ControlReply | None:
        """The reply of a control route of this simulator alone."""
        if (request.method, request.path) == ("POST", f"{CONTROL_PREFIX}/pushes/release"):
            return ControlReply(200, {"sent": await self.deliver_pushes()})
        return self._people.answer(request.method, request.path, request.query, request.body)

    async def _answer_batch(self, request: Request, do: Mapping[str, Any]) -> Reply:
        try:
            parts = read_batch(request, self.state.switches["batch_max"])
        except GoogleError as error:
            return Reply.of(error.status, error.envelope(), error.headers)
        replies: dict[int, Reply] = {}
        wanted = "reversed" if "reversed_parts" in do else self.state.switches["batch_order"]
        for place in order_of(len(parts), wanted, self.state.serial()):
            part = overridden(parts[place].request)
            if place in do.get("part_failures", ()):
                refused = GoogleError("rateLimitExceeded")
                replies[place] = Reply.of(refused.status, refused.envelope(), {})
                self.front.note(part, "part_failures", replies[place], {"part": place})
                continue
            answered = await self.front.answer(part, place)
            lost = place in do.get("unanswered_parts", ())
            replies[place] = Reply.of(503, self.blank(part, 503), {}) if answered is None or lost else answered
        boundary = f"batch_{self.state.opaque('batch', self.state.serial())[:32]}"
        return write_batch(parts, [replies[place] for place in range(len(parts))], boundary)
