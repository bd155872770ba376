"""Whatever a client sends is answered, and nothing outside the request is read for it."""

from itertools import product

import pytest

from tests.sandbox.caldav.site import SPACES, Site, answer, event, multiget, propfind, query, sync

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
METHODS = ("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "PUT", "GET", "HEAD", "DELETE", "OPTIONS", "MKCOL", "BREW")
PATHS = (
    "/",
    "{home}",
    "{calendar}",
    "{calendar}a.ics",
    "{home}none/",
    "/%2e%2e/",
    "/%ff/calendars/",
    "{home}a%2Fb/",
    "//",
)
BODIES = (
    "",
    "<broken",
    "<D:propfind xmlns:D='DAV:'/>",
    f"<D:propfind {SPACES}><D:allprop/></D:propfind>",
    f"<D:propfind {SPACES}><D:propname/></D:propfind>",
    f"<D:propfind {SPACES}><?pi x?><D:prop><?pi x?><!-- c --><x/></D:prop></D:propfind>",
    f"<D:propertyupdate {SPACES}><D:set><D:prop><x>&#x10FFFF;</x></D:prop></D:set></D:propertyupdate>",
    f"<D:propertyupdate {SPACES}><D:remove/></D:propertyupdate>",
    f"<D:sync-collection {SPACES}/>",
    sync("\u20ac"),
    multiget("http://[", "", "/%00", "{calendar}a.ics", "\u20ac"),
    query(""),
    query('<C:comp-filter name="VEVENT"><C:time-range start="yesterday"/></C:comp-filter>'),
    query('<C:comp-filter name="VEVENT"><C:time-range/></C:comp-filter>'),
    query('<C:comp-filter name="VEVENT"><C:time-range start="99991231T235959Z"/></C:comp-filter>'),
    query('<C:comp-filter name="VEVENT"><C:time-range end="00010101T000000Z"/></C:comp-filter>'),
    query('<C:comp-filter name="VEVENT"><C:prop-filter><C:param-filter name="X"/></C:prop-filter></C:comp-filter>'),
    query('<C:comp-filter name="VEVENT"/>', "<C:calendar-data><C:expand/></C:calendar-data>"),
    query(
        '<C:comp-filter name="VEVENT"/>',
        '<C:calendar-data><C:expand start="20270101T000000Z" end="20260101T000000Z"/></C:calendar-data>',
    ),
    f"<C:free-busy-query {SPACES}/>",
    event(),
    event("RRULE:FREQ=SECONDLY"),
    event("RRULE:nonsense", "DTSTART:never"),
    event("BEGIN:" + "X" * 100),
)
XML_METHODS = ("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "PUT")
XML_PATHS = ("{calendar}", "{calendar}a.ics", "{home}")
BARE = list(product(METHODS, PATHS, ("",)))
FULL = list(product(XML_METHODS, XML_PATHS, BODIES))


@pytest.mark.parametrize("profile", ["strict", "icloud", "radicale"])
def test_any_request_is_answered_without_a_failure_of_the_server(dav: Site, profile: str) -> None:
    dav.state.switches.take(profile)
    answered = set()
    for number, (method, path, body) in enumerate(BARE + FULL):
        if dav.state.calendar(dav.hands.account, "home") is None:
            dav.hands.make_calendar("home")
            dav.hands.put("a.ics", event())
            dav.hands.put("odd.ics", b"\xff\xfe no calendar")
        sent, at = body.replace("{calendar}", dav.calendar), path.format(home=dav.home, calendar=dav.calendar)
        reply = dav.call(method, at, sent.encode(), depth="01x"[number % 3], if_match=("*", "x", '"y"', "")[number % 4])
        assert reply.status_code < 500, (method, at, sent)
        answered.add(reply.status_code)
    assert {207, 400, 403, 404, 405, 412} <= answered


@pytest.mark.parametrize("doctype", [ENTITIES, EXTERNAL])
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PROPPATCH"])
def test_a_body_with_a_document_type_is_refused(dav: Site, doctype: str, method: str) -> None:
    body = f'{doctype}<D:propfind xmlns:D="DAV:"><D:prop><D:displayname>&a;</D:displayname></D:prop></D:propfind>'
    assert dav.call(method, dav.calendar, body, depth="0").status_code == 400
    assert (
        dav.call("PROPFIND", dav.calendar, body.replace(doctype, "").replace("&a;", ""), depth="0").status_code == 207
    )


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic bWFyYQ==", "Bearer x", "Digest username=mara", "Basic /w=="]
)
def test_credentials_of_any_other_form_are_none(dav: Site, header: str) -> None:
    reply = dav.call("PROPFIND", dav.home, propfind("D:displayname"), anonymous="yes", authorization=header, depth="0")
    assert reply.status_code == 401


def test_a_stored_text_that_is_no_utf_8_is_still_told_as_xml(dav: Site) -> None:
    dav.hands.put("odd.ics", b"BEGIN:VCALENDAR\r\n\xff\r\nEND:VCALENDAR\r\n")
    assert "\ufffd" in dav.multiget("odd.ics").row("odd.ics").props["C:calendar-data"]


def test_rows_and_names_survive_every_character_of_a_file_name(dav: Site) -> None:
    names = ["a b.ics", "ä€😀.ics", "a&b<c>.ics", "%41.ics", "a+b@c.ics", "#?.ics"]
    for name in names:
        dav.hands.put(name, event(uid=name))
    told = dav.sync()
    assert sorted(told.names) == sorted(names)
    again = answer(dav.report(multiget(*(row.href for row in told.rows))))
    assert sorted(again.names) == sorted(names)
    assert all("C:calendar-data" in row.props for row in again.rows)
