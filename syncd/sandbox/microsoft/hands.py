"""What people do in Outlook: add, edit, delete, split, move, copy; invite, answer, cancel; and end what they allowed.

Each takes the person's address and a calendar (id or `default`); nothing of it is refused for rights or quota, and
none of it mails guests. Not here: what clients do through the API (`routes.py`).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from syncd.sandbox.microsoft import calendars, grants, writing
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.event_body import attendee, with_join_block
from syncd.sandbox.microsoft.fields import NO_TIME
from syncd.sandbox.microsoft.ids import occurrence_id
from syncd.sandbox.microsoft.moments import edge_body, show_instant
from syncd.sandbox.microsoft.occurrences import days
from syncd.sandbox.microsoft.patterns import patterned
from syncd.sandbox.microsoft.reach import Reach
from syncd.sandbox.microsoft.recurrence import show_recurrence
from syncd.sandbox.microsoft.state import Calendar, Mailbox, MicrosoftState, View
from syncd.sandbox.microsoft.values import Event
from syncd.sandbox.microsoft.writing import Writing
from syncd.sandbox.microsoft.zones import place, windows_name


@dataclass(frozen=True, slots=True)
class Hands:
    """One person at one calendar. Events are named by their ids, of either form."""

    state: MicrosoftState
    email: str
    calendar_ref: str = "default"

    @property
    def calendar(self) -> Calendar:
        """Raises KeyError when it is gone."""
        found = self.state.calendar(self.email, None if self.calendar_ref == "default" else self.calendar_ref)
        if found is None:
            raise KeyError(self.calendar_ref)
        return found

    @property
    def mailbox(self) -> Mailbox:
        """Where the calendar's events are stored."""
        return self.state.mailbox_of(self.calendar)

    def events(self) -> list[Event]:
        """The living records: single events, masters, exceptions."""
        here = self.calendar.events_in
        return [e for e in View(self.mailbox).records() if e.calendar_id == here and not e.deleted]

    def event(self, ref: str) -> Event:
        """A living record or an occurrence. Raises GraphError (ErrorItemNotFound)."""
        return Reach(self.state, self.state.accounts[self.email], {}).find(ref, self.calendar.id)[1]

    def occurrences(self, ref: str, before: date) -> list[Event]:
        """The living occurrences and exceptions of a series, by their days in it, earlier than a date."""
        master = self.event(ref)
        wanted = days(master.recurrence, before) if master.recurrence is not None else ()
        found = (View(self.mailbox).find(occurrence_id(master.id, day)) for day in wanted)
        return [event for event in found if event is not None]

    def add(self, title: str, start: date, end: date, **fields: Any) -> Event:
        """A new event: aware datetimes, or dates with an exclusive end.

        `fields` are those of the API (a text will do for location and body), plus `zone` (Windows or IANA; the
        mailbox's without it) and `rrule` (RFC 5545).
        """
        zone = windows_name(fields.pop("zone", self.state.accounts[self.email].zone))
        body = {"subject": title, **_edges(start, end, zone), **_worded(fields)}
        if "rrule" in body:
            body["recurrence"] = _recurring(body.pop("rrule"), start, zone)
        return writing.create(self._writing(), self.calendar, body)

    def edit(self, ref: str, **fields: Any) -> Event:
        """Change fields of an event, a series, or one occurrence (by its id); None clears one.

        `start` and `end` may be datetimes or dates, `rrule` a new pattern. Whoever edits the time of a series loses
        its exceptions.
        """
        before = self.event(ref)
        zone = windows_name(fields.pop("zone", before.start.zone))
        if "start" in fields or "end" in fields:
            start, end = _span(before, fields.pop("start", None), fields.pop("end", None))
            fields |= _edges(start, end, zone)
            if "rrule" in fields:
                fields["recurrence"] = _recurring(fields.pop("rrule"), start, zone)
        elif "rrule" in fields:
            fields["recurrence"] = _recurring(fields.pop("rrule"), before.start.at, zone)
        return writing.update(self._writing(), self.calendar, before, _worded(fields))

    def delete(self, ref: str) -> None:
        """Delete an event, a whole series (by its master's id), or one occurrence."""
        writing.delete(self._writing(), self.calendar, self.event(ref))

    def restore(self, ref: str) -> Event:
        """Take an event or series out of the bin, without the exceptions it had; `ref` is its immutable id."""
        found = View(self.mailbox).record(ref)
        if found is None:
            raise KeyError(ref)
        return self._put(replace(found, deleted=False))

    def split(self, ref: str, **fields: Any) -> Event:
        """This and following: the series ends before this occurrence, a new one with the changed fields begins."""
        first = self.event(ref)
        master = self.event(first.series_id or "")
        if master.recurrence is None or first.day is None or first.original is None:
            raise KeyError(ref)
        done = len(days(master.recurrence, first.day))
        if not done:
            return self.edit(master.id, **fields)
        pattern = show_recurrence(master.recurrence)
        last = (first.day - timedelta(days=1)).isoformat()
        self.edit(master.id, recurrence=_bounded(pattern, {"type": "endDate", "endDate": last}))
        rest: Json = {"startDate": first.day.isoformat()}
        if master.recurrence.count:
            rest["numberOfOccurrences"] = master.recurrence.count - done
        start = first.original.at
        length = master.end.at - master.start.at
        new = _edges(fields.pop("start", start), fields.pop("end", start + length), master.start.zone)
        fields = {**new, "recurrence": _bounded(pattern, rest), **fields}
        blank = writing.create(self._writing(), self.calendar, {"subject": "", **fields})
        return self._put(replace(blank, fields={**master.fields, **_told(blank, fields)}))

    def copy(self, ref: str) -> Event:
        """Duplicate an event; whether extended properties come along is a switch."""
        original = self.event(ref)
        now = self.state.clock.now()
        new = self.state.new_id()
        kept = original.properties if self.state.switches["copied_properties"] else {}
        return self._put(
            replace(
                original,
                id=new,
                uid=self.state.opaque("uid", new)[:32].upper(),
                created=now,
                properties=kept,
                transaction_id=None,
                series_id=None,
                original=None,
                day=None,
                exception=False,
            )
        )

    def move(self, ref: str, destination: str) -> Event:
        """Move an event or series to another calendar of this person: only its immutable id stays."""
        event = self.event(ref)
        there = self.state.calendar(self.email, destination)
        if there is None or event.series_id is not None:
            raise KeyError(destination)
        for exception in View(self.mailbox).exceptions(event.id):
            self._put(replace(exception, calendar_id=there.events_in))
        return self._put(replace(event, calendar_id=there.events_in))

    def invite(self, title: str, start: date, end: date, organizer: str, **fields: Any) -> Event:
        """An invitation from somebody else, not answered yet: shown as tentative."""
        guests = [attendee(organizer, response="accepted"), attendee(self.email)]
        event = self.add(title, start, end, showAs="tentative", **fields)
        answer = {"response": "notResponded", "time": NO_TIME}
        told = {**event.fields, "attendees": guests, "responseStatus": answer}
        return self._put(replace(event, own=False, organizer=organizer, fields=told))

    def answer(self, ref: str, response: str) -> Event:
        """Answer an invitation: accepted, tentativelyAccepted or declined (it stays, and takes no time)."""
        event = self.event(ref)
        answer = {"response": response, "time": show_instant(self.state.clock.now())}
        shown = {"accepted": "busy", "tentativelyAccepted": "tentative", "declined": "free"}[response]
        guests = [
            {**guest, "status": answer} if guest["emailAddress"]["address"] == self.email else guest
            for guest in event.fields["attendees"]
        ]
        told = {**event.fields, "attendees": guests, "responseStatus": answer, "showAs": shown}
        return self._put(replace(event, fields=told))

    def cancel(self, ref: str) -> Event:
        """The organizer calls it off: it stays in the calendar, marked, until somebody removes it."""
        event = self.event(ref)
        told = {**event.fields, "isCancelled": True, "showAs": "free"}
        told["subject"] = f"Canceled: {event.fields['subject']}"
        return self._put(replace(event, fields=told))

    def meet_online(self, ref: str) -> Event:
        """Make it an online meeting: its body ends with a join block."""
        event = self.event(ref)
        url = writing.join_url(self.state, event.id)
        return self._put(replace(event, fields=with_join_block(event.fields, url)))

    def rename_calendar(self, name: str) -> Calendar:
        """Give the calendar another name."""
        calendar = self.calendar
        calendar.name, calendar.change = name, self.state.serial()
        return calendar

    def remove_calendar(self) -> None:
        """Delete the calendar with all its events, or lose all access to it."""
        calendars.take_away(self.state, self.calendar)

    def revoke(self, client_id: str | None = None) -> int:
        """Take back what was allowed to a client, or to all; returns how many grants ended."""
        return grants.revoke(self.state, self.email, client_id)

    def _put(self, event: Event) -> Event:
        """Store a version; an occurrence becomes an exception by it."""
        now = self.state.clock.now()
        return self.mailbox.put(replace(event, modified=now, exception=event.series_id is not None))

    def _writing(self) -> Writing:
        return Writing(self.state, self.state.accounts[self.email], by_hand=True)


