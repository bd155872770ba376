"""A memory site whose connection has a simulated account of a provider: whole passes, over real HTTP.

Not here: the world of each provider; the rules themselves (tests/rules, tests/cycle).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from adapters.memory import MemorySite
from syncd.model import Connection, SyncConfig, Target, Timed
from syncd.ports import Account, Changes
from syncd.run import Result
from syncd.sandbox.clock import SandboxClock
from syncd.site import sync_site
from syncd.store import SqlStore, open_store
from syncd.store.migration import migrate
from tests.adapters.shared_world import MemoryShelf
from tests.cycle.bench import MONDAY, SITE_ID, STAFF, Bench, at


class Outside(Protocol):
    """The world of a provider, as a bench uses it."""

    @property
    def clock(self) -> SandboxClock: ...

    @property
    def shelf(self) -> MemoryShelf: ...

    @property
    def account(self) -> Account: ...

    def rows(self) -> Sequence[Mapping[str, Any]]: ...

    def operations(self) -> list[str]: ...

    def forget(self) -> None: ...

    def again(self) -> Any: ...

    def refuse(self, operation: str, code: str, /) -> None: ...

    def plant(self, do: Mapping[str, Any], *, match: Mapping[str, str] | None = None, times: int = 1) -> None: ...

    def delivered(self) -> list[str]: ...


W = TypeVar("W", bound=Outside)


@dataclass(frozen=True)
class Names:
    """What a provider calls things: the title of an event, operations, the path of a batch, a refusal of all writes,

    the room "Room 2"."""

    title: str
    read: str
    get: str
    create: str
    update: str
    make_calendar: str
    batch: str
    full: str
    room: Any


@dataclass
class AccountBench(Bench, Generic[W]):
    """`outer`: the world outside. `primary_id`: its default calendar. A quiet pass asks `names.read` alone."""

    outer: W = None  # type: ignore[assignment]
    provider: str = ""
    email: str = ""
    primary_id: str = ""
    names: Names = None  # type: ignore[assignment]

    @property
    def hands(self) -> Any:
        """A person's, in the default calendar."""
        return self.hands_in("default")

    def hands_in(self, calendar: str) -> Any:
        raise NotImplementedError

    def another_calendar(self) -> str:
        """The id of one more calendar that may be written."""
        raise NotImplementedError

    def calendars(self) -> int:
        """How many the account has."""
        raise NotImplementedError

    def copy(self, title: str) -> str:
        """The id of the event with this title."""
        return next(str(one.id) for one in self.hands.events() if one.fields[self.names.title] == title)

    def put(self, title: str, day: int, hour: int = 9, **fields: object) -> str:
        """The id of a new event of the person's own."""
        when = at(day, hour)
        return str(self.hands.add(title, when.start, when.end, zone=when.tzid, **fields).id)

    def retitle(self, name: str, title: str) -> None:
        self.hands.edit(name, **{self.names.title: title})

    def titles_in(self, calendar: str) -> list[str]:
        return sorted(str(one.fields[self.names.title]) for one in self.hands_in(calendar).events())

    def outer_titles(self) -> list[str]:
        return self.titles_in("default")

    def titled(self, title: str) -> dict[str, Timed]:
        """Sessions with this title: their times."""
        items = self.world.items(SITE_ID).items()
        found = {name: one.event.when for name, one in items if one.event.title == title}
        return {name: when for name, when in found.items() if isinstance(when, Timed)}

    async def connected(self, **config: object) -> None:
        chosen = SyncConfig(**{"calendars": (self.primary_id,), "target": Target.PRIMARY, **config})  # type: ignore[arg-type]
        identity = await self.outer.account.identity()
        made = Connection("one", SITE_ID, self.provider, STAFF, identity, self.email, chosen, confirmed=True)
        if chosen.target is Target.PRIMARY:
            made = replace(made, calendar=self.primary_id)
        await self.store.commit(Changes(connections=[made]), None)
        self.connection_id = "one"

    async def sync(self) -> Result:
        site = MemorySite(self.world, SITE_ID, self.inside)
        self.outer.forget()
        (result,) = await sync_site(self.work(), site, await self.store.connections(), self._opened)
        return result

    async def later(self, minutes: int = 11) -> Result:
        """The next pass, so many minutes later on both clocks."""
        self.clock.advance(timedelta(minutes=minutes))
        self.outer.clock.advance(minutes * 60)
        return await self.sync()

    async def _opened(self, _: Connection) -> Account:
        """Another process; it knows what the one before found out."""
        self.outer = self.outer.again()
        return self.outer.account

    def written(self) -> list[str]:
        return [str(row["operation"]) for row in self.outer.rows() if row["write"]]

    async def at_rest(self) -> None:
        for _ in range(2):
            before = len(self.world.log)
            result = await self.later()
            assert result.error is None, result.error
            assert (self.written(), self.world.log[before:]) == ([], [])
        assert self.outer.operations() == [self.names.read], "an idle pass costs one request"

    async def several(self, passes: int = 3) -> None:
        for _ in range(passes):
            result = await self.later()
            assert result.error is None, result.error


async def store_in(folder: Path, name: str = "syncd") -> SqlStore:
    """A migrated store, empty."""
    url = f"sqlite:///{folder / f'{name}.db'}"
    await migrate(url)
    return await open_store(url)


def on_monday(outside: Outside) -> None:
    """The day of the bench: the grant's access token is good for its first hour."""
    outside.clock.set(MONDAY)
    until = MONDAY + timedelta(hours=1)
    outside.shelf.grant = replace(outside.shelf.grant, expires_at=until, granted_at=MONDAY)
