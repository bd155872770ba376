"""The accounts that a pass opens, and what they found out of themselves, kept with the credentials that opened them.

So an account is discovered once and not with every pass; whoever connects it anew brings new credentials, with which
nothing is known. Not here: how accounts are opened (compose).
"""

from dataclasses import dataclass, field

import msgspec

from syncd.cli.compose import Credentials, House, seal
from syncd.model import Connection
from syncd.ports import Account, StateStore
from syncd.secrets import Keys


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: str
    sealed: bytes
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
        sealed, credentials = await self.house.credentials_of(self.store, self.keys, connection)
        account = self.house.account(connection.provider, credentials)
        self._opened.append(_Opened(connection.id, sealed, credentials, account))
        return account

    async def keep(self) -> None:
        """Store what is news, unless the credentials were replaced meanwhile."""
        for one in self._opened:
            if one.account.found != one.credentials.found:
                known = msgspec.structs.replace(one.credentials, found=one.account.found)
                await self.store.put_credentials(one.connection, seal(self.keys, known), instead_of=one.sealed)
