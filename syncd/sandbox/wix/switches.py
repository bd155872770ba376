"""Every point on which Wix's documentation is silent or its sources disagree, as a named switch.

Not here: what a switch does; each is read where the behaviour lives.
"""

from collections.abc import Mapping

from syncd.sandbox.switching import Switch

_BOOL = (True, False)

SWITCHES: Mapping[str, Switch] = {
    "query_returns_cancelled": Switch(False, "Query Events lists CANCELLED events too", _BOOL),
    "query_window_required": Switch(
        False, "Query Events refuses a missing window unless only MASTER is asked for", _BOOL
    ),
    "query_events_max_limit": Switch(1000, "highest page size of Query Events"),
    "query_schedules_max_limit": Switch(100, "highest page size of Query Schedules"),
    "staff_schedule_content": Switch(
        "blocks",
        "what a query by the staff's events schedule finds: only what lies there, the appointments"
        " that link the staff too, or copies of them with ids of their own",
        ("blocks", "appointments", "copies"),
    ),
    "cancel_cancelled": Switch("428", "cancelling a cancelled event: refused, or answered again", ("428", "200")),
    "cancel_past": Switch("200", "cancelling an event that has ended", ("200", "428")),
    "precondition_code": Switch("FAILED_PRECONDITION", "code in the envelope of a 428"),
    "master_cancel_exceptions": Switch(
        "cancel", "future EXCEPTIONs when their MASTER is cancelled", ("cancel", "keep")
    ),
    "retimed_instance_read": Switch(
        "omitted",
        "reading by id an instance whose MASTER was re-timed. 404: both reads fail; omitted:"
        " left out of the list, 404 alone; CANCELLED: answered with that status",
        ("404", "omitted", "CANCELLED"),
    ),
    "bookings_on_change": Switch(
        "untouched",
        "bookings of an event with participants that is moved or cancelled: untouched, cancelled"
        " with it, their people notified whatever was asked, or the change refused with 428",
        ("untouched", "cancelled", "notified", "refused"),
    ),
    "extended_fields_namespaces": Switch(
        [], "namespaces of extendedFields that the site has a schema for; others are refused"
    ),
    "location_address": Switch(
        "address",
        "how an address is answered; `address` is understood either way",
        ("address", "formattedAddress"),
    ),
    "unknown_request_fields": Switch(
        "refuse", "fields of a request that the documentation does not know", ("refuse", "ignore")
    ),
    "future_fields": Switch(False, "answers carry fields and enum values added later", _BOOL),
    "pi_without_permission": Switch("403", "asking for PI fields without the permission", ("403", "omit")),
    "zero_length_events": Switch("allow", "an event that ends when it starts", ("allow", "refuse")),
    "dst_gap": Switch("forward", "a local time that is skipped", ("forward", "backward", "refuse")),
    "dst_fold": Switch("earlier", "a local time that comes twice", ("earlier", "later")),
    "path_without_s": Switch("404", "the older path /bookings/v2/external-calendar", ("404", "works")),
    "premium": Switch(True, "the site's plan includes external calendars", _BOOL),
    "rate_limit_per_minute": Switch(200, "requests per minute and app instance; 0 = no limit"),
    "retry_after": Switch(False, "429 carries Retry-After", _BOOL),
}
