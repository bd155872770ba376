"""The simulator as an ASGI application: tokens, routes, the request log, and faults carried out.

`do` of a fault may hold, beyond the common kinds:

cut_body            n: the connection breaks after n bytes of the answer's body, whatever it answers
stale_seconds       s: a read shows the site as it was s seconds ago
stale_writes        k: a read shows the site as it was before the last k versions of its events were written
replay              {"back": k, "id": regular expression = any}: a read shows events k versions before their newest
truncate            n: a listing with its first n rows only, which claims to be whole
empty               true: a listing without rows, which claims to be whole
paging              {"count", "cursors", "hasNext"}: what a page says of itself instead; null leaves a field out
foreign_edit        {fields}: somebody edits the event between a write and its answer, which shows the edit
item_failures       [index]: items of a bulk request that are refused untouched
missing_results     [index]: items of a bulk request that are carried out and not answered for
reversed_results    true: the results of a bulk request in reverse order

A fault waits for a request where its kinds make sense. The log names it with "(no effect)" when the answer to a read
is what it would have been anyway. Not here: sockets (`server.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from syncd.sandbox.asgi import (
    ANYWHERE,
    DELIVERY_KINDS,
    READ_KINDS,
    Cut,
    Delivery,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    is_indexes,
    is_true,
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
)
from syncd.sandbox.history import Past
from syncd.sandbox.wix import series
from syncd.sandbox.wix.access import Access, OAuthError, require
from syncd.sandbox.wix.errors import Json, WixError
from syncd.sandbox.wix.people import PeopleRoutes
from syncd.sandbox.wix.routes import Call, Route, find_route, no_route
from syncd.sandbox.wix.state import Site, WixState
from syncd.sandbox.wix.view import View

PAGING = ("count", "cursors", "hasNext")

FAULT_KINDS: Mapping[str, Check] = {
    **DELIVERY_KINDS,
    **READ_KINDS,
    "paging": lambda value: isinstance(value, dict) and bool(value) and set(value) <= set(PAGING),
    "item_failures": is_indexes,
    "missing_results": is_indexes,
    "reversed_results": is_true,
}
"""What `do` of a fault may hold here beyond the common kinds."""

_BLANK = {"message": "planted", "details": {}}


class WixApp:
    """`cut(peer)` breaks the connection to a client; it is given by the server."""

    def __init__(self, state: WixState, cut: Cut) -> None:
        self.state = state
        self.access = Access(state)
        self.log = RequestLog()
        self.faults = Faults(kinds=FAULT_KINDS)
        self._serial = 0
        self._delivery = Delivery(cut, lambda _request, _status: _BLANK)
        self._control = ControlRoutes(state.clock, self.log, self.faults, self.release)
        self._people = PeopleRoutes(state, self.access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        request = await read_request(scope, receive)
        if request.path.startswith(f"{CONTROL_PREFIX}/"):
            reply: Reply | None = await self._answer_control(request)
        else:
            reply = await self._answer_logged(request)
        if reply is not None:
            self._serial += 1
            reply = replace(reply, headers={"x-wix-request-id": f"sandbox-{self._serial}", **reply.headers})
        await self._delivery.send(request, reply, receive, send)

    def close(self) -> None:
        """End planted delays early, so that a server can stop."""
        self._delivery.close()

    async def _answer_control(self, request: Request) -> Reply:
        found = await self._control.answer(request.method, request.path, request.query, request.body)
        if found is None:
            query = parse_qs(request.query)
            found = self._people.answer(request.method, request.path, query, request.body)
        if found is None:
            found = ControlReply(404, {"message": "no such sandbox route"})
        return Reply.of(found.status, found.body, {})

    async def _answer_logged(self, request: Request) -> Reply | None:
        found = find_route(request.method, request.path, self.state.switches["path_without_s"])
        route = found[0] if found else None
        kinds = ANYWHERE | (route.kinds if route else frozenset())
        fault = self.faults.take(request.method, request.path, request.body, fits=lambda do: set(do) <= kinds)
        reply = await self._delivery.carry(request, fault.do if fault else {}, self._answered)
        self._note(request, route, self._named(fault, request, route, reply) if fault else None, reply)
        return reply

    def _named(self, fault: Fault, request: Request, route: Route | None, reply: Reply | None) -> str:
        """The fault as the log shows it: whether it changed what was read."""
        if route is None or route.write or reply is None or not set(fault.do) <= route.kinds:
            return fault.name
        truth = self._answer(request, {})
        return fault.name if _told(truth) != _told(reply) else f"{fault.name} (no effect)"

    async def _answered(self, request: Request, do: Mapping[str, Any]) -> Reply:
        return self._answer(request, do)

    def forget_held(self) -> None:
        """What `apply_late` held back never happens."""
        self._delivery.take_held()

    async def release(self) -> int:
        """Carry out what `apply_late` held back; returns how many."""
        held = self._delivery.take_held()
        for request in held:
            found = find_route(request.method, request.path, self.state.switches["path_without_s"])
            self._note(request, found[0] if found else None, "released", self._answer(request, {}))
        return len(held)

    def _answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        try:
            return Reply.of(200, self._dispatch(request, do), {})
        except OAuthError as error:
            return Reply.of(error.status, error.body(), {})
        except WixError as error:
            return Reply.of(error.status, error.envelope(), error.headers)

    def _dispatch(self, request: Request, do: Mapping[str, Any]) -> Json:
        if request.method == "POST" and request.path == "/oauth2/token":
            return self.access.token(_oauth_body(request))
        if request.method == "POST" and request.path == "/oauth2/token-info":
            return self.access.token_info(_oauth_body(request))
        caller, site = self.access.caller(request.headers.get("authorization", ""))
        found = find_route(request.method, request.path, self.state.switches["path_without_s"])
        if found is None:
            raise no_route()
        route, params = found
        require(caller, *route.scopes)
        series.extend(site)
        query = parse_qs(request.query, keep_blank_values=True)
        return route.answer(Call(caller, site, _view(site, do), params, query, _json_body(request), do))

    def _note(self, request: Request, route: Route | None, fault: str | None, reply: Reply | None) -> None:
        write = route is not None and route.write
        entry = {
            "at": rfc3339(self.state.clock.now()),
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "status": None if reply is None else reply.status,
            "bytes_in": len(request.body),
            "bytes_out": 0 if reply is None else len(reply.body),
            "write": write,
            "fault": fault,
        }
        if write:
            try:
                entry["body"] = json.loads(request.body or b"null")
            except ValueError:
                entry["body"] = None
        self.log.append(entry)


def _view(site: Site, do: Mapping[str, Any]) -> View:
    replayed = do.get("replay", {})
    ago = do.get("stale_seconds")
    return View(
        site,
        Past(
            as_of=None if ago is None else site.clock.now() - timedelta(seconds=ago),
            undone=do.get("stale_writes", 0),
            back=replayed.get("back", 0),
            ids=replayed.get("id", ""),
        ),
    )


def _told(reply: Reply) -> Any:
    """What an answer says but for its cursors, which are new each time."""
    told = json.loads(reply.body)
    if isinstance(told, dict) and isinstance(told.get("pagingMetadata"), dict):
        paging = told["pagingMetadata"]
        paging["cursors"] = sorted(paging.get("cursors") or {})
    return reply.status, told


def _json_body(request: Request) -> Json:
    if not request.body:
        return {}
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise WixError(400, "a body needs Content-Type: application/json")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise WixError(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise WixError(400, "the body must be a JSON object")
    return body


def _oauth_body(request: Request) -> Json:
    try:
        return _json_body(request)
    except WixError as error:
        raise OAuthError(400, "invalid_request", error.message) from error
