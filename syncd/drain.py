"""How a pass ends early when its process is asked to: reads are dropped, writes under way are finished and recorded.

Spares apply, cycle and site a flag of their own. Not here: signals (cli), what is still open in the journal (recover).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from syncd.errors import Stopped

T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class Drain:
    """One for all passes of a process. `seconds`: how long writes under way may still take once it is asked to end."""

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds
        self._asked = asyncio.Event()
        self._at_once = asyncio.Event()
        self.has_cut = False  # writes were broken off: their intents are open, and the next pass settles them

    @property
    def is_asked(self) -> bool:
        """Whether nothing new may begin."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End soon. Asked again: end at once, whatever is under way."""
        if self.is_asked:
            self._at_once.set()
        self._asked.set()

    def check(self) -> None:
        """Raises Stopped when nothing new may begin."""
        if self.is_asked:
            raise Stopped("asked to end")

    async def reading(self, work: Work[T]) -> T:
        """What the work finds. It may be dropped at any point: Stopped, as soon as the process is asked to end."""
        return await _unless(self._asked.wait(), work)

    async def writing(self, work: Work[T]) -> T:
        """What the work answers. Stopped only when it is asked to end twice, or takes `seconds` after it was asked."""
        try:
            return await _unless(self._patience_ends(), work)
        except _Cut:
            self.has_cut = True
            raise

    async def _patience_ends(self) -> None:
        await self._asked.wait()
        try:
            async with asyncio.timeout(self._seconds):
                await self._at_once.wait()
        except TimeoutError:
            return


class _Cut(Stopped):
    """The work was cancelled before its end."""


async def _unless(end: Work[Any], work: Work[T]) -> T:
    """The work's own end, good or bad; it is cancelled, and over, when the other end comes first."""
    task, other = asyncio.ensure_future(work), asyncio.ensure_future(end)
    try:
        await asyncio.wait((task, other), return_when=asyncio.FIRST_COMPLETED)
    finally:
        other.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
    if task.cancelled():
        raise _Cut("asked to end")
    return task.result()
