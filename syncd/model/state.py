"""What syncd knows: observations and their typed absence, links, connections, cursors, overrides, pending items.

Not here: fields and intervals (fields), and what is about to be done (actions).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from syncd.model.fields import Event, Field, Pair, Ref, Side, Unseen, Window


class Kind(StrEnum):
    """How far an item may be written (R16)."""

    ORDINARY = "ordinary"
    FIXED = "fixed"  # read-only, locked, somebody else's, a birthday, a working location, an unknown kind
    WORKING_HOURS = "working_hours"  # opening times of a schedule: never a session


class Gone(StrEnum):
    """Why an item is not where it was. Only GONE counts as a deletion (R3, R6)."""

    GONE = "gone"
    OUT_OF_WINDOW = "out_of_window"
    OUT_OF_SCOPE = "out_of_scope"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Absence:
    """A typed absence, with its evidence.

    `evidence`: "tombstone", "cancelled" (a read by id said so), "listing" (a complete listing that covers the item,
    and a direct read), or the reason why nothing is known. `since`: when it was first seen. `cycles`: in how many
    cycles it was found again; deleting an original needs two.
    """

    kind: Gone
    evidence: str
    since: datetime
    cycles: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """What we leave on an item we made, so that it can be recognised without our database.

    `original`: id of the original where the side has room for it, else None. `digest`: of what we wrote last.
    `overridden`: fields that were shown from an override when we wrote them.
    """

    bridge: str
    generation: int
    key: str
    digest: str
    original: str | None = None
    provider: str | None = None
    overridden: frozenset[Field] = frozenset()


@dataclass(frozen=True, slots=True)
class Override:
    """Title or description shown outside instead of the session's own (ExternalCalendarOverrides).

    None = not set, "" = shown empty.
    """

    title: str | None = None
    description: str | None = None

    def get(self, name: Field) -> str | None:
        """The text set for a field; None for a field that cannot be overridden."""
        match name:
            case Field.TITLE:
                return self.title
            case Field.DESCRIPTION:
                return self.description
        return None


@dataclass(frozen=True, slots=True)
class Traits:
    """What else a side says of an item, beside its fields.

    `group`: the stored object that holds the item (an object with a series holds many); equals the id elsewhere.
    `series`, `original_start`: set on an occurrence; local start as text (ISO, without offset), or a date.
    `participants`: bookings; None where the side has no such thing, unseen where it was not told.
    `guests`: others are invited, so that writing might mail them. `own`: organised by the account's owner.
    `schedules`: ids of every schedule and resource the item concerns; `home` is the one it lies on.
    `masked`: fields replaced before storing (R17); they never travel towards this item. `override`: what the side
    itself keeps as the session's override; one that syncd keeps comes before it (R8).
    """

    uid: str | None = None
    group: str | None = None
    series: str | None = None
    original_start: str | None = None
    kind: Kind = Kind.ORDINARY
    own: bool = True
    private: bool = False
    guests: bool = False
    participants: int | Unseen | None = None
    mark: Mark | None = None
    home: str | None = None
    schedules: frozenset[str] = frozenset()
    created: datetime | None = None
    masked: frozenset[Field] = frozenset()
    override: Override = Override()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a side last showed of one item.

    `version`: for preconditions. `fingerprint`: changes whenever anything we read changes; for "nothing new".
    `sequence`: a number that only rises, where the side has one: a lower one is a replay (R24).
    `event` of an absent item holds the fields seen last.
    """

    side: Side
    ref: Ref
    event: Event
    seen_at: datetime
    version: str | None = None
    fingerprint: str | None = None
    sequence: int | None = None
    traits: Traits = Traits()
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A side's own token for "what changed since", with the window of the full read it descends from."""

    token: str
    window: Window


@dataclass(frozen=True, slots=True)
class Removal:
    """A claim that something is gone. `group` names the stored object, or one item where each is its own group."""

    group: str
    evidence: str = "tombstone"


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that lies there but could not be read; it counts as listed. `reason` holds nobody's text.

    `passing`: the side failed, not the item; it has to be asked for again.
    """

    group: str
    reason: str
    fingerprint: str | None = None
    passing: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One answer of `read`.

    `groups`: for every object parsed, exactly the item ids it holds within `window`.
    `listed`: every group that exists, decided before parsing; None when the answer tells changes only.
    `complete`: the answer covers all it claims; otherwise nothing may be concluded from what is missing.
    """

    observations: tuple[Observation, ...]
    window: Window
    removed: tuple[Removal, ...] = ()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    listed: frozenset[str] | None = None
    broken: tuple[Broken, ...] = ()
    cursor: Cursor | None = None
    complete: bool = True


class LinkState(StrEnum):
    """LIVE: both sides are kept the same. DISMISSED: one side is left as it is and gets no copy until its time changes
    (R3). TOMBSTONE: gone on both sides (R12)."""

    LIVE = "live"
    DISMISSED = "dismissed"
    TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True)
class Former:
    """A copy in the calendar used before; removed once the new one is there (R30)."""

    ref: Ref
    version: str | None


