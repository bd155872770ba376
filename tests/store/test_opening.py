"""Making, opening and refusing databases; what a reader may touch; what an error tells."""

import asyncio
import os
import re
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.errors import StoreError
from syncd.model import Ref, Side
from syncd.ports import Changes
from syncd.store import empty_store, migrate, open_store
from syncd.store.database import Database, normalised
from syncd.store.migration import scripts
from syncd.store.tables import REVISION, metadata
from tests.store.builders import NOW, SITE, WINDOW, connection, session, touch
from tests.store.processes import running

LEAVE_A_LOG = """
import asyncio, sys
from syncd.store import open_store
from syncd.ports import Changes
from tests.store.builders import session

async def main():
    store = await open_store(sys.argv[1])
    await store.commit(Changes(observations=[session()]), None)
    print("written", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def differences(connection: SqlConnection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def contents(file: Path) -> dict[str, bytes]:
    """The database and its log, byte for byte."""
    return {end: file.with_name(f"{file.name}{end}").read_bytes() for end in ("", "-wal")}


def modes(folder: Path) -> dict[str, int]:
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()}


async def run(url: str, statement: str, **values: str) -> None:
    """One statement, past the store."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text(statement), values)

    database = Database(normalised(url))
    await database.write(work)
    await database.aclose()


async def test_the_migrations_make_exactly_the_tables(database_url: str) -> None:
    database = Database(normalised(database_url))
    try:
        assert await database.read(lambda connection: connection.run_sync(differences)) == []
    finally:
        await database.aclose()


def test_the_program_knows_the_newest_revision_and_all_are_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert revisions[0] == REVISION
    assert revisions == [f"{number:04}" for number in range(len(revisions), 0, -1)]


async def test_migrating_again_keeps_what_is_there(database_url: str) -> None:
    store = await open_store(database_url)
    await store.commit(Changes(observations=[session()]), None)
    await store.aclose()
    await migrate(database_url)
    store = await open_store(database_url)
    assert len(await store.stored(Side.WIX, [Ref(SITE, "s1")])) == 1
    await store.aclose()


async def test_two_that_migrate_at_once_both_succeed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    await asyncio.gather(migrate(url), migrate(url))
    await (await open_store(url)).aclose()


@pytest.mark.parametrize("found", ["9999", "f00"])
async def test_a_database_of_a_newer_program_is_refused(database_url: str, found: str) -> None:
    await run(database_url, "update alembic_version set version_num = :found", found=found)
    with pytest.raises(StoreError, match="newer syncd"):
        await open_store(database_url)
    with pytest.raises(StoreError, match="newer syncd"):
        await migrate(database_url)


async def test_a_database_that_is_not_migrated_is_refused_with_the_next_step(database_url: str) -> None:
    await run(database_url, "drop table alembic_version")
    with pytest.raises(StoreError, match="run syncd migrate"):
        await open_store(database_url)


@pytest.mark.parametrize("read_only", [True, False])
async def test_opening_makes_no_database(tmp_path: Path, read_only: bool) -> None:
    with pytest.raises(StoreError, match="run syncd migrate"):
        await open_store(f"sqlite:///{tmp_path / 'none.db'}", read_only=read_only)
    assert modes(tmp_path) == {}


