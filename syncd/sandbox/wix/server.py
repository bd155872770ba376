"""The simulator of Wix on a loopback port.

Not here: what it answers (`app.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.loopback import SimulatorServer
from syncd.sandbox.wix.app import WixApp
from syncd.sandbox.wix.state import WixState


class WixServer(SimulatorServer[WixApp]):
    """Serves one `WixState`."""

    def __init__(self, state: WixState) -> None:
        super().__init__(lambda cut: WixApp(state, cut))
        self.state = state
