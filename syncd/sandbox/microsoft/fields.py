"""The properties of an event: which exist, who sets them, what shape they have, what they are when nobody did.

Not here: how bodies are read (`event_body.py`) and events shown (`render.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from syncd.sandbox.microsoft.errors import GraphError, Json

NO_TIME: Final = "0001-01-01T00:00:00Z"
"""What stands for a time that never was."""

SHAPES: Final[Mapping[str, type]] = {
    "subject": str,
    "body": dict,
    "start": dict,
    "end": dict,
    "location": dict,
    "locations": list,
    "attendees": list,
    "importance": str,
    "sensitivity": str,
    "showAs": str,
    "isAllDay": bool,
    "isReminderOn": bool,
    "reminderMinutesBeforeStart": int,
    "responseRequested": bool,
    "categories": list,
    "recurrence": dict,
    "allowNewTimeProposals": bool,
    "hideAttendees": bool,
    "isOnlineMeeting": bool,
    "onlineMeetingProvider": str,
    "transactionId": str,
    "singleValueExtendedProperties": list,
}
"""What a client may write."""

READ_ONLY: Final = frozenset(
    {
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "iCalUId",
        "bodyPreview",
        "hasAttachments",
        "isCancelled",
        "isDraft",
        "isOrganizer",
        "organizer",
        "responseStatus",
        "seriesMasterId",
        "type",
        "webLink",
        "onlineMeeting",
        "onlineMeetingUrl",
        "originalStart",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "occurrenceId",
        "cancelledOccurrences",
        "exceptionOccurrences",
    }
)
"""What only the service sets."""

ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "importance": ("low", "normal", "high"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "showAs": ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"),
    "onlineMeetingProvider": ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"),
}

EMPTY_LOCATION: Final[Mapping[str, Any]] = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}

DEFAULTS: Final[Mapping[str, Any]] = {
    "subject": "",
    "body": "",
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "categories": [],
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
    "location": EMPTY_LOCATION,
    "locations": [],
    "attendees": [],
    "isCancelled": False,
}
"""What a new event has of its own; `body` is stored as HTML without its page."""


def check_shape(body: Json, *, read_only: str) -> Json:
    """The properties that a client may write; `read_only` says what becomes of the others: ignore or refuse.

    400 for what does not exist or has the wrong type. Null passes.
    """
    found: Json = {}
    for name, value in body.items():
        if name.startswith("@odata.") or "@odata." in name:
            continue
        if name in READ_ONLY:
            if read_only == "refuse":
                raise GraphError("ErrorInvalidRequest", f"The property '{name}' is read-only and cannot be set.")
            continue
        if name not in SHAPES:
            text = f"The property '{name[:60]}' does not exist on type 'microsoft.graph.event'."
            raise GraphError("RequestBodyRead", text)
        if value is not None and not _fits(value, SHAPES[name]):
            raise GraphError("RequestBodyRead", f"Cannot convert the value of '{name}' to its type.")
        found[name] = value
    return found


def _fits(value: object, shape: type) -> bool:
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
