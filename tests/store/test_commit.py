"""A commit is written whole or not at all, and what it holds comes back."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.errors import LeaseLost, StoreError
from syncd.model import (
    UNSEEN,
    Cursor,
    Former,
    LinkState,
    Override,
    Pair,
    Pending,
    Quarantine,
    Reason,
    Ref,
    Side,
    Status,
    SyncConfig,
    Target,
    Window,
)
from syncd.ports import Changes, Note, WriteState
from syncd.store import SqlStore, open_store
from tests.store.builders import (
    CALENDAR,
    ME,
    NOW,
    OTHER,
    SITE,
    WINDOW,
    connection,
    delete,
    event,
    gone,
    history,
    hold,
    journal,
    link,
    outside,
    session,
    touch,
)

HOUR = timedelta(hours=1)


async def pending(store: SqlStore, owner: str = "c1") -> Sequence[Pending]:
    return [row for item in (await store.workload(owner, NOW, WINDOW)).items for row in item.pending]


async def test_a_link_comes_back_equal_and_is_found_by_either_side(store: SqlStore) -> None:
    given = link(
        bases=Pair(event(None), event("b")),
        generation=3,
        state=LinkState.DISMISSED,
        participants=UNSEEN,
        former=Former(Ref("old", "e0"), None),
        refused={"external:title": "digest"},
    )
    await store.commit(Changes(links=[given]), None)
    assert await store.links("c1") == [given]
    assert await store.links_of(Side.WIX, [Ref(SITE, "s1")]) == [given]
    assert await store.links_of(Side.EXTERNAL, [Ref(CALENDAR, "e1"), Ref(CALENDAR, "e2")]) == [given]
    assert await store.links_of(Side.EXTERNAL, [Ref(SITE, "s1")]) == []


async def test_links_of_are_of_every_connection_but_no_tombstones(store: SqlStore) -> None:
    dead = link("l3", state=LinkState.TOMBSTONE)
    live = [link("l1"), link("l2", connection="c2", state=LinkState.DISMISSED)]
    await store.commit(Changes(links=[*live, dead]), None)
    assert await store.links_of(Side.WIX, [Ref(SITE, "s1")]) == live
    assert await store.links("c1") == [live[0], dead]


async def test_a_dissolved_link_is_gone(store: SqlStore) -> None:
    await store.commit(Changes(links=[link("l1"), link("l2")]), None)
    await store.commit(Changes(dissolved=["l1"]), None)
    assert await store.links("c1") == [link("l2")]


async def test_touching_keeps_since_and_raises_the_stamp(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], touched=[touch(session(), since=NOW)]), None)
    (first,) = await pending(store)
    await store.commit(Changes(touched=[touch(session(), since=NOW + HOUR)]), None)
    (second,) = await pending(store)
    assert second.since == first.since == NOW
    assert second.stamp > first.stamp


async def test_only_the_stamp_that_was_seen_is_cleared(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], touched=[touch(session())]), None)
    (first,) = await pending(store)
    await store.commit(Changes(touched=[touch(session())]), None)
    await store.commit(Changes(cleared=[("c1", first)]), None)
    (second,) = await pending(store)
    await store.commit(Changes(cleared=[("c1", second)]), None)
    assert await pending(store) == []


async def test_a_stamp_is_never_given_twice(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], touched=[touch(session())]), None)
    (first,) = await pending(store)
    await store.commit(Changes(cleared=[("c1", first)]), None)
    await store.commit(Changes(touched=[touch(session())]), None)
    (second,) = await pending(store)
    assert second.stamp > first.stamp


async def test_an_item_touched_and_cleared_at_once_stays_pending(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], touched=[touch(session())]), None)
    (first,) = await pending(store)
    await store.commit(Changes(touched=[touch(session(), since=NOW + HOUR)], cleared=[("c1", first)]), None)
    (second,) = await pending(store)
    assert second.since == NOW


async def test_every_connection_has_pending_items_of_its_own(store: SqlStore) -> None:
    both = [connection(), connection("c2")]
    touched = [touch(session()), touch(session(), owner="c2"), touch(outside())]
    await store.commit(Changes(connections=both, touched=touched), None)
    (other,) = await pending(store, "c2")
    await store.commit(Changes(cleared=[("c1", other)]), None)
    assert len(await pending(store)) == 2
    assert len(await pending(store, "c2")) == 1


async def test_a_cursor_is_set_and_dropped(store: SqlStore) -> None:
    cursor = Cursor("token", Window(NOW, NOW + HOUR))
    await store.commit(Changes(cursors_of="c1", cursors={CALENDAR: cursor}), None)
    assert await store.cursor("c1", CALENDAR) == cursor
    assert await store.cursor("c2", CALENDAR) is None
    await store.commit(Changes(cursors_of="c1", cursors={CALENDAR: None}), None)
    assert await store.cursor("c1", CALENDAR) is None


async def test_the_last_complete_reading_is_remembered_by_side(store: SqlStore) -> None:
    await store.commit(Changes(read=[(Side.WIX, SITE, NOW)]), None)
    await store.commit(Changes(read=[(Side.WIX, SITE, NOW + HOUR)]), None)
    assert await store.last_read(Side.WIX, SITE) == NOW + HOUR
    assert await store.last_read(Side.EXTERNAL, SITE) is None


async def test_a_full_listing_is_remembered_apart(store: SqlStore) -> None:
    await store.commit(Changes(read=[(Side.WIX, SITE, NOW)]), None)
    assert await store.last_full(Side.WIX, SITE) is None
    await store.commit(Changes(read=[(Side.WIX, SITE, NOW)], audited=True), None)
    await store.commit(Changes(read=[(Side.WIX, SITE, NOW + HOUR)]), None)
    assert await store.last_full(Side.WIX, SITE) == NOW
    assert await store.last_read(Side.WIX, SITE) == NOW + HOUR


async def test_a_connection_comes_back_equal(store: SqlStore) -> None:
    given = connection(
        config=SyncConfig(imports=False, calendars=("a", "b"), target=Target.PRIMARY),
        status=Status.ERROR,
        reason=Reason.TOKEN_REVOKED,
        detail="revoked",
        refused_at=NOW,
        confirmed=True,
        retired=("old",),
        created_at=NOW,
        next_due_at=NOW + HOUR,
    )
    await store.commit(Changes(connections=[given]), None)
    assert await store.connection("c1") == given
    assert await store.connection("c2") is None


async def test_connections_are_listed_oldest_first(store: SqlStore) -> None:
    given = [connection("b", created_at=NOW), connection("a", created_at=NOW + HOUR)]
    await store.commit(Changes(connections=given), None)
    assert await store.connections() == given


async def test_another_config_makes_every_item_pending(store: SqlStore) -> None:
    config = SyncConfig(exports=False)
    seen = [session("s1"), session("s2"), session("s3", absence=gone()), outside("e1"), outside("e9")]
    await store.commit(Changes(connections=[connection()], observations=seen, links=[link()]), None)
    await store.commit(Changes(cursors_of="c1", cursors={CALENDAR: Cursor("", Window(NOW, NOW))}), None)
    await store.configure("c1", config)
    assert (await store.connection("c1")) == connection(config=config)
    assert {row.ref.id for row in await pending(store)} == {"s1", "s2", "e1", "e9"}


async def test_the_same_config_makes_nothing_pending(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], observations=[session()], links=[link()]), None)
    await store.configure("c1", connection().config)
    assert await pending(store) == []


async def test_a_connection_that_does_not_exist_cannot_be_configured(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no connection c9"):
        await store.configure("c9", SyncConfig())


async def test_credentials_come_back_as_they_were_put(store: SqlStore) -> None:
    assert await store.credentials("c1") is None
    for sealed in (b"\x00first", b"\xffsecond"):
        await store.put_credentials("c1", sealed)
    assert await store.credentials("c1") == b"\xffsecond"


async def test_a_forgotten_connection_leaves_nothing_and_takes_nothing_from_others(store: SqlStore) -> None:
    mine, other = connection(calendar=CALENDAR), connection("c2")
    shared = link("l2", wix="s1", external=None, connection="c2")
    await store.commit(
        Changes(
            connections=[mine, other],
            observations=[session(), outside()],
            links=[link(), shared],
            touched=[touch(session()), touch(session(), owner="c2")],
            cursors_of="c1",
            cursors={CALENDAR: Cursor("t", Window(NOW, NOW))},
            read=[(Side.EXTERNAL, CALENDAR, NOW)],
            journal=[journal()],
            history=[history()],
            holds=[hold()],
            notes=[Note("c1", "l1", "R1", "why", NOW)],
        ),
        None,
    )
    await store.put_credentials("c1", b"sealed")
    await store.forget_connection("c1")
    assert await store.connections() == [other]
    left = [await store.links("c1"), await store.open_writes("c1"), await store.history(connection="c1")]
    assert [*left, await store.holds("c1"), await store.notes("c1")] == [[], [], [], [], []]
    assert await store.credentials("c1") is None
    assert await store.cursor("c1", CALENDAR) is None
    assert await store.stored(Side.EXTERNAL, [Ref(CALENDAR, "e1")]) == {}
    assert len(await store.stored(Side.WIX, [Ref(SITE, "s1")])) == 1
    assert await store.links("c2") == [shared]
    assert len(await pending(store, "c2")) == 1


async def test_a_calendar_that_another_connection_uses_is_not_forgotten(store: SqlStore) -> None:
    both = [connection(calendar=CALENDAR), connection("c2", retired=(CALENDAR,))]
    await store.commit(Changes(connections=both, observations=[outside()]), None)
    await store.forget_connection("c1")
    assert len(await store.stored(Side.EXTERNAL, [Ref(CALENDAR, "e1")])) == 1


async def test_a_confirmed_connection_is_not_forgotten(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection(confirmed=True)]), None)
    with pytest.raises(StoreError, match="syncd disconnect c1"):
        await store.forget_connection("c1")
    assert len(await store.connections()) == 1


async def test_an_intent_is_open_until_its_outcome(store: SqlStore) -> None:
    later = journal("w2", opened_at=NOW + HOUR, action=delete(), bulk=True)
    await store.commit(Changes(journal=[later, journal("w1")]), None)
    assert await store.open_writes("c1") == [journal("w1"), later]
    done = journal("w1", state=WriteState.DONE, closed_at=NOW, outcome="done")
    await store.commit(Changes(journal=[done]), None)
    assert await store.open_writes("c1") == [later]


async def test_a_commit_without_the_newest_lease_writes_nothing(store: SqlStore) -> None:
    old = await store.acquire("c1", ME, 0)
    assert old is not None
    new = await store.acquire("c1", OTHER, 60)
    changes = Changes(
        observations=[session()],
        links=[link()],
        connections=[connection()],
        touched=[touch(session())],
        history=[history()],
        journal=[journal()],
    )
    with pytest.raises(LeaseLost):
        await store.commit(changes, old)
    assert [await store.connections(), await store.links("c1"), await store.history()] == [[], [], []]
    assert await store.stored(Side.WIX, [Ref(SITE, "s1")]) == {}
    await store.commit(changes, new)
    assert len(await store.connections()) == 1


async def test_a_commit_that_fails_in_the_middle_writes_nothing(store: SqlStore) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises((StoreError, ValueError)):
        await store.commit(Changes(observations=[session()], history=[history(at=naive)]), None)
    assert await store.stored(Side.WIX, [Ref(SITE, "s1")]) == {}


async def test_what_is_lifted_may_be_quarantined_anew_in_the_same_commit(store: SqlStore) -> None:
    await store.commit(Changes(connections=[connection()], links=[link()], touched=[touch(session())]), None)
    old, new = Quarantine("a1", "refused", 1, True, NOW), Quarantine("a2", "refused", 1, False, NOW + HOUR)
    await store.commit(Changes(quarantine=[("c1", "l1", old), ("c1", "l2", old)]), None)
    await store.commit(Changes(quarantine=[("c1", "l1", new)], lifted=[("c1", "l1")]), None)
    (item,) = (await store.workload("c1", NOW, WINDOW)).items
    assert item.quarantine == {"a2": new}
    assert (await store.tally("c1"))["quarantined"] == 2


async def test_two_stores_on_one_database_lose_nothing(store: SqlStore, database_url: str) -> None:
    other = await open_store(database_url)
    try:
        await store.commit(Changes(connections=[connection()]), None)
        commits = [
            opened.commit(Changes(observations=[session(name)], touched=[touch(session(name))]), None)
            for number in range(20)
            for opened, name in ((store, f"a{number}"), (other, f"b{number}"))
        ]
        await asyncio.gather(*commits)
        stamps = [row.stamp for row in await pending(store)]
    finally:
        await other.aclose()
    assert len(stamps) == len(set(stamps)) == 40


async def test_two_stores_that_change_the_same_rows_agree_in_the_end(store: SqlStore, database_url: str) -> None:
    other = await open_store(database_url)
    names = [f"s{number}" for number in range(50)]
    try:
        known = [session(name, "first") for name in names]
        await store.commit(Changes(connections=[connection()], observations=known), None)
        commits = []
        for number in range(10):
            opened, order = ((store, names), (other, names[::-1]))[number % 2]
            seen = [session(name, f"{number}") for name in order]
            commits.append(opened.commit(Changes(observations=seen, touched=[touch(row) for row in seen]), None))
        await asyncio.gather(*commits)
        found = await store.stored(Side.WIX, [Ref(SITE, name) for name in names])
    finally:
        await other.aclose()
    assert {len(entry.superseded) for entry in found.values()} == {10}
    assert len(await pending(store)) == 50


async def test_an_override_in_a_commit_is_the_sessions(store: SqlStore) -> None:
    ref = Ref(SITE, "s1")
    await store.commit(Changes(overrides=[(ref, Override("Shown"))]), None)
    assert (await store.overrides(SITE, [ref], []))[ref].session == Override("Shown")
    await store.commit(Changes(overrides=[(ref, Override())]), None)
    assert (await store.overrides(SITE, [ref], []))[ref].session == Override()


async def test_the_same_commit_twice_changes_nothing_more(store: SqlStore) -> None:
    changes = Changes(
        observations=[session(), outside()],
        links=[link()],
        connections=[connection()],
        journal=[journal()],
        holds=[hold()],
        notes=[Note("c1", "l1", "R16", "read-only", NOW)],
    )
    await store.commit(changes, None)
    before = await store.links("c1"), await store.holds(), await store.notes(), await store.open_writes("c1")
    await store.commit(replace(changes), None)
    assert (await store.links("c1"), await store.holds(), await store.notes(), await store.open_writes("c1")) == before
