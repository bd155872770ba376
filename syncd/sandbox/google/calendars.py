"""Calendars, the calendar list, settings, colours and free/busy, as far as clients of events need them.

Not here: events (`listing.py`, `writing.py`), sharing (the acl methods answer 404).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from syncd.sandbox.google.errors import GoogleError, Json, invalid, required
from syncd.sandbox.google.listing import occurrences
from syncd.sandbox.google.moments import check_zone, read_instant, show_instant
from syncd.sandbox.google.state import Calendar, GoogleState, View
from syncd.sandbox.google.usage import check_usage, note_created
from syncd.sandbox.google.values import Account

ROLES: Final = ("freeBusyReader", "reader", "writer", "owner")
_TEXTS: Final = ("description", "location")


def show_calendar(calendar: Calendar, account: Account) -> Json:
    """`calendar#calendar`."""
    shown: Json = {
        "kind": "calendar#calendar",
        "etag": _etag(calendar),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        **calendar.fields,
    }
    if calendar.id != account.email:
        shown["dataOwner"] = calendar.owner
    return shown


def show_entry(calendar: Calendar, account: Account) -> Json:
    """`calendar#calendarListEntry`."""
    shown: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": _etag(calendar),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.zone,
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": calendar.roles[account.email],
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        **calendar.fields,
        **account.listed.get(calendar.id, {}),
    }
    if calendar.id == account.email:
        shown["primary"] = True
    else:
        shown["dataOwner"] = calendar.owner
    return shown


def _etag(calendar: Calendar) -> str:
    text = f"{calendar.summary}/{calendar.zone}/{sorted(calendar.fields.items())}"
    return f'"{sum(ord(letter) * place for place, letter in enumerate(text, 1))}"'


def list_entries(state: GoogleState, account: Account, params: Json) -> Json:
    """`calendar#calendarList`, in pages; there is no incremental list here: a sync token answers 410."""
    if "syncToken" in params:
        raise GoogleError("fullSyncRequired", where=("parameter", "syncToken"))
    least = params.get("minAccessRole", ROLES[0])
    found = [
        state.calendars[ref] for ref, own in account.listed.items() if params.get("showHidden") or not own.get("hidden")
    ]
    found = [calendar for calendar in found if ROLES.index(calendar.roles[account.email]) >= ROLES.index(least)]
    token = params.get("pageToken", "p0")
    if not token.removeprefix("p").isdecimal():
        raise invalid("pageToken")
    first = int(token.removeprefix("p"))
    size = min(params.get("maxResults", 100), 250)
    shown: Json = {
        "kind": "calendar#calendarList",
        "etag": f'"p{len(found)}"',
        "items": [show_entry(calendar, account) for calendar in found[first : first + size]],
    }
    if first + size < len(found):
        return shown | {"nextPageToken": f"p{first + size}"}
    return shown | {"nextSyncToken": f"CL{state.opaque('list', account.email, state.serial())[:20]}"}


def create(state: GoogleState, account: Account, body: Json) -> Calendar:
    """A secondary calendar of this person."""
    if not body.get("summary"):
        raise required("summary")
    check_usage(state, account)
    note_created(state, account, "calendar")
    calendar = state.add_calendar(account.email, body["summary"])
    change(calendar, account, {"timeZone": "UTC", **body})
    return calendar


def change(calendar: Calendar, account: Account, body: Json) -> Calendar:
    """Title, zone, description and location; null removes one of the texts."""
    if calendar.roles[account.email] != "owner":
        raise GoogleError("forbidden")
    if body.get("timeZone") is not None:
        calendar.zone = check_zone(body["timeZone"], "calendar")
    calendar.summary = body.get("summary") or calendar.summary
    texts = {name: body.get(name, calendar.fields.get(name)) for name in _TEXTS}
    calendar.fields = {name: text for name, text in texts.items() if text}
    return calendar


def remove(state: GoogleState, calendar: Calendar, account: Account) -> None:
    """Delete a secondary calendar; the primary one cannot be deleted."""
    if calendar.id == account.email:
        raise invalid("calendarId", "Cannot delete primary calendar.")
    if calendar.roles[account.email] != "owner":
        raise GoogleError("forbidden")
    del state.calendars[calendar.id]
    for one in state.accounts.values():
        one.listed.pop(calendar.id, None)


def settings(account: Account) -> Mapping[str, str]:
    """The few settings that are answered, by id."""
    return {"timezone": account.zone, "locale": "en", "format24HourTime": "true", "weekStart": "1"}


def show_setting(account: Account, name: str) -> Json:
    """`calendar#setting`. 404 for an unknown one."""
    value = settings(account).get(name)
    if value is None:
        raise GoogleError("notFound")
    return {"kind": "calendar#setting", "etag": '"0"', "id": name, "value": value}


COLORS: Final[Json] = {
    "kind": "calendar#colors",
    "updated": "2012-02-14T00:00:00.000Z",
    "calendar": {"14": {"background": "#9fe1e7", "foreground": "#1d1d1d"}},
    "event": {
        str(number): {"background": background, "foreground": "#1d1d1d"}
        for number, background in enumerate(("#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878"), 1)
    },
}


def free_busy(state: GoogleState, account: Account, body: Json) -> Json:
    """`calendar#freeBusy`: merged opaque times of each calendar asked for, cut to the interval."""
    edges = [read_instant(str(body.get(name, "")), name) for name in ("timeMin", "timeMax")]
    if edges[1] <= edges[0]:
        raise GoogleError("timeRangeEmpty")
    shown = {}
    for item in body.get("items", []):
        calendar = state.calendar(item["id"], account.email)
        if calendar is None:
            shown[item["id"]] = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        else:
            shown[item["id"]] = {"busy": _busy(calendar, account, edges[0], edges[1])}
    first, last = map(show_instant, edges)
    return {"kind": "calendar#freeBusy", "timeMin": first, "timeMax": last, "calendars": shown}


def _busy(calendar: Calendar, account: Account, first: datetime, last: datetime) -> list[Json]:
    view = View(calendar)
    spans = []
    for record in view.records():
        if record.cancelled or record.fields.get("transparency") == "transparent":
            continue
        rows = occurrences(view, record, last + timedelta(days=1)) if record.is_master else [record]
        for row in rows:
            guests = row.fields.get("attendees", ())
            if not any(g["email"] == account.email and g["responseStatus"] == "declined" for g in guests):
                spans.append((row.start.instant(calendar.zone), row.end.instant(calendar.zone)))
    return [{"start": show_instant(start), "end": show_instant(end)} for start, end in _merged(spans, first, last)]


def _merged(spans: list[tuple[datetime, datetime]], first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted((max(start, first), min(end, last)) for start, end in spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
