"""Links, cursors, readings, connections and credentials: read, and the few that are written apart from a commit.

Not here: items (observations), plans' material (workload).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, delete, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.errors import StoreError
from syncd.model import Connection, Cursor, Link, LinkState, Ref, Side, SyncConfig
from syncd.ports import Touch
from syncd.store.leases import clock
from syncd.store.pending import touch
from syncd.store.rows import connection_of, connection_row, cursor_of, link_of
from syncd.store.statements import AtRefs, at_refs, rows_at, rows_named, rows_of, upsert
from syncd.store.tables import (
    ITEMS,
    credential,
    cursor,
    external_event,
    history,
    hold,
    link,
    note,
    pending,
    quarantine,
    reading,
    superseded,
    write,
)
from syncd.store.tables import connection as connection_table

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LINKS: Final = select(link).where(link.c.connection == bindparam("owner")).order_by(link.c.id)
_CURSOR: Final = select(cursor).where(
    cursor.c.connection == bindparam("owner"), cursor.c.collection == bindparam("collection")
)
_READ: Final = (reading.c.side == bindparam("side"), reading.c.collection == bindparam("collection"))
_LAST_READ: Final = select(reading.c.completed_at).where(*_READ)
_LAST_FULL: Final = select(reading.c.audited_at).where(*_READ)
_CONNECTIONS: Final = select(connection_table)
_CONNECTION: Final = _CONNECTIONS.where(connection_table.c.id == bindparam("name"))
_LOCKED: Final = _CONNECTION.with_for_update()
_SEALED: Final = select(credential.c.sealed).where(credential.c.connection == bindparam("name"))
_SEALED_ANEW: Final = (
    update(credential)
    .where(credential.c.connection == bindparam("at_name"), credential.c.sealed == bindparam("at_sealed"))
    .values(sealed=bindparam("new"))
)
_SEEN: Final = union(
    select(cursor.c.collection).where(cursor.c.connection == bindparam("owner")),
    select(link.c.external_collection).where(link.c.connection == bindparam("owner")),
    select(pending.c.collection).where(
        pending.c.connection == bindparam("owner"), pending.c.side == Side.EXTERNAL.value
    ),
)


async def links_of(connection: AsyncConnection, side: Side, refs: Sequence[Ref]) -> list[Link]:
    return [link_of(row) for row in await rows_at(connection, _alive(side), refs)]


@cache
def _alive(side: Side) -> AtRefs:
    alive = select(link).where(link.c.state != LinkState.TOMBSTONE.value).order_by(link.c.id)
    return at_refs(alive, link.c[f"{side.value}_collection"], link.c[f"{side.value}_ref"])


async def links(connection: AsyncConnection, owner: str) -> list[Link]:
    """In every state, tombstones too."""
    return [link_of(row) for row in await rows_of(connection, _LINKS, {"owner": owner})]


async def cursor_for(connection: AsyncConnection, owner: str, collection: str) -> Cursor | None:
    rows = await rows_of(connection, _CURSOR, {"owner": owner, "collection": collection})
    return cursor_of(rows[0]) if rows else None


async def last_read(connection: AsyncConnection, side: Side, collection: str) -> datetime | None:
    place = {"side": side.value, "collection": collection}
    return (await connection.execute(_LAST_READ, place)).scalar_one_or_none()


async def last_full(connection: AsyncConnection, side: Side, collection: str) -> datetime | None:
    place = {"side": side.value, "collection": collection}
    return (await connection.execute(_LAST_FULL, place)).scalar_one_or_none()


async def connections(connection: AsyncConnection) -> list[Connection]:
    """The oldest first."""
    found = [connection_of(row) for row in await rows_of(connection, _CONNECTIONS)]
    return sorted(found, key=lambda entry: (entry.created_at or _EARLIEST, entry.id))


async def connection_named(connection: AsyncConnection, name: str, *, lock: bool = False) -> Connection | None:
    rows = await rows_of(connection, _LOCKED if lock else _CONNECTION, {"name": name})
    return connection_of(rows[0]) if rows else None


async def existing(connection: AsyncConnection, name: str, *, lock: bool = False) -> Connection:
    found = await connection_named(connection, name, lock=lock)
    if found is None:
        raise StoreError(f"there is no connection {name}: syncd connections lists them")
    return found


async def configure(connection: AsyncConnection, name: str, config: SyncConfig) -> None:
    """Another config asks something else of every item: all of them, linked or not, become pending."""
    found = await existing(connection, name, lock=True)
    if found.config == config:
        return
    await upsert(connection, connection_table, [connection_row(replace(found, config=config))])
    now = await clock(connection)
    places = {side: [found.site] if side is Side.WIX else await calendars_of(connection, found) for side in Side}
    touched = []
    for side, collections in places.items():
        rows = await rows_named(connection, _present(ITEMS[side]), collections)
        touched += [Touch(name, side, Ref(row["collection"], row["ref"]), now) for row in rows]
    for entry in await links(connection, name):
        refs = [(side, entry.refs[side]) for side in Side if entry.state is not LinkState.TOMBSTONE]
        touched += [Touch(name, side, ref, now) for side, ref in refs if ref is not None]
    await touch(connection, touched)


@cache
def _present(table: Table) -> Select[Any]:
    return select(table.c.collection, table.c.ref).where(
        table.c.collection.in_(bindparam("names")), table.c.gone.is_(None)
    )


async def credentials(connection: AsyncConnection, name: str) -> bytes | None:
    return (await connection.execute(_SEALED, {"name": name})).scalar_one_or_none()


async def put_credentials(connection: AsyncConnection, name: str, sealed: bytes, instead_of: bytes | None) -> None:
    if instead_of is None:
        await upsert(connection, credential, [{"connection": name, "sealed": sealed}])
        return
    await connection.execute(_SEALED_ANEW, {"at_name": name, "at_sealed": instead_of, "new": sealed})


async def calendars_of(connection: AsyncConnection, owner: Connection) -> list[str]:
    """Every external collection that is known to belong to a connection."""
    named = {owner.calendar, *(owner.config.calendars or ()), *owner.retired}
    named |= set((await connection.execute(_SEEN, {"owner": owner.id})).scalars())
    return sorted(name for name in named if name is not None and name != owner.site)


async def forget_connection(connection: AsyncConnection, name: str) -> None:
    """Raises StoreError for one that was confirmed: that one is disconnected instead."""
    owner = await connection_named(connection, name, lock=True)
    if owner is None:
        return
    if owner.confirmed:
        raise StoreError(f"connection {name} was confirmed: run syncd disconnect {name}")
    others = [entry for entry in await connections(connection) if entry.id != name]
    shared = {calendar for other in others for calendar in await calendars_of(connection, other)}
    own = [calendar for calendar in await calendars_of(connection, owner) if calendar not in shared]
    await connection.execute(delete(external_event).where(external_event.c.collection.in_(own)))
    for table in (superseded, reading):
        mine = (table.c.side == Side.EXTERNAL.value, table.c.collection.in_(own))
        await connection.execute(delete(table).where(*mine))
    for table in (pending, cursor, link, write, history, hold, quarantine, note, credential):
        await connection.execute(delete(table).where(table.c.connection == name))
    await connection.execute(delete(connection_table).where(connection_table.c.id == name))
