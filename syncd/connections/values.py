"""What connecting and configuring are given: a person's wish, a request, and the place where it is carried out.

Not here: carrying it out (the modules beside).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from syncd.model import Connection, Observation, Target, Window
from syncd.ports import Owner, StateStore


@dataclass(frozen=True, slots=True)
class Names:
    """What the rules derive from names; given, since no rule lives here.

    `collection(connection, calendar)`: how a calendar's items are known. `calendar_key(schedule, generation)`: the key
    of a dedicated calendar. `covers(connection, session)`: whether a session concerns a connection.
    """

    collection: Callable[[Connection, str], str]
    calendar_key: Callable[[str, int], str]
    covers: Callable[[Connection, Observation], bool]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of a connection; None leaves it as it is. `calendars`: ids or shown names."""

    imports: bool | None = None
    exports: bool | None = None
    calendars: tuple[str, ...] | None = None
    target: Target | None = None
    new_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A connection to make. `id`: random, used if it is not a renewal. `sealed`: the credentials, encrypted."""

    id: str
    provider: str
    schedule: str
    email: str
    sealed: bytes
    wish: Wish = Wish()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where connections are made and changed, and who does it.

    `window`: in which items are created. `wait`: spends some seconds until a pass has finished with a connection.
    """

    store: StateStore
    names: Names
    owner: Owner
    now: datetime
    window: Window
    wait: Callable[[float], Awaitable[None]]
