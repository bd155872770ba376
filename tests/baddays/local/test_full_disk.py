"""The disk of the database fills up in the middle of a pass: what was written outside and could not be recorded is
found again once there is room, and never made twice.

SQLite is full at a number of pages (`max_page_count`); PostgreSQL refuses with its own code for a full disk (53100).
Not here: a full disk while nothing else happens (tests/store).
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from syncd.errors import StoreError
from syncd.store import SqlStore, open_store
from syncd.store.database import code_of
from tests.baddays.local.installation import (
    Prepare,
    assert_recovers,
    edited,
    failing_pass,
    filled,
    open_writes,
)
from tests.cli.conftest import Studio
from tests.cycle.bench import Bench

_TRIGGER = """
create table disk (is_full boolean);
create function refuse_when_full() returns trigger language plpgsql as $$ begin
  if exists (select 1 from disk where is_full) then
    raise exception 'could not extend file' using errcode = '53100';
  end if;
  return new;
end $$;
create trigger full_disk before insert or update on write for each row execute function refuse_when_full();
"""


@dataclass
class Disk:
    """The disk that a store lies on."""

    store: SqlStore
    url: str
    is_full: bool = False

    def watch(self) -> None:
        """From here on it can be full."""
        if self.url.startswith("postgresql"):
            self._server(_TRIGGER)
            return

        @event.listens_for(self.store._database._engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            pages = connection.exec_driver_sql("pragma page_count").scalar()
            connection.exec_driver_sql(f"pragma max_page_count = {pages if self.is_full else 2**30}")

    def fill(self) -> None:
        self.is_full = True
        if self.url.startswith("postgresql"):
            self._server("insert into disk values (true)")

    def free(self) -> None:
        self.is_full = False
        if self.url.startswith("postgresql"):
            self._server("truncate disk")

    def _server(self, statement: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    store = await open_store(database_url)
    yield Bench(store)
    await store.aclose()


@pytest.fixture
def disk(bench: Bench, database_url: str) -> Disk:
    made = Disk(bench.store, database_url)
    made.watch()
    return made


@pytest.mark.parametrize(("prepare", "verb"), [(filled, "create"), (edited, "update"), (edited, "delete")])
async def test_what_could_not_be_recorded_is_settled_when_there_is_room_again(
    bench: Bench, disk: Disk, prepare: Prepare, verb: str
) -> None:
    await prepare(bench)
    bench.world.interrupt = lambda one, moment: disk.fill() if (one, moment) == (verb, "after") else None
    error = await failing_pass(bench)
    bench.world.interrupt = None
    assert disk.is_full
    assert isinstance(error, StoreError)
    assert str(error) == "the disk of the database is full: free some space"
    assert isinstance(error.__cause__, DBAPIError)
    assert code_of(error.__cause__) in ("FULL", "53100")
    assert len(await open_writes(bench.store)) > 0

    disk.free()
    await assert_recovers(bench, prepare)


async def test_as_long_as_it_is_full_nothing_more_is_written_outside(bench: Bench, disk: Disk) -> None:
    await filled(bench)
    bench.world.interrupt = lambda one, moment: disk.fill() if (one, moment) == ("create", "after") else None
    assert isinstance(await failing_pass(bench), StoreError)
    bench.world.interrupt = None
    effects = len(bench.world.log)
    for _ in range(2):
        assert isinstance(await failing_pass(bench), StoreError)
    assert bench.world.log[effects:] == []
    disk.free()
    await assert_recovers(bench, filled)


async def test_a_disk_that_was_full_before_anything_was_read_holds_everything_up(bench: Bench, disk: Disk) -> None:
    await filled(bench)
    disk.fill()
    error = await failing_pass(bench)
    assert isinstance(error, StoreError)
    assert [row for row in bench.world.log if row[0] != "make_calendar"] == []
    disk.free()
    await assert_recovers(bench, filled)


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """How many pages the database of the command line may have; none given: as many as it likes."""
    from syncd.store import database

    limit: dict[str, int] = {}
    make = database._sqlite

    def limited(*args: Any) -> Any:
        engine = make(*args)

        @event.listens_for(engine.sync_engine, "connect")
        def connected(connection: Any, _record: Any) -> None:
            if "most" in limit:
                cursor = connection.cursor()
                cursor.execute(f"pragma max_page_count = {limit['most']}")
                cursor.close()

        return engine

    monkeypatch.setattr(database, "_sqlite", limited)
    yield limit
    monkeypatch.undo()


def test_the_command_says_so_exits_2_and_a_later_one_doubles_nothing(connected: Studio, pages: dict[str, int]) -> None:
    used = connected.database.stat().st_size // 4096
    seen = []
    for more in range(8, 80, 12):
        pages["most"] = used + more
        result = connected.run("run", "--once", code=2)
        assert "the disk of the database is full: free some space" in result.output
        assert "Traceback" not in result.output
        seen += [line for line in connected.writes() if line.startswith("PUT")]
        if seen:
            break
    assert seen, "it never came to a write outside"
    (row,) = connected.json("status")["connections"]
    assert row["status"] == "CONNECTED"

    pages.clear()
    connected.advance(60)
    connected.run("run", "--once")
    seen += [line for line in connected.writes() if line.startswith("PUT")]
    assert len(seen) == len(set(seen)), "an object was put twice"
    connected.advance(660)
    assert connected.json("run", "--once")["plans"][0]["written"] == 0
    assert connected.writes() == []
    (row,) = connected.json("status")["connections"]
    assert (row["status"], row["open"], row["pending"]) == ("SYNCED", 0, 0)
