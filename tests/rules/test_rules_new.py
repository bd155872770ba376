"""New items: R1, R4, R12 (back to life), R14, R16, R17, R18, R29."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import UNSEEN, Create, Event, Kind, Link, MakeCalendar, Observation, Pair, Pending, Rule, Side, Timed
from syncd.normalise import calendar_key, mask
from tests.rules.build import (
    BRIDGE,
    DENTIST,
    NOW,
    STAFF,
    WINDOW,
    YOGA,
    absent,
    actions_of,
    block,
    connection,
    copy_outside,
    days,
    event,
    hour,
    linked,
    new,
    outside,
    plan_of,
    policy,
    session,
)
from tests.rules.expect import Making, at_rest, hold, making, name_of, planned, skip, written

FREE = replace(DENTIST, busy=False)


def test_r1_a_new_session_is_created_outside() -> None:
    assert planned(new(session())) == [making(session(), Rule.R1)]


def test_r1_the_link_that_comes_with_a_creation_holds_the_original_and_its_base() -> None:
    (create,) = actions_of(new(session()))
    assert isinstance(create, Create)
    assert isinstance(create.link, Link)
    assert (create.link.origin, create.link.refs) == (Side.WIX, Pair(session().ref, None))
    assert (create.link.made, create.link.generation) == (Pair(False, True), 1)
    assert create.link.bases == Pair(YOGA, Event())
    assert (create.mark.bridge, create.mark.original, create.mark.key) == (BRIDGE, "s1", create.key)


def test_r1_the_dedicated_calendar_is_made_with_the_first_copy() -> None:
    to_come = connection(calendar=None)
    copy = making(session(), Rule.R1)
    assert planned(new(session()), connection=to_come) == [
        MakeCalendar("calendar", "Ada", calendar_key(BRIDGE, STAFF.id, 1)),
        replace(copy, calendar=None),
    ]
    assert not plan_of(connection=to_come).actions


def test_r1_with_export_off_nothing_is_created() -> None:
    assert written(new(session()), connection=connection(exports=False)) == []


def test_r1_a_session_of_another_schedule_is_not_exported() -> None:
    elsewhere = session(home="schedule-2", schedules=frozenset({"schedule-2", "resource-2"}))
    assert written(new(elsewhere)) == []


def test_r1_a_session_that_needs_the_staff_member_is_exported_once() -> None:
    class_ = session(home="service-1", schedules=frozenset({"service-1", "resource-1", STAFF.id}))
    assert planned(new(class_)) == [making(class_, Rule.R1)]


def test_r1_working_hours_are_no_sessions() -> None:
    assert written(new(session(kind=Kind.WORKING_HOURS))) == []


def test_r4_a_new_external_event_becomes_a_block() -> None:
    assert planned(new(outside(DENTIST))) == [making(outside(DENTIST), Rule.R4)]


def test_r4_an_all_day_event_blocks_whole_days() -> None:
    holiday = outside(event("Holiday", days(3, 2)))
    assert planned(new(holiday)) == [making(holiday, Rule.R4)]


def test_r4_a_block_is_tagged_with_its_provider() -> None:
    (create,) = actions_of(new(outside(DENTIST)))
    assert isinstance(create, Create)
    assert create.mark.provider == "memory"


def test_r4_with_import_off_nothing_is_blocked() -> None:
    assert written(new(outside(DENTIST)), connection=connection(imports=False)) == []


def test_r4_an_event_of_a_calendar_that_was_not_chosen_is_not_imported() -> None:
    assert written(new(outside(DENTIST, calendar="somewhere"))) == []


def test_r12_a_session_that_comes_back_to_life_is_a_new_item() -> None:
    assert planned(new(session(), generations=1)) == [making(session(), Rule.R1, generation=2)]


def test_r12_an_event_that_comes_back_to_life_is_a_new_item() -> None:
    assert planned(new(outside(DENTIST), generations=2)) == [making(outside(DENTIST), Rule.R4, generation=3)]


def test_r12_what_went_before_it_was_ever_linked_leaves_no_trace() -> None:
    assert written(new(absent(session())), new(absent(outside(DENTIST)))) == []


def _spanning(start: timedelta, end: timedelta) -> Observation:
    return session(event("Long", Timed(NOW + start, NOW + end, "UTC")))


@pytest.mark.parametrize(
    ("start", "end", "created"),
    [
        (timedelta(days=365), timedelta(days=366), False),
        (timedelta(days=365, seconds=-1), timedelta(days=366), True),
        (timedelta(days=-8), timedelta(days=-7), False),
        (timedelta(days=-8), timedelta(days=-7, seconds=1), True),
        (timedelta(days=-30), timedelta(days=400), True),
    ],
    ids=["begins at its end", "begins just within", "ends at its start", "ends just within", "spans it"],
)
def test_r14_the_window_is_half_open_and_decides_what_is_created(
    start: timedelta, end: timedelta, created: bool
) -> None:
    long = _spanning(start, end)
    expected = making(long, Rule.R1) if created else skip(name_of(long), Rule.R14)
    assert planned(new(long)) == [expected]


def test_r14_a_linked_session_is_followed_beyond_the_window() -> None:
    away = session(replace(YOGA, when=hour(500)))
    given = linked(away, copy := copy_outside(session()))
    assert [(one.side, one.ref) for one in written(given)] == [(Side.EXTERNAL, copy.ref)]


def test_r14_an_item_that_ended_before_the_window_is_followed_no_longer() -> None:
    past = replace(YOGA, when=Timed(WINDOW.start - timedelta(hours=2), WINDOW.start, "UTC"))
    given = linked(session(replace(past, title="Edited late")), copy_outside(session()), base=past)
    given = replace(given, external=replace(copy_outside(session()), event=past))
    assert planned(given) == [at_rest(Rule.R14)]


def test_r14_an_item_that_passed_is_not_deleted_with_its_past_original() -> None:
    past = replace(YOGA, when=Timed(WINDOW.start - timedelta(hours=2), WINDOW.start, "UTC"))
    given = linked(absent(session(past)), replace(copy_outside(session()), event=past), base=past)
    assert written(given) == []


def test_r16_a_fixed_event_that_is_busy_blocks_time() -> None:
    birthday = outside(DENTIST, kind=Kind.FIXED)
    assert planned(new(birthday)) == [making(birthday, Rule.R16)]


def test_r16_a_fixed_event_that_is_free_does_not() -> None:
    assert written(new(outside(FREE, kind=Kind.FIXED))) == []


def test_r17_a_private_event_is_imported_as_busy_and_nothing_else() -> None:
    secret = mask(outside(event("Therapy", hour(2), description="Weekly", location="Clinic"), private=True), "full")
    assert planned(new(secret)) == [making(secret, Rule.R17, event=event("Busy", hour(2)))]


def test_r18_a_free_event_does_not_block() -> None:
    assert planned(new(outside(FREE))) == [skip(name_of(outside(FREE)), Rule.R18)]


def test_r18_an_event_that_says_nothing_of_free_or_busy_blocks() -> None:
    quiet = outside(replace(DENTIST, busy=UNSEEN))
    assert planned(new(quiet)) == [making(quiet, Rule.R4, event=DENTIST)]


def test_r29_more_creations_than_the_limit_wait_for_a_person() -> None:
    sessions = [session(replace(YOGA, title=f"Class {n}"), id=f"s{n}") for n in range(3)]
    creates = written(*map(new, sessions), under=policy(create_limit=3))
    assert len(creates) == 3
    held = planned(*map(new, sessions), under=policy(create_limit=2))
    assert held == [hold(*creates, why=Rule.R29)]


def test_r29_the_first_pass_does_not_count_against_the_limit() -> None:
    sessions = [session(id=f"s{n}") for n in range(3)]
    first = connection(first_passed=False)
    assert len(written(*map(new, sessions), under=policy(create_limit=1), connection=first)) == 3


def test_r29_other_work_goes_on_while_creations_wait() -> None:
    fresh = [new(session(id=f"n{n}")) for n in range(2)]
    changed = linked(session(replace(YOGA, title="Pilates")), copy_outside(session()))
    assert [one.kind for one in actions_of(*fresh, changed, under=policy(create_limit=1))] == ["update", "hold"]


def test_r29_creations_that_a_person_ordered_do_not_count() -> None:
    moved = connection(calendar="other")
    pairs = [linked(session(id="s1"), copy_outside(session()))]
    assert [type(one) for one in planned(*pairs, connection=moved, under=policy(create_limit=0))] == [Making]


def _unclaimed(minutes: int, *, twin: bool) -> tuple[Observation, list[object]]:
    lost = block(outside(DENTIST, id="lost"))
    since = (Pending(Side.WIX, lost.ref, NOW - timedelta(minutes=minutes), 1),)
    item = replace(new(lost, twin=twin), pending=since)
    return lost, list(planned(item))


def test_r29_a_block_that_nothing_claims_is_read_once_more_before_anything_is_done() -> None:
    lost, found = _unclaimed(9, twin=True)
    assert found == [skip(name_of(lost), Rule.R29, stays=True)]


def test_r29_the_exact_twin_of_a_linked_block_is_cancelled_after_the_second_reading() -> None:
    lost, found = _unclaimed(10, twin=True)
    (delete,) = found
    assert (delete.kind, delete.side, delete.ref, delete.if_match) == ("delete", Side.WIX, lost.ref, "1")  # type: ignore[attr-defined]
    assert (delete.why, delete.guard, delete.then) == (Rule.R29, True, None)  # type: ignore[attr-defined]


def test_r29_any_other_block_that_nothing_claims_is_left_and_listed() -> None:
    lost, found = _unclaimed(60, twin=False)
    assert found == [skip(name_of(lost), Rule.R29, listed=True)]


def test_r29_a_reading_that_was_cut_short_does_not_count() -> None:
    lost = block(outside(DENTIST, id="lost"))
    since = (Pending(Side.WIX, lost.ref, NOW - timedelta(hours=1), 1),)
    item = replace(new(lost, twin=True), pending=since)
    assert planned(item, complete=frozenset()) == [skip(name_of(lost), Rule.R29, stays=True)]
