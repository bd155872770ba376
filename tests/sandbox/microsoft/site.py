"""A running simulator as the tests speak to it: over HTTP, on a frozen clock, with every answer shown to the models.

Not here: what is asserted.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.hands import Hands
from syncd.sandbox.microsoft.server import MicrosoftServer
from syncd.sandbox.microsoft.state import MicrosoftState
from tests.sandbox.microsoft import typed
from tests.sandbox.running import Controls, beside

START = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
ANNA = "anna@outlook.example"
BERT = "bert@contoso.example"
BERLIN = "W. Europe Standard Time"
CLIENT_ID = "sandbox-client"
SCOPES = ("Calendars.ReadWrite", "User.Read", "MailboxSettings.Read")
IMMUTABLE = 'IdType="ImmutableId"'
HOUR = (datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))  # that of `draft`
WINDOW = ("2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z")

Json = dict[str, Any]


@dataclass
class Refusal:
    """What an error answer says."""

    status: int
    code: str
    message: str
    error: Json
    headers: Mapping[str, str]


@dataclass
class Round:
    """All pages of a round of delta."""

    pages: list[Json]
    replies: list[httpx.Response]

    @property
    def rows(self) -> list[Json]:
        return [row for page in self.pages for row in page["value"]]

    @property
    def link(self) -> str:
        found: str = self.pages[-1]["@odata.deltaLink"]
        return found

    @property
    def removed(self) -> list[str]:
        return [row["id"] for row in self.rows if "@removed" in row]

    @property
    def whole(self) -> list[Json]:
        return [row for row in self.rows if "@removed" not in row]


@dataclass
class Site(Controls):
    """Two mailboxes; every call is Anna's unless another is named. Ids are immutable ones unless it says otherwise."""

    state: MicrosoftState
    server: MicrosoftServer
    clock: SandboxClock
    loop: asyncio.AbstractEventLoop
    client: httpx.Client
    problems: list[str] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def hands(self) -> Hands:
        return Hands(self.state, ANNA)

    def token(self, email: str = ANNA, *scopes: str) -> str:
        grant = grants.add_grant(self.state, CLIENT_ID, email, scopes or SCOPES)
        return grants.add_access(self.state, grant)

    def call(self, method: str, path: str, *prefer: str, email: str = ANNA, **more: Any) -> httpx.Response:
        """Any request below the version, or to a whole link."""
        if grants.peek(self.state, f"Bearer {self._tokens.get(email, '')}") is None:
            self._tokens[email] = self.token(email)
        headers = {
            "Authorization": f"Bearer {self._tokens[email]}",
            "Prefer": ", ".join(prefer or (IMMUTABLE,)),
            **more.pop("headers", {}),
        }
        url = path if path.startswith("http") else f"{self.server.base_url}/v1.0{path}"
        return self.client.request(method, url, headers=headers, **more)

    def get(self, path: str, *prefer: str, **more: Any) -> Json:
        return done(self.call("GET", path, *prefer, **more))

    def post(self, path: str, body: Json, *prefer: str, **more: Any) -> Json:
        return done(self.call("POST", path, *prefer, json=body, **more))

    def create(self, path: str = "/me/events", /, **fields: Any) -> Json:
        return self.post(path, draft(**fields))

    def patch(self, ref: str, *prefer: str, headers: Mapping[str, str] | None = None, **fields: Any) -> Json:
        return done(self.call("PATCH", event_path(ref), *prefer, json=fields, headers=headers or {}))

    def delete(self, ref: str, **more: Any) -> None:
        assert self.call("DELETE", event_path(ref), **more).status_code == 204

    def event(self, ref: str, *prefer: str) -> Json:
        return self.get(event_path(ref), *prefer)

    def refused(self, method: str, path: str, *prefer: str, **more: Any) -> Refusal:
        reply = self.call(method, path, *prefer, **more)
        assert reply.status_code >= 400, reply.text
        error = reply.json()["error"]
        return Refusal(reply.status_code, error["code"], error["message"], error, reply.headers)

    def refused_draft(self, **fields: Any) -> Refusal:
        return self.refused("POST", "/me/events", json=draft(**fields))

    def round(self, link: str | None = None, *prefer: str, path: str = "/me/calendarView/delta") -> Round:
        """A first round over WINDOW, or the next one after a link."""
        window = {"startDateTime": WINDOW[0], "endDateTime": WINDOW[1]}
        replies = [self.call("GET", link, *prefer) if link else self.call("GET", path, *prefer, params=window)]
        pages = [done(replies[0])]
        while "@odata.nextLink" in pages[-1]:
            assert len(pages) < 100
            replies.append(self.call("GET", pages[-1]["@odata.nextLink"], *prefer))
            pages.append(done(replies[-1]))
        return Round(pages, replies)

    def view(self, *prefer: str, start: str = WINDOW[0], end: str = WINDOW[1], **params: Any) -> list[Json]:
        asked = {"startDateTime": start, "endDateTime": end, "$top": "1000", **params}
        rows: list[Json] = self.get("/me/calendarView", *prefer, params=asked)["value"]
        return rows

    def inspect(self, operation: str, _body: object, status: int, answer: object) -> None:
        self.problems += typed.problems(operation, status, answer)


def done(reply: httpx.Response) -> Json:
    """The object of an answer that was no refusal."""
    assert reply.status_code < 300, reply.text
    found: Json = reply.json()
    return found


def event_path(ref: str) -> str:
    return f"/me/events/{quote(ref, safe='')}"


def draft(**fields: Any) -> Json:
    """A valid event, Tuesday 2026-11-24 from 09:00 to 10:00 in Berlin; a field set to None is left out."""
    base = {"subject": "Check", "start": at("2026-11-24T09:00"), "end": at("2026-11-24T10:00")}
    return {key: value for key, value in (base | fields).items() if value is not None}


def at(text: str, zone: str = BERLIN) -> Json:
    return {"dateTime": f"{text}:00", "timeZone": zone}


def shown(text: str, zone: str = "UTC") -> Json:
    """A moment as an answer has it."""
    return {"dateTime": f"{text}:00.0000000", "timeZone": zone}


def calendar_path(ref: str) -> str:
    return f"/me/calendars/{quote(ref, safe='')}"


def all_day(first: str, until: str, zone: str = BERLIN) -> Json:
    return {"isAllDay": True, "start": at(f"{first}T00:00", zone), "end": at(f"{until}T00:00", zone)}


def weekly(count: int = 3, start: str = "2026-11-24", day: str = "tuesday", **bounds: Any) -> Json:
    """A pattern of so many weeks, on the day of `draft`."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [day], "firstDayOfWeek": "monday"}
    return {
        "pattern": pattern,
        "range": {"type": "numbered", "startDate": start, "numberOfOccurrences": count, **bounds},
    }


def starts(rows: list[Json]) -> list[str]:
    return [row["start"]["dateTime"][:16] for row in rows]


@contextmanager
def running(email: str = ANNA) -> Iterator[Site]:
    """Two mailboxes, one app, a frozen clock; the server runs in a thread, so that tests can block."""
    clock = SandboxClock(START, rate=0)
    state = MicrosoftState(clock)
    state.add_client(CLIENT_ID, "secret", ("http://127.0.0.1/back",))
    state.add_account(email, "Anna Weber", personal=True)
    state.add_account(BERT, "Bert")
    server = MicrosoftServer(state)
    with beside(server) as loop, httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501 - loopback
        site = Site(state, server, clock, loop, client)
        state.inspect = site.inspect
        yield site
