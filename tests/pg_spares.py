"""Databases of the tests' PostgreSQL server: made from a template once, emptied and used again.

Copying a template costs a third of a second, emptying a database half a millisecond. One whose shape is no longer
the template's is thrown away. Not here: the server (postgres), the fixtures (conftest).
"""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import sql

from tests.postgres import Server

# Everything that a test may have altered beside rows: columns, indexes, constraints, triggers, functions, settings.
_SHAPE: Final = """
with shape(part) as (
    select format('%s %s %s %s', c.relname, c.relkind, a.attname, a.atttypid) from pg_class c
        join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace
    union all select format('%s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace
    union all select format('%s %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal
    union all select format('%s %s', proname, prosrc) from pg_proc where pronamespace = 'public'::regnamespace
    union all select format('%s %s', c.relname, c.relacl) from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relacl is not null
    union all select array_to_string(setconfig, ' ') from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
    union all select datname || datconnlimit from pg_database where datname = current_database() and datconnlimit <> -1
    union all select version_num from alembic_version
)
select coalesce(md5(string_agg(part, '|' order by part)), '') from shape
"""
_TABLES: Final = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
    and relname <> 'alembic_version'
"""
_OTHERS: Final = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
_SEQUENCES: Final = "select setval(oid::regclass, 1, false) from pg_class where relkind = 'S'"


class Spares:
    """Migrated, empty databases, each used by one test at a time."""

    def __init__(self, server: Server, template: str) -> None:
        self._server = server
        self._template = template
        self._kept = contextlib.ExitStack()
        self._free: list[str] = []
        self._shape = ""

    @contextlib.contextmanager
    def one(self) -> Iterator[str]:
        """The name of an empty database; emptied when the block ends, or replaced when it cannot be."""
        name = self._free.pop() if self._free else self._made()
        yield name
        if self._emptied(name):
            self._free.append(name)

    def close(self) -> None:
        """Drop them all."""
        self._kept.close()

    def _made(self) -> str:
        name = self._kept.enter_context(database(self._server, self._template))
        if not self._shape:
            with self._into(name) as connection:
                self._shape = _shape(connection)
        return name

    def _emptied(self, name: str) -> bool:
        try:
            with self._into(name) as connection:
                connection.execute(_OTHERS)
                if _shape(connection) != self._shape:
                    return False
                _empty(connection)
        except psycopg.Error:  # dropped, closed to us, or no database of ours any more: not one to use again
            return False
        return True

    def _into(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._server.url, dbname=name, autocommit=True)


@contextlib.contextmanager
def database(server: Server, template: str) -> Iterator[str]:
    """The name of a fresh copy of the template, dropped when the block ends."""
    name = f"syncd_test_{uuid.uuid4().hex}"
    create = sql.SQL("create database {} template {}")
    drop = sql.SQL("drop database if exists {} with (force)")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


def _shape(connection: psycopg.Connection) -> str:
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return str(row[0])


def _empty(connection: psycopg.Connection) -> None:
    names = [name for (name,) in connection.execute(_TABLES)]
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")  # rows in any order
        for name in names:
            connection.execute(sql.SQL("delete from {}").format(sql.Identifier(name)))
        connection.execute(_SEQUENCES)
