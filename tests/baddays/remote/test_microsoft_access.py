"""Access to a mailbox that ends, or was never right: told once with the repair, nothing deleted. R21, R22."""

from typing import Any

import pytest

from syncd.model import Reason, Status
from syncd.sandbox.microsoft import Hands
from syncd.sandbox.microsoft.seed import CLIENT_ID
from tests.baddays.remote.day import ANNAS_SITE, BENS_COPIES, BENS_SITE, COPIES, OLD_COPIES, OLD_SITE, SITE
from tests.baddays.remote.microsoft_day import MicrosoftDay
from tests.e2e.studio import local

ROUNDS = {"operation": "^calendarView.delta$"}


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "when-the-token-ends"])
def test_access_taken_back_in_the_middle_of_a_pass_stops_one_connection_until_it_is_given_again(
    microsoft_day: MicrosoftDay, at_once: bool
) -> None:
    day = microsoft_day
    day.state.switches.set({"revoked_access": "ends" if at_once else "lives"})
    day.news()
    listed = day.when("calendarView.delta", day.microsoft.hands.revoke)
    said = day.run(code=1 if at_once else 0)
    assert listed
    if not at_once:
        assert day.on(day.everything()) == (SITE, COPIES)
        day.studio.clock.advance(3600)
        said = day.run(code=1)
    assert day.answered(400) == 1  # the token endpoint: invalid_grant
    assert "invalid_grant" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben) or not at_once
    row = said.logged("connection stopped", day.anna)
    assert (row["reason"], said.logged("pass stopped", day.anna)["error"]) == ("TOKEN_REVOKED", "AuthRevoked")
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"]) == ("ERROR", "TOKEN_REVOKED")
    site, copies = day.on(day.everything())
    assert site >= OLD_SITE | BENS_SITE | {"Pilates 2026-03-04T09:00"}
    assert copies >= OLD_COPIES | BENS_COPIES
    day.studio.forget_requests()
    again = day.run(code=1)
    assert not [row for row in again.log if row["event"] == "connection stopped"], "one alert is enough"
    assert day.studio.written() == []
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize(
    ("code", "word"),
    [
        pytest.param(50173, "invalid_grant", id="password"),
        pytest.param(700082, "invalid_grant", id="unused", marks=pytest.mark.prove),
        pytest.param(50076, "interaction_required", id="second-factor"),
        pytest.param(50058, "login_required", id="signed-out", marks=pytest.mark.prove),
    ],
)
def test_a_renewal_that_wants_the_person_keeps_everything_until_they_came(
    microsoft_day: MicrosoftDay, code: int, word: str
) -> None:
    day = microsoft_day
    day.news()
    day.refuse_renewal(code)
    said = day.run(code=1)
    assert ("POST", "/common/oauth2/v2.0/token", 400) in day.delivered()
    assert word in said.about(day.anna)
    assert "syncd connect" in said.about(day.anna)
    assert said.logged("connection stopped", day.anna)["reason"] == "TOKEN_REVOKED"
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.everything())[0] >= OLD_SITE | BENS_SITE
    assert day.on(day.everything())[1] == OLD_COPIES | BENS_COPIES
    day.over()
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_challenge_that_only_a_new_sign_in_answers_stops_one_connection(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.outside({"claims_challenge": True})
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {401}
    assert len(day.delivered()) == 2, "the token was renewed once, and no more"
    assert said.logged("connection stopped", day.anna)["reason"] == "TOKEN_REVOKED"
    assert "2 written, 0 failed" in said.about(day.ben)
    day.over()
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_an_account_that_was_closed_stops_its_connection_alone(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.mailbox.disabled = True
    said = day.run(code=1)
    assert day.answered(401) + day.answered(400) >= 1
    assert said.logged("connection stopped", day.anna)["reason"] == "TOKEN_REVOKED"
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.everything())[0] >= OLD_SITE | BENS_SITE
    day.mailbox.disabled = False
    day.on(day.studio.connect("anna"))
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("wrong", [{"expired": True}, {"secret": "another"}], ids=["expired", "wrong"])
def test_a_secret_that_no_longer_serves_is_the_operators_alarm_and_nobody_has_to_connect_again(
    microsoft_day: MicrosoftDay, wrong: dict[str, Any]
) -> None:
    day = microsoft_day
    day.news()
    client = day.state.authority.clients[CLIENT_ID]
    before = {name: getattr(client, name) for name in wrong}
    for name, value in wrong.items():
        setattr(client, name, value)
    day.studio.clock.advance(3600)
    day.studio.forget_requests()
    said = day.run(code=1)
    assert day.answered(401) >= 2  # the token endpoint: invalid_client
    for one in (day.anna, day.ben):
        assert "invalid_client" in said.about(one)
        assert "client_secret" in said.about(one)
        row = said.logged("connection stopped", one)
        assert (row["reason"], row["level"]) == ("FORBIDDEN", "error")
    assert day.on(day.everything())[0] >= OLD_SITE
    assert day.on(day.everything())[1] == OLD_COPIES
    for name, value in before.items():
        setattr(client, name, value)
    day.run()
    assert {day.on(day.status(one)) for one in (day.anna, day.ben)} == {(Status.SYNCED, None)}
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_mailbox_that_graph_does_not_reach_is_told_and_taken_up_when_it_does(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.mailbox.enabled = False
    said = day.run(code=1)
    assert day.answered(404) >= 1
    assert "MailboxNotEnabledForRESTAPI" in said.about(day.anna)
    assert "has no mailbox" in said.about(day.anna)
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"]) == ("ERROR", "FORBIDDEN")
    assert "2 written, 0 failed" in said.about(day.ben)
    site, copies = day.on(day.everything())
    assert (site >= OLD_SITE | BENS_SITE, copies) == (True, OLD_COPIES | BENS_COPIES)
    day.mailbox.enabled = True
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_calendar_of_ours_that_is_deleted_while_it_is_filled_loses_nothing(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    (calendar,) = day.on(day.microsoft.calendars())
    for number in range(6):
        day.studio.session("Pilates", local(3 + number, "09:00"))
    site = set(day.on(day.studio.at_wix()))
    hands = Hands(day.state, day.studio.email, calendar)
    day.studio.forget_requests()
    inserted = day.when("events.create", hands.remove_calendar, times=2)
    said = day.run(code=1)
    assert len(inserted) == 2
    assert day.answered(404) >= 1
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
    assert day.on(day.microsoft.calendars()) not in ([], [calendar])


def test_a_calendar_that_answers_nothing_and_is_still_listed_is_not_gone(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    for operation in ("calendarView.delta", "calendars.get"):
        day.outside({"error": "ErrorItemNotFound"}, match={"operation": f"^{operation}$"})
    for _ in range(3):
        said = day.run(code=1)
        assert "listed, and does not answer" in said.about(day.anna)
        assert "next: the next pass tries again" in said.about(day.anna)
        day.studio.clock.advance(660)
    assert {path.rpartition("/")[2] for _, path, _ in day.delivered()} >= {"delta()"}
    assert {status for _, _, status in day.delivered()} == {404}
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything())[0] >= OLD_SITE | BENS_SITE
    assert not day.on(day.everything())[0] & {"Errand 2026-03-04T15:00"}
    day.over()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_one_of_several_calendars_that_may_not_be_read_any_more_is_told_and_can_be_left_out(
    microsoft_day: MicrosoftDay,
) -> None:
    day = microsoft_day
    family = day.on(day.microsoft.add_calendar("Family"))
    day.microsoft.hands_in(family).add("Bank holiday", local(4, "15:00"), local(4, "16:00"))
    day.on(day.configure(day.anna, calendars=(day.microsoft.calendar, family)))
    day.run()
    assert day.on(day.everything())[0] == OLD_SITE | {"Bank holiday 2026-03-06T15:00"}
    day.news()
    day.studio.forget_requests()
    day.outside({"error": "ErrorAccessDenied"}, match={**ROUNDS, "path": family.replace("+", "[+]")})
    said = day.run(code=1)
    assert [status for _, _, status in day.delivered()] == [403]
    assert "may see this and not change it" in said.about(day.anna)
    assert said.logged("connection stopped", day.anna)["reason"] == "FORBIDDEN"
    assert "2 written, 0 failed" in said.about(day.ben)
    site, copies = day.on(day.everything())
    assert site >= OLD_SITE | BENS_SITE | {"Bank holiday 2026-03-06T15:00"}
    assert copies >= OLD_COPIES | BENS_COPIES
    day.on(day.configure(day.anna, calendars=(day.microsoft.calendar,)))
    for _ in range(3):
        day.run()
        day.studio.clock.advance(660)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (OLD_SITE | ANNAS_SITE | BENS_SITE, COPIES)
    assert len(day.microsoft.hands_in(family).events()) == 1
    day.on(day.at_rest())
