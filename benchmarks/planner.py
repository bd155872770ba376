"""How many links a second one core plans: unchanged ones, and ones with an edit to carry over."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from syncd.model import (
    Connection,
    Event,
    Item,
    Link,
    Mark,
    Observation,
    Pair,
    Policy,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Status,
    SyncConfig,
    Timed,
    Traits,
    Window,
    Workload,
)
from syncd.normalise import collection_of, key_of
from syncd.plan import plan

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POLICY = Policy(Window(NOW - timedelta(days=7), NOW + timedelta(days=366)), "bridge", create_limit=10**9)


def _connection() -> Connection:
    schedule = Schedule("schedule", ScheduleKind.STAFF, "Anna", "resource")
    config = SyncConfig(calendars=("primary",))
    return Connection(
        "c", "site", "memory", schedule, "account", "", config, Status.SYNCED, confirmed=True, calendar="dedicated"
    )


def workload(count: int, *, changed: bool) -> Workload:
    """Linked items of either origin by turns; with `changed`, each original has a new title."""
    connection = _connection()
    items = tuple(_linked(number, connection, changed=changed) for number in range(count))
    return Workload(connection, items, linked=count)


def _linked(number: int, connection: Connection, *, changed: bool) -> Item:
    origin = Side.EXTERNAL if number % 2 else Side.WIX
    key = key_of("bridge", "schedule", str(number), 1)
    mark = Mark("bridge", 1, key, "digest", f"s{number}" if origin is Side.WIX else None)
    wix = Ref("site", f"s{number}")
    outside = Ref(collection_of(connection, "dedicated" if origin is Side.WIX else "primary"), f"{number}.ics")
    original, copy = _shows(number, "Pilates" if changed else "Yoga"), _shows(number, "Yoga")
    shows = Pair.of(origin, original, copy)
    bases = Pair(_shows(number, "Yoga"), _shows(number, "Yoga"))
    link = Link(f"link{number}", "c", origin, Pair(wix, outside), bases, Pair.of(origin, False, True), participants=0)
    marks = Pair.of(origin, None, mark)
    inside = Traits(home="schedule", schedules=frozenset({"schedule"}), participants=0, mark=marks.wix)
    return Item(
        link,
        Observation(Side.WIX, wix, shows.wix, NOW, "2", traits=inside),
        Observation(Side.EXTERNAL, outside, shows.external, NOW, "e", traits=Traits(mark=marks.external)),
    )


def _shows(number: int, title: str) -> Event:
    """A value of its own each time, as the store hands them over."""
    start = NOW + timedelta(hours=number % 8000)
    when = Timed(start, start + timedelta(hours=1), "Europe/Berlin")
    return Event(when, f"{title} {number}", "Bring a mat", "Room 1", busy=True)


def rate(count: int, *, changed: bool, clock: Callable[[], float] = time.process_time) -> float:
    """Links planned in a second of CPU, the best of three."""
    work = workload(count, changed=changed)
    best = float("inf")
    for _ in range(3):
        began = clock()
        plan(work, POLICY, NOW)
        best = min(best, clock() - began)
    return count / best
