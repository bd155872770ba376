"""A Microsoft account read raw: what the simulator remembers, occurrences of series one by one.

Nothing of the adapter is asked. Not here: the site (studio_raw), people's acts (microsoft_account).
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from syncd.model import AllDay, Ref, Timed, When
from syncd.model import Event as Fields
from syncd.sandbox.microsoft import Hands
from syncd.sandbox.microsoft.bodies import as_text
from syncd.sandbox.microsoft.values import Event
from syncd.sandbox.microsoft.zones import place as zone_of
from tests.interruption.hands import Lying

_KEY: Final = " Name syncdKey"
_UNTIL: Final = date(2028, 1, 1)


def lying(people: Hands, place: str, collection: str) -> Iterator[Lying]:
    """Everything in one calendar."""
    for event in living(people):
        yield Lying(
            place,
            _shown(event),
            ours=any(name.endswith(_KEY) for name in event.properties),
            private=event.fields["sensitivity"] in ("private", "confidential"),
            ref=Ref(collection, event.id),
        )


def living(people: Hands) -> Iterator[Event]:
    """Single events, and occurrences with the exceptions among them."""
    for event in people.events():
        if event.is_master:
            yield from people.occurrences(event.id, _UNTIL)
        elif event.series_id is None:
            yield event


def _shown(event: Event) -> Fields:
    return Fields(
        when=_when(event),
        title=event.fields["subject"] or None,
        description=as_text(event.fields["body"]).replace("\r\n", "\n") or None,
        location=event.fields["location"]["displayName"] or None,
        busy=event.fields["showAs"] != "free",
    )


def _when(event: Event) -> When:
    start, end = event.start.at, event.end.at
    if isinstance(start, datetime):
        assert isinstance(end, datetime)
        return Timed(start, end, zone_of(event.start.zone).key)
    return AllDay(start, end)
