"""The page of this machine to which a consent comes back, and the line that a person pastes in its place.

It answers on the loopback address only, one path only, and says nothing of what it was given. Not here: what came back
(adapters.oauth), the service's own callback.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import h11

HOST: Final = "127.0.0.1"
_LONGEST: Final = 16_384  # bytes of a request, and characters of a pasted line
_SECONDS: Final = 10.0
_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><title>syncd</title><body style="font-family:sans-serif;margin:4em">'
    "<h1>{title}</h1><p>{text}</p>"
)
_TAKEN: Final = (200, "That is all", "syncd has the answer. Close this page and go back to the terminal.")
_OTHERS: Final = (400, "Not this one", "This answer belongs to another try. Use the newest link of the terminal.")
_NOTHING: Final = (404, "Nothing here", "syncd waits for the answer of a consent, at another address.")


class Callback:
    """One answer that is waited for. `came` holds the parameters of the first that bears the state."""

    def __init__(self, path: str, state: str) -> None:
        self.came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._path = path
        self._state = state

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        with contextlib.suppress(OSError, TimeoutError, h11.RemoteProtocolError):
            async with asyncio.timeout(_SECONDS):
                request = await _request(reader)
                if request is not None:
                    writer.write(_answer(*self._take(request)))
                    await writer.drain()
        writer.close()

    def _take(self, request: h11.Request) -> tuple[int, str, str]:
        parts = urlsplit(request.target.decode("ascii", "replace"))
        if request.method != b"GET" or parts.path != self._path:
            return _NOTHING
        given = dict(parse_qsl(parts.query))
        if not compare_digest(given.get("state", "").encode(), self._state.encode()):
            return _OTHERS
        if not self.came.done():
            self.came.set_result(given)
        return _TAKEN


async def _request(reader: asyncio.StreamReader) -> h11.Request | None:
    """The head of a request; None for a connection that says nothing, or too much."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST)
    while True:
        event = http.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        http.receive_data(await reader.read(_LONGEST))


def _answer(status: int, title: str, text: str) -> bytes:
    body = _PAGE.format(title=title, text=text).encode()
    http = h11.Connection(h11.SERVER)
    http.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    http.next_event()
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("connection", "close"),
    ]
    sent = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
    return b"".join(http.send(event) or b"" for event in sent)


@asynccontextmanager
async def listening(port: int, path: str, state: str) -> AsyncIterator[Callback]:
    """The page, while it is waited for. Raises OSError when the port is taken."""
    callback = Callback(path, state)
    server = await asyncio.start_server(callback.serve, HOST, port, limit=_LONGEST)
    try:
        yield callback
    finally:
        server.close()
        await server.wait_closed()


async def pasted() -> str:
    """The next line of standard input that is not empty; it never comes when there is none.

    Bytes are read one by one, so that what follows is left to later questions.
    """
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):  # a test, or a service: an object in place of a file
        return await _given()
    read = bytearray()

    def readable() -> None:
        byte = os.read(number, 1)
        if byte and byte != b"\n" and len(read) < _LONGEST:
            read.extend(byte)
        elif byte and not read.strip():
            read.clear()
        else:
            loop.remove_reader(number)
            if read.strip():
                line.set_result(read.decode("utf-8", "replace").strip())

    try:
        loop.add_reader(number, readable)
    except PermissionError:  # a file: it is there at once
        return await _given()
    try:
        return await line
    finally:
        loop.remove_reader(number)


async def _given() -> str:
    for text in sys.stdin:
        if text.strip():
            return text.strip()[:_LONGEST]
    await asyncio.Event().wait()
    return ""
