"""What people do at the simulated site, in its own words. Not here: bookings and cancellations by staff (studio)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from syncd.model import UNSEEN, AllDay, Event, Timed, When
from syncd.sandbox.wix import events
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import BOOKINGS_APP
from syncd.sandbox.wix.values import Event as Row
from tests.e2e.studio import ANNA, taking
from tests.interruption.studio_raw import split_notes

_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def session(site: Site, schedule: str, event: Event, participants: int = 0) -> str:
    """A new session; its id."""
    made = events.create(site, BOOKINGS_APP, {"scheduleId": schedule, **_filled(event)})
    if participants:
        book(site, made.id, participants)
    return made.id


def weekly(site: Site, schedule: str, event: Event, count: int) -> Sequence[str]:
    """A weekly class of Anna's on a service's schedule; the ids of its occurrences."""
    assert isinstance(event.when, Timed)
    begins = event.when.start.astimezone(ZoneInfo(event.when.tzid))
    until = f"{begins + timedelta(weeks=count - 1):%Y-%m-%d}T23:00:00"
    rule = {"frequency": "WEEKLY", "days": [_DAYS[begins.weekday()]], "until": {"localDate": until}}
    more = {"scheduleId": schedule, "type": "CLASS", "resources": taking(ANNA), "recurrenceRule": rule}
    master = events.create(site, BOOKINGS_APP, {**_filled(event), **more})
    return [one.id for one in site.occurrences(master.id)]


def edit(site: Site, ref: str, change: Event) -> None:
    """The shown fields change; our line in the notes stays."""
    found = row(site, ref)
    body, line = _body(change), split_notes(found.fields.get("notes"))[1]
    if "notes" in body and line:
        body["notes"] = f"{body['notes']}\n\n{line.lstrip()}" if body["notes"] else line.lstrip()
    events.update(site, {"id": ref, "revision": str(found.revision), **body})


def cancel(site: Site, ref: str) -> None:
    events.cancel(site, ref)


def book(site: Site, ref: str, people: int) -> None:
    """So many people are booked now."""
    site.bump(row(site, ref), participants=people)


def duplicate(site: Site, ref: str) -> str:
    """A copy with all that the session has; its id."""
    return site.put(replace(row(site, ref), id=site.guid(), app_id=BOOKINGS_APP, revision=1)).id


def rebase(site: Site, ref: str) -> str:
    """The occurrence goes on under another id, which is returned."""
    found, now = row(site, ref), site.clock.now()
    site.bump(found, status="CANCELLED", retired=True)
    again = replace(found, id=site.opaque("again", found.id), revision=1, created=now, updated=now)
    return site.put(again).id


def row(site: Site, ref: str) -> Row:
    found = site.events.get(ref)
    assert found is not None
    return found


def _filled(event: Event) -> dict[str, Any]:
    return {key: value for key, value in _body(event).items() if value is not None}


def _body(event: Event) -> dict[str, Any]:
    """The shown fields as a request to the site has them; an empty one is null."""
    body: dict[str, Any] = {}
    if event.title is not UNSEEN:
        body["title"] = event.title
    if event.description is not UNSEEN:
        body["notes"] = event.description
    if event.location is not UNSEEN:
        body["location"] = {"type": "CUSTOM", "name": event.location} if event.location else None
    if event.busy is not UNSEEN:
        body["transparency"] = "OPAQUE" if event.busy else "TRANSPARENT"
    return body | (_times(event.when) if isinstance(event.when, Timed | AllDay) else {})


def _times(when: When) -> dict[str, Any]:
    if isinstance(when, AllDay):
        edges = [f"{day:%Y-%m-%d}T00:00:00" for day in (when.first, when.until)]
        return {"start": {"localDate": edges[0]}, "end": {"localDate": edges[1]}, "allDay": True}
    zone = ZoneInfo(when.tzid)
    edges = [f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for moment in (when.start, when.end)]
    return {
        "start": {"localDate": edges[0]},
        "end": {"localDate": edges[1]},
        "timeZone": when.tzid,
        "allDay": False,
    }
