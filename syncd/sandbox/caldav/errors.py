"""Refusals: what a server answers instead of doing what was asked.

Not here: when (`objects.py` and its neighbours), and rows of a multistatus that tell of one resource (`dav.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.sandbox.asgi import Reply
from syncd.sandbox.caldav import dav


@dataclass(eq=False)
class Refused(Exception):
    """One refusal. `condition` is the pre- or postcondition that failed (RFC 4918, 16), as `D:name` or `C:name`."""

    status: int
    condition: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def reply(self) -> Reply:
        """Its answer: XML where a condition is named, else empty."""
        if not self.condition:
            return Reply(self.status, b"", {"content-type": "text/plain", **self.headers})
        return Reply(self.status, dav.error(self.condition), {"content-type": dav.CONTENT_TYPE, **self.headers})
