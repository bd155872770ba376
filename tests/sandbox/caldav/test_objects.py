"""Objects one at a time: preconditions, what is refused, versions (RFC 9110, 13; RFC 4791, 5.3)."""

import pytest

from tests.sandbox.caldav.site import Site, condition, event

TODO = event(kind="VTODO")
TWO_UIDS = event().replace("END:VCALENDAR\r\n", "") + event(uid="uid-2").partition("EN\r\n")[2]
SERIES = event("RRULE:FREQ=WEEKLY;COUNT=3")
OVERRIDE = event("RECURRENCE-ID:20261201T090000Z").partition("EN\r\n")[2]
WHOLE = SERIES.replace("END:VCALENDAR\r\n", "") + OVERRIDE


def test_an_object_comes_back_byte_for_byte_with_the_etag_of_its_put(dav: Site) -> None:
    made = dav.put("a.ics", event("X-OTHER;P=1:kept", "DESCRIPTION:ä 😀\\n"))
    read = dav.get()
    assert (made.status_code, read.text) == (201, event("X-OTHER;P=1:kept", "DESCRIPTION:ä 😀\\n"))
    assert made.headers["etag"] == read.headers["etag"] == dav.multiget("a.ics").row("a.ics").props["D:getetag"]


def test_a_series_with_its_overrides_is_one_object(dav: Site) -> None:
    assert dav.put("a.ics", WHOLE).status_code == 201
    assert dav.stored() == WHOLE


def test_an_update_needs_the_etag_of_the_present_version(dav: Site) -> None:
    first = dav.put("a.ics", event()).headers["etag"]
    second = dav.put("a.ics", event("LOCATION:Hall"), if_match=first)
    assert (second.status_code, second.headers["etag"] != first) == (204, True)
    assert dav.put("a.ics", event("LOCATION:Room"), if_match=first).status_code == 412
    assert "Hall" in dav.stored()


def test_a_weak_etag_never_matches(dav: Site) -> None:
    etag = dav.put("a.ics", event()).headers["etag"]
    assert dav.put("a.ics", event("LOCATION:Hall"), if_match=f"W/{etag}").status_code == 412
    assert dav.put("a.ics", event("LOCATION:Hall"), if_match=f'"other", {etag}').status_code == 204


def test_if_none_match_keeps_what_is_there(dav: Site) -> None:
    assert dav.put("a.ics", event(), if_none_match="*").status_code == 201
    assert dav.put("a.ics", event("LOCATION:Hall"), if_none_match="*").status_code == 412
    assert dav.stored() == event()


def test_the_same_bytes_again_leave_version_and_etag(dav: Site) -> None:
    first = dav.put("a.ics", event()).headers["etag"]
    token = dav.sync().token
    assert dav.put("a.ics", event(), if_match=first).headers["etag"] == first
    assert (dav.sync(token).names, dav.sync().token) == ([], token)


def test_the_same_bytes_again_leave_the_version_where_bodies_are_amended_too(dav: Site) -> None:
    dav.switch(bodies="amended")
    dav.put("a.ics", event())
    token = dav.sync().token
    dav.clock.advance(60)
    assert dav.put("a.ics", event()).status_code == 204
    assert dav.sync(token).names == []


def test_a_get_of_a_known_version_has_no_body(dav: Site) -> None:
    etag = dav.put("a.ics", event()).headers["etag"]
    assert dav.get(if_none_match=etag).status_code == 304
    head = dav.call("HEAD", f"{dav.calendar}a.ics")
    assert (head.status_code, head.headers["etag"], head.content) == (200, etag, b"")
    assert head.headers["content-length"] == str(len(event()))


def test_a_deletion_needs_the_version_that_it_names(dav: Site) -> None:
    etag = dav.put("a.ics", event()).headers["etag"]
    assert dav.delete(if_match='"stale"').status_code == 412
    assert dav.delete(if_match=etag).status_code == 204
    assert (dav.delete().status_code, dav.delete(if_match=etag).status_code) == (404, 404)


def test_a_deleted_object_can_be_made_again(dav: Site) -> None:
    first = dav.put("a.ics", event()).headers["etag"]
    dav.delete()
    again = dav.put("a.ics", event(), if_none_match="*")
    assert (again.status_code, again.headers["etag"] != first) == (201, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hello", "C:valid-calendar-data"),
        ("", "C:valid-calendar-data"),
        (event()[:150], "C:valid-calendar-data"),
        (event() + event(), "C:valid-calendar-data"),
        (TWO_UIDS, "C:valid-calendar-data"),
        (event().replace("UID:uid-1\r\n", ""), "C:valid-calendar-data"),
        (event().replace("DTSTART:20261124T090000Z\r\n", ""), "C:valid-calendar-data"),
        (event().replace("END:VEVENT", "END:VTODO"), "C:valid-calendar-data"),
        (b"\xff\xfe", "C:valid-calendar-data"),
        (TODO, "C:supported-calendar-component"),
        (event().replace("VERSION", "METHOD:REQUEST\r\nVERSION", 1), "C:valid-calendar-object-resource"),
    ],
)
def test_what_is_no_object_of_this_calendar_is_refused(dav: Site, text: str | bytes, named: str) -> None:
    reply = dav.put("a.ics", text)
    assert (reply.status_code, condition(reply)) == (403, named)
    assert dav.hands.objects() == {}


def test_another_media_type_is_refused(dav: Site) -> None:
    reply = dav.put("a.ics", event(), content_type="application/json")
    assert (reply.status_code, condition(reply)) == (403, "C:supported-calendar-data")


def test_an_object_cannot_change_its_uid(dav: Site) -> None:
    dav.put("a.ics", event(uid="one"))
    reply = dav.put("a.ics", event(uid="two"))
    assert (reply.status_code, condition(reply)) == (403, "C:no-uid-conflict")
    assert "UID:one" in dav.stored()


def test_a_duration_is_an_end(dav: Site) -> None:
    dav.switch(event_without_end="404")
    assert dav.put("a.ics", event("DURATION:PT1H", end=None)).status_code == 201
    assert dav.put("b.ics", event(uid="b", end=None)).status_code == 404


def test_an_amended_object_has_other_bytes_and_no_etag_in_its_put(dav: Site) -> None:
    dav.switch(bodies="amended")
    made = dav.put("a.ics", event("X-OTHER:kept"))
    assert "etag" not in made.headers
    lines = set(dav.stored().split("\r\n"))
    assert {"SUMMARY:Yoga", "X-OTHER:kept", "UID:uid-1", "DTSTAMP:20261120T120000Z"} <= lines
    assert "PRODID:-//outside//EN" not in lines


def test_a_re_serialised_object_has_the_same_lines_in_another_order_and_fold(dav: Site) -> None:
    dav.switch(bodies="reserialised", put_etag="always")
    text = event("DESCRIPTION:" + "ä" * 100)
    made = dav.put("a.ics", text)
    stored = dav.stored()
    assert made.headers["etag"] == dav.get().headers["etag"]
    assert stored != text
    assert sorted(stored.replace("\r\n ", "").split("\r\n")) == sorted(text.split("\r\n"))
    assert all(len(line.encode()) <= 75 for line in stored.split("\r\n"))
