"""Microsoft 365 and Outlook.com, by Graph v1.0: the calendars of one account.

`create` is the entry point; `provider` is what a consent is asked for with (adapters.oauth). Not here: where grants
are kept, when to read or write.
"""

import asyncio
import re
from typing import Final
from urllib.parse import urlencode

from adapters.addresses import origin_of
from adapters.batches import Pause
from adapters.http import Http, Limits, Transport
from adapters.microsoft.account import CalendarList
from adapters.microsoft.calendar import MicrosoftCalendar
from adapters.microsoft.client import Client
from adapters.oauth import Client as OurClient
from adapters.oauth import Provider, Tokens
from syncd.errors import ConfigError
from syncd.ports import Account, CalendarAdapter, Clock, Shelf

SECTION: Final = "microsoft"  # of the configuration
BASE_URL: Final = "https://graph.microsoft.com/v1.0"
AUTHORITY: Final = "https://login.microsoftonline.com"
TENANT: Final = "common"
CALENDARS: Final = "Calendars.ReadWrite"
PER_MINUTE: Final = 900  # 10,000 in ten minutes for one mailbox and application (reference/microsoft.md, 3)
_TENANT: Final = r"[A-Za-z0-9.-]{1,100}"


class MicrosoftAccount(CalendarList):
    """An account that opens its calendars."""

    def open(self, calendar: str, *, zone: str, collection: str) -> CalendarAdapter:
        return MicrosoftCalendar(self, calendar, zone=zone, collection=collection)


def provider(
    *,
    authority: str = AUTHORITY,
    tenant: str = TENANT,
    base_url: str = BASE_URL,
    client_id: str = "",
    redirect_uri: str = "",
) -> Provider:
    """Endpoints and habits. `client_id`, `redirect_uri`: for the address at which an administrator agrees.

    A token is issued in the name of the account's own tenant, whichever one was asked. Scopes are told by their
    short names or as addresses below that of the API, and have to be named again when a token is renewed.
    Raises ConfigError for an authority or a tenant that is none.
    """
    if not re.fullmatch(_TENANT, tenant):
        raise ConfigError(["[microsoft] tenant must be common, organizations, consumers or the id of a directory"])
    issuer, resource = origin_of(authority, SECTION), f"{origin_of(base_url, SECTION)}/"
    asked = urlencode({"client_id": client_id, "scope": f"{resource}{CALENDARS}", "redirect_uri": redirect_uri})
    agreed_at = f"{issuer}/{'organizations' if tenant == TENANT else tenant}/v2.0/adminconsent?{asked}"
    return Provider(
        auth_url=f"{issuer}/{tenant}/oauth2/v2.0/authorize",
        token_url=f"{issuer}/{tenant}/oauth2/v2.0/token",
        revoke_url=None,
        issuers=rf"{re.escape(issuer)}/{_TENANT}/v2\.0",
        scopes=("openid", "profile", "email", "offline_access", CALENDARS),
        required=(CALENDARS,),
        extra={"prompt": "select_account"},
        resource=resource,
        says_scopes=True,
        identity=("oid", "tid"),
        address=("email", "preferred_username"),
        admin_signs=r"AADSTS9009[345]\b",
        admin_hint=f"an administrator has to agree for this organisation first, at {agreed_at}",
    )


def web(*urls: str, transport: Transport | None = None) -> Http:
    """What reaches the hosts of these addresses and no others. Raises ConfigError for one that is no address."""
    limits = Limits(per_minute=PER_MINUTE, timeout=60.0)
    return Http([origin_of(url, SECTION) for url in urls], limits=limits, transport=transport)


def create(  # noqa: PLR0913 - the settings of one account, all by name
    *,
    client_id: str,
    client_secret: str,
    shelf: Shelf,
    clock: Clock,
    bridge: str,
    base_url: str = BASE_URL,
    authority: str = AUTHORITY,
    tenant: str = TENANT,
    found: str = "",
    pause: Pause = asyncio.sleep,
    transport: Transport | None = None,
) -> Account:
    """The account whose grant lies on the shelf; makes no request.

    `base_url`: the address below which the API lies, its version included; https, or http on a loopback address.
    `bridge`: id of this installation, by which its marks are known. `found`: what an account opened with the same
    credentials told of itself. `pause`: waits some seconds, for what was refused for its rate.
    `transport`: what carries requests in place of sockets.
    Raises ConfigError for an address that is none.
    """
    http = web(base_url, authority, transport=transport)
    asked = provider(authority=authority, tenant=tenant, base_url=base_url)
    tokens = Tokens(asked, OurClient(client_id, client_secret), shelf, http, clock)
    return MicrosoftAccount(Client(http, base_url, tokens, clock), bridge, found, pause)
