"""The table of scenarios. Not here: the scenarios themselves (the modules named scenarios_…)."""

from typing import Final

from tests.interruption.scenario import Scenario
from tests.interruption.scenarios_between import BETWEEN
from tests.interruption.scenarios_chosen_ids import CHOSEN_IDS
from tests.interruption.scenarios_edits import EDITS
from tests.interruption.scenarios_first import FIRST
from tests.interruption.scenarios_gone import GONE
from tests.interruption.scenarios_settings import SETTINGS

SCENARIOS: Final[tuple[Scenario, ...]] = (*FIRST, *EDITS, *GONE, *SETTINGS, *BETWEEN, *CHOSEN_IDS)
