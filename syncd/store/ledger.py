"""What was done and what waits for a person: journal, history, holds, notes, counts.

Not here: writing them (commit).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Decision, Gone, LinkState, Ref, Side
from syncd.ports import HistoryRow, HoldRow, JournalRow, Note, Touch, WriteState
from syncd.store.pending import touch
from syncd.store.rows import ABSENCE, history_of, hold_of, journal_of, link_of, note_of
from syncd.store.statements import chunks, rows_at, rows_of
from syncd.store.tables import ITEMS, hold, link, note, pending, quarantine, reading, write
from syncd.store.tables import history as history_table

SHORTEST_DIGEST: Final = 6
_LONG_UNKNOWN: Final = timedelta(days=7)


async def open_writes(connection: AsyncConnection, owner: str) -> list[JournalRow]:
    """The oldest first."""
    mine = (write.c.connection == owner, write.c.state == WriteState.OPEN.value)
    statement = select(write).where(*mine).order_by(write.c.opened_at, write.c.id)
    return [journal_of(row) for row in await rows_of(connection, statement)]


async def history(
    connection: AsyncConnection, owner: str | None, item: str | None, limit: int, before: int | None
) -> list[HistoryRow]:
    statement = select(history_table).order_by(history_table.c.id.desc()).limit(limit)
    if owner is not None:
        statement = statement.where(history_table.c.connection == owner)
    if item is not None:
        statement = statement.where(history_table.c.item == item)
    if before is not None:
        statement = statement.where(history_table.c.id < before)
    return [history_of(row) for row in await rows_of(connection, statement)]


async def holds(connection: AsyncConnection, owner: str | None, waiting: bool) -> list[HoldRow]:
    """The oldest first."""
    statement = select(hold).order_by(hold.c.since, hold.c.connection, hold.c.action)
    if owner is not None:
        statement = statement.where(hold.c.connection == owner)
    if waiting:
        statement = statement.where(hold.c.decision == Decision.WAITING.value)
    return [hold_of(row) for row in await rows_of(connection, statement)]


async def decide(connection: AsyncConnection, group: str, decision: Decision, at: datetime) -> list[HoldRow]:
    """`group` may also be the first characters, six at least, of the digest of one waiting action."""
    chosen = await _waiting(connection, hold.c.group_key == group)
    if not chosen and len(group) >= SHORTEST_DIGEST:
        chosen = await _waiting(connection, func.substr(hold.c.action, 1, len(group)) == group)
        chosen = chosen if len(chosen) == 1 else []
    decided = []
    for row in chosen:
        mine = (hold.c.connection == row.connection, hold.c.action == row.action)
        statement = update(hold).where(*mine).values(decision=decision.value, decided_at=at).returning(hold)
        decided += [hold_of(found) for found in (await connection.execute(statement)).mappings()]
    await touch(connection, await _touches(connection, decided, at))
    return decided


async def _waiting(connection: AsyncConnection, named: ColumnElement[bool]) -> list[HoldRow]:
    statement = select(hold).where(named, hold.c.decision == Decision.WAITING.value)
    ordered = statement.order_by(hold.c.connection, hold.c.action).with_for_update()
    return [hold_of(row) for row in await rows_of(connection, ordered)]


async def _touches(connection: AsyncConnection, decided: Sequence[HoldRow], at: datetime) -> list[Touch]:
    """Both sides of a held link, or the one side of an item without a link."""
    links = {}
    for chunk in chunks({row.item for row in decided}):
        rows = await rows_of(connection, select(link).where(link.c.id.in_(chunk)))
        links.update({row["id"]: link_of(row) for row in rows})
    touched = []
    for row in decided:
        found = links.get(row.item)
        if found is None:
            named = await _unlinked(connection, row.item)
            places = [named] if named else []
        else:
            places = [(side, ref) for side in Side if (ref := found.refs[side]) is not None]
        touched += [Touch(row.connection, side, ref, at) for side, ref in places]
    return touched


async def _unlinked(connection: AsyncConnection, item: str) -> tuple[Side, Ref] | None:
    """The side and ref that an item's name tells; what is stored decides when an id holds the sign between them."""
    side_name, *parts = item.split("|")
    if side_name not in tuple(Side) or len(parts) < 2:
        return None
    side = Side(side_name)
    refs = [Ref("|".join(parts[:cut]), "|".join(parts[cut:])) for cut in range(1, len(parts))]
    if len(refs) > 1:
        table = ITEMS[side]
        columns = (table.c.collection, table.c.ref)
        rows = await rows_at(connection, select(*columns), columns, refs)
        refs = [Ref(row["collection"], row["ref"]) for row in rows] or refs
    return side, refs[0]


