"""What the planner sees of one item: where each side stands, what it shows, what changed since the base. Pure.

Not here: deciding (linked, fresh), pairing (pairing).
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from syncd.model import (
    FIELDS,
    SIDES,
    UNSEEN,
    Connection,
    Event,
    Field,
    Gone,
    Item,
    Kind,
    Link,
    Observation,
    Overrides,
    Pair,
    Policy,
    Rule,
    Side,
    Traits,
    Value,
    identical,
)
from syncd.normalise import collection_of, covers, fields_digest, imported_from, is_overridden, shown


class Presence(Enum):
    """Where the item of one side is, as one connection sees it."""

    HERE = auto()
    AWAY = auto()  # outside the window that was read: it exists, nothing is known to have changed
    ELSEWHERE = auto()  # exists, but no longer on this schedule or calendar
    GONE = auto()
    UNKNOWN = auto()


_ABSENCES = {
    Gone.GONE: Presence.GONE,
    Gone.OUT_OF_WINDOW: Presence.AWAY,
    Gone.OUT_OF_SCOPE: Presence.ELSEWHERE,
    Gone.UNKNOWN: Presence.UNKNOWN,
}


_NO_OVERRIDE: Final = Traits().override  # the one that nearly every session has
_NO_OVERRIDES: Final = Overrides()
_NOTHING: Final[frozenset[Field]] = frozenset()
_BLANK: Final = Event()


def may_not_touch(seen: Observation, side: Side, policy: Policy) -> Rule | None:
    """Under which rule an item may be neither written nor removed, if so: fixed (R16), or with guests (R26)."""
    if side is Side.WIX:
        return None
    if seen.traits.kind is not Kind.ORDINARY or not seen.traits.own:
        return Rule.R16
    return Rule.R26 if seen.traits.guests and policy.mails_guests else None


def name_of(item: Item) -> str:
    """How actions, holds and the quarantine call an item."""
    if item.link is not None:
        return item.link.id
    seen = item.external if item.external is not None else item.wix
    return f"{seen.side}|{seen.ref}" if seen is not None else ""


def _overrides(item: Item) -> Overrides:
    kept = item.wix.traits.override if item.wix is not None else _NO_OVERRIDE
    return item.overrides if kept is _NO_OVERRIDE else item.overrides.over(kept)


def _hidden(overrides: Overrides, description: str) -> frozenset[Field]:
    if overrides == _NO_OVERRIDES and description != "override_only":
        return _NOTHING
    return frozenset(name for name in FIELDS if is_overridden(name, overrides, description))


@dataclass(slots=True)
class View:
    """One item under one policy, for one connection. What the rules ask again and again is worked out once.

    `overrides`: what applies to the session, syncd's own before the site's. `hidden`: the fields that the session shows
    from an override, not from itself. `link` is there for linked items only.
    """

    item: Item
    connection: Connection
    policy: Policy
    link: Link = field(init=False, repr=False, compare=False)
    overrides: Overrides = field(init=False)
    hidden: frozenset[Field] = field(init=False)
    presences: Pair[Presence] = field(init=False)
    _shown: Pair[Event] = field(init=False)

    def __post_init__(self) -> None:
        item, wix, outside = self.item, self.item.wix, self.item.external
        self.presences = Pair(self._presence(Side.WIX, wix), self._presence(Side.EXTERNAL, outside))
        self.overrides, self.hidden = _overrides(item), _NOTHING
        session = wix.event if wix is not None else _BLANK
        if item.link is not None:
            self.link = item.link
        if item.link is None or item.link.origin is Side.WIX:
            self.hidden = _hidden(self.overrides, self.policy.description)
        if self.hidden and wix is not None:
            session = shown(session, self.overrides, self.policy.description)
        self._shown = Pair(session, outside.event if outside is not None else _BLANK)

    def _presence(self, side: Side, seen: Observation | None) -> Presence:
        if seen is None:
            link = self.item.link
            return Presence.ELSEWHERE if link is not None and link.refs[side] is None else Presence.UNKNOWN
        if seen.absence is not None:
            return _ABSENCES[seen.absence.kind]
        if side is Side.WIX and not covers(self.connection, seen):
            return Presence.ELSEWHERE
        return Presence.HERE

    @property
    def name(self) -> str:
        """How actions, holds and the quarantine call the item."""
        return name_of(self.item)

    def seen(self, side: Side) -> Observation:
        found = self.item.at(side)
        assert found is not None  # noqa: S101 - asked after `presence` said so
        return found

    def presence(self, side: Side) -> Presence:
        return self.presences[side]

    def shows(self, side: Side) -> Event:
        """The fields of one side as they are compared: sessions through the lens, blocks and external events as is."""
        return self._shown[side]

    def overridden(self, name: Field) -> bool:
        """Whether the session shows this field from an override."""
        return name in self.hidden

    def changed(self, side: Side) -> dict[Field, Value]:
        """Fields of one side that differ from its own base, with what they show now."""
        if self.presences[side] is not Presence.HERE:
            return {}
        now, base = self._shown[side], self.link.bases[side]
        if now == base:
            return {}
        return {
            name: value
            for name in FIELDS
            if (value := now.get(name)) is not UNSEEN and not identical(value, base.get(name))
        }

    @property
    def came_late(self) -> bool:
        """Whether our copy shows just what an update of ours says that seemed to have no effect (R24): it came late.

        The mark tells: only we write it, and this one was never seen before.
        """
        link = self.link
        copy = link.origin.other
        if not link.adrift or not link.made[copy] or self.presences[copy] is not Presence.HERE:
            return False
        mark = self.seen(copy).traits.mark
        return mark is not None and mark.digest in link.adrift and mark.digest == fields_digest(self._shown[copy])

    def booked_more(self) -> bool:
        """Whether participants were added to the session since the bases last advanced (R11)."""
        seen = self.item.wix
        before = self.link.participants
        now = seen.traits.participants if seen is not None else None
        return isinstance(now, int) and now > (before if isinstance(before, int) else 0)

    @property
    def ended(self) -> bool:
        """Whether a linked item has ended before the window, by its last agreed and its present time (R14)."""
        window, bases = self.policy.window, self.link.bases
        known = False
        for side in SIDES:
            now = self._shown[side] if self.presences[side] is Presence.HERE else _BLANK
            for when in (now.when, bases[side].when):
                if when is not UNSEEN and not window.is_after(when):
                    return False
                known = known or when is not UNSEEN
        return known

    @property
    def target(self) -> str | None:
        """The collection exported to; None until the dedicated calendar exists."""
        calendar = self.connection.calendar
        return collection_of(self.connection, calendar) if calendar is not None else None

    @property
    def imported_from(self) -> frozenset[str]:
        """The collections imported from."""
        return imported_from(self.connection)
