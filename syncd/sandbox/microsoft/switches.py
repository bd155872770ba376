"""Every point on which Microsoft's documentation is silent, vague or contradicted by reports, as a named switch.

Not here: those of calendars and events (`calendar_switches.py`); what a switch does, which is read where it lives.
"""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.microsoft.calendar_switches import CALENDAR_SWITCHES
from syncd.sandbox.switching import Switch

_BOOL: Final = (True, False)

FRAME: Final[Mapping[str, Switch]] = {
    "unknown_parameters": Switch("refuse", "query options that an operation does not have", ("refuse", "ignore")),
    "unknown_path": Switch("400", "status of a path that does not exist", ("400", "404")),
    "concurrent_requests": Switch(4, "requests of one mailbox in flight at once; 0 = no limit"),
    "service_turns": Switch(2, "turns of the event loop that a request takes, so that others can overtake it"),
    "quota_requests": Switch(10000, "requests of one mailbox within ten minutes; 0 = no limit"),
    "retry_after": Switch(10, "seconds in the Retry-After of a throttled request; 0 = no such header"),
    "retry_after_form": Switch("seconds", "how Retry-After is written", ("seconds", "date")),
    "batch_order": Switch("as_sent", "order of the answers of a batch", ("as_sent", "reversed", "shuffled")),
    "batch_beyond_four": Switch(
        "refused", "independent items of a batch beyond the fourth for one mailbox", ("refused", "queued")
    ),
    "inner_codes": Switch(False, "errors repeat their code inside innerError, in another case", _BOOL),
    "refresh_rotation": Switch("always", "a refresh gives a new refresh token", ("always", "never")),
    "replaced_token_seconds": Switch(86400, "how long a refresh token that was replaced lives on; 0 = not at all"),
    "refresh_token_days": Switch(90, "days after which a refresh token dies that was not renewed; 0 = never"),
    "revoked_access": Switch(
        "lives", "access tokens of a grant that has ended: good until they expire, or refused", ("lives", "ends")
    ),
    "token_scopes": Switch("full", "scopes in a token answer: as URIs of the resource, or short", ("full", "short")),
    "granted_scopes": Switch([], "scopes a person's consent covers; empty = all that were asked for"),
    "admin_consent": Switch(
        "page",
        "an app that needs an administrator: told on the page, or sent back with this error",
        ("page", "access_denied", "consent_required"),
    ),
    "push_delivery": Switch(
        "now", "notifications: at once, never, twice, or when released", ("now", "drop", "twice", "held")
    ),
    "push_loopback_http": Switch(True, "the addresses of a subscription may be plain http on loopback", _BOOL),
    "subscription_minutes": Switch(4230, "longest life of a subscription in minutes"),
    "subscription_above": Switch("refuse", "a life beyond that", ("refuse", "clamp")),
}
"""Those of the frame: access, batches, throttling, the authority, subscriptions."""

SWITCHES: Final[Mapping[str, Switch]] = {**FRAME, **CALENDAR_SWITCHES}
