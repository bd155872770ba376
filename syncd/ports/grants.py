"""What an account has allowed us, and where that is kept between two passes.

Not here: how a grant is asked for and renewed (adapters), how it is sealed and stored (the composition root).
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Grant:
    """Access to one account. `expires_at`: of the access token, aware. `granted_at`: when its owner consented.

    `identity`: what the provider calls the account for ever. `email` is for people, "" where it was not told.
    """

    access_token: str
    refresh_token: str
    expires_at: datetime
    scopes: tuple[str, ...]
    identity: str
    email: str
    granted_at: datetime

    def __repr__(self) -> str:
        return f"Grant(…, expires_at={self.expires_at.isoformat()})"


class Shelf(Protocol):
    """Where the grant of one account lies, for every process that uses it."""

    async def load(self) -> Grant:
        """The grant as it is stored now, by whatever process. Raises AuthRevoked when there is none."""
        ...

    async def save(self, grant: Grant, instead_of: Grant) -> None:
        """Store a renewed grant durably before this returns.

        Changes nothing when another one than `instead_of` is stored by now, such as that of a new consent.
        """
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """The account's lease: one process at a time renews. Raises Transient when it is not to be had."""
        ...
