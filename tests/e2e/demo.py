"""The demonstration: `make demo`. A studio at Wix and a calendar outside, real processes, both sides read back raw.

Prints expected and found after each step and a table at the end; exits 1 when they differ or when anything is left
running. Not here: the steps (demo_steps), how both sides are read (demo_wix, demo_caldav).
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

import httpx

from tests.e2e.demo_report import Mismatch, Report, say
from tests.e2e.demo_stage import BrokenOffError, Stage, is_running, staged
from tests.e2e.demo_steps import STEPS

_INTERRUPTED = 130
_TOO_LATE = 30 * 60  # seconds before midnight, UTC, when the window moves on
_BROKEN = (BrokenOffError, subprocess.TimeoutExpired, httpx.HTTPError, AssertionError, LookupError, ValueError)


def main() -> int:
    """Exit code: 0 everything as expected, 1 not, 130 interrupted."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    began = time.monotonic()
    report = Report()
    try:
        with tempfile.TemporaryDirectory(prefix="syncd-demo-") as folder:
            _play(Path(folder), report)
    except KeyboardInterrupt:
        say("interrupted; nothing is left running")
        return _INTERRUPTED
    report.close()
    seconds = time.monotonic() - began
    say(f"{'everything as expected' if report.ok else 'NOT as expected'}, {seconds:.0f} seconds")
    return 0 if report.ok else 1


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _play(folder: Path, report: Report) -> None:
    """Every step until one fails; then the sandbox must be gone."""
    report.step("The sandbox starts")
    try:
        with staged(folder, report) as stage:
            _away_from_midnight(stage)
            for name, step in STEPS:
                report.step(name)
                step(stage)
            report.step("The sandbox ends")
    except Mismatch as error:
        say(f"\n{error}: not as expected")
    except _BROKEN as error:
        say(f"\nbroken off: {type(error).__name__}: {error}")
        report.failed(f"{type(error).__name__}: {error}")
    else:
        left = "a process is left" if is_running(stage.group) else "no process is left"
        report.check("no process is left", left)


def _away_from_midnight(stage: Stage) -> None:
    now = stage.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if (now - midnight).total_seconds() > 24 * 3600 - _TOO_LATE:
        stage.advance(_TOO_LATE // 60, "at midnight the window would move on in the middle of it")


if __name__ == "__main__":
    sys.exit(main())
