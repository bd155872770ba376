"""What to do for an item that has a link: both there, one gone, both gone, switched off. Pure.

Rules R3, R6, R11, R12, R14, R23, R28, R30, R31. Not here: comparing fields (merge), new items (fresh).
"""

from dataclasses import replace

from syncd.model import (
    DELETION,
    SIDES,
    UNSEEN,
    Change,
    Create,
    Decision,
    Delete,
    Event,
    Field,
    Hold,
    Kind,
    Link,
    LinkState,
    Pair,
    Release,
    Rule,
    Settle,
    Side,
    Skip,
    digest_of,
    identical,
)
from syncd.model.actions import Action
from syncd.normalise import value_digest
from syncd.plan.copies import make_copy
from syncd.plan.merge import company_reason, has_company, merge
from syncd.plan.view import Presence, View, may_not_touch

PATIENCE = 3  # passes that a removal waits for an item of which nothing is known
_THERE = (Presence.HERE, Presence.AWAY)
_MISSING = (Presence.GONE, Presence.ELSEWHERE)


def decide_linked(view: View) -> list[Action]:
    """The actions for one linked item; never empty."""
    if view.link.state is not LinkState.LIVE:
        return _dismissed(view)
    removal = _switched_off(view)
    if removal is not None:
        return removal
    here = view.presences
    if here.wix is Presence.UNKNOWN or here.external is Presence.UNKNOWN:
        return [Skip(view.name, Rule.R31, "where it is could not be found out", stays=True)]
    if view.ended:
        return [Settle(view.name, Rule.R14, reason="it ended before the window")]
    if here.wix in _THERE and here.external in _THERE:
        return _both_there(view)
    if here.wix in _MISSING and here.external in _MISSING:
        return [Release(view.name, Rule.R12, LinkState.TOMBSTONE, "gone on both sides")]
    return _one_gone(view, Side.WIX if here.wix in _MISSING else Side.EXTERNAL)


def _both_there(view: View) -> list[Action]:
    return _retarget(view) or merge(view) + _former(view, Rule.R30)


def _former(view: View, rule: Rule) -> list[Action]:
    """The copy in the calendar used before goes, at the version it has now, unless it may not be touched."""
    former, seen = view.link.former, view.item.former
    if former is None:
        return []
    untouchable = may_not_touch(seen, Side.EXTERNAL, view.policy) if seen is not None else None
    if untouchable is not None:
        reason = "the copy in the calendar used before may not be removed: it is left"
        return [Settle(view.name, untouchable, reason=reason, listed=True, leaves_former=True)]
    version = seen.version if seen is not None and seen.absence is None else former.version
    return [Delete(view.name, Side.EXTERNAL, former.ref, version, rule, former=True, ordered=True)]


def _retarget(view: View) -> list[Action]:
    """The calendar exported to has changed: made in the new one, then removed from the old (R30)."""
    link, ref = view.link, view.link.refs.external
    if link.origin is not Side.WIX or not link.made.external or ref is None or link.former is not None:
        return []
    if view.target == ref.collection:
        return []
    return [make_copy(view, Side.EXTERNAL, Rule.R30, ordered=True)]


# --- switched off ----------------------------------------------------------------------------------------------------


def _switched_off(view: View) -> list[Action] | None:
    """Removal that a person ordered: disconnect (R23), import or export off, a calendar deselected (R30)."""
    link, connection = view.link, view.connection
    if connection.disconnecting:
        return _remove(view, Rule.R23)
    if link.origin is Side.EXTERNAL:
        ref = link.refs.external
        deselected = ref is not None and ref.collection not in view.imported_from
        if link.made.wix and (not connection.config.imports or deselected):
            return _remove(view, Rule.R30)
    elif not connection.config.exports and link.made.external:
        return _remove(view, Rule.R30)
    return None


def _remove(view: View, rule: Rule) -> list[Action]:
    """Remove what we made of one link, on whichever side, and dissolve the link."""
    found: list[Action] = []
    for side in SIDES:
        seen = view.item.at(side)
        if not view.link.made[side] or seen is None or view.presence(side) in _MISSING:
            continue
        if view.presence(side) is Presence.UNKNOWN:
            if seen.absence is None or seen.absence.cycles < PATIENCE:
                return [Skip(view.name, rule, "where it is could not be found out", stays=True)]
            found.append(Skip(view.name, rule, "where it is was never found out: it is left", listed=True))
            continue
        untouchable = may_not_touch(seen, side, view.policy)
        if untouchable is not None:
            found.append(Skip(view.name, untouchable, "it may not be removed: it is left", listed=True))
            continue
        losers = tuple(replace(lost, why=rule) for lost in _edits(view, side))
        found.append(Delete(view.name, side, seen.ref, seen.version, rule, then=None, ordered=True, losers=losers))
    found = [*_former(view, rule), *found]
    if not any(isinstance(action, Delete) and not action.former for action in found):
        found.append(Release(view.name, rule, None, "nothing of ours is left to remove"))
    return found


