"""Calendar objects one at a time: GET, PUT, DELETE, with their preconditions.

Not here: many of them at once (`reports.py`), what a server knows of their content (`ical.py`).
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from syncd.sandbox.asgi import Reply
from syncd.sandbox.caldav import ical
from syncd.sandbox.caldav.calendars import deleted
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.ical import CalendarObject, NotCalendarError
from syncd.sandbox.caldav.properties import ICS
from syncd.sandbox.caldav.state import Calendar, Mail, Stored

_COMPRESSED_FROM: Final = 300
"""Bytes from which on a body is compressed (M: 0.45 KB yes, 0.3 KB no)."""
_ETAG: Final = re.compile(r'(?:W/)?"[^"]*"')


def get(call: Call) -> Reply:
    """The object with its ETag."""
    stored = call.calendar().get(call.place.name, call.past)
    if stored is None or is_unreadable(call, stored.id):
        raise Refused(404)
    body, headers = stored.body, {"content-type": ICS, "etag": stored.etag}
    if stored.etag in _listed(call.request.headers.get("if-none-match", "")):
        return Reply(304, b"", {"etag": stored.etag})
    zipped = "gzip" in call.request.headers.get("accept-encoding", "") and len(body) > _COMPRESSED_FROM
    compressing = call.switches["etags"] == "weak_compressed" and zipped
    if compressing:
        body = gzip.compress(body, mtime=0)
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
    if compressing or call.switches["etags"] in ("weak_get", "weak"):
        call.switches.fire("etags")
        headers["etag"] = f"W/{stored.etag}"
    return Reply(200, body, headers)


def put(call: Call) -> Reply:
    """Store an object as RFC 4791, 5.3.2 says, or refuse it untouched."""
    if call.place.calendar is None:
        call.switches.fire("no_parent")
        raise Refused(int(call.switches["no_parent"]))
    calendar = call.writable()
    before = calendar.get(call.place.name)
    check_conditions(call, before)
    text, found = _content(call, calendar)
    _check_uid(call, calendar, before, found.uid)
    body = _kept(call, text).encode("utf-8")
    stored = calendar.put(call.place.name, body, found.uid, call.request.body)
    _tell_guests(call, before, found)
    headers = {}
    altered = stored.body != call.request.body
    if _tells_etag(call, altered=altered):
        weak = call.switches.fires("etags", "weak")
        headers["etag"] = f"W/{stored.etag}" if weak else stored.etag
    return Reply(201 if before is None else 204, b"", headers)


def delete(call: Call) -> Reply:
    """Delete an object."""
    calendar = call.writable()
    before = calendar.get(call.place.name)
    if before is None:
        # Conditions are ignored where the request would fail without them (RFC 9110, 13.2.1).
        raise Refused(404)
    check_conditions(call, before)
    calendar.remove(before)
    found = _read(before)
    if found is not None:
        _tell(call, found, "cancel")
    return deleted(call)


def is_unreadable(call: Call, name: str) -> bool:
    """Whether an object is listed and never shown."""
    if not any(text in name for text in call.switches["unreadable"]):
        return False
    call.switches.fire("unreadable")
    return True


def check_conditions(call: Call, before: Stored | None) -> None:
    """If-Match and If-None-Match (RFC 9110, 13.1), strong comparison. 412."""
    match = call.request.headers.get("if-match")
    if match is not None and not _matches(call, match, before):
        raise Refused(412)
    none_match = call.request.headers.get("if-none-match")
    if none_match is None or before is None:
        return
    if none_match.strip() == "*" and not call.switches["if_none_match"]:
        call.switches.fire("if_none_match")
        return
    if none_match.strip() == "*" or before.etag in _listed(none_match):
        raise Refused(412)


def _matches(call: Call, match: str, before: Stored | None) -> bool:
    if match.strip() != "*":
        strong = [text for text in _listed(match) if not text.startswith("W/")]
        return before is not None and before.etag in strong
    match call.switches["if_match_star"]:
        case "inverted":
            call.switches.fire("if_match_star")
            return before is None
        case "literal":
            call.switches.fire("if_match_star")
            return False
    return before is not None


def _listed(header: str) -> list[str]:
    return _ETAG.findall(header)


def _content(call: Call, calendar: Calendar) -> tuple[str, CalendarObject]:
    """The text to be stored, and what it is. 403 or another refusal for what this server does not take."""
    body, limit = call.request.body, call.switches["max_object_bytes"]
    if limit and len(body) > limit:
        call.switches.fire("too_large")
        call.switches.fire("max_object_bytes")
        status = int(call.switches["too_large"])
        raise Refused(status, "C:max-resource-size" if status == 403 else "")
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind not in ("", "text/calendar", "application/octet-stream"):
        raise Refused(403, "C:supported-calendar-data")
    try:
        text = _clean(call, body.decode("utf-8"))
        found = ical.read(text)
    except (UnicodeDecodeError, NotCalendarError):
        raise _invalid(call) from None
    _check_object(call, calendar, found)
    return text, found


def _clean(call: Call, text: str) -> str:
    if not ical.has_control(text):
        return text
    match call.switches["control_characters"]:
        case "stripped":
            call.switches.fire("control_characters")
            return ical.without_control(text)
        case "raw":
            call.switches.fire("control_characters")
            return text
    raise _invalid(call)


def _invalid(call: Call) -> Refused:
    call.switches.fire("invalid_object")
    status = int(call.switches["invalid_object"])
    return Refused(status, "C:valid-calendar-data" if status == 403 else "")


def _check_object(call: Call, calendar: Calendar, found: CalendarObject) -> None:
    if found.kind not in calendar.components:
        raise Refused(403, "C:supported-calendar-component")
    if found.root.value("METHOD") is not None and not call.switches.fires("method", "stored"):
        raise Refused(403, "C:valid-calendar-object-resource")
    if found.endless and call.switches.fires("event_without_end", "403", "404"):
        raise Refused(int(call.switches["event_without_end"]))


@dataclass(frozen=True, slots=True)
class _Other:
    calendar: Calendar
    stored: Stored


def _check_uid(call: Call, calendar: Calendar, before: Stored | None, uid: str) -> None:
    """A UID is used once in its scope, and an object keeps its own (RFC 4791, 5.3.2.1)."""
    if before is None and call.switches["trash_bin"]:
        dead = [stored for stored in calendar.records() if stored.deleted]
        if any(uid == stored.uid or call.place.name == stored.id for stored in dead):
            call.switches.fire("trash_bin")
            raise Refused(400)
    scope = call.switches["uid_scope"]
    taken = [other for other in _others(call, calendar) if other.stored.uid == uid]
    here = [other for other in taken if other.calendar is calendar]
    if scope == "none":
        if taken:
            call.switches.fire("uid_scope")
        return
    if scope == "account" and taken and not here:
        call.switches.fire("uid_scope")
    renamed = before is not None and before.uid != uid
    if here or renamed or (scope == "account" and taken):
        for name in ("uid_conflict", "uid_condition"):
            call.switches.fire(name)
        condition = call.switches["uid_condition"]
        raise Refused(int(call.switches["uid_conflict"]), "" if condition == "none" else f"C:{condition}")


def _others(call: Call, calendar: Calendar) -> Iterable[_Other]:
    """All objects of the account but the one at this address."""
    for one in call.state.home(call.owner()):
        for stored in one.living():
            if one is not calendar or stored.id != call.place.name:
                yield _Other(one, stored)


def _kept(call: Call, text: str) -> str:
    """The text as this server stores it."""
    match call.switches["bodies"]:
        case "reserialised":
            call.switches.fire("bodies")
            return ical.reserialised(text)
        case "amended":
            call.switches.fire("bodies")
            return ical.amended(text, call.state.clock.now())
    return text


def _tells_etag(call: Call, *, altered: bool) -> bool:
    told = call.switches["put_etag"]
    if told == "never" or (told == "always" and altered):
        call.switches.fire("put_etag")
    return bool(told == "always" or (told == "unaltered" and not altered))


def _tell_guests(call: Call, before: Stored | None, found: CalendarObject) -> None:
    """An invitation for each guest, and a cancellation for whoever is none any more (RFC 6638, 3.2.1)."""
    _tell(call, found, "request")
    then = None if before is None else _read(before)
    if then is not None and call.switches["scheduling"]:
        gone = _guests(call, then) - _guests(call, found)
        call.state.mailed.extend(Mail(guest, found.uid, "cancel") for guest in sorted(gone))


def _read(stored: Stored) -> CalendarObject | None:
    """What is stored; None where somebody has put something else there."""
    try:
        return ical.read(stored.body.decode())
    except (UnicodeDecodeError, NotCalendarError):
        return None


def _tell(call: Call, found: CalendarObject, kind: str) -> None:
    guests = _guests(call, found)
    if guests and call.switches.fires("scheduling", True):
        call.state.mailed.extend(Mail(guest, found.uid, kind) for guest in sorted(guests))


def _guests(call: Call, found: CalendarObject) -> set[str]:
    """Addresses of those whom the account has invited; nobody where somebody else is the organizer."""
    own = f"mailto:{call.owner().email}".casefold()
    guests: set[str] = set()
    for part in found.parts:
        if (part.value("ORGANIZER") or "").casefold() == own:
            guests |= {text.casefold() for text in part.values("ATTENDEE")} - {own}
    return {guest.removeprefix("mailto:") for guest in guests}
