"""The one clock that all simulators of a sandbox share; it can be moved, slowed and frozen.

Not here: timers. Nothing in the sandbox waits for this clock; it is only read.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC with a final Z; microseconds only when there are any (RFC 3339, 5.6)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """An aware UTC moment. Raises ValueError when the text has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("a time needs an offset or Z")
    return moment.astimezone(UTC)


class SandboxClock:
    """Time of the simulated world: `rate` times as fast as `monotonic`, which counts seconds."""

    def __init__(
        self,
        start: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        rate: float = 1.0,
    ) -> None:
        """Without `start` the clock begins at the machine's own time."""
        self._monotonic = monotonic
        self._rate = _checked_rate(rate)
        self._base = _checked_moment(start if start is not None else datetime.now(UTC))
        self._since = monotonic()

    def now(self) -> datetime:
        """The simulated moment, aware, in UTC."""
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._rate)

    def advance(self, seconds: float) -> None:
        """Move by `seconds`; negative values move back."""
        if not math.isfinite(seconds):
            raise ValueError("advance needs a finite number of seconds")
        self.set(self.now() + timedelta(seconds=seconds))

    def set(self, now: datetime) -> None:
        """Jump to `now`, which must be aware."""
        self._base = _checked_moment(now)
        self._since = self._monotonic()

    @property
    def rate(self) -> float:
        """Multiple of real time; 0 stands still."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        checked = _checked_rate(rate)
        self.set(self.now())
        self._rate = checked

    def to_json(self) -> dict[str, object]:
        """What `GET /_sandbox/clock` answers."""
        return {"now": rfc3339(self.now()), "rate": self._rate}


def _checked_rate(rate: float) -> float:
    if not math.isfinite(rate) or rate < 0:
        raise ValueError("rate must be a finite number, 0 or more")
    return float(rate)


def _checked_moment(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("the clock needs an aware time")
    return moment.astimezone(UTC)
