"""From an HTTP request to the method that answers it: route, token, scope, quota, parameters, body.

Not here: faults and the log (`app.py`), what the methods do (`routes.py`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.google import grants
from syncd.sandbox.google.discovery import Method, check_body, find_method, has_path, read_parameters
from syncd.sandbox.google.errors import GoogleError, Json
from syncd.sandbox.google.partial import select
from syncd.sandbox.google.push import Channels
from syncd.sandbox.google.quota import Quota
from syncd.sandbox.google.routes import ANSWERS, Call, NotModified
from syncd.sandbox.google.state import GoogleState


def overridden(request: Request) -> Request:
    """A POST that stands for another method, whose query is its body (a GET too long for an address line)."""
    wanted = request.headers.get("x-http-method-override", "").upper()
    if request.method != "POST" or not wanted:
        return request
    return replace(request, method=wanted, query=request.body.decode("latin-1"), body=b"")


@dataclass(slots=True)
class Calls:
    """Answers requests of the API, one at a time."""

    state: GoogleState
    channels: Channels
    _quota: Quota = field(init=False)

    def __post_init__(self) -> None:
        self._quota = Quota(self.state)

    def answer(self, request: Request, do: Mapping[str, Any]) -> Reply:
        """The reply; 404 or 405 for what Google does not have."""
        found = find_method(request.method, request.raw_path)
        if found is None:
            return _no_method(405 if has_path(request.raw_path) else 404)
        reply = _replied(lambda: self._answer(request, *found, do, counted=True), request)
        if self.state.inspect is not None:
            self.state.inspect(found[0].id, _loaded(request.body), reply.status, _loaded(reply.body))
        return reply

    def answer_again(self, request: Request) -> Reply:
        """What a read would answer without any fault; counts for no quota."""
        found = find_method(request.method, request.raw_path)
        if found is None:
            return _no_method(404)
        return _replied(lambda: self._answer(request, *found, {}, counted=False), request)

    def _answer(
        self, request: Request, method: Method, path: Mapping[str, str], do: Mapping[str, Any], *, counted: bool
    ) -> Json | None:
        token = grants.caller(self.state, request.headers.get("authorization", ""))
        if not self.state.switches["api_enabled"]:
            raise GoogleError("accessNotConfigured")
        grants.require(self.state, token, method.scopes)
        if counted:
            units = self.state.switches["patch_units"] if method.id == "events.patch" else 1
            self._quota.count(self.state.clients[token.grant.client_id].project, token.grant.email, units)
        if method.write and "calendarId" in path:
            self._quota.count_write(token.grant.email if path["calendarId"] == "primary" else path["calendarId"])
        planted, after = _planted(do.get("error"))
        if planted is not None and not after:
            raise planted
        if method.id not in ANSWERS:
            raise GoogleError("notFound", f"{method.id} is not simulated")
        switches = self.state.switches
        strict = switches["unknown_parameters"] == "refuse"
        params = read_parameters(method, parse_qs(request.query, keep_blank_values=True), strict=strict)
        call = Call(
            state=self.state,
            account=self.state.accounts[token.grant.email],
            client_id=token.grant.client_id,
            path=path,
            params=params,
            body=_body(request, method, strict=switches["unknown_fields"] == "refuse"),
            headers=request.headers,
            channels=self.channels,
            base_url=f"http://{request.headers.get('host', '')}",
            do=do,
        )
        answered = ANSWERS[method.id][0](call)
        if planted is not None:
            raise planted
        return answered


def _loaded(raw: bytes) -> object:
    try:
        found: object = json.loads(raw or b"null")
    except ValueError:
        return None
    return found


def _replied(answer: Callable[[], Json | None], request: Request) -> Reply:
    try:
        answered = answer()
        if answered is None:
            return Reply(204, b"", {"cache-control": "no-cache", "vary": "Origin"})
        headers = {"etag": answered["etag"]} if "etag" in answered else {}
        fields = parse_qs(request.query).get("fields")
        return Reply.of(200, select(answered, fields[0]) if fields else answered, {**_JSON, **headers})
    except NotModified as same:
        return Reply(304, b"", {"etag": str(same)})
    except GoogleError as error:
        return Reply.of(error.status, error.envelope(), {**_JSON, **error.headers})


_JSON = {"content-type": "application/json; charset=UTF-8"}


def _no_method(status: int) -> Reply:
    """As Google's front answers, which is no JSON."""
    page = f"<!DOCTYPE html><title>Error {status}</title><p>That’s an error."  # noqa: RUF001 - as a page has it
    return Reply(status, page.encode(), {"content-type": "text/html; charset=UTF-8"})


def _planted(error: str | Mapping[str, Any] | None) -> tuple[GoogleError | None, bool]:
    """The refusal that a fault asks for, and whether the call is carried out before it."""
    if error is None or isinstance(error, str):
        return (None if error is None else GoogleError(error)), False
    after = error.get("retry_after")
    headers = {} if after is None else {"retry-after": str(after)}
    refusal = GoogleError(error["reason"], status=error.get("status"), headers=headers)
    return refusal, bool(error.get("after"))


def _body(request: Request, method: Method, *, strict: bool) -> Json:
    if method.request is None:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise GoogleError("badRequest", "A body of type application/json is needed.")
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise GoogleError("parseError") from error
    body = check_body(value, method.request, strict=strict, nulls=True)
    # Only a patch tells null from absence.
    return body if method.http_method == "PATCH" else _without_nulls(body)


def _without_nulls(body: Json) -> Json:
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if value is not None
    }
