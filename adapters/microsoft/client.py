"""The wire of one account: requests that Microsoft's library builds, and that we send and read.

The library is heavy: it is imported when the first request is built (builders). Not here: several requests in one
(batch), what refusals mean (refusals).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

from adapters.http import Http, Reply
from adapters.lanes import Lanes
from adapters.microsoft.refusals import AGAIN, BY, SIDE, Asked, read_refusal, unclear
from adapters.oauth import Tokens
from adapters.pace import Pace
from adapters.sights import Resource
from syncd.errors import Transient
from syncd.ports import Clock

# On every request and on each page: nothing of it is in a token (reference/microsoft.md, 0 and 1.2).
PREFERRED: Final = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'
AT_ONCE: Final = (
    4  # requests of one mailbox that the service takes at once; more are refused (reference/microsoft.md, 3)
)
_PAGES: Final = 100
Built: TypeAlias = Any  # the library's RequestInformation


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is sent but for its bearer, and what is asked by it. Made by `Client.call`."""

    asked: Asked
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def parsed(self, status: int, body: bytes) -> Any:
        """The answer, {} for one without a body. Raises Transient for one that is no JSON object."""
        if status in (202, 204) and not body:
            return {}
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = None
        if not isinstance(answer, dict):
            raise unclear(self.asked)
        return answer


class Client:
    """One account. Its methods may be called by several tasks at once. `root`: address below which the API lies.

    `pace`: writes rest while the mailbox is full.
    """

    def __init__(self, http: Http, root: str, tokens: Tokens, clock: Clock) -> None:
        self._http = http
        self.root = root.rstrip("/")
        self.tokens = tokens
        self.clock = clock
        self.pace = Pace(BY, clock)
        self._lanes = Lanes(AT_ONCE)
        self._doorman: Any = None

    @property
    def me(self) -> Any:
        """The library's builder of everything that belongs to the account."""
        from adapters.microsoft import builders

        return builders.me(self.root)

    def call(self, asked: Asked, information: Built, *, if_match: str | None = None, page: int | None = None) -> Call:
        """What the library built, with what every request of ours says. `page`: rows that a page shall have."""
        from adapters.microsoft import builders

        request = builders.request(information, self.root)
        prefer = PREFERRED if page is None else f"{PREFERRED}, odata.maxpagesize={page}"
        headers = {**request.headers, "prefer": prefer}
        if if_match is not None:
            headers["if-match"] = if_match
        return Call(asked, request.method, request.url, headers, request.body)

    def get(self, asked: Asked, builder: Any, *, page: int | None = None, **query: Any) -> Call:
        """A read. `query`: parameters by their names in the library."""
        from adapters.microsoft import builders

        return self.call(asked, builders.asking(builder, **query), page=page)

    def follow(self, asked: Asked, link: str, *, page: int | None = None) -> Call:
        """A read of what `within` gave, sent unchanged."""
        from adapters.microsoft import builders

        return self.call(asked, builders.followed(self.root, f"{self.root}{link}"), page=page)

    def within(self, link: object, asked: Asked) -> str:
        """Path and query, below our root, of a link in an answer. Raises Transient for one that leads elsewhere."""
        ours, parts = urlsplit(self.root), _split(link)
        same = (parts.scheme, parts.hostname, _port(parts)) == (ours.scheme, ours.hostname, _port(ours))
        below = parts.path.startswith(f"{ours.path}/") and ".." not in parts.path.split("/")
        if not same or not below or parts.username is not None:
            raise Transient(f"{asked.what}: the answer leads to another place", side=SIDE, ref=asked.ref)
        query = f"?{parts.query}" if parts.query else ""
        return parts.path.removeprefix(ours.path) + query

    async def send(self, call: Call) -> Any:
        """The answer. Raises the errors of the table; a write whose reply is lost may be applied."""
        self.pace.check(call.asked)
        reply = await self.exchange(call.method, call.url, call.headers, call.body, repeatable=not call.asked.writes)
        with self.pace.counting():
            return self.answer(call, reply)

    async def listed(self, call: Call) -> list[Resource]:
        """The rows of all pages. Raises Transient for a listing that is none, or has no end."""
        rows: list[Resource] = []
        for _ in range(_PAGES):
            answer = await self.send(call)
            page = answer.get("value")
            if not isinstance(page, list) or not all(isinstance(row, dict) and row.get("id") for row in page):
                raise unclear(call.asked)
            rows += page
            link = answer.get("@odata.nextLink")
            if not link:
                return rows
            call = self.follow(call.asked, self.within(link, call.asked))
        raise Transient(f"{call.asked.what}: the listing has no end", side=SIDE, hint=AGAIN)

    def answer(self, call: Call, reply: Reply) -> Any:
        """What one reply says. Raises the errors of the table."""
        if 200 <= reply.status < 300:
            return call.parsed(reply.status, reply.body)
        error = read_refusal(reply.status, reply.body).error(call.asked, self.pace.wait(reply))
        self.pace.heed(error)
        raise error

    async def exchange(  # noqa: PLR0913 - the parts of one request
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        repeatable: bool,
        weight: int = 1,
        lanes: int = 1,
    ) -> Reply:
        """One request under a bearer; a bearer that is refused is renewed once, and the request sent once more.

        `lanes`: how much of what the mailbox does at once it takes up.
        """
        bearer = await self._authorization(url)
        for last in (False, True):
            async with self._lanes.taken(lanes):
                reply = await self._http.request(
                    method,
                    url,
                    headers={**headers, "authorization": bearer},
                    content=content,
                    side=SIDE,
                    repeatable=repeatable,
                    weight=weight,
                )
            if reply.status != 401 or last:
                break
            bearer = await self._authorization(url, refused=bearer.removeprefix("Bearer "))
        return reply

    async def _authorization(self, url: str, refused: str = "") -> str:
        """The header's value, by way of the library's own hook."""
        from adapters.microsoft import builders

        if self._doorman is None:
            self._doorman = builders.Doorman(self.root, self.tokens.bearer)
        told: str = await self._doorman.authorization(url, refused)
        return told

    async def aclose(self) -> None:
        await self._http.aclose()


def writes(calls: Sequence[Call]) -> bool:
    """Whether one of them changes anything."""
    return any(call.asked.writes for call in calls)


def _split(link: object) -> SplitResult:
    try:
        return urlsplit(link if isinstance(link, str) else "")
    except ValueError:
        return urlsplit("")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
