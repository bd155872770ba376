"""Refusals of Microsoft Graph and what they mean to the caller: one table, by code (reference/microsoft.md, 5).

A status alone says little: 404 is an item, a calendar or a mailbox, and 409 a conflict, a name or a repeated create.
Not here: sending (client), what every provider's refusals have in common (adapters.refusals). No text of an answer
enters an error but codes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from adapters import refusals
from adapters.refusals import AGAIN, SIDE, Asked, Barred, Missing, Refused, Resting, Row, mapping_of, word
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

__all__ = ["AGAIN", "BY", "SIDE", "Asked", "Barred", "Missing", "Overtaxed", "Repeated", "Resting", "read_refusal"]

BY: Final = "Microsoft"
_RIGHT: Final = "the account may see this and not change it, or a consent is missing: connect it again"
_MAILBOX: Final = "this account has no mailbox at Microsoft 365 or Outlook.com: connect one that has"
_FULL: Final = "the mailbox is full: make room in it; reading goes on, and writing is tried again each hour"
_DEEPEST: Final = 4  # inner errors that are looked into


class Repeated(Exists):
    """The transaction id was used already. `existing`: the id of the event that it made, "" where it was not told."""

    existing: str = ""


class Overtaxed(Transient):
    """The server failed over what was asked, and may not over less (reference/microsoft.md, 1.4)."""


TABLE: Final[Mapping[str, Row]] = {
    "InvalidAuthenticationToken": Row(AuthRevoked, hint="connect the account again"),
    "ErrorAccessDenied": Row(Barred, Forbidden, _RIGHT),
    "AccessDenied": Row(Barred, Forbidden, _RIGHT),
    "MailboxNotEnabledForRESTAPI": Row(Forbidden, hint=_MAILBOX),
    "ErrorItemNotFound": Row(Missing),
    "ErrorInvalidIdMalformed": Row(Rejected, Transient),  # it names nothing: no proof that anything is gone
    "ErrorFolderExists": Row(Exists),
    "ErrorDuplicateTransactionId": Row(Repeated, Transient),
    "ErrorIrresolvableConflict": Row(Stale, Transient),
    "ConcurrentItemSave": Row(Transient, hint=AGAIN),
    "SyncStateNotFound": Row(CursorExpired),
    "SyncStateInvalid": Row(CursorExpired),
    "ResyncRequired": Row(CursorExpired),
    "ApplicationThrottled": Row(Throttled, hint=AGAIN),
    "TooManyRequests": Row(Throttled, hint=AGAIN),
    "ErrorQuotaExceeded": Row(Resting, hint=_FULL),
    "QuotaExceeded": Row(Resting, hint=_FULL),
}
_FAILED: Final = Row(Overtaxed, hint=AGAIN)
_BY_CODE: Final[Mapping[str, Row]] = {code.casefold(): row for code, row in TABLE.items()}
# What a status means with a code that the table does not have, or with none.
STATUSES: Final[Mapping[int, Row]] = {
    400: Row(Rejected, Transient),
    401: TABLE["InvalidAuthenticationToken"],
    403: Row(Rejected, Forbidden, _RIGHT),
    404: Row(Missing),
    408: Row(Transient, hint=AGAIN),
    409: Row(Stale, Transient),
    410: Row(Missing, CursorExpired),
    412: Row(Stale, Transient),
    423: Row(Transient, hint=AGAIN),
    424: Row(Transient, hint=AGAIN),  # a part of a batch whose parent failed: not applied
    429: TABLE["ApplicationThrottled"],
    507: TABLE["ErrorQuotaExceeded"],
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success, in what of it may be shown. `existing`: the event that a repeated create made."""

    status: int
    code: str = ""
    existing: str = ""

    def error(self, asked: Asked, wait: float) -> AdapterError:
        """The error to raise, or to put in the place of an item. `wait`: seconds, for one that is throttled."""
        row = self._row()
        kind = row.kind(asked)
        if asked.token and self.status in (400, 404, 410) and kind is not Forbidden:
            kind = CursorExpired
        told = Refused(BY, self.status, self.code).error(kind, asked, wait, row.hint)
        if isinstance(told, Repeated):
            told.existing = self.existing
        return told

    def _row(self) -> Row:
        found = _BY_CODE.get(self.code.casefold())
        if found is not None:
            return found
        return STATUSES.get(self.status, _FAILED if self.status >= 500 else Row(Rejected, Transient))


def read_refusal(status: int, body: bytes) -> Refusal:
    """What an answer says in Graph's envelope; any other body says nothing.

    Of nested codes the outermost that the table has counts, else the outermost.
    """
    try:
        error = mapping_of(mapping_of(msgspec.json.decode(body)).get("error"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal(status)
    codes = [code for code in map(word, _codes(error)) if code]
    known = next((code for code in codes if code.casefold() in _BY_CODE), next(iter(codes), ""))
    existing = next((one for one in _existing(error) if isinstance(one, str)), "")
    return Refusal(status, known, existing)


def _codes(error: Mapping[str, Any]) -> Iterator[Any]:
    for _ in range(_DEEPEST):
        yield error.get("code")
        error = mapping_of(error.get("innerError") or error.get("innererror"))
        if not error:
            return


def _existing(error: Mapping[str, Any]) -> Iterator[Any]:
    yield error.get("@event.existingEventId")
    yield error.get("existingEventId")
    yield mapping_of(error.get("innerError")).get("existingEventId")


def unclear(asked: Asked) -> Transient:
    """An answer that is none: of a write nobody knows whether it took effect."""
    return refusals.unclear(BY, asked)
