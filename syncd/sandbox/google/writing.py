"""What happens to events: insert, import, update, patch, delete, move; series lose or keep their exceptions.

Not here: reading (`listing.py`), checks of fields (`event_body.py`) and of rights (`rules.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from syncd.sandbox.google.errors import GoogleError, Json, invalid, required
from syncd.sandbox.google.event_body import as_body, merged, read_fields, read_id, read_status
from syncd.sandbox.google.moments import read_moment
from syncd.sandbox.google.recurrence import check_recurrence, starts
from syncd.sandbox.google.rules import STATUS_TYPES, changed_fields, check_change, check_new, check_writer
from syncd.sandbox.google.state import Calendar, GoogleState, Mail, View
from syncd.sandbox.google.usage import check_usage, note_created
from syncd.sandbox.google.values import Account, Event, Moment

_GUARDED = {
    "conferenceData": "conferenceDataVersion",
    "attachments": "supportsAttachments",
    "eventLabelId": "eventLabelVersion",
}
"""Fields that stay as they are unless the parameter is sent."""
_SILENT = {"reminders"}
_MEANINGFUL = {"start", "end", "recurrence", "status"}


@dataclass(frozen=True, slots=True)
class Writing:
    """One write: in which calendar, by whom, under which precondition (an etag or `*`), and who is told."""

    state: GoogleState
    calendar: Calendar
    account: Account
    if_match: str | None = None
    send_updates: str | None = None
    versions: frozenset[str] = frozenset()
    """Parameters that let a client write what older clients do not know: conferenceDataVersion and its like."""
    by_hand: bool = False
    """Whether a person does it in Google's own pages: no usage limit is met there."""

    def find(self, ref: str) -> Event:
        """The event, or the plain occurrence, to be written. 404 when there is none, 412 when it has changed."""
        found = present(self.state, self.calendar, ref)
        if found is None:
            raise GoogleError("notFound")
        if self.if_match not in (None, "*", found.etag):
            raise GoogleError("conditionNotMet", where=("header", "If-Match"))
        return found

    def check_allowed(self) -> None:
        """403 for somebody who may only read, or who is over the usage limits."""
        check_writer(self.calendar, self.account)
        if not self.by_hand:
            check_usage(self.state, self.account)

    def created(self, event: Event) -> None:
        """Count a new event and its guests for the usage limits."""
        if not self.by_hand:
            note_created(self.state, self.account, "event")
            note_created(self.state, self.account, "guest", len(event.fields.get("attendees", ())))

    def tell(self, event: Event, kind: str) -> None:
        """Mail to the guests of an event, as `sendUpdates` says."""
        others = [e["email"] for e in event.fields.get("attendees", ()) if e["email"] != self.account.email]
        if self.send_updates in (None, "none"):
            others = others[:1] if self.state.switches["guest_mail_despite_none"] else []
        self.state.mailed += [Mail(to, event.id, kind) for to in others]


def present(state: GoogleState, calendar: Calendar, ref: str) -> Event | None:
    """The event or occurrence with this id, deleted ones too until they are forgotten."""
    found = View(calendar).find(ref)
    return None if found is None or forgotten(state, found) else found


def forgotten(state: GoogleState, event: Event) -> bool:
    """Whether a deleted event is older than tombstones are kept (a cancelled exception lives with its series)."""
    days = state.switches["tombstone_days"]
    if not days or not event.cancelled or (event.series_id is not None and not event.orphan):
        return False
    return event.updated + timedelta(days=days) <= state.clock.now()


def insert(writing: Writing, body: Json) -> Event:
    """A new single event or series. 409 when the id is taken, by a deleted event too."""
    writing.check_allowed()
    ref = read_id(body["id"]) if body.get("id") is not None else writing.state.new_id()
    if body.get("id") and body.get("iCalUID") and writing.state.switches["id_with_uid"] == "400":
        raise invalid("iCalUID", "Only one of id and iCalUID may be given.")
    if present(writing.state, writing.calendar, ref) is not None:
        raise GoogleError("duplicate")
    event = _new(writing, ref, body)
    check_new(event, writing.calendar, writing.account)
    stored = writing.calendar.put(event)
    writing.created(stored)
    writing.tell(stored, "invitation")
    return stored


