"""An account at the simulated Google: the person's hands act in its state, which is read raw. Names: calendar and id.

Not here: what clients do through the API.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from adapters.google import SCOPE
from syncd.cli.compose import Credentials
from syncd.model import Target
from syncd.ports import Grant
from syncd.sandbox.control import RequestLog
from syncd.sandbox.google import GoogleServer, Hands
from syncd.sandbox.google.grants import ACCESS_SECONDS, add_access, add_grant
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, SCOPES
from syncd.sandbox.google.values import Event
from tests.e2e.person import Entry, Person, end_of, stamp

_VERBS: Final[Mapping[str, Mapping[str, str]]] = {
    "create": {"method": "POST", "path": "/events$"},
    "batch": {"method": "POST", "path": "^/batch/"},
    "change": {"operation": "events.update"},
    "delete": {"operation": "events.delete"},
    "read": {"operation": "events.list"},
    "make": {"operation": "calendars.insert"},
}
_CONFIG: Final = """\
[google]
client_id = "{id}"
client_secret = "{secret}"
base_url = "{base}/"
auth_url = "{base}/o/oauth2/v2/auth"
token_url = "{base}/token"
revoke_url = "{base}/revoke"
"""
_TEXTS: Final = {"title": "summary", "description": "description", "location": "location"}


@dataclass(slots=True)
class GooglePerson(Person):
    """`names`: of own events, by title."""

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
    def hands(self) -> Hands:
        return Hands(self.server.state, self.email)

    @property
    def log(self) -> RequestLog:
        return self.server.app.log

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

    def requests(self) -> list[str]:
        return [row["operation"] for row in self.log.to_json()["requests"] if row["operation"]]

    def spoil(self, verb: str, do: Mapping[str, Any], *, text: str = "", times: int = 1, skip: int = 0) -> None:
        more = {"body": text} if text else {}
        for one in ("create", "batch") if verb == "create" and not text else (verb,):
            self._plant(do, {**_VERBS[one], **more}, times=times, skip=skip)

    def heal(self) -> None:
        self.server.app.faults.clear()

    def edit_behind(self, title: str, theirs: str) -> None:
        state = self.server.state

        def inspect(method: str, _body: object, _status: int, answer: Any) -> None:
            if method == "events.insert" and answer["summary"] == title:
                state.inspect = None
                self.hands.edit(answer["id"], summary=theirs)

        state.inspect = inspect

    def empty_listings(self) -> None:
        self._plant({"expire_tokens": True, "empty": True}, _VERBS["read"], times=-1)

    async def event(self, title: str, start: date, end: date | None = None, **more: Any) -> str:
        zone = more.pop("zone", self.zone) or "UTC"
        free, private, rule = more.pop("free", False), more.pop("private", False), more.pop("rrule", None)
        fields = {
            "description": more.get("description"),
            "location": more.get("location"),
            "visibility": "private" if private else None,
            "transparency": "transparent" if free else None,
            "recurrence": [f"RRULE:{rule}"] if rule else None,
        }
        until, known = end_of(start, end), self.names.get(title)
        if known is not None:
            self._hands(known).edit(identified(known), summary=title, start=start, end=until, zone=zone, **fields)
            return known
        said = {name: value for name, value in fields.items() if value is not None}
        made = self.hands.add(title, start, until, zone=zone, **said)
        self.names[title] = f"{self.email}/{made.id}"
        return self.names[title]

    async def edit(self, name: str, **changes: Any) -> None:
        self._hands(name).edit(identified(name), **{_TEXTS.get(what, what): value for what, value in changes.items()})

    async def remove(self, name: str) -> None:
        self._hands(name).delete(identified(name))
        self.names = {title: known for title, known in self.names.items() if known != name}

    async def edit_occurrence(self, name: str, original: datetime, title: str, start: datetime) -> None:
        end = start + timedelta(hours=1)
        self._hands(name).edit(_instance(name, original), summary=title, start=start, end=end)

    async def remove_occurrence(self, name: str, original: datetime) -> None:
        self._hands(name).delete(_instance(name, original))

    async def duplicate(self, name: str, start: datetime) -> None:
        made = self._hands(name).copy(identified(name))
        self._hands(name).edit(made.id, start=start)

    async def invite(self, name: str, guest: str) -> None:
        self._hands(name).edit(identified(name), attendees=[{"email": guest}])

    async def remove_calendar(self, calendar: str) -> None:
        Hands(self.server.state, self.email, calendar).remove_calendar()

    async def add_calendar(self, name: str) -> str:
        return self.server.state.add_calendar(self.email, name).id

    async def own(self) -> dict[str, Entry]:
        rows = [_entry(self.email, event, self.zone) for event in self.hands.events() if not _is_copy(event)]
        return {row.key: row for row in rows}

    async def copies(self) -> list[Entry]:
        return [_entry(ref, event, self.zone) for ref, event in self._everything() if _is_copy(event)]

    async def calendars(self) -> list[str]:
        found = self.server.state.calendars.values()
        return [one.id for one in found if one.fields.get("description", "").startswith("[syncd ")]

    async def raw(self, name: str) -> str:
        ref = identified(name)
        kept = [one for one in self._hands(name).calendar.events.all() if ref in (one.id, one.series_id)]
        return json.dumps([{**asdict(one), "updated": ""} for one in kept], default=str)

    def _plant(self, do: Mapping[str, Any], match: Mapping[str, str], **more: int) -> None:
        self.server.app.faults.add({"do": dict(do), "match": dict(match), **more})

    def _everything(self) -> Iterator[tuple[str, Event]]:
        for ref, calendar in self.server.state.calendars.items():
            if self.email in calendar.roles:
                yield from ((ref, event) for event in Hands(self.server.state, self.email, ref).events())

    def _hands(self, name: str) -> Hands:
        return Hands(self.server.state, self.email, name.partition("/")[0])


def identified(name: str) -> str:
    """The id of an event within its calendar."""
    return name.partition("/")[2]


def _instance(name: str, original: datetime) -> str:
    return f"{identified(name)}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _is_copy(event: Event) -> bool:
    """Ours lie under the id that their mark names; what a person copies does not."""
    private = event.fields.get("extendedProperties", {}).get("private", {})
    return bool(private.get("syncdKey") == event.id)


def _entry(calendar: str, event: Event, zone: str) -> Entry:
    fields = event.fields
    guests = tuple(guest["email"] for guest in fields.get("attendees", ()))
    edges = (stamp(event.start.at, zone), stamp(event.end.at, zone))
    texts = (fields.get("description"), fields.get("location"))
    return Entry(f"{calendar}/{event.id}", fields.get("summary", ""), *edges, *texts, guests)
