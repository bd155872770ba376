"""One side gone, or both: R3, R6, R11, R12."""

from dataclasses import replace
from typing import Any

import pytest

from syncd.model import (
    UNSEEN,
    Change,
    Create,
    Event,
    Field,
    Gone,
    Item,
    Kind,
    Link,
    LinkState,
    Observation,
    Pair,
    Rule,
    Side,
)
from tests.rules.build import (
    DENTIST,
    YOGA,
    absent,
    actions_of,
    block,
    connection,
    copy_outside,
    hour,
    link,
    linked,
    outside,
    policy,
    session,
    with_pending,
)
from tests.rules.expect import delete, inner, making, outer, planned, release, skip, written

MINE = replace(YOGA, title="My yoga")


def without_session(external: Event = YOGA, **traits: Any) -> Item:
    """The session was cancelled; its copy lies there."""
    return linked(absent(session()), copy_outside(session(), external, version="7", **traits))


def without_copy(wix: Event = YOGA, *, cycles: int = 2, **traits: Any) -> Item:
    """The copy was deleted outside; the session lies there."""
    return linked(session(wix, version="7", **traits), absent(copy_outside(session()), cycles=cycles))


def without_event(wix: Event = DENTIST) -> Item:
    """The event was deleted outside; its block lies there."""
    return _blocked(block(outside(DENTIST), wix, version="7"), absent(outside(DENTIST)))


def without_block(external: Event = DENTIST, *, cycles: int = 2, **traits: Any) -> Item:
    """The block was cancelled in Wix; its event lies there."""
    gone = absent(block(outside(DENTIST)), cycles=cycles)
    return _blocked(gone, outside(external, version="7", **traits))


def _blocked(wix: Observation, external: Observation) -> Item:
    return linked(wix, external, origin=Side.EXTERNAL, base=DENTIST)


# R3


def test_r3_cancelled_in_wix_and_untouched_outside_deletes_the_copy() -> None:
    given = without_session()
    expected = delete(outer(given), Rule.R3)
    assert (expected.if_match, expected.then) == ("7", LinkState.TOMBSTONE)
    assert planned(given) == [expected]


def test_r3_a_session_that_is_only_unknown_deletes_nothing() -> None:
    given = linked(absent(session(), Gone.UNKNOWN), copy_outside(session()))
    assert planned(given) == [skip("l1", Rule.R31, stays=True)]


@pytest.mark.parametrize("kind", [Gone.OUT_OF_WINDOW, Gone.UNKNOWN])
def test_r3_only_a_proven_absence_deletes(kind: Gone) -> None:
    assert written(linked(absent(session(), kind), copy_outside(session()))) == []


def test_r3_a_session_that_left_the_schedule_takes_its_copy_along() -> None:
    given = linked(session(home="other", schedules=frozenset({"other"})), copy_outside(session()))
    assert [(one.kind, one.side) for one in written(given)] == [("delete", Side.EXTERNAL)]


def test_r3_a_cancelled_block_deletes_a_plain_original_once_a_second_cycle_confirms_it() -> None:
    given = without_block()
    assert planned(without_block(cycles=1)) == [skip("l1", Rule.R3, stays=True)]
    assert planned(given) == [delete(outer(given), Rule.R3, original=True)]


@pytest.mark.parametrize(
    "traits",
    [{"guests": True}, {"private": True}, {"own": False}, {"kind": Kind.FIXED}, {"series": "row"}],
    ids=["guests", "private", "somebody else's", "fixed", "of a series"],
)
def test_r3_a_cancelled_block_lets_any_other_original_stay_and_is_dismissed(traits: dict[str, Any]) -> None:
    given = without_block(**traits)
    assert planned(given) == [release(Rule.R3, LinkState.DISMISSED, stays=outer(given))]


def test_r3_with_export_off_the_original_stays() -> None:
    given = without_block()
    expected = release(Rule.R3, LinkState.DISMISSED, stays=outer(given))
    assert planned(given, connection=connection(exports=False)) == [expected]


def _dismissed(external: Event, **slots: Any) -> Item:
    event = outside(external)
    pair = link(None, event, origin=Side.EXTERNAL, base=DENTIST, state=LinkState.DISMISSED, made=Pair(True, False))
    return with_pending(Item(link=pair, external=event, generations=1, **slots))


def test_r3_a_dismissed_event_is_not_blocked_again() -> None:
    assert written(_dismissed(DENTIST)) == []


def test_r3_a_dismissed_event_that_is_renamed_is_not_blocked_again() -> None:
    assert written(_dismissed(replace(DENTIST, title="Dentist, again"))) == []


def test_r3_a_dismissed_event_that_moves_is_blocked_again() -> None:
    moved = replace(DENTIST, when=hour(6))
    assert planned(_dismissed(moved)) == [making(outside(moved), Rule.R4, generation=2)]


def test_r3_a_dismissed_event_that_moves_while_import_is_off_is_not_blocked() -> None:
    moved = _dismissed(replace(DENTIST, when=hour(6)))
    assert written(moved, connection=connection(imports=False)) == []


# R6


def test_r6_a_deleted_event_cancels_its_block() -> None:
    given = without_event()
    expected = delete(inner(given), Rule.R6, guard=True)
    assert expected.if_match == "7"
    assert planned(given) == [expected]


