"""Every point on which Google's documentation is silent, vague or contradicted by reports, as a named switch.

Not here: what a switch does; each is read where the behaviour lives.
"""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.switching import Switch

_BOOL = (True, False)

SWITCHES: Final[Mapping[str, Switch]] = {
    "sync_token_days": Switch(0, "age in days at which a sync token expires; 0 = never"),
    "sync_token_shared": Switch(False, "tokens of different queries on one calendar are the same text", _BOOL),
    "sync_token_with_filters": Switch(False, "queries with order, text or property filters give a sync token", _BOOL),
    "empty_answer_token": Switch("new", "the token of an incremental answer without rows", ("new", "same")),
    "malformed_token": Switch("400", "a sync token that was never given out", ("400", "410")),
    "bounded_token": Switch(
        "unbounded",
        "a first list with timeMin or timeMax: later answers ignore its window, keep to it, or no token is given",
        ("unbounded", "bounded", "none"),
    ),
    "full_list_tombstones": Switch(
        "gap",
        "deleted events in a full list with showDeleted. gap: not those deleted before the last 410; kept; none",
        ("gap", "kept", "none"),
    ),
    "deleted_series": Switch(
        "instances",
        "a deleted series in a list with singleEvents: its instances as cancelled, or its master alone",
        ("instances", "master"),
    ),
    "cancelled_details": Switch(
        "bare", "cancelled events in lists: with what is guaranteed alone, or with all they had", ("bare", "kept")
    ),
    "tombstone_days": Switch(0, "days after which a deleted event is forgotten; 0 = never"),
    "updated_min_days": Switch(28, "how far back updatedMin may reach; 0 = no limit"),
    "expansion_days": Switch(730, "how far ahead a list with singleEvents expands a series"),
    "list_order": Switch("id", "order of a list without orderBy", ("id", "created", "reversed")),
    "short_pages": Switch(0, "every page has at most so many rows; 0 = what maxResults says"),
    "empty_first_page": Switch(False, "a list starts with an empty page", _BOOL),
    "max_results_above": Switch("clamp", "maxResults above 2500", ("clamp", "refuse")),
    "unknown_parameters": Switch("refuse", "query parameters that the API does not have", ("refuse", "ignore")),
    "unknown_fields": Switch("refuse", "fields of a body that the API does not have", ("refuse", "ignore")),
    "write_to_deleted": Switch(
        "403",
        "update or patch of a deleted event: refused, revived, conflict, gone",
        ("403", "200", "409", "410"),
    ),
    "status_event_edits": Switch(
        "allow", "changing the shared fields of out-of-office, focus and working-location events", ("allow", "refuse")
    ),
    "id_with_uid": Switch("400", "an insert with both id and iCalUID", ("400", "accept")),
    "noop_write": Switch("new", "the etag after a write that changes nothing", ("new", "same")),
    "patch_units": Switch(3, "requests that one patch counts for"),
    "delete_of_unknown": Switch("404", "delete of an id that never existed", ("404", "410")),
    "description_html": Switch(
        "kept",
        "line breaks and ampersands of a description become markup: never, in every write, or when a person edits",
        ("kept", "rewritten", "by_hand"),
    ),
    "long_description": Switch("refuse", "a description above 8,192 characters", ("refuse", "truncate")),
    "long_text": Switch("refuse", "summary or location above 1,024 characters", ("refuse", "truncate", "accept")),
    "zero_length_events": Switch("allow", "a timed event that ends when it starts", ("allow", "refuse")),
    "date_switch_by_patch": Switch(
        "explicit_null",
        "a patch from all-day to timed or back: the other kind must be null, or is dropped",
        ("explicit_null", "drop"),
    ),
    "copied_private": Switch(True, "a copy that a person makes carries the private properties", _BOOL),
    "move_keeps_id": Switch(True, "an event moved to another calendar keeps its id there", _BOOL),
    "guest_mail_despite_none": Switch(False, "sendUpdates=none still mails some guests", _BOOL),
    "future_fields": Switch(False, "answers carry an event type added later", _BOOL),
    "scope_reason": Switch(
        "insufficientPermissions", "the reason of a 403 for a missing scope", ("insufficientPermissions", "forbidden")
    ),
    "quota_user_per_minute": Switch(600, "requests per minute, user and project; 0 = no limit"),
    "quota_project_per_minute": Switch(10000, "requests per minute and project; 0 = no limit"),
    "quota_status": Switch("403", "status of a refusal by quota", ("403", "429")),
    "retry_after": Switch(0, "seconds in the Retry-After of a refusal by quota; 0 = no such header"),
    "calendar_writes_per_second": Switch(0, "writes to one calendar in one second; 0 = no limit"),
    "usage_events": Switch(10000, "events created within usage_hours that make an account read-only; 0 = no limit"),
    "usage_calendars": Switch(25, "calendars that do"),
    "usage_guests": Switch(300, "guests that do"),
    "usage_hours": Switch(3, "how long an account stays read-only, in hours"),
    "batch_max": Switch(50, "highest number of parts in a batch"),
    "batch_order": Switch("as_sent", "the order in which parts of a batch run", ("as_sent", "reversed", "shuffled")),
    "api_enabled": Switch(True, "the project has switched the Calendar API on", _BOOL),
    "consent_testing": Switch(False, "the consent screen is in Testing: grants die after seven days", _BOOL),
    "consent_users": Switch(0, "persons who may use the app, as it is not verified; 0 = it is"),
    "rotate_refresh_tokens": Switch(False, "each refresh gives a new refresh token and ends the old one", _BOOL),
    "refresh_token_cap": Switch(100, "live refresh tokens of one client and user; the oldest dies silently"),
    "refresh_token_idle_days": Switch(183, "days without use after which a refresh token dies; 0 = never"),
    "token_scopes": Switch([], "scopes a person leaves ticked; empty = all that were asked for"),
    "push_delivery": Switch(
        "now",
        "messages to channels: at once, never, twice, or when released",
        ("now", "drop", "twice", "held"),
    ),
    "push_errors": Switch("named", "reasons of a refused channel: their own, or badRequest", ("named", "badRequest")),
    "push_loopback_http": Switch(True, "a channel's address may be plain http on loopback", _BOOL),
    "push_ttl_days": Switch(7, "longest life of a channel in days"),
    "push_number_step": Switch(3, "by how much message numbers grow"),
}
