"""What the memory adapter has beyond the contract: its world outlives it, and its calls can be broken at will."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from adapters.memory import FULL, SITE, MemoryAccount, MemoryCalendar, MemoryClock, MemorySite, MemoryWorld, create
from syncd.errors import (
    AuthRevoked,
    CalendarGone,
    CursorExpired,
    Exists,
    Forbidden,
    Rejected,
    Throttled,
    Transient,
)
from syncd.model import Event, Field, Gone, Kind, Ref, Schedule, ScheduleKind
from syncd.ports import Account, CalendarAdapter, Capabilities, Edit, Erasure, SiteAdapter
from tests.contract.cases import BERLIN, NOW, WINDOW, YOGA, draft, key, seen, yoga

EMAIL = "anna@example.test"
MARA = Schedule("schedule-mara", ScheduleKind.STAFF, "Mara", "resource-mara", BERLIN)


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld(MemoryClock(NOW))


@pytest.fixture
def calendar(world: MemoryWorld) -> MemoryCalendar:
    account = MemoryAccount(world, EMAIL)
    return account.open(world.default_calendar(EMAIL), zone=BERLIN, collection="calendar-1")


def site_of(world: MemoryWorld) -> MemorySite:
    world.add_site("site-1", MARA)
    return MemorySite(world, "site-1").on(MARA, "memory")


def opened(world: MemoryWorld, capabilities: Capabilities, *, rewrites: bool = False) -> MemoryCalendar:
    account = MemoryAccount(world, EMAIL, capabilities, rewrites=rewrites)
    return account.open(world.default_calendar(EMAIL), zone=BERLIN, collection="calendar-1")


def test_it_is_what_the_ports_ask_for(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    account: Account = create(clock=MemoryClock(NOW))
    port: CalendarAdapter = calendar
    site: SiteAdapter = site_of(world)
    assert account.capabilities == port.capabilities == FULL
    assert site.capabilities == SITE


async def test_the_world_goes_on_when_its_adapters_are_made_anew(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    made = seen((await calendar.create([draft()]))[0])
    again = MemoryAccount(world, EMAIL).open(calendar.collection, zone=BERLIN, collection="calendar-1")
    assert isinstance((await again.create([draft()]))[0], Exists)
    assert (await again.get([made.ref]))[made.ref].absence is None


async def test_the_log_counts_what_adapters_wrote_and_not_what_people_did(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    made = seen((await calendar.create([draft()]))[0])
    ref = world.put(calendar.collection, "by-hand", YOGA)
    world.edit(calendar.collection, "by-hand", Event(title="Renamed"))
    await calendar.update([Edit(made.ref, Event(title="Ours"), made.version)])
    await calendar.delete([Erasure(ref, None)])
    await calendar.delete([Erasure(ref, None)])
    name = calendar.collection
    assert world.log == [("create", name, made.ref.id), ("update", name, made.ref.id), ("delete", name, "by-hand")]


async def test_a_kill_before_the_call_leaves_nothing_and_one_after_it_leaves_the_item(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    steps = []

    def kill(verb: str, moment: str) -> None:
        steps.append((verb, moment))
        if len(steps) in {1, 3}:
            raise KeyboardInterrupt

    world.interrupt = kill
    with pytest.raises(KeyboardInterrupt):
        await calendar.create([draft("one")])
    assert dict(world.items(calendar.collection)) == {}
    with pytest.raises(KeyboardInterrupt):
        await calendar.create([draft("two")])
    assert set(world.items(calendar.collection)) == {key("two")}
    assert steps == [("create", "before"), ("create", "before"), ("create", "after")]


async def test_a_lost_answer_was_applied_and_a_failed_call_was_not(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    world.faults["create"] = ["lose", "fail"]
    with pytest.raises(Transient) as lost:
        await calendar.create([draft("lost")])
    with pytest.raises(Transient) as failed:
        await calendar.create([draft("failed")])
    assert (lost.value.applied, failed.value.applied) == (True, False)
    assert set(world.items(calendar.collection)) == {key("lost")}


async def test_a_late_call_is_applied_only_when_it_is_released(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.faults["create"] = ["late"]
    with pytest.raises(Transient) as late:
        await calendar.create([draft()])
    assert late.value.applied
    assert dict(world.items(calendar.collection)) == {}
    assert (world.release(), world.release()) == (1, 0)
    assert set(world.items(calendar.collection)) == {key("yoga")}


@pytest.mark.parametrize(("fault", "error"), [("throttle", Throttled), ("revoke", AuthRevoked), ("gone", CalendarGone)])
async def test_a_refused_call_is_refused_once_and_applies_nothing(
    world: MemoryWorld, calendar: MemoryCalendar, fault: str, error: type[Exception]
) -> None:
    world.faults["create"] = [fault]
    with pytest.raises(error):
        await calendar.create([draft()])
    assert dict(world.items(calendar.collection)) == {}
    seen((await calendar.create([draft()]))[0])


async def test_a_revoked_grant_is_refused_until_it_is_given_again(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.revoked.add(EMAIL)
    with pytest.raises(AuthRevoked):
        await calendar.check()
    with pytest.raises(AuthRevoked):
        await MemoryAccount(world, EMAIL).identity()
    world.revoked.clear()
    assert (await calendar.check()).writable


async def test_a_replay_shows_the_version_before_once(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    ref = world.put(calendar.collection, "one", yoga(title="Old"))
    world.edit(calendar.collection, "one", Event(title="New"))
    world.faults["get"] = ["replay"]
    world.faults["read"] = ["replay"]
    old, new = [(await calendar.get([ref]))[ref] for _ in range(2)]
    titles = [(await calendar.read(WINDOW)).observations[0].event.title for _ in range(2)]
    assert (old.event.title, new.event.title) == ("Old", "New")
    assert (old.sequence or 0) < (new.sequence or 0)
    assert titles == ["Old", "New"]


async def test_a_replay_comes_by_cursor_too(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.put(calendar.collection, "one", yoga(title="Old"))
    world.edit(calendar.collection, "one", Event(title="New"))
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    world.faults["read"] = ["replay"]
    assert [one.event.title for one in (await calendar.read(cursor)).observations] == ["Old"]


async def test_an_object_that_lost_one_of_its_items_is_among_the_changes(
    world: MemoryWorld, calendar: MemoryCalendar
) -> None:
    for name in ("first", "second"):
        world.put(calendar.collection, name, YOGA, group="series")
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    world.remove(calendar.collection, "first")
    found = await calendar.read(cursor)
    assert (found.groups, found.removed) == ({"series": frozenset({"second"})}, ())


async def test_a_cut_listing_says_so_and_gives_no_cursor(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    for name in "abcd":
        world.put(calendar.collection, name, YOGA)
    world.faults["read"] = ["cut"]
    found = await calendar.read(WINDOW)
    assert (found.complete, found.cursor, found.listed) == (False, None, frozenset("ab"))


async def test_an_empty_listing_claims_to_be_complete(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    ref = world.put(calendar.collection, "one", YOGA)
    world.faults["read"] = ["empty"]
    found = await calendar.read(WINDOW)
    assert (found.complete, found.listed, found.observations) == (True, frozenset(), ())
    assert (await calendar.get([ref]))[ref].absence is None


@pytest.mark.parametrize("verb", ["create", "update"])
async def test_the_answer_of_a_write_shows_what_somebody_did_right_after_it(
    world: MemoryWorld, calendar: MemoryCalendar, verb: str
) -> None:
    ref = world.put(calendar.collection, "one", YOGA)
    world.stranger = lambda there: world.edit(there.collection, there.id, Event(location="Elsewhere"))
    world.faults[verb] = ["foreign"]
    outcomes = await (
        calendar.create([draft()]) if verb == "create" else calendar.update([Edit(ref, Event(title="Ours"), None)])
    )
    answer = seen(outcomes[0])
    assert answer.event.location == "Elsewhere"
    assert answer.version == str(world.item(answer.ref).version)


async def test_a_fault_that_makes_no_sense_for_a_verb_is_told(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.faults["check"] = ["late"]
    with pytest.raises(ValueError, match="no sense"):
        await calendar.check()


async def test_without_keys_a_repeated_create_makes_a_second_item(world: MemoryWorld) -> None:
    calendar = opened(world, dataclasses.replace(FULL, keyed_create=False, keyed_bulk=False))
    for _ in range(2):
        seen((await calendar.create([draft()]))[0])
    assert len(world.items(calendar.collection)) == 2
    oldest = min(world.items(calendar.collection))
    assert (await calendar.find([key("yoga")]))[key("yoga")].ref.id == oldest


async def test_a_bulk_without_keys_repeated_makes_each_again(world: MemoryWorld) -> None:
    site = site_of(world)
    for _ in range(2):
        await site.create([draft("a"), draft("b")])
    assert len(world.items("site-1")) == 4


async def test_a_session_whose_create_is_repeated_after_a_cancel_does_not_come_back(world: MemoryWorld) -> None:
    site = site_of(world)
    made = seen((await site.create([draft()]))[0])
    world.cancel("site-1", made.ref.id)
    answer = seen((await site.create([draft()]))[0])
    assert answer.absence is not None
    assert (answer.ref, answer.absence.kind) == (made.ref, Gone.GONE)
    assert dict(world.items("site-1")) == {}


async def test_a_session_that_vanished_is_unknown_and_a_cancelled_one_is_gone(world: MemoryWorld) -> None:
    site = site_of(world)
    lost, cancelled = world.put("site-1", "lost", YOGA), world.put("site-1", "cancelled", YOGA)
    world.remove("site-1", "lost")
    world.cancel("site-1", "cancelled")
    found = await site.get([lost, cancelled])
    kinds = {ref.id: one.absence and (one.absence.kind, one.absence.evidence) for ref, one in found.items()}
    assert kinds == {"lost": (Gone.UNKNOWN, "not found"), "cancelled": (Gone.GONE, "cancelled")}
    assert found[cancelled].event == YOGA, "an absent item holds the fields seen last"


async def test_a_calendar_without_cursors_gives_none_and_refuses_one(world: MemoryWorld) -> None:
    full = opened(world, FULL)
    cursor = (await full.read(WINDOW)).cursor
    assert cursor is not None
    plain = opened(world, dataclasses.replace(FULL, delta=False))
    assert (await plain.read(WINDOW)).cursor is None
    with pytest.raises(CursorExpired):
        await plain.read(cursor)


async def test_without_conditions_the_last_writer_wins(world: MemoryWorld) -> None:
    calendar = opened(world, dataclasses.replace(FULL, conditional_write=False))
    ref = world.put(calendar.collection, "one", YOGA)
    world.edit(calendar.collection, "one", Event(title="Theirs"))
    answer = seen((await calendar.update([Edit(ref, Event(title="Ours"), "1")]))[0])
    assert answer.event.title == "Ours"


async def test_a_call_for_more_than_the_batch_is_a_mistake_of_the_caller(world: MemoryWorld) -> None:
    calendar = opened(world, dataclasses.replace(FULL, max_batch=2))
    with pytest.raises(ValueError, match="at most 2"):
        await calendar.create([draft(name) for name in "abc"])
    for name in "abc":
        world.put(calendar.collection, name, YOGA, group="series", series="series")
    edits = [Edit(Ref(calendar.collection, name), Event(title="Ours"), None) for name in "abc"]
    assert len(await calendar.update(edits)) == 3, "they all lie in one object"


async def test_one_occurrence_is_not_written_where_series_cannot_be_edited(world: MemoryWorld) -> None:
    calendar = opened(world, dataclasses.replace(FULL, series_edit=False))
    ref = world.put(calendar.collection, "one", YOGA, group="series", series="series")
    assert isinstance((await calendar.update([Edit(ref, Event(title="Ours"), None)]))[0], Rejected)


async def test_a_text_over_the_limit_is_cut_by_a_server_that_rewrites_and_else_refused(world: MemoryWorld) -> None:
    limited = dataclasses.replace(FULL, limits={Field.TITLE: 3})
    cut = seen((await opened(world, limited, rewrites=True).create([draft("cut")]))[0])
    (refused,) = await opened(world, limited).create([draft("refused")])
    assert cut.event.title == "Yog"
    assert isinstance(refused, Rejected)


async def test_an_item_of_a_fixed_kind_is_not_written(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    ref = world.put(calendar.collection, "birthday", YOGA, kind=Kind.FIXED)
    assert isinstance((await calendar.update([Edit(ref, Event(title="Ours"), None)]))[0], Rejected)
    assert isinstance((await calendar.delete([Erasure(ref, None)]))[0], Rejected)


async def test_a_read_only_calendar_forbids_every_write(world: MemoryWorld) -> None:
    account = MemoryAccount(world, EMAIL)
    world.add_calendar(EMAIL, "shared", "Shared", writable=False)
    calendar = account.open("shared", zone=BERLIN, collection="shared")
    assert not (await calendar.check()).writable
    with pytest.raises(Forbidden):
        await calendar.create([draft()])


async def test_an_account_that_takes_no_more_calendars_forbids_making_one(world: MemoryWorld) -> None:
    account = MemoryAccount(world, EMAIL)
    world.refuses_calendars.add(EMAIL)
    with pytest.raises(Forbidden):
        await account.make_calendar(key("calendar"), "Sessions")


async def test_writing_an_item_with_guests_mails_them_only_where_the_calendar_does(world: MemoryWorld) -> None:
    quiet, loud = opened(world, FULL), opened(world, dataclasses.replace(FULL, mails_guests=True))
    ref = world.put(quiet.collection, "party", YOGA, guests=True)
    await quiet.update([Edit(ref, Event(title="Quiet"), None)])
    assert world.mailed == []
    await loud.update([Edit(ref, Event(title="Loud"), None)])
    assert world.mailed == [ref]


async def test_a_copy_keeps_the_mark_and_a_move_keeps_the_id(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.add_calendar(EMAIL, "other", "Other")
    made = seen((await calendar.create([draft()]))[0])
    copy = world.copy(made.ref)
    assert {mark.key for mark in world.marked(calendar.collection).values()} == {key("yoga")}
    moved = world.move(copy, "other")
    assert moved == Ref("other", copy.id)
    assert set(world.items(calendar.collection)) == {made.ref.id}
    absence = (await calendar.get([copy]))[copy].absence
    assert absence is not None
    assert absence.kind is Gone.GONE


async def test_a_version_goes_on_rising_over_a_removal(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    ref = world.put(calendar.collection, "one", YOGA)
    world.edit(calendar.collection, "one", Event(title="Renamed"))
    world.remove(calendar.collection, "one")
    world.put(calendar.collection, "one", YOGA)
    assert int((await calendar.get([ref]))[ref].version or 0) > 3


async def test_calls_at_the_same_time_come_one_after_another(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    outcomes = await asyncio.gather(*(calendar.create([draft("same")]) for _ in range(5)))
    assert sum(isinstance(one, Exists) for (one,) in outcomes) == 4
    assert len(world.items(calendar.collection)) == 1


async def test_an_item_of_another_calendar_is_not_touched(world: MemoryWorld, calendar: MemoryCalendar) -> None:
    world.put(calendar.collection, "one", YOGA)
    stray = Ref("another", "one")
    found = (await calendar.get([stray]))[stray]
    assert found.absence is not None
    assert found.absence.kind is Gone.UNKNOWN
    await calendar.delete([Erasure(stray, None)])
    assert set(world.items(calendar.collection)) == {"one"}


def test_the_clock_stands_still_until_it_is_moved() -> None:
    clock = MemoryClock(NOW)
    assert clock.now() == clock.now() == NOW
    clock.advance(timedelta(minutes=5))
    assert clock.now() == NOW + timedelta(minutes=5)
    with pytest.raises(ValueError, match="aware"):
        MemoryClock(NOW.replace(tzinfo=None))
