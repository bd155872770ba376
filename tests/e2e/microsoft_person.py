"""An account at the simulated Microsoft, as a person has it: a mailbox with calendars.

Not here: what is the same at every simulator of ours (simulated_person), what clients do through Graph.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from syncd.cli.compose import Credentials
from syncd.ports import Grant
from syncd.sandbox.microsoft import Hands, MicrosoftServer
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.microsoft.bodies import as_text
from syncd.sandbox.microsoft.grants import ACCESS_SECONDS, add_access, add_grant, add_refresh
from syncd.sandbox.microsoft.ids import occurrence_id
from syncd.sandbox.microsoft.seed import CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS, SCOPES
from syncd.sandbox.microsoft.state import View
from syncd.sandbox.microsoft.values import Event
from syncd.sandbox.microsoft.zones import place, windows_name
from tests.e2e.person import Entry, stamp
from tests.e2e.simulated_person import SimulatedPerson, calendar_of, identified, named_in

_CONFIG: Final = """\
[microsoft]
client_id = "{id}"
client_secret = "{secret}"
base_url = "{base}/v1.0"
authority = "{base}"
"""
_OURS: Final = re.compile(r" \[[^\]\s]+\]")  # at the end of the name of a calendar that we made


@dataclass(slots=True)
class MicrosoftPerson(SimulatedPerson):
    verbs: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "create": {"method": "POST", "path": "/events$"},
        "change": {"operation": "^events.update$"},
        "delete": {"operation": "^events.delete$"},
        "read": {"operation": "^calendarView.delta$"},
        "make": {"operation": "^calendars.create$"},
    }
    batch: ClassVar[Mapping[str, str]] = {"path": r"/\$batch$", "body": r'"method": ?"POST"'}
    texts: ClassVar[Mapping[str, str]] = {"title": "subject", "description": "body"}

    email: str
    zone: str
    server: MicrosoftServer
    provider: str = "microsoft"
    calendar: str = ""
    wish: Mapping[str, Any] = field(default_factory=dict)
    idle: tuple[str, ...] = ("calendarView.delta", "calendarView.delta")
    refusal: Mapping[str, Any] = field(default_factory=lambda: {"error": "ErrorPropertyValidationFailure"})
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        state = self.server.state
        if CLIENT_ID not in state.authority.clients:
            state.add_client(CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS)
        state.add_account(self.email, zone=windows_name(self.zone))
        self.calendar = state.default_calendar(self.email).id
        self.wish = {"calendars": (self.calendar,)}

    @property
    def app(self) -> MicrosoftApp:
        return self.server.app

    def settings(self) -> str:
        return _CONFIG.format(id=CLIENT_ID, secret=CLIENT_SECRET, base=self.server.base_url)

    def credentials(self) -> Credentials:
        state = self.server.state
        now = state.clock.now()
        allowed, person = add_grant(state, CLIENT_ID, self.email, SCOPES), state.accounts[self.email]
        access, refresh = add_access(state, allowed), add_refresh(state, allowed)
        until, identity = now + timedelta(seconds=ACCESS_SECONDS), f"{person.oid}.{person.tid}"
        return Credentials(self.email, grant=Grant(access, refresh, until, SCOPES, identity, self.email, now))

    def dead_credentials(self) -> Credentials:
        """Of a consent that was withdrawn; an access token would outlive it."""
        dead = self.credentials()
        authority = self.server.state.authority
        authority.grants[-1].ended = "withdrawn"
        authority.access_tokens.popitem()
        return dead

    def edit_behind(self, title: str, theirs: str) -> None:
        state = self.server.state

        def inspect(operation: str, _body: object, _status: int, answer: Any) -> None:
            if operation == "events.create" and answer["subject"] == title:
                state.inspect = None
                self.hands_of(answer["id"]).edit(answer["id"], subject=theirs)

        state.inspect = inspect

    def hands_in(self, calendar: str) -> Hands:
        return Hands(self.server.state, self.email, calendar)

    def hands_of(self, ref: str) -> Hands:
        """The person's hands at the calendar where an event lies."""
        found = View(self.server.state.mailboxes[self.email]).find(ref)
        assert found is not None
        return self.hands_in(found.calendar_id)

    def listed(self) -> list[str]:
        return [calendar.id for calendar in self.server.state.listed(self.email)]

    def records(self, calendar: str) -> Iterable[Event]:
        hands = self.hands_in(calendar)
        return (event for event in View(hands.mailbox).records() if event.calendar_id == hands.calendar.events_in)

    def fields(self, more: Mapping[str, Any]) -> dict[str, Any]:
        rule = more.get("rrule")
        return {
            "body": more.get("description"),
            "location": more.get("location"),
            "sensitivity": "private" if more.get("private") else "normal",
            "showAs": "free" if more.get("free") else "busy",
            **({"rrule": rule} if rule else {"recurrence": None}),
        }

    def occurrence(self, name: str, original: datetime) -> str:
        series = self.hands_in(calendar_of(name)).event(identified(name))
        assert series.recurrence is not None
        return occurrence_id(series.id, original.astimezone(place(series.recurrence.zone)).date())

    def is_copy(self, event: Event) -> bool:
        """Ours were made under a transaction; what a person copies bears our properties without one."""
        return event.transaction_id is not None and any("syncd" in name for name in event.properties)

    def entry(self, calendar: str, event: Event) -> Entry:
        fields = event.fields
        guests = tuple(guest["emailAddress"]["address"] for guest in fields["attendees"])
        edges = (stamp(event.start.at, self.zone), stamp(event.end.at, self.zone))
        text = as_text(fields["body"]).replace("\r\n", "\n")
        texts = (text or None, fields["location"]["displayName"] or None)
        return Entry(named_in(calendar, event.id), fields["subject"] or "", *edges, *texts, guests)

    async def duplicate(self, name: str, start: datetime) -> None:
        hands = self.hands_in(calendar_of(name))
        made = hands.copy(identified(name))
        if hands.calendar.id != self.home:
            hands.move(made.id, self.home)
        self.hands.edit(made.id, start=start)

    async def invite(self, name: str, guest: str) -> None:
        self.hands_in(calendar_of(name)).edit(identified(name), attendees=[{"emailAddress": {"address": guest}}])

    async def add_calendar(self, name: str) -> str:
        return self.server.state.add_calendar(self.email, name).id

    async def calendars(self) -> list[str]:
        found = self.server.state.listed(self.email)
        return [one.id for one in found if _OURS.search(one.name)]
