"""The simulator as an ASGI application: the authority, the operations, batches, the request log, faults carried out.

`do` of a fault may hold, beyond the common kinds and cut_body:

error               a code, or {"code", "message", "status", "retry_after", "after"}: the call is refused and nothing
                    happens; with "after": true it is carried out first
claims_challenge    true: 401 with a claims challenge, as after a risk that only a new sign-in ends
refuse_token        {"error", "code", "suberror", "status"}: the token endpoint refuses; code is an AADSTS number
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

from syncd.sandbox.asgi import (
    ANYWHERE,
    DELIVERY_KINDS,
    Cut,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    is_indexes,
    read_request,
)
from syncd.sandbox.control import CONTROL_PREFIX, Check, ControlReply, is_count
from syncd.sandbox.front import Front, Seen, loaded
from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.batch import Item, is_batch, read_batch, shown, write_batch
from syncd.sandbox.microsoft.calls import Answering, Calls
from syncd.sandbox.microsoft.errors import CODES, GraphError
from syncd.sandbox.microsoft.operations import find_operation
from syncd.sandbox.microsoft.quota import Quota
from syncd.sandbox.microsoft.routes import ANSWERS
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.parts import order_of

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
    "error": _is_error,
    "claims_challenge": lambda value: value is True,
    "part_failures": is_indexes,
    "unanswered_parts": is_indexes,
    "reversed_parts": lambda value: value is True,
}
"""What `do` of a fault may hold here beyond the common kinds."""


class MicrosoftApp:
    """`cut(peer)` breaks the connection to a client; it is given by the server."""

    def __init__(self, state: MicrosoftState, cut: Cut) -> None:
        self.state = state
        self.answers: Mapping[str, Answering] = {**ANSWERS}
        self._quota = Quota(state)
        self._calls = Calls(state, self._quota, self.answers)
        self._front = Front(self, state.clock, cut, FAULT_KINDS, _MATCHES, _OF_CONNECTIONS)
        self.log = self._front.log
        self.faults = self._front.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        request = await read_request(scope, receive)
        with self._flight(request):
            await self._front.serve(request, receive, send)

    def close(self) -> None:
        """End planted delays early and stop sending notifications."""
        self._front.close()

    def seen(self, request: Request) -> Seen:
        """What this request is to faults and to the log."""
        found = find_operation(request.method, request.raw_path)
        operation = found[0] if found else None
        kinds = ANYWHERE
        if operation is not None:
            kinds |= {"error", "claims_challenge"} | self.answers.get(operation.id, (None, frozenset()))[1]
        if is_batch(request):
            kinds |= _OF_BATCHES
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
            batch=is_batch(request),
        )

    async def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The answer as a fault changes it from within."""
        for _ in range(self.state.switches["service_turns"]):
            await asyncio.sleep(0)
        if is_batch(request) and request.method == "POST":
            return await self._answer_batch(request, do)
        return self._calls.answer(request, do)

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
        usual = {CODES[code][0]: code for code in _USUAL}
        code = usual.get(status, "UnknownError" if status >= 500 else "BadRequest")
        return loaded_body(self._calls.refused(request, GraphError(code, "planted", status=status)))

    async def control(self, request: Request) -> ControlReply | None:
        """The reply of a control route of this simulator alone."""
        return None

    def _flight(self, request: Request) -> AbstractContextManager[object]:
        """A request takes room in its caller's mailbox; a batch does not, its items do."""
        if request.path.startswith(f"{CONTROL_PREFIX}/") or is_batch(request):
            return nullcontext()
        token = grants.peek(self.state, request.headers.get("authorization", ""))
        return nullcontext() if token is None else self._quota.flight(token.grant.email, request)

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
            self._front.note(request, None, reply, {"part": place})
            return reply
        if place in do.get("part_failures", ()):
            reply = self._calls.refused(request, self._quota.refusal("ApplicationThrottled"))
            self._front.note(request, "part_failures", reply, {"part": place})
            return reply
        answered = await self._front.answer(request, place)
        if answered is None or place in do.get("unanswered_parts", ()):
            return self._calls.refused(request, GraphError("ServiceUnavailable"))
        return answered


def loaded_body(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of a reply."""
    found: Mapping[str, Any] = loaded(reply.body)
    return found
