"""What is no longer there: direct reads, events moved to other calendars, a calendar that is gone or read-only."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncd.errors import CalendarGone, Forbidden, Throttled, Transient
from syncd.model import Event, Gone, Kind, Ref, Timed
from syncd.ports import Edit, Erasure
from syncd.sandbox.microsoft import Hands
from tests.adapters.microsoft_world import (
    COLLECTION,
    EMAIL,
    NOW,
    WINDOW,
    World,
    at,
    cursor_of,
    draft,
    key,
    mark,
    occurrences,
    put,
    shown,
    titles,
    weekly,
    world,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def absence_of(microsoft: World, ref: Ref) -> tuple[Gone, str]:
    absence = (await microsoft.calendar.get([ref]))[ref].absence
    assert absence is not None
    return absence.kind, absence.evidence


# --- direct reads -----------------------------------------------------------------------------------------------------


async def test_a_direct_read_shows_what_a_round_shows_our_mark_too(microsoft: World) -> None:
    tea, ours = put(microsoft, "Tea"), shown((await microsoft.calendar.create([draft()]))[0]).ref
    listed = {one.ref: one for one in (await microsoft.calendar.read(WINDOW)).observations}
    assert await microsoft.calendar.get([tea, ours]) == listed
    assert listed[ours].traits.mark == mark()


async def test_an_event_is_read_wherever_it_lies_in_time(microsoft: World) -> None:
    far = Timed(NOW + timedelta(days=900), NOW + timedelta(days=901), "Europe/Berlin")
    ref = put(microsoft, "Far", far)
    assert (await microsoft.calendar.get([ref]))[ref].event.when == far


async def test_an_event_moved_to_another_calendar_is_told_as_removed_and_read_as_out_of_scope(
    microsoft: World,
) -> None:
    ref, ours = put(microsoft, "Tea"), shown((await microsoft.calendar.create([draft()]))[0]).ref
    cursor = await cursor_of(microsoft)
    for one in (ref, ours):
        microsoft.hands.move(one.id, microsoft.family)
    assert {one.group for one in (await microsoft.calendar.read(cursor)).removed} == {ref.id, ours.id}
    for one in (ref, ours):
        assert (await absence_of(microsoft, one))[0] is Gone.OUT_OF_SCOPE
    assert titles(await microsoft.open(microsoft.family).read(WINDOW)) == ["Tea", "Yoga"]


async def test_occurrences_of_a_moved_series_are_out_of_scope_and_its_place_is_asked_once(microsoft: World) -> None:
    series = weekly(microsoft)
    refs = [one.ref for one in (await microsoft.calendar.read(WINDOW)).observations]
    microsoft.hands.move(series, microsoft.family)
    microsoft.forget()
    found = await microsoft.calendar.get(refs)
    assert {one.absence.kind for one in found.values() if one.absence is not None} == {Gone.OUT_OF_SCOPE}
    assert microsoft.operations().count("events.calendar") == 1


async def test_when_the_place_of_an_event_cannot_be_read_nothing_is_known(microsoft: World) -> None:
    ref = put(microsoft, "Tea")
    microsoft.refuse("events.calendar", "UnknownError")
    assert (await absence_of(microsoft, ref))[0] is Gone.UNKNOWN
    assert microsoft.delivered()


async def test_an_event_moved_beyond_the_window_is_told_as_removed_and_read_as_it_is(microsoft: World) -> None:
    ref = put(microsoft, "Tea")
    cursor = await cursor_of(microsoft)
    far = NOW + timedelta(days=900)
    microsoft.hands.edit(ref.id, start=far, end=far + timedelta(hours=1))
    assert [one.group for one in (await microsoft.calendar.read(cursor)).removed] == [ref.id]
    seen = (await microsoft.calendar.get([ref]))[ref]
    assert seen.absence is None
    assert isinstance(seen.event.when, Timed)
    assert seen.event.when.start == far


async def test_a_deleted_event_is_gone_and_the_calendar_was_asked(microsoft: World) -> None:
    ref = put(microsoft, "Tea")
    microsoft.hands.delete(ref.id)
    assert await absence_of(microsoft, ref) == (Gone.GONE, "listing")
    assert microsoft.operations() == ["events.get", "calendars.get"]


async def test_an_event_called_off_is_gone(microsoft: World) -> None:
    when = at(2)
    meeting = microsoft.hands.invite("Meeting", when.start, when.end, "boss@example.org").id
    microsoft.hands.cancel(meeting)
    assert await absence_of(microsoft, Ref(COLLECTION, meeting)) == (Gone.GONE, "cancelled")


async def test_an_id_of_another_form_proves_nothing(microsoft: World) -> None:
    microsoft.refuse("events.get", "ErrorInvalidIdMalformed")
    assert (await absence_of(microsoft, Ref(COLLECTION, "odd")))[0] is Gone.UNKNOWN
    assert microsoft.delivered()


async def test_an_event_that_cannot_be_read_is_unknown_and_the_others_are_read(microsoft: World) -> None:
    good, bad = put(microsoft, "Good"), put(microsoft, "Bad")
    microsoft.plant({"error": "UnknownError"}, match={"operation": "events.get", "path": re.escape(bad.id)}, times=2)
    found = await microsoft.calendar.get([good, bad])
    assert found[good].event.title == "Good"
    assert (await absence_of(microsoft, bad))[0] is Gone.UNKNOWN
    assert len(microsoft.delivered()) == 2


async def test_a_throttled_account_is_told_as_such_and_not_as_unknown(microsoft: World) -> None:
    ref = put(microsoft, "Tea")
    microsoft.refuse("events.get", "ApplicationThrottled", retry_after=60)
    with pytest.raises(Throttled):
        await microsoft.calendar.get([ref])
    assert microsoft.delivered()


async def test_a_ref_of_another_calendar_is_unknown_and_not_asked_for(microsoft: World) -> None:
    assert (await absence_of(microsoft, Ref("elsewhere", "abc")))[0] is Gone.UNKNOWN
    assert "events.get" not in microsoft.operations()


# --- looking for what we made -----------------------------------------------------------------------------------------


async def test_what_we_made_is_found_by_its_key_in_this_calendar_alone(microsoft: World) -> None:
    made = shown((await microsoft.calendar.create([draft("one")]))[0])
    await microsoft.open(microsoft.family).create([draft("two")])
    found = await microsoft.calendar.find([key("one"), key("two"), key("three"), "no key' or 1 eq 1"])
    assert {name: one.ref for name, one in found.items()} == {key("one"): made.ref}
    assert found[key("one")].traits.mark == mark("one")


async def test_many_keys_are_looked_for_a_few_at_a_time(microsoft: World) -> None:
    drafts = [draft(f"n{number}") for number in range(20)]
    await microsoft.calendar.create(drafts)
    microsoft.forget()
    assert set(await microsoft.calendar.find([one.key for one in drafts])) == {one.key for one in drafts}
    assert microsoft.operations() == ["events.list", "events.list"]


@pytest.mark.parametrize("mailbox", ["mailbox", "default"])
async def test_where_a_calendar_cannot_be_asked_by_property_the_mailbox_is(microsoft: World, mailbox: str) -> None:
    microsoft.switch(events_of_me=mailbox)
    made = shown((await microsoft.calendar.create([draft("one")]))[0])
    await microsoft.open(microsoft.family).create([draft("two")])
    microsoft.refuse("events.list", "UnknownError")
    found = await microsoft.calendar.find([key("one"), key("two")])
    assert microsoft.delivered()
    assert {name: one.ref for name, one in found.items()} == {key("one"): made.ref}


async def test_of_a_copy_and_what_we_made_the_latter_is_found(microsoft: World) -> None:
    made = shown((await microsoft.calendar.create([draft()]))[0])
    microsoft.clock.advance(60)
    copy = microsoft.hands.copy(made.ref.id)
    assert copy.id != made.ref.id
    found = await microsoft.calendar.find([key("one")])
    assert found[key("one")].ref == made.ref


async def test_find_is_sure_or_it_fails(microsoft: World) -> None:
    await microsoft.calendar.create([draft()])
    microsoft.refuse("events.list", "UnknownError", times=2)
    with pytest.raises(Transient):
        await microsoft.calendar.find([key("one")])
    assert len(microsoft.delivered()) == 2
    assert set(await microsoft.calendar.find([key("one")])) == {key("one")}
    assert await microsoft.calendar.find([]) == {}


# --- the calendar itself ----------------------------------------------------------------------------------------------


async def test_a_removed_calendar_is_gone_for_every_verb_and_nothing_is_said_of_its_events(microsoft: World) -> None:
    made = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    calendar = microsoft.open(made.id, "sessions")
    item = shown((await calendar.create([draft()]))[0])
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    Hands(microsoft.state, EMAIL, made.id).remove_calendar()
    for ask in (
        calendar.check(),
        calendar.read(WINDOW),
        calendar.get([item.ref]),
        calendar.find([key("one")]),
        calendar.create([draft("two")]),
        calendar.update([Edit(item.ref, Event(title="Tea"), item.version)]),
        calendar.delete([Erasure(item.ref, item.version)]),
    ):
        with pytest.raises(CalendarGone) as caught:
            await ask
        assert caught.value.hint


async def test_a_listing_that_says_not_found_while_the_calendar_is_there_is_passing(microsoft: World) -> None:
    microsoft.refuse("calendarView.delta", "ErrorItemNotFound")
    with pytest.raises(Transient):
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()


async def test_a_calendar_that_is_still_on_the_list_is_not_gone(microsoft: World) -> None:
    microsoft.refuse("calendarView.delta", "ErrorItemNotFound")
    microsoft.refuse("calendars.get", "ErrorItemNotFound")
    with pytest.raises(Transient, match="listed"):
        await microsoft.calendar.read(WINDOW)
    assert len(microsoft.delivered()) == 2


async def test_a_share_that_was_taken_back_and_a_mailbox_that_is_none_are_told_with_the_repair(
    microsoft: World,
) -> None:
    for code in ("ErrorAccessDenied", "MailboxNotEnabledForRESTAPI"):
        microsoft.refuse("calendarView.delta", code)
        with pytest.raises(Forbidden) as caught:
            await microsoft.calendar.read(WINDOW)
        assert (caught.value.code, bool(caught.value.hint)) == (code, True)
    assert len(microsoft.delivered()) == 2


async def test_in_a_calendar_that_may_only_be_read_every_event_is_fixed(microsoft: World) -> None:
    calendar = microsoft.open(microsoft.holidays)
    assert not (await calendar.check()).writable
    found = (await calendar.read(WINDOW)).observations
    assert {one.event.title: (one.event.busy, one.traits.kind) for one in found} == {
        "Christmas Day": (True, Kind.FIXED),
        "New Year's Day": (False, Kind.FIXED),
    }


async def test_a_series_of_which_an_occurrence_was_called_off_lacks_it(microsoft: World) -> None:
    series = weekly(microsoft)
    one = occurrences(microsoft, series)[1]
    microsoft.hands.cancel(one)
    found = await microsoft.calendar.read(WINDOW)
    assert found.groups == {series: frozenset(occurrences(microsoft, series)) - {one}}
    assert await absence_of(microsoft, Ref(COLLECTION, one)) == (Gone.GONE, "cancelled")
