"""The shared clock and the control routes that every simulator has."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.sandbox.clock import SandboxClock, parse_rfc3339, rfc3339
from tests.sandbox.wix_site import Json, WixSite

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Ticks:
    """A monotonic source that moves when told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_time_passes_at_the_rate() -> None:
    ticks = Ticks()
    clock = SandboxClock(START, ticks, rate=60)
    ticks.seconds += 2
    assert clock.now() == START + timedelta(minutes=2)
    clock.rate = 0
    ticks.seconds += 1000
    assert clock.now() == START + timedelta(minutes=2)


def test_advance_and_set_move_the_clock() -> None:
    clock = SandboxClock(START, Ticks())
    clock.advance(90)
    assert clock.to_json() == {"now": "2026-11-20T12:01:30Z", "rate": 1.0}
    clock.set(START)
    assert clock.now() == START


def test_without_a_start_the_clock_begins_at_real_time() -> None:
    before = datetime.now(UTC)
    assert before <= SandboxClock().now() <= datetime.now(UTC)


@pytest.mark.parametrize("rate", [-1.0, float("inf"), float("nan")])
def test_a_rate_that_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        SandboxClock(START, rate=rate)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        SandboxClock(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="offset"):
        parse_rfc3339("2026-01-01T00:00:00")


def test_rfc3339_is_written_in_utc() -> None:
    assert rfc3339(parse_rfc3339("2026-01-01T01:00:00+01:00")) == "2026-01-01T00:00:00Z"


async def test_the_clock_moves_over_http(wix: WixSite) -> None:
    answer = await wix.people("clock", {"advance_seconds": 60})
    assert answer == {"now": "2026-11-20T12:01:00Z", "rate": 0.0}
    answer = await wix.people("clock", {"now": "2027-01-01T00:00:00+01:00", "rate": 0})
    assert (await wix.client.get("/_sandbox/clock")).json() == answer
    assert answer["now"] == "2026-12-31T23:00:00Z"


@pytest.mark.parametrize(
    "body", [{"now": "soon"}, {"now": "2026-01-01T00:00:00"}, {"advance_seconds": "1"}, {"rate": -1}, {"speed": 2}]
)
async def test_a_clock_request_that_is_not_understood_is_400(wix: WixSite, body: Json) -> None:
    assert (await wix.client.post("/_sandbox/clock", json=body)).status_code == 400
    assert wix.clock.now() == START


async def test_an_unknown_sandbox_route_is_404_and_not_logged(wix: WixSite) -> None:
    before = await wix.log()
    assert (await wix.client.get("/_sandbox/nothing")).status_code == 404
    assert await wix.log() == before


async def test_log_numbers_rise_across_a_reset(wix: WixSite) -> None:
    last = (await wix.log())[-1]["n"]
    assert (await wix.client.delete("/_sandbox/log")).json() == {"requests": [], "last": last}
    await wix.log_in()
    assert [entry["n"] for entry in await wix.log()] == [last + 1]
    assert (await wix.client.get("/_sandbox/log", params={"since": "x"})).status_code == 400
