"""What the core asks of calendars, accounts and sites, and of the clock.

Not here: the store (store), any implementation. The verbs take and give several items at once, because every provider
that can batch wants to, and one item is a batch of one (docs/decisions/0002-batch-verbs.md).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from syncd.errors import AdapterError
from syncd.model import (
    ChangeSet,
    Cursor,
    Event,
    Field,
    Mark,
    Observation,
    Ref,
    Schedule,
    Side,
    Window,
)


class Clock(Protocol):
    """Where the time comes from; the core never asks the machine."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...


Kept: TypeAlias = Callable[[Event], Event]
"""Given written fields, what a side shows of them as long as nobody else writes; unseen where only it can tell."""


def nothing_kept(written: Event) -> Event:  # noqa: ARG001 - whatever is written
    """Of a side that may give back anything in another form."""
    return Event()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a calendar can do; the core reads this instead of guessing.

    `delta`: reads by cursor. `keyed_create`: repeating a create under its key makes nothing new. `keyed_bulk`: the
    same for several in one call. `conditional_write`: `if_match` is honoured. `max_batch`: items of different
    objects in one call. `max_in_flight`: calls at once, at most. `series_edit`: one occurrence can be written.
    `mails_guests`: writing an event with guests may mail them. `late_writes`: an update that was long on its way may
    take effect at another version than the one it names. `limits`: longest text per field, in characters.
    `kept`: the fields that come back as they were sent; a time is compared by its instants, its zone may be named
    otherwise. Where an answer shows something else of them, somebody edited it behind our write.
    """

    delta: bool
    keyed_create: bool
    keyed_bulk: bool
    conditional_write: bool
    max_batch: int
    max_in_flight: int
    series_edit: bool
    mails_guests: bool
    late_writes: bool = False
    limits: Mapping[Field, int] = field(default_factory=dict)
    kept: Kept = nothing_kept


@dataclass(frozen=True, slots=True)
class Draft:
    """An item to create. `event` has every field; a field the calendar has no room for is dropped."""

    key: str
    event: Event
    mark: Mark


@dataclass(frozen=True, slots=True)
class Edit:
    """Fields to write on one item; unseen fields stay as they are. `mark` replaces ours where the item has one."""

    ref: Ref
    event: Event
    if_match: str | None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """An item to remove. `participants`: refuse with Stale when a fresh read shows another count; None = not asked."""

    ref: Ref
    if_match: str | None
    participants: int | None = None


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """One calendar of an account, as a person chooses it. `owner`: the address of somebody else who shares it."""

    id: str
    name: str
    default: bool = False
    writable: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a calendar says of itself: whose account it is, and whether it may be written."""

    identity: str
    writable: bool


Outcome: TypeAlias = Observation | AdapterError

Known: TypeAlias = Callable[[Collection[str] | None], Awaitable[Mapping[str, str | None]]]
"""What is stored: asked for these groups, or for all of them (None), it answers with their fingerprints.

A group of which nothing is stored is missing in the answer; one that must be read again in any case has None. May be
asked again; the answers are of the time before the reading.
"""


def knowing(fingerprints: Mapping[str, str]) -> Known:
    """Knows these and nothing else."""

    async def known(groups: Collection[str] | None) -> Mapping[str, str | None]:
        return {name: value for name, value in fingerprints.items() if groups is None or name in groups}

    return known


NOTHING_KNOWN: Final = knowing({})


class CalendarAdapter(Protocol):
    """One calendar at one provider. Domain values in and out; never plans, never stores.

    Every verb raises Transient (Throttled), AuthRevoked, Forbidden or CalendarGone for the calendar as a whole.
    What concerns one item is an error *in its place* in the answer. Nothing is retried that may have been applied:
    such a call raises Transient with `applied=True`.
    """

    capabilities: Capabilities
    side: Side
    collection: str

    async def check(self) -> Standing:
        """One cheap read of the collection itself. May be repeated."""

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        """Changes since a cursor, or all of a window.

        A group whose fingerprint is the known one may be left out of the observations, but never out of `listed`.
        With a cursor only the groups that it shows are asked for, so that what did not change costs nothing. Raises
        CursorExpired (read again with the window). A cursor's own window goes on to hold: occurrences are expanded in
        it.
        """

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        """Each item by a direct read, wherever it lies in time. An answer for every ref: absence is typed.

        GONE only on proof (a tombstone, CANCELLED, a 404 for the item while its collection answers); a failed or
        unclear read is UNKNOWN. May be repeated.
        """

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        """The present items that bear these keys; of several bearers, the one whose id the key gives, else the oldest.

        May be repeated.
        """

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """Create each once per key, in order of the drafts. Exists: something lies under the key already."""

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        """Write each. Stale: no longer at `if_match`. The answer is what the side holds now, foreign edits too."""

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        """Remove each; already gone is success. The answer is an observation with an absence. Stale as in update."""


class Account(Protocol):
    """One account at one provider; gives its calendars. Close it when done."""

    capabilities: Capabilities

    @property
    def found(self) -> str:
        """What the account found out of itself, for the next one that is opened with the same credentials; it may be

        told afresh after any pass. Empty when there is nothing, or what there was is in doubt.
        """
        ...

    async def identity(self) -> str:
        """What the provider calls this account for ever. Raises AuthRevoked."""

    async def address(self) -> str:
        """Its e-mail address, for people; it may change."""

    async def calendars(self) -> Sequence[CalendarInfo]:
        """Every calendar that holds events, the default first. Never takes an error for an empty list."""

    def open(self, calendar: str, *, zone: str, collection: str) -> CalendarAdapter:
        """The calendar with this id; makes no request. Its refs carry `collection`.

        `zone`: where floating times and dates are, if the calendar says none.
        """
        ...

    def calendar_id(self, key: str) -> str | None:
        """The id that a dedicated calendar made under `key` has, where the key gives it."""

    async def make_calendar(self, key: str, name: str) -> CalendarInfo:
        """Make the dedicated calendar once per `key`; one that lies there already is the answer. May be repeated.

        Raises Forbidden when the account refuses it for good.
        """

    async def give_up(self) -> None:
        """Give back the access that was granted, where the provider can take it; of no use afterwards.

        May be repeated. It ends for every connection of the account.
        """

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ForeignConnection:
    """A connection that the site's own calendar sync holds for a schedule (R19)."""

    schedule: str
    kind: str
    status: str


class SiteAdapter(CalendarAdapter, Protocol):
    """One site: its sessions as one calendar, and its schedules. `collection` is the site's instance id."""

    def covering(self, schedules: Sequence[Schedule]) -> "SiteAdapter":
        """The same site, reading only what these schedules need (DESIGN 2, "what a connection covers").

        New blocks are created by `on`."""

    def on(self, schedule: Schedule, provider: str) -> "SiteAdapter":
        """The same site; what is created lies on this schedule and is tagged with the provider (R4)."""

    async def schedules(self, known: Sequence[Schedule] = ()) -> Sequence[Schedule]:
        """Every schedule of the site, cancelled ones too (`active` False).

        With `known` only those, as they are now but of the kind that they had: finding kinds out may cost requests.
        """

    async def foreign_connections(self) -> Sequence[ForeignConnection]:
        """The site's own connections that are not DISCONNECTED."""

    async def aclose(self) -> None: ...
