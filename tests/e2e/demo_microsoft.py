"""The Microsoft account as its owner sees it: plain requests to Graph, and the simulator's own routes.

Not here: syncd; none of its adapters is used.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import httpx

from tests.e2e.demo_mirror import Lying
from tests.e2e.demo_values import PLACE, Json, Shown

_SECONDS = 30.0
_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, or one occurrence of a series, as it was read. `ours`: it lies in a calendar that syncd made.

    `can_edit`: its calendar may be written.
    """

    body: Json
    ours: bool
    can_edit: bool

    @property
    def shown(self) -> Shown:
        edges = [_edge(self.body[name], whole=self.body["isAllDay"]) for name in ("start", "end")]
        return Shown(self.body.get("subject") or "", *edges)

    @property
    def lying(self) -> Lying:
        busy = self.body["showAs"] not in ("free", "workingElsewhere")
        return Lying(self.shown, busy, self.body["sensitivity"] in ("private", "confidential"))


class MicrosoftCalendars:
    """All calendars of one account. The access token is renewed once the clock was moved past its life."""

    def __init__(self, facts: Json) -> None:
        self._facts = facts
        self._who = facts["accounts"][0]
        self._token = str(self._who["access_token"])
        self._own = {row["id"] for row in self._who["calendars"]}
        self._refresh = str(self._who["refresh_token"])
        self.web = httpx.Client(trust_env=False, timeout=_SECONDS)

    @property
    def email(self) -> str:
        return str(self._who["email"])

    def entries(self, start: datetime, end: datetime) -> list[Entry]:
        """What overlaps [start, end) in any calendar, series by their occurrences."""
        found = []
        window = {"startDateTime": _text(start), "endDateTime": _text(end), "$top": "1000"}
        for calendar in self._asked("GET", "/me/calendars")["value"]:
            answer = self._asked("GET", f"/me/calendars/{_inside(calendar['id'])}/calendarView", params=window)
            if "@odata.nextLink" in answer:
                raise AssertionError("the account has more events than one page holds")
            found += [Entry(row, calendar["id"] not in self._own, calendar["canEdit"]) for row in answer["value"]]
        return found

    def change(self, entry: Entry, fields: Json) -> None:
        """PATCH, if it is still as it was read."""
        headers = {"if-match": entry.body["@odata.etag"]}
        self._asked("PATCH", f"/me/events/{_inside(entry.body['id'])}", headers=headers, json=fields)

    def remove(self, entry: Entry) -> None:
        """DELETE of the event, or of this occurrence."""
        self._asked("DELETE", f"/me/events/{_inside(entry.body['id'])}")

    def control(self, method: str, name: str) -> Json:
        """One of `/_sandbox/…`; these are not in the request log."""
        answer = self.web.request(method, f"{self._facts['authority']}/_sandbox/{name}")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def _asked(self, method: str, path: str, **more: Any) -> Json:
        headers = more.pop("headers", {})
        url = self._facts["base_url"] + path
        named = {**headers, "prefer": _PREFER, "authorization": f"Bearer {self._token}"}
        answer = self.web.request(method, url, headers=named, **more)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._renew()
            return self._asked(method, path, headers=headers, **more)
        answer.raise_for_status()
        found: Json = answer.json() if answer.content else {}
        return found

    def _renew(self) -> None:
        client = {name: self._facts[name] for name in ("client_id", "client_secret")}
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh, **client}
        answer = self.web.post(f"{self._facts['authority']}/common/oauth2/v2.0/token", data=form)
        answer.raise_for_status()
        self._token = str(answer.json()["access_token"])
        self._refresh = str(answer.json().get("refresh_token", self._refresh))


def edges(start: datetime, end: datetime) -> Json:
    """`start` and `end` of a body, as moments."""
    return {name: {"dateTime": _text(at), "timeZone": "UTC"} for name, at in (("start", start), ("end", end))}


def _inside(name: str) -> str:
    """An id in a path: it may hold a slash."""
    return quote(name, safe="")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _edge(edge: Json, *, whole: bool) -> date:
    read = datetime.fromisoformat(edge["dateTime"][:19])
    return read.date() if whole else read.replace(tzinfo=UTC).astimezone(PLACE)
