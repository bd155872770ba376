"""The Microsoft account of a measured world: what its simulator calls things.

Not here: making, keeping and serving it (granted), what is measured (microsoft_rows).
"""

from typing import Final

from benchmarks.granted import Provider
from syncd.sandbox.microsoft import Hands, MicrosoftServer, MicrosoftState
from syncd.sandbox.microsoft.grants import ACCESS_SECONDS
from syncd.sandbox.microsoft.seed import SCOPES, facts, seed_account

_EMAIL: Final = "anna@outlook.example"


def _identity(state: MicrosoftState) -> str:
    owner = state.accounts[_EMAIL]
    return f"{owner.oid}.{owner.tid}"


MICROSOFT: Final = Provider(
    name="microsoft",
    email=_EMAIL,
    serve=MicrosoftServer,
    state=MicrosoftState,
    seed=seed_account,
    told=facts,
    identity=_identity,
    scopes=SCOPES,
    lives=ACCESS_SECONDS,
    calendar=lambda state: str(state.default_calendar(_EMAIL).id),
    hands=lambda state: Hands(state, _EMAIL),
    daily=lambda count: {"rrule": f"FREQ=DAILY;COUNT={count}"},
    unlimited={"quota_requests": 0},
    clocked=lambda state: state.mailboxes.values(),
)
