"""The Wix site as anybody with the app's secret sees it: plain requests to its API, and the simulator's own routes.

Not here: syncd; none of its adapters is used.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.e2e.demo_values import PLACE, Json, of_session

_PAGE = 1000
_SECONDS = 30.0


class WixSite:
    """One site. The token is fetched anew once the clock was moved past its life."""

    def __init__(self, facts: Json) -> None:
        self._facts = facts
        self.web = httpx.Client(base_url=facts["base_url"], trust_env=False, timeout=_SECONDS)
        self._token = ""

    # reading

    def sessions(self, start: datetime, end: datetime) -> list[Json]:
        """Confirmed sessions that overlap [start, end), oldest first, notes and participants included."""
        window = {"fromLocalDate": _local(start), "toLocalDate": _local(end), "timeZone": "UTC"}
        body: Json = {**window, "fields": ["PI_FIELDS"], "query": {"cursorPaging": {"limit": _PAGE}}}
        answer = self._asked("POST", "/calendar/v3/events/query", body)
        if answer["pagingMetadata"]["hasNext"]:
            raise AssertionError("the studio has more sessions than one page holds")
        found = [event for event in answer["events"] if event["status"] == "CONFIRMED"]
        return sorted(found, key=lambda event: str(event["start"]["utcDate"]))

    def event(self, ref: str) -> Json:
        """One event by id, also a cancelled one."""
        found: Json = self._asked("GET", f"/calendar/v3/events/{ref}?fields=PI_FIELDS")["event"]
        return found

    def free(self, resource: str, day: datetime) -> list[str]:
        """When a staff member can be booked on a day of the studio: `HH:MM-HH:MM`, in order."""
        first = day.astimezone(PLACE).replace(hour=0, minute=0, second=0, microsecond=0)
        edges = {"from": first.isoformat(), "to": (first + timedelta(days=1)).isoformat()}
        staff = self.control("GET", "availability", params=edges)["staff"]
        rows = next(row["free"] for row in staff if row["resourceId"] == resource)
        return [f"{_clock(row['start'])}-{_clock(row['end'])}" for row in rows]

    # writing, as somebody at the site would

    def change(self, event: Json, fields: Json) -> Json:
        """PATCH at the revision that was read."""
        body = {"event": {"id": event["id"], "revision": event["revision"], **fields}}
        changed: Json = self._asked("PATCH", f"/calendar/v3/events/{event['id']}", body)["event"]
        return changed

    def cancel(self, event: Json) -> None:
        self._asked("POST", f"/calendar/v3/events/{event['id']}/cancel", {})

    # the simulator

    def control(self, method: str, name: str, **more: Any) -> Json:
        """One of `/_sandbox/…`; these are not in the request log."""
        answer = self.web.request(method, f"/_sandbox/{name}", **more)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def _asked(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._sent(method, path, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = self._granted()
            answer = self._sent(method, path, body)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def _sent(self, method: str, path: str, body: Json | None) -> httpx.Response:
        headers = {"authorization": self._token}
        return self.web.request(method, path, json=body, headers=headers)

    def _granted(self) -> str:
        facts = self._facts
        asked = {
            "grant_type": "client_credentials",
            "client_id": facts["app_id"],
            "client_secret": facts["app_secret"],
            "instance_id": facts["instance_id"],
        }
        answer = self.web.post("/oauth2/token", json=asked)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def moved(event: Json, minutes: int) -> Json:
    """`start` and `end` of a PATCH that moves a session within its day."""
    shown = of_session(event)
    edges = {"start": shown.start, "end": shown.end}
    return {name: {"localDate": _local(_later(edge, minutes))} for name, edge in edges.items()}


def _later(edge: Any, minutes: int) -> datetime:
    if not isinstance(edge, datetime):
        raise TypeError("a session of whole days is not moved by minutes")
    return edge + timedelta(minutes=minutes)


def titled(sessions: Sequence[Json], title: str, number: int = 0) -> Json:
    """The first session with a title, or a later one."""
    return [event for event in sessions if event["title"] == title][number]


def _local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _clock(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(PLACE).strftime("%H:%M")
