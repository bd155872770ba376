"""How many distinct points a run reached, for its end; a plugin, so that every process of the run is heard.

A test tells its points by `record_property(POINTS, [...])`, each named "scenario/world/database/step#n/what". A run of
the whole memory suite that reached fewer than promised fails. Not here: which points are taken (sample).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pytest

from tests import postgres
from tests.proving import PROVE

POINTS: Final = "interruption points"
PROMISED: Final = 10_000 if PROVE else 2_000


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole run that kept too little of its promise."""
    reached = _reached(session.config)
    if _is_whole(reached) and len(reached) < PROMISED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many distinct points were reached, and where."""
    reached = _reached(terminalreporter.config)
    if not reached:
        return
    stages = Counter("/".join(_parts(name)[1:3]) for name in reached)
    scenarios = {_parts(name)[0] for name in reached}
    places = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items()))
    terminalreporter.write_line(
        f"interruption: {len(reached)} distinct points over {len(scenarios)} scenarios ({places})"
    )
    if _is_whole(reached) and len(reached) < PROMISED:
        terminalreporter.write_line(f"interruption: {PROMISED} points were promised", red=True)


def _reached(config: pytest.Config) -> frozenset[str]:
    """The names of all points that tests told of, in whatever process they ran and however they ended."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return frozenset()
    reports = [*reporter.stats.get("passed", []), *reporter.stats.get("failed", [])]
    told: Iterable[list[str]] = [
        value for report in reports for name, value in getattr(report, "user_properties", ()) if name == POINTS
    ]
    return frozenset(name for names in told for name in names)


def _is_whole(reached: frozenset[str]) -> bool:
    """Whether every scenario of the memory world was played, in the full proof on every database there is."""
    from tests.interruption.scenario import MEMORY
    from tests.interruption.scenarios import SCENARIOS

    databases = ("sqlite", "postgresql") if PROVE and postgres.available() else ("sqlite",)
    every = {f"{one.name}/{MEMORY}/{on}" for one in SCENARIOS if MEMORY in one.worlds for on in databases}
    return every <= {"/".join(_parts(name)[:3]) for name in reached}


def _parts(name: str) -> list[str]:
    return name.split("/")
