"""Builders for the contract: the moment it is, times, events, drafts, and how an answer is unpacked.

Not here: who is put to the test (subjects), what is asked of them (test_*).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncd.model import UNSEEN, AllDay, Event, Field, Mark, Observation, Timed, Value, When, Window, same
from syncd.normalise import fields_digest, key_of
from syncd.ports import Draft, Outcome

BERLIN: Final = "Europe/Berlin"
COLLECTION: Final = "c0ffee00c0ffee00"
BRIDGE: Final = "b7k2m9q4"
NOW: Final = datetime(2030, 3, 1, 8, tzinfo=UTC)
WINDOW: Final = Window(NOW - timedelta(days=7), NOW + timedelta(days=365))


def timed(day: date = date(2030, 3, 4), hour: int = 10, minutes: int = 60, zone: str = BERLIN) -> Timed:
    """An interval that begins at a wall time in a zone and lasts exactly so long."""
    start = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Timed(start, start + timedelta(minutes=minutes), zone)


def days(first: date, count: int = 1) -> AllDay:
    return AllDay(first, first + timedelta(days=count))


YOGA: Final = Event(timed(), "Yoga", "Bring a mat", "Studio", True)


def yoga(when: When | None = None, title: str = "Yoga") -> Event:
    """A whole event; a test names only what it is about."""
    return YOGA.put({Field.WHEN: when or YOGA.when, Field.TITLE: title})


def key(name: str) -> str:
    """A key such as the core makes."""
    return key_of(BRIDGE, "schedule", name, 1)


def draft(name: str = "yoga", event: Event = YOGA) -> Draft:
    mark = Mark(BRIDGE, 1, key(name), fields_digest(event), original=f"session-{name}")
    return Draft(key(name), event, mark)


def seen(outcome: Outcome) -> Observation:
    """The observation that an outcome is; an error is raised."""
    if not isinstance(outcome, Observation):
        raise outcome
    return outcome


def shows(found: Event, given: Event) -> bool:
    """Whether every field that was given is shown, times by their instants."""
    return differences(found, given) == {}


def differences(found: Event, given: Event) -> dict[Field, tuple[Value, Value]]:
    """Per field that differs: what is shown, what was given."""
    pairs = {name: (found.get(name), given.get(name)) for name in Field if given.get(name) is not UNSEEN}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and not same(*pair)}
