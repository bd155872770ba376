"""Events as answers show them to one person, and the envelope of a list.

Not here: which events (`listing.py`), and partial answers (`partial.py`).
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from syncd.sandbox.google.errors import Json
from syncd.sandbox.google.moments import show_instant, show_moment
from syncd.sandbox.google.state import Calendar, GoogleState
from syncd.sandbox.google.values import Event

_BUSY_ONLY = ("transparency", "visibility")


@dataclass(frozen=True, slots=True)
class Lens:
    """Who looks at which calendar; `zone` is that of the answer, `most` the number of attendees to show."""

    state: GoogleState
    calendar: Calendar
    email: str
    zone: str
    most: int | None = None

    @property
    def role(self) -> str:
        """What this person may do here."""
        return self.calendar.roles[self.email]


def render_event(event: Event, lens: Lens) -> Json:
    """A whole event; one that this person may not read shows its time alone."""
    shown: Json = {
        "kind": "calendar#event",
        "etag": event.etag,
        "id": event.id,
        "status": event.status,
        "htmlLink": _html_link(event, lens),
        "created": show_instant(event.created),
        "updated": show_instant(event.updated),
        **_fields(event, lens),
        "creator": _person(event.creator, lens),
        "organizer": _person(event.organizer, lens),
        "start": show_moment(event.start, lens.zone),
        "end": show_moment(event.end, lens.zone),
        "iCalUID": event.uid,
        "sequence": event.sequence,
        "eventType": _type(event, lens),
    }
    if event.recurrence:
        shown["recurrence"] = list(event.recurrence)
    if event.locked:
        shown["locked"] = True
    return shown | _place(event, lens)


def render_row(event: Event, lens: Lens) -> Json:
    """As a list shows it: a cancelled event with what is guaranteed alone, unless the switch keeps the rest."""
    if not event.cancelled or lens.state.switches["cancelled_details"] == "kept":
        return render_event(event, lens)
    bare = {"kind": "calendar#event", "etag": event.etag, "id": event.id, "status": "cancelled"}
    return bare | _place(event, lens)


def render_list(rows: list[Json], lens: Lens, tokens: Json) -> Json:
    """`calendar#events`."""
    calendar = lens.calendar
    shown: Json = {
        "kind": "calendar#events",
        "etag": f'"p{calendar.version}"',
        "summary": calendar.summary,
        "updated": show_instant(calendar.updated()),
        "timeZone": calendar.zone,
        "accessRole": lens.role,
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        **tokens,
        "items": rows,
    }
    if calendar.fields.get("description"):
        shown["description"] = calendar.fields["description"]
    return shown


def _place(event: Event, lens: Lens) -> Json:
    if event.series_id is None or event.original is None:
        return {}
    return {"recurringEventId": event.series_id, "originalStartTime": show_moment(event.original, lens.zone)}


def _fields(event: Event, lens: Lens) -> Json:
    private = event.fields.get("visibility") in ("private", "confidential")
    if lens.role == "freeBusyReader" or (lens.role == "reader" and private):
        return {key: event.fields[key] for key in _BUSY_ONLY if key in event.fields}
    shown = {"reminders": {"useDefault": True}, **event.fields}
    if "attendees" in shown:
        shown |= _attendees(event, lens)
    if event.creator != lens.email:
        shown.pop("source", None)
    return shown


def _attendees(event: Event, lens: Lens) -> Json:
    found = []
    for entry in event.fields["attendees"]:
        marks = {"self": entry["email"] == lens.calendar.id, "organizer": entry["email"] == event.organizer}
        found.append({**entry, **{name: True for name, set_ in marks.items() if set_}})
    if lens.most is None or len(found) <= lens.most:
        return {"attendees": found}
    return {"attendees": [entry for entry in found if entry.get("self")], "attendeesOmitted": True}


def _person(email: str, lens: Lens) -> Json:
    shown: Json = {"email": email}
    if email in lens.state.accounts and email != lens.calendar.id:
        shown["displayName"] = lens.state.accounts[email].name
    if email == lens.calendar.id:
        shown["self"] = True
    return shown


def _type(event: Event, lens: Lens) -> str:
    unknown = lens.state.switches["future_fields"] and event.type != "default"
    return f"{event.type}V2" if unknown else event.type


def _html_link(event: Event, lens: Lens) -> str:
    eid = urlsafe_b64encode(f"{event.id} {lens.calendar.id}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"
