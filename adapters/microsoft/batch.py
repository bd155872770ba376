"""Several requests in one: JSON batches, framed by hand (reference/microsoft.md, 3 and 7.3).

The library's own lose the order of parts and write whole addresses. Not here: single requests (client).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from adapters.batches import PATIENCE, ROUNDS, Answer, Pause, alone, is_rate, raise_common
from adapters.http import Reply
from adapters.microsoft.client import Call, Client, writes
from adapters.microsoft.refusals import AGAIN, SIDE, Asked, Resting, unclear
from syncd.errors import AdapterError, AuthRevoked, Throttled, Transient

MOST: Final = 20
ABREAST: Final = 4  # parts that the service runs side by side for one mailbox
_JSON: Final = {"content-type": "application/json", "accept": "application/json"}
_SKIPPED: Final = 424  # the part before it failed: it was not run


class _Part(msgspec.Struct, rename={"after": "dependsOn"}, omit_defaults=True):
    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    after: tuple[str, ...] = ()


class _Told(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Batch(msgspec.Struct):
    responses: list[msgspec.Raw]


_Found: TypeAlias = Sequence[Answer | None]  # None: it was not run


async def each(client: Client, calls: Sequence[Call], pause: Pause) -> list[Answer]:
    """An answer or an error for each call, in order; no two of them may concern one event.

    What concerns the whole account is raised, and so is what kept the first request from an answer. Parts that were
    refused for their rate alone are sent again, and so are those that were not run.
    """
    if len(calls) == 1:
        return [await alone(client.send(calls[0]))]
    return await _Sending(client, calls, pause).all()


@dataclass(slots=True)
class _Sending:
    """Calls on their way to their answers.

    They go as chains, each part after the one before, which asks the mailbox for one thing at a time. Where a part
    fails the rest of its chain is not run, and goes out again without it. While a chain settles fewer parts than can
    go side by side, they go side by side: so a failure costs two requests more at most, and many at once one for four.
    """

    client: Client
    calls: Sequence[Call]
    pause: Pause
    answers: dict[int, Answer] = field(default_factory=dict)
    chained: bool = True
    waited: int = 0
    renewed: bool = False

    async def all(self) -> list[Answer]:
        while left := [at for at in range(len(self.calls)) if at not in self.answers]:
            sent = left[: MOST if self.chained else ABREAST]
            try:
                await self._send(sent)
            except AdapterError as error:
                if not self.answers:
                    raise
                self._end(sent, error)  # the others have been answered
        in_order = [self.answers[at] for at in range(len(self.calls))]
        raise_common(in_order)
        return in_order

    async def _send(self, sent: Sequence[int]) -> None:
        """One request; its parts have their answers afterwards, but for those that are to be sent again."""
        calls = [self.calls[at] for at in sent]
        if len(calls) == 1:
            self.answers[sent[0]] = await alone(self.client.send(calls[0]))
            return
        bearer = await self.client.tokens.bearer()
        found = await _exchanged(self.client, calls, chained=self.chained)
        again = await self._answering(found, bearer)
        final = {at: one for at, one in zip(sent, found, strict=True) if one is not None and not _is(one, again)}
        self.answers |= final
        stop = next((one for one in final.values() if isinstance(one, AuthRevoked | Throttled)), None)
        if stop is not None:
            self._end((), stop)
        elif again is None:
            self.chained = _pays(found, chained=self.chained)
            if not final:
                raise Transient("a batch was not run", side=SIDE, hint=AGAIN)

    async def _answering(self, found: _Found, bearer: str) -> type[AdapterError] | None:
        """Do what lets parts that were refused be sent again, once; the kind of error that they have."""
        if not self.renewed and any(isinstance(one, AuthRevoked) for one in found):
            self.renewed = True
            await self.client.tokens.bearer(refused=bearer)
            return AuthRevoked
        wait = max((one.retry_after for one in found if isinstance(one, Throttled) and is_rate(one)), default=None)
        if wait is None or wait > PATIENCE or self.waited + 1 >= ROUNDS:
            return None
        self.waited += 1
        await self.pause(wait)
        return Throttled

    def _end(self, sent: Sequence[int], error: AdapterError) -> None:
        """Nothing more is sent. `sent`: parts of a request that failed as a whole, whose error is known."""
        is_common = isinstance(error, AuthRevoked | Throttled)
        rest = error if is_common else Transient(f"not sent: {error}", side=SIDE, hint=AGAIN)
        for at in range(len(self.calls)):
            self.answers.setdefault(at, error if at in sent else rest)


def _is(answer: Answer, kind: type[AdapterError] | None) -> bool:
    return kind is not None and isinstance(answer, kind) and not isinstance(answer, Resting)


def _pays(found: _Found, *, chained: bool) -> bool:
    """Whether the next request is a chain: one that breaks off early settles less than parts side by side."""
    failed = any(one is None or isinstance(one, AdapterError) for one in found)
    if not failed:
        return True
    return chained and sum(one is not None for one in found) >= ABREAST


async def _exchanged(client: Client, calls: Sequence[Call], *, chained: bool) -> _Found:
    asked = Asked(f"{len(calls)} requests in one", writes=writes(calls))
    client.pace.check(asked)
    url, lanes = f"{client.root}/$batch", 1 if chained else len(calls)
    content = framed(calls, client.root, chained=chained)
    reply = await client.exchange(
        "POST", url, _JSON, content, repeatable=not asked.writes, weight=len(calls), lanes=lanes
    )
    if reply.status >= 300:
        client.answer(Call(asked, "POST", url, {}), reply)
    parts = unframed(reply)
    found: list[Answer | None] = []
    for number, call in enumerate(calls):
        part = parts.get(number)
        if part is not None and part.status == _SKIPPED and chained and number > 0:
            found.append(None)
            continue
        try:
            if part is None:
                raise unclear(call.asked)
            found.append(client.answer(call, part))
        except AdapterError as error:
            found.append(error)
    client.pace.count(refused=any(is_rate(one) for one in found))
    return found


def framed(calls: Sequence[Call], root: str, *, chained: bool) -> bytes:
    """The body of a batch. Addresses are relative to `root`; the bearer is that of the whole."""
    parts = [
        _Part(
            id=str(number),
            method=call.method,
            url=call.url.removeprefix(root),
            headers=call.headers,
            body=msgspec.UNSET if call.body is None else msgspec.Raw(call.body),
            after=(str(number - 1),) if chained and number > 0 else (),
        )
        for number, call in enumerate(calls)
    ]
    return msgspec.json.encode({"requests": parts})


def unframed(reply: Reply) -> dict[int, Reply]:
    """The replies by the number of their part. What cannot be read is left out: nobody knows what became of it."""
    try:
        rows = msgspec.json.decode(reply.body, type=_Batch).responses
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    found: dict[int, Reply] = {}
    for row in rows:
        try:
            told = msgspec.json.decode(row, type=_Told)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if told.id.isascii() and told.id.isdigit():
            found.setdefault(int(told.id), _reply(told))
    return found


def _reply(told: _Told) -> Reply:
    headers = {name.lower(): value for name, value in (told.headers or {}).items() if isinstance(value, str)}
    body = bytes(told.body)
    return Reply(told.status, headers, b"" if body == b"null" else body)
