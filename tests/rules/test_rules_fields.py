"""Fields of a link whose two items are there: R2, R5, R5a, R7, R9, R10, R24, R32."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.model import (
    UNSEEN,
    Change,
    Event,
    Field,
    Item,
    Pair,
    Rule,
    Settle,
    Side,
    Timed,
    Update,
    Value,
)
from syncd.normalise import fields_digest, fit, value_digest
from tests.rules.build import (
    DENTIST,
    YOGA,
    actions_of,
    block,
    connection,
    copy_outside,
    days,
    event,
    hour,
    link,
    linked,
    new,
    outside,
    policy,
    session,
)
from tests.rules.expect import at_rest, inner, making, outer, planned, update, written

PILATES = replace(YOGA, title="Pilates")
MINE = replace(YOGA, title="My yoga")
TITLE, WHEN, DESCRIPTION, LOCATION, BUSY = Field.TITLE, Field.WHEN, Field.DESCRIPTION, Field.LOCATION, Field.BUSY


def pair(wix: Event = YOGA, external: Event = YOGA, *, version: str = "7", **slots: Any) -> Item:
    """A session and its copy, which agreed on YOGA."""
    return linked(session(wix), copy_outside(session(), external, version=version), **slots)


def blocked(wix: Event = DENTIST, external: Event = DENTIST, **traits: Any) -> Item:
    """An event and its block, which agreed on DENTIST. `traits` are the event's."""
    original = outside(external, version="7", **traits)
    return linked(block(outside(DENTIST), wix), original, origin=Side.EXTERNAL, base=DENTIST)


# R2


def test_r2_a_renamed_session_renames_its_copy_if_that_is_still_at_the_version_we_know() -> None:
    given = pair(wix=PILATES)
    expected = update(outer(given), Change(TITLE, "Yoga", "Pilates", Rule.R2), why=Rule.R2)
    assert expected.if_match == "7"
    assert planned(given) == [expected]


@pytest.mark.parametrize(("before", "after"), [(18, 19), (228, 229)], ids=["into summer time", "into winter time"])
def test_r2_a_session_moved_over_a_clock_change_keeps_its_local_hour_outside(before: int, after: int) -> None:
    was, now = replace(YOGA, when=hour(before)), replace(YOGA, when=hour(after))
    given = linked(session(now), copy_outside(session(was)), base=was)
    assert isinstance(now.when, Timed)
    assert isinstance(was.when, Timed)
    assert now.when.start - was.when.start in (timedelta(hours=23), timedelta(hours=25))
    assert planned(given) == [update(outer(given), Change(WHEN, was.when, now.when, Rule.R2), why=Rule.R2)]


def test_r2_a_text_that_was_emptied_in_wix_is_emptied_outside() -> None:
    given = pair(wix=replace(YOGA, description=None))
    expected = update(outer(given), Change(DESCRIPTION, "Bring a mat", None, Rule.R2), why=Rule.R2)
    assert planned(given) == [expected]


def test_r2_a_field_that_an_answer_did_not_carry_has_not_changed() -> None:
    assert planned(pair(wix=replace(YOGA, description=UNSEEN, busy=UNSEEN))) == [at_rest()]


def test_r2_the_mark_of_the_copy_tells_what_was_written_last() -> None:
    given = pair(wix=PILATES)
    (action,) = actions_of(given)
    assert isinstance(action, Update)
    mark = outer(given).traits.mark
    assert mark is not None
    assert action.mark == replace(mark, digest=fields_digest(PILATES))


def test_r2_with_export_off_no_session_is_written_outside() -> None:
    found = written(pair(wix=PILATES), connection=connection(exports=False))
    assert [one for one in found if one.kind == "update"] == []


# R5


def test_r5_a_moved_event_moves_its_block() -> None:
    given = blocked(external=replace(DENTIST, when=hour(4)))
    assert planned(given) == [update(inner(given), Change(WHEN, hour(2), hour(4), Rule.R5), why=Rule.R5)]


def test_r5_an_edit_of_a_copy_changes_its_session() -> None:
    given = pair(external=MINE)
    assert planned(given) == [update(inner(given), Change(TITLE, "Yoga", "My yoga", Rule.R5), why=Rule.R5)]


