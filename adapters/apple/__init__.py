"""Calendars over CalDAV (RFC 4791): Apple's iCloud, and every other server that speaks it.

`create` is the entry point. Not here: credentials at rest, when to read or write.
"""

from urllib.parse import urlsplit

from adapters.apple.account import CalDavAccount, Login
from adapters.apple.calendar import AppleCalendar
from adapters.apple.client import IN_FLIGHT, origin_of
from adapters.http import Transport
from syncd.errors import ConfigError
from syncd.ports import Account, CalendarAdapter, Clock

ICLOUD = "https://caldav.icloud.com/"


class AppleAccount(CalDavAccount):
    """An account that opens its calendars."""

    def open(self, calendar: str, *, zone: str, collection: str) -> CalendarAdapter:
        return AppleCalendar(self, calendar, zone=zone, collection=collection)


def create(  # noqa: PLR0913 - the settings of one account, all by name
    *,
    url: str = ICLOUD,
    email: str,
    password: str,
    clock: Clock,
    bridge: str,
    max_in_flight: int = IN_FLIGHT,
    found: str = "",
    transport: Transport | None = None,
) -> Account:
    """The account at a server; makes no request.

    `url`: where discovery begins, https, or http on a loopback address. `password`: with iCloud an app-specific one.
    `bridge`: id of this installation, under which marks are ours. `max_in_flight`: writes at once, 8 at most.
    `found`: what an account opened with the same credentials told of itself.
    `transport`: what carries requests in place of sockets.
    Raises ConfigError for an address that is none.
    """
    if not origin_of(url).startswith(("https://", "http://")) or not urlsplit(url).hostname:
        raise ConfigError(["the address of the calendar server must begin with https://"])
    at_once = max(1, min(max_in_flight, IN_FLIGHT))
    login = Login(url, email, password, bridge, found)
    return AppleAccount(login, clock, max_in_flight=at_once, transport=transport)
