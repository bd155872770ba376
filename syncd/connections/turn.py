"""A change to a connection while nobody else works on it: a pass writes its row whole, and so does a person's wish.

Not here: the changes (the package).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from syncd.connections.values import Desk
from syncd.errors import Transient
from syncd.model import Connection
from syncd.ports import Changes, Lease

_SECONDS: Final = 60.0  # what a change may take; most of it are requests to the account
_TRIES: Final = 40
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Turn:
    """The connection as it is now, and the right to change it."""

    desk: Desk
    connection: Connection
    lease: Lease

    async def put(self, connection: Connection) -> Connection:
        """Store it. Raises LeaseLost when the change took too long."""
        await self.desk.store.commit(Changes(connections=[connection]), self.lease)
        return connection


@asynccontextmanager
async def turn(desk: Desk, connection: Connection) -> AsyncIterator[Turn]:
    """Waits until no pass works on the connection. Raises Transient when that takes too long."""
    lease = await _lease(desk, connection)
    try:
        fresh = await desk.store.connection(connection.id)
        yield Turn(desk, fresh or connection, lease)
    finally:
        await desk.store.release(lease)


async def _lease(desk: Desk, connection: Connection) -> Lease:
    for _ in range(_TRIES):
        lease = await desk.store.acquire(f"connection:{connection.id}", desk.owner, _SECONDS)
        if lease is not None:
            return lease
        await desk.wait(_PAUSE)
    raise Transient(
        f"another process works on connection {connection.id}", hint="wait until its pass is over, then try again"
    )
