"""Sandbox-only routes of this simulator: switches, raw state, and what people do to accounts, apps and subscriptions.

Not here: log, faults and clock, which every simulator shares (`syncd.sandbox.control`), and edits of calendars, which
tests make in Python (`hands.py`).
"""

from dataclasses import asdict, dataclass

from syncd.sandbox.control import ControlError, ControlReply
from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.calendars import show_calendar
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.push import LIFECYCLE, Subscriptions
from syncd.sandbox.microsoft.render import Lens, render_event
from syncd.sandbox.microsoft.state import MicrosoftState, View
from syncd.sandbox.people import Query, Routes, answered, chosen, set_flags, switch_routes

_FLAGS = ("enabled", "full", "disabled")
_REASONS = ("withdrawn", "password")
_IMMUTABLE = {"idtype": "ImmutableId"}


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Each takes `account` (an address) in query or body; without it the first account is meant."""

    state: MicrosoftState
    subscriptions: Subscriptions

    def answer(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. 400 for a bad request."""
        return answered(self._routes(), method, path, query, body)

    def _routes(self) -> Routes:
        return {
            **switch_routes(self.state.switches),
            ("GET", "/raw"): self._raw,
            ("GET", "/mails"): lambda _query, _body: {"mails": [asdict(mail) for mail in self.state.mailed]},
            ("POST", "/delta_tokens/expire"): self._expire,
            ("POST", "/accounts"): self._set_account,
            ("POST", "/tenants"): self._set_tenant,
            ("POST", "/apps"): self._set_app,
            ("POST", "/lifecycle"): self._lifecycle,
            ("DELETE", "/grants"): self._revoke,
        }

    def _raw(self, query: Query, _body: Json) -> Json:
        """Calendars by id with all their events, deleted ones too, under immutable ids."""
        account = chosen(self.state.accounts, query.get("account", [None])[0])
        lens = Lens(self.state, account.email, _IMMUTABLE)
        shown = {}
        for calendar in self.state.listed(account.email):
            records = View(self.state.mailbox_of(calendar)).records()
            rows = [
                {**render_event(event, lens), "deleted": event.deleted, "orphan": event.orphan}
                for event in records
                if event.calendar_id == calendar.events_in
            ]
            shown[calendar.id] = {**show_calendar(calendar, self.state), "events": rows}
        return {"calendars": shown}

    def _expire(self, _query: Query, body: Json) -> Json:
        ref = body.get("calendarId")
        return {"expired": self.state.expire_delta_tokens(None if ref is None else str(ref))}

    def _set_account(self, _query: Query, body: Json) -> Json:
        """`enabled` false: Graph does not reach the mailbox. `full`: it takes no more. `disabled`: nobody signs in."""
        account = chosen(self.state.accounts, body.get("account"))
        return {"account": account.email, **set_flags(account, body, _FLAGS)}

    def _set_tenant(self, _query: Query, body: Json) -> Json:
        """`closed`: the people of the account's tenant cannot consent on their own."""
        account, closed = chosen(self.state.accounts, body.get("account")), body.get("closed")
        if not isinstance(closed, bool) or set(body) - {"account", "closed"}:
            raise ControlError("known: closed, true or false")
        if closed:
            self.state.authority.closed.add(account.tid)
        else:
            self.state.authority.closed.discard(account.tid)
        return {"tenant": account.tid, "closed": closed}

    def _set_app(self, _query: Query, body: Json) -> Json:
        """`expired`: the secret of an app (by `client_id`; without it the first one) is no longer good."""
        clients = self.state.authority.clients
        wanted = body.get("client_id")
        client = next(iter(clients.values()), None) if wanted is None else clients.get(str(wanted))
        if client is None:
            raise ControlError("no such app")
        flags = {name: value for name, value in body.items() if name != "client_id"}
        return {"client_id": client.id, **set_flags(client, flags, ("expired",))}

    def _lifecycle(self, _query: Query, body: Json) -> Json:
        event, ref = body.get("event"), body.get("subscription")
        if event not in LIFECYCLE:
            raise ControlError(f"event is one of {', '.join(LIFECYCLE)}")
        return {"told": self.subscriptions.lifecycle(str(event), None if ref is None else str(ref))}

    def _revoke(self, query: Query, _body: Json) -> Json:
        """`why`: withdrawn (the consent) or password (a new one)."""
        account = chosen(self.state.accounts, query.get("account", [None])[0])
        why = query.get("why", ["withdrawn"])[0]
        if why not in _REASONS:
            raise ControlError(f"why is one of {', '.join(_REASONS)}")
        return {"revoked": grants.revoke(self.state, account.email, why=why)}
