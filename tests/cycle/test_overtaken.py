"""Somebody edits an item between our write and its answer, where versions do not count writes. R5, R24.

A side that gives fields back as they were sent betrays the edit in them; of any other side the answer is its own form.
Not here: sides that count (test_edits, test_recovered).
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from adapters.memory import FULL, MemoryAccount, MemoryCalendar, MemorySite
from adapters.memory_calendar import Place
from adapters.memory_world import MemoryItem
from syncd.model import Connection, Event, Field, Observation, Ref
from syncd.ports import Capabilities, nothing_kept
from syncd.site import sync_site
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9), description="Mat")
THEIRS = [
    Event(title="Yoga (bring towel)"),
    Event(location="Garden"),
    Event(when=at(1, 11)),
    Event(description=None),
    Event(title="Yoga (bring towel)", when=at(1, 11)),
]


class _Uncounted(MemoryCalendar):
    """Versions name a state, and have no order."""

    def _observe(self, item: MemoryItem, fingerprint: str | None) -> Observation:
        return replace(super()._observe(item, fingerprint), sequence=None)


class _Folding(_Uncounted):
    """It writes every description in one line, and promises everything all the same."""

    def _fit(self, event: Event, ref: Ref) -> Event:
        event = super()._fit(event, ref)
        text = event.description
        return event.put({Field.DESCRIPTION: " ".join(text.split())}) if isinstance(text, str) else event


class _Loud(_Uncounted):
    """It writes every title in capitals, and says so only when asked."""

    def _fit(self, event: Event, ref: Ref) -> Event:
        event = super()._fit(event, ref)
        return event.put({Field.TITLE: event.title.upper()}) if isinstance(event.title, str) else event


@dataclass
class _Account(MemoryAccount):
    world: Bench
    kind: type[MemoryCalendar]
    can: Capabilities

    def __post_init__(self) -> None:
        super().__init__(self.world.world, EMAIL, self.can)

    def open(self, calendar: str, *, zone: str, collection: str) -> MemoryCalendar:
        return self.kind(self.world.world, Place(calendar, collection, zone), self.can)


async def settle(
    bench: Bench, passes: int = 3, kind: type[MemoryCalendar] = _Uncounted, can: Capabilities = FULL
) -> None:
    """Passes eleven minutes apart, with such a calendar outside."""

    async def account(_: Connection) -> MemoryAccount:
        return _Account(bench, kind, can)

    for _ in range(passes):
        site = MemorySite(bench.world, SITE_ID, bench.inside)
        (result,) = await sync_site(bench.work(), site, await bench.store.connections(), account)
        assert result.error is None, result.error
        bench.clock.advance(timedelta(minutes=11))


async def at_rest(bench: Bench, kind: type[MemoryCalendar] = _Uncounted, can: Capabilities = FULL) -> None:
    before = len(bench.world.log)
    await settle(bench, 2, kind, can)
    assert bench.world.log[before:] == []


def meanwhile(bench: Bench, verb: str, theirs: Event) -> list[Ref]:
    """Somebody makes this edit behind our next call of this verb; whose items they edited."""
    edited: list[Ref] = []

    def edit(ref: Ref) -> None:
        edited.append(bench.world.edit(ref.collection, ref.id, theirs))

    bench.world.stranger = edit
    bench.world.faults[verb] = ["foreign"]
    return edited


def session(bench: Bench, name: str = "s1") -> Event:
    return bench.world.items(SITE_ID)[name].event


@pytest.mark.rule("R5", "R24")
@pytest.mark.parametrize("theirs", THEIRS)
async def test_an_edit_behind_the_making_of_a_copy_travels(bench: Bench, theirs: Event) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    edited = meanwhile(bench, "create", theirs)
    await settle(bench)
    assert len(edited) == 1
    assert session(bench) == theirs.over(YOGA)
    assert list(bench.exported().values()) == [theirs.over(YOGA)]
    await at_rest(bench)


@pytest.mark.rule("R5", "R24")
@pytest.mark.parametrize("theirs", THEIRS)
async def test_an_edit_behind_our_update_travels_though_it_is_of_the_field_that_we_wrote(
    bench: Bench, theirs: Event
) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await settle(bench, 2)
    bench.world.edit(SITE_ID, "s1", Event(at(2, 9), "Yoga basics", "Mat, towel", "Room 1"))
    edited = meanwhile(bench, "update", theirs)
    await settle(bench)
    assert len(edited) == 1
    both = theirs.over(Event(at(2, 9), "Yoga basics", "Mat, towel", "Room 1", True))
    assert session(bench) == both
    assert list(bench.exported().values()) == [both]
    await at_rest(bench)


@pytest.mark.rule("R5", "R24")
@pytest.mark.parametrize("verb", ["create", "update"])
async def test_of_several_written_in_one_call_each_edit_travels(bench: Bench, verb: str) -> None:
    await bench.connect(calendars=())
    for number in range(3):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
    if verb == "update":
        await settle(bench, 2)
        for number in range(3):
            bench.world.edit(SITE_ID, f"s{number}", Event(location="Room 1"))
    edited = meanwhile(bench, verb, Event(location="Garden"))
    await settle(bench)
    assert len(edited) == 3
    assert {session(bench, f"s{number}").location for number in range(3)} == {"Garden"}
    assert {one.location for one in bench.exported().values()} == {"Garden"}
    await at_rest(bench)


@pytest.mark.rule("R5", "R24")
async def test_an_edit_behind_our_update_of_an_original_comes_back_to_its_block(bench: Bench) -> None:
    await bench.connect()
    bench.outside_event("e1", event("Dentist", at(1, 14)))
    await settle(bench, 2)
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(title="Dentist, upstairs", location="Main street"))
    edited = meanwhile(bench, "update", Event(title="Dentist, downstairs"))
    await settle(bench)
    assert len(edited) == 1
    expected = event("Dentist, downstairs", at(1, 14), location="Main street")
    assert bench.blocks() == {"Dentist, downstairs": expected}
    assert bench.world.items(bench.primary)["e1"].event == expected
    await at_rest(bench)


@pytest.mark.rule("R5", "R24")
@pytest.mark.parametrize("verb", ["create", "update"])
@pytest.mark.parametrize("theirs", THEIRS)
async def test_an_edit_behind_a_write_that_was_never_recorded_travels(bench: Bench, verb: str, theirs: Event) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    if verb == "update":
        await settle(bench, 2)
        bench.world.edit(SITE_ID, "s1", Event(at(2, 9), "Yoga basics", "Mat, towel", "Room 1"))
    bench.world.faults[verb] = ["lose"]
    await settle(bench, 1)
    assert len(await bench.store.open_writes(bench.connection_id)) == 1
    written = session(bench)
    (title,) = bench.exported()
    bench.edit_copy(title, theirs)
    await settle(bench)
    assert session(bench) == theirs.over(written)
    assert list(bench.exported().values()) == [theirs.over(written)]
    await at_rest(bench)


@pytest.mark.rule("R2", "R24")
async def test_an_update_that_never_arrived_is_not_taken_for_done_by_somebodys_edit(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await settle(bench, 2)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    bench.world.faults["update"] = ["late"]
    await settle(bench, 1)
    assert len(await bench.store.open_writes(bench.connection_id)) == 1
    bench.edit_copy("Yoga", Event(location="Garden"))
    await settle(bench)
    both = YOGA.put({Field.TITLE: "Yoga basics", Field.LOCATION: "Garden"})
    assert (session(bench), bench.exported()) == (both, {"Yoga basics": both})
    await at_rest(bench)


@pytest.mark.rule("R24")
async def test_what_a_side_makes_of_our_text_is_no_edit_where_it_promises_nothing(bench: Bench) -> None:
    promises_nothing = replace(FULL, kept=nothing_kept)
    await bench.connect(calendars=())
    bench.session("s1", YOGA)
    await settle(bench, 2, _Loud, promises_nothing)
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await settle(bench, 2, _Loud, promises_nothing)
    assert set(bench.exported()) == {"YOGA BASICS"}
    assert session(bench).title == "Yoga basics"
    await at_rest(bench, _Loud, promises_nothing)


@pytest.mark.rule("R24")
async def test_a_side_that_folds_blanks_does_not_fold_them_on_the_other_one(bench: Bench) -> None:
    await bench.connect(calendars=())
    bench.session("s1", YOGA.put({Field.DESCRIPTION: "Mat\n\n- towel"}))
    await settle(bench, 2, _Folding)
    bench.world.edit(SITE_ID, "s1", Event(description="Mat\n\n- towel\n- water"))
    await settle(bench, 2, _Folding)
    assert bench.exported()["Yoga"].description == "Mat - towel - water"
    assert session(bench).description == "Mat\n\n- towel\n- water"
    await at_rest(bench, _Folding)
