"""What a plan is made from: pending items with all that is known of them, and what they may be paired with."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.errors import StoreError
from syncd.model import (
    Decision,
    Field,
    FieldWrite,
    Item,
    LinkState,
    Override,
    Overrides,
    Pair,
    Quarantine,
    Ref,
    Side,
    Traits,
    Window,
)
from syncd.ports import Changes, WriteState
from syncd.store import SqlStore
from tests.store.builders import (
    CALENDAR,
    ME,
    NOW,
    SITE,
    WINDOW,
    connection,
    create,
    delete,
    event,
    gone,
    history,
    hold,
    journal,
    link,
    mark,
    outside,
    session,
    touch,
)

DAY = timedelta(hours=24)
OURS = Traits(home="staff-1", mark=mark())


async def put(store: SqlStore, **changes: object) -> None:
    await store.commit(Changes(**changes), None)  # type: ignore[arg-type]


async def items(store: SqlStore, owner: str = "c1") -> tuple[Item, ...]:
    return (await store.workload(owner, NOW, WINDOW)).items


async def neighbours(store: SqlStore) -> set[str]:
    found = (await store.workload("c1", NOW, WINDOW)).neighbours
    return {seen.ref.id for item in found for side in Side if (seen := item.at(side)) is not None}


async def test_nothing_pending_is_an_empty_workload(store: SqlStore) -> None:
    await put(store, connections=[connection()], observations=[session()], links=[link()])
    work = await store.workload("c1", NOW, WINDOW)
    assert (work.connection, work.items, work.neighbours, work.linked) == (connection(), (), (), 0)


async def test_links_that_ended_before_the_window_do_not_count_as_linked(store: SqlStore) -> None:
    seen = [session("s1", event=event(day=1)), session("s2", event=event(day=3)), outside("e1", event=event(day=1))]
    links = [link(), link("l2", wix="s2", external="e2"), link("l3", wix="s2", state=LinkState.DISMISSED)]
    await put(store, connections=[connection()], observations=seen, links=links, touched=[touch(session("s1"))])
    work = await store.workload("c1", NOW, Window(NOW, NOW + DAY))
    assert work.linked == 1


async def test_there_is_no_workload_of_a_connection_that_does_not_exist(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no connection c1"):
        await store.workload("c1", NOW, WINDOW)


async def test_an_unlinked_pending_item_stands_alone(store: SqlStore) -> None:
    await put(store, connections=[connection()], observations=[session()], touched=[touch(session())])
    (item,) = await items(store)
    assert (item.link, item.wix, item.external, item.exported_by, item.generations) == (None, session(), None, 0, 0)
    assert [(row.side, row.ref, row.since) for row in item.pending] == [(Side.WIX, Ref(SITE, "s1"), NOW)]


@pytest.mark.parametrize("state", [LinkState.LIVE, LinkState.DISMISSED])
@pytest.mark.parametrize("touched", [[session()], [outside()], [session(), outside()]])
async def test_a_linked_item_comes_once_with_both_sides(
    store: SqlStore, state: LinkState, touched: list[object]
) -> None:
    given = link(state=state)
    seen = [session(), outside()]
    rows = [touch(entry) for entry in seen if entry in touched]
    await put(store, connections=[connection()], observations=seen, links=[given], touched=rows)
    (item,) = await items(store)
    assert (item.link, item.wix, item.external) == (given, seen[0], seen[1])
    assert len(item.pending) == len(touched)


async def test_a_tombstone_claims_nothing(store: SqlStore) -> None:
    dead = link(state=LinkState.TOMBSTONE, generation=4)
    await put(store, connections=[connection()], observations=[session()], links=[dead], touched=[touch(session())])
    (item,) = await items(store)
    assert (item.link, item.generations) == (None, 4)


async def test_a_live_link_claims_a_ref_before_a_released_one(store: SqlStore) -> None:
    links = [link("a", external=None, state=LinkState.DISMISSED), link("b")]
    await put(store, connections=[connection()], links=links, touched=[touch(session())])
    assert [item.link for item in await items(store)] == [links[1]]


async def test_another_connections_link_is_not_this_ones(store: SqlStore) -> None:
    theirs = link(connection="c2", origin=Side.EXTERNAL, made=Pair(True, False))
    await put(store, connections=[connection()], observations=[session()], links=[theirs], touched=[touch(session())])
    (item,) = await items(store)
    assert (item.link, item.linked_elsewhere, item.exported_by) == (None, True, 0)


async def test_what_another_connection_only_exports_is_not_linked_elsewhere(store: SqlStore) -> None:
    theirs = link("l2", external="e2", connection="c2")
    links = [link("l1"), theirs, link("l3", external="e3", connection="c3", state=LinkState.DISMISSED)]
    await put(store, connections=[connection()], observations=[session()], links=links, touched=[touch(session())])
    (item,) = await items(store)
    assert (item.linked_elsewhere, item.exported_by) == (False, 2)


async def test_generations_outlive_the_ref_of_the_original(store: SqlStore) -> None:
    await put(store, connections=[connection()], links=[link(generation=2)])
    await put(store, links=[link(generation=2, wix=None, state=LinkState.TOMBSTONE)])
    await put(store, links=[link("l2", external="e2")], touched=[touch(session())])
    (item,) = await items(store)
    assert item.generations == 2


async def test_overrides_of_the_session_and_of_its_schedule_are_resolved(store: SqlStore) -> None:
    await put(store, connections=[connection()], observations=[session()], touched=[touch(session())])
    await store.put_override(SITE, "schedule", "staff-1", Override("Class", "bring a mat"), NOW)
    await store.put_override(SITE, "session", "s1", Override("Yoga for all"), NOW)
    (item,) = await items(store)
    assert item.overrides == Overrides(Override("Yoga for all"), Override("Class", "bring a mat"))


async def test_decisions_quarantine_and_recent_writes_come_with_their_item(store: SqlStore) -> None:
    failed = Quarantine("a1", "refused", 2, False, NOW)
    fields = {"title": "digest-1", "when": "digest-2"}
    await put(
        store,
        connections=[connection()],
        links=[link()],
        touched=[touch(session()), touch(session("s2"))],
        holds=[hold("h1", decision=Decision.APPROVED), hold("h2", item="l9"), hold("h3", connection="c2")],
        quarantine=[("c1", "l1", failed), ("c1", "wix|site-1|s2", replace(failed, action="a2"))],
        history=[
            history(NOW - DAY + timedelta(seconds=1), fields=fields),
            history(NOW - DAY, fields=fields),
            history(NOW, fields=fields, connection="c2"),
            history(NOW, fields={"busy": "digest-3"}, side=Side.WIX),
        ],
    )
    linked, alone = await items(store)
    assert linked.decisions == {"h1": Decision.APPROVED}
    assert linked.quarantine == {"a1": failed}
    assert list(alone.quarantine) == ["a2"]
    at = NOW - DAY + timedelta(seconds=1)
    assert linked.recent == (
        FieldWrite(Side.EXTERNAL, Field.TITLE, "digest-1", at),
        FieldWrite(Side.EXTERNAL, Field.WHEN, "digest-2", at),
        FieldWrite(Side.WIX, Field.BUSY, "digest-3", NOW),
    )
    assert alone.recent == ()


async def test_rows_from_before_an_item_had_a_link_still_count(store: SqlStore) -> None:
    row = history(NOW, fields={"title": "digest"}, item="wix|site-1|s1", kind="create")
    await put(store, connections=[connection()], links=[link()], touched=[touch(outside())], history=[row])
    (item,) = await items(store)
    assert [entry.value for entry in item.recent] == ["digest"]


@pytest.mark.parametrize(
    ("action", "state", "frozen"),
    [
        (delete("l1"), WriteState.OPEN, True),
        (create("wix|site-1|s1"), WriteState.OPEN, True),
        (delete("l1"), WriteState.FAILED, False),
        (delete("l2"), WriteState.OPEN, False),
    ],
)
async def test_an_open_intent_freezes_its_item_alone(
    store: SqlStore, action: object, state: WriteState, frozen: bool
) -> None:
    row = journal(action=action, state=state)
    await put(store, connections=[connection()], links=[link()], touched=[touch(session())], journal=[row])
    (item,) = await items(store)
    assert item.frozen is frozen


async def test_deletions_of_the_last_day_count_once_an_act(store: SqlStore) -> None:
    rows = [
        history(NOW, counts=True, act="series"),
        history(NOW, counts=True, act="series"),
        history(NOW, counts=True, act="other"),
        history(NOW, counts=True),
        history(NOW, counts=True),
        history(NOW, counts=False, act="ordered"),
        history(NOW - DAY, counts=True, act="old"),
        history(NOW, counts=True, act="theirs", connection="c2"),
    ]
    await put(store, connections=[connection()], history=rows, touched=[touch(session())])
    assert (await store.workload("c1", NOW, WINDOW)).deleted_24h == 4


async def test_an_equal_item_of_the_other_side_is_a_neighbour(store: SqlStore) -> None:
    seen = [
        session("s1", event=event("Yoga ")),
        outside("equal", event=event("yoga")),
        outside("gone", absence=gone()),
        outside("later", event=event(hour=11)),
        outside("titled", event=event("Pilates")),
        outside("linked"),
    ]
    links = [link(wix=None, external="linked")]
    await put(store, connections=[connection()], observations=seen, links=links, touched=[touch(seen[0])])
    assert await neighbours(store) == {"equal"}


async def test_calendars_of_other_connections_hold_no_neighbours(store: SqlStore) -> None:
    theirs = replace(outside("theirs"), ref=Ref("c2:theirs", "theirs"))
    seen = [session(), theirs, outside("mine")]
    mine = connection(calendar=CALENDAR)
    await put(store, connections=[mine], observations=seen, touched=[touch(seen[0])])
    assert await neighbours(store) == {"mine"}


async def test_marked_items_are_neighbours_while_something_lacks_its_pair(store: SqlStore) -> None:
    block = session("block", event=event("Busy", hour=20), traits=OURS)
    await put(store, connections=[connection()], observations=[block, outside()], touched=[touch(outside())])
    assert await neighbours(store) == {"block"}


async def test_blocks_that_another_connection_made_are_not_neighbours(store: SqlStore) -> None:
    block = session("block", traits=OURS)
    theirs = link("l9", wix="block", external=None, connection="c2", made=Pair(True, False))
    seen = [block, outside()]
    await put(store, connections=[connection()], observations=seen, links=[theirs], touched=[touch(outside())])
    assert await neighbours(store) == set()


async def test_a_linked_pair_that_is_all_there_asks_for_no_neighbours(store: SqlStore) -> None:
    seen = [session(), outside(), outside("equal"), session("block", traits=OURS)]
    await put(store, connections=[connection()], observations=seen, links=[link()], touched=[touch(session())])
    assert await neighbours(store) == set()


async def test_what_a_gone_item_may_have_become_is_a_neighbour(store: SqlStore) -> None:
    seen = [session(), outside(absence=gone()), outside("again")]
    await put(store, connections=[connection()], observations=seen, links=[link()], touched=[touch(outside())])
    assert await neighbours(store) == {"again"}


async def test_a_marked_copy_comes_with_its_session_and_the_newest_link_for_it(store: SqlStore) -> None:
    copy = outside("e9", traits=Traits(mark=mark(original="s1")))
    links = [
        link("old", generation=2, state=LinkState.TOMBSTONE),
        link("older", generation=1),
        link("theirs", generation=9, connection="c2"),
    ]
    await put(store, connections=[connection()], observations=[session(), copy], links=links, touched=[touch(copy)])
    await store.put_override(SITE, "session", "s1", Override("Shown"), NOW)
    (item,) = [entry for entry in await items(store) if entry.link is None]
    assert (item.external, item.wix, item.claim) == (copy, session(), links[0])
    assert item.overrides.session == Override("Shown")


async def test_the_session_of_a_marked_copy_is_unsettled_until_it_was_seen(store: SqlStore) -> None:
    copy = outside("e9", traits=Traits(mark=mark(original="s1")))
    await put(store, connections=[connection()], observations=[copy], touched=[touch(copy)])
    (item,) = await items(store)
    assert (item.wix, item.claim) == (None, None)
    assert await store.unsettled("c1") == [(Side.WIX, Ref(SITE, "s1"))]
    await put(store, observations=[session()])
    assert await store.unsettled("c1") == []


@pytest.mark.parametrize(
    ("other", "twin"),
    [
        (session("s2", traits=OURS), True),
        (session("s2", traits=replace(OURS, home="staff-2")), False),
        (session("s2", traits=OURS, event=event("yoga")), False),
        (session("s2", traits=OURS, event=event(hour=11)), False),
        (session("s2", traits=OURS, absence=gone()), False),
    ],
)
async def test_a_twin_equals_a_linked_block_in_time_title_and_home(store: SqlStore, other: object, twin: bool) -> None:
    block = session("s1", traits=OURS)
    linked = link(wix="s2", external="e2", origin=Side.EXTERNAL, made=Pair(True, False))
    await put(store, connections=[connection()], observations=[block, other], links=[linked], touched=[touch(block)])
    (item,) = await items(store)
    assert item.twin is twin


async def test_unsettled_is_what_is_absent_or_was_never_seen_on_either_side(store: SqlStore) -> None:
    seen = [session("s1"), outside("e1", absence=gone()), session("s2"), session("s4", absence=gone())]
    links = [link(), link("l2", wix="s2", external="e2"), link("l3", wix="s3", external=None)]
    touched = [touch(session(name)) for name in ("s1", "s2", "s3")]
    await put(store, connections=[connection()], observations=seen, links=links, touched=touched)
    assert set(await store.unsettled("c1")) == {
        (Side.EXTERNAL, Ref(CALENDAR, "e1")),
        (Side.EXTERNAL, Ref(CALENDAR, "e2")),
        (Side.WIX, Ref(SITE, "s3")),
    }


async def test_a_snapshot_plans_the_same_and_changes_nothing(store: SqlStore) -> None:
    held = await store.acquire("c1", ME, 60)
    await put(
        store,
        connections=[connection()],
        observations=[session(), outside(), outside("e2", absence=gone())],
        links=[link()],
        touched=[touch(session())],
        journal=[journal("open"), journal("done", state=WriteState.DONE)],
        history=[history(NOW - timedelta(hours=49)), history(NOW)],
        overrides=[(Ref(SITE, "s1"), Override("Shown"))],
    )
    await store.put_credentials("c1", b"sealed")
    before = await store.workload("c1", NOW, WINDOW)
    async with store.snapshot() as private:
        assert await private.workload("c1", NOW, WINDOW) == before
        assert [row.id for row in await private.open_writes("c1")] == ["open"]
        assert [row.at for row in await private.history()] == [NOW]
        assert await private.credentials("c1") == b"sealed"
        assert await private.acquire("c1", ME, 60) is not None
        (row,) = before.items[0].pending
        await private.commit(Changes(observations=[session("s9")], touched=[touch(session("s9"))]), None)
        (fresh,) = [entry for entry in (await private.workload("c1", NOW, WINDOW)).items if entry.link is None]
        assert fresh.pending[0].stamp > row.stamp
        await private.commit(Changes(cleared=[("c1", row)], dissolved=["l1"]), None)
    assert await store.workload("c1", NOW, WINDOW) == before
    assert held is not None
    assert (await store.renew(held)).fence == held.fence
