"""Local dates as Wix writes them, zones, and what a local time means in a gap or a fold.

Not here: recurrence (`series.py`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class DstRule:
    """`gap`: forward, backward or refuse. `fold`: earlier or later."""

    gap: str = "forward"
    fold: str = "earlier"


def parse_local(text: str) -> datetime:
    """A naive time of `YYYY-MM-DDThh:mm:ss`; the seconds are dropped. Raises ValueError."""
    if not _LOCAL.fullmatch(text):
        raise ValueError("must look like 2026-01-31T09:00:00, without an offset")
    return datetime.fromisoformat(text).replace(second=0)


def local_text(local: datetime) -> str:
    """The wire form of a naive time."""
    return local.replace(tzinfo=None).isoformat(timespec="seconds")


@cache
def _regions() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if "/" in name) | {"UTC"}


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA region or UTC. Raises ValueError for anything else, offsets included."""
    if name not in _regions():
        raise ValueError("must be an IANA region such as Europe/Berlin, or UTC")
    return ZoneInfo(name)


def to_utc(local: datetime, name: str, rule: DstRule) -> datetime:
    """The instant of a naive local time. Raises ValueError in a gap when the rule refuses."""
    place = zone(name)
    first = local.replace(tzinfo=place, fold=0)
    second = local.replace(tzinfo=place, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    chosen = first
    if before is not None and after is not None and before != after:
        if before > after:  # the hour comes twice
            chosen = second if rule.fold == "later" else first
        elif rule.gap == "refuse":
            raise ValueError("does not exist in this time zone")
        else:  # the hour is skipped: the offset before the change moves it forward
            chosen = second if rule.gap == "backward" else first
    return chosen.astimezone(UTC)


def in_zone(moment: datetime, name: str) -> datetime:
    """The naive local time of an instant."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)
