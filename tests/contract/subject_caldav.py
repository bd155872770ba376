"""The CalDAV adapter as a subject, against the strict stand-in; people's hands are the simulator's.

`make test` takes one profile, `make prove` all of them. A busy server is left out: to wait is the core's affair. Not
here: a real server (subject_apple).
"""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import icalendar

from adapters.apple import create
from adapters.memory import MemoryClock
from syncd.model import TEXTS, UNSEEN, Event, Ref
from syncd.sandbox import caldav
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.ics import render
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW
from tests.contract.subject_apple import MAIN, PROPERTIES, outside
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject
from tests.proving import PROVE

EMAIL: Final = "anna@example.test"
PASSWORD: Final = "abcd-efgh-ijkl-mnop"
_CHOSEN: Final = sorted(caldav.PROFILES) if PROVE else ["icloud"]
# What servers cannot do: say what changed, at all or since a deletion; see that a token means nothing, and that an
# object is there already.
_LACKING: Final[Mapping[str, frozenset[str]]] = {
    "no-sync-collection": frozenset({"delta"}),
    "nextcloud-2023": frozenset({"delta"}),
    "davical": frozenset({"expire", "refuses"}),
    "never-refuses-a-token": frozenset({"expire", "refuses"}),
    "sogo": frozenset({"expire", "refuses", "keyed_create"}),
}


@dataclass(slots=True)
class StandInHands(Hands):
    """`own`: the simulator's hands at the calendar under test."""

    own: caldav.Hands
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def put(self, event: Event) -> Ref:
        name = f"by-hand-{next(self.numbers)}"
        self.own.put(f"{name}.ics", render(outside(event, name)))
        return Ref(COLLECTION, f"{name}.ics")

    async def put_series(self, event: Event, count: int) -> str:
        self.own.put("series.ics", render(outside(event, "series") | {"rrule": f"FREQ=DAILY;COUNT={count}"}))
        return "series.ics"

    async def edit(self, ref: Ref, event: Event) -> None:
        stored = icalendar.Calendar.from_ical(await self.raw(ref))
        for item in stored.walk("VEVENT"):
            for name in TEXTS:
                if event.get(name) is not UNSEEN:
                    item.pop(PROPERTIES[name], None)
                    item.add(PROPERTIES[name], event.get(name))
        self.own.put(ref.id, stored.to_ical())

    async def copy(self, ref: Ref) -> Ref:
        name = f"copy-{next(self.numbers)}"
        stored = icalendar.Calendar.from_ical(await self.raw(ref))
        for item in stored.walk("VEVENT"):
            item["uid"] = name
        self.own.put(f"{name}.ics", stored.to_ical())
        return Ref(COLLECTION, f"{name}.ics")

    async def remove(self, ref: Ref) -> None:
        self.own.delete(ref.id)

    async def raw(self, ref: Ref) -> str:
        return self.own.text(ref.id)

    async def titles(self) -> Sequence[str]:
        items = [icalendar.Calendar.from_ical(text).walk("VEVENT") for text in self.own.objects().values()]
        return sorted(str(item.get("summary", "")) for item in itertools.chain.from_iterable(items))

    async def mailed(self) -> int:
        return len(self.own.state.mailed)

    async def expire_cursors(self) -> None:
        self.own.state.expire_tokens()

    async def remove_calendar(self, calendar: str) -> None:
        caldav.Hands(self.own.state, EMAIL, calendar.rstrip("/")).delete_calendar()


@asynccontextmanager
async def _opened(_server: str, profile: str) -> AsyncIterator[Stage]:
    state = caldav.CaldavState(SandboxClock(NOW, rate=0))
    state.add_account(EMAIL, "Summer2026!", app_passwords=(PASSWORD,))
    state.add_calendar(EMAIL, MAIN.rstrip("/"))
    state.switches.take(profile)
    state.switches.set({"busy_every": 0})
    server = caldav.CaldavServer(state)
    await server.start()
    account = create(url=server.base_url, email=EMAIL, password=PASSWORD, clock=MemoryClock(NOW), bridge=BRIDGE)
    try:
        calendar = account.open(MAIN, zone=BERLIN, collection=COLLECTION)
        hands = StandInHands(caldav.Hands(state, EMAIL, MAIN.rstrip("/")))
        yield Stage(calendar, hands, Ref(COLLECTION, "never-there.ics"), account=account)
    finally:
        await account.aclose()
        await server.stop()


def _subject(profile: str) -> Subject:
    lacking = _LACKING.get(profile, frozenset())
    can = ABILITIES - {"batch", "bad", "site", "kept"} - lacking
    return Subject(f"caldav-{profile}", partial(_opened, profile=profile), can, short_of=lacking)


CALDAV: Final = tuple(_subject(profile) for profile in _CHOSEN)
