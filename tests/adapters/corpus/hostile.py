"""Objects that nobody means, or that somebody means ill: bytes by name, and the reason for which each is set aside.

Each holds SECRET where people write, which no reason, error or log may repeat. Not here: what is odd and legal
(test_apple_content), objects of ordinary shape (objects).
"""

from typing import Final

from tests.adapters.apple_world import ics

SECRET: Final = "Anna-Geheim"
START: Final = "DTSTART:20270104T090000Z"
_DATES: Final = "EXDATE;VALUE=DATE:"
OFTEN = "it recurs too often"
NO_ZONE = "its time zone is unknown"
LARGE = "larger than 1 MiB"
NO_DATE = "a date cannot be read"
NO_OBJECT = "not an iCalendar object"
NO_RULE = "it recurs by EXRULE, which RFC 5545 no longer has"
UNUSABLE = "its time zone cannot be used"
MANY = "it holds more than 2000 of "


def single(*lines: str) -> str:
    return ics(f"SUMMARY:{SECRET}", *lines)


def series(rule: str, *lines: str) -> str:
    return single(START, "DTEND:20270104T100000Z", f"RRULE:{rule}", *lines)


def with_events(count: int, *, params: str = "", start: str = "20270105T{:02}0000Z", uid: str = "uid-1") -> str:
    """A daily series with so many exceptions; `{}` in `start`: the number of the exception, within a day."""
    event = "BEGIN:VEVENT\r\nUID:{}\r\nRECURRENCE-ID{}:{}\r\nDTSTART:{}\r\nEND:VEVENT\r\n"
    made = "".join(
        event.format(uid, params, start.format(number % 24), f"20270106T{number % 24:02}{number % 60:02}00Z")
        for number in range(count)
    )
    return series("FREQ=DAILY").replace("END:VCALENDAR", f"{made}END:VCALENDAR")


def in_zone(*onsets: str, tzid: str = f"{SECRET} clock") -> str:
    """An event in a zone that the object defines by these lines."""
    text = single(f"DTSTART;TZID={tzid}:20270104T090000", f"DTEND;TZID={tzid}:20270104T100000")
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}", *onsets, "END:VTIMEZONE"]
    return text.replace("BEGIN:VEVENT", "\r\n".join(lines) + "\r\nBEGIN:VEVENT")


