"""People's hands on a studio: the simulator's own words at the site, plain HTTP past the proxy outside.

Not here: what people do at the site (site_acts), how the studio is put back (studio_stage), how both sides are read
(studio_raw).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from syncd.cli.passes import one_pass
from syncd.model import Decision, Event, Link, LinkState, Ref, Side, Timed
from syncd.normalise import calendar_key, collection_of
from syncd.ports import Changes
from syncd.sandbox.radicale import SeedCalendar, seed
from syncd.store.database import Database
from tests.e2e.studio import BRIDGE, INSTANCE, PASSWORD, Studio
from tests.interruption import site_acts, studio_ics
from tests.interruption.hands import HOME, MADE, Hands, Like, Lying
from tests.interruption.rows import Rows, put_back, taken, told
from tests.interruption.studio_raw import Shelves, sessions
from tests.interruption.wire import Planned, Way

_GENERATIONS: Final = 6
_FAR: Final = datetime(2031, 1, 1, 9, tzinfo=UTC)


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


class StudioHands:
    """The hands of people on a studio; see hands.Hands for the acts."""

    def __init__(self, studio: Studio, way: Way, database: Database, folder: Path) -> None:
        self.studio = studio
        self.store: Any = studio.store
        self.way = way
        self.database = database
        self.shelves = Shelves(folder)
        self.items: dict[str, Lies] = {}
        self._connected: tuple[str, dict[str, Any]] = ("anna", {})
        self._backup: Rows = {}

    # life of the connection

    async def connect(self, schedule: str = "anna", **wish: Any) -> None:
        self._connected = (schedule, wish)
        chosen = {"calendars": (HOME,), **wish}
        chosen["calendars"] = tuple(_calendar(name) for name in chosen["calendars"])
        await self.studio.connect(schedule, **chosen)

    async def configure(self, **wish: Any) -> None:
        if "calendars" in wish:
            wish["calendars"] = tuple(_calendar(name) for name in wish["calendars"])
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

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        lies = Lies(Side.EXTERNAL, f"{_slug(name)}.ics", _calendar(like.on or HOME))
        await self._put(lies, studio_ics.made(f"{_slug(name)}@home", event, like))
        self.items[name] = lies

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        assert isinstance(event.when, Timed)
        if side is Side.WIX:
            made = site_acts.weekly(self.studio.site, self.studio.rows["yoga"].id, event, count)
            self.items |= {f"{name} {number}": Lies(Side.WIX, one) for number, one in enumerate(made, 1)}
            return
        lies = Lies(Side.EXTERNAL, f"{_slug(name)}.ics", _calendar(HOME))
        await self._put(lies, studio_ics.made(f"{_slug(name)}@home", event, Like(), f"FREQ=WEEKLY;COUNT={count}"))
        self.items[name] = lies
        for number, when in enumerate(studio_ics.weeks(event.when, count), 1):
            assert isinstance(when, Timed)
            self.items[f"{name} {number}"] = replace(lies, rid=studio_ics.rid_of(when.start))

    async def calendar(self, name: str) -> None:
        studio = self.studio
        await seed(str(studio.outside.web.base_url), studio.email, PASSWORD, [SeedCalendar(_slug(name), name)])

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
        if lies.side is Side.WIX:
            other = replace(lies, id=site_acts.duplicate(self.studio.site, lies.id))
        else:
            other = replace(lies, id=f"duplicate-of-{_slug(name)}.ics")
            await self._put(other, studio_ics.renamed(self._text(lies), f"duplicate-of-{_slug(name)}@home"))
        self.items[f"duplicate of {name}"] = other

    async def become(self, name: str, like: Like) -> None:
        lies = self.items[name]
        if lies.side is Side.WIX:
            site_acts.book(self.studio.site, lies.id, like.participants)
        else:
            await self._put(lies, studio_ics.turned(self._text(lies), lies.rid, like))

    async def move(self, name: str, calendar: str) -> None:
        lies = self.items[name]
        self.items[name] = replace(lies, calendar=_calendar(calendar))
        await self._put(self.items[name], self._text(lies))
        await self.studio.outside.remove(lies.calendar, lies.id)

    async def rebase(self, name: str) -> None:
        self.items[name] = Lies(Side.WIX, site_acts.rebase(self.studio.site, self.items[name].id))

    async def override(self, name: str, **texts: str) -> None:
        await self.studio.override(self.items[name].id, **texts)

    async def _edit(self, lies: Lies, change: Event) -> None:
        if lies.side is Side.WIX:
            site_acts.edit(self.studio.site, lies.id, change)
        else:
            await self._put(lies, studio_ics.changed(self._text(lies), lies.rid, change))

    async def _remove(self, lies: Lies) -> None:
        if lies.side is Side.WIX:
            site_acts.cancel(self.studio.site, lies.id)
        elif lies.rid is None:
            await self.studio.outside.remove(lies.calendar, lies.id)
        else:
            await self._put(lies, studio_ics.without(self._text(lies), lies.rid))

    async def _put(self, lies: Lies, text: str) -> None:
        await self.studio.outside.put(lies.calendar, lies.id, text)

    def _text(self, lies: Lies) -> str:
        return self.shelves.text(lies.calendar, lies.id)

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

    async def _collections(self) -> dict[str, str]:
        """Calendar id → the collection under which the store has its items."""
        connections = await self.store.connections()
        calendars = self.shelves.calendars()
        return {one: collection_of(connections[-1], one) if connections else one for one in calendars}

    # trouble

    async def expire_cursors(self) -> None:
        """The server forgets its tokens; something that came and went lets no old one fit by chance."""
        for calendar in self.shelves.calendars():
            ghost = Event(when=Timed(_FAR, _FAR + timedelta(hours=1), "Europe/Berlin"), title="Ghost", busy=True)
            await self.studio.outside.put(calendar, "ghost.ics", studio_ics.made("ghost@home", ghost, Like()))
            await self.studio.outside.remove(calendar, "ghost.ics")
            for token in (self.shelves.folder / calendar / ".Radicale.cache" / "sync-token").glob("*"):
                token.unlink()

    async def meanwhile(self, side: Side, verb: str, act: Callable[[Hands], Awaitable[None]]) -> None:
        self.way.acts.append((side, verb, lambda: act(self)))

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
        house = self.studio.house
        for result in await one_pass(house, house.work(self.store), await self.store.connections()):
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

    async def raw(self) -> list[Lying]:
        found, collections = sessions(self.studio.site), await self._collections()
        ours = [f"syncd-{key}/" for key in self._keys() if f"syncd-{key}/" in collections]
        for calendar, collection in collections.items():
            place = calendar.removesuffix("/")
            if calendar in ours:
                number = ours.index(calendar) + 1
                place = MADE if number == 1 else f"{MADE} {number}"
            found += self.shelves.lying(calendar, place, collection)
        return found

    def _keys(self) -> list[str]:
        """The keys that dedicated calendars may have, in order."""
        rows = self.studio.rows.values()
        return [calendar_key(BRIDGE, row.id, number) for row in rows for number in range(_GENERATIONS)]

    async def links(self) -> list[Link]:
        every = [await self.store.links(one.id) for one in await self.store.connections()]
        return [link for links in every for link in links if _lives(link)]


def _lives(link: Link) -> bool:
    return link.state is LinkState.LIVE


def _calendar(name: str) -> str:
    return "home/" if name == HOME else f"{_slug(name)}/"


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
