"""The outside world of the memory adapter: calendars and sites with their items, and people's hands on them.

It outlives any adapter object, as a server outlives its clients. Not here: the ports (memory), and what goes wrong on
the way to the world (memory_calls).
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.memory_calls import Calls
from syncd.errors import CursorExpired
from syncd.model import UNSEEN, Event, Mark, Ref, Schedule, Side, Traits
from syncd.ports import CalendarInfo, Clock, ForeignConnection

EMPTY: Final = Event(title=None, description=None, location=None, busy=True)
ELSEWHERE: Final = "changed by somebody else"
_MARKER: Final = ""  # stands in the change log where every token before it was withdrawn


class MemoryClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        if now.utcoffset() is None:
            raise ValueError("the clock needs an aware time")
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One item as it lies in the world; every field of its event has a value or is empty."""

    id: str
    event: Event
    traits: Traits
    version: int
    cancelled: bool = False

    @property
    def group(self) -> str:
        return self.traits.group or self.id

    @property
    def age(self) -> tuple[bool, str, str]:
        """To sort by: the oldest first, then by id."""
        created = self.traits.created
        return created is None, created.isoformat() if created else "", self.id


@dataclass(slots=True)
class Shelf:
    """One calendar, or one site: what lies in it, what lay in it, and every change in order.

    `former`: items that are gone, as they were last. `earlier`: of each present item the version before.
    `changes`: the id of each changed item; a cursor is a position in it. `groups`: stored object → ids of its items.
    `keys`: idempotency key → id. `replaced`: for each change what lay under the id before, and was remembered of it.
    `lagging`: a state of before; a cursor given since then is as good as the newest it knows.
    """

    id: str
    owner: str
    name: str
    side: Side
    default: bool = False
    writable: bool = True
    shared_by: str = ""
    items: dict[str, MemoryItem] = field(default_factory=dict)
    former: dict[str, MemoryItem] = field(default_factory=dict)
    earlier: dict[str, MemoryItem] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    groups: dict[str, set[str]] = field(default_factory=dict)
    floor: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    replaced: list[tuple[str, MemoryItem | None, MemoryItem | None]] = field(default_factory=list)
    lagging: bool = False

    def write(self, id_: str, event: Event, traits: Traits) -> MemoryItem:
        """Lay an item down, or anew; its version rises, also over a removal."""
        before = self.items.get(id_)
        self.replaced.append((id_, before, self.former.get(id_)))
        last = before or self.former.pop(id_, None)
        item = MemoryItem(id_, event, traits, last.version + 1 if last else 1)
        if before:
            self.earlier[id_] = before
            self._leave(before)
        self.items[id_] = item
        self.groups.setdefault(item.group, set()).add(id_)
        self.changes.append(id_)
        return item

    def take(self, id_: str, *, cancelled: bool = False) -> MemoryItem:
        """Remove an item and remember it. Raises KeyError when it is not there."""
        item = self.items.pop(id_)
        self.replaced.append((id_, item, self.former.get(id_)))
        self._leave(item)
        self.earlier.pop(id_, None)
        self.former[id_] = dataclasses.replace(item, version=item.version + 1, cancelled=cancelled)
        self.changes.append(id_)
        return item

    def changed_since(self, token: str) -> frozenset[str]:
        """Ids changed after the position. Raises CursorExpired for one that was withdrawn or is not ours."""
        position = int(token) if token.isdecimal() else -1
        if self.lagging:
            position = min(position, len(self.changes))
        if not self.floor <= position <= len(self.changes):
            raise CursorExpired("the cursor is no longer known", side=self.side.value)
        return frozenset(self.changes[position:]) - {_MARKER}

    def changed_last(self, count: int) -> frozenset[str]:
        """The present items that were changed last, of those that have a version before."""
        ids = dict.fromkeys(id_ for id_ in reversed(self.changes) if id_ in self.earlier)
        return frozenset(list(ids)[:count])

    def token(self, since: str = "") -> str:
        """The position now; never before the one that was asked from."""
        return str(max(len(self.changes), int(since) if since.isdecimal() else 0))

    def before(self, changes: int) -> "Shelf":
        """The same calendar as a replica shows it that has not seen so many of its last changes."""
        items, former = dict(self.items), dict(self.former)
        for id_, item, gone in self.replaced[: -changes - 1 : -1]:
            for place, value in ((items, item), (former, gone)):
                place.pop(id_, None)
                if value is not None:
                    place[id_] = value
        groups: dict[str, set[str]] = {}
        for item in items.values():
            groups.setdefault(item.group, set()).add(item.id)
        seen = self.changes[: max(self.floor, len(self.changes) - changes)]
        state = {"items": items, "former": former, "groups": groups, "changes": seen, "lagging": True}
        return dataclasses.replace(self, **state)  # type: ignore[arg-type]

    def expire(self) -> None:
        """Withdraw every token given so far."""
        self.changes.append(_MARKER)
        self.floor = len(self.changes)

    def groups_with(self, changed: frozenset[str] | None) -> list[str]:
        """The groups with something in them that was changed, or all."""
        if changed is None:
            return sorted(self.groups)
        known = [self.items.get(id_) or self.former.get(id_) for id_ in changed]
        return sorted({item.group for item in known if item is not None and item.group in self.groups})

    def group(self, name: str) -> list[MemoryItem]:
        """The present items of one stored object, by id."""
        return [self.items[id_] for id_ in sorted(self.groups.get(name, ()))]

    def _leave(self, item: MemoryItem) -> None:
        members = self.groups[item.group]
        members.discard(item.id)
        if not members:
            del self.groups[item.group]


