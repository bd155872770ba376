"""The Google account of a measured world: how it is made, and what its simulator calls things.

Not here: keeping and serving it (granted), what is measured (google_rows).
"""

from datetime import timedelta
from typing import Any, Final

from benchmarks.granted import Json, Provider
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState, Hands
from syncd.sandbox.google.grants import ACCESS_SECONDS
from syncd.sandbox.google.seed import SCOPES, facts, seed_account

_EMAIL: Final = "anna@gmail.example"
_SETTINGS: Final = ("client_id", "client_secret", "base_url", "auth_url", "token_url", "revoke_url")


def _made(clock: SandboxClock) -> tuple[GoogleState, Grant]:
    state = GoogleState(clock)
    seeded = seed_account(state, [], _EMAIL, "Anna")
    sub = state.accounts[_EMAIL].sub
    now, tokens = clock.now(), (seeded.access_token, seeded.refresh_token)
    until = now + timedelta(seconds=ACCESS_SECONDS)
    return state, Grant(*tokens, until, SCOPES, sub, _EMAIL, now)


def _settings(base_url: str) -> Json:
    known = facts(base_url, ())
    return {f"SYNCD_GOOGLE__{name.upper()}": known[name] for name in _SETTINGS}


def _daily(count: int) -> dict[str, Any]:
    return {"recurrence": [f"RRULE:FREQ=DAILY;COUNT={count}"]}


GOOGLE: Final = Provider(
    name="google",
    email=_EMAIL,
    serve=GoogleServer,
    made=_made,
    settings=_settings,
    calendar=lambda _: "primary",
    hands=lambda state: Hands(state, _EMAIL),
    daily=_daily,
    unlimited={"quota_user_per_minute": 0},
    clocked=lambda state: state.calendars.values(),
)
