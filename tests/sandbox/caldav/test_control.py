"""Profiles of switches, and the routes of the sandbox alone."""

import httpx
import pytest

from syncd.sandbox.caldav import PROFILES
from syncd.sandbox.caldav.profiles import MEANING
from syncd.sandbox.caldav.switches import SWITCHES
from tests.sandbox.caldav.looks import GUEST
from tests.sandbox.caldav.site import MARA, Json, Site, answer, event, multiget, running, sync


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_serves_a_calendar_from_making_it_to_its_end(profile: str) -> None:
    with running(profile) as dav:
        dav.switch(busy_every=0)
        host = dav.hands.account.host if dav.state.switches["home_host"] == "partition" else "entry"
        assert dav.call("MKCALENDAR", f"{dav.home}new/", host=host).status_code == 201
        assert dav.call("PUT", f"{dav.home}new/a.ics", event(), host=host).status_code == 201
        (row,) = answer(dav.report(multiget(f"{dav.home}new/a.ics"), f"{dav.home}new/", host=host)).rows
        assert "SUMMARY:Yoga" in row.props["C:calendar-data"]
        assert dav.call("DELETE", f"{dav.home}new/a.ics", host=host).status_code in (200, 204)
        assert dav.call("DELETE", f"{dav.home}new/", host=host).status_code in (200, 204)
        told = dav.state.switches.to_json()
    assert set(PROFILES[profile]) >= set(told["fired"]) - {"busy_every"}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_settings_of_a_profile_are_values_of_switches_other_than_the_default(profile: str) -> None:
    for name, value in PROFILES[profile].items():
        assert SWITCHES[name].accepts(value), name
        assert value != SWITCHES[name].default, name


def test_every_profile_says_what_it_shows() -> None:
    assert set(MEANING) == set(PROFILES)


def test_every_switch_says_what_it_means_and_from_what_it_is_known() -> None:
    assert [name for name, switch in SWITCHES.items() if not switch.meaning or not switch.evidence] == []


def control(dav: Site, method: str, path: str, body: Json | None = None) -> httpx.Response:
    return dav.client.request(method, f"{dav.server.base_url}/_sandbox{path}", json=body)


def test_switches_are_listed_with_meaning_evidence_and_count(dav: Site) -> None:
    dav.switch(well_known="404")
    dav.call("PROPFIND", "/.well-known/caldav")
    told = control(dav, "GET", "/switches").json()
    assert set(told["switches"]) == set(SWITCHES)
    assert told["known"]["well_known"]["evidence"] == "R 6764; I vdirsyncer#855"
    assert (told["known"]["limit"]["careless"], told["known"]["hrefs"]["careless"]) == (True, False)
    assert (told["profile"], told["fired"]) == ("strict", {"well_known": 1})


def test_a_switch_that_is_set_and_never_met_is_listed_with_0(dav: Site) -> None:
    dav.switch(trash_bin=True)
    assert control(dav, "GET", "/switches").json()["fired"] == {"trash_bin": 0}


def test_a_profile_is_taken_over_http_and_starts_at_0(dav: Site) -> None:
    dav.switch(well_known="404")
    dav.call("PROPFIND", "/.well-known/caldav")
    told = control(dav, "POST", "/profile", {"name": "never-refuses-a-token"}).json()
    assert told["profile"] == "never-refuses-a-token"
    assert told["fired"] == {"token_prefix": 0, "token_refusal": 0, "token_writes": 0}
    assert told["switches"]["well_known"] == "redirect"


def test_reset_goes_back_to_the_profile(dav: Site) -> None:
    control(dav, "POST", "/profile", {"name": "radicale"})
    control(dav, "POST", "/switches", {"delete_status": "204"})
    assert control(dav, "DELETE", "/switches").json()["switches"]["delete_status"] == "200"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/switches", {"no_such": 1}),
        ("/switches", {"token_refusal": "999"}),
        ("/switches", {"page_size": -1}),
        ("/profile", {"name": "no such"}),
        ("/profile", {}),
        ("/accounts", {"account": "x", "enabled": True}),
        ("/accounts", {"sleepy": True}),
        ("/accounts/move", {"host": "entry"}),
        ("/tokens/expire", {"calendar": "none"}),
    ],
)
def test_what_makes_no_sense_is_400_and_changes_nothing(dav: Site, path: str, body: Json) -> None:
    assert control(dav, "POST", path, body).status_code == 400
    assert dav.state.switches.changed() == frozenset()


def test_routes_of_the_sandbox_are_not_logged_and_unknown_ones_are_404(dav: Site) -> None:
    assert control(dav, "GET", "/nothing").status_code == 404
    assert control(dav, "GET", "/clock").json() == {"now": "2026-11-20T12:00:00Z", "rate": 0.0}
    assert dav.log() == []


def test_the_raw_state_shows_deleted_objects_too(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics")
    dav.delete()
    (calendar,) = control(dav, "GET", f"/raw?account={MARA}").json()["calendars"].values()
    assert [(row["name"], row["deleted"]) for row in calendar["objects"]] == [("a.ics", True), ("b.ics", False)]


def test_tokens_expire_over_http(dav: Site) -> None:
    token, ctag = dav.sync().token, dav.propfind(dav.calendar, "CS:getctag").rows[0].props
    assert dav.report(sync(token)).status_code == 207
    assert control(dav, "POST", "/tokens/expire", {"calendar": "home"}).json() == {"expired": 1}
    assert dav.report(sync(token)).status_code == 403
    assert dav.report(sync(dav.sync().token)).status_code == 207
    assert dav.propfind(dav.calendar, "CS:getctag").rows[0].props == ctag


def test_mails_are_shown(dav: Site) -> None:
    dav.switch(scheduling=True)
    dav.put("a.ics", event(*GUEST))
    (mail,) = control(dav, "GET", "/mails").json()["mails"]
    assert (mail["to"], mail["uid"], mail["kind"]) == ("guest@example.test", "uid-1", "request")
