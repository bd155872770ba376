"""Refusals by code, and minutes in which Microsoft is busy or broken: told, waited out, made good. Nothing doubled."""

from datetime import timedelta
from typing import Any

import pytest

from syncd.errors import Throttled
from syncd.model import Status
from tests.baddays.remote.day import ANNAS_SITE, BENS_COPIES, BENS_SITE, COPIES, OLD_COPIES, OLD_SITE, SITE
from tests.baddays.remote.microsoft_day import MicrosoftDay
from tests.e2e.simulated_person import identified
from tests.e2e.studio import local

prove = pytest.mark.prove

PASSING = ("ApplicationThrottled", "TooManyRequests")
OF_ITEMS = (
    "ErrorAccessDenied",
    "ErrorPropertyValidationFailure",
    pytest.param("ErrorInvalidRequest", marks=prove),
    pytest.param("RequestBodyRead", marks=prove),
)
READS, CREATES = {"operation": "^calendarView.delta$"}, {"operation": "^events.create$"}
AFTER: dict[str, Any] = {"error": {"code": "TooManyRequests", "retry_after": 20}}
BUSY: dict[str, Any] = {"error": {"code": "ApplicationThrottled"}}
BROKEN: dict[str, Any] = {"error": {"code": "UnknownError"}}
AWAY: dict[str, Any] = {"error": {"code": "ServiceUnavailable"}}
RIGHT = "may see this and not change it"


