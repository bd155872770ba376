"""What is stored follows the policy on texts, and is compared completely and cheaply. R17, DESIGN 4 and 7.

Not here: what proves an absence (test_reading), how the store compares (tests/store).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from adapters.memory import FULL, MemoryAccount
from syncd.model import Event, Observation, Ref, Side, Window, Workload
from syncd.store import SqlStore
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

SECRET = event("Secret title", at(1, 14), description="secret words", location="Secret place")


class CountingStore:
    """A store that tells which rows were compared, and what plans were made from."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.compared: list[Observation] = []
        self.loads: list[Workload] = []

    async def in_groups(self, side: Side, collection: str, groups: Sequence[str]) -> Sequence[Observation]:
        found = await self._store.in_groups(side, collection, groups)
        self.compared += found
        return found

    async def workload(self, connection: str, now: datetime, window: Window) -> Workload:
        found = await self._store.workload(connection, now, window)
        self.loads.append(found)
        return found

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)


def counting(bench: Bench) -> CountingStore:
    store = CountingStore(bench.store)
    bench.store = cast(SqlStore, store)
    return store


async def stored_text(bench: Bench) -> str:
    """Everything that is stored of the event e1 and in the history."""
    ref = Ref(bench.collection(await bench.connection(), bench.primary), "e1")
    rows = await bench.store.stored(Side.EXTERNAL, [ref])
    history = await bench.store.history(connection=bench.connection_id, limit=1000)
    return f"{rows} {history}".lower()


# texts


@pytest.mark.rule("R17", "R3")
@pytest.mark.parametrize("details", ["busy", "title"])
async def test_masked_texts_are_not_stored_with_the_answer_of_a_deletion(bench: Bench, details: str) -> None:
    bench.rules = replace(bench.rules, import_details=details)
    await bench.connect()
    bench.outside_event("e1", SECRET)
    await bench.settle(2)
    (block,) = bench.world.items(SITE_ID)
    bench.world.cancel(SITE_ID, block)
    await bench.settle(4)
    assert bench.world.items(bench.primary) == {}
    text = await stored_text(bench)
    assert ("secret title" in text) is (details == "title")
    assert "secret words" not in text
    assert "secret place" not in text


@pytest.mark.rule("R17", "R6")
async def test_masked_texts_are_not_stored_with_an_absence(bench: Bench) -> None:
    bench.rules = replace(bench.rules, import_details="busy")
    await bench.connect()
    bench.outside_event("e1", SECRET)
    await bench.settle(2)
    bench.world.remove(bench.primary, "e1")
    await bench.settle(2)
    assert bench.blocks() == {}
    assert "secret" not in await stored_text(bench)


@pytest.mark.rule("R17")
async def test_masked_texts_are_not_stored_when_the_reply_of_a_deletion_was_lost(bench: Bench) -> None:
    bench.rules = replace(bench.rules, import_details="busy")
    await bench.connect()
    bench.outside_event("e1", SECRET)
    await bench.settle(2)
    bench.world.cancel(SITE_ID, bench.block_id("Busy"))
    bench.world.faults["delete"] = ["lose"]
    await bench.settle(4)
    assert bench.world.items(bench.primary) == {}
    assert "secret" not in await stored_text(bench)


@pytest.mark.rule("R17")
async def test_a_stricter_policy_reaches_what_was_imported_before(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", SECRET)
    await bench.settle(2)
    assert set(bench.blocks()) == {"Secret title"}
    bench.rules = replace(bench.rules, import_details="busy")
    await bench.settle(2)
    assert bench.blocks() == {"Busy": event("Busy", at(1, 14))}
    ref = Ref(bench.collection(await bench.connection(), bench.primary), "e1")
    assert "ecret" not in str(await bench.store.stored(Side.EXTERNAL, [ref]))
    await bench.assert_at_rest()
    bench.rules = replace(bench.rules, import_details="full")
    await bench.settle(2)
    assert set(bench.blocks()) == {"Secret title"}
    await bench.assert_at_rest()


@pytest.mark.rule("R17")
async def test_a_stricter_policy_reaches_everything_though_a_listing_was_cut_short(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", SECRET)
    await bench.settle(2)
    bench.rules = replace(bench.rules, import_details="busy")
    bench.world.faults["read"] = ["cut", "cut"]  # the site, then the calendar
    await bench.settle(4)
    assert bench.blocks() == {"Busy": event("Busy", at(1, 14))}
    await bench.assert_at_rest()


@pytest.mark.rule("R8")
async def test_another_policy_on_descriptions_reaches_what_was_exported_before(bench: Bench) -> None:
    await bench.connect()
    bench.session("s1", event("Yoga", at(1, 9), description="Bring a mat"))
    await bench.settle(2)
    bench.rules = replace(bench.rules, description="override_only")
    await bench.settle(2)
    assert bench.exported()["Yoga"].description is None
    assert bench.world.items(SITE_ID)["s1"].event.description == "Bring a mat"
    await bench.assert_at_rest()


@pytest.mark.rule("R8")
async def test_a_plan_shown_without_texts_holds_none_of_an_override(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", event("Yoga", at(1, 9)))
    await bench.settle(1)
    await bench.override("s1", title="Yoga with Anna")
    await bench.settle(1)
    bench.edit_copy("Yoga with Anna", Event(title="Secret title"))
    planned = await bench.dry()
    assert [action.kind for action in planned.actions] == ["override"]
    assert "Secret title" in json.dumps(planned.to_json())
    hidden = json.dumps(planned.to_json(show_text=False))
    assert "Secret" not in hidden
    assert "Yoga" not in hidden


# comparing


@pytest.mark.rule("R6")
@pytest.mark.parametrize("delta", [False, True], ids=["by listing", "by changes"])
async def test_a_series_of_which_one_occurrence_was_written_is_found_missing(bench: Bench, delta: bool) -> None:
    bench.outside = replace(FULL, delta=delta)
    bench.account = MemoryAccount(bench.world, EMAIL, bench.outside)
    await bench.connect()
    for number in range(3):
        traits = {"group": "ser", "series": "ser", "original_start": f"2026-03-0{number + 3}T15:00:00"}
        bench.outside_event(f"ser#{number}", event("Course", at(number + 1, 14)), **traits)
    await bench.settle(3)
    first = next(id_ for id_, item in bench.world.items(SITE_ID).items() if item.event.when == at(1, 14))
    bench.world.edit(SITE_ID, first, Event(title="Course, moved"))
    await bench.sync()
    assert bench.world.items(bench.primary)["ser#0"].event.title == "Course, moved"
    for number in range(3):
        bench.world.remove(bench.primary, f"ser#{number}")
    await bench.settle(4)
    assert bench.inside_titles() == []
    await bench.assert_at_rest()


@pytest.mark.rule("R14")
async def test_sessions_that_have_ended_are_not_compared_in_every_pass(bench: Bench) -> None:
    await bench.connect(calendars=())
    for number in range(12):
        bench.session(f"s{number}", event(f"Class {number}", at(number % 5, 9)))
    await bench.settle(1)
    bench.clock.advance(timedelta(days=40))
    bench.session("new", event("Yoga", at(45, 9)))
    await bench.settle(3)
    store = counting(bench)
    assert (await bench.sync()).error is None
    assert store.compared == []


async def test_an_idle_pass_looks_for_work_once_and_counts_nothing(bench: Bench) -> None:
    await bench.connect()
    for number in range(12):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
    await bench.settle(2)
    store = counting(bench)
    assert (await bench.sync()).error is None
    assert [(load.items, load.neighbours, load.linked) for load in store.loads] == [((), (), 0)]
