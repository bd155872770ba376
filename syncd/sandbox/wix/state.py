"""What the simulated Wix remembers: sites with every version of their events and schedules, apps, and switches.

Not here: any rule of the API. These classes store and look up; `events.py` and its neighbours decide.
"""

import hashlib
import uuid
from base64 import urlsafe_b64encode
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.history import History
from syncd.sandbox.switching import Switches
from syncd.sandbox.wix.switches import SWITCHES
from syncd.sandbox.wix.times import DstRule
from syncd.sandbox.wix.values import Event, Resource, Schedule


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rest of a listing: its rows as they were when the first page was read."""

    rows: tuple[Any, ...]
    zone: str | None
    pi: bool


@dataclass(slots=True)
class Site:
    """One site: an app instance sees this and nothing else."""

    instance_id: str
    clock: SandboxClock
    switches: Switches
    zone: str = "Europe/Berlin"
    events: History[Event] = field(default_factory=History)
    schedules: History[Schedule] = field(default_factory=History)
    resources: dict[str, Resource] = field(default_factory=dict)
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    """By app id: what the app was granted when it was installed."""
    series: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By MASTER id: ids of its occurrences."""
    idempotency: dict[tuple[str, str, str], str] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    """Mails that went to participants."""
    providers: list[dict[str, Any]] = field(default_factory=list)
    connections: list[dict[str, Any]] = field(default_factory=list)
    failed_provider_ids: list[str] = field(default_factory=list)
    extended_to: datetime | None = None
    _serial: int = 0

    def guid(self) -> str:
        """A new GUID, the same in every run that does the same things."""
        self._serial += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.instance_id}/{self._serial}"))

    def opaque(self, *parts: object) -> str:
        """A long id without visible structure, always the same for the same parts."""
        text = "/".join([self.instance_id, *map(str, parts)])
        return urlsafe_b64encode(hashlib.sha512(text.encode()).digest()).decode().rstrip("=")

    @property
    def dst(self) -> DstRule:
        """What the switches say about gaps and folds."""
        return DstRule(self.switches["dst_gap"], self.switches["dst_fold"])

    def put(self, event: Event) -> Event:
        """Store a version as it is; a new occurrence is entered with its series."""
        if event.master_id is not None and event.id not in self.series[event.master_id]:
            self.series[event.master_id].append(event.id)
        self.events.put(event, self.clock.now())
        return event

    def bump(self, event: Event, **changes: Any) -> Event:
        """Store the next revision with these changes."""
        now = self.clock.now()
        return self.put(replace(event, revision=event.revision + 1, updated=now, **changes))

    def put_schedule(self, schedule: Schedule) -> Schedule:
        """Store a version as it is."""
        self.schedules.put(schedule, self.clock.now())
        return schedule

    def bump_schedule(self, schedule: Schedule, **changes: Any) -> Schedule:
        """Store the next revision with these changes."""
        now = self.clock.now()
        changed = replace(schedule, revision=schedule.revision + 1, updated=now, **changes)
        return self.put_schedule(changed)

    def occurrences(self, master_id: str) -> list[Event]:
        """The newest version of each occurrence of a series, retired ones left out."""
        found = (self.events.get(ref) for ref in self.series.get(master_id, ()))
        return [event for event in found if event is not None and not event.retired]

    def copy(self) -> "Site":
        """The site as it is now, on the same clock and switches; neither changes with the other."""
        return replace(
            self,
            events=self.events.copy(),
            schedules=self.schedules.copy(),
            resources=dict(self.resources),
            scopes=dict(self.scopes),
            series=deepcopy(self.series),
            idempotency=dict(self.idempotency),
            snapshots=dict(self.snapshots),
            notifications=deepcopy(self.notifications),
            providers=deepcopy(self.providers),
            connections=deepcopy(self.connections),
            failed_provider_ids=list(self.failed_provider_ids),
        )

    def staff_by_schedule(self, schedule_id: str) -> Resource | None:
        """The staff member whose events schedule this is."""
        return next((r for r in self.resources.values() if r.events_schedule_id == schedule_id), None)


@dataclass(slots=True)
class WixState:
    """All sites of one simulated Wix, and the apps that may ask for tokens."""

    clock: SandboxClock
    switches: Switches = field(default_factory=lambda: Switches(SWITCHES))
    sites: dict[str, Site] = field(default_factory=dict)
    apps: dict[str, str] = field(default_factory=dict)
    """By app id: its secret."""

    def add_site(self, instance_id: str, zone: str = "Europe/Berlin") -> Site:
        """A site without schedules, staff or installed apps."""
        site = Site(instance_id, self.clock, self.switches, zone)
        self.sites[instance_id] = site
        return site
