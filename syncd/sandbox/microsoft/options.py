"""The options of a query: $select, $expand, $filter, $orderby, $top, $skip, $count.

Not here: the language of $filter (`filters.py`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.extended import check_id
from syncd.sandbox.microsoft.fields import READ_ONLY, SHAPES
from syncd.sandbox.microsoft.filters import Predicate, read_filter
from syncd.sandbox.microsoft.values import Event

_ID_TERM = re.compile(r"id\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_EXPAND = re.compile(r"singleValueExtendedProperties\(\s*\$filter=(.*)\)", re.IGNORECASE | re.DOTALL)
_MOST_ROWS: Final = 1000
_USUAL_ROWS: Final = 10
_SELECTABLE: Final = {*SHAPES, *READ_ONLY} - {"singleValueExtendedProperties"}
_ALWAYS: Final = {"id"}
_SHOWN_ON_DEMAND: Final = ("cancelledOccurrences", "exceptionOccurrences")

ORDERS: Final[Mapping[str, Callable[[Event], Any]]] = {
    "start/datetime": lambda event: event.start.instant,
    "end/datetime": lambda event: event.end.instant,
    "subject": lambda event: event.fields["subject"].casefold(),
    "createddatetime": lambda event: event.created,
    "lastmodifieddatetime": lambda event: event.modified,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What a query asks for; `properties` are the extended ones to be shown."""

    select: frozenset[str] | None = None
    properties: tuple[str, ...] = ()
    exceptions: bool = False
    accepts: Predicate | None = None
    filters_properties: bool = False
    orders: tuple[tuple[str, bool], ...] = ()
    top: int = _USUAL_ROWS
    skip: int = 0
    count: bool = False

    def shown(self, row: Json) -> Json:
        """A row with what $select leaves of it."""
        if self.select is None:
            return row
        return {name: value for name, value in row.items() if name in self.select or name.startswith("@odata.")}

    def ordered(self, events: list[Event]) -> list[Event]:
        """The rows in the order that was asked for."""
        for name, falling in reversed(self.orders):
            events = sorted(events, key=ORDERS[name], reverse=falling)
        return events


def read_options(query: Mapping[str, str]) -> Options:
    """400 for what cannot be read. Names of options are in lower case already."""
    properties, exceptions = _expand(query.get("$expand"))
    filtered = query.get("$filter")
    return Options(
        select=_select(query.get("$select")),
        properties=properties,
        exceptions=exceptions,
        accepts=None if filtered is None else read_filter(filtered),
        filters_properties="singlevalueextendedproperties" in (filtered or "").casefold(),
        orders=_orders(query.get("$orderby")),
        top=_number(query.get("$top"), "$top", _USUAL_ROWS, 1, _MOST_ROWS),
        skip=_number(query.get("$skip"), "$skip", 0, 0, 10**6),
        count=query.get("$count", "false").casefold() == "true",
    )


def _select(text: str | None) -> frozenset[str] | None:
    if not text:
        return None
    names = {name.strip() for name in text.split(",")}
    unknown = sorted(name for name in names if name not in _SELECTABLE)
    if unknown:
        raise GraphError(
            "BadRequest", f"Could not find a property named '{unknown[0][:60]}' on type 'microsoft.graph.event'."
        )
    return frozenset(names | _ALWAYS)


def _expand(text: str | None) -> tuple[tuple[str, ...], bool]:
    properties: tuple[str, ...] = ()
    exceptions = False
    for part in _parts(text or ""):
        found = _EXPAND.fullmatch(part)
        if part == "exceptionOccurrences":
            exceptions = True
        elif found is not None:
            properties = _wanted(found.group(1))
        else:
            raise GraphError("BadRequest", f"Parsing $expand failed at '{part[:60]}'.")
    return properties, exceptions


def _wanted(text: str) -> tuple[str, ...]:
    """`id eq '…' or id eq '…'`; expanding extended properties needs a filter by id."""
    terms = re.split(r"\s+or\s+(?=id\s)", text.strip(), flags=re.IGNORECASE)
    found = [_ID_TERM.fullmatch(term.strip().strip("()")) for term in terms]
    if not all(found):
        raise GraphError("ErrorInvalidUrlQueryFilter")
    return tuple(check_id(term.group(1).replace("''", "'")) for term in found if term is not None)


def _parts(text: str) -> list[str]:
    """Parts between commas that no parenthesis or quote holds."""
    found = re.findall(r"(?:[^,('\"]|'[^']*'|\((?:[^()']|'[^']*'|\([^()]*\))*\))+", text)
    return [part.strip() for part in found if part.strip()]


def _orders(text: str | None) -> tuple[tuple[str, bool], ...]:
    found = []
    for part in (text or "").split(","):
        name, _, way = part.strip().casefold().partition(" ")
        if not name:
            continue
        if name not in ORDERS or way.strip() not in ("", "asc", "desc"):
            raise GraphError("BadRequest", f"Could not order by '{part.strip()[:60]}'.")
        found.append((name, way.strip() == "desc"))
    return tuple(found)


def _number(text: str | None, name: str, usual: int, low: int, high: int) -> int:
    if text is None:
        return usual
    if not text.isdigit() or not low <= int(text) <= high:
        raise GraphError("BadRequest", f"Invalid value '{text[:20]}' for {name} query option found.")
    return int(text)
