"""Gone, or unknown, and new are matched before they count: R31."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from syncd.model import (
    Change,
    Event,
    Field,
    Gone,
    Item,
    Observation,
    Override,
    Overrides,
    Relink,
    Rule,
    SetOverride,
    Side,
)
from tests.rules.build import (
    DENTIST,
    YOGA,
    absent,
    actions_of,
    block,
    copy_outside,
    hour,
    link,
    linked,
    mark_of,
    new,
    outside,
    session,
)
from tests.rules.expect import at_rest, planned, skip, update, written

START = "2026-03-11T10:00:00"
NEXT_START = "2026-03-12T10:00:00"
TITLE, WHEN = Field.TITLE, Field.WHEN


def moved(lost: Observation, *, base: Event = DENTIST, kind: Gone = Gone.GONE, cycles: int = 1) -> Item:
    """A link whose external original is not where it was."""
    return linked(block(lost, base), absent(lost, kind, cycles=cycles), origin=Side.EXTERNAL, base=base)


def relink(old: Observation, fresh: Observation) -> Relink:
    return Relink("l1", old.side, old.ref, fresh.ref)


def one_of_series(id_: str, event: Event = DENTIST, *, start: str = START, **traits: Any) -> Observation:
    return outside(event, id=id_, **({"series": "row", "original_start": start, "uid": "row"} | traits))


def test_r31_an_occurrence_with_another_id_is_the_same_by_its_original_start() -> None:
    old, fresh = one_of_series("e1"), one_of_series("e2")
    assert planned(moved(old), new(fresh)) == [relink(old, fresh), at_rest()]


def test_r31_the_original_start_decides_before_the_content_does() -> None:
    old = one_of_series("e1")
    by_start = one_of_series("e2", replace(DENTIST, when=hour(5)))
    by_content = outside(DENTIST, id="e0")
    assert planned(moved(old), new(by_start), new(by_content))[0] == relink(old, by_start)


def rebased(day: int) -> tuple[Item, Item]:
    """A link whose original went with its series' time, and what stands for it now."""
    event = replace(DENTIST, when=hour(day))
    old = one_of_series(f"e{day}", event, start=f"2026-03-{day + 10}T10:00:00")
    fresh = one_of_series(f"f{day}", event, start=f"2026-03-{day + 10}T15:00:00")
    pair = link(block(old, event), old, origin=Side.EXTERNAL, base=event, id=f"l{day}")
    return linked(block(old, event), absent(old), origin=Side.EXTERNAL, base=event, link=pair), new(fresh)


def test_r31_a_side_on_which_everything_is_found_again_is_not_empty() -> None:
    given = [item for day in range(3, 8) for item in rebased(day)]
    found = actions_of(*given, empty=frozenset({Side.EXTERNAL}), linked=5)
    assert Counter(one.kind for one in found) == {"relink": 5, "settle": 5}


def test_r31_what_is_found_again_on_one_side_does_not_fill_the_other() -> None:
    given = [item for day in range(3, 8) for item in rebased(day)]
    found = actions_of(*given, empty=frozenset({Side.WIX}), linked=5)
    assert {(one.kind, getattr(one, "why", None)) for one in found} == {("skip", Rule.R15)}


def test_r31_an_occurrence_whose_hour_changed_with_its_series_is_the_same_by_its_day() -> None:
    old = one_of_series("e1")
    fresh = one_of_series("e2", replace(DENTIST, when=hour(2, 15)), start="2026-03-11T15:00:00")
    given = moved(old)
    assert given.wix is not None
    change = Change(WHEN, hour(2), hour(2, 15), Rule.R5)
    assert planned(given, new(fresh)) == [relink(old, fresh), update(given.wix, change, why=Rule.R5)]


def test_r31_an_occurrence_whose_day_changed_with_its_series_is_the_same_by_its_week() -> None:
    old = one_of_series("e1", uid=None)
    other_day = one_of_series("e2", replace(DENTIST, when=hour(3)), start=NEXT_START, uid=None)
    assert planned(moved(old), new(other_day))[0] == relink(old, other_day)


def test_r31_of_two_in_a_week_the_one_of_the_same_day_is_the_same() -> None:
    old = one_of_series("e1", uid=None)
    other_day = one_of_series("e0", replace(DENTIST, when=hour(3)), start=NEXT_START, uid=None)
    same_day = one_of_series("e2", replace(DENTIST, when=hour(2, 15)), start="2026-03-11T15:00:00", uid=None)
    assert planned(moved(old), new(other_day), new(same_day))[0] == relink(old, same_day)


@pytest.mark.parametrize("start", ["2026-03-16T10:00:00", "2026-03-08", "2027-03-10T10:00:00"])
def test_r31_the_occurrence_of_another_week_is_another_item(start: str) -> None:
    old = one_of_series("e1", uid=None)
    other_week = one_of_series("e2", replace(DENTIST, when=hour(7)), start=start, uid=None)
    kinds = [one.kind for one in actions_of(moved(old), new(other_week))]
    assert "relink" not in kinds


def test_r31_an_event_with_another_ref_is_the_same_by_its_uid() -> None:
    old = outside(DENTIST, id="e1", uid="uid-1")
    fresh = outside(replace(DENTIST, title="Doctor"), id="e2", uid="uid-1")
    given = moved(old)
    assert given.wix is not None
    change = Change(TITLE, "Dentist", "Doctor", Rule.R5)
    assert planned(given, new(fresh)) == [relink(old, fresh), update(given.wix, change, why=Rule.R5)]


