"""One stored object: its VEVENTs, the occurrences they stand for, and edits of one occurrence in place.

Expansion is bounded in time and number, whatever the object says.
Not here: the fields of a VEVENT (mapping), what a rule says (rules), the wire.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import recurring_ical_events
from icalendar import Calendar as SkeletonCalendar
from icalendar import Event as Skeleton
from icalendar import vDDDLists, vDDDTypes, vText

from adapters.apple import mapping, zones
from adapters.apple.ics import Component, Line, MalformedError, moment, parse, stamp
from adapters.apple.mapping import Start
from adapters.apple.rules import MAX_OCCURRENCES, bound, instant_of, never, rule_of
from adapters.apple.zones import Zones
from syncd.errors import Rejected, Stale
from syncd.model import Event, Field, Mark, Timed, When, Window

MAX_DATES: Final = 2000
# RFC 7986, 5.3 asks for 255 octets at most.
MAX_UID: Final = 1000
# Of occurrences that stand for all that follow: each moves the whole series, so each is a place to look at.
MAX_SHIFTS: Final = 20
_DAY: Final = timedelta(days=1)
# An override has these of its own, or none.
_NOT_INHERITED: Final = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "CREATED")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One block of time of an object. `rid`: its original start (see `rid_text`), None for an object that is one item.

    `local`: the original start as local text; `component`: the VEVENT that says what it is.
    """

    rid: str | None
    local: str | None
    when: When
    component: Component


