"""Decide what must change so that both sides agree. Pure: values in, Plan out.

Not here: reading (adapters), executing (apply), wording for people (cli). Rules: RULES.md.

    pending items ─ relink (R31) ─ adopt (R13) ─┬─ linked (gone, switched off) ─ merge (fields) ─┐
                                                └─ fresh (create, leave) ────────────────────────┴─ limits
"""

from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Final

from syncd.model import (
    Adopt,
    Create,
    Delete,
    MakeCalendar,
    Plan,
    Policy,
    Reason,
    Recover,
    Relink,
    Rule,
    SetOverride,
    Side,
    Skip,
    Status,
    Update,
    Workload,
)
from syncd.model.actions import Action
from syncd.normalise import calendar_key
from syncd.plan.adopt import adopt
from syncd.plan.fresh import decide_fresh
from syncd.plan.limits import restrain
from syncd.plan.linked import decide_linked
from syncd.plan.relink import relink
from syncd.plan.view import View

__all__ = ["gate", "plan"]

_GATES = {
    Reason.SYNCED_BY_WIX: Rule.R19,
    Reason.SCHEDULE_LOST: Rule.R20,
    Reason.TOKEN_REVOKED: Rule.R21,
    Reason.EXTERNAL_CALENDAR_DELETED: Rule.R22,
    Reason.EXTERNAL_CALENDAR_CREATION_FAILED: Rule.R22,
}
_ORDER: Final = (MakeCalendar, Recover, Relink, Adopt, SetOverride, Create, Update, Delete)
_PLACES: Final[dict[type, int]] = {kind: place for place, kind in enumerate(_ORDER)}


def plan(work: Workload, policy: Policy, now: datetime) -> Plan:
    """The plan for one connection: what every pending item needs now. `now` is aware.

    Applying it and planning again gives a plan that changes nothing. It holds no I/O and no hidden clock.
    """
    stopped = gate(work)
    if stopped is not None:
        return Plan(work.connection.id, (stopped,))
    items, found = relink([item for item in work.items if item.wix or item.external], work.connection, policy)
    there = {action.side for action in found if isinstance(action, Relink)}
    work = replace(work, empty=work.empty - there)  # what was found again under another ref is not lost (R31)
    if not work.connection.disconnecting:
        items, adopted = adopt(items, work, policy)
        found += adopted
    for item in items:
        view = View(item, work.connection, policy)
        if item.frozen:
            found.append(Skip(view.name, Rule.R24, "a write to it has still to be settled", stays=True))
        elif item.link is not None:
            found += decide_linked(view)
        else:
            found += decide_fresh(view, work, now)
    found = _with_calendar(restrain(found, work, policy, now), work, policy)
    found.sort(key=attrgetter("item"))  # one sort by pairs takes twice as long as these two
    found.sort(key=_place)
    return Plan(work.connection.id, tuple(found))


def gate(work: Workload) -> Skip | None:
    """Why nothing at all is done for a connection in its present state, if so (R19 to R22)."""
    connection = work.connection
    rule = _GATES.get(connection.reason) if connection.reason is not None else None
    if connection.disconnecting:
        return None
    if rule is not None and connection.status in (Status.ERROR, Status.DISCONNECTED):
        return Skip("connection", rule, f"{connection.status}: {connection.reason}", stays=True)
    if connection.status is Status.DISCONNECTED:
        return Skip("connection", Rule.R23, "disconnected", stays=True)
    return None


def _with_calendar(actions: list[Action], work: Workload, policy: Policy) -> list[Action]:
    """The dedicated calendar is made by the first pass that has something to put into it."""
    wanted = any(isinstance(action, Create) and action.side is Side.EXTERNAL for action in actions)
    if not wanted or work.connection.calendar is not None:
        return actions
    connection = work.connection
    key = calendar_key(policy.bridge, connection.schedule.id, connection.calendar_generation)
    return [MakeCalendar("calendar", connection.schedule.name, key), *actions]


def _place(action: Action) -> int:
    return _PLACES.get(type(action), len(_ORDER))
