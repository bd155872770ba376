"""The way from a memory adapter to its world: every remote call goes through here, where it can be broken.

Not here: the world itself (memory_world), and what a call does there (memory).
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from syncd.errors import AdapterError, AuthRevoked, CalendarGone, Throttled, Transient
from syncd.model import Side

T = TypeVar("T")

WRITES: Final = frozenset({"create", "update", "delete", "make_calendar"})
RETRY_AFTER: Final = 30.0


class Fault(StrEnum):
    """What can happen to one call.

    LOSE: applied, the answer is lost. FAIL: not applied. LATE: answered as lost, applied only by `release`.
    REPLAY: a read shows what was changed last as it was before (by id: whatever is asked for). STALE: a read is
    answered by a replica that has not seen the last changes yet. CUT: a listing breaks off and says so. EMPTY: an
    empty listing that claims to be complete. FOREIGN: somebody edits right before a write is answered.
    """

    LOSE = "lose"
    FAIL = "fail"
    THROTTLE = "throttle"
    REVOKE = "revoke"
    GONE = "gone"
    LATE = "late"
    REPLAY = "replay"
    STALE = "stale"
    CUT = "cut"
    EMPTY = "empty"
    FOREIGN = "foreign"


_FITS: Final = {
    Fault.LATE: WRITES,
    Fault.REPLAY: frozenset({"read", "get"}),
    Fault.STALE: frozenset({"read", "get", "find"}),
    Fault.CUT: frozenset({"read"}),
    Fault.EMPTY: frozenset({"read"}),
    Fault.FOREIGN: frozenset({"create", "update"}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `owner` is the e-mail of an account or the id of a site."""

    verb: str
    owner: str
    side: Side


@dataclass(slots=True)
class Calls:
    """Carries calls out, one after another, each wholly or not at all.

    `interrupt`: called with (verb, "before") and (verb, "after") around each call that takes effect; what it raises
    goes to the caller as it is, like the end of a process there. `faults`: verb → faults of its next calls; a fault
    that makes no sense for its verb is a ValueError. `weather`: asked for the fault of a call that none waits for.
    `revoked`: owners whose every call is refused.
    """

    interrupt: Callable[[str, str], None] | None = None
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    weather: Callable[[Caller], Fault | None] | None = None
    revoked: set[str] = field(default_factory=set)
    _late: list[Callable[[], object]] = field(default_factory=list)

    async def run(self, caller: Caller, apply: Callable[[Fault | None], T]) -> T:
        """Apply one call in the world and answer it, unless something was planted for it.

        Raises Transient (Throttled), AuthRevoked or CalendarGone as planted, and whatever `apply` raises.
        """
        await asyncio.sleep(0)  # other calls may come between, as on a wire
        fault = self._take(caller)
        self._refuse(caller, fault)
        self._step(caller.verb, "before")
        if fault is Fault.LATE:
            self._late.append(lambda: apply(None))
            raise Transient("no answer came", side=caller.side.value, applied=True)
        answer = apply(fault)
        self._step(caller.verb, "after")
        if fault is Fault.LOSE:
            raise Transient("the answer was lost", side=caller.side.value, applied=caller.verb in WRITES)
        return answer

    def release(self) -> int:
        """Apply the calls that are late, in order; nobody hears their answers."""
        late, self._late = self._late, []
        for apply in late:
            with contextlib.suppress(AdapterError):
                apply()
        return len(late)

    def _take(self, caller: Caller) -> Fault | None:
        verb = caller.verb
        queue = self.faults.get(verb)
        if not queue:
            return self.weather(caller) if self.weather is not None else None
        fault = Fault(queue.pop(0))
        if verb not in _FITS.get(fault, {verb}):
            raise ValueError(f"the fault {fault} makes no sense for {verb}")
        return fault

    def _refuse(self, caller: Caller, fault: Fault | None) -> None:
        side = caller.side.value
        if fault is Fault.REVOKE or caller.owner in self.revoked:
            raise AuthRevoked("the grant was withdrawn", side=side, hint="connect the account again")
        if fault is Fault.FAIL:
            raise Transient("the server is not there", side=side)
        if fault is Fault.THROTTLE:
            raise Throttled("too many requests", retry_after=RETRY_AFTER, side=side)
        if fault is Fault.GONE:
            raise CalendarGone("the calendar is not there", side=side)

    def _step(self, verb: str, moment: str) -> None:
        if self.interrupt is not None:
            self.interrupt(verb, moment)
