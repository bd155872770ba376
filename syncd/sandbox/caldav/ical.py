"""What a server must know of an iCalendar object: whether it is one, its UID, its component, and other spellings of it.

Not here: occurrences in time (`occurrences.py`), and where an object is stored (`objects.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_WIDTH: Final = 75
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_DEPTH: Final = 16
KINDS: Final = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY")
PRODID: Final = "-//Simulated//CalDAV//EN"


class NotCalendarError(ValueError):
    """The text is no iCalendar object (RFC 5545)."""


@dataclass(slots=True)
class Component:
    """One component: its content lines, unfolded, and the components in it."""

    name: str
    lines: list[str] = field(default_factory=list)
    inner: "list[Component]" = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """The values of a property, its parameters left out."""
        return [value_of(line) for line in self.lines if name_of(line) == name]

    def value(self, name: str) -> str | None:
        """The first of them."""
        return next(iter(self.values(name)), None)


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """One object as RFC 4791, 4.1 wants it: one UID, one type of component."""

    root: Component
    kind: str
    uid: str

    @property
    def parts(self) -> list[Component]:
        """Its components beside time zones: the master and the overridden occurrences."""
        return [part for part in self.root.inner if part.name == self.kind]

    @property
    def endless(self) -> bool:
        """Whether an event in it says neither when it ends nor how long it takes."""
        return self.kind == "VEVENT" and any(
            part.value("DTEND") is None and part.value("DURATION") is None for part in self.parts
        )


def has_control(text: str) -> bool:
    """Whether there are characters that no iCalendar text may hold (RFC 5545, 3.1)."""
    return _CONTROL.search(text) is not None


def without_control(text: str) -> str:
    return _CONTROL.sub("", text)


def read(text: str) -> CalendarObject:
    """Raises NotCalendarError."""
    root = _tree(text)
    parts = [part for part in root.inner if part.name in KINDS]
    kinds, uids = {part.name for part in parts}, {part.value("UID") for part in parts}
    if len(kinds) != 1 or len(uids) != 1:
        raise NotCalendarError("an object has one type of component and one UID")
    uid = uids.pop()
    if not uid:
        raise NotCalendarError("an object has a UID")
    if any(part.value("DTSTART") is None for part in parts if part.name == "VEVENT"):
        raise NotCalendarError("an event begins at some time")
    return CalendarObject(root, kinds.pop(), uid)


def reserialised(text: str) -> str:
    """The same object in another order of lines and with other folds: nothing is lost, nothing added."""
    return _written(_tree(text), ordered=True)


def amended(text: str, now: datetime) -> str:
    """The same object with this server's PRODID, a second DTSTAMP, and properties of its own."""
    root = _tree(text)
    root.lines = [line if name_of(line) != "PRODID" else f"PRODID:{PRODID}" for line in root.lines]
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    for part in (part for part in root.inner if part.name in KINDS):
        part.lines = [line for line in part.lines if name_of(line) not in ("LAST-MODIFIED", "X-SERVER-REVISION")]
        part.lines += [f"LAST-MODIFIED:{stamp}", f"X-SERVER-REVISION:{stamp}"]
        if len(part.values("DTSTAMP")) < 2:
            part.lines.append(f"DTSTAMP:{stamp}")
        if part.value("CREATED") is None:
            part.lines.append(f"CREATED:{stamp}")
    return _written(root, ordered=False)


def marked(text: str) -> str:
    """The same object with a mark in the master of its series."""
    return text.replace("RRULE:", "X-RECURRENCE-EXCEPTION:FALSE\r\nRRULE:", 1)


def name_of(line: str) -> str:
    """The property's name, in capitals."""
    found = _NAME.match(line)
    return found.group().upper() if found else ""


def value_of(line: str) -> str:
    """What stands behind the first colon that is in no quotes."""
    quoted = False
    for place, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return line[place + 1 :]
    return ""


def unfolded(text: str) -> list[str]:
    """The content lines (RFC 5545, 3.1)."""
    joined = re.sub(r"\r?\n[ \t]", "", text)
    return [line for line in re.split(r"\r?\n", joined) if line]


def _tree(text: str) -> Component:
    """The VCALENDAR. Raises NotCalendarError for anything that is not one whole, and one only."""
    open_ones: list[Component] = []
    root: Component | None = None
    for line in unfolded(text):
        name = name_of(line)
        if root is not None or not name or ":" not in line:
            raise NotCalendarError("not a content line of one VCALENDAR")
        if name == "BEGIN":
            open_ones.append(Component(value_of(line).strip().upper()))
            if len(open_ones) > _DEPTH:
                raise NotCalendarError("too deep")
        elif not open_ones:
            raise NotCalendarError("a line outside")
        elif name == "END":
            root = _closed(open_ones, value_of(line).strip().upper())
        else:
            open_ones[-1].lines.append(line)
    if root is None or root.name != "VCALENDAR":
        raise NotCalendarError("no whole VCALENDAR")
    return root


def _closed(open_ones: list[Component], name: str) -> Component | None:
    done = open_ones.pop()
    if done.name != name:
        raise NotCalendarError("components overlap")
    if not open_ones:
        return done
    open_ones[-1].inner.append(done)
    return None


def _written(root: Component, *, ordered: bool) -> str:
    return "".join(f"{fold}\r\n" for line in _lines(root, ordered=ordered) for fold in _folded(line))


def _lines(part: Component, *, ordered: bool) -> Iterator[str]:
    yield f"BEGIN:{part.name}"
    yield from sorted(part.lines, key=name_of) if ordered else part.lines
    for inner in part.inner:
        yield from _lines(inner, ordered=ordered)
    yield f"END:{part.name}"


def _folded(line: str) -> Sequence[str]:
    """Lines of at most 75 octets, no character split (RFC 5545, 3.1)."""
    rows, row, size = [], "", 0
    for char in line:
        octets = len(char.encode("utf-8", "surrogatepass"))
        if size + octets > _WIDTH:
            rows.append(row)
            row, size = " ", 1
        row, size = row + char, size + octets
    return [*rows, row]