def import_event(writing: Writing, body: Json) -> Event:
    """A private copy of an event that exists elsewhere, by its iCalUID; one that is known is replaced."""
    writing.check_allowed()
    uid = body.get("iCalUID")
    if not uid:
        raise required("iCalUID")
    if body.get("eventType", "default") != "default":
        raise GoogleError("eventTypeRestriction")
    records = View(writing.calendar).records()
    known = next((e for e in records if e.uid == uid and e.series_id is None), None)
    ref = known.id if known is not None else writing.state.new_id()
    event = replace(_new(writing, ref, body), organizer=body.get("organizer", {}).get("email", writing.account.email))
    writing.created(event)
    return store(writing.calendar, known, event)


def _new(writing: Writing, ref: str, body: Json) -> Event:
    now = writing.state.clock.now()
    organizer = writing.account.email if writing.calendar.id == writing.account.email else writing.calendar.id
    blank = Event(
        id=ref,
        start=Moment(now, "UTC"),
        end=Moment(now, "UTC"),
        created=now,
        updated=now,
        uid=body.get("iCalUID") or f"{ref}@google.com",
        fields={},
        creator=writing.account.email,
        organizer=organizer,
        type=body.get("eventType", "default"),
        sequence=body.get("sequence", 0),
    )
    event = _written(writing, blank, body)
    if event.cancelled:
        raise invalid("status", "A new event cannot be cancelled.")
    return event


def update(writing: Writing, ref: str, body: Json) -> Event:
    """Replace an event: what is absent is removed. Writing the status cancelled deletes."""
    writing.check_allowed()
    before = writing.find(ref)
    revived = _check_alive(writing, before)
    _check_fixed(before, body)
    after = _written(writing, before, body)
    if after.cancelled:
        _delete(writing, before)
        return View(writing.calendar).record(ref) or after
    refused = writing.state.switches["status_event_edits"] == "refuse" and not writing.by_hand
    check_change(before, after, writing.account, fixed=STATUS_TYPES if refused else frozenset())
    after = _numbered(before, after, body)
    changed = changed_fields(as_body(before), as_body(after), writing.account.email)
    if not changed and not revived and writing.state.switches["noop_write"] == "same":
        return before
    now = before.updated if changed and changed <= _SILENT else writing.state.clock.now()
    stored = store(writing.calendar, before, replace(after, updated=now))
    if changed - _SILENT:
        writing.tell(stored, "update")
    if "visibility" in changed and stored.series_id is not None:
        _restrict(writing, stored)
    return stored


def _restrict(writing: Writing, instance: Event) -> None:
    """A series is as private as any of its occurrences."""
    master = View(writing.calendar).record(instance.series_id or "")
    level = instance.fields.get("visibility")
    if master is not None and level in ("private", "confidential") and master.fields.get("visibility") != level:
        writing.calendar.put(replace(master, fields={**master.fields, "visibility": level}))


def patch(writing: Writing, ref: str, body: Json) -> Event:
    """Change the fields present; null removes one."""
    before = writing.find(ref)
    base = as_body(before)
    for edge in ("start", "end"):
        sent = body.get(edge)
        if isinstance(sent, Mapping) and writing.state.switches["date_switch_by_patch"] == "drop":
            base[edge] = _without_other_kind(base[edge], sent)
    whole = merged(base, body)
    if before.cancelled and "status" not in body:
        whole["status"] = "confirmed"
    return update(writing, ref, whole)


def _without_other_kind(base: Mapping[str, Any], sent: Mapping[str, Any]) -> Json:
    if ("date" in sent) == ("date" in base):
        return dict(base)
    return {}


def delete(writing: Writing, ref: str) -> None:
    """Cancel an event, a series with all its occurrences, or one occurrence. 410 when that was done before."""
    writing.check_allowed()
    try:
        before = writing.find(ref)
    except GoogleError as error:
        if error.reason == "notFound" and writing.state.switches["delete_of_unknown"] == "410":
            raise GoogleError("deleted") from error
        raise
    if before.cancelled:
        raise GoogleError("deleted")
    _delete(writing, before)


def _delete(writing: Writing, before: Event) -> None:
    calendar = writing.calendar
    now = writing.state.clock.now()
    for exception in View(calendar).exceptions(before.id):
        calendar.put(replace(exception, status="cancelled", updated=now, orphan=True))
    calendar.put(replace(before, status="cancelled", updated=now, sequence=before.sequence + 1))
    writing.tell(before, "cancellation")


