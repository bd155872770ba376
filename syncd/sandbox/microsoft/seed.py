"""The studio's Microsoft account: one app, one person, what lies in the default calendar, and two calendars more.

Not here: which events (`syncd.sandbox.studio`), and starting the simulator.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.hands import Hands
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.microsoft.values import Event

CLIENT_ID: Final = "b4f3a3c2-5d1e-4f6a-9c0b-7a2d8e1f6c35"
CLIENT_SECRET: Final = "sand8Q~sandbox-secret"
REDIRECT_URI: Final = "http://localhost:8765/oauth/callback/microsoft"
REDIRECT_URIS: Final = (REDIRECT_URI, REDIRECT_URI.replace("localhost", "127.0.0.1"))
EMAIL: Final = "lena@outlook.example"
NAME: Final = "Lena Vogt"
SCOPES: Final = ("openid", "profile", "email", "offline_access", "User.Read", "Calendars.ReadWrite")
SECOND: Final = "Family"
HOLIDAYS: Final = "Holidays in Germany"
_HOLIDAYS: Final = "feeds@holidays.example"


@dataclass(frozen=True, slots=True)
class SeededAccount:
    """An account with tokens that are good at once; its calendars (id, name), the default one first; events by title.

    The last calendar is a subscription of a public one, which nobody can write.
    """

    email: str
    access_token: str
    refresh_token: str
    calendars: list[tuple[str, str]]
    events: Mapping[str, Event]


def seed_account(
    state: MicrosoftState,
    events: Iterable[Mapping[str, Any]],
    email: str = EMAIL,
    name: str = NAME,
    redirect_uris: tuple[str, ...] = REDIRECT_URIS,
) -> SeededAccount:
    """Put a person with these outside events (as `studio.external_events` has them) into the state.

    The client is added with the first account. May be called once for each address.
    """
    if CLIENT_ID not in state.authority.clients:
        state.add_client(CLIENT_ID, CLIENT_SECRET, redirect_uris)
    state.add_account(email, name, personal=True)
    state.add_calendar(email, SECOND)
    traits = {"owner": _HOLIDAYS, "owner_name": HOLIDAYS, "can_edit": False}
    holidays = state.add_calendar(email, HOLIDAYS, **traits)
    hands = Hands(state, email)
    added = {event["title"]: add_outside(hands, event) for event in events}
    _add_holidays(Hands(state, email, holidays.id), state.clock.now())
    grant = grants.add_grant(state, CLIENT_ID, email, SCOPES)
    calendars = [(calendar.id, calendar.name) for calendar in state.listed(email)]
    return SeededAccount(email, grants.add_access(state, grant), grants.add_refresh(state, grant), calendars, added)


def facts(base_url: str, accounts: Iterable[SeededAccount]) -> dict[str, Any]:
    """What a client needs to know of a simulator that listens at `base_url` (the sandbox's line)."""
    return {
        "base_url": f"{base_url}/v1.0",
        "authority": base_url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "accounts": [
            {
                "email": one.email,
                "access_token": one.access_token,
                "refresh_token": one.refresh_token,
                "calendars": [{"id": ref, "name": name} for ref, name in one.calendars],
            }
            for one in accounts
        ],
    }


def add_outside(hands: Hands, event: Mapping[str, Any]) -> Event:
    """One outside event, which the person adds by hand."""
    fields: dict[str, Any] = {}
    if event.get("description"):
        fields["body"] = event["description"]
    if event.get("location"):
        fields["location"] = event["location"]
    if event.get("private"):
        fields["sensitivity"] = "private"
    if event.get("free"):
        fields["showAs"] = "free"
    if event.get("rrule"):
        fields["rrule"] = event["rrule"]
    return hands.add(event["title"], event["start"], event["end"], zone=event.get("zone") or "UTC", **fields)


def _add_holidays(hands: Hands, now: datetime) -> None:
    """The winter holidays to come, each a day; on the first of them nobody works."""
    year = now.astimezone(UTC).year
    for name, day, shown in (
        ("Christmas Day", date(year, 12, 25), "oof"),
        ("New Year's Day", date(year + 1, 1, 1), "free"),
    ):
        hands.add(name, day, day + timedelta(days=1), showAs=shown)
