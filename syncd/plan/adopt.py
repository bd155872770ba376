"""Before anything is created, what lies there already is adopted: by mark, then by content (R13, R25). Pure.

Every match is one to one and deterministic. Not here: what follows for the joined item (linked, merge).
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from syncd.model import (
    UNSEEN,
    Adopt,
    Connection,
    Event,
    Field,
    Item,
    Link,
    LinkState,
    Mark,
    Pair,
    Policy,
    Rule,
    Side,
    Workload,
    same,
)
from syncd.model.actions import Action
from syncd.normalise import covers, fields_digest, key_of, lies_at, original_id, shown
from syncd.plan.copies import link_id
from syncd.plan.fresh import is_plain
from syncd.plan.match import at, content, match, order
from syncd.plan.view import View


def adopt(items: list[Item], work: Workload, policy: Policy) -> tuple[list[Item], list[Action]]:
    """The items with those that belong together joined under a new link, and the actions that say so."""
    if not any(item.link is None for item in items):
        return items, []
    adoption = _Adoption(work.connection, policy, [*items, *work.neighbours])
    adoption.blocks()
    adoption.copies()
    adoption.equals()
    kept = [item for item in items if id(item) not in adoption.joined]
    pairs = {item.link.id: item for item in adoption.joined.values() if item.link is not None}
    return [*kept, *pairs.values()], adoption.found


@dataclass(slots=True)
class _Adoption:
    connection: Connection
    policy: Policy
    items: list[Item]
    joined: dict[int, Item] = field(default_factory=dict)  # id() of an item → the pair it went into
    found: list[Action] = field(default_factory=list)

    def _free(self, side: Side) -> list[Item]:
        """Unlinked items of one side that are there and not taken yet."""
        return [item for item in self.items if id(item) not in self.joined and _is_free(item, side)]

    def blocks(self) -> None:
        """Blocks of ours whose link is lost: the key in their line names the original (R13a)."""
        blocks: dict[str, Item] = {}
        generations: set[int] = set()
        for item in sorted(self._free(Side.WIX), key=_age):
            mark = at(item, Side.WIX).traits.mark
            if mark is not None and mark.bridge == self.policy.bridge:
                blocks.setdefault(mark.key, item)
                generations.add(mark.generation)
        if not blocks:
            return
        for item in sorted(self._free(Side.EXTERNAL), key=order):
            name = original_id(Side.EXTERNAL, at(item, Side.EXTERNAL).ref)
            for generation in sorted(generations, reverse=True):
                key = key_of(self.policy.bridge, self.connection.schedule.id, name, generation)
                if at(item, Side.EXTERNAL).traits.mark is None and key in blocks:
                    self._by_mark(item, blocks.pop(key), Side.EXTERNAL)
                    break

    def copies(self) -> None:
        """Copies of ours whose link is lost: their mark names the session (R13a, R25)."""
        sessions = {at(item, Side.WIX).ref.id: item for item in self._free(Side.WIX)}
        taken: set[str] = set()  # of several bearers the oldest is ours, the others are a person's copies
        for item in sorted(self._free(Side.EXTERNAL), key=_age):
            mark = at(item, Side.EXTERNAL).traits.mark
            if mark is None or mark.original is None or mark.original in taken or not self._at_its_key(item):
                continue
            session = sessions.get(mark.original) or _known_session(item, self.connection)
            if item.claim is not None and not _is_outlived(item.claim, mark):
                session = self._waiting(item.claim, mark)
            if session is not None:
                taken.add(mark.original)
                self._by_mark(session, item, Side.WIX)

    def _waiting(self, claim: Link, mark: Mark) -> Item | None:
        """The item of a live link that has no copy at present, of the same generation (R25)."""
        if claim.state is not LinkState.LIVE or claim.refs.external is not None or claim.generation != mark.generation:
            return None
        found = (item for item in self.items if item.link is not None and item.link.id == claim.id)
        return next((item for item in found if item.wix is not None and item.wix.absence is None), None)

    def _at_its_key(self, item: Item) -> bool:
        """Whether the key in the mark is of this schedule, and the item lies where the key puts it."""
        seen = at(item, Side.EXTERNAL)
        mark = seen.traits.mark
        if mark is None or mark.bridge != self.policy.bridge or mark.original is None:
            return False
        key = key_of(self.policy.bridge, self.connection.schedule.id, mark.original, mark.generation)
        return mark.key == key and lies_at(key, seen)

    def _by_mark(self, original: Item, copy: Item, origin: Side) -> None:
        source, seen = at(original, origin), at(copy, origin.other)
        mark = seen.traits.mark
        assert mark is not None  # noqa: S101 - the callers looked
        name = original_id(origin, source.ref)
        link = Link(
            id=original.link.id if original.link else link_id(self.connection, origin, name, mark.generation),
            connection=self.connection.id,
            origin=origin,
            refs=Pair.of(origin, source.ref, seen.ref),
            made=Pair.of(origin, False, True),
            generation=mark.generation,
            participants=_count(original if origin is Side.WIX else copy),
        )
        bases, lost = _bases(View(_together(original, copy, origin, link), self.connection, self.policy), origin)
        self._join(original, copy, replace(link, bases=bases), lost)

    def _join(self, original: Item, copy: Item, link: Link, lost: tuple[Field, ...] = ()) -> None:
        item = _together(original, copy, link.origin, link)
        self.joined[id(original)] = self.joined[id(copy)] = item
        self.found.append(Adopt(link.id, link, Rule.R13, lost))

    def equals(self) -> None:
        """A session and an event of equal time and shown title are one thing made twice by hand (R13b)."""
        sessions = [item for item in self._free(Side.WIX) if item.pending and self._exportable(item)]
        outside = [item for item in self._free(Side.EXTERNAL) if is_plain(item) and self._would_copy(item)]
        for session, event in match(sessions, outside, _shown_content):
            seen = at(session, Side.WIX)
            generation = session.generations + 1
            link = Link(
                id=link_id(self.connection, Side.WIX, seen.ref.id, generation),
                connection=self.connection.id,
                origin=Side.WIX,
                refs=Pair(seen.ref, at(event, Side.EXTERNAL).ref),
                bases=Pair(View(session, self.connection, self.policy).shows(Side.WIX), at(event, Side.EXTERNAL).event),
                generation=generation,
                participants=_count(session),
            )
            self._join(session, event, link)

    def _would_copy(self, item: Item) -> bool:
        """Whether one of the two would get a copy: adoption comes before a creation (R13)."""
        chosen = at(item, Side.EXTERNAL).ref.collection in View(item, self.connection, self.policy).imported_from
        return self.connection.config.exports or (self.connection.config.imports and chosen)

    def _exportable(self, item: Item) -> bool:
        seen = at(item, Side.WIX)
        in_window = seen.event.when is not UNSEEN and self.policy.window.meets(seen.event.when)
        plain = (
            seen.traits.mark is None and View(item, self.connection, self.policy).overrides.shown(Field.TITLE) is None
        )
        return plain and in_window and covers(self.connection, seen)


def _is_outlived(claim: Link, mark: Mark) -> bool:
    """Whether a copy was made after its link had ended, and the new link was not recorded any more."""
    return claim.state is not LinkState.LIVE and claim.generation < mark.generation


def _is_free(item: Item, side: Side) -> bool:
    own = Side.EXTERNAL if item.external is not None else Side.WIX
    seen = item.at(side)
    if own is not side or seen is None or seen.absence is not None:
        return False
    return item.link is None and not item.linked_elsewhere and not item.frozen


def _age(item: Item) -> tuple[str, str]:
    """The oldest bearer of a key first, then by ref."""
    seen = item.external if item.external is not None else at(item, Side.WIX)
    return (seen.traits.created.isoformat() if seen.traits.created else "", str(seen.ref))


def _known_session(item: Item, connection: Connection) -> Item | None:
    """The session that a mark names, when it is stored though not pending."""
    seen = item.wix
    if seen is None or seen.absence is not None or not covers(connection, seen):
        return None
    return Item(wix=seen, overrides=item.overrides, exported_by=item.exported_by)


def _count(item: Item) -> int | None:
    count = item.wix.traits.participants if item.wix is not None else None
    return count if isinstance(count, int) else None


def _together(original: Item, copy: Item, origin: Side, link: Link) -> Item:
    session, outside = (original, copy) if origin is Side.WIX else (copy, original)
    return replace(
        session,
        link=link,
        external=outside.external,
        pending=(*session.pending, *outside.pending),
        decisions={**session.decisions, **outside.decisions},
        claim=None,
    )


def _bases(view: View, origin: Side) -> tuple[Pair[Event], tuple[Field, ...]]:
    """The bases as the mark's digest gives them back (DESIGN 4), and the fields whose override was lost.

    Digest equal: the copy is as we left it, so what differs was changed at the original. Digest unequal: every
    differing field counts as edited on both sides. A field that was shown from an override keeps what it shows.
    """
    copy = origin.other
    source, made = view.shows(origin), view.shows(copy)
    mark = view.seen(copy).traits.mark
    untouched = mark is not None and mark.digest == fields_digest(view.seen(copy).event)
    base, other, lost = made, made, []
    for name in Field:
        value = source.get(name)
        if same(value, made.get(name)):
            base = base.put({name: value})
        elif mark is not None and name in mark.overridden and not view.overridden(name):
            base = base.put({name: value})
            lost.append(name)
        else:
            base = base.put({name: UNSEEN})
            other = other if untouched else other.put({name: UNSEEN})
    return Pair.of(origin, base, other), tuple(lost)


def _shown_content(item: Item) -> Hashable | None:
    if item.external is not None:
        return content(item.external.event)
    return content(shown(at(item, Side.WIX).event, item.overrides.over(at(item, Side.WIX).traits.override)))
