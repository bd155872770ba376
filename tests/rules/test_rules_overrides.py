"""Overrides of title and description: the projection and its inverse (R8)."""

from dataclasses import replace
from typing import Any

from syncd.model import Change, Event, Field, Item, Override, Overrides, Pair, Rule, SetOverride, Settle, Side, Update
from syncd.normalise import value_digest
from tests.rules.build import (
    DENTIST,
    YOGA,
    actions_of,
    block,
    copy_outside,
    event,
    linked,
    new,
    outside,
    policy,
    session,
)
from tests.rules.expect import at_rest, making, planned, update, written

TITLE, DESCRIPTION = Field.TITLE, Field.DESCRIPTION
OWN = Overrides(session=Override(title="Members only"))
OF_SCHEDULE = Overrides(schedule=Override(title="Class", description="See the site"))
BOTH = Overrides(session=Override(title="Members only"), schedule=Override(title="Class", description="See the site"))


def shown(overrides: Overrides, *, wix: Event = YOGA, base: Event | None = None, **external: Any) -> Item:
    """A session under overrides and its copy, which shows the projection except for the fields of `external`."""
    projection = base or YOGA.put({name: text for name in (TITLE, DESCRIPTION) if (text := overrides.shown(name))})
    copy = copy_outside(session(), replace(projection, **external))
    return linked(session(wix), copy, base=projection, overrides=overrides)


def overridden(before: str, after: str | None, *, own: Override, name: Field = TITLE) -> SetOverride:
    agreed = Event().put({name: after})
    return SetOverride("l1", session().ref, own, Pair(agreed, agreed), (Change(name, before, after, Rule.R8),))


# the projection


def test_r8_a_session_is_shown_under_its_own_override() -> None:
    expected = making(session(), Rule.R1, event=replace(YOGA, title="Members only"))
    assert planned(new(session(), overrides=OWN)) == [expected]


def test_r8_a_session_is_shown_under_the_override_of_its_schedule() -> None:
    expected = making(session(), Rule.R1, event=replace(YOGA, title="Class", description="See the site"))
    assert planned(new(session(), overrides=OF_SCHEDULE)) == [expected]


def test_r8_each_field_falls_back_alone() -> None:
    expected = making(session(), Rule.R1, event=replace(YOGA, title="Members only", description="See the site"))
    assert planned(new(session(), overrides=BOTH)) == [expected]


def test_r8_an_override_that_is_empty_shows_nothing() -> None:
    silent = Overrides(session=Override(description=""), schedule=Override(description="See the site"))
    assert planned(new(session(), overrides=silent)) == [
        making(session(), Rule.R1, event=replace(YOGA, description=None))
    ]


def test_r8_with_override_only_the_notes_of_a_session_stay_inside() -> None:
    expected = making(session(), Rule.R1, event=replace(YOGA, description=None))
    assert planned(new(session()), under=policy(description="override_only")) == [expected]


def test_r8_with_override_only_a_description_comes_from_the_override() -> None:
    expected = making(session(), Rule.R1, event=replace(YOGA, title="Class", description="See the site"))
    assert planned(new(session(), overrides=OF_SCHEDULE), under=policy(description="override_only")) == [expected]


def test_r8_a_block_is_not_shown_through_the_lens() -> None:
    given = linked(block(outside(DENTIST)), outside(DENTIST), origin=Side.EXTERNAL, base=DENTIST, overrides=OF_SCHEDULE)
    assert planned(given) == [at_rest()]


def test_r8_a_new_override_is_written_to_the_copy() -> None:
    given = shown(OWN, base=YOGA)
    assert given.external is not None
    change = Change(TITLE, "Yoga", "Members only", Rule.R8)
    assert planned(given) == [update(given.external, change, why=Rule.R8)]


def test_r8_a_cleared_override_shows_the_session_itself_again() -> None:
    given = shown(Overrides(), base=replace(YOGA, title="Members only"))
    (write,) = written(given)
    assert isinstance(write, Update)
    assert (write.side, write.event) == (Side.EXTERNAL, Event(title="Yoga"))


def test_r8_a_cleared_override_falls_back_to_that_of_the_schedule() -> None:
    given = shown(OF_SCHEDULE, base=replace(YOGA, title="Members only", description="See the site"))
    (write,) = written(given)
    assert isinstance(write, Update)
    assert (write.side, write.event) == (Side.EXTERNAL, Event(title="Class"))


def test_r8_the_mark_of_the_copy_names_the_fields_shown_from_an_override() -> None:
    (action,) = actions_of(shown(OWN, base=YOGA))
    assert isinstance(action, Update)
    assert action.mark is not None
    assert action.mark.overridden == frozenset({TITLE})