# --- one side gone ---------------------------------------------------------------------------------------------------


def _one_gone(view: View, missing: Side) -> list[Action]:
    seen = view.item.at(missing)
    absence = seen.absence if seen is not None else None
    if seen is not None and seen.traits.series is not None and absence is not None and absence.cycles < 2:
        return [Skip(view.name, Rule.R31, "an occurrence is gone: its successor is looked for first", stays=True)]
    if missing is view.link.origin:
        return _origin_gone(view, missing)
    return _copy_gone(view, missing)


def _origin_gone(view: View, origin: Side) -> list[Action]:
    """The original is gone: its copy follows (R3, R6); edits of the copy lose (R11)."""
    copy = origin.other
    seen, losers = view.seen(copy), _edits(view, copy)
    rule = Rule.R11 if losers else (Rule.R3 if origin is Side.WIX else Rule.R6)
    if not view.link.made[copy]:
        return [_dismiss(view, copy, Rule.R13, "an adopted item is never removed by us", losers)]
    untouchable = may_not_touch(seen, copy, view.policy)
    if untouchable is not None:
        return [_dismiss(view, copy, untouchable, "it may not be removed: it is left", losers)]
    delete = Delete(
        view.name, copy, seen.ref, seen.version, rule, act=_act(view, origin), guard=copy is Side.WIX, losers=losers
    )
    return [_decided(view, delete)]


def _dismiss(view: View, stays: Side, rule: Rule, reason: str, losers: tuple[Change, ...] = ()) -> Release:
    """Let the side that stays be, until its time changes; what it shows now is what that is measured against."""
    bases = Pair.of(stays, view.shows(stays), Event())
    then = LinkState.DISMISSED if view.link.made[stays] or _is_synced(view, stays) else None
    return Release(view.name, rule, then, reason, losers, bases)


def _edits(view: View, side: Side) -> tuple[Change, ...]:
    """Edits of one side that a deletion would lose."""
    changed = view.changed(side)
    return tuple(Change(name, value, UNSEEN, Rule.R11, loser=value) for name, value in changed.items())


def _act(view: View, side: Side) -> str:
    """Deletions of one series count once (R15)."""
    seen = view.item.at(side)
    series = seen.traits.series if seen is not None else None
    return f"{side}|{series}" if series else view.name


def _decided(view: View, delete: Delete) -> Action:
    """A deletion as a person decided on it, if one did (R15): rejected, the copy stays and the link is let go."""
    match view.item.decisions.get(digest_of(delete)):
        case Decision.APPROVED:
            return replace(delete, ordered=True)
        case Decision.REJECTED:
            return _dismiss(view, delete.side, Rule.R15, "a person rejected the deletion")
    return delete


def _copy_gone(view: View, copy: Side) -> list[Action]:
    """The copy is gone: made again if the original changed, else its deletion travels, within limits."""
    if view.presence(copy) is Presence.ELSEWHERE:
        return [_again(view, copy, Rule.R1 if copy is Side.EXTERNAL else Rule.R4)]
    if view.changed(copy.other) or view.booked_more():
        return [_again(view, copy, Rule.R11)]
    if DELETION in view.link.adrift:  # we took it away, when its original had come back since: that is no edit
        return [_again(view, copy, Rule.R24)]
    if copy is Side.EXTERNAL:
        return _cancel_session(view)
    return _delete_original(view)


def _again(view: View, copy: Side, rule: Rule) -> Action:
    """Make the copy again, unless its direction is off."""
    if not _is_synced(view, copy.other):
        return _dismiss(view, copy.other, Rule.R30, "import or export is off")
    return make_copy(view, copy, rule)


def _cancel_session(view: View) -> list[Action]:
    """A copy was deleted outside: its session is cancelled (R6), within `write_back` (R5a, R28)."""
    seen = view.seen(Side.WIX)
    refused = view.link.refused.get(f"rejected:{Side.WIX}:deleted") == str(seen.version)
    if view.policy.write_back == "off" or refused:
        return _bring_back(view, Rule.R5A)
    guard = view.policy.write_back != "all"
    delete = Delete(
        view.name, Side.WIX, seen.ref, seen.version, Rule.R6, act=_act(view, Side.EXTERNAL), original=True, guard=guard
    )
    decision = view.item.decisions.get(digest_of(delete))
    if decision is Decision.REJECTED:
        return _bring_back(view, Rule.R28)
    if decision is Decision.APPROVED:
        return [replace(delete, why=Rule.R6, ordered=True)]
    if guard and has_company(view):
        return [Hold(view.name, (delete,), Rule.R28, company_reason(view))]
    return [_confirmed(view, Side.EXTERNAL, delete)]


