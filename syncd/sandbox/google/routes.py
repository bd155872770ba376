"""The methods that are simulated: how a request reaches them and how they answer.

Not here: HTTP itself and faults (`app.py`), and what the calls do (`listing.py`, `writing.py`, `calendars.py`, …).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from syncd.sandbox.google import calendars, listing, writing
from syncd.sandbox.google.errors import GoogleError, Json
from syncd.sandbox.google.hands import Hands
from syncd.sandbox.google.listing import Listing
from syncd.sandbox.google.moments import check_zone
from syncd.sandbox.google.push import Channels
from syncd.sandbox.google.render import Lens, render_event
from syncd.sandbox.google.state import Calendar, GoogleState, View
from syncd.sandbox.google.values import Account, Event
from syncd.sandbox.google.writing import Writing
from syncd.sandbox.history import Past

_VERSIONS: Final = ("conferenceDataVersion", "supportsAttachments", "eventLabelVersion")


@dataclass(frozen=True, slots=True)
class Call:
    """One permitted request with typed parameters and a checked body. `do` is what a planted fault asks for."""

    state: GoogleState
    account: Account
    client_id: str
    path: Mapping[str, str]
    params: Json
    body: Json
    headers: Mapping[str, str]
    channels: Channels
    base_url: str
    do: Mapping[str, Any] = field(default_factory=dict)

    def calendar(self, ref: str | None = None) -> Calendar:
        """The calendar of the path. 404 when there is none, or no access to it."""
        found = self.state.calendar(self.path["calendarId"] if ref is None else ref, self.account.email)
        if found is None:
            raise GoogleError("notFound")
        return found

    def view(self) -> View:
        """That calendar in the state a reader is shown."""
        calendar = self.calendar()
        replayed = self.do.get("replay", {})
        undone = self.do.get("stale_writes", 0)
        if "stale_seconds" in self.do:
            shown = calendar.version_at(self.state.clock.now() - timedelta(seconds=self.do["stale_seconds"]))
            undone = calendar.version - shown
        past = Past(undone=min(undone, calendar.version), back=replayed.get("back", 0), ids=replayed.get("id", ""))
        return View(calendar, past)

    def writing(self) -> Writing:
        """A write in that calendar under the request's precondition."""
        told = self.params.get("sendUpdates")
        if told is None and self.params.get("sendNotifications"):
            told = "all"
        versions = frozenset(name for name in _VERSIONS if self.params.get(name))
        return Writing(self.state, self.calendar(), self.account, self.headers.get("if-match"), told, versions)

    def shown(self, event: Event) -> Json:
        """An event as the answer of a write or of `get`."""
        calendar = self.calendar()
        zone = self.params.get("timeZone", calendar.zone)
        lens = Lens(self.state, calendar, self.account.email, zone, self.params.get("maxAttendees"))
        return render_event(event, lens)

    def written(self, event: Event) -> Json:
        """The answer of a write, after the edit of another person that a planted fault puts in between."""
        if "foreign_edit" in self.do and not event.cancelled:
            hands = Hands(self.state, self.account.email, self.calendar().id)
            event = hands.edit(event.id, **self.do["foreign_edit"])
        return self.shown(event)

    def listing(self) -> Listing:
        """The parameters of a list, for one person."""
        if "timeZone" in self.params:
            check_zone(self.params["timeZone"], "answer")
        return Listing(self.state, self.view(), self.account.email, self.params, dict(self.do))


Answer = Callable[[Call], "Json | None"]


def _get_event(call: Call) -> Json:
    event = call.view().find(call.path["eventId"])
    if event is None or writing.forgotten(call.state, event):
        raise GoogleError("notFound")
    if call.headers.get("if-none-match") in (event.etag, "*"):
        raise NotModified(event.etag)
    return call.shown(event)


class NotModified(Exception):
    """304: the reader has this version. The argument is its etag."""


def _insert(call: Call) -> Json:
    try:
        return call.written(writing.insert(call.writing(), call.body))
    except GoogleError as error:
        if error.reason == "duplicate" and "undetected_duplicate" in call.do:
            return call.shown(_as_if_new(call))
        raise


def _as_if_new(call: Call) -> Event:
    """What would have been stored: the answer of an insert whose duplicate was not noticed in time."""
    spare = Calendar("spare", "", "", call.calendar().zone, call.state.clock, roles={call.account.email: "owner"})
    return writing.insert(Writing(call.state, spare, call.account), call.body)


def _import(call: Call) -> Json:
    return call.shown(writing.import_event(call.writing(), call.body))


def _update(call: Call) -> Json:
    return call.written(writing.update(call.writing(), call.path["eventId"], call.body))


def _patch(call: Call) -> Json:
    return call.written(writing.patch(call.writing(), call.path["eventId"], call.body))


def _delete(call: Call) -> None:
    writing.delete(call.writing(), call.path["eventId"])


