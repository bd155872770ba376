"""Both sides of a link are there: field by field, who changed, who is to be written. Pure.

Rules R2, R5, R5a, R8, R9, R10, R16, R17, R18, R26, R28, R32. Not here: items that are gone (linked), new ones (fresh).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from syncd.model import (
    FIELDS,
    SIDES,
    UNSEEN,
    Change,
    Decision,
    Event,
    Field,
    Hold,
    Kind,
    Override,
    Pair,
    Rule,
    SetOverride,
    Settle,
    Side,
    Skip,
    Update,
    Value,
    digest_of,
    identical,
    same,
)
from syncd.model.actions import Action
from syncd.normalise import BUSY, fit_value, holds_in_part, mark_for, value_digest
from syncd.plan.view import View


class May(Enum):
    """Whether an edit may travel to a side."""

    YES = auto()
    NO = auto()  # outside the policy, or refused for good: R5a
    ASK = auto()  # a person decides: R28
    LEAVE = auto()  # it does not travel, and stays where it is


@dataclass(slots=True)
class Verdict:
    """What becomes of the changed fields of one item."""

    updates: Pair[list[Change]] = field(default_factory=lambda: Pair([], []))
    refused: Pair[dict[str, str]] = field(default_factory=lambda: Pair({}, {}))
    asked: list[Change] = field(default_factory=list)
    overrides: list[Change] = field(default_factory=list)
    agreed: Pair[dict[Field, Value]] = field(default_factory=lambda: Pair({}, {}))
    losers: list[Change] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    listed: bool = False

    def settle(self, name: Field, values: Pair[Value]) -> None:
        """Take both sides' present values as agreed."""
        for side in SIDES:
            if values[side] is not UNSEEN:
                self.agreed[side][name] = values[side]


def merge(view: View) -> list[Action]:
    """The actions for a link whose two items are both there."""
    inside, outside = view.changed(Side.WIX), view.changed(Side.EXTERNAL)
    if not inside and not outside:
        return [Settle(view.name, Rule.R24, reason="both sides are as we left them")]
    changed, verdict = Pair(inside, outside), Verdict()
    late = view.came_late
    for name in FIELDS:
        if name in changed.wix or name in changed.external:
            _judge(view, name, changed, verdict, late=late)
    return _actions(view, verdict)


def _judge(view: View, name: Field, changed: Pair[dict[Field, Value]], verdict: Verdict, *, late: bool) -> None:
    """One field that is not as we left it. `late`: what our copy shows is our own write, so the original goes (R24)."""
    sources = [side for side in SIDES if name in changed[side]] if not late else [view.link.origin]
    values = Pair(view.shows(Side.WIX).get(name), view.shows(Side.EXTERNAL).get(name))
    if _agree(view, name, values) and (len(sources) == 2 or not _zone_differs(values)):
        verdict.settle(name, values)
    elif len(sources) == 1:  # a change of the zone alone travels too
        merged = Rule.R9 if _other_side_changed(name, changed, sources[0]) else None
        rule = Rule.R24 if late and name not in changed[sources[0]] else merged
        _carry(view, name, sources[0], rule, verdict)
    else:
        _clash(view, name, values, verdict)


def _agree(view: View, name: Field, values: Pair[Value]) -> bool:
    """Whether one side holds what the other would give it: equal edits are agreement (R9)."""
    limits = view.policy.limits
    given = Pair(fit_value(name, values.external, limits.wix), fit_value(name, values.wix, limits.external))
    return same(given.wix, values.wix) or same(given.external, values.external)


def _zone_differs(values: Pair[Value]) -> bool:
    return same(values.wix, values.external) and not identical(values.wix, values.external)


def _other_side_changed(name: Field, changed: Pair[dict[Field, Value]], source: Side) -> bool:
    return any(other is not name for other in changed[source.other])


