"""Whole passes between a site and a Google account: what only Google does, over real HTTP.

Not here: what every provider does (test_account_passes).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncd.model import Timed
from tests.adapters.google_bench import GoogleBench, bench_in
from tests.cycle.bench import SITE_ID, at, event


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[GoogleBench]:
    async with bench_in(tmp_path) as opened:
        yield opened


async def test_occurrences_of_a_series_become_blocks_and_a_moved_series_is_followed(bench: GoogleBench) -> None:
    await bench.connected()
    series = bench.put("Lesson", 1, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    bench.put("Dentist", 8)  # with nothing but gone items linked, the side would count as empty (R15)
    await bench.sync()
    items = bench.world.items(SITE_ID)
    before = {id_ for id_, item in items.items() if item.event.title == "Lesson"}
    assert len(before) == 5
    when = at(1, 15)
    bench.outer.hands.edit(series, start=when.start, end=when.end)
    for _ in range(3):
        result = await bench.later()
        assert result.error is None, result.error
    after = {id_: item for id_, item in bench.world.items(SITE_ID).items() if item.event.title == "Lesson"}
    hours = {item.event.when.start.hour for item in after.values() if isinstance(item.event.when, Timed)}
    assert (set(after), hours) == (before, {15}), "the blocks were moved, not made again"
    await bench.at_rest()


@pytest.mark.parametrize("page", [1, 3])
async def test_an_expired_token_is_a_full_reading_and_nothing_is_lost_in_the_gap(bench: GoogleBench, page: int) -> None:
    await bench.connected()
    ids = [bench.put(f"n{number}", number) for number in range(6)]
    await bench.sync()
    bench.outer.state.switches.set({"short_pages": 2})
    for number in (0, 1, 2, 3, 4):
        bench.outer.hands.edit(ids[number], location="Garden")
    bench.outer.hands.delete(ids[5])
    bench.outer.plant({"gone_on_page": page, "expire_tokens": True}, match={"operation": "events.list"})
    assert (await bench.later()).error is None
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    assert sorted(bench.blocks()) == ["n0", "n1", "n2", "n3", "n4"]
    assert {one.location for one in bench.blocks().values()} == {"Garden"}


async def test_an_insert_whose_answer_is_lost_is_not_made_twice(bench: GoogleBench) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    bench.outer.plant({"drop": "after"}, match={"operation": "events.insert"})
    await bench.sync()
    assert bench.outer.delivered()
    await bench.later()
    assert bench.outer.titles() == ["Yoga"]
    await bench.at_rest()
