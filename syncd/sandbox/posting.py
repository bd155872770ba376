"""Sending notifications to whoever subscribed: after each request in the background, or all at once when asked.

Not here: which notifications there are (each simulator's `push.py`).
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

NEAR: Final = ("127.0.0.1", "localhost", "::1")
"""Hosts that messages are really sent to."""
_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """One POST."""

    address: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Outbox:
    """Messages on their way out. `unsent` takes those to addresses beyond loopback, which are never sent."""

    unsent: list[Message] = field(default_factory=list)
    _due: list[Message] = field(default_factory=list)
    _held: list[Message] = field(default_factory=list)

    def put(self, message: Message, delivery: str) -> None:
        """Let it go `now`, `twice`, when released (`held`), or never (`drop`)."""
        if delivery == "held":
            self._held.append(message)
        elif delivery != "drop":
            self._due.extend([message] * (2 if delivery == "twice" else 1))

    def take_due(self) -> list[Message]:
        """Messages to be sent now, each told once."""
        due, self._due = self._due, []
        return due

    def release(self) -> list[Message]:
        """Messages that were held back."""
        held, self._held = self._held, []
        return held


class Source(Protocol):
    """Who has messages to send."""

    outbox: Outbox

    def look(self) -> None:
        """Put into the outbox what has come up since the last time."""


@dataclass(slots=True)
class Poster:
    """What a receiver answers is not looked at, and a failed message is not repeated: delivery is not guaranteed."""

    source: Source
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send_soon(self) -> None:
        """Start sending what is due now."""
        self.source.look()
        due = self.source.outbox.take_due()
        if due:
            task = asyncio.get_running_loop().create_task(self._post(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def send_all(self) -> int:
        """Send what is due and what was held back, and wait for all that is on its way."""
        self.source.look()
        messages = [*self.source.outbox.take_due(), *self.source.outbox.release()]
        await self._post(messages)
        await asyncio.gather(*self._tasks)
        return len(messages)

    def close(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()

    async def _post(self, messages: Sequence[Message]) -> None:
        near = [message for message in messages if is_near(message.address)]
        self.source.outbox.unsent += [message for message in messages if message not in near]
        if not near:
            return
        async with outgoing() as client:
            for message in near:
                with contextlib.suppress(httpx.HTTPError):
                    await client.post(message.address, content=message.body, headers=dict(message.headers))


def is_near(address: str) -> bool:
    """Whether an address is on loopback."""
    return urlsplit(address).hostname in NEAR


def outgoing(seconds: float = _SECONDS) -> httpx.AsyncClient:
    """A client for loopback addresses alone, where no certificate could be checked."""
    return httpx.AsyncClient(timeout=seconds, trust_env=False, verify=False)  # noqa: S501
