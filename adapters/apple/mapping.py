"""One VEVENT ↔ the fields of the core: texts, times, busy, guests, our mark. Pure.

Not here: which VEVENTs an object holds and how they recur (series), the text of lines (ics).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote

from adapters.apple import zones
from adapters.apple.ics import Component, Line, MalformedError, clean, escaped, moment, parse, stamp
from adapters.apple.zones import Zone, Zones
from syncd.model import UNSEEN, AllDay, Event, Field, Kind, Mark, Timed, Traits, Value, When, identical
from syncd.ports import Draft

MARK: Final = "X-SYNCD-MARK"
UID_DOMAIN: Final = "syncd"
LIMITS: Final[Mapping[Field, int]] = {Field.DESCRIPTION: 8000}
KEY: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_LETTERS: Final = {"W": Field.WHEN, "T": Field.TITLE, "D": Field.DESCRIPTION, "L": Field.LOCATION, "B": Field.BUSY}
_TEXTS: Final = {Field.TITLE: "SUMMARY", Field.DESCRIPTION: "DESCRIPTION", Field.LOCATION: "LOCATION"}
_DURATION: Final = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account it is: the calendar addresses, in lower case and with their scheme; and which bridge we are."""

    addresses: frozenset[str]
    bridge: str
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """Where a property stands in time: a date, or a wall time in a zone."""

    at: date | datetime  # a plain date, or an aware datetime in `zone.tz`
    zone: Zone

    @property
    def timed(self) -> bool:
        return isinstance(self.at, datetime)


def start_of(line: Line, known: Zones) -> Start:
    """The time of a DTSTART, DTEND, RECURRENCE-ID. Raises MalformedError."""
    return start_from(line.value, line.params.get("TZID"), known)


def start_from(value: str, tzid: str | None, known: Zones) -> Start:
    """The time of one value with the TZID beside it. Raises MalformedError."""
    read = moment(value)
    if not isinstance(read, datetime):
        return Start(read, known.home)
    if read.tzinfo is not None:
        return Start(read, Zone("UTC", UTC))
    zone = known[tzid]
    return Start(read.replace(tzinfo=zone.tz), zone)


def span_of(event: Component, known: Zones) -> tuple[Start, date | datetime]:
    """Start and exclusive end, both dates or both aware. Raises MalformedError."""
    first = event.line("DTSTART")
    if first is None:
        raise MalformedError("it has no start")
    start = start_of(first, known)
    last, length = event.line("DTEND"), event.line("DURATION")
    if last is not None:
        end = start_of(last, known).at
    elif length is not None:
        end = end_after(start, length.value)
    else:
        end = start.at if start.timed else start.at + timedelta(days=1)
    if isinstance(end, datetime) is not start.timed:
        raise MalformedError("its start and its end are of different kinds")
    if not start.timed and end == start.at:
        # Some clients write an all-day event of one day with DTEND = DTSTART.
        end = start.at + timedelta(days=1)
    if end < start.at:
        raise MalformedError("it ends before it starts")
    return start, end


