"""What people's hands on a site and on an account have in common, whoever keeps the account.

Not here: what people do outside (studio_hands, google_hands) and at the site (site_acts), how both are put back
(two_sides_stage).
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar, cast

from syncd.model import Connection, Decision, Event, Link, LinkState, Ref, Side
from syncd.normalise import calendar_key, collection_of
from syncd.ports import Changes
from syncd.run import Result
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Schedule
from syncd.store.database import Database
from tests.e2e.studio import BRIDGE, INSTANCE
from tests.interruption import site_acts
from tests.interruption.hands import HOME, Hands, Like
from tests.interruption.rows import Rows, put_back, taken, told
from tests.interruption.wire import Planned, Way

_GENERATIONS = 6


class Installed(Protocol):
    """An installation between a site and an account: what hands ask of it."""

    store: Any
    clock: SandboxClock
    site: Site
    rows: dict[str, Schedule]
    connection_ids: list[str]

    async def connect(self, schedule: str, **wish: Any) -> Connection: ...
    async def configure(self, **wish: Any) -> Any: ...
    async def disconnect(self) -> None: ...
    async def decide(self, decision: Decision) -> int: ...
    async def override(self, session: str, **texts: str) -> None: ...


S = TypeVar("S", bound=Installed)


@dataclass(frozen=True, slots=True)
class Lies:
    """Where an original lies: a session by its id, or an object of a calendar, perhaps one occurrence of it."""

    side: Side
    id: str
    calendar: str = ""
    rid: str | None = None

    @property
    def ref_id(self) -> str:
        """Its id as refs have it."""
        return self.id if self.rid is None else f"{self.id}#{self.rid}"


@dataclass(slots=True)
class Known:
    """What lies behind the names of a scenario, what was planned, and how it was connected."""

    items: dict[str, Lies] = field(default_factory=dict)
    acts: list[Planned] = field(default_factory=list)
    edits: list[Side] = field(default_factory=list)
    refused: set[tuple[Side, str]] = field(default_factory=set)
    doubts: list[Side] = field(default_factory=list)


class TwoSides(ABC, Generic[S]):
    """Hands on one installation; see hands.Hands for the acts."""

    def __init__(self, studio: S, way: Way, database: Database) -> None:
        self.studio = studio
        self.store: Any = studio.store
        self.way = way
        self.database = database
        self.items: dict[str, Lies] = {}
        self._connected: tuple[str, dict[str, Any]] = ("anna", {})
        self._backup: Rows = {}

    # outside

    @abstractmethod
    def _calendar(self, name: str) -> str:
        """The id of a calendar by the name that a scenario gave it."""

    @abstractmethod
    def _calendar_ids(self) -> Collection[str]:
        """Every calendar of the account, as the product calls it."""

    @abstractmethod
    async def _edit_outside(self, lies: Lies, change: Event) -> None: ...

    @abstractmethod
    async def _remove_outside(self, lies: Lies) -> None: ...

    @abstractmethod
    async def _duplicated(self, lies: Lies, name: str) -> str:
        """The id of a copy that a person made with the app; it takes our mark along."""

    @abstractmethod
    async def _turn(self, lies: Lies, like: Like) -> None:
        """Make an event private, or invite somebody."""

    @abstractmethod
    async def _pass(self) -> Sequence[Result]:
        """One healthy pass."""

    # life of the connection

    async def connect(self, schedule: str = "anna", **wish: Any) -> None:
        self._connected = (schedule, wish)
        chosen = {"calendars": (HOME,), **wish}
        chosen["calendars"] = tuple(map(self._calendar, chosen["calendars"]))
        await self.studio.connect(schedule, **chosen)

    async def configure(self, **wish: Any) -> None:
        if "calendars" in wish:
            wish["calendars"] = tuple(map(self._calendar, wish["calendars"]))
        await self.studio.configure(**wish)

    async def disconnect(self) -> None:
        await self.studio.disconnect()

    async def decide(self, decision: Decision) -> int:
        return await self.studio.decide(decision)

    # items

    async def session(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        schedule = self.studio.rows[like.on or "anna"].id
        made = site_acts.session(self.studio.site, schedule, event, like.participants)
        self.items[name] = Lies(Side.WIX, made)

    def _weekly_sessions(self, name: str, event: Event, count: int) -> None:
        made = site_acts.weekly(self.studio.site, self.studio.rows["yoga"].id, event, count)
        self.items |= {f"{name} {number}": Lies(Side.WIX, one) for number, one in enumerate(made, 1)}

    async def edit(self, name: str, change: Event) -> None:
        await self._edit(self.items[name], change)

    async def remove(self, name: str) -> None:
        await self._remove(self.items[name])

    async def edit_copy(self, name: str, change: Event) -> None:
        await self._edit(await self._copy(name), change)

    async def remove_copy(self, name: str) -> None:
        await self._remove(await self._copy(name))

    async def duplicate_copy(self, name: str) -> None:
        lies = await self._copy(name)
        inside = lies.side is Side.WIX
        again = site_acts.duplicate(self.studio.site, lies.id) if inside else await self._duplicated(lies, name)
        self.items[f"duplicate of {name}"] = replace(lies, id=again)

    async def become(self, name: str, like: Like) -> None:
        lies = self.items[name]
        if lies.side is Side.WIX:
            site_acts.book(self.studio.site, lies.id, like.participants)
        else:
            await self._turn(lies, like)

    async def rebase(self, name: str) -> None:
        self.items[name] = Lies(Side.WIX, site_acts.rebase(self.studio.site, self.items[name].id))

    async def override(self, name: str, **texts: str) -> None:
        await self.studio.override(self.items[name].id, **texts)

    async def _edit(self, lies: Lies, change: Event) -> None:
        if lies.side is Side.WIX:
            site_acts.edit(self.studio.site, lies.id, change)
        else:
            await self._edit_outside(lies, change)

    async def _remove(self, lies: Lies) -> None:
        if lies.side is Side.WIX:
            site_acts.cancel(self.studio.site, lies.id)
        else:
            await self._remove_outside(lies)

    async def _copy(self, name: str) -> Lies:
        """What was made of an original for the newest connection."""
        lies, collections = self.items[name], await self._collections()
        wanted = Ref(INSTANCE if lies.side is Side.WIX else collections[lies.calendar], lies.ref_id)
        links = await self.store.links(self.studio.connection_ids[-1])
        found = [one.refs[lies.side.other] for one in links if one.refs[lies.side] == wanted and _lives(one)]
        assert len(found) == 1, f"{name} has {len(found)} links"
        ref = found[0]
        assert ref is not None, f"{name} has no copy"
        if lies.side.other is Side.WIX:
            return Lies(Side.WIX, ref.id)
        calendar = next(calendar for calendar, collection in collections.items() if collection == ref.collection)
        file, _, rid = ref.id.partition("#")
        return Lies(Side.EXTERNAL, file, calendar, rid or None)

    async def _collections(self) -> Mapping[str, str]:
        """Calendar id → the collection under which the store has its items."""
        connections = await self.store.connections()
        return {ref: collection_of(connections[-1], ref) if connections else ref for ref in self._calendar_ids()}

    def _keys(self) -> list[str]:
        """The keys that dedicated calendars may have, in order."""
        rows = self.studio.rows.values()
        return [calendar_key(BRIDGE, row.id, number) for row in rows for number in range(_GENERATIONS)]

    # trouble

    async def meanwhile(self, side: Side, verb: str, act: Callable[[Hands], Awaitable[None]]) -> None:
        hands = cast("Hands", self)  # with the acts of its own
        self.way.acts.append((side, verb, lambda: act(hands)))

    async def answer_with_edit(self, side: Side) -> None:
        self.way.edits.append(side)

    async def refuse(self, side: Side, title: str) -> None:
        self.way.refused.add((side, title))

    async def refuse_as_stale(self, side: Side) -> None:
        self.way.doubts.append(side)

    async def lose_database(self) -> None:
        await put_back(self.database, {})
        schedule, wish = self._connected
        await self.connect(schedule, **wish)

    async def back_up(self) -> None:
        self._backup = await taken(self.database)

    async def restore(self) -> None:
        await put_back(self.database, self._backup)
        careful = [replace(one, careful=True) for one in await self.store.connections()]
        await self.store.commit(Changes(connections=careful), None)

    # time, and what is there

    async def sync(self) -> None:
        for result in await self._pass():
            assert result.error is None, f"{result.error}"

    def advance(self, by: timedelta) -> None:
        self.studio.clock.advance(by.total_seconds())

    def writes(self) -> int:
        return self.way.written

    def planned(self) -> int:
        return len(self.way.acts) + len(self.way.edits) + len(self.way.doubts)

    def mailed(self) -> int:
        return self.way.mailed + len(self.studio.site.notifications)

    async def stored(self) -> str:
        return await told(self.database)

    async def links(self) -> list[Link]:
        every = [await self.store.links(one.id) for one in await self.store.connections()]
        return [link for links in every for link in links if _lives(link)]

    def known(self) -> Known:
        """What is behind the names now, and what is planned."""
        way = self.way
        return Known(dict(self.items), list(way.acts), list(way.edits), set(way.refused), list(way.doubts))

    def know(self, known: Known) -> None:
        """Be as told, and forget what has been since."""
        way = self.way
        way.forget()
        self.items = dict(known.items)
        way.acts, way.edits = list(known.acts), list(known.edits)
        way.refused, way.doubts = set(known.refused), list(known.doubts)


def _lives(link: Link) -> bool:
    return link.state is LinkState.LIVE
