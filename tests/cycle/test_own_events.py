"""What a person made stays a person's: it may stand for a lost copy, and is never removed. R13, R26, R31.

Not here: adopting on first contact (test_pass), guests elsewhere (test_edits).
"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory import FULL, MemoryAccount
from syncd.model import Event, Ref
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9))


async def exported(bench: Bench, **config: Any) -> None:
    """A session with its copy."""
    await bench.connect(**config)
    bench.session("s1", YOGA)
    await bench.settle(2)
    assert bench.exported() == {"Yoga": YOGA}


@pytest.mark.rule("R31", "R13", "R26")
@pytest.mark.parametrize("traits", [{}, {"guests": True}, {"private": True}], ids=["plain", "with guests", "private"])
@pytest.mark.parametrize("uid", ["same", "own"])
async def test_an_own_event_elsewhere_is_not_taken_for_a_lost_copy(
    bench: Bench, traits: dict[str, object], uid: str
) -> None:
    await exported(bench)
    copy = bench.exported_id("Yoga")
    uid = str(bench.world.item(Ref(bench.outside_calendar, copy)).traits.uid) if uid == "same" else "own-uid"
    bench.world.remove(bench.outside_calendar, copy)
    own = event("Yoga", at(1, 9), description="my notes")
    bench.outside_event("own", own, uid=uid, **traits)
    await bench.settle(5)
    lies = bench.world.items(bench.primary)["own"]
    assert (lies.event, lies.version) == (own, 1)
    assert all(calendar != bench.primary for _, calendar, _ in bench.world.log)
    await bench.assert_at_rest()


@pytest.mark.rule("R31", "R13")
async def test_an_own_event_that_stands_for_a_lost_copy_stays_when_the_session_is_cancelled(bench: Bench) -> None:
    await exported(bench, calendars=())
    calendar = bench.outside_calendar
    bench.world.remove(calendar, bench.exported_id("Yoga"))
    bench.world.put(calendar, "own", event("Yoga", at(1, 9), description="my notes"))
    await bench.settle(3)
    assert set(bench.world.items(SITE_ID)) == {"s1"}
    bench.world.cancel(SITE_ID, "s1")
    await bench.settle(3)
    assert set(bench.world.items(calendar)) == {"own"}
    assert ("delete", calendar, "own") not in bench.world.log
    await bench.assert_at_rest()


@pytest.mark.rule("R31", "R23")
@pytest.mark.parametrize("ending", ["export off", "disconnect"])
async def test_an_own_event_that_stands_for_a_lost_copy_stays_at_every_ending(bench: Bench, ending: str) -> None:
    await exported(bench, calendars=())
    calendar = bench.outside_calendar
    bench.world.remove(calendar, bench.exported_id("Yoga"))
    bench.world.put(calendar, "own", YOGA)
    await bench.settle(3)
    if ending == "disconnect":
        await bench.disconnect()
    else:
        await bench.configure(exports=False)
    await bench.settle(3)
    assert set(bench.world.items(calendar)) == {"own"}
    assert bench.world.items(calendar)["own"].event == YOGA


@pytest.mark.rule("R31", "R26")
async def test_an_own_event_with_guests_among_our_copies_is_never_written(bench: Bench) -> None:
    bench.outside = replace(FULL, mails_guests=True)
    bench.account = MemoryAccount(bench.world, EMAIL, bench.outside)
    await exported(bench, calendars=())
    calendar = bench.outside_calendar
    bench.world.remove(calendar, bench.exported_id("Yoga"))
    own = event("Yoga", at(1, 9), description="my notes")
    bench.world.put(calendar, "own", own, guests=True)
    bench.world.edit(SITE_ID, "s1", Event(location="Garden"))
    await bench.settle(3)
    assert bench.world.items(calendar)["own"].event == own
    bench.world.cancel(SITE_ID, "s1")
    await bench.settle(3)
    assert set(bench.world.items(calendar)) == {"own"}
    assert bench.world.mailed == []
    await bench.assert_at_rest()


async def duplicated(bench: Bench) -> Ref:
    """A session whose copy was duplicated, and then made anew under the next generation; the duplicate."""
    await exported(bench, calendars=())
    calendar, copy = bench.outside_calendar, bench.exported_id("Yoga")
    duplicate = bench.world.copy(Ref(calendar, copy))
    await bench.settle(2)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.remove(calendar, copy)
    await bench.settle(2)
    anew = bench.exported_id("Yoga basics")
    assert [bench.world.marked(calendar)[one].generation for one in (duplicate.id, anew)] == [1, 2]
    return duplicate


@pytest.mark.rule("R25", "R13")
async def test_a_persons_duplicate_outlives_the_generation_that_it_was_made_of(bench: Bench) -> None:
    duplicate = await duplicated(bench)
    bench.world.edit(duplicate.collection, duplicate.id, Event(title="My yoga"))
    await bench.settle(3)
    assert set(bench.exported()) == {"Yoga basics", "My yoga"}
    assert bench.inside_titles() == ["Yoga basics"]
    await bench.assert_at_rest()


@pytest.mark.rule("R23", "R13")
async def test_a_persons_duplicate_outlives_the_connection(bench: Bench) -> None:
    duplicate = await duplicated(bench)
    await bench.disconnect()
    await bench.settle(3)
    assert set(bench.world.items(bench.outside_calendar)) == {duplicate.id}
    assert ("delete", duplicate.collection, duplicate.id) not in bench.world.log
