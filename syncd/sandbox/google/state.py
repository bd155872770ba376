"""What the simulated Google remembers: accounts, calendars with every version of their events, tokens, mails.

Not here: any rule of the API. These classes store and look up; `writing.py` and its neighbours decide.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google.recurrence import find_start, occurrence
from syncd.sandbox.google.switches import SWITCHES
from syncd.sandbox.google.values import AccessToken, Account, Client, Code, Event, Grant
from syncd.sandbox.history import PRESENT, History, Past, become, opaque
from syncd.sandbox.switching import Switches

Inspect = Callable[[str, object, int, object], None]

_BASE32HEX = "0123456789abcdefghijklmnopqrstuv"


@dataclass(slots=True)
class Calendar:
    """One calendar. `roles` says who may do what with it; `kind` is normal, holidays or birthdays."""

    id: str
    owner: str
    summary: str
    zone: str
    clock: SandboxClock
    kind: str = "normal"
    roles: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    """description and location"""
    events: History[Event] = field(default_factory=History)
    exceptions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By master id: ids of its exceptions."""
    gap: int = 0
    """The newest version when a sync token was last refused."""

    @property
    def version(self) -> int:
        """How many versions were written: the change counter."""
        return self.events.count

    def version_at(self, moment: datetime) -> int:
        """The change counter at a moment."""
        return self.events.count_at(moment)

    def updated(self) -> datetime:
        """When something last changed; now when nothing ever did."""
        return self.events.last or self.clock.now()

    def put(self, event: Event) -> Event:
        """Store the next version of an event, numbered; an exception is entered with its series."""
        now = self.clock.now()
        stored = replace(event, version=self.version + 1)
        if stored.series_id is not None and stored.id not in self.exceptions[stored.series_id]:
            self.exceptions[stored.series_id].append(stored.id)
        self.events.put(stored, now)
        return stored

    def copy(self) -> "Calendar":
        """The calendar as it is now, on the same clock; neither changes with the other."""
        return replace(
            self,
            roles=dict(self.roles),
            fields=dict(self.fields),
            events=self.events.copy(),
            exceptions=deepcopy(self.exceptions),
        )


@dataclass(frozen=True, slots=True)
class View:
    """A calendar in the state that a reader is shown."""

    calendar: Calendar
    past: Past = PRESENT

    @property
    def version(self) -> int:
        """The change counter of that state."""
        return self.calendar.version - self.past.undone

    def back_to(self, version: int) -> "View":
        """The calendar as it was at an earlier count."""
        return View(self.calendar, Past(undone=max(0, self.calendar.version - version)))

    def record(self, ref: str) -> Event | None:
        """A stored record by id, cancelled ones too, orphans not."""
        found = self.calendar.events.get(ref, self.past)
        return None if found is None or found.orphan else found

    def records(self) -> Iterator[Event]:
        """All stored records in order of creation, orphans too."""
        return self.calendar.events.all(self.past)

    def find(self, ref: str) -> Event | None:
        """A record, or the plain occurrence that an instance id names."""
        found = self.record(ref)
        if found is not None:
            return found
        master_id, _, stamp = ref.rpartition("_")
        master = self.record(master_id) if master_id else None
        if master is None or not master.is_master or master.cancelled:
            return None
        start = find_start(master, stamp)
        return None if start is None else occurrence(master, start)

    def exceptions(self, master_id: str) -> list[Event]:
        """Exceptions of a series that still have their place in it, cancelled ones too."""
        found = (self.record(ref) for ref in self.calendar.exceptions.get(master_id, ()))
        return [event for event in found if event is not None]


