"""Where the time comes from: this machine, or the clock of a sandbox (`[service] clock_url`).

Not here: the sandbox's clock itself (syncd.sandbox.clock).
"""

import http.client
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from syncd.errors import ConfigError

_FRESH_SECONDS: Final = 0.5
_TIMEOUT: Final = 5.0


class MachineClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DistantClock:
    """A clock that is asked over loopback HTTP, twice a second at most; between two answers it goes on at its rate."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._base = datetime.min.replace(tzinfo=UTC)
        self._rate = 1.0
        self._asked: float | None = None

    def now(self) -> datetime:
        """Raises ConfigError when nobody answers."""
        here = time.monotonic()
        if self._asked is None or here - self._asked > _FRESH_SECONDS:
            self._ask()
            self._asked = here = time.monotonic()
        return self._base + timedelta(seconds=(here - self._asked) * self._rate)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port or 80, timeout=_TIMEOUT)
        try:
            connection.request("GET", self._url.path or "/")
            answer = json.loads(connection.getresponse().read())
            base, rate = datetime.fromisoformat(str(answer["now"])), float(answer["rate"])
            if base.utcoffset() is None:
                raise ValueError("a time without an offset")
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as exc:
            raise ConfigError(
                [f"[service] clock_url: no clock answers there ({type(exc).__name__}): is `syncd sandbox` running?"]
            ) from exc
        finally:
            connection.close()
        self._base, self._rate = base.astimezone(UTC), rate
