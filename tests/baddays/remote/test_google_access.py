"""Access to a Google account that ends, or was never right: told once with the repair, nothing deleted. R21, R22."""

from dataclasses import replace

import pytest

from syncd.model import Reason, Status, Target
from syncd.sandbox.google import Hands
from syncd.sandbox.google.seed import CLIENT_ID
from tests.baddays.remote.day import BENS_COPIES, BENS_SITE, COPIES, OLD_COPIES, OLD_SITE, SITE
from tests.baddays.remote.google_day import GoogleDay
from tests.e2e.studio import local

DAY = 86_400
TESTING = "is the consent screen still in Testing?"


def test_access_taken_back_in_the_middle_of_a_pass_stops_one_connection_until_it_is_given_again(
    google_day: GoogleDay,
) -> None:
    day = google_day
    day.news()
    listed = day.when("events.list", day.google.hands.revoke)
    said = day.run(code=1)
    assert listed
    assert day.answered(401) >= 1
    assert day.answered(400) == 1  # the token endpoint: invalid_grant
    assert "invalid_grant" in said.about(day.anna)
    assert TESTING in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    row = said.logged("connection stopped", day.anna)
    assert (row["reason"], said.logged("pass stopped", day.anna)["error"]) == ("TOKEN_REVOKED", "AuthRevoked")
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"]) == ("ERROR", "TOKEN_REVOKED")
    site, copies = day.on(day.everything())
    assert site >= OLD_SITE | BENS_SITE | {"Pilates 2026-03-04T09:00"}
    assert copies == OLD_COPIES | BENS_COPIES
    day.studio.forget_requests()
    again = day.run(code=1)
    assert [row["event"] for row in again.log if row.get("connection") == day.anna] != []
    assert not [row for row in again.log if row["event"] == "connection stopped"], "one alert is enough"
    assert not [path for path in day.studio.written() if "calendar/v3" in path and "@" in path]
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize(("days", "testing", "hint"), [(7, True, True), (30, False, False)], ids=["testing", "revoked"])
def test_a_grant_that_died_young_asks_whether_the_consent_screen_is_in_testing(
    google_day: GoogleDay, days: int, testing: bool, hint: bool
) -> None:
    day = google_day
    day.studio.clock.advance(days * DAY - 3600)
    day.on(day.studio.sync_all())
    day.google.server.state.switches.set({"consent_testing": testing})
    day.studio.clock.advance(3600)
    if not testing:
        day.google.hands.revoke()
    day.studio.forget_requests()
    said = day.run(code=1)
    assert day.answered(400) >= 1
    assert "invalid_grant" in said.about(day.anna)
    assert (TESTING in said.about(day.anna)) is hint
    assert (TESTING in day.stands(day.anna)["detail"]) is hint
    assert (day.on(day.status(day.ben))[0] is Status.ERROR) is testing
    day.google.server.state.switches.set({"consent_testing": False})
    day.on(day.studio.connect("anna"))
    if testing:
        day.on(day.bens.connect("ben"))
    day.run()
    day.on(day.at_rest())
    assert day.on(day.everything()) == (OLD_SITE, OLD_COPIES)


def test_an_account_that_was_closed_stops_its_connection_alone(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    account = day.google.server.state.accounts[day.studio.email]
    account.disabled = True
    said = day.run(code=1)
    assert day.answered(401) + day.answered(400) >= 1
    assert said.logged("connection stopped", day.anna)["reason"] == "TOKEN_REVOKED"
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.everything())[0] >= OLD_SITE | BENS_SITE
    account.disabled = False
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_client_that_google_does_not_know_is_told_with_the_place_of_its_secret(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    clients = day.google.server.state.clients
    right = clients[CLIENT_ID]
    clients[CLIENT_ID] = replace(right, secret="another")
    day.studio.clock.advance(3600)
    day.studio.forget_requests()
    said = day.run(code=1)
    assert day.answered(401) >= 2
    for one in (day.anna, day.ben):
        assert "invalid_client" in said.about(one)
        assert "client_secret" in said.about(one)
        assert said.logged("connection stopped", one)["reason"] == "FORBIDDEN"
    assert day.on(day.everything())[0] >= OLD_SITE
    assert day.on(day.everything())[1] == OLD_COPIES
    clients[CLIENT_ID] = right
    day.run()
    assert {day.on(day.status(one)) for one in (day.anna, day.ben)} == {(Status.SYNCED, None)}
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_calendar_of_ours_that_is_deleted_while_it_is_filled_loses_nothing(google_day: GoogleDay) -> None:
    day = google_day
    day.on(day.configure(day.anna, target=Target.DEDICATED))
    for _ in range(2):
        day.studio.clock.advance(660)
        day.run()
    (calendar,) = day.on(day.google.calendars())
    for number in range(6):
        day.studio.session("Pilates", local(3 + number, "09:00"))
    site = set(day.on(day.studio.at_wix()))
    hands = Hands(day.google.server.state, day.studio.email, calendar)
    day.studio.forget_requests()
    inserted = day.when("events.insert", hands.remove_calendar, times=2)
    said = day.run(code=1)
    assert len(inserted) == 2
    assert day.answered(404) >= 4
    assert "the calendar is not there any more" in said.about(day.anna)
    assert day.on(day.status(day.anna)) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    for _ in range(2):
        day.studio.clock.advance(660)
        assert "--new-calendar" in day.run(code=1).about(day.anna)
    assert set(day.on(day.studio.at_wix())) == site
    day.syncd("configure", day.anna, "--new-calendar")
    day.run()
    day.on(day.at_rest())
    assert len(day.on(day.everything())[1]) == 8
    assert set(day.on(day.studio.at_wix())) == site
    assert day.on(day.google.calendars()) not in ([], [calendar])
