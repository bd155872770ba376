"""What a person switched: disconnected (R23), import or export off, calendars chosen anew (R30)."""

from dataclasses import replace
from typing import Any

import pytest

from syncd.model import (
    Action,
    Create,
    Delete,
    Former,
    Gone,
    Item,
    LinkState,
    Observation,
    Pair,
    Rule,
    Side,
    Status,
)
from syncd.normalise import collection_of
from tests.rules.build import (
    CONNECTION,
    DENTIST,
    YOGA,
    absent,
    actions_of,
    block,
    connection,
    copy_outside,
    link,
    linked,
    mark_of,
    new,
    outside,
    session,
    with_pending,
)
from tests.rules.expect import delete, inner, making, name_of, outer, planned, release, skip, written

DISCONNECTING = connection(disconnecting=True)
ENDING = {"then": None, "ordered": True}


def exported(**traits: Any) -> Item:
    return linked(session(), copy_outside(session(), **traits))


def imported() -> Item:
    return linked(block(outside(DENTIST)), outside(DENTIST), origin=Side.EXTERNAL, base=DENTIST)


def by_mark(seen: Observation) -> Delete:
    return Delete(name_of(seen), seen.side, seen.ref, seen.version, Rule.R23, then=None, ordered=True)


# R23


def test_r23_disconnecting_removes_a_copy_and_leaves_its_session() -> None:
    given = exported()
    assert planned(given, connection=DISCONNECTING) == [delete(outer(given), Rule.R23, **ENDING)]


def test_r23_disconnecting_removes_a_block_and_leaves_its_event() -> None:
    given = imported()
    assert planned(given, connection=DISCONNECTING) == [delete(inner(given), Rule.R23, **ENDING)]


def test_r23_what_was_adopted_is_released() -> None:
    given = linked(session(), outside(), adopted=True)
    assert planned(given, connection=DISCONNECTING) == [release(Rule.R23, None)]


@pytest.mark.parametrize("seen", [copy_outside(session()), block(outside(DENTIST))], ids=["copy", "block"])
def test_r23_what_bears_our_mark_is_removed_without_a_link_too(seen: Observation) -> None:
    assert planned(new(seen), connection=DISCONNECTING) == [by_mark(seen)]


@pytest.mark.parametrize(
    "seen",
    [
        session(),
        outside(DENTIST),
        outside(mark=mark_of(session(), bridge="bridge-2")),
        session(mark=mark_of(outside(DENTIST), bridge="bridge-2")),
        outside(mark=replace(mark_of(session()), key="0" * 32)),
        outside(id="by-hand", mark=mark_of(session())),
        session(home="schedule-2", mark=mark_of(outside(DENTIST))),
    ],
    ids=[
        "a session",
        "an event",
        "another installation's copy",
        "another installation's block",
        "a copy for another schedule",
        "a person's duplicate",
        "a block on another schedule",
    ],
)
def test_r23_what_we_did_not_make_stays(seen: Observation) -> None:
    assert written(new(seen), connection=DISCONNECTING) == []


def test_r23_nothing_is_adopted_created_or_updated_on_the_way() -> None:
    given = [new(session(id="s2")), new(outside(id="e2")), exported()]
    renamed = replace(given[2], wix=session(replace(YOGA, title="Pilates")))
    found = written(given[0], given[1], renamed, connection=DISCONNECTING)
    assert [(one.kind, one.why) for one in found] == [("delete", Rule.R23)]


def test_r23_an_edit_that_goes_with_a_copy_is_kept_in_the_history() -> None:
    given = linked(session(), copy_outside(session(), replace(YOGA, title="My yoga")))
    (deletion,) = written(given, connection=DISCONNECTING)
    assert isinstance(deletion, Delete)
    assert [one.loser for one in deletion.losers] == ["My yoga"]


def test_r23_it_is_not_limited_by_r15() -> None:
    sessions = [session(id=f"s{n}") for n in range(200)]
    given = [linked(one, copy_outside(one), link=link(one, copy_outside(one), id=one.ref.id)) for one in sessions]
    assert len(written(*given, connection=DISCONNECTING, linked=200)) == 200


def test_r23_what_cannot_be_found_stays_pending() -> None:
    given = linked(session(), absent(copy_outside(session()), Gone.UNKNOWN))
    assert planned(given, connection=DISCONNECTING) == [skip("l1", Rule.R23, stays=True)]


def test_r23_what_is_gone_already_is_let_go_of() -> None:
    given = linked(session(), absent(copy_outside(session())))
    assert planned(given, connection=DISCONNECTING) == [release(Rule.R23, None)]


def test_r23_a_former_copy_goes_too() -> None:
    former = Former(outside(id="old").ref, "4")
    given = linked(session(), copy_outside(session()), link=link(session(), copy_outside(session()), former=former))
    found = written(given, connection=DISCONNECTING)
    assert {(one.ref, one.if_match) for one in found if isinstance(one, Delete)} == {
        (former.ref, "4"),
        (copy_outside(session()).ref, "1"),
    }


