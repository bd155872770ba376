"""The Google account of a measured world: the simulator on loopback, kept from one world to the next in a file.

Not here: the site beside it (world), what is measured (google_rows).
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState, Hands
from syncd.sandbox.google.grants import ACCESS_SECONDS
from syncd.sandbox.google.seed import SCOPES, facts, seed_account

Json = dict[str, Any]
EMAIL: Final = "anna@gmail.example"
_ZONE: Final = ZoneInfo("Europe/Berlin")
_STATE: Final = "google.pickle"


@dataclass(slots=True)
class Google:
    """One account with its primary calendar. `folder`: where it is kept."""

    server: GoogleServer
    folder: Path
    grant: Json

    def facts(self) -> Json:
        """What the product has to know: settings by their names, and a grant."""
        known = facts(self.server.base_url, ())
        names = ("client_id", "client_secret", "base_url", "auth_url", "token_url", "revoke_url")
        settings = {f"SYNCD_GOOGLE__{name.upper()}": known[name] for name in names}
        return {"google": {"settings": settings, "email": EMAIL, "grant": self.grant}}

    def log(self) -> Json:
        return {"google": self.server.app.log.to_json()["requests"]}

    def forget(self) -> None:
        self.server.app.log.reset()

    def obey(self, order: Mapping[str, Any]) -> None:
        match order:
            case {"unlimited": True}:
                self.server.state.switches.set({"quota_user_per_minute": 0})
            case {"lessons": count}:
                hands, start = Hands(self.server.state, EMAIL), self._tomorrow(9)
                rule = f"RRULE:FREQ=DAILY;COUNT={count}"
                hands.add("Lesson", start, start + timedelta(hours=1), zone=_ZONE.key, recurrence=[rule])
            case {"lessons_at": hour}:
                hands = Hands(self.server.state, EMAIL)
                (lesson,) = [one for one in hands.events() if one.is_master]
                start = self._tomorrow(hour)
                hands.edit(lesson.id, start=start, end=start + timedelta(hours=1))
            case {"keep": True}:
                (self.folder / _STATE).write_bytes(pickle.dumps((self.server.state, self.grant)))

    def _tomorrow(self, hour: int) -> datetime:
        """The day after the account was made: an edit at whatever time means the same one."""
        granted = datetime.fromisoformat(self.grant["granted_at"]).date()
        return datetime.combine(granted + timedelta(days=1), time(hour), _ZONE)


def account_in(folder: Path, clock: SandboxClock) -> Google:
    """The account that was kept in this folder, else a new one without events; its server is not started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _STATE
    state, grant = _kept(file, clock) if file.exists() else _made(clock)
    return Google(GoogleServer(state), folder, grant)


def _kept(file: Path, clock: SandboxClock) -> tuple[GoogleState, Json]:
    state, grant = pickle.loads(file.read_bytes())  # noqa: S301 - a file of this very run
    state.clock = clock
    for calendar in state.calendars.values():
        calendar.clock = clock
    return state, grant


def _made(clock: SandboxClock) -> tuple[GoogleState, Json]:
    state = GoogleState(clock)
    seeded = seed_account(state, [], EMAIL, "Anna")
    grant = {
        "access_token": seeded.access_token,
        "refresh_token": seeded.refresh_token,
        "expires_at": (clock.now() + timedelta(seconds=ACCESS_SECONDS)).isoformat(),
        "scopes": SCOPES,
        "identity": state.accounts[EMAIL].sub,
        "email": EMAIL,
        "granted_at": clock.now().isoformat(),
    }
    return state, grant
