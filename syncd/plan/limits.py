"""Brakes on a whole plan: too many deletions or creations, an empty side, actions that failed before. Pure.

Rules R15, R27, R29. Not here: single items.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from syncd.model import (
    WRITES,
    Create,
    Decision,
    Delete,
    Field,
    Hold,
    Item,
    Policy,
    Rule,
    Skip,
    Update,
    Workload,
    digest_of,
)
from syncd.model.actions import Action, Write
from syncd.plan.view import name_of

_RETRIED: Final = (Create, Update)  # deletions are never in quarantine (R27)


def restrain(actions: Sequence[Action], work: Workload, policy: Policy, now: datetime) -> list[Action]:
    """The actions, those held back that the brakes stop."""
    items = {name_of(item): item for item in work.items}
    calm = [_quarantined(action, items, now) if isinstance(action, _RETRIED) else action for action in actions]
    if work.doubtful is not None:
        return [_wait(action, work.doubtful) for action in calm]
    if work.empty:
        sides = " and ".join(sorted(work.empty))
        reason = f"nothing at all was found on the {sides} side, where {work.linked} items are linked"
        waiting = [one if isinstance(one, Delete | Hold) else _wait(one, reason) for one in calm]
        return _hold(waiting, items, lambda action: not action.ordered, Rule.R15, reason)
    held = _hold_creations(_hold_deletions(calm, items, work, policy), items, work, policy)
    return _hold_undecided(held, items)


def _hold_undecided(actions: list[Action], items: dict[str, Item]) -> list[Action]:
    """What waits for a person goes on waiting, whatever has become of the reason (R15, R29)."""
    if not any(item.decisions for item in items.values()):
        return actions

    def waits(action: Write) -> bool:
        item = items.get(action.item)
        waiting = bool(item is not None and item.decisions) and not action.ordered
        return waiting and item is not None and item.decisions.get(digest_of(action)) is Decision.WAITING

    kept = _hold(actions, items, lambda one: isinstance(one, Create) and waits(one), Rule.R29, _STILL)
    return _hold(kept, items, waits, Rule.R15, _STILL)


_STILL = "it still waits for a decision"


def _quarantined(action: Create | Update, items: dict[str, Item], now: datetime) -> Action:
    """An action that failed waits until its time, or until its item changes (R27)."""
    item = items.get(action.item)
    row = item.quarantine.get(digest_of(action)) if item is not None and item.quarantine else None
    if row is None or (not row.permanent and row.retry_at <= now):
        return action
    if isinstance(action, Update) and 0 < len(timing := _timing(action).changes) < len(action.changes):
        return _quarantined(_timing(action), items, now) if timing else action
    return Skip(action.item, Rule.R27, f"quarantined: {row.reason}", stays=True)


def _timing(action: Update) -> Update:
    """The part of a refused update that decides which time is taken: a text must not keep a slot at the wrong hour."""
    kept = tuple(change for change in action.changes if change.field in (Field.WHEN, Field.BUSY))
    return replace(action, changes=kept, agreed=action.agreed.only(change.field for change in kept), mark=None)


def _wait(action: Action, reason: str) -> Action:
    """In doubt everything waits, but for what a person ordered."""
    if isinstance(action, Skip) or (isinstance(action, WRITES) and action.ordered):
        return action
    return Skip(action.item, Rule.R15, reason, stays=True)


def _hold_deletions(actions: list[Action], items: dict[str, Item], work: Workload, policy: Policy) -> list[Action]:
    """R15: past the limits, or in a careful pass, every deletion that no person ordered waits."""
    acts = {action.act or action.item for action in actions if isinstance(action, Delete) and not action.ordered}
    if not acts:
        return actions
    total = work.deleted_24h + len(acts)
    many = total > policy.delete_limit and total > policy.delete_share * work.linked
    if work.careful:
        reason = "the first pass after a restore, or after a day without one"
    elif many or total > policy.delete_hard_limit:
        reason = f"{total} deletions within 24 hours, of {work.linked} linked items"
    else:
        return actions
    return _hold(actions, items, lambda action: isinstance(action, Delete) and not action.ordered, Rule.R15, reason)


def _hold_creations(actions: list[Action], items: dict[str, Item], work: Workload, policy: Policy) -> list[Action]:
    """R29: after the first pass, more creations than `create_limit` in one cycle wait."""
    count = sum(isinstance(action, Create) and not action.ordered for action in actions)
    if not work.connection.first_passed or count <= policy.create_limit:
        return actions
    reason = f"{count} creations in one pass, more than create_limit = {policy.create_limit}"
    return _hold(actions, items, lambda action: isinstance(action, Create) and not action.ordered, Rule.R29, reason)


def _hold(
    actions: list[Action], items: dict[str, Item], stops: Callable[[Write], bool], rule: Rule, reason: str
) -> list[Action]:
    """Put the stopped actions into one hold; those a person decided on go through, or are dropped."""
    kept: list[Action] = []
    waiting: list[Write] = []
    for action in actions:
        if not isinstance(action, WRITES) or not stops(action):
            kept.append(action)
            continue
        item = items.get(action.item)
        match item.decisions.get(digest_of(action)) if item is not None else None:
            case Decision.APPROVED:
                kept.append(action)
            case Decision.REJECTED:
                kept.append(Skip(action.item, rule, "a person rejected it"))
            case _:
                waiting.append(action)
    if waiting:
        kept.append(Hold(f"{rule.value}:{waiting[0].item}", tuple(waiting), rule, reason))
    return kept
