"""What Microsoft stores, as values: moments, events, mailboxes' owners. Nothing here knows HTTP.

Not here: how values look on the wire (`moments.py`, `render.py`), what may be done to them (`writing.py`), and what
the authority remembers (`authority.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final

from syncd.sandbox.microsoft.zones import place

PERSONAL_TENANT: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal accounts."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One edge of an event: an aware UTC datetime, or a date that floats; `zone` as it was written."""

    at: date
    zone: str

    @property
    def all_day(self) -> bool:
        """Whether it is a date."""
        return not isinstance(self.at, datetime)

    @property
    def local(self) -> datetime:
        """Naive time in its own zone; midnight for a date."""
        if isinstance(self.at, datetime):
            return self.at.astimezone(place(self.zone)).replace(tzinfo=None)
        return datetime.combine(self.at, time())

    @property
    def instant(self) -> datetime:
        """Aware UTC; a date begins at midnight UTC, whatever the mailbox's zone (reference/microsoft.md, 1.5)."""
        if isinstance(self.at, datetime):
            return self.at
        return datetime.combine(self.at, time(), UTC)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern and its range (patternedRecurrence), with the words of the API. `until` is inclusive.

    `zone` is the one whose clock the series follows.
    """

    type: str
    interval: int
    days_of_week: tuple[str, ...]
    first_day_of_week: str
    day_of_month: int
    month: int
    index: str
    range_type: str
    start: date
    until: date | None
    count: int
    zone: str


@dataclass(frozen=True, slots=True)
class Event:
    """One version of one record: a single event, a master, or an exception of a series (also a deleted one).

    `id` is the immutable id. `fields` holds what is answered as it was written, `properties` the extended properties
    by their id. `day` is the date of an occurrence in its series. `orphan` marks an exception whose place is gone.
    """

    id: str
    calendar_id: str
    uid: str
    start: Moment
    end: Moment
    created: datetime
    modified: datetime
    fields: Mapping[str, Any]
    organizer: str
    own: bool = True
    recurrence: Recurrence | None = None
    series_id: str | None = None
    original: Moment | None = None
    day: date | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    transaction_id: str | None = None
    version: int = 0
    deleted: bool = False
    orphan: bool = False
    exception: bool = False
    """Whether it is stored apart from its series."""

    @property
    def is_master(self) -> bool:
        """Whether it stands for a series."""
        return self.recurrence is not None

    @property
    def type(self) -> str:
        """As `type` says it."""
        if self.is_master:
            return "seriesMaster"
        if self.series_id is None:
            return "singleInstance"
        return "exception" if self.exception else "occurrence"


@dataclass(slots=True)
class Account:
    """One person's account with a mailbox. `zone` is the mailbox's, by its Windows name.

    `enabled` is False for a mailbox that Graph cannot reach, `full` True for one that takes no more.
    """

    email: str
    oid: str
    tid: str
    name: str
    zone: str
    personal: bool = False
    enabled: bool = True
    full: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a transactionId was used for: the body in one spelling, and the event it made."""

    body: str
    event_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a guest or an organizer got. `kind`: invitation, update, cancellation or answer."""

    to: str
    event_id: str
    kind: str
