"""How many writes go out at once: starts at two, grows while throughput rises, halves when a side pushes back.

Which server it is plays no part: what it takes is found out, and kept for as long as the pace is.

Not here: what is written (writes).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Pace:
    """Writes in flight for one account. `cap`: never more. `now`: a monotonic clock in seconds."""

    cap: int
    now: Callable[[], float]
    width: int = 2
    _rate: float = 0.0
    _since: float | None = None
    _count: int = 0

    def landed(self) -> None:
        """One call came back: after a round of them, widen if the round was faster than the one before."""
        if self._since is None:
            self._since, self._count = self.now(), 0
            return
        self._count += 1
        if self._count < 2 * self.width:
            return
        rate = self._count / max(self.now() - self._since, 1e-6)
        if rate > self._rate * 1.05:
            self.width = min(self.width * 2, self.cap)
        self._rate = max(rate, self._rate)
        self._since, self._count = self.now(), 0

    def pushed_back(self, sent_at: int) -> None:
        """A 429 or 503: half as many, never as many again, and start measuring anew.

        `sent_at`: the width when the refused call was sent. Several refused together say it once.
        """
        if self.width < sent_at:
            return
        self.cap = max(1, min(self.cap, self.width - 1))
        self.width = max(1, self.width // 2)
        self._rate, self._since = 0.0, None


async def flow(jobs: Sequence[T], pace: Pace, work: Callable[[T], Awaitable[None]]) -> None:
    """Run `work` over the jobs, as many at once as the pace allows at that moment.

    The first error stops new jobs from starting; those under way are finished before it is raised. When this is
    cancelled they are too, and are over when it ends.
    """
    waiting = list(reversed(jobs))
    running: set[asyncio.Task[None]] = set()
    failure: BaseException | None = None
    try:
        while waiting or running:
            while waiting and failure is None and len(running) < pace.width:
                running.add(asyncio.ensure_future(work(waiting.pop())))
            if failure is not None and not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                pace.landed()
                error = task.exception()  # asked of each one: asyncio reports what nobody has looked at
                failure = failure or error
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        raise
    if failure is not None:
        raise failure
