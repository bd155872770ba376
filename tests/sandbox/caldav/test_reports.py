"""Many objects at once: changes since a token, bodies, queries (RFC 6578; RFC 4791, 7)."""

import pytest

from tests.sandbox.caldav.site import Site, answer, condition, event, in_range, query, sync

ALL = '<C:comp-filter name="VEVENT"/>'
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
EXPAND = '<C:calendar-data><C:expand start="20261201T000000Z" end="20261231T000000Z"/></C:calendar-data>'


def prop_filter(name: str, inner: str) -> str:
    return f'<C:comp-filter name="VEVENT"><C:prop-filter name="{name}">{inner}</C:prop-filter></C:comp-filter>'


def test_a_token_leads_to_what_has_changed_since(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics", "c.ics")
    first = dav.sync()
    assert first.names == ["a.ics", "b.ics", "c.ics"]
    dav.put("b.ics", event("LOCATION:Hall", uid="uid-b.ics"))
    dav.delete("a.ics")
    dav.put_all("d.ics")
    later = dav.sync(first.token)
    assert (later.names, later.removed) == (["b.ics", "a.ics", "d.ics"], ["a.ics"])
    assert later.row("b.ics").props["D:getetag"] == dav.get("b.ics").headers["etag"]
    assert dav.sync(later.token).names == []


def test_a_first_answer_names_what_is_there_alone(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics")
    dav.delete("a.ics")
    assert dav.sync().names == ["b.ics"]


def test_pages_have_everything_once_in_the_order_of_change(dav: Site) -> None:
    dav.switch(page_size=2)
    dav.put_all("a.ics", "b.ics", "c.ics", "d.ics", "e.ics")
    pages, token = [], ""
    for _ in range(3):
        told = dav.sync(token)
        token = told.token
        pages.append([row.status or row.name for row in told.rows])
    assert pages == [["a.ics", "b.ics", 507], ["c.ics", "d.ics", 507], ["e.ics"]]
    assert dav.sync(token).names == []


def test_the_row_of_a_cut_names_the_calendar_and_why(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics")
    (row,) = [row for row in dav.sync(limit=1).rows if row.status == 507]
    assert (row.href, row.condition) == (dav.calendar, "D:number-of-matches-within-limits")


def test_a_token_of_another_calendar_is_refused(dav: Site) -> None:
    dav.hands.make_calendar("other")
    foreign = answer(dav.report(sync(), f"{dav.home}other/")).token
    reply = dav.report(sync(foreign))
    assert (reply.status_code, condition(reply)) == (403, "D:valid-sync-token")


def test_a_token_is_forgotten_by_changes_after_it_was_given_and_not_by_those_before(dav: Site) -> None:
    dav.switch(token_writes=2, page_size=1)
    dav.put_all("a.ics", "b.ics", "c.ics", "d.ics")
    old = dav.sync().token
    assert dav.sync(old).names == ["b.ics", ""]
    for name in ("e.ics", "f.ics", "g.ics"):
        dav.put(name)
    assert dav.report(sync(old)).status_code == 403


def test_a_refused_token_taken_as_initial_tells_no_deletion(dav: Site) -> None:
    dav.switch(token_refusal="initial", token_writes=1)
    dav.put_all("a.ics", "b.ics")
    token = dav.sync().token
    dav.delete("a.ics")
    dav.put_all("c.ics")
    assert dav.sync(token).names == ["b.ics", "c.ics"]


def test_rows_left_out_are_there_when_asked_alone(dav: Site) -> None:
    dav.switch(dropped_rows=2)
    dav.put_all("a.ics", "b.ics", "c.ics")
    assert dav.multiget("a.ics", "b.ics", "c.ics").names == ["a.ics", "c.ics"]
    assert dav.multiget("b.ics").names == ["b.ics"]


def test_an_object_of_another_calendar_is_not_there(dav: Site) -> None:
    dav.hands.make_calendar("other")
    dav.put(f"{dav.home}other/b.ics")
    assert dav.multiget(f"{dav.home}other/b.ics").row("b.ics").status == 404


def test_addresses_are_understood_with_a_host_and_in_any_encoding(dav: Site) -> None:
    dav.hands.put("a@b.ics", event())
    asked = (f"{dav.server.base_url}{dav.calendar}a%40b.ics", f"{dav.calendar}a@b.ics")
    assert [row.status for row in dav.multiget(*asked).rows] == [None, None]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("20261124T080000Z", "20261124T090000Z", False),
        ("20261124T080000Z", "20261124T090001Z", True),
        ("20261124T095959Z", "20261124T110000Z", True),
        ("20261124T100000Z", "20261124T110000Z", False),
    ],
)
def test_a_time_range_is_half_open(dav: Site, start: str, end: str, found: bool) -> None:
    dav.put("a.ics", event())
    assert bool(dav.query(in_range(start, end)).names) is found


def test_an_event_that_takes_no_time_is_found_where_it_begins(dav: Site) -> None:
    dav.put("a.ics", event(end="DTEND:20261124T090000Z"))
    assert dav.query(in_range("20261124T090000Z", "20261124T090001Z")).names == ["a.ics"]
    assert dav.query(in_range("20261124T080000Z", "20261124T090000Z")).names == []


def test_a_series_is_found_by_any_of_its_occurrences_and_told_whole(dav: Site) -> None:
    dav.put("a.ics", event(WEEKLY))
    (row,) = dav.query(in_range("20261208T000000Z", "20261209T000000Z")).rows
    assert row.props["C:calendar-data"] == event(WEEKLY)
    assert dav.query(in_range("20261209T000000Z", "20270101T000000Z")).names == []


def test_a_range_open_on_one_side(dav: Site) -> None:
    dav.put("a.ics", event(WEEKLY))
    dav.put("endless.ics", event("RRULE:FREQ=DAILY", uid="endless"))
    opened = '<C:comp-filter name="VEVENT"><C:time-range {}/></C:comp-filter>'
    assert dav.query(opened.format('start="20300101T000000Z"')).names == ["endless.ics"]
    assert dav.query(opened.format('end="20261124T000000Z"')).names == []


def test_an_expanded_series_has_its_occurrences_in_utc_and_no_rule(dav: Site) -> None:
    text = event(WEEKLY, "EXDATE:20261201T090000Z")
    dav.put("a.ics", text.replace("DTSTART:20261124T090000Z", "DTSTART;TZID=Europe/Berlin:20261124T100000"))
    (row,) = dav.query(in_range("20261201T000000Z", "20261231T000000Z"), EXPAND).rows
    text = row.props["C:calendar-data"]
    assert text.count("BEGIN:VEVENT") == 1
    assert "DTSTART:20261208T090000Z" in text
    assert "RECURRENCE-ID:20261208T090000Z" in text
    assert "RRULE" not in text


def test_a_plain_event_expanded_has_no_recurrence_id(dav: Site) -> None:
    dav.put("a.ics", event().replace("20261124", "20261205"))
    (row,) = dav.query(ALL, EXPAND).rows
    assert "DTSTART:20261205T090000Z" in row.props["C:calendar-data"]
    assert "RECURRENCE-ID" not in row.props["C:calendar-data"]


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("<C:text-match>YOGA</C:text-match>", True),
        ('<C:text-match collation="i;octet">YOGA</C:text-match>', False),
        ("<C:text-match>pilates</C:text-match>", False),
        ('<C:text-match negate-condition="yes">pilates</C:text-match>', True),
        ("<C:is-not-defined/>", False),
        ("", True),
    ],
)
def test_a_filter_on_a_property(dav: Site, inner: str, found: bool) -> None:
    dav.put("a.ics", event())
    assert bool(dav.query(prop_filter("SUMMARY", inner)).names) is found


def test_filters_inside_one_another_hold_together(dav: Site) -> None:
    dav.put("a.ics", event())
    alarm = '<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM">{}</C:comp-filter></C:comp-filter>'
    assert dav.query(alarm.format("")).names == []
    assert dav.query(alarm.format("<C:is-not-defined/>")).names == ["a.ics"]
    assert dav.query('<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>').names == ["a.ics"]


@pytest.mark.parametrize(
    "inner",
    [
        prop_filter("DTSTART", '<C:time-range start="20260101T000000Z"/>'),
        prop_filter("SUMMARY", '<C:param-filter name="LANGUAGE"/>'),
        '<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:time-range/></C:comp-filter></C:comp-filter>',
    ],
)
def test_a_filter_that_is_not_supported_is_refused(dav: Site, inner: str) -> None:
    dav.put("a.ics", event())
    reply = dav.report(query(inner), depth="1")
    assert (reply.status_code, condition(reply)) == (403, "C:supported-filter")


def test_a_report_that_there_is_not_is_refused(dav: Site) -> None:
    reply = dav.report('<x xmlns="DAV:"/>')
    assert (reply.status_code, condition(reply)) == (403, "D:supported-report")
