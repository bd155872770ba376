"""The contract of `check` and `read`: full listings, fingerprints, groups, cursors."""

from datetime import date, timedelta

import pytest

from syncd.errors import CalendarGone, CursorExpired
from syncd.model import Cursor, Event, Window
from syncd.ports import knowing
from tests.contract.cases import COLLECTION, NOW, WINDOW, differences, draft, seen, timed, yoga
from tests.contract.subjects import CAPABILITY_FLAGS, Stage, Subject


async def cursor_of(stage: Stage) -> Cursor:
    """The cursor of a full read made now."""
    cursor = (await stage.calendar.read(WINDOW)).cursor
    assert cursor is not None
    return cursor


async def test_a_subject_is_capable_of_what_it_says(subject: Subject, stage: Stage) -> None:
    told = stage.calendar.capabilities
    flags = {name for name in CAPABILITY_FLAGS if getattr(told, name)}
    assert flags == (subject.abilities | subject.short_of) & set(CAPABILITY_FLAGS)
    assert (told.max_batch > 1) == ("batch" in subject.abilities)
    assert bool(told.limits) == ("limits" in subject.abilities)


async def test_check_names_the_owner_and_says_that_it_may_be_written(stage: Stage) -> None:
    standing = await stage.calendar.check()
    assert standing.writable
    assert standing.identity
    assert await stage.calendar.check() == standing


@pytest.mark.needs("account")
async def test_a_calendar_that_was_removed_is_gone_for_every_verb(stage: Stage) -> None:
    assert stage.account is not None
    made = await stage.account.make_calendar("0123456789abcdefghijklmnopqrstuv", "Sessions")
    calendar = stage.account.open(made.id, zone="UTC", collection=COLLECTION)
    await stage.hands.remove_calendar(made.id)
    with pytest.raises(CalendarGone):
        await calendar.check()
    with pytest.raises(CalendarGone):
        await calendar.read(WINDOW)
    with pytest.raises(CalendarGone):
        await calendar.create([draft()])


async def test_an_empty_calendar_reads_as_complete_and_empty(stage: Stage) -> None:
    found = await stage.calendar.read(WINDOW)
    assert found.complete
    assert found.observations == ()
    assert found.listed == frozenset()
    assert found.window == WINDOW


async def test_a_full_read_shows_every_item_with_all_its_fields(stage: Stage) -> None:
    first = await stage.hands.put(yoga(timed(date(2030, 3, 4)), "First"))
    second = await stage.hands.put(yoga(timed(date(2030, 3, 5)), "Second"))
    found = await stage.calendar.read(WINDOW)
    by_ref = {one.ref: one for one in found.observations}
    assert by_ref.keys() == {first, second}
    assert differences(by_ref[first].event, yoga(timed(date(2030, 3, 4)), "First")) == {}
    assert all(one.version and one.fingerprint and one.absence is None for one in found.observations)
    assert all(one.side is stage.calendar.side for one in found.observations)


async def test_groups_and_the_listing_name_every_object_read(stage: Stage) -> None:
    await stage.hands.put(yoga(title="First"))
    await stage.hands.put(yoga(title="Second"))
    found = await stage.calendar.read(WINDOW)
    for one in found.observations:
        assert one.ref.id in found.groups[one.traits.group or one.ref.id]
    assert found.listed == frozenset(found.groups)
    assert len(found.groups) == 2


@pytest.mark.needs("series")
async def test_a_series_is_one_group_with_each_occurrence_in_the_window(stage: Stage) -> None:
    group = await stage.hands.put_series(yoga(timed(date(2030, 3, 4))), 5)
    narrow = Window(NOW, timed(date(2030, 3, 7), 0).start)
    found = await stage.calendar.read(narrow)
    assert found.listed == frozenset({group})
    assert len(found.groups[group]) == 3
    assert {one.ref.id for one in found.observations} == found.groups[group]
    assert all(one.traits.series and one.traits.original_start for one in found.observations)


async def test_an_item_outside_the_window_is_not_observed(stage: Stage) -> None:
    await stage.hands.put(yoga(timed(date(2030, 2, 1)), "Long ago"))
    await stage.hands.put(yoga(timed(date(2031, 6, 1)), "Far away"))
    near = await stage.hands.put(yoga(title="Near"))
    found = await stage.calendar.read(WINDOW)
    assert [one.ref for one in found.observations] == [near]


async def test_an_item_that_reaches_into_the_window_is_observed_and_one_that_ends_at_it_is_not(stage: Stage) -> None:
    window = Window(NOW, NOW + timedelta(days=30))
    await stage.hands.put(yoga(timed(NOW.date(), 7, 60, "UTC"), "Ends at the start"))
    into = await stage.hands.put(yoga(timed(NOW.date(), 7, 61, "UTC"), "Reaches in"))
    found = await stage.calendar.read(window)
    assert [one.ref for one in found.observations] == [into]


