"""What a plan is expected to hold: a plan without wording and marks, and builders of the actions it is compared with.

Wording is for people and marks have tests of their own. Not here: what a plan is made from (build).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from syncd.model import (
    Action,
    Change,
    Create,
    Delete,
    Event,
    Field,
    Hold,
    Item,
    LinkState,
    Observation,
    Pair,
    Policy,
    Release,
    Rule,
    Settle,
    Side,
    Skip,
    Update,
    Write,
)
from syncd.normalise import key_of, original_id
from tests.rules.build import BRIDGE, NOW, SITE, STAFF, TARGET, actions_of, plan_of


@dataclass(frozen=True, slots=True)
class Making:
    """A copy to be made: where, with which fields, under which key."""

    side: Side
    calendar: str | None
    event: Event
    key: str
    why: Rule
    ordered: bool = False


Expected: TypeAlias = Action | Making


def planned(*items: Item, under: Policy | None = None, now: datetime = NOW, **slots: Any) -> list[Expected]:
    """The plan for these items, without wording and marks; `slots` go to the workload."""
    return [_told(action) for action in actions_of(*items, under=under, now=now, **slots)]


def _told(action: Action) -> Expected:
    match action:
        case Create():
            return Making(action.side, action.calendar, action.event, action.key, action.why, action.ordered)
        case Update():
            return replace(action, mark=None)
        case Hold():
            waiting = tuple(replace(one, mark=None) if isinstance(one, Update) else one for one in action.actions)
            return Hold("", waiting, action.why, "")
        case Release():
            return replace(action, reason="", bases=_times(action.bases))
        case Settle() | Skip():
            return replace(action, reason="")
    return action


def _times(bases: Pair[Event]) -> Pair[Event]:
    """Of what a released side shows, its time alone: the rest of a base is of no more use."""
    return Pair(bases.wix.only([Field.WHEN]), bases.external.only([Field.WHEN]))


def written(*items: Item, under: Policy | None = None, **slots: Any) -> list[Write]:
    """The remote effects of the plan for these items."""
    found = plan_of(*items, under=under, **slots).actions
    return [action for action in found if isinstance(action, Create | Update | Delete)]


def making(
    original: Observation, why: Rule, *, event: Event | None = None, generation: int = 1, ordered: bool = False
) -> Making:
    """The copy of an original, on the other side."""
    side = original.side.other
    key = key_of(BRIDGE, STAFF.id, original_id(original.side, original.ref), generation)
    return Making(side, TARGET if side is Side.EXTERNAL else SITE, event or original.event, key, why, ordered)


def update(of: Observation, *changes: Change, why: Rule, **slots: Any) -> Update:
    """The conditional write of some fields of link l1; the other side's base takes the same values by default."""
    agreed = Event().put({change.field: change.after for change in changes})
    return replace(Update("l1", of.side, of.ref, of.version, changes, agreed, why), **slots)


def delete(of: Observation, why: Rule, **slots: Any) -> Delete:
    """The removal of one side of link l1, one act of its own unless a person ordered it."""
    act = "" if slots.get("ordered") else "l1"
    return replace(Delete("l1", of.side, of.ref, of.version, why, act=act), **slots)


def hold(*waiting: Write, why: Rule) -> Hold:
    return Hold("", waiting, why, "")


def skip(item: str, why: Rule, *, stays: bool = False, listed: bool = False) -> Skip:
    return Skip(item, why, "", stays=stays, listed=listed)


def outer(item: Item) -> Observation:
    """The external event of an item."""
    assert item.external is not None
    return item.external


def inner(item: Item) -> Observation:
    """The session of an item."""
    assert item.wix is not None
    return item.wix


def name_of(seen: Observation) -> str:
    """How plans call an item without a link."""
    return f"{seen.side}|{seen.ref}"


def release(
    why: Rule, then: LinkState | None, *, stays: Observation | None = None, losers: tuple[Change, ...] = ()
) -> Release:
    """Link l1 is let go of. `stays`: the item that remains, by whose time the dismissal is measured (R3)."""
    bases = Pair(Event(), Event())
    if stays is not None:
        bases = bases.put(stays.side, stays.event.only([Field.WHEN]))
    return Release("l1", why, then, "", losers, bases)


def at_rest(why: Rule = Rule.R24) -> Settle:
    """Link l1 is looked at, and nothing is done."""
    return Settle("l1", why)
