"""One connection, one pass: read → normalise → plan → (dry run stops) → apply → record.

Not here: the site it shares and the edge at which errors stop (site), reading (observe), deciding (plan), effects
(apply), when it is due (engine).
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.apply import Applying, Ledger, Place, Report, Tenure, settle_open
from syncd.errors import AdapterError, AuthRevoked, CalendarGone, Forbidden, Stopped
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
from syncd.normalise import canonical, collection_of, covers
from syncd.observe import AUDIT, Reading, Subject, look, observe
from syncd.plan import plan
from syncd.ports import Account, CalendarAdapter, Changes, Lease, SiteAdapter, Touch
from syncd.run import Pass, Result
from syncd.standing import counts, empty_sides, in_error
from syncd.telemetry import logger

ROUNDS = 4  # plans in one pass, when writes turned out stale or refused
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a connection shares with its site while it has its turn.

    `siblings`: every connection of the site that has not ended. `reading`: how the site was read. `doubt`: why its
    schedule seems lost.
    """

    work: Pass
    site: SiteAdapter
    siblings: tuple[Connection, ...]
    reading: Reading
    doubt: str | None
    lease: Lease | None
    site_lease: Lease | None


async def present(work: Pass, connection: Connection) -> Connection:
    """The connection as it is stored now."""
    return await work.store.connection(connection.id) or connection


def cut_short(connection: Connection, made: Plan | None = None, written: int = 0, failed: int = 0) -> Result:
    """What became of a connection whose turn was over before its end, since the process was asked to end."""
    why = f"stopped after {written} writes" if written else "stopped before its first write"
    return Result(connection, made, written, failed, skipped=f"{why}: the next pass goes on")


