"""Where the grants of accounts lie: with the credentials of a connection, or in hand until there is one.

A renewed grant is written apart from any pass, through a store of its own: a dry run, whose store is a copy or opened
for reading, may write nothing else (DESIGN 4). Not here: renewing (adapters.oauth), sealing (syncd.secrets).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from syncd.errors import AuthRevoked, Transient
from syncd.model import Connection, Side
from syncd.ports import Grant
from syncd.secrets import Keys

if TYPE_CHECKING:
    from syncd.cli.compose import House

_TRIES: Final = 60
_PAUSE: Final = 0.5  # seconds; a renewal is one request


class InHand:
    """A grant that is in hand only: its connection is not stored yet."""

    def __init__(self, grant: Grant | None) -> None:
        self._grant = grant

    async def load(self) -> Grant:
        if self._grant is None:
            raise AuthRevoked("no grant is stored for this account", side=Side.EXTERNAL, hint="connect it once more")
        return self._grant

    async def save(self, grant: Grant, instead_of: Grant) -> None:
        if self._grant == instead_of:
            self._grant = grant

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        yield


class Stored:
    """The grant of a stored connection. `first`: the grant as the pass has read it."""

    def __init__(self, house: "House", keys: Keys, connection: Connection, first: Grant) -> None:
        self._house = house
        self._keys = keys
        self._connection = connection
        self._first: Grant | None = first

    async def load(self) -> Grant:
        """Nobody renews within the first moments of a pass without a turn, so that one reads it at first."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        async with self._house.store(read_only=True) as store:
            _, credentials = await self._house.credentials_of(store, self._keys, self._connection)
        return await InHand(credentials.grant).load()

    async def save(self, grant: Grant, instead_of: Grant) -> None:
        from syncd.cli.compose import seal

        async with self._house.store() as store:
            sealed, credentials = await self._house.credentials_of(store, self._keys, self._connection)
            if credentials.grant == instead_of:
                renewed = seal(self._keys, msgspec.structs.replace(credentials, grant=grant))
                await store.put_credentials(self._connection.id, renewed, instead_of=sealed)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        from syncd.store import this_process

        name, seconds = f"account:{self._connection.id}", self._house.settings.service.lease_seconds
        async with self._house.store() as store:
            for _ in range(_TRIES):
                lease = await store.acquire(name, this_process(), seconds)
                if lease is not None:
                    break
                await asyncio.sleep(_PAUSE)
            else:
                raise Transient(
                    "another process has renewed the access to this account for a long time",
                    side=Side.EXTERNAL,
                    hint="the next pass tries again",
                )
            try:
                yield
            finally:
                await store.release(lease)
