"""What people's apps put into events, in all its legal oddness: texts, times, zones and exceptions, there and back.

Through the adapter to a shelf that keeps bytes as they are. Not here: what is broken (test_apple_hostile), objects of
generated shape (test_apple_roundtrip), single properties (test_apple_mapping).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.apple.calendar import AppleCalendar
from syncd.model import AllDay, Event, Field, Observation, Ref, Timed, Value, When, Window
from syncd.normalise import canonical, clean
from syncd.ports import Edit, Outcome
from tests.adapters.apple_world import NOW, WINDOW, ics, shown
from tests.adapters.corpus.hostile import in_zone, onset
from tests.adapters.corpus.objects import escaped
from tests.adapters.corpus.shelf import Shelf, on

NINE = datetime(2027, 1, 4, 9, tzinfo=UTC)
JULY = NINE.replace(month=7)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def timed(start: datetime, length: timedelta = HOUR, tzid: str = "UTC") -> Timed:
    return Timed(start, start + length, tzid)


TIME = ("DTSTART:20270104T090000Z", "DTEND:20270104T100000Z")
LONG = "Zeile mit Umlauten äöü und 😀, Komma; Semikolon\n" * 213


@dataclass
class Held:
    """A calendar and the shelf behind it."""

    shelf: Shelf
    calendar: AppleCalendar

    async def items(self, window: Window = WINDOW) -> dict[str, Observation]:
        changes = await self.calendar.read(window)
        assert changes.broken == ()
        return {item.ref.id: canonical(item) for item in changes.observations}

    async def item(self, window: Window = WINDOW) -> Observation:
        (found,) = (await self.items(window)).values()
        return found

    async def write(self, *edits: tuple[Observation, Mapping[Field, Value]]) -> Sequence[Outcome]:
        wanted = [Edit(item.ref, Event().put(fields), item.version) for item, fields in edits]
        return await self.calendar.update(wanted)

    def text(self, name: str = "a.ics") -> str:
        return self.shelf.objects[name].decode()

    @property
    def puts(self) -> int:
        return self.shelf.asked.count("PUT")


@asynccontextmanager
async def holding(*texts: str) -> AsyncIterator[Held]:
    shelf = Shelf({f"{letter}.ics": text.encode() for letter, text in zip("abcdef", texts, strict=False)})
    account, calendar = on(shelf)
    try:
        yield Held(shelf, calendar)
    finally:
        await account.aclose()


# what is sent


async def test_what_is_written_back_as_it_was_read_is_not_sent() -> None:
    series = ics(*TIME, "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY: Yoga  ", "DESCRIPTION:<b>cafe\u0301</b>\\n", uid="s")
    async with holding(series, in_zone(onset())) as held:
        items = await held.items()
        assert len(items) == 5
        outcomes = await held.write(*[(item, {one: item.event.get(one) for one in Field}) for item in items.values()])
        assert [canonical(shown(one)).event for one in outcomes] == [item.event for item in items.values()]
        assert (held.puts, held.text()) == (0, series)


async def test_several_edits_of_one_object_are_one_request_and_an_edited_exception_is_not_made_twice() -> None:
    async with holding(ics(*TIME, "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:Yoga")) as held:
        items = list((await held.items()).values())
        first, second = items[:2]
        changes: list[tuple[Observation, Mapping[Field, Value]]] = [
            (first, {Field.TITLE: "One"}),
            (second, {Field.TITLE: "Two"}),
            (second, {Field.LOCATION: "Hall"}),
        ]
        await held.write(*changes)
        assert held.puts == 1
        after = await held.items()
        assert [item.event.title for item in after.values()] == ["One", "Two", "Yoga", "Yoga"]
        assert held.text().count("BEGIN:VEVENT") == 3
        assert after[second.ref.id].event.location == "Hall"


# texts


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Bring <b>mats</b>&nbsp;&amp; water</p>", "<p>Bring <b>mats</b>&nbsp;&amp; water</p>"),
        ("👩‍👩‍👧‍👦 🇩🇪 ❤️ e\u0301", "👩‍👩‍👧‍👦 🇩🇪 ❤️ \u00e9"),
        ("one\\ntwo\\Nthree\\, four\\; five\\\\six", "one\ntwo\nthree, four; five\\six"),
        ("one\\r\\ntwo", "oner\ntwo"),  # \r is no escape of RFC 5545: the letter stands for itself
        ("a\x00b\x01c\x1fd\x7fe\x9ff\tg", "abcdef\tg"),
        ("not \ufffe for \uffff XML", "not  for  XML"),
        ("\u202eright to left\u2066", "\u202eright to left\u2066"),
        ("trailing \\", "trailing \\"),
        (" outer blanks ", "outer blanks"),
        ("\\n\\n", None),
        ("", None),
    ],
)
async def test_a_description_reads_as_what_was_meant(written: str, read: str | None) -> None:
    async with holding(ics(*TIME, f"DESCRIPTION:{written}")) as held:
        assert (await held.item()).event.description == read


WRITTEN = (
    '<a href="https://example.org/?a=1&b=2">x</a>',
    "👩‍👩‍👧‍👦\n🇩🇪",
    "a\r\nb\rc\n",
    "x\x00\x0b\ufffe\ud800y",
    "\\n\\,\\;",
    "ß" * 76,
)


@pytest.mark.parametrize("field", [Field.TITLE, Field.DESCRIPTION, Field.LOCATION])
@pytest.mark.parametrize("text", WRITTEN, ids=range(len(WRITTEN)))
async def test_a_text_that_we_write_is_read_back_as_the_core_knows_it(field: Field, text: str) -> None:
    async with holding(ics(*TIME, "SUMMARY:Old", "LOCATION:Old")) as held:
        (outcome,) = await held.write((await held.item(), {field: text}))
        read = clean(Event().put({field: text.replace("\ufffe", "").replace("\ud800", "")})).get(field)
        assert canonical(shown(outcome)).event.get(field) == read
        assert held.puts == 1
        assert all(len(line) <= 75 for line in held.shelf.objects["a.ics"].split(b"\r\n"))
        # Writing it once more says nothing new.
        await held.write((await held.item(), {field: text}))
        assert held.puts == 1


async def test_ten_thousand_letters_are_read_whole_and_stay_when_something_else_is_edited() -> None:
    assert len(LONG) > 10_000
    text = ics(*TIME, f"DESCRIPTION:{escaped(LONG)}", "SUMMARY:Old")
    async with holding(text) as held:
        item = await held.item()
        assert item.event.description == LONG.strip()
        await held.write((item, {Field.TITLE: "New"}))
        assert (await held.item()).event == item.event.put({Field.TITLE: "New"})
        assert f"DESCRIPTION:{escaped(LONG)}\r\n" in held.text()


# times


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (("DTSTART:20270104T090000Z", "DTEND:20270104T090000Z"), timed(NINE, timedelta())),
        (("DTSTART:20270104T090000Z", "DURATION:PT0S"), timed(NINE, timedelta())),
        (("DTSTART:20270104T090000Z", "DURATION:P2W"), timed(NINE, timedelta(days=14))),
        (("DTSTART:20270104T090000Z", "DURATION:P1DT2H3M4S"), timed(NINE, timedelta(1, 7384))),
        (("DTSTART:20270104T090000Z", "DTEND:20270107T090000Z"), timed(NINE, timedelta(days=3))),
        (("DTSTART:20270104T085960Z", "DTEND:20270104T100000Z"), timed(NINE - SECOND, HOUR + SECOND)),
        (("DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:20270108"), AllDay(date(2027, 1, 4), date(2027, 1, 8))),
        (("DTSTART;VALUE=DATE:20270104", "DURATION:P2W"), AllDay(date(2027, 1, 4), date(2027, 1, 18))),
        (("DTSTART:20270104T100000", "DTEND:20270104T110000"), timed(NINE, tzid="Europe/Berlin")),
        (("DTSTART:20270704T110000", "DTEND:20270704T120000"), timed(JULY, tzid="Europe/Berlin")),
        (("DTSTART;TZID=Tokyo Standard Time:20270104T180000", "DURATION:PT1H"), timed(NINE, tzid="Asia/Tokyo")),
        (
            ("DTSTART;TZID=Asia/Tokyo:20270104T180000", "DTEND;TZID=America/New_York:20270104T050000"),
            timed(NINE, tzid="Asia/Tokyo"),
        ),
        (("DTSTART;TZID=GMT-1300:20270103T200000", "DURATION:PT1H"), timed(NINE)),
        (("DTSTART;TZID=GMT+1400:20270104T230000", "DURATION:PT1H"), timed(NINE, tzid="Etc/GMT-14")),
        (("METHOD:PUBLISH", *TIME), timed(NINE)),
    ],
)  # fmt: skip
async def test_a_time_is_read_as_what_was_meant_and_not_written_back(lines: tuple[str, ...], when: When) -> None:
    async with holding(ics(*lines)) as held:
        item = await held.item()
        assert item.event.when == when
        await held.write((item, {Field.WHEN: when}))
        assert held.puts == 0


async def test_an_event_until_the_end_of_time_is_one_item() -> None:
    async with holding(ics("DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:99991231")) as held:
        assert (await held.item()).event.when == AllDay(date(2027, 1, 4), date(9999, 12, 31))


@pytest.mark.parametrize("year", [1000, 9998])
async def test_a_time_at_either_end_of_the_calendar_is_written_with_its_zone(year: int) -> None:
    start = datetime(year, 7, 1, 9, tzinfo=UTC)
    async with holding(ics(*TIME)) as held:
        (outcome,) = await held.write((await held.item(), {Field.WHEN: timed(start, tzid="America/New_York")}))
        assert shown(outcome).event.when == timed(start, tzid="America/New_York")
        assert "TZID:America/New_York\r\n" in held.text()


async def test_only_the_edge_that_moved_is_written() -> None:
    start = "DTSTART;X-FROM=phone;TZID=Europe/Berlin:20270104T100000"
    async with holding(ics(start, "DTEND;TZID=Europe/Berlin:20270104T110000", "SEQUENCE:4")) as held:
        await held.write((await held.item(), {Field.WHEN: Timed(NINE, NINE + 2 * HOUR, "Europe/Berlin")}))
        assert f"{start}\r\n" in held.text()
        assert "DTEND;TZID=Europe/Berlin:20270104T120000\r\n" in held.text()
        assert "SEQUENCE:5\r\n" in held.text()


async def test_a_zone_of_the_objects_own_that_counts_like_the_calendars_goes_on_to_be_used() -> None:
    rules = [
        onset("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", begin="19700329T020000"),
        onset("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", begin="19701025T030000")
        .replace("TZOFFSETFROM:+0100", "TZOFFSETFROM:+0200")
        .replace("TZOFFSETTO:+0200", "TZOFFSETTO:+0100"),
    ]
    async with holding(in_zone(*rules, tzid="Studio")) as held:
        item = await held.item()
        assert item.event.when == Timed(NINE - HOUR, NINE, "Europe/Berlin")
        await held.write((item, {Field.WHEN: timed(NINE, tzid="Europe/Berlin")}))
        assert "DTSTART;TZID=Studio:20270104T100000\r\n" in held.text()
        assert held.text().count("BEGIN:VTIMEZONE") == 1


async def test_a_zone_that_only_its_definition_explains_goes_on_to_be_used() -> None:
    async with holding(in_zone(onset().replace("+0200", "+0545"), tzid="Studio")) as held:
        item = await held.item()
        assert item.event.when == Timed(
            NINE - timedelta(hours=5, minutes=45), NINE - timedelta(hours=4, minutes=45), "UTC"
        )
        await held.write((item, {Field.WHEN: timed(NINE)}))
        assert "DTSTART;TZID=Studio:20270104T144500\r\n" in held.text()
        assert (await held.item()).event.when == timed(NINE)


# series


def days(items: Mapping[str, Observation]) -> list[int]:
    return sorted(item.event.when.start.day for item in items.values() if isinstance(item.event.when, Timed))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270105T090000Z"), [4, 6]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270105T100000"), [4, 6]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20270105"), [4, 6]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270105T090000Z,20270106T090000Z", "EXDATE:"), [4]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270109T090000Z"), [4, 5, 6]),
        (("RDATE:20270105T090000Z,20270109T120000Z",), [4, 5, 9]),
        (("RDATE;TZID=Asia/Tokyo:20270109T180000",), [4, 9]),
        (("RDATE;VALUE=PERIOD:20270109T090000Z/PT3H,20270111T090000Z/20270111T100000Z",), [4, 9, 11]),
        (("RRULE:FREQ=DAILY;COUNT=2", "RDATE:20270105T090000Z"), [4, 5]),
        (("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3",), [4, 6, 11]),
        (("RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20270104T090000Z"), [5]),
    ],
)
async def test_dates_of_a_series_are_put_in_and_taken_out(lines: tuple[str, ...], expected: list[int]) -> None:
    async with holding(ics(*TIME, *lines)) as held:
        assert days(await held.items()) == expected


async def test_a_period_has_a_length_of_its_own() -> None:
    async with holding(ics(*TIME, "RDATE;VALUE=PERIOD:20270109T090000Z/PT3H")) as held:
        when = (await held.items())["a.ics#20270109T090000Z"].event.when
        assert isinstance(when, Timed)
        assert when.end - when.start == 3 * HOUR


def with_override(*lines: str, params: str = "", rid: str = "20270105T090000Z") -> str:
    more = ["BEGIN:VEVENT", "UID:uid-1", f"RECURRENCE-ID{params}:{rid}", *lines, "END:VEVENT", "END:VCALENDAR"]
    text = ics(*TIME, "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:Yoga")
    return text.replace("END:VCALENDAR", "\r\n".join(more))


async def test_a_shift_of_all_that_follow_is_read_and_neither_edited_nor_taken_for_one_date() -> None:
    text = with_override("DTSTART:20270105T110000Z", "SUMMARY:Later", params=";RANGE=THISANDFUTURE")
    async with holding(text) as held:
        items = await held.items()
        starts = [item.event.when.start.hour for item in items.values() if isinstance(item.event.when, Timed)]
        assert sorted(starts) == [9, 11, 11, 11]
        shift, follower = items["a.ics#20270105T090000Z"], items["a.ics#20270106T090000Z"]
        assert (shift.event.title, follower.event.title) == ("Later", "Later")
        (refused,) = await held.write((shift, {Field.TITLE: "Mine"}))
        assert not isinstance(refused, Observation)
        assert (held.puts, held.text()) == (0, text)
        (done,) = await held.write((follower, {Field.TITLE: "Mine"}))
        assert shown(done).event.title == "Mine"
        after = {ref.rpartition("#")[2][6:8]: item.event.title for ref, item in (await held.items()).items()}
        assert after == {"04": "Yoga", "05": "Later", "06": "Mine", "07": "Later"}


@pytest.mark.parametrize(
    ("params", "rid"),
    [
        ("", "20270105T090000Z"),
        (";TZID=Europe/Berlin", "20270105T100000"),
        (";TZID=Tokyo Standard Time", "20270105T180000"),
        ("", "20270105T100000"),  # floating: in the calendar's zone
        (";VALUE=DATE", "20270105"),
    ],
)
async def test_an_exception_replaces_its_date_however_that_is_spelled(params: str, rid: str) -> None:
    text = with_override("DTSTART:20270108T110000Z", "SUMMARY:Moved", params=params, rid=rid)
    async with holding(text) as held:
        items = await held.items()
        assert days(items) == [4, 6, 7, 8]
        moved = items["a.ics#20270105T090000Z"]
        assert moved.event.title == "Moved"
        await held.write((moved, {Field.TITLE: "Edited"}))
        assert held.text().count("BEGIN:VEVENT") == 2
        assert (await held.items())[moved.ref.id].event.title == "Edited"


async def test_an_exception_of_whole_days_may_be_named_by_an_instant_of_its_day() -> None:
    text = with_override("DTSTART;VALUE=DATE:20270108", "SUMMARY:Moved", rid="20270105T000000Z")
    begun = text.replace(TIME[0], "DTSTART;VALUE=DATE:20270104").replace(f"{TIME[1]}\r\n", "")
    async with holding(begun) as held:
        items = await held.items()
        assert sorted(items) == [f"a.ics#2027010{day}" for day in (4, 5, 6, 7)]
        assert items["a.ics#20270105"].event.when == AllDay(date(2027, 1, 8), date(2027, 1, 9))


async def test_an_exception_without_its_series_is_edited_in_place() -> None:
    text = with_override("DTSTART:20270105T110000Z", "DTEND:20270105T120000Z", "SUMMARY:Guest")
    begin, end = text.index("BEGIN:VEVENT"), text.index("END:VEVENT") + len("END:VEVENT\r\n")
    alone = text[:begin] + text[end:]
    async with holding(alone) as held:
        item = await held.item()
        assert (item.ref.id, item.event.title) == ("a.ics#20270105T090000Z", "Guest")
        await held.write((item, {Field.TITLE: "Visitor", Field.WHEN: timed(NINE)}))
        after = await held.item()
        assert (after.ref, after.event.title, after.event.when) == (
            item.ref,
            "Visitor",
            timed(NINE),
        )
        assert held.text().count("BEGIN:VEVENT") == 1
        assert "RECURRENCE-ID:20270105T090000Z\r\n" in held.text()


async def test_a_floating_series_keeps_floating_and_its_exception_finds_its_date() -> None:
    async with holding(ics("DTSTART:20270326T083000", "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:Yoga")) as held:
        items = await held.items()
        # Summer time begins on the 28th.
        assert sorted(items) == [f"a.ics#202703{day}T0{7 if day < 28 else 6}3000Z" for day in (26, 27, 28, 29)]
        item = items["a.ics#20270328T063000Z"]
        await held.write((item, {Field.TITLE: "Once"}))
        assert "RECURRENCE-ID:20270328T083000\r\n" in held.text()
        assert sorted(str(one.event.title) for one in (await held.items()).values()) == [
            "Once",
            "Yoga",
            "Yoga",
            "Yoga",
        ]


async def test_stamps_are_those_of_the_edit_and_a_place_raises_the_sequence() -> None:
    stamp = f"{NOW:%Y%m%dT%H%M%SZ}"
    lines = (*TIME, "SEQUENCE:2", "LAST-MODIFIED:20260101T000000Z", "DTSTAMP:20260102T000000Z")
    async with holding(ics(*lines)) as held:
        await held.write((await held.item(), {Field.TITLE: "New"}))
        assert (held.text().count("DTSTAMP:"), f"DTSTAMP:{stamp}\r\n" in held.text()) == (1, True)
        assert f"LAST-MODIFIED:{stamp}\r\nDTSTART" not in held.text()
        assert "SEQUENCE:2\r\n" in held.text()
        await held.write((await held.item(), {Field.LOCATION: "Hall"}))
        assert "SEQUENCE:3\r\n" in held.text()


async def test_a_ref_of_a_calendar_app_with_odd_names_stays_its_own() -> None:
    shelf = Shelf({"a b@c#20270104T090000Z.ics": ics(*TIME, "SUMMARY:Odd").encode()})
    account, calendar = on(shelf)
    (item,) = (await calendar.read(WINDOW)).observations
    assert item.ref == Ref("cal/", "a b@c#20270104T090000Z.ics")
    assert (await calendar.get([item.ref]))[item.ref].event.title == "Odd"
    await account.aclose()
