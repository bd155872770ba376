"""Wix that cannot be reached, or will not have this app: told at once, nothing lost, and over when it is over."""

import socket
from dataclasses import replace

import httpx
import pytest

from syncd import config
from syncd.errors import Transient
from syncd.model import Reason, Status
from syncd.sandbox.wix import access, events, schedules
from syncd.sandbox.wix.values import BOOKINGS_APP
from tests.baddays.remote.day import COPIES, OLD_COPIES, OLD_SITE, SITE, Day
from tests.e2e.studio import APP, SECRET, local, spans

SECOND = "00000000-0000-0000-0000-0000000000aa"
NOT_SHOWN = {"message": "planted", "details": {"applicationError": {"code": "PREMIUM_FEATURE_NOT_ENABLED"}}}


class Silent(httpx.AsyncBaseTransport):
    """A network on which requests to one port are never answered; time does not pass on it."""

    def __init__(self, url: str) -> None:
        self.port = httpx.URL(url).port
        self.swallowed: list[str] = []
        self.wire = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.port == self.port:
            self.swallowed.append(request.url.path)
            raise httpx.ReadTimeout("", request=request)
        return await self.wire.handle_async_request(request)


def test_a_refused_connection_is_told_and_over_with_the_next_pass(day: Day) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    there = day.config.read_text()
    day.config.write_text(
        there.replace(f'base_url = "{day.studio.wix.base_url}"', f'base_url = "http://127.0.0.1:{port}"')
    )
    day.news()
    said = day.run(code=1)
    for one in (day.anna, day.ben):
        assert "failed: wix: POST to 127.0.0.1: ConnectError" in said.about(one)
        assert "next: check the network and the configured address" in said.about(one)
        row = said.logged("pass stopped", one)
        assert (row["side"], row["error"], row["reason"]) == ("wix", "Transient", "POST to 127.0.0.1: ConnectError")
        stands = day.stands(one)
        assert (stands["status"], "check the network" in stands["detail"]) == ("SYNCED", True)
    assert ["check the network" in step for where, _, step in day.checked() if where.startswith("site ")] == [True]
    assert day.studio.written() == []
    day.config.write_text(there)
    day.run()
    assert day.stands(day.anna)["detail"] is None
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_requests_that_are_never_answered_stop_the_pass_and_change_nothing(day: Day) -> None:
    day.news()
    silent = Silent(day.studio.wix.base_url)
    results = day.on(day.passed(replace(day.studio.house, transport=silent)))
    assert 1 <= len(silent.swallowed) <= 3
    for one in (day.anna, day.ben):
        error = results[one].error
        assert isinstance(error, Transient)
        assert str(error) == "POST to 127.0.0.1: ReadTimeout"
        assert day.stands(one)["detail"] == f"{error}: the next pass tries again"
    assert day.studio.written() == []
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_wrong_secret_names_the_setting_and_never_the_secret(day: Day) -> None:
    day.news()
    day.settings["SYNCD_WIX__APP_SECRET"] = f"not-{SECRET[::-1]}"
    said = day.run(code=1)
    assert day.answered(401) >= 1
    for one in (day.anna, day.ben):
        assert "next: check app_id and app_secret under [wix]" in said.about(one)
        assert "check app_id and app_secret" in said.logged("pass stopped", one)["next"]
        assert "check app_id and app_secret" in day.stands(one)["detail"]
    assert [where for where, what, _ in day.checked() if what == "token"] == [f"site {_site(day)}"]
    assert day.studio.written() == []
    day.settings.clear()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_site_that_removed_the_app_stops_its_own_connections_alone(day: Day) -> None:
    other = _second_site(day)
    day.news()
    scopes = day.studio.site.scopes.pop(APP)
    day.studio.forget_requests()
    said = day.run(code=1)
    assert day.answered(400) >= 1
    for one in (day.anna, day.ben):
        assert f"of site {_site(day)}" in said.about(one)
        assert "install the app on the site again" in said.about(one)
        assert "install the app on the site again" in day.stands(one)["detail"]
        assert day.stands(one)["status"] == "SYNCED"
    assert "1 written, 0 failed, 0 held" in said.about(other)
    assert [where for where, what, _ in day.checked() if what == "token"] == [f"site {_site(day)}"]
    day.studio.site.scopes[APP] = scopes
    day.run()
    site, copies = day.on(day.everything())
    assert (site, copies) == (SITE, COPIES | {"Meditation 20260304T090000"})
    day.on(day.at_rest())


