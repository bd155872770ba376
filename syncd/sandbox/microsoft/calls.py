"""From an HTTP request to the operation that answers it: route, token, scope, throttling, query, body.

Not here: faults and the log (`app.py`), what the operations do (`routes.py`, `push.py`).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.front import loaded
from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.operations import Operation, find_operation, methods_of, segments
from syncd.sandbox.microsoft.preferences import preferences
from syncd.sandbox.microsoft.quota import Quota, retry_after
from syncd.sandbox.microsoft.routes import CREATED, Answer, Call
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.microsoft.values import Account

_JSON: Final = {
    "content-type": (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )
}
_CREATED: Final = CREATED | {"subscriptions.create"}

Answering = tuple[Answer, frozenset[str]]
"""What answers an operation, and the kinds of fault that it understands."""


@dataclass(slots=True)
class Calls:
    """Answers requests of the API, one at a time."""

    state: MicrosoftState
    quota: Quota
    answers: Mapping[str, Answering]
    _numbers: int = field(default=0)

    def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The reply; 400, 404 or 405 for what Graph does not have."""
        found = find_operation(request.method, request.raw_path)
        reply = self._replied(request, do, counted=True)
        if self.state.inspect is not None and found is not None:
            self.state.inspect(found[0].id, loaded(request.body), reply.status, loaded(reply.body))
        return reply

    def answer_again(self, request: Request) -> Reply:
        """What a read would answer without any fault; counts for no quota."""
        return self._replied(request, {}, counted=False)

    def refused(self, request: Request, error: GraphError) -> Reply:
        """The reply of a refusal, with the ids that every answer bears."""
        identity = self._identity(request)
        named = request.headers.get("client-request-id")
        body = error.envelope(self.state.clock.now(), identity["request-id"], named)
        if self.state.switches["inner_codes"]:
            body["error"]["innerError"]["code"] = error.code[:1].lower() + error.code[1:]
        return Reply.of(error.status, body, {**_JSON, **identity, **error.headers})

    def _replied(self, request: Request, do: Mapping[str, Any], *, counted: bool) -> Reply:
        told: dict[str, str] = {}
        try:
            operation, answered = self._answer(request, do, told, counted=counted)
        except GraphError as error:
            return self.refused(request, error)
        identity = self._identity(request)
        if answered is None:
            return Reply(204, b"", {**identity, **told})
        return Reply.of(201 if operation.id in _CREATED else 200, answered, {**_JSON, **identity, **told})

    def _answer(
        self, request: Request, do: Mapping[str, Any], told: dict[str, str], *, counted: bool
    ) -> tuple[Operation, Json | None]:
        base = f"http://{request.headers.get('host', '')}"
        token = grants.caller(self.state, request.headers.get("authorization", ""), base)
        if "claims_challenge" in do:
            raise grants.challenge(base)
        if counted:
            self.quota.count(token.grant.email, request)
        operation, path = self._found(request)
        grants.require(token, operation.scopes)
        account = self.state.accounts[token.grant.email]
        _check_user(account, path)
        if not account.enabled:
            raise GraphError("MailboxNotEnabledForRESTAPI")
        planted, after = _planted(self.state, do.get("error"))
        if planted is not None and not after:
            raise planted
        call = Call(
            state=self.state,
            account=account,
            token=token,
            url=f"{base}{request.raw_path}",
            path=path,
            query=_query(request),
            body=_body(request, operation),
            headers=request.headers,
            prefer=preferences(request.headers),
            do=do,
            told=told,
        )
        answered = self.answers[operation.id][0](call)
        if planted is not None:
            raise planted
        return operation, answered

    def _found(self, request: Request) -> tuple[Operation, Mapping[str, str]]:
        found = find_operation(request.method, request.raw_path)
        if found is not None and found[0].id in self.answers:
            return found
        if methods_of(request.raw_path):
            allowed = ", ".join(methods_of(request.raw_path))
            raise GraphError("MethodNotAllowed", headers={"allow": allowed})
        below = segments(request.raw_path)
        if below is None or self.state.switches["unknown_path"] == "404":
            raise GraphError("ResourceNotFound")
        raise GraphError("BadRequest", f"Resource not found for the segment '{below[-1] if below else ''}'.")

    def _identity(self, request: Request) -> dict[str, str]:
        self._numbers += 1
        identity = {"request-id": str(uuid.UUID(self.state.opaque("request", self._numbers)[:32]))}
        named = request.headers.get("client-request-id")
        return identity if named is None else {**identity, "client-request-id": named}


def _check_user(account: Account, path: Mapping[str, str]) -> None:
    """Another person's mailbox is not reachable through one's own permissions."""
    user = path.get("user")
    if user is not None and user.casefold() not in (account.email.casefold(), account.oid):
        raise GraphError("ErrorAccessDenied")


def _planted(state: MicrosoftState, error: str | Mapping[str, Any] | None) -> tuple[GraphError | None, bool]:
    """The refusal that a fault asks for, and whether the call is carried out before it."""
    if error is None or isinstance(error, str):
        return (None if error is None else GraphError(error)), False
    headers = retry_after(state, error.get("retry_after", 0))
    refusal = GraphError(error["code"], error.get("message", ""), status=error.get("status"), headers=headers)
    return refusal, bool(error.get("after"))


def _query(request: Request) -> dict[str, str]:
    """Each option once. 400 for an option that is repeated."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name in found:
            raise GraphError("BadRequest", f"Query option '{name}' was specified more than once.")
        found[name] = value
    return found


def _body(request: Request, operation: Operation) -> Json:
    if operation.http_method not in ("POST", "PATCH"):
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if not kind and not request.body:
        raise GraphError("BadRequest", "A request body is required.")
    if kind != "application/json":
        raise GraphError("UnsupportedMediaType" if kind else "RequestBodyRead", f"No support for '{kind}'.")
    value = loaded(request.body)
    if not isinstance(value, dict):
        raise GraphError("RequestBodyRead", "The body is not a JSON object.")
    return value
