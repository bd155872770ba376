"""A person and their account outside, whoever keeps it: what the person does in it, and what lies there, read raw.

Names of events are opaque: they come from `event` and from entries. Not here: a provider's own ways (apple, google).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from syncd.cli.compose import Credentials
from syncd.sandbox.control import RequestLog


@dataclass(frozen=True, slots=True)
class Entry:
    """One event or series in an account. `at` and `until`: local, as `stamp` has them; None: no such text."""

    name: str
    title: str
    at: str
    until: str
    description: str | None = None
    location: str | None = None
    guests: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.title} {self.at}"


class Person(ABC):
    """One account.

    `provider`: its name. `calendar`: the id of the person's own. `wish`: what a connection is told unless a test says
    otherwise. `idle`: what a pass without news asks of the calendars. `refusal`: a fault that says: this event never.
    """

    provider: str
    email: str
    calendar: str
    wish: Mapping[str, Any]
    idle: Sequence[str]
    refusal: Mapping[str, Any]

    @property
    @abstractmethod
    def log(self) -> RequestLog:
        """The requests that the account has seen since they were forgotten."""

    @abstractmethod
    def credentials(self) -> Credentials:
        """What opens the account."""

    @abstractmethod
    def dead_credentials(self) -> Credentials:
        """What the account refuses."""

    @abstractmethod
    def requests(self) -> list[str]:
        """What was asked of the calendars."""

    # faults

    def delivered(self) -> int:
        """How many requests were answered badly, since they were forgotten."""
        return sum(row["fault"] is not None for row in self.log.to_json()["requests"])

    @abstractmethod
    def spoil(self, verb: str, do: Mapping[str, Any], *, text: str = "", times: int = 1, skip: int = 0) -> None:
        """Answer create, change, delete, read or make badly. `text`: only where a request holds it."""

    @abstractmethod
    def heal(self) -> None:
        """Nothing is answered badly any more."""

    @abstractmethod
    def edit_behind(self, title: str, theirs: str) -> None:
        """The person changes the title of a new copy right behind our write, whose answer knows nothing of it."""

    @abstractmethod
    def empty_listings(self) -> None:
        """Cursors are refused, and listings show nothing."""

    # hands

    @abstractmethod
    async def event(self, title: str, start: date, end: date | None = None, **more: Any) -> str:
        """An event in the person's own calendar, or the one of that title as it is now; its name.

        An hour or a day long unless told otherwise. `more`: description, location, private, free, rrule, zone.
        """

    @abstractmethod
    async def edit(self, name: str, **changes: Any) -> None:
        """Change `title` (None: emptied), `description`, `start`, `end`; a series as a whole."""

    @abstractmethod
    async def remove(self, name: str) -> None:
        """Delete an event or a series."""

    @abstractmethod
    async def edit_occurrence(self, name: str, original: datetime, title: str, start: datetime) -> None:
        """Change one occurrence, an hour long, of a series."""

    @abstractmethod
    async def remove_occurrence(self, name: str, original: datetime) -> None:
        """Delete one occurrence of a series."""

    @abstractmethod
    async def duplicate(self, name: str, start: datetime) -> None:
        """Copy an event within the person's own calendar, to begin at another time."""

    @abstractmethod
    async def invite(self, name: str, guest: str) -> None:
        """Give an event a guest."""

    @abstractmethod
    async def remove_calendar(self, calendar: str) -> None:
        """Delete a calendar by its id."""

    @abstractmethod
    async def add_calendar(self, name: str) -> str:
        """Another calendar of the account's owner; its id."""

    # raw

    @abstractmethod
    async def own(self) -> dict[str, Entry]:
        """By key, what lies in the person's own calendar and is not a copy of ours."""

    @abstractmethod
    async def copies(self) -> list[Entry]:
        """The copies that we made, in whatever calendar."""

    @abstractmethod
    async def calendars(self) -> list[str]:
        """The ids of the calendars that we made."""

    @abstractmethod
    async def raw(self, name: str) -> str:
        """All that is kept of an event or series, but for when it was touched."""

    async def shown(self) -> dict[str, Entry]:
        """By key, the copies that we made; fails when two are equal."""
        rows = await self.copies()
        found = {row.key: row for row in rows}
        assert len(found) == len(rows), "doubled"
        return found

    async def copy_of(self, title: str) -> str:
        """The name of the copy that shows a title."""
        return next(row.name for row in await self.copies() if row.title == title)

    async def edit_copy(self, shown: str, /, **changes: Any) -> None:
        await self.edit(await self.copy_of(shown), **changes)

    async def remove_copy(self, title: str) -> None:
        await self.remove(await self.copy_of(title))


def stamp(when: date, zone: str) -> str:
    """A date, or a moment by the clock of a zone, in iCalendar's form."""
    if isinstance(when, datetime):
        return when.astimezone(ZoneInfo(zone)).strftime("%Y%m%dT%H%M%S")
    return when.strftime("%Y%m%d")


def end_of(start: date, end: date | None) -> date:
    return end or start + (timedelta(hours=1) if isinstance(start, datetime) else timedelta(days=1))
