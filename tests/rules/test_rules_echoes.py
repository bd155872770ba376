"""Our own writes coming back, and writes that go to and fro: R24, R32."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.model import (
    DELETION,
    Change,
    Create,
    Event,
    Field,
    FieldWrite,
    Item,
    Observation,
    Pair,
    Rule,
    Settle,
    Side,
    Update,
)
from syncd.normalise import fields_digest, value_digest
from tests.rules.build import (
    DENTIST,
    NOW,
    YOGA,
    absent,
    block,
    copy_outside,
    link,
    linked,
    new,
    outside,
    session,
)
from tests.rules.expect import at_rest, outer, planned, skip, update, written

PILATES = replace(YOGA, title="Pilates")
MINE = replace(YOGA, title="My yoga")
TITLE, LOCATION = Field.TITLE, Field.LOCATION


def pair(wix: Event = YOGA, external: Event = YOGA, *, version: str = "7", **slots: Any) -> Item:
    """A session and its copy, which agreed on YOGA."""
    return linked(session(wix), copy_outside(session(), external, version=version), **slots)


# R24


def test_r24_what_we_wrote_is_not_a_change() -> None:
    assert planned(pair(version="8")) == [at_rest()]


def test_r24_each_side_is_compared_with_its_own_base_so_a_rewritten_value_is_no_edit() -> None:
    rewritten = replace(YOGA, description="Bring a mat\n", location=None)
    rewriting = link(session(), copy_outside(session()), bases=Pair(YOGA, rewritten))
    given = pair(external=rewritten, link=rewriting)
    assert planned(given) == [at_rest()]


def test_r24_a_block_that_came_back_as_we_wrote_it_is_not_carried_outside() -> None:
    given = linked(block(outside(DENTIST)), outside(DENTIST), origin=Side.EXTERNAL, base=DENTIST)
    assert planned(given) == [at_rest()]


def test_r24_an_item_with_an_open_intent_waits_until_that_is_settled() -> None:
    assert planned(pair(wix=PILATES, frozen=True)) == [skip("l1", Rule.R24, stays=True)]


def test_r24_another_item_goes_on_meanwhile() -> None:
    found = written(pair(wix=PILATES, frozen=True), new(session(id="s2")))
    assert [one.kind for one in found] == ["create"]


def came_late(
    shown: Event = PILATES, wix: Event = YOGA, *, adrift: tuple[str, ...] = (fields_digest(PILATES),)
) -> Item:
    """A copy that shows `shown`, with the mark of an update to PILATES; `adrift`: those that seemed without effect."""
    copy = copy_outside(session(), shown)
    assert copy.traits.mark is not None
    mark = replace(copy.traits.mark, digest=fields_digest(PILATES))
    copy = replace(copy, traits=replace(copy.traits, mark=mark))
    return linked(session(wix), copy, link=link(session(wix), copy, adrift=adrift))


def test_r24_a_write_of_ours_that_comes_very_late_is_no_edit_and_the_copy_is_put_right() -> None:
    given = came_late()
    (found,) = written(given)
    assert (found.side, found.why) == (Side.EXTERNAL, Rule.R24)
    assert isinstance(found, Update)
    assert [(one.field, one.before, one.after) for one in found.changes] == [(TITLE, "Pilates", "Yoga")]


def test_r24_when_the_session_shows_the_same_by_now_both_sides_agree() -> None:
    (found,) = planned(came_late(wix=PILATES))
    assert isinstance(found, Settle)
    assert found.bases.external.title == "Pilates"


def test_r24_when_the_session_has_changed_meanwhile_that_is_what_the_copy_gets() -> None:
    (found,) = written(came_late(wix=replace(YOGA, title="Stretching")))
    assert isinstance(found, Update)
    assert (found.side, found.changes[0].after) == (Side.EXTERNAL, "Stretching")


def test_r24_what_a_person_puts_back_with_the_mark_that_it_had_is_an_edit() -> None:
    (found,) = written(came_late(adrift=("of another update",)))
    assert (found.side, found.why) == (Side.WIX, Rule.R5)


def test_r24_a_persons_edit_of_what_came_late_is_an_edit() -> None:
    (found,) = written(came_late(replace(PILATES, location="Garden")))
    assert found.side is Side.WIX


@pytest.mark.parametrize("copy", list(Side))
def test_r24_a_copy_that_a_deletion_of_ours_took_very_late_is_made_again(copy: Side) -> None:
    original: Observation = session() if copy is Side.EXTERNAL else outside(DENTIST)
    event = original.event
    lost = absent(copy_outside(original) if copy is Side.EXTERNAL else block(original), cycles=2)
    sides = (original, lost) if copy is Side.EXTERNAL else (lost, original)
    pair_of = link(*sides, origin=copy.other, base=event, adrift=("of an update", DELETION))
    (found,) = written(linked(*sides, origin=copy.other, base=event, link=pair_of))
    assert isinstance(found, Create)
    assert (found.side, found.why, found.link.adrift) == (copy, Rule.R24, ())


def test_r24_a_copy_that_a_person_deleted_goes_from_both_sides_whatever_update_is_adrift() -> None:
    original = outside(DENTIST)
    lost = absent(block(original), cycles=2)
    pair_of = link(lost, original, origin=Side.EXTERNAL, base=DENTIST, adrift=("of an update",))
    (found,) = written(linked(lost, original, origin=Side.EXTERNAL, base=DENTIST, link=pair_of))
    assert (found.kind, found.side) == ("delete", Side.EXTERNAL)


# R32


def history(*values: str, side: Side = Side.EXTERNAL) -> tuple[FieldWrite, ...]:
    """Earlier writes of the title, oldest first, an hour apart."""
    hours = range(len(values), 0, -1)
    return tuple(
        FieldWrite(side, TITLE, value_digest(value), NOW - timedelta(hours=ago))
        for ago, value in zip(hours, values, strict=True)
    )


def test_r32_a_field_written_to_and_fro_three_times_is_not_written_again() -> None:
    given = pair(wix=PILATES, recent=history("Yoga", "Pilates", "Yoga"))
    assert planned(given) == [skip("l1", Rule.R32, stays=True, listed=True)]


def test_r32_two_writes_are_no_oscillation() -> None:
    assert len(written(pair(wix=PILATES, recent=history("Pilates", "Yoga")))) == 1


def test_r32_one_value_written_again_and_again_is_no_oscillation() -> None:
    assert len(written(pair(wix=PILATES, recent=history("Pilates", "Pilates", "Pilates")))) == 1


def test_r32_a_third_value_is_no_oscillation() -> None:
    assert len(written(pair(wix=PILATES, recent=history("Yoga", "Zumba", "Yoga")))) == 1


def test_r32_the_other_fields_of_the_item_are_still_written() -> None:
    given = pair(wix=replace(PILATES, location="Room 2"), recent=history("Yoga", "Pilates", "Yoga"))
    assert planned(given) == [
        update(outer(given), Change(LOCATION, "Room 1", "Room 2", Rule.R2), why=Rule.R2),
        skip("l1", Rule.R32, stays=True, listed=True),
    ]


def test_r32_it_stops_on_the_wix_side_too() -> None:
    given = pair(external=MINE, recent=history("Yoga", "My yoga", "Yoga", side=Side.WIX))
    assert planned(given) == [skip("l1", Rule.R32, stays=True, listed=True)]


def test_r32_writes_of_the_other_side_do_not_count() -> None:
    given = pair(wix=PILATES, recent=history("Yoga", "Pilates", "Yoga", side=Side.WIX))
    assert len(written(given)) == 1
