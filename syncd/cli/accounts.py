"""The accounts that a pass opens, and what they found out of themselves, kept with the credentials that opened them.

So an account is discovered once and not with every pass; whoever connects it anew brings new credentials, with which
nothing is known. Not here: how accounts are opened (compose).
"""

from dataclasses import dataclass, field

import msgspec

from syncd.cli.compose import Credentials, House, seal
from syncd.errors import AuthRevoked
from syncd.model import Connection
from syncd.ports import Account, StateStore
from syncd.secrets import Keys


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: Connection
    credentials: Credentials
    account: Account


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one pass over one site."""

    house: House
    store: StateStore
    keys: Keys
    _opened: list[_Opened] = field(default_factory=list)

    async def of(self, connection: Connection) -> Account:
        """The account of a connection; whoever asks closes it. Raises as `House.credentials_of`."""
        _, credentials = await self.house.credentials_of(self.store, self.keys, connection)
        shelf = self.house.shelf_of(connection, self.keys, credentials)
        account = self.house.account(connection.provider, credentials, shelf)
        self._opened.append(_Opened(connection, credentials, account))
        return account

    async def keep(self) -> None:
        """Store what is news, unless the credentials were replaced meanwhile; a renewed grant replaces none."""
        for one in self._opened:
            if one.account.found == one.credentials.found:
                continue
            try:
                sealed, stored = await self.house.credentials_of(self.store, self.keys, one.connection)
            except AuthRevoked:  # removed meanwhile
                continue
            if _same(stored, one.credentials):
                known = msgspec.structs.replace(stored, found=one.account.found)
                await self.store.put_credentials(one.connection.id, seal(self.keys, known), instead_of=sealed)


def _same(one: Credentials, other: Credentials) -> bool:
    """Whether two credentials are of one act of connecting."""
    moments = [None if each.grant is None else each.grant.granted_at for each in (one, other)]
    bare = [msgspec.structs.replace(each, grant=None) for each in (one, other)]
    return moments[0] == moments[1] and bare[0] == bare[1]