def _edges(start: date, end: date, zone: str) -> Json:
    all_day = not isinstance(start, datetime)
    return {"start": edge_body(start, zone), "end": edge_body(end, zone), "isAllDay": all_day}


def _span(before: Event, start: date | None, end: date | None) -> tuple[date, date]:
    """The new edges; who moves the start alone keeps the length."""
    if start is None:
        return before.start.at, end if end is not None else before.end.at
    return start, end if end is not None else start + (before.end.at - before.start.at)


def _recurring(rrule: str, start: date, zone: str) -> Json:
    return patterned(rrule, start.astimezone(place(zone)) if isinstance(start, datetime) else start, zone)


def _worded(fields: Json) -> Json:
    """Fields with texts in the place of objects."""
    found = dict(fields)
    if isinstance(found.get("location"), str):
        found["location"] = {"displayName": found["location"]}
    if isinstance(found.get("body"), str):
        found["body"] = {"contentType": "text", "content": found["body"]}
    return found


def _bounded(pattern: Json, bounds: Json) -> Json:
    return {"pattern": pattern["pattern"], "range": {**pattern["range"], **bounds}}


def _told(event: Event, fields: Json) -> Json:
    """What a write has stored of the fields that it named."""
    return {name: event.fields[name] for name in fields if name in event.fields}
