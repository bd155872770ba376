"""Which tests reach which rule: read from test names and marks, printed at the end of a run.

A planner test is named `test_r<id>_…` and lies in tests/rules; an end-to-end test lies in tests/cycle or tests/e2e and
is named so, or carries `@pytest.mark.rule("R1", …)`. Those of tests/e2e that ask for a `studio` run with each provider
outside, but for those that `@pytest.mark.outside(…)` keeps to some. There is no rule that cannot concern one of the
providers: each is reached with each. Not here: what the rules say.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from syncd.model import Rule

ROOT: Final = Path(__file__).resolve().parent.parent
PLANNER: Final = ("tests/rules",)
END_TO_END: Final = ("tests/cycle", "tests/e2e")
OUTSIDE: Final = ("tests/e2e",)
PROVIDERS: Final = ("apple", "google", "microsoft")
_NAME: Final = re.compile(r"test_r(\d+a?)_")
_KNOWN: Final = frozenset(rule.value for rule in Rule)

Reach = Mapping[str, frozenset[str]]  # rule id → node ids, without parameters


def reach(folders: Iterable[str], root: Path = ROOT, provider: str | None = None) -> Reach:
    """The tests in these folders by the rules they reach; with a `provider` those alone that run with it outside.

    Raises ValueError for an id that is no rule.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        for path in sorted((root / folder).rglob("test_*.py")):
            place = path.relative_to(root).as_posix()
            for name, rules, providers in _tests(ast.parse(path.read_text(encoding="utf-8"))):
                for rule in rules if provider is None or provider in providers else ():
                    if rule not in _KNOWN:
                        raise ValueError(f"{place}: {name} names {rule}, which is no rule")
                    found[rule].add(f"{place}::{name}")
    return {rule: frozenset(names) for rule, names in found.items()}


def unreached(found: Reach) -> list[str]:
    """Rules without any test."""
    return [rule.value for rule in Rule if not found.get(rule.value)]


def _tests(tree: ast.Module) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Test functions with the rules that their names and marks tell, and the providers that they run with.

    A mark of the module holds for all of them.
    """
    shared = list(_module_marks(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            named = _NAME.match(node.name)
            own = frozenset({f"R{named[1]}"} if named else ())
            marks = [*shared, *node.decorator_list]
            studio = PROVIDERS if any(one.arg == "studio" for one in node.args.args) else ()
            yield node.name, own | _marked(marks, "rule"), _marked(marks, "outside") or frozenset(studio)


def _module_marks(tree: ast.Module) -> Iterator[ast.expr]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "pytestmark" for one in targets
        ):
            yield from node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]


def _marked(marks: Iterable[ast.expr], name: str) -> frozenset[str]:
    """The arguments of `pytest.mark.<name>(…)`."""
    calls = [one for one in marks if isinstance(one, ast.Call) and ast.unparse(one.func) == f"pytest.mark.{name}"]
    return frozenset(str(one.value) for call in calls for one in call.args if isinstance(one, ast.Constant))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print, for every rule, how many of the tests that passed reach it, and with whom outside."""
    passed = _places(terminalreporter, "passed") - _places(terminalreporter, "failed")
    planner, whole = _among(reach(PLANNER), passed), _among(reach(END_TO_END), passed)
    if not any(planner.values()):
        return
    columns = [planner, whole]
    for provider in PROVIDERS:
        with_it = _places(terminalreporter, "passed", provider) - _places(terminalreporter, "failed", provider)
        columns.append(_among(reach(OUTSIDE, provider=provider), with_it))
    names = " / ".join(["planner", "end to end", *(f"with {provider}" for provider in PROVIDERS)])
    terminalreporter.section(f"rule → tests that passed: {names}")
    for rule in Rule:
        counts = " / ".join(f"{column.get(rule.value, 0):>3}" for column in columns)
        terminalreporter.write_line(f"{rule.value:<4} {counts}")


def _places(terminalreporter: pytest.TerminalReporter, outcome: str, provider: str = "") -> frozenset[str]:
    """The tests of which a call ended so, whatever their parameters; or with this provider among them."""
    reports = terminalreporter.stats.get(outcome, [])
    calls = [report.nodeid for report in reports if getattr(report, "when", "") == "call"]
    return frozenset(_place(one) for one in calls if not provider or provider in _parameters(one))


def _place(nodeid: str) -> str:
    """A node id without parameters and classes."""
    path, _, rest = nodeid.partition("::")
    return f"{path}::{rest.partition('[')[0].rpartition('::')[2]}"


def _parameters(nodeid: str) -> list[str]:
    return nodeid.partition("[")[2].rstrip("]").split("-")


def _among(found: Reach, passed: frozenset[str]) -> dict[str, int]:
    return {rule: len(names & passed) for rule, names in found.items()}
