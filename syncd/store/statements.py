"""Statements that every table needs, alike on both databases: insert or replace, choose many keys, count on.

A statement is put together once and run with values for what it binds: SQLAlchemy spends more on putting it together
than the database on running it. Not here: transactions (database), what is read or written (the modules beside).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, NewType, TypeVar

from sqlalchemy import ColumnElement, CursorResult, Delete, Insert, Result, RowMapping, Select, Table, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from syncd.model import Ref
from syncd.store.rows import Row
from syncd.store.tables import counter

T = TypeVar("T")
Values = Mapping[str, object]

# A statement that binds the refs whose rows it chooses: what `at_refs` makes.
AtRefs = NewType("AtRefs", Select[Any])

_NOTHING: Final[Values] = {}

# Parameters of one statement: PostgreSQL takes 65,535, and a long list is slow to compile.
CHUNK: Final = 4000


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Row], *, keep: Iterable[str] = ()) -> None:
    """Insert rows, or replace those with the same key but for the columns in `keep`; one batch, in order of the key.

    The order is the same in every process, so that two of them never wait for each other.
    """
    if rows:
        keys = [column.name for column in table.primary_key]
        ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
        await connection.execute(_upsert(connection.dialect.name, table, frozenset({*keys, *keep})), ordered)


@cache
def _upsert(dialect: str, table: Table, kept: frozenset[str]) -> Insert:
    keys = list(table.primary_key)
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    replaced = {column.name: insert.excluded[column.name] for column in table.c if column.name not in kept}
    if not replaced:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_=replaced)


async def rows_of(
    connection: AsyncConnection, statement: Select[Any], values: Values = _NOTHING
) -> Sequence[RowMapping]:
    result: CursorResult[Any] = await connection.execute(statement, values)
    return result.mappings().all()


async def rows_named(
    connection: AsyncConnection, statement: Select[Any], names: Iterable[str], values: Values = _NOTHING
) -> list[RowMapping]:
    """Rows of a statement that binds `names`, for each chunk of them in turn; none for no names."""
    return [row for chunk in chunks(names) for row in await rows_of(connection, statement, {**values, "names": chunk})]


def pairs_of(result: Result[str, T]) -> dict[str, T]:
    """A result of two columns as a mapping from the first to the second."""
    return {row[0]: row[1] for row in result}


def by_collection(refs: Iterable[Ref]) -> Iterator[tuple[str, list[str]]]:
    """Each collection with the ids of its refs, each once, in chunks."""
    found: dict[str, dict[str, None]] = {}
    for ref in refs:
        found.setdefault(ref.collection, {})[ref.id] = None
    for collection, ids in found.items():
        for chunk in chunks(ids):
            yield collection, chunk


def at_refs(statement: Select[Any], collection: ColumnElement[Any], name: ColumnElement[Any]) -> AtRefs:
    """The statement for rows of which these two columns name one of the refs that `rows_at` is given."""
    return AtRefs(statement.where(collection == bindparam("at_collection"), name.in_(bindparam("at_refs"))))


async def rows_at(
    connection: AsyncConnection, statement: AtRefs, refs: Iterable[Ref], values: Values = _NOTHING
) -> list[RowMapping]:
    """Rows of a statement for these refs; `values` for whatever else it binds."""
    found: list[RowMapping] = []
    for collection, ids in by_collection(refs):
        found += await rows_of(connection, statement, {**values, "at_collection": collection, "at_refs": ids})
    return found


async def take_numbers(connection: AsyncConnection, count: int) -> int:
    """The first of `count` numbers that were never given before; later ones are higher."""
    statement = _count_on(connection.dialect.name)
    last: int = (await connection.execute(statement, {"name": "stamp", "value": count})).scalar_one()
    return last - count + 1


@cache
def _count_on(dialect: str) -> ReturningInsert[Any]:
    insert = sqlite.insert(counter) if dialect == "sqlite" else postgresql.insert(counter)
    risen = {"value": counter.c.value + insert.excluded.value}
    return insert.on_conflict_do_update(index_elements=[counter.c.name], set_=risen).returning(counter.c.value)


async def remove(
    connection: AsyncConnection, table: Table, columns: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> None:
    """Delete the rows in which these columns have one of these values, in order of the keys."""
    rows = [{f"key_{column}": part for column, part in zip(columns, key, strict=True)} for key in sorted(keys)]
    if rows:
        await connection.execute(_delete(table, tuple(columns)), rows)


@cache
def _delete(table: Table, columns: tuple[str, ...]) -> Delete:
    return delete(table).where(*[table.c[column] == bindparam(f"key_{column}") for column in columns])