def test_r6_a_deleted_copy_cancels_its_session_once_a_second_cycle_confirms_it() -> None:
    given = without_copy()
    assert planned(without_copy(cycles=1)) == [skip("l1", Rule.R6, stays=True)]
    assert planned(given) == [delete(inner(given), Rule.R6, original=True, guard=True)]


def test_r6_the_policy_for_sessions_does_not_keep_the_block_of_a_deleted_event() -> None:
    found = written(without_event(), under=policy(write_back="off"))
    assert [(one.kind, one.side) for one in found] == [("delete", Side.WIX)]


def test_r6_with_write_back_off_the_copy_is_made_again() -> None:
    given = without_copy()
    expected = making(session(), Rule.R5A, generation=2)
    assert planned(given, under=policy(write_back="off")) == [expected]


def test_r5a_a_copy_that_is_deleted_again_after_it_was_put_back_is_left_so() -> None:
    (again,) = actions_of(without_copy(), under=policy(write_back="off"))
    assert isinstance(again, Create)
    once = replace(again.link, refs=link(session(), copy_outside(session())).refs, bases=Pair(YOGA, YOGA))
    given = replace(without_copy(), link=once)
    assert written(given, under=policy(write_back="off")) == []


def test_r5a_a_cancellation_that_wix_refuses_for_good_puts_the_copy_back() -> None:
    refused = link(session(), copy_outside(session()), refused={"rejected:wix:deleted": "7"})
    assert planned(replace(without_copy(), link=refused)) == [making(session(), Rule.R5A, generation=2)]


def test_r6_a_copy_outside_the_window_that_was_read_cancels_nothing() -> None:
    assert written(linked(session(), absent(copy_outside(session()), Gone.OUT_OF_WINDOW, cycles=2))) == []


def test_r6_a_copy_of_which_nothing_is_known_cancels_nothing() -> None:
    assert written(linked(session(), absent(copy_outside(session()), Gone.UNKNOWN, cycles=9))) == []


def test_r6_a_copy_that_was_moved_to_another_calendar_cancels_nothing() -> None:
    given = linked(session(), absent(copy_outside(session()), Gone.OUT_OF_SCOPE, cycles=2))
    assert [one for one in written(given) if one.side is Side.WIX] == []


def test_r6_an_event_that_was_moved_to_another_calendar_takes_its_block_along() -> None:
    given = _blocked(block(outside(DENTIST)), absent(outside(DENTIST), Gone.OUT_OF_SCOPE, cycles=2))
    assert [(one.kind, one.side) for one in written(given)] == [("delete", Side.WIX)]


# R11


def test_r11_a_cancelled_session_wins_over_an_edit_of_its_copy() -> None:
    given = without_session(MINE)
    loser = Change(Field.TITLE, "My yoga", UNSEEN, Rule.R11, loser="My yoga")
    assert planned(given) == [delete(outer(given), Rule.R11, losers=(loser,))]


def test_r11_a_deleted_event_wins_over_an_edit_of_its_block() -> None:
    given = without_event(replace(DENTIST, title="Doctor"))
    loser = Change(Field.TITLE, "Doctor", UNSEEN, Rule.R11, loser="Doctor")
    assert planned(given) == [delete(inner(given), Rule.R11, guard=True, losers=(loser,))]


def test_r11_the_deletion_of_a_copy_loses_to_a_change_of_its_session() -> None:
    changed = replace(YOGA, title="Pilates")
    assert planned(without_copy(changed)) == [making(session(changed), Rule.R11, generation=2)]


def test_r11_the_deletion_of_a_block_loses_to_a_change_of_its_event() -> None:
    moved = replace(DENTIST, when=hour(4))
    assert planned(without_block(moved)) == [making(outside(moved), Rule.R11, generation=2)]


def test_r11_participants_that_were_added_are_a_change() -> None:
    assert planned(without_copy(participants=1)) == [making(session(), Rule.R11, generation=2)]


def test_r11_participants_that_were_there_before_are_none() -> None:
    before: Link = link(session(), copy_outside(session()), participants=3)
    given = replace(without_copy(participants=3), link=before)
    assert planned(given, under=policy(write_back="all")) == [
        delete(inner(given), Rule.R6, original=True, guard=False),
    ]


def test_r11_a_field_that_was_not_told_is_no_change() -> None:
    given = without_copy(replace(YOGA, location=UNSEEN))
    assert [one.kind for one in written(given)] == ["delete"]


# R12


def test_r12_gone_on_both_sides_becomes_a_tombstone() -> None:
    given = linked(absent(session()), absent(copy_outside(session())))
    assert planned(given) == [release(Rule.R12, LinkState.TOMBSTONE)]


def test_r12_of_an_adopted_pair_too() -> None:
    given = linked(absent(session()), absent(outside()), adopted=True)
    assert planned(given) == [release(Rule.R12, LinkState.TOMBSTONE)]


def test_r12_gone_here_and_unknown_there_waits() -> None:
    given = linked(absent(session()), absent(copy_outside(session()), Gone.UNKNOWN))
    assert planned(given) == [skip("l1", Rule.R31, stays=True)]


def test_r12_a_dismissed_event_that_goes_too_becomes_a_tombstone() -> None:
    given = replace(_dismissed(DENTIST), external=absent(outside(DENTIST)))
    assert planned(given) == [release(Rule.R12, LinkState.TOMBSTONE)]