def _bring_back(view: View, rule: Rule) -> list[Action]:
    """Make the copy again, once; deleted again, it is left so (R5a)."""
    entry, digest = "external:deleted", value_digest(str(view.shows(Side.WIX).when))
    if rule is Rule.R5A and view.link.refused.get(entry) == digest:
        return [_dismiss(view, Side.WIX, rule, "deleted again after it was put back")]
    again = _again(view, Side.EXTERNAL, rule)
    if isinstance(again, Create):
        again = replace(again, link=replace(again.link, refused={**view.link.refused, entry: digest}))
    return [again]


def _confirmed(view: View, missing: Side, delete: Delete) -> Action:
    """The deletion of an original is done only when a second cycle saw the absence again (DESIGN 4)."""
    absence = view.seen(missing).absence
    if absence is None or absence.cycles < 2:
        return Skip(view.name, delete.why, "the deletion is confirmed in the next cycle", stays=True)
    return delete


def _delete_original(view: View) -> list[Action]:
    """A block was cancelled: its original goes too where that is safe, else it stays unblocked (R3)."""
    seen = view.seen(Side.EXTERNAL)
    traits = seen.traits
    plain = traits.kind is Kind.ORDINARY and traits.own and traits.series is None
    refused = view.link.refused.get(f"rejected:{Side.EXTERNAL}:deleted") == str(seen.version)
    if not plain or traits.guests or traits.private or refused or not view.connection.config.exports:
        return [_dismiss(view, Side.EXTERNAL, Rule.R3, "the original stays; it no longer blocks")]
    delete = Delete(view.name, Side.EXTERNAL, seen.ref, seen.version, Rule.R3, act=_act(view, Side.WIX), original=True)
    match view.item.decisions.get(digest_of(delete)):
        case Decision.APPROVED:
            return [replace(delete, ordered=True)]
        case Decision.REJECTED:
            return [_again(view, Side.WIX, Rule.R15)]
    return [_confirmed(view, Side.WIX, delete)]


# --- dismissed -------------------------------------------------------------------------------------------------------


def _dismissed(view: View) -> list[Action]:
    """A dismissed link waits until its survivor goes, or changes its time (R3)."""
    sides = [side for side in SIDES if view.link.refs[side] is not None]
    alive = [side for side in sides if view.presence(side) in _THERE]
    if any(view.presence(side) is Presence.UNKNOWN for side in sides):
        return [Skip(view.name, Rule.R31, "where it is could not be found out", stays=True)]
    if not alive:
        return [Release(view.name, Rule.R12, LinkState.TOMBSTONE, "gone on both sides")]
    survivor = alive[0]
    if view.connection.disconnecting:
        return _remove(view, Rule.R23)
    if view.link.made[survivor]:
        return [Settle(view.name, Rule.R3, reason="a copy that may not be removed is left as it is")]
    if not _is_synced(view, survivor):
        return [Release(view.name, Rule.R30, None, "import or export is off")]
    base, now = view.link.bases[survivor].when, view.shows(survivor).when
    if base is UNSEEN or now is UNSEEN or identical(now, base) or not view.policy.window.meets(now):
        return [Settle(view.name, Rule.R3, reason="it was dismissed and its time has not changed")]
    return [_revive(view, survivor)]


def _is_synced(view: View, survivor: Side) -> bool:
    """Whether an item of this side would get a copy at all."""
    connection, ref = view.connection, view.link.refs[survivor]
    if connection.disconnecting:
        return False
    if survivor is Side.WIX:
        return connection.config.exports
    return connection.config.imports and ref is not None and ref.collection in view.imported_from


def _revive(view: View, survivor: Side) -> Action:
    """The survivor has a new time: it is an item like any other again, and its own original."""
    made = Pair.of(survivor, view.link.made[survivor], False)
    link: Link = replace(view.link, origin=survivor, made=made, bases=Pair(Event(), Event()))
    revived = replace(view, item=replace(view.item, link=link))
    if survivor is Side.EXTERNAL and revived.shows(survivor).busy is False:
        return Settle(view.name, Rule.R18, Pair.of(survivor, view.shows(survivor).only([Field.WHEN]), Event()))
    return make_copy(revived, survivor.other, Rule.R4 if survivor is Side.EXTERNAL else Rule.R1)
