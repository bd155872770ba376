"""Push channels: opening, stopping, and the messages they send when a calendar changes.

Not here: when messages are sent over the network (`app.py` asks for what is due after each request).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from syncd.sandbox.google.errors import GoogleError, Json, invalid, required
from syncd.sandbox.google.state import Calendar, GoogleState
from syncd.sandbox.posting import Message, Outbox, is_near

_ID: Final = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_LONGEST_TOKEN: Final = 256


@dataclass(slots=True)
class Channel:
    """One open channel; `seen` is the calendar's change counter at its last message."""

    id: str
    email: str
    client_id: str
    calendar_id: str
    address: str
    token: str | None
    resource_id: str
    resource_uri: str
    expires: datetime
    seen: int
    number: int = 0


@dataclass(slots=True)
class Channels:
    """All channels, and the messages that wait for release."""

    state: GoogleState
    outbox: Outbox = field(default_factory=Outbox)
    _open: dict[str, Channel] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def open(self, calendar: Calendar, email: str, client_id: str, body: Json, base_url: str) -> Json:
        """`events.watch`: the channel as granted; its sync message is due at once."""
        try:
            return self._open_checked(calendar, email, client_id, body, base_url)
        except GoogleError as error:
            if self.state.switches["push_errors"] == "named":
                raise
            raise GoogleError("badRequest", error.message) from error

    def _open_checked(self, calendar: Calendar, email: str, client_id: str, body: Json, base_url: str) -> Json:
        ref, address = body.get("id"), str(body.get("address", ""))
        if not isinstance(ref, str) or not _ID.fullmatch(ref):
            raise invalid("id", "Invalid channel id.") if ref else required("id")
        if body.get("type") not in ("web_hook", "webhook"):
            raise invalid("type", "Unknown channel type.")
        self._check_address(address)
        if calendar.kind in ("holidays", "birthdays"):
            raise GoogleError("pushNotSupportedForRequestedResource")
        if ref in self._used:
            raise GoogleError("channelIdNotUnique")
        if len(str(body.get("token", ""))) > _LONGEST_TOKEN:
            raise invalid("token")
        self._used.add(ref)
        channel = Channel(
            id=ref,
            email=email,
            client_id=client_id,
            calendar_id=calendar.id,
            address=address,
            token=body.get("token"),
            resource_id=self.state.opaque("resource", calendar.id)[:27],
            resource_uri=f"{base_url}/calendar/v3/calendars/{calendar.id}/events?alt=json",
            expires=self._expiry(body),
            seen=calendar.version,
        )
        self._open[ref] = channel
        self._post(channel, "sync")
        return _shown(channel)

    def stop(self, email: str, client_id: str, body: Json) -> None:
        """`channels.stop`; 404 unless the same person and client opened it, and it is still open."""
        channel = self._open.get(str(body.get("id")))
        known = channel is not None and channel.resource_id == body.get("resourceId")
        if channel is None or not known or (channel.email, channel.client_id) != (email, client_id):
            raise GoogleError("notFound", f"Channel '{body.get('id')}' not found")
        del self._open[channel.id]

    def look(self) -> None:
        """Post a message for each channel whose calendar has changed since its last one."""
        now = self.state.clock.now()
        for channel in list(self._open.values()):
            calendar = self.state.calendars.get(channel.calendar_id)
            if channel.expires <= now or calendar is None:
                del self._open[channel.id]
                if calendar is None:
                    self._post(channel, "not_exists")
            elif calendar.version != channel.seen:
                channel.seen = calendar.version
                self._post(channel, "exists")

    def _check_address(self, address: str) -> None:
        parts = urlsplit(address)
        near = is_near(address) and self.state.switches["push_loopback_http"]
        if parts.scheme != "https" and not (parts.scheme == "http" and near):
            raise GoogleError("webhookUrlNotHttps", f"WebHook callback must be HTTPS: {parts.scheme}")

    def _expiry(self, body: Json) -> datetime:
        now = self.state.clock.now()
        longest = timedelta(days=self.state.switches["push_ttl_days"])
        wanted = longest
        ttl, until = body.get("params", {}).get("ttl"), body.get("expiration")
        if ttl is not None:
            if not ttl.isdecimal():
                raise invalid("params.ttl")
            wanted = timedelta(seconds=int(ttl))
        elif until is not None:
            if not until.isdecimal():
                raise invalid("expiration")
            wanted = timedelta(milliseconds=int(until) - now.timestamp() * 1000)
        if wanted <= timedelta(0):
            raise invalid("expiration", "The channel would have expired already.")
        return now + min(wanted, longest)

    def _post(self, channel: Channel, resource_state: str) -> None:
        channel.number += 1 if not channel.number else self.state.switches["push_number_step"]
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires, usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource_uri,
            "X-Goog-Resource-State": resource_state,
            "X-Goog-Message-Number": str(channel.number),
        }
        if channel.token is not None:
            headers["X-Goog-Channel-Token"] = channel.token
        self.outbox.put(Message(channel.address, headers), self.state.switches["push_delivery"])


def _shown(channel: Channel) -> Json:
    shown = {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        "expiration": str(int(channel.expires.timestamp() * 1000)),
    }
    return shown if channel.token is None else {**shown, "token": channel.token}
