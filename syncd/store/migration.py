"""Brings a database to this program's tables, and tells whether it is there.

Not here: the migrations (the folder `migrations`), the tables (tables).
"""

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Text, column, inspect, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.errors import StoreError
from syncd.store.database import Database, file_of, is_there, normalised
from syncd.store.tables import REVISION, metadata

_VERSION: Final = table("alembic_version", column("version_num", Text))
_LOCK: Final = 7_310_295_446_120  # any number of our own: two that migrate at once wait for each other
_NEWER: Final = "the database was made by a newer syncd: install that version, or restore a backup made before"


async def migrate(url: str) -> None:
    """Make the tables, or bring them to this program's revision; may be repeated, never goes back.

    An SQLite file is made when there is none, for its owner alone. Raises StoreError, and changes nothing, when the
    database is newer than this program.
    """
    address = normalised(url)
    file = file_of(address)
    if file is not None:
        make_file(file)
    database = Database(address)
    try:
        await database.write(_migrate)
    finally:
        await database.aclose()


def make_file(file: Path) -> None:
    """An empty file that only its owner may read; one that is there stays as it is. Raises StoreError."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        is_there(file)
    except OSError as exc:
        raise StoreError(f"the database file cannot be made: {exc.strerror}: check [store] url and its folder") from exc


async def _migrate(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    if is_newer(await revision(connection)):
        raise StoreError(_NEWER)
    await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def scripts() -> Path:
    """The folder of the migrations: the one that was installed with the package, else the checkout's."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations"


async def revision(connection: AsyncConnection) -> str | None:
    """Which migration the database is at; None when it has none."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return None
    found = await connection.execute(select(_VERSION.c.version_num))
    return found.scalar_one_or_none()


def is_newer(found: str | None) -> bool:
    """Whether a revision is one that this program does not know: revisions are numbers, counted up."""
    return found is not None and (not found.isdecimal() or int(found) > int(REVISION))


async def check_revision(connection: AsyncConnection) -> None:
    """Raises StoreError with the next step unless the database has exactly this program's tables."""
    found = await revision(connection)
    if is_newer(found):
        raise StoreError(_NEWER)
    if found != REVISION:
        raise StoreError("the database is not migrated: run syncd migrate")


async def make_tables(connection: AsyncConnection) -> None:
    """All tables, empty, without migrations: for a store in memory."""
    await connection.run_sync(metadata.create_all)
