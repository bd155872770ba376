"""Series on both sides: one occurrence edited, moved, cancelled; a whole series re-timed; both changes of the clock."""

from datetime import timedelta

import pytest

from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local, spans

RUN = "FREQ=WEEKLY;COUNT=4"


@pytest.mark.rule("R1", "R7")
async def test_a_weekly_class_keeps_its_local_time_across_the_change_of_the_clock(studio: Studio) -> None:
    await studio.connect()
    studio.weekly("Yoga", local(15, "09:00"))  # Tuesdays, 17 March to 7 April
    await studio.sync()
    assert set(await studio.person.shown()) == {
        "Yoga 20260317T090000",
        "Yoga 20260324T090000",
        "Yoga 20260331T090000",
        "Yoga 20260407T090000",
    }
    assert {row["start"]["utcDate"][11:16] for row in (await studio.at_wix()).values()} == {"08:00", "07:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R7")
@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (20, ["2026-03-22T08:00", "2026-03-29T07:00", "2026-04-05T07:00", "2026-04-12T07:00"]),
        (230, ["2026-10-18T07:00", "2026-10-25T08:00", "2026-11-01T08:00", "2026-11-08T08:00"]),
    ],
    ids=["to-summer", "to-winter"],
)
async def test_an_outside_series_blocks_each_occurrence_at_its_local_time(
    studio: Studio, first: int, expected: list[str]
) -> None:
    await studio.connect()
    await studio.person.event("Run", local(first, "09:00"), rrule=RUN)
    await studio.sync()
    rows = (await studio.blocks()).values()
    assert sorted(row["start"]["utcDate"][:16] for row in rows) == expected
    assert {row["start"]["localDate"][11:16] for row in rows} == {"09:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R31")
