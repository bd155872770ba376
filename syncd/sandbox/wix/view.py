"""What a reader sees: a site now, as it was some seconds or writes ago, or with rows in an earlier version.

Not here: which rows a query selects (`query.py`) and how they look on the wire (`render.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syncd.sandbox.history import PRESENT, Past
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Event, Resource, Schedule


@dataclass(frozen=True, slots=True)
class View:
    """A site in the state that a reader is shown."""

    site: Site
    past: Past = PRESENT

    def event(self, ref: str) -> Event | None:
        """By id, retired occurrences and copies of appointments included."""
        found = self.site.events.get(ref, self.past)
        if found is None:
            found = next((copy for copy in self._copies() if copy.id == ref), None)
        return found

    def events(self) -> Iterator[Event]:
        """All events of the site, and the copies of appointments where the switch makes them."""
        yield from self.site.events.all(self.past)
        yield from self._copies()

    def schedule(self, ref: str) -> Schedule | None:
        """By id."""
        return self.site.schedules.get(ref, self.past)

    def schedules(self) -> Iterator[Schedule]:
        """All of them, whatever their status."""
        return self.site.schedules.all(self.past)

    def staff_of(self, event: Event) -> list[Resource]:
        """Staff members linked to an event."""
        linked = (self.site.resources.get(ref) for ref in sorted(event.resource_ids()))
        return [found for found in linked if found is not None and found.events_schedule_id]

    def _copies(self) -> Iterator[Event]:
        if self.site.switches["staff_schedule_content"] != "copies":
            return
        for event in self.site.events.all(self.past):
            if event.type == "APPOINTMENT":
                for staff in self.staff_of(event):
                    ref = self.site.opaque("copy", event.id, staff.id)
                    yield replace(event, id=ref, schedule_id=staff.events_schedule_id or "")
