"""What must not be written, or not without asking: R16, R17, R18, R26, R28 for linked items."""

from dataclasses import replace
from typing import Any

import pytest

from syncd.model import (
    UNSEEN,
    Change,
    Decision,
    Event,
    Field,
    Item,
    Kind,
    LinkState,
    Rule,
    Settle,
    Side,
    Unseen,
    Update,
    digest_of,
)
from syncd.normalise import mask, value_digest
from tests.rules.build import (
    DENTIST,
    YOGA,
    absent,
    actions_of,
    block,
    connection,
    copy_outside,
    event,
    hour,
    link,
    linked,
    new,
    outside,
    plan_of,
    policy,
    session,
)
from tests.rules.expect import at_rest, delete, hold, inner, making, outer, planned, release, update, written

TITLE, WHEN, BUSY = Field.TITLE, Field.WHEN, Field.BUSY
MOVED = replace(YOGA, when=hour(3))
RENAMED = replace(DENTIST, title="Renamed")


def blocked(wix: Event = DENTIST, external: Event = DENTIST, **traits: Any) -> Item:
    original = outside(external, version="7", **traits)
    return linked(block(outside(DENTIST), wix), original, origin=Side.EXTERNAL, base=DENTIST)


def sides(item: Item, **slots: Any) -> list[tuple[str, Side]]:
    return [(one.kind, one.side) for one in written(item, **slots)]


# R16


@pytest.mark.parametrize("traits", [{"kind": Kind.FIXED}, {"own": False}], ids=["read-only", "somebody else's"])
def test_r16_an_edited_block_of_an_event_that_is_not_ours_to_write_is_put_back(traits: dict[str, Any]) -> None:
    given = blocked(RENAMED, **traits)
    (write,) = written(given)
    assert isinstance(write, Update)
    assert (write.side, write.event) == (Side.WIX, Event(title="Dentist"))
    assert [change.loser for change in write.changes] == ["Renamed"]


def test_r16_a_fixed_event_that_moves_moves_its_block() -> None:
    given = blocked(external=replace(DENTIST, when=hour(4)), kind=Kind.FIXED)
    assert planned(given) == [update(inner(given), Change(WHEN, hour(2), hour(4), Rule.R5), why=Rule.R5)]


def test_r16_a_clash_with_a_fixed_event_is_won_by_the_event() -> None:
    given = blocked(RENAMED, replace(DENTIST, title="Dentist, moved"), kind=Kind.FIXED)
    assert [(one.kind, one.side) for one in written(given)] == [("update", Side.WIX)]


@pytest.mark.parametrize("traits", [{"kind": Kind.FIXED}, {"own": False}], ids=["read-only", "somebody else's"])
def test_r16_a_copy_that_may_not_be_written_any_more_is_not_deleted(traits: dict[str, Any]) -> None:
    given = linked(absent(session()), copy_outside(session(), **traits))
    assert written(given) == []


def test_r16_a_session_is_not_reverted_because_its_copy_may_not_be_written() -> None:
    given = linked(session(MOVED), copy_outside(session(), kind=Kind.FIXED))
    assert written(given) == []


def test_r16_disconnecting_does_not_delete_a_copy_that_may_not_be_written() -> None:
    given = linked(session(), copy_outside(session(), kind=Kind.FIXED))
    assert written(given, connection=connection(disconnecting=True)) == []


# R17

SECRET = event("Busy", hour(2))


def private(wix: Event = SECRET, external: Event = SECRET) -> Item:
    original = mask(outside(external, private=True), "full")
    return linked(block(original, wix), original, origin=Side.EXTERNAL, base=SECRET)


@pytest.mark.parametrize("field", [TITLE, Field.DESCRIPTION, Field.LOCATION])
def test_r17_a_text_never_travels_towards_a_private_event(field: Field) -> None:
    given = private(SECRET.put({field: "Edited in Wix"}))
    change = Change(field, "Edited in Wix", SECRET.get(field), Rule.R17, loser="Edited in Wix")
    refused = {f"wix:{field}": value_digest("Edited in Wix")}
    assert planned(given) == [update(inner(given), change, why=Rule.R17, refused=refused)]


def test_r17_its_time_travels_both_ways() -> None:
    later = replace(SECRET, when=hour(5))
    assert sides(private(later)) == [("update", Side.EXTERNAL)]
    assert sides(private(external=later)) == [("update", Side.WIX)]


