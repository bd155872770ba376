"""The worlds of Microsoft: copies lie in a calendar made for them, or in the person's default one.

Not here: the account itself (microsoft_account), stages of accounts (account_stage).
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from syncd.model import Target
from tests.interruption.account_stage import World
from tests.interruption.microsoft_account import microsoft
from tests.interruption.scenario import MICROSOFT, MICROSOFT_PRIMARY

TARGETS: Final = {MICROSOFT: Target.DEDICATED, MICROSOFT_PRIMARY: Target.PRIMARY}
# The other way round wherever it is not known how the service does it (reference/microsoft.md, rows marked U).
_OTHERWISE: Final[Mapping[str, Any]] = {
    "if_match": "409",
    "null_clears": False,
    "read_only_properties": "refuse",
    "iana_zones": "none",
    "body_rewriting": "stronger",
    "transaction_status": "409",
    "transaction_names_event": True,
    "transaction_after_delete": "same",
    "property_lag_seconds": 900,
    "property_filter_on_view": "works",
    "property_expand_on_view": "dropped",
    "events_of_me": "default",
    "series_change_key": "series",
    "calendar_name_taken": "accept",
    "delta_dead_code": "resyncRequired",
    "delta_dead_location": True,
    "delta_unknown_token": "404",
    "delta_empty_pages": 1,
    "delta_split_series": True,
    "delta_order": "reversed",
    "delta_repeats": True,
    "delta_deleted_series": "all",
    "batch_order": "reversed",
    "batch_beyond_four": "queued",
    "retry_after_form": "date",
    "inner_codes": True,
    "refresh_rotation": "never",
    "token_scopes": "short",
}
# Look-ups see nothing new for an hour, and a transaction is remembered only while its event is there.
_LATE: Final[Mapping[str, Any]] = {
    "if_match": "ignore",
    "property_lag_seconds": 3600,
    "transaction_after_delete": "free",
    "delta_empty_pages": 2,
    "delta_order": "shuffled",
    "batch_order": "shuffled",
    "replaced_token_seconds": 1800,
}
HABITS: Final[tuple[Mapping[str, Any], ...]] = ({}, _OTHERWISE, _LATE)


def worlds(number: int) -> tuple[World, ...]:
    """Both worlds; the habits of the service take turns."""
    opening = partial(microsoft, switches=HABITS[number % len(HABITS)])
    return tuple(World(name, target, opening) for name, target in TARGETS.items())
