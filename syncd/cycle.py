"""One site, all its connections, one pass: read → normalise → plan → (dry run stops) → apply → record.

The edge of a connection: what goes wrong here stops one connection, never the others. Not here: reading (observe),
deciding (plan), effects (apply), when it is due (engine).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.apply import Applying, Ledger, Report, Tenure, settle_open
from syncd.errors import AdapterError, AuthRevoked, Forbidden, SyncdError
from syncd.model import (
    Connection,
    LinkState,
    Pair,
    Plan,
    Policy,
    Reason,
    Recover,
    Ref,
    Rule,
    Side,
    Skip,
    Status,
    Workload,
)
from syncd.normalise import canonical, collection_of
from syncd.observe import AUDIT, Reading, Subject, look, observe
from syncd.plan import gate, plan
from syncd.ports import Account, CalendarAdapter, Changes, Lease, SiteAdapter
from syncd.run import Pass, Result
from syncd.standing import after_error, empty_sides, in_error, verify
from syncd.telemetry import log_stop, logger

ROUNDS = 4  # plans in one pass, when writes turned out stale or refused
DAY = timedelta(hours=24)
AccountOf = Callable[[Connection], Awaitable[Account]]


async def sync_site(
    work: Pass, site: SiteAdapter, connections: Sequence[Connection], account_of: AccountOf
) -> list[Result]:
    """One pass over the connections of one site. The site is read once; each connection then has its own cycle.

    Raises only what makes the store unusable. May be repeated at any time, after any interruption.
    """
    lease = await _take(work, f"site:{site.collection}")
    if lease is None and not work.dry:
        return [Result(one, skipped="another process works on this site") for one in connections]
    try:
        return await _with_site(_Site(work, site, list(connections), account_of, lease))
    finally:
        if lease is not None:
            await work.store.release(lease)


async def _take(work: Pass, name: str) -> Lease | None:
    return None if work.dry else await work.store.acquire(name, work.owner, work.lease_seconds)


@dataclass(slots=True)
class _Site:
    """What the cycles of one site share."""

    work: Pass
    site: SiteAdapter
    connections: list[Connection]
    account_of: AccountOf
    lease: Lease | None
    reading: Reading = field(default_factory=lambda: Reading(complete=False))
    doubts: dict[str, str] = field(default_factory=dict)  # connection → why its schedule is in doubt


async def _with_site(shared: _Site) -> list[Result]:
    idle = {one.id: why for one in shared.connections if (why := _not_now(shared.work, one)) is not None}
    active = [one for one in shared.connections if one.id not in idle]
    results = [Result(one, skipped=idle[one.id]) for one in shared.connections if one.id in idle]
    if not active:
        return results
    try:
        active = await _examine(shared, active)
        shared.reading = await _read_site(shared, active)
    except AdapterError as error:
        return results + [Result(one, error=error) for one in active]
    return results + [await _one(shared, one) for one in active]


def _not_now(work: Pass, connection: Connection) -> str | None:
    """Why a connection has no turn at all, if so."""
    if connection.paused:
        return "paused"
    if connection.status is Status.DISCONNECTED and not connection.disconnecting:
        return "disconnected"
    if not connection.confirmed and not work.unconfirmed and not connection.disconnecting:
        return "not confirmed yet: run connect again, or confirm its first plan"
    return None


# --- the site --------------------------------------------------------------------------------------------------------


async def _examine(shared: _Site, active: list[Connection]) -> list[Connection]:
    """Whether each schedule is still there and its owner's (R20), and synced by nobody else (R19)."""
    schedules = {schedule.id: schedule for schedule in await shared.site.schedules()}
    foreign = await _synced_elsewhere(shared)
    found = []
    for one in active:
        now, doubt = verify(one, schedules.get(one.schedule.id), synced_elsewhere=one.schedule.id in foreign)
        if doubt is not None:
            shared.doubts[one.id] = doubt
        if now != one:
            await shared.work.store.commit(Changes(connections=[now]), shared.lease)
            log_stop(shared.work.run, one, now)
        found.append(now)
    return found


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
    covering = shared.site.covering([one.schedule for one in active])
    name = f"site:{shared.site.collection}"
    subject = Subject(covering, shared.connections, name, again=sorted(again), readers=active)
    return await observe(work, subject, shared.lease)


# --- one connection --------------------------------------------------------------------------------------------------


async def _one(shared: _Site, connection: Connection) -> Result:
    """One cycle, and its end in the status of the connection."""
    work = shared.work
    lease = await _take(work, f"connection:{connection.id}")
    if lease is None and not work.dry:
        return Result(connection, skipped="another process works on this connection")
    try:
        result = await _cycle(shared, connection, lease)
    except AdapterError as error:
        after = after_error(await _now(work, connection), error)
        await work.store.commit(Changes(connections=[after]), lease)
        result = Result(after, error=error)
    except SyncdError as error:
        result = Result(connection, error=error)
    finally:
        if lease is not None:
            await work.store.release(lease)
    if not work.dry:
        _say(work, connection, result)
    return result


