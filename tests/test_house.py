"""The house keeps its own rules: who imports whom, which words stand where, what the locks hold.

Not here: what the code does (the other suites).
"""

import ast
import base64
import hashlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("syncd", "adapters", "migrations")
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")

ANY_LIBRARY: Final = "any library"
PORT: Final = ("syncd.model", "syncd.ports", "syncd.errors")
SHARED: Final = "http oauth refusals pace sights batches lanes outcomes addresses rows accounts"
REMOTE: Final = tuple(f"adapters.{name}" for name in SHARED.split())
WIRE: Final = (*PORT, *REMOTE, "msgspec")
PASS: Final = ("syncd.run", "syncd.normalise")  # docs/decisions/0007
CYCLE: Final = (*PORT, *PASS, "syncd.plan", "syncd.apply", "syncd.observe", "syncd.standing", "syncd.telemetry")
MEMORY: Final = (*PORT, "adapters.memory_calls", "adapters.memory_world")

# Besides the standard library and itself, a unit (a module, or a package with all below it)
# imports only these. The longest name that fits a module is its unit.
MAY_IMPORT: Final[Mapping[str, tuple[str, ...]]] = {
    "syncd.errors": (),
    "syncd.model": ("syncd.errors",),
    "syncd.config": ("syncd.errors", "msgspec"),
    "syncd.ports": ("syncd.model", "syncd.errors"),
    "syncd.normalise": ("syncd.model", "syncd.errors"),
    "syncd.plan": ("syncd.model", "syncd.normalise"),
    "syncd.secrets": ("syncd.errors", "cryptography"),
    "syncd.telemetry": ("syncd.model", "syncd.errors", "structlog", "prometheus_client"),
    "syncd.drain": ("syncd.errors",),
    "syncd.run": (*PORT, "syncd.drain"),
    "syncd.standing": PORT,
    "syncd.apply": (*PORT, *PASS, "syncd.plan.view", "syncd.plan.merge", "syncd.telemetry"),
    "syncd.cycle": CYCLE,
    "syncd.site": (*CYCLE, "syncd.cycle"),
    "syncd.observe": CYCLE,
    "syncd.connections": (*PORT, "syncd.secrets", "syncd.telemetry"),
    "syncd.engine": (
        "syncd.ports",
        "syncd.errors",
        "syncd.telemetry",
        "apscheduler",
        "procrastinate",
    ),
    "syncd.store": (*PORT, "sqlalchemy", "alembic"),  # alembic: it runs the migrations
    "syncd.api": (*PORT, "syncd.connections", "syncd.telemetry", "litestar"),
    "syncd.cli": ("syncd", "adapters", "click", "rich", "msgspec", "h11"),  # h11: the answer of a consent
    "syncd.__main__": ("syncd.cli",),
    "syncd.sandbox": (ANY_LIBRARY,),
    "adapters.memory_calls": PORT,
    "adapters.memory_world": (*PORT, "adapters.memory_calls"),
    "adapters.memory_calendar": MEMORY,
    "adapters.memory_site": (*MEMORY, "adapters.memory_calendar"),
    "adapters.memory": (*MEMORY, "adapters.memory_calendar", "adapters.memory_site"),
    "adapters.http": ("syncd.errors", "httpx", "stamina", "aiolimiter"),
    "adapters.oauth": ("adapters.http", "syncd.ports", "syncd.errors", "authlib", "msgspec"),
    "adapters.refusals": ("syncd.errors",),
    "adapters.batches": ("adapters.refusals", "syncd.errors"),
    "adapters.lanes": (),
    "adapters.outcomes": (*PORT, "adapters.batches", "adapters.refusals", "adapters.sights"),
    "adapters.accounts": (
        "adapters.batches",
        "adapters.oauth",
        "adapters.pace",
        "adapters.refusals",
        "syncd.errors",
    ),
    "adapters.rows": (*PORT, "adapters.batches", "adapters.refusals", "adapters.sights"),
    "adapters.addresses": ("syncd.errors",),
    "adapters.sights": ("adapters.refusals", "syncd.model"),
    "adapters.pace": ("adapters.http", "adapters.refusals", "syncd.ports", "syncd.errors", "msgspec"),
    "adapters.wix": WIRE,
    "adapters.apple": (
        *WIRE,
        "caldav",
        "icalendar",
        "recurring_ical_events",
        "lxml",
        "dateutil",
    ),
    "adapters.google": (*WIRE, "googleapiclient", "httplib2"),
    "adapters.microsoft": (*WIRE, "msgraph", "kiota_abstractions", "icalendar"),
    "migrations": ("syncd.store.tables", "sqlalchemy", "alembic"),
}
# The files of these packages themselves, not what lies below them.
ROOTS_MAY_IMPORT: Final[Mapping[str, tuple[str, ...]]] = {"syncd": (), "adapters": PORT}

