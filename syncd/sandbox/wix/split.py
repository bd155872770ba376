"""Splitting a series in two at a date.

Not here: how occurrences are made (`series.py`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.sandbox.wix import series
from syncd.sandbox.wix.errors import invalid
from syncd.sandbox.wix.events import find, precondition
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.times import DstRule, to_utc
from syncd.sandbox.wix.values import Event


def split(site: Site, ref: str, at: datetime) -> tuple[Event, Event]:
    """The old MASTER, ending before `at` (local), and a new one from there on.

    Later INSTANCEs come back under the new MASTER with new ids; EXCEPTIONs move there and keep theirs.
    """
    master = find(site, ref)
    if master.rule is None:
        raise invalid("recurringEventId", "is not a series")
    if not master.confirmed:
        raise precondition(site, "the series is cancelled")
    first = _first_after_split(site, master, at)
    old = site.bump(master, rule=replace(master.rule, until=at - timedelta(minutes=1)))
    now = site.clock.now()
    new = replace(
        master,
        id=site.opaque("series", site.guid()),
        span=series.span_at(master, first, site.dst),
        generation=0,
        live_from=now,
        created=now,
        updated=now,
        revision=1,
    )
    site.put(new)
    _hand_over(site, old, new, at)
    return old, new


def _first_after_split(site: Site, master: Event, at: datetime) -> datetime:
    now = site.clock.now()
    if to_utc(at, master.span.zone, DstRule()) <= now:
        raise invalid("splitLocalDate", "must lie in the future")
    starts = series.slots(master)
    ahead = (s for s in starts if series.span_at(master, s, site.dst).start_utc > now)
    upcoming = next(ahead, None)
    if upcoming is None or at <= upcoming:
        raise invalid("splitLocalDate", "must lie after the start of the next instance")
    first = next((start for start in ahead if start >= at), None)
    if first is None:
        raise invalid("splitLocalDate", "no instance follows")
    return first


def _hand_over(site: Site, old: Event, new: Event, at: datetime) -> None:
    booked: dict[series.Week, int] = {}
    for occurrence in site.occurrences(old.id):
        if occurrence.slot is None or occurrence.slot < at:
            continue
        if occurrence.recurrence == "INSTANCE":
            booked[series.week_of(occurrence.slot)] = occurrence.participants
            site.bump(occurrence, status="CANCELLED", retired=True)
        else:
            site.series[old.id].remove(occurrence.id)
            site.bump(occurrence, master_id=new.id)
    series.fill(site, new, booked)
