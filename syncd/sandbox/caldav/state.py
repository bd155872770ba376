"""What the simulated server remembers: accounts, calendars with every version of their objects, tokens, mails.

Not here: any rule of the protocol. These classes store and look up; `objects.py` and its neighbours decide.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from syncd.sandbox.caldav.profiles import PROFILES
from syncd.sandbox.caldav.switches import SWITCHES, CountedSwitches
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.history import PRESENT, History, Past, become, opaque

HOSTS: Final = ("entry", "partition-1", "partition-2")
"""The entry host, and the partitions on which calendars may lie."""
OTHERS: Final = ("inbox", "outbox", "notification")
"""Collections of a home that are no calendars."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object. `id` is its file name, decoded; `version` the calendar's change counter."""

    id: str
    body: bytes
    uid: str
    etag: str
    version: int
    at: datetime
    sent: bytes
    """What the client sent, of which `body` may be another spelling."""
    deleted: bool = False


@dataclass(slots=True)
class Calendar:
    """One calendar. `props` are XML texts by tag; `components` the types it takes; `special` is one of OTHERS or ""."""

    id: str
    slug: str
    dsid: str
    clock: SandboxClock
    props: dict[str, str] = field(default_factory=dict)
    components: tuple[str, ...] = ("VEVENT",)
    writable: bool = True
    subscribed: bool = False
    special: str = ""
    objects: History[Stored] = field(default_factory=History)
    last_deletion: int = 0
    """The version at which something was last deleted."""
    expiries: int = 0
    """How often tokens were made to expire: later ones differ from those before."""

    @property
    def version(self) -> int:
        """How many versions were written: the change counter."""
        return self.objects.count

    def version_in(self, past: Past) -> int:
        """The change counter of a state."""
        count = self.version - past.undone
        return min(count, self.objects.count_at(past.as_of)) if past.as_of is not None else count

    def put(self, name: str, body: bytes, uid: str, sent: bytes | None = None) -> Stored:
        """Store the next version of an object; the same bytes leave version and ETag as they are (M, five servers)."""
        before = self.get(name)
        if before is not None and (body == before.body or sent in (before.sent, before.body)):
            return before
        version = self.version + 1
        etag = f'"{opaque("etag", self.id, version)[:20]}"'
        stored = Stored(name, body, uid, etag, version, self.clock.now(), body if sent is None else sent)
        self.objects.put(stored, stored.at)
        return stored

    def remove(self, stored: Stored) -> None:
        """The object is deleted; what it was is remembered."""
        now = self.clock.now()
        self.objects.put(replace(stored, deleted=True, version=self.version + 1, at=now), now)
        self.last_deletion = self.version

    def get(self, name: str, past: Past = PRESENT) -> Stored | None:
        """The object of a name; None when it is not there."""
        found = self.objects.get(name, past)
        return None if found is None or found.deleted else found

    def records(self, past: Past = PRESENT) -> list[Stored]:
        """What ever had a name here, deleted ones too."""
        return list(self.objects.all(past))

    def living(self, past: Past = PRESENT) -> list[Stored]:
        """The objects, in order of creation."""
        return [stored for stored in self.objects.all(past) if not stored.deleted]

    def copy(self) -> "Calendar":
        """The calendar as it is now, on the same clock; neither changes with the other."""
        return replace(self, props=dict(self.props), objects=self.objects.copy())


@dataclass(slots=True)
class Account:
    """One person. `password` is the account's own, `app_passwords` the app-specific ones (xxxx-xxxx-xxxx-xxxx)."""

    email: str
    name: str
    dsid: str
    password: str
    app_passwords: list[str] = field(default_factory=list)
    host: str = HOSTS[1]
    """The partition on which the calendars lie."""
    enabled: bool = True
    """Whether the server takes any password of it."""


