"""Sandbox-only routes of this simulator: switches with their profile, raw state, and what people do to accounts.

Not here: log, faults and clock, which every simulator shares (`syncd.sandbox.control`), and edits of calendars, which
tests make in Python (`hands.py`).
"""

from dataclasses import asdict, dataclass
from typing import Any

from syncd.sandbox.caldav.state import HOSTS, Account, CaldavState
from syncd.sandbox.control import ControlError, ControlReply
from syncd.sandbox.people import Query, Routes, answered, chosen, set_flags, switch_routes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Each takes `account` (an address) in query or body; without it the first account is meant."""

    state: CaldavState

    def answer(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. 400 for a bad request."""
        return answered(self._routes(), method, path, query, body)

    def _routes(self) -> Routes:
        return {
            **switch_routes(self.state.switches),
            ("POST", "/profile"): self._set_profile,
            ("GET", "/raw"): self._raw,
            ("GET", "/mails"): lambda _query, _body: {"mails": [asdict(mail) for mail in self.state.mailed]},
            ("POST", "/tokens/expire"): self._expire,
            ("POST", "/accounts"): self._set_account,
            ("POST", "/accounts/move"): self._move,
        }

    def _set_profile(self, _query: Query, body: Json) -> Json:
        """`name` of a profile: its settings and nothing else, all counts at 0."""
        self.state.switches.take(str(body.get("name")))
        return self.state.switches.to_json()

    def _raw(self, query: Query, _body: Json) -> Json:
        """Calendars by last segment with all their objects, deleted ones too."""
        account = chosen(self.state.accounts, query.get("account", [None])[0])
        return {"calendars": {one.slug: _shown(one) for one in self.state.home(account) if not one.special}}

    def _expire(self, _query: Query, body: Json) -> Json:
        """All tokens given out so far, or those of the calendar with the last segment `calendar`."""
        slug = body.get("calendar")
        if slug is None:
            return {"expired": self.state.expire_tokens()}
        calendar = self.state.calendar(self._account(body), str(slug))
        if calendar is None:
            raise ControlError("no such calendar")
        return {"expired": self.state.expire_tokens(calendar.id)}

    def _set_account(self, _query: Query, body: Json) -> Json:
        """`enabled` false: every password is refused."""
        account = self._account(body)
        return {"account": account.email, **set_flags(account, body, ("enabled",))}

    def _move(self, _query: Query, body: Json) -> Json:
        """The account's calendars lie on another partition from now on: `host`, or the one where they are not."""
        account = self._account(body)
        other = next(host for host in HOSTS[1:] if host != account.host)
        host = body.get("host", other)
        if host not in HOSTS[1:]:
            raise ControlError(f"host is one of {', '.join(HOSTS[1:])}")
        account.host = host
        return {"account": account.email, "host": host}

    def _account(self, body: Json) -> Account:
        return chosen(self.state.accounts, body.get("account"))


def _shown(calendar: Any) -> Json:
    rows = [
        {
            "name": one.id,
            "uid": one.uid,
            "etag": one.etag,
            "deleted": one.deleted,
            "text": one.body.decode(errors="replace"),
        }
        for one in calendar.records()
    ]
    return {"version": calendar.version, "components": list(calendar.components), "objects": rows}
