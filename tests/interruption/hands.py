"""What people can do on both sides, and how both sides are read raw: the words that scenarios are written in.

A scenario names its items ("yoga"); a world keeps what lies behind a name. Not here: any world (the stages), how a
process ends (fates).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from syncd.model import Decision, Event, Ref, Side
from syncd.ports import StateStore

SITE = "site"  # the place of everything that lies at the site
HOME = "home"  # the person's default calendar, which is imported unless a scenario says otherwise
MADE = "made"  # a dedicated calendar of ours; a second one is "made 2"


@dataclass(frozen=True, slots=True)
class Like:
    """What an item is beside its fields.

    `on`: the schedule ("anna", "ben", "business") or the calendar ("home", or one made by `calendar`) it lies on.
    `participants`: bookings of a session. `guests`: others are invited to an event. `private`: an event is private.
    """

    on: str = ""  # "anna" at the site, "home" outside
    participants: int = 0
    guests: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Lying:
    """One item as it lies in the world, series themselves left out, their occurrences told one by one.

    `event` has every field; a description is told without the line that we leave in it. `ours`: it bears our mark.
    `private`: it is a private event. `ref`: as the store names it; two items are compared without it.
    """

    place: str
    event: Event
    ours: bool
    private: bool
    ref: Ref = field(compare=False)


class Hands(Protocol):
    """One installation and the world around it. The acts of people happen at once, past the product.

    Everything that an act changes, plans or counts is put back by `Stage.fresh`.
    """

    store: StateStore

    # Life of the connection.

    async def connect(self, schedule: str = "anna", **wish: Any) -> None:
        """A confirmed connection of a schedule with the account; `wish` as syncd.connections.Wish takes it.

        HOME is imported unless `calendars` names others by the names of this vocabulary. The acts below concern the
        newest connection. The same schedule again renews it, as `syncd connect` does; after a disconnect it is new.
        """

    async def configure(self, **wish: Any) -> None: ...
    async def disconnect(self) -> None: ...
    async def decide(self, decision: Decision) -> int:
        """Everything that waits is approved or rejected; how many actions that were."""

    # Items.

    async def session(self, name: str, event: Event, like: Like = Like()) -> None:
        """A session on a schedule. Fields that `event` leaves unseen are empty; it is never all-day."""

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:
        """An event of a person; also all-day, also free (`busy=False`)."""

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        """A weekly series that begins with `event`; its occurrences are called "name 1" … "name count".

        Every act on one item also takes an occurrence. Where calendars outside have series, the whole of one is called
        "name", and can be edited and removed.
        """

    async def calendar(self, name: str) -> None:
        """A further calendar of the account, made by a person."""

    async def edit(self, name: str, change: Event) -> None:
        """Change an original in the fields that `change` shows."""

    async def remove(self, name: str) -> None:
        """Cancel a session, or delete an event."""

    async def edit_copy(self, name: str, change: Event) -> None:
        """Change what we made of this original, on the other side."""

    async def remove_copy(self, name: str) -> None:
        """Delete or cancel what we made of this original."""

    async def duplicate_copy(self, name: str) -> None:
        """A person copies what we made of this original; the duplicate has all of it, our mark too."""

    async def become(self, name: str, like: Like) -> None:
        """The original is now so: private or not, with guests or not, with so many participants."""

    async def move(self, name: str, calendar: str) -> None:
        """The event goes to another calendar of the account and keeps its UID."""

    async def rebase(self, name: str) -> None:
        """The occurrence goes on under another id: same series, same original start, as after a split."""

    async def override(self, name: str, **texts: str) -> None:
        """`syncd override session` with `title` and `description`."""

    # Trouble.

    async def expire_cursors(self) -> None:
        """No cursor given so far, for any calendar of the account, is accepted any more."""

    async def meanwhile(self, side: Side, verb: str, act: Callable[["Hands"], Awaitable[None]]) -> None:
        """`act` happens right before the next write arrives at `side`, once; `verb`: create, update or delete."""

    async def answer_with_edit(self, side: Side) -> None:
        """Somebody edits the location of the item that the next update at `side` writes, right before its answer."""

    async def refuse(self, side: Side, title: str) -> None:
        """From now on no write that carries this title is taken at `side`: it is refused for good."""

    async def refuse_as_stale(self, side: Side) -> None:
        """The next update at `side` is refused as if somebody had just changed the item, though nobody has."""

    async def lose_database(self) -> None:
        """The database is replaced by an empty one, and the same schedule connected in it."""

    async def back_up(self) -> None: ...
    async def restore(self) -> None:
        """The database is as it was at `back_up`, as `syncd restore` leaves it: the next pass is careful."""

    # Time, and what is there.

    async def sync(self) -> None:
        """One pass of a healthy process over all connections, none of which may fail with an error."""

    def advance(self, by: timedelta) -> None: ...
    def writes(self) -> int:
        """How many writing calls the world has taken so far."""

    def planned(self) -> int:
        """How many things planned for the moment of a call have not happened yet."""

    def mailed(self) -> int:
        """How many guests' mails the world has sent because of us."""

    async def stored(self) -> str:
        """Everything that the database holds, as one text."""

    async def raw(self) -> list[Lying]:
        """Everything that lies on both sides: sessions and blocks not cancelled, events of every calendar."""
