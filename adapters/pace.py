"""How fast one account may be asked, as its provider says: waits that double, and writes that rest for a while.

Not here: what a refusal means (refusals and the tables of each provider), sending.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from adapters.http import Reply, retry_after
from adapters.refusals import SIDE, Asked, Resting
from syncd.errors import AdapterError, Throttled
from syncd.ports import Clock

_LONGEST_BACKOFF: Final = 64.0


class _Found(msgspec.Struct, frozen=True):
    """What the next account with the same credentials has to know."""

    resting: datetime | None = None


class Pace:
    """Of one account. `by`: the provider, as errors call it. `resting`: until when nothing is written."""

    def __init__(self, by: str, clock: Clock) -> None:
        self._by = by
        self._clock = clock
        self.resting: datetime | None = None
        self._refused = 0

    def count(self, *, refused: bool) -> None:
        """Count a request that was refused for its rate; one that was not ends the row."""
        self._refused = min(self._refused + 1, 6) if refused else 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the one request that is read within."""
        try:
            yield
        except Throttled:
            self.count(refused=True)
            raise
        self.count(refused=False)

    def wait(self, reply: Reply) -> float:
        """Seconds to stay away: as told, else twice as long with each refusal in a row."""
        told = retry_after(reply.headers, self._clock.now())
        return told if told is not None else min(_LONGEST_BACKOFF, 2.0**self._refused)

    def heed(self, error: AdapterError) -> None:
        """From now on writes rest, if that is what the error says."""
        if isinstance(error, Resting):
            self.resting = self._clock.now() + timedelta(seconds=error.retry_after)

    def check(self, asked: Asked) -> None:
        """Raises Throttled for a write while the account's writes rest."""
        if self.resting is None or not asked.writes:
            return
        left = (self.resting - self._clock.now()).total_seconds()
        if left <= 0:
            self.resting = None
            return
        hint = f"{self._by} lets this account write nothing for a while; reading goes on"
        raise Throttled(f"{asked.what}: writes of this account rest", retry_after=left, side=SIDE, hint=hint)

    @property
    def found(self) -> str:
        """Until when this account may write nothing, if that is so, for the next one with the same credentials."""
        if self.resting is None or self.resting <= self._clock.now():
            return ""
        return msgspec.json.encode(_Found(self.resting)).decode()

    def remember(self, found: str) -> None:
        """What `found` of an earlier account said; anything else says nothing."""
        try:
            resting = msgspec.json.decode(found or "{}", type=_Found).resting
        except msgspec.MsgspecError:
            return
        self.resting = resting if resting is not None and resting.utcoffset() is not None else None
