"""The way of one process to the memory world, and to its store: where its fate is fulfilled.

Not here: what people do (memory_stage), what can happen (fates).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from adapters.memory_calls import WRITES, Caller, Calls, Fault
from syncd.errors import StoreError, Transient
from syncd.model import Side
from syncd.ports import StateStore
from tests.interruption.fates import Fate, Sort, What

T = TypeVar("T")
Act = Callable[[], Awaitable[object]]
Doubt = Callable[[], AbstractContextManager[None]]

DURABLE: Final = frozenset({"acquire", "renew", "release", "commit", "put_override", "configure", "put_credentials"})


@dataclass(slots=True)
class Hitches:
    """What people do while calls are on their way: each happens once, in whatever process makes the call.

    `doubts`: around which updates no item is at the version that it is at.
    """

    acts: list[tuple[Side, str, Act]] = field(default_factory=list)
    edits: list[Side] = field(default_factory=list)
    doubts: list[tuple[Side, Doubt]] = field(default_factory=list)

    async def before(self, caller: Caller) -> None:
        """What was planned for the moment before this call arrives."""
        for planned in list(self.acts):
            if planned[:2] == (caller.side, caller.verb):
                self.acts.remove(planned)
                await planned[2]()

    def edit_in_answer(self, caller: Caller) -> Fault | None:
        """Whether the answer of this call holds somebody's edit."""
        if caller.verb != "update" or caller.side not in self.edits:
            return None
        self.edits.remove(caller.side)
        return Fault.FOREIGN

    def doubt(self, caller: Caller) -> AbstractContextManager[None]:
        """What lies around this call in the world."""
        due = [planned for planned in self.doubts if planned[0] is caller.side and caller.verb == "update"]
        if not due:
            return nullcontext()
        self.doubts.remove(due[0])
        return due[0][1]()


@dataclass(slots=True)
class Wire(Calls):
    """The calls of one process. `hanging`: what is still on its way, by the moment at which it arrives."""

    fate: Fate = field(default_factory=Fate)
    hitches: Hitches = field(default_factory=Hitches)
    hanging: list[tuple[What, Act]] = field(default_factory=list)
    written: int = 0

    async def run(self, caller: Caller, apply: Callable[[Fault | None], T]) -> T:
        await asyncio.sleep(0)  # other calls may come between, as on a wire
        writes = caller.verb in WRITES
        what = self.fate.arrive(f"{caller.verb} {caller.side}", Sort.WRITE if writes else Sort.READ)
        if what is What.NOT_APPLIED:
            raise Transient("the server is not there", side=caller.side.value)
        if what in (What.LATE, What.HUNG, What.HUNG_LONG):
            self.hanging.append((what, lambda: self._arrived(caller, apply)))
            if what is not What.LATE:
                self.fate.end()
            raise Transient("no answer came", side=caller.side.value, applied=True)
        self.written += writes
        answer = await self._arrived(caller, apply)
        if what is What.KILLED_AFTER:
            self.fate.end()
        if what is What.REPLY_LOST:
            raise Transient("the answer was lost", side=caller.side.value, applied=writes)
        self.fate.live()  # another call may have been the last while people acted
        return answer

    async def _arrived(self, caller: Caller, apply: Callable[[Fault | None], T]) -> T:
        """What a call does in the world, and what people do around it."""
        await self.hitches.before(caller)
        with self.hitches.doubt(caller):
            return apply(self.hitches.edit_in_answer(caller))


class MortalStore:
    """A store as one process sees it: it answers nothing more once the process has ended."""

    def __init__(self, store: StateStore, fate: Fate) -> None:
        self._store = store
        self._fate = fate

    def __getattr__(self, verb: str) -> Any:
        asked = getattr(self._store, verb)
        return self._durable(verb, asked) if verb in DURABLE else self._looking(asked)

    def _durable(self, verb: str, asked: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def told(*args: Any, **kwargs: Any) -> Any:
            what = self._fate.arrive(verb, Sort.COMMIT)
            answer = await asked(*args, **kwargs)
            if what is What.KILLED_AFTER:
                self._fate.end()
            if what is What.UNTOLD:
                raise StoreError("the database server does not answer: check that it runs, and [store] url")
            self._fate.live()
            return answer

        return told

    def _looking(self, asked: Callable[..., Any]) -> Callable[..., Any]:
        def seen(*args: Any, **kwargs: Any) -> Any:
            self._fate.live()
            return asked(*args, **kwargs)

        return seen
