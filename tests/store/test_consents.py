"""Consents that are under way: taken once, in time, by whoever has the state."""

from datetime import UTC, datetime, timedelta

from syncd.store import SqlStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


async def test_what_was_kept_is_given_away_once(store: SqlStore) -> None:
    await store.put_consent("state", b"sealed", NOW + TEN_MINUTES)
    assert await store.take_consent("another", NOW) is None
    assert await store.take_consent("state", NOW + timedelta(minutes=9)) == b"sealed"
    assert await store.take_consent("state", NOW + timedelta(minutes=9)) is None


async def test_who_comes_back_too_late_finds_nothing_and_neither_does_anybody_later(store: SqlStore) -> None:
    await store.put_consent("state", b"sealed", NOW + TEN_MINUTES)
    assert await store.take_consent("state", NOW + TEN_MINUTES) is None
    assert await store.take_consent("state", NOW) is None


async def test_asking_for_one_leaves_the_others_that_are_in_time(store: SqlStore) -> None:
    await store.put_consent("early", b"1", NOW + TEN_MINUTES)
    await store.put_consent("late", b"2", NOW + 2 * TEN_MINUTES)
    assert await store.take_consent("early", NOW + TEN_MINUTES) is None
    assert await store.take_consent("late", NOW + TEN_MINUTES) == b"2"


async def test_the_state_itself_is_not_stored(store: SqlStore) -> None:
    await store.put_consent("a-state-that-is-shown-to-browsers", b"sealed", NOW + TEN_MINUTES)
    async with store.snapshot() as copy:
        assert await copy.take_consent("a-state-that-is-shown-to-browsers", NOW) == b"sealed"
    assert await store.take_consent("a-state-that-is-shown-to-browsers", NOW) == b"sealed"