@pytest.mark.parametrize(
    ("scope", "permission"),
    [(access.READ, '"Read Calendar"'), (access.MANAGE, '"Manage Calendars"')],
    ids=["read", "manage"],
)
def test_a_missing_permission_is_named_as_wix_shows_it(day: Day, scope: str, permission: str) -> None:
    day.news()
    # In the product's list of permissions whoever may manage may read as well.
    taken = {scope, access.MANAGE, access.READ_PI}
    day.studio.site.scopes[APP] = access.ALL_SCOPES - (taken if scope == access.READ else {scope})
    day.studio.forget_requests()
    said = day.run(code=1)
    assert day.answered(403) >= 1
    for one in (day.anna, day.ben):
        assert f"give the app the permission {permission}" in said.about(one)
        assert permission in said.logged("pass stopped", one)["next"]
        stands = day.stands(one)
        assert (stands["status"], permission in stands["detail"]) == ("SYNCED", True)
    site, copies = day.on(day.everything())
    assert (site >= OLD_SITE, copies >= OLD_COPIES) == (True, True)
    assert not [row for row in day.studio.written() if not row.startswith(("PUT", "POST /calendar/v3"))]
    day.studio.site.scopes[APP] = access.ALL_SCOPES
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_without_the_permission_for_external_calendars_everything_is_synced_and_check_names_it(day: Day) -> None:
    day.news()
    day.studio.clock.advance(90_000)
    day.studio.site.scopes[APP] = access.ALL_SCOPES - {access.MANAGE_EXTERNAL}
    day.studio.forget_requests()
    day.run()
    assert day.answered(403) == 1
    assert day.on(day.everything()) == (SITE, COPIES)
    assert [(what, '"Manage External Calendars"' in step) for _, what, step in day.checked()] == [
        ("permission Manage External Calendars", True)
    ]


def test_a_plan_without_the_feature_is_an_error_of_its_own_until_the_site_is_upgraded(day: Day) -> None:
    day.news()
    day.at_wix("/events/query$", {"status": 403, "body": NOT_SHOWN})
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {403}
    for one in (day.anna, day.ben):
        assert "upgrade the site to a plan that includes it" in said.about(one)
        assert day.on(day.status(one)) == (Status.ERROR, Reason.PREMIUM_FEATURE_NOT_ENABLED)
        assert "upgrade the site" in day.stands(one)["detail"]
        assert said.logged("connection stopped", one)["reason"] == "PREMIUM_FEATURE_NOT_ENABLED"
    again = day.run(code=1)
    assert [row for row in again.log if row["event"] == "connection stopped"] == []
    assert day.studio.written() == []
    day.over()
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_token_that_is_refused_on_each_call_is_renewed_once_and_not_for_ever(day: Day) -> None:
    day.news()
    day.at_wix("^/calendar/", {"status": 401})
    said = day.run(code=1)
    calls = day.delivered()
    assert {status for _, _, status in calls} == {401}
    assert len(calls) <= 4
    assert len(day.studio.wix.app.log.to_json()["requests"]) <= 8
    assert "install the app on the site again" in said.about(day.anna)
    assert day.stands(day.anna)["status"] == "SYNCED"
    day.over()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def _site(day: Day) -> str:
    return str(next(iter(day.studio.wix.state.sites)))


def _second_site(day: Day) -> str:
    """A second site in the same house, with a connection of its own to a calendar of the same account."""
    studio = day.studio
    site = studio.wix.state.add_site(SECOND, "Europe/Berlin")
    site.scopes[APP] = access.ALL_SCOPES
    schedule = schedules.create(
        site, BOOKINGS_APP, {"name": "Far away", "externalId": "e0000000-0000-0000-0000-000000000001"}
    )
    events.create(site, BOOKINGS_APP, {"scheduleId": schedule.id, "title": "Meditation", **spans(local(2, "09:00"))})
    day.config.write_text(
        day.config.read_text().replace("[apple]", f'[[wix.sites]]\ninstance_id = "{SECOND}"\n[apple]')
    )
    studio.house = replace(studio.house, settings=config.load(day.config, {}))
    words = ("--schedule", schedule.id, "--email", studio.email, "--password-stdin", "--no-import", "--yes")
    day.syncd("connect", "apple", *words, say="abcd-efgh-ijkl-mnop\n")
    rows = day.on(studio.store.connections())
    return next(one.id for one in rows if one.site == SECOND)
