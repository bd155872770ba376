"""The rows of the table whose account is at Google: requests and their parts are counted, times are told.

Not here: what is done for each row (granted_rows), the other rows.
"""

from typing import Final

from adapters.google import PER_MINUTE
from adapters.google.account import CAPABILITIES
from adapters.google.batch import MOST
from benchmarks import granted_rows
from benchmarks.granted_rows import At
from benchmarks.table import Bench, Measured, Row

_AT: Final = At("google", "events.insert", MOST, PER_MINUTE, CAPABILITIES.max_in_flight)


def first_fill(bench: Bench) -> Measured:
    return granted_rows.filled(granted_rows.fill(bench, _AT), _AT, reads=1, size=3600)


def idle(bench: Bench) -> Measured:
    return granted_rows.idle(bench, _AT)


def one_change(bench: Bench) -> Measured:
    return granted_rows.one_change(bench, _AT, "events.update", reads=2)


def deletes(bench: Bench) -> Measured:
    return granted_rows.deletes(bench, _AT, "events.delete", batches=2, requests=3)


def moved_series(bench: Bench) -> Measured:
    """Google gives each occurrence another id."""
    return granted_rows.moved_series(bench, _AT, requests=7)


ROWS: Final = (
    Row("google-first-fill", "1,000 sessions → Google, first sync", "1 write for 50 events", first_fill),
    Row("google-no-op", "… nothing changed", "1 request", idle),
    Row("google-change-1", "… 1 change of 1,000", "(no figure)", one_change),
    Row("google-deletes-100", "… 100 deletes", "2 write requests", deletes),
    Row("google-moved-series", "200 occurrences moved at Google", "0 made, 0 cancelled", moved_series),
)
