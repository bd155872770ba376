"""`make bench`: one table, each figure beside the one to reach. Times vary with the machine; nothing fails by them."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.planner import rate

RUNS = 5


def help_seconds() -> float:
    """Wall time of `syncd --help` in a new process, the median of some."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "syncd", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


ROWS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("syncd --help, wall", "< 0.3 s", lambda: f"{help_seconds():.2f} s"),
    ("planner, unchanged links a second", "100,000", lambda: f"{rate(10_000, changed=False):,.0f}"),
    ("planner, changed links a second", "20,000", lambda: f"{rate(5_000, changed=True):,.0f}"),
)


def main() -> None:
    print(f"{'what':40}{'to reach':>12}{'measured':>14}")
    for what, figure, measure in ROWS:
        print(f"{what:40}{figure:>12}{measure():>14}", flush=True)


if __name__ == "__main__":
    main()
