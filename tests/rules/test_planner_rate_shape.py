"""What an item at rest costs the planner: it is settled by comparing it with its bases, nothing of it is weighed.

Counted, not timed: mappings that remember being asked stand where weighing a field looks. Not here: rates (benchmarks).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import pytest

from syncd.model import Field, Item, Pair, Plan, Rule, Settle, Side, Update
from tests.rules.build import YOGA, block, copy_outside, event, linked, outside, plan_of, policy, session

MANY: Final = 50


class Asked(Mapping[Field, int]):
    """Limits of a side, none of them ever reached, that count how often they were looked up."""

    def __init__(self) -> None:
        self.times = 0

    def __getitem__(self, name: Field) -> int:
        self.times += 1
        return 10_000

    def __iter__(self) -> Iterator[Field]:
        self.times += 1
        return iter(Field)

    def __len__(self) -> int:
        return len(Field)


def planned(items: list[Item]) -> tuple[Plan, int]:
    """The plan for these items, and how often a field of one was held against what a side can take."""
    limits = Pair(Asked(), Asked())
    found = plan_of(*items, under=policy(limits=limits), linked=len(items))
    return found, limits.wix.times + limits.external.times


def pairs(origin: Side, *, changed: int = 0) -> list[Item]:
    """Linked items of one origin; the first `changed` originals have a new title."""
    found = []
    for number in range(MANY):
        shows = event("Pilates") if number < changed else YOGA
        if origin is Side.WIX:
            first, second = session(shows, id=f"s{number}"), copy_outside(session(id=f"s{number}"))
            item = linked(first, second, origin=origin)
        else:
            first = outside(shows, id=f"e{number}")
            item = linked(block(outside(id=f"e{number}")), first, origin=origin)
        assert item.link is not None
        found.append(replace(item, link=replace(item.link, id=f"l{number}")))
    return found


@pytest.mark.parametrize("origin", list(Side))
def test_items_at_rest_are_settled_without_weighing_a_field(origin: Side) -> None:
    found, asked = planned(pairs(origin))
    assert [type(action) for action in found.actions] == [Settle] * MANY
    assert {action.why for action in found.actions} == {Rule.R24}
    assert asked == 0


@pytest.mark.parametrize("origin", list(Side))
def test_one_edit_among_many_is_weighed_alone(origin: Side) -> None:
    few, asked = planned(pairs(origin, changed=1))
    more, asked_twice = planned(pairs(origin, changed=2))
    assert [sum(isinstance(action, Update) for action in one.actions) for one in (few, more)] == [1, 2]
    assert 0 < asked <= 20
    assert asked_twice == 2 * asked
