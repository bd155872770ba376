"""The operations on calendars and events: how a request reaches them and how they answer.

Not here: HTTP itself and faults (`app.py`), paths and permissions (`operations.py`), and what the operations do
(`listing.py`, `rounds.py`, `writing.py`, `calendars.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from syncd.sandbox.microsoft import calendars, listing, rounds, writing
from syncd.sandbox.microsoft.authority import AccessToken
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.hands import Hands
from syncd.sandbox.microsoft.listing import Listing, context, list_instances, row_of, spoiled
from syncd.sandbox.microsoft.options import Options, read_options
from syncd.sandbox.microsoft.reach import Reach
from syncd.sandbox.microsoft.render import Lens, occurrence_oid
from syncd.sandbox.microsoft.rounds import Asked
from syncd.sandbox.microsoft.state import Calendar, MicrosoftState
from syncd.sandbox.microsoft.values import Account, Event
from syncd.sandbox.microsoft.writing import Writing


@dataclass(frozen=True, slots=True)
class Call:
    """One permitted request. `do` is what a planted fault asks for.

    `url` is the address without its query, as the client wrote it, for the links of an answer. `path` holds decoded
    parameters (calendar, event), `query` the options as they were sent, once each. `prefer` has names in lower case
    and values without quotes. `told` takes headers of the answer.
    """

    state: MicrosoftState
    account: Account
    token: AccessToken
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    headers: Mapping[str, str]
    prefer: Mapping[str, str]
    do: Mapping[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def reach(self) -> Reach:
        """What this person reaches, as a fault shows it."""
        return Reach(self.state, self.account, self.do)

    @property
    def present(self) -> Reach:
        """What this person reaches, as it is: what writes work on."""
        return Reach(self.state, self.account, {})

    @property
    def lens(self) -> Lens:
        """How this person wants events shown."""
        return Lens(self.state, self.account.email, self.prefer)

    @property
    def writing(self) -> Writing:
        """A write under the request's precondition."""
        return Writing(self.state, self.account, self.headers.get("if-match"))

    def options(self, *allowed: str) -> dict[str, str]:
        """The query with names in lower case. 400 (by switch) for options that the operation does not have."""
        found = {name.casefold(): value for name, value in self.query.items()}
        unknown = sorted(set(found) - set(allowed))
        if unknown and self.state.switches["unknown_parameters"] == "refuse":
            raise GraphError("BadRequest", f"The query option '{unknown[0][:60]}' is not supported here.")
        return {name: value for name, value in found.items() if name in allowed}

    def shown(self, event: Event, options: Options | None = None) -> Json:
        """An event as the answer of a write or of a read by id."""
        row = row_of(event, self.lens, options or Options())
        return {"@odata.context": context(self.url, f"users('{self.account.oid}')/events/$entity"), **row}

    def written(self, calendar: Calendar, event: Event) -> Json:
        """The answer of a write, after the edit of another person that a planted fault puts in between."""
        if "foreign_edit" in self.do:
            event = Hands(self.state, self.account.email, calendar.id).edit(event.id, **self.do["foreign_edit"])
        return self.shown(event)


Answer = Callable[[Call], "Json | None"]
"""None is 204; the operations in CREATED answer 201."""

_SHAPING: Final = ("$select", "$expand")
_PAGING: Final = (*_SHAPING, "$filter", "$orderby", "$top", "$skip", "$count")
_WINDOW: Final = ("startdatetime", "enddatetime")
_TRACKING: Final = (*_WINDOW, *_PAGING, "$search", "$deltatoken", "$skiptoken")


def _listing(call: Call, *allowed: str) -> Listing:
    query = call.options(*allowed)
    return Listing(call.reach, call.lens, read_options(query), query, call.url)


def _list_events(call: Call) -> Json:
    asked = _listing(call, *_PAGING)
    whole = "calendar" not in call.path and not call.url.casefold().endswith("/calendar/events")
    if whole and call.state.switches["events_of_me"] == "mailbox":
        own = [calendar for calendar in call.reach.calendars() if calendar.source is None]
        return listing.list_events(asked, own)
    return listing.list_events(asked, [call.reach.calendar(call.path.get("calendar"))])


def _calendar_view(call: Call) -> Json:
    asked = _listing(call, *_WINDOW, *_PAGING)
    return listing.calendar_view(asked, call.reach.calendar(call.path.get("calendar")))


def _instances(call: Call) -> Json:
    asked = _listing(call, *_WINDOW, *_PAGING)
    return list_instances(asked, *call.reach.find(call.path["event"], call.path.get("calendar")))


def _delta(call: Call) -> Json:
    calendar = call.reach.calendar(call.path.get("calendar"))
    page = rounds.delta_page(Asked(call.reach, calendar, call.lens, call.options(*_TRACKING), call.url))
    call.told["preference-applied"] = "odata.track-changes"
    return page