def _clash(view: View, name: Field, values: Pair[Value], verdict: Verdict) -> None:
    """Both sides edited one field (R10): the policy's side wins, unless only the other may be carried over."""
    winner = view.policy.on_clash
    barred = may_travel(view, name, winner) in (May.NO, May.LEAVE)
    partial = holds_in_part(values[winner], values[winner.other])
    if (barred or partial) and may_travel(view, name, winner.other) is May.YES:
        winner = winner.other
    _carry(view, name, winner, Rule.R10, verdict)


def _carry(view: View, name: Field, source: Side, rule: Rule | None, verdict: Verdict) -> None:
    """Take one edit from `source` to the other side, or settle why not."""
    target = source.other
    value = fit_value(name, view.shows(source).get(name), view.policy.limits[target])
    if name is Field.TITLE and value is None and target is Side.WIX and view.link.origin is Side.EXTERNAL:
        value = BUSY  # a block needs a title
    before = view.shows(target).get(name)
    loser = before if rule is Rule.R10 else UNSEEN
    change = Change(name, before, value, rule or default_rule(view, name, target), loser)
    travels = May.LEAVE if _would_cut(view, name, source) else may_travel(view, name, source)
    if travels is May.YES:
        _write(view, change, target, verdict)
    elif travels is May.ASK:
        verdict.asked.append(replace(change, why=Rule.R28))
    elif travels is May.LEAVE:
        verdict.losers.append(replace(change, why=_why_left(view, name, source), loser=value))
        verdict.settle(name, Pair.of(source, view.shows(source).get(name), before))
    else:
        put_back(view, name, source, reason_against(view, name, source), verdict)


def _why_left(view: View, name: Field, source: Side) -> Rule:
    """Under which rule an edit stays where it was made."""
    if _would_cut(view, name, source):
        return Rule.R10
    return Rule.R18 if name is Field.BUSY and source is Side.EXTERNAL else Rule.R30


def _would_cut(view: View, name: Field, source: Side) -> bool:
    """An edit made to a shortened text would cost the fuller one its rest (R10)."""
    bases = view.link.bases
    limit = view.policy.limits[source].get(name)
    fuller, part = bases[source.other].get(name), bases[source].get(name)
    return (
        limit is not None
        and isinstance(fuller, str)
        and len(fuller) > limit
        and holds_in_part(part, fuller)
        and same(view.shows(source.other).get(name), fuller)
    )


def default_rule(view: View, name: Field, target: Side) -> Rule:
    """The rule under which a plain edit of one side reaches the other."""
    if name is Field.BUSY and view.link.origin is Side.EXTERNAL:
        return Rule.R18
    if target is Side.EXTERNAL:
        return Rule.R8 if view.overridden(name) else Rule.R2
    return Rule.R8 if view.overridden(name) else Rule.R5


def _write(view: View, change: Change, target: Side, verdict: Verdict) -> None:
    if target is Side.WIX and view.overridden(change.field):
        verdict.overrides.append(replace(change, why=Rule.R8))
    else:
        verdict.updates[target].append(change)


def may_travel(view: View, name: Field, source: Side) -> May:
    """Whether an edit of `source` may be written to the other side."""
    refused = view.link.refused.get(refusal(source.other, name)) if view.link.refused else None
    if refused is not None:
        value = fit_value(name, view.shows(source).get(name), view.policy.limits[source.other])
        if refused == value_digest(value):
            return May.NO
    return _may_leave(view, name) if source is Side.WIX else _may_enter(view, name)


def refusal(side: Side, name: Field) -> str:
    """The entry of a link's `refused` for a value that an original's side will not take (R5a)."""
    return f"rejected:{side}:{name}"


def _may_leave(view: View, name: Field) -> May:
    """From the site to the external event: our copy, or somebody's own (R2, R16, R17, R26, R30)."""
    traits = view.seen(Side.EXTERNAL).traits
    if traits.kind is not Kind.ORDINARY or (traits.guests and view.policy.mails_guests):
        return May.NO
    if not traits.own or name in traits.masked:
        return May.NO
    if view.link.made.external or view.connection.config.exports:
        return May.YES
    return May.LEAVE if view.link.origin is Side.WIX else May.NO


