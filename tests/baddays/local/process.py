"""One pass of the real program, started and spoken to while it runs. Not here: the sandbox around it (tests/e2e)."""

import contextlib
import fcntl
import os
import signal
import sqlite3
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final

import httpx

from tests.e2e.processes import SYNCD, Box

PATIENCE: Final = 60.0


@dataclass(slots=True)
class Running:
    """A pass under way."""

    process: "subprocess.Popen[str]"

    def until(self, seen: Callable[[], bool]) -> None:
        """Wait for what must come while the pass runs."""
        deadline = time.monotonic() + PATIENCE
        while not seen():
            assert self.process.poll() is None, "the pass ended before it came to that"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def ask(self, number: signal.Signals) -> None:
        assert self.process.poll() is None, "the pass ended before it was asked to"
        self.process.send_signal(number)

    def said_on_stderr(self) -> str:
        """The next line of standard error; it is waited for."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, str, str]:
        """Its exit code, and what it printed that was not read yet."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextlib.contextmanager
def running(
    box: Box,
    *args: str,
    out: "int | IO[str]" = subprocess.PIPE,
    err: "int | IO[str]" = subprocess.PIPE,
    terminal: int | None = None,
) -> Iterator[Running]:
    """`run --once` on this sandbox; killed when the block ends before it does. `terminal`: the one that controls it."""
    command = [*SYNCD, "--config", str(box.config), "run", "--once", *args]
    environment = {**os.environ, "SYNCD_LOG__LEVEL": "info"}
    own = {"start_new_session": True, "stdin": terminal, "preexec_fn": _controlled} if terminal is not None else {}
    with subprocess.Popen(command, stdout=out, stderr=err, text=True, env=environment, **own) as process:  # type: ignore[call-overload]
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.kill()


def _controlled() -> None:
    """Standard input becomes the terminal of the session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def open_writes(box: Box) -> int:
    """Intents whose outcome is not recorded, read past the program."""
    with contextlib.closing(sqlite3.connect(f"file:{box.database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("select count(*) from write where state = 'open'").fetchone()
    return int(count)


def puts(box: Box) -> list[str]:
    """Paths of the objects that were put since requests were last forgotten."""
    return [line.partition(" ")[2] for line in box.writes() if line.startswith("PUT")]


def fired(web: httpx.Client) -> int:
    """How often planted faults have come to pass, or begun to."""
    return sum(fault["fired"] for fault in web.get("/_sandbox/faults").json()["faults"])


@contextlib.contextmanager
def deaf_pipe() -> Iterator[int]:
    """The writing end of a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)