@dataclass(frozen=True, slots=True)
class SyncPoint:
    """What a sync token stands for: a version, and the newest one when it was last given out."""

    calendar_id: str
    version: int
    newest: int


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a guest got. `kind`: request or cancel."""

    to: str
    uid: str
    kind: str


@dataclass(slots=True)
class CaldavState:
    """One simulated server: its accounts, their calendars in order of creation, and what was handed out."""

    clock: SandboxClock
    switches: CountedSwitches = field(default_factory=lambda: CountedSwitches(SWITCHES, profiles=PROFILES))
    accounts: dict[str, Account] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    """By `<dsid>/<slug>`."""
    buried: dict[str, Calendar] = field(default_factory=dict)
    """Deleted calendars, by the same."""
    tokens: dict[str, SyncPoint] = field(default_factory=dict)
    dead_tokens: set[str] = field(default_factory=set)
    mailed: list[Mail] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    """Where each of HOSTS listens, without a final slash; the server says so when it starts."""
    requests: int = 0
    rows: int = 0
    """Rows of reports with bodies, for the switches that leave out every so manieth."""
    _serial: int = 0

    def add_account(self, email: str, password: str, name: str = "", app_passwords: tuple[str, ...] = ()) -> Account:
        """An account without calendars."""
        dsid = str(int(opaque("dsid", email)[:8], 16))
        self.accounts[email] = Account(email, name or email.partition("@")[0], dsid, password, list(app_passwords))
        for special in OTHERS:
            self.enter(Calendar(opaque(special, email)[:16], special, dsid, self.clock, special=special, components=()))
        return self.accounts[email]

    def add_calendar(self, email: str, slug: str, *, components: tuple[str, ...] = ("VEVENT",)) -> Calendar:
        """An empty calendar at the last segment `slug`."""
        dsid = self.accounts[email].dsid
        ref = opaque("calendar", dsid, slug, self.serial())[:32]
        return self.enter(Calendar(ref, slug, dsid, self.clock, components=components))

    def enter(self, calendar: Calendar) -> Calendar:
        """Put a calendar into the home of its account."""
        self.calendars[f"{calendar.dsid}/{calendar.slug}"] = calendar
        return calendar

    def home(self, account: Account) -> list[Calendar]:
        """What the account's home has, in order of creation."""
        return [calendar for calendar in self.calendars.values() if calendar.dsid == account.dsid]

    def calendar(self, account: Account, slug: str) -> Calendar | None:
        """By its last segment."""
        return self.calendars.get(f"{account.dsid}/{slug}")

    def bury(self, calendar: Calendar) -> None:
        """Delete a calendar."""
        key = f"{calendar.dsid}/{calendar.slug}"
        self.buried[key] = self.calendars.pop(key)

    def token(self, calendar: Calendar, version: int) -> str:
        """The sync token of a calendar's version: a URI (RFC 6578, 4)."""
        text = f"http://calendars.example/sync/{opaque('token', calendar.id, calendar.expiries, version)[:32]}"
        self.tokens[text] = SyncPoint(calendar.id, version, calendar.version)
        return text

    def expire_tokens(self, calendar_id: str | None = None) -> int:
        """Forget all sync tokens given out so far, or those of one calendar. Returns how many."""
        found = {text for text, meant in self.tokens.items() if calendar_id in (None, meant.calendar_id)}
        fresh = found - self.dead_tokens
        self.dead_tokens |= found
        for calendar in self.calendars.values():
            if calendar_id in (None, calendar.id):
                calendar.expiries += 1
        return len(fresh)

    def copy(self) -> "CaldavState":
        """What is remembered now, on the same clock and switches; neither changes with the other."""
        return replace(
            self,
            accounts=deepcopy(self.accounts),
            calendars={key: calendar.copy() for key, calendar in self.calendars.items()},
            buried={key: calendar.copy() for key, calendar in self.buried.items()},
            tokens=dict(self.tokens),
            dead_tokens=set(self.dead_tokens),
            mailed=list(self.mailed),
            urls=dict(self.urls),
        )

    def become(self, other: "CaldavState") -> None:
        """Remember what a copy does, and nothing else, so that a running server is back where the copy was made.

        `Calendar` and `Account` objects taken from this state before are then no longer part of it.
        """
        become(self, other.copy())

    def serial(self) -> int:
        """The next number of this state."""
        self._serial += 1
        return self._serial
