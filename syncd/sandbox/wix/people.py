"""Sandbox-only routes of this simulator: switches, raw state, and what people do at the site without a public API.

Not here: log, faults and clock, which every simulator shares (`syncd.sandbox.control`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.clock import parse_rfc3339
from syncd.sandbox.control import CONTROL_PREFIX, ControlError, ControlReply, is_count, json_object
from syncd.sandbox.wix import schedules, series
from syncd.sandbox.wix.access import Access
from syncd.sandbox.wix.availability import availability
from syncd.sandbox.wix.errors import Json, WixError
from syncd.sandbox.wix.render import Lens, render_event, render_schedule
from syncd.sandbox.wix.state import Site, WixState
from syncd.sandbox.wix.view import View

Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Each takes `instance_id` in the query; without it the first site is meant."""

    state: WixState
    access: Access

    def answer(self, method: str, path: str, query: Query, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. 400 for a bad request."""
        route = self._routes().get((method, path.removeprefix(CONTROL_PREFIX)))
        if route is None:
            return None
        try:
            return ControlReply(200, route(query, json_object(body)))
        except (ControlError, ValueError) as error:
            return ControlReply(400, {"message": str(error)})
        except WixError as error:
            return ControlReply(error.status, error.envelope())

    def _routes(self) -> Mapping[tuple[str, str], Callable[[Query, Json], Json]]:
        return {
            ("GET", "/switches"): lambda _query, _body: self.state.switches.to_json(),
            ("POST", "/switches"): self._set_switches,
            ("DELETE", "/switches"): self._reset_switches,
            ("GET", "/availability"): self._availability,
            ("GET", "/raw"): self._raw,
            ("GET", "/notifications"): self._notifications,
            ("POST", "/participants"): self._participants,
            ("POST", "/owner"): self._owner,
            ("POST", "/permissions"): self._permissions,
            ("POST", "/connections"): self._connections,
            ("DELETE", "/tokens"): lambda _query, _body: {"revoked": self.access.revoke_all()},
        }

    def _site(self, query: Query) -> Site:
        wanted = query.get("instance_id")
        site = self.state.sites.get(wanted[0]) if wanted else next(iter(self.state.sites.values()))
        if site is None:
            raise ControlError("no such instance_id")
        series.extend(site)
        return site

    def _set_switches(self, _query: Query, body: Json) -> Json:
        self.state.switches.set(body)
        return self.state.switches.to_json()

    def _reset_switches(self, _query: Query, _body: Json) -> Json:
        self.state.switches.reset()
        return self.state.switches.to_json()

    def _availability(self, query: Query, _body: Json) -> Json:
        edges = [query.get(name, [""])[0] for name in ("from", "to")]
        start, end = (parse_rfc3339(edge) for edge in edges)
        return availability(self._site(query), start, end)

    def _raw(self, query: Query, _body: Json) -> Json:
        site = self._site(query)
        lens = Lens(View(site), pi=True)
        return {
            "events": [{**render_event(event, lens), "retired": event.retired} for event in site.events.all()],
            "schedules": [render_schedule(schedule, lens) for schedule in site.schedules.all()],
        }

    def _notifications(self, query: Query, _body: Json) -> Json:
        return {"notifications": self._site(query).notifications}

    def _participants(self, query: Query, body: Json) -> Json:
        site = self._site(query)
        event = site.events.get(str(body.get("eventId")))
        total = body.get("total")
        if event is None or not isinstance(total, int) or not is_count(total):
            raise ControlError("needs a known eventId and a total of 0 or more")
        return self._shown(site, site.bump(event, participants=total).id)

    def _shown(self, site: Site, ref: str) -> Json:
        event = View(site).event(ref)
        return {} if event is None else {"event": render_event(event, Lens(View(site), pi=True))}

    def _owner(self, query: Query, body: Json) -> Json:
        owner: Any = body.get("wixUserId")
        if owner is not None and not isinstance(owner, str):
            raise ControlError("wixUserId must be a string or null")
        site = self._site(query)
        schedule = schedules.set_owner(site, str(body.get("scheduleId")), owner)
        return {"schedule": render_schedule(schedule, Lens(View(site)))}

    def _permissions(self, query: Query, body: Json) -> Json:
        site = self._site(query)
        scopes = body.get("scopes")
        if not isinstance(scopes, list):
            raise ControlError("scopes must be an array of scope ids")
        for app_id in site.scopes:
            if body.get("appId", app_id) == app_id:
                site.scopes[app_id] = frozenset(map(str, scopes))
        return {"apps": {app_id: sorted(found) for app_id, found in site.scopes.items()}}

    def _connections(self, query: Query, body: Json) -> Json:
        site = self._site(query)
        site.providers = list(body.get("providers", site.providers))
        site.connections = list(body.get("connections", site.connections))
        site.failed_provider_ids = list(body.get("failedProviderIds", []))
        return {"connections": site.connections, "failedProviderIds": site.failed_provider_ids}
