"""An account that its owner granted: a provider's simulator on loopback, kept from one world to the next in a file.

Not here: what is each provider's own (google, microsoft), the site beside it (world), what is measured (their rows).
"""

import pickle
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock

Json = dict[str, Any]
ZONE: Final = ZoneInfo("Europe/Berlin")
DAYS: Final = 350  # over which events of a person are spread
_OLD: Final = 86_400.0  # seconds since they were made: not what somebody is just typing in


class Server(Protocol):
    """A simulator that is served."""

    state: Any

    @property
    def app(self) -> Any: ...

    @property
    def base_url(self) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """What is each one's own.

    `state`: an empty one. `seed`: puts an account into it. `told`: what is known of the simulator at an address.
    `identity`: what the account is called for ever. `scopes`, `lives`: of its grant; seconds of an access token.
    `hands`: those of the account's owner. `daily`: the fields that repeat an event on so many days. `unlimited`:
    switches without its quota. `clocked`: what holds the clock beside the state.
    """

    name: str
    email: str
    serve: Callable[[Any], Server]
    state: Callable[[SandboxClock], Any]
    seed: Callable[..., Any]
    told: Callable[[str, Iterable[Any]], Json]
    identity: Callable[[Any], str]
    scopes: tuple[str, ...]
    lives: int
    calendar: Callable[[Any], str]
    hands: Callable[[Any], Any]
    daily: Callable[[int], Json]
    unlimited: Mapping[str, int]
    clocked: Callable[[Any], Iterable[Any]]

    def made(self, clock: SandboxClock) -> tuple[Any, Grant]:
        """An account without events, and what its owner granted just now."""
        state, now = self.state(clock), clock.now()
        seeded = self.seed(state, [], self.email, "Anna")
        until = now + timedelta(seconds=self.lives)
        tokens = (seeded.access_token, seeded.refresh_token)
        return state, Grant(*tokens, until, self.scopes, self.identity(state), self.email, now)

    def settings(self, base_url: str) -> Json:
        """Those of the product, by their names, for the simulator at this address."""
        told = {key: value for key, value in self.told(base_url, ()).items() if isinstance(value, str)}
        return {f"SYNCD_{self.name}__{key}".upper(): value for key, value in told.items()}


@dataclass(slots=True)
class Granted:
    """One account with its default calendar. `folder`: where it is kept."""

    provider: Provider
    server: Server
    folder: Path
    grant: Grant

    def facts(self) -> Json:
        """What the product has to know: settings by their names, and a grant."""
        at = self.provider
        settings = at.settings(self.server.base_url)
        known = {"provider": at.name, "email": at.email, "calendar": at.calendar(self.server.state)}
        return {"granted": {**known, "settings": settings, "grant": msgspec.to_builtins(self.grant)}}

    def log(self) -> Json:
        return {self.provider.name: self.server.app.log.to_json()["requests"]}

    def forget(self) -> None:
        self.server.app.log.reset()

    def obey(self, order: Mapping[str, Any]) -> None:
        hands = self.provider.hands(self.server.state)
        match order:
            case {"unlimited": True}:
                self.server.state.switches.set(self.provider.unlimited)
            case {"lessons": count}:
                start = self._tomorrow(9)
                fields = self.provider.daily(count)
                hands.add("Lesson", start, start + timedelta(hours=1), zone=ZONE.key, **fields)
            case {"lessons_at": hour}:
                (lesson,) = [one for one in hands.events() if one.is_master]
                start = self._tomorrow(hour)
                hands.edit(lesson.id, start=start, end=start + timedelta(hours=1))
            case {"move_own": count}:
                for number, one in enumerate(hands.events()[:count]):
                    start = self._tomorrow(20) + timedelta(hours=number)
                    hands.edit(one.id, start=start, end=start + timedelta(hours=1))
            case {"delete_own": count}:
                for one in hands.events()[:count]:
                    hands.delete(one.id)
            case {"keep": True}:
                kept = pickle.dumps((self.server.state, self.grant))
                _file(self.provider, self.folder).write_bytes(kept)

    def _tomorrow(self, hour: int) -> datetime:
        """The day after the account was made: an edit at whatever time means the same one."""
        return datetime.combine(self.grant.granted_at.date() + timedelta(days=1), time(hour), ZONE)


def account_in(provider: Provider, folder: Path, clock: SandboxClock, events: int = 0) -> Granted:
    """The account that was kept in this folder, else a new one with so many events of its owner; not served yet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = _file(provider, folder)
    if file.exists():
        state, grant = _kept(provider, file, clock)
    else:
        state, grant = provider.made(clock)
        clock.advance(-_OLD)
        add_own(provider.hands(state), clock.now().date(), events)
        clock.advance(_OLD)
    return Granted(provider, provider.serve(state), folder, grant)


def add_own(hands: Any, today: date, count: int) -> None:
    """Single events of half an hour in the evenings of most of a year."""
    for number in range(count):
        day = today + timedelta(days=1 + number % DAYS)
        start = datetime.combine(day, time(18), ZONE) + timedelta(minutes=30 * (number // DAYS))
        hands.add(f"Dentist {number}", start, start + timedelta(minutes=30), zone=ZONE.key)


def _file(provider: Provider, folder: Path) -> Path:
    return folder / f"{provider.name}.pickle"


def _kept(provider: Provider, file: Path, clock: SandboxClock) -> tuple[Any, Grant]:
    state, grant = pickle.loads(file.read_bytes())  # noqa: S301 - a file of this very run
    state.clock = clock
    for one in provider.clocked(state):
        one.clock = clock
    return state, grant
