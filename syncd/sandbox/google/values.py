"""What Google stores, as values: moments, events, calendars' facts, accounts. Nothing here knows HTTP.

Not here: how values look on the wire (`moments.py`, `render.py`) and what may be done to them (`writing.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from syncd.sandbox import authorization


@dataclass(frozen=True, slots=True)
class Moment:
    """One edge of an event: an aware UTC datetime, or a date; `zone` is the IANA name it repeats in."""

    at: date
    zone: str

    @property
    def all_day(self) -> bool:
        """Whether it is a date."""
        return not isinstance(self.at, datetime)

    @property
    def local(self) -> datetime:
        """Naive local time; midnight for a date."""
        if isinstance(self.at, datetime):
            return self.at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return datetime.combine(self.at, time())

    def instant(self, calendar_zone: str) -> datetime:
        """Aware UTC; a date begins at midnight in the calendar's zone."""
        if isinstance(self.at, datetime):
            return self.at
        return datetime.combine(self.at, time(), ZoneInfo(calendar_zone)).astimezone(UTC)

    @property
    def stamp(self) -> str:
        """As it stands in the id of an instance."""
        if isinstance(self.at, datetime):
            return self.at.strftime("%Y%m%dT%H%M%SZ")
        return self.at.strftime("%Y%m%d")


@dataclass(frozen=True, slots=True)
class Event:
    """One version of one record: a single event, a master, or an exception of a series (also a cancelled one).

    `fields` holds what is answered as it was written. `orphan` marks an exception whose place in the series is gone.
    """

    id: str
    start: Moment
    end: Moment
    created: datetime
    updated: datetime
    uid: str
    fields: Mapping[str, Any]
    creator: str
    organizer: str
    type: str = "default"
    status: str = "confirmed"
    recurrence: tuple[str, ...] = ()
    series_id: str | None = None
    original: Moment | None = None
    sequence: int = 0
    version: int = 0
    locked: bool = False
    orphan: bool = False

    @property
    def etag(self) -> str:
        """New with each version."""
        return f'"{3_400_000_000_000_000 + self.version * 2}"'

    @property
    def cancelled(self) -> bool:
        """Whether it is deleted."""
        return self.status == "cancelled"

    @property
    def is_master(self) -> bool:
        """Whether it stands for a series."""
        return bool(self.recurrence)


@dataclass(slots=True)
class Account:
    """One Google account. `usage_limited` makes it read-only for good, `limited_until` for a while.

    `created` holds when things were created lately, by kind.
    """

    email: str
    sub: str
    name: str
    zone: str
    workspace: bool = False
    usage_limited: bool = False
    limited_until: datetime | None = None
    created: dict[str, list[datetime]] = field(default_factory=dict)
    disabled: bool = False
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The calendar list: by calendar id, what this person has set for it."""


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client of type Web and its project."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]
    project: str = "sandbox-project"


@dataclass(slots=True)
class Grant:
    """What one person allowed one client; the refresh token is None without offline access."""

    client_id: str
    email: str
    scopes: frozenset[str]
    issued: datetime
    used: datetime
    refresh_token: str | None = None
    revoked: bool = False


AccessToken: TypeAlias = authorization.Access[Grant]
Code: TypeAlias = authorization.Code
