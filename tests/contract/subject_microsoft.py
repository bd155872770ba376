"""The Microsoft adapter as a subject, against the simulator over real HTTP; people's hands act in its state."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.memory import MemoryClock
from adapters.microsoft import CALENDARS, create
from syncd.model import TEXTS, UNSEEN, AllDay, Event, Field, Ref, Timed
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.microsoft import Hands as MicrosoftHands
from syncd.sandbox.microsoft import MicrosoftServer, MicrosoftState, grants
from syncd.sandbox.microsoft.seed import CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS, SCOPES
from tests.adapters.shared_world import MemoryShelf, Waits
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW, YOGA
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject

EMAIL: Final = "anna@outlook.example"
_PROPERTIES: Final = {Field.TITLE: "subject", Field.DESCRIPTION: "body", Field.LOCATION: "location"}


@dataclass(slots=True)
class PeopleOfMicrosoft(Hands):
    hands: MicrosoftHands

    async def put(self, event: Event) -> Ref:
        fields: dict[str, Any] = {_PROPERTIES[name]: event.get(name) for name in TEXTS[1:] if event.get(name)}
        if event.busy is False:
            fields["showAs"] = "free"
        return Ref(COLLECTION, self._added(event, **fields))

    def _added(self, event: Event, **fields: Any) -> str:
        when = event.when
        if isinstance(when, AllDay):
            return self.hands.add(str(event.title), when.first, when.until, **fields).id
        assert isinstance(when, Timed)
        return self.hands.add(str(event.title), when.start, when.end, zone=when.tzid, **fields).id

    async def edit(self, ref: Ref, event: Event) -> None:
        assert (event.when, event.busy) == (UNSEEN, UNSEEN), "only texts are edited by hand here"
        given = [name for name in TEXTS if event.get(name) is not UNSEEN]
        self.hands.edit(ref.id, **{_PROPERTIES[name]: event.get(name) for name in given})

    async def remove(self, ref: Ref) -> None:
        self.hands.delete(ref.id)

    async def raw(self, ref: Ref) -> str:
        return json.dumps(asdict(self.hands.event(ref.id)), default=str, ensure_ascii=False)

    async def mailed(self) -> int:
        return len(self.hands.state.mailed) + sum(bool(one.fields.get("attendees")) for one in self.hands.events())

    async def titles(self) -> Sequence[str]:
        return sorted(str(one.fields.get("subject", "")) for one in self.hands.events())

    async def copy(self, ref: Ref) -> Ref:
        return Ref(COLLECTION, self.hands.copy(ref.id).id)

    async def put_series(self, event: Event, count: int) -> str:
        return self._added(event, rrule=f"FREQ=DAILY;COUNT={count}")

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
        hands = PeopleOfMicrosoft(MicrosoftHands(server.state, EMAIL))
        calendar = account.open(hands.hands.calendar.id, zone=BERLIN, collection=COLLECTION)
        never = await hands.put(YOGA)
        await hands.remove(never)
        yield Stage(calendar, hands, never, account=account)
    finally:
        await account.aclose()
        await server.stop()


# Times of single events are told in the schedule's zone: they are written in UTC (reference/microsoft.md, 2.5).
MICROSOFT: Final = (Subject("microsoft", _opened, ABILITIES - {"bad", "zones", "site"}),)
