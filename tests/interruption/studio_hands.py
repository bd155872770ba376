"""People's hands on a studio: the simulator's own words at the site, plain HTTP past the proxy outside.

Not here: what all such hands have in common (two_sides), what people do at the site (site_acts), how the studio is put
back (studio_stage), how both sides are read (studio_raw).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from syncd.cli.passes import one_pass
from syncd.model import Event, Side, Timed
from syncd.run import Result
from syncd.sandbox.radicale import SeedCalendar, seed
from syncd.store.database import Database
from tests.e2e.studio import PASSWORD, Studio
from tests.interruption import studio_ics
from tests.interruption.hands import HOME, MADE, Like, Lying
from tests.interruption.studio_raw import Shelves, sessions
from tests.interruption.two_sides import Lies, TwoSides
from tests.interruption.wire import Way

_FAR: Final = datetime(2031, 1, 1, 9, tzinfo=UTC)


class StudioHands(TwoSides[Studio]):
    """The hands of people on a studio; see hands.Hands for the acts."""

    def __init__(self, studio: Studio, way: Way, database: Database, folder: Path) -> None:
        super().__init__(studio, way, database)
        self.shelves = Shelves(folder)

    # items

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        lies = Lies(Side.EXTERNAL, f"{_slug(name)}.ics", self._calendar(like.on or HOME))
        await self._put(lies, studio_ics.made(f"{_slug(name)}@home", event, like))
        self.items[name] = lies

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        assert isinstance(event.when, Timed)
        if side is Side.WIX:
            self._weekly_sessions(name, event, count)
            return
        lies = Lies(Side.EXTERNAL, f"{_slug(name)}.ics", self._calendar(HOME))
        await self._put(lies, studio_ics.made(f"{_slug(name)}@home", event, Like(), f"FREQ=WEEKLY;COUNT={count}"))
        self.items[name] = lies
        for number, when in enumerate(studio_ics.weeks(event.when, count), 1):
            assert isinstance(when, Timed)
            self.items[f"{name} {number}"] = replace(lies, rid=studio_ics.rid_of(when.start))

    async def calendar(self, name: str) -> None:
        studio = self.studio
        await seed(str(studio.outside.web.base_url), studio.email, PASSWORD, [SeedCalendar(_slug(name), name)])

    async def move(self, name: str, calendar: str) -> None:
        lies = self.items[name]
        self.items[name] = replace(lies, calendar=self._calendar(calendar))
        await self._put(self.items[name], self._text(lies))
        await self.studio.outside.remove(lies.calendar, lies.id)

    async def _edit_outside(self, lies: Lies, change: Event) -> None:
        await self._put(lies, studio_ics.changed(self._text(lies), lies.rid, change))

    async def _remove_outside(self, lies: Lies) -> None:
        if lies.rid is None:
            await self.studio.outside.remove(lies.calendar, lies.id)
        else:
            await self._put(lies, studio_ics.without(self._text(lies), lies.rid))

    async def _duplicated(self, lies: Lies, name: str) -> str:
        other = replace(lies, id=f"duplicate-of-{_slug(name)}.ics")
        await self._put(other, studio_ics.renamed(self._text(lies), f"duplicate-of-{_slug(name)}@home"))
        return other.id

    async def _turn(self, lies: Lies, like: Like) -> None:
        await self._put(lies, studio_ics.turned(self._text(lies), lies.rid, like))

    async def _put(self, lies: Lies, text: str) -> None:
        await self.studio.outside.put(lies.calendar, lies.id, text)

    def _text(self, lies: Lies) -> str:
        return self.shelves.text(lies.calendar, lies.id)

    def _calendar(self, name: str) -> str:
        return "home/" if name == HOME else f"{_slug(name)}/"

    def _calendar_ids(self) -> Collection[str]:
        return self.shelves.calendars()

    # trouble

    async def expire_cursors(self) -> None:
        """The server forgets its tokens; something that came and went lets no old one fit by chance."""
        for calendar in self.shelves.calendars():
            ghost = Event(when=Timed(_FAR, _FAR + timedelta(hours=1), "Europe/Berlin"), title="Ghost", busy=True)
            await self.studio.outside.put(calendar, "ghost.ics", studio_ics.made("ghost@home", ghost, Like()))
            await self.studio.outside.remove(calendar, "ghost.ics")
            for token in (self.shelves.folder / calendar / ".Radicale.cache" / "sync-token").glob("*"):
                token.unlink()

    # time, and what is there

    async def _pass(self) -> Sequence[Result]:
        house = self.studio.house
        return await one_pass(house, house.work(self.store), await self.store.connections())

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


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
