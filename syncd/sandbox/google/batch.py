"""The framing of batches: multipart/mixed in, multipart/mixed out, each part one request of the API.

Not here: in which order the parts run and how they are answered (`app.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from http import HTTPStatus
from urllib.parse import unquote

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.google.errors import GoogleError

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+)(?: HTTP/1\.[01])?")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch and the content id that its answer refers to."""

    content_id: str | None
    request: Request


def read_batch(request: Request, most: int) -> list[Part]:
    """The parts, in the order sent. 400 for what is no batch, or too many."""
    kind = request.headers.get("content-type", "")
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + request.body)
    if message.get_content_type() != "multipart/mixed" or not message.is_multipart():
        raise GoogleError("badRequest", "Failed to parse batch request, error: not multipart/mixed.")
    payload = message.get_payload()
    parts = [part for part in payload if not isinstance(part, str)] if isinstance(payload, list) else []
    if not 0 < len(parts) <= most:
        raise GoogleError("badRequest", f"The batch request could not be processed: at most {most} parts.")
    found = []
    for part in parts:
        raw = part.get_payload(decode=True)
        if part.get_content_type() != "application/http" or not isinstance(raw, bytes):
            raise GoogleError("badRequest", "Failed to parse batch request, error: a part is not application/http.")
        found.append(Part(part["Content-ID"], _read_part(raw, request)))
    return found


def _read_part(raw: bytes, outer: Request) -> Request:
    """A part inherits the outer Authorization unless it brings its own."""
    head, *rest = _BLANK_LINE.split(raw.lstrip(), maxsplit=1)
    first, *lines = head.decode("latin-1").splitlines()
    match = _REQUEST_LINE.fullmatch(first.strip())
    if match is None or not match.group(2).startswith("/"):
        raise GoogleError("badRequest", "Failed to parse batch request, error: no request line.")
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    headers["host"] = outer.headers.get("host", "")
    raw_path, _, query = match.group(2).partition("?")
    length = headers.get("content-length", "")
    body = rest[0] if rest else b""
    body = body[: int(length)] if length.isdecimal() else body.rstrip(b"\r\n")
    return Request(match.group(1), unquote(raw_path), query, headers, body, outer.peer, raw_path)


def write_batch(parts: Sequence[Part], replies: Sequence[Reply], boundary: str) -> Reply:
    """The answers, in the order of the requests."""
    chunks = []
    for part, reply in zip(parts, replies, strict=True):
        chunks.append(f"--{boundary}\r\nContent-Type: application/http\r\n".encode())
        if part.content_id is not None:
            chunks.append(f"Content-ID: <response-{part.content_id.strip().removeprefix('<')}\r\n".encode())
        chunks.append(b"\r\n" + _written(reply) + b"\r\n")
    chunks.append(f"--{boundary}--\r\n".encode())
    return Reply(200, b"".join(chunks), {"content-type": f"multipart/mixed; boundary={boundary}"})


def _written(reply: Reply) -> bytes:
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else "Unknown"
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name.title()}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + reply.body
