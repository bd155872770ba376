"""A running simulator as the tests speak to it: raw HTTP and XML, on a frozen clock.

Not here: what is asserted.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from lxml import etree

from syncd.sandbox.caldav import CaldavServer, CaldavState, Hands
from syncd.sandbox.caldav.paths import Addresses
from syncd.sandbox.clock import SandboxClock
from tests.sandbox.running import Controls, beside

START = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
MARA = "mara@icloud.example"
PAUL = "paul@icloud.example"
PASSWORD = "her own password"
APP_PASSWORD = "abcd-efgh-ijkl-mnop"
NS = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "CS": "http://calendarserver.org/ns/"}
NS["A"] = "http://apple.com/ns/ical/"
SPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
DATA = "C:calendar-data"
Json = dict[str, Any]


@dataclass
class Row:
    """What a multistatus says of one href. `props`: texts of those found, by short name, children as their names."""

    href: str
    status: int | None
    props: dict[str, str]
    missing: set[str]
    condition: str | None

    @property
    def name(self) -> str:
        return unquote(urlsplit(self.href).path).rsplit("/", 1)[1]


@dataclass
class Answer:
    """A multistatus."""

    rows: list[Row]
    token: str

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.rows]

    def row(self, name: str) -> Row:
        (found,) = [row for row in self.rows if row.name == name]
        return found

    @property
    def removed(self) -> list[str]:
        return [row.name for row in self.rows if row.status == 404]


@dataclass
class Site(Controls):
    """Two accounts; every request is Mara's, with an app-specific password, unless another is named."""

    state: CaldavState
    server: CaldavServer
    clock: SandboxClock
    loop: asyncio.AbstractEventLoop
    client: httpx.Client

    @property
    def hands(self) -> Hands:
        return Hands(self.state, MARA)

    @property
    def at(self) -> Addresses:
        return Addresses(self.state, "entry")

    @property
    def home(self) -> str:
        return self.at.home_path(self.state.accounts[MARA])

    @property
    def principal(self) -> str:
        return self.at.principal(self.state.accounts[MARA])

    @property
    def calendar(self) -> str:
        return f"{self.home}home/"

    @property
    def counts(self) -> Mapping[str, int]:
        return self.state.switches.fired

    def url(self, path: str, host: str = "entry") -> str:
        return path if path.startswith("http") else self.state.urls[host] + path

    def call(
        self, method: str, path: str, body: str | bytes = b"", *, host: str = "entry", **headers: str
    ) -> httpx.Response:
        """Any request; header names with _ for -."""
        auth = None if headers.pop("anonymous", "") else (MARA, headers.pop("password", APP_PASSWORD))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"accept-encoding": "identity", **named}
        return self.client.request(method, self.url(path, host), content=body or None, headers=sent, auth=auth)

    def put(self, name: str = "a.ics", text: str | bytes | None = None, **headers: str) -> httpx.Response:
        body = event(uid=f"uid-{name}") if text is None else text
        path = name if name.startswith("/") else self.calendar + name
        return self.call("PUT", path, body.encode() if isinstance(body, str) else body, **headers)

    def put_all(self, *names: str) -> None:
        for name in names:
            assert self.put(name).status_code == 201

    def get(self, name: str = "a.ics", **headers: str) -> httpx.Response:
        return self.call("GET", self.calendar + name, **headers)

    def delete(self, name: str = "a.ics", **headers: str) -> httpx.Response:
        return self.call("DELETE", self.calendar + name, **headers)

    def stored(self, name: str = "a.ics") -> str:
        return self.hands.text(name)

    def propfind(self, path: str, *names: str, depth: str = "0", **more: str) -> Answer:
        return answer(self.call("PROPFIND", path, propfind(*names), depth=depth, **more))

    def report(self, body: str, path: str | None = None, **headers: str) -> httpx.Response:
        return self.call("REPORT", path or self.calendar, body, **headers)

    def sync(self, token: str = "", limit: int = 0, **headers: str) -> Answer:
        return answer(self.report(sync(token, limit), **headers))

    def multiget(self, *names: str) -> Answer:
        return answer(self.report(multiget(*(name if "/" in name else self.calendar + name for name in names))))

    def query(self, inner: str, data: str = "<C:calendar-data/>") -> Answer:
        return answer(self.report(query(inner, data), depth="1"))

    def mkcalendar(self, slug: str, props: str = "") -> httpx.Response:
        body = f"<C:mkcalendar {SPACES}><D:set><D:prop>{props}</D:prop></D:set></C:mkcalendar>"
        return self.call("MKCALENDAR", f"{self.home}{slug}/", body)

    def proppatch(self, *changes: str, path: str | None = None) -> Answer:
        body = f"<D:propertyupdate {SPACES}>{''.join(changes)}</D:propertyupdate>"
        return answer(self.call("PROPPATCH", path or self.calendar, body))


