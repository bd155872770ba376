"""What the rows of both providers that grant access have in common: the steps, and requests as their quotas see them.

A fill is measured without the quota of a minute; what that adds is told beside it (pace). Not here: how many requests
there may be (google_rows, microsoft_rows).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import pace
from benchmarks.rows import IDLE_PASSES
from benchmarks.stage import Cost, Filled, stage
from benchmarks.table import Bench, Count, Measured

SESSIONS: Final = 1000
LESSONS: Final = 200
DELETED: Final = 100
KB: Final = 1024
LATER: Final = 660  # seconds: our own writes of before are no reason to wait any more


@dataclass(frozen=True, slots=True)
class At:
    """One provider, by its name. `creates`: what it calls that. `batch`: events of one request.

    `per_minute`, `in_flight`: how fast the product asks it.
    """

    side: str
    creates: str
    batch: int
    per_minute: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it went over the wire; a batch is one. `weight`: as how many it counts."""

    weight: int
    writes: bool
    size: int


def sent(cost: Cost, at: At) -> list[Sent]:
    """In their order. A batch writes when one of its parts does; parts of several at once are told apart as they count.

    A batch comes behind its parts, so that of those under way the one with most parts is the one that ends.
    """
    found: list[Sent] = []
    under_way: list[list[bool]] = []
    for one in cost.on(at.side):
        if one.part is not None:
            parts = next((parts for parts in under_way if len(parts) == one.part), None)
            if parts is None:
                under_way.append(parts := [])
            parts.append(one.write)
        elif one.whole:
            parts = max(under_way, key=len, default=[])
            under_way = [other for other in under_way if other is not parts]
            found.append(Sent(max(len(parts), 1), any(parts), one.size))
        else:
            found.append(Sent(1, one.write, one.size))
    return found


def called(cost: Cost, at: At, operation: str) -> int:
    """How often an operation was carried out, alone or as a part."""
    done = [one for one in cost.on(at.side) if one.operation == operation and one.status in (200, 201, 204)]
    return len(done)


def fill(bench: Bench, at: At) -> Cost:
    """1,000 sessions into the default calendar; the stage is kept under the provider's name."""
    place = bench.place()
    wanted: dict[str, Any] = {"sessions": SESSIONS, "at": at.side}
    with stage(place, None, **wanted) as here:
        here.order(unlimited=True)
        cost = here.run(profile=bench.profile, unlimited=True)
        here.order(keep=True)
    bench.filled[at.side] = Filled(place, wanted)
    bench.costs[at.side] = cost
    return cost


def filled(cost: Cost, at: At, *, reads: int, size: int) -> Measured:
    """The counts of a fill. `size`: KiB at most."""
    wire, batches = sent(cost, at), -(-SESSIONS // at.batch)
    writing = [one for one in wire if one.writes]
    limited = pace.seconds([one.weight for one in wire], at.per_minute, at.in_flight)
    counts = (
        Count("creates", called(cost, at, at.creates), SESSIONS, SESSIONS),
        Count("write requests", len(writing), batches, batches),
        Count("parts", len([one for one in cost.on(at.side) if one.part is not None]), SESSIONS, SESSIONS),
        Count("reads", len(wire) - len(writing), reads, 1),
        Count("Wix", len(cost.on("wix")), 6),
        Count("KiB", cost.size // KB, size),
    )
    cpu = cost.total("cpu") / SESSIONS * 1000
    limit = f"{limited:.0f} s is the limit of {at.per_minute} a minute"
    shown = f"{cost.total('wall'):.1f} s, {cpu:.1f} ms CPU an event; {limit}"
    return Measured(shown, counts, {"passes": cost.passes, "limited": limited})


def idle(bench: Bench, at: At) -> Measured:
    """Counts are of the first pass of a process; the least CPU of others, which have the library already."""
    if at.side not in bench.filled:
        fill(bench, at)
    with bench.filled[at.side].again(bench.place()) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        first = here.run()
        cost = here.run(IDLE_PASSES, profile=bench.profile)
    bench.costs[f"idle-{at.side}"] = cost
    counts = (
        Count(at.side.title(), len(sent(first, at)), 1, 1),
        Count("writes", len([one for one in first.requests if one.write]), 0),
        Count("bytes", sum(one.size for one in sent(first, at)), 700, 1),
    )
    shown = f"{cost.best('turn_cpu') * 1000:.0f} ms CPU, {cost.best('wall'):.2f} s; peak {cost.worst('peak'):.0f} MiB"
    return Measured(shown, counts, {"passes": cost.passes, "first": first.passes})


def _changed(bench: Bench, at: At, **order: int) -> Cost:
    """What a pass costs after something changed among the 1,000."""
    if at.side not in bench.filled:
        fill(bench, at)
    with bench.filled[at.side].again(bench.place()) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        here.order(**order)
        return here.run(profile=bench.profile)


def one_change(bench: Bench, at: At, updates: str, *, reads: int) -> Measured:
    cost = _changed(bench, at, retitle=1)
    counts = (
        Count("updates", called(cost, at, updates), 1, 1),
        Count(at.side.title(), len(sent(cost, at)), 1 + reads, 2),
    )
    return told(cost, counts)


def deletes(bench: Bench, at: At, erases: str, *, batches: int, requests: int) -> Measured:
    """A tenth of them is cancelled. `requests`: in all, those that write among them."""
    cost = _changed(bench, at, cancel=DELETED)
    counts = (
        Count("deletes", called(cost, at, erases), DELETED, DELETED),
        Count("write requests", len([one for one in sent(cost, at) if one.writes]), batches, batches),
        Count(at.side.title(), len(sent(cost, at)), requests, batches + 1),
    )
    return told(cost, counts)


def told(cost: Cost, counts: Sequence[Count]) -> Measured:
    """How long it took, with the counts."""
    return Measured(f"{cost.total('wall'):.2f} s", counts, {"passes": cost.passes})


def moved_series(bench: Bench, at: At, *, requests: int) -> Measured:
    """A person moves a series of 200 lessons, all that there is: each block stays the one that it was (R15, R31)."""
    with stage(bench.place(), None, at=at.side) as here:
        here.order(lessons=LESSONS)
        here.run()
        before = here.world.say({"blocks": "Lesson"})
        here.order(advance=LATER)
        here.run()
        here.order(lessons_at=15)
        here.order(advance=LATER)
        cost = here.run(profile=bench.profile)
        after = here.world.say({"blocks": "Lesson"})
        here.order(advance=LATER)
        quiet = here.run()
    writes = [one for one in cost.on("wix", write=True) if one.status == 200]
    same = [id_ for id_ in before if after.get(id_, before[id_]) != before[id_]]
    counts = (
        Count("blocks", len(before), LESSONS, LESSONS),
        Count("the same ones, moved", len(same), LESSONS, LESSONS),
        Count("made", len(after.keys() - before.keys()), 0),
        Count("cancelled", len(before.keys() - after.keys()), 0),
        Count("cancellations", len([one for one in writes if one.path.endswith("/cancel")]), 0),
        Count("Wix writes", len(writes), 4, 1),
        Count(at.side.title(), len(sent(cost, at)), requests),
        Count("afterwards", len(sent(quiet, at)) + len([one for one in quiet.requests if one.write]), 1, 1),
    )
    return told(cost, counts)