def _move(call: Call) -> Json:
    destination = call.calendar(call.params["destination"])
    moved = writing.move(call.writing(), call.path["eventId"], destination)
    lens = Lens(call.state, destination, call.account.email, destination.zone)
    return render_event(moved, lens)


def _list(call: Call) -> Json:
    return listing.list_events(call.listing())


def _instances(call: Call) -> Json:
    found = call.listing()
    master = found.view.record(call.path["eventId"])
    if master is None or not master.is_master:
        raise GoogleError("notFound")
    return listing.list_instances(found, master)


def _watch(call: Call) -> Json:
    return call.channels.open(call.calendar(), call.account.email, call.client_id, call.body, call.base_url)


def _stop(call: Call) -> None:
    call.channels.stop(call.account.email, call.client_id, call.body)


def _get_calendar(call: Call) -> Json:
    return calendars.show_calendar(call.calendar(), call.account)


def _insert_calendar(call: Call) -> Json:
    return calendars.show_calendar(calendars.create(call.state, call.account, call.body), call.account)


def _change_calendar(call: Call) -> Json:
    return calendars.show_calendar(calendars.change(call.calendar(), call.account, call.body), call.account)


def _delete_calendar(call: Call) -> None:
    calendars.remove(call.state, call.calendar(), call.account)


def _get_entry(call: Call) -> Json:
    calendar = call.calendar()
    if calendar.id not in call.account.listed:
        raise GoogleError("notFound")
    return calendars.show_entry(calendar, call.account)


def _insert_entry(call: Call) -> Json:
    calendar = call.calendar(str(call.body.get("id")))
    call.account.listed.setdefault(calendar.id, {})
    return calendars.show_entry(calendar, call.account)


_ENTRY_FIELDS: Final = ("summaryOverride", "hidden", "selected", "colorId")


def _change_entry(call: Call) -> Json:
    entry = call.account.listed.setdefault(call.calendar().id, {})
    entry.update({name: call.body[name] for name in _ENTRY_FIELDS if call.body.get(name) is not None})
    return _get_entry(call)


def _delete_entry(call: Call) -> None:
    calendar = call.calendar()
    if calendar.id == call.account.email:
        raise GoogleError("forbidden", "The primary calendar stays in the list.")
    call.account.listed.pop(calendar.id, None)


def _list_entries(call: Call) -> Json:
    return calendars.list_entries(call.state, call.account, call.params)


def _settings(call: Call) -> Json:
    items = [calendars.show_setting(call.account, name) for name in calendars.settings(call.account)]
    return {"kind": "calendar#settings", "etag": '"0"', "items": items}


def _setting(call: Call) -> Json:
    return calendars.show_setting(call.account, call.path["setting"])


def _colors(_call: Call) -> Json:
    return calendars.COLORS


def _free_busy(call: Call) -> Json:
    return calendars.free_busy(call.state, call.account, call.body)


_READS: Final = frozenset({"stale_seconds", "stale_writes", "replay"})
_LISTS: Final = _READS | {"truncate", "empty", "expire_tokens", "gone_on_page"}
_EDITS: Final = frozenset({"foreign_edit"})
_NONE: Final[frozenset[str]] = frozenset()

ANSWERS: Final[Mapping[str, tuple[Answer, frozenset[str]]]] = {
    "events.list": (_list, _LISTS),
    "events.get": (_get_event, _READS),
    "events.instances": (_instances, _READS),
    "events.insert": (_insert, _EDITS | {"undetected_duplicate"}),
    "events.import": (_import, _NONE),
    "events.update": (_update, _EDITS),
    "events.patch": (_patch, _EDITS),
    "events.delete": (_delete, _NONE),
    "events.move": (_move, _NONE),
    "events.watch": (_watch, _NONE),
    "channels.stop": (_stop, _NONE),
    "calendars.get": (_get_calendar, _NONE),
    "calendars.insert": (_insert_calendar, _NONE),
    "calendars.patch": (_change_calendar, _NONE),
    "calendars.update": (_change_calendar, _NONE),
    "calendars.delete": (_delete_calendar, _NONE),
    "calendarList.list": (_list_entries, _NONE),
    "calendarList.get": (_get_entry, _NONE),
    "calendarList.insert": (_insert_entry, _NONE),
    "calendarList.patch": (_change_entry, _NONE),
    "calendarList.update": (_change_entry, _NONE),
    "calendarList.delete": (_delete_entry, _NONE),
    "settings.list": (_settings, _NONE),
    "settings.get": (_setting, _NONE),
    "colors.get": (_colors, _NONE),
    "freebusy.query": (_free_busy, _NONE),
}
"""By method: what answers it, and the faults beyond the common ones that make sense there."""

PAST_KINDS: Final = _READS | {"truncate", "empty"}
"""Faults that show something else than the truth, or, by chance, the same."""
