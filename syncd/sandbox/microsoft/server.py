"""The simulator of Microsoft on a loopback port: Graph below `/v1.0`, the authority below its tenants.

Not here: what it answers (`app.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.loopback import LoopbackServer
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.microsoft.state import MicrosoftState


class MicrosoftServer:
    """Serves one `MicrosoftState`. `start` and `stop` may be called once each."""

    def __init__(self, state: MicrosoftState) -> None:
        self.state = state
        self._loopback = LoopbackServer()
        self.app = MicrosoftApp(state, self._loopback.cut)

    @property
    def base_url(self) -> str:
        """Where it listens, without a final slash; only after `start`. Graph is at `/v1.0` below it."""
        return self._loopback.base_url

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        await self._loopback.serve(self.app, port)

    async def stop(self) -> None:
        """Close the port and break what is still open."""
        await self._loopback.close(self.app)
