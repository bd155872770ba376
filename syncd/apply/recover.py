"""Settles what a crash or a lost reply left open, before anything else is planned (DESIGN 4, journal).

Creates by their key, updates and deletes by reading back. One that cannot be settled stays open and freezes its link
only. Looking is all it does, so a dry run settles the same way. Not here: writing (writes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.apply.bases import Answer
from syncd.apply.ledger import Ledger
from syncd.apply.rows import join
from syncd.model import (
    DELETION,
    UNSEEN,
    Create,
    Delete,
    Event,
    Field,
    Gone,
    Link,
    MakeCalendar,
    Observation,
    Ref,
    Timed,
    Update,
    Value,
    same,
)
from syncd.normalise import lies_at, minutes, same_words
from syncd.ports import CalendarAdapter, Changes, JournalRow, Kept, Stored, Touch, WriteState

LAGGING = timedelta(minutes=10)  # so long a look that shows what was replaced before our write decides nothing (R24)
BULK_WAIT = timedelta(seconds=30)  # a bulk whose reply was lost may still be on its way


@dataclass(slots=True)
class Recovery:
    """The open intents of one connection. `stored`: what is known of the items that they write to."""

    ledger: Ledger
    calendars: Mapping[str, CalendarAdapter]
    now: datetime
    stored: Mapping[Ref, Stored] = field(default_factory=dict)

    async def settle(self, rows: Sequence[JournalRow]) -> Changes:
        """What to record for those that can be settled; the others stay open."""
        parts: list[Changes] = []
        for collection in sorted({row.calendar for row in rows}):
            mine = [row for row in rows if row.calendar == collection]
            calendar = self.calendars.get(collection)
            if calendar is None:  # gone, or no longer of this connection: nothing can come of it any more
                parts += [self._dropped(row) for row in mine if not isinstance(row.action, MakeCalendar)]
            else:
                parts += await self._creates(calendar, [row for row in mine if isinstance(row.action, Create)])
                parts += await self._others(calendar, [row for row in mine if isinstance(row.action, Update | Delete)])
        parts += [self._dropped(row) for row in rows if isinstance(row.action, MakeCalendar)]
        return join(parts) if parts else Changes()

    async def _creates(self, calendar: CalendarAdapter, rows: Sequence[JournalRow]) -> list[Changes]:
        if not rows:
            return []
        keys = {row.id: row.action.key for row in rows if isinstance(row.action, Create)}
        found = await calendar.find(sorted(set(keys.values())))
        parts = []
        for row in rows:
            seen = found.get(keys[row.id])
            if seen is not None and lies_at(keys[row.id], seen):
                answer = Answer(seen, calendar.capabilities.kept, "done, found after its reply was lost")
                parts.append(self.ledger.done(row, answer, self.now))
            elif not row.bulk or self.now - row.opened_at >= BULK_WAIT:
                parts.append(self._dropped(row))
        return parts

    async def _others(self, calendar: CalendarAdapter, rows: Sequence[JournalRow]) -> list[Changes]:
        refs = {row.action.ref for row in rows if isinstance(row.action, Update | Delete)}
        if not refs:
            return []
        found = await calendar.get(sorted(refs))
        kept = calendar.capabilities.kept
        return [part for row in rows if (part := self._read_back(row, found, kept)) is not None]

    def _read_back(self, row: JournalRow, found: Mapping[Ref, Observation], kept: Kept) -> Changes | None:
        action = row.action
        assert isinstance(action, Update | Delete)  # noqa: S101 - the caller chose
        seen = found.get(action.ref)
        if seen is None or (seen.absence is not None and seen.absence.kind is Gone.UNKNOWN):
            return None
        seen = self.ledger.storable(action.item, seen)
        known = self.stored.get(action.ref)
        is_earlier = known is not None and known.outdates(seen)
        if is_earlier and self.now - row.opened_at < LAGGING:
            return None
        if self._took_effect(action, seen, kept):
            return self.ledger.done(row, Answer(seen, kept, "done, seen after its reply was lost"), self.now)
        if seen.absence is None and seen.version == action.if_match:
            return replace(self._dropped(row), links=self._adrift(action))
        touch = Touch(self.ledger.connection.id, seen.side, seen.ref, self.now)
        links = self._adrift(action) if isinstance(action, Delete) else []  # some sides take one at any version
        return replace(self._dropped(row), observations=[] if is_earlier else [seen], touched=[touch], links=links)

    def _took_effect(self, action: Update | Delete, seen: Observation, kept: Kept) -> bool:
        if isinstance(action, Delete):
            return seen.absence is not None
        if seen.absence is not None:
            return False
        held = _holds(seen.event, action.event) or self._is_ours_alone(action, seen)
        return held or self._bears_its_mark(action, seen, kept)

    def _bears_its_mark(self, action: Update, seen: Observation, kept: Kept) -> bool:
        """Whether our copy has got the mark of this very update, which nobody else writes.

        Somebody edited it since; which of our fields can be told where the side keeps them as they are sent.
        """
        item = self.ledger.items.get(action.item)
        before = item.at(action.side) if item is not None else None
        marks = [one.traits.mark.digest for one in (before, seen) if one is not None and one.traits.mark is not None]
        if action.mark is None or len(marks) < 2 or marks[0] == action.mark.digest or marks[1] != action.mark.digest:
            return False
        form = kept(action.event)
        doubtful = (name for name in Field if form.get(name) is UNSEEN)
        return _holds(seen.event, action.event.only(doubtful))

    def _is_ours_alone(self, action: Update, seen: Observation) -> bool:
        """Whether exactly one write came after our precondition, and it left just what we meant, in the side's form.

        A side may keep whole minutes, or fold the blanks of a text. Any other value in a field that we wrote is
        somebody else's edit, made while our write never arrived.
        """
        item = self.ledger.items.get(action.item)
        before = item.at(action.side) if item is not None else None
        counted = seen.sequence is not None and action.if_match is not None and action.if_match.isdigit()
        if before is None or not counted or seen.sequence != int(action.if_match or 0) + 1:
            return False
        written = {change.field for change in action.changes}
        others = [name for name in Field if name not in written]
        untouched = all(same(seen.event.get(name), before.event.get(name)) for name in others)
        return untouched and all(_is_form_of(seen.event.get(one.field), one.after) for one in action.changes)

    def _adrift(self, action: Update | Delete) -> list[Link]:
        """The link of a copy for which something of ours may still be on its way, with what that is (R24)."""
        item = self.ledger.items.get(action.item)
        link = item.link if item is not None else None
        if item is None or link is None or action.side is link.origin:
            return []
        if isinstance(action, Delete):
            on_its_way = "" if action.former else DELETION
        else:
            on_its_way = action.mark.digest if action.mark is not None else ""
        if not on_its_way:
            return []
        link = replace(link, adrift=tuple(dict.fromkeys((*link.adrift, on_its_way))))
        self.ledger.items[action.item] = replace(item, link=link)
        return [link]

    def _dropped(self, row: JournalRow) -> Changes:
        closed = replace(row, state=WriteState.DROPPED, closed_at=self.now, outcome="dropped: it had no effect")
        return Changes(journal=[closed])


def _holds(shown: Event, written: Event) -> bool:
    """Whether every written field is there as it was sent."""
    fields = [name for name in Field if written.get(name) is not UNSEEN]
    return all(same(shown.get(name), written.get(name)) for name in fields)


def _is_form_of(shown: Value, sent: Value) -> bool:
    """Whether a side may show this for what was sent: the same minutes, or the text with other blanks."""
    if isinstance(shown, Timed) and isinstance(sent, Timed):
        return minutes(shown) == minutes(sent)
    return same(shown, sent) or same_words(shown, sent)
