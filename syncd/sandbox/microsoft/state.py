"""What the simulated Microsoft remembers: accounts, mailboxes with every version of their events, tokens, mails.

Not here: any rule of the API. These classes store and look up; `writing.py` and its neighbours decide.
"""

import hashlib
import uuid
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.history import PRESENT, History, Past, become, opaque
from syncd.sandbox.microsoft.authority import Authority, Client
from syncd.sandbox.microsoft.calendar_switches import CALENDAR_SWITCHES
from syncd.sandbox.microsoft.ids import Named, calendar_id, event_id, regular_core
from syncd.sandbox.microsoft.occurrences import occurrence_on
from syncd.sandbox.microsoft.switches import SWITCHES
from syncd.sandbox.microsoft.values import PERSONAL_TENANT, Account, Event, Mail, Transaction
from syncd.sandbox.switching import Switches

Inspect = Callable[[str, object, int, object], None]


@dataclass(slots=True)
class Calendar:
    """One entry in the list of a mailbox.

    `owner` is the address of whoever it belongs to; `source` is the owner's own calendar of a shared one, whose events
    it shows. `change` counts its own changes.
    """

    id: str
    mailbox: str
    name: str
    owner: str
    owner_name: str
    can_edit: bool = True
    default: bool = False
    removable: bool = True
    source: str | None = None
    change: int = 0

    @property
    def events_in(self) -> str:
        """The calendar id that its events bear."""
        return self.source or self.id


@dataclass(slots=True)
class Mailbox:
    """Every version of the events in all calendars of one person."""

    email: str
    clock: SandboxClock
    events: History[Event] = field(default_factory=History)
    members: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By master id: ids of its exceptions."""
    cores: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By core of a regular id: the core of the immutable one, and the calendar where it is good."""

    @property
    def version(self) -> int:
        """How many versions were written: the change counter."""
        return self.events.count

    def version_at(self, moment: datetime) -> int:
        """The change counter at a moment."""
        return self.events.count_at(moment)

    def put(self, event: Event) -> Event:
        """Store the next version of an event, numbered; an exception is entered with its series."""
        now = self.clock.now()
        stored = replace(event, version=self.version + 1)
        if stored.series_id is not None and stored.id not in self.members[stored.series_id]:
            self.members[stored.series_id].append(stored.id)
        core = Named.of(stored.id).core
        self.cores[regular_core(core, stored.calendar_id)] = (core, stored.calendar_id)
        self.events.put(stored, now)
        return stored

    def copy(self) -> "Mailbox":
        """The mailbox as it is now, on the same clock; neither changes with the other."""
        return replace(
            self,
            events=self.events.copy(),
            members=deepcopy(self.members),
            cores=dict(self.cores),
        )


@dataclass(frozen=True, slots=True)
class View:
    """A mailbox in the state that a reader is shown."""

    mailbox: Mailbox
    past: Past = PRESENT

    @property
    def version(self) -> int:
        """The change counter of that state."""
        return self.mailbox.version - self.past.undone

    def back_to(self, version: int) -> "View":
        """The mailbox as it was at an earlier count."""
        return View(self.mailbox, Past(undone=max(0, self.mailbox.version - version)))

    def record(self, ref: str) -> Event | None:
        """A stored record by its immutable id, deleted ones too, orphans not."""
        found = self.mailbox.events.get(ref, self.past)
        return None if found is None or found.orphan else found

    def records(self) -> Iterator[Event]:
        """All stored records in order of creation, deleted ones and orphans too."""
        return self.mailbox.events.all(self.past)

    def living(self, calendar_id: str) -> Iterator[Event]:
        """Single events and masters of one calendar."""
        return (
            event
            for event in self.records()
            if event.calendar_id == calendar_id and not event.deleted and event.series_id is None
        )

    def find(self, ref: str) -> Event | None:
        """A living record or plain occurrence by id, of either form; None when there is none (any more)."""
        named = Named.of(ref)
        where = None
        if named.regular:
            core, where = self.mailbox.cores.get(named.core, ("", None))
            named = Named(core, named.day)
        found = self._named(named)
        if found is None or found.deleted or (where is not None and found.calendar_id != where):
            return None
        return found

    def _named(self, named: Named) -> Event | None:
        record = self.record(event_id(named.core, named.day))
        if record is not None or named.day is None:
            return record
        master = self.record(event_id(named.core))
        if master is None or not master.is_master or master.deleted:
            return None
        return occurrence_on(master, named.day)

    def exceptions(self, master_id: str) -> list[Event]:
        """Exceptions of a series that still have their place in it, deleted ones too."""
        found = (self.record(ref) for ref in self.mailbox.members.get(master_id, ()))
        return [event for event in found if event is not None]


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """What a delta token stands for. The window is half-open, aware, in UTC."""

    email: str
    calendar_id: str
    window: tuple[datetime, datetime]
    version: int
    issued: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """The pages still to come of a round, with the rows as they were at its first page, and what the last one gives."""

    email: str
    calendar_id: str
    groups: tuple[tuple[Any, ...], ...]
    page: int
    to: DeltaToken
    empty: int = 0
    """Empty pages still to come before the next rows."""
    empty_each: int = 0
    endless: bool = False


