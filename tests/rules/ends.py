"""What a world owes after plans were applied: no edit lost, nothing doubled, both sides the same.

Written from DESIGN alone, apart from the planner. Not here: what a single plan owes (invariants).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from syncd.model import Create, Delete, Event, Field, Link, Pair, Policy, Side, Update, Value, Write, same
from syncd.normalise import fit_value
from tests.rules.sides import Key, lies
from tests.rules.world import World


@dataclass(frozen=True, slots=True)
class Edit:
    """A field that somebody changed, and where."""

    key: Key
    field: Field
    value: Value


def is_shown(world: World, key: Key, name: Field, value: Value) -> bool:
    """Whether a present item shows a value, as far as its side can hold it."""
    if not lies(world.real.get(key)):
        return False
    there = world.shown(key).get(name)
    return same(there, value) or same(there, fit_value(name, value, world.policy.limits[key[0]]))


def partner(world: World, key: Key) -> Key | None:
    """The other item of its link, in any state."""
    for link in world.links.values():
        if link.refs[key[0]] == key[1]:
            other = link.refs[key[0].other]
            return (key[0].other, other) if other else None
    return None


def survives(world: World, edit: Edit) -> bool:
    """DESIGN 1: "Nothing is lost"; R9, R10, R11: an edit is shown, merged, held, or in the history as the loser."""
    places = [edit.key, *([other] if (other := partner(world, edit.key)) else [])]
    if any(is_shown(world, place, edit.field, edit.value) for place in places):
        return True
    if any(same(lost.value, edit.value) and lost.field is edit.field for lost in world.losers):
        return True
    waiting = [one for actions in world.held.values() for one in actions]
    return any(_carries(one, edit) for one in waiting)


def _carries(action: Write, edit: Edit) -> bool:
    match action:
        case Update():
            return any(edit.value in (one.before, one.after, one.loser) for one in action.changes)
        case Delete():
            return any(edit.value == one.loser for one in action.losers)
        case Create():
            return same(action.event.get(edit.field), edit.value)


def doubles(world: World) -> Iterator[str]:
    """DESIGN 1: "nothing is doubled": at most one copy of ours lies there for one original."""
    lying = Counter(origin for key, origin in world.origin_of.items() if lies(world.real.get(key)))
    yield from (f"{count} copies of {key}" for key, count in lying.items() if count > 1)


def differences(world: World, link: Link) -> Iterator[Field]:
    """Fields in which the two sides of a live link differ, seen through the projection (R8)."""
    wix, external = link.refs.wix, link.refs.external
    if wix is None or external is None:
        return
    pair = Pair(world.shown((Side.WIX, wix)), world.shown((Side.EXTERNAL, external)))
    for name in Field:
        if not _agree(pair, name, world.policy):
            yield name


def _agree(pair: Pair[Event], name: Field, policy: Policy) -> bool:
    """Equal as far as both sides can hold them."""
    left, right = pair.wix.get(name), pair.external.get(name)
    fitted = [fit_value(name, left, policy.limits.external), fit_value(name, right, policy.limits.wix)]
    return same(left, right) or same(fitted[0], right) or same(left, fitted[1])
