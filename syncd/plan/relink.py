"""Gone or unknown, and new, are matched before they count (R31). Pure.

Not here: adopting (adopt), what follows for the joined item (linked).
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date

from syncd.model import SIDES, Connection, Gone, Item, LinkState, Observation, Policy, Relink, Side
from syncd.model.actions import Action
from syncd.plan.fresh import is_plain
from syncd.plan.match import at, content, match
from syncd.plan.view import Presence, View


def relink(items: list[Item], connection: Connection, policy: Policy) -> tuple[list[Item], list[Action]]:
    """The items with those that moved joined to what they became, and the actions that say so.

    Most certain first: our key, the same original start in the series, its day, the same UID, equal time and title, the
    same week of the series.
    """
    found: list[Action] = []
    for side in SIDES:
        lost = {id(item): item for item in items if _has_lost(item, side, connection, policy)}
        if not lost:
            continue  # in most passes nothing is
        new = {id(item): item for item in items if _is_new(item, side, connection, policy)}
        moved: dict[int, Item | None] = {}
        for sameness in _SAMENESSES:
            marked = sameness in (_by_key_and_uid, _by_key_and_content)
            fresh_ones = [item for item in new.values() if (at(item, side).traits.mark is not None) is marked]
            for old, fresh in match(list(lost.values()), fresh_ones, _on(side, sameness)):
                if not _may_be(old, fresh, side):
                    continue
                moved[id(old)], moved[id(fresh)] = _moved(old, fresh, side, found), None
                del lost[id(old)], new[id(fresh)]
        items = [kept for item in items if (kept := moved.get(id(item), item)) is not None]
    return items, found


def _on(side: Side, sameness: Callable[[Observation], Hashable | None]) -> Callable[[Item], Hashable | None]:
    return lambda item: sameness(at(item, side))


def _has_lost(item: Item, side: Side, connection: Connection, policy: Policy) -> bool:
    seen = item.at(side)
    if seen is None or seen.absence is None or seen.absence.kind not in (Gone.GONE, Gone.UNKNOWN):
        return False
    live = item.link is not None and item.link.state is LinkState.LIVE
    return live and not View(item, connection, policy).ended


def _is_new(item: Item, side: Side, connection: Connection, policy: Policy) -> bool:
    if item.link is not None or item.linked_elsewhere or item.frozen:
        return False
    seen = item.at(side)
    if seen is None or (side is Side.WIX and item.external is not None):
        return False
    presence, mark = View(item, connection, policy).presence(side), seen.traits.mark
    if mark is None:
        return presence is Presence.HERE
    return mark.bridge == policy.bridge and presence in (Presence.HERE, Presence.UNKNOWN)


def _may_be(old: Item, fresh: Item, side: Side) -> bool:
    """Whether an unmarked item may stand for a copy of ours: only what could be adopted, where the copy was (R13)."""
    assert old.link is not None  # noqa: S101 - lost items are linked
    if not old.link.made[side] or at(fresh, side).traits.mark is not None:
        return True
    same_place = at(fresh, side).ref.collection == at(old, side).ref.collection
    return same_place and (side is Side.WIX or is_plain(fresh))


def _by_key_and_uid(seen: Observation) -> Hashable | None:
    """A copy of ours under another id bears its key and its UID still; a person's copy of it has a UID of its own."""
    traits = seen.traits
    return (traits.mark.key, traits.uid) if traits.mark is not None and traits.uid else None


def _by_key_and_content(seen: Observation) -> Hashable | None:
    shows = content(seen.event)
    return (seen.traits.mark.key, shows) if seen.traits.mark is not None and shows is not None else None


def _by_occurrence(seen: Observation) -> Hashable | None:
    traits = seen.traits
    return (traits.series, traits.original_start) if traits.series and traits.original_start else None


def _by_day(seen: Observation) -> Hashable | None:
    traits = seen.traits
    return (traits.series, traits.original_start[:10]) if traits.series and traits.original_start else None


def _by_week(seen: Observation) -> Hashable | None:
    """A series that was moved to other days: where ids are made of days, nothing else is told of it."""
    traits = seen.traits
    if not traits.series or not traits.original_start:
        return None
    return (traits.series, date.fromisoformat(traits.original_start[:10]).isocalendar()[:2])


def _by_uid(seen: Observation) -> Hashable | None:
    traits = seen.traits
    return (traits.uid, traits.original_start) if traits.uid else None


def _by_content(seen: Observation) -> Hashable | None:
    return content(seen.event)


_SAMENESSES = (_by_key_and_uid, _by_key_and_content, _by_occurrence, _by_day, _by_uid, _by_content, _by_week)


def _moved(old: Item, fresh: Item, side: Side, found: list[Action]) -> Item:
    """The link goes on under the new ref; override and bases stay."""
    assert old.link is not None  # noqa: S101 - lost items are linked
    seen = at(fresh, side)
    adopted = old.link.made[side] and seen.traits.mark is None
    found.append(Relink(old.link.id, side, at(old, side).ref, seen.ref, adopted))
    made = old.link.made.put(side, old.link.made[side] and not adopted)
    link = replace(old.link, refs=old.link.refs.put(side, seen.ref), made=made)
    pending = (*old.pending, *fresh.pending)
    return replace(old, link=link, pending=pending).put(side, seen)
