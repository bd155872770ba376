"""What was done and what waits for a person: journal, history, holds, notes, counts.

Not here: writing them (commit).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Decision, Gone, LinkState, Ref, Side
from syncd.ports import HistoryRow, HoldRow, JournalRow, Note, Touch, WriteState
from syncd.store.observations import observed
from syncd.store.pending import touch
from syncd.store.rows import ABSENCE, history_of, hold_of, journal_of, link_of, note_of
from syncd.store.statements import rows_named, rows_of
from syncd.store.tables import ITEMS, hold, link, note, pending, quarantine, reading, write
from syncd.store.tables import history as history_table

SHORTEST_DIGEST: Final = 6
_LONG_UNKNOWN: Final = timedelta(days=7)

_OPEN_WRITES: Final = (
    select(write)
    .where(write.c.connection == bindparam("owner"), write.c.state == WriteState.OPEN.value)
    .order_by(write.c.opened_at, write.c.id)
)
_LINKS: Final = select(link).where(link.c.id.in_(bindparam("names")))


async def open_writes(connection: AsyncConnection, owner: str) -> list[JournalRow]:
    """The oldest first."""
    return [journal_of(row) for row in await rows_of(connection, _OPEN_WRITES, {"owner": owner})]


async def history(
    connection: AsyncConnection, owner: str | None, item: str | None, limit: int, before: int | None
) -> list[HistoryRow]:
    values = {"owner": owner, "item": item, "before": before, "limit": limit}
    statement = _history(owner is not None, item is not None, before is not None)
    return [history_of(row) for row in await rows_of(connection, statement, values)]


@cache
def _history(owned: bool, of_item: bool, earlier: bool) -> Select[Any]:
    statement = select(history_table).order_by(history_table.c.id.desc()).limit(bindparam("limit", type_=Integer))
    if owned:
        statement = statement.where(history_table.c.connection == bindparam("owner"))
    if of_item:
        statement = statement.where(history_table.c.item == bindparam("item"))
    return statement.where(history_table.c.id < bindparam("before")) if earlier else statement


async def holds(connection: AsyncConnection, owner: str | None, waiting: bool) -> list[HoldRow]:
    """The oldest first."""
    found = await rows_of(connection, _holds(owner is not None, waiting), {"owner": owner})
    return [hold_of(row) for row in found]


@cache
def _holds(owned: bool, waiting: bool) -> Select[Any]:
    statement = select(hold).order_by(hold.c.since, hold.c.connection, hold.c.action)
    if owned:
        statement = statement.where(hold.c.connection == bindparam("owner"))
    return statement.where(hold.c.decision == Decision.WAITING.value) if waiting else statement


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
    rows = await rows_named(connection, _LINKS, {row.item for row in decided})
    links = {row["id"]: link_of(row) for row in rows}
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
        refs = list(await observed(connection, side, refs)) or refs
    return side, refs[0]


async def notes(connection: AsyncConnection, owner: str | None) -> list[Note]:
    found = await rows_of(connection, _notes(owner is not None), {"owner": owner})
    return [note_of(row) for row in found]


@cache
def _notes(owned: bool) -> Select[Any]:
    statement = select(note).order_by(note.c.at, note.c.connection, note.c.item)
    return statement.where(note.c.connection == bindparam("owner")) if owned else statement


async def tally(connection: AsyncConnection, owner: str) -> Mapping[str, int]:
    (counts,) = await rows_of(connection, _counts(), {"owner": owner})
    found = {name: int(number) for name, number in counts.items()}
    both = found.pop("pending on both sides")
    return found | {"pending": found["pending"] - both, "unknown": await _count_unknown(connection, owner)}


@cache
def _counts() -> Select[Any]:
    """One row. Pending items are counted by their rows: a link that is pending on both sides is one, and has two."""
    live = link.c.state == LinkState.LIVE.value
    failed = select(quarantine.c.item).where(quarantine.c.connection == bindparam("owner")).distinct().subquery()
    return select(
        _number(link, live).label("links"),
        _number(pending).label("pending"),
        _pending_on_both_sides().label("pending on both sides"),
        _number(hold, hold.c.decision == Decision.WAITING.value).label("held"),
        select(func.count()).select_from(failed).scalar_subquery().label("quarantined"),
        _number(note).label("listed"),
        _number(write, write.c.state == WriteState.OPEN.value).label("open"),
    )


def _number(table: Table, *chosen: ColumnElement[bool]) -> ScalarSelect[int]:
    mine = table.c.connection == bindparam("owner")
    return select(func.count()).select_from(table).where(mine, *chosen).scalar_subquery()


def _pending_on_both_sides() -> ScalarSelect[int]:
    here, there = pending.alias("here"), pending.alias("there")
    return (
        select(func.count(link.c.id.distinct()))
        .join(here, _pending_at(here, Side.WIX))
        .join(there, _pending_at(there, Side.EXTERNAL))
        .where(link.c.connection == bindparam("owner"), link.c.state != LinkState.TOMBSTONE.value)
        .scalar_subquery()
    )


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
    for absence, seen_at, read_at in await connection.execute(_unknown(), {"owner": owner}):
        looked = max(seen_at, read_at or seen_at)
        number += looked - ABSENCE.load(absence).since > _LONG_UNKNOWN
    return number


@cache
def _unknown() -> CompoundSelect[Any]:
    return union_all(*[_unknown_on(side) for side in Side])


def _unknown_on(side: Side) -> Select[Any]:
    table = ITEMS[side]
    claimed = exists().where(
        link.c.connection == bindparam("owner"),
        link.c.state != LinkState.TOMBSTONE.value,
        link.c[f"{side.value}_collection"] == table.c.collection,
        link.c[f"{side.value}_ref"] == table.c.ref,
    )
    wanted = exists().where(
        pending.c.connection == bindparam("owner"),
        pending.c.side == side.value,
        pending.c.collection == table.c.collection,
        pending.c.ref == table.c.ref,
    )
    read = and_(reading.c.side == side.value, reading.c.collection == table.c.collection)
    return (
        select(table.c.absence, table.c.seen_at, reading.c.completed_at)
        .outerjoin(reading, read)
        .where(table.c.gone == Gone.UNKNOWN.value, or_(claimed, wanted))
    )
