"""Leases on the database's clock, and which process a holder is.

The fence protects our rows: a commit under a lease that another process took since is refused.
Not here: when a lease is taken and renewed (cycle), the other rows of a commit (commit).
"""

import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, RowMapping, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.errors import LeaseLost
from syncd.ports import Lease, Owner
from syncd.store.tables import lease as leases

_PROC: Final = Path("/proc")
_DEAD: Final = frozenset("ZX")


def this_process() -> Owner:
    """The owner that names this process. Its host is the machine as far as it can see other processes."""
    return Owner(_host(), os.getpid(), started(os.getpid()) or "")


def _host() -> str:
    # Containers may share a name but not their processes: there a holder must be taken for alive until it expires.
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def started(process: int) -> str | None:
    """When a process of this host was started: boot and ticks since; empty where unknown; None when it is not alive."""
    try:
        stat = (_PROC / str(process) / "stat").read_text(errors="replace")
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return _started_without_proc(process)
    # The name of the program, the second field, is in parentheses and may hold anything.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _DEAD else f"{boot} {fields[19]}"


def _started_without_proc(process: int) -> str | None:
    if (_PROC / "self").exists():
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return ""


def is_dead(holder: Owner, seen_from: Owner) -> bool:
    """Whether the holder ran where the other runs, and does so no more."""
    return holder.host == seen_from.host and started(holder.process) != holder.started


async def acquire(connection: AsyncConnection, name: str, owner: Owner, seconds: float) -> Lease | None:
    row = await _locked(connection, name)
    if row is None:
        return await _first(connection, name, owner, seconds)
    holder = Owner(row["host"], row["process"], row["started"])
    if row["until"] > row["now"] and not is_dead(holder, owner):
        return None
    fence = row["fence"] + 1
    values = {**_owner_row(owner), "fence": fence, "until": _now(connection) + seconds}
    statement = update(leases).where(leases.c.name == name).values(values).returning(leases.c.until)
    until = (await connection.execute(statement)).scalar_one()
    return Lease(name, owner, fence, _instant(until), seconds)


async def _first(connection: AsyncConnection, name: str, owner: Owner, seconds: float) -> Lease | None:
    """The first lease of this name ever, unless another process is making it at this moment."""
    make = sqlite.insert(leases) if connection.dialect.name == "sqlite" else postgresql.insert(leases)
    values = {"name": name, **_owner_row(owner), "fence": 1, "until": _now(connection) + seconds}
    statement = make.values(values).on_conflict_do_nothing().returning(leases.c.until)
    until = (await connection.execute(statement)).scalar_one_or_none()
    return None if until is None else Lease(name, owner, 1, _instant(until), seconds)


async def renew(connection: AsyncConnection, lease: Lease) -> Lease:
    statement = (
        update(leases).where(*_held(lease)).values(until=_now(connection) + lease.seconds).returning(leases.c.until)
    )
    until = (await connection.execute(statement)).scalar_one_or_none()
    if until is None:
        raise _lost(lease)
    return Lease(lease.name, lease.owner, lease.fence, _instant(until), lease.seconds)


async def release(connection: AsyncConnection, lease: Lease) -> None:
    await connection.execute(update(leases).where(*_held(lease)).values(until=0.0))


async def check(connection: AsyncConnection, lease: Lease) -> None:
    """Raises LeaseLost unless nobody took the lease since; until the transaction ends nobody can."""
    statement = select(leases.c.fence).where(*_held(lease)).with_for_update(read=True)
    if (await connection.execute(statement)).first() is None:
        raise _lost(lease)


async def clock(connection: AsyncConnection) -> datetime:
    """The present, by the database."""
    return _instant((await connection.execute(select(_now(connection)))).scalar_one())


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"another process took over {lease.name}: nothing was recorded")


def _held(lease: Lease) -> Sequence[ColumnElement[bool]]:
    return leases.c.name == lease.name, leases.c.fence == lease.fence, leases.c.until > 0


async def _locked(connection: AsyncConnection, name: str) -> RowMapping | None:
    statement = select(leases, _now(connection).label("now")).where(leases.c.name == name).with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


def _owner_row(owner: Owner) -> dict[str, Any]:
    return {"host": owner.host, "process": owner.process, "started": owner.started}


def _now(connection: AsyncConnection) -> ColumnElement[float]:
    """The database's own clock, in seconds since 1970; it moves on within a transaction."""
    if connection.dialect.name == "sqlite":
        return (func.julianday("now", type_=Double) - literal(2440587.5)) * literal(86400.0)
    return func.date_part("epoch", func.clock_timestamp(), type_=Double)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
