"""The one way to write: rows of one commit, table by table, always in the same order.

Not here: transactions (database), items with their superseded versions (observations), leases (leases).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Cursor, Link, Side
from syncd.ports import Changes, Lease
from syncd.store import leases, observations
from syncd.store.overrides import move_session_overrides, put_session_overrides
from syncd.store.pending import clear, touch
from syncd.store.rows import (
    connection_row,
    history_row,
    hold_row,
    journal_row,
    link_row,
    note_row,
    quarantine_row,
)
from syncd.store.statements import remove, upsert
from syncd.store.tables import connection as connections
from syncd.store.tables import cursor, history, hold, link, note, quarantine, reading, write

_RECORDED: Final = insert(history)


async def commit(connection: AsyncConnection, changes: Changes, lease: Lease | None) -> None:
    """All of `changes`. Raises LeaseLost first of all."""
    if lease is not None:
        await leases.check(connection, lease)
    await observations.put(connection, changes.observations)
    await observations.forget(connection, changes.forgotten)
    await observations.mark_written(connection, changes.wrote)
    await put_cursors(connection, changes.cursors_of, changes.cursors)
    await put_readings(connection, changes.read, audited=changes.audited)
    await put_links(connection, changes.links)
    await remove(connection, link, ("id",), [(name,) for name in changes.dissolved])
    await touch(connection, changes.touched)
    await clear(connection, changes.cleared)
    await put_decisions(connection, changes)
    await upsert(connection, write, [journal_row(entry) for entry in changes.journal])
    if changes.history:
        await connection.execute(_RECORDED, [history_row(entry) for entry in changes.history])
    await move_session_overrides(connection, changes.moved_overrides)
    await put_session_overrides(connection, changes.overrides)
    await upsert(connection, connections, [connection_row(entry) for entry in changes.connections])


async def put_decisions(connection: AsyncConnection, changes: Changes) -> None:
    """Holds, quarantine and notes: what no longer stands goes first, so that the same commit may put it anew."""
    await remove(connection, hold, ("connection", "action"), changes.void)
    await remove(connection, quarantine, ("connection", "item"), changes.lifted)
    await remove(connection, note, ("connection", "item"), changes.quieted)
    held = [hold_row(entry) for entry in changes.holds]
    await upsert(connection, hold, held, keep=("since", "decision", "decided_at"))
    failed = [quarantine_row(*entry) for entry in changes.quarantine]
    await upsert(connection, quarantine, failed)
    await upsert(connection, note, [note_row(entry) for entry in changes.notes])


async def put_cursors(connection: AsyncConnection, owner: str, cursors: Mapping[str, Cursor | None]) -> None:
    rows = [
        {
            "connection": owner,
            "collection": collection,
            "token": value.token,
            "window_start": value.window.start,
            "window_end": value.window.end,
        }
        for collection, value in cursors.items()
        if value is not None
    ]
    await upsert(connection, cursor, rows)
    dropped = [(owner, collection) for collection, value in cursors.items() if value is None]
    await remove(connection, cursor, ("connection", "collection"), dropped)


async def put_readings(
    connection: AsyncConnection, read: Iterable[tuple[Side, str, datetime]], *, audited: bool
) -> None:
    rows = [
        {"side": side.value, "collection": collection, "completed_at": at, "audited_at": at if audited else None}
        for side, collection, at in read
    ]
    await upsert(connection, reading, rows, keep=() if audited else ("audited_at",))


async def put_links(connection: AsyncConnection, links: Sequence[Link]) -> None:
    """A link without a ref on its origin side keeps the original that it had."""
    whole = [row for row in map(link_row, links) if row["original_ref"] is not None]
    await upsert(connection, link, whole)
    headless = [row for row in map(link_row, links) if row["original_ref"] is None]
    await upsert(connection, link, headless, keep=("original_collection", "original_ref"))
