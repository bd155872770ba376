"""One database: its address, its engine, its transactions, and what its errors mean for a person.

SQLite and PostgreSQL differ here and in few words of SQL elsewhere. Not here: tables, queries, migrations.
"""

import asyncio
import contextlib
import re
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from syncd.errors import StoreError
from syncd.store import sqlite

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS: Final = 10
CONNECT_SECONDS: Final = 10
_DRIVERS: Final = {"sqlite": "aiosqlite", "postgresql": "psycopg"}

# By the code that the driver gives, of SQLite (its first word after SQLITE_) or PostgreSQL (SQLSTATE, or its class).
_MEANINGS: Final = {
    "FULL": "the disk of the database is full: free some space",
    "53100": "the disk of the database is full: free some space",
    "READONLY": "the database may not be written: check the owner and the mode of the file and of its folder",
    "25006": "the database may not be written: check whether the server is a standby",
    "CANTOPEN": "the database file cannot be opened: check its path, its owner and its mode",
    "PERM": "the database file may not be opened: check its owner and its mode",
    "IOERR": "the database file cannot be read or written: check the disk",
    "CORRUPT": "the database file is damaged: restore a backup",
    "NOTADB": "the file is not a database of syncd: check [store] url",
    "BUSY": "the database is locked by another process: end what holds it, then try again",
    "40001": "the database was too busy with other work: try again",
    "40P01": "the database was too busy with other work: try again",
    "42P01": "the database is not migrated: run syncd migrate",
    "42501": "the database user lacks a privilege: grant it what it needs on the tables of syncd",
    "28": "the database refuses the user or the password: check [store] url",
    "3D000": "there is no database of this name on the server: create it, or check [store] url",
    "53": "the database server is short of resources: raise its limits, or stop other clients",
    "08": "the database server does not answer: check that it runs, and [store] url",
    "57": "the database server is restarting, or has ended the connection: try again when it is back",
    "REFUSED": "the database server refuses the connection: check [store] url and the log of the server",
    "OPTION": "[store] url has an option that the database does not know: check what stands behind the ?",
}
# A connection that PostgreSQL refuses has no code, only words (libpq keeps no result of it). The first that fits.
_REFUSALS: Final = (
    (re.compile(r"authentication failed|no password supplied|no pg_hba\.conf entry|role .* does not exist"), "28"),
    (re.compile(r"database .* (does not exist|is not currently accepting)"), "3D000"),
    (re.compile(r"too many (connections|clients)|remaining connection slots"), "53"),
    (re.compile(r"(starting up|shutting down|in recovery|not yet accepting connections)"), "57"),
    (re.compile(r"FATAL"), "REFUSED"),
    (re.compile(r"invalid (connection option|\w+ value|integer value)"), "OPTION"),
)
_AGAIN: Final = frozenset({"BUSY", "40001", "40P01"})


