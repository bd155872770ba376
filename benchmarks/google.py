"""The Google account of a measured world: what its simulator calls things.

Not here: making, keeping and serving it (granted), what is measured (google_rows).
"""

from typing import Final

from benchmarks.granted import Provider
from syncd.sandbox.google import GoogleServer, GoogleState, Hands
from syncd.sandbox.google.grants import ACCESS_SECONDS
from syncd.sandbox.google.seed import SCOPES, facts, seed_account

_EMAIL: Final = "anna@gmail.example"

GOOGLE: Final = Provider(
    name="google",
    email=_EMAIL,
    serve=GoogleServer,
    state=GoogleState,
    seed=seed_account,
    told=facts,
    identity=lambda state: str(state.accounts[_EMAIL].sub),
    scopes=SCOPES,
    lives=ACCESS_SECONDS,
    calendar=lambda _: "primary",
    hands=lambda state: Hands(state, _EMAIL),
    daily=lambda count: {"recurrence": [f"RRULE:FREQ=DAILY;COUNT={count}"]},
    unlimited={"quota_user_per_minute": 0},
    clocked=lambda state: state.calendars.values(),
)
