"""Subscriptions: opening with a handshake, renewing, and the notifications they send (reference/microsoft.md, 4).

Not here: when notifications are sent over the network (`app.py` asks for what is due after each request).
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx

from syncd.sandbox.clock import parse_rfc3339, rfc3339
from syncd.sandbox.microsoft.calls import Answering
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.render import Lens, etag
from syncd.sandbox.microsoft.routes import Call
from syncd.sandbox.microsoft.state import Mailbox, MicrosoftState, View
from syncd.sandbox.posting import Message, Outbox, is_near, outgoing

_CHANGES: Final = ("created", "updated", "deleted")
_RESOURCE: Final = re.compile(
    r"/?(?:me|users/(?P<user>[^/]+))(?:/calendar|/calendars/(?P<calendar>.+))?/events/?", re.IGNORECASE
)
_LONGEST_STATE: Final = 128
_PROOF_SECONDS: Final = 10.0
_FIELDS: Final = frozenset(
    {
        "changeType",
        "notificationUrl",
        "lifecycleNotificationUrl",
        "resource",
        "expirationDateTime",
        "clientState",
        "latestSupportedTlsVersion",
        "includeResourceData",
        "@odata.type",
    }
)
LIFECYCLE: Final = ("reauthorizationRequired", "subscriptionRemoved", "missed")


@dataclass(slots=True)
class Subscription:
    """One subscription; `seen` is the mailbox's change counter at its last notification."""

    id: str
    email: str
    client_id: str
    calendar_id: str
    prefer: Mapping[str, str]
    body: Mapping[str, str]
    expires: datetime
    seen: int

    def shown(self) -> Json:
        """As answers show it."""
        return {
            "id": self.id,
            "resource": self.body["resource"],
            "applicationId": self.client_id,
            "changeType": self.body["changeType"],
            "clientState": self.body.get("clientState"),
            "notificationUrl": self.body["notificationUrl"],
            "lifecycleNotificationUrl": self.body.get("lifecycleNotificationUrl"),
            "expirationDateTime": rfc3339(self.expires),
            "latestSupportedTlsVersion": self.body.get("latestSupportedTlsVersion", "v1_2"),
            "includeResourceData": False,
        }

    def urls(self) -> list[str]:
        """Where its notifications go."""
        found = (self.body.get(name) for name in ("notificationUrl", "lifecycleNotificationUrl"))
        return [url for url in found if url is not None]


