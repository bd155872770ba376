"""The points on which reference and reports leave calendars and events open, as named switches.

Not here: access, throttling, batches and subscriptions (`switches.py`), and what a switch does.
"""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.switching import Switch

_BOOL = (True, False)

CALENDAR_SWITCHES: Final[Mapping[str, Switch]] = {
    "iana_zones": Switch("published", "IANA names that are taken as a time zone", ("published", "all", "none")),
    "offset_in_datetime": Switch("refuse", "an offset inside dateTime of start and end", ("refuse", "accept")),
    "if_match": Switch("412", "a stale If-Match: refused with this status, or not looked at", ("412", "409", "ignore")),
    "null_clears": Switch(True, "null in a PATCH clears a field; else it changes nothing", _BOOL),
    "read_only_properties": Switch("ignore", "fields that only the service may set", ("ignore", "refuse")),
    "subject_limit": Switch(255, "most characters of a subject and of a location's name; 0 = no limit"),
    "subject_excess": Switch("refuse", "a subject or a location's name beyond that", ("refuse", "cut")),
    "body_rewriting": Switch(
        "wrapped",
        "a body as it comes back: wrapped and trimmed with CRLF, or its text changed as well",
        ("wrapped", "stronger"),
    ),
    "transaction_status": Switch("400", "status of ErrorDuplicateTransactionId", ("400", "409")),
    "transaction_names_event": Switch(False, "that error names the event that exists", _BOOL),
    "transaction_days": Switch(0, "days after which a transactionId is forgotten; 0 = never"),
    "transaction_after_delete": Switch(
        "refused",
        "a transactionId whose event was deleted: as if it were there, refused, or free again",
        ("same", "refused", "free"),
    ),
    "property_lag_seconds": Switch(0, "how late a look-up by extended property sees what was written"),
    "property_expand_on_view": Switch("works", "$expand of properties on calendarView", ("works", "dropped")),
    "property_filter_on_view": Switch("500", "$filter by properties on calendarView", ("500", "works")),
    "events_of_me": Switch("mailbox", "what /me/events lists", ("mailbox", "default")),
    "series_change_key": Switch(
        "row", "changeKey of an occurrence: of its own row, or of the whole series", ("row", "series")
    ),
    "copied_properties": Switch(True, "a copy that a person makes carries the extended properties", _BOOL),
    "calendar_name_taken": Switch("409", "a second calendar of one name", ("409", "accept")),
    "delta_token_days": Switch(0, "age in days at which a delta token dies; 0 = never"),
    "delta_tokens_kept": Switch(0, "delta tokens of one mailbox that are kept, the oldest dies first; 0 = all"),
    "delta_dead_code": Switch(
        "SyncStateNotFound", "code of a dead delta token", ("SyncStateNotFound", "resyncRequired", "syncStateNotFound")
    ),
    "delta_dead_location": Switch(False, "410 names where to begin again", _BOOL),
    "delta_unknown_token": Switch("400", "a token that was never given out", ("400", "404", "410")),
    "delta_lag_seconds": Switch(0, "how late delta shows a change"),
    "delta_empty_pages": Switch(0, "empty pages before each page with rows"),
    "delta_split_series": Switch(False, "pages may part the rows of a series", _BOOL),
    "delta_order": Switch("created", "order of rows", ("created", "reversed", "shuffled")),
    "delta_outside_removed": Switch(True, "events outside the window that changed come as removed", _BOOL),
    "delta_repeats": Switch(False, "rows may come twice in a round", _BOOL),
    "delta_select": Switch("tolerate", "$select on delta", ("tolerate", "refuse")),
    "delta_expand_status": Switch("500", "$expand on delta", ("500", "400")),
    "delta_deleted_series": Switch(
        "master", "a deleted series: removed as a master, or with each occurrence", ("master", "all")
    ),
    "delta_page_size": Switch(10, "rows of a page of delta without odata.maxpagesize"),
}
