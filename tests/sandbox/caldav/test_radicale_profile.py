"""The same requests to a real Radicale and to the profile `radicale`: the same statuses, rows and properties.

What cannot be the same is not compared: ETags, tokens, dates, sizes, and how each server spells an object.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.sandbox.caldav.site import (
    MARA,
    PASSWORD,
    SPACES,
    Answer,
    answer,
    event,
    in_range,
    multiget,
    propfind,
    query,
    running,
    set_to,
    sync,
)
from tests.sandbox.caldav_account import running_radicale

HOME: Final = "/mara%40icloud.example/"
CAL: Final = f"{HOME}studio/"
ABOUT: Final = propfind(
    "D:resourcetype",
    "D:displayname",
    "D:current-user-principal",
    "C:calendar-home-set",
    "C:supported-calendar-component-set",
    "CS:getctag",
    "D:sync-token",
    "A:calendar-color",
    "D:getetag",
    "D:no-such-thing",
)
COMPARED: Final = frozenset(
    {
        "D:resourcetype",
        "D:displayname",
        "D:current-user-principal",
        "C:calendar-home-set",
        "C:supported-calendar-component-set",
        "A:calendar-color",
        "A:calendar-order",
    }
)
ICS: Final = {"content-type": "text/calendar; charset=utf-8"}
SERIES: Final = event("RRULE:FREQ=WEEKLY;COUNT=3", uid="series")
DECEMBER: Final = ("20261201T000000Z", "20270101T000000Z")


@dataclass(frozen=True)
class Step:
    """One request. `{etag}` and `{token}` in it stand for what the server said last."""

    title: str
    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    login: str = PASSWORD


def _made(props: str = "") -> str:
    return f"<C:mkcalendar {SPACES}>{set_to(props)}</C:mkcalendar>"


def _put(name: str, text: str, **headers: str) -> tuple[str, str, str, Mapping[str, str]]:
    return "PUT", CAL + name, text, {**ICS, **{key.replace("_", "-"): value for key, value in headers.items()}}


_STUDIO: Final = (
    "<D:displayname>Studio</D:displayname><A:calendar-color>#0F766EFF</A:calendar-color>"
    '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
)

STEPS: Final = (
    Step("wrong password", "PROPFIND", "/", ABOUT, {"depth": "0"}, login="wrong"),
    Step("well-known address", "PROPFIND", "/.well-known/caldav", ABOUT, {"depth": "0"}),
    Step("the home, empty", "PROPFIND", HOME, ABOUT, {"depth": "1"}),
    Step("a calendar that is not there", "PROPFIND", CAL, ABOUT, {"depth": "0"}),
    Step("a put into nothing", *_put("a.ics", event(uid="a"))),
    Step("a new calendar", "MKCALENDAR", CAL, _made(_STUDIO)),
    Step("the same again", "MKCALENDAR", CAL, _made(_STUDIO)),
    Step("a calendar whose body is no XML", "MKCALENDAR", f"{HOME}other/", "<broken"),
    Step("the home", "PROPFIND", HOME, ABOUT, {"depth": "1"}),
    Step("the home alone", "PROPFIND", HOME, ABOUT, {"depth": "0"}),
    Step("no depth at all", "PROPFIND", HOME, ABOUT),
    Step("a body that is no XML", "PROPFIND", HOME, "<broken", {"depth": "0"}),
    Step("a colour and an order", "PROPPATCH", CAL, f"<D:propertyupdate {SPACES}>"
         f"{set_to('<A:calendar-color>#FF0000FF</A:calendar-color><A:calendar-order>3</A:calendar-order>')}"
         "</D:propertyupdate>"),
    Step("what was set", "PROPFIND", CAL, propfind("A:calendar-color", "A:calendar-order"), {"depth": "0"}),
    Step("a property removed", "PROPPATCH", CAL, f"<D:propertyupdate {SPACES}><D:remove><D:prop><A:calendar-order/>"
         "</D:prop></D:remove></D:propertyupdate>"),
    Step("what was removed", "PROPFIND", CAL, propfind("A:calendar-color", "A:calendar-order"), {"depth": "0"}),
    Step("an empty calendar's changes", "REPORT", CAL, sync()),
    Step("an object", *_put("a.ics", event(uid="a"), if_none_match="*")),
    Step("the object once more as new", *_put("a.ics", event(uid="a"), if_none_match="*")),
    Step("the object", "GET", f"{CAL}a.ics"),
    Step("an update", *_put("a.ics", event("LOCATION:Hall", uid="a"), if_match="{etag}")),
    Step("an update of what is no more", *_put("a.ics", event(uid="a"), if_match='"stale"')),
    Step("an update of nothing", *_put("none.ics", event(uid="none"), if_match='"stale"')),
    Step("an update whatever is there", *_put("a.ics", event("LOCATION:Room", uid="a"), if_match="*")),
    Step("its UID at another address", *_put("b.ics", event(uid="a"))),
    Step("another UID at its address", *_put("a.ics", event(uid="b"))),
    Step("an event without an end", *_put("endless.ics", event(uid="endless", end=None))),
    Step("a method", *_put("method.ics", event(uid="m").replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH"))),
    Step("a control character", *_put("bell.ics", event("LOCATION:a\x07b", uid="bell"))),
    Step("what is no calendar", *_put("x.ics", "hello")),
    Step("half a calendar", *_put("x.ics", event(uid="x")[:120])),
    Step("two UIDs", *_put("x.ics", event(uid="x").replace("END:VCALENDAR\r\n", "") + event(uid="y")[
        event(uid="y").index("BEGIN:VEVENT"):])),
    Step("a series", *_put("series.ics", SERIES)),
    Step("all objects", "PROPFIND", CAL, propfind("D:getetag", "D:resourcetype"), {"depth": "1"}),
    Step("all by one report", "REPORT", CAL, sync()),
    Step("nothing new", "REPORT", CAL, sync("{token}")),
    Step("a deletion", "DELETE", f"{CAL}bell.ics"),
    Step("the deletion again", "DELETE", f"{CAL}bell.ics"),
    Step("the deletion again, of a version", "DELETE", f"{CAL}bell.ics", headers={"if-match": '"stale"'}),
    Step("a deletion of another version", "DELETE", f"{CAL}a.ics", headers={"if-match": '"stale"'}),
    Step("what was deleted", "GET", f"{CAL}bell.ics"),
    Step("changes since the token", "REPORT", CAL, sync("{token}")),
    Step("an unknown token", "REPORT", CAL, sync("http://radicale.org/ns/sync/" + "0" * 64)),
    Step("a token of another kind", "REPORT", CAL, sync("bogus")),
    Step("a limit", "REPORT", CAL, sync("", 1)),
    Step("some bodies, one not there", "REPORT", CAL, multiget(f"{CAL}a.ics", f"{CAL}gone.ics")),
    Step("a query by time", "REPORT", CAL, query(in_range(*DECEMBER)), {"depth": "1"}),
    Step("a query for what is not there", "REPORT", CAL, query('<C:comp-filter name="VTODO"/>'), {"depth": "1"}),
    Step("a query by text", "REPORT", CAL, query('<C:comp-filter name="VEVENT"><C:prop-filter name="LOCATION">'
         "<C:text-match>room</C:text-match></C:prop-filter></C:comp-filter>"), {"depth": "1"}),
    Step("a query by a property that is missing", "REPORT", CAL, query('<C:comp-filter name="VEVENT"><C:prop-filter '
         'name="LOCATION"><C:is-not-defined/></C:prop-filter></C:comp-filter>'), {"depth": "1"}),
    Step("a sync report on the home", "REPORT", HOME, sync()),
    Step("a report that is no XML", "REPORT", CAL, "<broken"),
    Step("another person's home", "PROPFIND", "/paul%40icloud.example/", ABOUT, {"depth": "0"}),
    Step("what can be done", "OPTIONS", CAL),
    Step("the calendar's end", "DELETE", CAL),
    Step("its end again", "DELETE", CAL),
    Step("a report on what is gone", "REPORT", CAL, sync()),
)  # fmt: skip


@dataclass
class Talk:
    """What one server said to each step."""

    send: Callable[[str, str, bytes, Mapping[str, str]], httpx.Response]
    said: dict[str, httpx.Response] = field(default_factory=dict)
    _etag: str = ""
    _token: str = ""

    def run(self) -> "Talk":
        for step in STEPS:
            pair = base64.b64encode(f"{MARA}:{step.login}".encode()).decode()
            named = {name: self._filled(value) for name, value in step.headers.items()}
            headers = {"authorization": f"Basic {pair}", "accept-encoding": "identity", **named}
            reply = self.send(step.method, step.path, self._filled(step.body).encode(), headers)
            self.said[step.title] = reply
            self._etag = reply.headers.get("etag", self._etag)
            token = re.search(r"sync-token>([^<]*)<", reply.text)
            self._token = token[1] if token else self._token
        return self

    def _filled(self, text: str) -> str:
        return text.replace("{etag}", self._etag).replace("{token}", self._token)


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Talk, Talk]]:
    folder: Path = tmp_path_factory.mktemp("radicale")
    with running_radicale(folder, {MARA: PASSWORD}) as real, running("radicale") as site, httpx.Client() as client:
        site.hands.delete_calendar()

        def to(base: str) -> Callable[[str, str, bytes, Mapping[str, str]], httpx.Response]:
            return lambda method, path, body, headers: client.request(
                method, base + path, content=body, headers=headers
            )

        yield Talk(to(real.base_url)).run(), Talk(to(site.server.base_url)).run()


@pytest.mark.parametrize("title", [step.title for step in STEPS])
def test_a_request_is_answered_as_radicale_does(talks: tuple[Talk, Talk], title: str) -> None:
    real, simulated = (talk.said[title] for talk in talks)
    assert simulated.status_code == real.status_code, (simulated.text, real.text)
    assert ("etag" in simulated.headers) == ("etag" in real.headers)
    if real.status_code == 207:
        assert _told(answer(simulated)) == _told(answer(real))


def _told(told: Answer) -> dict[str, Any]:
    rows = {}
    for row in told.rows:
        values = {name: set(text.split()) for name, text in row.props.items() if name in COMPARED}
        rows[row.href] = (row.status, set(row.props), row.missing, values)
    return {"rows": rows, "token": bool(told.token)}
