"""What lies there already is adopted before anything is created: R13, and R25 for everything that bears a mark."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from syncd.model import (
    Adopt,
    Change,
    Create,
    Delete,
    Event,
    Field,
    Gone,
    Item,
    Kind,
    Link,
    LinkState,
    Observation,
    Override,
    Overrides,
    Pair,
    Rule,
    ScheduleKind,
    Side,
    Update,
)
from tests.rules.build import (
    BRIDGE,
    CONNECTION,
    DENTIST,
    NOW,
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
    mark_of,
    new,
    outside,
    policy,
    session,
)
from tests.rules.expect import Expected, making, name_of, planned, release, skip, written

PILATES = replace(YOGA, title="Pilates")
LATER = replace(YOGA, when=hour(9))


def adopted(*items: Item, **slots: Any) -> list[Link]:
    """The links that the plan for these items makes by adopting."""
    return [action.link for action in actions_of(*items, **slots) if isinstance(action, Adopt)]


def edits(*items: Item, **slots: Any) -> list[tuple[Side, Change]]:
    found = [one for one in written(*items, **slots) if isinstance(one, Update)]
    return [(one.side, change) for one in found for change in one.changes]


# by mark: copies


def test_r13_a_copy_whose_link_is_lost_is_adopted_by_its_mark_and_nothing_is_written() -> None:
    given = new(session()), new(copy := copy_outside(session()))
    (pair,) = adopted(*given)
    assert (pair.origin, pair.refs, pair.made) == (Side.WIX, Pair(session().ref, copy.ref), Pair(False, True))
    assert (pair.bases, pair.generation) == (Pair(YOGA, YOGA), 1)
    assert written(*given) == []


def test_r13_a_copy_that_is_as_we_left_it_takes_what_changed_in_the_session() -> None:
    given = new(session(PILATES)), new(copy_outside(session()))
    assert edits(*given) == [(Side.EXTERNAL, Change(Field.TITLE, "Yoga", "Pilates", Rule.R2))]


def test_r13_of_a_copy_that_was_edited_each_differing_field_is_a_clash() -> None:
    mine = replace(YOGA, title="My yoga")
    given = new(session(PILATES)), new(copy_outside(session(), mine))
    assert edits(*given) == [
        (Side.EXTERNAL, Change(Field.TITLE, "My yoga", "Pilates", Rule.R10, loser="My yoga")),
    ]
    assert edits(*given, under=policy(on_clash=Side.EXTERNAL)) == [
        (Side.WIX, Change(Field.TITLE, "Pilates", "My yoga", Rule.R10, loser="Pilates")),
    ]


def test_r13_a_copy_shown_from_an_override_that_was_lost_keeps_what_it_shows_and_that_is_reported() -> None:
    shown = replace(YOGA, title="Members only")
    mark = replace(mark_of(session(), wrote=shown), overridden=frozenset({Field.TITLE}))
    given = new(session()), new(copy_outside(session(), shown, mark=mark))
    (adoption,) = [action for action in actions_of(*given) if isinstance(action, Adopt)]
    assert adoption.lost == (Field.TITLE,)
    assert written(*given) == []


def test_r13_where_the_key_gives_the_id_an_item_elsewhere_is_a_persons_copy() -> None:
    elsewhere = outside(YOGA, id="dragged", calendar=copy_outside(session()).ref.collection, mark=mark_of(session()))
    assert adopted(new(session()), new(elsewhere)) == []


def two_bearers(**slots: Any) -> tuple[Observation, Observation, list[Item]]:
    """Two events with the same mark where the key gives no id; the older one has the later id."""
    place = copy_outside(session()).ref.collection
    mark = mark_of(session())
    older = outside(YOGA, id="z", calendar=place, mark=mark, uid=None, created=NOW - timedelta(days=9))
    younger = outside(YOGA, id="a", calendar=place, mark=mark, uid=None, created=NOW - timedelta(days=1))
    return older, younger, [new(older, **slots), new(younger, **slots)]


def test_r13_without_a_link_the_oldest_bearer_of_the_key_is_adopted() -> None:
    older, _, bearers = two_bearers()
    assert [one.refs.external for one in adopted(new(session()), *bearers)] == [older.ref]


def test_r13_every_other_bearer_is_a_copy_that_a_user_made() -> None:
    _, _, bearers = two_bearers(wix=session())
    assert len(adopted(new(session()), *bearers)) == 1
    assert written(new(session()), *bearers) == []


def test_r13_a_session_that_is_stored_but_not_pending_is_adopted_with_its_copy() -> None:
    given = new(copy_outside(session()), wix=session())
    assert [one.refs for one in adopted(given)] == [Pair(session().ref, copy_outside(session()).ref)]
    assert written(given) == []


# by mark: blocks


def test_r13_a_block_whose_link_is_lost_is_adopted_by_its_key() -> None:
    given = new(outside(DENTIST)), new(ours := block(outside(DENTIST)))
    (pair,) = adopted(*given)
    assert (pair.origin, pair.refs) == (Side.EXTERNAL, Pair(ours.ref, outside(DENTIST).ref))
    assert (pair.made, pair.bases) == (Pair(True, False), Pair(DENTIST, DENTIST))
    assert written(*given) == []


def test_r13_of_two_blocks_with_one_key_the_oldest_is_adopted() -> None:
    younger = block(outside(DENTIST), created=NOW - timedelta(days=1))
    older = replace(block(outside(DENTIST), created=NOW - timedelta(days=9)), ref=session(id="z").ref)
    given = new(outside(DENTIST)), new(younger), new(older)
    assert [one.refs.wix for one in adopted(*given)] == [older.ref]
    assert written(*given) == []


def test_r13_a_block_of_a_later_generation_is_adopted_under_that_generation() -> None:
    given = new(outside(DENTIST)), new(block(outside(DENTIST), generation=4))
    assert [one.generation for one in adopted(*given)] == [4]
    assert written(*given) == []


def test_r13_a_block_of_another_event_is_not_adopted_by_its_content() -> None:
    given = new(outside(DENTIST)), new(block(outside(DENTIST, id="another")))
    assert adopted(*given) == []


# by content


def test_r13_equal_time_and_title_made_by_hand_on_both_sides_are_one_thing() -> None:
    by_hand = outside(replace(YOGA, description="From my notes", location=None))
    given = new(session()), new(by_hand)
    (pair,) = adopted(*given)
    assert (pair.refs, pair.made) == (Pair(session().ref, by_hand.ref), Pair(False, False))
    assert pair.bases == Pair(YOGA, by_hand.event)
    assert written(*given) == []


def test_r13_what_was_adopted_by_content_is_released_and_never_deleted() -> None:
    given = linked(absent(session()), outside(), adopted=True)
    assert planned(given) == [release(Rule.R13, LinkState.DISMISSED, stays=outside())]


@pytest.mark.parametrize(
    "traits",
    [{"series": "row"}, {"own": False}, {"guests": True}, {"private": True}, {"kind": Kind.FIXED}],
    ids=["of a series", "somebody else's", "guests", "private", "fixed"],
)
def test_r13_only_plain_events_are_adopted_by_content(traits: dict[str, Any]) -> None:
    assert adopted(new(session()), new(outside(**traits))) == []


@pytest.mark.parametrize("external", [LATER, PILATES], ids=["another time", "another title"])
def test_r13_time_and_title_must_both_be_equal(external: Event) -> None:
    assert adopted(new(session()), new(outside(external))) == []


def test_r13_an_overridden_title_is_never_matched() -> None:
    overrides = Overrides(schedule=Override(title="Class"))
    assert adopted(new(session(), overrides=overrides), new(outside(event("Class")))) == []
    assert adopted(new(session(), overrides=overrides), new(outside())) == []


def test_r13_an_imported_session_is_never_adopted_by_content() -> None:
    imported = block(outside(id="another"), YOGA)
    assert adopted(new(imported), new(outside())) == []


def test_r13_a_linked_event_is_never_adopted_by_content() -> None:
    taken = linked(session(id="s0"), outside(), adopted=True)
    assert planned(new(session()), taken, linked=1)[0] == making(session(), Rule.R1)


def rooms() -> list[Item]:
    """Two equal sessions in two rooms, and one event made by hand."""
    return [new(session(id="room-1")), new(session(id="room-2")), new(outside())]


def test_r13_of_two_equal_rooms_one_takes_the_event_made_by_hand_and_the_other_gets_a_copy() -> None:
    assert [one.refs for one in adopted(*rooms())] == [Pair(session(id="room-1").ref, outside().ref)]
    assert making(session(id="room-2"), Rule.R1) in planned(*rooms())
    assert len(written(*rooms())) == 1


def test_r13_which_room_takes_it_does_not_depend_on_the_order_of_reading() -> None:
    plans = [actions_of(*items) for items in permutations(rooms())]
    assert all(one == plans[0] for one in plans)


def test_r13_an_event_that_is_not_pending_may_be_adopted() -> None:
    neighbour = replace(new(outside()), pending=())
    assert [one.refs.external for one in adopted(new(session()), neighbours=(neighbour,))] == [outside().ref]


# R25


def left(seen: Observation, *, stays: bool = False, listed: bool = False) -> list[Expected]:
    return [skip(name_of(seen), Rule.R25, stays=stays, listed=listed)]


def removal(seen: Observation) -> list[Expected]:
    name = name_of(seen)
    return [Delete(name, Side.EXTERNAL, seen.ref, seen.version, Rule.R25, then=None, act=name)]


COPY = copy_outside(session())


def test_r25_a_block_is_never_exported() -> None:
    assert [one for one in written(new(block(outside(DENTIST)))) if isinstance(one, Create)] == []


def test_r25_a_block_that_another_connection_made_is_not_exported() -> None:
    blocked = block(outside(DENTIST))
    assert planned(new(blocked, linked_elsewhere=True)) == left(blocked)


def test_r25_a_block_on_a_staff_schedule_is_not_exported_by_the_business_either() -> None:
    business = connection(schedule=replace(CONNECTION.schedule, id="business", kind=ScheduleKind.BUSINESS))
    assert written(new(block(outside(DENTIST))), connection=business) == []


def test_r25_a_copy_that_another_connection_made_is_not_imported() -> None:
    assert planned(new(COPY, linked_elsewhere=True)) == left(COPY)


def test_r25_a_copy_made_for_another_schedule_is_not_imported() -> None:
    mark = replace(mark_of(session()), key="0" * 32)
    foreign = outside(YOGA, mark=mark)
    assert planned(new(foreign)) == left(foreign)


@pytest.mark.parametrize("side", list(Side))
def test_r25_the_mark_of_another_installation_is_left_alone(side: Side) -> None:
    mark = mark_of(outside(DENTIST), bridge="bridge-2")
    theirs = session(mark=mark) if side is Side.WIX else outside(mark=mark)
    assert planned(new(theirs)) == left(theirs)


def test_r25_a_live_link_without_a_ref_adopts_its_copy() -> None:
    waiting = replace(link(session(), None), made=Pair(False, True))
    given = [linked(session(), None, link=waiting), new(COPY, wix=session(), claim=waiting)]
    assert [one.refs for one in adopted(*given)] == [Pair(session().ref, COPY.ref)]
    assert written(*given) == []


def test_r25_beside_a_live_link_with_another_ref_it_is_a_persons_copy() -> None:
    dragged = replace(COPY, ref=outside(id="dragged").ref)
    live = link(session(), COPY)
    assert planned(new(dragged, wix=session(), claim=live)) == left(dragged)


def test_r25_an_older_generation_beside_a_live_link_is_deleted() -> None:
    live = link(session(), copy_outside(session(), generation=2), generation=2)
    assert planned(new(COPY, wix=session(), claim=live)) == removal(COPY)


def test_r25_a_copy_whose_link_is_dead_is_deleted() -> None:
    dead = link(session(), COPY, state=LinkState.TOMBSTONE)
    assert planned(new(COPY, wix=absent(session()), claim=dead)) == removal(COPY)


def test_r25_a_copy_made_after_its_link_had_ended_is_adopted_and_not_made_once_more() -> None:
    dead, newer = link(session(), COPY, state=LinkState.TOMBSTONE), copy_outside(session(), generation=2)
    given = [new(session()), new(newer, claim=dead)]
    assert [(one.refs, one.generation) for one in adopted(*given)] == [(Pair(session().ref, newer.ref), 2)]
    assert written(*given) == []


def test_r25_a_copy_made_after_its_link_had_ended_goes_with_its_session() -> None:
    dead, newer = link(session(), COPY, state=LinkState.TOMBSTONE), copy_outside(session(), generation=2)
    assert planned(new(newer, claim=dead)) == removal(newer)


def duplicate(of: Observation) -> Observation:
    """What a person made of an event with its app: everything of it, our mark too, under an id and a UID of its own."""
    return replace(
        of, ref=outside(id="by-hand", calendar=of.ref.collection).ref, traits=replace(of.traits, uid="by-hand")
    )


@pytest.mark.parametrize(
    ("claim", "original"),
    [
        (link(session(), copy_outside(session(), generation=2), generation=2), session()),
        (link(session(), COPY, state=LinkState.TOMBSTONE), absent(session())),
        (None, absent(session())),
    ],
    ids=["an older generation", "its link is dead", "no link, cancelled"],
)
def test_r25_a_persons_duplicate_is_never_deleted_for_its_mark(claim: Link | None, original: Observation) -> None:
    assert written(new(COPY, wix=original, claim=claim)) != [], "our own copy would be"
    by_hand = duplicate(COPY)
    assert planned(new(by_hand, wix=original, claim=claim)) == left(by_hand)
    silent = replace(by_hand, traits=replace(by_hand.traits, uid=None))
    assert planned(new(silent, wix=original, claim=claim)) == left(silent), "it does not say that it is ours"


def test_r25_a_persons_duplicate_does_not_wait_for_its_session() -> None:
    by_hand = duplicate(COPY)
    assert planned(new(by_hand)) == left(by_hand)


def test_r25_without_a_link_the_session_is_read_before_anything_is_done() -> None:
    assert planned(new(COPY)) == left(COPY, stays=True)


def test_r25_without_a_link_a_live_session_adopts_it() -> None:
    assert len(adopted(new(COPY, wix=session()))) == 1


def test_r25_without_a_link_a_cancelled_session_takes_it_along() -> None:
    assert planned(new(COPY, wix=absent(session()))) == removal(COPY)


def test_r25_without_a_link_an_unknown_session_leaves_it_listed() -> None:
    assert planned(new(COPY, wix=absent(session(), Gone.UNKNOWN))) == left(COPY, listed=True)


def test_r25_its_deletions_count_like_any_other() -> None:
    lost = [session(id=f"s{n}") for n in range(11)]
    given = [new(copy_outside(one), wix=absent(one)) for one in lost]
    assert [(one.kind, one.why) for one in actions_of(*given, linked=20)] == [("hold", Rule.R15)]


def test_r25_a_marked_event_is_never_imported_even_where_export_is_off() -> None:
    found = written(new(COPY, wix=session()), connection=connection(exports=False))
    assert [one for one in found if one.side is Side.WIX] == []


def test_r25_the_marks_of_a_plan_are_those_of_this_installation() -> None:
    marks = [one.mark.bridge for one in written(new(session()), new(outside(DENTIST))) if isinstance(one, Create)]
    assert marks == [BRIDGE, BRIDGE]