async def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "with space & ünïcode?#%41.db"
    url = normalised("sqlite://").set(database=str(file)).render_as_string()
    before = os.umask(0)
    try:
        await migrate(url)
        store = await open_store(url)
        await store.commit(Changes(observations=[session()]), None)
        found = modes(tmp_path)
        await store.aclose()
    finally:
        os.umask(before)
    assert found == {f"{file.name}{end}": 0o600 for end in ("", "-wal", "-shm")}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/name", "sqlite:///FILE or postgresql"),
        ("nothing", "sqlite:///FILE or postgresql"),
        ("postgresql://syncd:hidden@127.0.0.1:1/syncd", "does not answer"),
    ],
)
async def test_an_address_that_leads_nowhere_is_refused_without_its_password(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as refused:
        await open_store(url)
    assert "hidden" not in str(refused.value)


async def test_a_folder_that_is_not_there_is_named_as_the_problem(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        await migrate(f"sqlite:///{tmp_path / 'none' / 'syncd.db'}")


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "syncd.db"
    file.write_text("title = 'not a database, but long enough to look like one'\n" * 50)
    with pytest.raises(StoreError, match=r"not a database of syncd"):
        await open_store(f"sqlite:///{file}")


async def test_a_full_disk_is_named_and_nothing_is_half_written(sqlite_url: str) -> None:
    await run(sqlite_url, "select 1")
    store = await open_store(sqlite_url)
    pages = 12  # beyond what the file has
    await store._database.write(limit_pages, pages)
    with pytest.raises(StoreError, match="disk of the database is full"):
        await store.commit(Changes(observations=[session(str(number)) for number in range(5000)]), None)
    assert await store.fingerprints(Side.WIX, SITE) == {}
    await store.aclose()


async def limit_pages(connection: AsyncConnection, more: int) -> None:
    used = (await connection.exec_driver_sql("pragma page_count")).scalar_one()
    await connection.exec_driver_sql(f"pragma max_page_count = {used + more}")


async def test_a_locked_database_is_named_after_it_was_waited_for(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.store.database.BUSY_SECONDS", 0.05)
    store = await open_store(sqlite_url)
    holder = sqlite3.connect(normalised(sqlite_url).database or "", isolation_level=None)
    holder.execute("begin immediate")
    with pytest.raises(StoreError, match="locked by another process"):
        await store.commit(Changes(observations=[session()]), None)
    holder.execute("rollback")
    holder.close()
    await store.commit(Changes(observations=[session()]), None)
    await store.aclose()


async def test_an_error_tells_nothing_of_the_rows(sqlite_url: str) -> None:
    store = await open_store(sqlite_url)
    await run(sqlite_url, "drop table session")
    with pytest.raises(StoreError, match="run syncd migrate") as refused:
        await store.commit(Changes(observations=[session()]), None)
    assert "Yoga" not in f"{refused.value} {refused.value.__cause__}"
    await store.aclose()


async def test_a_reader_may_not_write(database_url: str) -> None:
    store = await open_store(database_url, read_only=True)
    with pytest.raises(StoreError, match="for reading only"):
        await store.commit(Changes(observations=[session()]), None)
    with pytest.raises(StoreError, match="for reading only"):
        await store.acquire("c1", owner=None, seconds=1)  # type: ignore[arg-type]
    await store.aclose()


async def test_a_reader_changes_no_byte_of_a_file_whose_writer_was_killed(sqlite_url: str) -> None:
    file = Path(normalised(sqlite_url).database or "")
    with running(LEAVE_A_LOG, sqlite_url) as child:
        assert child.said == "written"
        child.die()
    before = contents(file)
    assert len(before["-wal"]) > 0
    store = await open_store(sqlite_url, read_only=True)
    async with store.snapshot() as private:
        found = await private.stored(Side.WIX, [Ref(SITE, "s1")])
        await private.commit(Changes(observations=[session("s2")]), None)
    await store.aclose()
    assert list(found) == [Ref(SITE, "s1")]
    assert contents(file) == before


async def test_an_empty_store_takes_a_dry_run() -> None:
    store = await empty_store()
    assert await store.connections() == []
    await store.commit(Changes(connections=[connection()], touched=[touch(session())]), None)
    async with store.snapshot() as private:
        assert len((await private.workload("c1", NOW, WINDOW)).items) == 1
    await store.aclose()


async def test_many_at_once_share_a_store_in_memory(tmp_path: Path) -> None:
    store = await empty_store()
    seen = [session(f"s{number}") for number in range(30)]
    work = [store.commit(Changes(observations=[entry]), None) for entry in seen]
    await asyncio.gather(*work, *(store.stored(Side.WIX, [entry.ref]) for entry in seen))
    assert len(await store.stored(Side.WIX, [entry.ref for entry in seen])) == 30
    await store.aclose()
    assert modes(tmp_path) == {}


def test_the_migrations_go_forward_only() -> None:
    files = sorted((scripts() / "versions").glob("*.py"))
    assert files
    assert all(re.search(r"^def upgrade\(", file.read_text(), re.MULTILINE) for file in files)
    assert not any("def downgrade" in file.read_text() for file in files)
