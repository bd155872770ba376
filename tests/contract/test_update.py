"""The contract of `update`: only the fields that are seen, only at the version named, and the answer is the present."""

import dataclasses
from datetime import date

import pytest

from syncd.errors import AdapterError, Stale
from syncd.model import AllDay, Event, Field, Observation, identical
from syncd.ports import Edit
from tests.contract.cases import WINDOW, YOGA, days, differences, draft, seen, timed, yoga
from tests.contract.subjects import Stage


async def created(stage: Stage, name: str = "yoga", event: Event = YOGA) -> Observation:
    return seen((await stage.calendar.create([draft(name, event)]))[0])


async def written(stage: Stage, at: Observation, event: Event) -> Observation:
    """The answer of an update at the version observed."""
    return seen((await stage.calendar.update([Edit(at.ref, event, at.version)]))[0])


@pytest.mark.parametrize(
    "change",
    [
        Event(title="Pilates"),
        Event(description="Bring two mats"),
        Event(location="Garden"),
        Event(when=timed(date(2030, 3, 6), 18, 90)),
        Event(busy=False),
        Event(title="Pilates", location="Garden"),
    ],
    ids=["title", "description", "location", "when", "busy", "two"],
)
async def test_an_update_writes_the_fields_that_are_seen_and_leaves_the_rest(stage: Stage, change: Event) -> None:
    made = await created(stage)
    answer = await written(stage, made, change)
    found = (await stage.calendar.get([made.ref]))[made.ref]
    assert differences(found.event, change.over(YOGA)) == {}
    assert answer.event == found.event


async def test_an_update_of_an_item_made_by_hand_leaves_what_it_does_not_name(stage: Stage) -> None:
    ref = await stage.hands.put(YOGA)
    before = (await stage.calendar.get([ref]))[ref]
    answer = await written(stage, before, Event(title="Pilates"))
    assert differences(answer.event, yoga(title="Pilates")) == {}


@pytest.mark.parametrize("name", [Field.DESCRIPTION, Field.LOCATION])
async def test_a_text_can_be_emptied(stage: Stage, name: Field) -> None:
    made = await created(stage)
    answer = await written(stage, made, Event().put({name: None}))
    assert differences(answer.event, YOGA.put({name: None})) == {}


async def test_the_answer_has_the_version_and_the_fingerprint_of_the_next_read(stage: Stage) -> None:
    made = await created(stage)
    answer = await written(stage, made, Event(title="Pilates"))
    (found,) = (await stage.calendar.read(WINDOW)).observations
    assert (found.version, found.fingerprint) == (answer.version, answer.fingerprint)
    assert answer.version != made.version
    assert answer.fingerprint != made.fingerprint


async def test_two_updates_after_each_other_need_only_the_answers(stage: Stage) -> None:
    made = await created(stage)
    first = await written(stage, made, Event(title="Pilates"))
    second = await written(stage, first, Event(location="Garden"))
    assert (second.event.title, second.event.location) == ("Pilates", "Garden")


@pytest.mark.needs("conditional_write")
async def test_an_update_of_an_item_changed_since_is_stale_and_changes_nothing(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.edit(made.ref, Event(title="Renamed by hand"))
    (outcome,) = await stage.calendar.update([Edit(made.ref, Event(title="Ours"), made.version)])
    assert isinstance(outcome, Stale)
    assert await stage.hands.titles() == ["Renamed by hand"]


@pytest.mark.needs("conditional_write")
async def test_after_stale_the_item_read_again_can_be_written(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.edit(made.ref, Event(location="By hand"))
    fresh = (await stage.calendar.get([made.ref]))[made.ref]
    answer = await written(stage, fresh, Event(title="Ours"))
    assert (answer.event.title, answer.event.location) == ("Ours", "By hand")


async def test_without_a_version_the_present_item_is_written(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.edit(made.ref, Event(location="By hand"))
    answer = seen((await stage.calendar.update([Edit(made.ref, Event(title="Ours"), None)]))[0])
    assert (answer.event.title, answer.event.location) == ("Ours", "By hand")


async def test_an_update_of_a_removed_item_is_no_success_and_makes_nothing(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.remove(made.ref)
    (outcome,) = await stage.calendar.update([Edit(made.ref, Event(title="Ours"), made.version)])
    assert isinstance(outcome, AdapterError) or outcome.absence is not None
    assert await stage.hands.titles() == []


@pytest.mark.needs("batch", "conditional_write")
async def test_of_several_one_stale_item_is_an_error_in_its_place(stage: Stage) -> None:
    made = [await created(stage, name, yoga(title=name)) for name in ("a", "b", "c")]
    await stage.hands.edit(made[1].ref, Event(title="By hand"))
    outcomes = await stage.calendar.update(
        [Edit(one.ref, Event(location="Garden"), one.version) for one in made],
    )
    assert isinstance(outcomes[1], Stale)
    assert [seen(outcomes[0]).event.location, seen(outcomes[2]).event.location] == ["Garden", "Garden"]


async def test_our_mark_is_replaced_by_the_one_that_comes_with_the_fields(stage: Stage) -> None:
    made = await created(stage)
    newer = dataclasses.replace(draft().mark, digest="feedfacefeedface")
    edit = Edit(made.ref, Event(title="Pilates"), made.version, newer)
    answer = seen((await stage.calendar.update([edit]))[0])
    assert answer.traits.mark is not None
    assert answer.traits.mark.digest == "feedfacefeedface"
    assert answer.traits.mark.key == draft().key


async def test_without_a_new_mark_ours_stays(stage: Stage) -> None:
    made = await created(stage)
    answer = await written(stage, made, Event(description="Other words"))
    assert answer.traits.mark == made.traits.mark
    assert answer.event.description == "Other words"


async def test_an_item_made_by_hand_gets_no_mark_of_ours(stage: Stage) -> None:
    ref = await stage.hands.put(YOGA)
    before = (await stage.calendar.get([ref]))[ref]
    edit = Edit(ref, Event(title="Pilates"), before.version, draft().mark)
    answer = seen((await stage.calendar.update([edit]))[0])
    assert answer.traits.mark is None
    assert await stage.hands.titles() == ["Pilates"]


@pytest.mark.parametrize("day", [date(2030, 3, 30), date(2030, 4, 1), date(2030, 10, 26), date(2030, 10, 28)])
async def test_a_time_moved_over_a_change_of_clocks_keeps_its_hour(stage: Stage, day: date) -> None:
    made = await created(stage)
    answer = await written(stage, made, Event(when=timed(day, 10)))
    assert identical(answer.event.when, timed(day, 10))


@pytest.mark.needs("all_day")
async def test_hours_become_whole_days_and_hours_again(stage: Stage) -> None:
    made = await created(stage)
    whole = await written(stage, made, Event(when=days(date(2030, 3, 30), 2)))
    assert whole.event.when == AllDay(date(2030, 3, 30), date(2030, 4, 1))
    back = await written(stage, whole, Event(when=YOGA.when))
    assert differences(back.event, YOGA) == {}


async def test_nobody_is_invited_by_an_update(stage: Stage) -> None:
    made = await created(stage)
    await written(stage, made, Event(title="Pilates"))
    assert await stage.hands.mailed() == 0


async def test_updating_nothing_changes_nothing(stage: Stage) -> None:
    assert list(await stage.calendar.update([])) == []
