"""Whole passes over the real adapter where a server says less than it should: tokens, versions, refusals. Radicale.

Not here: reads that lie (tests/stale), the rules themselves (tests/rules, tests/cycle).
"""

from collections.abc import Mapping

import pytest

from syncd.errors import AuthRevoked
from syncd.model import Reason, Status
from syncd.observe import AUDIT
from syncd.standing import PATIENCE
from tests.e2e.conftest import ground, radicale, studio
from tests.e2e.studio import Studio, local

__all__ = ["ground", "radicale", "studio"]

REFUSED = {"status": 401}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What servers tell is the adapter's affair; one database is enough."""
    return sqlite_url


def fired(studio: Studio) -> int:
    """How often the faults were delivered."""
    return sum(row["fired"] for row in studio.proxy.faults.to_json()["faults"])


def plant(studio: Studio, do: Mapping[str, object], times: int = -1, **match: str) -> None:
    studio.proxy.plant({"do": do, "match": match, "times": times})


async def with_both(studio: Studio) -> str:
    """A session with its copy and an event with its block, at rest; the session's id."""
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.event("Dentist", local(1, "15:00"))
    await studio.settle(2)
    return ref


async def test_a_token_that_is_never_refused_and_tells_nothing_is_overcome_by_the_daily_listing(studio: Studio) -> None:
    await with_both(studio)
    await studio.event("Bank", local(2, "15:00"))
    await studio.outside.remove("home/", "dentist.ics")
    plant(studio, {"empty": True}, report="sync-collection", token=".")
    await studio.settle(2)
    assert fired(studio) >= 2
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}
    for _ in range(4):
        studio.clock.advance(AUDIT.total_seconds() / 4)
        await studio.sync()
    await studio.settle(1)  # what is gone is confirmed by a second pass
    assert set(await studio.blocks()) == {"Bank 2026-03-04T15:00"}


async def test_without_sync_collection_an_idle_pass_is_one_small_request_for_each_calendar(studio: Studio) -> None:
    plant(studio, {"status": 501}, report="sync-collection")
    await with_both(studio)
    await studio.settle(1)
    assert fired(studio) >= 2
    studio.forget_requests()
    await studio.sync()
    assert studio.requests() == ["PROPFIND", "PROPFIND"]
    await studio.assert_at_rest()


async def test_without_sync_collection_edits_and_deletions_travel_both_ways(studio: Studio) -> None:
    plant(studio, {"status": 501}, report="sync-collection")
    ref = await with_both(studio)
    await studio.event("Dentist", local(1, "17:00"))
    await studio.edit_copy("Yoga", ("SUMMARY:Yoga", "SUMMARY:Power yoga"))
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T17:00"}
    assert (await studio.at_wix())[ref]["title"] == "Power yoga"
    await studio.event("Bank", local(2, "15:00"))
    await studio.outside.remove("home/", "dentist.ics")
    studio.cancel(ref)
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Bank 2026-03-04T15:00"}
    assert [one.title for one in await studio.person.copies()] == []
    await studio.assert_at_rest()


@pytest.mark.rule("R21")
async def test_one_refusal_of_the_password_stops_nothing_and_is_forgotten(studio: Studio) -> None:
    await with_both(studio)
    studio.session("Pilates", local(2, "09:00"))
    for _ in range(2):
        plant(studio, REFUSED, times=1)
        studio.clock.advance(PATIENCE.total_seconds())
        failed = await studio.attempt()
        assert isinstance(failed.error, AuthRevoked)
        assert "app-specific password" in failed.error.hint
        stands = await studio.connection()
        assert (stands.status, stands.refused_at) == (Status.SYNCED, studio.clock.now())
        studio.clock.advance(PATIENCE.total_seconds())
        await studio.sync()
        assert (await studio.connection()).refused_at is None
    assert fired(studio) == 2
    assert {one.title for one in await studio.person.copies()} == {"Yoga", "Pilates"}


@pytest.mark.rule("R21")
async def test_a_password_that_is_refused_twice_minutes_apart_is_told_and_not_sent_again(studio: Studio) -> None:
    await with_both(studio)
    plant(studio, REFUSED)
    await studio.attempt()
    studio.clock.advance(30)
    await studio.attempt()
    assert (await studio.connection()).status is Status.SYNCED
    studio.clock.advance(PATIENCE.total_seconds())
    await studio.attempt()
    stands = await studio.connection()
    assert (stands.status, stands.reason) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert fired(studio) == 3  # one request each
    studio.forget_requests()
    await studio.attempt()
    assert studio.requests() == []


@pytest.mark.rule("R21", "R23")
async def test_a_disconnect_during_an_outage_leaves_nothing_behind(studio: Studio) -> None:
    await with_both(studio)
    await studio.disconnect()
    plant(studio, REFUSED, times=1)
    assert isinstance((await studio.attempt()).error, AuthRevoked)
    assert fired(studio) == 1
    assert (await studio.connection()).disconnecting
    studio.clock.advance(PATIENCE.total_seconds())
    await studio.sync()
    assert [one.title for one in await studio.person.copies()] == []
    assert not (await studio.connection()).disconnecting


@pytest.mark.rule("R21", "R23")
async def test_a_disconnect_from_an_account_that_stays_closed_comes_to_its_end(studio: Studio) -> None:
    await with_both(studio)
    await studio.disconnect()
    plant(studio, REFUSED)
    await studio.attempt()
    studio.clock.advance(PATIENCE.total_seconds())
    await studio.sync()
    assert fired(studio) == 2
    assert await studio.blocks() == {}
    assert not (await studio.connection()).disconnecting