class StoredObject:
    """A parsed object. `name`: its file name in the collection; `home`: the zone of floating times.

    Raises MalformedError when it cannot be used. An object without a VEVENT (a task) holds no items.
    """

    def __init__(self, text: str, name: str, home: str) -> None:
        self.name = name
        self.calendar = parse(text)
        self.zones = Zones(self.calendar, home)
        self.events = self.calendar.parts("VEVENT")
        if not self.events and not self.calendar.parts("VTODO") and not self.calendar.parts("VJOURNAL"):
            raise MalformedError("it holds no event")
        uids = {event.text("UID") for event in self.events}
        if len(uids) > 1:
            raise MalformedError("it holds several UIDs")
        self.uid = next(iter(uids), "") or ""
        if self.events and not self.uid:
            raise MalformedError("it has no UID")
        if len(self.uid) > MAX_UID:
            raise MalformedError("its UID is too long")
        masters = [event for event in self.events if event.line("RECURRENCE-ID") is None]
        self.master = max(masters, key=mapping.sequence_of) if masters else None
        self.overrides = [event for event in self.events if event.line("RECURRENCE-ID") is not None]
        self._check()
        self._query: Any = None

    @property
    def recurs(self) -> bool:
        rules = self.master is not None and bool(self.master.lines("RRULE") or self.master.lines("RDATE"))
        return rules or bool(self.overrides)

    @property
    def first(self) -> str | None:
        """For an object that we made and somebody has turned into a series: the occurrence that still is our item."""
        ours = self.uid == mapping.uid_of(self.name.removesuffix(".ics"))
        return rid_text(self._start(self.master).at) if ours and self.recurs and self.master else None

    def within(self, window: Window) -> list[Occurrence]:
        """The items that overlap the window. Raises MalformedError."""
        if not self.recurs:
            found = [self._single(self.master)] if self.master else []
        else:
            found = list(self._expanded(window.start - _DAY, window.end + _DAY))
        return [item for item in found if window.meets(item.when)]

    def find(self, rid: str | None) -> Occurrence | None:
        """The item with this original start, wherever it lies now; None: the item that an object of one item is."""
        if not self.recurs:
            return self._single(self.master) if rid is None and self.master else None
        wanted = self.first if rid is None else rid
        if wanted is None:
            return None
        read = moment(wanted)
        at = read if isinstance(read, datetime) else datetime(read.year, read.month, read.day, tzinfo=UTC)
        spans = [(at - _DAY * 2, at + _DAY * 2)]
        # An override may lie anywhere, and one for all that follow moves those too.
        spans += [(start - _DAY, start + _DAY) for start in self._moved_to(wanted, at)]
        found = (item for begin, end in spans for item in self._expanded(begin, end))
        return next((item for item in found if item.rid == wanted), None)

    def edit(self, rid: str | None, event: Event, mark: Mark | None, now: datetime) -> bool:
        """Write fields of one item into the object; whether that changed it. Raises Stale, Rejected."""
        item = self.find(rid)
        if item is None:
            raise Stale("the object does not hold this occurrence any more")
        changed = mapping.differing(event, mapping.event_from(item.component, item.when, _NOBODY))
        line = self._mark(item.component, mark)
        if not changed and line is None:
            return False
        target, status = self._target(item), item.component.word("STATUS")
        mapping.write_fields(self.calendar, target, event, changed, self.zones)
        if line is not None:
            target.put(line)
        mapping.touch(target, now, moved=bool(changed & _ORDERED) or target.word("STATUS") != status)
        self._add(target)
        self._query = None
        return True

    def _add(self, target: Component) -> None:
        """Keep a new override. Raises Rejected when we could not read the object with it."""
        if any(part is target for part in self.events):
            return
        if len(self.overrides) >= MAX_DATES:
            raise Rejected(f"it would hold more than {MAX_DATES} changed occurrences")
        for held in (self.calendar.items, self.events, self.overrides):
            held.append(target)

    def remove(self, rid: str | None, now: datetime) -> bool:
        """Take one occurrence out of the object; False when nothing of the object is left. Raises Stale."""
        item = self.find(rid)
        if item is None or item.rid is None:
            raise Stale("the object does not hold this occurrence any more")
        gone = [event for event in self.overrides if rid_text(self._rid(event).at) == item.rid]
        if any(_follows(event) for event in gone):
            raise Rejected("the occurrence stands for all that follow it")
        self.calendar.items = [part for part in self.calendar.items if not any(part is event for event in gone)]
        if self.master is None:
            return bool(self.calendar.parts("VEVENT"))
        if _dates(self.master, "EXDATE") >= MAX_DATES:
            raise Rejected(f"it would hold more than {MAX_DATES} of EXDATE")
        self.master.append(self._like_start("EXDATE", moment(item.rid)))
        mapping.touch(self.master, now, moved=True)
        return True

    # expansion

    def _check(self) -> None:
        if len(self.overrides) > MAX_DATES:
            raise MalformedError(f"it holds more than {MAX_DATES} changed occurrences")
        for event in self.events:
            if event.lines("EXRULE"):
                raise MalformedError("it recurs by EXRULE, which RFC 5545 no longer has")
            for name in ("EXDATE", "RDATE"):
                if _dates(event, name) > MAX_DATES:
                    raise MalformedError(f"it holds more than {MAX_DATES} of {name}")
        if sum(_follows(event) for event in self.overrides) > MAX_SHIFTS:
            raise MalformedError(f"it holds more than {MAX_SHIFTS} changes of all that follow")

    def _start(self, event: Component) -> Start:
        return mapping.span_of(event, self.zones)[0]

    def _rid(self, event: Component) -> Start:
        line = event.line("RECURRENCE-ID")
        if line is None:
            raise MalformedError("an occurrence has no RECURRENCE-ID")
        was = mapping.start_of(line, self.zones)
        if self.master is None:
            return was
        # Some clients name an occurrence by its day alone, or a day by an instant of it (RFC 5545, 3.8.4.4 forbids it).
        like = self._start(self.master)
        if isinstance(like.at, datetime) and not isinstance(was.at, datetime):
            return Start(datetime.combine(was.at, like.at.timetz()), like.zone)
        if isinstance(was.at, datetime) and not isinstance(like.at, datetime):
            return Start(was.zone.wall(was.at).date(), like.zone)
        return was

    def _single(self, event: Component) -> Occurrence:
        return Occurrence(None, None, mapping.when_from(*mapping.span_of(event, self.zones)), event)

    def _moved_to(self, rid: str, at: datetime) -> Iterator[datetime]:
        for name, event in self._chosen().items():
            start, was = self._start(event).at, self._rid(event).at
            if name == rid:
                yield instant_of(start)
            elif _follows(event):
                yield at + (instant_of(start) - instant_of(was))

    def _expanded(self, begin: datetime, end: datetime) -> Iterator[Occurrence]:
        if self.master is not None:
            bound(self.master, mapping.span_of(self.master, self.zones), begin, end)
        if self._query is None:
            self._query = recurring_ical_events.of(self._skeletons())
        seen = set()
        for number, found in enumerate(self._query.between(begin, end)):
            if number >= MAX_OCCURRENCES:
                raise MalformedError(f"it has more than {MAX_OCCURRENCES} occurrences")
            item = self._occurrence(found)
            if item.rid not in seen:
                seen.add(item.rid)
                yield item

    def _chosen(self) -> dict[str, Component]:
        """The overrides that count, by their original start: of several for one, the last of the highest sequence."""
        chosen: dict[str, Component] = {}
        for event in sorted(self.overrides, key=mapping.sequence_of):
            chosen[rid_text(self._rid(event).at)] = event
        return chosen

    def _skeletons(self) -> SkeletonCalendar:
        counted = {id(event) for event in (self.master, *self._chosen().values())}
        skeleton = SkeletonCalendar()
        for number, event in enumerate(self.events):
            if id(event) in counted:
                skeleton.add_component(self._skeleton(event, number))
        return skeleton

    def _occurrence(self, found: Any) -> Occurrence:
        component = self.events[int(found["X-SOURCE"])]
        start = Start(found["DTSTART"].dt, self._start(component).zone)
        original = start
        if component.line("RECURRENCE-ID") is not None:
            was = self._rid(component)
            original = was
            if _follows(component):
                original = Start(start.at - (self._start(component).at - was.at), was.zone)  # type: ignore[operator]
        when = mapping.when_from(start, found["DTEND"].dt)
        return Occurrence(rid_text(original.at), local_text(original), when, component)

    def _skeleton(self, event: Component, number: int) -> Skeleton:
        """A copy for the library with times resolved by us and nothing that it need not know."""
        start, end = mapping.span_of(event, self.zones)
        copy = Skeleton()
        copy["UID"], copy["X-SOURCE"] = vText("series"), vText(str(number))
        copy["SEQUENCE"] = mapping.sequence_of(event)
        copy["DTSTART"], copy["DTEND"] = vDDDTypes(start.at), vDDDTypes(end)
        if event.line("RECURRENCE-ID") is not None:
            copy["RECURRENCE-ID"] = vDDDTypes(self._rid(event).at)
            if _follows(event):
                copy["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
            return copy
        rules = [rule for line in event.lines("RRULE") if not never(rule := rule_of(line, start), start)]
        if rules:
            copy["RRULE"] = rules
        for name in ("RDATE", "EXDATE"):
            dates = [self._date(value, line) for line in event.lines(name) for value in line.value.split(",") if value]
            if dates:
                copy[name] = vDDDLists(dates)
        return copy

    def _date(self, value: str, line: Line) -> Any:
        first, slash, last = value.partition("/")
        start = mapping.start_from(first, line.params.get("TZID"), self.zones)
        if not slash:
            return start.at
        if last[:1] in ("P", "+"):
            return start.at, mapping.end_after(start, last)
        return start.at, mapping.start_from(last, line.params.get("TZID"), self.zones).at

    # editing

    def _target(self, item: Occurrence) -> Component:
        """The VEVENT to write: the one item itself, an override that is there, or a new one."""
        if item.rid is None or (item.component.line("RECURRENCE-ID") is not None and not _follows(item.component)):
            return item.component
        if item.component is not self.master and rid_text(self._rid(item.component).at) == item.rid:
            raise Rejected("the occurrence stands for all that follow it")
        override = item.component.copy()
        override.drop(*_NOT_INHERITED)
        if self.master is None:
            mapping.put_when(self.calendar, override, item.when, self.zones)
        else:
            for name, end in (("DTSTART", False), ("DTEND", True)):
                override.put(self._like_start(name, _edge(item.when, end=end)))
            override.append(self._like_start("RECURRENCE-ID", moment(item.rid)))
        return override

    def _mark(self, shown: Component, mark: Mark | None) -> Line | None:
        """Our mark where the item has one, be it by its names alone; None when it need not be written."""
        if mark is None or mapping.mark_from(shown, self.uid, self.name, "") is None:
            return None
        line, former = mapping.mark_line(mark), shown.line(mapping.MARK)
        return None if former is not None and former.value == line.value else line

    def _like_start(self, name: str, at: date | datetime) -> Line:
        """A time in the same kind, zone and spelling as the master's DTSTART (RFC 5545, 3.8.4.4)."""
        like = self.master.line("DTSTART") if self.master else None
        if like is None:
            raise Stale("the object has no series any more")
        if not isinstance(at, datetime):
            return Line.make(name, zones.day(at), {"VALUE": "DATE"})
        start = mapping.start_of(like, self.zones)
        tzid = like.params.get("TZID")
        if like.value.strip().upper().endswith("Z"):
            return Line.make(name, stamp(at))
        return Line.make(name, f"{start.zone.wall(at):%Y%m%dT%H%M%S}", {"TZID": tzid} if tzid else None)


_NOBODY: Final = mapping.Owner(frozenset(), "")
# Changes by which clients tell a newer version of an item from an older one.
_ORDERED: Final = frozenset({Field.WHEN, Field.LOCATION})


def rid_text(at: date | datetime) -> str:
    """An original start as it stands in refs: `20261120T090000Z`, or `20261120` for a date."""
    return stamp(at) if isinstance(at, datetime) else zones.day(at)


def local_text(start: Start) -> str:
    """An original start as local text without an offset, or a date (ISO 8601)."""
    if isinstance(start.at, datetime):
        return start.zone.wall(start.at).isoformat()
    return start.at.isoformat()


def _follows(event: Component) -> bool:
    line = event.line("RECURRENCE-ID")
    return line is not None and line.params.get("RANGE", "").upper() == "THISANDFUTURE"


def _dates(event: Component, name: str) -> int:
    return sum(line.value.count(",") + 1 for line in event.lines(name))


def _edge(when: When, *, end: bool) -> date | datetime:
    match when:
        case Timed():
            return when.end if end else when.start
        case _:
            return when.until if end else when.first
