"""Requests per minute, by user and by project, as a sliding minute of the sandbox's clock.

Not here: the limits of a calendar's use, which make an account read-only (`rules.py`).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.sandbox.google.errors import GoogleError
from syncd.sandbox.google.state import GoogleState

_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Quota:
    """The calls of the last minute; each part of a batch is one."""

    state: GoogleState
    _recent: dict[tuple[str, ...], deque[datetime]] = field(default_factory=dict)
    _writes: dict[str, deque[datetime]] = field(default_factory=dict)

    def count(self, project: str, email: str, units: int) -> None:
        """Note a call that counts for so many. Refuses it when a limit is reached; a refused call is not counted."""
        switches = self.state.switches
        limits = (
            ((project, email), switches["quota_user_per_minute"], "userRateLimitExceeded"),
            ((project,), switches["quota_project_per_minute"], "rateLimitExceeded"),
        )
        now = self.state.clock.now()
        for key, limit, reason in limits:
            recent = self._recent.setdefault(key, deque())
            while recent and not now - _MINUTE < recent[0] <= now:
                recent.popleft()
            if limit and len(recent) + units > limit:
                raise self._refusal(reason)
        for key, _, _ in limits:
            self._recent[key].extend([now] * units)

    def count_write(self, calendar_id: str) -> None:
        """Note a write to one calendar; too many in quick succession are refused."""
        limit = self.state.switches["calendar_writes_per_second"]
        now = self.state.clock.now()
        recent = self._writes.setdefault(calendar_id, deque())
        while recent and not now - timedelta(seconds=1) < recent[0] <= now:
            recent.popleft()
        if limit and len(recent) >= limit:
            raise self._refusal("rateLimitExceeded")
        recent.append(now)

    def _refusal(self, reason: str) -> GoogleError:
        switches = self.state.switches
        seconds = switches["retry_after"]
        headers = {"retry-after": str(seconds)} if seconds else {}
        if switches["quota_status"] == "429":
            return GoogleError("rateLimitExceeded", status=429, headers=headers)
        return GoogleError(reason, headers=headers)
