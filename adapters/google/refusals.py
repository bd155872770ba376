"""Refusals of the Calendar API and what they mean to the caller: one table, by reason (reference/google.md, 5).

A status alone says little: 403 is a rate, a quota, a setting or a right. Not here: sending (client), what every
provider's refusals have in common (adapters.refusals). No text of an answer enters an error but reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from adapters import refusals
from adapters.refusals import AGAIN, REST, SIDE, Asked, Barred, Missing, Refused, Resting, Row, mapping_of, word
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

__all__ = ["AGAIN", "REST", "SIDE", "Asked", "Barred", "Deleted", "Missing", "Refusal", "Resting", "read_refusal"]

BY: Final = "Google"
_API: Final = "switch the Google Calendar API on for the project of this client, and check its quotas and billing"
_CONSENT: Final = "connect the account again and leave every box ticked on the consent page"
_REST_HINT: Final = "Google lets this account write nothing for some hours; reading goes on, and writing resumes alone"
_RIGHT: Final = "the account may see this and not change it"


class Deleted(Missing):
    """It was there, and was deleted: the calendar itself answers."""


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
        kind = row.kind(asked)
        if asked.token and (self.status in (400, 410) or kind is CursorExpired):
            kind = CursorExpired  # a mangled token is told as a bad request (reference/google.md, 1.3)
        return Refused(BY, self.status, self.reason).error(kind, asked, wait, row.hint)

    def _row(self) -> Row:
        if self.status >= 500:
            return TABLE["backendError"]
        if self.reason in TABLE:
            return TABLE[self.reason]
        return STATUSES.get(self.status, Row(Rejected, Transient))


def read_refusal(status: int, body: bytes) -> Refusal:
    """What an answer says in Google's envelope; any other body says nothing."""
    try:
        error = mapping_of(mapping_of(msgspec.json.decode(body)).get("error"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal(status)
    rows = error.get("errors")
    details = error.get("details")
    named = [*(rows if isinstance(rows, list) else []), *(details if isinstance(details, list) else [])]
    reasons = [word(mapping_of(row).get("reason")) for row in named]
    return Refusal(status, next((word for word in reasons if word in TABLE), next(filter(None, reasons), "")))


def unclear(asked: Asked) -> Transient:
    """An answer that is none: of a write nobody knows whether it took effect."""
    return refusals.unclear(BY, asked)