@dataclass(frozen=True, slots=True)
class SyncToken:
    """What a sync token stands for; `shape` is the query it belongs to."""

    calendar_id: str
    email: str
    shape: tuple[tuple[str, Any], ...]
    version: int
    issued: datetime
    window: tuple[datetime | None, datetime | None] = (None, None)
    """The bounds of the first list."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The pages still to come of one listing: `rows` as they were at the first page, and the token of the last one."""

    calendar_id: str
    email: str
    query: tuple[tuple[str, Any], ...]
    rows: tuple[Event, ...]
    page: int
    token: SyncToken | None
    since: SyncToken | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a guest got. `kind`: invitation, update or cancellation."""

    to: str
    event_id: str
    kind: str


@dataclass(slots=True)
class GoogleState:
    """One simulated Google: accounts and their calendars, the clients that may ask, and what was handed out."""

    clock: SandboxClock
    switches: Switches = field(default_factory=lambda: Switches(SWITCHES))
    accounts: dict[str, Account] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    sync_tokens: dict[str, SyncToken] = field(default_factory=dict)
    dead_tokens: set[str] = field(default_factory=set)
    """Sync tokens that were good once."""
    expiries: int = 0
    """How often tokens were made to expire: later ones differ from those before."""
    rests: dict[str, Rest] = field(default_factory=dict)
    mailed: list[Mail] = field(default_factory=list)
    inspect: Inspect | None = None
    """Is shown every answered call, for checks against the discovery document: method, body, status, answer."""
    codes: dict[str, Code] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    _serial: int = 0

    def add_client(self, client_id: str, secret: str, redirect_uris: tuple[str, ...]) -> Client:
        """An OAuth client of type Web."""
        self.clients[client_id] = Client(client_id, secret, redirect_uris)
        return self.clients[client_id]

    def add_account(
        self, email: str, name: str = "", zone: str = "Europe/Berlin", *, workspace: bool = False
    ) -> Account:
        """An account with an empty primary calendar, whose id is the address."""
        sub = str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)).zfill(21)[:21]
        account = Account(email, sub, name or email.partition("@")[0], zone, workspace)
        self.accounts[email] = account
        self._enter(Calendar(email, email, email, zone, self.clock), account)
        return account

    def add_calendar(
        self, email: str, summary: str, kind: str = "normal", role: str = "owner", ref: str | None = None
    ) -> Calendar:
        """Another calendar in this account's list; below the role of owner it belongs to nobody here."""
        owner = email if role == "owner" else "someone@group.calendar.google.com"
        ref = ref or f"{self.new_id()}@group.calendar.google.com"
        calendar = Calendar(ref, owner, summary, self.accounts[email].zone, self.clock, kind)
        return self._enter(calendar, self.accounts[email], role)

    def _enter(self, calendar: Calendar, account: Account, role: str = "owner") -> Calendar:
        calendar.roles[account.email] = role
        self.calendars[calendar.id] = calendar
        account.listed[calendar.id] = {}
        return calendar

    def calendar(self, ref: str, email: str) -> Calendar | None:
        """By id or `primary`; None when there is none, or this account has no access."""
        found = self.calendars.get(email if ref == "primary" else ref)
        return None if found is None or email not in found.roles else found

    def expire_sync_tokens(self, calendar_id: str | None = None) -> int:
        """Let all sync tokens given out so far, or those of one calendar, answer 410. Returns how many."""
        found = {t for t, meant in self.sync_tokens.items() if calendar_id in (None, meant.calendar_id)}
        self.dead_tokens |= found
        self.expiries += 1
        return len(found)

    def copy(self) -> "GoogleState":
        """What is remembered now, on the same clock and switches; neither changes with the other."""
        grants, access_tokens = deepcopy((self.grants, self.access_tokens))
        return replace(
            self,
            accounts=deepcopy(self.accounts),
            calendars={ref: calendar.copy() for ref, calendar in self.calendars.items()},
            clients=dict(self.clients),
            sync_tokens=dict(self.sync_tokens),
            dead_tokens=set(self.dead_tokens),
            rests=dict(self.rests),
            mailed=list(self.mailed),
            codes=dict(self.codes),
            grants=grants,
            access_tokens=access_tokens,
        )

    def become(self, other: "GoogleState") -> None:
        """Remember what a copy does, and nothing else, so that a running server is back where the copy was made.

        `Calendar` and `Account` objects taken from this state before are then no longer part of it.
        """
        become(self, other.copy())

    def new_id(self) -> str:
        """26 characters of the id alphabet, the same in every run that does the same things."""
        number = int(hashlib.sha256(f"id/{self.serial()}".encode()).hexdigest(), 16)
        return "".join(_BASE32HEX[number >> (5 * place) & 31] for place in range(26))

    def serial(self) -> int:
        """The next number of this state."""
        self._serial += 1
        return self._serial

    def opaque(self, *parts: object) -> str:
        """A text without visible structure, always the same for the same parts."""
        return opaque(*parts)