def set_to(prop: str) -> str:
    return f"<D:set><D:prop>{prop}</D:prop></D:set>"


def propfind(*names: str) -> str:
    return f"<D:propfind {SPACES}><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"


def sync(token: str = "", limit: int = 0) -> str:
    cut = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit else ""
    return (
        f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{cut}"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )


def multiget(*hrefs: str) -> str:
    rows = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    return f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/><{DATA}/></D:prop>{rows}</C:calendar-multiget>"


def query(inner: str, data: str = "<C:calendar-data/>") -> str:
    return (
        f"<C:calendar-query {SPACES}><D:prop><D:getetag/>{data}</D:prop><C:filter>"
        f'<C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter></C:calendar-query>'
    )


def in_range(start: str, end: str) -> str:
    return f'<C:comp-filter name="VEVENT"><C:time-range start="{start}" end="{end}"/></C:comp-filter>'


def event(*lines: str, uid: str = "uid-1", end: str | None = "DTEND:20261124T100000Z", kind: str = "VEVENT") -> str:
    """An object, Tuesday 2026-11-24 from 09:00 to 10:00 UTC, with more lines in its event."""
    inside = ["DTSTAMP:20261120T090000Z", "DTSTART:20261124T090000Z", "SUMMARY:Yoga", *([end] if end else []), *lines]
    rows = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//outside//EN", f"BEGIN:{kind}", f"UID:{uid}", *inside]
    return "".join(f"{row}\r\n" for row in [*rows, f"END:{kind}", "END:VCALENDAR"])


def answer(reply: httpx.Response) -> Answer:
    """A multistatus, read as strictly as it is meant: only what a 200 propstat has is found."""
    assert reply.status_code == 207, (reply.status_code, reply.text)
    assert "xml" in reply.headers["content-type"]
    root = etree.fromstring(reply.content)
    return Answer([_row(one) for one in root.iterfind("D:response", NS)], root.findtext("D:sync-token", "", NS))


def condition(reply: httpx.Response) -> str:
    """The precondition that a refusal names."""
    if not reply.content:
        return ""
    (child,) = etree.fromstring(reply.content)
    return _short(child.tag)


def _row(one: Any) -> Row:
    found: dict[str, str] = {}
    missing: set[str] = set()
    for propstat in one.iterfind("D:propstat", NS):
        status = propstat.findtext("D:status", "", NS)
        for prop in propstat.find("D:prop", NS):
            if " 200 " in status:
                found[_short(prop.tag)] = _value(prop)
            else:
                missing.add(_short(prop.tag))
    line = one.findtext("D:status", None, NS)
    error = one.find("D:error", NS)
    return Row(
        one.findtext("D:href", "", NS),
        None if line is None else int(line.split()[1]),
        found,
        missing - set(found),
        None if error is None else _short(error[0].tag),
    )


def _value(prop: Any) -> str:
    if prop.text and prop.text.strip():
        return str(prop.text)
    return " ".join(
        part.get("name") or part.text or _short(part.tag) for part in prop.iter() if not len(part) and part is not prop
    )


def _short(tag: str) -> str:
    uri, _, local = tag[1:].partition("}")
    return f"{next(prefix for prefix, known in NS.items() if known == uri)}:{local}"


@contextmanager
def running(profile: str = "strict") -> Iterator[Site]:
    """Two accounts on a frozen clock; the server runs in a thread, so that tests can block."""
    clock = SandboxClock(START, rate=0)
    state = CaldavState(clock)
    state.switches.take(profile)
    state.add_account(MARA, PASSWORD, "Mara Lenz", (APP_PASSWORD,))
    state.add_account(PAUL, PASSWORD, "Paul", ("other-pass-word-here",))
    Hands(state, MARA).make_calendar("home", "Home")
    server = CaldavServer(state)
    with beside(server) as loop, httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501 - loopback
        yield Site(state, server, clock, loop, client)
