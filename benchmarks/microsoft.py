"""The Microsoft account of a measured world: how it is made, and what its simulator calls things.

Not here: keeping and serving it (granted), what is measured (microsoft_rows).
"""

from datetime import timedelta
from typing import Any, Final

from benchmarks.granted import Json, Provider
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import Hands, MicrosoftServer, MicrosoftState
from syncd.sandbox.microsoft.grants import ACCESS_SECONDS
from syncd.sandbox.microsoft.seed import SCOPES, facts, seed_account

_EMAIL: Final = "anna@outlook.example"
_SETTINGS: Final = ("client_id", "client_secret", "base_url", "authority")


def _made(clock: SandboxClock) -> tuple[MicrosoftState, Grant]:
    state = MicrosoftState(clock)
    seeded = seed_account(state, [], _EMAIL, "Anna")
    owner = state.accounts[_EMAIL]
    identity = f"{owner.oid}.{owner.tid}"
    now, tokens = clock.now(), (seeded.access_token, seeded.refresh_token)
    until = now + timedelta(seconds=ACCESS_SECONDS)
    return state, Grant(*tokens, until, SCOPES, identity, _EMAIL, now)


def _settings(base_url: str) -> Json:
    known = facts(base_url, ())
    return {f"SYNCD_MICROSOFT__{name.upper()}": known[name] for name in _SETTINGS}


def _daily(count: int) -> dict[str, Any]:
    return {"rrule": f"FREQ=DAILY;COUNT={count}"}


MICROSOFT: Final = Provider(
    name="microsoft",
    email=_EMAIL,
    serve=MicrosoftServer,
    made=_made,
    settings=_settings,
    calendar=lambda state: state.default_calendar(_EMAIL).id,
    hands=lambda state: Hands(state, _EMAIL),
    daily=_daily,
    unlimited={"quota_requests": 0},
    clocked=lambda state: state.mailboxes.values(),
)
