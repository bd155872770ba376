"""What an outcome changes in the store: links, bases, observations, pending rows, history. Pure but for its own memory.

Not here: calling the sides (writes), settling what a crash left open (recover).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.apply.bases import Answer, bases_of, dissolved, gain, is_overtaken, participants
from syncd.apply.rows import Rows, written_fields
from syncd.model import (
    DELETION,
    Adopt,
    Connection,
    Create,
    Decision,
    Delete,
    Hold,
    Item,
    Link,
    LinkState,
    MakeCalendar,
    Observation,
    Pair,
    Plan,
    Policy,
    Release,
    Relink,
    Rule,
    SetOverride,
    Settle,
    Side,
    Skip,
    Update,
    Workload,
    Write,
    action_json,
    digest_of,
    plain,
)
from syncd.model.actions import Action
from syncd.normalise import canonical, covers, fields_digest, fit, mask
from syncd.plan.view import Presence, View
from syncd.ports import Changes, HistoryRow, HoldRow, JournalRow, Note, Touch, WriteState

_ADRIFT = 4  # updates that are remembered where the service may take one at any version
_LEFT = (Presence.GONE, Presence.ELSEWHERE)  # a side that went while the other was written: the link has to end


@dataclass(slots=True)
class Ledger:
    """The state of one connection's items while a plan is carried out."""

    work: Workload
    plan: Plan
    policy: Policy
    run: str
    siblings: Sequence[Connection]  # the other connections of the site, for which our writes are news
    items: dict[str, Item] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)  # writes of an item that are not done yet
    waiting: set[str] = field(default_factory=set)  # items that stay pending
    postponed: set[str] = field(default_factory=set)  # items of which nothing was decided this time
    ending: set[str] = field(default_factory=set)  # items whose link dissolves with their last removal
    target: str = ""  # the collection exported to

    def __post_init__(self) -> None:
        for item in self.work.items:
            for name in names_of(item):
                self.items[name] = item
        for action in self.plan.actions:
            self._expect(action)

    def _expect(self, action: Action) -> None:
        if isinstance(action, Create | Update | Delete):
            self.left[action.item] = self.left.get(action.item, 0) + 1
        elif isinstance(action, Hold):
            self.waiting.update(held.item for held in action.actions)
        elif isinstance(action, Skip) and action.stays:
            self.waiting.add(action.item)
            self.postponed.add(action.item)

    @property
    def connection(self) -> Connection:
        return self.work.connection

    # --- local actions -----------------------------------------------------------------------------------------------

    def local(self, now: datetime) -> Changes:
        """Everything of the plan that has no remote effect, as one transaction."""
        found = Rows()
        for action in self.plan.actions:
            match action:
                case Adopt():
                    self._adopt(action, found)
                case Relink():
                    self._relink(action, found, now)
                case Release():
                    self._release(action, found)
                case Settle():
                    self._settle(action, found)
                case SetOverride():
                    self._override(action, found, now)
                case Hold():
                    self._hold(action, found, now)
            if isinstance(action, Skip | Settle) and action.listed:
                found.notes.append(Note(self.connection.id, action.item, action.why.value, action.reason, now))
            if not isinstance(action, Create | Update | Delete | MakeCalendar | Skip | Hold):
                found.history.append(self.history(action, "done", now))
        self._tidy(found)
        return found.changes()

    def _adopt(self, action: Adopt, found: Rows) -> None:
        parts = [self.items[f"{side}|{action.link.refs[side]}"] for side in Side if self._has(action.link, side)]
        pending = tuple(row for part in parts for row in part.pending)
        seen = Pair(*(next((p.at(side) for p in parts if p.at(side) is not None), None) for side in Side))
        base = parts[0] if parts else Item()
        self.items[action.item] = replace(
            base, link=action.link, wix=seen.wix, external=seen.external, pending=pending, claim=None
        )
        found.links[action.item] = action.link

    def _has(self, link: Link, side: Side) -> bool:
        return f"{side}|{link.refs[side]}" in self.items

    def _relink(self, action: Relink, found: Rows, now: datetime) -> None:
        """The link goes on under the new ref, and so does what is left to do: an old ref that is only *unknown* would

        be pending for ever once a crash has parted it from its link.
        """
        item, fresh = self.items[action.item], self.items[f"{action.side}|{action.new}"]
        assert item.link is not None  # noqa: S101 - only linked items are relinked
        made = item.link.made.put(action.side, item.link.made[action.side] and not action.adopted)
        link = replace(item.link, refs=item.link.refs.put(action.side, action.new), made=made)
        seen = fresh.at(action.side)
        passed = [row for row in item.pending if (row.side, row.ref) == (action.side, action.old)]
        pending = (*(row for row in item.pending if row not in passed), *fresh.pending)
        found.cleared += [(self.connection.id, row) for row in passed]
        if not pending and (self.left.get(action.item) or action.item in self.waiting):
            found.touched.append(Touch(self.connection.id, action.side, action.new, now))
        self.items[action.item] = replace(item, link=link, pending=pending).put(action.side, seen)
        if action.side is Side.WIX:
            found.moved.append((action.old, action.new))
        found.links[action.item] = link

    def _release(self, action: Release, found: Rows) -> None:
        link = self.items[action.item].link
        if link is None:
            return
        if action.then is None:
            self._keep(action.item, dissolved(link), found)
            return
        refs = link.refs
        for side in Side:
            seen = self.items[action.item].at(side)
            if action.then is LinkState.DISMISSED and seen is not None and seen.absence is not None:
                refs = refs.put(side, None)
        bases = Pair(action.bases.wix.over(link.bases.wix), action.bases.external.over(link.bases.external))
        self._keep(action.item, replace(link, state=action.then, refs=refs, bases=bases), found)

    def _keep(self, name: str, link: Link, found: Rows) -> None:
        self.items[name] = replace(self.items[name], link=link)
        found.links[name] = link

    def _settle(self, action: Settle, found: Rows) -> None:
        item = self.items[action.item]
        if item.link is not None:
            link = gain(item, action.bases, action.refused)
            if action.leaves_former:
                link = replace(link, former=None)
            if link != item.link:
                self._keep(action.item, link, found)

    def _override(self, action: SetOverride, found: Rows, now: datetime) -> None:
        item = self.items[action.item]
        assert item.link is not None  # noqa: S101 - overrides belong to linked sessions
        found.overrides.append((action.session, action.override))
        if item.wix is not None:
            self._news(item.wix, found, now)
        overrides = replace(item.overrides, session=action.override)
        self.items[action.item] = replace(item, overrides=overrides)
        self._keep(action.item, gain(self.items[action.item], action.agreed, {}), found)

    def _hold(self, action: Hold, found: Rows, now: datetime) -> None:
        fresh = [
            (digest_of(held), held) for held in action.actions if digest_of(held) not in self._decisions(held.item)
        ]
        group = digest_of([digest for digest, _ in fresh], 8)
        connection, rule = self.connection.id, action.why.value
        for digest, held in fresh:
            seen = self.items[held.item].at(held.side) if held.item in self.items else None
            body = action_json(held) | ({"shows": plain(seen.event)} if seen is not None else {})
            found.holds.append(HoldRow(digest, group, connection, held.item, rule, action.reason, body, now))

    def _decisions(self, name: str) -> Mapping[str, object]:
        item = self.items.get(name)
        return item.decisions if item is not None else {}

    def _tidy(self, found: Rows) -> None:
        """Clear what is settled by now; drop holds and notes that no longer stand."""
        standing = {digest_of(held) for hold in self.plan.holds() for held in hold.actions}
        if any(item.decisions for item in self.work.items):
            standing |= {digest_of(replace(write, ordered=False)) for write in self._writes()}
        listed = {note.item for note in found.notes}
        failing = {one.item for one in self.plan.actions if isinstance(one, Skip) and one.why is Rule.R27}
        for name in {name for action in self.plan.actions for name in _named(action)}:
            item = self.items.get(name)
            if item is None:
                continue
            # A decision stays until what it led to is done: lost with a crash, a person would be asked once more.
            done = {
                digest for digest, said in item.decisions.items() if said is Decision.WAITING or not self.left.get(name)
            }
            if name not in self.postponed:
                found.void += [(self.connection.id, digest) for digest in done - standing]
            if item.quarantine and name not in failing:
                found.lifted.append((self.connection.id, name))
            if name not in listed:
                found.quieted.append((self.connection.id, name))
            if not self.left.get(name) and name not in self.waiting:
                found.cleared += [(self.connection.id, row) for row in item.pending]

    def _writes(self) -> Iterable[Write]:
        return (action for action in self.plan.actions if isinstance(action, Create | Update | Delete))

    # --- outcomes ----------------------------------------------------------------------------------------------------

    def done(self, row: JournalRow, answer: Answer, now: datetime) -> Changes:
        """A write took effect: its answer, the bases it brought into agreement, and what it leaves to do."""
        action, found = row.action, Rows()
        assert not isinstance(action, MakeCalendar)  # noqa: S101 - a calendar has no item
        seen = self.storable(action.item, answer.seen)
        answer = replace(answer, seen=seen)
        self.left[action.item] = max(self.left.get(action.item, 1) - 1, 0)
        match action:
            case Create():
                self._created(action, answer, found)
            case Update():
                self._updated(action, answer, found)
            case Delete():
                self._deleted(action, seen, found)
        found.observations.append(seen)
        found.wrote.append((seen.side, seen.ref, now))
        found.journal.append(replace(row, state=WriteState.DONE, closed_at=now, outcome=answer.detail))
        found.history.append(self.history(action, answer.detail, now, seen))
        found.lifted.append((self.connection.id, action.item))
        self._news(seen, found, now)
        self._finish(action.item, found, now)
        return found.changes()

    def storable(self, name: str, seen: Observation) -> Observation:
        """What a write or a look at one item answered, in the form in which readings are stored (R17)."""
        item = self.items.get(name)
        outside = item is not None and item.link is not None and item.link.origin is Side.EXTERNAL
        masked = outside and seen.side is Side.EXTERNAL
        return mask(canonical(seen), self.policy.import_details) if masked else canonical(seen)

    def _created(self, action: Create, answer: Answer, found: Rows) -> None:
        side, seen = action.side, answer.seen
        origin = self.items[action.item].at(side.other) if action.item in self.items else None
        sent = fit(action.event, self.policy.limits[side])
        again = answer.is_later or (seen.sequence is not None and seen.sequence > 1)  # somebody may have written since
        untouched = seen.sequence == 1 and seen.version == "1"  # a side may drop seconds: that is nobody's edit
        edited = again and not untouched and fields_digest(seen.event) != action.mark.digest
        link = replace(
            action.link,
            refs=action.link.refs.put(side, seen.ref),
            bases=action.link.bases.put(side, bases_of(sent, answer, others=edited)),
            participants=participants(origin),
        )
        self.items[action.item] = replace(self.items.get(action.item, Item()), link=link).put(side, seen)
        found.links[link.id] = link

    def _updated(self, action: Update, answer: Answer, found: Rows) -> None:
        item = self.items.get(action.item)
        if item is None or item.link is None:
            return
        took = bases_of(action.event, answer, others=is_overtaken(answer.seen, action.if_match))
        bases = Pair.of(action.side, took, action.agreed)
        self.items[action.item] = item.put(action.side, answer.seen)
        link = gain(self.items[action.item], bases, action.refused)
        if action.side is link.origin.other:
            link = replace(link, adrift=self._still_adrift(link))
        self._keep(action.item, link, found)

    def _still_adrift(self, link: Link) -> tuple[str, ...]:
        """What may still arrive at a copy that was updated since: no update, where its version is gone then."""
        late = self.policy.late_writes and link.origin is Side.WIX
        updates = [one for one in link.adrift if one != DELETION]
        kept = updates[-_ADRIFT:] if late else []
        return tuple(one for one in link.adrift if one == DELETION or one in kept)

    def _deleted(self, action: Delete, answer: Observation, found: Rows) -> None:
        item = self.items.get(action.item)
        link = item.link if item is not None else None
        if item is None or link is None:
            return
        if action.former:
            self._keep(action.item, replace(link, former=None), found)
        elif action.then is None:
            self.ending.add(action.item)
        else:
            refs = link.refs.put(action.side, None) if action.then is LinkState.DISMISSED else link.refs
            self._keep(action.item, replace(link, state=action.then, refs=refs), found)
        if not action.former:
            self.items[action.item] = self.items[action.item].put(action.side, answer)
        if action.item in self.ending and not self.left.get(action.item):
            self._keep(action.item, dissolved(self.items[action.item].link or link), found)

    def _news(self, answer: Observation, found: Rows, now: datetime) -> None:
        """What we changed of a session is news for the other connections that cover it."""
        if answer.side is not Side.WIX:
            return
        for other in self.siblings:
            if other.id != self.connection.id and covers(other, answer):
                found.touched.append(Touch(other.id, Side.WIX, answer.ref, now))

    def _finish(self, name: str, found: Rows, now: datetime) -> None:
        """Clear the item, unless something is left: another write, a wait, or somebody's edit in an answer."""
        item = self.items.get(name)
        if item is None or self.left.get(name) or name in self.waiting:
            return
        # What was held of it was held at other versions, or was just done; an item that still waits is left out above.
        found.void += [(self.connection.id, digest) for digest in item.decisions]
        if item.link is not None and item.link.state is LinkState.LIVE and self._differs(item):
            refs = [(side, item.link.refs[side]) for side in Side]
            found.touched += [Touch(self.connection.id, side, ref, now) for side, ref in refs if ref is not None]
        else:
            found.cleared += [(self.connection.id, row) for row in item.pending]

    def _differs(self, item: Item) -> bool:
        view = View(item, self.connection, self.policy)
        left = any(view.changed(side) or view.presence(side) in _LEFT for side in Side)
        return left or view.link.former is not None

    def history(self, action: Action, outcome: str, now: datetime, answer: Observation | None = None) -> HistoryRow:
        """One row for the history: what was done to what, by which rule, from which observations."""
        item = self.items.get(action.item)
        seen = Pair(item.wix if item else None, item.external if item else None)
        side = getattr(action, "side", None)
        ref = getattr(action, "ref", None) or (answer.ref if answer is not None else None)
        done = outcome.startswith("done")  # also what was found done after its reply was lost
        counts = isinstance(action, Delete) and not action.ordered and done
        return HistoryRow(
            at=now,
            run=self.run,
            connection=self.connection.id,
            item=action.item,
            kind=action.kind,
            rule=action.why.value,
            outcome=outcome,
            side=side,
            ref=ref,
            detail=getattr(action, "reason", ""),
            action=action_json(action),
            wix=plain(seen.wix.event) if seen.wix is not None else None,
            external=plain(seen.external.event) if seen.external is not None else None,
            counts=counts,
            act=(action.act or action.item) if isinstance(action, Delete) else "",
            fields=written_fields(action) if done else {},
        )


def names_of(item: Item) -> Iterable[str]:
    """Every name under which actions may call an item."""
    if item.link is not None:
        yield item.link.id
    for seen in (item.wix, item.external):
        if seen is not None:
            yield f"{seen.side}|{seen.ref}"


def _named(action: Action) -> Iterable[str]:
    if isinstance(action, Hold):
        return [held.item for held in action.actions]
    return [action.item]
