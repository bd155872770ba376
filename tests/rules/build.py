"""Small builders for what the planner is given: events, observations, links, items, workloads, policies.

Values stay in sight: a test names what matters and leaves the rest to a default. Not here: applying plans (world),
what every plan owes (invariants).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from syncd.model import (
    Absence,
    Action,
    AllDay,
    Connection,
    Event,
    Gone,
    Item,
    Link,
    Mark,
    Observation,
    Pair,
    Pending,
    Plan,
    Policy,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Status,
    SyncConfig,
    Timed,
    Traits,
    When,
    Window,
    Workload,
)
from syncd.normalise import collection_of, fields_digest, key_of, original_id
from syncd.plan import plan

NOW: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOW: Final = Window(NOW - timedelta(days=7), NOW + timedelta(days=365))
BRIDGE: Final = "bridge-1"
ZONE: Final = "Europe/Berlin"
SITE: Final = "site-1"
STAFF: Final = Schedule("schedule-1", ScheduleKind.STAFF, "Ada", "resource-1", ZONE)
CONNECTION: Final = Connection(
    id="c1",
    site=SITE,
    provider="memory",
    schedule=STAFF,
    identity="account-1",
    email="ada@example.org",
    config=SyncConfig(calendars=("private",)),
    status=Status.SYNCED,
    confirmed=True,
    first_passed=True,
    calendar="bookings",
    created_at=NOW - timedelta(days=30),
)
TARGET: Final = collection_of(CONNECTION, "bookings")  # where copies of sessions lie
PRIVATE: Final = collection_of(CONNECTION, "private")  # where events are imported from


def hour(day: int, at: int = 10, minutes: int = 60, zone: str = ZONE) -> Timed:
    """A time `day` days after NOW's date, at a local hour."""
    local = datetime(2026, 3, 10, at, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
    start = local.astimezone(UTC)
    return Timed(start, start + timedelta(minutes=minutes), zone)


def days(first: int, count: int = 1) -> AllDay:
    """Whole days, `first` counted from NOW's date."""
    start = date(2026, 3, 10) + timedelta(days=first)
    return AllDay(start, start + timedelta(days=count))


TOMORROW: Final = hour(1)


def event(
    title: str | None = "Yoga",
    when: When = TOMORROW,
    *,
    description: str | None = None,
    location: str | None = None,
    busy: bool = True,
) -> Event:
    """An event with every field seen."""
    return Event(when, title, description, location, busy)


YOGA: Final = event("Yoga", description="Bring a mat", location="Room 1")
DENTIST: Final = event("Dentist", hour(2))


def session(shown: Event = YOGA, *, id: str = "s1", version: str = "1", **traits: Any) -> Observation:  # noqa: A002
    """A session on the connection's schedule; `traits` by name (`participants`, `mark`, `series`, …)."""
    told = {"group": id, "home": STAFF.id, "schedules": frozenset({STAFF.id}), "participants": 0} | traits
    return _observation(Side.WIX, Ref(SITE, id), shown, version, told)


def outside(
    shown: Event = YOGA,
    *,
    id: str = "e1",  # noqa: A002
    calendar: str = PRIVATE,
    version: str = "1",
    **traits: Any,
) -> Observation:
    """An external event, by default in the calendar that is imported from."""
    return _observation(Side.EXTERNAL, Ref(calendar, id), shown, version, {"group": id, "uid": id} | traits)


def _observation(side: Side, ref: Ref, shown: Event, version: str, traits: Mapping[str, Any]) -> Observation:
    told = Traits(**({"created": NOW - timedelta(days=20)} | dict(traits)))
    return Observation(side, ref, shown, NOW, version=version, fingerprint=f"f{version}", traits=told)


def absent(last: Observation, kind: Gone = Gone.GONE, *, evidence: str | None = None, cycles: int = 1) -> Observation:
    """The same item, no longer there; its fields are those seen last."""
    proof = "cancelled" if last.side is Side.WIX else "tombstone"
    reason = evidence or (proof if kind is Gone.GONE else kind.value)
    since = NOW - timedelta(minutes=15 * (cycles - 1))
    return replace(last, absence=Absence(kind, reason, since, cycles))


def mark_of(original: Observation, *, generation: int = 1, wrote: Event | None = None, bridge: str = BRIDGE) -> Mark:
    """The mark that our copy of `original` carries. `wrote`: what we wrote last, by default what the original shows."""
    name = original_id(original.side, original.ref)
    own_id = original.ref.id if original.side is Side.WIX else None
    provider = CONNECTION.provider if original.side is Side.EXTERNAL else None
    key = key_of(bridge, STAFF.id, name, generation)
    return Mark(bridge, generation, key, fields_digest(wrote or original.event), own_id, provider)


def copy_outside(of: Observation, shown: Event | None = None, *, generation: int = 1, **traits: Any) -> Observation:
    """Our copy of a session in the target calendar, as we wrote it unless `shown` says otherwise."""
    mark = mark_of(of, generation=generation)
    return outside(shown or of.event, id=mark.key, calendar=TARGET, **({"mark": mark} | traits))


def block(of: Observation, shown: Event | None = None, *, generation: int = 1, **traits: Any) -> Observation:
    """Our blocking session for an external event."""
    mark = mark_of(of, generation=generation)
    return session(shown or of.event, id=f"b-{of.ref.id}", **({"mark": mark} | traits))


def link(
    wix: Observation | None,
    external: Observation | None,
    *,
    origin: Side = Side.WIX,
    base: Event = YOGA,
    adopted: bool = False,
    **slots: Any,
) -> Link:
    """A link of two items that agreed on `base`. `adopted`: neither side was made by us."""
    refs = Pair(wix.ref if wix else None, external.ref if external else None)
    bases = Pair(base if wix else Event(), base if external else Event())
    made = Pair(False, False) if adopted else Pair.of(origin, False, True)
    told: dict[str, Any] = {"id": "l1", "bases": bases, "made": made, "participants": 0} | slots
    return Link(connection=CONNECTION.id, origin=origin, refs=refs, **told)


def linked(
    wix: Observation | None,
    external: Observation | None,
    *,
    origin: Side = Side.WIX,
    base: Event = YOGA,
    adopted: bool = False,
    **slots: Any,
) -> Item:
    """A pending link with both its sides. `slots` go to the item (`overrides`, `exported_by`, `decisions`, …)."""
    pair = link(wix, external, origin=origin, base=base, adopted=adopted)
    return with_pending(Item(link=slots.pop("link", pair), wix=wix, external=external, generations=1, **slots))


def new(seen: Observation, **slots: Any) -> Item:
    """A pending item without a link."""
    told: dict[str, Any] = {seen.side.value: seen} | slots
    return with_pending(Item(**told))


def with_pending(item: Item) -> Item:
    """The item with a pending row for each side that was seen."""
    seen = [side for side in (item.wix, item.external) if side is not None]
    return replace(item, pending=tuple(Pending(one.side, one.ref, NOW, 1) for one in seen))


def policy(**slots: Any) -> Policy:
    """The default policy around NOW, with some settings replaced."""
    told: dict[str, Any] = {"window": WINDOW, "bridge": BRIDGE} | slots
    return Policy(**told)


def work(*items: Item, connection: Connection = CONNECTION, **slots: Any) -> Workload:
    """A workload of these pending items; both sides were read completely and hold enough links for R15 not to mind."""
    told: dict[str, Any] = {"linked": 50, "complete": frozenset(Side)} | slots
    return Workload(connection, items, **told)


def connection(**slots: Any) -> Connection:
    """The connection with some slots replaced; `imports`, `exports`, `calendars`, `target` go to its config."""
    named = {name: slots.pop(name) for name in ("imports", "exports", "calendars", "target") if name in slots}
    return replace(CONNECTION, config=replace(CONNECTION.config, **named), **slots)


def plan_of(*items: Item, under: Policy | None = None, now: datetime = NOW, **slots: Any) -> Plan:
    """The plan for these items; `slots` go to the workload."""
    return plan(work(*items, **slots), under or policy(), now)


def actions_of(*items: Item, under: Policy | None = None, now: datetime = NOW, **slots: Any) -> list[Action]:
    """The actions of that plan."""
    return list(plan_of(*items, under=under, now=now, **slots).actions)
