"""Discovery (RFC 6764; reference/caldav.md, 1): from the configured address to the home of an account's calendars.

A host is trusted before the password travels there. Not here: calendars of the home (account), which hosts (hosts).
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import msgspec

from adapters.apple import multistatus as dav
from adapters.apple.client import SIDE, Answer, Moved, Session, answer_of, encoded, origin_of, rows_of
from adapters.apple.hosts import is_trusted
from adapters.apple.multistatus import Row
from syncd.errors import AdapterError, AuthRevoked, ConfigError, Forbidden, Transient

_HOPS: Final = 5
UNTRUSTED: Final = "ORIGIN"  # code of the refusal to send anything to a host
# Answers of web servers that are no calendar server at this address.
_NOT_DAV: Final = frozenset({200, 204, 400, 404, 405, 406, 410, 501})


@dataclass(frozen=True, slots=True)
class Home:
    """Where an account's calendars lie. `principal` and `path` are decoded and have no host."""

    principal: str
    origin: str
    path: str
    addresses: frozenset[str]

    def url(self, calendar: str, name: str = "") -> str:
        """The URL of a calendar by its id, or of an object in it."""
        path = calendar if calendar.startswith("/") else self.path + calendar
        return self.origin + encoded(path) + encoded(name, slash=False)

    def id_of(self, path: str) -> str:
        """The id of the calendar at a decoded path: relative to the home, or the path when it lies outside."""
        return path.removeprefix(self.path) if path.startswith(self.path) else path


class DiscoveryError(Transient):
    """One way of discovery leads nowhere."""


class _Found(msgspec.Struct, frozen=True):
    """A home, and the address from which it was discovered."""

    entry: str
    home: Home


class Discovery:
    """The way from one entry address. Raises Forbidden for a host that is not trusted, before it is sent anything."""

    def __init__(self, session: Session, entry: str, email: str) -> None:
        self._session = session
        self._entry = entry
        self._email = email

    async def home(self) -> Home:
        """Where the server says the calendars are, now."""
        url, row = await self._principal()
        principal = next(iter(row.hrefs("D:current-user-principal")), None)
        if principal is None:
            raise Transient("discovery: the server names no principal", side=SIDE, hint="check the server's address")
        url = self._trusted(url, principal)
        body = dav.propfind("C:calendar-home-set", "C:calendar-user-address-set", "D:displayname")
        url, found = await self._followed(url, body)
        homes = [href for row in found for href in row.hrefs("C:calendar-home-set")]
        if not homes:
            raise Transient("discovery: the server names no calendar home", side=SIDE)
        home = self._trusted(url, homes[0])
        addresses = {href.lower() for row in found for href in row.hrefs("C:calendar-user-address-set")}
        path = dav.path_of(home).rstrip("/") + "/"
        mail = f"mailto:{self._email.lower()}"
        return Home(dav.path_of(principal), origin_of(home), path, frozenset(addresses | {mail}))

    def remembered(self, found: str) -> Home | None:
        """The home that an earlier account found from the same entry address."""
        try:
            known = msgspec.json.decode(found, type=_Found)
            if known.entry != self._entry:
                return None
            self._trusted(self._entry, known.home.origin)
        except (msgspec.MsgspecError, AdapterError):
            return None
        return known.home

    def kept(self, home: Home) -> str:
        """A home, for `remembered`."""
        return msgspec.json.encode(_Found(self._entry, home), order="deterministic").decode()

    async def _principal(self) -> tuple[str, Row]:
        """The first of the entry address, the well-known one and the root that names a principal.

        401 at the entry address is about the password. Behind it some servers answer so to any (vdirsyncer#855).
        """
        body = dav.propfind("D:current-user-principal", "D:resourcetype")
        origin = origin_of(self._entry)
        last: AdapterError | None = None
        for url in dict.fromkeys([self._entry, f"{origin}/.well-known/caldav", f"{origin}/"]):
            try:
                at, rows = await self._followed(url, body)
            except (DiscoveryError, Forbidden, AuthRevoked) as error:
                if url == self._entry and isinstance(error, AuthRevoked):
                    raise
                if isinstance(error, Forbidden) and error.code == UNTRUSTED:
                    raise
                last = last if isinstance(last, AuthRevoked | Forbidden) else error
                continue
            for row in rows:
                if row.hrefs("D:current-user-principal"):
                    return at, row
        raise last or Transient("discovery: the server names no principal", side=SIDE, hint="check its address")

    async def _followed(self, url: str, body: str) -> tuple[str, tuple[Row, ...]]:
        """PROPFIND at Depth 0; redirects are followed as long as they lead to hosts we trust."""
        for _ in range(_HOPS):
            try:
                answer: Answer = answer_of(await self._session.propfind(url, body, depth=0))
            except Moved as moved:
                if not moved.location:
                    raise
                url = self._trusted(url, moved.location)
                continue
            if answer.status in _NOT_DAV:
                raise DiscoveryError(f"discovery: the server answered {answer.status}", side=SIDE)
            return url, rows_of(answer, "discovery").rows
        raise DiscoveryError("discovery: too many redirects", side=SIDE)

    def _trusted(self, base: str, href: str) -> str:
        """Admit an address that the answer of `base` names. The password goes nowhere else."""
        try:
            url = urljoin(base, href)
            trusted = is_trusted(self._entry, url)
        except (ConfigError, ValueError):
            raise DiscoveryError("discovery: the server names an address that is no URL", side=SIDE) from None
        if not trusted:
            raise Forbidden(
                "the server names another host, which was not configured", code=UNTRUSTED, side=SIDE,
                hint="give the address of that server if you trust it",
            )  # fmt: skip
        self._session.admit(url)
        return url
