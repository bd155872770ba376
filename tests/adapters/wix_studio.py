"""A small site on the simulator, over real HTTP, and builders for what the tests write there.

Not here: the tests; the simulator's own rules (tests/sandbox).
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.wix import Options, create
from adapters.wix.site import WixSite
from syncd.model import (
    Event,
    Mark,
    Observation,
    Ref,
    Schedule,
    ScheduleKind,
    Timed,
    When,
    Window,
)
from syncd.ports import Draft, Outcome
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixServer, WixState, events, schedules
from syncd.sandbox.wix.access import ALL_SCOPES
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import BOOKINGS_APP, BUSINESS_EXTERNAL_ID, Resource

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=7), NOW + timedelta(days=60))
APP, SECRET, INSTANCE, BRIDGE = "11111111-1111-4111-8111-111111111111", "s3cret", "site-1", "bridge-7"
Answered = Mapping[str, Any]


@dataclass(slots=True)
class Studio:
    """One site with a business schedule, two staff members and a service, and the adapter on it."""

    server: WixServer
    site: Site
    clock: SandboxClock
    adapter: WixSite
    business: Schedule
    anna: Schedule
    ben: Schedule
    yoga: Schedule

    @property
    def blocks(self) -> WixSite:
        """Where blocks of Anna's external calendar are made."""
        return self.adapter.on(self.anna, "apple")

    def requests(self, path: str = "", *, write: bool | None = None) -> list[dict[str, Any]]:
        """What reached the simulator, without tokens."""
        rows = self.server.app.log.to_json()["requests"]
        return [
            row
            for row in rows
            if path in row["path"] and "oauth" not in row["path"] and (write is None or row["write"] is write)
        ]

    def tokens(self) -> int:
        return sum("oauth2" in row["path"] for row in self.server.app.log.to_json()["requests"])

    def fault(self, path: str, do: Answered, **more: Any) -> None:
        self.server.app.faults.add({"match": {"path": path}, "do": do, **more})

    def session(self, schedule: Schedule, start: datetime = NOW + timedelta(days=1), **fields: Any) -> str:
        """An event made by somebody at the site; the id."""
        body = {"scheduleId": schedule.id, "title": "Yoga", **local(start, start + timedelta(hours=1)), **fields}
        return events.create(self.site, BOOKINGS_APP, body).id

    def edit(self, ref: str, **fields: Any) -> None:
        found = self.site.events.get(ref)
        assert found is not None
        body = {"id": ref, "revision": str(found.revision), **fields}
        events.update(self.site, body)

    def edit_schedule(self, schedule: Schedule, **fields: Any) -> None:
        found = self.site.schedules.get(schedule.id)
        assert found is not None
        schedules.update(self.site, {"id": schedule.id, "revision": str(found.revision), **fields})

    def book(self, ref: str, people: int) -> None:
        found = self.site.events.get(ref)
        assert found is not None
        self.site.bump(found, participants=people)

    def raw(self, ref: str) -> Any:
        """The stored event, as the simulator keeps it."""
        found = self.site.events.get(ref)
        assert found is not None
        return found

    async def one(self, ref: str) -> Observation:
        return (await self.adapter.get([Ref(INSTANCE, ref)]))[Ref(INSTANCE, ref)]


@asynccontextmanager
async def studio(options: Options | None = None, **arguments: Any) -> AsyncIterator[Studio]:
    clock = SandboxClock(NOW, rate=0)
    state = WixState(clock)
    state.apps[APP] = SECRET
    site = state.add_site(INSTANCE)
    site.scopes[APP] = ALL_SCOPES
    state.switches.set({"rate_limit_per_minute": 0})
    server = WixServer(state)
    await server.start()
    rows = [
        _schedule(site, "business", BUSINESS_EXTERNAL_ID, ScheduleKind.BUSINESS),
        _staff(site, "Anna", "r-anna"),
        _staff(site, "Ben", "r-ben"),
        _schedule(site, "Yoga", str(uuid.UUID(int=7)), ScheduleKind.SERVICE, defaultTitle="Yoga"),
    ]
    chosen = options if options is not None else Options(per_minute=100_000)
    settings = {"app_id": APP, "app_secret": SECRET, "instance_id": INSTANCE, "clock": clock, "bridge": BRIDGE}
    adapter = create(base_url=server.base_url, options=chosen, **{**settings, **arguments})
    try:
        yield Studio(server, site, clock, adapter, *rows)
    finally:
        await adapter.aclose()
        await server.stop()


def _schedule(site: Site, name: str, external: str, kind: ScheduleKind, **fields: Any) -> Schedule:
    body = {"name": name, "externalId": external, **fields}
    made = schedules.create(site, BOOKINGS_APP, body)
    return Schedule(made.id, kind, name, external, site.zone)


def _staff(site: Site, name: str, resource: str) -> Schedule:
    made = _schedule(site, name, resource, ScheduleKind.STAFF)
    site.resources[resource] = Resource(resource, name, "staff", events_schedule_id=made.id)
    return made


def local(start: datetime, end: datetime, zone: str = "UTC") -> dict[str, Any]:
    """Times of a request."""
    edges = [moment.replace(tzinfo=None).isoformat(timespec="seconds") for moment in (start, end)]
    return {"start": {"localDate": edges[0]}, "end": {"localDate": edges[1]}, "timeZone": zone}


def timed(start: datetime, hours: float = 1, zone: str = "UTC") -> Timed:
    return Timed(start, start + timedelta(hours=hours), zone)


def draft(key: str = "k1", when: When | None = None, description: str | None = None, **fields: Any) -> Draft:
    """A block to create, one hour tomorrow unless told otherwise."""
    shown = {"title": "Dentist", "location": None, "busy": True, **fields}
    event = Event(when=when or timed(NOW + timedelta(days=1)), description=description, **shown)
    return Draft(key, event, mark(key))


def mark(key: str = "k1", digest: str = "d1", provider: str | None = None) -> Mark:
    return Mark(bridge=BRIDGE, generation=1, key=key, digest=digest, provider=provider)


def seen(outcome: Outcome) -> Observation:
    """The outcome of a write that succeeded."""
    assert isinstance(outcome, Observation), outcome
    return outcome
