"""Sending the messages of push channels: after each request in the background, or all at once when asked.

Not here: which messages there are (`push.py`).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from syncd.sandbox.google.push import LOOPBACK, Channels, Message

_SECONDS = 5.0


@dataclass(slots=True)
class Poster:
    """What a receiver answers is not looked at, and a failed message is not repeated: delivery is not guaranteed."""

    channels: Channels
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send_soon(self) -> None:
        """Start sending what is due now."""
        due = self.channels.take_due()
        if due:
            task = asyncio.get_running_loop().create_task(self._post(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def send_all(self) -> int:
        """Send what is due and what was held back, and wait for all that is on its way."""
        messages = [*self.channels.take_due(), *self.channels.release()]
        await self._post(messages)
        await asyncio.gather(*self._tasks)
        return len(messages)

    def close(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()

    async def _post(self, messages: Sequence[Message]) -> None:
        near = [message for message in messages if urlsplit(message.address).hostname in LOOPBACK]
        self.channels.unsent += [message for message in messages if message not in near]
        if not near:
            return
        # Nothing but loopback is reached, where no certificate could be checked.
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=False) as client:  # noqa: S501
            for message in near:
                with contextlib.suppress(httpx.HTTPError):
                    await client.post(message.address, headers=dict(message.headers))
