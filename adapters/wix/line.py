"""Our line in a block's notes: mark, key and provider's tag in one (DESIGN 3, last paragraph). Pure.

    [syncd <provider> <bridge> <generation> <key> <digest>]

Not here: what marks are for (`syncd.model`).
"""

import re
from typing import Final

from syncd.model import Mark

_WORD: Final = r"[^\s\[\]]{1,64}"
_PART: Final = re.compile(_WORD)
_LINE: Final = re.compile(
    rf"(?:(?<=\n)|\A)\[syncd (?P<provider>{_WORD}) (?P<bridge>{_WORD}) (?P<generation>[0-9]{{1,9}})"
    rf" (?P<key>{_WORD}) (?P<digest>{_WORD})\][ \t]*(?=\r?\n|\Z)"
)
_NOTHING: Final = "-"
_BLANK_BEFORE: Final = ("\r\n\r\n", "\n\n", "\r\n", "\n")
LONGEST: Final = 200


def write(mark: Mark, provider: str) -> str:
    """The line of a mark. Raises ValueError when a part of it would not be read back."""
    parts = (mark.provider or provider, mark.bridge, mark.key, mark.digest or _NOTHING)
    name, bridge, key, digest = parts
    text = f"[syncd {name} {bridge} {mark.generation} {key} {digest}]"
    if not all(_PART.fullmatch(part) for part in parts) or mark.generation < 0 or len(text) > LONGEST - 2:
        raise ValueError("a mark that does not fit our line")
    return text


def split(notes: str | None) -> tuple[str | None, Mark | None]:
    """Notes without our line (the last one that looks like it) and the blank line before it, and the mark it holds.

    What other people wrote around it stays as it is, to the letter.
    """
    if not notes:
        return None, None
    lines = list(_LINE.finditer(notes))
    if not lines:
        return notes, None
    found = lines[-1]
    before, after = notes[: found.start()], notes[found.end() :]
    blank = next((ends for ends in _BLANK_BEFORE if before.endswith(ends)), "")
    return (before.removesuffix(blank) + after) or None, _mark(found)


def join(text: str | None, line: str) -> str:
    """Notes with our line at their end, behind a blank one."""
    return f"{text}\n\n{line}" if text else line


def _mark(found: re.Match[str]) -> Mark:
    digest = found["digest"]
    return Mark(
        bridge=found["bridge"],
        generation=int(found["generation"]),
        key=found["key"],
        digest="" if digest == _NOTHING else digest,
        provider=found["provider"],
    )
