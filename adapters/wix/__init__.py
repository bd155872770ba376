"""Wix: one site over Calendar Events V3, Schedules V3 and External Calendars V2 (List Connections).

    client ← refusals (what errors mean)      one call: token, personal fields, second try after a 401
    wire → mapping, line                      JSON → session and back; our line in the notes
    reads, writes, schedules → site           the verbs

Not here: webhooks, connecting external calendars at Wix. What surprised us is in QUIRKS.md.
"""

from dataclasses import dataclass

from adapters.http import Count, Http, Limits, Transport
from adapters.wix.client import Client, Credentials, Installation
from adapters.wix.site import WixSite
from syncd.ports import Clock

__all__ = ["Options", "create"]


@dataclass(frozen=True, slots=True)
class Options:
    """What seldom needs saying.

    `override_namespace`: of the app's extended fields that hold overrides, where the site has the schema.
    `bearer`: send `Bearer <token>`. `per_minute`: requests in any minute. `timeout`: seconds per request.
    `count`: called with method, host and status of each try. `transport`: what carries requests in place of sockets.
    """

    override_namespace: str | None = None
    bearer: bool = False
    per_minute: int = 200
    timeout: float = 30.0
    count: Count | None = None
    transport: Transport | None = None


def create(  # noqa: PLR0913 - one argument per setting of [wix] and [[wix.sites]]
    *,
    base_url: str,
    app_id: str,
    app_secret: str,
    instance_id: str,
    clock: Clock,
    bridge: str,
    options: Options | None = None,
) -> WixSite:
    """One site; makes no request. `bridge`: `bridge_id`, by which our own blocks are told from others'.

    `base_url` without a path; it may be plain http on a loopback address. Close the site when done.
    """
    chosen = options if options is not None else Options()
    limits = Limits(per_minute=chosen.per_minute, timeout=chosen.timeout)
    http = Http([base_url], limits=limits, count=chosen.count, transport=chosen.transport)
    credentials = Credentials(app_id, app_secret, instance_id, chosen.bearer)
    client = Client(http, base_url, credentials, clock)
    return WixSite(Installation(client, clock, instance_id, app_id, bridge, chosen.override_namespace))
