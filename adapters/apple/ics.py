"""iCalendar text as a tree of content lines that can be edited without touching what is not edited (RFC 5545, 3.1).

Every line keeps its own folding and spelling, so properties that we do not know come back byte for byte.
Not here: what properties mean (mapping), zones (zones), recurrence (series).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

MAX_BYTES: Final = 1 << 20
MAX_LINES: Final = 60_000
_MAX_DEPTH: Final = 8
# What the libraries below raise over a hostile object; a bug of ours shows as a quarantined object, not as a lost read.
UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
_PARAM: Final = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
# With what XML 1.0 cannot carry: one such letter of ours would spoil every multiget that it is in.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)


class MalformedError(ValueError):
    """The text is not the iCalendar object we can read. The message holds nobody's text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One property. `raw` is the line as it came, folds included, without its final line end."""

    raw: str
    name: str
    params: Mapping[str, str]
    value: str

    @staticmethod
    def read(raw: str) -> "Line":
        """A line without a readable name or value keeps its text and has an empty name."""
        text = raw.replace("\n ", "").replace("\n\t", "")
        found = _NAME.match(text)
        at = found.end() if found else 0
        params = {}
        while param := _PARAM.match(text, at):
            params[param[1].upper()] = param[2].strip('"')
            at = param.end()
        if found is None or text[at : at + 1] != ":":
            return Line(raw, "", {}, "")
        return Line(raw, found[0].upper(), params, text[at + 1 :])

    @staticmethod
    def make(name: str, value: str, params: Mapping[str, str] | None = None) -> "Line":
        """A new line, folded at 75 octets. `value` is already escaped."""
        shown = "".join(f";{key}={_quoted(text)}" for key, text in (params or {}).items())
        return Line(_folded(f"{name}{shown}:{value}"), name, dict(params or {}), value)

    @property
    def text(self) -> str | None:
        """The value as TEXT, in canonical form: line ends are \\n, no control characters, empty is None."""
        return clean(_ESCAPE.sub(lambda hit: "\n" if hit[1] in "nN" else hit[1], self.value))


def clean(text: str | None) -> str | None:
    """Text in canonical form."""
    if not text:
        return None
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")) or None


def escaped(text: str) -> str:
    """A TEXT value for a line (RFC 5545, 3.3.11)."""
    plain = clean(text) or ""
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(text: str) -> str:
    """A logical line in pieces of at most 75 octets, no character split (RFC 5545, 3.1)."""
    pieces, piece, size = [], "", 0
    for letter in text:
        octets = len(letter.encode("utf-8", "surrogatepass"))
        if size + octets > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    return "\n".join([*pieces, piece])


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"[;:,]", text) else text


@dataclass(slots=True)
class Component:
    """BEGIN … END with its lines and inner components, in the order in which they stand.

    `begin`, `end`: these two lines as they came; empty for a component of ours.
    """

    name: str
    items: "list[Line | Component]" = field(default_factory=list)
    begin: str = ""
    end: str = ""

    def lines(self, name: str) -> list[Line]:
        return [item for item in self.items if isinstance(item, Line) and item.name == name]

    def line(self, name: str) -> Line | None:
        return next((item for item in self.items if isinstance(item, Line) and item.name == name), None)

    def text(self, name: str) -> str | None:
        found = self.line(name)
        return None if found is None else found.text

    def word(self, name: str) -> str:
        """A keyword value in upper case; empty when it is absent."""
        found = self.line(name)
        return "" if found is None else found.value.strip().upper()

    def parts(self, name: str) -> "list[Component]":
        return [item for item in self.items if isinstance(item, Component) and item.name == name]

    def put(self, line: Line) -> None:
        """Set a property that occurs once, where it stands now or else behind the other properties."""
        at = next((i for i, item in enumerate(self.items) if isinstance(item, Line) and item.name == line.name), None)
        if at is None:
            self.append(line)
            return
        self.drop(line.name)
        self.items.insert(at, line)

    def append(self, line: Line) -> None:
        """Add a property behind the last one."""
        at = next((i for i, item in enumerate(self.items) if isinstance(item, Component)), len(self.items))
        self.items.insert(at, line)

    def drop(self, *names: str) -> None:
        self.items = [item for item in self.items if not (isinstance(item, Line) and item.name in names)]

    def copy(self) -> "Component":
        items = [item.copy() if isinstance(item, Component) else item for item in self.items]
        return Component(self.name, items, self.begin, self.end)

    def raw(self) -> Iterator[str]:
        yield self.begin or f"BEGIN:{self.name}"
        for item in self.items:
            if isinstance(item, Line):
                yield item.raw
            else:
                yield from item.raw()
        yield self.end or f"END:{self.name}"

    def serialised(self) -> str:
        """The object as text with CRLF line ends."""
        return "".join(f"{raw}\n" for raw in self.raw()).replace("\n", "\r\n")


def parse(text: str) -> Component:
    """The one VCALENDAR of the text. Raises MalformedError; time and memory are bounded by MAX_BYTES."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise MalformedError("larger than 1 MiB")
    stack: list[Component] = []
    roots: list[Component] = []
    for number, raw in enumerate(_logical(text.removeprefix("\ufeff"))):
        if number > MAX_LINES:
            raise MalformedError("too many lines")
        line = Line.read(raw)
        if line.name == "BEGIN":
            _begin(Component(line.value.strip().upper(), begin=raw), stack, roots)
        elif line.name == "END":
            if not stack or stack[-1].name != line.value.strip().upper():
                raise MalformedError("BEGIN and END do not match")
            stack.pop().end = raw
        elif stack:
            stack[-1].items.append(line)
        else:
            raise MalformedError("not an iCalendar object")
    if stack:
        raise MalformedError("the object breaks off")
    if [root.name for root in roots] != ["VCALENDAR"]:
        raise MalformedError("not an iCalendar object")
    return roots[0]


def _begin(component: Component, stack: list[Component], roots: list[Component]) -> None:
    if len(stack) >= _MAX_DEPTH:
        raise MalformedError("components are nested too deeply")
    (stack[-1].items if stack else roots).append(component)
    stack.append(component)


def _logical(text: str) -> Iterator[str]:
    """Logical lines, each with its folds as they came; empty lines are left out."""
    held: list[str] = []
    for physical in text.replace("\r\n", "\n").split("\n"):
        if physical[:1] in (" ", "\t") and held:
            held.append(physical)
            continue
        if held:
            yield "\n".join(held)
        held = [physical] if physical.strip() else []
    if held:
        yield "\n".join(held)


def moment(value: str) -> date | datetime:
    """A DATE or DATE-TIME: a date, a naive datetime (local or floating), or one in UTC. Raises MalformedError."""
    found = _MOMENT.fullmatch(value.strip())
    if found is None:
        raise MalformedError("a date cannot be read")
    try:
        year, month, day = (int(found[i]) for i in (1, 2, 3))
        if found[4] is None:
            return date(year, month, day)
        # A leap second (60) is a value of RFC 5545, 3.3.12 that no clock of ours can show.
        second = min(int(found[6]), 59)
        return datetime(year, month, day, int(found[4]), int(found[5]), second, tzinfo=UTC if found[7] else None)
    except ValueError as error:
        raise MalformedError("a date cannot be read") from error


def stamp(instant: datetime) -> str:
    """An instant as DATE-TIME in UTC."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
