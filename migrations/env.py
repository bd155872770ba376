"""Runs the migrations: on the connection that `syncd migrate` gives, or, from Alembic's command line, on `-x url=…`.

Not here: which database the service uses (config), and the tables (syncd.store.tables).
"""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from syncd.store.tables import metadata


def upgrade(connection: Connection) -> None:
    """Bring the database behind this connection to the newest revision; the caller commits."""
    batch = connection.dialect.name == "sqlite"  # it cannot alter a column in place
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=batch)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_upgrade(url: str) -> None:
    """`url` names its asynchronous driver, as in `sqlite+aiosqlite:///syncd.db`."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    upgrade(given)
else:
    asyncio.run(connect_and_upgrade(context.get_x_argument(as_dictionary=True)["url"]))
