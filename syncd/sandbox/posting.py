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


class Source(Protocol):
    """Where messages come from. `unsent` takes those to addresses beyond loopback, which are never sent."""

    unsent: list[Message]

    def take_due(self) -> list[Message]:
        """Messages to be sent now, each told once."""

    def release(self) -> list[Message]:
        """Messages that were held back."""


@dataclass(slots=True)
class Poster:
    """What a receiver answers is not looked at, and a failed message is not repeated: delivery is not guaranteed."""

    source: Source
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send_soon(self) -> None:
        """Start sending what is due now."""
        due = self.source.take_due()
        if due:
            task = asyncio.get_running_loop().create_task(self._post(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def send_all(self) -> int:
        """Send what is due and what was held back, and wait for all that is on its way."""
        messages = [*self.source.take_due(), *self.source.release()]
        await self._post(messages)
        await asyncio.gather(*self._tasks)
        return len(messages)

    def close(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()

    async def _post(self, messages: Sequence[Message]) -> None:
        near = [message for message in messages if is_near(message.address)]
        self.source.unsent += [message for message in messages if message not in near]
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
