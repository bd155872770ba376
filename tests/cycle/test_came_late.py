"""A write of ours that arrives after its process died and the world has moved on. R24.

Not here: writes that are merely lost (test_recovered), updates known by their mark (tests/rules, tests/interruption).
"""

from dataclasses import replace

import pytest

from adapters.memory import FULL
from syncd.model import Event
from tests.cycle.bench import SITE_ID, Bench, at, event

DENTIST = event("Dentist", at(1, 14))


@pytest.mark.rule("R24", "R31")
async def test_a_cancellation_of_ours_that_comes_after_the_event_was_made_again_takes_only_the_block(
    bench: Bench,
) -> None:
    await bench.connect()
    bench.outside_event("e1", DENTIST)
    await bench.settle(2)
    bench.world.remove(bench.primary, "e1")
    bench.world.faults["delete"] = ["late"]
    await bench.settle(1)
    assert bench.world.faults["delete"] == []
    bench.outside_event("e2", DENTIST)
    await bench.settle(1)
    assert set(bench.blocks()) == {"Dentist"}
    assert bench.world.release() == 1
    assert bench.blocks() == {}
    await bench.settle(4)
    assert set(bench.world.items(bench.primary)) == {"e2"}
    assert set(bench.blocks()) == {"Dentist"}
    await bench.assert_at_rest()


@pytest.mark.rule("R24")
@pytest.mark.parametrize("honoured", [False, True], ids=["taken at any version", "refused for its version"])
async def test_an_update_of_ours_that_comes_after_a_newer_one_is_nobodys_edit(bench: Bench, honoured: bool) -> None:
    bench.outside = replace(FULL, conditional_write=honoured, late_writes=not honoured)
    await bench.connect()
    bench.session("s1", event("Yoga", at(1, 10)))
    await bench.settle(2)
    bench.world.faults["update"] = ["late"]
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    await bench.settle(1)
    assert bench.world.faults["update"] == []
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga, outdoors"))
    await bench.settle(2)
    (copy,) = bench.world.items(bench.outside_calendar).values()
    assert copy.event.title == "Yoga, outdoors"
    assert bench.world.release() == 1
    (late,) = bench.world.items(bench.outside_calendar).values()
    assert late.event.title == ("Yoga, outdoors" if honoured else "Yoga, indoors"), "it took effect"
    await bench.settle(3)
    (copy,) = bench.world.items(bench.outside_calendar).values()
    assert (copy.event.title, bench.world.items(SITE_ID)["s1"].event.title) == ("Yoga, outdoors", "Yoga, outdoors")
    await bench.assert_at_rest()
