"""Sandbox-only routes of this simulator: switches, raw state, and what people do to their accounts.

Not here: log, faults and clock, which every simulator shares (`syncd.sandbox.control`), and edits of calendars, which
tests make in Python (`hands.py`).
"""

from dataclasses import asdict, dataclass

from syncd.sandbox.control import ControlReply
from syncd.sandbox.google import grants
from syncd.sandbox.google.errors import Json
from syncd.sandbox.google.render import Lens, render_event
from syncd.sandbox.google.state import GoogleState, View
from syncd.sandbox.people import Query, Routes, answered, chosen, set_flags, switch_routes

_FLAGS = ("usage_limited", "disabled", "workspace")


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Each takes `account` (an address) in query or body; without it the first account is meant."""

    state: GoogleState

    def answer(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. 400 for a bad request."""
        return answered(self._routes(), method, path, query, body)

    def _routes(self) -> Routes:
        return {
            **switch_routes(self.state.switches),
            ("GET", "/raw"): self._raw,
            ("GET", "/mails"): lambda _query, _body: {"mails": [asdict(mail) for mail in self.state.mailed]},
            ("POST", "/sync_tokens/expire"): self._expire,
            ("POST", "/accounts"): self._set_account,
            ("DELETE", "/grants"): self._revoke,
        }

    def _raw(self, query: Query, _body: Json) -> Json:
        account = chosen(self.state.accounts, query.get("account", [None])[0])
        shown = {}
        for ref in account.listed:
            calendar = self.state.calendars[ref]
            lens = Lens(self.state, calendar, account.email, calendar.zone)
            rows = [{**render_event(event, lens), "orphan": event.orphan} for event in View(calendar).records()]
            shown[ref] = {"summary": calendar.summary, "events": rows}
        return {"calendars": shown}

    def _expire(self, _query: Query, body: Json) -> Json:
        ref = body.get("calendarId")
        return {"expired": self.state.expire_sync_tokens(None if ref is None else str(ref))}

    def _set_account(self, _query: Query, body: Json) -> Json:
        account = chosen(self.state.accounts, body.get("account"))
        return {"account": account.email, **set_flags(account, body, _FLAGS)}

    def _revoke(self, query: Query, _body: Json) -> Json:
        account = chosen(self.state.accounts, query.get("account", [None])[0])
        return {"revoked": grants.revoke(self.state, account.email)}