async def test_a_removed_item_is_no_longer_listed(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    await stage.hands.remove(ref)
    found = await stage.calendar.read(WINDOW)
    assert found.observations == ()
    assert found.listed == frozenset()


async def test_what_is_known_may_be_left_out_but_is_listed(stage: Stage) -> None:
    await stage.hands.put(yoga(title="First"))
    await stage.hands.put(yoga(title="Second"))
    before = await stage.calendar.read(WINDOW)
    known = {one.traits.group or one.ref.id: one.fingerprint or "" for one in before.observations}
    after = await stage.calendar.read(WINDOW, knowing(known))
    assert after.listed == before.listed
    assert after.complete
    assert {one.fingerprint for one in after.observations} <= set(known.values())


async def test_what_is_known_and_changed_since_is_shown(stage: Stage) -> None:
    changed = await stage.hands.put(yoga(title="First"))
    await stage.hands.put(yoga(title="Second"))
    before = await stage.calendar.read(WINDOW)
    known = {one.traits.group or one.ref.id: one.fingerprint or "" for one in before.observations}
    await stage.hands.edit(changed, Event(title="Renamed"))
    after = {one.ref: one for one in (await stage.calendar.read(WINDOW, knowing(known))).observations}
    assert after[changed].event.title == "Renamed"
    assert after[changed].fingerprint not in known.values()


async def test_nothing_changed_means_the_same_fingerprint_from_every_read(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    (first,) = (await stage.calendar.read(WINDOW)).observations
    (second,) = (await stage.calendar.read(WINDOW)).observations
    direct = (await stage.calendar.get([ref]))[ref]
    assert first.fingerprint == second.fingerprint == direct.fingerprint
    assert first.version == second.version == direct.version


@pytest.mark.needs("delta")
async def test_without_a_change_the_cursor_shows_nothing_and_lists_nothing(stage: Stage) -> None:
    await stage.hands.put(yoga())
    found = await stage.calendar.read(await cursor_of(stage))
    assert (found.observations, found.removed, found.listed) == ((), (), None)
    assert found.complete
    assert found.cursor is not None


@pytest.mark.needs("delta")
async def test_a_cursor_shows_what_was_changed_and_made_since_and_nothing_else(stage: Stage) -> None:
    changed = await stage.hands.put(yoga(title="Changed"))
    await stage.hands.put(yoga(title="Untouched"))
    cursor = await cursor_of(stage)
    await stage.hands.edit(changed, Event(title="Renamed"))
    new = await stage.hands.put(yoga(title="New"))
    found = await stage.calendar.read(cursor)
    assert {one.ref: one.event.title for one in found.observations} == {changed: "Renamed", new: "New"}
    assert found.window == cursor.window == WINDOW


@pytest.mark.needs("delta")
async def test_a_cursor_tells_a_removal(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    (before,) = (await stage.calendar.read(WINDOW)).observations
    cursor = await cursor_of(stage)
    await stage.hands.remove(ref)
    found = await stage.calendar.read(cursor)
    assert [one.group for one in found.removed] == [before.traits.group or ref.id]
    assert found.observations == ()


@pytest.mark.needs("delta")
async def test_each_cursor_goes_on_from_the_one_before(stage: Stage) -> None:
    first = await cursor_of(stage)
    await stage.hands.put(yoga(title="One"))
    one = await stage.calendar.read(first)
    assert one.cursor is not None
    await stage.hands.put(yoga(title="Two"))
    two = await stage.calendar.read(one.cursor)
    assert [found.event.title for found in two.observations] == ["Two"]


@pytest.mark.needs("delta")
async def test_a_cursor_read_twice_shows_the_same_twice(stage: Stage) -> None:
    cursor = await cursor_of(stage)
    await stage.hands.put(yoga())
    first = await stage.calendar.read(cursor)
    second = await stage.calendar.read(cursor)
    assert [one.ref for one in first.observations] == [one.ref for one in second.observations]
    assert len(first.observations) == 1


@pytest.mark.needs("delta")
async def test_our_own_write_is_known_by_the_fingerprint_of_its_answer(stage: Stage) -> None:
    cursor = await cursor_of(stage)
    made = seen((await stage.calendar.create([draft()]))[0])
    for one in (await stage.calendar.read(cursor)).observations:
        assert (one.ref, one.fingerprint) == (made.ref, made.fingerprint)


@pytest.mark.needs("delta", "refuses")
async def test_a_cursor_that_was_never_given_is_refused_as_expired(stage: Stage) -> None:
    with pytest.raises(CursorExpired):
        await stage.calendar.read(Cursor("never-given", WINDOW))


@pytest.mark.needs("delta", "expire")
async def test_after_an_expired_cursor_a_full_read_gives_a_good_one(stage: Stage) -> None:
    await stage.hands.put(yoga(title="Before"))
    cursor = await cursor_of(stage)
    await stage.hands.expire_cursors()
    with pytest.raises(CursorExpired):
        await stage.calendar.read(cursor)
    fresh = await cursor_of(stage)
    await stage.hands.put(yoga(title="After"))
    found = await stage.calendar.read(fresh)
    assert [one.event.title for one in found.observations] == ["After"]
