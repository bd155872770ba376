"""Sandbox-only routes of this simulator: switches, raw state, and what people do to their accounts.

Not here: log, faults and clock, which every simulator shares (`syncd.sandbox.control`), and edits of calendars, which
tests make in Python (`hands.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import parse_qs

from syncd.sandbox.control import CONTROL_PREFIX, ControlError, ControlReply, json_object
from syncd.sandbox.google import grants
from syncd.sandbox.google.errors import Json
from syncd.sandbox.google.render import Lens, render_event
from syncd.sandbox.google.state import GoogleState, View
from syncd.sandbox.google.values import Account

_FLAGS = ("usage_limited", "disabled", "workspace")
Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Each takes `account` (an address) in query or body; without it the first account is meant."""

    state: GoogleState

    def answer(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. 400 for a bad request."""
        route = self._routes().get((method, path.removeprefix(CONTROL_PREFIX)))
        if route is None:
            return None
        try:
            return ControlReply(200, route(parse_qs(query), json_object(body)))
        except ControlError as error:
            return ControlReply(400, {"message": str(error)})

    def _routes(self) -> Mapping[tuple[str, str], Callable[[Query, Json], Json]]:
        return {
            ("GET", "/switches"): lambda _query, _body: self.state.switches.to_json(),
            ("POST", "/switches"): self._set_switches,
            ("DELETE", "/switches"): self._reset_switches,
            ("GET", "/raw"): self._raw,
            ("GET", "/mails"): lambda _query, _body: {"mails": [asdict(mail) for mail in self.state.mailed]},
            ("POST", "/sync_tokens/expire"): self._expire,
            ("POST", "/accounts"): self._set_account,
            ("DELETE", "/grants"): self._revoke,
        }

    def _account(self, name: object) -> Account:
        found = next(iter(self.state.accounts.values()), None) if name is None else self.state.accounts.get(str(name))
        if found is None:
            raise ControlError("no such account")
        return found

    def _set_switches(self, _query: Query, body: Json) -> Json:
        self.state.switches.set(body)
        return self.state.switches.to_json()

    def _reset_switches(self, _query: Query, _body: Json) -> Json:
        self.state.switches.reset()
        return self.state.switches.to_json()

    def _raw(self, query: Query, _body: Json) -> Json:
        account = self._account(query.get("account", [None])[0])
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
        account = self._account(body.get("account"))
        flags = {name: value for name, value in body.items() if name != "account"}
        if not set(flags) <= set(_FLAGS) or not all(isinstance(value, bool) for value in flags.values()):
            raise ControlError(f"known: {', '.join(_FLAGS)}, each true or false")
        for name, value in flags.items():
            setattr(account, name, value)
        return {"account": account.email, **{name: getattr(account, name) for name in _FLAGS}}

    def _revoke(self, query: Query, _body: Json) -> Json:
        account = self._account(query.get("account", [None])[0])
        return {"revoked": grants.revoke(self.state, account.email)}