def _may_enter(view: View, name: Field) -> May:
    """From the external event to the site: always for a block, within `write_back` for a session (R5, R28)."""
    if view.link.origin is Side.EXTERNAL:
        return May.YES if view.link.made.wix or view.connection.config.imports else May.LEAVE
    if name is Field.BUSY:
        return May.LEAVE
    if view.policy.write_back == "off":
        return May.NO
    if name is Field.TITLE and view.shows(Side.EXTERNAL).title is None:
        return May.NO
    if name is Field.WHEN and view.policy.write_back != "all" and has_company(view):
        return May.ASK
    return May.YES


def has_company(view: View) -> bool:
    """Whether a session must not be moved or cancelled from outside by itself (R28)."""
    count = view.seen(Side.WIX).traits.participants
    return count is UNSEEN or (isinstance(count, int) and count > 0) or view.item.exported_by > 1


def reason_against(view: View, name: Field, source: Side) -> Rule:
    """Under which rule an edit may not travel."""
    traits = view.seen(Side.EXTERNAL).traits
    if source is Side.WIX:
        if traits.kind is not Kind.ORDINARY:
            return Rule.R16
        if name in traits.masked:
            return Rule.R17
        if traits.guests and view.policy.mails_guests:
            return Rule.R26
    return Rule.R5A


def put_back(view: View, name: Field, source: Side, rule: Rule, verdict: Verdict) -> None:
    """Settle an edit that may not travel (R5a): put the copy back as its original is, once per change.

    An original is never put back: what cannot be written on its copy is left there, and listed.
    """
    value, kept = view.shows(source).get(name), view.shows(source.other).get(name)
    change = Change(name, value, fit_value(name, kept, view.policy.limits[source]), rule, loser=value)
    entry, digest = f"{source}:{name}", value_digest(value)
    again = view.link.refused.get(entry) == digest
    if again or source is view.link.origin or kept is UNSEEN or may_travel(view, name, source.other) is not May.YES:
        verdict.losers.append(change)
        verdict.listed = True
        verdict.left[entry] = digest
        verdict.settle(name, Pair.of(source, value, kept))
    else:
        verdict.updates[source].append(change)
        verdict.refused[source][entry] = digest


# --- from verdict to actions -----------------------------------------------------------------------------------------


def _actions(view: View, verdict: Verdict) -> list[Action]:
    found: list[Action] = []
    _decide_asked(view, verdict, found)
    if verdict.overrides:
        found.append(_override(view, verdict.overrides))
    for side in SIDES:
        found += _update(view, side, verdict)
    if verdict.agreed.wix or verdict.agreed.external or verdict.left or verdict.losers:
        agreed = Pair(Event().put(verdict.agreed.wix), Event().put(verdict.agreed.external))
        why = verdict.losers[0].why if verdict.losers else Rule.R9
        reason = "the edit is left where it was made" if verdict.losers else "both sides agree"
        found.insert(
            0, Settle(view.name, why, agreed, reason, tuple(verdict.losers), verdict.left, listed=verdict.listed)
        )
    if not found:
        found.append(Settle(view.name, Rule.R24, reason="both sides are as we left them"))
    return found


def _decide_asked(view: View, verdict: Verdict, found: list[Action]) -> None:
    """Moves that wait for a person (R28): approved ones join the update, rejected ones are put back."""
    if not verdict.asked:
        return
    held = update_of(view, Side.WIX, [*verdict.updates.wix, *verdict.asked])
    held = replace(held, seen=None)  # what we write on the other side meanwhile must not void the approval
    decision = view.item.decisions.get(digest_of(held))
    if decision is Decision.APPROVED:
        verdict.updates.wix.extend(verdict.asked)
    elif decision is Decision.REJECTED:
        for change in verdict.asked:
            put_back(view, change.field, Side.EXTERNAL, Rule.R28, verdict)
    else:
        verdict.updates.wix.clear()  # they wait together: another write would change the version approved
        found.append(Hold(view.name, (held,), Rule.R28, company_reason(view)))


