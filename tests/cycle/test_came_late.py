"""A write of ours that arrives after its process died and the world has moved on. R24.

Not here: writes that are merely lost (test_recovered), updates known by their mark (tests/rules, tests/interruption).
"""

import pytest

from tests.cycle.bench import Bench, at, event

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
