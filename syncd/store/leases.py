"""Leases on the database's clock, and which process a holder is.

The fence protects our rows: a commit under a lease that another process took since is refused.
Not here: when a lease is taken and renewed (cycle), the other rows of a commit (commit).
"""

import os
import socket
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Double, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.functions import FunctionElement

from syncd.errors import LeaseLost
from syncd.ports import Lease, Owner
from syncd.store.tables import lease as leases

_PROC: Final = Path("/proc")
_DEAD: Final = frozenset("ZX")


class _Clock(FunctionElement[float]):
    """The database's own clock, in seconds since 1970; it moves on within a transaction."""

    type = Double()
    inherit_cache = True


@compiles(_Clock, "sqlite")
def _of_sqlite(_clock: _Clock, _compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(_Clock, "postgresql")
def _of_postgresql(_clock: _Clock, _compiler: Any, **_: Any) -> str:
    return "date_part('epoch', clock_timestamp())"


_NOW: Final = select(_Clock())
_UNTIL: Final = _Clock() + bindparam("seconds")
_NAMED: Final = leases.c.name == bindparam("at_name")
_HELD: Final = (_NAMED, leases.c.fence == bindparam("at_fence"), leases.c.until > 0)
_LOCKED: Final = select(leases, _Clock().label("now")).where(_NAMED).with_for_update()
_CHECKED: Final = select(leases.c.fence).where(*_HELD).with_for_update(read=True)
_TAKEN: Final = update(leases).where(_NAMED).values(until=_UNTIL).returning(leases.c.until)
_RENEWED: Final = update(leases).where(*_HELD).values(until=_UNTIL).returning(leases.c.until)
_RELEASED: Final = update(leases).where(*_HELD).values(until=0.0)


@cache
def _made(dialect: str) -> ReturningInsert[Any]:
    insert = sqlite.insert(leases) if dialect == "sqlite" else postgresql.insert(leases)
    return insert.values(until=_UNTIL).on_conflict_do_nothing().returning(leases.c.until)


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
    row = (await connection.execute(_LOCKED, {"at_name": name})).mappings().one_or_none()
    if row is None:
        return await _first(connection, name, owner, seconds)
    holder = Owner(row["host"], row["process"], row["started"])
    if row["until"] > row["now"] and not is_dead(holder, owner):
        return None
    fence = row["fence"] + 1
    values = {"at_name": name, **_owner_row(owner), "fence": fence, "seconds": seconds}
    until = (await connection.execute(_TAKEN, values)).scalar_one()
    return Lease(name, owner, fence, _instant(until), seconds)


async def _first(connection: AsyncConnection, name: str, owner: Owner, seconds: float) -> Lease | None:
    """The first lease of this name ever, unless another process is making it at this moment."""
    values = {"name": name, **_owner_row(owner), "fence": 1, "seconds": seconds}
    until = (await connection.execute(_made(connection.dialect.name), values)).scalar_one_or_none()
    return None if until is None else Lease(name, owner, 1, _instant(until), seconds)


async def renew(connection: AsyncConnection, lease: Lease) -> Lease:
    until = (await connection.execute(_RENEWED, {**_at(lease), "seconds": lease.seconds})).scalar_one_or_none()
    if until is None:
        raise _lost(lease)
    return Lease(lease.name, lease.owner, lease.fence, _instant(until), lease.seconds)


async def release(connection: AsyncConnection, lease: Lease) -> None:
    await connection.execute(_RELEASED, _at(lease))


async def check(connection: AsyncConnection, lease: Lease) -> None:
    """Raises LeaseLost unless nobody took the lease since; until the transaction ends nobody can."""
    if (await connection.execute(_CHECKED, _at(lease))).first() is None:
        raise _lost(lease)


async def clock(connection: AsyncConnection) -> datetime:
    """The present, by the database."""
    return _instant((await connection.execute(_NOW)).scalar_one())


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"another process took over {lease.name}: nothing was recorded")


def _at(lease: Lease) -> dict[str, Any]:
    return {"at_name": lease.name, "at_fence": lease.fence}


def _owner_row(owner: Owner) -> dict[str, Any]:
    return {"host": owner.host, "process": owner.process, "started": owner.started}


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
