"""People's hands on a site and on an account, in the simulators' own words.

Not here: what people do at the site (site_acts) and at the account (account), how both are put back (account_stage).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from syncd.model import Decision, Event, Link, LinkState, Ref, Side
from syncd.normalise import calendar_key, collection_of
from syncd.ports import Changes
from syncd.store.database import Database
from tests.e2e.studio import BRIDGE, INSTANCE
from tests.interruption import site_acts
from tests.interruption.account import Account
from tests.interruption.account_studio import AccountStudio
from tests.interruption.hands import HOME, MADE, Hands, Like, Lying
from tests.interruption.rows import Rows, put_back, taken, told
from tests.interruption.studio_hands import Lies
from tests.interruption.studio_raw import sessions
from tests.interruption.wire import Way

_GENERATIONS: Final = 6


class AccountHands:
    """The hands of people on a site and an account; see hands.Hands for the acts."""

    def __init__(self, studio: AccountStudio, way: Way, database: Database) -> None:
        self.studio = studio
        self.store: Any = studio.store
        self.way = way
        self.database = database
        self.items: dict[str, Lies] = {}
        self._connected: tuple[str, dict[str, Any]] = ("anna", {})
        self._backup: Rows = {}

    @property
    def account(self) -> Account:
        return self.studio.account

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

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        calendar = self._calendar(like.on or HOME)
        self.items[name] = Lies(Side.EXTERNAL, self.account.add(calendar, event, like), calendar)

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        if side is Side.WIX:
            made = site_acts.weekly(self.studio.site, self.studio.rows["yoga"].id, event, count)
            self.items |= {f"{name} {number}": Lies(Side.WIX, one) for number, one in enumerate(made, 1)}
            return
        home = self.account.home
        master = self.items[name] = Lies(Side.EXTERNAL, self.account.add(home, event, Like(), count), home)
        occurrences = self.account.occurrences(home, master.id)
        assert len(occurrences) == count
        self.items |= {f"{name} {number}": replace(master, id=one) for number, one in enumerate(occurrences, 1)}

    async def calendar(self, name: str) -> None:
        self.account.add_calendar(name)

    async def edit(self, name: str, change: Event) -> None:
        self._edit(self.items[name], change)

    async def remove(self, name: str) -> None:
        self._remove(self.items[name])

    async def edit_copy(self, name: str, change: Event) -> None:
        self._edit(await self._copy(name), change)

    async def remove_copy(self, name: str) -> None:
        self._remove(await self._copy(name))

    async def duplicate_copy(self, name: str) -> None:
        lies = await self._copy(name)
        if lies.side is Side.WIX:
            again = site_acts.duplicate(self.studio.site, lies.id)
        else:
            again = self.account.copy(lies.calendar, lies.id)
        self.items[f"duplicate of {name}"] = replace(lies, id=again)

    async def become(self, name: str, like: Like) -> None:
        lies = self.items[name]
        if lies.side is Side.WIX:
            site_acts.book(self.studio.site, lies.id, like.participants)
        else:
            self.account.become(lies.calendar, lies.id, like)

    async def move(self, name: str, calendar: str) -> None:
        lies, there = self.items[name], self._calendar(calendar)
        self.items[name] = replace(lies, id=self.account.move(lies.calendar, lies.id, there), calendar=there)

    async def rebase(self, name: str) -> None:
        self.items[name] = Lies(Side.WIX, site_acts.rebase(self.studio.site, self.items[name].id))

    async def override(self, name: str, **texts: str) -> None:
        await self.studio.override(self.items[name].id, **texts)

    def _edit(self, lies: Lies, change: Event) -> None:
        if lies.side is Side.WIX:
            site_acts.edit(self.studio.site, lies.id, change)
        else:
            self.account.edit(lies.calendar, lies.id, change)

    def _remove(self, lies: Lies) -> None:
        if lies.side is Side.WIX:
            site_acts.cancel(self.studio.site, lies.id)
        else:
            self.account.remove(lies.calendar, lies.id)

    async def _copy(self, name: str) -> Lies:
        """What was made of an original for the newest connection."""
        lies, collections = self.items[name], await self._collections()
        wanted = Ref(INSTANCE if lies.side is Side.WIX else collections[lies.calendar], lies.id)
        links = await self.store.links(self.studio.connection_ids[-1])
        found = [one.refs[lies.side.other] for one in links if one.refs[lies.side] == wanted and _lives(one)]
        assert len(found) == 1, f"{name} has {len(found)} links"
        ref = found[0]
        assert ref is not None, f"{name} has no copy"
        if lies.side.other is Side.WIX:
            return Lies(Side.WIX, ref.id)
        calendar = next(calendar for calendar, collection in collections.items() if collection == ref.collection)
        return Lies(Side.EXTERNAL, ref.id, calendar)

    def _calendar(self, name: str) -> str:
        """The id of a calendar by the name that a scenario gave it."""
        if name == HOME:
            return self.account.home
        return next(ref for ref, shown in self.account.calendars().items() if shown == name)

    async def _collections(self) -> dict[str, str]:
        """Calendar id → the collection under which the store has its items."""
        connections, calendars = await self.store.connections(), self.account.calendars()
        return {ref: collection_of(connections[-1], ref) if connections else ref for ref in calendars}

    # trouble

    async def expire_cursors(self) -> None:
        self.account.expire_cursors()

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
        for result in await self.studio.sync_all():
            assert result.error is None, f"{result.error}"

    def advance(self, by: timedelta) -> None:
        self.studio.clock.advance(by.total_seconds())

    def writes(self) -> int:
        return self.way.written

    def planned(self) -> int:
        return len(self.way.acts) + len(self.way.edits) + len(self.way.doubts)

    def mailed(self) -> int:
        return self.way.mailed + len(self.studio.site.notifications) + self.account.mailed()

    async def stored(self) -> str:
        return await told(self.database)

    async def raw(self) -> list[Lying]:
        found, collections = sessions(self.studio.site), await self._collections()
        for ref, place in self._places().items():
            found += self.account.lying(ref, place, collections[ref])
        return found

    def _places(self) -> dict[str, str]:
        """Calendar id → how scenarios call it; those that we made by the order of their keys.

        Two calendars with one key, of which one was asked for long before it was made, are one place: nothing may lie
        in both.
        """
        rows, calendars = self.studio.rows.values(), self.account.calendars()
        keys = [calendar_key(BRIDGE, row.id, number) for row in rows for number in range(_GENERATIONS)]
        ours = [found for key in keys if (found := [ref for ref in calendars if self.account.says(ref, key)])]
        named = enumerate(ours, 1)
        made = {ref: MADE if number == 1 else f"{MADE} {number}" for number, refs in named for ref in refs}
        return {**calendars, self.account.home: HOME, **made}


def _lives(link: Link) -> bool:
    return link.state is LinkState.LIVE
