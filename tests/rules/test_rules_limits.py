"""Brakes on a whole plan: R15 and R27."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.model import Decision, Delete, Hold, Item, Quarantine, Release, Rule, Side, Skip, Write, digest_of
from tests.rules.build import (
    DENTIST,
    NOW,
    YOGA,
    absent,
    actions_of,
    block,
    connection,
    copy_outside,
    link,
    linked,
    new,
    outside,
    session,
)
from tests.rules.expect import planned, skip, written

PILATES = replace(YOGA, title="Pilates")


def cancelled(count: int, **traits: Any) -> list[Item]:
    """So many links whose session was cancelled in Wix."""
    return [_cancelled(number, **traits) for number in range(count)]


def _cancelled(number: int, **traits: Any) -> Item:
    one = session(id=f"s{number:03}", **traits)
    lost, copy = absent(one, cycles=2), copy_outside(one)
    return linked(lost, copy, link=link(lost, copy, id=f"l{number:03}"))


def deletions(items: Sequence[Item], **slots: Any) -> tuple[int, int]:
    """How many deletions are done now, and how many wait."""
    found = actions_of(*items, **slots)
    waiting = [one for action in found if isinstance(action, Hold) for one in action.actions]
    return len([one for one in found if one.kind == "delete"]), len([one for one in waiting if one.kind == "delete"])


# R15


@pytest.mark.parametrize(
    ("count", "linked_", "held"),
    [(10, 11, False), (11, 50, True), (11, 55, False), (12, 55, True), (20, 100, False), (21, 100, True)],
    ids=[
        "not above the limit",
        "above both",
        "exactly the share",
        "just above the share",
        "exactly the share of many",
        "above the share of many",
    ],
)
def test_r15_deletions_beyond_limit_and_share_are_held(count: int, linked_: int, held: bool) -> None:
    assert deletions(cancelled(count), linked=linked_) == ((0, count) if held else (count, 0))


@pytest.mark.parametrize(("count", "held"), [(100, False), (101, True)])
def test_r15_beyond_the_hard_limit_they_are_held_whatever_their_share(count: int, held: bool) -> None:
    assert deletions(cancelled(count), linked=10_000) == ((0, count) if held else (count, 0))


def test_r15_deletions_of_the_last_day_count_too() -> None:
    assert deletions(cancelled(3), linked=40, deleted_24h=7) == (3, 0)
    assert deletions(cancelled(3), linked=40, deleted_24h=8) == (0, 3)


def test_r15_one_act_on_a_series_counts_once() -> None:
    weekly = cancelled(30, series="row", original_start="2026-03-11T10:00:00")
    assert deletions(weekly, linked=50) == (30, 0)


def test_r15_other_actions_go_on() -> None:
    found = actions_of(*cancelled(11), new(session(DENTIST)), linked=20)
    assert [one.kind for one in found] == ["create", "hold"]


def test_r15_a_hold_names_each_ref_and_version() -> None:
    items = cancelled(11)
    (found,) = actions_of(*items, linked=20)
    assert isinstance(found, Hold)
    named = {(one.ref, one.if_match) for one in found.actions if isinstance(one, Delete)}
    assert named == {(item.external.ref, item.external.version) for item in items if item.external}


def approved(items: Sequence[Item], decision: Decision = Decision.APPROVED) -> list[Item]:
    """The same items after a person decided on all that the plan of 20 links holds."""
    (found,) = actions_of(*items, linked=20)
    assert isinstance(found, Hold)
    said = {digest_of(one): decision for one in found.actions}
    return [replace(item, decisions=said) for item in items]


def test_r15_what_was_approved_is_done() -> None:
    assert deletions(approved(cancelled(11)), linked=20) == (11, 0)


def test_r15_an_approval_covers_exactly_what_was_shown() -> None:
    agreed = approved(cancelled(11))
    assert agreed[0].external is not None
    edited = replace(agreed[0], external=replace(agreed[0].external, version="2"))
    assert deletions([edited, *agreed[1:], *cancelled(24)[12:]], linked=20) == (10, 13)


def test_r15_what_was_rejected_stays_and_is_let_go_of() -> None:
    found = planned(*approved(cancelled(11), Decision.REJECTED), linked=20)
    assert {type(one) for one in found} == {Release}


def test_r15_what_returns_leaves_the_hold() -> None:
    items = cancelled(12)
    back = replace(items[0], wix=session(id="s000"))
    assert deletions([back, *items[1:]], linked=20) == (0, 11)


def test_r15_acts_that_a_person_ordered_do_not_count() -> None:
    pairs = [linked(one := session(id=f"s{n}"), copy_outside(one), link=_link(n)) for n in range(30)]
    ordered = written(*pairs, connection=connection(exports=False), linked=30)
    assert [one.kind for one in ordered] == ["delete"] * 30


def _link(number: int) -> Any:
    one = session(id=f"s{number}")
    return link(one, copy_outside(one), id=f"l{number}")


@pytest.mark.parametrize("side", list(Side))
def test_r15_after_an_empty_side_everything_waits(side: Side) -> None:
    given = [*cancelled(5), new(session(DENTIST)), renamed()]
    assert written(*given, empty=frozenset({side}), linked=5) == []
    found = actions_of(*given, empty=frozenset({side}), linked=5)
    assert [Counter(one.kind for one in hold.actions) for hold in found if isinstance(hold, Hold)] == [{"delete": 5}]
    assert Counter(one.kind for one in found) == {"hold": 1, "skip": 2}
    assert all(one.stays for one in found if isinstance(one, Skip))


def test_r15_after_a_doubtful_read_nothing_is_done_and_nothing_asked() -> None:
    given = [*cancelled(1), new(session(DENTIST))]
    found = planned(*given, doubtful="the listing was cut short")
    assert found == [skip("l000", Rule.R15, stays=True), skip("wix|site-1|s1", Rule.R15, stays=True)]


def test_r15_after_a_doubtful_read_no_link_ends() -> None:
    one = session()
    given = linked(absent(one), absent(copy_outside(one)))
    assert planned(given, doubtful="the listing was cut short") == [skip("l1", Rule.R15, stays=True)]


def test_r15_after_a_restore_every_deletion_waits_once_and_the_rest_goes_on() -> None:
    assert deletions(cancelled(1), careful=True) == (0, 1)
    assert [one.kind for one in written(new(session()), careful=True)] == ["create"]


# R27


def failed(given: Item, *, permanent: bool, minutes: int = 0) -> Item:
    """The same item after the action planned for it failed; it may be tried again in so many minutes."""
    (action,) = written(given)
    row = Quarantine(digest_of(action), "the server said no", 1, permanent, NOW + timedelta(minutes=minutes))
    return replace(given, quarantine={row.action: row})


def renamed(version: str = "1") -> Item:
    return linked(session(PILATES, version=version), copy_outside(session()))


def test_r27_an_action_that_failed_for_good_waits_for_a_newer_observation() -> None:
    assert planned(failed(renamed(), permanent=True)) == [skip("l1", Rule.R27, stays=True)]


def test_r27_a_passing_failure_is_tried_again_when_its_time_has_come() -> None:
    assert planned(failed(renamed(), permanent=False, minutes=1)) == [skip("l1", Rule.R27, stays=True)]
    assert planned(failed(renamed(), permanent=False)) == planned(renamed())


def test_r27_a_new_version_of_the_item_written_to_lifts_the_quarantine() -> None:
    given = failed(renamed(), permanent=True)
    newer = replace(given, external=copy_outside(session(), version="2"))
    assert len(written(newer)) == 1


def test_r27_a_new_observation_of_the_original_lifts_it_too() -> None:
    given = failed(renamed(), permanent=True)
    edited = replace(given, wix=session(replace(PILATES, location="Room 2"), version="2"))
    assert len(written(edited)) == 1


def test_r27_any_newer_observation_lifts_it_even_if_the_fields_are_the_same() -> None:
    given = failed(renamed(), permanent=True)
    assert len(written(replace(given, wix=session(PILATES, version="2")))) == 1


def test_r27_a_creation_that_failed_is_tried_again_with_a_newer_original() -> None:
    given = failed(new(session()), permanent=True)
    assert planned(given) == [skip("wix|site-1|s1", Rule.R27, stays=True)]
    assert len(written(replace(given, wix=session(version="2")))) == 1


def test_r27_a_person_s_copy_that_names_the_session_does_not_lift_it() -> None:
    refused = failed(new(session()), permanent=True)
    twin = replace(new(copy_outside(session(), uid="a-person-s-own")), wix=session())
    assert written(refused, twin) == written(twin, refused) == []


def test_r27_deletions_are_never_in_it() -> None:
    given = failed(cancelled(1)[0], permanent=True, minutes=60)
    assert [one.kind for one in written(given)] == ["delete"]


def test_r27_the_other_items_go_on() -> None:
    blocked = linked(
        block(outside(DENTIST)), outside(replace(DENTIST, title="Doctor")), origin=Side.EXTERNAL, base=DENTIST
    )
    blocked = replace(blocked, link=replace(blocked.link, id="l2")) if blocked.link else blocked
    found: list[Write] = written(failed(renamed(), permanent=True), blocked)
    assert [(one.kind, one.item) for one in found] == [("update", "l2")]
