"""Where a key stands in a TOML file: the parser of the standard library does not tell. Spares the reader a scanner.

Not here: what the keys mean (schema).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_FENCE: Final = re.compile(r'"""|\'\'\'')
_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")

Path = tuple[str | int, ...]


def lines_of(text: str) -> Mapping[Path, int]:
    """Path of each table and key → its line, counted from 1. A row of an array of tables is named by its number."""
    found: dict[Path, int] = {(): 1}
    rows: dict[Path, int] = {}
    table: Path = ()
    for number, line in _outside_long_texts(text):
        header = _HEADER.fullmatch(line)
        key = _KEY.match(line)
        if header is not None:
            name = _split(header[2])
            if header[1] == "[[":
                rows[name] = rows.get(name, -1) + 1
                found.setdefault(name, number)
                table = (*name, rows[name])
            else:
                table = name
            found.setdefault(table, number)
        elif key is not None:
            found.setdefault((*table, *_split(key[1])), number)
    return found


def syntax_problem(file: str, message: str) -> str:
    """`file:line: what` from the message of tomllib."""
    place = _PLACE.search(message)
    line = place[1] if place is not None and place[1] else "1"
    return f"{file}:{line}: this is not TOML: {_PLACE.sub('', message)}"


def _outside_long_texts(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines, without those that lie inside a text of several lines."""
    fence: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is None:
            yield number, line
        for mark in _FENCE.findall(line):
            fence = mark if fence is None else None if mark == fence else fence


def _split(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
