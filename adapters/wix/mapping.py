"""Wix event ↔ session, both ways. Pure: values in, values out.

Not here: our line in the notes (line), which fields are written when (writes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.wix import line, wire
from syncd.model import (
    UNSEEN,
    Absence,
    AllDay,
    Event,
    Field,
    Gone,
    Kind,
    Observation,
    Override,
    Ref,
    Side,
    Text,
    Timed,
    Traits,
    Unseen,
    When,
    instants,
)

_NOTES_LIMIT: Final = 5000
LIMITS: Final[Mapping[Field, int]] = {
    Field.TITLE: 200,
    Field.DESCRIPTION: _NOTES_LIMIT - line.LONGEST,
    Field.LOCATION: 150,
}
WORKING_HOURS: Final = "WORKING_HOURS"


@dataclass(frozen=True, slots=True)
class Row:
    """An event as an answer showed it. `personal`: the answer carried PI fields, so that what is missing is empty."""

    event: wire.Event
    personal: bool
    seen_at: datetime

    @property
    def revision(self) -> int:
        """0 when Wix gave none."""
        text = str(self.event.revision)
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def participants(self) -> int | Unseen:
        if self.event.participants is not None:
            return self.event.participants.total
        return 0 if self.personal else UNSEEN

    @property
    def fingerprint(self) -> str:
        """Bookings may come without a new revision, personal fields with a permission: both count as new."""
        people = self.event.participants
        total: int | str = people.total if people is not None else (0 if self.personal else "-")
        return f"{self.event.revision}/{self.event.updated_date}/{total}"


def observation(row: Row, instance: str, namespace: str | None = None) -> Observation:
    """What a row shows; a cancelled one is gone on proof. Raises ValueError when its times cannot be understood."""
    event = row.event
    when = when_of(event)
    text, mark = line.split(event.notes)
    seen = Event(
        when=when,
        title=event.title or None,
        description=text if row.personal else UNSEEN,
        location=_place(event.location),
        busy=event.transparency != "TRANSPARENT",
    )
    traits = Traits(
        group=event.id,
        series=event.recurring_event_id,
        original_start=_local_start(when, event) if event.recurring_event_id else None,
        kind=Kind.WORKING_HOURS if event.type == WORKING_HOURS else Kind.ORDINARY,
        participants=row.participants,
        mark=mark,
        home=event.schedule_id,
        schedules=frozenset({*_named(event.schedule_id), *(found.id for found in event.resources)}),
        created=_instant(event.created_date) if event.created_date else None,
        override=override(event, namespace) if namespace is not None else Override(),
    )
    return Observation(
        side=Side.WIX,
        ref=Ref(instance, event.id),
        event=seen,
        seen_at=row.seen_at,
        version=str(event.revision) or None,
        fingerprint=row.fingerprint,
        sequence=row.revision or None,
        traits=traits,
        absence=Absence(Gone.GONE, "cancelled", row.seen_at) if event.cancelled else None,
    )


def unknown(ref: Ref, evidence: str, at: datetime) -> Observation:
    """An item that a direct read did not show: no proof of anything."""
    return Observation(Side.WIX, ref, Event(), at, absence=Absence(Gone.UNKNOWN, evidence, at))


def when_of(event: wire.Event) -> When:
    """The block of time, by `utcDate` where it is given. Raises ValueError."""
    if event.start is None or event.end is None:
        raise ValueError("an event without times")
    if event.all_day:
        first, until = _day(event.start), _day(event.end)
        return AllDay(first, max(until, first + timedelta(days=1)))
    zone = event.time_zone or event.start.time_zone or "UTC"
    return Timed(_moment(event.start, zone), _moment(event.end, zone), zone)


def times(when: When, *, in_utc: bool = False) -> dict[str, Any]:
    """The time fields of a request. Wix knows minutes (reference/wix.md, 3.1); an all-day block takes no zone."""
    if isinstance(when, AllDay):
        return {"start": _midnight(when.first), "end": _midnight(when.until), "allDay": True}
    zone = "UTC" if in_utc else _writable_zone(when)
    tz = ZoneInfo(zone)
    start, end = _minute(when.start).astimezone(tz), _minute(when.end).astimezone(tz)
    return {"start": _local(start), "end": _local(end), "timeZone": zone, "allDay": False}


def is_mistaken(event: wire.Event, sent: Mapping[str, Any], when: When) -> bool:
    """Whether Wix took the local times that were sent for other instants than those meant (a gap, a fold, a rule).

    Other local times or another zone than sent are somebody else's edit, and no mistake.
    """
    if not isinstance(when, Timed) or event.start is None or event.end is None:
        return False
    shown = (event.start.local_date, event.end.local_date, event.time_zone)
    if shown != (sent["start"]["localDate"], sent["end"]["localDate"], sent["timeZone"]):
        return False
    meant = tuple(_minute(moment) for moment in instants(when))
    return instants(when_of(event)) != meant


def texts(event: Event) -> dict[str, Any]:
    """The seen fields of a request but times and notes; an empty one is null."""
    body: dict[str, Any] = {}
    if not isinstance(event.title, Unseen):
        body["title"] = event.title[: LIMITS[Field.TITLE]] if event.title else None
    if not isinstance(event.location, Unseen):
        name = event.location[: LIMITS[Field.LOCATION]] if event.location else None
        body["location"] = {"type": "CUSTOM", "name": name} if name else None
    if not isinstance(event.busy, Unseen):
        body["transparency"] = "OPAQUE" if event.busy else "TRANSPARENT"
    return body


def notes(text: Text, ours: str | None) -> str | None:
    """Notes of a description, cut to fit, with our line where there is one; None when nothing is left."""
    known = text if isinstance(text, str) else ""
    if ours is None:
        return known[:_NOTES_LIMIT] or None
    return line.join(known[: _NOTES_LIMIT - len(ours) - 2], ours)


def override(event: wire.Event, namespace: str) -> Override:
    """Title and description kept in the app's own fields of an event; only texts count."""
    spaces = event.extended_fields.namespaces if event.extended_fields is not None else {}
    found = spaces.get(namespace, {})
    title, description = found.get("title"), found.get("description")
    return Override(
        title=title if isinstance(title, str) else None,
        description=description if isinstance(description, str) else None,
    )