@dataclass(slots=True)
class Cycle:
    """One connection on its turn."""

    turn: Turn
    connection: Connection
    account: Account
    calendars: dict[str, CalendarAdapter] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    identity: str = ""
    unreachable: str | None = None  # why the account cannot be reached, while the connection is being ended
    open_rows: tuple[str, ...] = ()
    loaded: Workload | None = None  # read already, and nothing has changed since

    @property
    def work(self) -> Pass:
        return self.turn.work

    @property
    def policy(self) -> Policy:
        rules = self.work.rules
        site, outside = self.turn.site.capabilities, self.account.capabilities
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
            late_writes=outside.late_writes,
            limits=Pair(site.limits, outside.limits),
        )

    # --- read ------------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Open the calendars, settle what a crash left open, read each calendar.

        A connection that is being ended goes on without what it can no longer reach (R23).
        """
        connection = self.connection
        site = self.turn.site.on(connection.schedule, connection.provider)
        self.calendars[site.collection] = site
        try:
            await self._open_account()
        except (AuthRevoked, CalendarGone) as error:
            self._let_go(error)
        await self._settle_open()
        if connection.read_with not in (None, self.work.rules.reading):
            await self._pend_all()
        again = [ref for side, ref in await self.work.store.unsettled(connection.id) if side is Side.EXTERNAL]
        for collection, calendar in list(self.calendars.items()):
            if collection != site.collection:
                await self._read_one(calendar, tuple(ref for ref in again if ref.collection == collection))
        await self._read_originals()

    async def _open_account(self) -> None:
        connection = self.connection
        self.identity = await self.account.identity()
        if self.identity != connection.identity:
            raise AuthRevoked(
                "the credentials open another account than the one that was connected",
                side=Side.EXTERNAL,
                hint="connect again with the account that was connected first",
            )
        for name in self._calendars():
            collection = collection_of(connection, name)
            zone = connection.schedule.time_zone
            self.calendars[collection] = self.account.open(name, zone=zone, collection=collection)

    async def _read_one(self, calendar: CalendarAdapter, again: tuple[Ref, ...]) -> None:
        """Read one calendar. One that was used before, or is being left, may be gone: then so is what lay in it."""
        former = {collection_of(self.connection, name) for name in self.connection.retired}
        try:
            self.readings.append(await self._read_calendar(calendar, again))
        except CalendarGone:
            if not self.connection.disconnecting and calendar.collection not in former - self._in_use():
                raise
            self.calendars.pop(calendar.collection, None)
        except AuthRevoked as error:
            self._let_go(error)

    def _let_go(self, error: AdapterError) -> None:
        """A connection that is being ended leaves what it may no longer reach or write; any other stops (R23)."""
        believed = counts(self.connection, error, self.work.clock.now())
        if not self.connection.disconnecting or error.side == Side.WIX or not believed:
            raise error
        self.unreachable = str(error)
        for collection in [name for name in self.calendars if name != self.turn.site.collection]:
            del self.calendars[collection]

    def _in_use(self) -> set[str]:
        """The collections that are imported from or exported to."""
        connection = self.connection
        names = {*(connection.config.calendars or ()), connection.calendar}
        return {collection_of(connection, name) for name in names if name is not None}

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
        anew = self.connection.read_with not in (None, work.rules.reading)
        return await observe(work, replace(subject, anew=anew), self.turn.lease)

    async def _pend_all(self) -> None:
        """What is shown or imported of each item follows the policy; another policy concerns every link."""
        now, store = self.work.clock.now(), self.work.store
        links = [link for link in await store.links(self.connection.id) if link.state is LinkState.LIVE]
        places = [(side, link.refs[side]) for link in links for side in Side]
        touched = [Touch(self.connection.id, side, ref, now) for side, ref in places if ref is not None]
        await store.commit(Changes(touched=touched), self.turn.lease)

    async def _settle_open(self) -> None:
        work = self.work
        rows = await work.store.open_writes(self.connection.id)
        if rows:
            load = await self._load()
            ledger = Ledger(load, Plan(self.connection.id, ()), self.policy, work.run, self.turn.siblings)
            left = await settle_open(work, ledger, self.calendars, await self._tenure() if self.turn.lease else None)
            self.open_rows = tuple(row.id for row in left)

    async def _read_originals(self) -> None:
        """Sessions named by the marks of unlinked copies are read by id, when they are not stored (R25)."""
        load = await self._load()
        collection = self.turn.site.collection
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
        self.loaded = None if wanted else load
        if wanted:
            found = await self.turn.site.get(sorted(wanted))
            now = self.work.clock.now()
            touched = [
                Touch(one.id, Side.WIX, ref, now)
                for ref, seen in found.items()
                for one in self.turn.siblings
                if one.id != self.connection.id and covers(one, seen)
            ]
            await self.work.store.commit(
                Changes(observations=[canonical(seen) for seen in found.values()], touched=touched), self.turn.lease
            )

    # --- plan ------------------------------------------------------------------------------------------------------

    async def _load(self) -> Workload:
        now = self.work.clock.now()
        load = await self.work.store.workload(self.connection.id, now, self.work.rules.window(now))
        return replace(load, connection=self.connection)

    async def _plan(self) -> tuple[Workload, Plan]:
        load, self.loaded = self.loaded or await self._load(), None
        now = self.work.clock.now()
        last = self.connection.last_success_at
        careful = self.connection.careful or (last is not None and now - last > DAY)
        complete = frozenset({Side.WIX} if self.turn.reading.complete else ())
        doubts = [self.turn.doubt, self.turn.reading.doubtful]
        doubts += [reading.doubtful for reading in self.readings]
        load = replace(
            load,
            careful=careful,
            complete=complete,
            empty=empty_sides(load),
            doubtful=next((doubt for doubt in doubts if doubt), None),
        )
        made = plan(load, self.policy, now)
        waiting = tuple(Recover("journal", row) for row in self.open_rows)
        return load, Plan(made.connection, (*waiting, *made.actions))

    async def dry(self) -> Result:
        """Stop after the plan."""
        _, made = await self._plan()
        return Result(self.connection, made, held=len(made.holds()))

    # --- apply -----------------------------------------------------------------------------------------------------

    async def _tenure(self) -> Tenure:
        began = asyncio.get_running_loop().time()
        held = [lease for lease in (self.turn.lease, self.turn.site_lease) if lease is not None]
        return Tenure(self.work, [await self.work.store.renew(lease) for lease in held], began)

    async def go(self) -> Result:
        """Plan and apply, again where writes turned out stale or refused; then say how the connection is."""
        tenure: Tenure | None = None
        first: Plan | None = None
        written = failed = 0
        report = Report()
        for _ in range(ROUNDS):
            self.work.drain.check()
            load, made = await self._plan()
            first = first or made
            if not made.actions:
                break
            tenure = tenure or await self._tenure()
            siblings = [one for one in self.turn.siblings if one.id != self.connection.id]
            place = Place(self.account, self.calendars, siblings, self.unreachable)
            applying = Applying(self.work, load, self.policy, place, tenure)
            try:
                report = await applying.apply(made)
            except (AuthRevoked, Forbidden) as error:
                self._let_go(error)
                continue
            except Stopped:
                written, failed = written + applying.report.done, failed + applying.report.failed
                return cut_short(await present(self.work, self.connection), first, written, failed)
            self.connection = await present(self.work, self.connection)
            written, failed = written + report.done, failed + report.failed
            if not report.again:
                break
            await self.work.drain.reading(self._look_at(report.stale))
        return await self._end(first or Plan(self.connection.id, ()), written, failed)

    async def _look_at(self, stale: set[tuple[Side, Ref]]) -> None:
        for collection, calendar in self.calendars.items():
            refs = tuple(sorted(ref for _, ref in stale if ref.collection == collection))
            if refs:
                group = self.turn.siblings if calendar.side is Side.WIX else [self.connection]
                subject = Subject(calendar, group, self.connection.id, again=refs, counts=False)
                await look(self.work, subject, self.turn.lease)

    async def _end(self, made: Plan, written: int, failed: int) -> Result:
        now, self.connection = self.work.clock.now(), await present(self.work, self.connection)
        held = len({row.group for row in await self.work.store.holds(self.connection.id)})
        whole = all(reading.complete for reading in self.readings)
        quarantined = sum(isinstance(action, Skip) and action.why is Rule.R27 for action in made.actions)
        bad, all_of = failed + quarantined, written + failed + quarantined
        after = replace(
            self.connection,
            status=Status.SYNCED,
            reason=None,
            detail=self.turn.doubt,
            refused_at=None,
            first_passed=True,
            careful=False,
            last_success_at=now,
            read_with=self.work.rules.reading if whole else self.connection.read_with,
        )
        if all_of >= 5 and bad > all_of / 2:
            after = in_error(after, Reason.MANY_ITEMS_FAILED, f"{bad} of {all_of} actions failed: see `syncd history`")
        after = await self._after_removal(after)
        if after.has_ended:
            await self._give_up()
        await self.work.store.commit(Changes(connections=[after]), self.turn.lease)
        return Result(after, made, written, bad, held)

    async def _give_up(self) -> None:
        """Give the account's access back, unless another connection lives on it (R23).

        Before the end is recorded: without access the next pass ends the connection all the same.
        """
        one = self.connection
        others = [other for other in await self.work.store.connections() if other.id != one.id and not other.has_ended]
        if any((other.provider, other.identity) == (one.provider, one.identity) for other in others):
            return
        try:
            await self.account.give_up()
        except AdapterError as error:
            reason = {"error": type(error).__name__, "reason": str(error), "next": error.hint or None}
            logger().warning("access not given back", connection=one.id, run=self.work.run, **reason)

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
