"""How many requests of one account are under way at once, where one request may stand for several.

Not here: how many a minute (adapters.http), how the core widens and narrows what it sends.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final


class Lanes:
    """So many lanes, taken in the order of asking: a wide request is not overtaken by narrow ones for ever."""

    def __init__(self, lanes: int) -> None:
        self.width: Final = lanes
        self._free = lanes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def taken(self, lanes: int) -> AsyncIterator[None]:
        """Wait for as many lanes, all of them at most, and give them back afterwards."""
        wanted = min(lanes, self.width)
        await self._take(wanted)
        try:
            yield
        finally:
            self._give(wanted)

    async def _take(self, wanted: int) -> None:
        if not self._waiting and self._free >= wanted:
            self._free -= wanted
            return
        turn = asyncio.get_running_loop().create_future()
        place = (wanted, turn)
        self._waiting.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn had come already
                self._give(wanted)
            else:
                self._waiting.remove(place)
                self._give(0)  # who waits behind it may pass now
            raise

    def _give(self, lanes: int) -> None:
        self._free += lanes
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            self._free -= wanted
            if not turn.done():
                turn.set_result(None)
            else:
                self._free += wanted
