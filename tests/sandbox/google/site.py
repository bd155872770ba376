"""A running simulator as the tests speak to it: through google-api-python-client as it is, on a frozen clock.

Not here: what is asserted.
"""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httplib2
import httpx
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState, Hands, grants, seed
from tests.sandbox.google import schema
from tests.sandbox.running import Controls, beside

START = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
TLS = ssl.create_default_context()  # made once: it costs more than the server
ANNA = "anna@gmail.example"
BERT = "bert@gmail.example"
BERLIN = "Europe/Berlin"

Json = dict[str, Any]


@dataclass
class Refusal:
    """What an error answer says."""

    status: int
    reason: str
    message: str
    headers: Json


@dataclass
class Site(Controls):
    """One account unless another is named; every call is checked against the discovery document."""

    state: GoogleState
    server: GoogleServer
    clock: SandboxClock
    loop: asyncio.AbstractEventLoop
    client: httpx.Client
    problems: list[str] = field(default_factory=list)
    _https: list[AuthorizedHttp] = field(default_factory=list)
    _services: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def hands(self) -> Hands:
        return Hands(self.state, ANNA)

    def token(self, email: str = ANNA, *scopes: str) -> str:
        grant = grants.add_grant(self.state, seed.CLIENT_ID, email, scopes or seed.SCOPES)
        return grants.add_access(self.state, grant)

    def service(self, email: str = ANNA, token: str | None = None) -> Any:
        """The library's own service object; one for each account, whose token is renewed when it has expired."""
        if token is None and email in self._services:
            service, credentials = self._services[email]
            if grants.peek(self.state, f"Bearer {credentials.token}") is None:
                credentials.token = self.token(email)
            return service
        credentials = Credentials(token=token or self.token(email))  # type: ignore[no-untyped-call]
        http = AuthorizedHttp(credentials, http=httplib2.Http(timeout=10))
        document = {**schema.document(), "rootUrl": f"{self.server.base_url}/"}
        del document["baseUrl"]
        self._https.append(http)
        service = build_from_document(document, http=http)
        if token is None:
            self._services[email] = (service, credentials)
        return service

    @property
    def events(self) -> Any:
        return self.service().events()

    def insert(self, calendar: str = "primary", **fields: Any) -> Json:
        event: Json = self.events.insert(calendarId=calendar, body=draft(**fields)).execute()
        return event

    def get(self, ref: str, calendar: str = "primary") -> Json:
        event: Json = self.events.get(calendarId=calendar, eventId=ref).execute()
        return event

    def pages(self, calendar: str = "primary", **params: Any) -> list[Json]:
        """All pages of a list."""
        found = []
        request = self.events.list(calendarId=calendar, **params)
        while request is not None:
            found.append(request.execute())
            request = self.events.list_next(request, found[-1])
        return found

    def rows(self, calendar: str = "primary", **params: Any) -> list[Json]:
        return [row for page in self.pages(calendar, **params) for row in page["items"]]

    def sync(self, token: str | None = None, **params: Any) -> tuple[dict[str, Json], str]:
        """Rows by id of a whole list, and the next sync token."""
        more = {"syncToken": token} if token else {"showDeleted": True}
        pages = self.pages(singleEvents=True, **more, **params)
        return {row["id"]: row for page in pages for row in page["items"]}, pages[-1]["nextSyncToken"]

    def refused(self, request: Any) -> Refusal:
        try:
            request.execute()
        except HttpError as error:
            told = json.loads(error.content)["error"]
            return Refusal(error.status_code, told["errors"][0]["reason"], told["message"], dict(error.resp))
        raise AssertionError("was not refused")

    def writes(self) -> list[Json]:
        return [entry for entry in self.log() if entry["write"]]

    def inspect(self, method: str, body: object, status: int, answer: object) -> None:
        self.problems += schema.problems(method, body, status, answer)

    def close(self) -> None:
        for http in self._https:
            http.close()


def draft(**fields: Any) -> Json:
    """A valid event, Tuesday 2026-11-24 from 09:00 to 10:00 in Berlin; a field set to None is left out."""
    base = {"summary": "Check", "start": at("2026-11-24T09:00"), "end": at("2026-11-24T10:00")}
    return {key: value for key, value in (base | fields).items() if value is not None}


def at(text: str, zone: str = BERLIN) -> Json:
    return {"dateTime": f"{text}:00", "timeZone": zone}


def day(text: str) -> Json:
    return {"date": text}


@contextmanager
def running() -> Iterator[Site]:
    """Two accounts, one client, a frozen clock; the server runs in a thread, so that tests can block."""
    clock = SandboxClock(START, rate=0)
    state = GoogleState(clock)
    state.add_client(seed.CLIENT_ID, seed.CLIENT_SECRET, (seed.REDIRECT_URI,))
    state.add_account(ANNA, "Anna")
    state.add_account(BERT, "Bert", workspace=True)
    server = GoogleServer(state)
    with beside(server) as loop, httpx.Client(base_url=server.base_url, verify=TLS, trust_env=False) as client:
        site = Site(state, server, clock, loop, client)
        state.inspect = site.inspect
        try:
            yield site
        finally:
            site.close()
