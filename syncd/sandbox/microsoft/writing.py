"""What happens to events: create, update, delete; series keep or lose their exceptions, guests are mailed.

Not here: reading (`listing.py`, `delta.py`), properties (`event_body.py`), what people do in Outlook (`hands.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from syncd.sandbox.microsoft import transactions
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.event_body import with_join_block, written_fields
from syncd.sandbox.microsoft.extended import written_properties
from syncd.sandbox.microsoft.fields import DEFAULTS, check_shape
from syncd.sandbox.microsoft.moments import as_edges, read_edges
from syncd.sandbox.microsoft.occurrences import first_day, occurrence
from syncd.sandbox.microsoft.recurrence import read_recurrence
from syncd.sandbox.microsoft.render import Lens, etag
from syncd.sandbox.microsoft.state import Calendar, Mailbox, MicrosoftState, View
from syncd.sandbox.microsoft.values import Account, Event, Mail, Moment, Recurrence

_EDGES: Final = ("start", "end", "isAllDay")
_LONGEST_TRANSACTION: Final = 255


@dataclass(frozen=True, slots=True)
class Writing:
    """One write: by whom, and under which precondition (an etag or `*`)."""

    state: MicrosoftState
    account: Account
    if_match: str | None = None
    by_hand: bool = False
    """Whether a person does it in Outlook: neither rights nor quota are looked at, and nobody is mailed."""

    def allow(self, calendar: Calendar) -> Mailbox:
        """The mailbox to write to. 403 for a calendar that may only be read, 507 for a mailbox that is full."""
        if not calendar.can_edit and not self.by_hand:
            raise GraphError("ErrorAccessDenied")
        if self.account.full and not self.by_hand:
            raise GraphError("ErrorQuotaExceeded")
        return self.state.mailbox_of(calendar)

    def check(self, event: Event) -> None:
        """412 (by switch 409, or nothing) for an event that has changed."""
        switch = self.state.switches["if_match"]
        if self.if_match is None or switch == "ignore":
            return
        wanted = self.if_match.removeprefix("W/").strip('"')
        if wanted not in ("*", etag(event, Lens(self.state, self.account.email, {}))[3:-1]):
            raise GraphError("ErrorIrresolvableConflict", status=int(switch))

    def tell(self, event: Event, kind: str) -> None:
        """Mail to the guests of an event that this mailbox organizes."""
        if event.own and not self.by_hand:
            guests = [guest["emailAddress"]["address"] for guest in event.fields["attendees"]]
            self.state.mailed += [Mail(to, event.id, kind) for to in guests]


def create(writing: Writing, calendar: Calendar, body: Json) -> Event:
    """A new single event or series; the one that is there already for a transactionId that is repeated."""
    mailbox = writing.allow(calendar)
    sent = check_shape(body, read_only=writing.state.switches["read_only_properties"])
    if len(sent.get("transactionId") or "") > _LONGEST_TRANSACTION:
        raise GraphError("ErrorPropertyValidationFailure", "The property 'transactionId' is too long.")
    known = transactions.repeated(writing.state, mailbox.email, body)
    if known is not None:
        return known
    sent = {name: value for name, value in sent.items() if value is not None}
    stored = mailbox.put(_new(writing, calendar, sent))
    transactions.note(writing.state, mailbox.email, body, stored)
    writing.tell(stored, "invitation")
    return stored


def _new(writing: Writing, calendar: Calendar, sent: Json) -> Event:
    state = writing.state
    start, end, recurrence = _times(sent, sent, state)
    fields = written_fields(DEFAULTS, sent, state.switches)
    now = state.clock.now()
    ref = state.new_id()
    if sent.get("isOnlineMeeting"):
        fields = with_join_block(fields, join_url(state, ref))
    event = Event(
        id=ref,
        calendar_id=calendar.events_in,
        uid=state.opaque("uid", ref)[:32].upper(),
        start=start,
        end=end,
        created=now,
        modified=now,
        fields=fields,
        organizer=calendar.owner,
        recurrence=recurrence,
        properties=written_properties({}, sent.get("singleValueExtendedProperties")),
        transaction_id=sent.get("transactionId"),
    )
    return _at_first(event)


def join_url(state: MicrosoftState, ref: str) -> str:
    """Where an online meeting is joined."""
    return f"https://teams.microsoft.com/l/meetup-join/{state.opaque('meeting', ref)[:40]}"


def _times(whole: Mapping[str, Any], sent: Json, state: MicrosoftState) -> tuple[Moment, Moment, Recurrence | None]:
    """Start, end and series of a body; `whole` has the edges that `sent` leaves out."""
    switches = state.switches
    all_day = bool(whole.get("isAllDay"))
    start, end = read_edges(whole.get("start"), whole.get("end"), all_day=all_day, switches=switches)
    found = sent.get("recurrence")
    return start, end, None if found is None else read_recurrence(found, start, switches)


def _at_first(event: Event) -> Event:
    """A master stands on the first day of its pattern, which may be later than its start."""
    if event.recurrence is None:
        return event
    day = first_day(event.recurrence)
    if day is None or day == event.recurrence.start:
        return event
    first = occurrence(event, event.recurrence, day)
    return replace(event, start=first.start, end=first.end, recurrence=replace(event.recurrence, start=day))


def update(writing: Writing, calendar: Calendar, before: Event, body: Json) -> Event:
    """Change the properties present in an event, a series, or one occurrence."""
    mailbox = writing.allow(calendar)
    writing.check(before)
    sent = check_shape(body, read_only=writing.state.switches["read_only_properties"])
    if sent.get("transactionId") not in (None, before.transaction_id):
        raise GraphError("ErrorInvalidRequest", "The property 'transactionId' cannot be changed.")
    after = _changed(writing, before, sent)
    stored = mailbox.put(after)
    if before.is_master:
        _follow(mailbox, before, stored)
    writing.tell(stored, "update")
    return stored


def _changed(writing: Writing, before: Event, sent: Json) -> Event:
    state = writing.state
    fields = written_fields(before.fields, sent, state.switches)
    if sent.get("isOnlineMeeting") and before.fields.get("onlineMeeting") is None:
        fields = with_join_block(fields, join_url(state, before.id))
    after = replace(
        before,
        fields=fields,
        modified=state.clock.now(),
        properties=written_properties(before.properties, sent.get("singleValueExtendedProperties")),
        exception=before.series_id is not None,
    )
    if not {*_EDGES, "recurrence"} & set(sent):
        return after
    if sent.get("recurrence") and before.series_id is not None:
        raise GraphError("ErrorPropertyValidationFailure", "An occurrence cannot repeat.")
    return _rescheduled(writing, after, sent)


def _rescheduled(writing: Writing, event: Event, sent: Json) -> Event:
    whole = as_edges(event.start, event.end) | {name: sent[name] for name in _EDGES if sent.get(name) is not None}
    start, end, recurrence = _times(whole, sent, writing.state)
    cleared = "recurrence" in sent and sent["recurrence"] is None and writing.state.switches["null_clears"]
    if recurrence is None and event.recurrence is not None and not cleared:
        recurrence = _carried(event.recurrence, event.start, start)
    moved = replace(event, start=start, end=end, recurrence=recurrence)
    if moved.recurrence is not None and first_day(moved.recurrence) is None:
        raise GraphError("ErrorPropertyValidationFailure", "The series has no occurrence.")
    return _at_first(moved)


def _carried(recurrence: Recurrence, before: Moment, start: Moment) -> Recurrence:
    """The pattern of a series whose first occurrence was moved: its range begins there."""
    zone = start.zone if recurrence.zone == before.zone else recurrence.zone
    return replace(recurrence, start=start.local.date(), zone=zone)


def _follow(mailbox: Mailbox, before: Event, master: Event) -> None:
    """Exceptions after a change of their series: gone when it was rescheduled, else with what they left to it."""
    view = View(mailbox)
    rescheduled = (before.start, before.end, before.recurrence) != (master.start, master.end, master.recurrence)
    changed = {name for name, value in master.fields.items() if before.fields.get(name) != value}
    for exception in view.exceptions(master.id):
        if rescheduled:
            mailbox.put(replace(exception, deleted=True, orphan=True, modified=master.modified))
            continue
        shared = {n: master.fields[n] for n in changed if exception.fields.get(n) == before.fields.get(n)}
        if shared and not exception.deleted:
            mailbox.put(replace(exception, fields={**exception.fields, **shared}, modified=master.modified))


def delete(writing: Writing, calendar: Calendar, before: Event) -> None:
    """Delete an event, a series with all its occurrences, or one occurrence, of which nothing is told."""
    mailbox = writing.allow(calendar)
    writing.check(before)
    writing.tell(before, "cancellation")
    drop(mailbox, before, exception=before.series_id is not None)


def drop(mailbox: Mailbox, before: Event, *, exception: bool = False) -> None:
    """Delete without a word to anybody."""
    now = mailbox.clock.now()
    for member in View(mailbox).exceptions(before.id):
        mailbox.put(replace(member, deleted=True, orphan=True, modified=now))
    mailbox.put(replace(before, deleted=True, modified=now, exception=exception))
