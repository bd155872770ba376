"""Our clients at the providers that grant access: ids and secrets, where they are reached, what a consent takes.

Provider names are known here and in the adapters. Not here: grants (grants), the steps of a consent (consent).
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from syncd.config import Settings
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from adapters import oauth
    from adapters.http import Http, Transport

GOOGLE: Final = "google"
MICROSOFT: Final = "microsoft"
WARNED_DAYS: Final = 30  # before the secret of a client expires
_WAYS: Final = {
    "client_id": "write it into the configuration",
    "client_secret": "write it there, or name client_secret_file",
}


@dataclass(frozen=True)
class Consenting:
    """What a consent is asked for with: where, as whom, over what, and where its answer comes back to."""

    provider: "oauth.Provider"
    client: "oauth.Client"
    http: "Http"
    redirect_uri: str


def client_of(settings: Settings, provider: str) -> "oauth.Client":
    """Ours at a provider. Raises ConfigError with all that is not said of it."""
    from adapters.oauth import Client

    ours = settings.microsoft if provider == MICROSOFT else settings.google
    problems = [
        f"[{provider}] {key} is missing: {way} (docs/connect-{provider}.md)"
        for key, way in _WAYS.items()
        if not getattr(ours, key)
    ]
    if problems:
        raise ConfigError(problems)
    return Client(ours.client_id, ours.client_secret)


def places_of(settings: Settings, provider: str) -> dict[str, Any]:
    """Where a provider is reached, by the names that its adapter gives to the addresses."""
    if provider == MICROSOFT:
        at = settings.microsoft
        return {"base_url": at.base_url, "authority": at.authority, "tenant": at.tenant}
    ours = settings.google
    return {"base_url": ours.base_url, "token_url": ours.token_url, "revoke_url": ours.revoke_url}


def consenting(settings: Settings, provider: str, transport: "Transport | None") -> Consenting:
    """What a consent of an account's owner is asked for with. Raises ConfigError without our client."""
    client = client_of(settings, provider)
    redirect = f"http://{_loopback(provider)}:{settings.service.loopback_port}/oauth/callback/{provider}"
    if provider == MICROSOFT:
        from adapters import microsoft

        at = settings.microsoft
        asked = microsoft.provider(
            authority=at.authority, tenant=at.tenant, base_url=at.base_url, client_id=client.id, redirect_uri=redirect
        )
        return Consenting(asked, client, microsoft.web(asked.token_url, transport=transport), redirect)
    from adapters import google

    ours = settings.google
    asked = google.provider(auth_url=ours.auth_url, token_url=ours.token_url, revoke_url=ours.revoke_url)
    return Consenting(asked, client, google.web(asked.token_url, transport=transport), redirect)


def _loopback(provider: str) -> str:
    """Microsoft's portal takes plain http for `localhost` alone (docs/connect-microsoft.md)."""
    return "localhost" if provider == MICROSOFT else "127.0.0.1"


def expiring(settings: Settings, today: date) -> str | None:
    """What to do about the secret of a client that is about to expire, or has expired; None when there is time."""
    until = settings.microsoft.client_secret_expires
    if until is None or not settings.microsoft.client_id or (until - today).days > WARNED_DAYS:
        return None
    when = "has expired" if has_expired(settings, today) else f"expires in {(until - today).days} days"
    return (
        f"[microsoft] client_secret {when} ({until}): make a new one, write it and its client_secret_expires into the "
        "configuration (docs/connect-microsoft.md); no connection has to be made anew"
    )


def has_expired(settings: Settings, today: date) -> bool:
    """Whether the secret of a client no longer serves, by the configuration. Its last day counts as expired."""
    until = settings.microsoft.client_secret_expires
    return until is not None and until <= today
