"""`make prove-the-proof`: plants faults in copies of the tree, one at a time, and sees that the suites find them.

A suite that stays green over a planted fault proves nothing: that ends the run with exit code 1. So does a suite that
is red without any fault. Not here: the faults themselves (faults/*.patch), reading and planting them (planting).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.planted.planting import FAULTS, ROOT, Fault, copied, faults, plant

_FAILED: Final = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_PATIENCE: Final = 900.0
_TESTS_FAILED: Final = 1  # pytest's exit code; others mean that no test was run, or that one could not be


@dataclass(frozen=True, slots=True)
class Found:
    """What one suite said of one tree. `by`: the test that failed, None when none did."""

    suite: str
    by: str | None
    seconds: float
    trouble: str | None = None

    @property
    def said(self) -> str:
        return self.trouble or self.by or "SURVIVED"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every named suite finds its faults and is green without them; 1 otherwise, 2 for wrong usage."""
    options = _options(arguments)
    chosen = [fault for fault in faults() if not options.only or fault.name in options.only]
    unknown = set(options.only or ()) - {fault.name for fault in chosen}
    if unknown:
        print(f"no such fault: {', '.join(sorted(unknown))}; --list names them", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{fault.name:34} {fault.what}" for fault in chosen))
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        red = _untouched(Path(folder), chosen, options.jobs) if not options.no_baseline else []
        if red:
            return _refuse(red)
        with ThreadPoolExecutor(options.jobs) as pool:
            rows = list(pool.map(lambda fault: _tried(Path(folder), fault), chosen))
    survived = [fault.name for fault, found in zip(chosen, rows, strict=True) if not _is_found(found)]
    print(f"\n{len(chosen) - len(survived)} of {len(chosen)} planted faults found, {time.monotonic() - began:.0f} s")
    if survived:
        print(f"NOT found: {', '.join(survived)}")
    return 1 if survived else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make prove-the-proof ARGS=…", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the faults, and run nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="plant these alone")
    parser.add_argument("--jobs", type=int, default=2, help="how many trees at once (2)")
    parser.add_argument("--no-baseline", action="store_true", help="do not run the suites without a fault first")
    return parser.parse_args(arguments)


def _untouched(folder: Path, chosen: Iterable[Fault], jobs: int) -> list[Found]:
    """The suites that are red, or find nothing to run, where no fault was planted."""
    tree = copied(folder / "untouched")
    suites = sorted({suite for fault in chosen for suite in fault.suites})
    print(f"{len(suites)} suites without any fault:", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(lambda suite: _shown(_run(tree, suite), "green"), suites))
    return [one for one in found if one.by is not None or one.trouble is not None]


def _shown(found: Found, well: str) -> Found:
    print(f"  {found.suite}: {found.trouble or found.by or well} ({found.seconds:.0f} s)", flush=True)
    return found


def _refuse(red: Sequence[Found]) -> int:
    print("\nThese are red without any fault, so they prove nothing:")
    print("\n".join(f"  {found.suite}: {found.said}" for found in red))
    return 1


def _tried(folder: Path, fault: Fault) -> list[Found]:
    """What every named suite says of a tree with this fault in it."""
    tree = copied(folder / fault.name)
    plant(fault, tree)
    found = [_run(tree, suite) for suite in fault.suites]
    lines = [f"    {one.said} ({one.seconds:.0f} s)" for one in found]
    print("\n".join([f"{fault.name}: {fault.what}", *lines]), flush=True)
    return found


def _is_found(found: Sequence[Found]) -> bool:
    return bool(found) and all(one.by is not None and one.trouble is None for one in found)


def _run(tree: Path, suite: str) -> Found:
    """One suite on one tree, until its first failure."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-rf", "-p", "no:cacheprovider", *suite.split()]
    surroundings = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "300", "SYNCD_PLANTED": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=surroundings, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Found(suite, None, time.monotonic() - began, f"no end after {_PATIENCE:.0f} s")
    seconds = time.monotonic() - began
    failed = _FAILED.search(done.stdout)
    if done.returncode == 0:
        return Found(suite, None, seconds)
    if done.returncode != _TESTS_FAILED or failed is None:
        tail = " | ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        return Found(suite, None, seconds, f"pytest ended with {done.returncode}: {tail}")
    return Found(suite, failed[1], seconds)


if __name__ == "__main__":
    assert (ROOT / "pyproject.toml").exists(), f"run from the project: {FAULTS}"
    sys.exit(main())
