"""Looking at rows of a provider's API: from where, what cannot be read, what is absent, what this pass has seen.

Not here: what a row means (the mapping of each provider).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from adapters.refusals import SIDE
from syncd.model import Absence, Broken, Event, Gone, Observation, Ref, Side

Resource: TypeAlias = Mapping[str, Any]
_KEPT: Final = 2000


class MalformedError(ValueError):
    """A row that cannot be read; the reason holds nobody's text."""


@dataclass(frozen=True, slots=True)
class View:
    """From where rows are looked at. `zone`: of times that name none."""

    collection: str
    zone: str
    writable: bool
    seen_at: datetime

    def ref(self, name: str) -> Ref:
        return Ref(self.collection, name)


@dataclass(slots=True)
class Sights:
    """What rows hold within a window, told for each of them."""

    observations: list[Observation] = field(default_factory=list)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


@dataclass(slots=True)
class Remembered:
    """Rows as they were last seen, for the updates of this pass; the oldest are forgotten."""

    rows: dict[str, Resource] = field(default_factory=dict)

    def take(self, row: Resource) -> None:
        self.rows.pop(row["id"], None)
        self.rows[row["id"]] = row
        if len(self.rows) > _KEPT:
            del self.rows[next(iter(self.rows))]


def absent(view: View, ref: Ref, kind: Gone, evidence: str) -> Observation:
    return Observation(Side(SIDE), ref, Event(), view.seen_at, absence=Absence(kind, evidence, view.seen_at))


def moment_of(text: object) -> datetime | None:
    """A moment of an answer; None for one that is told in another way, or without its offset."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
    return read if read is not None and read.utcoffset() is not None else None