def test_r17_an_edit_of_its_hidden_text_is_no_change() -> None:
    seen = outside(event("Therapy, again", hour(2), description="Weekly"), private=True)
    given = replace(private(), external=mask(seen, "full"))
    assert planned(given) == [at_rest()]


def test_r17_hidden_details_of_an_ordinary_event_do_not_travel_towards_it_either() -> None:
    original = mask(outside(replace(DENTIST, location="Clinic")), "title")
    given = linked(
        block(original, replace(DENTIST, location="Edited in Wix")), original, origin=Side.EXTERNAL, base=DENTIST
    )
    assert sides(given) == [("update", Side.WIX)]


# R18


def test_r18_an_event_that_turns_free_makes_its_block_transparent_and_stays_linked() -> None:
    given = blocked(external=replace(DENTIST, busy=False))
    assert planned(given) == [update(inner(given), Change(BUSY, True, False, Rule.R18), why=Rule.R18)]


def test_r18_an_event_that_turns_busy_again_blocks_again() -> None:
    free = replace(DENTIST, busy=False)
    given = linked(block(outside(DENTIST), free), outside(DENTIST), origin=Side.EXTERNAL, base=free)
    assert planned(given) == [update(inner(given), Change(BUSY, False, True, Rule.R18), why=Rule.R18)]


def test_r18_a_copy_shown_as_free_does_not_free_its_session() -> None:
    given = linked(session(), copy_outside(session(), replace(YOGA, busy=False)))
    (settle,) = planned(given)
    assert isinstance(settle, Settle)
    assert [(one.field, one.why) for one in settle.losers] == [(BUSY, Rule.R18)]


def test_r18_another_edit_of_that_copy_still_travels() -> None:
    given = linked(session(), copy_outside(session(), replace(MOVED, busy=False)))
    assert [one.changes for one in written(given) if isinstance(one, Update)] == [
        (Change(WHEN, hour(1), hour(3), Rule.R5),)
    ]


# R26


def test_r26_an_edited_block_of_an_event_with_guests_is_put_back() -> None:
    given = blocked(RENAMED, guests=True)
    change = Change(TITLE, "Renamed", "Dentist", Rule.R26, loser="Renamed")
    refused = {"wix:title": value_digest("Renamed")}
    assert planned(given) == [update(inner(given), change, why=Rule.R26, refused=refused)]


def test_r26_where_the_provider_does_not_mail_an_event_with_guests_is_written() -> None:
    assert sides(blocked(RENAMED, guests=True), under=policy(mails_guests=False)) == [("update", Side.EXTERNAL)]


def test_r26_a_copy_with_guests_is_not_written_and_its_session_not_reverted() -> None:
    given = linked(session(MOVED), copy_outside(session(), guests=True))
    assert written(given) == []
    assert written(given, under=policy(mails_guests=False)) != []


def test_r26_a_copy_with_guests_is_not_deleted_with_its_session() -> None:
    given = linked(absent(session()), copy_outside(session(), guests=True))
    assert planned(given) == [release(Rule.R26, LinkState.DISMISSED, stays=outer(given))]


def test_r26_an_edit_of_a_copy_with_guests_still_reaches_its_session() -> None:
    given = linked(session(), copy_outside(session(), MOVED, guests=True))
    assert sides(given) == [("update", Side.WIX)]


def test_r26_an_edit_outside_the_policy_is_not_put_back_where_guests_would_be_mailed() -> None:
    given = linked(session(), copy_outside(session(), MOVED, guests=True))
    assert written(given, under=policy(write_back="off")) == []


def test_r26_disconnecting_does_not_delete_a_copy_with_guests() -> None:
    given = linked(session(), copy_outside(session(), guests=True))
    assert written(given, connection=connection(disconnecting=True)) == []


def test_r26_switching_export_off_does_not_delete_a_copy_with_guests() -> None:
    given = linked(session(), copy_outside(session(), guests=True))
    assert written(given, connection=connection(exports=False)) == []


def test_r26_a_copy_with_guests_whose_link_is_dead_is_not_deleted() -> None:
    dead = link(session(), copy_outside(session()), state=LinkState.TOMBSTONE)
    given = new(copy_outside(session(), guests=True), wix=absent(session()), claim=dead)
    assert written(given) == []


# R28


