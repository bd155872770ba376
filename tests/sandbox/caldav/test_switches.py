"""Every switch: what the RFCs' server does, what a server with the switch does, and that it was counted.

Not here: profiles and control routes (test_control), combinations (the referees).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import etree

from syncd.sandbox.caldav.switches import SWITCHES
from tests.sandbox.caldav.looks import (
    TWO_TYPES,
    after,
    after_a_deletion,
    all_four,
    at_entry,
    bodies_of_four,
    challenge,
    colour,
    control_character,
    display_name,
    etag_forms,
    everything,
    found,
    has_mark,
    home_set,
    href,
    is_held,
    kept_body,
    listed,
    mails,
    missing_row,
    moved,
    put,
    put_deleted,
    put_etag,
    query_rows,
    query_without_depth,
    recreated,
    rows_at_first,
    second_multiget,
    second_uid,
    spelling,
    stars,
    status,
    sync_status,
    three_statuses,
    token_after,
    too_large,
    uid_elsewhere,
)
from tests.sandbox.caldav.site import MARA, NS, PASSWORD, Json, Site, event, propfind, running


@dataclass(frozen=True)
class Case:
    """What `look` sees at the RFCs' server and with the switch at a value; `more` are settings that go with it."""

    switch: str
    value: Any
    look: Callable[[Site], Any]
    usual: Any
    changed: Any
    more: Json | None = None


FREE_BUSY = f'<C:free-busy-query xmlns:C="{NS["C"]}"/>'
VALID_TOKEN = "D:valid-sync-token"
TEXT = (
    '<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>yoga</C:text-match></C:prop-filter>'
    "</C:comp-filter>"
)
THREE = ["a.ics", "b.ics", "c.ics"]

FRAME = [
    Case("layout", "flat", home_set, "/{dsid}/calendars/", "/mara%40icloud.example/"),
    Case("home_host", "partition", home_set, "/{dsid}/calendars/", "PARTITION/{dsid}/calendars/"),
    Case("hrefs", "entry", href, "/{dsid}/calendars/home/", "ENTRY/{dsid}/calendars/home/"),
    Case("hrefs", "absolute", href, "/{dsid}/calendars/home/", "ENTRY/{dsid}/calendars/home/"),
    Case("href_at", "@", href, "/mara%40icloud.example/home/", "/mara@icloud.example/home/", {"layout": "flat"}),
    Case("entry_calendars", "301", at_entry, 207, 301),
    Case("entry_calendars", "404", at_entry, 207, 404),
    Case("entry_calendars", "421", at_entry, 207, 421),
    Case("moved_status", "404", moved, 421, 404),
    Case("moved_status", "301", moved, 421, 301),
    Case("host_check", True, status("OPTIONS", host="entry", Host="elsewhere.example"), 200, 421),
    Case("well_known", "401", status("PROPFIND", "/.well-known/caldav"), 301, 401),
    Case("well_known", "404", status("PROPFIND", "/.well-known/caldav"), 301, 404),
    Case("challenge", "mobileme", challenge, "Basic", "X-MobileMe-AuthToken"),
    Case("passwords", "app_specific", status("OPTIONS", password=PASSWORD), 200, 401),
    Case("anonymous_root", True, status("PROPFIND", "/", anonymous="yes", depth="0"), 401, 207),
    Case("principal_depth_1", "400", status("PROPFIND", "{principal}", depth="1"), 207, 400),
    Case("depth_infinity", "as_1", status("PROPFIND", "{home}", depth="infinity"), 403, 207),
    Case("allprop_resourcetype", False, everything, True, False),
    Case("principal_name", False, found("D:displayname", "{principal}"), True, False),
    Case("calendar_etag", True, found("D:getetag"), False, True),
    Case("ctag", False, found("CS:getctag"), True, False),
    Case("xml_form", "default", spelling, ("D:response", "CS:getctag>"), ("response", "CS:getctag>")),
    Case("xml_form", "mixed", spelling, ("D:response", "CS:getctag>"), ("response", f'getctag xmlns="{NS["CS"]}">')),
    Case("other_collections", True, listed, ["home"], ["inbox", "outbox", "notification", "home"]),
    Case("other_account", "404", status("PROPFIND", "{paul}", depth="0"), 403, 404),
    Case("scheduling", True, mails, [], ["guest request", "other request", "guest cancel", "other cancel"]),
    Case("busy_every", 1, three_statuses, [200, 200, 200], [200, 503, 503]),
    Case("busy_for", 1, three_statuses, [200, 503, 503], [200, 503, 200], {"busy_every": 1}),
    Case("busy_status", "429", three_statuses, [200, 503, 503], [200, 429, 429], {"busy_every": 1}),
]  # fmt: skip
"""Those of the frame."""

