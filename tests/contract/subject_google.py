"""The Google adapter as a subject, against the simulator over real HTTP; people's hands act in its state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from adapters.google import SCOPE, create
from adapters.memory import MemoryClock
from syncd.model import Field, Ref
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.google import Hands as GoogleHands
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, seed_account
from tests.adapters.google_world import MemoryShelf, Waits
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW
from tests.contract.people import PeopleOf
from tests.contract.subjects import ABILITIES, Stage, Subject

EMAIL: Final = "anna@gmail.example"
_PROPERTIES: Final = {Field.TITLE: "summary", Field.DESCRIPTION: "description", Field.LOCATION: "location"}


class PeopleOfGoogle(PeopleOf):
    async def expire_cursors(self) -> None:
        self.hands.state.expire_sync_tokens()

    async def remove_calendar(self, calendar: str) -> None:
        GoogleHands(self.hands.state, EMAIL, calendar).remove_calendar()


@asynccontextmanager
async def _opened(_server: str) -> AsyncIterator[Stage]:
    clock = SandboxClock(NOW, rate=0)
    server = GoogleServer(GoogleState(clock))
    await server.start()
    seeded = seed_account(server.state, [], EMAIL, "Anna")
    sub, until = server.state.accounts[EMAIL].sub, NOW + timedelta(hours=1)
    grant = Grant(seeded.access_token, seeded.refresh_token, until, ("openid", SCOPE), sub, EMAIL, NOW)
    account = create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=server.base_url,
        token_url=f"{server.base_url}/token",
        revoke_url=f"{server.base_url}/revoke",
        shelf=MemoryShelf(grant),
        clock=MemoryClock(NOW),
        bridge=BRIDGE,
        pause=Waits(),
    )
    try:
        calendar = account.open("primary", zone=BERLIN, collection=COLLECTION)
        hands = PeopleOfGoogle(
            GoogleHands(server.state, EMAIL),
            _PROPERTIES,
            {"transparency": "transparent"},
            server.app.faults,
            r"events\.(insert|update)",
        )
        yield Stage(calendar, hands, Ref(COLLECTION, "neverthere0"), account=account)
    finally:
        await account.aclose()
        await server.stop()


# A series is no object here: each occurrence is a row, and a group, of its own.
GOOGLE: Final = (Subject("google", _opened, ABILITIES - {"bad", "series", "site"}),)
