"""The faults on demand of this simulator: those of the fault proxy, by the same names, and states of the past.

`do` may hold, beyond the common kinds and cut_body:

stale_seconds   s: a read shows the calendar as it was s seconds ago
stale_writes    k: a read shows the calendar as it was before its last k versions were written
replay_rows     {"href": regular expression on the file name = any, "back": k = 1}: objects as they were k versions
                before their newest, at worst their first
refuse_token    403, 409, 410, 412…: the answer to a sync-collection that carries a token
foreign_edit    {"replace": [[pattern, replacement]], "answer": "outdated" | "theirs"}: right after a PUT was stored,
                the person edits the object; the client is answered with the ETag of its own PUT, or with theirs
pad_body        n: so many blanks more at the end of the answer's body
truncate_rows, empty, drop_rows, add_rows, set_row, serve, strip_etag, weak_etag, replace: as `proxy_kinds.py` says

`match` may also hold `report`, `token`, `account` (the address) and `host` (entry, partition-1, partition-2). A fault
waits for a request where its kinds make sense. Not here: how rows are rewritten (`proxy_rows.py`), what the past is
(`service.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from syncd.sandbox.asgi import ANYWHERE, DELIVERY_KINDS, Reply, Request
from syncd.sandbox.caldav.ical import unfolded
from syncd.sandbox.caldav.paths import place_of
from syncd.sandbox.caldav.reports import ReportFacts
from syncd.sandbox.caldav.state import CaldavState
from syncd.sandbox.control import Check, is_count, is_number
from syncd.sandbox.proxy_kinds import KINDS
from syncd.sandbox.proxy_rows import REWRITING, ROW_KINDS, Multistatus, served_bytes, served_etag, substituted

MATCHES: Final = ("report", "token", "account", "host")
PAST_KINDS: Final = frozenset({"stale_seconds", "stale_writes", "replay_rows"})
_OF_ROWS: Final = frozenset({*ROW_KINDS, "weak_etag", "replace"})
_OF_READS: Final = PAST_KINDS | _OF_ROWS

FAULT_KINDS: Final[Mapping[str, Check]] = {
    **{name: check for name, check in KINDS.items() if name != "replay"},
    **DELIVERY_KINDS,
    "pad_body": is_count,
    "stale_seconds": lambda value: is_number(value) and value > 0,  # type: ignore[operator]
    "stale_writes": lambda value: is_count(value) and value > 0,  # type: ignore[operator]
}
"""What `do` of a fault may hold here beyond the common kinds."""


def kinds_for(request: Request, facts: ReportFacts) -> frozenset[str]:
    """The kinds that make sense for a request."""
    match request.method:
        case "PROPFIND" | "REPORT":
            token = {"refuse_token"} if facts.report == "sync-collection" and facts.token else set()
            return ANYWHERE | _OF_READS | token | {"pad_body"}
        case "GET":
            return ANYWHERE | PAST_KINDS | {"serve", "strip_etag", "weak_etag", "replace", "pad_body"}
        case "PUT":
            return ANYWHERE | {"foreign_edit", "strip_etag", "weak_etag"}
    return ANYWHERE


def rewritten(request: Request, reply: Reply, do: Mapping[str, Any]) -> Reply:
    """The answer after every kind that rewrites it."""
    for kind in REWRITING:
        if kind in do:
            reply = _changed(request, reply, kind, do)
    return replace(reply, body=reply.body + b" " * do.get("pad_body", 0))


def edited_behind(state: CaldavState, request: Request, reply: Reply, spec: Mapping[str, Any]) -> Reply:
    """The person edits what was just stored; the answer is the client's own or tells their version."""
    place = place_of(state, request.raw_path)
    if reply.status >= 300 or place.calendar is None:
        return reply
    stored = place.calendar.get(place.name)
    if stored is None:
        return reply
    text = "\n".join([*unfolded(stored.body.decode()), ""])
    edited = substituted(text, spec["replace"])
    theirs = place.calendar.put(place.name, edited.replace("\n", "\r\n").encode(), stored.uid)
    if spec.get("answer") != "theirs":
        return reply
    return replace(reply, headers={**reply.headers, "etag": theirs.etag})


def _changed(request: Request, reply: Reply, kind: str, do: Mapping[str, Any]) -> Reply:
    etag, value = reply.headers.get("etag"), do[kind]
    match kind:
        case "strip_etag":
            return replace(reply, headers={name: text for name, text in reply.headers.items() if name != "etag"})
        case "weak_etag":
            if value in (True, "header", "all") and etag is not None and etag.startswith('"'):
                reply = replace(reply, headers={**reply.headers, "etag": f"W/{etag}"})
            return _with_rows(reply, kind, do) if value in ("rows", "all") else reply
        case "replace":
            text = substituted(reply.body.decode("utf-8", "surrogateescape"), value)
            return replace(reply, body=text.encode("utf-8", "surrogateescape"))
        case "serve" if request.method == "GET":
            return _served(request, reply, value)
    return _with_rows(reply, kind, do)


def _with_rows(reply: Reply, kind: str, do: Mapping[str, Any]) -> Reply:
    try:
        rows = Multistatus(reply.body)
    except ValueError:
        return reply
    touched = rows.weaken() if kind == "weak_etag" else rows.apply(kind, do)
    return replace(reply, body=rows.to_bytes()) if touched else reply


def _served(request: Request, reply: Reply, value: Mapping[str, Any]) -> Reply:
    for href, content in value.items():
        if re.search(href, request.path):
            body = served_bytes(content)
            etag = reply.headers.get("etag") or served_etag(body)
            return Reply(200, body, {"content-type": "text/calendar; charset=utf-8", "etag": etag})
    return reply