def onset(*lines: str, begin: str = "19700101T000000") -> str:
    told = (f"DTSTART:{begin}", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", *lines)
    return "\r\n".join(["BEGIN:STANDARD", *told, "END:STANDARD"])


def _nested(depth: int) -> str:
    return single(START).replace("END:VEVENT", "BEGIN:X-A\r\n" * depth + "END:X-A\r\n" * depth + "END:VEVENT")


_GOOD: Final = single(START)
_MINUTES: Final = ",".join(str(minute) for minute in range(60))

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "empty": ("", NO_OBJECT),
    "a-page": (f"<html><title>{SECRET}</title></html>", NO_OBJECT),
    "another-kind": (f"BEGIN:VCARD\r\nFN:{SECRET}\r\nEND:VCARD\r\n", NO_OBJECT),
    "two-objects": (_GOOD + _GOOD, NO_OBJECT),
    "truncated": (_GOOD[: _GOOD.index("END:VEVENT")], "the object breaks off"),
    "truncated-in-a-line": (_GOOD[: _GOOD.index("SUMMARY") + 9], "the object breaks off"),
    "crossed": (_GOOD.replace("END:VEVENT", "END:VTODO"), "BEGIN and END do not match"),
    "nested": (_nested(1000), "components are nested too deeply"),
    "20-mb": (single(START, *[f"X-A:{SECRET * 5}"] * 320_000), LARGE),
    "a-line-of-10-mb": (single(START, f"DESCRIPTION:{SECRET}{'x' * (10 << 20)}"), LARGE),
    "lines-without-end": (single(START, *["EXDATE:"] * 100_000), "too many lines"),
    "no-event": (f"BEGIN:VCALENDAR\r\nX-WR-CALNAME:{SECRET}\r\nEND:VCALENDAR\r\n", "it holds no event"),
    "no-uid": (_GOOD.replace("UID:uid-1\r\n", ""), "it has no UID"),
    "two-uids": (with_events(1, uid="uid-2"), "it holds several UIDs"),
    "endless-uid": (ics(START, uid=SECRET * 10_000), "its UID is too long"),
    "no-start": (single(), "it has no start"),
    "no-such-date": (single("DTSTART:20270230T090000Z"), NO_DATE),
    "no-date": (single(f"DTSTART:{SECRET}"), NO_DATE),
    "year-0": (single("DTSTART:00000101T090000Z"), NO_DATE),
    "year-10000": (single("DTSTART:100000101T090000Z"), NO_DATE),
    "past-the-last-year": (single("DTSTART;VALUE=DATE:99991231"), "it cannot be read (OverflowError)"),
    "ends-before-it-starts": (single(START, "DTEND:20270104T080000Z"), "it ends before it starts"),
    "a-date-and-a-time": (single(START, "DTEND;VALUE=DATE:20270105"), "its start and its end are of different kinds"),
    "negative-duration": (single(START, "DURATION:-P1W"), "its duration cannot be read"),
    "duration-without-end": (single(START, "DURATION:P99999999W"), "its duration cannot be read"),
    "duration-of-ages": (single(START, "DURATION:P9999999D"), "it cannot be read (OverflowError)"),
    "by-the-second": (series("FREQ=SECONDLY"), OFTEN),
    "by-the-minute": (series("FREQ=MINUTELY;INTERVAL=7"), OFTEN),
    "by-all-seconds": (series(f"FREQ=YEARLY;BYMINUTE={_MINUTES};BYSECOND={_MINUTES}"), OFTEN),
    "hourly-for-ages": (single("DTSTART:19000101T000000Z", "RRULE:FREQ=HOURLY;BYHOUR=9"), OFTEN),
    "daily-for-ages": (single("DTSTART:10000101T000000Z", "RRULE:FREQ=DAILY"), OFTEN),
    "long-and-daily": (single("DTSTART:19500101T000000Z", "DURATION:P30000D", "RRULE:FREQ=DAILY"), OFTEN),
    "rule-without-end": (series("FREQ=YEARLY;BYYEARDAY=" + ",".join(["1"] * 3000)), "its rule is too long"),
    "rule-of-nothing": (series(f"FREQ={SECRET}"), "it cannot be read (ValueError)"),
    "rule-of-no-interval": (series("FREQ=DAILY;INTERVAL=0"), "its rule has no interval"),
    "rule-of-two-ends": (series("FREQ=DAILY;COUNT=3;UNTIL=20270110T000000Z"), "its rule has two ends"),
    "rule-backwards": (series("FREQ=DAILY;INTERVAL=-1"), "its rule has no interval"),
    "rules-without-end": (series("FREQ=DAILY", *["RRULE:FREQ=WEEKLY"] * 500), "it has more than 2 rules"),
    "rule-of-exceptions": (series("FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), NO_RULE),
    "100000-exdates": (series("FREQ=DAILY", _DATES + ",".join(["20270105"] * 100_000)), MANY + "EXDATE"),
    "5000-exdate-lines": (series("FREQ=DAILY", *[f"{_DATES}20270105"] * 5000), MANY + "EXDATE"),
    "3000-rdates": (series("FREQ=DAILY", "RDATE:" + ",".join(["20270105T110000Z"] * 3000)), MANY + "RDATE"),
    "3000-overrides": (with_events(3000), "it holds more than 2000 changed occurrences"),
    "100-shifts": (with_events(100, params=";RANGE=THISANDFUTURE"), "it holds more than 20 changes of all that follow"),
    "zone-of-nowhere": (single(f"DTSTART;TZID={SECRET}:20270104T090000"), NO_ZONE),
    "zone-without-end": (single(f"DTSTART;TZID={SECRET * 40_000}:20270104T090000"), NO_ZONE),
    "zone-by-the-minute": (in_zone(onset("RRULE:FREQ=MINUTELY")), NO_ZONE),
    "zone-by-all-minutes": (in_zone(onset(f"RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE={_MINUTES}")), NO_ZONE),
    "zone-in-disguise": (in_zone(onset("RRULE:FREQ=SECONDLY;X-FREQ=YEARLY")), NO_ZONE),
    "zone-twice-told": (in_zone(onset("RRULE:FREQ=SECONDLY;FREQ=YEARLY")), NO_ZONE),
    "zone-for-ages": (in_zone(*[onset("RRULE:FREQ=YEARLY", begin="00010101T000000")] * 100), NO_ZONE),
    "zone-without-offsets": (in_zone("BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD"), UNUSABLE),
}  # fmt: skip
BYTES: Final[dict[str, tuple[bytes, str]]] = {
    "not-utf-8": (_GOOD.replace(SECRET, f"{SECRET} \u00fc").encode("latin-1"), "it is not UTF-8"),
    "utf-16": (_GOOD.encode("utf-16"), "it is not UTF-8"),
    "half-a-letter": (_GOOD.encode().replace(SECRET.encode(), SECRET.encode() + b"\xf0\x9f\x98"), "it is not UTF-8"),
}
CORPUS: Final[dict[str, tuple[bytes, str]]] = {
    **{name: (text.encode(), reason) for name, (text, reason) in TEXTS.items()},
    **BYTES,
}
