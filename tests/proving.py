"""Whether the full proof runs (`make prove`) or the sample that `make test` has time for."""

import os
from typing import Final

PROVE: Final = os.environ.get("SYNCD_PROVE") == "1"
