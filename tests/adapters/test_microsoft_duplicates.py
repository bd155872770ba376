"""Whole passes with a Microsoft account: a person's duplicate is theirs, and nothing is written on a row that lags.

Outlook copies our mark along with an event; only the transaction id says what we made (adapters/microsoft/QUIRKS.md).
Not here: what every provider does (test_account_passes).
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.model import Event
from tests.adapters.microsoft_bench import MicrosoftBench, bench_in
from tests.cycle.bench import SITE_ID, at, event


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[MicrosoftBench]:
    async with bench_in(tmp_path) as opened:
        yield opened


async def duplicated(bench: MicrosoftBench) -> str:
    """A session whose copy a person has duplicated; the id of the duplicate."""
    await bench.connected()
    bench.put("Dentist", 8)  # with nothing but gone items linked, the side would count as empty (R15)
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.sync()
    duplicate = bench.hands.copy(bench.copy("Yoga"))
    assert duplicate.properties, "our mark came along"
    await bench.several(2)
    assert bench.outer_titles() == ["Dentist", "Yoga", "Yoga"]
    return str(duplicate.id)


@pytest.mark.rule("R25", "R13")
async def test_a_persons_duplicate_outlives_the_session(bench: MicrosoftBench) -> None:
    duplicate = await duplicated(bench)
    bench.world.cancel(SITE_ID, "s1")
    await bench.several(3)
    assert bench.outer_titles() == ["Dentist", "Yoga"], "our own copy is gone"
    bench.retitle(duplicate, "My yoga")
    await bench.several(3)
    assert bench.outer_titles() == ["Dentist", "My yoga"]
    await bench.at_rest()


@pytest.mark.rule("R25", "R13")
async def test_a_persons_duplicate_outlives_the_generation_that_it_was_made_of(bench: MicrosoftBench) -> None:
    duplicate = await duplicated(bench)
    ours = next(str(one.id) for one in bench.hands.events() if one.transaction_id)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.hands.delete(ours)
    await bench.several(2)
    assert bench.outer_titles() == ["Dentist", "Yoga", "Yoga basics"], "made anew"
    bench.retitle(duplicate, "My yoga")
    await bench.several(3)
    assert bench.outer_titles() == ["Dentist", "My yoga", "Yoga basics"]
    await bench.at_rest()


@pytest.mark.rule("R23", "R13")
async def test_a_persons_duplicate_outlives_the_connection(bench: MicrosoftBench) -> None:
    duplicate = await duplicated(bench)
    bench.retitle(duplicate, "My yoga")
    await bench.several(2)
    await bench.disconnect()
    await bench.several(3)
    assert bench.outer_titles() == ["Dentist", "My yoga"]


@pytest.mark.rule("R26")
async def test_a_row_that_lags_is_not_written_on_and_nobody_is_mailed(bench: MicrosoftBench) -> None:
    await bench.connected()
    bench.put("Dentist", 8)
    bench.session("s1", event("Yoga", at(1, 10), location="Room 1"))
    await bench.sync()
    await bench.several(2)
    bench.outer.switch(if_match="ignore", delta_lag_seconds=120)
    copy = bench.copy("Yoga")
    bench.hands.edit(copy, location="Room 2")
    bench.clock.advance(timedelta(seconds=130))
    bench.outer.clock.advance(130)
    guest = {"emailAddress": {"address": "ben@example.test", "name": "Ben"}, "type": "required"}
    bench.hands.edit(copy, subject="Yoga, bring mats", attendees=[guest])
    bench.outer.state.mailed.clear()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.sync()
    assert bench.world.items(SITE_ID)["s1"].event.location == "Room 2", "the round showed the earlier edit"
    assert bench.outer_titles() == ["Dentist", "Yoga, bring mats"], "the later one lies there still"
    await bench.several(4)
    assert bench.outer.state.mailed == []
