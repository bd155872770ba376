"""The house of one process, whose own stores go the way of its fate.

Not here: requests (wire), the passes of the process (google_stage).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from syncd.cli.compose import House
from syncd.ports import Owner
from syncd.store import SqlStore, this_process
from tests.interruption.fates import Fate
from tests.interruption.memory_wire import MortalStore


@dataclass(frozen=True)
class MortalHouse(House):
    """What a process opens of its own, such as the store for a renewed grant, ends with it.

    `shared`: the store of a database that lies in memory, and can be opened no second time.
    """

    shared: SqlStore | None = None
    fate: Fate = field(default_factory=Fate)

    @asynccontextmanager
    async def store(self, *, read_only: bool = False) -> AsyncIterator[SqlStore]:
        if self.shared is not None:
            yield mortal(self.shared, self.fate)
            return
        async with super().store(read_only=read_only) as store:
            yield mortal(store, self.fate)


class _Mortal(MortalStore):
    def acquire(self, name: str, _: Owner, seconds: float) -> Any:
        """The process of a fate will have ended: its leases are nobody's."""
        return self.__getattr__("acquire")(name, ended(), seconds)


def mortal(store: SqlStore, fate: Fate) -> SqlStore:
    """The store as the process with this fate sees it."""
    return cast("SqlStore", _Mortal(store, fate))


def ended() -> Owner:
    """A process that no longer lives."""
    return replace(this_process(), started="a process that has ended")
