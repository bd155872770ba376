"""Google Calendar, v3: the calendars of one account.

`create` is the entry point; `provider` is what a consent is asked for with (adapters.oauth). Not here: where grants
are kept, when to read or write.
"""

import asyncio
import re
from datetime import timedelta
from typing import Final

from adapters.addresses import origin_of
from adapters.batches import Pause
from adapters.google.account import CalendarList
from adapters.google.calendar import GoogleCalendar
from adapters.google.client import Client
from adapters.http import Http, Limits, Transport
from adapters.oauth import Client as OurClient
from adapters.oauth import Provider, Tokens
from syncd.ports import Account, CalendarAdapter, Clock, Shelf

SECTION: Final = "google"  # of the configuration
BASE_URL: Final = "https://www.googleapis.com/"
AUTH_URL: Final = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
REVOKE_URL: Final = "https://oauth2.googleapis.com/revoke"
SCOPE: Final = "https://www.googleapis.com/auth/calendar"
PER_MINUTE: Final = 600  # per person and project; each part of a batch counts (reference/google.md, 5)


class GoogleAccount(CalendarList):
    """An account that opens its calendars."""

    def open(self, calendar: str, *, zone: str, collection: str) -> CalendarAdapter:
        return GoogleCalendar(self, calendar, zone=zone, collection=collection)


def provider(*, auth_url: str = AUTH_URL, token_url: str = TOKEN_URL, revoke_url: str = REVOKE_URL) -> Provider:
    """Endpoints and habits. Without `prompt=consent` a second consent brings no refresh token.

    The issuer is Google, or whoever asks for the consent.
    """
    return Provider(
        auth_url=auth_url,
        token_url=token_url,
        revoke_url=revoke_url,
        issuers=rf"(https://)?accounts\.google\.com|{re.escape(origin_of(auth_url, SECTION))}",
        scopes=("openid", SCOPE),
        required=(SCOPE,),
        extra={"access_type": "offline", "prompt": "consent"},
        young=timedelta(days=8),
        young_hint="is the consent screen still in Testing? Then Google ends every grant after seven days: publish it",
    )


def web(*urls: str, transport: Transport | None = None) -> Http:
    """What reaches the hosts of these addresses and no others. Raises ConfigError for one that is no address."""
    return Http(
        [origin_of(url, SECTION) for url in urls],
        limits=Limits(per_minute=PER_MINUTE, timeout=60.0),
        transport=transport,
    )


def create(  # noqa: PLR0913 - the settings of one account, all by name
    *,
    client_id: str,
    client_secret: str,
    shelf: Shelf,
    clock: Clock,
    bridge: str,
    base_url: str = BASE_URL,
    token_url: str = TOKEN_URL,
    revoke_url: str = REVOKE_URL,
    found: str = "",
    pause: Pause = asyncio.sleep,
    transport: Transport | None = None,
) -> Account:
    """The account whose grant lies on the shelf; makes no request.

    `base_url`: the root below which the API lies, https, or http on a loopback address. `bridge`: id of this
    installation, told in the description of calendars that it makes. `found`: what an account opened with the same
    credentials told of itself. `pause`: waits some seconds, for parts of a batch that were refused for their rate.
    `transport`: what carries requests in place of sockets.
    Raises ConfigError for an address that is none.
    """
    http = web(base_url, token_url, revoke_url, transport=transport)
    asked = provider(token_url=token_url, revoke_url=revoke_url)
    tokens = Tokens(asked, OurClient(client_id, client_secret), shelf, http, clock)
    return GoogleAccount(Client(http, base_url, tokens, clock), bridge, found, pause)
