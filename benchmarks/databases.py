"""Databases for the rows that name one: empty ones on a PostgreSQL server of their own, dropped with it."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests import postgres


@dataclass(slots=True)
class Databases:
    """A server, started when it is asked for the first time."""

    stack: contextlib.ExitStack
    server: postgres.Server | None = None

    def new(self, template: str = "template0") -> str:
        """The URL of a new database: empty, or a copy of one that nobody is connected to."""
        if self.server is None:
            self.server = self.stack.enter_context(postgres.running())
        name = f"syncd_bench_{uuid.uuid4().hex}"
        create = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(create)
        return self.server.url_of(name)

    def copy(self, url: str) -> str:
        return self.new(url.rsplit("/", 1)[1])


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    with contextlib.ExitStack() as stack:
        yield Databases(stack)
