"""Databases of lives: put back as they were, and, where one lies in memory, asked without a thread of its own.

Not here: what lies outside.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.store.database import Database, normalised
from syncd.store.migration import make_tables
from syncd.store.tables import metadata

T = TypeVar("T")

Rows = dict[str, list[dict[str, Any]]]
_CHUNK = 500  # SQLite takes a limited number of values at once


async def taken(database: Database) -> Rows:
    """Every row of every table, at one moment."""
    return await database.read(_select)


async def told(database: Database) -> str:
    """Everything that the database holds, as one text."""
    return repr(await taken(database))


async def put_back(database: Database, rows: Rows) -> None:
    """The database holds exactly these rows."""
    await database.write(_replace, rows)


async def _select(connection: AsyncConnection) -> Rows:
    found: Rows = {}
    for table in metadata.sorted_tables:
        result = await connection.execute(select(table))
        found[table.name] = [dict(row) for row in result.mappings()]
    return found


async def _replace(connection: AsyncConnection, rows: Rows) -> None:
    for table in reversed(metadata.sorted_tables):
        await connection.execute(delete(table))
    for table in metadata.sorted_tables:
        lying = rows.get(table.name, [])
        for start in range(0, len(lying), _CHUNK):
            await connection.execute(insert(table), lying[start : start + _CHUNK])


async def in_memory() -> Database:
    """An empty SQLite database in memory. Thousands of lives wake a driver's thread for each word: here it has none."""
    database = Database(normalised("sqlite://"))
    async with database._engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver._execute(driver._conn.close)  # its own may be used in its thread alone
        raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        raw.execute("PRAGMA foreign_keys=ON")
        driver._connection, driver._execute = raw, _at_once
    await database.write(make_tables)
    return database


async def _at_once(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    return work(*args, **kwargs)
