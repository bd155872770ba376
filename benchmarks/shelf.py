"""A calendar server that only shows what lies in a folder: for the one row that would keep Radicale busy for minutes.

Radicale parses every object before it lists ten thousand of them for the first time. What is measured there is the
product's CPU for a calendar in which nothing changed, and its requests; neither depends on who answers.
Not here: writing.
"""

import asyncio
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from syncd.sandbox.proxy_wire import BrokenMessageError, ClientStream, Request, Response

_HEAD: Final = '<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
_TYPES: Final = (("content-type", "application/xml; charset=utf-8"),)
_OK: Final = "<status>HTTP/1.1 200 OK</status></propstat></response>"
_HREF: Final = re.compile(r"<(?:\w+:)?href>([^<]*)</")
_STATE: Final = "shelf:1"


@dataclass(slots=True)
class Shelf:
    """The calendars of one account, each a sub-folder of `folder` with objects by file name."""

    email: str
    folder: Path
    _server: asyncio.Server | None = None
    _open: set[ClientStream] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for client in list(self._open):
                await client.close()

    @property
    def _root(self) -> str:
        return f"/{quote(self.email)}/"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = ClientStream(reader, writer)
        self._open.add(client)
        try:
            while (request := await client.read()) is not None and await client.answer(self._answered(request)):
                pass
        except (BrokenMessageError, ConnectionError):
            pass
        finally:
            self._open.discard(client)
            await client.close()

    def _answered(self, request: Request) -> Response:
        name = request.decoded_path.removeprefix(f"/{self.email}/").strip("/")
        place = self.folder / name
        if request.method not in ("PROPFIND", "REPORT") or not place.is_dir():
            return Response(405 if place.is_dir() else 404)
        if request.method == "PROPFIND":
            deeper = [one.name for one in sorted(self.folder.iterdir())] if not name and _depth(request) else []
            rows = [self._about(one) for one in [name, *deeper]]
        elif b"sync-collection" in request.body:
            rows = [] if _STATE.encode() in request.body else [_row(*one) for one in self._objects(name)]
            rows.append(f"<sync-token>{_STATE}</sync-token>")
        else:
            wanted = {href.rsplit("/", 1)[1] for href in _HREF.findall(request.body.decode())}
            rows = [_row(*one, text=True) for one in self._objects(name, wanted)]
        return Response(207, _TYPES, f"{_HEAD}{''.join(rows)}</multistatus>".encode())

    def _about(self, name: str) -> str:
        """What is said of the account, and of a calendar of it."""
        here = f"{self._root}{name}/" if name else self._root
        kind = "<C:calendar/>" if name else ""
        me = f"<href>{self._root}</href>"
        return (
            f"<response><href>{here}</href><propstat><prop><resourcetype><collection/>{kind}</resourcetype>"
            f"<displayname>{name}</displayname><current-user-principal>{me}</current-user-principal>"
            f"<C:calendar-home-set>{me}</C:calendar-home-set></prop>{_OK}"
        )

    def _objects(self, name: str, wanted: set[str] | None = None) -> list[tuple[str, bytes]]:
        place = self.folder / name
        names = sorted(one.name for one in place.glob("*.ics")) if wanted is None else sorted(wanted)
        return [(f"{self._root}{name}/{quote(one)}", (place / one).read_bytes()) for one in names]


def _depth(request: Request) -> bool:
    return ("depth", "1") in request.headers


def _row(href: str, content: bytes, *, text: bool = False) -> str:
    shown = f"<C:calendar-data>{escape(content.decode())}</C:calendar-data>" if text else ""
    etag = sha256(content).hexdigest()[:16]
    return f'<response><href>{href}</href><propstat><prop><getetag>"{etag}"</getetag>{shown}</prop>{_OK}'
