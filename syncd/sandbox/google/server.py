"""The simulator of Google on a loopback port.

Not here: what it answers (`app.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.loopback import LoopbackServer


class GoogleServer:
    """Serves one `GoogleState`. `start` and `stop` may be called once each."""

    def __init__(self, state: GoogleState) -> None:
        self.state = state
        self._loopback = LoopbackServer()
        self.app = GoogleApp(state, self._loopback.cut)

    @property
    def base_url(self) -> str:
        """Where it listens, without a final slash; only after `start`."""
        return self._loopback.base_url

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        await self._loopback.serve(self.app, port)

    async def stop(self) -> None:
        """Close the port and break what is still open."""
        await self._loopback.close(self.app)
