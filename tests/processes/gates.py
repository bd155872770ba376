"""A gate before the calendars: requests that a planted delay meets wait until a test lets them go.

Not here: what else befalls them (faults of the simulators), the processes that sent them (workers).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.e2e.studio import Studio
from tests.processes.workers import until

_WAIT: Final = {"delay_seconds": 1}  # of any length: it ends when the gate is opened
_DROPPED: Final = {"drop": "before"}


@dataclass(slots=True)
class Gate:
    """`held`: how many requests have come to it since it was planted last. `under_way`: those not answered yet."""

    studio: Studio
    held: int = 0
    under_way: int = 0
    _now: asyncio.Event = field(default_factory=asyncio.Event)
    _earlier: list[asyncio.Event] = field(default_factory=list)

    def plant(self, side: str, match: Mapping[str, str], *, skip: int = 0, times: int = 1, lost: bool = False) -> None:
        """The next requests of this kind wait, `times` of them (-1: all); a `lost` one never arrives, even then."""
        fault = {"do": {**_WAIT, **(_DROPPED if lost else {})}, "match": dict(match), "skip": skip, "times": times}
        self.held = 0
        if side == "wix":
            self.studio.wix.app.faults.add(fault)
        else:
            self.studio.proxy.plant(fault)

    def clear(self) -> None:
        """Nothing more will wait; what waits goes on waiting."""
        self.studio.wix.app.faults.clear()
        self.studio.proxy.faults.clear()
        self._earlier.append(self._now)
        self._now = asyncio.Event()

    def let_go(self) -> None:
        """Everything that waits goes on to the calendars, and nothing waits from now on."""
        self.clear()
        for event in self._earlier:
            event.set()
        self._earlier.clear()

    async def wait(self, seconds: float) -> None:
        """What a simulator does where a delay is planted, of whatever length."""
        assert seconds > 0
        self.held += 1
        await self._now.wait()

    def counted(self, carry: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        """The same, known to be under way while it is."""

        async def carried(request: Any) -> Any:
            self.under_way += 1
            try:
                return await carry(request)
            finally:
                self.under_way -= 1

        return carried


def gate_before(studio: Studio) -> Gate:
    """From now on delays that are planted in the studio end when the gate is opened, not by time."""
    gate = Gate(studio)
    studio.proxy._carried = gate.counted(studio.proxy._carried)  # type: ignore[method-assign, assignment]
    studio.wix.app._answer_logged = gate.counted(studio.wix.app._answer_logged)  # type: ignore[method-assign, assignment]
    studio.proxy._delivery._sleep = gate.wait
    studio.wix.app._delivery._pause = gate.wait  # type: ignore[method-assign]
    return gate


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the simulators had to do at one moment: connections, and requests under way."""

    found: frozenset[object]

    @classmethod
    def at(cls, studio: Studio) -> "Traffic":
        wix = studio.wix._loopback
        return cls(frozenset([*studio.proxy._open, *wix._shared.tasks, *wix._transports.values()]))

    async def over(self, studio: Studio) -> None:
        """Until everything that came since has been answered, or has found nobody to answer."""
        await until(lambda: Traffic.at(studio).found <= self.found)
