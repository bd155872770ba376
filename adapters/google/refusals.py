"""Refusals of the Calendar API and what they mean to the caller: one table, by reason (reference/google.md, 5).

A status alone says little: 403 is a rate, a quota, a setting or a right. Not here: sending (client). No text of an
answer enters an error but reasons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from syncd.errors import (
    AdapterError,
    AuthRevoked,
    CursorExpired,
    Exists,
    Forbidden,
    Rejected,
    Stale,
    Throttled,
    Transient,
)

SIDE: Final = "external"
REST: Final = 3600.0  # seconds that an account's writes rest after "quotaExceeded"
AGAIN: Final = "the next pass tries again"
_API: Final = "switch the Google Calendar API on for the project of this client, and check its quotas and billing"
_CONSENT: Final = "connect the account again and leave every box ticked on the consent page"
_REST_HINT: Final = "Google lets this account write nothing for some hours; reading goes on, and writing resumes alone"
_RIGHT: Final = "the account may see this and not change it"
_WORD: Final = re.compile(r"[A-Za-z0-9_]{1,80}")


class Missing(Stale):
    """Not there, or no longer: 404, and 410 for an event. Of the calendar or of the item is for the caller to ask."""


class Deleted(Missing):
    """It was there, and was deleted: the calendar itself answers."""


class Barred(Rejected):
    """The account has no right to do this to this item; perhaps to none in the calendar."""


class Resting(Throttled):
    """The account has used up what it may write (reference/google.md, 5): no write for an hour."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: how errors call it, the item it concerns, whether it writes, whether it carries a sync token."""

    what: str
    ref: str = ""
    writes: bool = False
    token: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What a refusal becomes; `alone`: the same where it concerns no item. And the repair for a person."""

    error: type[AdapterError]
    alone: type[AdapterError] | None = None
    hint: str = ""


TABLE: Final[Mapping[str, Row]] = {
    "rateLimitExceeded": Row(Throttled, hint=AGAIN),
    "userRateLimitExceeded": Row(Throttled, hint=AGAIN),
    "quotaExceeded": Row(Resting, hint=_REST_HINT),
    "dailyLimitExceeded": Row(Forbidden, hint=_API),
    "accessNotConfigured": Row(Forbidden, hint=_API),
    "SERVICE_DISABLED": Row(Forbidden, hint=_API),
    "insufficientPermissions": Row(Forbidden, hint=_CONSENT),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Row(Forbidden, hint=_CONSENT),
    "forbidden": Row(Barred, Forbidden, _RIGHT),
    "forbiddenForNonOrganizer": Row(Barred, Forbidden, _RIGHT),
    "requiredAccessLevel": Row(Barred, Forbidden, _RIGHT),
    "authError": Row(AuthRevoked, hint="connect the account again: syncd connect with the same schedule"),
    "notFound": Row(Missing),
    "deleted": Row(Deleted),
    "duplicate": Row(Exists, Transient),
    "conflict": Row(Transient, hint=AGAIN),
    "fullSyncRequired": Row(CursorExpired),
    "updatedMinTooLongAgo": Row(CursorExpired),
    "conditionNotMet": Row(Stale),
    "backendError": Row(Transient, hint=AGAIN),
}
# What a status means with a reason that the table does not have, or with none.
STATUSES: Final[Mapping[int, Row]] = {
    400: Row(Rejected, Transient),
    401: TABLE["authError"],
    403: Row(Rejected, Forbidden, _RIGHT),
    404: Row(Missing),
    408: Row(Transient, hint=AGAIN),
    409: Row(Transient, hint=AGAIN),
    410: Row(Missing, CursorExpired),
    412: Row(Stale),
    429: TABLE["rateLimitExceeded"],
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success, in what of it may be shown."""

    status: int
    reason: str = ""

    def error(self, asked: Asked, wait: float) -> AdapterError:
        """The error to raise, or to put in the place of an item. `wait`: seconds, for one that is throttled."""
        row = self._row()
        kind = row.alone if row.alone is not None and not asked.ref else row.error
        if asked.token and (self.status in (400, 410) or kind is CursorExpired):
            kind = CursorExpired  # a mangled token is told as a bad request (reference/google.md, 1.3)
        text = f"{asked.what}: Google answered {self.status} {self.reason}".rstrip()
        if issubclass(kind, Throttled):
            seconds = REST if kind is Resting else wait
            return kind(text, retry_after=seconds, side=SIDE, ref=asked.ref, hint=row.hint)
        if kind is Forbidden:
            code = self.reason or str(self.status)
            return Forbidden(text, code=code, side=SIDE, ref=asked.ref, hint=row.hint)
        if kind is Transient:
            applied = asked.writes and self.status >= 500
            return Transient(text, side=SIDE, ref=asked.ref, hint=row.hint or AGAIN, applied=applied)
        return kind(text, side=SIDE, ref=asked.ref, hint=row.hint)

    def _row(self) -> Row:
        if self.status >= 500:
            return TABLE["backendError"]
        if self.reason in TABLE:
            return TABLE[self.reason]
        return STATUSES.get(self.status, Row(Rejected, Transient))


def read_refusal(status: int, body: bytes) -> Refusal:
    """What an answer says in Google's envelope; any other body says nothing."""
    try:
        error = _object(_object(msgspec.json.decode(body)).get("error"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal(status)
    rows = error.get("errors")
    details = error.get("details")
    named = [*(rows if isinstance(rows, list) else []), *(details if isinstance(details, list) else [])]
    reasons = [_word(_object(row).get("reason")) for row in named]
    return Refusal(status, next((word for word in reasons if word in TABLE), next(filter(None, reasons), "")))


def unclear(asked: Asked) -> Transient:
    """An answer that is none: of a write nobody knows whether it took effect."""
    text = f"{asked.what}: Google answered with something else"
    return Transient(text, side=SIDE, ref=asked.ref, hint=AGAIN, applied=asked.writes)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
