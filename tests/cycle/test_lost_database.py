"""The database is lost while both sides went on: connecting anew doubles nothing and loses nothing (R13, R25, R29).

Not here: a database that is there but old (R15, test_limits).
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import Connection, Event
from syncd.normalise import calendar_key
from syncd.ports import Changes
from syncd.store import SqlStore, empty_store
from tests.cycle.bench import EMAIL, SITE_ID, STAFF, Bench, at, event

TEN = timedelta(minutes=11)


@pytest.fixture
async def old_store() -> AsyncIterator[SqlStore]:
    """The database that will be lost."""
    store = await empty_store()
    try:
        yield store
    finally:
        await store.aclose()


async def studio(bench: Bench) -> Connection:
    """Four classes and three appointments, all synced, one title overridden."""
    connection = await bench.connect()
    for number, title in enumerate(("Yoga", "Pilates", "Spin", "Boxing"), 1):
        bench.session(f"s{number}", event(title, at(number, 9)))
    for number, title in enumerate(("Dentist", "Lunch", "Call"), 1):
        bench.outside_event(f"e{number}", event(title, at(number, 14)))
    await bench.settle(1)
    await bench.override("s1", title="Yoga with Anna")
    await bench.settle(1)
    return connection


async def connected_anew(bench: Bench, store: SqlStore, before: Connection) -> Bench:
    """Another database; the connection as `connect` makes it: under a new id, with the dedicated calendar it finds."""
    other = bench.restarted(store, bench.world)
    key = calendar_key(bench.rules.bridge, STAFF.id, 1)
    found = other.account.calendar_id(key)
    assert found in {shelf.id for shelf in bench.world.shelves(EMAIL)}
    connection = replace(before, id="connection-anew", calendar=found)
    await store.commit(Changes(connections=[connection]), None)
    other.connection_id = connection.id
    return other


@pytest.mark.rule("R13", "R25")
async def test_nothing_is_doubled_and_nothing_written_when_nothing_had_changed(
    bench: Bench, old_store: SqlStore
) -> None:
    before = bench.restarted(old_store, bench.world)
    connection = await studio(before)
    raw, written = before.raw(), len(before.world.log)
    after = await connected_anew(before, bench.store, connection)
    await after.settle(3)
    assert after.raw() == raw
    assert after.world.log[written:] == []
    adopted = [row for row in await after.history("R13") if row.kind == "adopt"]
    assert [row.action["lost"] for row in adopted if row.action["lost"]] == [["title"]]
    assert len(adopted) == 7
    await after.assert_at_rest()


@pytest.mark.rule("R13", "R25", "R29", "R10", "R6")
async def test_edits_and_deletions_of_the_time_between_are_carried_on(bench: Bench, old_store: SqlStore) -> None:
    before = bench.restarted(old_store, bench.world)
    connection = await studio(before)
    before.edit_copy("Pilates", Event(when=at(2, 11)))
    before.world.remove(before.outside_calendar, before.exported_id("Spin"))
    before.world.cancel(SITE_ID, "s4")
    before.world.edit(before.primary, "e1", Event(when=at(1, 16)))
    before.world.remove(before.primary, "e3")
    after = await connected_anew(before, bench.store, connection)
    await after.settle(2)
    assert len(list(after.world.shelves(EMAIL))) == 2
    # Which side moved Pilates cannot be known any more: the site's time wins, the other is in the history.
    assert {title: copy.when for title, copy in after.exported().items()} == {
        "Yoga with Anna": at(1, 9),
        "Pilates": at(2, 9),
        "Spin": at(3, 9),
    }
    assert any("2026-03-04T11" in str(row.action) for row in await after.history("R10"))
    # The block of the deleted appointment is listed, not taken away.
    assert {title: block.when for title, block in after.blocks().items()} == {
        "Dentist": at(1, 16),
        "Lunch": at(2, 14),
        "Call": at(3, 14),
    }
    assert len(after.world.items(SITE_ID)) == 6
    assert await after.noted("R29") == 1
    await after.assert_at_rest()


@pytest.mark.rule("R13")
async def test_a_lost_override_is_not_overwritten_until_it_is_given_again(bench: Bench, old_store: SqlStore) -> None:
    before = bench.restarted(old_store, bench.world)
    connection = await studio(before)
    after = await connected_anew(before, bench.store, connection)
    await after.settle(1)
    after.world.edit(SITE_ID, "s1", Event(location="Room 2"))
    await after.settle(2)
    assert after.exported()["Yoga with Anna"].location == "Room 2"
    await after.override("s1", title="Yoga with Anna")
    await after.settle(2)
    assert set(after.exported()) == {"Yoga with Anna", "Pilates", "Spin", "Boxing"}
    await after.assert_at_rest()


@pytest.mark.rule("R25")
async def test_copies_whose_session_is_unknown_are_left_and_listed(bench: Bench, old_store: SqlStore) -> None:
    before = bench.restarted(old_store, bench.world)
    connection = await studio(before)
    before.world.remove(SITE_ID, "s4")
    after = await connected_anew(before, bench.store, connection)
    await after.settle(3)
    assert "Boxing" in after.exported()
    assert await after.noted("R25") == 1
    assert "Boxing" not in after.inside_titles()
    await after.assert_at_rest()
