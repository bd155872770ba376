"""The CalDAV adapter as a subject, against a real Radicale; people's hands are plain HTTP."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
import icalendar

from adapters.apple import create
from adapters.memory import MemoryClock
from syncd.model import TEXTS, UNSEEN, AllDay, Event, Field, Ref, Timed
from syncd.sandbox.ics import render
from tests.contract.cases import BERLIN, BRIDGE, COLLECTION, NOW
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject

PASSWORD: Final = "correct-horse"
ACCOUNTS: Final = {f"person{number}@example.test": PASSWORD for number in range(400)}
MAIN: Final = "main/"
PROPERTIES: Final = {Field.TITLE: "summary", Field.DESCRIPTION: "description", Field.LOCATION: "location"}
_unused = iter(ACCOUNTS)


@dataclass(slots=True)
class CalDavHands(Hands):
    """`home`: where the account's calendars lie on the server."""

    web: httpx.AsyncClient
    home: str
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def put(self, event: Event) -> Ref:
        name = f"by-hand-{next(self.numbers)}"
        await self._store(f"{name}.ics", render(outside(event, name)))
        return Ref(COLLECTION, f"{name}.ics")

    async def put_series(self, event: Event, count: int) -> str:
        await self._store("series.ics", render(outside(event, "series") | {"rrule": f"FREQ=DAILY;COUNT={count}"}))
        return "series.ics"

    async def edit(self, ref: Ref, event: Event) -> None:
        assert (event.when, event.busy) == (UNSEEN, UNSEEN), "only texts are edited by hand here"
        stored = icalendar.Calendar.from_ical(await self.raw(ref))
        for item in stored.walk("VEVENT"):
            for name in TEXTS:
                if event.get(name) is not UNSEEN:
                    item.pop(PROPERTIES[name], None)
                    item.add(PROPERTIES[name], event.get(name))
        await self._store(ref.id, stored.to_ical())

    async def copy(self, ref: Ref) -> Ref:
        name = f"copy-{next(self.numbers)}"
        stored = icalendar.Calendar.from_ical(await self.raw(ref))
        for item in stored.walk("VEVENT"):
            item["uid"] = name
        await self._store(f"{name}.ics", stored.to_ical())
        return Ref(COLLECTION, f"{name}.ics")

    async def remove(self, ref: Ref) -> None:
        (await self.web.delete(self._url(ref.id))).raise_for_status()

    async def raw(self, ref: Ref) -> str:
        answer = await self.web.get(self._url(ref.id))
        answer.raise_for_status()
        return answer.text

    async def titles(self) -> Sequence[str]:
        return sorted(str(item.get("summary", "")) for item in await self._items())

    async def mailed(self) -> int:
        """A server that schedules mails whoever stands in an object."""
        return sum("attendee" in item or "organizer" in item for item in await self._items())

    async def remove_calendar(self, calendar: str) -> None:
        (await self.web.delete(self.home + calendar)).raise_for_status()

    async def _items(self) -> Sequence[icalendar.Component]:
        whole = await self.web.get(self._url(""))
        whole.raise_for_status()
        return icalendar.Calendar.from_ical(whole.text).walk("VEVENT") if whole.text.strip() else []

    def _url(self, name: str) -> str:
        return f"{self.home}{MAIN}{quote(name)}"

    async def _store(self, name: str, content: bytes) -> None:
        kind = {"content-type": "text/calendar; charset=utf-8"}
        (await self.web.put(self._url(name), content=content, headers=kind)).raise_for_status()


def outside(event: Event, uid: str) -> dict[str, Any]:
    """The neutral form that the sandbox renders."""
    start, end, zone = _edges(event)
    texts = {name.value: event.get(name) for name in TEXTS}
    return {"uid": uid, "start": start, "end": end, "zone": zone, "free": event.busy is False, **texts}


def _edges(event: Event) -> tuple[date | datetime, date | datetime, str | None]:
    if isinstance(event.when, AllDay):
        return event.when.first, event.when.until, None
    assert isinstance(event.when, Timed)
    zone = event.when.tzid
    return event.when.start, event.when.end, None if zone == "UTC" else zone


@asynccontextmanager
async def _opened(server: str) -> AsyncIterator[Stage]:
    email = next(_unused)
    account = create(url=server, email=email, password=PASSWORD, clock=MemoryClock(NOW), bridge=BRIDGE)
    home = f"/{quote(email)}/"
    async with httpx.AsyncClient(base_url=server, auth=(email, PASSWORD)) as web:
        (await web.request("MKCALENDAR", home + MAIN)).raise_for_status()
        calendar = account.open(MAIN, zone=BERLIN, collection=COLLECTION)
        yield Stage(calendar, CalDavHands(web, home), Ref(COLLECTION, "never-there.ics"), account=account)
        await account.aclose()


APPLE: Final = (Subject("apple", _opened, ABILITIES - {"batch", "bad", "expire", "site", "kept"}, server="radicale"),)
