"""What the core asks of the store, and the rows it writes.

Not here: tables and SQL (syncd.store), calendars (calendars).
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from syncd.model import (
    Connection,
    Cursor,
    Decision,
    Gone,
    Link,
    MakeCalendar,
    Observation,
    Override,
    Overrides,
    Pending,
    Quarantine,
    Ref,
    Side,
    SyncConfig,
    Window,
    Workload,
    Write,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lease: a process that can be told dead from alive on its own host."""

    host: str
    process: int
    started: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on `name` until `until` (the database's clock). `fence` rises with each new holder."""

    name: str
    owner: Owner
    fence: int
    until: datetime
    seconds: float


class WriteState(StrEnum):
    """Where a journalled write stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One remote effect: the intent is committed before the call, the outcome after it.

    `bulk`: it went out together with others, without a key of its own. `calendar`: the target's collection.
    `before`: per side what had been observed when it was decided.
    """

    id: str
    connection: str
    run: str
    side: Side
    calendar: str
    action: Write | MakeCalendar
    opened_at: datetime
    state: WriteState = WriteState.OPEN
    bulk: bool = False
    closed_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that was done, or decided against, for ever readable (until retention).

    `before`: per side what was observed when it was decided. `text`: the action as JSON, titles included.
    `counts`: it is a deletion that counts for R15, under `act`.
    """

    at: datetime
    run: str
    connection: str
    item: str
    kind: str
    rule: str
    outcome: str
    side: Side | None = None
    ref: Ref | None = None
    detail: str = ""
    action: Mapping[str, object] = field(default_factory=dict)
    wix: Mapping[str, object] | None = None
    external: Mapping[str, object] | None = None
    counts: bool = False
    act: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)  # field → digest of the value written (R32)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One action that waits. Rows of one group wait for one decision; `group` is what a person names."""

    action: str
    group: str
    connection: str
    item: str
    rule: str
    reason: str
    body: Mapping[str, object]
    since: datetime
    decision: Decision = Decision.WAITING
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something left as it is and shown by `status`, until the item changes."""

    connection: str
    item: str
    rule: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Touch:
    """Make an item pending for a connection."""

    connection: str
    side: Side
    ref: Ref
    since: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows to change in one transaction; all of it may be repeated.

    An observation that replaces one of another version records that version as superseded (R24).
    `wrote`: items that we have just written, with the time. `cursors`: collection → cursor of `cursors_of`; None
    drops it. `read`: collections whose complete reading this is, with its time; `audited`: by a full listing.
    `cleared`: pending rows, removed only if their stamp is still the same. `void`: hold actions that no longer stand.
    `lifted`: items whose quarantine goes. `quieted`: items whose note goes. `moved_overrides`: sessions whose own
    override goes on under another ref (R31).
    """

    observations: Sequence[Observation] = ()
    forgotten: Sequence[tuple[Side, Ref]] = ()
    wrote: Sequence[tuple[Side, Ref, datetime]] = ()
    cursors_of: str = ""
    cursors: Mapping[str, Cursor | None] = field(default_factory=dict)
    read: Sequence[tuple[Side, str, datetime]] = ()
    audited: bool = False
    links: Sequence[Link] = ()
    dissolved: Sequence[str] = ()
    touched: Sequence[Touch] = ()
    cleared: Sequence[tuple[str, Pending]] = ()
    journal: Sequence[JournalRow] = ()
    history: Sequence[HistoryRow] = ()
    holds: Sequence[HoldRow] = ()
    void: Sequence[tuple[str, str]] = ()  # (connection, action)
    quarantine: Sequence[tuple[str, str, Quarantine]] = ()  # (connection, item, row)
    lifted: Sequence[tuple[str, str]] = ()  # (connection, item)
    overrides: Sequence[tuple[Ref, Override]] = ()
    moved_overrides: Sequence[tuple[Ref, Ref]] = ()
    notes: Sequence[Note] = ()
    quieted: Sequence[tuple[str, str]] = ()  # (connection, item)
    connections: Sequence[Connection] = ()


EARLIER: Final = "only an earlier version is shown"
RETURNED: Final = "it is shown as it was before it was gone"
"""Evidence of an absence UNKNOWN: what is shown was replaced (`Stored.outdates`), and may be so again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An observation with what the store knows beside it. `superseded`: versions it had before, newest last."""

    observation: Observation
    written_at: datetime | None = None
    superseded: tuple[str, ...] = ()

    def outdates(self, seen: Observation) -> bool:
        """Whether a sighting shows what the stored one has replaced, or what it is known to be gone since (R24)."""
        before, absence = self.observation, self.observation.absence
        if seen.absence is not None:
            return False
        if seen.sequence is not None and before.sequence is not None and seen.sequence != before.sequence:
            return seen.sequence < before.sequence
        if seen.version is None or seen.version != before.version:
            return seen.version in self.superseded
        return absence is not None and (absence.kind is Gone.GONE or absence.evidence == RETURNED)

    def has_yielded(self, seen: Observation, now: datetime, quiet: timedelta) -> bool:
        """Whether a sighting that this one outdates was shown so long that it counts; a lower sequence never does."""
        before, doubt = self.observation, self.observation.absence
        if seen.sequence is not None and before.sequence is not None and seen.sequence < before.sequence:
            return False
        return doubt is not None and doubt.evidence in (EARLIER, RETURNED) and now - doubt.since >= quiet

    def changed_within(self, quiet: timedelta, now: datetime) -> bool:
        """Whether we wrote it, or first saw it as it was last, so lately that an answer may be from before that."""
        seen, absence = self.observation, self.observation.absence
        present = absence is None or absence.kind is Gone.UNKNOWN
        moments = (self.written_at, seen.seen_at if present else None)
        return any(moment is not None and now - moment < quiet for moment in moments)


class StateStore(Protocol):
    """All that syncd remembers. Every method is one transaction, none is open across a network call.

    Instants are aware, UTC. Raises StoreError. Values come back equal to what was put in, but that the zone of a
    datetime is UTC (`Timed.tzid` keeps the organiser's).
    """

    # leases
    async def acquire(self, name: str, owner: Owner, seconds: float) -> Lease | None:
        """The lease, or None while another live holder has it. A holder of this host that is dead loses it at once."""

    async def renew(self, lease: Lease) -> Lease:
        """The same lease for another `seconds`. Raises LeaseLost."""

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens when it was lost."""

    # the one way to write
    async def commit(self, changes: Changes, lease: Lease | None) -> None:
        """All of it or none. Raises LeaseLost, and writes nothing, when `lease` is no longer the newest."""

    # connections
    async def connections(self) -> Sequence[Connection]: ...
    async def connection(self, connection: str) -> Connection | None: ...
    async def configure(self, connection: str, config: SyncConfig) -> None: ...
    async def credentials(self, connection: str) -> bytes | None:
        """The account's credentials as they were put, encrypted by the caller."""

    async def put_credentials(self, connection: str, sealed: bytes, instead_of: bytes | None = None) -> None:
        """Keep credentials, already encrypted. With `instead_of` only while those are still the stored ones."""

    async def put_consent(self, state: str, sealed: bytes, until: datetime) -> None:
        """Keep what a consent under way needs, encrypted by the caller, under its state; a state is used once."""

    async def take_consent(self, state: str, now: datetime) -> bytes | None:
        """What was kept under a state, once and before its end; None for any other."""

    async def forget_connection(self, connection: str) -> None:
        """Remove a connection that was never confirmed, with everything that belongs to it."""

    # reading
    async def fingerprints(
        self, side: Side, collection: str, groups: Collection[str] | None = None, *, singles: bool = False
    ) -> Mapping[str, str | None]:
        """Group → fingerprint of the stored, present items of a collection, all of them or those of these groups.

        None for a group that must be read again: its items disagree, one has none, or, with `singles`, it holds
        occurrences of a series.
        """
        ...

    async def stored(self, side: Side, refs: Sequence[Ref]) -> Mapping[Ref, Stored]: ...
    async def in_groups(self, side: Side, collection: str, groups: Sequence[str]) -> Sequence[Observation]: ...
    async def expected(self, side: Side, collection: str, window: Window, among: Collection[str]) -> Sequence[str]:
        """Those of these groups that a complete listing should show: with a present item that overlaps the window, or
        that a live link follows beyond it (R14), or whose time is not known. What ended before the window is not.
        """
        ...

    async def entering(self, side: Side, collection: str, old: Window | None, new: Window) -> Sequence[Ref]:
        """Present items that overlap `new` but not `old` (R14)."""

    async def cursor(self, connection: str, collection: str) -> Cursor | None: ...
    async def last_read(self, side: Side, collection: str) -> datetime | None:
        """When the last complete reading was recorded."""

    async def last_full(self, side: Side, collection: str) -> datetime | None:
        """When the last complete full listing was recorded."""
        ...

    async def links_of(self, side: Side, refs: Sequence[Ref]) -> Sequence[Link]:
        """Links of every connection, in any state but TOMBSTONE, with one of these refs on `side`."""

    async def links(self, connection: str) -> Sequence[Link]: ...
    async def unsettled(self, connection: str) -> Sequence[tuple[Side, Ref]]:
        """Pending items whose observation is an absence, or that have none: to be read again directly."""

    # planning
    async def workload(self, connection: str, now: datetime, window: Window) -> Workload:
        """Everything a plan is made from (`doubtful`, `empty`, `careful` and `complete` are left to the cycle).

        `linked` counts live links that have not ended before the window.
        """
        ...

    async def overrides(self, site: str, refs: Sequence[Ref], schedules: Sequence[str]) -> Mapping[Ref, Overrides]: ...
    async def put_override(self, site: str, kind: str, ref: str, override: Override, at: datetime) -> int:
        """Set (or, empty, clear) an override of a "schedule" or "session"; its links become pending. Their number."""

    # journal, history, holds
    async def open_writes(self, connection: str) -> Sequence[JournalRow]: ...
    async def history(
        self, *, connection: str | None = None, item: str | None = None, limit: int = 100, before: int | None = None
    ) -> Sequence[HistoryRow]: ...
    async def holds(self, connection: str | None = None, *, waiting: bool = True) -> Sequence[HoldRow]: ...
    async def decide(self, group: str, decision: Decision, at: datetime) -> Sequence[HoldRow]:
        """Decide a waiting group (or one action by its digest); its items become pending. Empty: no such hold."""

    async def notes(self, connection: str | None = None) -> Sequence[Note]: ...
    async def tally(self, connection: str) -> Mapping[str, int]:
        """Counts: links, pending, held, quarantined, listed, open, unknown (older than 7 days)."""

    def snapshot(self) -> AbstractAsyncContextManager["StateStore"]:
        """A private copy in memory, for a dry run: what is written to it is forgotten."""