@dataclass(slots=True)
class MicrosoftState:
    """One simulated Microsoft: accounts and their mailboxes, the apps that may ask, and what was handed out."""

    clock: SandboxClock
    switches: Switches = field(default_factory=lambda: Switches({**CALENDAR_SWITCHES, **SWITCHES}))
    accounts: dict[str, Account] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    """By address of the account."""
    calendars: dict[str, Calendar] = field(default_factory=dict)
    transactions: dict[tuple[str, str], Transaction] = field(default_factory=dict)
    """By mailbox and transactionId."""
    delta_tokens: dict[str, DeltaToken] = field(default_factory=dict)
    dead_tokens: set[str] = field(default_factory=set)
    """Delta tokens that were good once."""
    rests: dict[str, Rest] = field(default_factory=dict)
    mailed: list[Mail] = field(default_factory=list)
    inspect: Inspect | None = None
    """Is shown every answered call: operation, body, status, answer."""
    authority: Authority = field(default_factory=Authority)
    _serial: int = 0

    def add_client(self, client_id: str, secret: str, redirect_uris: tuple[str, ...]) -> Client:
        """An app registration for the web."""
        client = Client(client_id, secret, redirect_uris)
        self.authority.clients[client_id] = client
        return client

    def add_account(
        self, email: str, name: str = "", zone: str = "W. Europe Standard Time", *, personal: bool = False
    ) -> Account:
        """An account whose mailbox has an empty default calendar."""
        oid = str(uuid.UUID(self.opaque("oid", email)[:32]))
        tid = PERSONAL_TENANT if personal else str(uuid.UUID(self.opaque("tid", email.partition("@")[2])[:32]))
        account = Account(email, oid, tid, name or email.partition("@")[0], zone, personal)
        self.accounts[email] = account
        self.mailboxes[email] = Mailbox(email, self.clock)
        self.add_calendar(email, "Calendar", default=True, removable=False)
        return account

    def add_calendar(self, email: str, name: str, **traits: Any) -> Calendar:
        """Another calendar in this mailbox's list; `traits` are fields of Calendar, such as can_edit and owner."""
        account = self.accounts[email]
        owned = {"owner": email, "owner_name": account.name, **traits}
        calendar = Calendar(calendar_id(self.new_core()), email, name, change=self.serial(), **owned)
        self.calendars[calendar.id] = calendar
        return calendar

    def share(self, calendar_id: str, email: str, *, can_edit: bool) -> Calendar:
        """Put a calendar of one person into the list of another, under an id of its own there."""
        source = self.calendars[calendar_id]
        traits = {"owner": source.owner, "owner_name": source.owner_name, "can_edit": can_edit}
        return self.add_calendar(email, source.owner_name, source=source.id, **traits)

    def listed(self, email: str) -> list[Calendar]:
        """The calendars in the list of a mailbox; a shared one goes with its source."""
        found = (calendar for calendar in self.calendars.values() if calendar.mailbox == email)
        return [calendar for calendar in found if calendar.source is None or calendar.source in self.calendars]

    def default_calendar(self, email: str) -> Calendar:
        """The one that /me/events writes to."""
        return next(calendar for calendar in self.listed(email) if calendar.default)

    def calendar(self, email: str, ref: str | None = None) -> Calendar | None:
        """By id, or the default one; None when there is none in this mailbox's list."""
        if ref is None:
            return self.default_calendar(email)
        return next((calendar for calendar in self.listed(email) if calendar.id == ref), None)

    def mailbox_of(self, calendar: Calendar) -> Mailbox:
        """Where the events of a calendar are stored."""
        return self.mailboxes[self.calendars[calendar.events_in].mailbox]

    def expire_delta_tokens(self, calendar_id: str | None = None) -> int:
        """Let all delta tokens given out so far, or those of one calendar, answer 410. Returns how many."""
        found = {text for text, meant in self.delta_tokens.items() if calendar_id in (None, meant.calendar_id)}
        pages = [text for text, rest in self.rests.items() if calendar_id in (None, rest.calendar_id)]
        self.dead_tokens |= found | set(pages)
        return len(found)

    def copy(self) -> "MicrosoftState":
        """What is remembered now, on the same clock and switches; neither changes with the other."""
        return replace(
            self,
            accounts=deepcopy(self.accounts),
            mailboxes={email: mailbox.copy() for email, mailbox in self.mailboxes.items()},
            calendars={ref: replace(calendar) for ref, calendar in self.calendars.items()},
            transactions=dict(self.transactions),
            delta_tokens=dict(self.delta_tokens),
            dead_tokens=set(self.dead_tokens),
            rests=dict(self.rests),
            mailed=list(self.mailed),
            authority=self.authority.copy(),
        )

    def become(self, other: "MicrosoftState") -> None:
        """Remember what a copy does, and nothing else, so that a running server is back where the copy was made.

        `Mailbox`, `Calendar` and `Account` objects taken from this state before are then no longer part of it.
        """
        become(self, other.copy())

    def new_core(self) -> str:
        """32 characters of the alphabet of ids, the same in every run that does the same things."""
        digest = hashlib.sha256(f"id/{self.serial()}".encode()).digest()
        return b64encode(digest[:24]).decode()

    def new_id(self) -> str:
        """The immutable id of a new event."""
        return event_id(self.new_core())

    def serial(self) -> int:
        """The next number of this state."""
        self._serial += 1
        return self._serial

    def opaque(self, *parts: object) -> str:
        """A text without visible structure, always the same for the same parts."""
        return opaque(*parts)
