"""Calls to one site: its token, the personal fields, what is sent again and what is not.

Not here: what refusals mean (refusals), the calls themselves (reads, writes, schedules).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from adapters.http import Http, Reply, retry_after
from adapters.wix import wire
from adapters.wix.refusals import SIDE, Asked, Permission, read_refusal
from syncd.errors import Forbidden, Transient
from syncd.ports import Clock

T = TypeVar("T")
_LIFE: Final = 0.85
_LONGEST_BACKOFF: Final = 60.0
PI: Final = "PI_FIELDS"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a token is asked for with. `bearer`: put `Bearer ` before the token (reference/wix.md, 1.2)."""

    app_id: str
    app_secret: str
    instance_id: str
    bearer: bool = False

    def body(self) -> bytes:
        return msgspec.json.encode(
            {
                "grant_type": "client_credentials",
                "client_id": self.app_id,
                "client_secret": self.app_secret,
                "instance_id": self.instance_id,
            }
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the API. `query`: names and values, names may repeat."""

    asked: Asked
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    since: datetime
    until: datetime

    def fresh(self, now: datetime) -> bool:
        return self.since <= now < self.until


class Client:
    """One app on one site. Every method may be called by several tasks at once.

    `rows`: how many events a page is asked for; lowered when Wix refuses so many (reference/wix.md, 8 row 13).
    """

    rows: int = 1000

    def __init__(self, http: Http, base_url: str, credentials: Credentials, clock: Clock) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._credentials = credentials
        self._clock = clock
        self._token: _Token | None = None
        self._renewing = asyncio.Lock()
        self._consistent = ""
        self._throttled = 0
        self._without_pi: _Token | None = None

    async def send(self, call: Call, shape: type[T]) -> T:
        """The answer in its shape. Raises the errors of the table; a write whose reply is lost may be applied."""
        return self.decode(call, await self.body(call), lambda body: msgspec.json.decode(body, type=shape))

    async def body(self, call: Call) -> bytes:
        """The answer as it came. A token that is refused is renewed once, and the call sent once more."""
        token = await self._valid()
        reply = await self._exchange(call, token)
        if reply.status == 401 and read_refusal(reply).code != "BAD_CREDENTIALS":
            token = await self._valid(refused=token)
            reply = await self._exchange(call, token)
        self._consistent = reply.headers.get("x-wix-consistent", self._consistent)
        if reply.status != 200:
            raise read_refusal(reply).error(call.asked, self._wait(reply))
        self._throttled = 0
        return reply.body

    @staticmethod
    def decode(call: Call, body: bytes, read: Callable[[bytes], T]) -> T:
        """What `read` makes of an answer; one that it cannot read is as good as lost."""
        try:
            return read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            text = f"Wix answered {call.asked.what} with something else"
            raise Transient(text, side=SIDE, ref=call.asked.ref, applied=call.asked.writes) from None

    async def personal(self, ask: Callable[[bool], Awaitable[T]]) -> T:
        """`ask(True)`, or `ask(False)` while this app may not see personal fields, which each new token asks anew."""
        token = await self._valid()
        if self._without_pi is token:
            return await ask(False)
        try:
            return await ask(True)
        except Forbidden:
            answer = await ask(False)  # refused too: not the personal fields are the reason
            self._without_pi = self._token
            return answer

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _exchange(self, call: Call, token: _Token) -> Reply:
        prefix = "Bearer " if self._credentials.bearer else ""
        headers = {"authorization": f"{prefix}{token.value}"}
        if self._consistent:
            headers["x-wix-consistent"] = self._consistent
        content = None
        if call.body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(call.body)
        query = f"?{urlencode(call.query)}" if call.query else ""
        url = f"{self._base}{call.path}{query}"
        reads = not call.asked.writes
        return await self._http.request(call.method, url, headers=headers, content=content, side=SIDE, repeatable=reads)

    async def _valid(self, refused: _Token | None = None) -> _Token:
        """A token that is in the first 85 % of its life and not the refused one; one request for all who ask."""
        async with self._renewing:
            held = self._token
            if held is None or held is refused or not held.fresh(self._clock.now()):
                self._token = held = await self._ask_for_token()
            return held

    async def _ask_for_token(self) -> _Token:
        call = Call(Asked("the app's credentials", Permission.READ), "POST", "/oauth2/token")
        now = self._clock.now()
        reply = await self._http.request(
            call.method,
            f"{self._base}{call.path}",
            headers={"content-type": "application/json"},
            content=self._credentials.body(),
            side=SIDE,
            repeatable=True,
        )
        if reply.status != 200:
            raise read_refusal(reply).error(call.asked, self._wait(reply))
        token = self.decode(call, reply.body, lambda body: msgspec.json.decode(body, type=wire.Token))
        return _Token(token.access_token, now, now + timedelta(seconds=token.expires_in * _LIFE))

    def _wait(self, reply: Reply) -> float:
        """Seconds to stay away after a 429: as told, else twice as long with each one in a row."""
        if reply.status != 429:
            return 0.0
        told = retry_after(reply.headers, self._clock.now())
        backoff = min(_LONGEST_BACKOFF, 2.0**self._throttled)
        self._throttled = min(self._throttled + 1, 6)
        return told if told is not None else backoff


@dataclass(frozen=True, slots=True)
class Installation:
    """Our app on one site. `bridge`: of this installation of syncd; other bridges' marks are not ours.

    `namespace`: of the app's extended fields that hold overrides, None where the site has no schema for it.
    """

    client: Client
    clock: Clock
    instance_id: str
    app_id: str
    bridge: str
    namespace: str | None = None