def normalised(url: str) -> URL:
    """The address with the driver that syncd uses. Raises StoreError for what is neither SQLite nor PostgreSQL."""
    try:
        parsed = make_url(url)
        backend = {"postgres": "postgresql"}.get(parsed.get_backend_name(), parsed.get_backend_name())
        driver = _DRIVERS[backend]
    except (ArgumentError, KeyError, ValueError):  # without their words: they quote what stands for the port
        raise StoreError("[store] url is no database: give sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    return parsed.set(drivername=f"{backend}+{driver}")


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for one in memory or on a server."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).absolute()


def is_there(file: Path) -> bool:
    """Whether there is a database file. Raises StoreError for what is no file, or cannot be looked at."""
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        raise StoreError(
            f"the database file cannot be reached ({exc.strerror}): check the owner and the modes of its folders"
        ) from exc
    if not stat.S_ISREG(mode):
        raise StoreError(f"{file.name} is no file: name the file of the database in [store] url")
    return True


class Database:
    """Transactions on one database. Each piece of work gets a connection in a transaction, and may run twice."""

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self.read_only = read_only
        file, is_sqlite = file_of(url), url.get_backend_name() == "sqlite"
        self._engine = _sqlite(file, read_only) if is_sqlite else _postgresql(url)
        self._reading, self._writing = _modes(self._engine)
        # One connection at most writes an SQLite file, and a store in memory has but one.
        self._alone = _lock(is_sqlite)
        self._shared = self._alone if is_sqlite and file is None else _lock(False)

    async def aclose(self) -> None:
        await self._engine.dispose()

    async def read(
        self, work: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `work` finds; all that it reads is of one moment."""
        async with self.reading() as connection:
            return await work(connection, *args, **kwargs)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with translated():
            async with self._shared, self._reading.begin() as connection:
                yield connection

    async def write(
        self, work: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `work` answers, its rows committed; none are when it raises. Tried once more after a collision."""
        if self.read_only:
            raise StoreError("the store was opened for reading only")
        with translated():
            try:
                return await self._transaction(work, *args, **kwargs)
            except DBAPIError as exc:
                if code_of(exc) not in _AGAIN:
                    raise
                return await self._transaction(work, *args, **kwargs)

    async def _transaction(
        self, work: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._alone, self._writing.begin() as connection:
            return await work(connection, *args, **kwargs)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turns the errors of SQLAlchemy and its drivers into StoreError, without a value of any row."""
    try:
        yield
    except SQLAlchemyError as exc:
        raise StoreError(_meaning(exc)) from exc


def _lock(needed: bool) -> AbstractAsyncContextManager[Any]:
    return asyncio.Lock() if needed else contextlib.nullcontext()


def code_of(error: DBAPIError) -> str:
    """SQLSTATE of PostgreSQL, or the word that SQLite has for it; empty when no server answered."""
    state = getattr(error.orig, "sqlstate", None)
    name = getattr(error.orig, "sqlite_errorname", None)
    return str(state or (name or "").removeprefix("SQLITE_").partition("_")[0])


def _meaning(error: SQLAlchemyError) -> str:
    if not isinstance(error, DBAPIError):
        return f"the database cannot be used ({type(error).__name__})"
    code = code_of(error)
    if "no such table" in str(error.orig):
        code = "42P01"
    if not code:
        words = str(error.orig)
        code = next((known for pattern, known in _REFUSALS if pattern.search(words)), "08")
    known = _MEANINGS.get(code) or _MEANINGS.get(code[:2])
    return known or f"the database refused ({type(error.orig).__name__} {code})"


def _modes(engine: AsyncEngine) -> tuple[AsyncEngine, AsyncEngine]:
    """The same engine for reading transactions and for writing ones."""
    if engine.dialect.name == "sqlite":
        return engine, engine.execution_options(begin="BEGIN IMMEDIATE")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), engine


def _postgresql(url: URL) -> AsyncEngine:
    if "connect_timeout" not in url.query:  # a host that drops packets would be waited for without end
        url = url.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=5, max_overflow=10)


def _sqlite(file: Path | None, read_only: bool) -> AsyncEngine:
    url = URL.create("sqlite+aiosqlite", database=str(file or ":memory:"))
    pool: dict[str, Any] = {"pool_size": 5} if file else {"poolclass": StaticPool}
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}, **pool)
    mode = "ro" if read_only else "rw"

    # Without a mode SQLite would make a missing file, and a reader would write the file when it finds a log.
    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        if file:
            arguments[0] = f"file:{quote(str(file))}?mode={mode}"
            options["uri"] = True
        return sqlite.connected(dialect, arguments, options)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: it would do so only before the first change.
        connection.isolation_level = None
        pragmas = ["foreign_keys=ON", "synchronous=NORMAL"]
        pragmas += ["query_only=ON"] if read_only else ["journal_mode=WAL"] if file else []
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # nobody else knows it yet, and its thread would outlive the loop
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        driver = connection.connection.dbapi_connection
        driver.begin_with = connection.get_execution_options().get("begin", "BEGIN")

    return engine
