"""The database server ends our connections in the middle of a pass, at any commit: nothing is lost or doubled.

Either the commit is lost with its connection, or it took place and its answer is lost. Not here: a server that is not
there from the start (test_database).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import event

from syncd.cli.passes import exit_code
from syncd.errors import StoreError
from syncd.run import Result
from syncd.store import SqlStore, open_store
from tests.baddays.local.installation import (
    Prepare,
    assert_recovers,
    edited,
    failing_pass,
    filled,
    undisturbed,
)
from tests.cycle.bench import Bench
from tests.proving import PROVE

pytestmark = pytest.mark.postgresql
_SAMPLE: Final = [
    (filled, 0.02, False),
    (filled, 0.4, True),
    (filled, 0.8, False),
    (edited, 0.3, False),
    (edited, 0.6, True),
    (edited, 0.97, True),
]
_ALL: Final = [(one, share / 60, taken) for one in (filled, edited) for share in range(60) for taken in (False, True)]


@dataclass
class Grip:
    """Ends every connection of ours at the commit with a number; `taken`: after it took place."""

    url: str
    number: int | None = None
    taken: bool = False
    commits: int = 0
    ended: list[int] = field(default_factory=list)

    def watch(self, store: SqlStore) -> None:
        event.listen(store._database._engine.sync_engine, "commit", self._at_commit)

    def _at_commit(self, connection: Any) -> None:
        self.commits += 1
        if self.commits != self.number:
            return
        if self.taken:
            connection.exec_driver_sql("commit")
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as other:
            rows = other.execute(
                "select pid, pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchall()
        self.ended += [pid for pid, done in rows if done]


@pytest.fixture
async def bench(postgresql_url: str) -> AsyncIterator[Bench]:
    store = await open_store(postgresql_url)
    yield Bench(store)
    await store.aclose()


@pytest.fixture
def make_grip(bench: Bench, postgresql_url: str) -> Callable[[], Grip]:
    def make() -> Grip:
        made = Grip(postgresql_url)
        made.watch(bench.store)
        return made

    return make


@pytest.mark.parametrize(("prepare", "share", "taken"), _ALL if PROVE else _SAMPLE)
async def test_a_pass_that_lost_its_database_is_made_up_for_by_the_next(
    bench: Bench, make_grip: Callable[[], Grip], prepare: Prepare, share: float, taken: bool
) -> None:
    await prepare(bench)
    grip = make_grip()
    grip.taken = taken
    grip.number = 1 + int(share * (await undisturbed(prepare)).commits)
    error = await failing_pass(bench)
    assert len(grip.ended) > 0, f"the pass had {grip.commits} commits only"
    if error is not None:
        assert isinstance(error, StoreError)
        assert str(error) == "the database server is restarting, or has ended the connection: try again when it is back"
    await assert_recovers(bench, prepare)


async def test_a_result_that_the_database_spoilt_makes_the_command_exit_2(bench: Bench) -> None:
    one = await bench.connect()
    failed = Result(one, error=StoreError("gone"))
    assert exit_code([Result(one), failed], dry=False, tell_changes=False) == 2
