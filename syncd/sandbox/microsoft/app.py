"""The simulator as an ASGI application: the authority, the operations, batches, the request log, faults carried out.

`do` of a fault may hold, beyond the common kinds and cut_body:

stale_seconds       s: a read shows the mailbox as it was s seconds ago
stale_writes        k: a read shows the mailbox as it was before its last k versions were written
replay              {"back": k, "id": regular expression = any}: a read shows events k versions before their newest, a
                    delta round those and after them the present ones
truncate            n: a list or round with its first n rows only, which claims to be whole
empty               true: a list or round without rows, which claims to be whole
expire_tokens       true: the calendar's delta tokens expire before the page is read
gone_on_page        n: 410 on page n of a round (1 is the first); a request for another page is passed over
bad_token           400 or 404: the answer to a request with a token
endless             true: this page and all after it have the same rows and a new nextLink
empty_pages         n: so many empty pages before each page with rows, in a round that begins with this request
split_series        true: the pages of a round that begins here part the rows of a series
slim_only           true: a round without whole rows for the exceptions of a series
missing_master      true: a round without the masters of its series
foreign_edit        {fields}: the person edits the event between a write and its answer, which shows the edit
error               a code, or {"code", "message", "status", "retry_after", "after"}: the call is refused and nothing
                    happens; with "after": true it is carried out first
claims_challenge    true: 401 with a claims challenge, as after a risk that only a new sign-in ends
refuse_token        {"code", "error", "suberror", "status"}: the token endpoint refuses; code is an AADSTS number, which
                    says the rest unless it is given
part_failures       [index]: items of a batch that are refused untouched, with 429 and their own Retry-After
unanswered_parts    [index]: items of a batch that are carried out and answered with 503
reversed_parts      true: the items of a batch are answered in reverse order

`match` may also hold `operation` ("events.create"), `query` and `account` (the address). Each item of a batch is a
request of its own in the log and for faults, but what breaks a connection makes no sense for an item. A fault waits for
a request where its kinds make sense. Not here: sockets (`server.py`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, Final
from urllib.parse import parse_qsl

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
from syncd.sandbox.microsoft import grants, oauth
from syncd.sandbox.microsoft.batch import Item, is_batch, read_batch, shown, write_batch
from syncd.sandbox.microsoft.calls import Answering, Calls
from syncd.sandbox.microsoft.errors import CODES, GraphError
from syncd.sandbox.microsoft.operations import find_operation
from syncd.sandbox.microsoft.people import PeopleRoutes
from syncd.sandbox.microsoft.push import Subscriptions
from syncd.sandbox.microsoft.quota import Quota
from syncd.sandbox.microsoft.refusals import is_refusal, refusal
from syncd.sandbox.microsoft.rounds import page_number
from syncd.sandbox.microsoft.routes import ANSWERS, PAST_KINDS
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.parts import order_of
from syncd.sandbox.posting import Poster

_MATCHES: Final = ("operation", "query", "account")
_OF_BATCHES: Final = frozenset({"part_failures", "unanswered_parts", "reversed_parts"})
_OF_CONNECTIONS: Final = frozenset({"drop", "apply_late", *DELIVERY_KINDS})
_USUAL: Final = (
    "BadRequest",
    "InvalidAuthenticationToken",
    "ErrorAccessDenied",
    "ErrorItemNotFound",
    "ErrorIrresolvableConflict",
    "SyncStateNotFound",
    "TooManyRequests",
    "ServiceUnavailable",
    "GatewayTimeout",
)


def _is_error(value: object) -> bool:
    if not isinstance(value, dict):
        return value in CODES
    known = {"code", "message", "status", "retry_after", "after"}
    numbers = [value[name] for name in ("status", "retry_after") if name in value]
    typed = isinstance(value.get("after", False), bool) and isinstance(value.get("message", ""), str)
    return value.get("code") in CODES and set(value) <= known and typed and all(map(is_count, numbers))


FAULT_KINDS: Final[Mapping[str, Check]] = {
    **DELIVERY_KINDS,
    **READ_KINDS,
    "error": _is_error,
    "expire_tokens": is_true,
    "gone_on_page": is_positive,
    "bad_token": lambda value: value in (400, 404),
    "endless": is_true,
    "empty_pages": is_count,
    "split_series": is_true,
    "slim_only": is_true,
    "missing_master": is_true,
    "claims_challenge": is_true,
    "refuse_token": is_refusal,
    "part_failures": is_indexes,
    "unanswered_parts": is_indexes,
    "reversed_parts": is_true,
}
"""What `do` of a fault may hold here beyond the common kinds."""


class MicrosoftApp:
    """`cut(peer)` breaks the connection to a client; it is given by the server."""

    def __init__(self, state: MicrosoftState, cut: Cut) -> None:
        self.state = state
        self.subscriptions = Subscriptions(state)
        self.answers: Mapping[str, Answering] = {**ANSWERS, **self.subscriptions.answers()}
        self.quota = Quota(state)
        self._calls = Calls(state, self.quota, self.answers)
        self.front = Front(self, state.clock, cut, FAULT_KINDS, _MATCHES, _OF_CONNECTIONS)
        self._poster = Poster(self.subscriptions)
        self._people = PeopleRoutes(state, self.subscriptions)
        self.log = self.front.log
        self.faults = self.front.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        request = await read_request(scope, receive)
        with self._flight(request):
            await self.front.serve(request, receive, send)
        self._poster.send_soon()

    def close(self) -> None:
        """End planted delays early and stop sending notifications."""
        self.front.close()
        self._poster.close()

    async def deliver_pushes(self) -> int:
        """Send what subscriptions have to say, held notifications included; returns how many were sent."""
        return await self._poster.send_all()

    def seen(self, request: Request) -> Seen:
        """What this request is to faults and to the log."""
        found = find_operation(request.method, request.raw_path)
        operation = found[0] if found else None
        kinds = ANYWHERE
        if operation is not None:
            kinds |= {"error", "claims_challenge"} | self.answers.get(operation.id, (None, frozenset()))[1]
        if is_batch(request):
            kinds |= _OF_BATCHES
        authority = oauth.endpoint(request.path)
        if authority is not None and authority[1] == "token":
            kinds |= {"refuse_token"}
        token = grants.peek(self.state, request.headers.get("authorization", ""))
        return Seen(
            operation=operation.id if operation else None,
            write=operation is not None and operation.write,
            kinds=kinds,
            facts={
                "operation": operation.id if operation else "",
                "query": request.query,
                "account": token.grant.email if token else "",
            },
            page=page_number(self.state, _skip_token(request)),
            past=PAST_KINDS,
            batch=is_batch(request),
            secret=authority is not None,
        )

    async def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The answer as a fault changes it from within."""
        for _ in range(self.state.switches["service_turns"]):
            await asyncio.sleep(0)
        if is_batch(request) and request.method == "POST":
            return await self._answer_batch(request, do)
        if oauth.endpoint(request.path) is not None:
            return oauth.answer(self.state, request, do)
        reply = self._calls.answer(request, do)
        unproved = await self.subscriptions.prove()
        return reply if unproved is None else self._calls.refused(request, unproved)

    def told_again(self, request: Request) -> object:
        """What a read would tell without any fault."""
        return self.told(self._calls.answer_again(request))

    def told(self, reply: Reply) -> object:
        """What an answer tells but for its tokens and its numbers, which are new each time."""
        told = loaded(reply.body)
        if isinstance(told, dict):
            told = {name: value for name, value in told.items() if name not in ("@odata.nextLink", "@odata.deltaLink")}
        return reply.status, told

    def blank(self, request: Request, status: int) -> Mapping[str, Any]:
        """The body of a planted status."""
        if oauth.endpoint(request.path) is not None:
            return _loaded_body(refusal(self.state, 90033).reply())
        usual = {CODES[code][0]: code for code in _USUAL}
        code = usual.get(status, "UnknownError" if status >= 500 else "BadRequest")
        return _loaded_body(self._calls.refused(request, GraphError(code, "planted", status=status)))

    async def control(self, request: Request) -> ControlReply | None:
        """The reply of a control route of this simulator alone."""
        if (request.method, request.path) == ("POST", f"{CONTROL_PREFIX}/pushes/release"):
            return ControlReply(200, {"sent": await self.deliver_pushes()})
        return self._people.answer(request.method, request.path, request.query, request.body)

    def _flight(self, request: Request) -> AbstractContextManager[object]:
        """A request takes room in its caller's mailbox; a batch does not, its items do."""
        if request.path.startswith(f"{CONTROL_PREFIX}/") or is_batch(request):
            return nullcontext()
        token = grants.peek(self.state, request.headers.get("authorization", ""))
        return nullcontext() if token is None else self.quota.flight(token.grant.email, request)

    async def _answer_batch(self, request: Request, do: Mapping[str, Any]) -> Reply:
        base = f"http://{request.headers.get('host', '')}"
        try:
            grants.caller(self.state, request.headers.get("authorization", ""), base)
            items = read_batch(request)
        except GraphError as error:
            return self._calls.refused(request, error)
        replies = await self._replies(items, do)
        wanted = "reversed" if "reversed_parts" in do else self.state.switches["batch_order"]
        order = order_of(len(items), wanted, self.state.serial())
        return write_batch([shown(items[place], replies[place]) for place in order], {})

    async def _replies(self, items: Sequence[Item], do: Mapping[str, Any]) -> list[Reply]:
        """One for each item: side by side, or one after the other until one fails."""
        refused = self.state.switches["batch_beyond_four"] == "refused"
        together = refused and all(item.after is None for item in items)
        replies: list[Reply] = []
        with ExitStack() as flights:
            for item in items if together else ():
                flights.enter_context(self._flight(item.request))
            for place, item in enumerate(items):
                with ExitStack() if together else self._flight(item.request):
                    failed = item.after is not None and replies[-1].status >= 400
                    replies.append(await self._reply(item, place, do, failed=failed))
        return replies

    async def _reply(self, item: Item, place: int, do: Mapping[str, Any], *, failed: bool) -> Reply:
        request = item.request
        if failed:
            reply = self._calls.refused(request, GraphError("FailedDependency"))
            self.front.note(request, None, reply, {"part": place})
            return reply
        if place in do.get("part_failures", ()):
            reply = self._calls.refused(request, self.quota.refusal("ApplicationThrottled"))
            self.front.note(request, "part_failures", reply, {"part": place})
            return reply
        answered = await self.front.answer(request, place)
        if answered is None or place in do.get("unanswered_parts", ()):
            return self._calls.refused(request, GraphError("ServiceUnavailable"))
        return answered


def _skip_token(request: Request) -> str | None:
    found = {name.casefold(): value for name, value in parse_qsl(request.query)}
    return found.get("$skiptoken")


def _loaded_body(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of a reply."""
    found: Mapping[str, Any] = loaded(reply.body)
    return found
