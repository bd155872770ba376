"""Where the password goes: hosts are trusted before anything is sent to them, whatever names them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import httpx
import pytest

import adapters.apple
from adapters.apple.hosts import domain_of, is_trusted
from syncd.errors import AuthRevoked, Forbidden, Transient
from syncd.ports import Account
from tests.adapters.apple_world import BRIDGE, EMAIL, PASSWORD, WINDOW, StillClock

ENTRY = "https://caldav.example.com/"
ELSEWHERE = "https://caldav.elsewhere.test/"
PARTITION = "https://p07-caldav.example.com:443/7/calendars/"


@dataclass
class Servers(httpx.AsyncBaseTransport):
    """Every host there is. `redirects`: by URL; `moved`: calendars that a host answers with 421 for."""

    principal: str = "/7/principal/"
    home: str = PARTITION
    redirects: dict[str, str] = field(default_factory=dict)
    misdirected: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    refusals: dict[str, int] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((request.url.host, request.headers.get("authorization", "")))
        self.patience.append(request.extensions["timeout"]["read"])
        if (target := self.redirects.get(str(request.url))) is not None:
            return httpx.Response(301, headers={"location": target})
        if (status := self.refusals.get(str(request.url))) is not None:
            return httpx.Response(status, text="<html>A page</html>")
        if request.url.host in self.misdirected:
            return httpx.Response(421)
        if request.url.host in self.gone:
            return httpx.Response(404)
        return self._answer(request, (await request.aread()).decode())

    def _answer(self, request: httpx.Request, body: str) -> httpx.Response:
        if "sync-collection" in body:
            return _multistatus("", "<d:sync-token>t-1</d:sync-token>")
        if "calendar-home-set" in body:
            return _multistatus(_row(request, f"<c:calendar-home-set>{_href(self.home)}</c:calendar-home-set>"))
        if "displayname" in body:
            kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
            return _multistatus(_row(request, kind))
        principal = f"<d:current-user-principal>{_href(self.principal)}</d:current-user-principal>"
        return _multistatus(_row(request, principal))

    @property
    def hosts(self) -> list[str]:
        return list(dict.fromkeys(host for host, _ in self.seen))


def _href(href: str) -> str:
    return f"<d:href>{escape(href)}</d:href>"


def _row(request: httpx.Request, props: str) -> str:
    status = "<d:status>HTTP/1.1 200 OK</d:status>"
    propstat = f"<d:propstat><d:prop>{props}</d:prop>{status}</d:propstat>"
    return f"<d:response>{_href(request.url.path)}{propstat}</d:response>"


def _multistatus(rows: str, more: str = "") -> httpx.Response:
    spaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
    return httpx.Response(207, text=f"<d:multistatus {spaces}>{rows}{more}</d:multistatus>")


@pytest.fixture
def servers() -> Servers:
    return Servers()


@asynccontextmanager
async def account_at(servers: Servers, url: str = ENTRY, found: str = "") -> AsyncIterator[Account]:
    account = adapters.apple.create(
        url=url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE, found=found, transport=servers
    )
    try:
        yield account
    finally:
        await account.aclose()


async def test_a_home_on_a_partition_of_the_same_domain_is_followed_with_the_password(servers: Servers) -> None:
    async with account_at(servers) as account:
        assert await account.identity() == "/7/principal/"
        await account.open("home/", zone="UTC", collection="c").read(WINDOW)
    assert servers.hosts == ["caldav.example.com", "p07-caldav.example.com"]
    assert all(word.startswith("Basic ") for _, word in servers.seen)


async def test_an_answer_may_take_two_minutes(servers: Servers) -> None:
    """Multigets at iCloud take half a minute (reference/caldav.md, 2)."""
    async with account_at(servers) as account:
        await account.open("home/", zone="UTC", collection="c").read(WINDOW)
    assert servers.patience
    assert min(servers.patience) >= 120


def _principal_there(servers: Servers) -> None:
    servers.principal = f"{ELSEWHERE}principal/"


def _home_there(servers: Servers) -> None:
    servers.home = f"{ELSEWHERE}calendars/"


def _redirected_there(servers: Servers) -> None:
    servers.redirects[ENTRY] = ELSEWHERE


def _redirected_twice(servers: Servers) -> None:
    servers.redirects |= {ENTRY: f"{ENTRY}dav/", f"{ENTRY}dav/": ELSEWHERE}


def _downgraded(servers: Servers) -> None:
    servers.redirects[ENTRY] = ENTRY.replace("https", "http")


def _home_in_clear(servers: Servers) -> None:
    servers.home = PARTITION.replace("https", "http")


def _home_on_loopback(servers: Servers) -> None:
    servers.home = "https://127.0.0.1:8443/calendars/"


@pytest.mark.parametrize(
    "lead",
    [
        _principal_there, _home_there, _redirected_there, _redirected_twice, _downgraded, _home_in_clear,
        _home_on_loopback,
    ],
)  # fmt: skip
async def test_another_host_or_plain_http_is_refused_before_anything_is_sent_there(
    servers: Servers, lead: Callable[[Servers], None]
) -> None:
    lead(servers)
    async with account_at(servers) as account:
        with pytest.raises(Forbidden) as refused:
            await account.identity()
    assert refused.value.code == "ORIGIN"
    assert "give the address of that server" in refused.value.hint
    assert servers.hosts == ["caldav.example.com"]
    assert "http" not in str(refused.value)


async def test_a_calendar_that_is_redirected_to_another_host_sends_it_nothing(servers: Servers) -> None:
    servers.redirects[f"{PARTITION.replace(':443', '')}home/"] = f"{ELSEWHERE}home/"
    async with account_at(servers) as account:
        with pytest.raises(Transient, match="moved"):
            await account.open("home/", zone="UTC", collection="c").read(WINDOW)
    assert servers.hosts == ["caldav.example.com", "p07-caldav.example.com"]


async def test_the_well_known_address_is_asked_where_the_entry_names_no_principal(servers: Servers) -> None:
    servers.redirects["https://caldav.example.com/.well-known/caldav"] = "https://dav.example.com/root/"
    servers.gone.add("caldav.example.com")
    async with account_at(servers, "https://caldav.example.com/nothing/") as account:
        assert await account.identity() == "/7/principal/"
    assert servers.hosts == ["caldav.example.com", "dav.example.com"]


@pytest.mark.parametrize("status", [200, 403, 404, 405, 501])
async def test_an_entry_address_with_a_web_page_leads_on_to_the_well_known_one(servers: Servers, status: int) -> None:
    servers.refusals[ENTRY] = status
    async with account_at(servers) as account:
        assert await account.identity() == "/7/principal/"


async def test_a_well_known_address_that_refuses_every_password_leads_on_to_the_root(servers: Servers) -> None:
    servers.refusals |= {f"{ENTRY}dav/": 404, f"{ENTRY}.well-known/caldav": 401}
    async with account_at(servers, f"{ENTRY}dav/") as account:
        assert await account.identity() == "/7/principal/"


async def test_where_nothing_else_leads_on_the_refusal_is_told(servers: Servers) -> None:
    servers.refusals |= {f"{ENTRY}dav/": 404, f"{ENTRY}.well-known/caldav": 401, ENTRY: 404}
    async with account_at(servers, f"{ENTRY}dav/") as account:
        with pytest.raises(AuthRevoked):
            await account.identity()


async def test_a_password_that_the_entry_address_refuses_is_sent_once(servers: Servers) -> None:
    servers.refusals[ENTRY] = 401
    async with account_at(servers) as account:
        with pytest.raises(AuthRevoked):
            await account.identity()
    assert len(servers.seen) == 1


@pytest.mark.parametrize("answer", ["misdirected", "gone"])
async def test_an_account_that_moved_to_another_partition_is_discovered_again(servers: Servers, answer: str) -> None:
    async with account_at(servers) as account:
        calendar = account.open("home/", zone="UTC", collection="c")
        await calendar.read(WINDOW)
        servers.home = "https://p99-caldav.example.com/7/calendars/"
        getattr(servers, answer).add("p07-caldav.example.com")
        if answer == "gone":  # which may be the calendar as well: what is found is for the next request
            with pytest.raises(Transient, match="moved"):
                await calendar.check()
        assert (await calendar.read(WINDOW)).complete
    assert servers.hosts[-1] == "p99-caldav.example.com"


async def test_what_an_earlier_account_found_is_checked_like_what_a_server_says(servers: Servers) -> None:
    async with account_at(servers) as account:
        await account.identity()
        found = account.found
    assert "p07-caldav.example.com" in found
    forged = found.replace("p07-caldav.example.com", "caldav.elsewhere.test")
    servers.seen.clear()
    async with account_at(servers, found=forged) as account:
        await account.open("home/", zone="UTC", collection="c").read(WINDOW)
    assert servers.hosts == ["caldav.example.com", "p07-caldav.example.com"]


async def test_an_address_that_is_no_url_leads_nowhere(servers: Servers) -> None:
    servers.home = "https://[::1/calendars/"
    async with account_at(servers) as account:
        with pytest.raises(Transient, match="no URL"):
            await account.identity()


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("caldav.icloud.com", "icloud.com"),
        ("p42-caldav.icloud.com", "icloud.com"),
        ("icloud.com", "icloud.com"),
        ("evil-icloud.com", "evil-icloud.com"),
        ("CalDAV.Example.COM.", "example.com"),
        ("caldav.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("anna.duckdns.org", "anna.duckdns.org"),
        ("dav.anna.synology.me", "anna.synology.me"),
        ("192.0.2.7", "192.0.2.7"),
        ("localhost", "localhost"),
        (None, ""),
    ],
)
def test_the_registered_domain_of_a_host(host: str | None, domain: str) -> None:
    assert domain_of(host) == domain


@pytest.mark.parametrize(
    ("entry", "url", "trusted"),
    [
        ("https://caldav.icloud.com/", "https://p07-caldav.icloud.com:443/x", True),
        ("https://caldav.icloud.com/", "https://icloud.com.evil.test/x", False),
        ("https://caldav.icloud.com/", "https://caldav.icloud.com@evil.test/", False),
        ("https://caldav.icloud.com/", "http://p07-caldav.icloud.com/", False),
        ("https://anna.duckdns.org/", "https://mallory.duckdns.org/", False),
        ("https://anna.duckdns.org/", "https://dav.anna.duckdns.org:8443/", True),
        ("https://shop.example.co.uk/", "https://other.co.uk/", False),
        ("https://192.0.2.7/", "https://192.0.2.8/", False),
        ("https://192.0.2.7/", "https://192.0.2.7:8443/", True),
        ("http://127.0.0.1:5232/", "http://[::1]:5233/", True),
        ("http://127.0.0.1:5232/", "https://example.com/", False),
        ("https://example.com/", "http://localhost/", False),
    ],
)
def test_which_address_may_be_sent_the_password_of_another(entry: str, url: str, trusted: bool) -> None:
    assert is_trusted(entry, url) is trusted