def test_r23_a_disconnected_connection_does_nothing_more() -> None:
    ended = connection(status=Status.DISCONNECTED)
    assert planned(exported(), new(session(id="s2")), connection=ended) == [skip("connection", Rule.R23, stays=True)]


# R30


def test_r30_import_off_removes_the_blocks_and_leaves_no_tombstone() -> None:
    given = imported()
    assert planned(given, connection=connection(imports=False)) == [delete(inner(given), Rule.R30, **ENDING)]


def test_r30_import_off_leaves_what_was_exported() -> None:
    assert written(exported(), connection=connection(imports=False)) == []


def test_r30_a_deselected_calendar_loses_its_blocks_and_no_other() -> None:
    other = collection_of(CONNECTION, "work")
    kept = outside(DENTIST, id="e2", calendar=other)
    ours = replace(block(outside(DENTIST)), ref=session(id="b2").ref)
    stays = linked(ours, kept, link=link(ours, kept, origin=Side.EXTERNAL, base=DENTIST, id="l2"))
    found = written(imported(), stays, connection=connection(calendars=("work",)))
    assert [(one.item, one.kind, one.side) for one in found] == [("l1", "delete", Side.WIX)]


def test_r30_a_block_is_removed_though_its_event_cannot_be_found() -> None:
    given = linked(
        block(outside(DENTIST)), absent(outside(DENTIST), Gone.OUT_OF_SCOPE), origin=Side.EXTERNAL, base=DENTIST
    )
    assert [one.kind for one in written(given, connection=connection(imports=False))] == ["delete"]


def test_r30_switched_on_again_is_a_first_contact() -> None:
    assert planned(new(outside(DENTIST), generations=1)) == [making(outside(DENTIST), Rule.R4, generation=2)]


def test_r30_export_off_removes_what_was_exported() -> None:
    given = exported()
    assert planned(given, connection=connection(exports=False)) == [delete(outer(given), Rule.R30, **ENDING)]


def test_r30_export_off_writes_nothing_outside_for_imported_events() -> None:
    given = replace(imported(), wix=block(outside(DENTIST), replace(DENTIST, title="Renamed")))
    found = written(given, connection=connection(exports=False))
    assert [one for one in found if one.side is Side.EXTERNAL] == []


@pytest.mark.parametrize("off", [{"exports": False}, {"imports": False}, {"exports": False, "imports": False}])
@pytest.mark.parametrize("origin", list(Side))
def test_r30_an_adopted_pair_is_never_removed(origin: Side, off: dict[str, bool]) -> None:
    given = linked(session(), outside(), origin=origin, adopted=True)
    assert written(given, connection=connection(**off)) == []


def test_r30_an_edit_that_goes_with_a_copy_is_kept_in_the_history() -> None:
    given = linked(session(), copy_outside(session(), replace(YOGA, title="My yoga")))
    (deletion,) = written(given, connection=connection(exports=False))
    assert isinstance(deletion, Delete)
    assert [one.loser for one in deletion.losers] == ["My yoga"]


NEW_TARGET = connection(calendar="new")


def _created(given: Item) -> Create:
    (create,) = actions_of(given, connection=NEW_TARGET)
    assert isinstance(create, Create)
    return create


def test_r30_with_another_target_the_copy_is_made_there_first_and_the_old_one_remembered() -> None:
    given = exported(version="7")
    expected = making(session(), Rule.R30, generation=2, ordered=True)
    target = collection_of(CONNECTION, "new")
    assert planned(given, connection=NEW_TARGET) == [replace(expected, calendar=target)]
    assert _created(given).link.former == Former(outer(given).ref, "7")


def test_r30_only_then_the_old_copy_is_removed() -> None:
    target = collection_of(CONNECTION, "new")
    there = outside(id="new-copy", calendar=target, mark=mark_of(session(), generation=2))
    former = Former(copy_outside(session()).ref, "7")
    given = linked(session(), there, link=link(session(), there, generation=2, former=former))
    deletions = [one for one in actions_of(given, connection=NEW_TARGET) if isinstance(one, Delete)]
    assert deletions == [
        Delete("l1", Side.EXTERNAL, former.ref, "7", Rule.R30, former=True, ordered=True),
    ]


def test_r30_the_session_is_never_touched_by_a_new_target() -> None:
    found = written(linked(session(), copy_outside(session())), connection=NEW_TARGET)
    assert [one for one in found if one.side is Side.WIX] == []


def test_r30_a_dismissed_event_is_forgotten_when_its_calendar_is_deselected() -> None:
    event = outside(DENTIST)
    pair = link(None, event, origin=Side.EXTERNAL, base=DENTIST, state=LinkState.DISMISSED, made=Pair(True, False))
    given = with_pending(Item(link=pair, external=event))
    assert planned(given, connection=connection(calendars=("work",))) == [release(Rule.R30, None)]


def test_r30_nothing_new_is_created_in_a_direction_that_is_off() -> None:
    both = connection(imports=False, exports=False)
    found: list[Action] = [*written(new(session()), new(outside(DENTIST)), connection=both)]
    assert found == []
