"""The Google account as its owner sees it: plain requests to the Calendar API, and the simulator's own routes.

Not here: syncd; none of its adapters is used.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx

from tests.e2e.demo_mirror import Lying
from tests.e2e.demo_values import PLACE, Json, Shown

_SECONDS = 30.0
_EVENTS = "/calendar/v3/calendars/primary/events"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the primary calendar, or one occurrence of a series, as it was read."""

    body: Json

    @property
    def shown(self) -> Shown:
        return Shown(self.body.get("summary", ""), _edge(self.body["start"]), _edge(self.body["end"]))

    @property
    def ours(self) -> bool:
        """Whether syncd made it."""
        return any("syncd" in name for name in self.body.get("extendedProperties", {}).get("private", {}))

    @property
    def lying(self) -> Lying:
        hidden = self.body.get("visibility") in ("private", "confidential")
        return Lying(self.shown, self.body.get("transparency") != "transparent", hidden)


class GoogleCalendar:
    """The primary calendar of one account. The access token is renewed once the clock was moved past its life."""

    def __init__(self, facts: Json) -> None:
        self._facts = facts
        self._who = facts["accounts"][0]
        self._token = str(self._who["access_token"])
        self.web = httpx.Client(base_url=facts["base_url"].rstrip("/"), trust_env=False, timeout=_SECONDS)

    @property
    def email(self) -> str:
        return str(self._who["email"])

    def entries(self, start: datetime, end: datetime) -> list[Entry]:
        """What overlaps [start, end), series by their occurrences."""
        window = {"timeMin": _text(start), "timeMax": _text(end), "singleEvents": "true", "maxResults": "2500"}
        answer = self._asked("GET", _EVENTS, params=window)
        if "nextPageToken" in answer:
            raise AssertionError("the account has more events than one page holds")
        return [Entry(row) for row in answer["items"]]

    def change(self, entry: Entry, fields: Json) -> None:
        """PATCH, if it is still as it was read."""
        self._asked("PATCH", f"{_EVENTS}/{entry.body['id']}", headers={"if-match": entry.body["etag"]}, json=fields)

    def remove(self, entry: Entry) -> None:
        """DELETE of the event, or of this occurrence."""
        self._asked("DELETE", f"{_EVENTS}/{entry.body['id']}")

    def control(self, method: str, name: str) -> Json:
        """One of `/_sandbox/…`; these are not in the request log."""
        answer = self.web.request(method, f"/_sandbox/{name}")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def _asked(self, method: str, path: str, **more: Any) -> Json:
        headers = more.pop("headers", {})
        answer = self.web.request(method, path, headers={**headers, "authorization": f"Bearer {self._token}"}, **more)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = self._granted()
            return self._asked(method, path, headers=headers, **more)
        answer.raise_for_status()
        found: Json = answer.json() if answer.content else {}
        return found

    def _granted(self) -> str:
        client = {name: self._facts[name] for name in ("client_id", "client_secret")}
        form = {"grant_type": "refresh_token", "refresh_token": self._who["refresh_token"], **client}
        answer = self.web.post(self._facts["token_url"], data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def edges(start: datetime, end: datetime) -> Json:
    """`start` and `end` of a body, as moments."""
    return {"start": {"dateTime": _text(start)}, "end": {"dateTime": _text(end)}}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _edge(edge: Json) -> date:
    if "date" in edge:
        return date.fromisoformat(edge["date"])
    return datetime.fromisoformat(edge["dateTime"]).astimezone(PLACE)
