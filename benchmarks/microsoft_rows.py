"""The rows of the table whose account is at Microsoft: requests and their parts are counted, times are told.

Not here: what is done for each row (granted_rows), the other rows.
"""

from dataclasses import replace
from typing import Final

from adapters.microsoft import PER_MINUTE
from adapters.microsoft.account import CAPABILITIES
from adapters.microsoft.batch import MOST
from adapters.microsoft.listing import SIZES
from benchmarks import granted_rows
from benchmarks.granted_rows import DELETED, LATER, At, called, sent, told
from benchmarks.stage import Cost, stage
from benchmarks.table import Bench, Count, Measured, Row

_AT: Final = At("microsoft", "events.create", MOST, PER_MINUTE, CAPABILITIES.max_in_flight)
_OWN: Final = 1000
_PAGES: Final = -(-_OWN // SIZES[0])
_DAY: Final = 86_400
MEMORY: Final = 110  # MiB that a pass may take up at most, which reads 1,000 events


def first_fill(bench: Bench) -> Measured:
    return granted_rows.filled(granted_rows.fill(bench, _AT), _AT, reads=1 + _AT.in_flight, size=5000)


def idle(bench: Bench) -> Measured:
    return granted_rows.idle(bench, _AT)


def one_change(bench: Bench) -> Measured:
    return granted_rows.one_change(bench, _AT, "events.update", reads=3)


def deletes(bench: Bench) -> Measured:
    """Each event is read before it is deleted: nobody says that a precondition is heeded."""
    batches = -(-DELETED // MOST)
    reads = 1 + batches
    return granted_rows.deletes(bench, _AT, "events.delete", batches=batches, requests=reads + batches + _AT.in_flight)


def moved_series(bench: Bench) -> Measured:
    """At another hour of the same days, by which Microsoft names the occurrences."""
    return granted_rows.moved_series(bench, _AT, requests=4)


def imports(bench: Bench) -> Measured:
    """A person's own events become blocks."""
    with stage(bench.place(), at=_AT.side, events=_OWN) as here:
        here.run(0)  # a service makes no connection in the process of its passes, nor migrates
        cost = here.run(profile=bench.profile)
    bench.costs["microsoft-import"] = cost
    counts = (
        Count("blocks", int(cost.total("written")), _OWN, _OWN),
        Count("Wix writes", len(cost.on("wix", write=True)), 25, 20),
        Count("Microsoft", len(sent(cost, _AT)), _PAGES + 2, _PAGES),
        _models(cost),
    )
    found = told(cost, counts)
    return replace(found, shown=f"{found.shown}; peak {cost.worst('peak'):.0f} MiB")


def baseline(bench: Bench) -> Measured:
    """A day later the whole window is read anew, by a new process: how much memory that takes is counted."""
    with stage(bench.place(), at=_AT.side, events=_OWN) as here:
        here.run()
        here.order(advance=LATER)
        here.run()
        here.order(advance=_DAY)
        cost = here.run(profile=bench.profile)
    bench.costs["microsoft-baseline"] = cost
    counts = (
        Count("pages", called(cost, _AT, "calendarView.delta"), _PAGES, _PAGES),
        Count("Microsoft", len(sent(cost, _AT)), _PAGES + 1, _PAGES),  # and a new token
        Count("writes", len([one for one in cost.requests if one.write]), 0),
        Count("MiB", int(cost.worst("peak")), MEMORY),
        _models(cost),
    )
    return told(cost, counts)


def _models(cost: Cost) -> Count:
    return Count("models of the library", sum(len(one["models"]) for one in cost.passes), 0)


ROWS: Final = (
    Row("microsoft-first-fill", "1,000 sessions → Microsoft, filled", "1 write for 20 events", first_fill),
    Row("microsoft-no-op", "… nothing changed", "1 request", idle),
    Row("microsoft-change-1", "… 1 change of 1,000", "(no figure)", one_change),
    Row("microsoft-deletes-100", "… 100 deletes", "5 write requests", deletes),
    Row("microsoft-moved-series", "200 occurrences moved at Microsoft", "0 made, 0 cancelled", moved_series),
    Row("microsoft-import-1000", "1,000 events at Microsoft → Wix", "≤ 25 write requests", imports),
    Row("microsoft-baseline", "… all of them read anew", f"≤ {MEMORY} MiB", baseline),
)
