"""Several requests in one: multipart/mixed of application/http parts (reference/google.md, 3).

Our own framing around the library's requests: its batch object sends by itself, and logs. Not here: single requests
(client).
"""

import hashlib
import re
from collections.abc import Sequence
from email.message import Message
from email.parser import BytesParser
from typing import Final
from urllib.parse import urlsplit

from adapters.batches import PATIENCE, ROUNDS, Answer, Pause, alone, is_rate, raise_common
from adapters.google.client import Call, Client, writes
from adapters.google.refusals import Asked, unclear
from adapters.http import Reply
from syncd.errors import AdapterError, AuthRevoked

MOST: Final = 50
_NUMBER: Final = re.compile(r"(\d+)>?\s*$")
_STATUS: Final = re.compile(rb"HTTP/[\d.]+ (\d{3})")


async def each(client: Client, calls: Sequence[Call], pause: Pause) -> list[Answer]:
    """An answer or an error for each call, in order; no two of them may concern one event.

    What concerns the whole account is raised, and so is what kept a single call from an answer. Parts that were
    refused for their rate alone are sent again, since they were not applied. When all of them were, that is raised:
    the caller slows down.
    """
    if len(calls) == 1:
        return [await alone(client.send(calls[0]))]
    answers: list[Answer] = []
    for start in range(0, len(calls), MOST):
        answers += await _chunk(client, calls[start : start + MOST], pause)
    return answers


async def _chunk(client: Client, calls: Sequence[Call], pause: Pause) -> list[Answer]:
    answers = await _once(client, calls)
    raise_common(answers)
    for _ in range(ROUNDS - 1):
        refused = [at for at, one in enumerate(answers) if is_rate(one)]
        wait = max((answers[at].retry_after for at in refused), default=0.0)
        if not refused or wait > PATIENCE:
            break
        await pause(wait)
        again: list[Answer]
        try:
            again = await _once(client, [calls[at] for at in refused])
        except AdapterError as error:  # in the places of these alone: the others have been answered
            again = [error] * len(refused)
        for at, answer in zip(refused, again, strict=True):
            answers[at] = answer
    return answers


async def _once(client: Client, calls: Sequence[Call]) -> list[Answer]:
    """Send the parts once; those whose bearer was refused once more, under a new one."""
    bearer = await client.tokens.bearer()
    answers = await _exchanged(client, calls)
    refused = [at for at, one in enumerate(answers) if isinstance(one, AuthRevoked)]
    if refused:
        await client.tokens.bearer(refused=bearer)
        again = await _exchanged(client, [calls[at] for at in refused])
        for at, answer in zip(refused, again, strict=True):
            answers[at] = answer
    return answers


async def _exchanged(client: Client, calls: Sequence[Call]) -> list[Answer]:
    asked = Asked(f"{len(calls)} requests in one", writes=writes(calls))
    client.pace.check(asked)
    boundary, content = framed(calls)
    reply = await client.exchange(
        "POST",
        client.service.batch,
        {"content-type": f'multipart/mixed; boundary="{boundary}"'},
        content,
        repeatable=not asked.writes,
        weight=len(calls),
    )
    if reply.status >= 300:
        client.answer(Call(asked, None), reply)
    parts = unframed(reply)
    answers = []
    for number, call in enumerate(calls):
        try:
            if number not in parts:
                raise unclear(call.asked)
            answers.append(client.answer(call, parts[number]))
        except AdapterError as error:
            answers.append(error)
    client.pace.count(refused=any(is_rate(one) for one in answers))
    return answers


def framed(calls: Sequence[Call]) -> tuple[str, bytes]:
    """Boundary and body. The boundary is a digest of the parts, so that none of them holds it."""
    parts = [_part(number, call) for number, call in enumerate(calls)]
    boundary = f"syncd-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"
    mark = f"--{boundary}".encode()
    return boundary, b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _part(number: int, call: Call) -> bytes:
    """One request; its address is path and query alone, its bearer that of the whole."""
    parts = urlsplit(call.request.uri)
    line = f"{call.request.method} {parts.path}?{parts.query} HTTP/1.1"
    headers = call.headers
    if call.body is not None:
        headers["content-length"] = str(len(call.body))
    inner = "".join(f"{text}\r\n" for text in (line, *(f"{name}: {value}" for name, value in headers.items())))
    outer = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <syncd + {number}>\r\n"
    return f"{outer}\r\n{inner}\r\n".encode() + (call.body or b"")


def unframed(reply: Reply) -> dict[int, Reply]:
    """The replies by the number of their part. What cannot be read is left out: nobody knows what became of it."""
    kind = reply.headers.get("content-type", "")
    whole = BytesParser().parsebytes(f"content-type: {kind}\r\n\r\n".encode() + reply.body)
    found: dict[int, Reply] = {}
    for part in whole.get_payload() if whole.is_multipart() else []:
        number = _NUMBER.search(str(part["content-id"])) if isinstance(part, Message) else None
        answer = _reply(part) if isinstance(part, Message) else None
        if number is not None and answer is not None:
            found[int(number[1])] = answer
    return found


def _reply(part: Message) -> Reply | None:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    line, _, rest = head.partition(b"\n")
    status = _STATUS.match(line)
    if status is None:
        return None
    headers = {name.lower(): str(value) for name, value in BytesParser().parsebytes(rest + b"\n\n").items()}
    return Reply(int(status[1]), headers, body.strip())
