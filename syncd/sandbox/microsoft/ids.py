"""Ids of calendars, and of events: immutable ones, and regular ones that change when an event moves elsewhere.

All are opaque to clients, case-sensitive, and may hold `/`, `+` and `=`. An occurrence's id is made of its series'
core and its date. Not here: which ids exist (`state.py`).
"""

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date
from typing import Final

_IMMUTABLE: Final = "AAkALgAA"
_REGULAR: Final = "AAMkADAx"
_ID = re.compile(r"(AAkALgAA|AAMkADAx)([A-Za-z0-9+/]{32})(?:AAA=|([A-Za-z0-9+/]{4})EAA=)")
_CALENDAR = re.compile(r"AAMkADAx[A-Za-z0-9+/]{32}AAAAA=")
_FIRST: Final = date(1900, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Named:
    """What an id says: the core of the event or series, the date of an occurrence, and the form of the id."""

    core: str
    day: date | None = None
    regular: bool = False

    @classmethod
    def of(cls, text: str) -> "Named":
        """Raises ValueError for a text that is no id."""
        found = _ID.fullmatch(text)
        if found is None:
            raise ValueError("not an id")
        kind, core, code = found.groups()
        return cls(core, None if code is None else _day(code), kind == _REGULAR)


def event_id(core: str, day: date | None = None, *, regular: bool = False) -> str:
    """The id of an event or master, or of the occurrence on a date."""
    tail = "AAA=" if day is None else f"{_code(day)}EAA="
    return f"{_REGULAR if regular else _IMMUTABLE}{core}{tail}"


def calendar_id(core: str) -> str:
    """The id of a calendar, which is constant."""
    return f"{_REGULAR}{core}AAAAA="


def is_calendar_id(text: str) -> bool:
    """Whether a text has the form of one."""
    return _CALENDAR.fullmatch(text) is not None


def regular_core(core: str, calendar_id: str) -> str:
    """The core of the regular id that an event has in one calendar."""
    return b64encode(hashlib.sha256(f"{core}/{calendar_id}".encode()).digest()[:24]).decode()


def regular_id(immutable: str, calendar_id: str) -> str:
    """The regular id in a calendar."""
    named = Named.of(immutable)
    return event_id(regular_core(named.core, calendar_id), named.day, regular=True)


def occurrence_id(master_id: str, day: date) -> str:
    """The immutable id of the occurrence on a date."""
    return event_id(Named.of(master_id).core, day)


def _code(day: date) -> str:
    return b64encode((day.toordinal() - _FIRST).to_bytes(3, "big")).decode()


def _day(code: str) -> date:
    return date.fromordinal(_FIRST + int.from_bytes(b64decode(code), "big"))
