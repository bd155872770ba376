"""A running Wix simulator as the tests of it speak to it: over HTTP, with a token, on a frozen clock."""

from dataclasses import dataclass
from typing import Any

import httpx

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.studio import Seeded
from syncd.sandbox.wix import WixState

V3 = "/calendar/v3"
EVENTS = f"{V3}/events"
SCHEDULES = f"{V3}/schedules"
EXTERNAL = "/bookings/v2/external-calendars"
MARA, JONAS, AYLIN = studio.STAFF

Json = dict[str, Any]


def at(text: str) -> Json:
    """A moment as requests carry it: `2026-11-24T09:00` becomes a localDate."""
    return {"localDate": f"{text}:00"}


def weekly(day: str, **more: Any) -> Json:
    return {"frequency": "WEEKLY", "days": [day], **more}


@dataclass
class WixSite:
    """The seeded studio; `token` is sent with every call unless another is given."""

    client: httpx.AsyncClient
    clock: SandboxClock
    state: WixState
    seeded: Seeded
    token: str = ""

    async def log_in(self, **other: Any) -> httpx.Response:
        body = {
            "grant_type": "client_credentials",
            "client_id": studio.APP_ID,
            "client_secret": studio.APP_SECRET,
            "instance_id": studio.INSTANCE_ID,
        }
        return await self.client.post("/oauth2/token", json=body | other)

    async def call(
        self, method: str, path: str, body: Any = None, params: Any = None, token: str | None = None
    ) -> httpx.Response:
        headers = {"Authorization": self.token if token is None else token}
        return await self.client.request(method, path, json=body, params=params, headers=headers)

    async def ok(self, method: str, path: str, body: Any = None, params: Any = None) -> Json:
        reply = await self.call(method, path, body, params)
        assert reply.status_code == 200, reply.text
        answer: Json = reply.json()
        return answer

    async def refused(self, status: int, method: str, path: str, body: Any = None, params: Any = None) -> Json:
        """The `details` of the envelope."""
        reply = await self.call(method, path, body, params)
        assert reply.status_code == status, reply.text
        answer: Json = reply.json()
        assert answer["message"]
        details: Json = answer["details"]
        return details

    async def violated(self, method: str, path: str, body: Any = None, params: Any = None) -> str:
        """The field that a 400 names."""
        details = await self.refused(400, method, path, body, params)
        name: str = details["validationError"]["fieldViolations"][0]["field"]
        return name

    async def create(self, **fields: Any) -> Json:
        event: Json = (await self.ok("POST", EVENTS, {"event": draft(**fields)}))["event"]
        return event

    async def update(self, event: Json, **fields: Any) -> Json:
        body = {"event": {"id": event["id"], "revision": event["revision"], **fields}}
        changed: Json = (await self.ok("PATCH", f"{EVENTS}/{event['id']}", body))["event"]
        return changed

    async def cancel(self, event: Json) -> Json:
        cancelled: Json = (await self.ok("POST", f"{EVENTS}/{event['id']}/cancel", {}))["event"]
        return cancelled

    async def get(self, ref: str, *, pi: bool = False) -> Json:
        params = {"fields": "PI_FIELDS"} if pi else None
        event: Json = (await self.ok("GET", f"{EVENTS}/{ref}", params=params))["event"]
        return event

    async def query(self, **body: Any) -> list[Json]:
        """Rows of the first page; the window defaults to the year ahead."""
        rows: list[Json] = (await self.ok("POST", f"{EVENTS}/query", window(**body)))["events"]
        return rows

    async def series(self, **fields: Any) -> tuple[Json, list[Json]]:
        """A new MASTER, Tuesdays 09:00 to 10:00 unless told otherwise, and its occurrences."""
        rule = fields.pop("recurrenceRule", weekly("TUESDAY"))
        master = await self.create(recurrenceRule=rule, **fields)
        return master, await self.instances(master)

    async def instances(self, master: Json) -> list[Json]:
        return await self.query(
            query={
                "filter": {"recurringEventId": {"$eq": master["id"]}},
                "cursorPaging": {"limit": 1000},
            }
        )

    async def switch(self, **values: Any) -> None:
        reply = await self.client.post("/_sandbox/switches", json=values)
        assert reply.status_code == 200, reply.text

    async def fault(self, do: Json, match: Json | None = None, **more: Any) -> int:
        reply = await self.client.post("/_sandbox/faults", json={"match": match or {}, "do": do, **more})
        assert reply.status_code == 200, reply.text
        number: int = reply.json()["id"]
        return number

    async def fired(self, number: int) -> int:
        faults = (await self.client.get("/_sandbox/faults")).json()["faults"]
        return next(int(fault["fired"]) for fault in faults if fault["id"] == number)

    async def people(self, path: str, body: Json) -> Json:
        """What somebody at the site does."""
        reply = await self.client.post(f"/_sandbox/{path}", json=body)
        assert reply.status_code == 200, reply.text
        answer: Json = reply.json()
        return answer

    async def log(self) -> list[Json]:
        requests: list[Json] = (await self.client.get("/_sandbox/log")).json()["requests"]
        return requests


def draft(**fields: Any) -> Json:
    """A valid event on the first staff member's schedule; a field set to None is left out."""
    base = {
        "scheduleId": MARA.schedule_id,
        "title": "Check",
        "start": at("2026-11-24T09:00"),
        "end": at("2026-11-24T10:00"),
    }
    return {key: value for key, value in (base | fields).items() if value is not None}


def window(start: str = "2026-11-20T00:00", end: str = "2027-11-22T00:00", **more: Any) -> Json:
    return {"fromLocalDate": f"{start}:00", "toLocalDate": f"{end}:00", **more}
