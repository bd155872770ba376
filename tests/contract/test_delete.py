"""The contract of `delete`: gone is gone, already gone is success, a change in between stops it."""

import pytest

from syncd.errors import Stale
from syncd.model import Event, Gone, Observation
from syncd.ports import Erasure
from tests.contract.cases import WINDOW, draft, seen, yoga
from tests.contract.subjects import Stage


async def created(stage: Stage, name: str = "yoga") -> Observation:
    return seen((await stage.calendar.create([draft(name, yoga(title=name))]))[0])


def is_gone(found: Observation) -> bool:
    return found.absence is not None and found.absence.kind is Gone.GONE


async def test_a_deleted_item_is_gone_in_the_answer_and_in_every_read(stage: Stage) -> None:
    made = await created(stage)
    answer = seen((await stage.calendar.delete([Erasure(made.ref, made.version)]))[0])
    assert is_gone(answer)
    assert answer.ref == made.ref
    assert is_gone((await stage.calendar.get([made.ref]))[made.ref])
    assert (await stage.calendar.read(WINDOW)).listed == frozenset()
    assert await stage.hands.titles() == []


async def test_deleting_what_is_already_gone_is_success(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.remove(made.ref)
    assert is_gone(seen((await stage.calendar.delete([Erasure(made.ref, made.version)]))[0]))


async def test_a_delete_may_be_repeated(stage: Stage) -> None:
    made = await created(stage)
    for _ in range(2):
        assert is_gone(seen((await stage.calendar.delete([Erasure(made.ref, made.version)]))[0]))


@pytest.mark.needs("conditional_write")
async def test_an_item_changed_since_is_stale_and_stays(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.edit(made.ref, Event(title="Renamed by hand"))
    (outcome,) = await stage.calendar.delete([Erasure(made.ref, made.version)])
    assert isinstance(outcome, Stale)
    assert await stage.hands.titles() == ["Renamed by hand"]


async def test_without_a_version_the_present_item_is_deleted(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.edit(made.ref, Event(title="Renamed by hand"))
    assert is_gone(seen((await stage.calendar.delete([Erasure(made.ref, None)]))[0]))
    assert await stage.hands.titles() == []


async def test_only_the_item_named_is_deleted(stage: Stage) -> None:
    made = await created(stage, "mine")
    await stage.hands.put(yoga(title="theirs"))
    await stage.calendar.delete([Erasure(made.ref, made.version)])
    assert await stage.hands.titles() == ["theirs"]


@pytest.mark.needs("batch", "conditional_write")
async def test_of_several_the_stale_one_stays_and_the_others_go(stage: Stage) -> None:
    made = [await created(stage, name) for name in ("a", "b", "c")]
    await stage.hands.edit(made[1].ref, Event(title="by hand"))
    outcomes = await stage.calendar.delete([Erasure(one.ref, one.version) for one in made])
    assert isinstance(outcomes[1], Stale)
    assert is_gone(seen(outcomes[0]))
    assert is_gone(seen(outcomes[2]))
    assert await stage.hands.titles() == ["by hand"]


@pytest.mark.needs("delta")
async def test_a_cursor_tells_what_we_deleted(stage: Stage) -> None:
    made = await created(stage)
    full = await stage.calendar.read(WINDOW)
    assert full.cursor is not None
    await stage.calendar.delete([Erasure(made.ref, made.version)])
    found = await stage.calendar.read(full.cursor)
    assert [one.group for one in found.removed] == [made.traits.group or made.ref.id]


@pytest.mark.needs("site")
async def test_a_booking_in_between_stops_a_cancel_that_asked_for_the_count(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.book(made.ref, 2)
    (outcome,) = await stage.calendar.delete([Erasure(made.ref, None, participants=0)])
    assert isinstance(outcome, Stale)
    assert await stage.hands.titles() == ["yoga"]


@pytest.mark.needs("site")
async def test_a_cancel_goes_on_when_the_count_is_the_one_named(stage: Stage) -> None:
    made = await created(stage)
    await stage.hands.book(made.ref, 2)
    assert is_gone(seen((await stage.calendar.delete([Erasure(made.ref, None, participants=2)]))[0]))
    assert await stage.hands.mailed() == 0


async def test_deleting_nothing_removes_nothing(stage: Stage) -> None:
    await stage.hands.put(yoga())
    assert list(await stage.calendar.delete([])) == []
    assert await stage.hands.titles() == ["Yoga"]
