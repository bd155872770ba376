"""What a row of the table is: what is measured, the figure to reach, and the counts it must keep to.

Times are printed beside the figure and fail nothing: they vary with the machine. Counts of requests and bytes do not,
and one over its budget fails the run. Not here: the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.databases import Databases
from benchmarks.stage import Cost, Filled


@dataclass(frozen=True, slots=True)
class Count:
    """Something counted, and how many there may be; `least`, where fewer would mean that it did not happen."""

    what: str
    found: int
    most: int
    least: int = 0

    @property
    def kept(self) -> bool:
        return self.least <= self.found <= self.most

    def __str__(self) -> str:
        over = "" if self.kept else " !"
        return f"{self.what} {self.found:,}/{self.most:,}{over}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a row: the words of its cell, its counts, and everything for the JSON."""

    shown: str
    counts: Sequence[Count] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Bench:
    """What rows share: a folder, databases, stages that were filled, and the peaks of memory seen so far."""

    folder: Path
    databases: Databases
    profile: Path | None = None
    filled: dict[str, Filled] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    places: int = 0

    def place(self) -> Path:
        """A new folder."""
        self.places += 1
        return self.folder / f"place-{self.places}"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    what: str
    to_reach: str
    measure: Callable[[Bench], Measured]
