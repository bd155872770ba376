"""The store: all that syncd remembers, in SQLite or PostgreSQL. The only importer of SQLAlchemy.

tables: the tables · migration: making them · database: transactions · codec, rows: values as rows · sql_store: the
verbs. Not here: what is remembered for what reason (syncd.ports.store).
"""

from syncd.store.leases import this_process
from syncd.store.migration import migrate
from syncd.store.sql_store import SqlStore, empty_store, open_store

__all__ = ["SqlStore", "empty_store", "migrate", "open_store", "this_process"]
