"""What every simulator that runs in the test's own process has as the end of a way.

Not here: its requests by name, and what goes wrong there (site_end, google_end).
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from syncd.sandbox.control import Faults
from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.wix.app import WixApp

A = TypeVar("A", WixApp, GoogleApp, MicrosoftApp)


@dataclass(slots=True)
class AppEnd(Generic[A]):
    """One simulator. `road`: what carries requests to its address."""

    app: A
    address: httpx.URL
    road: httpx.AsyncBaseTransport

    @property
    def faults(self) -> Faults:
        return self.app.faults

    def serves(self, url: httpx.URL) -> bool:
        return url.port == self.address.port

    @property
    def _late(self) -> Any:
        """What holds requests back that shall be applied late."""
        return getattr(self.app, "front", self.app)

    async def release(self) -> None:
        await self._late.release()

    def forget(self) -> None:
        self.faults.clear()
        self.app.log.reset()
        self._late.forget_held()
