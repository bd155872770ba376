"""Names of time zones: those that Graph uses, Windows ones for the most part, and the IANA ones of the core.

Not here: the fields that carry times (mapping, bodies).
"""

from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

UTC: Final = "UTC"
_UTC_NAMES: Final = frozenset({"utc", "tzone://microsoft/utc", "etc/utc", "etc/gmt", "gmt", "z"})
# Noon of every day of two years: enough to tell two zones apart, with the hours around a change of the clock.
_NOONS: Final = tuple(datetime(2026, 1, 1, 12) + timedelta(days=n) for n in range(731))  # noqa: DTZ001 - wall times
_STEP: Final = timedelta(minutes=30)


@lru_cache(maxsize=512)
def from_graph(name: str) -> str | None:
    """The IANA name for a name in an answer, of whichever kind; None for one that nobody knows, a custom one too."""
    plain = name.strip()
    if plain.casefold() in _UTC_NAMES:
        return UTC
    known = _windows().get(plain.casefold()) or plain
    return _iana().get(known.casefold())


@lru_cache(maxsize=512)
def to_graph(name: str) -> str | None:
    """The Windows name for an IANA name: its own, else that of a zone that counts alike; None when there is neither.

    Of the IANA names Graph takes only some (reference/microsoft.md, 2.5).
    """
    found = from_graph(name)
    if found is None or found == UTC:
        return found
    own = sorted(windows for windows, iana in WINDOWS_TO_OLSON.items() if iana == found)
    if own:
        return own[0]
    alike = [windows for windows, iana in sorted(WINDOWS_TO_OLSON.items()) if _same(iana, found)]
    region = found.partition("/")[0]
    near = [windows for windows in alike if WINDOWS_TO_OLSON[windows].startswith(f"{region}/")]
    return next(iter([*near, *alike]), None)


def _same(one: str, other: str) -> bool:
    return one == other or _changes(one) == _changes(other)


@cache
def _changes(name: str) -> tuple[tuple[datetime, timedelta | None], ...]:
    """Wall times from which on a zone's offset is another one.

    To the half hour: neighbours change their clocks on one night, an hour or two apart.
    """
    known = _iana().get(name.casefold())
    zone = ZoneInfo(known) if known is not None else None
    found = [(_NOONS[0], _offset(_NOONS[0], zone))]
    for noon in _NOONS[1:]:
        if _offset(noon, zone) == found[-1][1]:
            continue
        for steps in reversed(range(48)):
            wall = noon - steps * _STEP
            if (now := _offset(wall, zone)) != found[-1][1]:
                found.append((wall, now))
    return tuple(found)


def _offset(wall: datetime, zone: ZoneInfo | None) -> timedelta | None:
    return wall.replace(tzinfo=zone).utcoffset()


@cache
def _iana() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def _windows() -> dict[str, str]:
    return {name.casefold(): iana for name, iana in WINDOWS_TO_OLSON.items()}