def _place(location: wire.Location | None) -> str | None:
    if location is None:
        return None
    address = location.address
    if isinstance(address, dict):
        address = address.get("formattedAddress")
    written = address if isinstance(address, str) else None
    return location.name or location.formatted_address or written or None


def _named(schedule: str | None) -> Sequence[str]:
    return () if schedule is None else (schedule,)


def _local_start(when: When, event: wire.Event) -> str:
    if isinstance(when, AllDay):
        return when.first.isoformat()
    local = event.start.local_date if event.start is not None else ""
    return local or when.start.astimezone(_zone(when.tzid)).replace(tzinfo=None).isoformat()


def _moment(shown: wire.Moment, zone: str) -> datetime:
    if shown.utc_date:
        return _instant(shown.utc_date)
    return datetime.fromisoformat(shown.local_date).replace(tzinfo=_zone(zone)).astimezone(UTC)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError("an instant without an offset")
    return found.astimezone(UTC)


def _day(shown: wire.Moment) -> date:
    return date.fromisoformat(shown.local_date[:10])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("a time zone that nobody knows") from None


def _writable_zone(when: Timed) -> str:
    """The organiser's zone if Wix takes it (a region, or UTC) and the local times keep their order in it."""
    name = when.tzid
    if "/" not in name:
        return "UTC"
    try:
        tz = _zone(name)
    except ValueError:
        return "UTC"
    start, end = (_minute(moment).astimezone(tz).replace(tzinfo=None) for moment in (when.start, when.end))
    turned = end < start or (end == start and _minute(when.start) != _minute(when.end))
    return "UTC" if turned else name


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _local(moment: datetime) -> dict[str, str]:
    return {"localDate": moment.replace(tzinfo=None).isoformat(timespec="seconds")}


def _midnight(day: date) -> dict[str, str]:
    return {"localDate": datetime.combine(day, time()).isoformat(timespec="seconds")}