@dataclass(slots=True)
class Subscriptions:
    """All subscriptions, and the notifications that wait for release."""

    state: MicrosoftState
    outbox: Outbox = field(default_factory=Outbox)
    _open: dict[str, Subscription] = field(default_factory=dict)
    _unproved: list[Subscription] = field(default_factory=list)

    def answers(self) -> Mapping[str, Answering]:
        """By operation: what answers it."""
        none: frozenset[str] = frozenset()
        return {
            "subscriptions.list": (self._list, none),
            "subscriptions.create": (self._create, none),
            "subscriptions.get": (lambda call: self._own(call).shown(), none),
            "subscriptions.update": (self._renew, none),
            "subscriptions.delete": (self._delete, none),
        }

    async def prove(self) -> GraphError | None:
        """Ask the addresses of new subscriptions whether they want them; what does not answer is not opened."""
        unproved, self._unproved = self._unproved, []
        for subscription in unproved:
            for url in dict.fromkeys(subscription.urls()):
                if is_near(url) and not await _agrees(url, subscription.id):
                    self._open.pop(subscription.id, None)
                    return GraphError("ValidationError")
        return None

    def lifecycle(self, event: str, ref: str | None = None) -> int:
        """Send a lifecycle notification for one subscription, or all; returns for how many. A removed one is over."""
        found = [one for one in self._open.values() if ref in (None, one.id)]
        for subscription in found:
            if event == "subscriptionRemoved":
                del self._open[subscription.id]
            url = subscription.body.get("lifecycleNotificationUrl")
            if url is not None:
                self._post(url, [{**self._common(subscription), "lifecycleEvent": event}])
        return len(found)

    def look(self) -> None:
        """Post a notification for each subscription whose calendar has changed since its last one."""
        now = self.state.clock.now()
        for subscription in list(self._open.values()):
            if subscription.expires <= now or subscription.calendar_id not in self.state.calendars:
                del self._open[subscription.id]
            else:
                self._tell(subscription)

    def _list(self, call: Call) -> Json:
        rows = [one.shown() for one in self._open.values() if _is_own(one, call)]
        return {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#subscriptions", "value": rows}

    def _create(self, call: Call) -> Json:
        body = call.body
        unknown = sorted(set(body) - _FIELDS)
        if unknown:
            raise _invalid(f"Unknown property '{unknown[0]}'.")
        for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise _invalid(f"Property '{name}' is required.")
        if not set(body["changeType"].split(",")) <= set(_CHANGES):
            raise _invalid("Invalid 'changeType'.")
        for name in ("notificationUrl", "lifecycleNotificationUrl"):
            self._check_url(body.get(name))
        if len(str(body.get("clientState") or "")) > _LONGEST_STATE:
            raise _invalid(f"Property 'clientState' is longer than {_LONGEST_STATE} characters.")
        if body.get("includeResourceData"):
            raise _invalid("Resource data need an encryption certificate.")
        calendar_id = self._calendar(call, body["resource"])
        subscription = Subscription(
            id=str(uuid.UUID(self.state.opaque("subscription", self.state.serial())[:32])),
            email=call.account.email,
            client_id=call.token.grant.client_id,
            calendar_id=calendar_id,
            prefer=dict(call.prefer),
            body={name: value for name, value in body.items() if isinstance(value, str)},
            expires=self._expiry(body["expirationDateTime"]),
            seen=self._mailbox(calendar_id).version,
        )
        self._open[subscription.id] = subscription
        self._unproved.append(subscription)
        return subscription.shown()

    def _renew(self, call: Call) -> Json:
        subscription = self._own(call)
        wanted = call.body.get("expirationDateTime")
        if set(call.body) - {"expirationDateTime", "@odata.type"} or not isinstance(wanted, str):
            raise _invalid("Only 'expirationDateTime' can be changed.")
        subscription.expires = self._expiry(wanted)
        return subscription.shown()

    def _delete(self, call: Call) -> None:
        del self._open[self._own(call).id]

    def _own(self, call: Call) -> Subscription:
        """The one of the path. 404 unless the same person and client opened it, and it is still open."""
        found = self._open.get(call.path["subscription"])
        if found is None or not _is_own(found, call) or found.expires <= self.state.clock.now():
            raise GraphError("ResourceNotFound", "The object was not found.")
        return found

    def _check_url(self, url: object) -> None:
        if url is None:
            return
        scheme = urlsplit(str(url)).scheme
        near = is_near(str(url)) and self.state.switches["push_loopback_http"]
        if scheme != "https" and not (scheme == "http" and near):
            raise _invalid("Notification URLs must be https.")

    def _calendar(self, call: Call, resource: str) -> str:
        found = _RESOURCE.fullmatch(resource)
        if found is None:
            raise _invalid(f"Resource '{resource[:80]}' is not supported.")
        user = found["user"]
        if user is not None and user.casefold() not in (call.account.email.casefold(), call.account.oid):
            raise GraphError("ErrorAccessDenied")
        ref = found["calendar"]
        calendar = self.state.calendar(call.account.email, None if ref is None else unquote(ref))
        if calendar is None:
            raise GraphError("ErrorItemNotFound")
        return calendar.id

    def _expiry(self, text: str) -> datetime:
        now = self.state.clock.now()
        minutes = self.state.switches["subscription_minutes"]
        try:
            wanted = parse_rfc3339(text)
        except ValueError as error:
            raise _invalid("'expirationDateTime' is no moment.") from error
        if wanted <= now:
            raise _invalid("Subscription expiration must be in the future.")
        longest = now + timedelta(minutes=minutes)
        if wanted > longest and self.state.switches["subscription_above"] == "refuse":
            raise _invalid(f"Subscription expiration can only be {minutes} minutes in the future.")
        return min(wanted, longest)

    def _tell(self, subscription: Subscription) -> None:
        view = View(self._mailbox(subscription.calendar_id))
        before = view.back_to(subscription.seen)
        subscription.seen, rows = view.version, []
        lens = Lens(self.state, subscription.email, subscription.prefer)
        shown_in = self.state.calendars[subscription.calendar_id].events_in
        for event in view.records():
            earlier = before.record(event.id)
            was = earlier is not None and not earlier.deleted and earlier.calendar_id == shown_in
            is_there = not event.deleted and not event.orphan and event.calendar_id == shown_in
            if earlier == event or not (was or is_there):
                continue
            change = "deleted" if not is_there else "updated" if was else "created"
            if change in subscription.body["changeType"].split(","):
                ref = lens.ref(event.id, shown_in)
                rows.append(self._row(subscription, change, ref, etag(event, lens)))
        if rows:
            self._post(subscription.body["notificationUrl"], rows)

    def _row(self, subscription: Subscription, change: str, ref: str, version: str) -> Json:
        resource = f"Users/{self.state.accounts[subscription.email].oid}/Events/{ref}"
        told = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": version, "id": ref}
        return {**self._common(subscription), "changeType": change, "resource": resource, "resourceData": told}

    def _common(self, subscription: Subscription) -> Json:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": rfc3339(subscription.expires),
            "clientState": subscription.body.get("clientState"),
            "tenantId": self.state.accounts[subscription.email].tid,
        }

    def _post(self, url: str, rows: list[Json]) -> None:
        headers = {"content-type": "application/json; charset=utf-8"}
        message = Message(url, headers, json.dumps({"value": rows}).encode())
        self.outbox.put(message, self.state.switches["push_delivery"])

    def _mailbox(self, calendar_id: str) -> Mailbox:
        return self.state.mailbox_of(self.state.calendars[calendar_id])


def _is_own(subscription: Subscription, call: Call) -> bool:
    return (subscription.email, subscription.client_id) == (call.account.email, call.token.grant.client_id)


def _invalid(message: str) -> GraphError:
    return GraphError("InvalidRequest", message)


async def _agrees(url: str, ref: str) -> bool:
    """Whether an address answers the handshake: 200, plain text, and the token without its URL encoding."""
    token = f"Validation: Testing client application reachability for subscription {ref}"
    async with outgoing(_PROOF_SECONDS) as client:
        try:
            reply = await client.post(
                httpx.URL(url).copy_merge_params({"validationToken": token}),
                headers={"content-type": "text/plain; charset=utf-8"},
            )
        except httpx.HTTPError:
            return False
    plain = reply.headers.get("content-type", "").startswith("text/plain")
    return reply.status_code == 200 and plain and reply.text == token
