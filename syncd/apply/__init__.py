"""Runs a plan through the journal: local actions, then the calendar, then the writes. The only place with effects.

Not here: deciding (plan), reading (observe).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncd.apply.ledger import Ledger
from syncd.apply.recover import Recovery
from syncd.apply.writes import Report, Tenure, Writer
from syncd.errors import Forbidden, Rejected, Transient
from syncd.model import (
    Connection,
    Create,
    Delete,
    MakeCalendar,
    Plan,
    Policy,
    Ref,
    Side,
    Update,
    Workload,
    Write,
)
from syncd.normalise import collection_of
from syncd.ports import Account, CalendarAdapter, CalendarInfo, Changes, HistoryRow, JournalRow, Stored, WriteState
from syncd.run import Pass

__all__ = ["Applying", "Ledger", "Place", "Report", "Tenure", "settle_open"]


@dataclass(slots=True)
class Place:
    """Where a plan is carried out. `calendars`: collection → adapter, the site's among them.

    `siblings`: the other connections of the site. `unreachable`: why the account cannot be reached any more.
    """

    account: Account
    calendars: dict[str, CalendarAdapter]
    siblings: Sequence[Connection]
    unreachable: str | None = None


@dataclass(slots=True)
class Applying:
    """Everything that carrying out one plan needs. `report`: what has become of it so far, also when it was stopped."""

    work: Pass
    workload: Workload
    policy: Policy
    place: Place
    tenure: Tenure
    report: Report = field(default_factory=Report)

    async def apply(self, plan: Plan) -> Report:
        """Carry out a plan. Raises what stops the connection as a whole; everything done until then is recorded."""
        ledger = Ledger(self.workload, plan, self.policy, self.work.run, self.place.siblings)
        now = self.work.clock.now()
        await self.work.store.commit(ledger.local(now), await self.tenure.current())
        for action in plan.actions:
            if isinstance(action, MakeCalendar):
                await self._make_calendar(action, ledger)
        connection = ledger.connection
        if connection.calendar is not None:
            ledger.target = collection_of(connection, connection.calendar)
        writer = Writer(self.work, ledger, self.place.calendars, self.tenure, self.place.unreachable, self.report)
        writes = [action for action in plan.actions if isinstance(action, Create | Update | Delete)]
        await writer.write([_placed(action, ledger.target) for action in writes])
        return self.report

    async def _make_calendar(self, action: MakeCalendar, ledger: Ledger) -> None:
        """Make the dedicated calendar once per key; a lost reply is found again by the probe on the same key."""
        self.work.drain.check()
        work, connection = self.work, ledger.connection
        lease = await self.tenure.current()
        row = JournalRow(
            id=f"{work.run}-{lease.name}-{lease.fence}-calendar-{connection.calendar_generation}",
            connection=connection.id,
            run=work.run,
            side=action.side,
            calendar="",
            action=action,
            opened_at=work.clock.now(),
        )
        await work.store.commit(Changes(journal=[row]), lease)
        made = await work.drain.writing(self._made(action))
        connection = replace(connection, calendar=made.id)
        collection = collection_of(connection, made.id)
        zone = connection.schedule.time_zone
        self.place.calendars[collection] = self.place.account.open(made.id, zone=zone, collection=collection)
        ledger.work = replace(ledger.work, connection=connection)
        self.workload = ledger.work
        done = replace(row, state=WriteState.DONE, closed_at=work.clock.now(), outcome="done")
        history = HistoryRow(
            at=work.clock.now(),
            run=work.run,
            connection=connection.id,
            item=action.item,
            kind=action.kind,
            rule=action.why.value,
            outcome="done",
            side=action.side,
        )
        changes = Changes(journal=[done], history=[history], connections=[connection])
        await work.store.commit(changes, await self.tenure.current())

    async def _made(self, action: MakeCalendar) -> CalendarInfo:
        await self.tenure.current()
        try:
            async with asyncio.timeout(self.tenure.remaining()):
                return await self.place.account.make_calendar(action.key, action.name)
        except TimeoutError as error:
            raise Transient("no answer in time when the calendar was made", side=action.side, applied=True) from error
        except (Forbidden, Rejected) as error:
            raise Forbidden(
                f"the calendar for the sessions could not be made: {error}",
                code="CALENDAR_CREATION_FAILED",
                side=action.side,
                hint="let the account make calendars, then `syncd configure` with `--new-calendar`; or export to a "
                "calendar that is there: `syncd configure` with `--target primary`",
            ) from error


def _placed(action: Write, target: str) -> Write:
    """A create with its calendar, which may just have been made: so planned, it is the same action in the next pass."""
    return replace(action, calendar=target) if isinstance(action, Create) and not action.calendar else action


async def settle_open(
    work: Pass, ledger: Ledger, calendars: Mapping[str, CalendarAdapter], tenure: Tenure | None
) -> Sequence[JournalRow]:
    """Settle the open intents of a connection by looking; those that cannot be settled are the answer."""
    rows = await work.store.open_writes(ledger.connection.id)
    if not rows:
        return ()
    stored: dict[Ref, Stored] = {}
    for side in Side:
        edited = (row.action for row in rows if isinstance(row.action, Update | Delete))
        stored |= await work.store.stored(side, [action.ref for action in edited if action.side is side])
    changes = await Recovery(ledger, calendars, work.clock.now(), stored).settle(rows)
    await work.store.commit(changes, await tenure.current() if tenure is not None else None)
    return await work.store.open_writes(ledger.connection.id)
