"""The worlds of Microsoft: copies lie in a calendar made for them, or in the person's default one.

Not here: the account itself (microsoft_account), stages of accounts (account_stage).
"""

from typing import Final

from syncd.model import Target
from tests.interruption.account_stage import World
from tests.interruption.microsoft_account import microsoft
from tests.interruption.scenario import MICROSOFT, MICROSOFT_PRIMARY

MICROSOFT_WORLDS: Final = (
    World(MICROSOFT, Target.DEDICATED, microsoft),
    World(MICROSOFT_PRIMARY, Target.PRIMARY, microsoft),
)
