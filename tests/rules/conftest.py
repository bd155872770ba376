"""The table of rules and their tests is printed whenever planner tests ran."""

import pytest

from tests import reach


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("reach"):
        config.pluginmanager.register(reach, "reach")
