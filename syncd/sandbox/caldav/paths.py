"""Addresses: which resource a path is, the path of a resource, and the host that it is to be asked at.

Not here: whether a caller may have it (`access.py`).
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from syncd.sandbox.caldav.state import Account, CaldavState, Calendar

ROOT, PRINCIPAL, HOME, CALENDAR, OBJECT, NOTHING = "root", "principal", "home", "calendar", "object", "nothing"
WELL_KNOWN: Final = "/.well-known/caldav"


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names: its kind, whose it is, and of a calendar and below it the rest.

    `slug` and `name` are decoded. `calendar` is None where there is none yet. In the flat layout a home is a principal
    as well.
    """

    kind: str
    account: Account | None = None
    slug: str = ""
    calendar: Calendar | None = None
    name: str = ""


def place_of(state: CaldavState, raw_path: str) -> Place:
    """The resource at a path that is still percent-encoded."""
    parts = [unquote(part) for part in raw_path.split("/") if part]
    if not parts:
        return Place(ROOT)
    if any(part in (".", "..") or "/" in part for part in parts):
        return Place(NOTHING)
    flat = state.switches["layout"] == "flat"
    account = _account(state, parts[0], flat=flat)
    if account is None:
        return Place(NOTHING)
    rest = parts[1:]
    if not flat:
        if rest == ["principal"]:
            return Place(PRINCIPAL, account)
        if rest[:1] != ["calendars"]:
            return Place(NOTHING, account)
        rest = rest[1:]
    if not rest:
        return Place(HOME, account)
    calendar = state.calendar(account, rest[0])
    if len(rest) == 1:
        return Place(CALENDAR, account, rest[0], calendar)
    if len(rest) == 2:
        return Place(OBJECT, account, rest[0], calendar, rest[1])
    return Place(NOTHING, account)


def _account(state: CaldavState, segment: str, *, flat: bool) -> Account | None:
    if flat:
        return state.accounts.get(segment)
    return next((account for account in state.accounts.values() if account.dsid == segment), None)


@dataclass(frozen=True, slots=True)
class Addresses:
    """How addresses are written in answers to a request at one host."""

    state: CaldavState
    host: str

    def principal(self, account: Account) -> str:
        """The path of an account's principal."""
        flat = self.state.switches["layout"] == "flat"
        return self.home_path(account) if flat else f"/{account.dsid}/principal/"

    def home_path(self, account: Account) -> str:
        """The path of an account's calendars."""
        if self.state.switches["layout"] == "flat":
            return f"/{self._quoted(account.email)}/"
        return f"/{account.dsid}/calendars/"

    def home(self, account: Account) -> str:
        """The calendar home as the principal names it."""
        if self.state.switches.fires("home_host", "partition"):
            return self.state.urls.get(account.host, "") + self.home_path(account)
        return self.home_path(account)

    def calendar(self, account: Account, slug: str) -> str:
        """The path of a calendar."""
        return f"{self.home_path(account)}{self._quoted(slug)}/"

    def object(self, account: Account, slug: str, name: str) -> str:
        """The path of an object."""
        return f"{self.calendar(account, slug)}{self._quoted(name)}"

    def href(self, path: str) -> str:
        """A path as a row of an answer has it."""
        form = self.state.switches["hrefs"]
        if form == "path":
            return path
        self.state.switches.fire("hrefs")
        return self.state.urls.get("entry" if form == "entry" else self.host, "") + path

    def _quoted(self, text: str) -> str:
        plain = self.state.switches["href_at"] == "@"
        if plain and "@" in text:
            self.state.switches.fire("href_at")
        return quote(text, safe="@" if plain else "")
