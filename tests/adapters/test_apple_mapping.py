"""One VEVENT ↔ the fields of the core."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.apple.ics import clean, parse
from adapters.apple.mapping import LIMITS, Owner, mark_from, mark_line, new_object, uid_of
from adapters.apple.reading import Seen, opened, seen
from adapters.apple.series import StoredObject
from syncd.model import (
    AllDay,
    Broken,
    Event,
    Field,
    Kind,
    Mark,
    Observation,
    Timed,
    Window,
    identical,
    same,
)
from syncd.ports import Draft
from tests.adapters.apple_world import BRIDGE, LOOK, NOW, OWNER, at, body, draft, event, fixture, ics, mark, stored

EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))


def only(text: str, name: str = "a.ics", owner: Owner = OWNER) -> Observation:
    """The one item of an object, wherever it lies."""
    from adapters.apple.reading import observation

    held = stored(text, name)
    item = held.find(None)
    assert item is not None
    look = LOOK if owner is OWNER else type(LOOK)(LOOK.collection, LOOK.zone, owner, LOOK.seen_at)
    return observation(look, held, item, body(text), {})


def test_an_event_of_an_apple_calendar() -> None:
    seen_item = only(fixture("apple_single"), "x.ics")
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert seen_item.event == Event(
        Timed(start, start + timedelta(hours=1), "Europe/Berlin"), "Dentist", None, "Hall 2, Main Street 1", busy=True
    )
    assert (seen_item.version, seen_item.fingerprint) == ('"1"', '"1"')
    assert (seen_item.traits.group, seen_item.traits.uid) == ("x.ics", "6F1B9A0E-6B1D-4C46-9A3E-0F6C3C0E1A11")
    assert seen_item.traits.created == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert (seen_item.traits.own, seen_item.traits.guests, seen_item.traits.private) == (True, False, False)


def test_an_event_of_outlook_with_a_windows_zone_in_summer() -> None:
    seen_item = only(fixture("outlook_zone"))
    start = datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert seen_item.event.when == Timed(start, start + timedelta(minutes=30), "Europe/Berlin")
    assert (seen_item.event.busy, seen_item.traits.private) == (False, True)
    assert seen_item.event.description == "Plan\n"


def test_a_floating_start_is_in_the_calendars_zone_and_a_duration_gives_the_end() -> None:
    seen_item = only(fixture("duration_floating"))
    start = datetime(2026, 11, 19, 13, tzinfo=UTC)
    assert seen_item.event.when == Timed(start, start + timedelta(minutes=90), "Europe/Berlin")
    title = "Long lunch; with a title that goes on and on until it does not fit on one line \u2013 ever"
    assert seen_item.event.title == title
    assert seen_item.event.description == "First line\nSecond, with comma\\slash"


def test_a_meeting_of_others_that_the_owner_declined_is_free_and_has_guests() -> None:
    seen_item = only(fixture("invitation"))
    assert (seen_item.event.busy, seen_item.traits.own, seen_item.traits.guests) == (False, False, True)


def test_an_owner_who_is_the_only_attendee_is_no_guest() -> None:
    text = ics(
        "DTSTART:20261120T090000Z", f"ORGANIZER:MAILTO:{'Anna@Example.test'}", "ATTENDEE:mailto:anna@example.test"
    )
    traits = only(text).traits
    assert (traits.own, traits.guests) == (True, False)


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        ((), True),
        (("TRANSP:OPAQUE",), True),
        (("TRANSP:TRANSPARENT",), False),
        (("STATUS:CANCELLED",), False),
        (("STATUS:TENTATIVE",), True),
    ],
)
def test_what_blocks_time(lines: tuple[str, ...], busy: bool) -> None:
    assert only(ics("DTSTART:20261120T090000Z", *lines)).event.busy is busy


def test_in_a_calendar_that_may_not_be_written_every_event_is_fixed() -> None:
    reader = Owner(OWNER.addresses, BRIDGE, writable=False)
    assert only(ics("DTSTART:20261120T090000Z"), owner=reader).traits.kind is Kind.FIXED


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (("DTSTART;VALUE=DATE:20261120", "DTEND;VALUE=DATE:20261122"), AllDay(date(2026, 11, 20), date(2026, 11, 22))),
        (("DTSTART;VALUE=DATE:20261120",), AllDay(date(2026, 11, 20), date(2026, 11, 21))),
        (("DTSTART;VALUE=DATE:20261120", "DTEND;VALUE=DATE:20261120"), AllDay(date(2026, 11, 20), date(2026, 11, 21))),
        (("DTSTART;VALUE=DATE:20261120", "DURATION:P1W"), AllDay(date(2026, 11, 20), date(2026, 11, 27))),
    ],
)
def test_all_day_events_are_dates(lines: tuple[str, ...], when: AllDay) -> None:
    assert only(ics(*lines)).event.when == when


def test_a_timed_event_without_an_end_has_no_length() -> None:
    instant = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert only(ics("DTSTART:20261120T090000Z")).event.when == Timed(instant, instant, "UTC")


@pytest.mark.parametrize(("day", "hours"), [("20260328", 23), ("20261024", 25)])
def test_a_duration_of_a_day_is_nominal_across_a_change_of_the_clock(day: str, hours: int) -> None:
    when = only(ics(f"DTSTART;TZID=Europe/Berlin:{day}T120000", "DURATION:P1D")).event.when
    assert isinstance(when, Timed)
    assert when.end - when.start == timedelta(hours=hours)


BROKEN = {
    "not an iCalendar object": "BEGIN:VCARD\r\nEND:VCARD\r\n",
    "it has no start": ics("SUMMARY:Secret title"),
    "it has no UID": ics("DTSTART:20261120T090000Z").replace("UID:uid-1\r\n", ""),
    "its time zone is unknown": ics("DTSTART;TZID=Mars/Olympus:20261120T090000"),
    "it ends before it starts": ics("DTSTART:20261120T090000Z", "DTEND:20261120T080000Z"),
    "its start and its end are of different kinds": ics("DTSTART:20261120T090000Z", "DTEND;VALUE=DATE:20261121"),
    "its duration cannot be read": ics("DTSTART:20261120T090000Z", "DURATION:-PT1H"),
    "a date cannot be read": ics("DTSTART:tomorrow"),
    "it holds no event": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
    "it holds several UIDs": ics("DTSTART:20261120T090000Z").replace(
        "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:other\r\nDTSTART:20261120T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
    ),
    "it holds more than 2000 of EXDATE": ics(
        "DTSTART:20261120T090000Z", "RRULE:FREQ=DAILY", "EXDATE:" + ",".join(["20261121T090000Z"] * 2001)
    ),
    "it recurs too often": ics("DTSTART:20261120T090000Z", "RRULE:FREQ=SECONDLY"),
    "its rule has no interval": ics("DTSTART:20261120T090000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_object_is_named_with_a_reason_and_the_others_are_read(reason: str) -> None:
    good = ics("DTSTART:20001120T090000Z", "SUMMARY:Good")
    broken, other = seen(LOOK, {"bad.ics": body(BROKEN[reason]), "good.ics": body(good)}, EVER)
    assert broken == Broken("bad.ics", reason, '"1"')
    assert isinstance(other, Seen)
    assert [item.event.title for item in other.observations] == ["Good"]


def test_a_task_is_an_object_without_items() -> None:
    text = ics("DTSTART:20261120T090000Z").replace("VEVENT", "VTODO")
    (found,) = seen(LOOK, {"a.ics": body(text)}, EVER)
    assert isinstance(found, Seen)
    assert (found.name, found.observations) == ("a.ics", ())


# what we write

TEXT = st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=60)
STARTS = st.datetimes(*map(datetime.fromisoformat, ("2026-01-01", "2028-12-31")), timezones=st.just(UTC))
TZIDS = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


@st.composite
def whens(draw: st.DrawFn) -> Timed | AllDay:
    start = draw(STARTS).replace(microsecond=0)
    if draw(st.booleans()):
        return AllDay(start.date(), start.date() + timedelta(days=draw(st.integers(1, 400))))
    return Timed(start, start + timedelta(seconds=draw(st.integers(0, 10**6))), draw(TZIDS))


@given(whens(), TEXT, TEXT, TEXT, st.booleans())
def test_what_is_created_reads_back_as_what_was_meant(
    when: Timed | AllDay, title: str, description: str, location: str, busy: bool
) -> None:
    wanted = Event(when, title, description, location, busy)
    held = StoredObject(new_object(draft(given=wanted), NOW).serialised(), "key-1.ics", "Europe/Berlin")
    item = held.find(None)
    assert item is not None
    assert same(item.when, when)
    assert isinstance(when, AllDay) or (isinstance(item.when, Timed) and item.when.tzid in (when.tzid, "UTC"))
    texts = [item.component.text(name) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
    assert texts == [clean(title), clean(description), clean(location)]
    assert item.component.word("TRANSP") == ("OPAQUE" if busy else "TRANSPARENT")


def test_a_new_object_has_an_explicit_end_its_zone_and_nobody_to_mail() -> None:
    calendar = new_object(draft(), NOW)
    text = calendar.serialised()
    assert "DTSTART;TZID=Europe/Berlin:20261201T100000\r\n" in text
    assert "DTEND;TZID=Europe/Berlin:20261201T110000\r\n" in text
    assert [part.text("TZID") for part in calendar.parts("VTIMEZONE")] == ["Europe/Berlin"]
    assert f"UID:{uid_of('key-1')}\r\n" in text
    assert not any(word in text for word in ("METHOD", "ORGANIZER", "ATTENDEE", "VALARM"))


def test_an_event_in_utc_needs_no_definition_of_a_zone() -> None:
    text = new_object(draft(given=event(at(1, tzid="UTC"))), NOW).serialised()
    assert "DTSTART:20261201T090000Z" in text
    assert "VTIMEZONE" not in text


def test_a_description_is_cut_where_the_limit_says() -> None:
    long = Draft("key-1", event(description="x" * 20_000), mark())
    held = new_object(long, NOW).parts("VEVENT")[0].text("DESCRIPTION")
    assert held is not None
    assert len(held) == LIMITS[Field.DESCRIPTION]


MARKS = st.builds(
    Mark,
    st.just(BRIDGE) | TEXT,
    st.integers(0, 999),
    TEXT,
    TEXT,
    st.none() | TEXT.filter(bool),
    overridden=st.frozensets(st.sampled_from(Field)),
)


@given(MARKS)
def test_a_mark_reads_back_as_it_was_written(written: Mark) -> None:
    text = ics("DTSTART:20261120T090000Z", mark_line(written).raw.replace("\n", "\r\n"))
    assert mark_from(parse(text).parts("VEVENT")[0], "uid-1", "a.ics", BRIDGE) == written


def test_a_mark_survives_a_server_that_escapes_semicolons() -> None:
    line = mark_line(mark(original="wix;1")).raw.replace(";", "\\;")
    assert only(ics("DTSTART:20261120T090000Z", line)).traits.mark == mark(original="wix;1")


def test_without_the_property_file_name_and_uid_of_one_key_are_our_mark() -> None:
    text = ics("DTSTART:20261120T090000Z", uid="key-9@syncd")
    assert only(text, "key-9.ics").traits.mark == Mark(BRIDGE, 1, "key-9", "")
    assert only(text, "other.ics").traits.mark is None


# edits of a single event


def edited(text: str, **fields: object) -> StoredObject:
    held = stored(text)
    assert held.edit(None, Event(**fields), None, NOW)  # type: ignore[arg-type]
    return opened(LOOK, "a.ics", body(held.calendar.serialised()))


def changed_lines(before: str, after: StoredObject) -> set[str]:
    old, new = before.split("\r\n"), after.calendar.serialised().split("\r\n")
    return {line.split(":")[0].split(";")[0] for line in set(old) ^ set(new)}


def test_editing_the_title_changes_the_title_and_its_stamps_alone() -> None:
    before = fixture("apple_single")
    after = edited(before, title="Dentist, later")
    assert changed_lines(before, after) == {"SUMMARY", "DTSTAMP", "LAST-MODIFIED"}


def test_editing_the_time_raises_the_sequence_and_keeps_the_zone_as_it_was_named() -> None:
    before = fixture("outlook_zone")
    moved = Timed(datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 10, tzinfo=UTC), "Europe/Berlin")
    after = edited(before, when=moved)
    text = after.calendar.serialised()
    assert "DTSTART;TZID=W. Europe Standard Time:20261201T100000" in text
    assert "SEQUENCE:1" in text
    assert len(after.calendar.parts("VTIMEZONE")) == 1
    assert after.find(None).when == moved  # type: ignore[union-attr]


def test_editing_the_time_to_another_zone_brings_the_definition_along() -> None:
    after = edited(fixture("apple_single"), when=at(1, tzid="America/New_York"))
    assert [part.text("TZID") for part in after.calendar.parts("VTIMEZONE")] == ["America/New_York", "Europe/Berlin"]
    found = after.find(None)
    assert found is not None
    assert identical(found.when, at(1, tzid="America/New_York"))


def test_a_duration_gives_way_to_an_explicit_end() -> None:
    text = edited(fixture("duration_floating"), when=at(2)).calendar.serialised()
    assert "DURATION" not in text
    assert "DTEND;TZID=Europe/Berlin:20261202T110000" in text


def test_a_text_set_to_empty_loses_its_line_and_a_new_text_the_old_html() -> None:
    before = fixture("outlook_zone")
    assert "DESCRIPTION" not in edited(before, description=None).calendar.serialised()
    assert "\r\nDESCRIPTION:New\r\n" in edited(before, description="New").calendar.serialised()
    assert "SUMMARY;LANGUAGE=de:Neu" in edited(before, title="Neu").calendar.serialised()


def test_a_cancelled_event_made_busy_again_is_confirmed() -> None:
    after = edited(ics("DTSTART:20261120T090000Z", "STATUS:CANCELLED"), busy=True)
    assert "STATUS:CONFIRMED" in after.calendar.serialised()


def test_an_edit_to_what_it_shows_already_changes_nothing() -> None:
    text = fixture("apple_single")
    held = stored(text)
    assert not held.edit(None, Event(title="Dentist", busy=True), None, NOW)
    assert held.calendar.serialised() == text


def test_zones_of_the_core_are_real_zones() -> None:
    when = only(fixture("custom_zone")).event.when
    assert isinstance(when, Timed)
    assert ZoneInfo(when.tzid).key == "UTC"
