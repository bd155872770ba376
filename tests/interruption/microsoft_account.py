"""A simulated Microsoft with one mailbox, as a world of accounts: what a person does there, and how it is configured.

Not here: how it is read raw (microsoft_raw), its requests (microsoft_end).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from syncd.model import UNSEEN, AllDay, Event, Timed, When
from syncd.ports import Grant
from syncd.sandbox.asgi import Cut
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import Hands as People
from syncd.sandbox.microsoft import MicrosoftState, grants
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.microsoft.seed import CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS, SCOPES
from tests.interruption import microsoft_raw
from tests.interruption.hands import Like, Lying
from tests.interruption.microsoft_end import MicrosoftEnd
from tests.interruption.wire import End

EMAIL: Final = "anna@outlook.example"
_GUEST: Final = {"emailAddress": {"address": "guest@example.test"}, "type": "required"}
_FIELDS: Final = {"title": "subject", "description": "body", "location": "location"}
_TOLD: Final = 12  # characters of its key that the name of a calendar ends with
_NONE: Final[Mapping[str, Any]] = {}
_SECTION: Final = """\
[microsoft]
client_id = "{id}"
client_secret = "{secret}"
base_url = "{url}v1.0"
authority = "{url}"
"""


@dataclass(slots=True)
class MicrosoftAccount:
    """One mailbox, and whoever has it."""

    app: MicrosoftApp
    provider: str = "microsoft"
    email: str = EMAIL

    @property
    def state(self) -> MicrosoftState:
        return self.app.state

    @property
    def home(self) -> str:
        return self.state.default_calendar(EMAIL).id

    def section(self, url: httpx.URL) -> str:
        return _SECTION.format(id=CLIENT_ID, secret=CLIENT_SECRET, url=url)

    def consented(self, now: datetime) -> Grant:
        state = self.state
        given, person = grants.add_grant(state, CLIENT_ID, EMAIL, SCOPES), state.accounts[EMAIL]
        access, refresh = grants.add_access(state, given), grants.add_refresh(state, given)
        until = now + timedelta(seconds=grants.ACCESS_SECONDS)
        return Grant(access, refresh, until, SCOPES, f"{person.oid}.{person.tid}", EMAIL, now)

    def end(self, url: httpx.URL, road: httpx.AsyncBaseTransport) -> End:
        return MicrosoftEnd(self.app, url, road, EMAIL)

    # calendars

    def calendars(self) -> Mapping[str, str]:
        return {one.id: one.name for one in self.state.listed(EMAIL)}

    def says(self, calendar: str, key: str) -> bool:
        return self.calendars()[calendar].endswith(f" [{key[:_TOLD]}]")

    def add_calendar(self, name: str) -> None:
        self.state.add_calendar(EMAIL, name)

    def expire_cursors(self) -> None:
        self.state.expire_delta_tokens()

    # events

    def add(self, calendar: str, event: Event, like: Like, weeks: int = 0) -> str:
        fields = {**_body(event), **_traits(like)}
        if weeks:
            fields["rrule"] = f"FREQ=WEEKLY;COUNT={weeks}"
        return self._at(calendar).add(fields.pop("subject", ""), fields.pop("start"), fields.pop("end"), **fields).id

    def occurrences(self, calendar: str, series: str) -> list[str]:
        every = microsoft_raw.living(self._at(calendar))
        return [one.id for one in every if one.series_id == series]

    def edit(self, calendar: str, ref: str, change: Event) -> None:
        self._at(calendar).edit(ref, **_body(change))

    def become(self, calendar: str, ref: str, like: Like) -> None:
        self._at(calendar).edit(ref, **_traits(like))

    def remove(self, calendar: str, ref: str) -> None:
        self._at(calendar).delete(ref)

    def copy(self, calendar: str, ref: str) -> str:
        return self._at(calendar).copy(ref).id

    def move(self, calendar: str, ref: str, there: str) -> str:
        return self._at(calendar).move(ref, there).id

    def mailed(self) -> int:
        return len(self.state.mailed)

    def lying(self, calendar: str, place: str, collection: str) -> Iterator[Lying]:
        return microsoft_raw.lying(self._at(calendar), place, collection)

    def _at(self, calendar: str) -> People:
        return People(self.state, EMAIL, calendar)


def microsoft(clock: SandboxClock, cut: Cut, switches: Mapping[str, Any] = _NONE) -> MicrosoftAccount:
    """Somebody with an empty mailbox. `switches`: what the service does where nothing is written down."""
    app = MicrosoftApp(MicrosoftState(clock), cut)
    app.state.switches.set({"quota_requests": 0, "service_turns": 0, **switches})
    app.state.add_client(CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS)
    app.state.add_account(EMAIL, "Anna")
    return MicrosoftAccount(app)


def _traits(like: Like) -> dict[str, Any]:
    """Fields of the API."""
    return {"sensitivity": "private" if like.private else "normal", "attendees": [_GUEST] if like.guests else []}


def _body(event: Event) -> dict[str, Any]:
    """The shown fields as those of the API."""
    shown = {name: getattr(event, name) for name in _FIELDS}
    body: dict[str, Any] = {_FIELDS[name]: value or "" for name, value in shown.items() if value is not UNSEEN}
    if event.busy is not UNSEEN:
        body["showAs"] = "busy" if event.busy else "free"
    return body | (_edges(event.when) if isinstance(event.when, Timed | AllDay) else {})


def _edges(when: When) -> dict[str, Any]:
    if isinstance(when, AllDay):
        return {"start": when.first, "end": when.until}
    return {"start": when.start, "end": when.end, "zone": when.tzid}
