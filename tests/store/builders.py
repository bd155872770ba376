"""Small values for the store's tests, each in sight where it matters.

Not here: the databases (tests/conftest) and what is tested.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from syncd.model import (
    Absence,
    Connection,
    Create,
    Delete,
    Event,
    Gone,
    Link,
    LinkState,
    Mark,
    Observation,
    Pair,
    Ref,
    Rule,
    Schedule,
    ScheduleKind,
    Side,
    Timed,
    Traits,
    Window,
)
from syncd.ports import HistoryRow, HoldRow, JournalRow, Owner, Touch

NOW: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW: Final = Window(NOW - timedelta(days=7), NOW + timedelta(days=365))
SITE: Final = "site-1"
CALENDAR: Final = "c1:work"
ME: Final = Owner("host-a", 1, "boot 1")
OTHER: Final = Owner("host-b", 2, "boot 2")


def event(title: str | None = "Yoga", *, hour: int = 10, day: int = 2) -> Event:
    start = datetime(2026, 3, day, hour, tzinfo=UTC)
    return Event(Timed(start, start + timedelta(hours=1), "Europe/Berlin"), title, None, None, True)


def session(ref: str = "s1", version: str | None = "1", **changed: Any) -> Observation:
    """A session as last shown; `changed` replaces fields of the observation."""
    home = Traits(home="staff-1")
    seen = Observation(Side.WIX, Ref(SITE, ref), event(), NOW, version, f"fp-{version}", traits=home)
    return replace(seen, **changed)


def outside(ref: str = "e1", version: str | None = "1", **changed: Any) -> Observation:
    """An external event as last shown."""
    seen = Observation(Side.EXTERNAL, Ref(CALENDAR, ref), event(), NOW, version, f"fp-{version}")
    return replace(seen, **changed)


def gone(kind: Gone = Gone.GONE, *, since: datetime = NOW) -> Absence:
    return Absence(kind, "listing", since)


def mark(key: str = "k1", *, original: str | None = None, generation: int = 1) -> Mark:
    return Mark("bridge-1", generation, key, "digest", original)


def connection(name: str = "c1", **changed: Any) -> Connection:
    schedule = Schedule("staff-1", ScheduleKind.STAFF, "Ann", "resource-1")
    return replace(Connection(name, SITE, "memory", schedule, "account-1", "ann@example.org"), **changed)


def link(name: str = "l1", wix: str | None = "s1", external: str | None = "e1", **changed: Any) -> Link:
    refs = Pair(Ref(SITE, wix) if wix else None, Ref(CALENDAR, external) if external else None)
    bases = Pair(event(), event())
    given = Link(name, "c1", Side.WIX, refs, bases, made=Pair(False, True), state=LinkState.LIVE)
    return replace(given, **changed)


def touch(seen: Observation, *, owner: str = "c1", since: datetime = NOW) -> Touch:
    return Touch(owner, seen.side, seen.ref, since)


def create(item: str = "wix|site-1|s1") -> Create:
    given = mark(original="s1")
    return Create(item, Side.EXTERNAL, CALENDAR, event(), key="k1", mark=given, link=link(), why=Rule.R1)


def delete(item: str = "l1") -> Delete:
    return Delete(item, Side.EXTERNAL, Ref(CALENDAR, "e1"), "1", Rule.R3)


def journal(name: str = "w1", **changed: Any) -> JournalRow:
    row = JournalRow(name, "c1", "run-1", Side.EXTERNAL, CALENDAR, create(), NOW)
    return replace(row, **changed)


def history(at: datetime = NOW, **changed: Any) -> HistoryRow:
    row = HistoryRow(at, "run-1", "c1", "l1", "update", "R2", "done", Side.EXTERNAL, Ref(CALENDAR, "e1"))
    return replace(row, **changed)


def hold(action: str = "abcdef0123456789", group: str = "g1", **changed: Any) -> HoldRow:
    row = HoldRow(action, group, "c1", "l1", "R15", "many deletions", {"kind": "delete"}, NOW)
    return replace(row, **changed)
