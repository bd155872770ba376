"""Consents that are under way: what has to be kept until a person comes back, once and not for long.

Not here: what is kept (sealed by the caller), and consents that were given (credentials).
"""

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.store.tables import consent

_LATE: Final = delete(consent).where(consent.c.until <= bindparam("now", type_=consent.c.until.type))
_TAKEN: Final = delete(consent).where(consent.c.state == bindparam("digest")).returning(consent.c.sealed)


async def put(connection: AsyncConnection, state: str, sealed: bytes, until: datetime) -> None:
    await connection.execute(insert(consent), {"state": _digest(state), "sealed": sealed, "until": until})


async def take(connection: AsyncConnection, state: str, now: datetime) -> bytes | None:
    """What was kept under the state, for the first who asks in time; what nobody came back for goes too."""
    await connection.execute(_LATE, {"now": now})
    return (await connection.execute(_TAKEN, {"digest": _digest(state)})).scalar_one_or_none()


def _digest(state: str) -> str:
    """Looking it up by a digest takes the same time for any state that is not there."""
    return hashlib.sha256(state.encode()).hexdigest()
