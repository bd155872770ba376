"""What the contract suite did not ask of whom, for the end of a run; a plugin, so that every process of it is heard."""

from collections import defaultdict

import pytest

LACKS = "lacks "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Per subject, what was not asked of it, and of how many tests."""
    lines: dict[str, int] = defaultdict(int)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if "tests/contract/" in report.nodeid and LACKS in reason:
            lines[reason.removeprefix("Skipped: ")] += 1
    for line, count in sorted(lines.items()):
        terminalreporter.write_line(f"contract: {line}: {count} not run")
