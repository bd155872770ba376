"""The Google adapter as a subject, against the simulator over real HTTP; people's hands act in its state."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.google import SCOPE, create
from adapters.memory import MemoryClock
from syncd.model import TEXTS, UNSEEN, AllDay, Event, Field, Ref, Timed
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.google import Hands as GoogleHands
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, seed_account
from tests.adapters.google_world import MemoryShelf, Waits
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject

EMAIL: Final = "anna@gmail.example"
_PROPERTIES: Final = {Field.TITLE: "summary", Field.DESCRIPTION: "description", Field.LOCATION: "location"}


@dataclass(slots=True)
class PeopleOfGoogle(Hands):
    hands: GoogleHands

    async def put(self, event: Event) -> Ref:
        fields: dict[str, Any] = {_PROPERTIES[name]: event.get(name) for name in TEXTS[1:] if event.get(name)}
        if event.busy is False:
            fields["transparency"] = "transparent"
        when = event.when
        if isinstance(when, AllDay):
            made = self.hands.add(str(event.title), when.first, when.until, **fields)
        else:
            assert isinstance(when, Timed)
            made = self.hands.add(str(event.title), when.start, when.end, zone=when.tzid, **fields)
        return Ref(COLLECTION, made.id)

    async def edit(self, ref: Ref, event: Event) -> None:
        assert (event.when, event.busy) == (UNSEEN, UNSEEN), "only texts are edited by hand here"
        given = [name for name in TEXTS if event.get(name) is not UNSEEN]
        self.hands.edit(ref.id, **{_PROPERTIES[name]: event.get(name) for name in given})

    async def remove(self, ref: Ref) -> None:
        self.hands.delete(ref.id)

    async def raw(self, ref: Ref) -> str:
        return json.dumps(asdict(self.hands.event(ref.id)), default=str, ensure_ascii=False)

    async def mailed(self) -> int:
        return len(self.hands.state.mailed) + sum("attendees" in one.fields for one in self.hands.events())

    async def titles(self) -> Sequence[str]:
        return sorted(str(one.fields.get("summary", "")) for one in self.hands.events())

    async def copy(self, ref: Ref) -> Ref:
        return Ref(COLLECTION, self.hands.copy(ref.id).id)

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
        hands = PeopleOfGoogle(GoogleHands(server.state, EMAIL))
        yield Stage(calendar, hands, Ref(COLLECTION, "neverthere0"), account=account)
    finally:
        await account.aclose()
        await server.stop()


# A series is no object here: each occurrence is a row, and a group, of its own.
GOOGLE: Final = (Subject("google", _opened, ABILITIES - {"bad", "series", "site"}),)
