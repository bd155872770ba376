"""Names of time zones as Exchange knows them: Windows names, and the IANA names of its published list.

Not here: moments (`moments.py`).
"""

from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

UTC_NAME: Final = "UTC"
CUSTOM: Final = "tzone://Microsoft/Custom"
"""What stands for a zone that came with its own rules and has no name."""

# The list under "additional time zones" of the resource dateTimeTimeZone.
_NAMES: Final = """
    Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles America/Phoenix
    America/Chihuahua America/Denver America/Guatemala America/Chicago America/Mexico_City America/Regina
    America/Bogota America/New_York America/Indiana/Indianapolis America/Caracas America/Asuncion America/Halifax
    America/Cuiaba America/La_Paz America/Santiago America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires
    America/Cayenne America/Godthab America/Montevideo America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde
    Africa/Casablanca Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris
    Europe/Warsaw Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus
    Africa/Johannesburg Europe/Kyiv Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad Europe/Kaliningrad
    Asia/Riyadh Africa/Nairobi Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow Indian/Mauritius Asia/Tbilisi
    Asia/Yerevan Asia/Kabul Asia/Karachi Asia/Tashkent Asia/Kolkata Asia/Colombo Asia/Kathmandu Asia/Almaty
    Asia/Dhaka Asia/Yekaterinburg Asia/Yangon Asia/Bangkok Asia/Novosibirsk Asia/Shanghai Asia/Krasnoyarsk
    Asia/Singapore Australia/Perth Asia/Taipei Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul
    Australia/Adelaide Australia/Darwin Australia/Brisbane Australia/Sydney Pacific/Port_Moresby Australia/Hobart
    Asia/Yakutsk Pacific/Guadalcanal Asia/Vladivostok Pacific/Auckland Etc/GMT-12 Pacific/Fiji Asia/Magadan
    Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati Etc/UTC UTC
"""
_PUBLISHED: Final = frozenset(_NAMES.split())


@cache
def _windows() -> Mapping[str, str]:
    return {name.casefold(): iana for name, iana in WINDOWS_TO_OLSON.items()} | {"utc": "Etc/UTC"}


@cache
def _all() -> frozenset[str]:
    return frozenset(available_timezones())


def is_known(name: str, iana: str = "published") -> bool:
    """Whether Exchange takes the name; `iana` says which names beside the Windows ones: published, all or none."""
    if name.casefold() in _windows():
        return True
    return name in {"published": _PUBLISHED, "all": _all(), "none": frozenset()}[iana]


@cache
def place(name: str) -> ZoneInfo:
    """The rules of a zone that was accepted once."""
    return ZoneInfo(_windows().get(name.casefold(), name) if name != CUSTOM else "Etc/UTC")


@cache
def windows_name(iana: str) -> str:
    """A Windows name with the rules of an IANA zone; the zone's own name when Windows has none."""
    if iana in ("UTC", "Etc/UTC"):
        return UTC_NAME
    return next((name for name, found in WINDOWS_TO_OLSON.items() if found == iana), iana)
