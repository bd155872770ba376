"""A side that is busy or broken for a minute: told, waited for where it asks for it, and made good. Nothing doubled."""

from typing import Any

import pytest

from syncd.errors import Throttled, Transient
from syncd.model import Status
from tests.baddays.remote.day import COPIES, OLD_COPIES, OLD_SITE, SITE, Day
from tests.proving import PROVE

AFTER = {"Retry-After": "20"}
BUSY = {"status": 429}
BUSY_WITH_A_WORD = {"status": 429, "headers": AFTER}
BROKEN = {"status": 500}

WITH_PROVE = pytest.mark.skipif(not PROVE, reason="runs with make prove")
SAID_AT_WIX = [
    pytest.param("/events/query$", BUSY, "Wix refused a query of events (429", id="429"),
    pytest.param("/events/query$", BUSY_WITH_A_WORD, "Wix refused a query of events (429", id="told", marks=WITH_PROVE),
    pytest.param("/schedules/query$", BROKEN, "Wix refused the schedules (500", id="500"),
    pytest.param("/oauth2/token$", BROKEN, "Wix refused the app's credentials (500", id="token", marks=WITH_PROVE),
]
SAID_OUTSIDE = [
    ({"method": "REPORT"}, BUSY, "REPORT: the server is busy (429)"),
    ({"method": "PROPFIND"}, {"status": 503, "headers": AFTER}, "PROPFIND: the server is busy (503)"),
    ({"method": "REPORT"}, BROKEN, "the server answered 500"),
]


@pytest.mark.parametrize(("path", "do", "words"), SAID_AT_WIX)
def test_a_minute_in_which_wix_cannot_be_read(day: Day, path: str, do: dict[str, Any], words: str) -> None:
    day.news()
    day.at_wix(path, do)
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {do["status"]}
    for one in (day.anna, day.ben):
        assert f"failed: wix: {words}" in said.about(one)
        assert "next: the next pass tries again" in said.about(one)
        row = said.logged("pass stopped", one)
        assert (row["side"], words in row["reason"]) == ("wix", True)
        assert day.on(day.status(one)) == (Status.SYNCED, None)
        assert words in day.stands(one)["detail"]
    assert any(where.startswith("site ") and words in step for where, _, step in day.checked())
    assert day.studio.written() == []
    assert day.on(day.everything())[0] >= OLD_SITE
    _over_after_a_minute(day)


@pytest.mark.parametrize(("match", "do", "words"), SAID_OUTSIDE, ids=["429", "503-with-a-word", "500"])
def test_a_minute_in_which_the_calendars_of_one_person_cannot_be_read(
    day: Day, match: dict[str, str], do: dict[str, Any], words: str
) -> None:
    day.news()
    calendar = day.on(day.connection(day.anna)).calendar
    day.outside(do, match={**match, "path": f"/(home|{str(calendar).rstrip('/')})/$"})
    said = day.run(code=1)
    assert {status for _, _, status in day.delivered()} == {do["status"]}
    assert words in said.about(day.anna)
    assert "next: the next pass tries again" in said.about(day.anna)
    assert (said.logged("pass stopped", day.anna)["side"], day.stands(day.anna)["status"]) == ("external", "SYNCED")
    assert words in day.stands(day.anna)["detail"]
    assert "2 written, 0 failed" in said.about(day.ben)
    _over_after_a_minute(day)


@pytest.mark.parametrize("side", ["wix", "external"])
def test_writes_wait_as_long_as_a_busy_side_asks_for_and_then_go_on_in_the_same_pass(day: Day, side: str) -> None:
    day.news()
    _spoil_writes(day, side, BUSY_WITH_A_WORD)
    day.for_a_minute()
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {429}
    assert set(day.waited) == {20.0}
    assert sum(day.waited) >= 60
    assert [(results[one].error, results[one].written) for one in (day.ben, day.anna)] == [(None, 2), (None, 2)]
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("side", ["wix", "external"])
def test_writes_to_a_side_that_is_busy_without_a_word_are_left_to_a_later_pass(day: Day, side: str) -> None:
    day.news()
    _spoil_writes(day, side, BUSY)
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {429}
    assert len(day.delivered()) <= 14
    assert sum(day.waited) <= 2 * 60
    for one in (day.anna, day.ben):
        error = results[one].error
        assert isinstance(error, Throttled)
        assert "429" in day.stands(one)["detail"]
        assert day.on(day.status(one)) == (Status.SYNCED, None)
    site, copies = day.on(day.everything())
    assert (site >= OLD_SITE, copies >= OLD_COPIES) == (True, True)
    _over_after_a_minute(day)


@pytest.mark.parametrize("side", ["wix", "external"])
def test_writes_to_a_side_that_is_broken_are_settled_when_it_is_well_again(day: Day, side: str) -> None:
    day.news()
    _spoil_writes(day, side, BROKEN)
    results = day.on(day.passed(pause=day.wait))
    assert {status for _, _, status in day.delivered()} == {500}
    assert len(day.delivered()) <= 6
    assert day.waited == []
    errors = [results[one].error for one in (day.anna, day.ben)]
    assert all(error is None or isinstance(error, Transient) for error in errors)
    assert sum(day.stands(one)["open"] for one in (day.anna, day.ben)) == 2
    assert {day.on(day.status(one)) for one in (day.anna, day.ben)} == {(Status.SYNCED, None)}
    _over_after_a_minute(day)
    assert [day.stands(one)["open"] for one in (day.anna, day.ben)] == [0, 0]


def _spoil_writes(day: Day, side: str, do: dict[str, Any]) -> None:
    if side == "wix":
        day.at_wix("/calendar/v3/(bulk/)?events(/create)?$", do, match={"method": "POST"})
    else:
        day.outside(do, match={"method": "PUT"})


def _over_after_a_minute(day: Day) -> None:
    """The minute passes; the next pass needs nobody's help."""
    day.studio.clock.advance(60)
    day.over()
    day.run()
    assert day.stands(day.anna)["detail"] is None
    day.on(day.at_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
