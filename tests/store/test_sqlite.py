"""Transactions of SQLite take no more trips to the driver's thread than they need, and still end.

Not here: which transactions there are (the modules beside), PostgreSQL.
"""

from typing import Any

import aiosqlite
import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.store import empty_store
from syncd.store.database import Database, normalised
from syncd.store.migration import make_tables
from syncd.store.tables import counter


class Broken(Exception):
    """What a piece of work ends with here."""


async def count(connection: AsyncConnection, name: str) -> None:
    await connection.execute(insert(counter), {"name": name, "value": 1})


async def count_and_break(connection: AsyncConnection, name: str) -> None:
    await count(connection, name)
    raise Broken


async def names(connection: AsyncConnection) -> list[str]:
    return list((await connection.execute(select(counter.c.name))).scalars())


async def nothing(_connection: AsyncConnection) -> list[str]:
    """Work that asks nothing."""
    return []


async def test_reading_with_one_statement_is_one_trip_and_ending_it_another(monkeypatch: pytest.MonkeyPatch) -> None:
    store = await empty_store()
    await store.connections()
    trips: list[object] = []
    execute: Any = aiosqlite.Connection._execute

    async def noted(driver: Any, work: Any, *given: Any, **named: Any) -> Any:
        trips.append(work)
        return await execute(driver, work, *given, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    assert await store.connections() == []
    assert len(trips) == 2
    monkeypatch.undo()
    await store.aclose()


async def test_what_broke_off_is_undone_whatever_ended_before() -> None:
    database = Database(normalised("sqlite://"))
    await database.write(make_tables)
    await database.write(count, "kept")
    for before in (names, nothing):
        await database.read(before)
        with pytest.raises(Broken):
            await database.write(count_and_break, "lost")
        assert await database.read(names) == ["kept"]
    await database.aclose()
