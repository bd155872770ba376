"""Processes of syncd that are stopped, woken and killed: `syncd run --once` as an operator's machine runs it.

Not here: what they work on (the studio), what they leave behind (the tests).
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_PATIENCE: Final = 60.0
_GLANCE: Final = 0.002
_HERE: Final = Path(__file__).resolve().parent
_PLANTED: Final = (_HERE / "planted", _HERE.parent.parent)  # the product of this tree, not the installed one


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that must come; the simulators go on meanwhile."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(_GLANCE)


@dataclass(slots=True)
class Worker:
    """One process."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    @property
    def state(self) -> str:
        """The letter of /proc: R and S at work, T stopped, Z dead and not yet buried."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^State:\s+(\w)", status, re.MULTILINE)
        assert found is not None
        return found[1]

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def paused(self) -> None:
        """Until the kernel says that it is stopped."""
        await until(lambda: self.is_over or self.state == "T")
        assert not self.is_over, self.said

    async def ended(self) -> int:
        """Its exit code; negative: the signal that it died of."""
        await until(lambda: self.is_over)
        return self.process.wait()

    @property
    def said(self) -> str:
        return self.output.read_text() + self.errors.read_text()

    async def passed(self) -> dict[str, Any]:
        """What a pass with `--json` told of the only connection, with its run and its exit code."""
        code = await self.ended()
        assert self.output.stat().st_size, self.said
        document = json.loads(self.output.read_text())
        (entry,) = document["plans"]
        return {**entry, "run": document["run"], "code": code}


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where processes start: a configuration, and byte code beside it, as each process is a new Python."""

    config: Path
    bytecode: Path

    @contextmanager
    def working(self, *args: str, stop_at: str = "", lease: int = 0) -> Iterator[Worker]:
        """A process; killed when the block ends before it does.

        `stop_at`: see planted/sitecustomize. `lease`: seconds, where it is not to have the usual ones.
        """
        output, errors = (self.config.with_name(f"{time.monotonic_ns()}.{end}") for end in ("out", "err"))
        more = {"PYTHONPATH": os.pathsep.join(map(str, _PLANTED)), "STOP_AT": stop_at} if stop_at else {}
        more |= {"SYNCD_SERVICE__LEASE_SECONDS": str(lease)} if lease else {}
        command = [sys.executable, "-m", "syncd", "--config", str(self.config), *args]
        with output.open("wb") as told, errors.open("wb") as logged:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=told, stderr=logged, env=self._environment(more)
            )
        with process:
            try:
                yield Worker(process, output, errors)
            finally:
                process.kill()

    def pass_(self, stop_at: str = "", *, lease: int = 0) -> AbstractContextManager[Worker]:
        """One pass."""
        return self.working("run", "--once", "--json", stop_at=stop_at, lease=lease)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD_")}
        mine.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**mine, "PYTHONPYCACHEPREFIX": str(self.bytecode), **more}
