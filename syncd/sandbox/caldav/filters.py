"""Which objects a calendar-query finds (RFC 4791, 9.7).

Not here: the answer (`reports.py`), when events take place (`occurrences.py`).
"""

from dataclasses import dataclass
from typing import Final

from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.dav import Element, tag
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.ical import KINDS, CalendarObject, Component, NotCalendarError, read
from syncd.sandbox.caldav.occurrences import FIRST, LAST, moment, overlap, plain_span, takes_place
from syncd.sandbox.caldav.state import Stored

_COMP: Final = tag("C:comp-filter")
_PROP: Final = tag("C:prop-filter")
_RANGE: Final = tag("C:time-range")
_TEXT: Final = tag("C:text-match")
_PARAM: Final = tag("C:param-filter")
_UNDEFINED: Final = tag("C:is-not-defined")


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of one query. `finds` may be asked for any object."""

    call: Call
    inner: Element | None
    """The comp-filter inside that of VCALENDAR."""

    @classmethod
    def of(cls, call: Call, root: Element) -> "Filter":
        """The filter of a report. 403 for one that is not supported, 500 where a server fails over it."""
        outer = root.find(f"{tag('C:filter')}/{_COMP}")
        if outer is None or outer.get("name") != "VCALENDAR":
            raise Refused(403, "C:valid-filter")
        inner = outer.find(_COMP)
        if inner is None and call.switches.fires("comp_filter", "500"):
            raise Refused(500)
        if outer.find(_PROP) is not None or next(outer.iter(_PARAM), None) is not None:
            raise Refused(403, "C:supported-filter")
        return cls(call, inner)

    @property
    def has_range(self) -> bool:
        """Whether it asks for a time."""
        return self.inner is not None and self.inner.find(_RANGE) is not None

    def finds(self, stored: Stored) -> bool:
        """Whether an object is part of the answer."""
        if self.inner is None:
            return not self.call.switches.fires("comp_filter", "empty")
        try:
            found = read(stored.body.decode())
        except (UnicodeDecodeError, NotCalendarError):
            return False
        return self._matches(self.inner, found, stored)

    def _matches(self, wanted: Element, found: CalendarObject, stored: Stored) -> bool:
        name = str(wanted.get("name", "")).upper()
        if wanted.find(_UNDEFINED) is not None:
            return found.kind != name
        if found.kind != name:
            return name == "VTIMEZONE" and any(part.name == name for part in found.root.inner)
        bounds = wanted.find(_RANGE)
        if bounds is not None and not _in_range(bounds, found, stored):
            return False
        props, comps = wanted.findall(_PROP), wanted.findall(_COMP)
        return any(
            all(self._prop(prop, part) for prop in props) and all(_comp(comp, part) for comp in comps)
            for part in found.parts
        )

    def _prop(self, wanted: Element, part: Component) -> bool:
        values = part.values(str(wanted.get("name", "")).upper())
        if wanted.find(_UNDEFINED) is not None:
            return not values
        if wanted.find(_RANGE) is not None:
            raise Refused(403, "C:supported-filter")
        text = wanted.find(_TEXT)
        if text is None:
            return bool(values)
        if not self.call.switches["text_search"]:
            self.call.switches.fire("text_search")
            return False
        negated = text.get("negate-condition") == "yes"
        return any((_holds(text, value)) != negated for value in values)


def _in_range(bounds: Element, found: CalendarObject, stored: Stored) -> bool:
    if bounds.get("start") is None and bounds.get("end") is None:
        raise Refused(403, "C:valid-filter")
    start, end = moment(bounds.get("start"), FIRST), moment(bounds.get("end"), LAST)
    plain = plain_span(found)
    if plain is not None:
        return overlap(plain, start, end)
    return takes_place(stored.body, start, end)


def _comp(wanted: Element, part: Component) -> bool:
    name = str(wanted.get("name", "")).upper()
    if wanted.find(_RANGE) is not None or name in KINDS:
        raise Refused(403, "C:supported-filter")
    there = any(inner.name == name for inner in part.inner)
    return there != (wanted.find(_UNDEFINED) is not None)


def _holds(wanted: Element, value: str) -> bool:
    collation = wanted.get("collation", "i;ascii-casemap")
    text = wanted.text or ""
    if collation == "i;octet":
        return text in value
    if collation not in ("i;ascii-casemap", "i;unicode-casemap", "default"):
        raise Refused(403, "C:supported-collation")
    return text.casefold() in value.casefold()
