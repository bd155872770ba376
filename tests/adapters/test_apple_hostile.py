"""Objects and answers that are malformed, or made to hurt: set aside with a reason, for little work, and alone.

Work is counted in calls of functions, not by clocks; memory and time have a limit of the system's in a process of its
own. Not here: objects that are odd and legal (test_apple_content), faults of servers (test_apple_reading).
"""

import json
import logging
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.apple.multistatus import NotXmlError, parsed
from adapters.apple.reading import Seen, opened, seen, sought
from adapters.apple.series import MAX_DATES, StoredObject
from adapters.apple.zones import Zones
from syncd.errors import Rejected
from syncd.model import Broken, ChangeSet, Event, Gone, Ref, Timed
from tests.adapters.apple_world import LOOK, NOW, WINDOW, body, ics, stored
from tests.adapters.corpus.hostile import CORPUS, SECRET, START, TEXTS, in_zone, onset, series, single, with_events
from tests.adapters.corpus.objects import Drawn, objects
from tests.adapters.corpus.shelf import Shelf, on
from tests.proving import PROVE

T = TypeVar("T")
# Some seconds of one core; an ordinary object takes a few thousand.
MOST_CALLS: Final = 3_000_000
# An object of 1 MiB in the shortest lines that there are takes half of this.
MOST_BYTES: Final = 32 << 20
GOOD: Final = {f"good-{number}.ics": ics(START, f"SUMMARY:Good {number}", uid=f"g{number}") for number in range(3)}
CHILD_BYTES: Final = 1 << 30
CHILD_SECONDS: Final = 100
many = settings(
    max_examples=3000 if PROVE else 60,
    deadline=None,
    derandomize=not PROVE,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def counted(work: Callable[[], T]) -> tuple[int, T]:
    """How many functions were called, those written in C too, and what came of it."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = work()
    finally:
        sys.setprofile(before)
    return calls, result


def read_one(text: str) -> Seen | Broken:
    calls, (found,) = counted(lambda: seen(LOOK, {"a.ics": body(text)}, WINDOW))
    assert calls < MOST_CALLS
    return found


async def read_all(objects_held: dict[str, bytes], **spoilt: bytes) -> tuple[ChangeSet, list[str]]:
    shelf = Shelf(objects_held, **spoilt)
    account, calendar = on(shelf)
    try:
        return await calendar.read(WINDOW), shelf.asked
    finally:
        await account.aclose()


def titles(changes: ChangeSet) -> list[str]:
    return sorted(str(item.event.title) for item in changes.observations)


# objects


@pytest.mark.parametrize("name", TEXTS)
def test_an_object_is_set_aside_with_its_reason_for_little_work(name: str) -> None:
    text, reason = TEXTS[name]
    assert read_one(text) == Broken("a.ics", reason, '"1"')
    assert SECRET not in reason


def test_no_object_takes_more_memory_than_a_few_times_the_largest_that_is_read() -> None:
    peaks = {}
    tracemalloc.start()
    try:
        for name, (text, _) in TEXTS.items():
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            seen(LOOK, {"a.ics": body(text)}, WINDOW)
            peaks[name] = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert {name: peak for name, peak in peaks.items() if peak > MOST_BYTES} == {}


async def test_a_calendar_full_of_them_gives_all_that_is_good_and_a_reason_for_each_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held = {f"{name}.ics": text for name, (text, _) in CORPUS.items() if len(text) < 1 << 21}
    assert len(held) > 50
    with caplog.at_level(logging.DEBUG):
        changes, _ = await read_all({**held, **{name: text.encode() for name, text in GOOD.items()}})
    assert titles(changes) == ["Good 0", "Good 1", "Good 2"]
    assert {one.group: one.reason for one in changes.broken} == {name: CORPUS[name[:-4]][1] for name in held}
    assert changes.listed == frozenset({*held, *GOOD})
    assert SECRET not in repr(changes) + caplog.text


def test_the_whole_corpus_fits_into_a_process_of_small_means() -> None:
    """Objects of 10 and 20 MB too; what it writes to its outputs is counts and reasons alone."""
    script = (
        "import asyncio, json, resource\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({CHILD_BYTES}, {CHILD_BYTES}))\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({CHILD_SECONDS}, {CHILD_SECONDS}))\n"
        "from tests.adapters.corpus.hostile import CORPUS\n"
        "from tests.adapters.test_apple_hostile import GOOD, read_all, titles\n"
        "held = {f'{name}.ics': text for name, (text, _) in CORPUS.items()}\n"
        "held |= {name: text.encode() for name, text in GOOD.items()}\n"
        "changes, _ = asyncio.run(read_all(held))\n"
        "print(json.dumps([titles(changes), {one.group[:-4]: one.reason for one in changes.broken}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [
        ["Good 0", "Good 1", "Good 2"],
        {name: reason for name, (_, reason) in CORPUS.items()},
    ]


@many
@given(objects(), st.data())
def test_an_object_that_broke_anywhere_is_read_or_set_aside_and_never_more(drawn: Drawn, data: st.DataObject) -> None:
    """Cut, doubled, turned around and written over: each way ends in items or in a reason."""
    text = drawn.text
    for _ in range(data.draw(st.integers(1, 3))):
        begin, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        piece = data.draw(st.sampled_from(["", text[begin:end] * 2, text[begin:end][::-1], "99999999", ":;,=", "\r\n"]))
        text = text[:begin] + piece + text[end:]
    (found,) = seen(LOOK, {"a.ics": body(text)}, WINDOW)
    assert isinstance(found, Seen | Broken)


# much of what is legal by itself


def test_a_thousand_exceptions_for_one_date_are_one_occurrence_and_cost_one_look() -> None:
    """The last of the highest SEQUENCE counts, whether it is read, looked for or gone."""
    text = with_events(1999, start="20270105T090000Z")
    last = "BEGIN:VEVENT\r\nUID:uid-1\r\nRECURRENCE-ID:20270105T090000Z\r\nSEQUENCE:{}\r\nDTSTART:20270107T220000Z\r\n"
    text = text.replace("END:VCALENDAR", last.format(1) + "SUMMARY:Counts\r\nEND:VEVENT\r\nEND:VCALENDAR")
    found = read_one(text)
    assert isinstance(found, Seen), found
    assert [item.event.title for item in found.observations if item.ref.id.endswith("#20270105T090000Z")] == ["Counts"]
    for rid, gone in (("20270105T090000Z", False), ("20270105T091500Z", True)):
        calls, item = counted(lambda rid=rid: sought(LOOK, Ref("cal/", f"a.ics#{rid}"), stored(text), body(text)))  # type: ignore[misc]
        assert calls < MOST_CALLS
        assert (item.absence is not None and item.absence.kind is Gone.GONE) is gone


def test_shifts_up_to_the_bound_are_looked_through_for_what_is_gone() -> None:
    text = with_events(20, params=";RANGE=THISANDFUTURE", start="20270105T{:02}0000Z")
    calls, item = counted(lambda: sought(LOOK, Ref("cal/", "a.ics#20270105T091500Z"), stored(text), body(text)))
    assert calls < MOST_CALLS
    assert item.absence is not None
    assert item.absence.kind is Gone.GONE


def test_two_occurrences_that_have_changed_places_are_both_read() -> None:
    event = "BEGIN:VEVENT\r\nUID:uid-1\r\nRECURRENCE-ID:{}\r\nDTSTART:{}\r\nSUMMARY:{}\r\nEND:VEVENT\r\n"
    days = ("20270105T090000Z", "20270106T090000Z")
    swapped = event.format(*days, "fifth") + event.format(*reversed(days), "sixth")
    found = read_one(series("FREQ=DAILY;COUNT=3").replace("END:VCALENDAR", f"{swapped}END:VCALENDAR"))
    assert isinstance(found, Seen), found
    shown = {item.ref.id: (item.event.title, item.event.when) for item in found.observations}
    assert {ref: (title, when.start.day) for ref, (title, when) in shown.items() if isinstance(when, Timed)} == {
        "a.ics#20270104T090000Z": (SECRET, 4),
        "a.ics#20270105T090000Z": ("fifth", 6),
        "a.ics#20270106T090000Z": ("sixth", 5),
    }


@pytest.mark.parametrize(
    "text",
    [
        series("FREQ=DAILY;COUNT=2000000000"),
        series("FREQ=YEARLY;INTERVAL=999999999"),
        series("FREQ=YEARLY;BYYEARDAY=" + ",".join(["4"] * 1500)),
        series("FREQ=DAILY;BYHOUR=" + ",".join(["9"] * 1500)),
        single("DTSTART:19900101T090000Z", "RRULE:FREQ=HOURLY;UNTIL=19900102T090000Z", "RDATE:20270104T090000Z"),
        single("DTSTART:16040101T000000Z", "RRULE:FREQ=YEARLY"),
        single("DTSTART:18000101T000000Z", "RRULE:FREQ=DAILY"),
        single(START, *[f"ATTENDEE;CN={SECRET}:mailto:a{number}@example.test" for number in range(15_000)]),
        single(START, f"X-A{';B=1' * 100_000}:c", f"X-D;E={',' * 100_000}:f", 'X-G;H="' * 50_000),
        single(START, "DESCRIPTION:" + "\\n" * 200_000),
        single(START, *["X-A:" + "\r\n ".join("x" * 1000)] * 100),
        in_zone(*[onset("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1SU", begin="16010101T000000")] * 4),
        in_zone(*[onset(begin=f"{1600 + number}0101T000000") for number in range(400)]),
    ],
    ids=lambda text: str(text).split("SUMMARY")[1][14:60].encode("ascii", "replace").decode(),
)
def test_what_is_long_and_legal_is_read_for_little_work(text: str) -> None:
    found = read_one(text)
    assert isinstance(found, Seen), found
    assert found.observations


def test_names_of_zones_and_their_definitions_are_not_kept() -> None:
    """A process that lives for years reads names without number: neither we nor the library may hold on to them."""
    from icalendar.timezone import tzp

    from adapters.apple.zones import _iana

    kept = set(vars(tzp)["_TZP__tz_cache"])
    for number in range(20):
        assert isinstance(read_one(in_zone(onset(), tzid=f"Hall {number}")), Seen)
    assert set(vars(tzp)["_TZP__tz_cache"]) <= {*kept, "defined"}
    held = _iana.cache_info().currsize
    assert isinstance(read_one(in_zone(onset(), tzid="x" * 300)), Seen)
    assert _iana.cache_info().currsize == held


# our own writes


def full(name: str) -> StoredObject:
    """A series that holds as many exceptions, or dates taken out, as we read."""
    if name == "overrides":
        return stored(with_events(MAX_DATES, start="20270104T{:02}3000Z"))
    return stored(series("FREQ=DAILY", "EXDATE:" + ",".join(["20270105T090000Z"] * MAX_DATES)))


def test_we_write_no_object_that_we_would_not_read() -> None:
    with pytest.raises(Rejected, match="it would hold more than 2000 changed occurrences"):
        full("overrides").edit("20270110T090000Z", Event(title="One more"), None, NOW)
    dates = full("dates")
    before = dates.calendar.serialised()
    with pytest.raises(Rejected, match="it would hold more than 2000 of EXDATE"):
        dates.remove("20270110T090000Z", NOW)
    assert dates.calendar.serialised() == before


# answers


LAUGHS: Final = (
    b'<!DOCTYPE D:multistatus [<!ENTITY a "laugh laugh laugh laugh laugh laugh laugh">'
    + b"".join(b'<!ENTITY %c "%b">' % (letter, b"&%c;" % (letter - 1) * 20) for letter in range(ord("b"), ord("k")))
    + b'<!ENTITY file SYSTEM "file:///etc/hostname">]>'
)


@pytest.mark.parametrize("entity", [b"&j;", b"&file;", b"&unknown;", b"<?go &j;?>"])
async def test_entities_around_objects_are_not_followed_and_the_objects_are_read(entity: bytes) -> None:
    held = {name: text.encode() for name, text in GOOD.items()}
    changes, asked = await read_all(held, prolog=LAUGHS, spoil=entity)
    assert "calendar-multiget" in asked
    assert titles(changes) == ["Good 0", "Good 1", "Good 2"]
    assert changes.broken == ()


@pytest.mark.parametrize(
    "inside",
    [b"<D:response><D:href>&j;</D:href></D:response>", b"<D:response x='&j;'/>", b"<D:sync-token>&j;</D:sync-token>"],
)
def test_a_bomb_in_an_answer_is_not_blown_up(inside: bytes) -> None:
    answer = LAUGHS + b'<D:multistatus xmlns:D="DAV:">' + inside + b"</D:multistatus>"

    def told() -> int:
        try:
            found = parsed(answer)
        except NotXmlError:
            return 0
        return sum(len(row.href) for row in found.rows) + len(found.token or "")

    calls, size = counted(told)
    assert calls < 1000
    assert size < 1000


def test_notes_for_programs_within_an_answer_cut_no_object() -> None:
    row = (
        "<D:response><D:href>/a</D:href><D:propstat><D:prop><C:calendar-data>{}</C:calendar-data></D:prop></D:propstat>"
    )
    opening = '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    answer = opening + row.format("BEGIN<?go on?>:V<!-- on -->CALEN<![CDATA[DAR]]>") + "</D:response></D:multistatus>"
    assert parsed(answer.encode()).rows[0].text("C:calendar-data") == "BEGIN:VCALENDAR"


def test_an_answer_nested_without_end_is_no_answer() -> None:
    answer = b'<D:multistatus xmlns:D="DAV:">' + b"<D:a>" * 100_000 + b"</D:a>" * 100_000 + b"</D:multistatus>"
    with pytest.raises(NotXmlError):
        parsed(answer)


def test_a_zone_is_counted_by_its_bare_definition() -> None:
    """What else stands in a definition is not the library's to stumble over, nor to warn of."""
    noise = [f"X-NOTE:{SECRET}", f"TZNAME;LANGUAGE=de:{SECRET}", f"COMMENT:{SECRET}", "LAST-MODIFIED:never"]
    text = in_zone(f"TZURL:{SECRET}", onset(*noise))
    held = opened(LOOK, "a.ics", body(text))
    assert isinstance(held.zones, Zones)
    item = held.find(None)
    assert item is not None
    assert isinstance(item.when, Timed)
    assert item.when.start.hour == 7
