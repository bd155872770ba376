"""When a process is killed, and what it was doing then.

A moment is dealt beforehand, by the random numbers of a story; the phase is read afterwards from what the simulators
and the journal hold, whatever moment was meant. Not here: the story, the process.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Create, MakeCalendar, Side
from syncd.normalise import collection_of
from syncd.ports import JournalRow
from syncd.store.tables import lease
from tests.e2e.studio import Studio
from tests.processes.gates import Gate
from tests.processes.workers import Worker, until

PHASES: Final = ("reading", "planning", "journalling", "writing", "recording", "ending")
_KINDS: Final = {"answer": 4, "read": 3, "flight": 4, "written": 2}
_STOPS: Final = {
    "planned": "planned - -",
    "intent": "journalled create|update|delete -",
    "answered": r"answered PUT|DELETE|PATCH|POST \.ics$|/bulk/|/v3/events$|/v3/events/(?!query)",
    "recorded": "recorded - -",
}
_STOPPED: Final = {"planned": 1, "intent": 3, "answered": 2, "recorded": 2}
_WRITES: Final = (
    ("wix", {"method": "POST", "path": r"/v3/events$|/cancel$|/bulk/"}),
    ("wix", {"method": "PATCH"}),
    ("apple", {"method": "PUT"}),
    ("apple", {"method": "DELETE"}),
)

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Moment:
    """After the `number`-th answer, the reading, or a write on its way or answered, `after` seconds on; or at a stop.

    At a stop (`_STOPS`) the process stands still until it is killed, in stages too short to be met by watching from
    outside. `lost`: a write on its way never arrives; `late`: it arrives when the next process is at work already.
    """

    kind: str
    number: int = 0
    after: float = 0.0
    lost: bool = False
    late: bool = False

    @classmethod
    def chosen(cls, kind: str, random: Random) -> "Moment":
        if kind in _STOPS:
            return cls(kind)
        number = random.randint(0, 9) if kind == "answer" else random.choice((0, 0, 0, 1))
        return cls(kind, number, random.choice((0.0, 0.0, 0.003)), random.random() < 0.3, random.random() < 0.4)

    @property
    def stop_at(self) -> str:
        """Where the process is to stop itself; empty where it is watched."""
        return _STOPS.get(self.kind, "")

    async def comes(self, studio: Studio, gate: Gate, worker: Worker) -> bool:
        """Whether it came before the process had ended by itself."""
        if self.kind == "flight":
            for side, match in _WRITES:
                gate.plant(side, match, skip=self.number, lost=self.lost)

        async def now() -> bool:
            if worker.is_over:
                return True
            return worker.state == "T" if self.stop_at else await self._is_now(studio, gate)

        await until(now)
        if self.after:
            await asyncio.sleep(self.after)
        return not worker.is_over

    async def _is_now(self, studio: Studio, gate: Gate) -> bool:
        match self.kind:
            case "answer":
                return len(answers(studio)) > self.number
            case "written":
                return len([row for row in answers(studio) if row["write"]]) > self.number
            case "flight":
                return gate.held > 0
        return await has_read(studio)


@dataclass(slots=True)
class Deck:
    """The moments of one story: every kind as often as it is to be met, in an order that chance gives."""

    random: Random
    left: list[str] = field(default_factory=lambda: list(Counter(_KINDS | _STOPPED).elements()))

    def deal(self) -> Moment:
        """One of those that are left; it stays among them until it has come."""
        return Moment.chosen(self.random.choice(self.left), self.random)

    def has_come(self, moment: Moment) -> None:
        self.left.remove(moment.kind)


def answers(studio: Studio) -> Rows:
    """Every request that was answered since they were last forgotten."""
    return [*studio.wix.app.log.to_json()["requests"], *studio.proxy.log.to_json()["requests"]]


async def has_read(studio: Studio) -> bool:
    """Whether everything has been read at this moment of the clock, which stands still during a pass."""
    connection = await studio.connection()
    if connection.calendar is None:
        return False
    collection = collection_of(connection, connection.calendar)
    return bool(await studio.store.last_read(Side.EXTERNAL, collection) == studio.clock.now())


async def holds_a_lease(studio: Studio, worker: Worker) -> bool:
    """Whether a lease is in the name of the process, and not given back."""

    async def names(connection: AsyncConnection) -> list[str]:
        mine = select(lease.c.name).where(lease.c.process == worker.pid, lease.c.until > 0)
        return list((await connection.execute(mine)).scalars())

    return bool(await studio.store._database.read(names))


async def phase(studio: Studio, before: Rows, *, held: bool) -> str:
    """What a dead process was doing. `before`: the answers that it had got; `held`: a write of it waits still."""
    known = {id(row) for row in before}
    later = [row for row in answers(studio) if id(row) not in known]
    now, rows = studio.clock.now(), await studio.store.open_writes(studio.connection_ids[-1])
    opened = [row for row in rows if row.opened_at == now]  # the others were left by processes before it
    if held or any(row["write"] for row in later):
        return "writing"
    if any(_carries(row, one) for row in before if row["write"] for one in opened):
        return "recording"
    if opened:
        return "journalling"
    if any(row["write"] for row in before):
        return "ending"
    return "planning" if await has_read(studio) else "reading"


def _carries(row: Mapping[str, Any], intent: JournalRow) -> bool:
    """Whether a request is the one by which an intent was carried out."""
    action = intent.action
    if isinstance(action, MakeCalendar):
        return bool(row["method"] == "MKCALENDAR")
    name = action.key if isinstance(action, Create) else action.ref.id.partition("#")[0]
    return name in f"{row['path']} {json.dumps(row.get('body'))}"