def company_reason(view: View) -> str:
    """Why R28 asks a person."""
    count = view.seen(Side.WIX).traits.participants
    if count is UNSEEN:
        return "the number of participants is not known"
    if isinstance(count, int) and count > 0:
        return f"the session has {count} participant{'s' if count != 1 else ''}"
    return f"the session is exported by {view.item.exported_by} connections"


def _override(view: View, changes: list[Change]) -> SetOverride:
    """An edit outside of a field shown from an override becomes the session's own override (R8)."""
    own, inherited = view.overrides.session, {}
    values = {Field.TITLE: own.title, Field.DESCRIPTION: own.description}
    for change in changes:
        text = change.after if isinstance(change.after, str) else ""
        below = view.overrides.inherited(change.field)
        inherited[change.field] = below if below is not None else _bare(view, change.field)
        values[change.field] = None if text == (inherited[change.field] or "") else text
    agreed = Event().put({change.field: change.after for change in changes})
    override = Override(title=values[Field.TITLE], description=values[Field.DESCRIPTION])
    session = view.seen(Side.WIX).ref
    return SetOverride(view.name, session, override, Pair(agreed, agreed), tuple(changes))


def _bare(view: View, name: Field) -> str | None:
    """What the session itself shows for a field, without any override."""
    if name is Field.DESCRIPTION and view.policy.description == "override_only":
        return None
    own = view.seen(Side.WIX).event.get(name)
    return own if isinstance(own, str) else None


def _update(view: View, side: Side, verdict: Verdict) -> list[Action]:
    """One update of one side, without the fields that keep alternating (R32)."""
    calm, wild = verdict.updates[side], []
    if view.item.recent:
        wild = [change for change in calm if oscillates(view, side, change)]
        calm = [change for change in calm if change not in wild]
    found: list[Action] = []
    if wild:
        names = ", ".join(change.field.value for change in wild)
        found.append(Skip(view.name, Rule.R32, f"oscillates: {names}", stays=True, listed=True))
    if calm:
        ordered = any(change.why is Rule.R28 for change in calm)
        found.append(update_of(view, side, calm, refused=verdict.refused[side], ordered=ordered))
    return found


_LEADING: Final = (Rule.R28, Rule.R10, Rule.R16, Rule.R17, Rule.R26, Rule.R5A, Rule.R9, Rule.R18, Rule.R8)


def _leading(changes: list[Change]) -> Rule:
    """The rule that names an update of several fields."""
    rules = [change.why for change in changes]
    if len(rules) == 1:
        return rules[0]
    return next((rule for rule in _LEADING if rule in rules), rules[0])


def update_of(
    view: View, side: Side, changes: list[Change], *, refused: Mapping[str, str] | None = None, ordered: bool = False
) -> Update:
    """The conditional write of some fields on one side; our copy's mark goes with it."""
    seen, other = view.seen(side), view.item.at(side.other)
    mark = None
    if view.link.made[side] and seen.traits.mark is not None:
        after = seen.event.put({change.field: change.after for change in changes})
        overridden = view.hidden if side is Side.EXTERNAL else frozenset[Field]()
        mark = mark_for(view.link, seen.traits.mark, after, overridden)
    return Update(
        item=view.name,
        side=side,
        ref=seen.ref,
        if_match=seen.version,
        changes=tuple(changes),
        agreed=view.shows(side.other).only([change.field for change in changes]),
        why=_leading(changes),
        mark=mark,
        refused=refused or {},
        seen=other.version if other is not None else None,
        ordered=ordered,
    )


def oscillates(view: View, side: Side, change: Change) -> bool:
    """Whether three writes of this field already alternate between two values and this one would go on (R32)."""
    rows = [row for row in view.item.recent if row.side is side and row.field is change.field]
    values = [row.value for row in sorted(rows, key=lambda row: row.at)][-3:]
    if len(values) < 3:
        return False
    first, second, third = values
    return first == third != second and value_digest(change.after) == second
