"""Series: the occurrences of one object, and edits of one of them in place."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.apple.ics import MalformedError, parse
from adapters.apple.reading import Seen, seen, sought
from adapters.apple.series import StoredObject
from syncd.errors import Rejected, Stale
from syncd.model import AllDay, Event, Gone, Mark, Ref, Timed, Window
from tests.adapters.apple_world import LOOK, NOW, WINDOW, at, body, fixture, ics, stored

AUTUMN = Window(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))


def rids(text: str, window: Window = AUTUMN, name: str = "a.ics") -> list[str | None]:
    return sorted((item.rid for item in stored(text, name).within(window)), key=str)


def again(held: StoredObject) -> StoredObject:
    return stored(held.calendar.serialised(), held.name)


def event_of(text: str, rid: str) -> Event:
    return sought(LOOK, Ref("cal/", f"a.ics#{rid}"), stored(text), body(text)).event


def test_a_weekly_class_keeps_its_local_time_across_the_change_of_the_clock() -> None:
    assert rids(fixture("weekly_series")) == [
        "20261020T160000Z",
        "20261027T170000Z",
        "20261110T170000Z",
        "20261117T170000Z",
    ]


def test_an_exception_is_known_by_its_original_start_wherever_it_was_moved() -> None:
    (found,) = seen(LOOK, {"a.ics": body(fixture("weekly_series"))}, AUTUMN)
    assert isinstance(found, Seen)
    moved = next(item for item in found.observations if item.ref.id == "a.ics#20261110T170000Z")
    start = datetime(2026, 11, 11, 19, tzinfo=UTC)
    assert moved.event.when == Timed(start, start + timedelta(hours=1), "Europe/Berlin")
    assert moved.event.title == "Pilates (moved)"
    assert (moved.traits.series, moved.traits.original_start) == ("weekly-1", "2026-11-10T18:00:00")


def test_occurrences_of_an_all_day_series_are_known_by_dates() -> None:
    text = fixture("all_day_series")
    (item,) = stored(text).within(WINDOW)
    assert (item.rid, item.local, item.when) == (
        "20261224",
        "2026-12-24",
        AllDay(date(2026, 12, 24), date(2026, 12, 27)),
    )


def test_an_occurrence_without_its_series_stands_for_itself() -> None:
    assert rids(fixture("override_only")) == ["20261117T090000Z"]


def test_extra_dates_belong_to_the_series() -> None:
    text = ics("DTSTART:20261020T090000Z", "DTEND:20261020T100000Z", "RDATE:20261025T120000Z,20261101T120000Z")
    assert rids(text) == ["20261020T090000Z", "20261025T120000Z", "20261101T120000Z"]


def test_a_change_of_all_that_follow_moves_them_and_keeps_their_names() -> None:
    series = ics("DTSTART:20261020T090000Z", "DTEND:20261020T100000Z", "RRULE:FREQ=WEEKLY;COUNT=4")
    later = (
        "BEGIN:VEVENT\r\nUID:uid-1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261103T090000Z\r\n"
        "DTSTART:20261103T110000Z\r\nDTEND:20261103T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    text = series.replace("END:VCALENDAR", later)
    assert rids(text) == ["20261020T090000Z", "20261027T090000Z", "20261103T090000Z", "20261110T090000Z"]
    when = event_of(text, "20261110T090000Z").when
    assert isinstance(when, Timed)
    assert when.start == datetime(2026, 11, 10, 11, tzinfo=UTC)


@pytest.mark.parametrize(("until", "count"), [("20261103", 3), ("20261103T075959Z", 2), ("20261103T090000", 3)])
def test_the_end_of_a_series_counts_in_its_own_zone(until: str, count: int) -> None:
    text = ics("DTSTART;TZID=Europe/Berlin:20261020T090000", f"RRULE:FREQ=WEEKLY;UNTIL={until}")
    assert len(rids(text)) == count


def test_an_occurrence_far_outside_any_window_is_found_by_its_name() -> None:
    text = fixture("weekly_series")
    assert event_of(text, "20310401T160000Z").title == "Pilates"
    gone = sought(LOOK, Ref("cal/", "a.ics#20310401T170000Z"), stored(text), body(text))
    assert gone.absence is not None
    assert (gone.absence.kind, gone.absence.evidence) == (Gone.GONE, "listing")


def test_a_date_taken_out_is_gone() -> None:
    text = fixture("weekly_series")
    gone = sought(LOOK, Ref("cal/", "a.ics#20261103T170000Z"), stored(text), body(text))
    assert gone.absence is not None
    assert gone.absence.kind is Gone.GONE


# bounds


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=30",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4,5,6,7,8,9,10",
    ],
)
def test_what_recurs_too_often_is_refused_before_it_is_expanded(rule: str) -> None:
    begun = time.monotonic()
    with pytest.raises(MalformedError, match="it recurs too often"):
        stored(ics("DTSTART:20261020T090000Z", f"RRULE:{rule}")).within(WINDOW)
    assert time.monotonic() - begun < 1


def test_a_rule_from_long_ago_by_the_hour_is_refused() -> None:
    with pytest.raises(MalformedError, match="it recurs too often"):
        stored(ics("DTSTART:18500101T000000Z", "RRULE:FREQ=HOURLY;BYHOUR=9")).within(WINDOW)


def test_a_rule_that_never_comes_true_ends_with_the_first_date() -> None:
    text = ics("DTSTART:20261020T090000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert rids(text, WINDOW) == ["20261020T090000Z"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYHOUR=12;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYSETPOS=300",
        "FREQ=WEEKLY;INTERVAL=2;BYMONTH=2;BYSETPOS=300",
    ],
)
def test_a_rule_that_never_comes_true_is_not_looked_for_until_the_end_of_time(rule: str) -> None:
    held = stored(ics("DTSTART:20261020T090000Z", f"RRULE:{rule}"))
    assert [item.rid for item in held.within(AUTUMN)] == ["20261020T090000Z"]
    assert "RRULE" not in held._skeleton(held.events[0], 0)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=11",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYYEARDAY=366",
        "FREQ=YEARLY;BYWEEKNO=53;COUNT=2",
        "FREQ=WEEKLY;BYMONTH=1;UNTIL=20270131T000000Z",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=12",
    ],
)
def test_a_rule_that_comes_true_seldom_is_kept(rule: str) -> None:
    held = stored(ics("DTSTART:20281231T090000Z", f"RRULE:{rule}"))
    assert "RRULE" in held._skeleton(held.events[0], 0)


def test_more_occurrences_than_the_bound_are_refused() -> None:
    dates = ",".join(
        f"202701{day:02}T{hour:02}{minute:02}00Z" for day in range(1, 3) for hour in range(24) for minute in range(41)
    )
    lines = [f"RDATE:{dates}", "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=1"]
    with pytest.raises(MalformedError, match="it has more than 5000 occurrences"):
        stored(ics("DTSTART:20261020T090000Z", *lines)).within(WINDOW)


# edits of one occurrence


def test_editing_one_occurrence_adds_an_exception_and_leaves_the_rest_as_it_was() -> None:
    text = fixture("weekly_series")
    held = stored(text)
    assert held.edit("20261117T170000Z", Event(title="Pilates with guest"), None, NOW)
    after = held.calendar.serialised()
    assert after.startswith(text.removesuffix("END:VCALENDAR\r\n"))
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261117T180000\r\n" in after
    assert event_of(after, "20261117T170000Z").title == "Pilates with guest"
    assert event_of(after, "20261027T170000Z").title == "Pilates"
    new = parse(after).parts("VEVENT")[-1]
    assert [new.line(name) for name in ("RRULE", "EXDATE")] == [None, None]
    assert (new.text("X-COLOUR-OF-MINE"), len(new.parts("VALARM"))) == ("teal", 1)


def test_moving_an_occurrence_moves_its_exception_and_raises_its_sequence() -> None:
    held = stored(fixture("weekly_series"))
    assert held.edit("20261110T170000Z", Event(when=at(12, 10, month=11)), None, NOW)
    after = again(held)
    assert len(after.events) == 2
    assert after.find("20261110T170000Z").when == at(12, 10, month=11)  # type: ignore[union-attr]
    assert after.events[1].word("SEQUENCE") == "3"
    assert after.events[0].word("SEQUENCE") == "1"


@pytest.mark.parametrize("rid", ["20270323T170000Z", "20270330T160000Z"])
def test_an_exception_on_either_side_of_the_change_of_the_clock_is_found_again(rid: str) -> None:
    held = stored(fixture("weekly_series"))
    assert held.edit(rid, Event(title="Once"), None, NOW)
    assert event_of(held.calendar.serialised(), rid).title == "Once"


def test_an_occurrence_of_an_all_day_series_can_become_a_timed_one() -> None:
    held = stored(fixture("all_day_series"))
    assert held.edit("20261224", Event(when=at(24, 10)), None, NOW)
    after = again(held)
    assert "RECURRENCE-ID;VALUE=DATE:20261224\r\n" in after.calendar.serialised()
    assert after.find("20261224").when == at(24, 10)  # type: ignore[union-attr]


def test_several_edits_of_one_object_stand_side_by_side() -> None:
    held = stored(fixture("weekly_series"))
    for rid in ("20261117T170000Z", "20261124T170000Z"):
        assert held.edit(rid, Event(location=f"Room {rid[6:8]}"), None, NOW)
    after = held.calendar.serialised()
    assert [event_of(after, rid).location for rid in ("20261117T170000Z", "20261124T170000Z")] == ["Room 17", "Room 24"]


def test_deleting_an_occurrence_takes_its_date_out_of_the_series() -> None:
    held = stored(fixture("weekly_series"))
    assert held.remove("20261117T170000Z", NOW)
    after = again(held)
    assert after.find("20261117T170000Z") is None
    assert "EXDATE;TZID=Europe/Berlin:20261117T180000\r\n" in after.calendar.serialised()
    assert rids(after.calendar.serialised()) == ["20261020T160000Z", "20261027T170000Z", "20261110T170000Z"]


def test_deleting_a_moved_occurrence_removes_its_exception_too() -> None:
    held = stored(fixture("weekly_series"))
    assert held.remove("20261110T170000Z", NOW)
    after = again(held)
    assert len(after.events) == 1
    assert after.find("20261110T170000Z") is None


def test_deleting_the_only_occurrence_without_a_series_leaves_nothing() -> None:
    assert not stored(fixture("override_only")).remove("20261117T090000Z", NOW)


def test_an_edit_of_an_occurrence_that_is_not_there_is_stale() -> None:
    with pytest.raises(Stale):
        stored(fixture("weekly_series")).edit("20261103T170000Z", Event(title="X"), None, NOW)
    with pytest.raises(Stale):
        stored(fixture("weekly_series")).edit(None, Event(title="X"), None, NOW)


def test_an_occurrence_that_stands_for_all_that_follow_is_not_edited_alone() -> None:
    text = fixture("weekly_series").replace("RECURRENCE-ID;TZID", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID")
    with pytest.raises(Rejected):
        stored(text).edit("20261110T170000Z", Event(title="X"), None, NOW)


def test_an_item_of_ours_that_somebody_repeats_is_still_known_by_its_first_date() -> None:
    text = ics("DTSTART:20261020T090000Z", "DTEND:20261020T100000Z", "RRULE:FREQ=WEEKLY;COUNT=2", uid="key-1@syncd")
    (found,) = seen(LOOK, {"key-1.ics": body(text)}, AUTUMN)
    assert isinstance(found, Seen)
    assert {item.ref.id for item in found.observations} == {"key-1.ics", "key-1.ics#20261027T090000Z"}
    held = stored(text, "key-1.ics")
    assert held.edit(None, Event(title="Ours"), Mark("bridge-1", 1, "key-1", "d"), NOW)
    first = again(held).find(None)
    assert first is not None
    assert first.component.text("SUMMARY") == "Ours"
    assert again(held).find("20261027T090000Z").component.text("SUMMARY") is None  # type: ignore[union-attr]