async def test_an_occurrence_edited_outside_changes_its_block_only(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    before = {ref: row["revision"] for ref, row in (await studio.at_wix()).items()}
    await studio.person.edit_occurrence(name, local(9, "12:30"), "Late run", local(9, "18:00"))
    await studio.settle(2)
    assert set(await studio.blocks()) == {
        "Run 2026-03-04T12:30",
        "Late run 2026-03-11T18:00",
        "Run 2026-03-18T12:30",
        "Run 2026-03-25T12:30",
    }
    after = {ref: row["revision"] for ref, row in (await studio.at_wix()).items()}
    assert after.keys() == before.keys()
    assert sum(after[ref] != before[ref] for ref in before) == 1
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R31")
async def test_an_occurrence_cancelled_outside_frees_its_slot_only(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    await studio.person.remove_occurrence(name, local(9, "12:30"))
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Run 2026-03-04T12:30", "Run 2026-03-18T12:30", "Run 2026-03-25T12:30"}
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # at Google and Microsoft: test_at_google, test_at_microsoft
@pytest.mark.rule("R5")
async def test_an_edited_block_of_an_occurrence_becomes_an_override_in_the_same_object(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    block = (await studio.blocks())["Run 2026-03-11T12:30"]
    studio.edit(block["id"], title="Long run", **spans(local(9, "17:00"), 2))
    await studio.sync()
    assert [event.name for event in (await studio.person.own()).values()] == [name]
    text = await studio.person.raw(name)
    assert text.count("BEGIN:VEVENT") == 2
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20260311T123000" in text
    assert sorted(lines(text, "SUMMARY")) == ["Long run", "Run"]
    assert lines(text, "RRULE") == [RUN]
    assert "DTSTART;TZID=Europe/Berlin:20260311T170000" in text
    assert len(await studio.blocks()) == 4
    await studio.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_cancelled_block_of_an_occurrence_leaves_the_series_as_it_is(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    before = await studio.person.raw(name)
    studio.cancel((await studio.blocks())["Run 2026-03-11T12:30"]["id"])
    await studio.settle(3)
    assert await studio.person.raw(name) == before
    assert len(await studio.blocks()) == 3
    await studio.assert_at_rest()


@pytest.mark.rule("R31", "R8")
async def test_a_retimed_class_keeps_its_copies_and_its_override(studio: Studio) -> None:
    await studio.connect()
    master, occurrences = studio.weekly("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.override(occurrences[1], title="Busy with Anna")
    await studio.sync()
    names = {copy.name for copy in await studio.person.copies()}
    studio.edit(master, **spans(local(1, "11:00")))
    assert not set(occurrences) & set(await studio.at_wix())
    await studio.settle(3)
    assert {copy.name for copy in await studio.person.copies()} == names
    assert set(await studio.person.shown()) == {
        "Yoga 20260303T110000",
        "Busy with Anna 20260310T110000",
        "Yoga 20260317T110000",
        "Yoga 20260324T110000",
    }
    assert len(await studio.history("R31")) >= 4
    await studio.assert_at_rest()
    await studio.person.edit_copy("Busy with Anna", title="At work")
    await studio.sync()
    assert {row["title"] for row in (await studio.at_wix()).values()} == {"Yoga"}
    await studio.assert_at_rest()


@pytest.mark.rule("R31")
async def test_an_outside_series_moved_to_another_hour_moves_its_blocks(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    before = set(await studio.at_wix())
    await studio.person.edit(name, start=local(2, "14:30"), end=local(2, "15:30"))
    await studio.settle(3)
    assert set(await studio.at_wix()) == before
    days = [local(2, "14:30") + timedelta(weeks=week) for week in range(4)]
    assert set(await studio.blocks()) == {f"Run {day:%Y-%m-%dT%H:%M}" for day in days}
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # elsewhere an event has one place in its calendar
@pytest.mark.rule("R31")
async def test_an_event_that_moves_to_another_object_is_the_same_event(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    before = set(await studio.at_wix())
    text = await studio.person.raw(name)
    await studio.person.remove(name)
    await studio.outside.put("home/", "elsewhere.ics", text)
    await studio.settle(2)
    assert set(await studio.at_wix()) == before
    await studio.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_cancelled_occurrence_of_a_class_takes_its_copy_only(studio: Studio) -> None:
    await studio.connect()
    _, occurrences = studio.weekly("Yoga", local(1, "09:00"))
    await studio.sync()
    studio.cancel(occurrences[2])
    await studio.settle(2)
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000", "Yoga 20260310T090000", "Yoga 20260324T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5")
async def test_a_moved_copy_of_an_occurrence_makes_an_exception_of_it(studio: Studio) -> None:
    await studio.connect()
    _, occurrences = studio.weekly("Yoga", local(1, "09:00"))
    await studio.sync()
    copy = (await studio.person.shown())["Yoga 20260310T090000"]
    await studio.person.edit(copy.name, start=local(8, "18:00"), end=local(8, "19:00"))
    await studio.sync()
    row = (await studio.at_wix())[occurrences[1]]
    assert (row["recurrenceType"], row["start"]["localDate"]) == ("EXCEPTION", "2026-03-10T18:00:00")
    await studio.assert_at_rest()


@pytest.mark.rule("R3", "R15")
@pytest.mark.policy(delete_limit=1, delete_share=0.1)
async def test_a_cancelled_class_takes_all_its_copies_as_one_act(studio: Studio) -> None:
    await studio.connect()
    master, _ = studio.weekly("Yoga", local(1, "09:00"))
    studio.session("Pilates", local(2, "09:00"))
    await studio.sync()
    studio.cancel(master)
    await studio.settle(3)
    assert set(await studio.person.shown()) == {"Pilates 20260304T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R15")
async def test_an_outside_series_that_is_deleted_frees_all_its_slots(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await studio.person.remove(name)
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R6", "R31")
async def test_a_single_event_that_becomes_a_series_keeps_its_block_and_gets_more(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Run", local(2, "12:30"))
    await studio.sync()
    (before,) = await studio.at_wix()
    await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.settle(3)
    assert len(await studio.blocks()) == 4
    assert before in await studio.at_wix()
    await studio.assert_at_rest()
