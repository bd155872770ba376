"""Scenarios in which people go on after the process stopped and before the next one begins.

Whether the process had done its work or not, what people want in the end is the same. Not here: single acts.
"""

from typing import Final

from syncd.model import Event
from tests.cycle.bench import at, event
from tests.interruption.hands import Hands
from tests.interruption.scenario import Scenario
from tests.interruption.scenarios_edits import originals_edited
from tests.interruption.scenarios_first import linked, one_new_on_each_side
from tests.interruption.scenarios_gone import originals_deleted
from tests.interruption.scenarios_settings import ONLY_DEDICATED, another_dedicated_calendar, disconnected

MANY: Final = 12


async def new_ones_edited(hands: Hands) -> None:
    await hands.edit("spin", Event(title="Spin class", when=at(3, 10)))
    await hands.edit("call", Event(location="Phone", when=at(3, 15)))


async def new_ones_deleted(hands: Hands) -> None:
    await hands.remove("spin")
    await hands.remove("call")


async def edited_again(hands: Hands) -> None:
    await hands.edit("yoga", Event(title="Yoga for all"))
    await hands.edit("pilates", Event(when=at(2, 11)))
    await hands.edit("dentist", Event(when=at(1, 16)))


async def edited_back(hands: Hands) -> None:
    await hands.edit("yoga", Event(title="Yoga"))
    await hands.edit("dentist", Event(when=at(1, 14)))


async def edited_on_the_other_side(hands: Hands) -> None:
    await hands.edit_copy("yoga", Event(location="Garden"))
    await hands.edit_copy("dentist", Event(title="Dentist, at last"))


async def edited_ones_deleted(hands: Hands) -> None:
    await hands.remove("yoga")
    await hands.remove("dentist")


async def made_again(hands: Hands) -> None:
    await hands.session("yoga again", event("Yoga", at(1, 9)))
    await hands.event("dentist again", event("Dentist", at(1, 14)))


async def several_new(hands: Hands) -> None:
    await linked(hands)
    for number in range(MANY):
        await hands.event(f"event {number}", event(f"Event {number}", at(number, 16)))


async def some_of_them_change(hands: Hands) -> None:
    for number in range(4):
        await hands.remove(f"event {number}")
        await hands.edit(f"event {number + 4}", Event(when=at(number, 18)))


BETWEEN: Final = (
    Scenario("new, then edited", one_new_on_each_side, between=new_ones_edited),
    Scenario("new, then deleted", one_new_on_each_side, between=new_ones_deleted),
    Scenario("edited, then again", originals_edited, between=edited_again),
    Scenario("edited, then back", originals_edited, between=edited_back),
    Scenario("edited here, then there", originals_edited, between=edited_on_the_other_side),
    Scenario("edited, then deleted", originals_edited, between=edited_ones_deleted),
    Scenario("deleted, then made again", originals_deleted, passes=2, between=made_again),
    Scenario("several new, then changed", several_new, between=some_of_them_change),
    Scenario(
        "another calendar, then edited",
        another_dedicated_calendar,
        passes=2,
        between=edited_again,
        barred=ONLY_DEDICATED,
    ),
    Scenario("disconnected, then edited", disconnected, between=edited_again),
    Scenario("disconnected, then deleted", disconnected, between=edited_ones_deleted),
)
