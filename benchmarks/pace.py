"""How long the product's own limit of requests makes an account wait, without waiting for it.

The requests of a pass that was measured without the limit go through it once more, one behind the other for each that
may be in flight, by a clock that leaps over every wait. Not here: which requests those were (granted_rows).
"""

import asyncio
import selectors
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx

from adapters.http import Http, Limits

_NOWHERE: Final = "http://127.0.0.1"
_TICK: Final = 1e-6  # seconds: no clock stands still, and what is due within a rounding error waits for it to move


class _Leaping(selectors.SelectSelector):
    """Waits for nothing: `ahead` is what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.ahead += max(timeout or 0.0, _TICK)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.ahead


def seconds(weights: Sequence[int], per_minute: int, in_flight: int) -> float:
    """Seconds until the last of these requests may go out, were they answered at once."""
    loop = _Loop()
    try:
        return loop.run_until_complete(_sent(iter(weights), per_minute, in_flight))
    finally:
        loop.close()


async def _sent(weights: Iterator[int], per_minute: int, in_flight: int) -> float:
    transport = httpx.MockTransport(lambda _: httpx.Response(204))
    http = Http([_NOWHERE], limits=Limits(per_minute=per_minute, timeout=3600), transport=transport)

    async def lane() -> None:
        for weight in weights:
            await http.request("POST", _NOWHERE, weight=weight)

    lanes: list[Any] = [lane() for _ in range(in_flight)]
    await asyncio.gather(*lanes)
    await http.aclose()
    return asyncio.get_running_loop().time()
