"""How many real processes were killed, and in which phase; a plugin, so that every process of a run is heard.

Not here: which phases there are (moments).
"""

from collections import Counter
from typing import Final

import pytest

KILLS: Final = "kills"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for all stories, in the order of a pass."""
    found = Counter[str]()
    for report in [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]:
        for name, phases in getattr(report, "user_properties", ()):
            if name == KILLS and report.when == "call":
                found.update(dict(phases))
    if found:
        told = ", ".join(f"{phase} {count}" for phase, count in found.items())
        terminalreporter.write_line(f"kills: {found.total()} real ({told})")
