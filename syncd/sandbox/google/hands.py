"""What people do in Google's own pages: add, edit, delete, split, move, copy, decline; and end what they allowed.

Each takes the person's address and a calendar (id or `primary`); none of it is refused by quotas or usage limits, and
none of it mails guests. Not here: what clients do through the API (`routes.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from syncd.sandbox.google import grants, writing
from syncd.sandbox.google.errors import GoogleError, Json
from syncd.sandbox.google.event_body import as_body, read_fields, rewritten
from syncd.sandbox.google.moments import read_moment
from syncd.sandbox.google.recurrence import starts
from syncd.sandbox.google.state import Calendar, GoogleState, View
from syncd.sandbox.google.values import Event, Moment
from syncd.sandbox.google.writing import Writing

_COUNT = re.compile(r";COUNT=\d+|COUNT=\d+;")
_END = re.compile(r";UNTIL=[^;]+|UNTIL=[^;]+;")


@dataclass(frozen=True, slots=True)
class Hands:
    """One person at one calendar."""

    state: GoogleState
    email: str
    calendar_ref: str = "primary"

    @property
    def calendar(self) -> Calendar:
        """Raises KeyError when it is gone."""
        found = self.state.calendar(self.calendar_ref, self.email)
        if found is None:
            raise KeyError(self.calendar_ref)
        return found

    def events(self) -> list[Event]:
        """The living records: single events, masters, exceptions."""
        return [event for event in View(self.calendar).records() if not event.cancelled]

    def event(self, ref: str) -> Event:
        """A record or an occurrence, deleted ones too. Raises GoogleError (notFound)."""
        return self._writing().find(ref)

    def add(self, title: str, start: date, end: date, **fields: Any) -> Event:
        """A new event: aware datetimes, or dates with an exclusive end.

        `fields` are those of the API, plus `zone` (IANA), `id`, `type` (any event type) and `recurrence` (lines).
        """
        zone = fields.pop("zone", self.calendar.zone)
        edges = {"start": edge_body(start, zone), "end": edge_body(end, zone)}
        kind = fields.pop("type", "default")
        event = writing.insert(self._writing(), {"summary": title, **edges, **fields})
        return event if kind == "default" else self.calendar.put(replace(event, type=kind))

    def edit(self, ref: str, **fields: Any) -> Event:
        """Change fields of an event, a series, or one occurrence (by its id); None removes one.

        `start` and `end` may be datetimes or dates. Whoever edits a series' time loses its exceptions.
        """
        before = self.event(ref)
        zone = fields.pop("zone", before.start.zone)
        for edge in ("start", "end"):
            if isinstance(fields.get(edge), date):
                fields[edge] = edge_body(fields[edge], zone)
        whole = {**as_body(before), **fields}
        body = {name: value for name, value in whole.items() if value is not None}
        if self.state.switches["description_html"] == "by_hand" and "description" in body:
            body["description"] = rewritten(body["description"])
        return writing.update(self._writing(), ref, body)

    def delete(self, ref: str) -> None:
        """Delete an event, a whole series (by its master's id), or one occurrence."""
        writing.delete(self._writing(), ref)

    def restore(self, ref: str) -> Event:
        """Take an event or series out of the bin, without the exceptions it had."""
        return self.calendar.put(replace(self.event(ref), status="confirmed", updated=self.state.clock.now()))

    def split(self, ref: str, **fields: Any) -> Event:
        """This and following: the series ends before this occurrence, a new one with the changed fields begins.

        From the first occurrence on it is the whole series that is edited.
        """
        first = self.event(ref)
        master = self.event(first.series_id or "")
        if first.original is None:
            raise GoogleError("invalid", "not an occurrence")
        rules = replace(master, recurrence=tuple(line for line in master.recurrence if line.startswith("RRULE")))
        until = first.original.instant(first.original.zone)
        if not starts(master, until):
            return self.edit(master.id, **fields)
        earlier = starts(rules, until)
        self.edit(master.id, recurrence=[_ended(line, first.original) for line in master.recurrence])
        moved = self._moved(master, first.original)
        lines = [_shortened(line, len(earlier)) for line in master.recurrence]
        body = {**as_body(moved), "recurrence": lines, "id": None, **fields}
        ref = f"{master.id.partition('_R')[0]}_R{first.original.stamp.rstrip('Z')}"
        return self._put_new(moved, ref, body)

    def _moved(self, master: Event, start: Moment) -> Event:
        length = master.end.at - master.start.at
        return replace(master, start=start, end=Moment(start.at + length, master.end.zone))

    def _put_new(self, like: Event, ref: str, body: Mapping[str, Any]) -> Event:
        zone = self.calendar.zone
        now = self.state.clock.now()
        start, end = (read_moment(_edge(body[edge], like.start.zone), edge, zone) for edge in ("start", "end"))
        return self.calendar.put(
            replace(
                like,
                id=ref,
                uid=f"{ref}@google.com",
                created=now,
                updated=now,
                sequence=0,
                recurrence=tuple(body.get("recurrence") or ()),
                fields=read_fields(body, self.state.switches),
                start=start,
                end=end,
            )
        )

    def copy(self, ref: str) -> Event:
        """Duplicate an event; whether private properties come along is a switch."""
        original = self.event(ref)
        body = as_body(original)
        if not self.state.switches["copied_private"]:
            body["extendedProperties"] = {**body.get("extendedProperties", {}), "private": {}}
        return self._put_new(replace(original, series_id=None, original=None), self.state.new_id(), body)

    def move(self, ref: str, destination: str) -> Event:
        """Move an event or series to another calendar of this person."""
        there = self.state.calendar(destination, self.email)
        if there is None:
            raise KeyError(destination)
        return writing.move(self._writing(), ref, there)

    def invite(self, title: str, start: date, end: date, organizer: str, **fields: Any) -> Event:
        """An invitation from somebody else, not answered yet."""
        guests = [{"email": organizer, "responseStatus": "accepted"}, {"email": self.email}]
        event = self.add(title, start, end, attendees=guests, **fields)
        return self.calendar.put(replace(event, organizer=organizer, creator=organizer))

    def answer(self, ref: str, response: str) -> Event:
        """Answer an invitation: accepted, tentative or declined."""
        event = self.event(ref)
        guests = [
            {**guest, "responseStatus": response} if guest["email"] == self.email else guest
            for guest in event.fields.get("attendees", ())
        ]
        return self.calendar.put(
            replace(event, fields={**event.fields, "attendees": guests}, updated=self.state.clock.now())
        )

    def lock(self, ref: str) -> Event:
        """Make an event a locked copy."""
        return self.calendar.put(replace(self.event(ref), locked=True))

    def remove_calendar(self) -> None:
        """Delete the calendar, or lose all access to it."""
        calendar = self.calendar
        del self.state.calendars[calendar.id]
        for account in self.state.accounts.values():
            account.listed.pop(calendar.id, None)

    def set_zone(self, zone: str) -> None:
        """Change the calendar's zone: all-day events then mean other moments."""
        self.calendar.zone = zone

    def revoke(self, client_id: str | None = None) -> int:
        """Take back what was allowed to a client, or to all; returns how many grants ended."""
        return grants.revoke(self.state, self.email, client_id)

    def _writing(self) -> Writing:
        guarded = frozenset(("conferenceDataVersion", "supportsAttachments"))
        return Writing(self.state, self.calendar, self.state.accounts[self.email], versions=guarded, by_hand=True)


def edge_body(at: date, zone: str) -> Json:
    """A datetime or a date as EventDateTime."""
    if isinstance(at, datetime):
        return {"dateTime": at.isoformat(), "timeZone": zone}
    return {"date": at.isoformat()}


def _edge(value: Any, zone: str) -> Any:
    return edge_body(value, zone) if isinstance(value, date) else value


def _ended(line: str, start: Moment) -> str:
    """A rule that ends before a start; other lines stay."""
    if not line.startswith("RRULE"):
        return line
    last = start.at - timedelta(days=1)
    if isinstance(start.at, datetime):
        last = start.at.astimezone(UTC) - timedelta(seconds=1)
        until = last.strftime("%Y%m%dT%H%M%SZ")
    else:
        until = last.strftime("%Y%m%d")
    return f"{_END.sub('', _COUNT.sub('', line))};UNTIL={until}"


def _shortened(line: str, done: int) -> str:
    """A counted rule without the occurrences that went before."""
    return re.sub(r"COUNT=(\d+)", lambda found: f"COUNT={int(found.group(1)) - done}", line)