def end_after(start: Start, value: str) -> date | datetime:
    """The end by a DURATION: days and weeks are nominal, the rest is exact (RFC 5545, 3.3.6)."""
    found = _DURATION.fullmatch(value.strip().upper())
    if found is None or max(len(part or "") for part in found.groups()) > 7:
        raise MalformedError("its duration cannot be read")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    nominal = start.at + timedelta(days=weeks * 7 + days)
    if isinstance(nominal, datetime):
        return (nominal.astimezone(UTC) + exact).astimezone(start.zone.tz) if exact else nominal
    return nominal + timedelta(days=-(-exact // timedelta(days=1)))


def when_from(start: Start, end: date | datetime) -> When:
    """The interval of the core: instants in UTC with the zone's name, or dates."""
    if isinstance(start.at, datetime) and isinstance(end, datetime):
        first, last = start.at.astimezone(UTC), end.astimezone(UTC)
        if last < first:
            raise MalformedError("it ends before it starts")
        return Timed(first, last, start.zone.name)
    return AllDay(start.at, end)


def event_from(component: Component, when: When, owner: Owner) -> Event:
    """The canonical fields of one VEVENT at one time."""
    texts = {field: component.text(name) for field, name in _TEXTS.items()}
    free = component.word("TRANSP") == "TRANSPARENT" or component.word("STATUS") == "CANCELLED"
    busy = not free and not _declined(component, owner)
    return Event(when=when, busy=busy).put(texts)


def traits_from(component: Component, uid: str, name: str, owner: Owner) -> Traits:
    """What the object says of one item beside its fields; series and original start are left to the caller."""
    organizer = component.line("ORGANIZER")
    created = component.line("CREATED")
    return Traits(
        uid=uid,
        group=name,
        kind=Kind.ORDINARY if owner.writable else Kind.FIXED,
        own=organizer is None or bool(_addresses(organizer) & owner.addresses),
        private=component.word("CLASS") in ("PRIVATE", "CONFIDENTIAL"),
        guests=any(not _addresses(line) & owner.addresses for line in component.lines("ATTENDEE")),
        mark=mark_from(component, uid, name, owner.bridge),
        created=None if created is None else _instant(created.value),
    )


def _declined(component: Component, owner: Owner) -> bool:
    return any(
        line.params.get("PARTSTAT", "").upper() == "DECLINED" and bool(_addresses(line) & owner.addresses)
        for line in component.lines("ATTENDEE")
    )


def _addresses(line: Line) -> frozenset[str]:
    named = line.params.get("EMAIL")
    return frozenset({line.value.strip().lower(), *([f"mailto:{named.lower()}"] if named else [])})


def _instant(value: str) -> datetime | None:
    try:
        read = moment(value)
    except MalformedError:
        return None
    return read if isinstance(read, datetime) and read.tzinfo is not None else None


def mark_from(component: Component, uid: str, name: str, bridge: str) -> Mark | None:
    """Our mark. Where an app has dropped the property, file name and UID under one key still say that it is ours."""
    line = component.line(MARK)
    parts = (line.value if line else "").replace("\\", "").split(";")
    if len(parts) == 6 and parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 10:
        whose, generation, key, digest, letters, original = (unquote(part) for part in parts)
        fields = frozenset(_LETTERS[letter] for letter in letters if letter in _LETTERS)
        return Mark(whose, int(generation), key, digest, original or None, overridden=fields)
    key = name.removesuffix(".ics")
    if key != name and uid == uid_of(key):
        return Mark(bridge, 1, key, "")
    return None


def mark_line(mark: Mark) -> Line:
    """The property that carries our mark; percent-encoded, so that no server's escaping changes it."""
    letters = "".join(letter for letter, field in _LETTERS.items() if field in mark.overridden)
    parts = [mark.bridge, str(mark.generation), mark.key, mark.digest, letters, mark.original or ""]
    return Line.make(MARK, ";".join(quote(part, safe="") for part in parts))


def uid_of(key: str) -> str:
    return f"{key}@{UID_DOMAIN}"


def new_object(draft: Draft, now: datetime) -> Component:
    """The object for a new item: no METHOD, no ORGANIZER, no ATTENDEE, no VALARM, an explicit DTEND.

    Raises MalformedError when the draft has no time.
    """
    shell = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//syncd//syncd//EN\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR"
    calendar = parse(shell)
    event = calendar.parts("VEVENT")[0]
    if draft.event.when is UNSEEN:
        raise MalformedError("it has no start")
    for name, value in (("UID", uid_of(draft.key)), ("CREATED", stamp(now)), ("SEQUENCE", "0")):
        event.append(Line.make(name, value))
    put_when(calendar, event, draft.event.when, Zones(calendar, "UTC"))
    for field in _TEXTS:
        _put_text(event, field, draft.event.get(field))
    event.append(Line.make("TRANSP", "TRANSPARENT" if draft.event.busy is False else "OPAQUE"))
    event.append(mark_line(draft.mark))
    touch(event, now)
    return calendar


def touch(event: Component, now: datetime, *, moved: bool = False) -> None:
    """Say that the item has changed; `moved`: its time has, so clients must order by SEQUENCE (RFC 5545, 3.8.7.4)."""
    event.put(Line.make("DTSTAMP", stamp(now)))
    event.put(Line.make("LAST-MODIFIED", stamp(now)))
    if moved:
        event.put(Line.make("SEQUENCE", str(sequence_of(event) + 1)))


def sequence_of(event: Component) -> int:
    word = event.word("SEQUENCE")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0


def differing(wanted: Event, shown: Event) -> frozenset[Field]:
    """The given fields that say something else than what is shown."""
    given = [field for field in Field if wanted.get(field) is not UNSEEN]
    return frozenset(field for field in given if not _alike(wanted.get(field), shown.get(field)))


def write_fields(calendar: Component, event: Component, wanted: Event, fields: frozenset[Field], known: Zones) -> None:
    """Write these fields into a VEVENT; everything else stays as it is."""
    for field in Field:
        if field not in fields:
            continue
        value = wanted.get(field)
        if isinstance(value, Timed | AllDay):
            put_when(calendar, event, value, known)
        elif field is Field.BUSY:
            event.put(Line.make("TRANSP", "OPAQUE" if value else "TRANSPARENT"))
            if value and event.word("STATUS") == "CANCELLED":
                event.put(Line.make("STATUS", "CONFIRMED"))
        else:
            _put_text(event, field, value)


def _alike(value: Value, shown: Value) -> bool:
    """Whether a value says what is shown already: texts as the core compares them, composed and stripped."""
    if isinstance(value, str) or isinstance(shown, str):
        return _compared(value) == _compared(shown)
    return identical(value, shown)


def _compared(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", clean(value) or "").strip() or None


def _put_text(event: Component, field: Field, value: object) -> None:
    name = _TEXTS[field]
    text = clean(value)[: LIMITS.get(field)] if isinstance(value, str) and clean(value) else None  # type: ignore[index]
    if text is None:
        event.drop(name)
        return
    former = event.line(name)
    # An ALTREP names another form of the old text; a parameter with several quoted values is no parameter of a text.
    kept = former.params.items() if former else ()
    params = {key: param for key, param in kept if key != "ALTREP" and '"' not in param}
    event.put(Line.make(name, escaped(text), params))


def put_when(calendar: Component, event: Component, when: When, known: Zones) -> None:
    """Set DTSTART and DTEND. A TZID that the event uses already goes on to be used when it means the same zone."""
    event.drop("DURATION")
    if isinstance(when, AllDay):
        for name, day in (("DTSTART", when.first), ("DTEND", when.until)):
            _put_edge(event, Line.make(name, zones.day(day), {"VALUE": "DATE"}))
        return
    former = event.line("DTSTART")
    tzid = former.params.get("TZID") if former else None
    for name, instant in (("DTSTART", when.start), ("DTEND", when.end)):
        _put_edge(event, _timed_line(name, instant, when.tzid, (tzid, known)))
    for line in (event.line("DTSTART"), event.line("DTEND")):
        _define(calendar, line.params.get("TZID") if line else None, when.start.year)


def _put_edge(event: Component, line: Line) -> None:
    """Set DTSTART or DTEND, unless the one that is there says the same in its own spelling."""
    former = event.line(line.name)
    if former is None or former.params.get("TZID") != line.params.get("TZID") or not _same_moment(former, line):
        event.put(line)


def _same_moment(one: Line, other: Line) -> bool:
    try:
        return moment(one.value) == moment(other.value)
    except MalformedError:
        return False


def _timed_line(name: str, instant: datetime, tzid: str, former: tuple[str | None, Zones]) -> Line:
    used, known = former
    if used is not None:
        try:
            zone = known[used]
        except MalformedError:
            zone = None
        wall = zone.wall(instant) if zone and zone.name == tzid else None
        if zone and wall and zone.instant(wall) == instant.astimezone(UTC):
            return Line.make(name, f"{wall:%Y%m%dT%H%M%S}", {"TZID": used})
    value, written = zones.written(instant, tzid)
    return Line.make(name, value, {"TZID": written} if written else None)


def _define(calendar: Component, tzid: str | None, year: int) -> None:
    """Add the VTIMEZONE that a TZID needs in the same object (RFC 5545, 3.6.5)."""
    present = {part.text("TZID") for part in calendar.parts("VTIMEZONE")}
    zone = None if tzid is None else zones.iana(tzid)
    if zone is None or tzid in present:
        return
    at = next((i for i, item in enumerate(calendar.items) if isinstance(item, Component)), len(calendar.items))
    part = zones.definition(zone.name, year).copy()
    if tzid != zone.name:
        part.put(Line.make("TZID", tzid or ""))
    calendar.items.insert(at, part)
