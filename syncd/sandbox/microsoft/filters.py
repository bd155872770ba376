"""The language of $filter as far as events know it: comparisons, `and`, `or`, `not`, `any` of extended properties.

Not here: the rest of a query (`options.py`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from syncd.sandbox.microsoft.errors import GraphError
from syncd.sandbox.microsoft.extended import check_id
from syncd.sandbox.microsoft.values import Event

Predicate = Callable[[Event], bool]
_Entry = tuple[str, str]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[()]|,|:|[^\s(),:']+(?::[^\s(),']+)*(?=[\s(),:]|$))")
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "gt": lambda left, right: bool(left > right),
    "ge": lambda left, right: bool(left >= right),
    "lt": lambda left, right: bool(left < right),
    "le": lambda left, right: bool(left <= right),
}
_TEXTS: Final[Mapping[str, Callable[[Event], Any]]] = {
    "subject": lambda event: event.fields["subject"].casefold(),
    "importance": lambda event: event.fields["importance"].casefold(),
    "sensitivity": lambda event: event.fields["sensitivity"].casefold(),
    "showAs": lambda event: event.fields["showAs"].casefold(),
    "type": lambda event: event.type.casefold(),
}
_FLAGS: Final[Mapping[str, Callable[[Event], Any]]] = {
    "isAllDay": lambda event: event.start.all_day,
    "isCancelled": lambda event: event.fields["isCancelled"],
    "isOrganizer": lambda event: event.own,
}
_TIMES: Final[Mapping[str, Callable[[Event], Any]]] = {
    "start/dateTime": lambda event: event.start.instant,
    "end/dateTime": lambda event: event.end.instant,
    "createdDateTime": lambda event: event.created,
    "lastModifiedDateTime": lambda event: event.modified,
}
_MOST_TERMS: Final = 100


@dataclass(slots=True)
class _Reader:
    """Reads tokens from the left."""

    tokens: list[str]
    terms: int = 0

    def next(self) -> str:
        if not self.tokens:
            raise _unread()
        return self.tokens.pop(0)

    def expect(self, *wanted: str) -> None:
        for text in wanted:
            if self.next().casefold() != text:
                raise _unread()

    def comes(self, word: str) -> bool:
        if self.tokens and self.tokens[0].casefold() == word:
            self.tokens.pop(0)
            return True
        return False


def read_filter(text: str) -> Predicate:
    """The test that a filter stands for. Raises ErrorInvalidUrlQueryFilter for what is none."""
    reader = _Reader(_tokens(text))
    found = _either(reader, _event_term)
    if reader.tokens:
        raise _unread()
    return found


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unread()
        found.append(match.group(1))
        place = match.end()
    return found


def _unread() -> GraphError:
    return GraphError("ErrorInvalidUrlQueryFilter")


def _either(reader: _Reader, term: Callable[[_Reader], Callable[[Any], bool]]) -> Callable[[Any], bool]:
    found = [_both(reader, term)]
    while reader.comes("or"):
        found.append(_both(reader, term))
    return found[0] if len(found) == 1 else lambda item: any(part(item) for part in found)


def _both(reader: _Reader, term: Callable[[_Reader], Callable[[Any], bool]]) -> Callable[[Any], bool]:
    found = [_one(reader, term)]
    while reader.comes("and"):
        found.append(_one(reader, term))
    return found[0] if len(found) == 1 else lambda item: all(part(item) for part in found)


def _one(reader: _Reader, term: Callable[[_Reader], Callable[[Any], bool]]) -> Callable[[Any], bool]:
    reader.terms += 1
    if reader.terms > _MOST_TERMS:
        raise GraphError("ErrorInvalidUrlQueryFilter", "The query filter has too many nodes.")
    if reader.comes("not"):
        inner = _one(reader, term)
        return lambda item: not inner(item)
    if reader.comes("("):
        inner = _either(reader, term)
        reader.expect(")")
        return inner
    return term(reader)


def _event_term(reader: _Reader) -> Predicate:
    name = reader.next()
    if name.casefold() == "singlevalueextendedproperties/any":
        return _any(reader)
    way, literal = reader.next().casefold(), reader.next()
    if way not in _COMPARED:
        raise _unread()
    for known, read in ((_TEXTS, _text), (_FLAGS, _flag), (_TIMES, _time)):
        if name in known:
            wanted, of, compare = read(literal), known[name], _COMPARED[way]
            return lambda event: compare(of(event), wanted)
    raise _unread()


def _any(reader: _Reader) -> Predicate:
    reader.expect("(")
    variable = reader.next()
    reader.expect(":")
    inner = _either(reader, lambda tokens: _property_term(tokens, variable))
    reader.expect(")")
    return lambda event: any(inner(entry) for entry in event.properties.items())


def _property_term(reader: _Reader, variable: str) -> Callable[[_Entry], bool]:
    """The name of a property is case-sensitive, its value is not."""
    part, way, literal = reader.next(), reader.next(), reader.next()
    if way.casefold() != "eq":
        raise _unread()
    if part == f"{variable}/id":
        name = check_id(_quoted(literal))
        return lambda entry: entry[0] == name
    if part == f"{variable}/value":
        value = _text(literal)
        return lambda entry: entry[1].casefold() == value
    raise _unread()


def _quoted(literal: str) -> str:
    if len(literal) < 2 or literal[0] != "'" or literal[-1] != "'":
        raise _unread()
    return literal[1:-1].replace("''", "'")


def _text(literal: str) -> str:
    return _quoted(literal).casefold()


def _flag(literal: str) -> bool:
    if literal not in ("true", "false"):
        raise _unread()
    return literal == "true"


def _time(literal: str) -> datetime:
    try:
        at = datetime.fromisoformat(literal.strip("'").upper())
    except ValueError as error:
        raise _unread() from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
