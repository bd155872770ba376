"""JSON batches: what may stand in one, and how the answers are written (reference/microsoft.md, 3).

Not here: how the items are answered (`app.py`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.front import loaded
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.operations import BATCH_PATH, VERSION

MOST: Final = 20
_METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch; `after` is the id of the one that it depends on."""

    id: str
    request: Request
    after: str | None = None


def is_batch(request: Request) -> bool:
    """Whether a request goes to the address of batches."""
    return unquote(request.raw_path).rstrip("/").casefold() == BATCH_PATH


def read_batch(request: Request) -> list[Item]:
    """The items, in the order sent. 400 for what is no batch, or breaks a rule of batches."""
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/json":
        raise GraphError("UnsupportedMediaType")
    body = loaded(request.body)
    rows = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise GraphError("BadRequest", "Invalid batch payload format.")
    if not 0 < len(rows) <= MOST:
        raise GraphError("BadRequest", f"Number of batch request steps exceeds the maximum value of {MOST}.")
    items = [_item(row, request) for row in rows]
    if len({item.id.casefold() for item in items}) < len(items):
        raise GraphError("BadRequest", "Request ids must be unique in a batch.")
    _check_order(items)
    return items


def _item(row: Json, outer: Request) -> Item:
    ref, method, url = row.get("id"), row.get("method"), row.get("url")
    if not isinstance(ref, str) or not ref:
        raise GraphError("BadRequest", "Invalid batch payload format: a request needs an id.")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise GraphError("BadRequest", f"Invalid method of request {ref}.")
    headers = _headers(row, ref)
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    headers["host"] = outer.headers.get("host", "")
    path, query = _address(url, ref)
    body = b""
    if row.get("body") is not None:
        if "content-type" not in headers:
            raise GraphError("BadRequest", f"Content-Type header is required for a request with body: request {ref}.")
        body = row["body"].encode() if isinstance(row["body"], str) else json.dumps(row["body"]).encode()
    request = Request(method.upper(), unquote(path), query, headers, body, outer.peer, path)
    if is_batch(request):
        raise GraphError("BadRequest", "A batch cannot hold a batch.")
    return Item(ref, request, _after(row, ref))


def _headers(row: Json, ref: str) -> dict[str, str]:
    headers = row.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise GraphError("BadRequest", f"Invalid headers of request {ref}.")
    return {name.lower(): value for name, value in headers.items()}


def _address(url: object, ref: str) -> tuple[str, str]:
    """Path and query of an address below the version."""
    if not isinstance(url, str) or not url or urlsplit(url).scheme or url.startswith("//"):
        raise GraphError("BadRequest", f"The url of request {ref} must be relative.")
    path, _, query = url.partition("?")
    return f"/{VERSION}/{path.lstrip('/')}", query


def _after(row: Json, ref: str) -> str | None:
    wanted = row.get("dependsOn") or []
    if not isinstance(wanted, list) or len(wanted) > 1 or not all(isinstance(name, str) for name in wanted):
        raise GraphError("BadRequest", f"Invalid dependsOn of request {ref}.")
    return wanted[0] if wanted else None


def _check_order(items: Sequence[Item]) -> None:
    """All side by side, or each after the one before it."""
    for place, item in enumerate(items):
        if item.after is None:
            continue
        earlier = [other.id.casefold() for other in items[:place]]
        if item.after.casefold() not in earlier:
            raise GraphError("BadRequest", f"Request {item.id} depends on a request that does not stand before it.")
    chained = [item.after is not None for item in items[1:]]
    straight = all(later.after == item.id for item, later in pairwise(items))
    if any(chained) and not straight:
        raise GraphError("BadRequest", "The requests of a batch must be all sequential or all parallel.")


def shown(item: Item, reply: Reply) -> Json:
    """One answer inside a batch; its headers have their own names back."""
    headers = {name.title(): value for name, value in reply.headers.items()}
    told: dict[str, Any] = {"id": item.id, "status": reply.status, "headers": headers}
    if reply.body:
        body = loaded(reply.body)
        told["body"] = reply.body.decode() if body is None else body
    return told


def write_batch(told: Sequence[Mapping[str, Any]], headers: Mapping[str, str]) -> Reply:
    """The answer to a batch: always 200."""
    return Reply.of(200, {"responses": list(told)}, headers)
