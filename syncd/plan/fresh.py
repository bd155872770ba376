"""What to do for an item without a link: create its copy, or leave it, and why. Pure.

Rules R1, R4, R14, R16, R18, R25, R29. Not here: adopting (pairing), limits on how many (limits).
"""

from datetime import datetime, timedelta

from syncd.model import UNSEEN, Delete, Gone, Item, Kind, Link, LinkState, Mark, Rule, Side, Skip, Workload
from syncd.model.actions import Action
from syncd.normalise import is_made_under, key_of
from syncd.plan.copies import make_copy
from syncd.plan.view import Presence, View, may_not_touch

UNCLAIMED = timedelta(minutes=10)  # between the two complete reads of R29


def decide_fresh(view: View, work: Workload, now: datetime) -> list[Action]:
    """The actions for one unlinked item; never empty."""
    side = Side.EXTERNAL if view.item.external is not None else Side.WIX
    seen = view.seen(side)
    if seen.absence is not None and seen.absence.kind is Gone.UNKNOWN:
        return [_leave(view, Rule.R31, "where it is could not be found out", stays=True)]
    if seen.absence is not None:
        return [_leave(view, Rule.R12, "it is gone and was never linked")]
    if view.item.linked_elsewhere:
        return [_leave(view, Rule.R25, "another connection made it")]
    if view.connection.disconnecting:
        return _remains(view, side)
    if seen.traits.mark is not None:
        return _marked(view, seen.traits.mark, work, now)
    return _session(view) if side is Side.WIX else _outside(view)


def _leave(view: View, rule: Rule, reason: str, *, stays: bool = False, listed: bool = False) -> Skip:
    return Skip(view.name, rule, reason, stays=stays, listed=listed)


def _session(view: View) -> list[Action]:
    """A new session (R1)."""
    seen = view.seen(Side.WIX)
    if view.presence(Side.WIX) is not Presence.HERE:
        return [_leave(view, Rule.R1, "it is not on this schedule")]
    if not view.connection.config.exports:
        return [_leave(view, Rule.R1, "export is off")]
    return _within(view, seen.event.when, Side.EXTERNAL, Rule.R1)


def _outside(view: View) -> list[Action]:
    """A new external event (R4): a block, if it takes time."""
    seen = view.seen(Side.EXTERNAL)
    chosen = seen.ref.collection in view.imported_from
    if not view.connection.config.imports or not chosen:
        return [_leave(view, Rule.R4, "its calendar is not imported")]
    if seen.event.busy is False:
        return [_leave(view, Rule.R18, "it does not take time")]
    rule = Rule.R16 if seen.traits.kind is not Kind.ORDINARY else Rule.R4
    return _within(view, seen.event.when, Side.WIX, Rule.R17 if seen.traits.private else rule)


def _within(view: View, when: object, side: Side, rule: Rule) -> list[Action]:
    if when is UNSEEN:
        return [_leave(view, rule, "its time was not told", stays=True)]
    if not view.policy.window.meets(when):  # type: ignore[arg-type]
        return [_leave(view, Rule.R14, "it lies outside the window")]
    return [make_copy(view, side, rule)]


def _remains(view: View, side: Side) -> list[Action]:
    """On disconnecting, what we made is removed by mark too (R23)."""
    seen = view.seen(side)
    mark = seen.traits.mark
    if mark is None or mark.bridge != view.policy.bridge or not _is_ours(view, mark, side):
        return [_leave(view, Rule.R23, "we did not make it")]
    if side is Side.EXTERNAL and not is_made_under(mark.key, seen):
        return [_leave(view, Rule.R23, "a person's copy of our copy")]
    untouchable = may_not_touch(seen, side, view.policy)
    if untouchable is not None:
        return [_leave(view, untouchable, "it may not be removed: it is left", listed=True)]
    return [Delete(view.name, side, seen.ref, seen.version, Rule.R23, then=None, ordered=True)]


def _is_ours(view: View, mark: Mark, side: Side) -> bool:
    """Whether this connection made the item: a block by where it lies, a copy by the key that its original gives."""
    if side is Side.WIX:
        return view.seen(side).traits.home == view.connection.schedule.id
    schedule = view.connection.schedule.id
    return mark.original is not None and mark.key == key_of(
        view.policy.bridge, schedule, mark.original, mark.generation
    )


# --- with our mark ---------------------------------------------------------------------------------------------------


def _marked(view: View, mark: Mark, work: Workload, now: datetime) -> list[Action]:
    """An item that bears a mark is never imported and never exported (R25)."""
    if mark.bridge != view.policy.bridge:
        return [_leave(view, Rule.R25, "another installation made it")]
    if view.item.external is not None:
        return _marked_copy(view, mark)
    return _unclaimed_block(view, work, now)


def _marked_copy(view: View, mark: Mark) -> list[Action]:
    """An external event that bears our mark, though no link of ours has it."""
    if not _is_ours(view, mark, Side.EXTERNAL):
        return [_leave(view, Rule.R25, "a copy that was made for another schedule")]
    seen, claim = view.seen(Side.EXTERNAL), view.item.claim
    if not is_made_under(mark.key, seen):
        return [_leave(view, Rule.R25, "a person's copy of our copy")]
    delete: Action = Delete(view.name, Side.EXTERNAL, seen.ref, seen.version, Rule.R25, then=None, act=view.name)
    untouchable = may_not_touch(seen, Side.EXTERNAL, view.policy)
    if untouchable is not None:
        delete = _leave(view, untouchable, "it may not be removed: it is left", listed=True)
    if claim is not None and claim.former is not None and claim.former.ref == seen.ref:
        return [_leave(view, Rule.R30, "the copy in the calendar used before: it goes with its link")]
    if claim is not None and claim.state is LinkState.LIVE:
        return [delete] if _superseded(claim, mark) else [_leave(view, Rule.R25, "a person's copy of our copy")]
    if claim is not None:
        return [delete]
    session = view.item.wix
    if session is None:
        return [_leave(view, Rule.R25, "its session has still to be read", stays=True)]
    if session.absence is None:
        return [_leave(view, Rule.R25, "a person's copy of our copy")]
    if session.absence.kind is Gone.GONE:
        return [delete]
    return [_leave(view, Rule.R25, "its session is not known any more", listed=True)]


def _superseded(claim: Link, mark: Mark) -> bool:
    """Whether the item is an earlier copy of a link that has a newer one."""
    return mark.generation < claim.generation


def _unclaimed_block(view: View, work: Workload, now: datetime) -> list[Action]:
    """A block of ours that no link and no original claims (R29)."""
    seen = view.seen(Side.WIX)
    if not _is_ours(view, seen.traits.mark, Side.WIX):  # type: ignore[arg-type]
        return [_leave(view, Rule.R25, "a block of another schedule")]
    since = min((row.since for row in view.item.pending), default=now)
    if Side.WIX not in work.complete or now - since < UNCLAIMED:
        return [_leave(view, Rule.R29, "a block that nothing claims; it is read once more", stays=True)]
    if not view.item.twin:
        return [_leave(view, Rule.R29, "a block that nothing claims", listed=True)]
    delete = Delete(view.name, Side.WIX, seen.ref, seen.version, Rule.R29, then=None, act=view.name, guard=True)
    return [delete]


def is_plain(item: Item) -> bool:
    """Whether an external event may be adopted by its content (R13b)."""
    seen = item.external
    if seen is None or seen.absence is not None or item.linked_elsewhere:
        return False
    traits = seen.traits
    ordinary = traits.kind is Kind.ORDINARY and traits.own and traits.series is None
    return ordinary and not traits.guests and not traits.private and traits.mark is None
