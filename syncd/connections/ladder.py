"""What to try when a consent did not come about, rung by rung: one table, for the command line and the API.

Not here: consents themselves (adapters), who shows it.
"""

from typing import Final

PAUSE_MINUTES: Final = (5, 10)

RUNGS: Final = (
    "start again with a new link; a link and its code serve once",
    "connect another kind of schedule: the business schedule instead of a staff member's, or the other way round",
    "open the link in a clean browser: a private window, or another browser, signed in to this account alone",
    "use another redirect address: paste the address line here instead of the callback, or the other way round",
    "connect a calendar of another provider",
)
