"""MASTER → INSTANCE → EXCEPTION: which occurrences a weekly rule gives, and how they follow their MASTER.

Not here: checks of requests (`events.py`). Everything here assumes a valid MASTER.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from syncd.sandbox.wix.event_body import PLAIN
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.times import DstRule, to_utc
from syncd.sandbox.wix.values import INHERITABLE, Event, Span

HORIZON_DAYS = 366

Week = tuple[int, int]


def horizon(now: datetime) -> datetime:
    """Up to where occurrences exist: at least a year ahead, moving once a day."""
    return datetime.combine(now.date() + timedelta(days=HORIZON_DAYS), time(), UTC)


def week_of(local: datetime) -> Week:
    """ISO year and week: a rule gives at most one occurrence in each."""
    return local.isocalendar()[:2]


def slots(master: Event) -> Iterator[datetime]:
    """Local starts that the rule gives, without end unless it has `until` (inclusive)."""
    rule = master.rule
    if rule is None:
        return
    start = master.span.start
    start += timedelta(days=(rule.weekday - start.weekday()) % 7)
    while rule.until is None or start <= rule.until:
        yield start
        start += timedelta(weeks=rule.interval)


def span_at(master: Event, start: datetime, dst: DstRule) -> Span:
    """The MASTER's block of time moved to another local start; a local length is kept."""
    length = master.span.end - master.span.start
    # a series is never refused because one of its days lacks the hour
    rule = DstRule("forward", dst.fold) if dst.gap == "refuse" else dst
    end = start + length
    zone = master.span.zone
    first, last = to_utc(start, zone, rule), to_utc(end, zone, rule)
    if last <= first:  # the hour between them was skipped
        last = first + length
    return Span(start, end, zone, first, last, master.span.all_day)


def fill(site: Site, master: Event, booked: Mapping[Week, int] | None = None) -> None:
    """Make the occurrences up to the horizon that do not exist yet, with the participants `booked`."""
    limit = horizon(site.clock.now())
    taken = {week_of(e.slot) for e in site.occurrences(master.id) if e.slot is not None}
    for start in slots(master):
        span = span_at(master, start, site.dst)
        if span.start_utc >= limit:
            break
        early = master.live_from is not None and span.start_utc <= master.live_from
        if not early and week_of(start) not in taken:
            instance = _instance(site, master, start, span)
            site.put(replace(instance, participants=(booked or {}).get(week_of(start), 0)))


def extend(site: Site) -> None:
    """Move the horizon with the clock; does nothing more than once a day."""
    limit = horizon(site.clock.now())
    if site.extended_to is not None and site.extended_to >= limit:
        return
    site.extended_to = limit
    for event in list(site.events.all()):
        if event.recurrence == "MASTER" and event.confirmed:
            fill(site, event)


def _instance(site: Site, master: Event, start: datetime, span: Span) -> Event:
    now = site.clock.now()
    return replace(
        master,
        id=site.opaque(master.id, master.generation, start),
        span=span,
        recurrence="INSTANCE",
        inherited=frozenset(INHERITABLE),
        rule=None,
        master_id=master.id,
        slot=start,
        generation=0,
        live_from=None,
        created=now,
        updated=now,
        participants=0,
        revision=1,
    )


def future(site: Site, master_id: str) -> list[Event]:
    """Confirmed occurrences that have not begun."""
    now = site.clock.now()
    return [e for e in site.occurrences(master_id) if e.confirmed and e.span.start_utc > now]


def followed_fields(occurrence: Event, parent: Event) -> dict[str, Any]:
    """The plain fields of an occurrence once it takes over what it inherits."""
    if occurrence.recurrence == "INSTANCE":
        return dict(parent.fields)
    fields = dict(occurrence.fields)
    for name in occurrence.inherited:
        for key in INHERITABLE[name]:
            if key in PLAIN:
                fields.pop(key, None)
                if key in parent.fields:
                    fields[key] = parent.fields[key]
    return fields


def follow(site: Site, master: Event) -> None:
    """Future occurrences take over plain fields; only those that really change get a revision."""
    for occurrence in future(site, master.id):
        fields = followed_fields(occurrence, master)
        if fields != occurrence.fields:
            site.bump(occurrence, fields=fields)


def retime(site: Site, master: Event) -> Event:
    """Rule or time of the MASTER changed: future INSTANCEs go and come back with new ids.

    An EXCEPTION keeps its id; it moves to the new slot of its week if it still inherits its time.
    Participants stay with the week. Returns the MASTER as stored.
    """
    now = site.clock.now()
    by_week = {}
    for start in slots(master):
        if to_utc(start, master.span.zone, DstRule()) >= horizon(now):
            break
        by_week[week_of(start)] = start
    booked: dict[Week, int] = {}
    for occurrence in future(site, master.id):
        week = week_of(occurrence.slot or occurrence.span.start)
        if occurrence.recurrence == "INSTANCE":
            booked[week] = occurrence.participants
            site.bump(occurrence, status="CANCELLED", retired=True)
        else:
            _move_exception(site, occurrence, master, by_week.get(week))
    master = site.put(replace(master, generation=master.generation + 1, live_from=now))
    fill(site, master, booked)
    return master


def _move_exception(site: Site, occurrence: Event, master: Event, start: datetime | None) -> None:
    fields = followed_fields(occurrence, master)
    if "TIME" not in occurrence.inherited:
        span = occurrence.span
        if "TIME_ZONE" in occurrence.inherited and span.zone != master.span.zone:
            own = replace(master, span=replace(span, zone=master.span.zone))
            span = span_at(own, span.start, site.dst)
        if fields != occurrence.fields or span != occurrence.span or start != occurrence.slot:
            site.bump(occurrence, fields=fields, span=span, slot=start or occurrence.slot)
    elif start is None:
        site.bump(occurrence, status="CANCELLED")
    else:
        span = span_at(master, start, site.dst)
        site.bump(occurrence, fields=fields, span=span, slot=start)
