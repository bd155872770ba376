"""Several requests in one: chains that break, what is sent again and what is not, how much it costs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from adapters.batches import PATIENCE
from adapters.microsoft.batch import ABREAST, MOST
from syncd.errors import AuthRevoked, Exists, Rejected, Stale, Throttled, Transient
from syncd.model import Event, Observation
from syncd.ports import Draft, Edit, Erasure, Outcome
from tests.adapters.microsoft_world import NOW, WINDOW, World, draft, event, key, shown


def drafts(*names: str) -> list[Draft]:
    return [draft(name, event(title=name)) for name in names]


def numbered(count: int) -> list[Draft]:
    return drafts(*(f"n{number:02}" for number in range(count)))


async def made(microsoft: World, wanted: Sequence[Draft]) -> list[Observation]:
    return [shown(one) for one in await microsoft.calendar.create(wanted)]


async def moved(microsoft: World, items: Sequence[Observation]) -> list[Outcome]:
    """An edit of each at the version it was made with, with nothing else asked before."""
    microsoft.forget()
    return list(
        await microsoft.calendar.update([Edit(one.ref, Event(location="Garden"), one.version) for one in items])
    )


def batches(microsoft: World) -> list[Mapping[str, Any]]:
    return [row for row in microsoft.rows() if row["batch"]]


def requests(microsoft: World) -> int:
    """Requests that were sent; the parts of a batch are one."""
    return len([row for row in microsoft.rows() if "part" not in row])


def refused_for_rate(microsoft: World) -> list[Mapping[str, Any]]:
    return [row for row in microsoft.rows() if row["status"] == 429]


# --- chains -----------------------------------------------------------------------------------------------------------


async def test_twenty_are_one_request(microsoft: World) -> None:
    await made(microsoft, numbered(MOST))
    assert len(microsoft.titles()) == MOST
    assert [row["path"] for row in batches(microsoft)] == ["/v1.0/$batch"]
    assert refused_for_rate(microsoft) == []


async def test_one_is_sent_alone(microsoft: World) -> None:
    await made(microsoft, numbered(1))
    assert batches(microsoft) == []
    assert microsoft.titles() == ["n00"]


async def test_more_than_twenty_are_as_many_chains_as_it_takes(microsoft: World) -> None:
    await made(microsoft, numbered(2 * MOST + 1))
    assert len(microsoft.titles()) == 2 * MOST + 1
    assert len(batches(microsoft)) == 2
    assert microsoft.operations().count("events.create") == 2 * MOST + 1


async def test_what_stands_behind_a_failed_part_is_sent_again_without_it(microsoft: World) -> None:
    items = await made(microsoft, numbered(8))
    microsoft.hands.edit(items[5].ref.id, subject="by hand")
    outcomes = await moved(microsoft, items)
    assert [at for at, one in enumerate(outcomes) if isinstance(one, Stale)] == [5]
    assert [shown(one).event.location for at, one in enumerate(outcomes) if at != 5] == ["Garden"] * 7
    assert [row["status"] for row in microsoft.rows() if row.get("part", 0) > 5 and row["status"] == 424] == [424, 424]
    assert requests(microsoft) == 2


async def test_where_all_of_twenty_fail_the_parts_go_side_by_side(microsoft: World) -> None:
    items = await made(microsoft, numbered(MOST))
    for item in items:
        microsoft.hands.edit(item.ref.id, subject="by hand")
    outcomes = await moved(microsoft, items)
    assert all(type(one) is Stale for one in outcomes)
    assert requests(microsoft) <= 1 + -(-(MOST - 1) // ABREAST)
    assert refused_for_rate(microsoft) == []


@pytest.mark.parametrize("bad", [{0}, {0, 1, 2}, {4, 9, 14, 19}, {0, 5, 6, 7, 8, 9, 10}, set(range(0, 20, 2))])
async def test_a_failure_costs_two_requests_at_most(microsoft: World, bad: set[int]) -> None:
    items = await made(microsoft, numbered(MOST))
    for at in bad:
        microsoft.hands.edit(items[at].ref.id, subject="by hand")
    outcomes = await moved(microsoft, items)
    assert {at for at, one in enumerate(outcomes) if isinstance(one, Stale)} == bad
    assert sum(isinstance(one, Observation) for one in outcomes) == MOST - len(bad)
    assert requests(microsoft) <= 1 + 2 * len(bad)
    assert len([row for row in microsoft.rows() if row["write"] and row["status"] == 200]) == MOST - len(bad)
    assert refused_for_rate(microsoft) == []


async def test_of_several_calls_at_once_none_is_refused_for_the_rate(microsoft: World) -> None:
    groups = [numbered(9), drafts(*"abcdefghi"), drafts(*"jklmnopqr")]
    items = [one for group in await asyncio.gather(*(made(microsoft, group) for group in groups)) for one in group]
    assert len(microsoft.titles()) == 27
    for item in items:
        microsoft.hands.edit(item.ref.id, subject="by hand")
    calls = [items[start::3] for start in range(3)]
    outcomes = await asyncio.gather(*(moved(microsoft, call) for call in calls))
    assert {type(one) for group in outcomes for one in group} == {Stale}
    assert refused_for_rate(microsoft) == []


async def test_parts_may_be_answered_in_any_order(microsoft: World) -> None:
    microsoft.plant({"reversed_parts": True}, match={"path": "batch"})
    items = await made(microsoft, drafts("a", "b", "c"))
    assert microsoft.delivered()
    assert [one.event.title for one in items] == ["a", "b", "c"]


# --- refused for the rate ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_part_refused_for_its_rate_waits_as_told_and_goes_again_with_the_rest(
    microsoft: World, form: str
) -> None:
    microsoft.switch(retry_after=3, retry_after_form=form)
    microsoft.plant({"part_failures": [1]}, match={"path": "batch"})
    await made(microsoft, drafts("a", "b", "c", "d"))
    assert microsoft.delivered()
    assert microsoft.titles() == ["a", "b", "c", "d"]
    assert microsoft.waits.seconds == [3.0]
    assert len(batches(microsoft)) == 2


async def test_without_a_time_told_each_wait_is_longer(microsoft: World) -> None:
    microsoft.switch(retry_after=0)
    microsoft.plant({"part_failures": [1]}, match={"path": "batch"}, times=2)
    await made(microsoft, drafts("a", "b", "c", "d"))
    assert len(refused_for_rate(microsoft)) == 2
    assert microsoft.titles() == ["a", "b", "c", "d"]
    assert microsoft.waits.seconds[0] < microsoft.waits.seconds[1]


async def test_parts_refused_again_and_again_are_throttled_in_their_place_and_no_more_is_sent(microsoft: World) -> None:
    microsoft.switch(retry_after=1)
    microsoft.plant({"error": {"code": "TooManyRequests"}}, match={"body": key("b")}, times=-1)
    outcomes = await microsoft.calendar.create(drafts("a", "b", "c"))
    assert len(microsoft.delivered()) == 3
    assert [type(one) for one in outcomes] == [Observation, Throttled, Throttled]
    assert microsoft.titles() == ["a"]


async def test_a_batch_refused_for_its_rate_from_the_first_part_on_is_throttled_as_a_whole(microsoft: World) -> None:
    microsoft.refuse("events.create", "TooManyRequests", retry_after=int(PATIENCE) + 1)
    with pytest.raises(Throttled) as caught:
        await microsoft.calendar.create(drafts("a", "b", "c"))
    assert microsoft.delivered()
    assert caught.value.retry_after == PATIENCE + 1
    assert not caught.value.applied
    assert microsoft.titles() == []
    assert microsoft.waits.seconds == []
    assert requests(microsoft) == 1


async def test_a_part_that_is_to_wait_long_is_left_to_the_next_pass_with_all_behind_it(microsoft: World) -> None:
    microsoft.switch(retry_after=int(PATIENCE) + 1)
    microsoft.plant({"part_failures": [2]}, match={"path": "batch"})
    outcomes = await microsoft.calendar.create(drafts("a", "b", "c", "d"))
    assert microsoft.delivered()
    assert [type(one) for one in outcomes] == [Observation, Observation, Throttled, Throttled]
    assert microsoft.waits.seconds == []
    assert len(batches(microsoft)) == 1


async def test_a_full_mailbox_ends_the_writes_and_says_so_in_their_places(microsoft: World) -> None:
    microsoft.plant({"error": {"code": "ErrorQuotaExceeded"}}, match={"body": key("b")})
    outcomes = await microsoft.calendar.create(drafts("a", "b", "c"))
    assert microsoft.delivered()
    assert isinstance(outcomes[0], Observation)
    assert all(isinstance(one, Throttled) for one in outcomes[1:])
    assert microsoft.titles() == ["a"]
    with pytest.raises(Throttled):
        await microsoft.calendar.create(drafts("d"))
    assert microsoft.account.found


# --- what may have been applied ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 3])
async def test_a_part_that_failed_at_the_server_may_be_applied_and_only_those_behind_it_go_again(
    microsoft: World, place: int
) -> None:
    names = ["a", "b", "c", "d"]
    microsoft.plant({"unanswered_parts": [place]}, match={"path": "batch"})
    outcomes = await microsoft.calendar.create(drafts(*names))
    assert microsoft.delivered()
    lost = outcomes[place]
    assert isinstance(lost, Transient)
    assert lost.applied
    assert [shown(one).event.title for at, one in enumerate(outcomes) if at != place] == [
        name for name in names if name != names[place]
    ]
    assert microsoft.titles() == names
    bodies = [row["body"]["transactionId"] for row in microsoft.rows() if row["write"] and row["status"] != 424]
    assert bodies.count(key(names[place])) == 1
    assert (await microsoft.calendar.find([key(names[place])]))[key(names[place])].event.title == names[place]


async def test_a_batch_whose_answer_is_lost_is_not_repeated_and_found_by_its_keys(microsoft: World) -> None:
    microsoft.plant({"drop": "after"}, match={"path": "batch"})
    with pytest.raises(Transient) as caught:
        await microsoft.calendar.create(drafts("a", "b"))
    assert microsoft.delivered()
    assert caught.value.applied
    assert len(batches(microsoft)) == 1
    found = await microsoft.calendar.find([key("a"), key("b"), key("c")])
    assert {name: one.event.title for name, one in found.items()} == {key("a"): "a", key("b"): "b"}
    assert microsoft.titles() == ["a", "b"]


async def test_a_batch_that_is_refused_as_a_whole_may_have_been_applied(microsoft: World) -> None:
    microsoft.plant({"status": 503}, match={"path": "batch"})
    with pytest.raises(Transient) as caught:
        await microsoft.calendar.create(drafts("a", "b"))
    assert microsoft.delivered()
    assert caught.value.applied


async def test_parts_that_are_left_out_of_the_answer_may_have_been_applied(microsoft: World) -> None:
    microsoft.plant({"status": 200, "body": {"responses": []}}, match={"path": "batch"})
    outcomes = await microsoft.calendar.create(drafts("a", "b"))
    assert microsoft.delivered()
    assert [one.applied for one in outcomes if isinstance(one, Transient)] == [True, True]


async def test_a_lost_answer_to_what_was_sent_again_is_told_of_its_parts_alone(microsoft: World) -> None:
    items = await made(microsoft, drafts("a", "b", "c", "d", "e", "f", "g"))
    microsoft.hands.edit(items[0].ref.id, subject="by hand")
    microsoft.server.app.faults.add({"do": {"drop": "after"}, "match": {"path": "batch"}, "skip": 1, "times": 1})
    outcomes = await moved(microsoft, items)
    assert microsoft.delivered()
    assert isinstance(outcomes[0], Stale)
    told = [one.applied for one in outcomes if isinstance(one, Transient)]
    assert told == [True] * ABREAST + [False] * 2
    assert requests(microsoft) == 2


# --- bearers, reads, places -------------------------------------------------------------------------------------------


async def test_parts_whose_bearer_is_refused_are_sent_again_under_a_new_one(microsoft: World) -> None:
    microsoft.plant({"error": {"code": "InvalidAuthenticationToken"}}, match={"body": key("b")})
    await made(microsoft, drafts("a", "b", "c"))
    assert microsoft.delivered()
    assert microsoft.titles() == ["a", "b", "c"]
    assert len(microsoft.shelf.saved) == 1


async def test_parts_whose_bearer_is_refused_twice_say_that_access_is_gone(microsoft: World) -> None:
    microsoft.refuse("events.create", "InvalidAuthenticationToken", times=-1)
    with pytest.raises(AuthRevoked):
        await microsoft.calendar.create(drafts("a", "b"))
    assert len(microsoft.delivered()) == 2
    assert microsoft.titles() == []


async def test_reading_many_directly_is_one_request_and_may_be_repeated(microsoft: World) -> None:
    items = await made(microsoft, numbered(7))
    microsoft.forget()
    microsoft.plant({"drop": "before"}, match={"path": "batch"})
    found = await microsoft.calendar.resources([one.ref.id for one in items])
    assert microsoft.delivered()
    assert [row["subject"] for row in found] == [one.event.title for one in items]
    assert requests(microsoft) == 2


async def test_reading_what_is_gone_costs_fewer_requests_than_events(microsoft: World) -> None:
    items = await made(microsoft, numbered(MOST))
    for item in items:
        microsoft.hands.delete(item.ref.id)
    microsoft.forget()
    found = await microsoft.calendar.get([one.ref for one in items])
    assert all(one.absence is not None for one in found.values())
    assert len(batches(microsoft)) <= 1 + -(-(MOST - 1) // ABREAST)
    assert refused_for_rate(microsoft) == []


async def test_each_part_has_a_precondition_and_an_outcome_of_its_own(microsoft: World) -> None:
    items = await made(microsoft, drafts("a", "b", "c"))
    microsoft.hands.edit(items[1].ref.id, subject="by hand")
    outcomes = await moved(microsoft, items)
    assert isinstance(outcomes[1], Stale)
    assert [shown(outcomes[at]).event.location for at in (0, 2)] == ["Garden", "Garden"]
    again = await microsoft.calendar.delete([Erasure(one.ref, one.version) for one in items])
    assert [isinstance(one, Stale) for one in again] == [True, True, True]
    assert microsoft.titles() == ["a", "by hand", "c"]


async def test_a_draft_that_cannot_be_sent_does_not_keep_the_others(microsoft: World) -> None:
    bad = Draft("not a key", event(), draft().mark)
    outcomes = await microsoft.calendar.create([*drafts("a"), bad, *drafts("b")])
    assert isinstance(outcomes[1], Rejected)
    assert microsoft.titles() == ["a", "b"]


async def test_a_batch_repeated_under_its_keys_makes_nothing_new(microsoft: World) -> None:
    first = await made(microsoft, drafts("a", "b"))
    again = await microsoft.calendar.create(drafts("a", "b", "c"))
    assert [shown(one).ref for one in again[:2]] == [one.ref for one in first]
    changed = [draft(name, event(title=f"{name}, changed")) for name in ("a", "b", "d")]
    assert [isinstance(one, Exists) for one in await microsoft.calendar.create(changed)] == [True, True, False]
    assert microsoft.titles() == ["a", "b", "c", "d, changed"]


async def test_edits_of_one_event_are_not_put_into_one_batch(microsoft: World) -> None:
    (item,) = await made(microsoft, drafts("a"))
    microsoft.forget()
    outcomes = await microsoft.calendar.update(
        [Edit(item.ref, Event(title="b"), None), Edit(item.ref, Event(location="c"), None)]
    )
    assert batches(microsoft) == []
    assert (shown(outcomes[1]).event.title, shown(outcomes[1]).event.location) == ("b", "c")
    assert len((await microsoft.calendar.read(WINDOW)).observations) == 1
    assert microsoft.clock.now() == NOW
