"""Events as answers show them: whole, slim, or removed, with the ids, zone and kind of body that the reader asked for.

Not here: which events (`listing.py`, `delta.py`), and which of their properties (`options.py`).
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from syncd.sandbox.microsoft.bodies import as_html, as_text, preview
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.fields import NO_TIME
from syncd.sandbox.microsoft.ids import regular_id
from syncd.sandbox.microsoft.moments import check_zone, show_instant, show_moment, show_original
from syncd.sandbox.microsoft.recurrence import show_recurrence
from syncd.sandbox.microsoft.state import MicrosoftState, View
from syncd.sandbox.microsoft.values import Event
from syncd.sandbox.microsoft.zones import UTC_NAME

_KIND = {"@odata.type": "#microsoft.graph.event"}
_HIDDEN = {"private", "confidential"}


@dataclass(frozen=True, slots=True)
class Lens:
    """Who looks, and what they prefer; `prefer` has names in lower case."""

    state: MicrosoftState
    email: str
    prefer: Mapping[str, str]

    @property
    def zone(self) -> str:
        """In which times are shown. 400 for one that Exchange does not know."""
        wanted = self.prefer.get("outlook.timezone")
        return UTC_NAME if wanted is None else check_zone(wanted, self.state.switches)

    @property
    def as_text(self) -> bool:
        """Whether bodies are shown as text."""
        return self.prefer.get("outlook.body-content-type", "html").casefold() == "text"

    def ref(self, immutable: str, calendar_id: str) -> str:
        """An event's id in the form that was asked for."""
        wanted = self.prefer.get("idtype", "").casefold() == "immutableid"
        return immutable if wanted else regular_id(immutable, calendar_id)


def change_key(event: Event, lens: Lens) -> str:
    """New with every change of the row, or by switch of the whole series."""
    version = event.version
    series = event.series_id or (event.id if event.is_master else None)
    if series is not None and lens.state.switches["series_change_key"] == "series":
        view = View(lens.state.mailboxes[lens.state.calendars[event.calendar_id].mailbox])
        version = max([version, *(exception.version for exception in view.exceptions(series))])
    digest = hashlib.sha256(f"{series or event.id}/{version}".encode()).digest()
    return b64encode(digest[:15]).decode() + "AAAB"


def etag(event: Event, lens: Lens) -> str:
    """`@odata.etag`."""
    return f'W/"{change_key(event, lens)}"'


def render_event(event: Event, lens: Lens) -> Json:
    """A whole event."""
    return {
        "@odata.etag": etag(event, lens),
        "id": lens.ref(event.id, event.calendar_id),
        "createdDateTime": show_instant(event.created),
        "lastModifiedDateTime": show_instant(event.modified),
        "changeKey": change_key(event, lens),
        "transactionId": event.transaction_id,
        "originalStartTimeZone": event.start.zone,
        "originalEndTimeZone": event.end.zone,
        "iCalUId": _uid(event),
        **_fields(event, lens),
        "hasAttachments": False,
        "isDraft": False,
        "isAllDay": event.start.all_day,
        "isOrganizer": event.own,
        "type": event.type,
        "webLink": _web_link(event),
        "onlineMeetingUrl": None,
        "responseStatus": _response(event),
        "start": show_moment(event.start, lens.zone),
        "end": show_moment(event.end, lens.zone),
        "organizer": {"emailAddress": _address(event.organizer, lens)},
        **_place(event, lens),
    }


def render_whole(event: Event, lens: Lens) -> Json:
    """A whole row of delta."""
    return {**_KIND, **render_event(event, lens)}


def render_slim(event: Event, lens: Lens) -> Json:
    """An occurrence in delta: when it is and what series it is of."""
    return {
        **_KIND,
        "@odata.etag": etag(event, lens),
        "id": lens.ref(event.id, event.calendar_id),
        "type": event.type,
        "seriesMasterId": lens.ref(event.series_id or "", event.calendar_id),
        "start": show_moment(event.start, lens.zone),
        "end": show_moment(event.end, lens.zone),
    }


def render_removed(event: Event, lens: Lens) -> Json:
    """The reason is `deleted` for events, whatever happened."""
    return {**_KIND, "id": lens.ref(event.id, event.calendar_id), "@removed": {"reason": "deleted"}}


def _fields(event: Event, lens: Lens) -> Json:
    shown = dict(event.fields)
    stored = shown.pop("body")
    shown.pop("responseStatus", None)
    calendar = lens.state.calendars.get(event.calendar_id)
    theirs = calendar is not None and calendar.mailbox != lens.email
    if theirs and shown["sensitivity"] in _HIDDEN:
        stored = ""
        shown |= {"subject": "Private appointment", "attendees": [], "locations": []}
        shown["location"] = {**shown["location"], "displayName": ""}
    content = as_text(stored) if lens.as_text else as_html(stored)
    body = {"contentType": "text" if lens.as_text else "html", "content": content}
    return {**shown, "bodyPreview": preview(stored), "body": body}


def _place(event: Event, lens: Lens) -> Json:
    """What ties it to a series."""
    shown: Json = {"recurrence": None, "seriesMasterId": None}
    if event.recurrence is not None:
        return shown | {"recurrence": show_recurrence(event.recurrence)}
    if event.series_id is None or event.original is None or event.day is None:
        return shown
    master = lens.ref(event.series_id, event.calendar_id)
    shown |= {"seriesMasterId": master, "occurrenceId": occurrence_oid(master, event)}
    return shown | {"originalStart": show_original(event.original)}


def occurrence_oid(master: str, event: Event) -> str:
    """`occurrenceId`, also the spelling of a cancelled one."""
    return f"OID.{master}.{event.day}"


def _response(event: Event) -> Json:
    if event.own:
        return {"response": "organizer", "time": NO_TIME}
    found: Json = event.fields.get("responseStatus") or {"response": "notResponded", "time": NO_TIME}
    return found


def _address(email: str, lens: Lens) -> Json:
    account = lens.state.accounts.get(email)
    return {"name": email if account is None else account.name, "address": email}


def _uid(event: Event) -> str:
    """Each occurrence has its own: the date stands in the middle."""
    day = "00000000" if event.day is None else f"{event.day.year:04X}{event.day.month:02X}{event.day.day:02X}"
    return f"040000008200E00074C5B7101A82E008{day}{event.uid}"


def _web_link(event: Event) -> str:
    item = quote(regular_id(event.id, event.calendar_id), safe="")
    return f"https://outlook.office365.com/owa/?itemid={item}&exvsurl=1&path=/calendar/item"
