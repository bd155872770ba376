"""People's hands on a site and on an account, in the simulators' own words.

Not here: what all such hands have in common (two_sides), what people do at the account (account), how both are put back
(account_stage).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from syncd.model import Event, Side
from syncd.run import Result
from tests.interruption.account import Account
from tests.interruption.account_studio import AccountStudio
from tests.interruption.hands import HOME, MADE, Like, Lying
from tests.interruption.studio_raw import sessions
from tests.interruption.two_sides import Lies, TwoSides


class AccountHands(TwoSides[AccountStudio]):
    """The hands of people on a site and an account; see hands.Hands for the acts."""

    @property
    def account(self) -> Account:
        return self.studio.account

    # items

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        calendar = self._calendar(like.on or HOME)
        self.items[name] = Lies(Side.EXTERNAL, self.account.add(calendar, event, like), calendar)

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        if side is Side.WIX:
            self._weekly_sessions(name, event, count)
            return
        home = self.account.home
        master = self.items[name] = Lies(Side.EXTERNAL, self.account.add(home, event, Like(), count), home)
        occurrences = self.account.occurrences(home, master.id)
        assert len(occurrences) == count
        self.items |= {f"{name} {number}": replace(master, id=one) for number, one in enumerate(occurrences, 1)}

    async def calendar(self, name: str) -> None:
        self.account.add_calendar(name)

    async def move(self, name: str, calendar: str) -> None:
        lies, there = self.items[name], self._calendar(calendar)
        self.items[name] = replace(lies, id=self.account.move(lies.calendar, lies.id, there), calendar=there)

    async def _edit_outside(self, lies: Lies, change: Event) -> None:
        self.account.edit(lies.calendar, lies.id, change)

    async def _remove_outside(self, lies: Lies) -> None:
        self.account.remove(lies.calendar, lies.id)

    async def _duplicated(self, lies: Lies, name: str) -> str:  # noqa: ARG002 - the service names it
        return self.account.copy(lies.calendar, lies.id)

    async def _turn(self, lies: Lies, like: Like) -> None:
        self.account.become(lies.calendar, lies.id, like)

    def _calendar(self, name: str) -> str:
        if name == HOME:
            return self.account.home
        return next(ref for ref, shown in self.account.calendars().items() if shown == name)

    def _calendar_ids(self) -> Collection[str]:
        return self.account.calendars()

    # trouble

    async def expire_cursors(self) -> None:
        self.account.expire_cursors()

    # time, and what is there

    async def _pass(self) -> Sequence[Result]:
        return await self.studio.sync_all()

    def mailed(self) -> int:
        return super().mailed() + self.account.mailed()

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
        calendars, keys = self.account.calendars(), self._keys()
        ours = [found for key in keys if (found := [ref for ref in calendars if self.account.says(ref, key)])]
        named = enumerate(ours, 1)
        made = {ref: MADE if number == 1 else f"{MADE} {number}" for number, refs in named for ref in refs}
        return {**calendars, self.account.home: HOME, **made}
