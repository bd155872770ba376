"""Whole passes between a site and a Microsoft account: what only Microsoft does, over real HTTP.

Not here: what every provider does (test_account_passes).
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from syncd.model import Event
from tests.adapters.microsoft_bench import MicrosoftBench, bench_in
from tests.adapters.microsoft_world import EMAIL, occurrences
from tests.cycle.bench import SITE_ID, at, event


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[MicrosoftBench]:
    async with bench_in(tmp_path) as opened:
        yield opened


async def test_texts_that_the_service_rewrites_are_written_once(bench: MicrosoftBench) -> None:
    bench.outer.switch(body_rewriting="stronger")
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10), description="<b>not bold</b>\n& so on\n\n  twice"))
    await bench.sync()
    assert bench.outer.titles() == ["Yoga"]
    await bench.at_rest()
    bench.world.edit(SITE_ID, "s1", Event(description="Another\ntext"))
    await bench.later()
    assert bench.written() == ["events.update"]
    await bench.at_rest()


@pytest.mark.rule("R10")
async def test_a_text_that_the_service_cuts_short_never_overwrites_the_whole_one(bench: MicrosoftBench) -> None:
    bench.outer.switch(subject_limit=120, subject_excess="cut")
    await bench.connected()
    title, place = "Yoga " + "x" * 200, "Room " + "y" * 200
    bench.session("s1", event(title, at(1, 10), location=place))
    await bench.sync()
    assert bench.outer_titles() == [title[:120]]
    await bench.at_rest()
    bench.world.edit(SITE_ID, "s1", Event(title=f"Indoor {title}"))
    await bench.several(3)
    assert bench.outer_titles() == [f"Indoor {title}"[:120]]
    found = bench.world.items(SITE_ID)["s1"].event
    assert (found.title, found.location) == (f"Indoor {title}", place)
    await bench.at_rest()


@pytest.mark.parametrize("switches", [{}, {"delta_split_series": True, "delta_order": "shuffled"}])
async def test_occurrences_of_a_series_become_blocks_and_a_moved_series_is_followed(
    bench: MicrosoftBench, switches: dict[str, object]
) -> None:
    bench.outer.switch(**switches)
    await bench.connected()
    series = bench.put("Lesson", 1, rrule="FREQ=DAILY;COUNT=5")
    bench.put("Dentist", 8)  # with nothing but gone items linked, the side would count as empty (R15)
    await bench.sync()
    before = bench.titled("Lesson")
    assert len(before) == 5
    when = at(1, 15)
    old = occurrences(bench.outer, series)
    bench.hands.edit(series, start=when.start, end=when.end)
    await bench.several()
    after = bench.titled("Lesson")
    assert (set(after), {one.start.hour for one in after.values()}) == (set(before), {15}), "moved, not made again"
    assert len(old) == 5
    await bench.at_rest()


async def test_a_series_on_other_days_is_followed_under_ids_that_are_all_new(bench: MicrosoftBench) -> None:
    await bench.connected()
    series = bench.put("Lesson", 1, rrule="FREQ=WEEKLY;COUNT=3")
    bench.put("Dentist", 8)
    await bench.sync()
    old = occurrences(bench.outer, series)
    when = at(2, 9)
    bench.hands.edit(series, start=when.start, end=when.end, rrule="FREQ=WEEKLY;COUNT=3")
    assert not set(old) & set(occurrences(bench.outer, series))
    await bench.several()
    assert len(bench.titled("Lesson")) == 3
    assert {one.start.date().weekday() for one in bench.titled("Lesson").values()} == {2}
    await bench.at_rest()


async def test_an_occurrence_that_is_deleted_without_a_word_takes_its_block_along_and_no_other(
    bench: MicrosoftBench,
) -> None:
    await bench.connected()
    series = bench.put("Lesson", 1, rrule="FREQ=DAILY;COUNT=6")
    bench.put("Dentist", 8)
    await bench.sync()
    before = bench.titled("Lesson")
    bench.hands.delete(occurrences(bench.outer, series)[2])
    await bench.several()
    after = bench.titled("Lesson")
    assert len(before) == 6
    assert set(before) - set(after) == {name for name, when in before.items() if when == at(3, 9)}
    await bench.at_rest()


@pytest.mark.parametrize("told", ["master", "all"])
async def test_a_deleted_series_takes_its_blocks_along(bench: MicrosoftBench, told: str) -> None:
    bench.outer.switch(delta_deleted_series=told)
    await bench.connected()
    series = bench.put("Lesson", 1, rrule="FREQ=DAILY;COUNT=4")
    for day in range(8, 16):
        bench.put(f"Other {day}", day)
    await bench.sync()
    assert len(bench.titled("Lesson")) == 4
    bench.hands.delete(series)
    await bench.several()
    assert bench.titled("Lesson") == {}
    assert len(bench.blocks()) == 8
    await bench.at_rest()


async def test_an_event_moved_beyond_the_window_and_back_is_followed(bench: MicrosoftBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    dentist = bench.put("Dentist", 2)
    await bench.sync()
    far = at(600, 9)
    for name in (dentist, bench.copy("Yoga")):
        bench.hands.edit(name, start=far.start, end=far.end)
    await bench.several()
    assert [one.event.when for one in bench.world.items(SITE_ID).values()] == [far, far]
    await bench.at_rest()
    bench.hands.edit(dentist, start=at(3, 9).start, end=at(3, 9).end)
    await bench.several(2)
    assert bench.blocks()["Dentist"].when == at(3, 9)
    await bench.at_rest()


async def test_what_happens_outside_the_window_is_told_as_removed_and_changes_nothing(bench: MicrosoftBench) -> None:
    await bench.connected()
    bench.put("Dentist", 2)
    await bench.sync()
    far = bench.put("Far", 600)
    await bench.later()
    bench.hands.edit(far, subject="Farther")
    await bench.later()
    bench.hands.delete(far)
    await bench.later()
    assert bench.inside_titles() == ["Dentist"]
    await bench.at_rest()


async def test_a_day_later_the_window_is_read_anew_and_nothing_is_written(bench: MicrosoftBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.put("Lesson", 1, rrule="FREQ=DAILY")
    await bench.sync()
    count = len(bench.titled("Lesson"))
    await bench.later(minutes=24 * 60)
    assert bench.outer.operations().count("events.create") == 0
    assert len(bench.titled("Lesson")) == count + 1, "the occurrence that the window takes in"
    await bench.at_rest()


@pytest.mark.parametrize("fault", [{"gone_on_page": 1}, {"gone_on_page": 3}, {"bad_token": 400}, {"bad_token": 404}])
async def test_a_token_that_is_refused_is_a_full_reading_and_nothing_is_lost_in_the_gap(
    bench: MicrosoftBench, fault: dict[str, object]
) -> None:
    await bench.connected()
    ids = [bench.put(f"n{number}", number) for number in range(6)]
    await bench.sync()
    for number in (0, 1, 2, 3, 4):
        bench.hands.edit(ids[number], location="Garden")
    bench.hands.delete(ids[5])
    bench.outer.switch(delta_empty_pages=2)
    bench.outer.plant({**fault}, match={"operation": "calendarView.delta"})
    assert (await bench.later()).error is None
    assert bench.outer.delivered()
    await bench.several(2)
    assert sorted(bench.blocks()) == ["n0", "n1", "n2", "n3", "n4"]
    assert {one.location for one in bench.blocks().values()} == {"Garden"}


async def test_rounds_without_an_end_are_read_another_way_and_nothing_is_lost(bench: MicrosoftBench) -> None:
    await bench.connected()
    dentist = bench.put("Dentist", 2)
    lesson = bench.put("Lesson", 3, rrule="FREQ=DAILY;COUNT=4")
    await bench.sync()
    for begins in ("deltatoken", "startDateTime"):
        bench.outer.plant({"endless": True}, match={"operation": "calendarView.delta", "query": begins})
    bench.hands.edit(dentist, location="Garden")
    bench.hands.delete(occurrences(bench.outer, lesson)[1])
    result = await bench.later()
    assert result.error is None, result.error
    assert "calendarView.list" in bench.outer.operations()
    await bench.several(2)
    assert bench.blocks()["Dentist"].location == "Garden"
    assert len(bench.titled("Lesson")) == 3
    await bench.at_rest()


@pytest.mark.parametrize(
    "switches", [{}, {"property_lag_seconds": 3600}, {"transaction_after_delete": "free", "events_of_me": "default"}]
)
async def test_a_create_whose_answer_is_lost_is_not_made_twice(
    bench: MicrosoftBench, switches: dict[str, object]
) -> None:
    bench.outer.switch(**switches)
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.outer.plant({"drop": "after"}, match={"operation": "events.create"})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.several()
    assert bench.outer.titles() == ["Yoga"]
    assert bench.inside_titles() == ["Yoga"], "the copy is not taken for somebody's event"
    await bench.at_rest()


async def test_what_another_installation_made_is_not_imported(bench: MicrosoftBench) -> None:
    await bench.connected(imports=False)
    for number in range(45):
        bench.session(f"s{number}", event(f"S{number:02}", at(number % 20, 10 + number // 20)))
    await bench.sync()
    await bench.later(minutes=120)
    assert len(bench.outer.titles()) == 45
    for number in range(45):
        bench.world.remove(SITE_ID, f"s{number}")
    bench.rules = type(bench.rules)(bridge="bridge-2")
    await bench.connected(exports=False)
    await bench.several(2)
    assert bench.inside_titles() == []


async def test_invitations_block_and_are_never_written(bench: MicrosoftBench) -> None:
    await bench.connected()
    when = at(2, 9)
    meeting = bench.hands.invite("Meeting", when.start, when.end, "boss@example.org", zone=when.tzid).id
    await bench.sync()
    assert list(bench.blocks()) == ["Meeting"]
    bench.hands.answer(meeting, "declined")
    await bench.later()
    assert bench.blocks()["Meeting"].busy is False
    bench.hands.answer(meeting, "accepted")
    bench.hands.cancel(meeting)
    await bench.several(2)
    assert bench.blocks() == {}
    assert bench.outer.state.mailed == []
    await bench.at_rest()


async def test_days_are_days_wherever_the_mailbox_is(bench: MicrosoftBench) -> None:
    bench.outer.state.accounts[EMAIL].zone = "Tonga Standard Time"
    await bench.connected()
    bench.hands.add("Fair", date(2026, 3, 5), date(2026, 3, 7), zone="Tonga Standard Time")
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    fair = bench.blocks()["Fair"].when
    assert (str(getattr(fair, "first", "")), str(getattr(fair, "until", ""))) == ("2026-03-05", "2026-03-07")
    await bench.at_rest()
    await bench.later(minutes=int(timedelta(days=1).total_seconds() // 60))
    await bench.at_rest()
