"""A plan beside all it was made from, and how to find the item that a write concerns.

Not here: what is said of a plan (invariants).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from syncd.model import (
    Create,
    Delete,
    Hold,
    Item,
    Observation,
    Plan,
    Policy,
    Ref,
    Relink,
    Side,
    Update,
    Workload,
    Write,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A plan beside all it was made from."""

    work: Workload
    policy: Policy
    now: datetime
    plan: Plan

    def item(self, side: Side, ref: Ref) -> Item | None:
        """The item that a write concerns: a link with this item, else the item alone."""
        items = [*self.work.items, *self.work.neighbours]
        found = [one for one in items if (seen := one.at(side)) is not None and seen.ref == ref]
        for moved in self.relinks():
            linked = [one for one in items if one.link is not None and one.link.id == moved.item]
            if (moved.side, moved.new) == (side, ref) and found and linked:
                return replace(linked[0], **{side.value: found[0].at(side)})  # type: ignore[arg-type]
        return min(found, key=lambda one: one.link is None, default=None)

    def relinks(self) -> Iterator[Relink]:
        return (one for one in self.plan.actions if isinstance(one, Relink))

    def seen(self, side: Side, ref: Ref) -> Observation | None:
        item = self.item(side, ref)
        return item.at(side) if item else None

    def writes(self) -> Iterator[Write]:
        """Every write, those that wait in a hold too."""
        for action in self.plan.actions:
            if isinstance(action, Hold):
                yield from action.actions
            elif isinstance(action, Create | Update | Delete):
                yield action

    def now_written(self) -> Iterator[Write]:
        return (one for one in self.plan.actions if isinstance(one, Create | Update | Delete))

    def updates(self) -> Iterator[tuple[Update, Observation | None]]:
        return ((one, self.seen(one.side, one.ref)) for one in self.writes() if isinstance(one, Update))

    def deletes(self) -> Iterator[tuple[Delete, Item | None]]:
        return ((one, self.item(one.side, one.ref)) for one in self.writes() if isinstance(one, Delete))

    def creates(self) -> Iterator[Create]:
        return (one for one in self.writes() if isinstance(one, Create))
