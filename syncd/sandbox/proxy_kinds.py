"""The faults that the fault proxy adds to the common ones, and what each may say.

`do` beside the common kinds:

refuse_token    403, 409, 410, 412…: the answer to a sync-collection that carries a token
replay          {"back": k}: the k-th last answer to the same account, method, path, depth and body
replay_rows     {"href": regular expression on the decoded path = any, "back": k = 1}: objects as they were k versions
                before their newest, of those that the proxy has seen; at worst not there. In a REPORT, a PROPFIND
                and a GET; a sync-collection names them even where nothing has happened to them
cut_body        n: the connection breaks after n bytes of the answer's body
truncate_rows   n: a well-formed multistatus with its first n rows only
empty           true: a multistatus without rows; "bare": without its sync-token too
drop_rows       regular expression on the href
add_rows        [{"href", "status" = 200, "etag"}]
set_row         {"href": regular expression, "status", "etag"}, or a list of them
serve           {regular expression on the href: text | {"text"} | {"base64"}}: calendar-data of a
                REPORT's rows and body of a GET
strip_etag      true: the answer has no ETag header
weak_etag       "header" (or true), "rows", "all"
replace         [[pattern, replacement]]: on the text of the answer's body
foreign_edit    {"replace": [[pattern, replacement]], "answer": "outdated" | "theirs"}: right after
                a PUT was stored, somebody else edits the object; the client is answered with the
                ETag of its own PUT, or with theirs

`match` beside the common keys: `report` (sync-collection, calendar-multiget, calendar-query) and
`token` (the sync-token sent). Not here: how a fault is carried out (proxy_delivery, proxy_rows).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from syncd.sandbox.control import Check, ControlError, is_count

MATCHES: Final = ("report", "token")
_WITHOUT_SERVER: Final = ("status", "refuse_token", "replay", "apply_late")


def _is_pattern(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _is_status(value: object) -> bool:
    return is_count(value) and value in {status.value for status in HTTPStatus}


def _is_replacements(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(pair, list) and len(pair) == 2 and _is_pattern(pair[0]) and isinstance(pair[1], str)
            for pair in value
        )
    )


def _is_row(value: object, *, pattern: bool) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"href", "status", "etag"}:
        return False
    href = value.get("href")
    return (
        (_is_pattern(href) if pattern else isinstance(href, str))
        and _is_status(value.get("status", 200))
        and isinstance(value.get("etag", ""), str)
    )


def _is_set_row(value: object) -> bool:
    rows: list[Any] = value if isinstance(value, list) else [value]
    return bool(rows) and all(_is_row(row, pattern=True) and set(row) != {"href"} for row in rows)


def _is_add_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_row(row, pattern=False) for row in value)


def _is_content(value: object) -> bool:
    if isinstance(value, str):
        return True
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    if "base64" in value:
        try:
            base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            return False
        return True
    return isinstance(value.get("text"), str)


def _is_serve(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(_is_pattern(href) and _is_content(content) for href, content in value.items())
    )


def _is_foreign_edit(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) <= {"replace", "answer"}
        and _is_replacements(value.get("replace"))
        and value.get("answer", "outdated") in ("outdated", "theirs")
    )


def _is_replay(value: object) -> bool:
    back = value.get("back", 1) if isinstance(value, Mapping) and set(value) <= {"back"} else 0
    return is_count(back) and back > 0


def _is_replay_rows(value: object) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"href", "back"}:
        return False
    back = value.get("back", 1)
    return is_count(back) and back > 0 and _is_pattern(value.get("href", ""))


KINDS: Final[Mapping[str, Check]] = {
    "refuse_token": lambda value: _is_status(value) and value >= 400,  # type: ignore[operator]
    "replay": _is_replay,
    "replay_rows": _is_replay_rows,
    "cut_body": is_count,
    "truncate_rows": is_count,
    "empty": lambda value: value is True or value == "bare",
    "drop_rows": _is_pattern,
    "add_rows": _is_add_rows,
    "set_row": _is_set_row,
    "serve": _is_serve,
    "strip_etag": lambda value: value is True,
    "weak_etag": lambda value: value is True or value in ("header", "rows", "all"),
    "replace": _is_replacements,
    "foreign_edit": _is_foreign_edit,
}


def completed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the match that its kind implies, so that no other request uses the fault up.

    Raises ControlError when the kinds cannot go together.
    """
    do, match = spec.get("do"), spec.get("match", {})
    if not isinstance(do, Mapping) or not isinstance(match, Mapping):
        return dict(spec)
    alone = [kind for kind in _WITHOUT_SERVER if kind in do]
    alone += ["drop: before"] if do.get("drop") == "before" else []
    others = set(do) - {*_WITHOUT_SERVER, "drop", "delay_seconds", "headers", "body"}
    if len(alone) > 1 or (alone and (others or do.get("drop") == "after")):
        raise ControlError(f"{' and '.join(alone)} cannot go with another kind")
    if "drop" in do and "cut_body" in do:
        raise ControlError("drop cannot go with cut_body")
    implied: dict[str, str] = {}
    if "refuse_token" in do:
        implied = {"method": "REPORT", "report": "sync-collection", "token": "."}
    elif "foreign_edit" in do:
        implied = {"method": "PUT"}
    return {**spec, "match": {**implied, **match}}
