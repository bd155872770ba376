"""Checks of single request fields: type, length, range, enum. Each failure is a 400 that names its field.

Not here: which fields an entity has (`event_body.py`, `schedules.py`).
"""

import re
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from syncd.sandbox.switching import Switches
from syncd.sandbox.wix.errors import invalid
from syncd.sandbox.wix.times import parse_local, zone

Body = Mapping[str, Any]


def as_object(value: object, path: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise invalid(path, "must be an object", "TYPE")
    return value


def as_list(value: object, path: str, low: int, high: int) -> list[Any]:
    """An array of `low` to `high` entries."""
    if not isinstance(value, list):
        raise invalid(path, "must be an array", "TYPE")
    if not low <= len(value) <= high:
        raise invalid(path, f"must have {low} to {high} entries, has {len(value)}", "SIZE")
    return value


def as_text(value: object, path: str, low: int, high: int) -> str:
    """A string of `low` to `high` characters."""
    if not isinstance(value, str):
        raise invalid(path, "must be a string", "TYPE")
    if not low <= len(value) <= high:
        rule = "MIN_LENGTH" if len(value) < low else "MAX_LENGTH"
        raise invalid(path, f"must have {low} to {high} characters, has {len(value)}", rule)
    return value


def as_enum(value: object, path: str, allowed: Collection[str]) -> str:
    """One of the known names."""
    if not isinstance(value, str) or value not in allowed:
        raise invalid(path, f"must be one of {', '.join(sorted(allowed))}", "ENUM")
    return value


def as_bool(value: object, path: str) -> bool:
    """A JSON boolean."""
    if not isinstance(value, bool):
        raise invalid(path, "must be true or false", "TYPE")
    return value


def as_int(value: object, path: str, low: int, high: int = 2**31 - 1) -> int:
    """A JSON number without fraction."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(path, "must be a whole number", "TYPE")
    if not low <= value <= high:
        raise invalid(path, f"must be {low} to {high}", "RANGE")
    return value


def as_guid(value: object, path: str) -> str:
    """A GUID in its usual spelling."""
    try:
        if isinstance(value, str) and str(uuid.UUID(value)) == value.lower():
            return value
    except ValueError:
        pass
    raise invalid(path, "must be a GUID", "FORMAT")


def as_revision(value: object, path: str) -> int:
    """A 64-bit number, which JSON carries as a string."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,19}", value):
        raise invalid(path, "is required: a whole number as a string", "REQUIRED_FIELD")
    return int(value)


def as_local(value: object, path: str) -> datetime:
    """A naive time without seconds."""
    if not isinstance(value, str):
        raise invalid(path, "is required: a local date", "REQUIRED_FIELD")
    try:
        return parse_local(value)
    except ValueError as error:
        raise invalid(path, str(error), "FORMAT") from error


def as_zone(value: object, path: str) -> str:
    """An IANA region or UTC."""
    name = as_text(value, path, 1, 150)
    try:
        zone(name)
    except ValueError as error:
        raise invalid(path, str(error), "FORMAT") from error
    return name


def required(body: Body, key: str, path: str) -> Any:
    """A field that must be there and not null."""
    if body.get(key) is None:
        raise invalid(path, "is required", "REQUIRED_FIELD")
    return body[key]


def refuse_unknown(body: Body, known: Collection[str], path: str, switches: Switches) -> None:
    """400 for a field that the documentation does not know, unless the switch ignores it."""
    if switches["unknown_request_fields"] == "ignore":
        return
    for key in body:
        if key not in known:
            raise invalid(f"{path}.{key}" if path else key, "is not a field", "UNKNOWN_FIELD")


def notification(body: Body, switches: Switches) -> bool:
    """Whether `participantNotification` asks for a mail to the participants; default false."""
    value = body.get("participantNotification")
    if value is None:
        return False
    path = "participantNotification"
    asked = as_object(value, path)
    refuse_unknown(asked, ("notifyParticipants", "message", "metadata"), path, switches)
    if "message" in asked:
        as_text(asked["message"], f"{path}.message", 1, 5000)
    return as_bool(asked.get("notifyParticipants", False), f"{path}.notifyParticipants")


def answer_zone(body: Body) -> str | None:
    """The zone asked for in `timeZone`, for the adjusted times of the answer."""
    value = body.get("timeZone")
    return None if value is None else as_zone(value, "timeZone")
