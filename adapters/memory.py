"""The reference adapter: accounts, calendars and sites that lie in this process and keep the contract to the letter.

For tests and simulations. Not here: calendars (memory_calendar), sites (memory_site), the world behind them and
people's hands on it (memory_world), faults (memory_calls).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from adapters.memory_calendar import FULL, MemoryCalendar, Place
from adapters.memory_calls import Caller, Fault
from adapters.memory_site import SITE, MemorySite
from adapters.memory_world import MemoryClock, MemoryItem, MemoryWorld
from syncd.errors import Forbidden
from syncd.model import Side
from syncd.ports import CalendarInfo, Capabilities, Clock

__all__ = [
    "FULL",
    "SITE",
    "Fault",
    "MemoryAccount",
    "MemoryCalendar",
    "MemoryClock",
    "MemoryItem",
    "MemorySite",
    "MemoryWorld",
    "Place",
    "create",
]

T = TypeVar("T")


def create(*, clock: Clock, email: str = "owner@example.org", capabilities: Capabilities = FULL) -> "MemoryAccount":
    """An account in a world of its own, for the entry point; it is gone with the process."""
    return MemoryAccount(MemoryWorld(clock), email, capabilities)


class MemoryAccount:
    """One account of a world. Without a place of its own there, it is made, with a default calendar."""

    def __init__(
        self, world: MemoryWorld, email: str, capabilities: Capabilities = FULL, *, rewrites: bool = False
    ) -> None:
        self.capabilities = capabilities
        self.found = ""
        self.email = email
        self._world = world
        self._rewrites = rewrites
        world.add_account(email)

    async def identity(self) -> str:
        return await self._call("identity", lambda: self._world.identity(self.email))

    async def address(self) -> str:
        return self.email

    async def give_up(self) -> None:
        await self._call("give_up", lambda: self._world.given_up.append(self.email))

    async def calendars(self) -> Sequence[CalendarInfo]:
        return await self._call("calendars", self._list)

    def open(self, calendar: str, *, zone: str, collection: str) -> MemoryCalendar:
        place = Place(calendar, collection, zone)
        return MemoryCalendar(self._world, place, self.capabilities, rewrites=self._rewrites)

    def calendar_id(self, key: str) -> str | None:
        return f"made-{key}"

    async def make_calendar(self, key: str, name: str) -> CalendarInfo:
        return await self._call("make_calendar", lambda: self._make(f"made-{key}", name))

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _call(self, verb: str, apply: Callable[[], T]) -> T:
        return await self._world.calls.run(Caller(verb, self.email, Side.EXTERNAL), lambda _: apply())

    def _list(self) -> Sequence[CalendarInfo]:
        shelves = sorted(self._world.shelves(self.email), key=lambda shelf: (not shelf.default, shelf.id))
        return [CalendarInfo(one.id, one.name, one.default, one.writable, one.shared_by) for one in shelves]

    def _make(self, calendar: str, name: str) -> CalendarInfo:
        there = next((info for info in self._list() if info.id == calendar), None)
        if there is not None:
            return there
        if self.email in self._world.refuses_calendars:
            raise Forbidden("this account takes no more calendars", code="NO_CALENDARS", side=Side.EXTERNAL.value)
        self._world.log.append(("make_calendar", calendar, calendar))
        return self._world.add_calendar(self.email, calendar, name)
