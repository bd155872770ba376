"""One site: its schedules and sessions are read once, then each of its connections has its turn.

The edge of a connection: what goes wrong there stops that connection, never the others. Not here: the cycle of one
connection (cycle), reading (observe), when a site is due (engine).
"""

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from syncd.cycle import DAY, Cycle, Turn, cut_short, present
from syncd.errors import AdapterError, Forbidden, Stopped, StoreError, SyncdError
from syncd.model import Connection, Plan, Reason, Schedule, Side, Status, Workload
from syncd.observe import Reading, Subject, observe
from syncd.plan import gate
from syncd.ports import Account, Changes, Lease, SiteAdapter
from syncd.run import Pass, Result
from syncd.standing import after_error, verify
from syncd.telemetry import log_stop, logger

AccountOf = Callable[[Connection], Awaitable[Account]]


async def sync_site(
    work: Pass, site: SiteAdapter, connections: Sequence[Connection], account_of: AccountOf
) -> list[Result]:
    """One pass over the connections of one site. The site is read once; each connection then has its own cycle.

    Raises only what makes the store unusable. May be repeated at any time, after any interruption.
    """
    if work.drain.is_asked:
        return [cut_short(one) for one in connections]
    lease = await _take(work, f"site:{site.collection}")
    if lease is None and not work.dry:
        return [Result(one, skipped="another process works on this site") for one in connections]
    try:
        return await _with_site(_Site(work, site, tuple(connections), account_of, lease))
    finally:
        await _give_back(work, lease)


async def _give_back(work: Pass, lease: Lease | None) -> None:
    """A store that cannot do even this has said so before; the lease then ends by itself, or with this process."""
    if lease is None:
        return
    try:
        await work.store.release(lease)
    except StoreError as error:
        logger().warning("lease not given back", run=work.run, error=type(error).__name__)


async def _take(work: Pass, name: str) -> Lease | None:
    return None if work.dry else await work.store.acquire(name, work.owner, work.lease_seconds)


@dataclass(slots=True)
class _Site:
    """What the connections of one site share."""

    work: Pass
    site: SiteAdapter
    connections: tuple[Connection, ...]
    account_of: AccountOf
    lease: Lease | None
    reading: Reading = field(default_factory=lambda: Reading(complete=False))
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    synced_elsewhere: frozenset[str] = frozenset()
    stopped: AdapterError | None = None  # what kept the site from being read


async def _with_site(shared: _Site) -> list[Result]:
    idle = {one.id: why for one in shared.connections if (why := _not_now(shared.work, one)) is not None}
    active = [one for one in shared.connections if one.id not in idle]
    results = [Result(one, skipped=idle[one.id]) for one in shared.connections if one.id in idle]
    if not active:
        return results
    try:
        await shared.work.drain.reading(_look(shared, active))
    except AdapterError as error:
        shared.stopped = error
    except Stopped:
        return results + [cut_short(one) for one in active]
    return results + [await _one(shared, one) for one in active]


async def _look(shared: _Site, active: Sequence[Connection]) -> None:
    """What the connections need to know of their site."""
    shared.schedules = {schedule.id: schedule for schedule in await _schedules(shared)}
    shared.synced_elsewhere = await _synced_elsewhere(shared)
    shared.reading = await _read_site(shared, active)


async def _schedules(shared: _Site) -> Sequence[Schedule]:
    """The schedules of the connections; once a day all of them, when what each is gets found out anew."""
    store, site, now = shared.work.store, shared.site, shared.work.clock.now()
    name = f"kinds:{site.collection}"
    last = await store.last_read(Side.WIX, name)
    if last is not None and now - last < DAY:
        return await site.schedules([one.schedule for one in shared.connections])
    found = await site.schedules()
    await store.commit(Changes(read=[(Side.WIX, name, now)]), shared.lease)
    return found


def _not_now(work: Pass, connection: Connection) -> str | None:
    """Why a connection has no turn at all, if so."""
    if connection.paused:
        return "paused"
    if connection.status is Status.DISCONNECTED and not connection.disconnecting:
        return "disconnected"
    if not connection.confirmed and not work.unconfirmed and not connection.disconnecting:
        return "not confirmed yet: run connect again, or confirm its first plan"
    return None


