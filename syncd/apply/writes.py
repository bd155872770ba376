"""Carries out the writes of a plan: intent committed, then the call, then its outcome, each in its own transaction.

Not here: what an outcome means for links and bases (ledger), what a crash left open (recover). A kill between any two
lines costs a repeat, never a duplicate, never a loss: creates carry their key, updates and deletes their version.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncd.apply.bases import Answer, spent
from syncd.apply.failures import failed
from syncd.apply.ledger import Ledger
from syncd.apply.pace import Pace, flow
from syncd.apply.rows import join
from syncd.errors import AdapterError, Exists, Stale, Stopped, Throttled, Transient
from syncd.model import (
    Absence,
    Create,
    Delete,
    Event,
    Gone,
    MakeCalendar,
    Observation,
    Ref,
    Side,
    Update,
    Write,
)
from syncd.normalise import canonical, fit
from syncd.ports import (
    CalendarAdapter,
    Changes,
    Draft,
    Edit,
    Erasure,
    JournalRow,
    Lease,
    Note,
    Outcome,
    Touch,
    WriteState,
)
from syncd.run import Pass
from syncd.telemetry import logger

PATIENCE = 30.0  # seconds that a Retry-After is waited for inside a pass
TRIES = 6  # times that a throttled call is sent
STRETCH = 200  # intents committed at once
MARGIN = 1.0  # seconds before the end of a lease by which a call must have come back
BAD_CALLS = 3  # failed calls in a row after which a side is left alone until the next pass


@dataclass(slots=True)
class Tenure:
    """The leases under which outcomes are recorded, the connection's first; renewed before a third has passed."""

    work: Pass
    leases: list[Lease]
    taken: float

    async def current(self) -> Lease:
        now = asyncio.get_running_loop().time()
        if now - self.taken > self.leases[0].seconds / 3:
            self.leases = [await self.work.store.renew(lease) for lease in self.leases]
            self.taken = now
        return self.leases[0]

    def remaining(self) -> float:
        """Seconds that a call may still take under these leases, right after they were found current."""
        seconds = self.leases[0].seconds
        return seconds - (asyncio.get_running_loop().time() - self.taken) - min(MARGIN, seconds / 10)


@dataclass(slots=True)
class Report:
    """What became of the writes of a plan. `stale`: items to be read again. `again`: another plan is due at once."""

    done: int = 0
    failed: int = 0
    open: int = 0
    stale: set[tuple[Side, Ref]] = field(default_factory=set)
    again: bool = False


