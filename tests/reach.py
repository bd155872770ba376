"""Which tests reach which rule: read from test names and marks, printed at the end of a run.

A planner test is named `test_r<id>_…` and lies in tests/rules; an end-to-end test lies in tests/cycle or tests/e2e and
is named so, or carries `@pytest.mark.rule("R1", …)`. Not here: what the rules say.
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
_NAME: Final = re.compile(r"test_r(\d+a?)_")
_KNOWN: Final = frozenset(rule.value for rule in Rule)

Reach = Mapping[str, frozenset[str]]  # rule id → node ids, without parameters


def reach(folders: Iterable[str], root: Path = ROOT) -> Reach:
    """The tests in these folders by the rules they reach. Raises ValueError for an id that is no rule."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        for path in sorted((root / folder).rglob("test_*.py")):
            place = path.relative_to(root).as_posix()
            for name, rules in _tests(ast.parse(path.read_text(encoding="utf-8"))):
                for rule in rules:
                    if rule not in _KNOWN:
                        raise ValueError(f"{place}: {name} names {rule}, which is no rule")
                    found[rule].add(f"{place}::{name}")
    return {rule: frozenset(names) for rule, names in found.items()}


def unreached(found: Reach) -> list[str]:
    """Rules without any test."""
    return [rule.value for rule in Rule if not found.get(rule.value)]


def _tests(tree: ast.Module) -> Iterator[tuple[str, frozenset[str]]]:
    """Test functions with the rules that their names and marks tell; a mark of the module holds for all of them."""
    shared = frozenset(_module_marks(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            named = _NAME.match(node.name)
            own = {f"R{named[1]}"} if named else set()
            marked = {rule for decorator in node.decorator_list for rule in _marked(decorator)}
            yield node.name, shared | own | marked


def _module_marks(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "pytestmark" for one in targets
        ):
            values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield from (rule for value in values for rule in _marked(value))


def _marked(node: ast.expr) -> Iterator[str]:
    """The arguments of `pytest.mark.rule(…)`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
        yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print, for every rule, how many of the tests that passed reach it."""
    passed = _places(terminalreporter, "passed") - _places(terminalreporter, "failed")
    planner, whole = _among(reach(PLANNER), passed), _among(reach(END_TO_END), passed)
    if not any(planner.values()):
        return
    terminalreporter.section("rule → tests that passed: planner / end to end")
    for rule in Rule:
        row = f"{rule.value:<4}{planner.get(rule.value, 0):>4} / {whole.get(rule.value, 0)}"
        terminalreporter.write_line(row)


def _places(terminalreporter: pytest.TerminalReporter, outcome: str) -> frozenset[str]:
    """The tests of which a call ended so, whatever their parameters."""
    reports = terminalreporter.stats.get(outcome, [])
    return frozenset(_place(report.nodeid) for report in reports if getattr(report, "when", "") == "call")


def _place(nodeid: str) -> str:
    """A node id without parameters and classes."""
    path, _, rest = nodeid.partition("::")
    return f"{path}::{rest.partition('[')[0].rpartition('::')[2]}"


def _among(found: Reach, passed: frozenset[str]) -> dict[str, int]:
    return {rule: len(names & passed) for rule, names in found.items()}
