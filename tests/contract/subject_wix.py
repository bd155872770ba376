"""The Wix adapter as a subject, against the simulator; people's hands are another app on the public API."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import httpx

from adapters.memory import MemoryClock
from adapters.wix import create
from syncd.model import UNSEEN, AllDay, Event, Field, Ref, Schedule, Timed
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixServer, WixState
from syncd.sandbox.wix.access import ALL_SCOPES
from syncd.sandbox.wix.values import BOOKINGS_APP, BUSINESS_EXTERNAL_ID, Resource
from syncd.sandbox.wix.values import Schedule as Stored
from tests.contract.cases import BERLIN, BRIDGE, NOW, timed, yoga
from tests.contract.subjects import ABILITIES, Hands, Stage, Subject


def _guid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://contract.example/{name}"))


INSTANCE: Final = _guid("instance")
APP: Final = (_guid("app"), "app-secret")
PEOPLE: Final = (_guid("people"), "people-secret")
STAFF: Final = ("Mara", "Jonas")
_TEXTS: Final = {Field.TITLE: "title", Field.DESCRIPTION: "notes"}


@dataclass(slots=True)
class SiteHands(Hands):
    """`home`: the schedule where a person puts sessions unless told otherwise."""

    web: httpx.AsyncClient
    clock: SandboxClock
    home: str

    async def put(self, event: Event) -> Ref:
        return await self._made({"scheduleId": self.home, **_times(event), **_plain(event)})

    async def put_on(self, schedule: Schedule, event: Event) -> Ref:
        return await self._made({"scheduleId": schedule.id, **_times(event), **_plain(event)})

    async def edit(self, ref: Ref, event: Event) -> None:
        assert (event.when, event.busy) == (UNSEEN, UNSEEN), "only texts are edited by hand here"
        stored = await self._stored(ref)
        body = {"id": ref.id, "revision": stored["revision"], **_plain(event)}
        await self._sent("PATCH", f"/calendar/v3/events/{ref.id}", {"event": body})

    async def remove(self, ref: Ref) -> None:
        await self._sent("POST", f"/calendar/v3/events/{ref.id}/cancel", {})

    async def raw(self, ref: Ref) -> str:
        return json.dumps(await self._stored(ref))

    async def mailed(self) -> int:
        return len((await self._sent("GET", "/_sandbox/notifications", None))["notifications"])

    async def titles(self) -> Sequence[str]:
        found = await self._raw_events()
        return sorted(one["title"] for one in found if one["status"] == "CONFIRMED")

    async def copy(self, ref: Ref) -> Ref:
        stored = await self._stored(ref)
        kept = {name: stored[name] for name in ("scheduleId", "title", "notes", "timeZone")}
        edges = {name: {"localDate": stored[name]["localDate"]} for name in ("start", "end")}
        return await self._made(kept | edges)

    async def book(self, ref: Ref, n: int) -> None:
        total = (await self._stored(ref))["participants"]["total"] + n
        await self._sent("POST", "/_sandbox/participants", {"eventId": ref.id, "total": total})

    async def _made(self, body: Mapping[str, Any]) -> Ref:
        self.clock.advance(1)  # so that the order in which sessions were made shows
        answer = await self._sent("POST", "/calendar/v3/events", {"event": body})
        return Ref(INSTANCE, answer["event"]["id"])

    async def _stored(self, ref: Ref) -> dict[str, Any]:
        return next(one for one in await self._raw_events() if one["id"] == ref.id)

    async def _raw_events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = (await self._sent("GET", "/_sandbox/raw", None))["events"]
        return events

    async def _sent(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        answer = await self.web.request(method, path, json=body)
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json()
        return content


def _times(event: Event) -> dict[str, Any]:
    if isinstance(event.when, AllDay):
        first, until = (datetime.combine(day, time()) for day in (event.when.first, event.when.until))
        return {"start": _local(first), "end": _local(until), "allDay": True}
    assert isinstance(event.when, Timed)
    zone = ZoneInfo(event.when.tzid)
    start, end = (moment.astimezone(zone) for moment in (event.when.start, event.when.end))
    return {"start": _local(start), "end": _local(end), "timeZone": event.when.tzid}


def _local(moment: datetime) -> dict[str, str]:
    return {"localDate": moment.replace(tzinfo=None).isoformat(timespec="seconds")}


def _plain(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = {wire: event.get(name) for name, wire in _TEXTS.items() if event.get(name) is not UNSEEN}
    if event.location is not UNSEEN:
        body["location"] = {"type": "CUSTOM", "name": event.location} if event.location else None
    if event.busy is not UNSEEN:
        body["transparency"] = "OPAQUE" if event.busy else "TRANSPARENT"
    return body


def _studio(clock: SandboxClock) -> WixState:
    """A site with the business schedule and two members of staff, and nothing on them."""
    state = WixState(clock)
    state.apps.update([APP, PEOPLE])
    site = state.add_site(INSTANCE, BERLIN)
    site.scopes.update({app: ALL_SCOPES for app, _ in (APP, PEOPLE)})
    whole = Stored(_guid("business"), BUSINESS_EXTERNAL_ID, "Studio", BOOKINGS_APP, BERLIN, NOW, NOW)
    site.put_schedule(whole)
    for name in STAFF:
        resource = Resource(_guid(name), name, "STAFF", _guid(f"{name}/events"), _guid(f"{name}/hours"))
        site.resources[resource.id] = resource
        own = replace(whole, id=_guid(f"{name}/events"), external_id=resource.id, name=name)
        site.put_schedule(replace(own, owner=_guid(f"{name}/user")))
        site.put_schedule(replace(own, id=_guid(f"{name}/hours"), external_id=None, name=f"Hours of {name}"))
    return state


@asynccontextmanager
async def _people(server: WixServer) -> AsyncIterator[httpx.AsyncClient]:
    grant = {"client_id": PEOPLE[0], "client_secret": PEOPLE[1], "instance_id": INSTANCE}
    async with httpx.AsyncClient(base_url=server.base_url) as web:
        answer = await web.post("/oauth2/token", json={"grant_type": "client_credentials", **grant})
        web.headers["Authorization"] = answer.json()["access_token"]
        yield web


@asynccontextmanager
async def _opened(_server: str) -> AsyncIterator[Stage]:
    clock = SandboxClock(NOW, rate=0.0)
    server = WixServer(_studio(clock))
    await server.start()
    site = create(
        base_url=server.base_url,
        app_id=APP[0],
        app_secret=APP[1],
        instance_id=INSTANCE,
        clock=MemoryClock(NOW),
        bridge=BRIDGE,
    )
    try:
        async with _people(server) as web:
            staff = next(one for one in await site.schedules() if one.name == STAFF[0])
            hands = SiteHands(web, clock, staff.id)
            never = Ref(INSTANCE, _guid("never"))
            endless = yoga(timed(minutes=60 * 24 * 366 * 101))
            yield Stage(site.on(staff, "apple"), hands, never, site=site, unacceptable=endless)
    finally:
        await site.aclose()
        await server.stop()


WIX: Final = (Subject("wix", _opened, ABILITIES - {"delta", "expire", "keyed_bulk", "series", "account", "kept"}),)
