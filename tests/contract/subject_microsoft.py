"""The Microsoft adapter as a subject, against the simulator over real HTTP; people's hands act in its state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from adapters.memory import MemoryClock
from adapters.microsoft import CALENDARS, create
from syncd.model import Event, Field
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import Hands as MicrosoftHands
from syncd.sandbox.microsoft import MicrosoftServer, MicrosoftState, grants
from syncd.sandbox.microsoft.seed import CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS, SCOPES
from tests.adapters.shared_world import MemoryShelf, Waits
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW, YOGA
from tests.contract.people import PeopleOf
from tests.contract.subjects import ABILITIES, Stage, Subject

EMAIL: Final = "anna@outlook.example"
_PROPERTIES: Final = {Field.TITLE: "subject", Field.DESCRIPTION: "body", Field.LOCATION: "location"}


class PeopleOfMicrosoft(PeopleOf):
    async def put_series(self, event: Event, count: int) -> str:
        return self.added(event, rrule=f"FREQ=DAILY;COUNT={count}").id

    async def expire_cursors(self) -> None:
        self.hands.state.expire_delta_tokens()

    async def remove_calendar(self, calendar: str) -> None:
        MicrosoftHands(self.hands.state, EMAIL, calendar).remove_calendar()


def _granted(state: MicrosoftState) -> Grant:
    """A person with one calendar, and what they allowed."""
    state.add_client(CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS)
    account = state.add_account(EMAIL, "Anna")
    grant = grants.add_grant(state, CLIENT_ID, EMAIL, SCOPES)
    access, refresh = grants.add_access(state, grant), grants.add_refresh(state, grant)
    identity = f"{account.oid}.{account.tid}"
    return Grant(access, refresh, NOW + timedelta(hours=1), ("openid", CALENDARS), identity, EMAIL, NOW)


@asynccontextmanager
async def _opened(_server: str) -> AsyncIterator[Stage]:
    clock = SandboxClock(NOW, rate=0)
    server = MicrosoftServer(MicrosoftState(clock))
    await server.start()
    account = create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=f"{server.base_url}/v1.0",
        authority=server.base_url,
        shelf=MemoryShelf(_granted(server.state)),
        clock=MemoryClock(NOW),
        bridge=BRIDGE,
        pause=Waits(),
    )
    try:
        hands = PeopleOfMicrosoft(
            MicrosoftHands(server.state, EMAIL),
            _PROPERTIES,
            {"showAs": "free"},
            server.app.faults,
            r"events\.(create|update)",
        )
        calendar = account.open(hands.hands.calendar.id, zone=BERLIN, collection=COLLECTION)
        never = await hands.put(YOGA)
        await hands.remove(never)
        yield Stage(calendar, hands, never, account=account)
    finally:
        await account.aclose()
        await server.stop()


# Times of single events are told in the schedule's zone: they are written in UTC (reference/microsoft.md, 2.5).
MICROSOFT: Final = (Subject("microsoft", _opened, ABILITIES - {"bad", "zones", "site"}),)
