"""The simulator of CalDAV servers on loopback ports: an entry host, and two partitions on which calendars may lie.

Not here: what it answers (`service.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.caldav.app import CaldavApp, HostApp
from syncd.sandbox.caldav.state import HOSTS, CaldavState
from syncd.sandbox.loopback import LoopbackServer


class CaldavServer:
    """Serves one `CaldavState`. `start` and `stop` may be called once each."""

    def __init__(self, state: CaldavState) -> None:
        self.state = state
        self._loopbacks = {host: LoopbackServer() for host in HOSTS}
        self.app = CaldavApp(state, {host: loopback.cut for host, loopback in self._loopbacks.items()})

    @property
    def base_url(self) -> str:
        """Where the entry host listens, without a final slash; only after `start`."""
        return self._loopbacks[HOSTS[0]].base_url

    async def start(self, port: int = 0) -> None:
        """Listen; the entry host at `port`, 0 takes a free one. The partitions take free ones."""
        for host, loopback in self._loopbacks.items():
            await loopback.serve(HostApp(self.app, host), port if host == HOSTS[0] else 0)
            self.state.urls[host] = loopback.base_url

    async def stop(self) -> None:
        """Close the ports and break what is still open."""
        for loopback in self._loopbacks.values():
            await loopback.close(HostApp(self.app, HOSTS[0]))
