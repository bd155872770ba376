"""Who may ask, where: passwords, discovery from host to host, accounts that move."""

from collections.abc import Iterator

import pytest

from tests.sandbox.caldav.site import APP_PASSWORD, MARA, PASSWORD, PAUL, Site, answer, propfind, running

LOOKING = propfind("D:current-user-principal", "C:calendar-home-set", "D:resourcetype", "D:displayname")


def asked(dav: Site, password: str = APP_PASSWORD) -> int:
    return dav.call("PROPFIND", "/", LOOKING, depth="0", password=password).status_code


@pytest.fixture
def icloud() -> Iterator[Site]:
    with running("icloud") as site:
        yield site


def test_discovery_leads_from_the_entry_host_to_the_partition(icloud: Site) -> None:
    (root,) = answer(icloud.call("PROPFIND", "/", LOOKING, depth="0")).rows
    principal = root.props["D:current-user-principal"]
    (found,) = answer(icloud.call("PROPFIND", principal, LOOKING, depth="0")).rows
    home = found.props["C:calendar-home-set"]
    assert home == f"{icloud.state.urls['partition-1']}{icloud.home}"
    assert icloud.state.urls["partition-1"] != icloud.state.urls["entry"] == icloud.server.base_url
    rows = answer(icloud.call("PROPFIND", home, LOOKING, depth="1")).rows
    calendars = [row for row in rows if "C:calendar" in row.props["D:resourcetype"]]
    assert [row.props["D:displayname"] for row in calendars] == ["Home"]
    assert calendars[0].href == f"{icloud.server.base_url}{icloud.calendar}"


def test_the_well_known_address_leads_to_the_root_without_credentials(dav: Site) -> None:
    reply = dav.call("PROPFIND", "/.well-known/caldav", anonymous="yes", depth="0")
    assert (reply.status_code, reply.headers["location"]) == (301, f"{dav.server.base_url}/")


def test_the_realm_and_the_schemes_of_a_401_are_icloud_s(icloud: Site) -> None:
    reply = icloud.call("PROPFIND", "/", LOOKING, depth="0", password=PASSWORD)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'X-MobileMe-AuthToken realm="MMCalDav", Basic realm="MMCalDav"'


def test_an_account_that_has_moved_is_found_again_by_discovery(icloud: Site) -> None:
    before = answer(icloud.call("PROPFIND", icloud.principal, LOOKING, depth="0")).rows[0].props["C:calendar-home-set"]
    icloud.hands.move_partition()
    assert icloud.call("PROPFIND", before, LOOKING, depth="1").status_code == 421
    after = answer(icloud.call("PROPFIND", icloud.principal, LOOKING, depth="0")).rows[0].props["C:calendar-home-set"]
    assert after == before.replace(icloud.state.urls["partition-1"], icloud.state.urls["partition-2"])
    assert icloud.call("PROPFIND", after, LOOKING, depth="1").status_code == 207


def test_an_account_moves_over_http_and_back(icloud: Site) -> None:
    base = f"{icloud.server.base_url}/_sandbox/accounts/move"
    assert icloud.client.post(base, json={"account": MARA}).json()["host"] == "partition-2"
    assert icloud.client.post(base, json={"account": MARA}).json()["host"] == "partition-1"


def test_a_new_own_password_ends_the_app_specific_ones(dav: Site) -> None:
    assert asked(dav) == 207
    dav.hands.change_password("changed")
    assert (asked(dav), asked(dav, PASSWORD), asked(dav, "changed")) == (401, 401, 207)


def test_an_app_specific_password_can_be_revoked_and_another_made(dav: Site) -> None:
    dav.hands.add_app_password("next-pass-word-here")
    dav.hands.revoke_app_password(APP_PASSWORD)
    assert (asked(dav), asked(dav, "next-pass-word-here")) == (401, 207)


def test_a_disabled_account_is_refused_whatever_the_password(dav: Site) -> None:
    dav.client.post(f"{dav.server.base_url}/_sandbox/accounts", json={"account": MARA, "enabled": False})
    assert (asked(dav), asked(dav, PASSWORD)) == (401, 401)


def test_another_persons_things_cannot_be_reached(dav: Site) -> None:
    others = dav.at.home_path(dav.state.accounts[PAUL])
    for method in ("PROPFIND", "REPORT", "GET", "PUT", "DELETE", "MKCALENDAR"):
        assert dav.call(method, f"{others}x/", depth="0").status_code == 403


def test_every_request_but_the_well_known_address_needs_credentials(dav: Site) -> None:
    for method in ("OPTIONS", "PROPFIND", "REPORT", "GET", "PUT", "DELETE", "MKCALENDAR", "PROPPATCH"):
        reply = dav.call(method, dav.calendar, anonymous="yes", depth="0")
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Basic realm="Calendars"')


def test_a_stray_path_is_404(dav: Site) -> None:
    for path in ("/nobody/calendars/", f"{dav.principal}more/", f"{dav.calendar}a/b", f"{dav.home}../x/"):
        assert dav.call("PROPFIND", path, LOOKING, depth="0").status_code == 404
