"""An installation in one process whose database fails in the middle of a pass, and what must be left of it.

Not here: how a database is made to fail (the tests).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import event as event_of

from syncd.errors import StoreError, SyncdError
from syncd.model import Event
from syncd.ports import Owner, WriteState
from syncd.store import SqlStore, empty_store, this_process
from tests.cycle.bench import SITE_ID, Bench, at, event

CLASSES: Final = 16
ERRANDS: Final = 4
Prepare = Callable[[Bench], Awaitable[None]]
_ENDS: "Final[dict[Prepare, End]]" = {}


async def filled(bench: Bench) -> None:
    """Something to create on both sides."""
    await bench.connect()
    for number in range(CLASSES):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9), description="Bring a mat. " * 20))
    for number in range(ERRANDS):
        bench.outside_event(f"e{number}", event(f"Errand {number}", at(number, 14)))


async def edited(bench: Bench) -> None:
    """Updates and deletes on both sides."""
    await filled(bench)
    await bench.settle(1)
    for number in range(8):
        bench.world.edit(SITE_ID, f"s{number}", Event(title=f"Course {number}", description="Bring a towel. " * 40))
    for number in range(8, 13):
        bench.world.cancel(SITE_ID, f"s{number}")
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    bench.world.remove(bench.primary, "e2")


def ended_process() -> Owner:
    """Owns the leases of a process that is no more when the next one begins."""
    here = this_process()
    return Owner(here.host, here.process, "before")


@dataclass(frozen=True, slots=True)
class End:
    """How it goes when nothing fails. `raw`: both sides afterwards. `commits`: transactions of the first pass."""

    raw: dict[str, list[str]]
    commits: int


async def undisturbed(prepare: Prepare) -> End:
    """Found out once for each preparation."""
    if prepare not in _ENDS:
        bench, commits = Bench(await empty_store()), 0
        await prepare(bench)

        def count(_connection: object) -> None:
            nonlocal commits
            commits += 1

        engine = bench.store._database._engine.sync_engine
        event_of.listen(engine, "commit", count)
        await bench.settle(1)
        event_of.remove(engine, "commit", count)
        await bench.settle(1)
        _ENDS[prepare] = End(bench.raw(), commits)
        await bench.store.aclose()
    return _ENDS[prepare]


async def failing_pass(bench: Bench) -> SyncdError | None:
    """One pass of a process that then ends; what stopped it, wherever it was told."""
    bench.owner = ended_process()
    try:
        result = await bench.sync()
    except StoreError as error:
        return error
    finally:
        bench.owner = this_process()
    return result.error


async def assert_recovers(bench: Bench, prepare: Prepare) -> None:
    """Passes of a new process settle what was left open, and end as if nothing had failed."""
    bench.clock.advance(timedelta(minutes=1))
    await bench.settle(2)
    assert await open_writes(bench.store) == []
    assert bench.raw() == (await undisturbed(prepare)).raw
    await bench.assert_at_rest()


async def open_writes(store: SqlStore) -> Sequence[str]:
    """The ids of intents whose outcome is not known."""
    (one,) = await store.connections()
    rows = await store.open_writes(one.id)
    assert all(row.state is WriteState.OPEN for row in rows)
    return [row.id for row in rows]
