"""Faults as patches: reading them, copying the tree, planting one in a copy.

A patch is a unified diff with a head: `what` the fault is, and the `suite`s that must find it. Its pieces are found by
their own lines, wherever they lie, and must lie there exactly once: line numbers may drift, code may not. Not here:
running suites (prove).
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FAULTS: Final = Path(__file__).resolve().parent / "faults"
_LEFT_OUT: Final = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "*.db", "*.db-*")


class PlantingError(Exception):
    """A patch that cannot be read, or does not fit the tree."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one file that are there, and what stands there instead once the fault is planted."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault. `suites`: arguments for pytest, each of which must find it by itself."""

    name: str
    what: str
    suites: tuple[str, ...]
    pieces: tuple[Piece, ...]


def faults() -> list[Fault]:
    """All faults, by name. Raises PlantingError for a patch that cannot be read."""
    return [read(path) for path in sorted(FAULTS.glob("*.patch"))]


def read(path: Path) -> Fault:
    """One patch with its head. Raises PlantingError."""
    text = path.read_text(encoding="utf-8")
    head, cut, body = text.partition("--- a/")
    keys = [line.partition(":")[::2] for line in head.splitlines() if line.strip()]
    what = [value.strip() for key, value in keys if key == "what"]
    suites = tuple(value.strip() for key, value in keys if key == "suite")
    if not cut or len(what) != 1 or not suites or {key for key, _ in keys} != {"what", "suite"}:
        raise PlantingError(f"{path.name}: its head needs one `what:`, and a `suite:` for each that must find it")
    return Fault(path.stem, what[0], suites, tuple(_pieces(path.name, cut + body)))


def _pieces(name: str, diff: str) -> list[Piece]:
    found: list[Piece] = []
    target, before, after = "", [], []  # type: str, list[str], list[str]
    for line in [*diff.splitlines(), "@@"]:
        if line.startswith(("@@", "--- ")) and (before or after):
            found.append(Piece(target, "\n".join(before), "\n".join(after)))
            before, after = [], []
        if line.startswith("+++ b/"):
            target = line.removeprefix("+++ b/").strip()
        elif line.startswith(("@@", "--- ")):
            continue
        elif line[:1] in {"-", " ", ""}:
            before.append(line[1:])
            after += [line[1:]] if line[:1] != "-" else []
        elif line[:1] == "+":
            after.append(line[1:])
        else:
            raise PlantingError(f"{name}: no line of a diff: {line!r}")
    return found


def altered(fault: Fault, tree: Path) -> dict[Path, str]:
    """The files of a tree as the fault leaves them. Raises PlantingError where a piece does not fit exactly once."""
    texts: dict[Path, str] = {}
    for piece in fault.pieces:
        path = tree / piece.path
        text = texts[path] if path in texts else path.read_text(encoding="utf-8")
        count = text.count(piece.before + "\n")
        if count != 1:
            raise PlantingError(f"{fault.name}: found {count} times in {piece.path}:\n{piece.before}")
        texts[path] = text.replace(piece.before + "\n", piece.after + "\n" if piece.after else "")
    return texts


def plant(fault: Fault, tree: Path) -> None:
    """Put the fault into a tree, which must be a copy. Raises PlantingError."""
    if tree.resolve() == ROOT:
        raise PlantingError("faults are planted in copies only")
    for path, text in altered(fault, tree).items():
        compile(text, str(path), "exec")  # a tree that cannot be imported would prove nothing
        path.write_text(text, encoding="utf-8")


def copied(target: Path) -> Path:
    """A copy of this tree, whose own product is what processes with its path import. Raises PlantingError."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for package in ("syncd", "adapters"):
        where = _imported_from(package, target)
        if target.resolve() not in where.resolve().parents:
            raise PlantingError(f"{package} is imported from {where.parent.name}, not from the copy")
    return target


def _imported_from(package: str, tree: Path) -> Path:
    command = [sys.executable, "-c", f"import {package}; print({package}.__file__)"]
    done = subprocess.run(
        command, cwd=tree.parent, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def missing(names: Sequence[str]) -> list[str]:
    """Those of the names that no patch has."""
    there = {path.stem for path in FAULTS.glob("*.patch")}
    return [name for name in names if name not in there]
