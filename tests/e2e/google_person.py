"""An account at the simulated Google, as a person has it.

Not here: what is the same at every simulator of ours (simulated_person), what clients do through the API.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from adapters.google import SCOPE
from syncd.cli.compose import Credentials
from syncd.model import Target
from syncd.ports import Grant
from syncd.sandbox.google import GoogleServer, Hands
from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.google.grants import ACCESS_SECONDS, add_access, add_grant
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, SCOPES
from syncd.sandbox.google.values import Event
from tests.e2e.person import Entry, stamp
from tests.e2e.simulated_person import SimulatedPerson, calendar_of, identified, named_in

_CONFIG: Final = """\
[google]
client_id = "{id}"
client_secret = "{secret}"
base_url = "{base}/"
auth_url = "{base}/o/oauth2/v2/auth"
token_url = "{base}/token"
revoke_url = "{base}/revoke"
"""


@dataclass(slots=True)
class GooglePerson(SimulatedPerson):
    verbs: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "create": {"method": "POST", "path": "/events$"},
        "change": {"operation": "events.update"},
        "delete": {"operation": "events.delete"},
        "read": {"operation": "events.list"},
        "make": {"operation": "calendars.insert"},
    }
    batch: ClassVar[Mapping[str, str]] = {"method": "POST", "path": "^/batch/"}
    texts: ClassVar[Mapping[str, str]] = {"title": "summary"}

    email: str
    zone: str
    server: GoogleServer
    provider: str = "google"
    calendar: str = "primary"
    wish: Mapping[str, Any] = field(default_factory=lambda: {"calendars": ("primary",), "target": Target.PRIMARY})
    idle: tuple[str, ...] = ("events.list",)
    refusal: Mapping[str, Any] = field(
        default_factory=lambda: {"error": {"reason": "eventTypeRestriction", "status": 400}}
    )
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        state = self.server.state
        if CLIENT_ID not in state.clients:
            state.add_client(CLIENT_ID, CLIENT_SECRET, ())
        state.add_account(self.email, zone=self.zone)

    @property
    def app(self) -> GoogleApp:
        return self.server.app

    @property
    def home(self) -> str:
        return self.email

    def settings(self) -> str:
        """Its table of the configuration."""
        return _CONFIG.format(id=CLIENT_ID, secret=CLIENT_SECRET, base=self.server.base_url)

    def credentials(self) -> Credentials:
        state = self.server.state
        now = state.clock.now()
        allowed = add_grant(state, CLIENT_ID, self.email, SCOPES)
        until, sub = now + timedelta(seconds=ACCESS_SECONDS), state.accounts[self.email].sub
        access, scopes = add_access(state, allowed), ("openid", SCOPE)
        grant = Grant(access, allowed.refresh_token or "", until, scopes, sub, self.email, now)
        return Credentials(self.email, grant=grant)

    def dead_credentials(self) -> Credentials:
        dead = self.credentials()
        self.server.state.grants[-1].revoked = True
        return dead

    def edit_behind(self, title: str, theirs: str) -> None:
        state = self.server.state

        def inspect(method: str, _body: object, _status: int, answer: Any) -> None:
            if method == "events.insert" and answer["summary"] == title:
                state.inspect = None
                self.hands.edit(answer["id"], summary=theirs)

        state.inspect = inspect

    def hands_in(self, calendar: str) -> Hands:
        return Hands(self.server.state, self.email, calendar)

    def listed(self) -> list[str]:
        calendars = self.server.state.calendars.items()
        return [ref for ref, calendar in calendars if self.email in calendar.roles]

    def records(self, calendar: str) -> Iterable[Event]:
        return self.hands_in(calendar).calendar.events.all()

    def fields(self, more: Mapping[str, Any]) -> dict[str, Any]:
        rule = more.get("rrule")
        return {
            "description": more.get("description"),
            "location": more.get("location"),
            "visibility": "private" if more.get("private") else None,
            "transparency": "transparent" if more.get("free") else None,
            "recurrence": [f"RRULE:{rule}"] if rule else None,
        }

    def occurrence(self, name: str, original: datetime) -> str:
        return f"{identified(name)}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def is_copy(self, event: Event) -> bool:
        """Ours lie under the id that their mark names."""
        private = event.fields.get("extendedProperties", {}).get("private", {})
        return bool(private.get("syncdKey") == event.id)

    def entry(self, calendar: str, event: Event) -> Entry:
        fields = event.fields
        guests = tuple(guest["email"] for guest in fields.get("attendees", ()))
        edges = (stamp(event.start.at, self.zone), stamp(event.end.at, self.zone))
        texts = (fields.get("description"), fields.get("location"))
        return Entry(named_in(calendar, event.id), fields.get("summary", ""), *edges, *texts, guests)

    async def duplicate(self, name: str, start: datetime) -> None:
        hands = self.hands_in(calendar_of(name))
        hands.edit(hands.copy(identified(name)).id, start=start)

    async def invite(self, name: str, guest: str) -> None:
        self.hands_in(calendar_of(name)).edit(identified(name), attendees=[{"email": guest}])

    async def add_calendar(self, name: str) -> str:
        return self.server.state.add_calendar(self.email, name).id

    async def calendars(self) -> list[str]:
        found = self.server.state.calendars.values()
        return [one.id for one in found if one.fields.get("description", "").startswith("[syncd ")]
