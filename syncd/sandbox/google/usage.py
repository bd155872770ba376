"""The limits of a calendar's use: what creates too much in a short time makes the account read-only for hours.

Not here: requests per minute (`quota.py`).
"""

from datetime import datetime, timedelta
from typing import Final

from syncd.sandbox.google.errors import GoogleError
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.google.values import Account

LIMITS: Final = {"event": "usage_events", "calendar": "usage_calendars", "guest": "usage_guests"}
"""By kind of thing created: the switch with its limit."""


def check_usage(state: GoogleState, account: Account) -> None:
    """403 while the account is over its limits."""
    until = account.limited_until
    if account.usage_limited or (until is not None and state.clock.now() < until):
        raise GoogleError("quotaExceeded")


def note_created(state: GoogleState, account: Account, kind: str, count: int = 1) -> None:
    """Count what was created; whoever goes beyond a limit is told so from the next write on."""
    now = state.clock.now()
    length = timedelta(hours=state.switches["usage_hours"])
    recent: list[datetime] = [at for at in account.created.get(kind, []) if now - length < at <= now]
    account.created[kind] = recent + [now] * count
    limit = state.switches[LIMITS[kind]]
    if limit and len(account.created[kind]) >= limit:
        account.limited_until = now + length
        account.created[kind] = []
