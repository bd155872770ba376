"""What one block of time is made of: sides, refs, fields, intervals, events.

Not here: what syncd remembers of items (state), and what it is about to do (actions).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum, StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")


class Side(StrEnum):
    """The two ends of a connection."""

    WIX = "wix"
    EXTERNAL = "external"

    @property
    def other(self) -> "Side":
        return Side.EXTERNAL if self is Side.WIX else Side.WIX


SIDES: Final = (Side.WIX, Side.EXTERNAL)  # going through a tuple costs an eighth of going through the Enum
_WIX: Final = Side.WIX  # the planner asks pairs ten times an item, and half the cost was looking up the member


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One value per side, reached by `pair[side]`."""

    wix: T
    external: T

    def __getitem__(self, side: Side) -> T:
        return self.wix if side is _WIX else self.external

    def put(self, side: Side, value: T) -> "Pair[T]":
        return Pair(value, self.external) if side is Side.WIX else Pair(self.wix, value)

    @staticmethod
    def of(side: Side, value: T, other: T) -> "Pair[T]":
        return Pair(value, other) if side is Side.WIX else Pair(other, value)


class Unseen(Enum):
    """A field that an answer did not carry: neither a value nor empty."""

    UNSEEN = "unseen"

    def __repr__(self) -> str:
        return "UNSEEN"


UNSEEN: Final = Unseen.UNSEEN


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names one item on its side, relative to its collection; holds no host.

    `collection`: the site's instance id, or the calendar's id. `id`: as the side gives it; one occurrence of a
    series that lies in one object carries its original start behind a `#`.
    """

    collection: str
    id: str

    def __str__(self) -> str:
        return f"{self.collection}|{self.id}"


@dataclass(frozen=True, slots=True)
class Timed:
    """Half-open interval [start, end) of aware datetimes (RFC 5545, 3.6.1)."""

    start: datetime
    end: datetime
    tzid: str  # IANA name the organiser chose; needed to repeat across DST

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("Timed needs aware datetimes")
        if self.end < self.start:
            raise ValueError("Timed ends before it starts")


@dataclass(frozen=True, slots=True)
class AllDay:
    """Half-open interval [first, until) of dates; floating, in whatever zone it is looked at from."""

    first: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise ValueError("AllDay needs at least one day")


When: TypeAlias = Timed | AllDay
Text: TypeAlias = str | Unseen | None
Value: TypeAlias = str | bool | Timed | AllDay | Unseen | None


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open interval [start, end) of aware datetimes in which items are created."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("Window needs aware datetimes")

    def meets(self, when: When) -> bool:
        """Whether the interval overlaps the window (a zero-length one counts by its start)."""
        first, last = instants(when)
        return first < self.end and (last > self.start or first == last >= self.start)

    def is_after(self, when: When) -> bool:
        """Whether the interval has ended before the window begins (R14)."""
        first, last = instants(when)
        return last <= self.start and first < self.start


def instants(when: When, zone: str = "UTC") -> tuple[datetime, datetime]:
    """Start and end in UTC; an all-day interval is taken from midnight to midnight in `zone`."""
    if isinstance(when, Timed):
        return when.start.astimezone(UTC), when.end.astimezone(UTC)
    tz = ZoneInfo(zone)
    first = datetime.combine(when.first, time(), tz)
    return first.astimezone(UTC), datetime.combine(when.until, time(), tz).astimezone(UTC)


class Field(StrEnum):
    """The fields that are copied (R7), in the order in which plans print them."""

    WHEN = "when"
    TITLE = "title"
    DESCRIPTION = "description"
    LOCATION = "location"
    BUSY = "busy"


FIELDS: Final = (Field.WHEN, Field.TITLE, Field.DESCRIPTION, Field.LOCATION, Field.BUSY)
TEXTS: Final = (Field.TITLE, Field.DESCRIPTION, Field.LOCATION)


@dataclass(frozen=True, slots=True)
class Event:
    """The canonical fields of one block of time. Each is a value, empty (None) or unseen.

    `when` and `busy` are never empty. `busy` is False for an item that leaves its time free (R18).
    """

    when: When | Unseen = UNSEEN
    title: Text = UNSEEN
    description: Text = UNSEEN
    location: Text = UNSEEN
    busy: bool | Unseen = UNSEEN

    def get(self, field: Field) -> Value:
        value: Value = getattr(self, field)  # a Field is its own name; `.value` costs thrice as much
        return value

    def put(self, values: Mapping[Field, Value]) -> "Event":
        """This event with some fields replaced."""
        merged: list[Any] = [values[field] if field in values else getattr(self, field) for field in FIELDS]
        return Event(*merged) if values else self

    def only(self, fields: Iterable[Field]) -> "Event":
        """This event with every other field unseen."""
        return _BLANK.put({field: self.get(field) for field in fields})

    def over(self, older: "Event") -> "Event":
        """This event, its unseen fields filled from `older`."""
        return older.put({field: value for field in FIELDS if (value := self.get(field)) is not UNSEEN})


_BLANK: Final = Event()


def same(left: Value, right: Value) -> bool:
    """Whether two values of one field mean the same outside: text by its characters, time by its instants.

    An unseen value equals nothing, not even another unseen one. Zones are not compared: see `identical`.
    """
    if left is UNSEEN or right is UNSEEN:
        return False
    if isinstance(left, Timed) and isinstance(right, Timed):
        return instants(left) == instants(right)
    return type(left) is type(right) and left == right


def identical(left: Value, right: Value) -> bool:
    """Whether two values of one field are the same to the letter, the zone of a time included."""
    if isinstance(left, Timed) and isinstance(right, Timed):
        return same(left, right) and left.tzid == right.tzid
    return same(left, right)
