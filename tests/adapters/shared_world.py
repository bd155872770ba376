"""What the tests of several adapters share: builders of the core's values, a shelf, a pause that takes no time.

Not here: the accounts of each provider (its world).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.model import ChangeSet, Event, Mark, Observation, Timed, When, Window
from syncd.ports import Draft, Grant, Outcome
from syncd.sandbox.clock import SandboxClock

BRIDGE = "bridge-1"
BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC))


def at(day: int, hour: int = 9, *, month: int = 12, tzid: str = "Europe/Berlin") -> Timed:
    """One hour from that hour UTC."""
    start = datetime(2026, month, day, hour, tzinfo=UTC)
    return Timed(start, start + timedelta(hours=1), tzid)


def event(when: When | None = None, title: str | None = "Yoga", **fields: Any) -> Event:
    rest = {"description": None, "location": None, "busy": True, **fields}
    return Event(when or at(1), title, **rest)


def key(name: str) -> str:
    """A key such as the core makes: 32 characters of 0-9a-v."""
    return name.encode().hex().ljust(32, "0")[:32]


def mark(name: str = "one", **fields: Any) -> Mark:
    return Mark(BRIDGE, 1, key(name), "digest-1", **fields)


def draft(name: str = "one", given: Event | None = None) -> Draft:
    return Draft(key(name), given or event(), mark(name))


def shown(outcome: Outcome) -> Observation:
    assert isinstance(outcome, Observation), repr(outcome)
    return outcome


@dataclass
class MemoryShelf:
    """One grant for every process that uses it; `saved` in order. `turns`: how often it was somebody's."""

    grant: Grant
    saved: list[Grant] = field(default_factory=list)
    turns: int = 0
    _lease: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> Grant:
        return self.grant

    async def save(self, grant: Grant, instead_of: Grant) -> None:
        if self.grant == instead_of:
            self.grant = grant
            self.saved.append(grant)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self._lease:
            self.turns += 1
            yield


@dataclass
class Waits:
    """A pause that takes no time; `seconds` in order."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@dataclass
class AccountWorld:
    """One account of a simulated provider. People's hands, and the adapter on it, are for each provider's own world."""

    server: Any
    clock: SandboxClock
    shelf: MemoryShelf
    waits: Waits

    def plant(self, do: Mapping[str, Any], *, match: Mapping[str, str] | None = None, times: int = 1) -> None:
        self.server.app.faults.add({"do": do, "match": match or {}, "times": times})

    def switch(self, **values: Any) -> None:
        self.server.state.switches.set(values)

    def delivered(self) -> list[str]:
        """Faults that were carried out."""
        return [row["fault"] for row in self.rows() if row["fault"]]

    def rows(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.server.app.log.to_json()["requests"]
        return found

    def operations(self) -> list[str]:
        """What was asked of the API since the last call of `forget`, parts of batches among it."""
        return [str(row.get("operation")) for row in self.rows() if row.get("operation")]

    def forget(self) -> None:
        self.server.app.log.reset()


def titles(found: ChangeSet) -> list[str]:
    return sorted(str(one.event.title) for one in found.observations)


def fingerprints(found: ChangeSet) -> dict[str, str]:
    return {one.ref.id: one.fingerprint or "" for one in found.observations}
