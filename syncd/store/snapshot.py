"""Copies what planning needs from one store into another that lies in memory.

Not here: opening and closing either (sql_store).
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.ports import WriteState
from syncd.store.database import Database
from syncd.store.statements import CHUNK
from syncd.store.tables import history, lease, metadata, write

_RECENT: Final = timedelta(hours=48)


async def copy(source: AsyncConnection, target: Database) -> None:
    """All tables as they are at one moment, but for closed writes, older history and the leases of others."""
    for table in metadata.sorted_tables:
        if table is lease:
            continue
        result = await source.stream(await _chosen(source, select(table)))
        async for rows in result.mappings().partitions(CHUNK):
            await target.write(_insert, insert(table), [dict(row) for row in rows])


async def _insert(connection: AsyncConnection, statement: Any, rows: list[dict[str, Any]]) -> None:
    await connection.execute(statement, rows)


async def _chosen(source: AsyncConnection, statement: Select[Any]) -> Select[Any]:
    (table,) = statement.get_final_froms()
    if table is write:
        return statement.where(write.c.state == WriteState.OPEN.value)
    if table is history:
        newest = (await source.execute(select(func.max(history.c.at)))).scalar_one()
        return statement if newest is None else statement.where(history.c.at >= newest - _RECENT)
    return statement
