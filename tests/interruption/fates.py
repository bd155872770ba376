"""What can happen to one process: the steps it takes, and the one at which something happens to it.

A step is a call that leaves the process: a commit, a read, a write. Not here: who makes the calls (the stages).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Killed(BaseException):
    """The process ended here."""


class What(StrEnum):
    """What happens at one step.

    NOT_APPLIED, REPLY_LOST and LATE: the process goes on with the error that it sees. LATE is applied after the first
    pass of the next process; HUNG and HUNG_LONG are calls on the wire when the process is killed, applied before the
    next process begins, or after its first pass. UNTOLD: a commit is done, but the database says that it is gone.
    """

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    UNTOLD = "commit untold"
    NOT_APPLIED = "not applied"
    REPLY_LOST = "reply lost"
    LATE = "late"
    HUNG = "hung"
    HUNG_LONG = "hung long"


KILLS: Final = (What.KILLED_BEFORE, What.KILLED_AFTER)
OF_COMMIT: Final = (*KILLS, What.UNTOLD)
OF_READ: Final = (*KILLS, What.NOT_APPLIED)
OF_WRITE: Final = (*KILLS, What.NOT_APPLIED, What.REPLY_LOST, What.LATE, What.HUNG, What.HUNG_LONG)


class Sort(StrEnum):
    """What sort of call a step is."""

    COMMIT = "commit"
    READ = "read"
    WRITE = "write"


WHATS: Final = {Sort.COMMIT: OF_COMMIT, Sort.READ: OF_READ, Sort.WRITE: OF_WRITE}


@dataclass(frozen=True, slots=True)
class Step:
    """The `number`th call of this name that a process made, from 1."""

    name: str
    number: int
    sort: Sort

    def __str__(self) -> str:
        return f"{self.name}#{self.number}"


@dataclass(frozen=True, slots=True)
class Point:
    """Something that happens at one step."""

    step: Step
    what: What

    def __str__(self) -> str:
        return f"{self.step}/{self.what}"


@dataclass(slots=True)
class Fate:
    """Counts the steps of one process. `point`: where something happens to it; None: nothing ever does.

    `last`: the number of the step, counted over all, before which it is killed. `reached`: it happened. `over`: the
    process has ended; every further call of it must raise Killed.
    """

    point: Point | None = None
    last: int | None = None
    steps: list[Step] = field(default_factory=list)
    reached: bool = False
    over: bool = False
    _counts: Counter[str] = field(default_factory=Counter)

    def arrive(self, name: str, sort: Sort) -> What | None:
        """A call is about to leave the process; what happens to it. Raises Killed before it has left."""
        self.live()
        self._counts[name] += 1
        step = Step(name, self._counts[name], sort)
        self.steps.append(step)
        if self.last == len(self.steps):
            self.reached = True
            self.end()
        if self.point is None or self.point.step != step:
            return None
        self.reached = True
        if self.point.what is What.KILLED_BEFORE:
            self.end()
        return self.point.what

    def live(self) -> None:
        """Raises Killed when the process has ended."""
        if self.over:
            raise Killed

    def end(self) -> None:
        """The process ends here. Raises Killed."""
        self.over = True
        raise Killed


def points_of(steps: Sequence[Step]) -> list[Point]:
    """Everything that can happen at these steps."""
    return [Point(step, what) for step in steps for what in WHATS[step.sort]]
