"""The rows of the table that need a world: fills, idle passes, changes, imports. DESIGN 7 gives their figures.

Each has a store of its own. Budgets of bytes are a tenth above what was measured when they were set. Not here: the
planner's rates (planner), the store alone (storing).
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import world
from benchmarks.stage import Cost, stage
from benchmarks.stage import Filled as FilledStage
from benchmarks.table import Bench, Count, Measured, Row
from syncd.sandbox.radicale import SeedCalendar, seed

SESSIONS: Final = 1000
MANY: Final = 10_000
SLOW: Final = 0.05
IN_FLIGHT: Final = 8
IDLE_PASSES: Final = 6
_KB: Final = 1024


# --- first fills ------------------------------------------------------------------------------------------------------


def _fill(bench: Bench, name: str, database: str | None = None, delay: float = 0.0) -> Cost:
    """1,000 sessions into a new calendar; the stage is kept under the name."""
    place = bench.place()
    wanted: dict[str, Any] = {"sessions": SESSIONS}
    with stage(place, database, **wanted) as here:
        here.order(delay=delay)
        cost = here.run(profile=bench.profile)
    bench.filled[name] = FilledStage(place, wanted, database)
    bench.costs[name] = cost
    return cost


def _filling(cost: Cost) -> Sequence[Count]:
    puts = len([one for one in cost.on("apple") if one.method == "PUT"])
    return (
        Count("writes", len(cost.on("apple", write=True)), SESSIONS + 1, SESSIONS + 1),
        Count("PUT", puts, SESSIONS, SESSIONS),
        Count("reads", len(cost.on("apple", write=False)), 4),
        Count("Wix", len(cost.on("wix")), 6),
        Count("KiB", cost.size // _KB, 2850),
    )


def _filled(cost: Cost, more: str = "") -> Measured:
    shown = f"{cost.total('wall'):.1f} s, {cost.total('cpu') / SESSIONS * 1000:.1f} ms CPU an event{more}"
    return Measured(shown, _filling(cost), {"passes": cost.passes})


def first_fill(bench: Bench) -> Measured:
    return _filled(_fill(bench, "sqlite"))


def first_fill_postgresql(bench: Bench) -> Measured:
    return _filled(_fill(bench, "postgresql", bench.databases.new()))


def first_fill_slow(bench: Bench) -> Measured:
    """With the same objects put by a plain client, as many at once, at the same delay: what the server itself takes."""
    cost = _fill(bench, "slow", delay=SLOW)
    folder = bench.filled["slow"].folder / "radicale/collections/collection-root" / world.EMAIL
    texts = [file.read_bytes() for file in sorted(next(folder.glob("syncd-*")).glob("*.ics"))]
    with stage(bench.place(), shelf=False) as here:
        here.order(delay=SLOW)
        plain = asyncio.run(put_plainly(here.facts["server"], here.facts["apple"], texts))
    ratio = cost.total("wall") / plain
    found = _filled(cost, f"; the server alone {plain:.1f} s, ratio {ratio:.2f}")
    return Measured(found.shown, found.counts, {**found.facts, "plain": plain, "ratio": ratio})


async def put_plainly(server: str, proxy: str, texts: Sequence[bytes]) -> float:
    """Seconds to put these objects into a new calendar through the proxy, eight at once."""
    (href,) = await seed(server, world.EMAIL, world.PASSWORD, [SeedCalendar("plain", "Plain")])
    slots = asyncio.Semaphore(IN_FLIGHT)
    headers = {"content-type": "text/calendar; charset=utf-8", "if-none-match": "*"}
    async with world.client(proxy) as web:

        async def put(number: int, text: bytes) -> None:
            async with slots:
                answer = await web.put(f"{href}{number}.ics", content=text, headers=headers)
                answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(put(number, text) for number, text in enumerate(texts)))
        return time.perf_counter() - began


# --- nothing changed --------------------------------------------------------------------------------------------------


def _idle(bench: Bench, name: str, sessions: int, place: Path | None = None) -> Measured:
    """Passes in one process, as a service makes them; the least CPU counts, the first pass apart."""
    filled = bench.filled[name]
    database = bench.databases.copy(filled.database) if filled.database else None
    with filled.again(place or bench.place(), database) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        first = here.run()
        cost = here.run(IDLE_PASSES, profile=bench.profile)
    bench.costs[f"idle-{name}"] = cost
    thousands = sessions / 1000
    turn, site = cost.best("turn_cpu") * 1000, cost.best("site_cpu") * 1000 / thousands
    shown = (
        f"{turn:.0f} ms CPU, site {site:.1f} ms per 1,000, {cost.best('wall'):.2f} s; peak {cost.worst('peak'):.0f} MiB"
    )
    return Measured(shown, _idling(first, sessions), {"passes": cost.passes, "first": first.passes})


def _idling(cost: Cost, sessions: int) -> Sequence[Count]:
    """Of the first pass of a process. One request for its token, one query of schedules, the pages of two queries."""
    pages = 2 * max(1, sessions // 1000)
    return (
        Count("writes", len([one for one in cost.requests if one.write]), 0),
        Count("calendar", len(cost.on("apple")), 1),
        Count("Wix", len(cost.on("wix")), pages + 2),
        Count("KiB", cost.size // _KB, 1250 * sessions // 1000),
    )


def idle(bench: Bench) -> Measured:
    if "sqlite" not in bench.filled:
        _fill(bench, "sqlite")
    return _idle(bench, "sqlite", SESSIONS)


def idle_postgresql(bench: Bench) -> Measured:
    if "postgresql" not in bench.filled:
        _fill(bench, "postgresql", bench.databases.new())
    return _idle(bench, "postgresql", SESSIONS)


def idle_many(bench: Bench) -> Measured:
    """10,000 sessions whose copies lay there already: see `shelf` for why not Radicale."""
    if "many" not in bench.filled:
        place = bench.place()
        wanted: dict[str, Any] = {"sessions": MANY, "shelf": True}
        with stage(place, None, **wanted) as here:
            here.run(copies=True)
        bench.filled["many"] = FilledStage(place, wanted)
    return _idle(bench, "many", MANY)


def memory(bench: Bench) -> Measured:
    """The greatest resident memory of any process that ran a pass, by row."""
    if not bench.costs:
        idle(bench)
    peaks = {name: cost.worst("peak") for name, cost in bench.costs.items()}
    return Measured(", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items()) + " MiB", (), {"peaks": peaks})


# --- something changed ------------------------------------------------------------------------------------------------


def _changed(bench: Bench, order: dict[str, int], delay: float = 0.0) -> Cost:
    if "sqlite" not in bench.filled:
        _fill(bench, "sqlite")
    with bench.filled["sqlite"].again(bench.place()) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        here.order(**order)
        here.order(delay=delay)
        return here.run(profile=bench.profile)


def _retitled(count: int, bench: Bench) -> Measured:
    """Read are what changed, once whose calendar it is, and each object as it lies there: an edit is a part of it."""
    cost = _changed(bench, {"retitle": count})
    writes = Count("writes", len(cost.on("apple", write=True)), count, count)
    reads = Count("reads", len(cost.on("apple", write=False)), 2 + count)
    return Measured(f"{cost.total('wall'):.2f} s", (writes, reads), {"passes": cost.passes})


def one_change(bench: Bench) -> Measured:
    return _retitled(1, bench)


def ten_changes(bench: Bench) -> Measured:
    return _retitled(10, bench)


def deletes(bench: Bench) -> Measured:
    cost = _changed(bench, {"cancel": 100}, SLOW)
    writes = Count("writes", len(cost.on("apple", write=True)), 100, 100)
    reads = Count("reads", len(cost.on("apple", write=False)), 2)
    return Measured(f"{cost.total('wall'):.2f} s", (writes, reads), {"passes": cost.passes})


def imports(bench: Bench) -> Measured:
    with stage(bench.place(), events=SESSIONS) as here:
        cost = here.run(profile=bench.profile)
    bench.costs["import"] = cost
    written = int(cost.total("written"))
    counts = (
        Count("writes", len(cost.on("wix", write=True)), 25, 20),
        Count("blocks", written, SESSIONS, SESSIONS),
        Count("calendar", len(cost.on("apple")), 30),
    )
    return Measured(f"{cost.total('wall'):.1f} s", counts, {"passes": cost.passes})


ROWS: Final = (
    Row("first-fill", "1,000 sessions → Radicale, first sync", "1 write an event", first_fill),
    Row("first-fill-50", "… +50 ms a request", "≤ 35 s, or ratio ≤ 1.25", first_fill_slow),
    Row("first-fill-postgresql", "… on PostgreSQL", "1 write an event", first_fill_postgresql),
    Row("no-op", "nothing changed, 1,000 sessions", "≤ 12 ms CPU, site ≤ 15", idle),
    Row("no-op-postgresql", "… on PostgreSQL", "≤ 12 ms CPU, site ≤ 15", idle_postgresql),
    Row("no-op-10000", "… 10,000 sessions", "≤ 12 ms CPU, site ≤ 15", idle_many),
    Row("change-1", "1 change of 1,000", "(no figure)", one_change),
    Row("change-10", "10 changes of 1,000", "(no figure)", ten_changes),
    Row("deletes-100", "100 deletes at +50 ms", "≤ 2 s", deletes),
    Row("import-1000", "1,000 events → Wix, first import", "≤ 25 write requests", imports),
    Row("memory", "greatest resident memory of a pass", "≤ 150 MiB", memory),
)
