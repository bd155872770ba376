"""Writes whose answers are rows of an API: which row an edit begins with, what a calendar holds after each write.

Not here: the requests themselves (writing of each provider), their order and their repeats (batch).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from adapters.batches import Answer
from adapters.refusals import SIDE, Asked, Barred, Missing
from adapters.sights import Resource, View, absent
from syncd.errors import AdapterError, Forbidden, Stale, Transient
from syncd.model import Gone, Observation
from syncd.ports import Edit, Erasure, Outcome

W = TypeVar("W", Edit, Erasure)
J = TypeVar("J")
_RIGHT: Final = "give the account the right to make changes to events in this calendar, or choose another one"


class Call(Protocol):
    """One request."""

    @property
    def asked(self) -> Asked: ...


class Rights(Protocol):
    """The account of a calendar."""

    async def writable(self, calendar: str, *, afresh: bool = False) -> bool: ...


class Calendar(Protocol):
    """What a writer needs of its calendar, beside requests."""

    @property
    def id(self) -> str: ...

    @property
    def account(self) -> Rights: ...

    async def view(self, rows: Iterable[Resource] = ()) -> View: ...

    def shown(self, resource: Resource, view: View, asked: Asked) -> Observation: ...

    async def asked(self, calls: Sequence[Any]) -> list[Answer]: ...

    async def resources(self, names: Sequence[str]) -> list[Answer]: ...


@dataclass(slots=True)
class Judged(Generic[J]):
    """Rows by the place of what is wanted of them; what was made of those that can be written, why others cannot."""

    rows: Sequence[Any]
    view: View
    kept: dict[int, J] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of one calendar. `is_cancelled`: a row that stands for what is gone."""

    calendar: Calendar
    is_cancelled: Callable[[Resource], bool]

    async def judged(
        self, wanted: Sequence[W], seen: Sequence[Resource | None], judge: Callable[[W, Any, View], J]
    ) -> "Judged[J]":
        """What `judge` makes of each with its row: the one that was seen in this pass, else as it is now.

        A row that could not be read is its error; what `judge` raises stands in the place of that item.
        """
        asked = [at for at, row in enumerate(seen) if row is None]
        rows: list[Any] = list(seen)
        for at, row in zip(asked, await self.calendar.resources([wanted[at].ref.id for at in asked]), strict=True):
            rows[at] = row
        found: Judged[J] = Judged(rows, await self.calendar.view(row for row in rows if isinstance(row, Mapping)))
        for at, (one, row) in enumerate(zip(wanted, rows, strict=True)):
            try:
                found.kept[at] = judge(one, row, found.view)
            except AdapterError as error:
                found.outcomes[at] = error
        return found

    async def sent(self, calls: Mapping[int, Call]) -> dict[int, Outcome]:
        """What the calendar holds after each call, or why it does not."""
        return await self.held(await self.answers(calls), calls)

    async def held(self, answers: Mapping[int, Any], calls: Mapping[int, Call]) -> dict[int, Outcome]:
        """What the answers show that calls had."""
        present = [one for one in answers.values() if isinstance(one, Mapping)]
        view = await self.calendar.view(present) if present else None
        outcomes: dict[int, Outcome] = {}
        for at, one in answers.items():
            seen = None if isinstance(one, AdapterError) or view is None else self._held(one, view, calls[at].asked)
            outcomes[at] = seen or one
        return outcomes

    def _held(self, row: Resource, view: View, asked: Asked) -> Outcome:
        if self.is_cancelled(row):
            return absent(view, view.ref(str(row.get("id") or asked.ref)), Gone.GONE, "cancelled")
        try:
            return self.calendar.shown(row, view, asked)
        except Transient as error:
            return error

    async def answers(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        """Answers and errors by place. Raises Forbidden when the calendar as a whole may not be written."""
        answers = dict(zip(calls, await self.calendar.asked(list(calls.values())), strict=True))
        barred = any(isinstance(one, Barred) for one in answers.values())
        if barred and not await self.calendar.account.writable(self.calendar.id, afresh=True):
            raise Forbidden("the calendar may not be written", code="READ_ONLY", side=SIDE, hint=_RIGHT)
        return answers

    async def removed(self, erasures: Sequence[Erasure], calls: Mapping[int, Call], view: View) -> dict[int, Outcome]:
        """What became of the removals. One that was refused for its version is looked at: gone is success."""
        answers = await self.answers(calls)
        doubtful = [at for at, answer in answers.items() if type(answer) is Stale]
        looked = await self.calendar.resources([erasures[at].ref.id for at in doubtful])
        gone_already = {at for at, row in zip(doubtful, looked, strict=True) if self.is_gone(row)}
        outcomes: dict[int, Outcome] = {}
        for at, answer in answers.items():
            failed = isinstance(answer, AdapterError) and not isinstance(answer, Missing) and at not in gone_already
            outcomes[at] = answer if failed else absent(view, erasures[at].ref, Gone.GONE, "tombstone")
        return outcomes

    def is_gone(self, row: Any) -> bool:
        """Whether a direct read says so."""
        return isinstance(row, Missing) or (isinstance(row, Mapping) and self.is_cancelled(row))


def not_missing(outcome: Outcome) -> Outcome:
    """Nothing can be missing for a new event but its calendar, which answers: it will take it later."""
    if isinstance(outcome, Missing):
        return Transient(str(outcome), side=SIDE, ref=outcome.ref)
    return outcome
