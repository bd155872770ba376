"""Calendars and properties: MKCALENDAR, PROPPATCH, PROPFIND, DELETE (RFC 4918, RFC 4791)."""

import pytest

from tests.sandbox.caldav.site import SPACES, Site, answer, condition, event, propfind, set_to

STUDIO = (
    "<D:displayname>Studio &amp; more</D:displayname><A:calendar-color>#0F766EFF</A:calendar-color>"
    "<A:calendar-order>7</A:calendar-order>"
    '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
)
ABOUT = (
    "D:displayname",
    "A:calendar-color",
    "A:calendar-order",
    "C:supported-calendar-component-set",
    "D:resourcetype",
)


def test_a_calendar_is_made_with_its_properties(dav: Site) -> None:
    assert dav.mkcalendar("studio", STUDIO).status_code == 201
    (row,) = dav.propfind(f"{dav.home}studio/", *ABOUT).rows
    assert row.props == {
        "D:displayname": "Studio & more",
        "A:calendar-color": "#0F766EFF",
        "A:calendar-order": "7",
        "C:supported-calendar-component-set": "VEVENT",
        "D:resourcetype": "D:collection C:calendar",
    }


def test_a_calendar_without_named_types_takes_all(dav: Site) -> None:
    dav.call("MKCALENDAR", f"{dav.home}plain/")
    (row,) = dav.propfind(f"{dav.home}plain/", "C:supported-calendar-component-set").rows
    assert row.props["C:supported-calendar-component-set"] == "VEVENT VTODO VJOURNAL"


def test_a_second_calendar_at_one_address_is_refused_and_changes_nothing(dav: Site) -> None:
    dav.put_all("a.ics")
    reply = dav.mkcalendar("home", "<D:displayname>Other</D:displayname>")
    assert (reply.status_code, condition(reply)) == (403, "D:resource-must-be-null")
    assert (list(dav.hands.objects()), "Home" in str(dav.hands.props())) == (["a.ics"], True)


@pytest.mark.parametrize(
    ("props", "code", "named"),
    [
        ("<D:getetag>x</D:getetag>", 403, "D:cannot-modify-protected-property"),
        (STUDIO.replace("VEVENT", "VWHATEVER"), 403, "C:supported-calendar-component"),
    ],
)
def test_a_calendar_with_a_bad_property_is_not_made(dav: Site, props: str, code: int, named: str) -> None:
    reply = dav.mkcalendar("studio", props)
    assert (reply.status_code, condition(reply)) == (code, named)
    assert dav.state.calendar(dav.hands.account, "studio") is None


def test_a_calendar_can_only_lie_in_a_home(dav: Site) -> None:
    for path in (f"{dav.calendar}inner/", dav.home, dav.principal):
        reply = dav.call("MKCALENDAR", path)
        assert (reply.status_code, condition(reply)) == (403, "C:calendar-collection-location-ok")


def test_properties_are_set_and_removed_together(dav: Site) -> None:
    (row,) = dav.proppatch(
        set_to("<A:calendar-order>3</A:calendar-order>"), "<D:remove><D:prop><D:displayname/></D:prop></D:remove>"
    ).rows
    assert set(row.props) == {"A:calendar-order", "D:displayname"}
    (now,) = dav.propfind(dav.calendar, *ABOUT).rows
    assert (now.props["A:calendar-order"], "D:displayname" in now.missing) == ("3", True)


def test_a_protected_property_refuses_all_of_a_change(dav: Site) -> None:
    reply = dav.proppatch(set_to("<D:getetag>x</D:getetag>"), set_to("<D:displayname>Other</D:displayname>"))
    assert reply.rows[0].props == {}
    assert dav.propfind(dav.calendar, "D:displayname").rows[0].props["D:displayname"] == "Home"


def test_a_read_only_calendar_says_so_and_refuses_every_write(dav: Site) -> None:
    dav.put_all("a.ics")
    dav.hands.share(writable=False)
    (row,) = dav.propfind(dav.calendar, "D:current-user-privilege-set").rows
    assert "D:write" not in row.props["D:current-user-privilege-set"]
    replies = [dav.put("a.ics"), dav.delete(), dav.call("DELETE", dav.calendar)]
    assert [(reply.status_code, condition(reply)) for reply in replies] == [(403, "D:need-privileges")] * 3
    assert dav.get().status_code == 200


def test_what_is_not_there_is_named_in_a_propstat_of_404(dav: Site) -> None:
    (row,) = dav.propfind(dav.principal, "D:displayname", "CS:getctag").rows
    assert (row.props, row.missing) == ({"D:displayname": "Mara Lenz"}, {"CS:getctag"})


def test_an_empty_body_asks_for_all_properties_of_rfc_4918(dav: Site) -> None:
    (row,) = answer(dav.call("PROPFIND", dav.calendar, depth="0")).rows
    assert set(row.props) == {"D:resourcetype", "D:displayname"}


def test_propname_tells_names_alone(dav: Site) -> None:
    body = f"<D:propfind {SPACES}><D:propname/></D:propfind>"
    (row,) = answer(dav.call("PROPFIND", dav.calendar, body, depth="0")).rows
    assert row.props == {"D:resourcetype": "", "D:displayname": ""}


def test_depth_1_shows_what_is_inside_and_depth_0_does_not(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics")
    assert dav.propfind(dav.calendar, "D:getetag").names == [""]
    assert dav.propfind(dav.calendar, "D:getetag", depth="1").names == ["", "a.ics", "b.ics"]


def test_a_listing_without_depth_is_infinite_and_refused(dav: Site) -> None:
    reply = dav.call("PROPFIND", dav.home, propfind("D:displayname"))
    assert (reply.status_code, condition(reply)) == (403, "D:propfind-finite-depth")


def test_ctag_and_token_change_with_every_change_and_with_nothing_else(dav: Site) -> None:
    def both() -> tuple[str, str]:
        (row,) = dav.propfind(dav.calendar, "CS:getctag", "D:sync-token").rows
        return row.props["CS:getctag"], row.props["D:sync-token"]

    seen = [both()]
    dav.get("none.ics")
    assert both() == seen[0]
    for text in (event(), event("LOCATION:Hall"), None):
        reply = dav.delete() if text is None else dav.put("a.ics", text)
        assert reply.status_code < 300
        seen.append(both())
    assert len(set(seen)) == 4
    assert seen[-1][1] == dav.sync().token


def test_a_deleted_calendar_is_gone_for_every_verb(dav: Site) -> None:
    dav.put_all("a.ics")
    assert dav.call("DELETE", dav.calendar).status_code == 204
    asked = [dav.call("PROPFIND", dav.calendar, depth="0"), dav.report("<x/>"), dav.get(), dav.delete()]
    assert [reply.status_code for reply in asked] == [404, 404, 404, 404]
    assert dav.put("a.ics").status_code == 409


def test_options_tell_what_the_server_can(dav: Site) -> None:
    reply = dav.call("OPTIONS", dav.calendar)
    assert "calendar-access" in reply.headers["dav"]
    assert "calendar-auto-schedule" not in reply.headers["dav"]
    assert {"MKCALENDAR", "REPORT", "PUT"} <= set(reply.headers["allow"].split(", "))


def test_a_verb_that_there_is_not_is_405(dav: Site) -> None:
    assert dav.call("MKCOL", f"{dav.home}x/").status_code == 405
