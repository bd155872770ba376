"""How much one mailbox takes: requests in flight at once, and requests within ten minutes of the sandbox's clock.

Not here: how full a mailbox is (`writing.py`).
"""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from syncd.sandbox.asgi import Request
from syncd.sandbox.microsoft.errors import GraphError
from syncd.sandbox.microsoft.state import MicrosoftState

_SPAN = timedelta(minutes=10)


@dataclass(slots=True)
class Quota:
    """Requests of each mailbox; every item of a batch is one."""

    state: MicrosoftState
    _flying: Counter[str] = field(default_factory=Counter)
    _beyond: list[Request] = field(default_factory=list)
    _recent: dict[str, deque[datetime]] = field(default_factory=dict)

    @contextmanager
    def flight(self, mailbox: str, request: Request) -> Iterator[None]:
        """A request is on its way until the end of the block."""
        limit = self.state.switches["concurrent_requests"]
        beyond = bool(limit) and self._flying[mailbox] >= limit
        self._flying[mailbox] += 1
        if beyond:
            self._beyond.append(request)
        try:
            yield
        finally:
            self._flying[mailbox] -= 1
            self._beyond = [other for other in self._beyond if other is not request]

    def count(self, mailbox: str, request: Request) -> None:
        """Note a request. 429 when too many are in flight or were made lately; a refused one counts as well."""
        now = self.state.clock.now()
        recent = self._recent.setdefault(mailbox, deque())
        while recent and not now - _SPAN < recent[0] <= now:
            recent.popleft()
        recent.append(now)
        if any(other is request for other in self._beyond):
            raise self.refusal("ApplicationThrottled")
        limit = self.state.switches["quota_requests"]
        if limit and len(recent) > limit:
            raise self.refusal("TooManyRequests")

    def refusal(self, code: str) -> GraphError:
        """429 with the header of the switches."""
        return GraphError(code, headers=retry_after(self.state, self.state.switches["retry_after"]))


def retry_after(state: MicrosoftState, seconds: int) -> dict[str, str]:
    """The Retry-After header, as seconds or as a date; none for 0 seconds."""
    if not seconds:
        return {}
    if state.switches["retry_after_form"] == "seconds":
        return {"retry-after": str(seconds)}
    return {"retry-after": format_datetime(state.clock.now() + timedelta(seconds=seconds), usegmt=True)}