async def _synced_elsewhere(shared: _Site) -> frozenset[str]:
    """Schedules that the site's own calendar sync has; asked once a day."""
    store, site, now = shared.work.store, shared.site, shared.work.clock.now()
    name = f"foreign:{site.collection}"
    last = await store.last_read(Side.WIX, name)
    kept = frozenset(one.schedule.id for one in shared.connections if one.reason is Reason.SYNCED_BY_WIX)
    if last is not None and now - last < DAY and not kept:
        return kept
    try:
        rows = await site.foreign_connections()
    except Forbidden:
        return kept  # without the permission nothing is known; `check` says so
    await store.commit(Changes(read=[(Side.WIX, name, now)]), shared.lease)
    return frozenset(row.schedule for row in rows)


async def _read_site(shared: _Site, active: Sequence[Connection]) -> Reading:
    work = shared.work
    again = {ref for one in active for side, ref in await work.store.unsettled(one.id) if side is Side.WIX}
    schedules = [shared.schedules.get(one.schedule.id, one.schedule) for one in active]
    name = f"site:{shared.site.collection}"
    subject = Subject(shared.site.covering(schedules), shared.connections, name, again=sorted(again), readers=active)
    return await observe(work, subject, shared.lease)


# --- one connection --------------------------------------------------------------------------------------------------


async def _one(shared: _Site, listed: Connection) -> Result:
    """One connection's turn, under its lease, as it is stored now: a person may have changed it meanwhile."""
    work = shared.work
    if work.drain.is_asked:
        return cut_short(listed)
    try:
        lease = await _take(work, f"connection:{listed.id}")
    except StoreError as error:
        return _told(work, listed, Result(listed, error=error))
    if lease is None and not work.dry:
        return Result(listed, skipped="another process works on this connection")
    try:
        connection = await present(work, listed)
        why = _not_now(work, connection)
        if why is not None:
            return Result(connection, skipped=why)
        result = await _guarded(shared, connection, lease)
    except StoreError as error:
        connection, result = listed, Result(listed, error=error)
    finally:
        await _give_back(work, lease)
    return _told(work, connection, result)


async def _guarded(shared: _Site, connection: Connection, lease: Lease | None) -> Result:
    """The cycle, and its end in the status of the connection, whatever goes wrong."""
    work = shared.work
    try:
        try:
            return await _cycle(shared, connection, lease)
        except AdapterError as error:
            after = after_error(await present(work, connection), error, work.clock.now())
            await work.store.commit(Changes(connections=[after]), lease)
            return Result(after, error=error)
    except Stopped:
        return cut_short(await present(work, connection))
    except SyncdError as error:
        return Result(connection, error=error)
    except Exception as error:  # noqa: BLE001 - the edge of a connection: the others still have their turn
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        logger().error("pass failed", connection=connection.id, run=work.run, error=type(error).__name__, place=place)
        return Result(connection, error=SyncdError(f"unexpected {type(error).__name__} at {place}"))


def _told(work: Pass, before: Connection, result: Result) -> Result:
    """The result, logged: one line for the pass, one at `error` when the connection went wrong just now."""
    if work.dry:
        return result
    after = result.connection
    keys = {"connection": after.id, "run": work.run, "status": after.status.value}
    if isinstance(result.error, AdapterError):
        why = {"side": str(result.error.side), "reason": str(result.error), "next": result.error.hint or None}
        logger().warning("pass stopped", error=type(result.error).__name__, **why, **keys)
    elif result.error is not None:
        logger().warning("pass stopped", error=type(result.error).__name__, **keys)
    else:
        logger().info("pass", written=result.written, failed=result.failed, held=result.held, **keys)
    log_stop(work.run, before, after)
    return result


async def _cycle(shared: _Site, connection: Connection, lease: Lease | None) -> Result:
    """Whether the schedule is still there and its owner's (R20), synced by nobody else (R19); then the cycle."""
    work = shared.work
    if shared.stopped is not None:
        raise shared.stopped
    elsewhere = connection.schedule.id in shared.synced_elsewhere
    schedule = shared.schedules.get(connection.schedule.id)
    verified, doubt = verify(connection, schedule, synced_elsewhere=elsewhere)
    if verified != connection:
        await work.store.commit(Changes(connections=[verified]), lease)
    stopped = gate(Workload(verified, ()))
    if stopped is not None:
        return Result(verified, Plan(verified.id, (stopped,)), skipped=verified.detail or stopped.reason)
    account = await shared.account_of(verified)
    siblings = tuple(one for one in shared.connections if not one.has_ended)
    turn = Turn(work, shared.site, siblings, shared.reading, doubt, lease, shared.lease)
    cycle = Cycle(turn, verified, account)
    try:
        await work.drain.reading(cycle.read())
        return await cycle.go() if not work.dry else await cycle.dry()
    finally:
        await account.aclose()
