"""The store of syncd on SQLite or PostgreSQL: every verb of `syncd.ports.StateStore`, one transaction each.

Not here: what a verb reads or writes (the modules beside, by topic), the migrations (migration).
"""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime

from syncd.errors import StoreError
from syncd.model import (
    Connection,
    Cursor,
    Decision,
    Link,
    Observation,
    Override,
    Overrides,
    Ref,
    Side,
    SyncConfig,
    Window,
    Workload,
)
from syncd.ports import Changes, HistoryRow, HoldRow, JournalRow, Lease, Note, Owner, Stored
from syncd.store import consents, leases, ledger, links, observations, overrides, workload
from syncd.store.commit import commit
from syncd.store.database import Database, file_of, is_there, normalised
from syncd.store.migration import check_revision, make_tables
from syncd.store.snapshot import copy


class SqlStore:
    """What syncd remembers, in one database. Close it when done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def aclose(self) -> None:
        await self._database.aclose()

    async def acquire(self, name: str, owner: Owner, seconds: float) -> Lease | None:
        return await self._database.write(leases.acquire, name, owner, seconds)

    async def renew(self, lease: Lease) -> Lease:
        return await self._database.write(leases.renew, lease)

    async def release(self, lease: Lease) -> None:
        await self._database.write(leases.release, lease)

    async def commit(self, changes: Changes, lease: Lease | None) -> None:
        await self._database.write(commit, changes, lease)

    async def connections(self) -> Sequence[Connection]:
        return await self._database.read(links.connections)

    async def connection(self, connection: str) -> Connection | None:
        return await self._database.read(links.connection_named, connection)

    async def configure(self, connection: str, config: SyncConfig) -> None:
        await self._database.write(links.configure, connection, config)

    async def credentials(self, connection: str) -> bytes | None:
        return await self._database.read(links.credentials, connection)

    async def put_credentials(self, connection: str, sealed: bytes, instead_of: bytes | None = None) -> None:
        await self._database.write(links.put_credentials, connection, sealed, instead_of)

    async def put_consent(self, state: str, sealed: bytes, until: datetime) -> None:
        await self._database.write(consents.put, state, sealed, until)

    async def take_consent(self, state: str, now: datetime) -> bytes | None:
        return await self._database.write(consents.take, state, now)

    async def forget_connection(self, connection: str) -> None:
        await self._database.write(links.forget_connection, connection)

    async def fingerprints(
        self, side: Side, collection: str, groups: Collection[str] | None = None, *, singles: bool = False
    ) -> Mapping[str, str | None]:
        return await self._database.read(observations.fingerprints, side, collection, groups, singles)

    async def stored(self, side: Side, refs: Sequence[Ref]) -> Mapping[Ref, Stored]:
        return await self._database.read(observations.stored, side, refs)

    async def in_groups(self, side: Side, collection: str, groups: Sequence[str]) -> Sequence[Observation]:
        return await self._database.read(observations.in_groups, side, collection, groups)

    async def expected(self, side: Side, collection: str, window: Window, among: Collection[str]) -> Sequence[str]:
        return await self._database.read(observations.expected, side, collection, window, among)

    async def entering(self, side: Side, collection: str, old: Window | None, new: Window) -> Sequence[Ref]:
        return await self._database.read(observations.entering, side, collection, old, new)

    async def cursor(self, connection: str, collection: str) -> Cursor | None:
        return await self._database.read(links.cursor_for, connection, collection)

    async def last_read(self, side: Side, collection: str) -> datetime | None:
        return await self._database.read(links.last_read, side, collection)

    async def last_full(self, side: Side, collection: str) -> datetime | None:
        return await self._database.read(links.last_full, side, collection)

    async def links_of(self, side: Side, refs: Sequence[Ref]) -> Sequence[Link]:
        return await self._database.read(links.links_of, side, refs)

    async def links(self, connection: str) -> Sequence[Link]:
        return await self._database.read(links.links, connection)

    async def unsettled(self, connection: str) -> Sequence[tuple[Side, Ref]]:
        return await self._database.read(workload.unsettled, connection)

    async def workload(self, connection: str, now: datetime, window: Window) -> Workload:
        return await self._database.read(workload.workload, connection, now, window)

    async def overrides(self, site: str, refs: Sequence[Ref], schedules: Sequence[str]) -> Mapping[Ref, Overrides]:
        return await self._database.read(overrides.overrides, site, refs, schedules)

    async def put_override(self, site: str, kind: str, ref: str, override: Override, at: datetime) -> int:
        return await self._database.write(overrides.put_override, kind, Ref(site, ref), override, at)

    async def open_writes(self, connection: str) -> Sequence[JournalRow]:
        return await self._database.read(ledger.open_writes, connection)

    async def history(
        self, *, connection: str | None = None, item: str | None = None, limit: int = 100, before: int | None = None
    ) -> Sequence[HistoryRow]:
        return await self._database.read(ledger.history, connection, item, limit, before)

    async def holds(self, connection: str | None = None, *, waiting: bool = True) -> Sequence[HoldRow]:
        return await self._database.read(ledger.holds, connection, waiting)

    async def decide(self, group: str, decision: Decision, at: datetime) -> Sequence[HoldRow]:
        return await self._database.write(ledger.decide, group, decision, at)

    async def notes(self, connection: str | None = None) -> Sequence[Note]:
        return await self._database.read(ledger.notes, connection)

    async def tally(self, connection: str) -> Mapping[str, int]:
        return await self._database.read(ledger.tally, connection)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator["SqlStore"]:
        private = await _in_memory()
        try:
            await self._database.read(copy, private)
            yield SqlStore(private)
        finally:
            await private.aclose()


async def open_store(url: str, *, read_only: bool = False) -> SqlStore:
    """The store behind `[store] url`, `sqlite:///FILE` or `postgresql://…`; nothing is created or migrated.

    With `read_only` not a byte of an SQLite file changes. A database in memory is empty. Raises StoreError, with
    the next step, when the database cannot be reached, is not migrated, or is newer than this program.
    """
    address = normalised(url)
    file = file_of(address)
    if address.get_backend_name() == "sqlite" and file is None:
        return await empty_store()
    if file is not None and not is_there(file):
        raise StoreError(f"there is no database {file.name}: run syncd migrate, or check [store] url")
    database = Database(address, read_only=read_only)
    try:
        await database.read(check_revision)
    except BaseException:
        await database.aclose()
        raise
    return SqlStore(database)


async def empty_store() -> SqlStore:
    """A store in memory that knows nothing: for a dry run when there is no database yet."""
    return SqlStore(await _in_memory())


async def _in_memory() -> Database:
    database = Database(normalised("sqlite://"))
    await database.write(make_tables)
    return database
