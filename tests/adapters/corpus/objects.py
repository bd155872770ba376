"""iCalendar objects as RFC 5545 allows them, for properties that hold of every one: a strategy, and what it drew.

Lines are folded anywhere, names are in any case, components and parameters that nobody knows stand between those that
everybody knows. Not here: what is not allowed (hostile), what the adapter makes of them (the tests).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st

WINDOWS: Final = "W. Europe Standard Time"
OWN: Final = "Hall clock"
# TZID in the object, whether it brings its definition, and how the core calls it in a calendar of Berlin.
ZONES: Final = {
    "floating": (None, False, "Europe/Berlin"),
    "utc": ("", False, "UTC"),
    "iana": ("Europe/Berlin", True, "Europe/Berlin"),
    "far": ("America/New_York", False, "America/New_York"),
    "prefixed": ("/example.org/20260101_1/Australia/Lord_Howe", False, "Australia/Lord_Howe"),
    "windows": (WINDOWS, True, "Europe/Berlin"),
    "defined": (OWN, True, "UTC"),
}
ALL: Final = (*ZONES, "dates")
# Without exceptions, with exceptions, with one that stands for all that follow.
SHAPES: Final = ("single", "series", "exceptions", "shift")
_LETTERS: Final = st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff")
TEXTS: Final = st.text(st.one_of(_LETTERS, st.sampled_from('\n,;:\\"<b>&é\u0301😀 ')), max_size=40)
_PLAIN: Final = st.text(st.characters(whitelist_categories=["L", "Nd"]), min_size=1, max_size=8)
_NAMES: Final = st.from_regex(r"X-[A-Z]{2,4}-[A-Z0-9]{1,6}", fullmatch=True)
_KNOWN: Final = (
    "CLASS:PUBLIC", "PRIORITY:5", "GEO:52.5;13.4", "URL:https://example.org/?a=1;b=2,3",
    "CATEGORIES:Work,Sport\\, Yoga", "CREATED:20260101T000000Z", "COMMENT:A\\nB",
    "CONTACT;CN=\"B, A\":desk", "RELATED-TO;RELTYPE=PARENT:other",
    "ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:QUJD", "REQUEST-STATUS:2.0;Success", "RESOURCES:Mat",
)  # fmt: skip


@dataclass
class Drawn:
    """One object as text, and what stands in it: series, override, range, alarm, zone, dates, unknown, folded."""

    text: str
    zone: str
    kinds: frozenset[str] = field(default_factory=frozenset)


def escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def definition(zone: str) -> list[str]:
    """A VTIMEZONE with rules from long ago; that of OWN is a quarter of an hour beside all others."""
    tzid = ZONES[zone][0]
    if zone == "defined":
        onsets = [("STANDARD", "16010101T000000", "+0545", "+0545", "")]
    else:
        onsets = [
            ("STANDARD", "16011028T030000", "+0200", "+0100", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
            ("DAYLIGHT", "16010325T020000", "+0100", "+0200", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
        ]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}", "X-FROM:elsewhere"]
    for kind, begin, before, after, rule in onsets:
        told = [
            f"DTSTART:{begin}",
            f"TZOFFSETFROM:{before}",
            f"TZOFFSETTO:{after}",
            *([f"RRULE:{rule}"] if rule else []),
        ]
        lines += [f"BEGIN:{kind}", *told, f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


@dataclass(frozen=True)
class Times:
    """How one object writes its times. `zone`: one of ALL."""

    zone: str

    def line(self, name: str, at: datetime, params: str = "") -> str:
        if self.zone == "dates":
            return f"{name};VALUE=DATE{params}:{at:%Y%m%d}"
        tzid = ZONES[self.zone][0]
        named = f";TZID={tzid}" if tzid else ""
        return f"{name}{params}{named}:{self.value(at)}"

    def value(self, at: datetime) -> str:
        if self.zone == "dates":
            return f"{at:%Y%m%d}"
        return f"{at:%Y%m%dT%H%M%S}" + ("Z" if self.zone == "utc" else "")


@st.composite
def objects(draw: st.DrawFn, zone: str | None = None, shape: str | None = None) -> Drawn:
    """An object of one item, or a series, that lies within 2027. `zone`, `shape`: of ALL and SHAPES, else any."""
    kinds: set[str] = set()
    times = Times(zone or draw(st.sampled_from(ALL)))
    shape = shape or draw(st.sampled_from(SHAPES))
    start = datetime(2027, 1, 4) + timedelta(days=draw(st.integers(0, 300)), minutes=30 * draw(st.integers(0, 47)))  # noqa: DTZ001
    master = draw(_event(times, start, kinds))
    events = [master]
    if shape != "single":
        kinds.add("series")
        step = draw(st.sampled_from([1, 7]))
        master[-1:-1] = draw(_recurrence(times, start, step, kinds))
        least = 0 if shape == "series" else 1
        numbers = sorted(draw(st.sets(st.integers(1, 5), min_size=least, max_size=3 * least)))
        shift = draw(st.sampled_from(numbers)) if shape == "shift" else None
        days = [(start + timedelta(days=step * number), number == shift) for number in numbers]
        events += [draw(_override(times, day, kinds, follows=follows)) for day, follows in days]
    parts = [part for event in events for part in event]
    if draw(st.booleans()):
        kinds.add("unknown")
        parts += ["BEGIN:X-SHELF", draw(_unknown()), "BEGIN:X-INNER", "SUMMARY:inner", "END:X-INNER", "END:X-SHELF"]
    known = ZONES.get(times.zone)
    if known and known[1]:
        kinds.add("zone")
        parts = [*definition(times.zone), *parts] if draw(st.booleans()) else [*parts, *definition(times.zone)]
    head = ["VERSION:2.0", "PRODID:-//X//Y//EN", "CALSCALE:GREGORIAN", "X-WR-CALNAME:Anna\\, private"]
    lines = ["BEGIN:VCALENDAR", *draw(st.permutations(head)), *parts, "END:VCALENDAR"]
    return Drawn("".join(f"{draw(_folded(line, kinds))}\r\n" for line in lines), times.zone, frozenset(kinds))


@st.composite
def _event(draw: st.DrawFn, times: Times, start: datetime, kinds: set[str]) -> list[str]:
    """The lines of one VEVENT, BEGIN and END with them."""
    lines = ["UID:uid-of-one", "DTSTAMP:20260901T000000Z", times.line("DTSTART", start), *draw(_length(times, start))]
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
        if draw(st.booleans()):
            params = draw(st.sampled_from(["", ";LANGUAGE=de", ';X-P="a;b:c"']))
            lines.append(f"{name}{params}:{escaped(draw(TEXTS))}")
    single = ("TRANSP:OPAQUE", "TRANSP:TRANSPARENT", "STATUS:CONFIRMED", "STATUS:CANCELLED", "SEQUENCE:7", "SEQUENCE:0")
    lines += draw(st.lists(st.sampled_from(single), max_size=3, unique_by=lambda line: line.split(":")[0]))
    lines += draw(st.lists(st.sampled_from(_KNOWN), max_size=4, unique=True))
    lines += draw(st.lists(_unknown(), max_size=3))
    lines = draw(st.permutations(lines))
    if draw(st.booleans()):
        kinds.add("alarm")
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "SUMMARY:wake", "DESCRIPTION:up", "TRIGGER:-PT15M", "END:VALARM"]
    begin, end = draw(st.sampled_from([("BEGIN:VEVENT", "END:VEVENT"), ("Begin:VEvent", "end:vevent")]))
    return [begin, *lines, end]


@st.composite
def _length(draw: st.DrawFn, times: Times, start: datetime) -> list[str]:
    """DTEND, DURATION or neither."""
    days = draw(st.integers(0, 3))
    if times.zone == "dates":
        choices = [[times.line("DTEND", start + timedelta(days=days + 1))], [f"DURATION:P{days + 1}D"], []]
    else:
        choices = [[times.line("DTEND", start + timedelta(hours=3 * days))], [f"DURATION:PT{days}H30M"], []]
    return draw(st.sampled_from(choices))


@st.composite
def _recurrence(draw: st.DrawFn, times: Times, start: datetime, step: int, kinds: set[str]) -> list[str]:
    lines = [f"RRULE:FREQ={'DAILY' if step == 1 else 'WEEKLY'};COUNT=7"]
    if draw(st.booleans()):
        kinds.add("dates")
        gone = [times.value(start + timedelta(days=step * number)) for number in (0, 6)]
        added = [times.value(start + timedelta(days=step * 7 + number)) for number in (3, 5)]
        lines += [times.line("EXDATE", start).rpartition(":")[0] + ":" + ",".join(gone)]
        lines += [times.line("RDATE", start).rpartition(":")[0] + ":" + ",".join(added)]
    return draw(st.permutations(lines))


@st.composite
def _override(draw: st.DrawFn, times: Times, original: datetime, kinds: set[str], *, follows: bool) -> list[str]:
    moved = original + timedelta(hours=draw(st.sampled_from([0, 2])))
    lines = draw(_event(times, moved, kinds))
    kinds.add("override")
    if follows:
        kinds.add("range")
    params = ";RANGE=THISANDFUTURE" if follows else ""
    lines.insert(draw(st.integers(1, 3)), times.line("RECURRENCE-ID", original, params))
    return lines


@st.composite
def _unknown(draw: st.DrawFn) -> str:
    """A property that nobody knows, with parameters that nobody knows, plain, quoted and with several values."""
    value = draw(st.sampled_from(["", '"a;b:c,d"', '"a","b"', "plain", "a,b", "^n^^"]))
    params = f";{draw(_NAMES)}={value}" if value else ""
    return f"{draw(_NAMES)}{params}:{draw(_PLAIN)};{draw(_PLAIN)},:"


@st.composite
def _folded(draw: st.DrawFn, line: str, kinds: set[str]) -> str:
    """The line in pieces (RFC 5545, 3.1), cut at letters wherever it pleases."""
    if len(line) < 4 or draw(st.integers(0, 3)):
        return line
    kinds.add("folded")
    cuts = sorted(draw(st.sets(st.integers(1, len(line) - 1), min_size=1, max_size=3)))
    pieces = [line[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    return draw(st.sampled_from(["\r\n ", "\r\n\t"])).join(pieces)
