"""Creates that are repeated: lost answers, bodies that changed, look-ups that lag. Never two events for one key.

Each is asked of the adapter first, and then of whole passes: the core looks by key before it sends anything again.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import Exists, Transient
from syncd.model import Event, Observation
from syncd.ports import Outcome
from tests.adapters.microsoft_bench import MicrosoftBench, bench_in
from tests.adapters.microsoft_world import World, draft, event, key, shown
from tests.cycle.bench import SITE_ID
from tests.cycle.bench import at as on
from tests.cycle.bench import event as session

LOST = [
    {"drop": "after"},
    {"error": {"code": "ServiceUnavailable", "after": True}},
    {"error": {"code": "GatewayTimeout", "after": True}},
]
lost = pytest.mark.parametrize("fault", LOST, ids=["drop", "503", "504"])
LAG = 3600


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[MicrosoftBench]:
    async with bench_in(tmp_path) as opened:
        yield opened


async def created(microsoft: World, given: Event | None = None) -> Outcome:
    (outcome,) = await microsoft.calendar.create([draft("one", given)])
    return outcome


async def lose(microsoft: World, fault: dict[str, Any]) -> None:
    """A create that is carried out, and whose answer does not come."""
    microsoft.plant(fault, match={"operation": "events.create"})
    with pytest.raises(Transient) as caught:
        await created(microsoft)
    assert microsoft.delivered()
    assert caught.value.applied
    assert microsoft.titles() == ["Yoga"]


# --- the adapter ------------------------------------------------------------------------------------------------------


@lost
async def test_a_create_whose_answer_is_lost_is_found_by_its_key_and_not_doubled_by_a_repeat(
    microsoft: World, fault: dict[str, Any]
) -> None:
    await lose(microsoft, fault)
    found = (await microsoft.calendar.find([key("one")]))[key("one")]
    assert shown(await created(microsoft)).ref == found.ref
    assert microsoft.titles() == ["Yoga"]


@lost
async def test_a_repeat_makes_nothing_new_while_the_look_up_lags(microsoft: World, fault: dict[str, Any]) -> None:
    microsoft.switch(property_lag_seconds=LAG)
    await lose(microsoft, fault)
    assert dict(await microsoft.calendar.find([key("one")])) == {}
    again = shown(await created(microsoft))
    assert (again.event.title, again.traits.mark is not None) == ("Yoga", True)
    assert microsoft.titles() == ["Yoga"]


async def test_a_create_that_never_arrived_is_made_by_the_next_try(microsoft: World) -> None:
    microsoft.plant({"drop": "before"}, match={"operation": "events.create"})
    with pytest.raises(Transient):
        await created(microsoft)
    assert microsoft.delivered()
    assert microsoft.titles() == []
    shown(await created(microsoft))
    assert microsoft.titles() == ["Yoga"]


async def test_the_repeat_is_the_same_request_to_the_letter(microsoft: World) -> None:
    await created(microsoft)
    other = microsoft.again()
    await created(other)
    await other.account.aclose()
    first, second = (row["body"] for row in microsoft.rows() if row["write"])
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize("status", ["400", "409"])
@pytest.mark.parametrize("named", [True, False])
async def test_another_body_under_the_same_key_is_told_as_there_already(
    microsoft: World, status: str, named: bool
) -> None:
    microsoft.switch(transaction_status=status, transaction_names_event=named)
    item = shown(await created(microsoft))
    assert isinstance(await created(microsoft, event(title="Pilates")), Exists)
    assert (await microsoft.calendar.find([key("one")]))[key("one")].ref == item.ref
    assert microsoft.titles() == ["Yoga"]


async def test_the_event_that_a_refusal_names_is_found_though_the_look_up_lags(microsoft: World) -> None:
    microsoft.switch(transaction_names_event=True, property_lag_seconds=LAG)
    item = shown(await created(microsoft))
    assert isinstance(await created(microsoft, event(title="Pilates")), Exists)
    assert (await microsoft.calendar.find([key("one")]))[key("one")].ref == item.ref


async def test_the_event_of_a_refusal_that_names_none_is_found_in_the_calendar_while_look_ups_lag(
    microsoft: World,
) -> None:
    microsoft.switch(property_lag_seconds=LAG)
    item = shown(await created(microsoft))
    later = on(60, 8)
    microsoft.hands.edit(item.ref.id, start=later.start, end=later.end)
    assert isinstance(await created(microsoft, event(title="Pilates")), Exists)
    assert (await microsoft.calendar.find([key("one")]))[key("one")].ref == item.ref
    assert microsoft.titles() == ["Yoga"]


@pytest.mark.parametrize("lag", [0, LAG])
async def test_a_key_whose_event_was_deleted_and_that_is_refused_for_ever_is_told_as_spent(
    microsoft: World, lag: int
) -> None:
    microsoft.switch(transaction_after_delete="refused", property_lag_seconds=lag)
    item = shown(await created(microsoft))
    microsoft.hands.delete(item.ref.id)
    assert isinstance(await created(microsoft), Exists)
    assert dict(await microsoft.calendar.find([key("one")])) == {}
    assert microsoft.titles() == []


async def test_a_key_is_forgotten_with_nothing_doubled_that_is_looked_for_first(microsoft: World) -> None:
    microsoft.switch(transaction_days=1)
    item = shown(await created(microsoft))
    microsoft.clock.advance(2 * 86400)
    assert (await microsoft.calendar.find([key("one")]))[key("one")].ref == item.ref


async def test_a_repeat_that_shows_an_event_which_was_deleted_since_says_that_it_is_gone(microsoft: World) -> None:
    microsoft.switch(transaction_after_delete="same")
    item = shown(await created(microsoft))
    microsoft.hands.delete(item.ref.id)
    microsoft.clock.advance(600)
    answer = shown(await created(microsoft))
    assert answer.absence is not None
    assert answer.ref == item.ref
    assert microsoft.titles() == []


async def test_a_repeat_of_what_was_edited_since_shows_it_as_it_is(microsoft: World) -> None:
    item = shown(await created(microsoft))
    microsoft.hands.edit(item.ref.id, subject="by hand")
    microsoft.clock.advance(600)
    answer = shown(await created(microsoft))
    assert (answer.ref, answer.event.title, answer.absence) == (item.ref, "by hand", None)


async def test_a_copy_that_a_person_made_is_not_taken_for_ours(microsoft: World) -> None:
    item = shown(await created(microsoft))
    microsoft.clock.advance(60)
    copied = microsoft.hands.copy(item.ref.id)
    assert copied.id != item.ref.id
    assert (await microsoft.calendar.find([key("one")]))[key("one")].ref == item.ref


async def test_of_several_repeated_creates_each_is_answered_for_itself(microsoft: World) -> None:
    first = [shown(one) for one in await microsoft.calendar.create([draft("a", event(title="a")), draft("b")])]
    outcomes = await microsoft.calendar.create([draft("a", event(title="changed")), draft("b"), draft("c")])
    assert isinstance(outcomes[0], Exists)
    assert shown(outcomes[1]).ref == first[1].ref
    assert isinstance(outcomes[2], Observation)
    assert microsoft.titles() == ["Yoga", "Yoga", "a"]


# --- whole passes -----------------------------------------------------------------------------------------------------


def match_create(bench: MicrosoftBench, fault: dict[str, Any]) -> None:
    bench.outer.plant(fault, match={"operation": "events.create"})


async def settled(bench: MicrosoftBench) -> None:
    """Passes until the lag is over, and then nothing is left to do."""
    for _ in range(12):
        await bench.later()
    await bench.at_rest()


@lost
@pytest.mark.parametrize("lag", [0, LAG])
async def test_a_pass_after_a_lost_answer_ends_with_one_copy(
    bench: MicrosoftBench, fault: dict[str, Any], lag: int
) -> None:
    bench.outer.switch(property_lag_seconds=lag, delta_lag_seconds=lag)
    await bench.connected()
    bench.session("s1", session("Yoga", on(1, 10)))
    match_create(bench, fault)
    await bench.sync()
    assert bench.outer.delivered()
    assert bench.outer.titles() == ["Yoga"]
    await settled(bench)
    assert bench.outer.titles() == ["Yoga"]


@lost
@pytest.mark.parametrize("named", [True, False])
async def test_a_session_that_changes_before_its_lost_copy_is_found_has_one_copy_that_follows_it(
    bench: MicrosoftBench, fault: dict[str, Any], named: bool
) -> None:
    bench.outer.switch(property_lag_seconds=LAG, delta_lag_seconds=LAG, transaction_names_event=named)
    await bench.connected()
    bench.session("s1", session("Yoga", on(1, 10)))
    match_create(bench, fault)
    await bench.sync()
    assert bench.outer.delivered()
    bench.world.edit(SITE_ID, "s1", Event(title="Pilates"))
    await bench.later()
    assert [row["status"] for row in bench.outer.rows() if row["operation"] == "events.create"] == [400]
    assert len(bench.outer.titles()) == 1
    await settled(bench)
    assert bench.outer.titles() == ["Pilates"]


async def test_several_lost_at_once_while_look_ups_lag_are_each_there_once(bench: MicrosoftBench) -> None:
    bench.outer.switch(property_lag_seconds=LAG, delta_lag_seconds=LAG)
    await bench.connected()
    titles = [f"Session {number}" for number in range(7)]
    for number, title in enumerate(titles):
        bench.session(f"s{number}", session(title, on(number + 1, 10)))
    bench.outer.plant({"unanswered_parts": [2]}, match={"path": "batch"}, times=2)
    await bench.sync()
    assert bench.outer.delivered()
    await settled(bench)
    assert bench.outer.titles() == titles


@pytest.mark.parametrize("after_delete", ["same", "refused", "free"])
async def test_a_lost_copy_that_somebody_deletes_before_it_is_found_is_not_brought_back_twice(
    bench: MicrosoftBench, after_delete: str
) -> None:
    bench.outer.switch(transaction_after_delete=after_delete)
    await bench.connected()
    bench.session("s1", session("Yoga", on(1, 10)))
    match_create(bench, {"drop": "after"})
    await bench.sync()
    assert bench.outer.delivered()
    bench.hands.delete(bench.copy("Yoga"))
    await settled(bench)
    assert bench.outer.titles() == ["Yoga"]