def test_a_reading_that_is_refused_is_tried_again_or_repaired_by_its_code(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    for code in PASSING:
        said = _refused_reading(day, code)
        assert "next: the next pass tries again" in said
        assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    said = _refused_reading(day, "ErrorAccessDenied")
    assert RIGHT in said
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"], RIGHT in stands["detail"]) == ("ERROR", "FORBIDDEN", True)
    assert day.on(day.everything())[1] == OLD_COPIES | BENS_COPIES
    day.over()
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("code", OF_ITEMS)
def test_an_event_that_may_not_be_written_is_left_and_everything_else_goes_on(
    microsoft_day: MicrosoftDay, code: str
) -> None:
    day = microsoft_day
    day.news()
    day.outside({"error": code}, match={**CREATES, "body": "Pilates"})
    said = day.run()
    assert [path.rpartition("/")[2] for _, path, _ in day.delivered()] == ["events"]
    assert "1 written, 1 failed" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.stands(day.anna)["quarantined"] == 1
    assert day.on(day.everything()) == (SITE, OLD_COPIES | BENS_COPIES)
    day.on(day.at_rest())
    day.over()
    (ref,) = [ref for ref, row in day.on(day.studio.at_wix()).items() if row["start"]["localDate"] == _PILATES]
    day.studio.edit(ref, notes="Bring a mat")
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_mailbox_that_is_full_rests_for_an_hour_and_is_read_all_the_while(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.mailbox.full = True
    said = day.run(code=1)
    assert day.answered(507) == 1
    assert "the mailbox is full: make room in it" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    day.mailbox.full = False
    day.on(day.studio.person.event("Errand", local(2, "17:00")))
    for _ in range(3):
        day.studio.clock.advance(660)
        day.studio.forget_requests()
        day.run(code=1)
        assert "calendarView.delta" in day.studio.requests()
        assert "events.create" not in day.studio.requests()
    assert "Errand 2026-03-04T17:00" in day.on(day.everything())[0], "what is read is written at the site"
    day.studio.clock.advance(3600)
    day.run()
    assert day.on(day.everything())[1] == COPIES
    day.on(day.at_rest())


@pytest.mark.parametrize(
    ("do", "form"),
    [(BUSY, "seconds"), (AFTER, "seconds"), (AFTER, "date")],
    ids=["429", "429-with-seconds", "429-with-a-date"],
)
def test_a_minute_in_which_one_mailbox_is_asked_too_much(
    microsoft_day: MicrosoftDay, do: dict[str, Any], form: str
) -> None:
    day = microsoft_day
    day.state.switches.set({"retry_after_form": form})
    day.news()
    day.outside(do, match=READS)
    _not_read(day, 429)


@pytest.mark.parametrize(
    "do",
    [
        pytest.param(BROKEN, id="500"),
        pytest.param(AWAY, id="503", marks=prove),
        pytest.param({"drop": "after"}, id="lost"),
    ],
)
def test_a_minute_in_which_one_mailbox_cannot_be_read(microsoft_day: MicrosoftDay, do: dict[str, Any]) -> None:
    day = microsoft_day
    day.news()
    day.outside(do, match=READS)
    _not_read(day, {"UnknownError": 500, "ServiceUnavailable": 503}.get(do.get("error", {}).get("code")))


def test_a_page_over_which_the_server_fails_is_asked_for_in_smaller_ones(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.outside(BROKEN, match=READS, times=1)
    day.run()
    assert [status for _, _, status in day.delivered()] == [500]
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_writes_wait_as_long_as_microsoft_asks_for_and_then_go_on_in_the_same_pass(
    microsoft_day: MicrosoftDay, form: str
) -> None:
    day = microsoft_day
    day.state.switches.set({"retry_after_form": form})
    day.news()
    day.outside(AFTER, match=CREATES)
    day.for_a_minute()
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {429}
    assert set(day.waited) == {20.0}
    assert (results[day.anna].error, results[day.anna].written) == (None, 2)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("do", [BUSY, BROKEN, AWAY], ids=["429", "500", "503"])
def test_writes_that_are_refused_for_a_minute_are_made_good(microsoft_day: MicrosoftDay, do: dict[str, Any]) -> None:
    day = microsoft_day
    day.news()
    day.outside(do, match=CREATES)
    results = day.on(day.passed(pause=day.wait))
    assert day.delivered()
    assert len(day.delivered()) <= 14
    assert isinstance(results[day.anna].error, Throttled) is (do is BUSY)
    assert (results[day.ben].error, results[day.ben].written) == (None, 2)
    site, copies = day.on(day.everything())
    assert (site >= OLD_SITE, copies) == (True, OLD_COPIES | BENS_COPIES)
    _over_after_a_minute(day)
    assert day.stands(day.anna)["open"] == 0


def test_writes_that_fail_after_they_were_carried_out_are_made_once(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    for number in range(6):
        day.studio.session("Pilates", local(3 + number, "09:00"))
    day.outside({"error": {"code": "ServiceUnavailable", "after": True}}, match=CREATES, times=4)
    day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {503}
    day.on(day.to_rest())
    assert len(day.on(day.everything())[1]) == 8
    assert day.stands(day.anna)["open"] == 0


def test_an_event_that_cannot_be_read_stops_no_other_and_is_asked_for_again(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    dentist, errand = (identified(day.microsoft.names[title]) for title in ("Dentist", "Errand"))
    day.microsoft.hands.edit(dentist, subject="Dr. Dent")
    for ref in (dentist, errand):
        day.outside({"error": "UnknownError"}, match={"operation": "^events.get$", "path": ref.replace("+", "[+]")})
    day.run()
    assert {status for _, _, status in day.delivered()} == {500}
    site, copies = day.on(day.everything())
    assert site == OLD_SITE | BENS_SITE | (ANNAS_SITE - {"Errand 2026-03-04T15:00"})
    assert copies == COPIES
    day.over()
    day.on(day.to_rest())
    renamed = {name.replace("Dentist", "Dr. Dent") for name in SITE}
    assert day.on(day.everything()) == (renamed, COPIES)


def test_listings_that_are_empty_and_claim_to_be_whole_delete_nothing(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    for number in range(6):
        day.studio.session("Pilates", local(3 + number, "09:00"))
        day.on(day.studio.person.event(f"Errand {number}", local(3 + number, "15:00")))
    day.run()
    before = day.on(day.everything())
    day.outside({"expire_tokens": True, "empty": True}, match=READS)
    day.outside({"empty": True}, match={"operation": "^(calendarView|events).list$"})
    for _ in range(3):
        day.studio.clock.advance(660)
        day.run()
        assert day.delivered()
        assert day.on(day.everything()) == before
    day.over()
    day.on(day.to_rest())
    assert day.on(day.everything()) == before


def test_events_that_are_listed_and_not_found_by_a_server_that_lags_are_not_gone(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.microsoft.hands.edit(identified(day.microsoft.names["Dentist"]), location="Hauptstr. 5")
    day.outside({"error": "ErrorItemNotFound"}, match={"operation": "^events.get$"})
    for _ in range(3):
        day.run()
        assert {status for _, _, status in day.delivered()} == {404}
        site, copies = day.on(day.everything())
        assert (site, copies) == (OLD_SITE | BENS_SITE | (ANNAS_SITE - {"Errand 2026-03-04T15:00"}), COPIES)
        day.studio.clock.advance(660)
        day.studio.forget_requests()
    day.over()
    day.on(day.to_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
    blocks = day.on(day.studio.blocks())
    assert blocks["Dentist 2026-03-03T15:00"]["location"]["name"] == "Hauptstr. 5"


_PILATES = "2026-03-04T09:00:00"


def _refused_reading(day: MicrosoftDay, code: str) -> str:
    day.over()
    day.studio.forget_requests()
    day.outside({"error": code}, match=READS)
    said = day.run(code=1)
    assert day.delivered(), code
    assert code in said.about(day.anna)
    return said.about(day.anna)


def _not_read(day: MicrosoftDay, status: int | None) -> None:
    """A pass in which Anna's mailbox is not read, and Ben's is; then all is well again."""
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {status}
    assert "next: the next pass tries again" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    _over_after_a_minute(day)


def _over_after_a_minute(day: MicrosoftDay) -> None:
    """The minute passes; the next pass needs nobody's help."""
    day.studio.clock.advance(timedelta(minutes=1).total_seconds())
    day.over()
    day.run()
    assert day.stands(day.anna)["detail"] is None
    day.on(day.at_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
