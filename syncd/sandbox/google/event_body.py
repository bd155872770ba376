"""Bodies of events: which fields are a client's to write, their limits, and what Google silently does to them.

Not here: types and unknown fields (`discovery.py`), and who may write what (`rules.py`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from syncd.sandbox.google.errors import GoogleError, Json, invalid
from syncd.sandbox.google.moments import show_local
from syncd.sandbox.google.values import Event, Moment
from syncd.sandbox.switching import Switches

PLAIN: Final = (
    "summary",
    "description",
    "location",
    "colorId",
    "eventLabelId",
    "transparency",
    "visibility",
    "attendees",
    "attendeesOmitted",
    "extendedProperties",
    "reminders",
    "source",
    "anyoneCanAddSelf",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "conferenceData",
    "attachments",
    "gadget",
    "privateCopy",
    "birthdayProperties",
    "focusTimeProperties",
    "outOfOfficeProperties",
    "workingLocationProperties",
)
"""Fields that are answered as they were written."""

_ID = re.compile(r"[0-9a-v]{5,1024}")
_ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
}
_STATUSES: Final = ("confirmed", "tentative", "cancelled")
_RESPONSES: Final = ("needsAction", "declined", "tentative", "accepted")
_ABSENT: Final[Mapping[str, Any]] = {
    "transparency": "opaque",
    "visibility": "default",
    "anyoneCanAddSelf": False,
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
    "privateCopy": False,
    "attendeesOmitted": False,
    "reminders": {"useDefault": True},
}
"""Values that are not stored, as answers leave them out."""
_LONGEST_DESCRIPTION: Final = 8192
_LONGEST_TEXT: Final = 1024
_LONGEST_KEY: Final = 44
_LONGEST_VALUE: Final = 1024
_MOST_PROPERTIES: Final = 300
_MOST_BYTES: Final = 32 * 1024


def read_id(value: str) -> str:
    """An id that a client chose: base32hex in lower case, 5 to 1024 characters."""
    if not _ID.fullmatch(value):
        raise invalid("resource.id", "Invalid resource id value.")
    return value


def read_status(value: object) -> str:
    """`status` of a body; absent is confirmed."""
    if value is None:
        return "confirmed"
    if value not in _STATUSES:
        raise invalid("status", "Invalid value for: status")
    return str(value)


def read_fields(body: Mapping[str, Any], switches: Switches) -> Json:
    """The plain fields as they are stored: checked, cut, and without values that mean absence."""
    found = {}
    for name in PLAIN:
        if body.get(name) is None:
            continue
        read = _READERS.get(name)
        value = body[name] if read is None else read(name, body[name], switches)
        if value not in ("", [], {}, _ABSENT.get(name)):
            found[name] = value
    return found


def as_body(event: Event) -> Json:
    """An event as the body that would write it again."""
    body = {**event.fields, "status": event.status, "eventType": event.type}
    for name, moment in (("start", event.start), ("end", event.end)):
        body[name] = _moment_body(moment)
    if event.recurrence:
        body["recurrence"] = list(event.recurrence)
    return body


def _moment_body(moment: Moment) -> Json:
    if moment.all_day:
        return {"date": moment.at.isoformat()}
    return {"dateTime": show_local(moment.instant(moment.zone), moment.zone), "timeZone": moment.zone}


def merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """The patch laid over the base: null removes, objects merge key by key, arrays are replaced."""
    found = dict(base)
    for key, value in patch.items():
        before = found.get(key)
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            found[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            found[key] = value
    return found


def _enum(name: str, value: Any, _switches: Switches) -> Any:
    if value not in _ENUMS[name]:
        raise invalid(name, f"Invalid value for: {name}")
    return value


def _text(name: str, value: str, switches: Switches) -> str:
    if len(value) <= _LONGEST_TEXT or switches["long_text"] == "accept":
        return value
    if switches["long_text"] == "refuse":
        raise invalid(name, f"{name} is too long")
    return value[:_LONGEST_TEXT]


def _description(name: str, value: str, switches: Switches) -> str:
    if len(value) > _LONGEST_DESCRIPTION:
        if switches["long_description"] == "refuse":
            raise invalid(name, "description is too long")
        value = value[:_LONGEST_DESCRIPTION]
    return rewritten(value) if switches["description_html"] == "rewritten" else value


def rewritten(text: str) -> str:
    """A description as Google's own pages store it: markup."""
    escaped = re.sub(r"&(?!\w+;)", "&amp;", text)
    return escaped.replace("\r\n", "\n").replace("\n", "<br>")


def _attendees(_name: str, value: list[Json], _switches: Switches) -> list[Json]:
    found = []
    for entry in value:
        if "@" not in str(entry.get("email", "")):
            raise invalid("attendees[].email", "Invalid attendee email.")
        if entry.get("responseStatus", "needsAction") not in _RESPONSES:
            raise invalid("attendees[].responseStatus")
        kept = {key: held for key, held in entry.items() if key not in ("self", "organizer", "id")}
        found.append({"responseStatus": "needsAction", **kept})
    return found


def _properties(_name: str, value: Mapping[str, Mapping[str, str]], _switches: Switches) -> Json:
    found = {}
    for kind, entries in value.items():
        kept = {key: text[:_LONGEST_VALUE] for key, text in entries.items() if len(key) <= _LONGEST_KEY}
        size = sum(len(key.encode()) + len(text.encode()) for key, text in kept.items())
        if len(kept) > _MOST_PROPERTIES or size > _MOST_BYTES:
            raise invalid(f"extendedProperties.{kind}", "Too many or too large extended properties.")
        if kept:
            found[kind] = kept
    return found


def _reminders(_name: str, value: Json, _switches: Switches) -> Json:
    overrides = value.get("overrides", [])
    if value.get("useDefault") and overrides:
        raise invalid("reminders", "Cannot specify both default reminders and overrides at the same time.")
    if len(overrides) > 5:
        raise invalid("reminders.overrides", "At most 5 overrides.")
    for entry in overrides:
        if entry.get("method") not in ("email", "popup") or not 0 <= entry.get("minutes", -1) <= 40320:
            raise invalid("reminders.overrides[]")
    return {"useDefault": bool(value.get("useDefault", False)), **({"overrides": overrides} if overrides else {})}


def _source(_name: str, value: Json, _switches: Switches) -> Json:
    if not str(value.get("url", "")).startswith(("http://", "https://")):
        raise GoogleError("invalid", "Invalid source url.", ("parameter", "source.url"))
    return value


_READERS: Final[Mapping[str, Callable[[str, Any, Switches], Any]]] = {
    "transparency": _enum,
    "visibility": _enum,
    "summary": _text,
    "location": _text,
    "description": _description,
    "attendees": _attendees,
    "extendedProperties": _properties,
    "reminders": _reminders,
    "source": _source,
}
