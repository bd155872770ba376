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
from syncd.normalise import collection_of
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
    """Linked items; with `changed`, each session has a new title."""
    connection = _connection()
    collection = collection_of(connection, "dedicated")
    items = []
    for number in range(count):
        start = NOW + timedelta(hours=number % 8000)
        when = Timed(start, start + timedelta(hours=1), "Europe/Berlin")
        base = Event(when, f"Yoga {number}", "Bring a mat", "Room 1", busy=True)
        shows = base.put({}) if not changed else Event(when, f"Pilates {number}", "Bring a mat", "Room 1", busy=True)
        wix, outside = Ref("site", f"s{number}"), Ref(collection, f"{number}.ics")
        link = Link(
            f"link{number}", "c", Side.WIX, Pair(wix, outside), Pair(base, base), Pair(False, True), participants=0
        )
        inside = Traits(home="schedule", schedules=frozenset({"schedule"}), participants=0)
        mark = Traits(mark=Mark("bridge", 1, f"key{number}", "digest", f"s{number}"))
        items.append(
            Item(
                link,
                Observation(Side.WIX, wix, shows, NOW, "2", traits=inside),
                Observation(Side.EXTERNAL, outside, base, NOW, "e", traits=mark),
            )
        )
    return Workload(connection, tuple(items), linked=count)


def rate(count: int, *, changed: bool, clock: Callable[[], float] = time.process_time) -> float:
    """Links planned in a second of CPU, the best of three."""
    work = workload(count, changed=changed)
    best = float("inf")
    for _ in range(3):
        began = clock()
        plan(work, POLICY, NOW)
        best = min(best, clock() - began)
    return count / best