def test_r5_a_timed_event_that_becomes_all_day_makes_its_block_all_day() -> None:
    given = blocked(external=replace(DENTIST, when=days(2)))
    assert planned(given) == [update(inner(given), Change(WHEN, hour(2), days(2), Rule.R5), why=Rule.R5)]


def test_r5_several_fields_of_one_edit_are_one_write() -> None:
    given = pair(external=replace(MINE, location=None, when=hour(3)))
    assert planned(given) == [
        update(
            inner(given),
            Change(WHEN, hour(1), hour(3), Rule.R5),
            Change(TITLE, "Yoga", "My yoga", Rule.R5),
            Change(LOCATION, "Room 1", None, Rule.R5),
            why=Rule.R5,
        )
    ]


def test_r5_participants_do_not_keep_a_title_from_travelling() -> None:
    given = replace(pair(external=MINE), wix=session(participants=3))
    assert [one.kind for one in actions_of(given)] == ["update"]


@pytest.mark.parametrize("write_back", ["off", "without_participants", "all"])
def test_r5_the_policy_for_sessions_does_not_limit_blocks(write_back: str) -> None:
    given = blocked(external=replace(DENTIST, when=hour(4)))
    assert [(one.kind, one.side) for one in written(given, under=policy(write_back=write_back))] == [
        ("update", Side.WIX)
    ]


# R5a


def put_back(given: Item, value: Value = "My yoga") -> Update:
    change = Change(TITLE, value, "Yoga", Rule.R5A, loser=value)
    return update(outer(given), change, why=Rule.R5A, refused={"external:title": value_digest(value)})


def test_r5a_an_edit_outside_the_policy_is_put_back_and_kept_in_the_history() -> None:
    given = pair(external=MINE)
    assert planned(given, under=policy(write_back="off")) == [put_back(given)]


def test_r5a_the_same_edit_made_again_is_left_and_listed() -> None:
    again = link(session(), copy_outside(session()), refused={"external:title": value_digest("My yoga")})
    given = pair(external=MINE, link=again)
    loser = Change(TITLE, "My yoga", "Yoga", Rule.R5A, loser="My yoga")
    (settle,) = planned(given, under=policy(write_back="off"))
    assert isinstance(settle, Settle)
    assert (settle.losers, settle.listed) == ((loser,), True)
    assert settle.bases == Pair(Event(title="Yoga"), Event(title="My yoga"))


def test_r5a_another_edit_is_put_back_once_more() -> None:
    once = link(session(), copy_outside(session()), refused={"external:title": value_digest("Earlier")})
    given = pair(external=MINE, link=once)
    assert planned(given, under=policy(write_back="off")) == [put_back(given)]


def test_r5a_an_edit_that_was_left_does_not_fire_when_the_policy_widens() -> None:
    left = replace(
        link(session(), copy_outside(session())),
        bases=Pair(YOGA, MINE),
        refused={"external:title": value_digest("My yoga")},
    )
    assert planned(pair(external=MINE, link=left), under=policy(write_back="all")) == [at_rest()]


def test_r5a_an_edit_that_wix_refuses_for_good_is_put_back() -> None:
    barred = link(session(), copy_outside(session()), refused={"rejected:wix:title": value_digest("My yoga")})
    given = pair(external=MINE, link=barred)
    assert planned(given) == [put_back(given)]


def test_r5a_an_empty_title_is_put_back() -> None:
    given = pair(external=replace(YOGA, title=None))
    assert planned(given) == [put_back(given, None)]


def test_r5a_what_may_travel_still_does() -> None:
    given = pair(external=replace(YOGA, title=None, location="Room 2"))
    assert planned(given) == [
        update(inner(given), Change(LOCATION, "Room 1", "Room 2", Rule.R5), why=Rule.R5),
        put_back(given, None),
    ]


def test_r5a_a_block_edited_in_wix_is_put_back_when_nothing_may_be_written_outside() -> None:
    given = blocked(wix=replace(DENTIST, title="Renamed"))
    change = Change(TITLE, "Renamed", "Dentist", Rule.R5A, loser="Renamed")
    refused = {"wix:title": value_digest("Renamed")}
    expected = update(inner(given), change, why=Rule.R5A, refused=refused)
    assert planned(given, connection=connection(exports=False)) == [expected]


