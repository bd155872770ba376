"""What every simulator that runs in the test's own process has as the end of a way.

Not here: its requests by name, and what goes wrong there (site_end, google_end).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from syncd.sandbox.control import Faults
from syncd.sandbox.front import Front
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
    def _late(self) -> Front | WixApp:
        return self.app if isinstance(self.app, WixApp) else self.app.front

    async def release(self) -> None:
        await self._late.release()

    def forget(self) -> None:
        self.faults.clear()
        self.app.log.reset()
        self._late.forget_held()
