"""What is no longer there: direct reads, events moved to other calendars, a calendar that is gone or read-only."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from adapters.google.calendar import PROBES
from syncd.errors import AdapterError, CalendarGone, Forbidden, Transient
from syncd.model import Event, Gone, Kind, Ref
from syncd.ports import Edit, Erasure
from syncd.sandbox.google import Hands
from tests.adapters.google_world import (
    BERLIN,
    COLLECTION,
    EMAIL,
    WINDOW,
    World,
    draft,
    key,
    put,
    shown,
    weekly,
    world,
)


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


# --- direct reads -----------------------------------------------------------------------------------------------------


async def absence_of(google: World, ref: Ref) -> tuple[Gone, str]:
    absence = (await google.calendar.get([ref]))[ref].absence
    assert absence is not None
    return absence.kind, absence.evidence


@pytest.mark.parametrize("keeps_id", [True, False])
async def test_an_event_moved_to_another_calendar_of_the_account_is_out_of_scope(google: World, keeps_id: bool) -> None:
    google.state.switches.set({"move_keeps_id": keeps_id})
    other = google.state.add_calendar(EMAIL, "Other")
    ref, ours = put(google, "Tea"), shown((await google.calendar.create([draft()]))[0]).ref
    for one in (ref, ours):
        google.hands.move(one.id, other.id)
        assert (await absence_of(google, one))[0] is Gone.OUT_OF_SCOPE


async def test_an_event_deleted_with_other_calendars_beside_is_gone(google: World) -> None:
    google.state.add_calendar(EMAIL, "Other")
    google.state.add_calendar(EMAIL, "Holidays", role="reader")
    ref = put(google, "Tea")
    google.hands.delete(ref.id)
    google.forget()
    assert await absence_of(google, ref) == (Gone.GONE, "cancelled")
    assert google.operations() == ["events.get", "calendarList.list", "events.list"], (
        "nobody moves it where one may only read"
    )


async def test_without_another_calendar_no_further_request_is_made_for_the_next_deleted_ones(google: World) -> None:
    refs = [put(google, f"n{number}") for number in range(3)]
    for ref in refs:
        google.hands.delete(ref.id)
    await google.calendar.get(refs)
    google.forget()
    await google.calendar.get(refs)
    assert google.operations() == ["events.get"] * 3


async def test_an_occurrence_is_not_looked_for_elsewhere(google: World) -> None:
    google.state.add_calendar(EMAIL, "Other")
    weekly(google)
    ref = (await google.calendar.read(WINDOW)).observations[0].ref
    google.hands.delete(ref.id)
    google.forget()
    assert await absence_of(google, ref) == (Gone.GONE, "cancelled")
    assert google.operations() == ["events.get"]


async def test_when_the_other_calendar_does_not_answer_nothing_is_known(google: World) -> None:
    other = google.state.add_calendar(EMAIL, "Other")
    ref = put(google, "Tea")
    google.hands.delete(ref.id)
    google.plant({"error": "backendError"}, match={"operation": "events.list", "path": other.id.partition("@")[0]})
    assert (await absence_of(google, ref))[0] is Gone.UNKNOWN
    assert google.delivered()


async def test_more_deleted_events_than_can_be_looked_for_wait_for_the_next_pass(google: World) -> None:
    for number in range(PROBES // 2):
        google.state.add_calendar(EMAIL, f"Other {number}")
    refs = [put(google, f"n{number}") for number in range(3)]
    for ref in refs:
        google.hands.delete(ref.id)
    google.state.switches.set({"quota_user_per_minute": 0})
    found = await google.calendar.get(refs)
    assert [found[ref].absence.kind for ref in refs if found[ref].absence] == [Gone.GONE, Gone.GONE, Gone.UNKNOWN]  # type: ignore[union-attr]


async def test_what_never_was_is_gone_while_the_calendar_answers(google: World) -> None:
    assert await absence_of(google, Ref(COLLECTION, "neverthere0")) == (Gone.GONE, "listing")
    assert google.operations() == ["events.get", "calendars.get"]


async def test_an_event_that_cannot_be_read_is_unknown_and_the_others_are_read(google: World) -> None:
    good, bad = put(google, "Good"), put(google, "Bad")
    google.plant({"error": "backendError"}, match={"operation": "events.get", "path": bad.id}, times=2)
    found = await google.calendar.get([good, bad])
    assert found[good].event.title == "Good"
    assert (await absence_of(google, bad))[0] is Gone.UNKNOWN
    assert len(google.delivered()) == 2


async def test_a_ref_of_another_calendar_is_unknown_and_not_asked_for(google: World) -> None:
    assert (await absence_of(google, Ref("elsewhere", "abc")))[0] is Gone.UNKNOWN
    assert google.operations() == []


async def test_find_is_sure_or_it_fails(google: World) -> None:
    await google.calendar.create([draft("one"), draft("two")])
    google.refuse("events.get", "backendError")
    with pytest.raises(AdapterError):
        await google.calendar.find([key("one"), key("two")])
    assert google.delivered()
    assert set(await google.calendar.find([key("one"), key("two"), "NO-KEY"])) == {key("one"), key("two")}


# --- the calendar itself ----------------------------------------------------------------------------------------------


async def test_a_removed_calendar_is_gone_for_every_verb_and_nothing_is_said_of_its_events(google: World) -> None:
    made = await google.account.make_calendar(key("calendar"), "Sessions")
    calendar = google.account.open(made.id, zone=BERLIN, collection="sessions")
    item = shown((await calendar.create([draft()]))[0])
    cursor = (await calendar.read(WINDOW)).cursor
    assert cursor is not None
    Hands(google.state, EMAIL, made.id).remove_calendar()
    for ask in (
        calendar.check(),
        calendar.read(WINDOW),
        calendar.read(cursor),
        calendar.get([item.ref]),
        calendar.find([key("one")]),
        calendar.create([draft("two")]),
        calendar.update([Edit(item.ref, Event(title="Tea"), item.version)]),
        calendar.delete([Erasure(item.ref, item.version)]),
    ):
        with pytest.raises(CalendarGone) as caught:
            await ask
        assert caught.value.hint


async def test_a_listing_that_says_not_found_while_the_calendar_is_there_is_passing(google: World) -> None:
    google.refuse("events.list", "notFound")
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


async def test_a_calendar_that_is_still_on_the_list_is_not_gone(google: World) -> None:
    google.refuse("events.list", "notFound")
    google.refuse("calendars.get", "notFound")
    with pytest.raises(Transient, match="listed"):
        await google.calendar.read(WINDOW)
    assert len(google.delivered()) == 2


async def test_access_to_the_api_that_is_switched_off_is_told_with_the_repair(google: World) -> None:
    google.state.switches.set({"api_enabled": False})
    with pytest.raises(Forbidden) as caught:
        await google.calendar.read(WINDOW)
    assert "API" in caught.value.hint


async def test_in_a_calendar_that_may_only_be_read_every_event_is_fixed(google: World) -> None:
    shared = google.state.add_calendar(EMAIL, "Shared")
    Hands(google.state, EMAIL, shared.id).add("Fair", date(2026, 12, 1), date(2026, 12, 2))
    shared.roles[EMAIL] = "reader"
    calendar = google.account.open(shared.id, zone=BERLIN, collection="shared")
    assert not (await calendar.check()).writable
    (seen,) = (await calendar.read(WINDOW)).observations
    assert seen.traits.kind is Kind.FIXED
