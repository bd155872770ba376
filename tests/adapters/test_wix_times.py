"""When what is written to a Wix site begins and ends: days, zones, and both changes of the clock, over HTTP.

Not here: writing as such (test_wix_writing), times as they are read (test_wix_reading).
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.model import AllDay, Event, Ref
from syncd.ports import Edit
from tests.adapters.wix_studio import INSTANCE, NOW, draft, seen, studio, timed

TOMORROW = NOW + timedelta(days=1)


async def test_an_all_day_block_goes_from_midnight_to_midnight() -> None:
    async with studio() as at:
        days = AllDay(date(2026, 3, 28), date(2026, 3, 30))
        (made,) = await at.blocks.create([draft(when=days)])
        stored = at.raw(seen(made).ref.id).span
    assert seen(made).event.when == days
    assert (stored.all_day, stored.start, stored.end) == (True, datetime(2026, 3, 28), datetime(2026, 3, 30))  # noqa: DTZ001
    assert stored.zone == "Europe/Berlin"


BERLIN_FOLD = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 for the first time; an hour later again


@pytest.mark.parametrize("fold", ["earlier", "later"])
@pytest.mark.parametrize("hours", [0, 1])
async def test_a_time_that_comes_twice_ends_at_the_instant_meant(fold: str, hours: int) -> None:
    meant = timed(BERLIN_FOLD + timedelta(hours=hours), hours=2, zone="Europe/Berlin")
    async with studio() as at:
        at.server.state.switches.set({"dst_fold": fold})
        single, *several = [
            *await at.blocks.create([draft("k0", meant)]),
            *await at.blocks.create([draft("k1", meant), draft("k2", meant)]),
        ]
        spans = [at.raw(seen(one).ref.id).span for one in (single, *several)]
    assert {(span.start_utc, span.end_utc) for span in spans} == {(meant.start, meant.end)}
    right = (fold == "earlier") == (hours == 0)
    assert {span.zone for span in spans} == {"Europe/Berlin" if right else "UTC"}
    assert {getattr(seen(one).event.when, "start", None) for one in (single, *several)} == {meant.start}


async def test_a_time_whose_local_end_lies_before_its_start_is_written_in_utc() -> None:
    meant = timed(BERLIN_FOLD, hours=0.75, zone="Europe/Berlin")  # 02:30 to 02:15, locally
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k0", meant)])
        assert len(at.requests(write=True)) == 1
    assert seen(made).event.when == replace(meant, tzid="UTC")


async def test_a_session_moved_across_the_gap_keeps_its_zone() -> None:
    async with studio() as at:
        session = at.session(at.yoga, timeZone="Europe/Berlin")
        meant = timed(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), hours=1, zone="Europe/Berlin")  # 01:30 to 03:30
        (done,) = await at.adapter.update([Edit(Ref(INSTANCE, session), Event(when=meant), "1")])
        assert len(at.requests(write=True)) == 1
    assert seen(done).event.when == meant


@pytest.mark.parametrize("zone", ["Mars/Olympus", "W. Europe Standard Time", "CET"])
async def test_a_zone_that_wix_would_not_take_becomes_utc(zone: str) -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k1", timed(TOMORROW, zone=zone))])
    assert seen(made).event.when == timed(TOMORROW)


async def test_seconds_are_dropped_and_written_once() -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k1", timed(TOMORROW + timedelta(seconds=30)))])
        assert len(at.requests(write=True)) == 1
    assert seen(made).event.when == timed(TOMORROW)
