"""The rows of the table whose account is at Google: requests and their parts are counted, times are told.

A fill is measured without the quota of a minute; what that adds is told beside it (pace). Not here: the other rows.
"""

from typing import Any, Final

from adapters.google import PER_MINUTE
from adapters.google.account import CAPABILITIES
from adapters.google.batch import MOST
from benchmarks import pace
from benchmarks.rows import IDLE_PASSES
from benchmarks.stage import Cost, Filled, Request, stage
from benchmarks.table import Bench, Count, Measured, Row

SESSIONS: Final = 1000
LESSONS: Final = 200
_LATER: Final = 660  # seconds: our own writes of before are no reason to wait any more
_KB: Final = 1024


def sent(cost: Cost) -> list[Request]:
    """Requests as they went over the wire: a batch is one."""
    return [one for one in cost.on("google") if one.part is None]


def weights(cost: Cost) -> list[int]:
    """As how many requests each of them counts, in their order."""
    found, parts = [], 0
    for one in cost.on("google"):
        if one.part is not None:
            parts += 1
        else:
            found.append(max(parts, 1) if one.whole else 1)
            parts = 0 if one.whole else parts
    return found


def called(cost: Cost, operation: str) -> int:
    return len([one for one in cost.on("google") if one.operation == operation and one.status in (200, 204)])


# --- rows -------------------------------------------------------------------------------------------------------------


def _fill(bench: Bench) -> Cost:
    place = bench.place()
    wanted: dict[str, Any] = {"sessions": SESSIONS, "google": True}
    with stage(place, None, **wanted) as here:
        here.order(unlimited=True)
        cost = here.run(profile=bench.profile, unlimited=True)
        here.order(keep=True)
    bench.filled["google"] = Filled(place, wanted)
    bench.costs["google"] = cost
    return cost


def first_fill(bench: Bench) -> Measured:
    cost = _fill(bench)
    batches = -(-SESSIONS // MOST)
    inserts = called(cost, "events.insert")
    wire, writing = sent(cost), [one for one in sent(cost) if one.whole or one.write]
    limited = pace.seconds(weights(cost), PER_MINUTE, CAPABILITIES.max_in_flight)
    alone = cost.total("wall")
    counts = (
        Count("inserts", inserts, SESSIONS, SESSIONS),
        Count("write requests", len(writing), batches, batches),
        Count("parts", len([one for one in cost.on("google") if one.part is not None]), SESSIONS, SESSIONS),
        Count("reads", len(wire) - len(writing), 1, 1),
        Count("Wix", len(cost.on("wix")), 6),
        Count("KiB", cost.size // _KB, 3600),
    )
    cpu = cost.total("cpu") / SESSIONS * 1000
    shown = f"{alone:.1f} s, {cpu:.1f} ms CPU an event; {limited:.0f} s is the limit of {PER_MINUTE} a minute"
    return Measured(shown, counts, {"passes": cost.passes, "limited": limited})


def _changed(bench: Bench, **order: int) -> Cost:
    if "google" not in bench.filled:
        _fill(bench)
    with bench.filled["google"].again(bench.place()) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        here.order(**order)
        return here.run(profile=bench.profile)


def idle(bench: Bench) -> Measured:
    """Counts are of the first pass of a process; the least CPU of others, which have Google's library already."""
    if "google" not in bench.filled:
        _fill(bench)
    with bench.filled["google"].again(bench.place()) as here:
        here.run()  # what was written is seen once more, at the addresses of this world
        first = here.run()
        cost = here.run(IDLE_PASSES, profile=bench.profile)
    bench.costs["idle-google"] = cost
    counts = (
        Count("Google", len(sent(first)), 1, 1),
        Count("writes", len([one for one in first.requests if one.write]), 0),
        Count("bytes", sum(one.size for one in sent(first)), 700, 1),
    )
    shown = f"{cost.best('turn_cpu') * 1000:.0f} ms CPU, {cost.best('wall'):.2f} s; peak {cost.worst('peak'):.0f} MiB"
    return Measured(shown, counts, {"passes": cost.passes, "first": first.passes})


def one_change(bench: Bench) -> Measured:
    cost = _changed(bench, retitle=1)
    updates = called(cost, "events.update")
    counts = (Count("updates", updates, 1, 1), Count("Google", len(sent(cost)), 3, 2))
    return Measured(f"{cost.total('wall'):.2f} s", counts, {"passes": cost.passes})


def deletes(bench: Bench) -> Measured:
    cost = _changed(bench, cancel=100)
    writing = [one for one in sent(cost) if one.whole or one.write]
    counts = (
        Count("deletes", called(cost, "events.delete"), 100, 100),
        Count("write requests", len(writing), 2, 2),
        Count("Google", len(sent(cost)), 3, 3),
    )
    return Measured(f"{cost.total('wall'):.2f} s", counts, {"passes": cost.passes})


def moved_series(bench: Bench) -> Measured:
    """A person moves a series of 200 lessons, all that there is: Google gives each another id (R15, R31)."""
    with stage(bench.place(), None, google=True) as here:
        here.order(lessons=LESSONS)
        here.run()
        before = here.world.say({"blocks": "Lesson"})
        here.order(advance=_LATER)
        here.run()
        here.order(lessons_at=15)
        here.order(advance=_LATER)
        cost = here.run(profile=bench.profile)
        after = here.world.say({"blocks": "Lesson"})
        here.order(advance=_LATER)
        quiet = here.run()
    writes = [one for one in cost.on("wix", write=True) if one.status == 200]
    counts = (
        Count("blocks", len(before), LESSONS, LESSONS),
        Count(
            "the same ones, moved",
            len([id_ for id_ in before if after.get(id_, before[id_]) != before[id_]]),
            LESSONS,
            LESSONS,
        ),
        Count("made", len(after.keys() - before.keys()), 0),
        Count("cancelled", len(before.keys() - after.keys()), 0),
        Count("cancellations", len([one for one in writes if one.path.endswith("/cancel")]), 0),
        Count("Wix writes", len(writes), 4, 1),
        Count("Google", len(sent(cost)), 7),
        Count("afterwards", len(sent(quiet)) + len([one for one in quiet.requests if one.write]), 1, 1),
    )
    return Measured(f"{cost.total('wall'):.2f} s", counts, {"passes": cost.passes})


ROWS: Final = (
    Row("google-first-fill", "1,000 sessions → Google, first sync", "1 write for 50 events", first_fill),
    Row("google-no-op", "… nothing changed", "1 request", idle),
    Row("google-change-1", "… 1 change of 1,000", "(no figure)", one_change),
    Row("google-deletes-100", "… 100 deletes", "2 write requests", deletes),
    Row("google-moved-series", "200 occurrences moved at Google", "0 made, 0 cancelled", moved_series),
)