def _say(work: Pass, before: Connection, result: Result) -> None:
    """One line for the pass; one at `error` when the connection went wrong just now, with its reason."""
    after = result.connection
    keys = {"connection": after.id, "run": work.run, "status": after.status.value}
    if result.error is not None:
        logger().warning("pass stopped", error=type(result.error).__name__, **keys)
    else:
        logger().info("pass", written=result.written, failed=result.failed, held=result.held, **keys)
    log_stop(work.run, before, after)


async def _now(work: Pass, connection: Connection) -> Connection:
    return await work.store.connection(connection.id) or connection


async def _cycle(shared: _Site, connection: Connection, lease: Lease | None) -> Result:
    work = shared.work
    stopped = gate(Workload(connection, ()))
    if stopped is not None:
        return Result(connection, Plan(connection.id, (stopped,)), skipped=stopped.reason)
    account = await shared.account_of(connection)
    cycle = _Cycle(shared, connection, account, lease)
    try:
        await cycle.read()
        return await cycle.go() if not work.dry else await cycle.dry()
    finally:
        await account.aclose()


@dataclass(slots=True)
class _Cycle:
    shared: _Site
    connection: Connection
    account: Account
    lease: Lease | None
    calendars: dict[str, CalendarAdapter] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    identity: str = ""
    open_rows: tuple[str, ...] = ()

    @property
    def work(self) -> Pass:
        return self.shared.work

    @property
    def policy(self) -> Policy:
        rules = self.work.rules
        site, outside = self.shared.site.capabilities, self.account.capabilities
        return Policy(
            window=rules.window(self.work.clock.now()),
            bridge=rules.bridge,
            on_clash=rules.on_clash,
            write_back=rules.write_back,
            description=rules.description,
            import_details=rules.import_details,
            delete_limit=rules.delete_limit,
            delete_share=rules.delete_share,
            delete_hard_limit=rules.delete_hard_limit,
            create_limit=rules.create_limit,
            mails_guests=outside.mails_guests,
            limits=Pair(site.limits, outside.limits),
        )

    # --- read ------------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Open the calendars, settle what a crash left open, read each calendar."""
        connection = self.connection
        self.identity = await self.account.identity()
        if self.identity != connection.identity:
            raise AuthRevoked(
                "the credentials open another account than the one that was connected",
                side=Side.EXTERNAL,
                hint="connect again with the account that was connected first",
            )
        site = self.shared.site.on(connection.schedule, connection.provider)
        self.calendars[site.collection] = site
        for name in self._calendars():
            collection = collection_of(connection, name)
            zone = connection.schedule.time_zone
            self.calendars[collection] = self.account.open(name, zone=zone, collection=collection)
        await self._settle_open()
        again = [ref for side, ref in await self.work.store.unsettled(connection.id) if side is Side.EXTERNAL]
        for collection, calendar in self.calendars.items():
            if collection != site.collection:
                mine = tuple(ref for ref in again if ref.collection == collection)
                self.readings.append(await self._read_calendar(calendar, mine))
        await self._read_originals()

    def _calendars(self) -> list[str]:
        connection = self.connection
        chosen = list(connection.config.calendars or ()) if connection.config.imports else []
        if connection.calendar is not None:
            chosen.append(connection.calendar)
        return list(dict.fromkeys([*chosen, *connection.retired]))

    async def _read_calendar(self, calendar: CalendarAdapter, again: tuple[Ref, ...]) -> Reading:
        work = self.work
        last = await work.store.last_full(Side.EXTERNAL, calendar.collection)
        audit = last is None or work.clock.now() - last >= AUDIT
        subject = Subject(calendar, [self.connection], self.connection.id, self.identity, again, audit)
        return await observe(work, subject, self.lease)

    async def _settle_open(self) -> None:
        work = self.work
        rows = await work.store.open_writes(self.connection.id)
        if rows:
            load = await self._load()
            ledger = Ledger(load, Plan(self.connection.id, ()), self.policy, work.run, self.shared.connections)
            left = await settle_open(work, ledger, self.calendars, await self._tenure() if self.lease else None)
            self.open_rows = tuple(row.id for row in left)

    async def _read_originals(self) -> None:
        """Sessions named by the marks of unlinked copies are read by id, when they are not stored (R25)."""
        load = await self._load()
        collection = self.shared.site.collection
        wanted = {
            Ref(collection, mark.original)
            for item in (*load.items, *load.neighbours)
            if item.link is None
            and item.claim is None
            and item.external is not None
            and item.wix is None
            and (mark := item.external.traits.mark) is not None
            and mark.original is not None
            and mark.bridge == self.work.rules.bridge
        }
        if wanted:
            found = await self.shared.site.get(sorted(wanted))
            await self.work.store.commit(Changes(observations=[canonical(seen) for seen in found.values()]), self.lease)

    # --- plan ------------------------------------------------------------------------------------------------------

    async def _load(self) -> Workload:
        now = self.work.clock.now()
        load = await self.work.store.workload(self.connection.id, now, self.work.rules.window(now))
        return replace(load, connection=self.connection)

    async def _plan(self) -> tuple[Workload, Plan]:
        load = await self._load()
        now = self.work.clock.now()
        last = self.connection.last_success_at
        careful = self.connection.careful or (last is not None and now - last > DAY)
        complete = frozenset({Side.WIX} if self.shared.reading.complete else ())
        doubts = [self.shared.doubts.get(self.connection.id), self.shared.reading.doubtful]
        doubts += [reading.doubtful for reading in self.readings]
        load = replace(
            load,
            careful=careful,
            complete=complete,
            empty=empty_sides(load),
            doubtful=next((doubt for doubt in doubts if doubt), None),
        )
        return load, plan(load, self.policy, now)

    async def dry(self) -> Result:
        """Stop after the plan."""
        _, made = await self._plan()
        waiting = tuple(Recover("journal", row) for row in self.open_rows)
        made = Plan(made.connection, (*waiting, *made.actions))
        return Result(self.connection, made, held=len(made.holds()))

    # --- apply -----------------------------------------------------------------------------------------------------

    async def _tenure(self) -> Tenure:
        leases = [lease for lease in (self.lease, self.shared.lease) if lease is not None]
        return Tenure(self.work, leases, asyncio.get_running_loop().time())

    async def go(self) -> Result:
        """Plan and apply, again where writes turned out stale or refused; then say how the connection is."""
        tenure = await self._tenure()
        first: Plan | None = None
        written = failed = 0
        report = Report()
        for _ in range(ROUNDS):
            load, made = await self._plan()
            first = first or made
            siblings = [one for one in self.shared.connections if one.id != self.connection.id]
            applying = Applying(self.work, load, self.policy, self.account, self.calendars, tenure, siblings)
            report = await applying.apply(made)
            self.connection = await _now(self.work, self.connection)
            written, failed = written + report.done, failed + report.failed
            if not report.again:
                break
            await self._look_at(report.stale)
        return await self._end(first or Plan(self.connection.id, ()), written, failed)

    async def _look_at(self, stale: set[tuple[Side, Ref]]) -> None:
        for collection, calendar in self.calendars.items():
            refs = tuple(sorted(ref for _, ref in stale if ref.collection == collection))
            if refs:
                group = self.shared.connections if calendar.side is Side.WIX else [self.connection]
                subject = Subject(calendar, group, self.connection.id, again=refs, counts=False)
                await look(self.work, subject, self.lease)

    async def _end(self, made: Plan, written: int, failed: int) -> Result:
        now, self.connection = self.work.clock.now(), await _now(self.work, self.connection)
        held = len({row.group for row in await self.work.store.holds(self.connection.id)})
        quarantined = sum(isinstance(action, Skip) and action.why is Rule.R27 for action in made.actions)
        bad, all_of = failed + quarantined, written + failed + quarantined
        after = replace(
            self.connection,
            status=Status.SYNCED,
            reason=None,
            detail=None,
            first_passed=True,
            careful=False,
            last_success_at=now,
        )
        if all_of >= 5 and bad > all_of / 2:
            after = in_error(after, Reason.MANY_ITEMS_FAILED, f"{bad} of {all_of} actions failed")
        after = await self._after_removal(after)
        await self.work.store.commit(Changes(connections=[after]), self.lease)
        return Result(after, made, written, bad, held)

    async def _after_removal(self, after: Connection) -> Connection:
        """The end of a disconnect (R23), and of calendars used before (R30)."""
        if not self.connection.disconnecting and not self.connection.retired:
            return after
        links = [link for link in await self.work.store.links(after.id) if link.state is LinkState.LIVE]
        if self.connection.disconnecting:
            return replace(after, status=Status.DISCONNECTED, disconnecting=bool(links), confirmed=bool(links))
        used = {ref.collection for link in links if (ref := link.refs.external) is not None}
        used |= {link.former.ref.collection for link in links if link.former is not None}
        kept = tuple(calendar for calendar in after.retired if collection_of(after, calendar) in used)
        return replace(after, retired=kept)
