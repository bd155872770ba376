"""Pending items: touched with a stamp that rises, cleared only at the stamp that was seen.

Not here: what is pending for a plan (workload).
"""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Pending
from syncd.ports import Touch
from syncd.store.rows import ref_row
from syncd.store.statements import remove, take_numbers, upsert
from syncd.store.tables import pending


async def touch(connection: AsyncConnection, touched: Sequence[Touch]) -> None:
    """Make items pending; one that is keeps its `since` and gets a higher stamp."""
    wanted = {(entry.connection, entry.side, entry.ref): entry.since for entry in reversed(touched)}
    if not wanted:
        return
    first = await take_numbers(connection, len(wanted))
    rows = [
        {"connection": owner, **ref_row(side, ref), "since": since, "stamp": number}
        for number, ((owner, side, ref), since) in enumerate(wanted.items(), first)
    ]
    await upsert(connection, pending, rows, keep=("since",))


async def clear(connection: AsyncConnection, cleared: Iterable[tuple[str, Pending]]) -> None:
    keys = [(owner, entry.side.value, entry.ref.collection, entry.ref.id, entry.stamp) for owner, entry in cleared]
    await remove(connection, pending, ("connection", "side", "collection", "ref", "stamp"), keys)
