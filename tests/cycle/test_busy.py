"""A side that takes no more for now: the pass says so, and the other side still gets what is its own."""

import pytest

from adapters.memory_calls import WRITES, Caller, Fault
from syncd.errors import Throttled
from syncd.model import Event, Side
from tests.cycle.bench import Bench, at, event


@pytest.mark.rule("R5", "R2")
@pytest.mark.parametrize("side", list(Side))
async def test_writes_to_one_side_go_on_while_the_other_is_busy(bench: Bench, side: Side) -> None:
    await bench.connect()
    yoga = bench.session("s1", event("Yoga", at(1, 9)))
    dentist = bench.outside_event("e1", event("Dentist", at(1, 14)))
    await bench.sync()
    bench.world.edit(yoga.collection, yoga.id, Event(location="Garden"))
    bench.world.edit(dentist.collection, dentist.id, Event(location="Main street"))
    bench.session("s2", event("Pilates", at(2, 9)))
    bench.outside_event("e2", event("Bank", at(2, 14)))
    refused: list[str] = []

    def weather(caller: Caller) -> Fault | None:
        if caller.verb not in WRITES or caller.side is not side:
            return None
        refused.append(caller.verb)
        return Fault.THROTTLE

    bench.world.calls.weather = weather
    result = await bench.sync()
    assert refused == ["create"], "it is left alone after the first refusal"
    assert isinstance(result.error, Throttled)
    assert (bench.blocks()["Dentist"].location == "Main street", "Bank" in bench.blocks()) == (
        side is Side.EXTERNAL,
    ) * 2
    copies = bench.exported()
    assert (copies["Yoga"].location == "Garden", "Pilates" in copies) == (side is Side.WIX,) * 2

    bench.world.calls.weather = None
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist", "Bank"}
    assert set(bench.exported()) == {"Yoga", "Pilates"}
    await bench.assert_at_rest()
