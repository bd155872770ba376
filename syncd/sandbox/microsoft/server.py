"""The simulator of Microsoft on a loopback port: Graph below `/v1.0`, the authority below its tenants.

Not here: what it answers (`app.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.loopback import SimulatorServer
from syncd.sandbox.microsoft.app import MicrosoftApp
from syncd.sandbox.microsoft.state import MicrosoftState


class MicrosoftServer(SimulatorServer[MicrosoftApp]):
    """Serves one `MicrosoftState`."""

    def __init__(self, state: MicrosoftState) -> None:
        super().__init__(lambda cut: MicrosoftApp(state, cut))
        self.state = state
