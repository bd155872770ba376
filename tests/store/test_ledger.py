"""Journal, history, holds, notes and counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import Absence, Decision, Gone, LinkState, Quarantine, Ref, Side
from syncd.ports import Changes, Note
from syncd.store import SqlStore
from tests.store.builders import (
    CALENDAR,
    NOW,
    WINDOW,
    connection,
    gone,
    history,
    hold,
    journal,
    link,
    outside,
    session,
    touch,
)

LATER = NOW + timedelta(hours=1)


async def test_history_comes_back_newest_first_with_what_was_put(store: SqlStore) -> None:
    full = history(
        detail="why",
        action={"kind": "update", "changes": [{"field": "title", "after": None}]},
        wix={"title": "Yoga"},
        external={},
        counts=True,
        act="series-1",
        fields={"title": "digest"},
    )
    bare = history(side=None, ref=None, kind="skip")
    await store.commit(Changes(history=[full, bare]), None)
    newest, oldest = await store.history()
    assert newest.id is not None
    assert oldest.id is not None
    assert newest.id > oldest.id
    assert newest == history(side=None, ref=None, kind="skip", id=newest.id)
    assert (oldest.action, oldest.wix, oldest.external) == (full.action, full.wix, full.external)
    assert (oldest.counts, oldest.act, oldest.fields, oldest.ref) == (True, "series-1", full.fields, full.ref)


async def test_history_is_chosen_by_connection_and_item_and_paged(store: SqlStore) -> None:
    rows = [history(connection=owner, item=item) for owner in ("c1", "c2") for item in ("l1", "l2")]
    await store.commit(Changes(history=rows), None)
    assert [row.item for row in await store.history(connection="c2")] == ["l2", "l1"]
    assert [row.connection for row in await store.history(item="l1")] == ["c2", "c1"]
    first = await store.history(limit=3)
    assert [row.connection for row in await store.history(limit=3, before=first[-1].id)] == ["c1"]


async def test_holds_are_listed_while_they_wait(store: SqlStore) -> None:
    rows = [hold("a" * 16), hold("b" * 16, connection="c2", decision=Decision.APPROVED, decided_at=NOW)]
    await store.commit(Changes(holds=rows), None)
    assert await store.holds() == rows[:1]
    assert await store.holds("c2") == []
    assert await store.holds("c2", waiting=False) == rows[1:]


async def test_holding_an_action_again_keeps_its_decision_and_since(store: SqlStore) -> None:
    await store.commit(Changes(holds=[hold()]), None)
    await store.decide("g1", Decision.APPROVED, NOW)
    await store.commit(Changes(holds=[hold(group="g2", since=LATER, reason="still")]), None)
    (found,) = await store.holds(waiting=False)
    assert found == hold(group="g2", reason="still", decision=Decision.APPROVED, decided_at=NOW)


async def test_a_hold_that_no_longer_stands_is_gone(store: SqlStore) -> None:
    await store.commit(Changes(holds=[hold("a" * 16), hold("b" * 16)]), None)
    await store.commit(Changes(void=[("c1", "a" * 16), ("c2", "b" * 16)]), None)
    assert [row.action for row in await store.holds()] == ["b" * 16]


async def test_deciding_a_group_decides_all_of_it_and_makes_both_sides_pending(store: SqlStore) -> None:
    rows = [hold("a" * 16), hold("b" * 16, item="wix|site-1|s9"), hold("c" * 16, group="g2")]
    await store.commit(Changes(connections=[connection()], links=[link()], holds=rows), None)
    decided = await store.decide("g1", Decision.REJECTED, LATER)
    assert [(row.action, row.decision, row.decided_at) for row in decided] == [
        ("a" * 16, Decision.REJECTED, LATER),
        ("b" * 16, Decision.REJECTED, LATER),
    ]
    work = await store.workload("c1", NOW, WINDOW)
    assert {(row.side, row.ref.id) for item in work.items for row in item.pending} == {
        (Side.WIX, "s1"),
        (Side.EXTERNAL, "e1"),
        (Side.WIX, "s9"),
    }
    decisions = {key: value for item in work.items for key, value in item.decisions.items()}
    left = {"c" * 16: Decision.WAITING}
    assert decisions == left | {"a" * 16: Decision.REJECTED, "b" * 16: Decision.REJECTED}


@pytest.mark.parametrize(("given", "found"), [("abcdef", 1), ("abcde", 0), ("abcdef01", 1), ("abcdee", 0), ("%", 0)])
async def test_an_action_is_decided_by_six_characters_of_its_digest(store: SqlStore, given: str, found: int) -> None:
    await store.commit(Changes(holds=[hold("abcdef0123456789"), hold("ffff000000000000")]), None)
    assert len(await store.decide(given, Decision.APPROVED, NOW)) == found


async def test_characters_that_fit_two_actions_decide_none(store: SqlStore) -> None:
    await store.commit(Changes(holds=[hold("abcdef01"), hold("abcdef02")]), None)
    assert await store.decide("abcdef", Decision.APPROVED, NOW) == []


async def test_what_is_decided_already_is_not_decided_again(store: SqlStore) -> None:
    await store.commit(Changes(holds=[hold()]), None)
    assert len(await store.decide("g1", Decision.APPROVED, NOW)) == 1
    assert await store.decide("g1", Decision.REJECTED, NOW) == []


async def test_an_unlinked_item_is_found_though_its_collection_holds_the_sign_between(store: SqlStore) -> None:
    seen = replace(outside(), ref=Ref("a|b", "e|1"))
    held = hold(item="external|a|b|e|1")
    await store.commit(Changes(connections=[connection()], observations=[seen], holds=[held]), None)
    await store.decide("g1", Decision.APPROVED, NOW)
    (item,) = (await store.workload("c1", NOW, WINDOW)).items
    assert [row.ref for row in item.pending] == [seen.ref]


async def test_a_note_stands_until_it_is_quieted(store: SqlStore) -> None:
    notes = [Note("c1", "l1", "R16", "read-only", NOW), Note("c2", "l2", "R20", "lost", LATER)]
    await store.commit(Changes(notes=notes), None)
    assert await store.notes() == notes
    assert await store.notes("c2") == notes[1:]
    await store.commit(Changes(quieted=[("c1", "l1")]), None)
    assert await store.notes() == notes[1:]


async def test_a_tally_counts_what_belongs_to_the_connection(store: SqlStore) -> None:
    week = timedelta(days=7, seconds=1)
    lost = Absence(Gone.UNKNOWN, "404", NOW)
    await store.commit(
        Changes(
            connections=[connection()],
            observations=[
                session("s1"),
                session("s2", absence=lost, seen_at=NOW + week),
                session("s3", absence=lost, seen_at=NOW + timedelta(days=6)),
                session("s4", absence=lost, seen_at=NOW + week),
                outside("e2", absence=gone()),
            ],
            links=[
                link(),
                link("l2", wix="s2", external="e2"),
                link("l3", wix="s3", external=None, state=LinkState.DISMISSED),
                link("l9", connection="c2"),
            ],
            touched=[touch(session("s1")), touch(outside("e1")), touch(session("s5")), touch(session(), owner="c2")],
            journal=[journal("w1"), journal("w2", connection="c2")],
            holds=[hold(), hold("b" * 16, decision=Decision.APPROVED)],
            quarantine=[("c1", "l1", Quarantine(name, "why", 1, False, NOW)) for name in ("a", "b")],
            notes=[Note("c1", "l1", "R16", "read-only", NOW)],
        ),
        None,
    )
    assert await store.tally("c1") == {
        "links": 2,
        "pending": 2,
        "held": 1,
        "quarantined": 1,
        "listed": 1,
        "open": 1,
        "unknown": 1,
    }


async def test_an_unknown_item_ages_with_the_readings_of_its_side(store: SqlStore) -> None:
    seen = outside(absence=Absence(Gone.UNKNOWN, "404", NOW))
    await store.commit(Changes(observations=[seen], links=[link()]), None)
    assert (await store.tally("c1"))["unknown"] == 0
    await store.commit(Changes(read=[(Side.EXTERNAL, CALENDAR, NOW + timedelta(days=8))]), None)
    assert (await store.tally("c1"))["unknown"] == 1


async def test_items_that_are_unknown_alike_on_both_sides_are_counted_apart(store: SqlStore) -> None:
    lost = Absence(Gone.UNKNOWN, "404", NOW - timedelta(days=8))
    await store.commit(Changes(observations=[session(absence=lost), outside(absence=lost)], links=[link()]), None)
    assert (await store.tally("c1"))["unknown"] == 2
