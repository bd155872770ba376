"""From an HTTP request to the operation that answers it: hosts, load, credentials, address, verb.

Not here: faults and the log (`app.py`), what the verbs do (`propfind.py` and its neighbours).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.caldav import access, calendars, objects, propfind, reports
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.paths import (
    CALENDAR,
    NOTHING,
    OBJECT,
    PRINCIPAL,
    ROOT,
    WELL_KNOWN,
    Addresses,
    Place,
    place_of,
)
from syncd.sandbox.caldav.state import HOSTS, Account, CaldavState
from syncd.sandbox.history import PRESENT, Past

Verb = Callable[[Call], Reply]

_DAV: Final = "1, 3, access-control, calendar-access"
_ALLOW: Final = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT, MKCALENDAR"
WRITES: Final = frozenset({"PUT", "DELETE", "MKCALENDAR", "PROPPATCH", "MKCOL", "POST", "MOVE", "COPY"})


@dataclass(frozen=True, slots=True)
class Service:
    """Answers requests to any host of the server, one at a time."""

    state: CaldavState

    def answer(self, host: str, request: Request, do: Mapping[str, Any]) -> Reply:
        """The reply to a request at one of HOSTS, as a fault of the past changes it."""
        try:
            reply = self._answered(host, request, do)
        except Refused as refused:
            reply = refused.reply()
        if request.method != "HEAD":
            return reply
        return Reply(reply.status, b"", {"content-length": str(len(reply.body)), **reply.headers})

    def busy(self) -> Reply | None:
        """The refusal of a server that has too much to do just now; each call counts a request."""
        switches = self.state.switches
        every, lasting = switches["busy_every"], switches["busy_for"]
        self.state.requests += 1
        if not every or (self.state.requests - 1) % (every + lasting) < every:
            return None
        for name in ("busy_every", "busy_for", "busy_status", "retry_after"):
            switches.fire(name)
        return self.too_busy()

    def too_busy(self) -> Reply:
        """503 or what this server says instead, with Retry-After."""
        seconds = self.state.switches["retry_after"]
        headers = {"retry-after": str(seconds)} if seconds else {}
        return Reply(int(self.state.switches["busy_status"]), b"", {"content-type": "text/plain", **headers})

    def _answered(self, host: str, request: Request, do: Mapping[str, Any]) -> Reply:
        self._check_host(request)
        if request.path.rstrip("/") == WELL_KNOWN:
            return self._well_known()
        place = place_of(self.state, request.raw_path)
        account = self._caller(request, place)
        self._check_place(host, request, place, account)
        if "refuse_token" in do:
            raise Refused(do["refuse_token"], "D:valid-sync-token")
        past = past_of(self.state, do)
        call = Call(self.state, request, account, place, Addresses(self.state, host), do, past)
        return self._verb(request.method, place)(call)

    def _check_host(self, request: Request) -> None:
        if self.state.switches["host_check"]:
            known = {urlsplit(url).netloc for url in self.state.urls.values()}
            if request.headers.get("host", "") not in known:
                self.state.switches.fire("host_check")
                raise Refused(421)

    def _well_known(self) -> Reply:
        match self.state.switches["well_known"]:
            case "401":
                self.state.switches.fire("well_known")
                raise access.challenge(self.state)
            case "404":
                self.state.switches.fire("well_known")
                raise Refused(404)
        return Reply(301, b"", {"location": f"{self.state.urls.get('entry', '')}/"})

    def _caller(self, request: Request, place: Place) -> Account | None:
        open_to_all = place.kind == ROOT and request.method in ("PROPFIND", "OPTIONS")
        bare = open_to_all and "authorization" not in request.headers
        if bare and self.state.switches.fires("anonymous_root", True):
            return None
        return access.caller(self.state, request)

    def _check_place(self, host: str, request: Request, place: Place, account: Account | None) -> None:
        owner = place.account
        if owner is None:
            return
        self.state.switches.fire("layout")
        if owner is not account:
            self.state.switches.fire("other_account")
            raise Refused(int(self.state.switches["other_account"]))
        if self.state.switches["home_host"] != "partition" or place.kind in (PRINCIPAL, ROOT) or host == owner.host:
            return
        name = "entry_calendars" if host == HOSTS[0] else "moved_status"
        if self.state.switches[name] == "served":
            return
        self.state.switches.fire("home_host")
        self.state.switches.fire(name)
        status = int(self.state.switches[name])
        location = {"location": self.state.urls.get(owner.host, "") + request.raw_path} if status == 301 else {}
        raise Refused(status, headers=location)

    def _verb(self, method: str, place: Place) -> Verb:
        verbs: Mapping[str, Verb] = {
            "OPTIONS": self._options,
            "PROPFIND": propfind.propfind,
            "PROPPATCH": propfind.proppatch,
            "REPORT": reports.report,
            "MKCALENDAR": calendars.mkcalendar,
            "DELETE": _not_deleted,
        }
        if place.kind == OBJECT:
            verbs = {**verbs, "GET": objects.get, "HEAD": objects.get, "PUT": objects.put, "DELETE": objects.delete}
        elif place.kind == CALENDAR and place.calendar is not None:
            verbs = {**verbs, "DELETE": calendars.delete_calendar}
        elif place.kind in (NOTHING, CALENDAR):
            verbs = {**verbs, "GET": _nothing, "HEAD": _nothing, "DELETE": _nothing}
        if method not in verbs:
            raise Refused(405, headers={"allow": _ALLOW})
        return verbs[method]

    def _options(self, call: Call) -> Reply:
        scheduling = ", calendar-auto-schedule" if call.switches["scheduling"] else ""
        return Reply(200, b"", {"dav": _DAV + scheduling, "allow": _ALLOW})


def _nothing(_call: Call) -> Reply:
    raise Refused(404)


def _not_deleted(_call: Call) -> Reply:
    raise Refused(403)


def past_of(state: CaldavState, do: Mapping[str, Any]) -> Past:
    """The state that a fault shows to a read."""
    if "stale_seconds" in do:
        return Past(as_of=state.clock.now() - timedelta(seconds=do["stale_seconds"]))
    if "stale_writes" in do:
        return Past(undone=do["stale_writes"])
    if "replay_rows" in do:
        return Past(back=do["replay_rows"].get("back", 1), ids=do["replay_rows"].get("href", ""))
    return PRESENT