def test_r31_an_event_made_anew_is_the_same_by_its_time_and_title() -> None:
    old, fresh = outside(DENTIST, id="e1"), outside(DENTIST, id="e2")
    assert planned(moved(old), new(fresh)) == [relink(old, fresh), at_rest()]


@pytest.mark.parametrize("changed", [{"title": "Doctor"}, {"when": hour(7)}], ids=["title", "time"])
def test_r31_without_a_uid_both_time_and_title_must_be_equal(changed: dict[str, Any]) -> None:
    old, fresh = outside(DENTIST, id="e1"), outside(replace(DENTIST, **changed), id="e2")
    assert sorted(one.kind for one in written(moved(old), new(fresh))) == ["create", "delete"]


def test_r31_what_is_unknown_is_matched_too() -> None:
    old, fresh = outside(DENTIST, id="e1"), outside(DENTIST, id="e2")
    assert planned(moved(old, kind=Gone.UNKNOWN), new(fresh)) == [relink(old, fresh), at_rest()]


@pytest.mark.parametrize("kind", [Gone.OUT_OF_WINDOW, Gone.OUT_OF_SCOPE])
def test_r31_what_lies_elsewhere_is_not_matched(kind: Gone) -> None:
    old, fresh = outside(DENTIST, id="e1"), outside(DENTIST, id="e2")
    assert not [one for one in actions_of(moved(old, kind=kind), new(fresh)) if isinstance(one, Relink)]


def test_r31_a_session_made_anew_keeps_its_copy() -> None:
    old, fresh = session(), session(id="s2")
    given = linked(absent(old), copy_outside(old))
    assert planned(given, new(fresh)) == [relink(old, fresh), at_rest()]


def test_r31_a_session_made_anew_keeps_its_override() -> None:
    own = Overrides(session=Override(title="Members only"))
    shown = replace(YOGA, title="Members only")
    edited = copy_outside(session(), replace(shown, title="For friends"))
    given = linked(absent(session()), edited, base=shown, overrides=own)
    (_, action) = planned(given, new(session(id="s2")))
    assert isinstance(action, SetOverride)
    assert (action.session, action.override) == (session(id="s2").ref, Override(title="For friends"))


def test_r31_a_copy_that_was_moved_keeps_its_session() -> None:
    old = copy_outside(session(), uid="uid-1")
    dragged = outside(replace(YOGA, when=hour(5)), id="e2", calendar=old.ref.collection, uid="uid-1")
    given = linked(session(), absent(old, cycles=2))
    assert [(one.kind, one.side) for one in written(given, new(dragged))] == [("update", Side.WIX)]


def test_r31_a_match_is_one_to_one() -> None:
    old = outside(DENTIST, id="e1")
    twins = [new(outside(DENTIST, id="e2")), new(outside(DENTIST, id="e3"))]
    found = actions_of(moved(old), *twins)
    assert [one.kind for one in found if one.kind in ("relink", "create")] == ["relink", "create"]


def test_r31_which_twin_is_matched_does_not_depend_on_the_order_of_reading() -> None:
    old = outside(DENTIST, id="e1")
    twins = [new(outside(DENTIST, id="e2")), new(outside(DENTIST, id="e3"))]
    assert actions_of(moved(old), *twins) == actions_of(*reversed(twins), moved(old))


def test_r31_a_gone_occurrence_waits_one_cycle_for_its_match() -> None:
    old = one_of_series("e1")
    assert planned(moved(old)) == [skip("l1", Rule.R31, stays=True)]
    assert [one.kind for one in written(moved(old, cycles=2))] == ["delete"]


def test_r31_a_gone_single_event_does_not_wait() -> None:
    assert [one.kind for one in written(moved(outside(DENTIST)))] == ["delete"]


def test_r31_a_relink_is_no_deletion() -> None:
    pairs = [(outside(DENTIST, id=f"a{n}", uid=f"u{n}"), outside(DENTIST, id=f"b{n}", uid=f"u{n}")) for n in range(12)]
    given = [_numbered(moved(old), n) for n, (old, _) in enumerate(pairs)]
    found = actions_of(*given, *(new(fresh) for _, fresh in pairs), linked=12)
    assert [one.kind for one in found if one.kind != "settle"] == ["relink"] * 12


def _numbered(item: Item, number: int) -> Item:
    assert item.link is not None
    return replace(item, link=replace(item.link, id=f"l{number:02}"))


def test_r31_an_item_of_ours_is_no_match() -> None:
    old = outside(YOGA, id="e1")
    given = linked(block(old, YOGA), absent(old), link=link(block(old), old, origin=Side.EXTERNAL))
    assert not [one for one in actions_of(given, new(copy_outside(session()))) if isinstance(one, Relink)]


def test_r31_a_copy_that_another_installation_made_is_no_match() -> None:
    old = outside(YOGA, id="e1")
    given = linked(block(old, YOGA), absent(old), link=link(block(old), old, origin=Side.EXTERNAL))
    theirs = outside(YOGA, id="e2", mark=mark_of(session(), bridge="bridge-2"))
    assert not [one for one in actions_of(given, new(theirs)) if isinstance(one, Relink)]
