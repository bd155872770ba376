"""Databases for the tests, and what the summary says about them.

`database_url` is what store tests ask for: an empty, migrated database of their own, once on
SQLite and once on PostgreSQL. In the folders of TURNS `make test` takes each test on one of the
two, half of them on either; `make prove` takes all on both. Not here: how the server is found and
kept (postgres), and how its databases are made and used again (pg_spares).
"""

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import sqlite3
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests import pg_spares, postgres, reach
from tests.contract import summary as contract_summary
from tests.interruption import summary as interruption_summary
from tests.processes import summary as processes_summary
from tests.proving import PROVE

TURNS: Final = ("cycle", "e2e")


def pytest_configure(config: pytest.Config) -> None:
    # A background job of a shell, or nohup: children would ignore what the tests send them.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    config.addinivalue_line("markers", "postgresql: needs a PostgreSQL server")
    config.addinivalue_line("markers", "prove: for the full proof alone, as another command shows the same")
    for name, plugin in (
        ("reach", reach),
        ("contract", contract_summary),
        ("interruption", interruption_summary),
        ("processes", processes_summary),
    ):
        if not config.pluginmanager.has_plugin(name):
            config.pluginmanager.register(plugin, name)


def pytest_sessionstart(session: pytest.Session) -> None:
    is_worker = hasattr(session.config, "workerinput")
    required = os.environ.get("SYNCD_REQUIRE_PG") == "1"
    if required and not is_worker and not postgres.available():
        raise pytest.UsageError(postgres.NOT_RUN)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if PROVE:
        return
    spare = {item for item in items if item.get_closest_marker("prove") or (postgres.available() and _is_spare(item))}
    config.hook.pytest_deselected(items=list(spare))
    items[:] = [item for item in items if item not in spare]


def _is_spare(item: pytest.Item) -> bool:
    """Whether it is the other database's turn for this test."""
    call = getattr(item, "callspec", None)
    database = call.params.get("database_url") if call is not None else None
    if database is None or item.path.parent.name not in TURNS:
        return False
    on_server = zlib.crc32(item.nodeid.replace(database, "").encode()) % 2 == 1
    return bool(on_server != (database == "postgresql"))


def pytest_collection_finish(session: pytest.Session) -> None:  # noqa: ARG001 - the hook's parameter
    """What was collected stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not postgres.available():
        terminalreporter.write_line(postgres.NOT_RUN, yellow=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLAlchemy URL of a migrated database that this test alone uses, on each backend."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    copy = tmp_path / "syncd.db"
    shutil.copy(sqlite_template, copy)
    return f"sqlite+aiosqlite:///{copy}"


@pytest.fixture
def postgresql_url(postgres_server: postgres.Server, postgres_spares: pg_spares.Spares) -> Iterator[str]:
    with postgres_spares.one() as name:
        yield postgres_server.url_of(name)


@pytest.fixture(scope="session")
def postgres_spares(postgres_server: postgres.Server, postgres_template: str) -> Iterator[pg_spares.Spares]:
    with contextlib.closing(pg_spares.Spares(postgres_server, postgres_template)) as spares:
        yield spares


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = tmp_path_factory.mktemp("template") / "syncd.db"
    _migrate(f"sqlite+aiosqlite:///{template}")
    with contextlib.closing(sqlite3.connect(template)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")  # one file holds it all
    return template


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to, so that it can be copied."""
    with pg_spares.database(postgres_server, template="template0") as name:
        _migrate(postgres_server.url_of(name))
        yield name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One server for each test process: parallel workers share nothing."""
    if not postgres.available():
        pytest.skip(postgres.NOT_RUN)
    with postgres.running() as server:
        yield server


def _migrate(url: str) -> None:
    from syncd.store import migrate

    # In a thread: the first asker may be inside a running event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(migrate(url))).result()
