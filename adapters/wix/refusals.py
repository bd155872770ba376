"""Wix's refusals and what they mean to the caller: one table (reference/wix.md, 7).

Not here: sending (client). No text of an answer enters an error but codes, field names and the request id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from adapters.http import Reply
from syncd.errors import AdapterError, AuthRevoked, Exists, Forbidden, Rejected, Stale, Throttled, Transient

SIDE: Final = "wix"


class Permission(StrEnum):
    """Permissions by the names under which a person finds them (reference/wix.md, 1.4)."""

    READ = "Read Calendar"
    READ_PI = "Read Calendar - Including PI"
    MANAGE = "Manage Calendars"
    EXTERNAL = "Manage External Calendars"


_SCOPES: Final[Mapping[str, Permission]] = {
    "SCOPE.DC-CALENDAR.READ-PUBLIC": Permission.READ,
    "SCOPE.DC-CALENDAR.READ-PI": Permission.READ_PI,
    "SCOPE.DC-CALENDAR.MANAGE": Permission.MANAGE,
    "SCOPE.DC-BOOKINGS.MANAGE-EXTERNAL-CALENDARS": Permission.EXTERNAL,
}
_INSTALL: Final = "install the app on the site again and check instance_id under [[wix.sites]]"
_SECRET: Final = "check app_id and app_secret under [wix]"  # noqa: S105 - a hint
_AGAIN: Final = "the next pass tries again"
_PLAN: Final = "upgrade the site to a plan that includes it, then resume the connection"


@dataclass(frozen=True, slots=True)
class Row:
    """What a refusal becomes, and the repair for a person."""

    error: type[AdapterError]
    hint: str = ""


# By HTTP status and code; "" stands for every other code of the status.
TABLE: Final[Mapping[tuple[int, str], Row]] = {
    (400, ""): Row(Rejected),
    (400, "invalid_grant"): Row(AuthRevoked, _INSTALL),
    (401, ""): Row(AuthRevoked, _INSTALL),
    (401, "BAD_CREDENTIALS"): Row(Forbidden, "check the e-mail address and password of the external account"),
    (401, "invalid_client"): Row(Forbidden, _SECRET),
    (400, "invalid_client"): Row(Forbidden, _SECRET),
    (403, ""): Row(Forbidden),
    (403, "PREMIUM_FEATURE_NOT_ENABLED"): Row(Forbidden, _PLAN),
    (404, ""): Row(Stale),
    (404, "SCHEDULE_NOT_FOUND"): Row(Rejected),
    (408, ""): Row(Transient),
    (409, ""): Row(Stale),
    (409, "ALREADY_EXISTS"): Row(Exists),
    (425, ""): Row(Transient),
    (428, ""): Row(Rejected),
    (429, ""): Row(Throttled),
    (501, ""): Row(Rejected),
}
# Items of a bulk answer carry a code without a status; these are the statuses of the codes that are known.
STATUS_OF: Final[Mapping[str, int]] = {
    "INVALID_ARGUMENT": 400,
    "VALIDATION_ERROR": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "EVENT_NOT_FOUND": 404,
    "SCHEDULE_NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "REVISION_MISMATCH": 409,
    "FAILED_PRECONDITION": 428,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_MINUTE: Final = 60.0
_WORD: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
_SCOPE: Final = re.compile(r"SCOPE\.[A-Z.-]+")
_REQUEST: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: how errors call it, the permission it needs, the item it concerns, whether it may change it."""

    what: str
    permission: Permission
    ref: str = ""
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success, in what of it may be shown."""

    status: int
    code: str = ""
    fields: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    request: str = ""

    def error(self, asked: Asked, wait: float = _MINUTE) -> AdapterError:
        """The error to raise, or to put in the place of an item. `wait`: seconds, for a throttled one."""
        row = self._row()
        text, side, ref = self._text(asked), SIDE, asked.ref
        if row.error is Throttled:
            return Throttled(text, retry_after=wait, side=side, ref=ref, hint=_AGAIN)
        if row.error is Forbidden:
            hint = row.hint or self._missing(asked.permission)
            return Forbidden(text, code=self.code or str(self.status), side=side, ref=ref, hint=hint)
        if row.error is Transient or (row.error is Stale and not ref):
            return Transient(text, side=side, ref=ref, hint=_AGAIN, applied=asked.writes and self.status >= 500)
        return row.error(text, side=side, ref=ref, hint=row.hint)

    def _row(self) -> Row:
        if (self.status, self.code) in TABLE:
            return TABLE[self.status, self.code]
        if (self.status, "") in TABLE:
            return TABLE[self.status, ""]
        return Row(Rejected if 400 <= self.status < 500 else Transient)

    def _missing(self, needed: Permission) -> str:
        names = [_SCOPES[scope] for scope in self.scopes if scope in _SCOPES] or [needed]
        quoted = " or ".join(f'"{name}"' for name in names)
        return f"give the app the permission {quoted} and accept it on the site"

    def _text(self, asked: Asked) -> str:
        parts = [f"{self.status} {self.code}".strip(), *self.fields]
        if self.request:
            parts.append(f"request {self.request}")
        return f"Wix refused {asked.what} ({', '.join(parts)})"


def read_refusal(reply: Reply) -> Refusal:
    """What a reply says, in Wix's envelope or in that of OAuth (RFC 6749, 5.2); any other body says nothing."""
    request = _REQUEST.fullmatch(reply.headers.get("x-wix-request-id", ""))
    name = request.group() if request else ""
    try:
        body = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        return Refusal(reply.status, request=name)
    details = _object(body.get("details"))
    code = _object(details.get("applicationError")).get("code") or body.get("error")
    violations = _object(details.get("validationError")).get("fieldViolations")
    rows = violations if isinstance(violations, list) else []
    fields = tuple(filter(None, (_word(_object(row).get("field")) for row in rows[:5])))
    message = body.get("message")
    scopes = tuple(_SCOPE.findall(message)) if isinstance(message, str) else ()
    return Refusal(reply.status, _word(code), fields, scopes, name)


def item_error(code: str, asked: Asked) -> AdapterError:
    """What the refusal of one item of a bulk call means; a code that nobody knows is tried again later."""
    status = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else STATUS_OF.get(code)
    known = _word(code)
    if status is None:
        return Transient(f"Wix refused {asked.what} ({known or 'no code'})", side=SIDE, ref=asked.ref)
    return Refusal(status, "" if known.isdigit() else known).error(asked)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
