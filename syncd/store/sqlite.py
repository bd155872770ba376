"""SQLite under SQLAlchemy with one trip to the driver's thread for each statement, instead of four.

The driver makes a cursor, executes, fetches and closes it in a trip each, and `BEGIN` is four more: in a pass in which
nothing changed that was most of the CPU. Here a statement and all its rows are one trip, and the first statement of a
transaction takes its `BEGIN` along; what has ended is not ended again. What it needs of both libraries has no public
name; the locks fix their versions, and the store's tests run on it. Not here: addresses, transactions (database).
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.util.concurrency import await_


class _Answer(NamedTuple):
    """What a statement left behind; rows are fetched, the cursor is closed."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


def _answered(raw: sqlite3.Connection, begin: str | None, many: bool, statement: tuple[Any, ...]) -> _Answer:
    """Runs in the driver's thread."""
    if begin is not None:
        raw.execute(begin)
    cursor = raw.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(*statement)
        rows = cursor.fetchall() if cursor.description else ()
        return _Answer(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that exists only while its statement runs."""

    __slots__ = ("_answer",)
    _adapt_connection: "Connection"

    def __init__(self, adapt_connection: "Connection") -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001
        self._rows = deque()
        self._answer = _Answer()

    @property
    def description(self) -> Any:
        return self._answer.description

    @property
    def rowcount(self) -> int:
        return self._answer.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._answer.lastrowid

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        self._run(False, (operation,) if parameters is None else (operation, parameters))

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        self._run(True, (operation, seq_of_parameters))

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def _run(self, many: bool, statement: tuple[Any, ...]) -> None:
        connection = self._adapt_connection
        try:
            driver: Any = self._connection
            connection.used = True
            begin, connection.begin_with = connection.begin_with, None
            self._answer = await_(driver._execute(_answered, driver._conn, begin, many, statement))  # noqa: SLF001
            self._rows = deque(self._answer.rows)
        except Exception as error:  # noqa: BLE001 - translated, as the driver's own are
            connection._handle_exception(error)  # noqa: SLF001


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection of the driver. `begin_with`: what the next statement begins its transaction with.

    `used`: whether a statement was sent since a transaction ended last. Until then there is none to end; the pool
    rolls back whatever it takes back, also what was committed.
    """

    __slots__ = ("begin_with", "used")
    _cursor_cls = Cursor  # type: ignore[assignment]

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.begin_with: str | None = None
        self.used = False

    def commit(self) -> None:
        self.begin_with = None
        if self.used:
            super().commit()
            self.used = False

    def rollback(self) -> None:
        self.begin_with = None
        if self.used:
            super().rollback()
            self.used = False


def connected(dialect: Any, arguments: Sequence[Any], options: dict[str, Any]) -> Connection:
    """A new connection; called where SQLAlchemy would make its own."""
    made = dialect.loaded_dbapi.connect(*arguments, **options)
    return Connection(made.dbapi, made._connection)  # noqa: SLF001
