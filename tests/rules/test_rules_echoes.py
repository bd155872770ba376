"""Our own writes coming back, and writes that go to and fro: R24, R32."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from syncd.model import (
    Change,
    Event,
    Field,
    FieldWrite,
    Item,
    Pair,
    Rule,
    Side,
)
from syncd.normalise import value_digest
from tests.rules.build import (
    DENTIST,
    NOW,
    YOGA,
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