async def notes(connection: AsyncConnection, owner: str | None) -> list[Note]:
    statement = select(note).order_by(note.c.at, note.c.connection, note.c.item)
    if owner is not None:
        statement = statement.where(note.c.connection == owner)
    return [note_of(row) for row in await rows_of(connection, statement)]


async def tally(connection: AsyncConnection, owner: str) -> Mapping[str, int]:
    live = (link.c.connection == owner, link.c.state == LinkState.LIVE.value)
    waiting = (hold.c.connection == owner, hold.c.decision == Decision.WAITING.value)
    opened = (write.c.connection == owner, write.c.state == WriteState.OPEN.value)
    failed = select(quarantine.c.item).where(quarantine.c.connection == owner).distinct().subquery()
    return {
        "links": await _count(connection, link, *live),
        "pending": await _count_pending(connection, owner),
        "held": await _count(connection, hold, *waiting),
        "quarantined": (await connection.execute(select(func.count()).select_from(failed))).scalar_one(),
        "listed": await _count(connection, note, note.c.connection == owner),
        "open": await _count(connection, write, *opened),
        "unknown": await _count_unknown(connection, owner),
    }


async def _count(connection: AsyncConnection, table: Table, *chosen: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(table).where(*chosen)
    number: int = (await connection.execute(statement)).scalar_one()
    return number


async def _count_pending(connection: AsyncConnection, owner: str) -> int:
    """Items: a link that is pending on both sides is one."""
    here, there = pending.alias("here"), pending.alias("there")
    both = (
        select(func.count(link.c.id.distinct()))
        .join(here, _pending_at(here, Side.WIX))
        .join(there, _pending_at(there, Side.EXTERNAL))
        .where(link.c.connection == owner, link.c.state != LinkState.TOMBSTONE.value)
    )
    twice: int = (await connection.execute(both)).scalar_one()
    return await _count(connection, pending, pending.c.connection == owner) - twice


def _pending_at(rows: FromClause, side: Side) -> ColumnElement[bool]:
    return and_(
        rows.c.connection == link.c.connection,
        rows.c.side == side.value,
        rows.c.collection == link.c[f"{side.value}_collection"],
        rows.c.ref == link.c[f"{side.value}_ref"],
    )


async def _count_unknown(connection: AsyncConnection, owner: str) -> int:
    """Items of which nothing is known for more than 7 days, up to when their side was looked at last."""
    number = 0
    for side in Side:
        table = ITEMS[side]
        claimed = exists().where(
            link.c.connection == owner,
            link.c.state != LinkState.TOMBSTONE.value,
            link.c[f"{side.value}_collection"] == table.c.collection,
            link.c[f"{side.value}_ref"] == table.c.ref,
        )
        wanted = exists().where(
            pending.c.connection == owner,
            pending.c.side == side.value,
            pending.c.collection == table.c.collection,
            pending.c.ref == table.c.ref,
        )
        read = and_(reading.c.side == side.value, reading.c.collection == table.c.collection)
        statement = (
            select(table.c.absence, table.c.seen_at, reading.c.completed_at)
            .outerjoin(reading, read)
            .where(table.c.gone == Gone.UNKNOWN.value, or_(claimed, wanted))
        )
        for absence, seen_at, read_at in await connection.execute(statement):
            looked = max(seen_at, read_at or seen_at)
            number += looked - ABSENCE.load(absence).since > _LONG_UNKNOWN
    return number
