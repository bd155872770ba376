"""Failures as Google Calendar words them: an HTTP status and the `error` envelope with a reason.

Not here: OAuth failures, which have the shape of RFC 6749 (`oauth.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

REASONS: Final[Mapping[str, tuple[int, str, str]]] = {
    "badRequest": (400, "global", "Bad Request"),
    "invalid": (400, "global", "Invalid Value"),
    "required": (400, "global", "Required"),
    "parseError": (400, "global", "Parse Error"),
    "syncTokenWithRequestRestrictions": (
        400,
        "global",
        "Sync token cannot be used with other request restrictions.",
    ),
    "timeRangeEmpty": (400, "calendar", "The specified time range is empty."),
    "eventTypeRestriction": (400, "calendar", "The operation is not allowed for this type of event."),
    "malformedCalendarId": (400, "calendar", "Malformed calendar id."),
    "cannotChangeOrganizerOfInstance": (400, "calendar", "Cannot change the organizer of an instance."),
    "channelIdNotUnique": (400, "global", "Channel id not unique."),
    "pushNotSupportedForRequestedResource": (400, "global", "Push notifications are not supported by this resource."),
    "webhookUrlNotHttps": (400, "global", "WebHook callback must be HTTPS."),
    "authError": (401, "global", "Invalid Credentials"),
    "forbidden": (403, "global", "Forbidden"),
    "forbiddenForNonOrganizer": (
        403,
        "calendar",
        "Shared properties can only be changed by the organizer.",
    ),
    "requiredAccessLevel": (403, "calendar", "You need to have writer access to this calendar."),
    "insufficientPermissions": (403, "global", "Request had insufficient authentication scopes."),
    "accessNotConfigured": (
        403,
        "usageLimits",
        "Google Calendar API is disabled in this project.",
    ),
    "dailyLimitExceeded": (403, "usageLimits", "Daily Limit Exceeded"),
    "userRateLimitExceeded": (403, "usageLimits", "User Rate Limit Exceeded"),
    "rateLimitExceeded": (403, "usageLimits", "Rate Limit Exceeded"),
    "quotaExceeded": (403, "usageLimits", "Calendar usage limits exceeded."),
    "notFound": (404, "global", "Not Found"),
    "duplicate": (409, "global", "The requested identifier already exists."),
    "conflict": (409, "global", "Conflict"),
    "deleted": (410, "global", "Resource has been deleted"),
    "fullSyncRequired": (410, "calendar", "Sync token is no longer valid, a full sync is required."),
    "updatedMinTooLongAgo": (410, "calendar", "The requested minimum modification time lies too far in the past."),
    "conditionNotMet": (412, "global", "Precondition Failed"),
    "internalError": (500, "global", "Internal Error"),
    "backendError": (503, "global", "Backend Error"),
}
"""By reason: usual status, domain and message."""


class GoogleError(Exception):
    """A refusal. Status, domain and message follow the reason unless they are given; `where` is (type, name)."""

    def __init__(
        self,
        reason: str,
        message: str | None = None,
        where: tuple[str, str] | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual, self.domain, text = REASONS[reason]
        super().__init__(message or text)
        self.reason = reason
        self.message = message or text
        self.status = status or usual
        self.where = where
        self.headers = dict(headers or {})

    def envelope(self) -> Json:
        """The body of the reply."""
        entry = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.where is not None:
            entry |= {"locationType": self.where[0], "location": self.where[1]}
        return {"error": {"errors": [entry], "code": self.status, "message": self.message}}


def invalid(name: str, message: str | None = None) -> GoogleError:
    """400 for one parameter or field."""
    return GoogleError("invalid", message, ("parameter", name))


def required(name: str) -> GoogleError:
    """400 for something that must be there."""
    return GoogleError("required", f"Required: {name}", ("parameter", name))
