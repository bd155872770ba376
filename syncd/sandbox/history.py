"""Every version of the things a simulator stores, and the states of the past that a reader may be shown.

Also what the states of all simulators have in common: texts without structure, and becoming what a copy was.

Not here: what is stored, and which past a fault asks for.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_HasId)
S = TypeVar("S", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class Past:
    """The state that a reader is shown. Without anything it is the present.

    `as_of`: that of a moment. `undone`: that before the last so many versions were written, of whatever item. `back`:
    items whose id matches `ids` in so many versions before their newest (at worst the first).
    """

    as_of: datetime | None = None
    undone: int = 0
    back: int = 0
    ids: str = ""


PRESENT = Past()


@dataclass(slots=True)
class History(Generic[T]):
    """All versions of all items of one kind, each with the moment it was written."""

    _versions: dict[str, list[tuple[datetime, T]]] = field(default_factory=dict)
    _written: list[str] = field(default_factory=list)
    _times: list[datetime] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many versions were written: the change counter."""
        return len(self._written)

    @property
    def last(self) -> datetime | None:
        """When the newest version was written; None when there is none."""
        return self._times[-1] if self._times else None

    def count_at(self, moment: datetime) -> int:
        """The change counter at a moment."""
        return bisect_right(self._times, moment)

    def put(self, item: T, at: datetime) -> None:
        """Add the newest version of an item."""
        self._versions.setdefault(item.id, []).append((at, item))
        self._written.append(item.id)
        self._times.append(at)

    def get(self, ref: str, past: Past = PRESENT) -> T | None:
        """The version of an item that belongs to a state; None when it had none yet."""
        versions = self._versions.get(ref, [])
        if past.undone:
            versions = versions[: len(versions) - self._written[-past.undone :].count(ref)]
        if past.as_of is not None:
            versions = [entry for entry in versions if entry[0] <= past.as_of]
        back = past.back if past.back and re.search(past.ids, ref) else 0
        return versions[max(0, len(versions) - 1 - back)][1] if versions else None

    def all(self, past: Past = PRESENT) -> Iterator[T]:
        """One version of every item, in order of creation."""
        if past == PRESENT:
            yield from (versions[-1][1] for versions in self._versions.values())
            return
        for ref in self._versions:
            item = self.get(ref, past)
            if item is not None:
                yield item

    def copy(self) -> "History[T]":
        """The same versions; what is added to either later is not in the other."""
        versions = {ref: list(found) for ref, found in self._versions.items()}
        return History(versions, list(self._written), list(self._times))


def opaque(*parts: object) -> str:
    """A text without visible structure, always the same for the same parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def become(state: S, copied: S) -> None:
    """Let a state remember what a copy does, and nothing else."""
    for part in fields(state):
        setattr(state, part.name, getattr(copied, part.name))