def move(writing: Writing, ref: str, destination: Calendar) -> Event:
    """Take an event to another calendar; here it is cancelled."""
    writing.check_allowed()
    check_writer(destination, writing.account)
    before = writing.find(ref)
    if before.series_id is not None:
        raise GoogleError("cannotChangeOrganizerOfInstance")
    if before.cancelled:
        raise GoogleError("deleted")
    if before.type != "default":
        raise GoogleError("eventTypeRestriction")
    there = ref if writing.state.switches["move_keeps_id"] else writing.state.new_id()
    taken = View(destination).record(there)
    if taken is not None and not taken.cancelled:
        raise GoogleError("duplicate")
    now = writing.state.clock.now()
    for exception in View(writing.calendar).exceptions(ref):
        moved_id = exception.id.replace(ref, there, 1)
        destination.put(replace(exception, id=moved_id, series_id=there, organizer=destination.id))
        writing.calendar.put(replace(exception, status="cancelled", updated=now, orphan=True))
    writing.calendar.put(replace(before, status="cancelled", updated=now))
    return destination.put(replace(before, id=there, updated=now, organizer=destination.id))


def store(calendar: Calendar, before: Event | None, after: Event) -> Event:
    """Store a version; exceptions whose place in the series is gone go with it."""
    stored = calendar.put(after)
    if before is not None and before.is_master and (before.start, before.recurrence) != (after.start, after.recurrence):
        kept = _kept_stamps(calendar, stored)
        for exception in View(calendar).exceptions(stored.id):
            if exception.original is None or exception.original.stamp not in kept:
                calendar.put(replace(exception, status="cancelled", updated=after.updated, orphan=True))
    return stored


def _kept_stamps(calendar: Calendar, master: Event) -> set[str]:
    places = [e.original.instant(calendar.zone) for e in View(calendar).exceptions(master.id) if e.original]
    if not master.is_master or not places:
        return set()
    return {start.stamp for start in starts(master, max(places) + timedelta(days=2))}


def _written(writing: Writing, before: Event, body: Json) -> Event:
    """`before` with what a whole body says."""
    zone = writing.calendar.zone
    start, end = (read_moment(body.get(edge), edge, zone) for edge in ("start", "end"))
    _check_span(writing, start, end)
    recurrence = tuple(body.get("recurrence") or ())
    if recurrence:
        if before.series_id is not None:
            raise invalid("recurrence", "An instance cannot repeat.")
        if not start.all_day and not body["start"].get("timeZone"):
            raise required("start.timeZone")
        check_recurrence(recurrence, start)
    return replace(
        before,
        start=start,
        end=end,
        recurrence=recurrence,
        status=read_status(body.get("status")),
        fields=_guarded(writing, before, read_fields(body, writing.state.switches)),
    )


def _guarded(writing: Writing, before: Event, fields: Json) -> Json:
    kept = {name for name, parameter in _GUARDED.items() if parameter not in writing.versions}
    if "eventLabelVersion" in writing.versions:
        kept.add("colorId")
    found = {name: value for name, value in fields.items() if name not in kept}
    return found | {name: before.fields[name] for name in kept if name in before.fields}


def _check_span(writing: Writing, start: Moment, end: Moment) -> None:
    if start.all_day != end.all_day:
        raise invalid("end", "Start and end times must either both be date or both be dateTime.")
    first, last = (edge.instant(writing.calendar.zone) for edge in (start, end))
    empty = start.all_day or writing.state.switches["zero_length_events"] == "refuse"
    if last < first or (last == first and empty):
        raise GoogleError("timeRangeEmpty")


def _check_alive(writing: Writing, before: Event) -> bool:
    """Whether a deleted event comes back to life by this write; refused as the switch says."""
    if not before.cancelled:
        return False
    match writing.state.switches["write_to_deleted"]:
        case "200":
            return True
        case "409":
            raise GoogleError("conflict")
        case "410":
            raise GoogleError("deleted")
    raise GoogleError("forbidden")


def _check_fixed(before: Event, body: Json) -> None:
    if body.get("id") not in (None, before.id):
        raise invalid("id", "The id of an event cannot be changed.")
    if body.get("eventType") not in (None, before.type):
        raise GoogleError("eventTypeRestriction", "The type of an event cannot be changed.")
    if body.get("sequence") is not None and body["sequence"] < before.sequence:
        raise invalid("sequence", "Invalid sequence value.")


def _numbered(before: Event, after: Event, body: Json) -> Event:
    changed = changed_fields(as_body(before), as_body(after), before.organizer)
    own = before.sequence + (1 if changed & _MEANINGFUL else 0)
    return replace(after, sequence=max(own, body.get("sequence") or 0))
