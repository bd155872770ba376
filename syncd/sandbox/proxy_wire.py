"""Whole HTTP/1.1 messages over asyncio streams, parsed by h11 on both sides of the fault proxy.

Not here: what is done to a message (proxy_delivery), or who asks for it (proxy). Bodies are
bounded and held in memory; nothing is streamed.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

import h11

Headers = tuple[tuple[str, str], ...]

MAX_BODY: Final = 64 * 1024 * 1024
_CHUNK: Final = 64 * 1024
# RFC 9110, 7.6.1, and what one side of a proxy negotiates for itself alone. Accept-Encoding is
# among them so that bodies pass through readable.
_HOP_BY_HOP: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class BrokenMessageError(Exception):
    """The peer sent no complete HTTP message."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower case; `target` is the origin form as it was sent."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path as sent: percent-encoded, without the query."""
        return self.target.partition("?")[0]

    @property
    def decoded_path(self) -> str:
        """The path percent-decoded, as faults are matched."""
        return unquote(self.path)

    @property
    def query(self) -> str:
        """The query as sent, without the question mark."""
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer. Header names are lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header given by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    def with_header(self, name: str, value: str | None) -> Self:
        """The same answer with one header set, or taken away when `value` is None."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


class ClientStream:
    """One connection of a client: whole requests in; whole, cut or no answers out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._method = ""

    async def read(self) -> Request | None:
        """The next request, or None when the client has closed.

        Raises BrokenMessageError when what arrives is no HTTP or exceeds MAX_BODY.
        """
        try:
            if self._http.our_state is h11.DONE:
                self._http.start_next_cycle()
            head = await self._event()
            if not isinstance(head, h11.Request):
                return None
            self._method = head.method.decode("ascii")
            if self._http.they_are_waiting_for_100_continue:
                go_on = self._http.send(h11.InformationalResponse(status_code=100, headers=[]))
                self._writer.write(go_on or b"")
            body = await self._body()
        except h11.RemoteProtocolError as exc:
            raise BrokenMessageError(str(exc)) from exc
        return Request(self._method, head.target.decode("latin-1"), _text(head.headers), body)

    async def answer(self, response: Response, *, cut_after: int | None = None) -> bool:
        """Send an answer; with `cut_after` only so many bytes of its body, then nothing more.

        Returns whether the connection can carry another request.
        """
        bodiless = response.status in (204, 304)
        headers = [pair for pair in response.headers if pair[0] not in _HOP_BY_HOP]
        if not bodiless:
            headers.append(("content-length", str(len(response.body))))
        head = h11.Response(status_code=response.status, headers=headers, reason=b"")
        self._writer.write(self._http.send(head) or b"")
        if not bodiless and self._method != "HEAD":
            self._writer.write(self._http.send(h11.Data(data=response.body[:cut_after])) or b"")
        if cut_after is None:
            self._writer.write(self._http.send(h11.EndOfMessage()) or b"")
        await self._writer.drain()
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def close(self) -> None:
        """Close the connection, after what was written has left."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the client went first

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    async def _body(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while isinstance(event := await self._event(), h11.Data):
            size += len(event.data)
            if size > MAX_BODY:
                raise BrokenMessageError("the request body is larger than the proxy holds")
            parts.append(bytes(event.data))
        return b"".join(parts)


async def send(base_url: str, request: Request) -> Response:
    """Send one request to the server at `base_url` on a connection of its own.

    Raises OSError when the server cannot be reached, BrokenMessageError when it answers no HTTP.
    """
    server = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    try:
        http = h11.Connection(h11.CLIENT)
        head = h11.Request(method=request.method, target=request.target, headers=_upstream_headers(request, server))
        writer.write(http.send(head) or b"")
        if request.body:
            writer.write(http.send(h11.Data(data=request.body)) or b"")
        writer.write(http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return await _read_answer(http, reader)
    except (h11.RemoteProtocolError, ConnectionError) as exc:
        raise BrokenMessageError(f"the server broke off: {exc}") from exc
    finally:
        writer.close()


def _upstream_headers(request: Request, server: SplitResult) -> list[tuple[str, str]]:
    headers = [("host", server.netloc), ("connection", "close")]
    headers += [pair for pair in request.headers if pair[0] not in _HOP_BY_HOP]
    if request.body or request.method in ("PUT", "POST"):
        headers.append(("content-length", str(len(request.body))))
    return headers


async def _read_answer(http: h11.Connection, reader: asyncio.StreamReader) -> Response:
    status, size = 0, 0
    headers: Headers = ()
    parts: list[bytes] = []
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            status, headers = event.status_code, _text(event.headers)
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > MAX_BODY:
                raise BrokenMessageError("the answer is larger than the proxy holds")
            parts.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            return Response(status, headers, b"".join(parts))
        elif not isinstance(event, h11.InformationalResponse):
            raise BrokenMessageError("the server closed without an answer")


def _text(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