def test_r5a_a_block_edited_in_wix_again_is_left_and_listed() -> None:
    given = blocked(wix=replace(DENTIST, title="Renamed"))
    assert given.link is not None
    given = replace(given, link=replace(given.link, refused={"wix:title": value_digest("Renamed")}))
    (settle,) = planned(given, connection=connection(exports=False))
    assert isinstance(settle, Settle)
    assert settle.listed


# R7


def test_r7_every_field_is_copied_outside() -> None:
    class_ = session(event("Yoga", days(5, 2), description="Bring a mat", location="Room 1", busy=False))
    assert planned(new(class_)) == [making(class_, Rule.R1)]


@pytest.mark.parametrize(
    ("field", "value"),
    [(TITLE, "Other"), (DESCRIPTION, None), (LOCATION, "Room 9"), (WHEN, hour(5)), (WHEN, days(5)), (BUSY, False)],
)
def test_r7_each_field_of_a_session_is_carried_over_alone(field: Field, value: Value) -> None:
    given = pair(wix=YOGA.put({field: value}))
    expected = update(outer(given), Change(field, YOGA.get(field), value, Rule.R2), why=Rule.R2)
    assert planned(given) == [expected]


def test_r7_start_end_and_zone_are_one_field() -> None:
    longer = replace(YOGA, when=hour(1, minutes=90))
    moved = replace(YOGA, when=hour(2))
    given = pair(wix=longer, external=moved)
    change = Change(WHEN, hour(2), hour(1, minutes=90), Rule.R10, loser=hour(2))
    assert planned(given) == [update(outer(given), change, why=Rule.R10)]


def test_r7_a_change_of_the_zone_alone_is_carried_over() -> None:
    assert isinstance(YOGA.when, Timed)
    elsewhere = replace(YOGA.when, tzid="Africa/Lagos")  # the same hour in winter, another one in summer
    given = pair(wix=replace(YOGA, when=elsewhere))
    assert planned(given) == [update(outer(given), Change(WHEN, YOGA.when, elsewhere, Rule.R2), why=Rule.R2)]


# R9


def test_r9_edits_of_different_fields_are_merged() -> None:
    given = pair(wix=PILATES, external=replace(YOGA, location="Room 2"))
    assert planned(given) == [
        update(inner(given), Change(LOCATION, "Room 1", "Room 2", Rule.R9), why=Rule.R9),
        update(outer(given), Change(TITLE, "Yoga", "Pilates", Rule.R9), why=Rule.R9),
    ]


def test_r9_equal_edits_are_agreement() -> None:
    agreed = Event(title="Pilates")
    assert planned(pair(wix=PILATES, external=PILATES)) == [Settle("l1", Rule.R9, Pair(agreed, agreed))]


def test_r9_the_same_moment_in_two_zones_is_agreement() -> None:
    berlin, lisbon = hour(3, 10), hour(3, 9, zone="Europe/Lisbon")
    found = planned(pair(wix=replace(YOGA, when=berlin), external=replace(YOGA, when=lisbon)))
    assert found == [Settle("l1", Rule.R9, Pair(Event(when=berlin), Event(when=lisbon)))]


def test_r9_an_equal_edit_beside_a_different_one_writes_the_different_one_alone() -> None:
    given = pair(wix=replace(PILATES, location="Room 2"), external=PILATES)
    (change,) = [one for write in written(given) if isinstance(write, Update) for one in write.changes]
    assert (change.field, change.before, change.after) == (LOCATION, "Room 1", "Room 2")


# R10


def test_r10_by_default_wix_wins_and_the_losing_value_is_kept() -> None:
    given = pair(wix=PILATES, external=MINE)
    change = Change(TITLE, "My yoga", "Pilates", Rule.R10, loser="My yoga")
    assert planned(given) == [update(outer(given), change, why=Rule.R10)]


def test_r10_with_the_other_policy_the_external_side_wins() -> None:
    given = pair(wix=PILATES, external=MINE)
    change = Change(TITLE, "Pilates", "My yoga", Rule.R10, loser="Pilates")
    assert planned(given, under=policy(on_clash=Side.EXTERNAL)) == [update(inner(given), change, why=Rule.R10)]


