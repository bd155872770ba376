"""What the planner sees of one item: where each side stands, what it shows, what changed since the base. Pure.

Not here: deciding (linked, fresh), pairing (pairing).
"""

from dataclasses import dataclass
from enum import Enum, auto

from syncd.model import (
    FIELDS,
    UNSEEN,
    Connection,
    Event,
    Field,
    Gone,
    Item,
    Kind,
    Link,
    Observation,
    Override,
    Overrides,
    Policy,
    Rule,
    Side,
    Value,
    identical,
)
from syncd.normalise import collection_of, covers, is_overridden, shown


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


_NO_OVERRIDE = Override()


def may_not_touch(seen: Observation, side: Side, policy: Policy) -> Rule | None:
    """Under which rule an item may be neither written nor removed, if so: fixed (R16), or with guests (R26)."""
    if side is Side.WIX:
        return None
    if seen.traits.kind is not Kind.ORDINARY or not seen.traits.own:
        return Rule.R16
    return Rule.R26 if seen.traits.guests and policy.mails_guests else None


@dataclass(frozen=True, slots=True)
class View:
    """One item under one policy, for one connection."""

    item: Item
    connection: Connection
    policy: Policy

    @property
    def name(self) -> str:
        """How actions, holds and the quarantine call the item."""
        if self.item.link is not None:
            return self.item.link.id
        seen = self.item.external if self.item.external is not None else self.item.wix
        return f"{seen.side}|{seen.ref}" if seen is not None else ""

    @property
    def link(self) -> Link:
        assert self.item.link is not None  # noqa: S101 - asked of linked items only
        return self.item.link

    def seen(self, side: Side) -> Observation:
        found = self.item.at(side)
        assert found is not None  # noqa: S101 - asked after `presence` said so
        return found

    def presence(self, side: Side) -> Presence:
        seen = self.item.at(side)
        if seen is None:
            link = self.item.link
            return Presence.ELSEWHERE if link is not None and link.refs[side] is None else Presence.UNKNOWN
        if seen.absence is not None:
            return _ABSENCES[seen.absence.kind]
        if side is Side.WIX and not covers(self.connection, seen):
            return Presence.ELSEWHERE
        return Presence.HERE

    def _is_original(self, side: Side) -> bool:
        return self.item.link is None or self.item.link.origin is side

    def shows(self, side: Side) -> Event:
        """The fields of one side as they are compared: sessions through the lens, blocks and external events as is."""
        seen = self.item.at(side)
        if seen is None:
            return Event()
        if side is Side.WIX and self._is_original(side):
            return shown(seen.event, self.overrides, self.policy.description)
        return seen.event

    def overridden(self, name: Field) -> bool:
        """Whether the session shows this field from an override."""
        return self._is_original(Side.WIX) and is_overridden(name, self.overrides, self.policy.description)

    @property
    def overrides(self) -> Overrides:
        """What applies to the session: syncd's own overrides, then the site's."""
        kept = self.item.wix.traits.override if self.item.wix is not None else _NO_OVERRIDE
        return self.item.overrides if kept == _NO_OVERRIDE else self.item.overrides.over(kept)

    def changed(self, side: Side) -> dict[Field, Value]:
        """Fields of one side that differ from its own base, with what they show now."""
        if self.presence(side) is not Presence.HERE:
            return {}
        now, base = self.shows(side), self.link.bases[side]
        if now == base:
            return {}
        return {
            name: value
            for name in FIELDS
            if (value := now.get(name)) is not UNSEEN and not identical(value, base.get(name))
        }

    def booked_more(self) -> bool:
        """Whether participants were added to the session since the bases last advanced (R11)."""
        seen = self.item.wix
        before = self.link.participants
        now = seen.traits.participants if seen is not None else None
        return isinstance(now, int) and now > (before if isinstance(before, int) else 0)

    @property
    def ended(self) -> bool:
        """Whether a linked item has ended before the window, by its last agreed and its present time (R14)."""
        spans = [self.link.bases[side].when for side in Side]
        spans += [self.shows(side).when for side in Side if self.presence(side) is Presence.HERE]
        known = [when for when in spans if when is not UNSEEN]
        return bool(known) and all(self.policy.window.is_after(when) for when in known)

    @property
    def target(self) -> str | None:
        """The collection exported to; None until the dedicated calendar exists."""
        calendar = self.connection.calendar
        return collection_of(self.connection, calendar) if calendar is not None else None

    @property
    def imported_from(self) -> frozenset[str]:
        """The collections imported from."""
        chosen = self.connection.config.calendars or ()
        return frozenset(collection_of(self.connection, calendar) for calendar in chosen)