class MemoryWorld:
    """Accounts with calendars, and sites with sessions, shared by any number of adapter objects.

    `log`: every mutation made through an adapter, as (verb, calendar, id), in order. `mailed`: items with guests that
    an adapter wrote where the calendar mails them. `interrupt`, `faults`, `release`, `revoked`: see memory_calls.
    `stranger`: what somebody does to an item right before a write is answered (fault "foreign"). `refuses_titles`:
    what no write may call an item, by side. `refuses_calendars`: accounts that take no more calendars. `given_up`:
    accounts whose access was given back, in order. `lag`: how many changes the replica behind a "stale" read has not
    seen, and how many items a "replay" listing shows as before. `deceived`: the reads that a "stale" or a "replay" made
    say something else, as (verb, side), in order.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls = Calls()
        self.log: list[tuple[str, str, str]] = []
        self.mailed: list[Ref] = []
        self.stranger: Callable[[Ref], object] = self._edit_elsewhere
        self.refuses_calendars: set[str] = set()
        self.given_up: list[str] = []
        self.refuses_titles: set[tuple[Side, str]] = set()
        self.lag = 1
        self.deceived: list[tuple[str, Side]] = []
        self.site_schedules: dict[str, list[Schedule]] = {}
        self.site_connections: dict[str, list[ForeignConnection]] = {}
        self._accounts: dict[str, str] = {}
        self._shelves: dict[str, Shelf] = {}
        self._serial = 0

    @property
    def interrupt(self) -> Callable[[str, str], None] | None:
        return self.calls.interrupt

    @interrupt.setter
    def interrupt(self, hook: Callable[[str, str], None] | None) -> None:
        self.calls.interrupt = hook

    @property
    def faults(self) -> dict[str, list[str]]:
        """Per verb, what happens to its next calls, first come first served."""
        return self.calls.faults

    @property
    def revoked(self) -> set[str]:
        """E-mails and site ids whose grant is refused, until they are taken out again."""
        return self.calls.revoked

    def release(self) -> int:
        """Apply what a "late" fault kept back, in order; how many calls that were."""
        return self.calls.release()

    # What there is.

    def add_account(self, email: str) -> str:
        """An account with its default calendar, once; the id of that calendar."""
        if email not in self._accounts:
            number = len(self._accounts) + 1
            self._accounts[email] = f"account-{number}"
            self.add_calendar(email, f"calendar-{number}", "Calendar", default=True)
        return self.default_calendar(email)

    def identity(self, email: str) -> str:
        return self._accounts[email]

    def default_calendar(self, email: str) -> str:
        return next(shelf.id for shelf in self.shelves(email) if shelf.default)

    def add_calendar(
        self, email: str, calendar: str, name: str, *, default: bool = False, writable: bool = True
    ) -> CalendarInfo:
        """A calendar that a person made; ids are unique in the world."""
        if calendar in self._shelves:
            raise ValueError(f"there is a calendar {calendar} already")
        self._shelves[calendar] = Shelf(calendar, email, name, Side.EXTERNAL, default, writable)
        return CalendarInfo(calendar, name, default, writable)

    def share(self, calendar: str, owner: str) -> None:
        """The calendar is somebody else's, who shares it with the account; by their address."""
        self._shelves[calendar].shared_by = owner

    def add_site(self, instance: str, *schedules: Schedule) -> None:
        """A site under its instance id."""
        if instance in self._shelves:
            raise ValueError(f"there is a site {instance} already")
        self._shelves[instance] = Shelf(instance, instance, "Site", Side.WIX)
        self.site_schedules[instance] = list(schedules)
        self.site_connections[instance] = []

    def remove_calendar(self, calendar: str) -> None:
        """The collection with all that lies in it is gone, and leaves nothing behind."""
        del self._shelves[calendar]

    def shelves(self, owner: str) -> Iterator[Shelf]:
        return (shelf for shelf in self._shelves.values() if shelf.owner == owner)

    def shelf(self, calendar: str) -> Shelf | None:
        """The calendar or site with this id, for the adapters."""
        return self._shelves.get(calendar)

    def items(self, calendar: str) -> Mapping[str, MemoryItem]:
        """What lies in a calendar, or on a site (without what was cancelled), read raw."""
        return dict(self._shelves[calendar].items)

    def item(self, ref: Ref) -> MemoryItem:
        """One present item, read raw. Raises KeyError when it is not there."""
        return self._shelves[ref.collection].items[ref.id]

    def new_id(self) -> str:
        self._serial += 1
        return f"item-{self._serial}"

    # People's hands.

    def put(self, calendar: str, id_: str, event: Event, **traits: Any) -> Ref:
        """Lay an item down, or replace it with all it has. Unseen fields are empty, except `when`, which is needed.

        `traits` are those of syncd.model.Traits; a session has 0 participants unless told otherwise.
        """
        shelf = self._shelves[calendar]
        if event.when is UNSEEN:
            raise ValueError("an item needs a time")
        given = {"created": self.clock.now()} | ({"participants": 0} if shelf.side is Side.WIX else {}) | traits
        shelf.write(id_, event.over(EMPTY), Traits(**given))
        return Ref(calendar, id_)

    def edit(self, calendar: str, id_: str, event: Event = Event(), **traits: Any) -> Ref:  # noqa: B008 - frozen
        """Change some fields or traits of an item; unseen fields and traits not named stay."""
        item = self._shelves[calendar].items[id_]
        kept = dataclasses.replace(item.traits, **traits)
        self._shelves[calendar].write(id_, event.over(item.event), kept)
        return Ref(calendar, id_)

    def remove(self, calendar: str, id_: str) -> None:
        """Delete an external event. On a site: the session vanishes, and its id is unknown from then on."""
        shelf = self._shelves[calendar]
        shelf.take(id_)
        if shelf.side is Side.WIX:
            del shelf.former[id_]

    def cancel(self, site: str, id_: str) -> None:
        """Cancel a session; it stays readable by its id."""
        self._shelves[site].take(id_, cancelled=True)

    def book(self, session: Ref, n: int = 1) -> None:
        """`n` more participants of a session; fewer when negative."""
        count = self.item(session).traits.participants
        self.edit(session.collection, session.id, participants=(count if isinstance(count, int) else 0) + n)

    def copy(self, item: Ref, id_: str | None = None) -> Ref:
        """A copy in the same calendar as a person makes it: all that the item has, our mark too, under another id."""
        source = self.item(item)
        name = id_ or self.new_id()
        traits = dataclasses.replace(source.traits, uid=name, group=None, created=self.clock.now())
        self._shelves[item.collection].write(name, source.event, traits)
        return Ref(item.collection, name)

    def move(self, item: Ref, calendar: str) -> Ref:
        """The item goes to another calendar and keeps its id and UID."""
        taken = self._shelves[item.collection].take(item.id)
        self._shelves[calendar].write(item.id, taken.event, taken.traits)
        return Ref(calendar, item.id)

    def expire_cursors(self, calendar: str) -> None:
        """No cursor given for this calendar so far is accepted any more."""
        self._shelves[calendar].expire()

    def marked(self, calendar: str) -> Mapping[str, Mark]:
        """The marks of ours that lie in a calendar, by the id of their bearer."""
        return {id_: item.traits.mark for id_, item in self.items(calendar).items() if item.traits.mark is not None}

    def _edit_elsewhere(self, ref: Ref) -> None:
        self.edit(ref.collection, ref.id, Event(location=ELSEWHERE))
