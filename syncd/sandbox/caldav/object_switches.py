"""The switches of calendars and of what is written to them. Not here: reading them (`report_switches.py`)."""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.caldav.switch import BOOL, Documented

_CALENDARS: Final[Mapping[str, Documented]] = {
    "component_types": Documented(
        "any",
        "component types of a new calendar: any, or one; 400 for two",
        ("any", "one"),
        evidence="I vdirsyncer#593",
        careless=True,
    ),
    "max_calendars": Documented(0, "calendars of an account; 0 = no limit, else 403", evidence="A", careless=True),
    "calendar_exists": Documented(
        "403",
        "MKCALENDAR where something is already",
        ("403", "405", "409"),
        evidence="R 4791, 5.3.1; R 4918, 9.3.1; M Radicale",
        careless=True,
    ),
    "colour_names": Documented(
        True, "a calendar's colour may be a name; else it is taken and ignored", BOOL, evidence="H", careless=True
    ),
    "names_escaped": Documented(
        False, "a display name is stored with &amp; for &", BOOL, evidence="M DAViCal", careless=True
    ),
    "recreated_calendar": Documented(
        "empty",
        "a calendar made where a deleted one was: empty, or with its objects",
        ("empty", "keeps_events"),
        evidence="I caldav#3",
        careless=True,
    ),
}

_WRITES: Final[Mapping[str, Documented]] = {
    "event_without_end": Documented(
        "stored",
        "a VEVENT with neither DTEND nor DURATION",
        ("stored", "403", "404"),
        evidence="H, I davx5-ose#1859, vdirsyncer#1200; M Cyrus",
        careless=True,
    ),
    "method": Documented("403", "an object with METHOD", ("403", "stored"), evidence="R 4791, 4.1; M", careless=True),
    "control_characters": Documented(
        "refused",
        "an object with control characters: refused, stored without them, or stored and sent raw, which is no XML",
        ("refused", "stripped", "raw"),
        evidence="R 5545, 3.1; M Radicale",
        careless=True,
    ),
    "invalid_object": Documented(
        "403", "what is no calendar object", ("403", "400"), evidence="R 4791, 5.3.2.1; M Radicale", careless=True
    ),
    "uid_scope": Documented(
        "calendar",
        "where a UID may be used only once",
        ("calendar", "account", "none"),
        evidence="R 4791, 4.1; H, I caldav#3; M Cyrus, DAViCal",
        careless=True,
    ),
    "uid_conflict": Documented(
        "403",
        "the status of a UID that is taken",
        ("400", "403", "409", "412"),
        evidence="R 4791, 5.3.2.1; M",
        careless=True,
    ),
    "uid_condition": Documented(
        "no-uid-conflict",
        "the precondition that its body names",
        ("no-uid-conflict", "unique-scheduling-object-resource", "none"),
        evidence="R 4791, 5.3.2.1; M Cyrus; H",
        careless=True,
    ),
    "trash_bin": Documented(
        False,
        "a deleted object keeps its UID and its name; 400 for using them",
        BOOL,
        evidence="I calendar#4412",
        careless=True,
    ),
    "if_match_star": Documented(
        "rfc",
        "If-Match: * refuses where there is nothing, or where there is something, or is an ETag like any other",
        ("rfc", "inverted", "literal"),
        evidence="R 9110, 13.1.1; H",
        careless=True,
    ),
    "if_none_match": Documented(True, "If-None-Match: * is honoured", BOOL, evidence="H SOGo, Zimbra", careless=True),
    "put_etag": Documented(
        "unaltered",
        "the ETag of a PUT's answer: where the object was stored as it was sent, always, or never",
        ("unaltered", "always", "never"),
        evidence="R 4791, 5.3.4; I sabre-io/dav#547; M",
    ),
    "bodies": Documented(
        "kept",
        "objects are stored as they were sent, re-serialised (order, folding), or amended (PRODID, stamps, X-)",
        ("kept", "reserialised", "amended"),
        evidence="M; R 4791, 5.3.4; H",
    ),
    "etags": Documented(
        "strong",
        "weak in compressed answers to GET, to every GET, or everywhere",
        ("strong", "weak_compressed", "weak_get", "weak"),
        evidence="M Cyrus",
        careless=True,
    ),
    "max_object_bytes": Documented(20_000_000, "the largest object", evidence="A; M", careless=True),
    "too_large": Documented(
        "403",
        "the answer to a larger one",
        ("403", "412", "413"),
        evidence="R 4791, 5.3.2.1; M Radicale",
        careless=True,
    ),
    "no_parent": Documented("409", "PUT into nothing", ("409", "404", "403"), evidence="R 4918, 9.7.1", careless=True),
    "other_account": Documented(
        "403", "a request for another person's things", ("403", "404"), evidence="R 3744", careless=True
    ),
    "delete_status": Documented("204", "DELETE of what is there", ("204", "200"), evidence="M Radicale"),
}

OBJECT_SWITCHES: Final[Mapping[str, Documented]] = {**_CALENDARS, **_WRITES}
