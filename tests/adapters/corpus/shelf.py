"""A CalDAV collection of given bytes in place of a network: it stores and shows whatever is put there, byte for byte.

For objects that no server would take, and answers that none would give. Not here: how servers behave
(syncd/sandbox/caldav, Radicale), the objects themselves (hostile, objects).
"""

import hashlib
import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import quote, unquote

import httpx

import adapters.apple
from adapters.apple.calendar import AppleCalendar
from syncd.ports import Account
from tests.adapters.apple_world import BRIDGE, EMAIL, PASSWORD, StillClock

HOME = "/anna/"
PATH = "/anna/cal/"
_HEAD = b'<?xml version="1.0" encoding="utf-8"?>'
_OPEN = b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
_ABOUT = (
    f"<D:current-user-principal><D:href>{HOME}</D:href></D:current-user-principal>"
    f"<C:calendar-home-set><D:href>{HOME}</D:href></C:calendar-home-set>"
    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Cal</D:displayname>"
)


class Shelf(httpx.AsyncBaseTransport):
    """`objects`: by file name. `prolog`: what stands before the multistatus of objects; `spoil`: put into each body.

    `asked`: methods, and names of reports, in order.
    """

    def __init__(self, objects: Mapping[str, bytes], *, prolog: bytes = b"", spoil: bytes = b"") -> None:
        self.objects = dict(objects)
        self.prolog, self.spoil = prolog, spoil
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = (await request.aread()).decode()
        name = unquote(request.url.path).removeprefix(PATH)
        report = re.search(r"<\w:(sync-collection|calendar-multiget) ", body)
        self.asked.append(report[1] if report and request.method == "REPORT" else request.method)
        match self.asked[-1]:
            case "PROPFIND":
                return _multistatus(_row(request.url.path.encode(), _ABOUT.encode()))
            case "sync-collection":
                rows = b"".join(_row(quote(PATH + one).encode(), _etag(self.objects[one])) for one in self.objects)
                return _multistatus(rows + b"<D:sync-token>t:1</D:sync-token>")
            case "calendar-multiget":
                return self._multiget(body)
            case "GET" if name in self.objects:
                return httpx.Response(200, content=self.objects[name], headers={"ETag": tag(self.objects[name])})
            case "PUT" if request.headers.get("If-Match") == tag(self.objects[name]):
                self.objects[name] = body.encode()
                return httpx.Response(204, headers={"ETag": tag(self.objects[name])})
        return httpx.Response(404)

    def _multiget(self, body: str) -> httpx.Response:
        hrefs = [unescape(found) for found in re.findall(r"<D:href>(.*?)</D:href>", body)]
        rows = []
        for href in hrefs:
            held = self.objects[unquote(href).removeprefix(PATH)]
            shown = held.replace(b"&", b"&amp;").replace(b"<", b"&lt;") + self.spoil
            rows.append(_row(href.encode(), _etag(held) + b"<C:calendar-data>" + shown + b"</C:calendar-data>"))
        return _multistatus(b"".join(rows), self.prolog)


def tag(held: bytes) -> str:
    return f'"{hashlib.sha256(held).hexdigest()[:12]}"'


def _etag(held: bytes) -> bytes:
    return f"<D:getetag>{tag(held)}</D:getetag>".encode()


def _row(href: bytes, props: bytes) -> bytes:
    status = b"<D:status>HTTP/1.1 200 OK</D:status>"
    return b"<D:response><D:href>%b</D:href><D:propstat><D:prop>%b</D:prop>%b</D:propstat></D:response>" % (
        href,
        props,
        status,
    )


def _multistatus(rows: bytes, prolog: bytes = b"") -> httpx.Response:
    return httpx.Response(207, content=b"".join([_HEAD, prolog, _OPEN, rows, b"</D:multistatus>"]))


def on(shelf: Shelf) -> tuple[Account, AppleCalendar]:
    """An account whose one calendar is this shelf, in Berlin."""
    account = adapters.apple.create(
        url="http://127.0.0.1:1", email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE, transport=shelf
    )
    calendar = account.open("cal/", zone="Europe/Berlin", collection="cal/")
    assert isinstance(calendar, AppleCalendar)
    return account, calendar
