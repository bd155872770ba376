"""The switches of reports: tokens, listings, bodies. Not here: writing (`object_switches.py`)."""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.caldav.switch import BOOL, Documented

_SYNC: Final[Mapping[str, Documented]] = {
    "sync_collection": Documented(
        "served",
        "sync-collection and sync tokens; else its refusal",
        ("served", "403", "501"),
        evidence="M sabre/dav 1.8",
    ),
    "token_refusal": Documented(
        "403",
        "a token that is not known, or no longer: this status, or an answer as to an empty one",
        ("400", "403", "409", "410", "412", "418", "initial"),
        evidence="R 6578, 3.2; M Radicale, Xandikos, DAViCal; H SOGo; I caldav#183",
    ),
    "token_prefix": Documented(
        False,
        "a token with something behind it is taken for the token",
        BOOL,
        evidence="M Cyrus, DAViCal",
        careless=True,
    ),
    "token_writes": Documented(0, "a token is forgotten after so many changes; 0 = never", evidence="I caldav#122"),
    "deletes_spoil_tokens": Documented(
        False, "tokens from before a deletion are refused", BOOL, evidence="I caldav#183"
    ),
    "deleted_at_first": Documented(
        False, "an answer to an empty token names what was deleted once", BOOL, evidence="M Radicale"
    ),
    "lists_itself": Documented(False, "the collection is a row of its own sync-collection", BOOL, evidence="H"),
    "limit": Documented(
        "honoured",
        "DAV:limit: an answer cut with 507, ignored, cut without a word, or refused without a token",
        ("honoured", "ignored", "cut_silently", "refused_first"),
        evidence="R 6578, 3.7; M, H",
        careless=True,
    ),
    "report_depth": Documented(
        "ignored",
        "the Depth of a report: ignored, or as the RFCs say (400 for a sync-collection of another than 0)",
        ("ignored", "rfc"),
        evidence="R 6578, 3.2; R 4791, 7.8",
        careless=True,
    ),
    "page_size": Documented(0, "rows of a sync-collection before it is cut with 507; 0 = all", evidence="M Cyrus"),
}

_BODIES: Final[Mapping[str, Documented]] = {
    "multiget_missing": Documented(
        "404_row",
        "an href that is not there: a row with 404, no row, or 404 for the whole report",
        ("404_row", "row_absent", "whole_404"),
        evidence="R 4791, 7.9; M",
        careless=True,
    ),
    "unreadable": Documented(
        [], "objects whose name has one of these texts: listed, and 404 when read", evidence="I dankcalendar#108"
    ),
    "dropped_rows": Documented(
        0, "every so manieth row of reports with bodies is left out; a lone one never", evidence="M DAViCal"
    ),
    "bodiless_rows": Documented(
        0,
        "every so manieth row of such reports has no calendar-data; a lone one always has",
        evidence="I SyncEvolution",
    ),
    "multiget_limit": Documented(
        0,
        "hrefs of a multiget that are read, those after them are left out; 0 = all",
        evidence="I keeper.sh#461",
        careless=True,
    ),
    "multiget_seconds": Documented(
        0,
        "real seconds that a multiget takes (at most 60; ended when the server stops)",
        evidence="I chroncal#768",
        careless=True,
    ),
    "multiget_milliseconds": Documented(0, "the same in thousandths, added to it", evidence="I chroncal#768"),
    "multigets_at_once": Documented(
        0, "multigets of an account in flight; 503 for one more, 0 = no limit", evidence="I chroncal#768", careless=True
    ),
    "comp_filter": Documented(
        "rfc",
        "a calendar-query without a comp-filter inside VCALENDAR: all, nothing, or 500",
        ("rfc", "empty", "500"),
        evidence="I calcurse#30",
        careless=True,
    ),
    "text_search": Documented(True, "text-match finds something", BOOL, evidence="H", careless=True),
    "free_busy": Documented("403", "the refusal of free-busy-query", ("403", "400"), evidence="H", careless=True),
    "range_marks": Documented(
        False,
        "X-RECURRENCE-EXCEPTION in a series that a query found by a time-range",
        BOOL,
        evidence="I caldir#71",
        careless=True,
    ),
}

REPORT_SWITCHES: Final[Mapping[str, Documented]] = {**_SYNC, **_BODIES}
