"""Who keeps the contract: each subject opens a calendar of its own and lends hands to the people outside.

A new adapter is one file subject_<name>.py and one line in SUBJECTS. Not here: what is asked of them (test_*).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from syncd.model import Event, Ref, Schedule
from syncd.ports import Account, CalendarAdapter, SiteAdapter


class Hands(ABC):
    """People at the outside, past the adapter. What a subject has no ability for is not asked of its hands."""

    __slots__ = ()

    @abstractmethod
    async def put(self, event: Event) -> Ref:
        """A new item as a person makes one."""

    @abstractmethod
    async def edit(self, ref: Ref, event: Event) -> None:
        """Change the texts that are seen."""

    @abstractmethod
    async def remove(self, ref: Ref) -> None:
        """Delete an event; cancel a session."""

    @abstractmethod
    async def raw(self, ref: Ref) -> str:
        """What lies there, as the outside stores or shows it."""

    @abstractmethod
    async def mailed(self) -> int:
        """How often somebody was mailed, or would be, because of what lies there."""

    @abstractmethod
    async def titles(self) -> Sequence[str]:
        """The titles of all that lies there, in order."""

    @abstractmethod
    async def copy(self, ref: Ref) -> Ref:
        """A copy as a person makes it, mark and all."""

    async def edit_behind(self, event: Event) -> None:
        """Change these texts of what the next call writes, before it is answered."""
        raise AbilityMissing("kept", event)

    async def put_series(self, event: Event, count: int) -> str:
        """A daily series of `count` occurrences; the group that holds it."""
        raise AbilityMissing("series", event, count)

    async def expire_cursors(self) -> None:
        """No cursor given so far is known any more."""
        raise AbilityMissing("expire")

    async def remove_calendar(self, calendar: str) -> None:
        """The whole collection goes."""
        raise AbilityMissing("account", calendar)

    async def book(self, ref: Ref, n: int) -> None:
        """`n` participants more."""
        raise AbilityMissing("site", ref, n)

    async def put_on(self, schedule: Schedule, event: Event) -> Ref:
        """A new session on one schedule."""
        raise AbilityMissing("site", schedule, event)


class AbilityMissing(Exception):
    """A test asks for an ability that it has not named in `needs`."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A calendar under test. `account` and `site` where the subject has the ability of that name."""

    calendar: CalendarAdapter
    hands: Hands
    never: Ref
    account: Account | None = None
    site: SiteAdapter | None = None
    unacceptable: Event | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """`abilities`: names a test may need. Those of Capabilities are delta, keyed_create, keyed_bulk,

    conditional_write, and beside them: batch (several in one call), limits, bad (some event is refused), all_day,
    expire (cursors can be withdrawn), refuses (a cursor that means nothing is not taken for another), series, zones (a
    time keeps the zone it was written in), account, site, kept (it says how written fields come back). `short_of`:
    capabilities of the adapter that this server lacks. `server`: the session fixture that gives the address which
    `open` takes; without one it takes "".
    """

    name: str
    open: Callable[[str], AbstractAsyncContextManager[Stage]]
    abilities: frozenset[str]
    server: str | None = None
    short_of: frozenset[str] = frozenset()


CAPABILITY_FLAGS: Final = ("delta", "keyed_create", "keyed_bulk", "conditional_write")
ABILITIES: Final = frozenset(
    {*CAPABILITY_FLAGS, "batch", "limits", "bad", "all_day", "expire", "refuses", "series", "zones", "account", "site"}
    | {"kept"}
)


def subjects() -> tuple[Subject, ...]:
    from tests.contract.subject_apple import APPLE
    from tests.contract.subject_caldav import CALDAV
    from tests.contract.subject_google import GOOGLE
    from tests.contract.subject_memory import MEMORY
    from tests.contract.subject_microsoft import MICROSOFT
    from tests.contract.subject_wix import WIX

    return (*MEMORY, *APPLE, *CALDAV, *GOOGLE, *MICROSOFT, *WIX)
