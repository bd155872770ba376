"""The studio's Google account: one client, one person, and what lies in the primary calendar.

Not here: which events (`syncd.sandbox.studio`), and starting the simulator.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.sandbox.google import grants
from syncd.sandbox.google.consent import AUTH_PATH
from syncd.sandbox.google.hands import Hands
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.google.values import Event

CLIENT_ID: Final = "sandbox-client.apps.googleusercontent.com"
CLIENT_SECRET: Final = "GOCSPX-sandbox-secret"
REDIRECT_URI: Final = "http://127.0.0.1:8765/oauth/callback/google"
EMAIL: Final = "jonas@gmail.example"
NAME: Final = "Jonas Weber"
SCOPES: Final = ("openid", grants.CALENDAR_SCOPE)


@dataclass(frozen=True, slots=True)
class SeededAccount:
    """An account with tokens that are good at once, and its events by title."""

    email: str
    access_token: str
    refresh_token: str
    events: Mapping[str, Event]


def seed_account(
    state: GoogleState,
    events: Iterable[Mapping[str, Any]],
    email: str = EMAIL,
    name: str = NAME,
    redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
) -> SeededAccount:
    """Put a person with these outside events (as `studio.external_events` has them) into the state.

    The client is added with the first account. May be called once for each address.
    """
    if CLIENT_ID not in state.clients:
        state.add_client(CLIENT_ID, CLIENT_SECRET, redirect_uris)
    state.add_account(email, name)
    hands = Hands(state, email)
    added = {event["title"]: add_outside(hands, event) for event in events}
    grant = grants.add_grant(state, CLIENT_ID, email, SCOPES)
    return SeededAccount(email, grants.add_access(state, grant), grant.refresh_token or "", added)


def facts(base_url: str, accounts: Iterable[SeededAccount]) -> dict[str, Any]:
    """What a client needs to know of a simulator that listens at `base_url` (the sandbox's line)."""
    return {
        "base_url": base_url,
        "auth_url": f"{base_url}{AUTH_PATH}",
        "token_url": f"{base_url}/token",
        "revoke_url": f"{base_url}/revoke",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "accounts": [
            {"email": one.email, "access_token": one.access_token, "refresh_token": one.refresh_token}
            for one in accounts
        ],
    }


def add_outside(hands: Hands, event: Mapping[str, Any]) -> Event:
    """One outside event, which the person adds by hand."""
    fields: dict[str, Any] = {name: event[name] for name in ("description", "location") if event.get(name)}
    if event.get("private"):
        fields["visibility"] = "private"
    if event.get("free"):
        fields["transparency"] = "transparent"
    if event.get("rrule"):
        fields["recurrence"] = [f"RRULE:{event['rrule']}"]
    zone = event.get("zone") or "UTC"
    return hands.add(event["title"], event["start"], event["end"], zone=zone, iCalUID=event["uid"], **fields)
