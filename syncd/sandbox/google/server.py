"""The simulator of Google on a loopback port.

Not here: what it answers (`app.py`), and sockets (`syncd.sandbox.loopback`).
"""

from syncd.sandbox.google.app import GoogleApp
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.loopback import SimulatorServer


class GoogleServer(SimulatorServer[GoogleApp]):
    """Serves one `GoogleState`."""

    def __init__(self, state: GoogleState) -> None:
        super().__init__(lambda cut: GoogleApp(state, cut))
        self.state = state
