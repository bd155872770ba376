"""A tiny model of what applying a plan does to both sides, to links and bases, to history and holds.

It follows DESIGN 4 and the docstrings of the actions, and shares no code with the planner, so that the two can be
held against each other. Not here: what lies there and how it is read (sides).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from syncd.model import (
    UNSEEN,
    Absence,
    Action,
    Adopt,
    Change,
    Create,
    Delete,
    Event,
    Field,
    FieldWrite,
    Gone,
    Hold,
    Link,
    LinkState,
    MakeCalendar,
    Observation,
    Pair,
    Plan,
    Ref,
    Release,
    Relink,
    SetOverride,
    Settle,
    Side,
    Skip,
    Traits,
    Unseen,
    Update,
)
from syncd.normalise import collection_of, fit, value_digest
from tests.rules.sides import EVIDENCE, Lost, Sides, lies


class Doubled(AssertionError):
    """A second item was made under a key that was used already."""


@dataclass
class World(Sides):
    """Both sides with everything that applying plans leaves behind."""

    def apply(self, planned: Plan) -> None:
        """Do what a plan says, then let go of the pending rows that it settled."""
        self.held = {item: actions for item, actions in self.held.items() if not self._given(planned, item)}
        stays: set[str] = set()
        for action in planned.actions:
            done = self._do(action)
            if not done:
                stays.add(action.item)
        names = dict(self._names())
        given = {action.item for action in planned.actions}
        self.touched = {key for key in self.touched if names.get(key) in stays or names.get(key) not in given}

    def _given(self, planned: Plan, item: str) -> bool:
        return self.everything or any(action.item == item for action in planned.actions)

    def _do(self, action: Action) -> bool:
        """Whether the item is settled by it."""
        match action:
            case Create():
                self._create(action)
            case Update() | Delete():
                return self._precise(action)
            case Adopt():
                self.links[action.link.id] = action.link
            case Relink():
                self._relink(action)
            case Release():
                self._remember(action.item, action.losers)
                self._advance(self._link(action.item), action.bases)
                self._end(action.item, action.then)
            case SetOverride():
                self.overrides[action.session] = action.override
                self._remember(action.item, action.changes)
                self._advance(self._link(action.item), action.agreed)
            case Settle():
                self._settle(action)
            case Hold():
                self._hold(action)
                return False
            case Skip():
                if action.listed:
                    self.listed[action.item] = action.reason
                return not action.stays
            case MakeCalendar():
                self.written.append(action)
                self.connection = replace(self.connection, calendar="made")
        return True

    def _hold(self, action: Hold) -> None:
        """One hold may cover acts on many items; each waits under its own name."""
        for one in action.actions:
            self.held[one.item] = (*self.held.get(one.item, ()), one)

    def _precise(self, action: Update | Delete) -> bool:
        """A write with a precondition: refused when somebody was faster."""
        real = self.real[(action.side, action.ref)]
        if not lies(real) or real.version != action.if_match:
            self.stale += 1
            return False
        self.written.append(action)
        if isinstance(action, Update):
            self._update(action)
        else:
            self._delete(action)
        return True

    def _create(self, action: Create) -> None:
        if (action.side, action.key) in self.keys:
            raise Doubled(f"{action.item}: the key of an earlier copy is used again")
        self.keys.add((action.side, action.key))
        self.written.append(action)
        self.made += 1
        ref = Ref(*self._place(action))
        told = Traits(group=ref.id, uid=ref.id, mark=action.mark, created=self.now)
        if action.side is Side.WIX:
            home = self.connection.schedule.id
            told = replace(told, home=home, schedules=frozenset({home}), participants=0)
        event = self._kept(action.side, _filled(action.event))
        made = Observation(action.side, ref, event, self.now, version="1", fingerprint=f"m{self.made}", traits=told)
        key = self.put(made)
        self.seen[key] = made
        link = action.link
        original = link.refs[link.origin]
        assert original is not None, "a copy of nothing"
        self.origin_of[key] = (link.origin, original)
        self.copies[(link.origin, original)] += 1
        self._note_writes(action.item, action.side, event)
        self.links[link.id] = replace(link, refs=link.refs.put(action.side, ref))
        bases = Pair.of(action.side, event, action.event)
        self._advance(self.links[link.id], bases)

    def _place(self, action: Create) -> tuple[str, str]:
        if action.side is Side.WIX:
            return self.connection.site, f"made-{self.made}"
        assert self.connection.calendar is not None, "a copy without a calendar"
        return collection_of(self.connection, self.connection.calendar), action.key

    def _kept(self, side: Side, event: Event) -> Event:
        """What a server makes of an event: texts no longer than it can hold."""
        return fit(event, self.policy.limits[side])

    def _update(self, action: Update) -> None:
        key = (action.side, action.ref)
        kept = self._kept(action.side, action.event)
        real = self.real[key]
        self.made += 1
        version = f"{real.version}.{self.made}"
        traits = replace(real.traits, mark=action.mark) if action.mark else real.traits
        written = kept.over(real.event)
        self.real[key] = replace(real, event=written, version=version, fingerprint=f"f{version}", traits=traits)
        self.seen[key] = self._stored(self.real[key])
        self._remember(action.item, action.changes)
        self._note_writes(action.item, action.side, kept)
        one = self._link(action.item)
        if one is not None:
            self.links[one.id] = one = replace(one, refused={**one.refused, **action.refused})
            self._advance(one, Pair.of(action.side, kept, action.agreed))

    def _delete(self, action: Delete) -> None:
        key = (action.side, action.ref)
        self._replace(key, absence=Absence(Gone.GONE, EVIDENCE[action.side], self.now))
        self.seen[key] = self.real[key]
        self._remember(action.item, action.losers)
        if not action.ordered:
            self.deletions.append((self.now, action.act or action.item))
        one = self._link(action.item)
        if one is None:
            return
        if action.former:
            self.links[one.id] = replace(one, former=None)
            return
        if action.then not in (None, LinkState.TOMBSTONE):  # a tombstone keeps its names, so that a claim finds it
            self.links[one.id] = replace(one, refs=one.refs.put(action.side, None))
        self._end(action.item, action.then)

    def _settle(self, action: Settle) -> None:
        self._remember(action.item, action.losers)
        if action.listed:
            self.listed[action.item] = action.reason
        one = self._link(action.item)
        if one is not None:
            self.links[one.id] = one = replace(one, refused={**one.refused, **action.refused})
            self._advance(one, action.bases)

    def _relink(self, action: Relink) -> None:
        one = self._link(action.item)
        assert one is not None, "a relink without a link"
        self.links[one.id] = replace(one, refs=one.refs.put(action.side, action.new))
        self.seen.pop((action.side, action.old), None)
        self.real.pop((action.side, action.old), None)
        if action.side is Side.WIX and action.old in self.overrides:
            self.overrides[action.new] = self.overrides.pop(action.old)

    def _end(self, item: str, then: LinkState | None) -> None:
        one = self._link(item)
        if one is None:
            return
        if then is None:
            del self.links[one.id]
        else:
            self.links[one.id] = replace(one, state=then)

    def _advance(self, one: Link | None, bases: Pair[Event]) -> None:
        """Bases take the agreed fields, on both sides at once; the participants are those of that moment."""
        if one is None:
            return
        grown = Pair(bases.wix.over(one.bases.wix), bases.external.over(one.bases.external))
        session = self._seen(Side.WIX, one.refs.wix)
        count: int | Unseen | None = session.traits.participants if session else one.participants
        self.links[one.id] = replace(one, bases=grown, participants=count)

    def _link(self, item: str) -> Link | None:
        return self.links.get(item)

    def _remember(self, item: str, changes: Iterable[Change]) -> None:
        self.losers += [Lost(item, one.field, one.loser) for one in changes if one.loser is not UNSEEN]

    def _note_writes(self, item: str, side: Side, event: Event) -> None:
        rows = [
            FieldWrite(side, name, value_digest(event.get(name)), self.now)
            for name in Field
            if event.get(name) is not UNSEEN
        ]
        self.recent.setdefault(item, []).extend(rows)


def _filled(event: Event) -> Event:
    """A new item shows every field: what was not given is empty there."""
    blank = {Field.TITLE: None, Field.DESCRIPTION: None, Field.LOCATION: None, Field.BUSY: True}
    return event.over(Event().put(blank))


def moves_something(action: Action) -> bool:
    """Whether applying the action changes anything, here or on a side."""
    if isinstance(action, Settle):
        said = bool(action.losers or action.refused)
        return said or any(action.bases[side] != Event() for side in Side)
    return not isinstance(action, Skip | Hold)