WRITES = [
    Case("component_types", "one", lambda dav: dav.mkcalendar("two", TWO_TYPES).status_code, 201, 400),
    Case("max_calendars", 1, lambda dav: dav.mkcalendar("more").status_code, 201, 403),
    Case("calendar_exists", "405", lambda dav: dav.mkcalendar("home").status_code, 403, 405),
    Case("calendar_exists", "409", lambda dav: dav.mkcalendar("home").status_code, 403, 409),
    Case("colour_names", False, colour, "blue", None),
    Case("names_escaped", True, display_name, "A & B", "A &amp; B"),
    Case("recreated_calendar", "keeps_events", recreated, [], ["a.ics"]),
    Case("event_without_end", "404", put(event(end=None)), 201, 404),
    Case("event_without_end", "403", put(event(end=None)), 201, 403),
    Case("method", "stored", put(event().replace("VERSION", "METHOD:PUBLISH\r\nVERSION", 1)), 403, 201),
    Case("control_characters", "stripped", control_character, (403, False), (201, False)),
    Case("control_characters", "raw", control_character, (403, False), (201, True)),
    Case("invalid_object", "400", put("hello"), 403, 400),
    Case("uid_scope", "account", uid_elsewhere, 201, 403),
    Case("uid_scope", "none", second_uid, (403, "C:no-uid-conflict"), (201, "")),
    Case("uid_conflict", "400", second_uid, (403, "C:no-uid-conflict"), (400, "C:no-uid-conflict")),
    Case("uid_conflict", "412", second_uid, (403, "C:no-uid-conflict"), (412, "C:no-uid-conflict")),
    Case("uid_conflict", "409", second_uid, (403, "C:no-uid-conflict"), (409, "C:no-uid-conflict")),
    Case("uid_condition", "none", second_uid, (403, "C:no-uid-conflict"), (403, "")),
    Case("uid_condition", "unique-scheduling-object-resource", second_uid, (403, "C:no-uid-conflict"),
         (403, "C:unique-scheduling-object-resource")),
    Case("trash_bin", True, put_deleted, 201, 400),
    Case("if_match_star", "inverted", stars, (204, 412), (412, 201)),
    Case("if_match_star", "literal", stars, (204, 412), (412, 412)),
    Case("if_none_match", False, after(put(event()), put(event(), if_none_match="*")), 412, 204),
    Case("put_etag", "never", put_etag, True, False),
    Case("put_etag", "always", put_etag, False, True, {"bodies": "reserialised"}),
    Case("bodies", "reserialised", kept_body, True, False),
    Case("bodies", "amended", kept_body, True, False),
    Case("etags", "weak_compressed", etag_forms, [False, False, False, False], [False, True, False, False]),
    Case("etags", "weak_get", etag_forms, [False, False, False, False], [True, True, False, False]),
    Case("etags", "weak", etag_forms, [False, False, False, False], [True, True, True, True]),
    Case("max_object_bytes", 1000, too_large, (201, ""), (403, "C:max-resource-size")),
    Case("too_large", "412", too_large, (403, "C:max-resource-size"), (412, ""), {"max_object_bytes": 1000}),
    Case("no_parent", "403", lambda dav: dav.put(f"{dav.home}none/a.ics").status_code, 409, 403),
    Case("no_parent", "404", lambda dav: dav.put(f"{dav.home}none/a.ics").status_code, 409, 404),
    Case("too_large", "413", too_large, (403, "C:max-resource-size"), (413, ""), {"max_object_bytes": 1000}),
    Case("delete_status", "200", after(put(event()), status("DELETE", "{calendar}a.ics")), 204, 200),
]  # fmt: skip
"""Those of calendars and objects."""

