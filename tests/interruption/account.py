"""What a provider with one account has to say of itself to be a world of this suite.

Not here: what is done with it (account_studio, account_hands, account_stage), any provider (the modules named for one).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import httpx

from syncd.model import Event
from syncd.ports import Grant
from syncd.sandbox.loopback import Simulator
from tests.interruption.hands import Like, Lying
from tests.interruption.wire import End


class Account(Protocol):
    """One simulated provider, and the person who has the only account there.

    Calendars and items go by the ids under which the product knows them. What people do is never refused, and mails
    nobody.
    """

    provider: str
    email: str

    @property
    def app(self) -> Simulator: ...

    @property
    def state(self) -> Any:
        """What the simulator remembers; it can be copied and become a copy."""

    @property
    def home(self) -> str:
        """The person's default calendar."""

    def section(self, url: httpx.URL) -> str:
        """What the configuration says of the provider, which is at this address."""

    def consented(self, now: datetime) -> Grant:
        """The person agrees to be synced."""

    def end(self, url: httpx.URL, road: httpx.AsyncBaseTransport) -> End:
        """The provider as the end of a way."""

    def calendars(self) -> Mapping[str, str]:
        """The name of each calendar."""

    def says(self, calendar: str, key: str) -> bool:
        """Whether a calendar tells that it was made under this key."""

    def add_calendar(self, name: str) -> None: ...

    def add(self, calendar: str, event: Event, like: Like, weeks: int = 0) -> str:
        """A new event, or a series of so many weeks; its id."""

    def occurrences(self, calendar: str, series: str) -> list[str]:
        """The ids of all occurrences of a series, in order of time."""

    def edit(self, calendar: str, ref: str, change: Event) -> None:
        """The shown fields change."""

    def become(self, calendar: str, ref: str, like: Like) -> None: ...
    def remove(self, calendar: str, ref: str) -> None: ...
    def copy(self, calendar: str, ref: str) -> str:
        """A duplicate, with all that the event has; its id."""

    def move(self, calendar: str, ref: str, there: str) -> str:
        """The event goes to another calendar; its id there."""

    def expire_cursors(self) -> None: ...
    def mailed(self) -> int:
        """How many mails guests were sent."""

    def lying(self, calendar: str, place: str, collection: str) -> Iterator[Lying]:
        """Everything in one calendar, occurrences one by one."""
