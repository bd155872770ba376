"""Failures as Microsoft Graph words them: an HTTP status and the `error` envelope with a code.

Not here: failures of the authority, which have the shape of RFC 6749 with AADSTS codes (`refusals.py`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Json = dict[str, Any]

CODES: Final[Mapping[str, tuple[int, str]]] = {
    "BadRequest": (400, "The request is malformed or incorrect."),
    "ErrorInvalidRequest": (400, "The request is invalid."),
    "ErrorInvalidParameter": (400, "A parameter is invalid."),
    "ErrorPropertyValidationFailure": (400, "At least one property failed validation."),
    "RequestBodyRead": (400, "The request body could not be read."),
    "ErrorInvalidIdMalformed": (400, "Id is malformed."),
    "ErrorInvalidUrlQuery": (400, "The following parameters are not supported with change tracking."),
    "ErrorInvalidUrlQueryFilter": (400, "The query filter contains one or more invalid nodes."),
    "TimeZoneNotSupportedException": (400, "A valid TimeZone value must be specified."),
    "ErrorDuplicateTransactionId": (
        400,
        "Your request can't be completed. The TransactionId was already used to create a different event.",
    ),
    "InvalidRequest": (400, "The request is invalid."),
    "ValidationError": (400, "Subscription validation request failed."),
    "InvalidAuthenticationToken": (401, "Access token has expired or is not yet valid."),
    "ErrorAccessDenied": (403, "Access is denied. Check credentials and try again."),
    "ErrorItemNotFound": (404, "The specified object was not found in the store."),
    "ResourceNotFound": (404, "Resource could not be discovered."),
    "MailboxNotEnabledForRESTAPI": (
        404,
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    ),
    "MethodNotAllowed": (405, "The HTTP method is not allowed for this resource."),
    "ErrorFolderExists": (409, "A folder with the specified name already exists."),
    "ErrorIrresolvableConflict": (
        412,
        "The change key passed in the request does not match the current change key for the item.",
    ),
    "ConcurrentItemSave": (409, "The item was saved by another request at the same time."),
    "SyncStateNotFound": (410, "The sync state generation is not found."),
    "resyncRequired": (410, "Resync required. Replace any local items with the server's version."),
    "UnsupportedMediaType": (415, "A body of this media type is not supported."),
    "FailedDependency": (424, "A request that this one depends on has failed."),
    "ApplicationThrottled": (429, "Application is over its MailboxConcurrency limit."),
    "TooManyRequests": (429, "Too many requests."),
    "UnknownError": (500, ""),
    "InternalServerError": (500, "An internal server error occurred."),
    "ServiceUnavailable": (503, "The service is temporarily unavailable."),
    "GatewayTimeout": (504, "The gateway did not get an answer in time."),
    "ErrorQuotaExceeded": (507, "The mailbox has exceeded its quota."),
}
"""By code: usual status and message (reference/microsoft.md, 5)."""


class GraphError(Exception):
    """A refusal. Status and message follow the code unless they are given; `more` joins code and message.

    A code that CODES does not know needs a status.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        usual, text = CODES[code] if status is None or code in CODES else (status, "")
        super().__init__(message or text)
        self.code = code
        self.message = message or text
        self.status = usual if status is None else status
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def envelope(self, at: datetime, request_id: str, client_request_id: str | None = None) -> Json:
        """The body of the reply; a client that named no id of its own is told the server's twice."""
        inner = {
            "date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        return {"error": {"code": self.code, "message": self.message, **self.more, "innerError": inner}}
