"""Refusals by reason, and minutes in which Google is busy or broken: told, waited out, made good. Nothing doubled."""

from typing import Any

import pytest

from syncd.errors import Throttled
from syncd.model import Status
from tests.baddays.remote.day import BENS_COPIES, COPIES, OLD_COPIES, OLD_SITE, SITE
from tests.baddays.remote.google_day import GoogleDay
from tests.e2e.studio import local

PASSING = ("userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded")
REPAIRS = {
    "dailyLimitExceeded": "switch the Google Calendar API on",
    "accessNotConfigured": "switch the Google Calendar API on",
    "insufficientPermissions": "leave every box ticked",
    "forbidden": "may see this and not change it",
    "requiredAccessLevel": "may see this and not change it",
}
OF_ITEMS = ("forbidden", "forbiddenForNonOrganizer", "requiredAccessLevel")
LISTS, INSERTS = {"operation": "events.list"}, {"operation": "events.insert"}
AFTER: dict[str, Any] = {"error": {"reason": "rateLimitExceeded", "status": 429, "retry_after": 20}}
BUSY: dict[str, Any] = {"error": {"reason": "rateLimitExceeded", "status": 429}}
FAST: dict[str, Any] = {"error": {"reason": "userRateLimitExceeded", "status": 403}}
BROKEN: dict[str, Any] = {"error": {"reason": "backendError", "status": 500}}


def test_a_reading_that_is_refused_is_tried_again_or_repaired_by_its_reason(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    for reason in PASSING:
        said = _refused_reading(day, reason)
        assert "next: " in said
        assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    for reason, repair in REPAIRS.items():
        said = _refused_reading(day, reason)
        assert repair in said
        stands = day.stands(day.anna)
        assert (stands["status"], stands["reason"], repair in stands["detail"]) == ("ERROR", "FORBIDDEN", True)
    assert day.on(day.everything())[1] == OLD_COPIES | BENS_COPIES
    day.over()
    day.studio.clock.advance(3600)  # writes rest since quotaExceeded
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_write_that_a_person_has_to_make_possible_stops_the_connection_with_the_repair(
    google_day: GoogleDay,
) -> None:
    day = google_day
    day.news()
    for reason in ("dailyLimitExceeded", "accessNotConfigured", "insufficientPermissions"):
        day.over()
        day.studio.forget_requests()
        day.outside({"error": reason}, match=INSERTS)
        said = day.run(code=1)
        assert [status for _, _, status in day.delivered()] == [403], reason
        assert REPAIRS[reason] in said.about(day.anna)
        assert day.stands(day.anna)["reason"] == "FORBIDDEN"
    assert day.on(day.everything())[1] == OLD_COPIES | BENS_COPIES
    day.over()
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("reason", OF_ITEMS)
def test_an_event_that_may_not_be_written_is_left_and_everything_else_goes_on(
    google_day: GoogleDay, reason: str
) -> None:
    day = google_day
    day.news()
    day.outside({"error": reason}, match={**INSERTS, "body": "Pilates"})
    said = day.run()
    assert [(path.rpartition("/")[2], status) for _, path, status in day.delivered()] == [("events", 403)]
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


def test_an_account_that_may_write_no_more_rests_for_an_hour_and_goes_on_reading(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    day.outside({"error": "quotaExceeded"}, match=INSERTS)
    said = day.run(code=1)
    assert [status for _, _, status in day.delivered()] == [403]
    assert "write nothing for some hours" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    day.over()
    day.on(day.studio.person.event("Errand", local(2, "17:00")))
    for _ in range(3):
        day.studio.clock.advance(660)
        day.studio.forget_requests()
        day.run(code=1)
        assert "events.insert" not in day.studio.requests()
    assert "Errand 2026-03-04T17:00" in day.on(day.everything())[0], "what is read is written at the site"
    day.studio.clock.advance(3600)
    day.run()
    assert day.on(day.everything())[1] == COPIES
    day.on(day.at_rest())


@pytest.mark.parametrize("do", [BUSY, AFTER, BROKEN], ids=["429", "429-with-a-word", "500"])
def test_a_minute_in_which_one_account_cannot_be_read(google_day: GoogleDay, do: dict[str, Any]) -> None:
    day = google_day
    day.news()
    day.outside(do, match=LISTS)
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {do["error"]["status"]}
    assert "next: the next pass tries again" in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    _over_after_a_minute(day)


def test_writes_wait_as_long_as_google_asks_for_and_then_go_on_in_the_same_pass(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    day.outside(AFTER, match=INSERTS)
    day.for_a_minute()
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {429}
    assert set(day.waited) == {20.0}
    assert (results[day.anna].error, results[day.anna].written) == (None, 2)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("do", [BUSY, FAST, BROKEN], ids=["429", "403", "500"])
def test_writes_that_are_refused_for_a_minute_are_made_good(google_day: GoogleDay, do: dict[str, Any]) -> None:
    day = google_day
    day.news()
    day.outside(do, match=INSERTS)
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {do["error"]["status"]}
    assert len(day.delivered()) <= 14
    assert isinstance(results[day.anna].error, Throttled) is (do is not BROKEN)
    assert (results[day.ben].error, results[day.ben].written) == (None, 2)
    site, copies = day.on(day.everything())
    assert (site >= OLD_SITE, copies) == (True, OLD_COPIES | BENS_COPIES)
    _over_after_a_minute(day)
    assert day.stands(day.anna)["open"] == 0


_PILATES = "2026-03-04T09:00:00"


def _refused_reading(day: GoogleDay, reason: str) -> str:
    day.over()
    day.studio.forget_requests()
    day.outside({"error": reason}, match=LISTS)
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {403}, reason
    assert reason in said.about(day.anna)
    assert not [row for row in day.studio.written() if day.studio.email in row], reason
    return said.about(day.anna)


def _over_after_a_minute(day: GoogleDay) -> None:
    """The minute passes; the next pass needs nobody's help."""
    day.studio.clock.advance(60)
    day.over()
    day.run()
    assert day.stands(day.anna)["detail"] is None
    day.on(day.at_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
