"""Other processes at work on the same database, to be killed. Not here: what they leave behind (the tests)."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def running(program: str, url: str) -> Iterator["Child"]:
    """A Python program that got the URL and has printed its first line; killed when the block ends."""
    process = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        try:
            yield Child(process, process.stdout.readline().strip())
        finally:
            process.kill()


class Child:
    """A process of ours and what it said first."""

    def __init__(self, process: "subprocess.Popen[str]", said: str) -> None:
        self._process = process
        self.said = said

    def die(self) -> None:
        """Killed at once, without a chance to tidy up; dead, and not yet buried, when this returns."""
        os.kill(self._process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
