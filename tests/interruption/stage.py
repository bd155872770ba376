"""Where scenarios are played: one world, one database, put back for each life.

Not here: the worlds themselves (memory_stage, studio_stage), what happens to a process (fates).
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tests.interruption.fates import Fate
from tests.interruption.hands import Hands
from tests.interruption.scenario import Scenario


class Stage(Protocol):
    """A scenario in one world on one database, prepared once."""

    name: str  # "memory/sqlite": world and database, as points are named

    @property
    def hands(self) -> Hands:
        """People, and healthy passes; never those of the doomed process."""
        ...

    async def fresh(self) -> None:
        """World and database are as the scenario prepared them; nothing is left of the life before."""

    async def run(self, fate: Fate, passes: int) -> None:
        """The passes of a process with this fate, the clock moved 11 minutes after each; or until it is killed.

        Errors of its connections are not raised: the next process has to cope. The owner of its leases is a process
        that no longer lives afterwards. Nothing of it runs on when this returns.
        """

    async def release(self, moment: str) -> None:
        """Apply what hangs on the wire and is due at a moment: "born" (before the next process), "passed" (after its
        first pass)."""


class Opening(Protocol):
    """How a world opens a stage; one function per world."""

    def __call__(self, scenario: Scenario, database_url: str) -> AbstractAsyncContextManager[Stage]: ...