@dataclass(slots=True)
class Writer:
    """Writes one plan through one set of calendars (collection → adapter)."""

    work: Pass
    ledger: Ledger
    calendars: Mapping[str, CalendarAdapter]
    tenure: Tenure
    unreachable: str | None = None
    report: Report = field(default_factory=Report)
    serial: int = 0
    total: int = 0
    bad_calls: int = 0
    sent: set[str] = field(default_factory=set)
    paces: dict[tuple[Side, int], Pace] = field(default_factory=dict)

    async def write(self, actions: Sequence[Write]) -> None:
        """All writes: creates, then updates, then deletes; within one calendar side by side.

        A side that takes no more for now is left alone; the other one still gets its own. Raises Throttled at the end.
        """
        self.total = len(actions)
        busy: dict[Side, Throttled] = {}
        for kind in (Create, Update, Delete):
            chosen = [action for action in actions if isinstance(action, kind)]
            for collection in sorted({self._collection(action) for action in chosen}):
                part = [action for action in chosen if self._collection(action) == collection]
                calendar = self.calendars.get(collection)
                if calendar is None:
                    await self._gone_with(collection, part)
                elif calendar.side not in busy:
                    try:
                        await self._write_to(calendar, part)
                    except Throttled as error:
                        busy[calendar.side] = error
        for refusal in busy.values():
            raise refusal

    def _collection(self, action: Write) -> str:
        if isinstance(action, Create):
            return action.calendar or self.ledger.target
        return action.ref.collection

    async def _gone_with(self, collection: str, actions: Sequence[Write]) -> None:
        """What lay in a calendar that is no longer there has gone with it: a removal is done, nothing else can be."""
        now, lease = self.work.clock.now(), await self.tenure.current()
        for action in actions:
            if isinstance(action, Delete):
                absence = Absence(Gone.GONE, "its calendar is gone", now)
                gone = Observation(action.side, action.ref, Event(), now, absence=absence)
                row = self._row(action, collection, lease)
                answer = Answer(gone, detail=self.unreachable or "done: its calendar is gone")
                changes = self.ledger.done(row, answer, now)
                if self.unreachable is not None:
                    note = Note(self.ledger.connection.id, action.item, action.why.value, self.unreachable, now)
                    changes = replace(changes, notes=[note])
                await self._record([changes])

    async def _write_to(self, calendar: CalendarAdapter, actions: Sequence[Write]) -> None:
        can = calendar.capabilities
        unkeyed = not can.keyed_bulk and isinstance(actions[0], Create)
        pace = self._pace(calendar, 1 if unkeyed else can.max_in_flight)
        for start in range(0, len(actions), STRETCH):
            self.work.drain.check()
            rows = await self._intend(calendar, actions[start : start + STRETCH])
            jobs = batches(rows, can.max_batch, self._group)
            try:
                await self.work.drain.writing(flow(jobs, pace, lambda part: self._call(calendar, part, pace)))
            except (AdapterError, Stopped):
                unsent = [row for row in rows if row.id not in self.sent]
                await self._record([self._closed(row, "not sent", WriteState.DROPPED) for row in unsent])
                raise

    def _pace(self, calendar: CalendarAdapter, cap: int) -> Pace:
        """That of the account, whatever is written to whichever of its calendars."""
        key = (calendar.side, cap)
        if key not in self.paces:
            self.paces[key] = Pace(cap, asyncio.get_running_loop().time, width=min(2, cap))
        return self.paces[key]

    def _group(self, row: JournalRow) -> str:
        """The object that a write goes to: edits of one object travel together."""
        action = row.action
        if isinstance(action, Create | MakeCalendar):
            return action.key
        item = self.ledger.items.get(action.item)
        seen = item.at(action.side) if item is not None else None
        return seen.traits.group if seen is not None and seen.traits.group is not None else str(action.ref)

    async def _intend(self, calendar: CalendarAdapter, actions: Sequence[Write]) -> list[JournalRow]:
        """Commit the intents of a stretch of writes before the first of them is sent."""
        lease = await self.tenure.current()
        bulk = not calendar.capabilities.keyed_bulk
        rows = [
            replace(self._row(action, calendar.collection, lease), bulk=bulk and isinstance(action, Create))
            for action in actions
        ]
        await self.work.store.commit(Changes(journal=rows), lease)
        return rows

    def _row(self, action: Write, collection: str, lease: Lease) -> JournalRow:
        self.serial += 1
        return JournalRow(
            id=f"{self.work.run}-{lease.name}-{lease.fence}-{self.serial}",
            connection=self.ledger.connection.id,
            run=self.work.run,
            side=action.side,
            calendar=collection,
            action=action,
            opened_at=self.work.clock.now(),
        )

    # --- one call ----------------------------------------------------------------------------------------------------

    async def _call(self, calendar: CalendarAdapter, rows: Sequence[JournalRow], pace: Pace) -> None:
        """Send some writes together and record what came back. What may have been applied stays open."""
        self.work.drain.check()
        self.sent.update(row.id for row in rows)
        began = asyncio.get_running_loop().time()
        try:
            outcomes = await self._send(calendar, rows, pace)
        except (Transient, TimeoutError) as error:
            applied = isinstance(error, TimeoutError) or error.applied
            lost = error if isinstance(error, Transient) else Transient("no answer in time", side=calendar.side)
            await self._lost(rows, lost, applied=applied)
            return
        except AdapterError as error:
            await self._record([self._closed(row, f"not done: {error}") for row in rows])
            raise
        self.bad_calls = 0
        took = asyncio.get_running_loop().time() - began
        await self._record([await self._outcome(calendar, row, out) for row, out in zip(rows, outcomes, strict=True)])
        for row, out in zip(rows, outcomes, strict=True):
            log_write(self.ledger.connection.id, row, out, took)

    async def _send(self, calendar: CalendarAdapter, rows: Sequence[JournalRow], pace: Pace) -> Sequence[Outcome]:
        for attempt in range(TRIES):
            await self.tenure.current()  # the process may have been stopped since, and its lease be another's
            width = pace.width
            try:
                async with asyncio.timeout(self.tenure.remaining()):
                    return await self._verb(calendar, rows)
            except Throttled as error:
                pace.pushed_back(width)
                if attempt + 1 == TRIES or error.retry_after > PATIENCE or self.work.pause is None:
                    raise
                await self._wait(error)
        raise AssertionError("unreachable")

    async def _wait(self, throttled: Throttled) -> None:
        """As long as the side wishes. Raises the same again when the process is to end meanwhile."""
        assert self.work.pause is not None  # noqa: S101 - the caller asked
        try:
            await self.work.drain.reading(self.work.pause(throttled.retry_after))
        except Stopped:
            raise throttled from None

    async def _verb(self, calendar: CalendarAdapter, rows: Sequence[JournalRow]) -> Sequence[Outcome]:
        actions = [row.action for row in rows]
        creates = [action for action in actions if isinstance(action, Create)]
        updates = [action for action in actions if isinstance(action, Update)]
        deletes = [action for action in actions if isinstance(action, Delete)]
        if creates:
            limits = self.ledger.policy.limits[creates[0].side]
            return await calendar.create([Draft(one.key, fit(one.event, limits), one.mark) for one in creates])
        if updates:
            return await calendar.update([Edit(one.ref, one.event, one.if_match, one.mark) for one in updates])
        return await calendar.delete([Erasure(one.ref, one.if_match, self._guard(one)) for one in deletes])

    def _guard(self, delete: Delete) -> int | None:
        """The participants that a cancel was decided for; it must not happen to more (R28)."""
        item = self.ledger.items.get(delete.item)
        count = item.wix.traits.participants if item is not None and item.wix is not None else None
        return count if delete.guard and isinstance(count, int) else None

    async def _lost(self, rows: Sequence[JournalRow], error: Transient, *, applied: bool) -> None:
        """A call failed as a whole. Applied or not is settled in the next pass, where it cannot be known."""
        self.bad_calls += 1
        if applied:
            self.report.open += len(rows)
        else:
            await self._record([self._closed(row, f"not done: {error}") for row in rows])
            self.report.failed += len(rows)
        if self.work.drain.is_asked:
            return  # nothing more is sent, and what the side is short of now is the next pass's affair
        if self.bad_calls >= BAD_CALLS or isinstance(error, Throttled):
            raise error

    # --- one outcome -------------------------------------------------------------------------------------------------

    async def _outcome(self, calendar: CalendarAdapter, row: JournalRow, outcome: Outcome) -> Changes:
        now = self.work.clock.now()
        if isinstance(row.action, Create) and isinstance(outcome, Observation) and outcome.absence is not None:
            return self._spent(row)
        if isinstance(outcome, Observation):
            self.report.done += 1
            self.work.tell("write", self.report.done, self.total)
            return self.ledger.done(row, Answer(outcome, calendar.capabilities.kept), now)
        if isinstance(outcome, Stale):
            return self._stale(row)
        if isinstance(outcome, Exists) and isinstance(row.action, Create):
            found = (await calendar.find([row.action.key])).get(row.action.key)
            if found is not None:
                return self._lies_there(row, canonical(found))
            return self._spent(row)
        if isinstance(outcome, Transient) and outcome.applied:
            self.report.open += 1
            return Changes()
        self.report.failed += 1
        changes, again = failed(self.ledger, row, outcome, now)
        self.report.again |= again
        return changes

    def _stale(self, row: JournalRow) -> Changes:
        """Changed since we read it: it is read again, and stays pending."""
        if isinstance(row.action, Update | Delete):
            self.report.stale.add((row.side, row.action.ref))
        self.report.again = True
        return self._closed(row, "stale: it had changed", WriteState.DROPPED)

    def _spent(self, row: JournalRow) -> Changes:
        """What was made under this key once is gone: the next plan makes it under the next generation."""
        assert isinstance(row.action, Create)  # noqa: S101 - only creates have keys
        self.report.again = True
        closed = self._closed(row, "the key is spent: what was made under it is gone", WriteState.DROPPED)
        return replace(closed, links=[spent(row.action.link)])

    def _lies_there(self, row: JournalRow, found: Observation) -> Changes:
        """Something of ours lies under the key already: the next plan adopts it (R13a)."""
        self.report.again = True
        touch = Touch(self.ledger.connection.id, found.side, found.ref, self.work.clock.now())
        closed = self._closed(row, "it was there already", WriteState.DROPPED)
        return replace(closed, observations=[found], touched=[touch])

    def _closed(self, row: JournalRow, why: str, state: WriteState = WriteState.FAILED) -> Changes:
        now = self.work.clock.now()
        return Changes(journal=[replace(row, state=state, closed_at=now, outcome=why)])

    async def _record(self, outcomes: Sequence[Changes]) -> None:
        if outcomes:
            await self.work.store.commit(join(outcomes), await self.tenure.current())


def log_write(connection: str, row: JournalRow, outcome: Outcome, seconds: float) -> None:
    """One line for one write: what was done to which item by which rule, never what it says."""
    ref = outcome.ref.id if isinstance(outcome, Observation) else getattr(row.action, "ref", None)
    keys = {
        "connection": connection,
        "run": row.run,
        "side": row.side.value,
        "action": row.action.kind,
        "rule": row.action.why.value,
        "ref": str(ref) if ref is not None else None,
        "duration_ms": round(seconds * 1000),
    }
    if isinstance(outcome, Observation):
        logger().info("written", **keys)
    else:
        logger().warning("not written", error=type(outcome).__name__, **keys)


def batches(rows: Sequence[JournalRow], size: int, group: Callable[[JournalRow], str]) -> list[list[JournalRow]]:
    """Rows in calls: those of one object always together, up to `size` objects in one call."""
    objects: dict[str, list[JournalRow]] = {}
    for row in rows:
        objects.setdefault(group(row), []).append(row)
    parts = list(objects.values())
    return [[row for part in parts[start : start + size] for row in part] for start in range(0, len(parts), size)]