def test_r10_a_clash_in_one_field_does_not_touch_the_others() -> None:
    given = pair(wix=PILATES, external=replace(MINE, location="Room 2"))
    fields = {(one.side, change.field) for one in written(given) if isinstance(one, Update) for change in one.changes}
    assert fields == {(Side.EXTERNAL, TITLE), (Side.WIX, LOCATION)}


def test_r10_a_winner_that_may_not_travel_loses() -> None:
    given = pair(wix=PILATES, external=MINE)
    change = Change(TITLE, "My yoga", "Pilates", Rule.R10, loser="My yoga")
    under = policy(on_clash=Side.EXTERNAL, write_back="off")
    assert planned(given, under=under) == [update(outer(given), change, why=Rule.R10)]


def test_r10_a_time_in_whole_minutes_does_not_win_over_the_same_with_seconds() -> None:
    rounded = hour(2, at=15)
    start, end = (moment + timedelta(seconds=30) for moment in (rounded.start, rounded.end))
    given = blocked(replace(DENTIST, when=rounded), replace(DENTIST, when=Timed(start, end, rounded.tzid)))
    (write,) = written(given)
    assert isinstance(write, Update)
    assert (write.side, write.why, write.event.when) == (Side.WIX, Rule.R10, Timed(start, end, rounded.tzid))


def test_r10_a_time_of_another_minute_wins_as_any_other_value() -> None:
    rounded = hour(2, at=15)
    start, end = (moment + timedelta(seconds=60) for moment in (rounded.start, rounded.end))
    given = blocked(replace(DENTIST, when=rounded), replace(DENTIST, when=Timed(start, end, rounded.tzid)))
    (write,) = written(given)
    assert isinstance(write, Update)
    assert (write.side, write.event.when) == (Side.EXTERNAL, rounded)


LONG = replace(YOGA, description="Bring a mat and a bottle of water")
SHORT = policy(limits=Pair({}, {DESCRIPTION: 12}))


def cut(shown: Event) -> Event:
    return fit(shown, {DESCRIPTION: 12})


def test_r10_a_side_with_shorter_limits_holds_its_part_and_nothing_is_changed() -> None:
    given = pair(wix=LONG, external=cut(LONG), link=replace(plain_link(), bases=Pair(LONG, cut(LONG))))
    assert planned(given, under=SHORT) == [at_rest()]


def test_r10_a_long_text_is_cut_for_the_side_that_cannot_hold_it_and_the_base_keeps_it_whole() -> None:
    longer = replace(YOGA, description="Take a towel and a bottle of water")
    given = pair(wix=longer)
    change = Change(DESCRIPTION, "Bring a mat", "Take a towel", Rule.R2)
    agreed = Event(description=longer.description)
    assert planned(given, under=SHORT) == [update(outer(given), change, why=Rule.R2, agreed=agreed)]


def test_r10_a_rest_that_the_other_side_cannot_hold_is_no_work() -> None:
    agreed = Pair(Event(description=LONG.description), Event(description="Bring a mat"))
    assert planned(pair(wix=LONG), under=SHORT) == [Settle("l1", Rule.R9, agreed)]


def test_r10_an_edit_of_a_shortened_text_never_overwrites_the_fuller_one() -> None:
    bases = Pair(LONG, cut(LONG))
    edited = replace(cut(LONG), description="Bring towel")
    given = pair(wix=LONG, external=edited, link=replace(plain_link(), bases=bases))
    (settle,) = planned(given, under=SHORT)
    assert isinstance(settle, Settle)
    assert [(one.field, one.loser) for one in settle.losers] == [(DESCRIPTION, "Bring towel")]


def test_r10_a_part_cut_at_a_word_loses_a_clash_whatever_the_policy() -> None:
    fuller, part = (replace(YOGA, description=text) for text in ("Bring a mat and a towel", "Bring a mat"))
    given = pair(wix=fuller, external=part, link=replace(plain_link(), bases=Pair(Event(), Event())))
    under = policy(on_clash=Side.EXTERNAL, limits=Pair({}, {DESCRIPTION: 14}))
    assert [one for one in written(given, under=under) if one.side is Side.WIX] == []


def plain_link() -> Any:
    return link(session(), copy_outside(session()))
