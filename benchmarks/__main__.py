"""`make bench`: one table, each figure beside the one to reach; exit 1 when a count is over its budget.

`ARGS='--list'` names the rows, `--only NAME` chooses some, `--json FILE` writes all that was found, `--profile NAME`
runs one row under the profiler and prints what took its time.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.databases import databases
from benchmarks.google_rows import ROWS as GOOGLE
from benchmarks.microsoft_rows import ROWS as MICROSOFT
from benchmarks.planner import rate
from benchmarks.rows import ROWS as WORLDLY
from benchmarks.storing import ROWS as STORING
from benchmarks.table import Bench, Measured, Row

_RUNS: Final = 5
_WIDTHS: Final = (22, 38, 24)


def help_seconds(_bench: Bench) -> Measured:
    """Wall time of `syncd --help` in a new process, the median of some."""
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "syncd", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return Measured(f"{statistics.median(times):.2f} s", (), {"seconds": times})


def _planned(count: int, *, changed: bool) -> Measured:
    found = rate(count, changed=changed)
    return Measured(f"{found:,.0f} links a second", (), {"rate": found})


ROWS: Final[tuple[Row, ...]] = (
    Row("help", "syncd --help", "< 0.3 s", help_seconds),
    Row("planner", "planner, unchanged", "≥ 100,000 links a second", lambda _: _planned(10_000, changed=False)),
    Row("planner-changed", "planner, changed", "≥ 20,000 links a second", lambda _: _planned(5_000, changed=True)),
    *STORING,
    *WORLDLY,
    *GOOGLE,
    *MICROSOFT,
)


def main() -> int:
    options = _options()
    if options.list:
        for row in ROWS:
            print(f"{row.name:{_WIDTHS[0]}}{row.what}")
        return 0
    chosen = [row for row in ROWS if not options.only or row.name in options.only]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-bench-")))
        bench = Bench(folder, stack.enter_context(databases()), folder / "profile" if options.profile else None)
        found = _table(bench, chosen)
        if bench.profile is not None:
            print(bench.profile.read_text())
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1))
    return 0 if all(row["kept"] for row in found) else 1


def _options() -> argparse.Namespace:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Figures of DESIGN 7, measured.")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="this row; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write everything that was measured")
    parser.add_argument("--profile", choices=names, metavar="NAME", help="run this row under the profiler")
    options = parser.parse_args()
    if options.profile:
        options.only = [options.profile]
    return options


def _table(bench: Bench, chosen: list[Row]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    _print("row", "what", "to reach (DESIGN 7)", "measured")
    for row in chosen:
        if sys.stderr.isatty():
            print(f"{row.name} …", end="\r", file=sys.stderr, flush=True)
        began = time.perf_counter()
        measured = row.measure(bench)
        _print(row.name, row.what, row.to_reach, measured.shown)
        if measured.counts:
            _print("", "", "", "  ".join(map(str, measured.counts)))
        counts = [{"what": one.what, "found": one.found, "most": one.most} for one in measured.counts]
        kept = all(one.kept for one in measured.counts)
        took = time.perf_counter() - began
        about = {"row": row.name, "to_reach": row.to_reach, "shown": measured.shown, "seconds": took}
        found.append({**about, "kept": kept, "counts": counts, **measured.facts})
    for one in found:
        if not one["kept"]:
            print(f"over its budget: {one['row']}")
    return found


def _print(*cells: str) -> None:
    padded = [f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=False)]
    print("".join([*padded, *cells[len(_WIDTHS) :]]).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
