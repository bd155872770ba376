"""What a demonstration prints: headings, what commands said, what was expected and found; and the closing table.

Not here: what is expected (demo_steps, demo_mirror).
"""

import re
import shutil
import textwrap
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH = 150
_OF_A_KIND = 3  # rows of one action and rule that a long plan shows
_INDENT = "    "
_ROW = re.compile(r"[a-z_]+ +R\d+a? ")


class Mismatch(Exception):
    """A step did not end as expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was expected of a step."""

    step: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        return self.expected == self.found


@dataclass(slots=True)
class Report:
    """Prints as it goes, and keeps every row for the end."""

    rows: list[Row] = field(default_factory=list)
    _step: str = ""

    def step(self, name: str) -> None:
        """What follows belongs to this step."""
        self._step = name
        say(f"\n== {name}")

    def check(self, expected: str, found: str) -> None:
        """Raises Mismatch when the two differ."""
        row = Row(self._step, expected, found)
        self.rows.append(row)
        say(f"  expected  {expected}\n  found     {found}")
        if not row.ok:
            raise Mismatch(self._step)

    def failed(self, why: str) -> None:
        """A step that broke off before it could be compared."""
        self.rows.append(Row(self._step, "the step runs to its end", why))

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    def close(self) -> None:
        """The table of all steps, the failed one last."""
        table = Table(title="\nWhat was expected and found", title_justify="left")
        for column in ("step", "expected", "found", "ok"):
            table.add_column(column, overflow="fold")
        before = ""
        for row in self.rows:
            name = "" if row.step == before else row.step
            table.add_row(*(Text(text) for text in (name, row.expected, row.found, "ok" if row.ok else "DIFFERS")))
            before = row.step
        width = shutil.get_terminal_size((_WIDTH, 24)).columns
        Console(width=width).print(table)


def say(text: str) -> None:
    """At once, also into a pipe."""
    print(text, flush=True)


def say_output(text: str) -> None:
    """What a command printed, indented; of a long plan some rows of each action and rule."""
    for line in _some(text.rstrip().splitlines()):
        parts = textwrap.wrap(line, _WIDTH, subsequent_indent=_INDENT) or [""]
        say(textwrap.indent("\n".join(parts), _INDENT))


def _some(lines: list[str]) -> list[str]:
    shown: list[str] = []
    seen: Counter[tuple[str, ...]] = Counter()
    in_rows, left_out = False, 0
    for line in lines:
        if in_rows and not _ROW.match(line):
            in_rows = False
            shown += [f"({left_out} rows more)"] if left_out else []
        kind = tuple(line.split()[:2])
        seen[kind] += in_rows
        if in_rows and seen[kind] > _OF_A_KIND:
            left_out += 1
            continue
        shown.append(line)
        in_rows = in_rows or (line.startswith("ACTION") and line.endswith("WHAT"))
    return shown