def _get_event(call: Call) -> Json:
    options = read_options(call.options(*_SHAPING))
    calendar, event = call.reach.find(call.path["event"], call.path.get("calendar"))
    shown = call.shown(event, options)
    if not event.is_master:
        return shown
    members = call.reach.view(call.state.mailbox_of(calendar)).exceptions(event.id)
    if options.select is not None and "cancelledOccurrences" in options.select:
        master = call.lens.ref(event.id, event.calendar_id)
        shown["cancelledOccurrences"] = [occurrence_oid(master, gone) for gone in members if gone.deleted]
    if options.exceptions:
        shown["exceptionOccurrences"] = [row_of(e, call.lens, Options()) for e in members if not e.deleted]
    return shown


def _event_calendar(call: Call) -> Json:
    calendar, _ = call.reach.find(call.path["event"], call.path.get("calendar"))
    return _shown_calendar(call, calendar)


def _create_event(call: Call) -> Json:
    call.options()
    calendar = call.present.calendar(call.path.get("calendar"))
    return call.written(calendar, writing.create(call.writing, calendar, call.body))


def _update_event(call: Call) -> Json:
    call.options()
    calendar, event = call.present.find(call.path["event"], call.path.get("calendar"))
    return call.written(calendar, writing.update(call.writing, calendar, event, call.body))


def _delete_event(call: Call) -> None:
    calendar, event = call.present.find(call.path["event"], call.path.get("calendar"))
    writing.delete(call.writing, calendar, event)


def _list_calendars(call: Call) -> Json:
    query = call.options("$top", "$skip", "$select", "$count", "$orderby", "$filter")
    if "$filter" in query or "$orderby" in query:
        raise GraphError("BadRequest", "Calendars cannot be filtered or ordered here.")
    options = read_options({name: value for name, value in query.items() if name != "$select"})
    found = spoiled(call.reach.calendars(), call.do)
    rows = [calendars.show_calendar(calendar, call.state) for calendar in found]
    if "$select" in query:
        wanted = {"id", *(name.strip() for name in query["$select"].split(","))}
        rows = [{name: value for name, value in row.items() if name in wanted} for row in rows]
    answer: Json = {"@odata.context": context(call.url, f"users('{call.account.oid}')/calendars")}
    return answer | listing.cut(rows, options, query, call.url)


def _get_calendar(call: Call) -> Json:
    call.options("$select")
    return _shown_calendar(call, call.reach.calendar(call.path.get("calendar")))


def _shown_calendar(call: Call, calendar: Calendar) -> Json:
    name = f"users('{call.account.oid}')/calendars/$entity"
    return {"@odata.context": context(call.url, name), **calendars.show_calendar(calendar, call.state)}


def _create_calendar(call: Call) -> Json:
    return _shown_calendar(call, calendars.create(call.state, call.account, call.body))


def _update_calendar(call: Call) -> Json:
    calendar = call.present.calendar(call.path.get("calendar"))
    return _shown_calendar(call, calendars.change(call.state, call.account, calendar, call.body))


def _delete_calendar(call: Call) -> None:
    calendars.remove(call.state, call.present.calendar(call.path["calendar"]))


def _person(call: Call) -> Json:
    call.options("$select")
    return {"@odata.context": context(call.url, "users/$entity"), **calendars.show_person(call.account)}


def _settings(call: Call) -> Json:
    name = f"users('{call.account.oid}')/mailboxSettings"
    return {"@odata.context": context(call.url, name), **calendars.show_settings(call.account)}


def _translate(call: Call) -> Json:
    name = "Collection(microsoft.graph.convertIdResult)"
    value = calendars.translate_ids(call.state, call.account, call.body)
    return {"@odata.context": context(call.url, name), "value": value}


_READS: Final = frozenset({"stale_seconds", "stale_writes", "replay"})
_LISTS: Final = _READS | {"truncate", "empty"}
_ROUNDS: Final = _LISTS | {
    "expire_tokens",
    "gone_on_page",
    "bad_token",
    "endless",
    "empty_pages",
    "split_series",
    "slim_only",
    "missing_master",
}
_EDITS: Final = frozenset({"foreign_edit"})
_NONE: Final[frozenset[str]] = frozenset()

ANSWERS: Final[Mapping[str, tuple[Answer, frozenset[str]]]] = {
    "me.get": (_person, _NONE),
    "mailboxSettings.get": (_settings, _NONE),
    "translateExchangeIds": (_translate, _NONE),
    "calendars.list": (_list_calendars, frozenset({"truncate", "empty"})),
    "calendars.create": (_create_calendar, _NONE),
    "calendars.get": (_get_calendar, _NONE),
    "calendars.update": (_update_calendar, _NONE),
    "calendars.delete": (_delete_calendar, _NONE),
    "calendarView.list": (_calendar_view, _LISTS),
    "calendarView.delta": (_delta, _ROUNDS),
    "events.list": (_list_events, _LISTS),
    "events.create": (_create_event, _EDITS),
    "events.get": (_get_event, _READS),
    "events.update": (_update_event, _EDITS),
    "events.delete": (_delete_event, _NONE),
    "events.instances": (_instances, _LISTS),
    "events.calendar": (_event_calendar, _READS),
}
"""By operation: what answers it, and the faults beyond the common ones that make sense there."""

CREATED: Final = frozenset({"events.create", "calendars.create"})
"""Operations that answer 201."""

PAST_KINDS: Final = _LISTS | {"slim_only", "missing_master"}
"""Faults that show something else than the truth, or, by chance, the same."""
