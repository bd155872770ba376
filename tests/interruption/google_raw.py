"""A Google account read raw: what the simulator remembers, occurrences of series one by one.

Nothing of the adapter is asked. Not here: the site (studio_raw), people's acts (google_hands).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from syncd.model import AllDay, Ref, Timed, When
from syncd.model import Event as Fields
from syncd.sandbox.google.recurrence import occurrence, starts
from syncd.sandbox.google.state import Calendar, View
from syncd.sandbox.google.values import Event
from tests.interruption.hands import Lying

_TEXTS: Final = {"title": "summary", "description": "description", "location": "location"}
_UNTIL: Final = datetime(2028, 1, 1, tzinfo=UTC)


def lying(calendar: Calendar, place: str, collection: str) -> Iterator[Lying]:
    """Everything in one calendar."""
    for event in living(calendar):
        properties = event.fields.get("extendedProperties", {}).get("private", {})
        yield Lying(
            place,
            _shown(event),
            ours="syncdKey" in properties,
            private=event.fields.get("visibility") in ("private", "confidential"),
            ref=Ref(collection, event.id),
        )


def living(calendar: Calendar) -> Iterator[Event]:
    """Single events and occurrences that are not cancelled."""
    view = View(calendar)
    for event in view.records():
        if event.cancelled:
            continue
        if not event.is_master:
            yield event
            continue
        changed = {one.original.stamp for one in view.exceptions(event.id) if one.original is not None}
        yield from (occurrence(event, start) for start in starts(event, _UNTIL) if start.stamp not in changed)


def _shown(event: Event) -> Fields:
    texts = {name: event.fields.get(field) for name, field in _TEXTS.items()}
    return Fields(when=_when(event), busy=event.fields.get("transparency") != "transparent", **texts)


def _when(event: Event) -> When:
    start, end = event.start.at, event.end.at
    if isinstance(start, datetime):
        assert isinstance(end, datetime)
        return Timed(start, end, event.start.zone)
    return AllDay(start, end)