def moved(participants: int | Unseen = 3, external: Event = MOVED, **slots: Any) -> Item:
    """A session whose copy was moved outside."""
    booked, copy = session(participants=participants), copy_outside(session(), external)
    return linked(booked, copy, link=link(booked, copy, participants=participants), **slots)


def removed(participants: int | Unseen = 3, **slots: Any) -> Item:
    """A session whose copy was deleted outside, as two cycles saw."""
    given = moved(participants, **slots)
    return replace(given, external=absent(copy_outside(session()), cycles=2))


def move(given: Item) -> Update:
    return update(inner(given), Change(WHEN, hour(1), hour(3), Rule.R28), why=Rule.R28)


@pytest.mark.parametrize("participants", [1, 30, UNSEEN], ids=["one", "many", "not told"])
def test_r28_moving_a_session_with_participants_waits_for_a_person(participants: int | Unseen) -> None:
    given = moved(participants)
    assert planned(given) == [hold(move(given), why=Rule.R28)]


def test_r28_a_session_that_several_connections_export_waits_too() -> None:
    given = moved(0, exported_by=2)
    assert planned(given) == [hold(move(given), why=Rule.R28)]


def test_r28_a_session_without_participants_is_moved_at_once() -> None:
    assert sides(moved(0)) == [("update", Side.WIX)]


def test_r28_with_write_back_all_it_is_moved_at_once() -> None:
    assert sides(moved(), under=policy(write_back="all")) == [("update", Side.WIX)]


def test_r28_with_write_back_off_it_is_put_back() -> None:
    found = written(moved(), under=policy(write_back="off"))
    assert [(one.side, one.why) for one in found] == [(Side.EXTERNAL, Rule.R5A)]


def _decided(given: Item, decision: Decision) -> Item:
    waiting = [one for held in plan_of(given).holds() for one in held.actions]
    assert waiting
    return replace(given, decisions={digest_of(one): decision for one in waiting})


def test_r28_an_approved_move_is_made() -> None:
    given = _decided(moved(), Decision.APPROVED)
    assert planned(given) == [replace(move(given), ordered=True)]


def test_r28_a_rejected_move_puts_the_copy_back() -> None:
    given = _decided(moved(), Decision.REJECTED)
    change = Change(WHEN, hour(3), hour(1), Rule.R28, loser=hour(3))
    (write,) = planned(given)
    assert isinstance(write, Update)
    assert (write.side, write.changes) == (Side.EXTERNAL, (change,))


def test_r28_an_approval_covers_the_version_that_was_shown_and_no_other() -> None:
    given = _decided(moved(), Decision.APPROVED)
    newer = replace(given, wix=session(version="2", participants=3))
    assert [one.kind for one in actions_of(newer)] == ["hold"]


def test_r28_a_session_is_not_written_while_its_move_waits_so_that_the_approval_stays_good() -> None:
    renamed = moved(external=replace(MOVED, title="My yoga"))
    assert [one.kind for one in actions_of(renamed)].count("hold") == 1
    assert [one for one in written(renamed) if one.side is Side.WIX] == []


def test_r28_cancelling_a_session_with_participants_waits_for_a_person() -> None:
    given = removed()
    assert planned(given) == [hold(delete(inner(given), Rule.R6, original=True, guard=True), why=Rule.R28)]


def test_r28_an_approved_cancellation_is_made_after_one_more_look_at_the_participants() -> None:
    given = _decided(removed(), Decision.APPROVED)
    expected = delete(inner(given), Rule.R6, original=True, guard=True, act="l1")
    assert planned(given) == [replace(expected, ordered=True)]


def test_r28_a_rejected_cancellation_puts_the_copy_back() -> None:
    given = _decided(removed(), Decision.REJECTED)
    assert planned(given) == [making(inner(given), Rule.R28, generation=2)]


def test_r28_every_cancellation_looks_at_the_participants_once_more() -> None:
    (deletion,) = planned(removed(0))
    assert deletion == delete(session(), Rule.R6, original=True, guard=True)


def test_r28_a_block_is_moved_whatever_it_holds() -> None:
    given = linked(
        block(outside(DENTIST), participants=UNSEEN),
        outside(replace(DENTIST, when=hour(4))),
        origin=Side.EXTERNAL,
        base=DENTIST,
    )
    assert sides(given) == [("update", Side.WIX)]
