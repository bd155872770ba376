"""Bundles of switches: servers as far as they are known, and one quirk each where that is the thing to be shown.

Not here: what a switch means (`switches.py`). A server of which nothing is known has no profile.
"""

from collections.abc import Mapping
from typing import Any, Final

Settings = Mapping[str, Any]

_ICLOUD: Final[Settings] = {
    "home_host": "partition",
    "hrefs": "entry",
    "challenge": "mobileme",
    "passwords": "app_specific",
    "principal_depth_1": "400",
    "allprop_resourcetype": False,
    "extra_propstat": "repeats",
    "xml_form": "mixed",
    "other_collections": True,
    "scheduling": True,
    "component_types": "one",
    "max_calendars": 100,
    "colour_names": False,
    "recreated_calendar": "keeps_events",
    "event_without_end": "404",
    "uid_scope": "account",
    "if_match_star": "inverted",
    "lists_itself": True,
    "limit": "ignored",
    "multigets_at_once": 1,
    "comp_filter": "empty",
    "text_search": False,
    "free_busy": "400",
    "range_marks": True,
}
_RADICALE: Final[Settings] = {
    "layout": "flat",
    "xml_form": "default",
    "principal_name": False,
    "calendar_etag": True,
    "depth_infinity": "as_1",
    "calendar_exists": "409",
    "method": "stored",
    "control_characters": "stripped",
    "invalid_object": "400",
    "uid_conflict": "409",
    "bodies": "reserialised",
    "put_etag": "always",
    "max_object_bytes": 10_000_000,
    "too_large": "412",
    "delete_status": "200",
    "limit": "ignored",
    "deleted_at_first": True,
}
_CYRUS: Final[Settings] = {
    "anonymous_root": True,
    "scheduling": True,
    "event_without_end": "403",
    "uid_scope": "account",
    "uid_condition": "unique-scheduling-object-resource",
    "etags": "weak_compressed",
    "page_size": 5,
    "token_prefix": True,
}
_DAVICAL: Final[Settings] = {
    "uid_scope": "none",
    "names_escaped": True,
    "token_refusal": "initial",
    "token_prefix": True,
    "limit": "ignored",
    "multiget_missing": "row_absent",
}
_NEXTCLOUD: Final[Settings] = {
    "scheduling": True,
    "trash_bin": True,
    "limit": "refused_first",
    "multiget_missing": "row_absent",
    "href_at": "@",
}

PROFILES: Final[Mapping[str, Settings]] = {
    "strict": {},
    "icloud": _ICLOUD,
    "icloud-troubled": {
        **_ICLOUD,
        "event_without_end": "403",
        "well_known": "401",
        "extra_propstat": "bare",
        "busy_every": 40,
        "dropped_rows": 7,
        "bodiless_rows": 5,
        "unreadable": ["ghost"],
        "token_writes": 3,
        "multiget_milliseconds": 5,
        "put_etag": "never",
        "bodies": "amended",
    },
    "radicale": _RADICALE,
    "xandikos": {
        "uid_conflict": "412",
        "bodies": "reserialised",
        "put_etag": "always",
        "token_refusal": "412",
        "limit": "cut_silently",
        "scheduling": True,
    },
    "davical": _DAVICAL,
    "sogo": {"token_refusal": "initial", "uid_conflict": "409", "if_none_match": False, "limit": "ignored"},
    "baikal": {"multiget_missing": "row_absent", "uid_scope": "none"},
    "never-refuses-a-token": {"token_refusal": "initial", "token_writes": 3, "token_prefix": True},
    "strict-uid": _CYRUS,
    "fastmail": _CYRUS,
    "no-sync-collection": {
        "sync_collection": "403",
        "multiget_missing": "whole_404",
        "uid_scope": "none",
        "put_etag": "never",
        "xml_form": "default",
    },
    "rewrites-bodies": {"bodies": "amended"},
    "nextcloud": _NEXTCLOUD,
    "nextcloud-2023": {**_NEXTCLOUD, "token_refusal": "418", "deletes_spoil_tokens": True},
    "weak-etags": {"etags": "weak_get", "put_etag": "never", "hrefs": "absolute"},
    "gone-tokens": {"token_refusal": "410", "token_writes": 3, "page_size": 3, "ctag": False},
    "conflicting-tokens": {"token_refusal": "409", "token_writes": 3, "busy_every": 25, "busy_status": "429"},
}
"""By name."""

MEANING: Final[Mapping[str, str]] = {
    "strict": "the RFCs' server: nothing beyond them, and everything that they let a server refuse (R)",
    "icloud": "what iCloud is known to do on an ordinary day (H, I, A)",
    "icloud-troubled": "iCloud on days that people have reported, with lost rows, tokens and time (I)",
    "radicale": "as a real Radicale answers the same requests (M)",
    "xandikos": "412 for tokens and UIDs alike, limits that lose rows (M, H)",
    "davical": "tokens that are never refused, rows left out, names escaped (M)",
    "sogo": "tokens that are never refused, creation that overwrites (H)",
    "baikal": "sabre 4: no rule for UIDs, rows left out (H, and its source)",
    "never-refuses-a-token": "a token too old is answered as if it were empty, without the deletions (M, H)",
    "strict-uid": "Cyrus: a UID once per person, weak ETags of compressed answers, pages (M)",
    "fastmail": "Cyrus, by kinship; nothing was measured there",
    "no-sync-collection": "sabre/dav 1.8: no tokens, and multigets that fail as a whole (M)",
    "rewrites-bodies": "objects come back with the server's own lines, and a PUT tells no ETag (R, I)",
    "nextcloud": "a bin that keeps names and UIDs, rows left out, an @ as it is (H, I)",
    "nextcloud-2023": "the same before spring 2024: 418 for every token after a deletion (I caldav#183)",
    "weak-etags": "no strong ETag but in rows, and every href with its host (M)",
    "gone-tokens": "tokens that end with 410 after a few changes, small pages, no ctag (reference 2)",
    "conflicting-tokens": "tokens that end with 409, and 429 now and then (reference 2, 5)",
}
"""What each profile shows, and from which kind of evidence. Google's CalDAV has none: the reference is silent on it."""
