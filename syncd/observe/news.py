"""What one reading changes in the store: observations, whom they concern, what cannot be read, the cursor.

Not here: what was seen (sightings), how it is stored (store).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from syncd.model import Cursor, Observation, Ref, Rule, Side, Window
from syncd.normalise import covers
from syncd.observe.sightings import Sightings
from syncd.ports import Changes, Note, Touch

_UNREADABLE: Final = Rule.R27.value


async def changes_of(of: Sightings, cursor: Cursor | None, window: Window) -> Changes:
    """Everything to record, in one transaction."""
    news = [seen for ref, seen in of.fresh.items() if _is_news(of, seen)]
    refs = {seen.ref for seen in news}
    concerned: dict[Ref, Iterable[str]] = {ref: _concerned(of, ref) for ref in refs}
    entering = await _entering(of, cursor, window)
    for ref in entering:
        concerned.setdefault(ref, _concerned(of, ref))
    touched = [
        Touch(connection, of.subject.side, ref, of.now)
        for ref, connections in concerned.items()
        for connection in connections
    ]
    complete = of.changeset.complete
    # With a cursor that has passed it, what the side failed to show would not be shown again.
    moves = complete and not any(one.passing for one in of.changeset.broken)
    notes, quieted = await _unreadable(of)
    token = of.changeset.cursor.token if of.changeset.cursor is not None else ""
    covered = of.changeset.cursor.window if of.changeset.cursor is not None else window
    return Changes(
        observations=news,
        cursors_of=of.subject.cursors_of,
        cursors={of.subject.collection: Cursor(token, covered)} if moves else {},
        read=[(of.subject.side, of.subject.collection, of.now)] if complete else [],
        audited=complete and of.changeset.listed is not None,
        touched=touched,
        notes=notes,
        quieted=quieted,
    )


async def _unreadable(of: Sightings) -> tuple[list[Note], list[tuple[str, str]]]:
    """Notes for what lies there and cannot be read (R27), and those that no longer stand."""
    changeset, place = of.changeset, f"{of.subject.side}|{of.subject.collection}|"
    broken = {f"{place}{one.group}": one.reason for one in changeset.broken}
    over = {f"{place}{group}" for group in (*changeset.groups, *(row.group for row in changeset.removed))}
    whole = changeset.complete and changeset.listed is not None  # what is still broken was met again
    notes: list[Note] = []
    quieted: list[tuple[str, str]] = []
    if not broken and not over and not whole:
        return notes, quieted
    for one in of.readers:
        known = {row.item: row for row in await of.work.store.notes(one.id) if row.rule == _UNREADABLE}
        for item, why in broken.items():
            if item not in known or known[item].reason != why:
                notes.append(Note(one.id, item, _UNREADABLE, why, of.now))
        here = {item for item in known if item.startswith(place) and item not in broken}
        quieted += [(one.id, item) for item in here if whole or item in over]
    return notes, quieted


async def _entering(of: Sightings, cursor: Cursor | None, window: Window) -> Sequence[Ref]:
    """What the moving window takes in (R14)."""
    if cursor is None or cursor.window == window:
        return ()
    refs = await of.work.store.entering(of.subject.side, of.subject.collection, cursor.window, window)
    await of.know(refs)
    return refs


def _is_news(of: Sightings, seen: Observation) -> bool:
    known = of.stored.get(seen.ref)
    if known is None:
        return seen.absence is None or seen.ref in of.subject.again
    return replace(known.observation, seen_at=seen.seen_at) != seen


def _concerned(of: Sightings, ref: Ref) -> list[str]:
    """The connections that an item is pending for: those that link it, and those whose schedule covers it."""
    linked = {link.connection for link in of.links.get(ref, ())}
    known = of.stored.get(ref)
    sightings = [seen for seen in (of.fresh.get(ref), known.observation if known else None) if seen is not None]
    return [
        connection.id
        for connection in of.subject.connections
        if not connection.has_ended
        and (
            connection.id in linked
            or of.subject.side is Side.EXTERNAL
            or any(covers(connection, seen) for seen in sightings)
        )
    ]