DELETION: Final = "deletion"
"""In `Link.adrift`: a deletion of the copy, until the copy is made anew; some sides take one at any version."""


@dataclass(frozen=True, slots=True)
class Link:
    """Pairs a session with an external event.

    `bases`: per side, the fields both sides agreed on, in the form that side gave them.
    `made`: per side, whether we made the item. `refs`: None on a side where nothing lies at present.
    `refused`: "side:field" → digest of a value that was put back once already (R5a).
    `participants`: the count on the session when the bases last advanced. `adrift`: what was sent to our copy, seemed
    to have no effect, and may still arrive: what the marks of updates say, as long as nothing else is written, and
    DELETION.
    """

    id: str
    connection: str
    origin: Side
    refs: Pair[Ref | None]
    bases: Pair[Event] = Pair(Event(), Event())
    made: Pair[bool] = Pair(False, False)
    generation: int = 1
    state: LinkState = LinkState.LIVE
    participants: int | Unseen | None = None
    former: Former | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    adrift: tuple[str, ...] = ()


class ScheduleKind(StrEnum):
    BUSINESS = "business"
    STAFF = "staff"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A calendar of a site that owns sessions. `owner`: the site user it belongs to. `resource`: of a staff member."""

    id: str
    kind: ScheduleKind
    name: str
    external_id: str
    time_zone: str = "UTC"
    owner: str | None = None
    active: bool = True

    @property
    def resource(self) -> str | None:
        return self.external_id if self.kind is ScheduleKind.STAFF else None


class Status(StrEnum):
    """The statuses of Wix's External Calendars API, and ours beside them."""

    CONNECTED = "CONNECTED"
    SYNC_IN_PROGRESS = "SYNC_IN_PROGRESS"
    SYNCED = "SYNCED"
    DISCONNECTED = "DISCONNECTED"
    ERROR = "ERROR"


class Reason(StrEnum):
    """Why a connection is in ERROR: three of the API, then ours."""

    TOKEN_REVOKED = "TOKEN_REVOKED"
    EXTERNAL_CALENDAR_CREATION_FAILED = "EXTERNAL_CALENDAR_CREATION_FAILED"
    EXTERNAL_CALENDAR_DELETED = "EXTERNAL_CALENDAR_DELETED"
    PREMIUM_FEATURE_NOT_ENABLED = "PREMIUM_FEATURE_NOT_ENABLED"
    FORBIDDEN = "FORBIDDEN"
    MANY_ITEMS_FAILED = "MANY_ITEMS_FAILED"
    UNREACHABLE = "UNREACHABLE"
    SCHEDULE_LOST = "SCHEDULE_LOST"
    SYNCED_BY_WIX = "SYNCED_BY_WIX"


class Target(StrEnum):
    """Where sessions are exported to."""

    DEDICATED = "dedicated"
    PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """Import and export of one connection. `calendars`: ids imported from; None = the primary one."""

    imports: bool = True
    exports: bool = True
    calendars: tuple[str, ...] | None = None
    target: Target = Target.DEDICATED


@dataclass(frozen=True, slots=True)
class Connection:
    """One schedule bound to one external account.

    `identity`: what the provider calls the account for ever; `email` is for people. `calendar`: id of the calendar
    exported to, None until it exists; `calendar_generation` rises with each new dedicated calendar (R22).
    `first_passed`: a pass was applied (R29). `paused`: nothing is read, written or removed.
    `disconnecting`: R23 is under way. `retired`: calendars whose copies of ours still await removal (R30).
    """

    id: str
    site: str
    provider: str
    schedule: Schedule
    identity: str
    email: str
    config: SyncConfig = SyncConfig()
    status: Status = Status.CONNECTED
    reason: Reason | None = None
    detail: str | None = None
    confirmed: bool = False
    paused: bool = False
    disconnecting: bool = False
    first_passed: bool = False
    read_with: str | None = None  # the policy under which its items were stored
    doubt: str | None = None  # why the schedule seems lost, by one reading so far (R20)
    refused_at: datetime | None = None  # when the account first refused us since the last success; it may pass (R21)
    careful: bool = False  # after a restore: no deletion without approval in the next pass
    calendar: str | None = None
    calendar_generation: int = 1
    retired: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """It is disconnected and all that it made is removed: nothing concerns it any more."""
        return self.status is Status.DISCONNECTED and not self.disconnecting


@dataclass(frozen=True, slots=True)
class Overrides:
    """What applies to one session: its own, its schedule's. Each field falls back alone (R8)."""

    session: Override = Override()
    schedule: Override = Override()

    def over(self, kept: Override) -> "Overrides":
        """These, with what the side keeps for the session where its own says nothing."""
        own = self.session
        title = own.title if own.title is not None else kept.title
        text = own.description if own.description is not None else kept.description
        return Overrides(Override(title, text), self.schedule)

    def shown(self, name: Field) -> str | None:
        own = self.session.get(name)
        return own if own is not None else self.schedule.get(name)

    def inherited(self, name: Field) -> str | None:
        """What the session would show without an override of its own."""
        return self.schedule.get(name)