CORE: Final = (
    "model",
    "ports",
    "errors",
    "normalise",
    "plan",
    "run",
    "drain",
    "standing",
    "apply",
    "cycle",
    "site",
    "observe",
    "connections",
    "store",
    "engine",
)
PROVIDER_NAME: Final = re.compile(
    r"(?i:google|microsoft|outlook|icloud)"
    r"|(?<![A-Za-z])(?:apple|graph)(?![a-z])|(?:Apple|Graph)(?![a-z])|APPLE|GRAPH"
)
HEAVY: Final = frozenset(
    {
        "authlib",
        "caldav",
        "googleapiclient",
        "httpx",
        "icalendar",
        "litestar",
        "lxml",
        "rich",
        "sqlalchemy",
        "structlog",
    }
)


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def source_paths(root: Path) -> list[Path]:
    return [p.relative_to(root) for name in PACKAGES for p in sorted((root / name).rglob("*.py"))]


def covers(prefix: str, name: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def unit_of(module: str) -> str | None:
    """The unit of the table that a module belongs to; None when the table does not know it."""
    if module in ROOTS_MAY_IMPORT:
        return module
    return max((u for u in MAY_IMPORT if covers(u, module)), key=len, default=None)


def imported(tree: ast.AST, path: Path) -> Iterator[str]:
    """Absolute names of all that a file imports: at any depth, by name and for types only too."""
    package = module_name(path.parent / "__init__.py").split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def is_allowed(target: str, unit: str) -> bool:
    top = target.partition(".")[0]
    if top in sys.stdlib_module_names or top == "__future__":
        return True
    if unit in ROOTS_MAY_IMPORT:
        return any(covers(p, target) for p in ROOTS_MAY_IMPORT[unit])
    allowed = MAY_IMPORT[unit]
    if ANY_LIBRARY in allowed and top not in PACKAGES:
        return True
    return covers(unit, target) or any(covers(p, target) for p in allowed)


def breaches(root: Path) -> list[str]:
    """One line for each import that the table does not allow, and each module it does not know."""
    found = []
    for path in source_paths(root):
        unit = unit_of(module_name(path))
        if unit is None:
            found.append(f"{path}: not in MAY_IMPORT: give the new module its line in the table")
            continue
        tree = ast.parse((root / path).read_text())
        found += [
            f"{path}: imports {target}, which {unit} may not"
            for target in imported(tree, path)
            if not is_allowed(target, unit)
        ]
    return found


def project_files() -> list[Path]:
    """Files that are, or are about to be, part of the project; all but hidden ones without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = {ROOT / name for name in listed.stdout.split("\0") if name}
    else:
        paths = {p for p in ROOT.rglob("*") if not is_hidden(p.relative_to(ROOT))}
    return sorted(p for p in paths if p.is_file())


def is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def requirements(lock: str) -> dict[str, list[str]]:
    """Name → its version line, then its hash lines."""
    text = (ROOT / lock).read_text().replace("\\\n", "\n")
    found: dict[str, list[str]] = {}
    name = ""
    for line in filter(str.strip, text.splitlines()):
        if not line[0].isspace():
            name = re.split(r"[=\s\[;]", line, maxsplit=1)[0]
        found.setdefault(name, []).append(line.strip())
    return found


def project() -> Mapping[str, object]:
    found: Mapping[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return found


def test_every_import_stands_in_the_table() -> None:
    assert breaches(ROOT) == []


@pytest.mark.parametrize(
    ("path", "source", "breach"),
    [
        ("syncd/plan.py", "import httpx", "httpx"),
        ("syncd/plan.py", "def f():\n    from syncd import store", "syncd.store"),
        ("syncd/model/actions.py", "from ..ports import Clock", "syncd.ports.Clock"),
        ("syncd/model/__init__.py", "from .. import plan", "syncd.plan"),
        (
            "syncd/ports.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlalchemy.ext",
            "sqlalchemy.ext",
        ),
        ("syncd/apply.py", "import importlib\nimportlib.import_module('adapters')", "adapters"),
        ("syncd/sandbox/wix/server.py", "from syncd.model import Event", "syncd.model.Event"),
        ("adapters/wix/client.py", "import httpx", "httpx"),
        ("adapters/apple/client.py", "from adapters.wix import create", "adapters.wix.create"),
        ("adapters/__init__.py", "from adapters.wix import create", "adapters.wix.create"),
        ("migrations/env.py", "from syncd.store import leases", "syncd.store.leases"),
    ],
)
def test_an_import_outside_the_table_is_found(tmp_path: Path, path: str, source: str, breach: str) -> None:
    write(tmp_path / path, source)
    (line,) = breaches(tmp_path)
    assert line.startswith(f"{path}: imports {breach}, ")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("syncd/cli/run.py", "from syncd.store import leases\nimport adapters, click, rich.table"),
        ("syncd/model/actions.py", "from .fields import Field\nimport json, datetime"),
        ("syncd/sandbox/proxy.py", "import h11\nfrom .clock import SandboxClock"),
        ("adapters/apple/client.py", "from adapters.http import Client\nimport caldav.aio"),
        ("migrations/env.py", "from syncd.store.tables import metadata\nimport alembic"),
    ],
)
def test_an_import_in_the_table_is_let_pass(tmp_path: Path, path: str, source: str) -> None:
    write(tmp_path / path, source)
    assert breaches(tmp_path) == []


@pytest.mark.parametrize("path", ["syncd/extras.py", "adapters/exchange/__init__.py"])
def test_a_module_that_the_table_does_not_know_is_named(tmp_path: Path, path: str) -> None:
    write(tmp_path / path, "")
    (line,) = breaches(tmp_path)
    assert line.startswith(f"{path}: not in MAY_IMPORT")


def write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(source)


def test_the_core_names_no_provider() -> None:
    core = [p for p in source_paths(ROOT) if p.parts[0] == "syncd" and is_core(p)]
    named = [
        f"{path}:{number}: {line.strip()}"
        for path in core
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1)
        if PROVIDER_NAME.search(line)
    ]
    assert named == []


def is_core(path: Path) -> bool:
    return Path(path.parts[1]).stem in CORE


@pytest.mark.parametrize(
    ("text", "names_one"),
    [
        ("GoogleClient", True),
        ("def from_graph(item):", True),
        ('provider == "apple"', True),
        ("class AppleRef:", True),
        ("# iCloud answers 404", True),
        ("a paragraph about grapples on the Wix side", False),
    ],
)
def test_a_provider_name_is_told_from_other_words(text: str, names_one: bool) -> None:
    assert bool(PROVIDER_NAME.search(text)) is names_one


def test_urllib3_is_the_genuine_one() -> None:
    import urllib3

    # Read from RECORD: another distribution may overwrite the files, not what pip noted.
    genuine = importlib.metadata.distribution("urllib3")
    entry = next(f for f in genuine.files or [] if str(f) == "urllib3/__init__.py")
    content = Path(str(entry.locate())).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    assert Path(urllib3.__file__ or "") == Path(str(entry.locate()))
    assert entry.hash is not None
    assert entry.hash.value == digest


@pytest.mark.parametrize("name", ["niquests", "urllib3-future"])
def test_what_replaces_urllib3_is_not_installed(name: str) -> None:
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.distribution(name)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"://|^\s*-(?!-hash=sha256:)|^\s*#|@ ", text, flags=re.MULTILINE) == []
    for name, (version, *hashes) in requirements(lock).items():
        assert re.match(r"[a-z0-9.-]+(\[[a-z,-]+\])?==\S+", version), version
        assert hashes, f"{name} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), name


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_that_replaces_urllib3(lock: str) -> None:
    assert {"niquests", "urllib3-future"}.isdisjoint(requirements(lock))


def test_the_development_lock_holds_the_runtime_lock() -> None:
    runtime, development = (requirements(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in runtime} == runtime


def test_every_dependency_of_the_project_is_locked() -> None:
    table = project()["project"]
    assert isinstance(table, dict)
    wanted = {re.split(r"[\[><=; ]", line, maxsplit=1)[0] for line in table["dependencies"]}
    assert wanted <= set(requirements("requirements.lock"))


def test_no_other_lock_is_tracked() -> None:
    assert [p.name for p in project_files() if p.name == "uv.lock"] == []


def test_what_the_wheel_takes_in_is_part_of_the_project() -> None:
    wheel = project()
    for key in ("tool", "hatch", "build", "targets", "wheel", "force-include"):
        inner = wheel[key]
        assert isinstance(inner, dict)
        wheel = inner
    tops = {path.relative_to(ROOT).parts[0] for path in project_files()}
    assert set(wheel) <= tops, "git keeps no empty folder, so a fresh clone could not be installed"


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = ("pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "crates" + ".io")
    folders = ("root", "home", "work", "Users")
    needle = re.compile("|".join(map(re.escape, hosts)) + rf"|(?<![\w.}}])/(?:{'|'.join(folders)})/\w")
    found = []
    for path in project_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in needle.finditer(text)]
    assert found == []


def test_help_loads_nothing_heavy() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "syncd", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert run.returncode == 0, run.stderr.splitlines()[-1]
    assert "click" in loaded
    assert (HEAVY | {"adapters"}) & loaded == set()
