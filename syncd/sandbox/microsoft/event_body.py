"""Bodies of events: how each property is stored, its limits, and what Exchange silently does to it.

Not here: which properties there are (`fields.py`), times and series (`moments.py`, `recurrence.py`), extended
properties (`extended.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from syncd.sandbox.microsoft.bodies import from_html, from_text, join_block
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.fields import DEFAULTS, EMPTY_LOCATION, ENUMS, NO_TIME
from syncd.sandbox.switching import Switches

_MOST_ATTENDEES: Final = 500
_APART: Final = ("start", "end", "isAllDay", "recurrence", "transactionId", "singleValueExtendedProperties")
"""Properties that are not stored among the fields."""
_LOCATION_KEYS: Final = frozenset(
    {"displayName", "locationType", "uniqueId", "uniqueIdType", "address", "coordinates", "locationUri"}
    | {"locationEmailAddress"}
)
_ATTENDEE_TYPES: Final = ("required", "optional", "resource")


def written_fields(before: Mapping[str, Any], body: Json, switches: Switches) -> Json:
    """The fields after a write: what the body has replaces, null clears (by switch), the rest stays."""
    found = dict(before)
    for name, value in body.items():
        if name in _APART:
            continue
        if value is None:
            if switches["null_clears"]:
                found |= _cleared(name)
            continue
        found |= _READERS.get(name, _plain)(name, value, switches)
    return _with_meeting(before, found)


def _cleared(name: str) -> Json:
    cleared = {name: DEFAULTS[name]}
    if name in ("location", "locations"):
        cleared = {"location": EMPTY_LOCATION, "locations": []}
    return cleared


def _with_meeting(before: Mapping[str, Any], found: Json) -> Json:
    """An online meeting lives in its body: it begins with a join block, and ends when the block is lost."""
    meeting = before.get("onlineMeeting")
    if meeting is not None:
        lost = meeting["joinUrl"] not in found["body"]
        return found | ({"isOnlineMeeting": False, "onlineMeeting": None} if lost else {"isOnlineMeeting": True})
    return found


def with_join_block(fields: Mapping[str, Any], url: str) -> Json:
    """The fields of an event that has just become an online meeting."""
    return {
        **fields,
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
        "onlineMeeting": {"joinUrl": url},
        "body": fields["body"] + join_block(url),
    }


def _plain(name: str, value: Any, _switches: Switches) -> Json:
    return {name: value}


def _enum(name: str, value: str, _switches: Switches) -> Json:
    if value not in ENUMS[name]:
        raise GraphError("RequestBodyRead", f"Cannot convert the value of '{name}' to its type.")
    return {name: value}


def _subject(name: str, value: str, switches: Switches) -> Json:
    return {name: _limited(name, value, switches)}


def _limited(name: str, value: str, switches: Switches) -> str:
    limit = switches["subject_limit"]
    if limit and len(value) > limit:
        if switches["subject_excess"] == "cut":
            return value[:limit]
        raise GraphError("ErrorPropertyValidationFailure", f"The property '{name}' is too long.")
    return value


def _body(name: str, value: Mapping[str, Any], switches: Switches) -> Json:
    kind, content = value.get("contentType", "text"), value.get("content", "")
    if kind not in ("text", "html") or not isinstance(content, str | None):
        raise GraphError("RequestBodyRead", f"Cannot convert the value of '{name}' to its type.")
    read = from_text if kind == "text" else from_html
    return {name: read(content or "", stronger=switches["body_rewriting"] == "stronger")}


def _location(_name: str, value: Mapping[str, Any], switches: Switches) -> Json:
    place = _place(value, switches)
    return {"location": place, "locations": [_entry(place)] if place["displayName"] else []}


def _locations(_name: str, value: list[Any], switches: Switches) -> Json:
    places = [_place(place, switches) for place in value]
    shown = "; ".join(place["displayName"] for place in places)
    first = {**places[0], "displayName": shown} if places else EMPTY_LOCATION
    return {"location": first, "locations": [_entry(place) for place in places]}


def _place(value: object, switches: Switches) -> Json:
    if not isinstance(value, Mapping):
        raise GraphError("RequestBodyRead", "Cannot convert the value of 'location' to its type.")
    sent = {key: held for key, held in value.items() if not key.startswith("@odata.")}
    if not set(sent) <= _LOCATION_KEYS or not isinstance(sent.get("displayName", ""), str | None):
        raise GraphError("RequestBodyRead", "Cannot convert the value of 'location' to its type.")
    found = {**EMPTY_LOCATION, **{key: held for key, held in sent.items() if held is not None}}
    _limited("location", found["displayName"], switches)
    return found


def _entry(place: Json) -> Json:
    """As `locations` has it: Exchange gives a place without an id its name as one."""
    return {"uniqueId": place["displayName"], **place, "uniqueIdType": place.get("uniqueIdType", "private")}


def _categories(name: str, value: list[Any], _switches: Switches) -> Json:
    if not all(isinstance(entry, str) for entry in value):
        raise GraphError("RequestBodyRead", "Cannot convert the value of 'categories' to its type.")
    return {name: value}


def _attendees(name: str, value: list[Any], _switches: Switches) -> Json:
    if len(value) > _MOST_ATTENDEES:
        raise GraphError("ErrorPropertyValidationFailure", "An event has at most 500 attendees.")
    return {name: [_attendee(entry) for entry in value]}


def _attendee(entry: object) -> Json:
    address = entry.get("emailAddress") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(address, Mapping):
        raise GraphError("RequestBodyRead", "Cannot convert the value of 'attendees' to its type.")
    if "@" not in str(address.get("address", "")) or entry.get("type", "required") not in _ATTENDEE_TYPES:
        raise GraphError("ErrorPropertyValidationFailure", "At least one recipient is not valid.")
    return attendee(str(address["address"]), str(address.get("name") or ""), kind=entry.get("type", "required"))


def attendee(address: str, name: str = "", response: str = "none", kind: str = "required") -> Json:
    """A guest as it is stored."""
    return {
        "type": kind,
        "status": {"response": response, "time": NO_TIME},
        "emailAddress": {"name": name or address, "address": address},
    }


def _minutes(name: str, value: int, _switches: Switches) -> Json:
    if value < 0:
        raise GraphError("ErrorPropertyValidationFailure", f"The property '{name}' is out of range.")
    return {name: value}


_READERS: Final[Mapping[str, Callable[[str, Any, Switches], Json]]] = {
    **dict.fromkeys(ENUMS, _enum),
    "subject": _subject,
    "body": _body,
    "location": _location,
    "locations": _locations,
    "categories": _categories,
    "attendees": _attendees,
    "reminderMinutesBeforeStart": _minutes,
}