READS = [
    Case("sync_collection", "403", sync_status(), (207, ""), (403, "D:supported-report")),
    Case("sync_collection", "501", sync_status(), (207, ""), (501, "")),
    *(Case("token_refusal", code, sync_status("bogus"), (403, VALID_TOKEN), (int(code), VALID_TOKEN))
      for code in ("400", "409", "410", "412", "418")),
    Case("token_refusal", "initial", sync_status("bogus"), (403, VALID_TOKEN), (207, "")),
    Case("token_prefix", True, token_after(suffix="-damaged"), 403, 207),
    Case("token_writes", 2, token_after(3), 207, 403),
    Case("deletes_spoil_tokens", True, token_after(deletes=True), 207, 403),
    Case("deleted_at_first", True, after_a_deletion, ["b.ics"], ["a.ics", "b.ics"]),
    Case("lists_itself", True, lambda dav: dav.sync().names, [], [""]),
    Case("limit", "ignored", rows_at_first(2), (["a.ics", "b.ics", 507], False), (THREE, True)),
    Case("limit", "cut_silently", rows_at_first(2), (["a.ics", "b.ics", 507], False), (["a.ics", "b.ics"], True)),
    Case("limit", "refused_first", rows_at_first(2), (["a.ics", "b.ics", 507], False), 507),
    Case("page_size", 2, rows_at_first(), (THREE, True), (["a.ics", "b.ics", 507], True)),
    Case("report_depth", "rfc", sync_status(depth="1"), (207, ""), (400, "")),
    Case("report_depth", "rfc", query_without_depth, ["a.ics"], []),
    Case("multiget_missing", "row_absent", missing_row, [("a.ics", None), ("gone.ics", 404)], [("a.ics", None)]),
    Case("multiget_missing", "whole_404", missing_row, [("a.ics", None), ("gone.ics", 404)], 404),
    Case("unreadable", ["ghost"], bodies_of_four, all_four(), [("a", True), ("b", False), ("c", True), ("d", True)]),
    Case("dropped_rows", 3, bodies_of_four, all_four(), [("a", True), ("b", True), ("d", True)]),
    Case("bodiless_rows", 3, bodies_of_four, all_four(), [("a", True), ("b", True), ("c", False), ("d", True)]),
    Case("multiget_limit", 2, bodies_of_four, all_four(), [("a", True), ("b", True)]),
    Case("multiget_seconds", 30, is_held, False, True),
    Case("multiget_milliseconds", 30_000, is_held, False, True),
    Case("multigets_at_once", 1, second_multiget, 207, 503),
    Case("comp_filter", "empty", query_rows(""), ["a.ics"], []),
    Case("comp_filter", "500", query_rows(""), ["a.ics"], 500),
    Case("text_search", False, query_rows(TEXT), ["a.ics"], []),
    Case("free_busy", "400", status("REPORT", "{calendar}", FREE_BUSY), 403, 400),
    Case("range_marks", True, has_mark, False, True),
]  # fmt: skip
"""Those of reports."""

CASES = [*FRAME, *WRITES, *READS]
ELSEWHERE = {"retry_after", "extra_propstat"}
"""Switches with a test of their own below."""


def _seen(case: Case, **settings: Any) -> tuple[Any, int]:
    with running() as dav:
        dav.switch(**(case.more or {}), **settings)
        seen = case.look(dav)
        return _named(seen, dav), dav.counts[case.switch]


def _named(seen: Any, dav: Site) -> Any:
    return seen.replace(dav.state.accounts[MARA].dsid, "{dsid}") if isinstance(seen, str) else seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.switch}={case.value}")
def test_a_switch_changes_what_is_answered_and_is_counted(case: Case) -> None:
    default = {case.switch: SWITCHES[case.switch].default}
    assert _seen(case, **default) == (case.usual, 0)
    changed, fired = _seen(case, **{case.switch: case.value})
    assert changed == case.changed
    assert fired > 0


def test_every_switch_and_every_value_has_its_case() -> None:
    tried = {(case.switch, str(case.value)) for case in CASES}
    assert {name for name, _ in tried} | ELSEWHERE == set(SWITCHES)
    listed_values = {
        (name, str(value))
        for name, switch in SWITCHES.items()
        if name not in ELSEWHERE
        for value in switch.allowed
        if value != switch.default
    }
    assert sorted(listed_values - tried) == []


def test_a_second_propstat_repeats_what_was_found_as_empty_elements(dav: Site) -> None:
    dav.switch(extra_propstat="repeats")
    reply = dav.call("PROPFIND", dav.calendar, propfind("D:displayname"), depth="0")
    found, missing = etree.fromstring(reply.content).iterfind(".//D:propstat", NS)
    assert found.findtext("D:prop/D:displayname", None, NS) == "Home"
    assert missing.findtext("D:status", None, NS) == "HTTP/1.1 404 Not Found"
    assert missing.findtext("D:prop/D:displayname", None, NS) == ""


def test_a_bare_propstat_has_neither_properties_nor_status(dav: Site) -> None:
    dav.switch(extra_propstat="bare")
    reply = dav.call("PROPFIND", dav.calendar, propfind("D:displayname"), depth="0")
    _, bare = etree.fromstring(reply.content).iterfind(".//D:propstat", NS)
    assert [(child.tag, len(child)) for child in bare] == [("{DAV:}prop", 0)]


@pytest.mark.parametrize(("seconds", "header"), [(7, "7"), (0, None)])
def test_a_busy_server_says_when_to_come_again(dav: Site, seconds: int, header: str | None) -> None:
    dav.switch(busy_every=1, retry_after=seconds)
    dav.call("OPTIONS", "/")
    reply = dav.call("OPTIONS", "/")
    assert (reply.status_code, reply.headers.get("retry-after")) == (503, header)