def test_r8_a_session_renamed_behind_its_override_changes_nothing_outside() -> None:
    assert planned(shown(OWN, wix=replace(YOGA, title="Pilates"))) == [at_rest()]


# the inverse


def test_r8_an_edit_outside_of_an_overridden_title_becomes_the_override_of_the_session() -> None:
    expected = overridden("Members only", "For friends", own=Override(title="For friends"))
    assert planned(shown(OWN, title="For friends")) == [expected]


def test_r8_an_edit_of_a_title_shown_from_the_schedule_becomes_the_sessions_own_override() -> None:
    expected = overridden("Class", "For friends", own=Override(title="For friends"))
    assert planned(shown(OF_SCHEDULE, title="For friends")) == [expected]


def test_r8_the_other_field_of_the_override_is_kept() -> None:
    own = Overrides(session=Override(title="Members only", description="Ring twice"))
    expected = overridden("Members only", "For friends", own=Override("For friends", "Ring twice"))
    assert planned(shown(own, title="For friends")) == [expected]


def test_r8_an_edit_equal_to_the_schedules_text_clears_the_sessions_override() -> None:
    expected = overridden("Members only", "Class", own=Override())
    assert planned(shown(BOTH, title="Class")) == [expected]


def test_r8_an_edit_equal_to_the_sessions_own_text_clears_its_override() -> None:
    assert planned(shown(OWN, title="Yoga")) == [overridden("Members only", "Yoga", own=Override())]


def test_r8_a_field_shown_from_the_session_itself_changes_the_session() -> None:
    given = shown(OWN, description="Bring a towel")
    assert given.wix is not None
    change = Change(DESCRIPTION, "Bring a mat", "Bring a towel", Rule.R5)
    assert planned(given) == [update(given.wix, change, why=Rule.R5)]


def test_r8_edits_of_both_kinds_are_told_apart() -> None:
    given = shown(OWN, title="For friends", description="Bring a towel")
    assert [(one.kind, one.why) for one in actions_of(given)] == [("override", Rule.R8), ("update", Rule.R5)]


def test_r8_an_overridden_description_emptied_outside_is_shown_empty() -> None:
    own = Overrides(session=Override(description="Ring twice"))
    expected = overridden("Ring twice", None, own=Override(description=""), name=DESCRIPTION)
    assert planned(shown(own, description=None)) == [expected]


def test_r8_with_override_only_a_description_written_outside_becomes_the_override() -> None:
    given = linked(session(), copy_outside(session()), base=replace(YOGA, description=None))
    (action,) = planned(given, under=policy(description="override_only"))
    assert isinstance(action, SetOverride)
    assert action.override == Override(description="Bring a mat")


def test_r8_with_override_only_the_notes_of_the_session_are_never_written() -> None:
    notes_hidden = replace(YOGA, title="Members only", description=None)
    given = shown(OWN, base=notes_hidden, description="Something else")
    assert written(given, under=policy(description="override_only")) == []


def test_r8_an_empty_title_is_refused_and_the_override_put_back() -> None:
    given = shown(OWN, title=None)
    assert given.external is not None
    change = Change(TITLE, None, "Members only", Rule.R5A, loser=None)
    refused = {"external:title": value_digest(None)}
    assert planned(given) == [update(given.external, change, why=Rule.R5A, refused=refused)]


def test_r8_a_new_override_and_an_edit_outside_are_a_clash() -> None:
    given = shown(OWN, base=YOGA, title="For friends")
    assert given.external is not None
    change = Change(TITLE, "For friends", "Members only", Rule.R10, loser="For friends")
    assert planned(given) == [update(given.external, change, why=Rule.R10)]


def test_r8_where_the_external_side_wins_a_clash_the_override_takes_its_value() -> None:
    given = shown(OWN, base=YOGA, title="For friends")
    (action,) = planned(given, under=policy(on_clash=Side.EXTERNAL))
    assert isinstance(action, SetOverride)
    assert action.override == Override(title="For friends")


def test_r8_an_edit_equal_to_a_new_override_is_agreement() -> None:
    agreed = Event(title="Members only")
    assert planned(shown(OWN, base=YOGA, title="Members only")) == [Settle("l1", Rule.R9, Pair(agreed, agreed))]


def test_r8_with_write_back_off_an_overridden_title_is_put_back() -> None:
    found = written(shown(OWN, title="For friends"), under=policy(write_back="off"))
    assert [(one.side, one.why) for one in found] == [(Side.EXTERNAL, Rule.R5A)]


def test_r8_an_event_given_a_title_by_an_override_is_not_adopted_by_that_title() -> None:
    by_hand = outside(event("Members only", description="Bring a mat", location="Room 1"))
    kinds = sorted(one.kind for one in actions_of(new(session(), overrides=OWN), new(by_hand)))
    assert kinds == ["create", "create"]
