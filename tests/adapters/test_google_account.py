"""The account on the simulator: identity, its calendars, dedicated ones made once, what may be written."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters import load
from adapters.google import create
from syncd.errors import AuthRevoked, Forbidden, Throttled, Transient
from syncd.model import Timed
from syncd.sandbox.google import Hands
from tests.adapters.google_world import EMAIL, WINDOW, World, draft, key, shown, world


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


def test_the_adapter_is_found_by_its_entry_point() -> None:
    assert load("google") is create


async def test_the_identity_is_the_subject_of_the_grant_and_costs_no_request(google: World) -> None:
    assert await google.account.identity() == google.state.accounts[EMAIL].sub
    assert google.rows() == []


@pytest.mark.parametrize("known", [EMAIL, ""])
async def test_the_address_is_that_of_the_grant_or_of_the_primary_calendar(google: World, known: str) -> None:
    google.shelf.grant = replace(google.shelf.grant, email=known)
    assert await google.account.address() == EMAIL
    assert google.operations() == ([] if known else ["calendars.get"])


async def test_the_primary_calendar_goes_by_its_alias_and_comes_first(google: World) -> None:
    other = google.state.add_calendar(EMAIL, "Other")
    holidays = google.state.add_calendar(EMAIL, "Holidays", role="reader")
    google.state.add_calendar(EMAIL, "Busy times only", role="freeBusyReader")
    found = await google.account.calendars()
    assert [(one.id, one.default, one.writable) for one in found] == [
        ("primary", True, True),
        (other.id, False, True),
        (holidays.id, False, False),
    ]


@pytest.mark.parametrize("body", ["{}", "[]", '{"kind": "calendar#calendarList", "items": []}'])
async def test_an_answer_that_lists_nothing_is_never_an_empty_account(google: World, body: str) -> None:
    google.plant({"status": 200, "body": body}, match={"operation": "calendarList.list"})
    with pytest.raises(Transient):
        await google.account.calendars()
    assert google.delivered()


async def test_a_dedicated_calendar_says_its_key_and_has_the_zone_of_the_primary_one(google: World) -> None:
    made = await google.account.make_calendar(key("calendar"), "Sessions")
    there = google.state.calendars[made.id]
    assert (there.summary, there.zone) == ("Sessions", "Europe/Berlin")
    assert key("calendar") in there.fields["description"]
    assert google.account.calendar_id(key("calendar")) is None


async def test_a_dedicated_calendar_of_an_earlier_time_is_known_by_its_key_once_calendars_are_listed(
    google: World,
) -> None:
    made = await google.account.make_calendar(key("calendar"), "Sessions")
    later = google.again().account
    assert later.calendar_id(key("calendar")) is None
    await later.calendars()
    assert later.calendar_id(key("calendar")) == made.id
    assert later.calendar_id(key("calendar-2")) is None
    await later.aclose()


async def test_a_dedicated_calendar_whose_making_was_not_answered_is_found_by_its_key(google: World) -> None:
    google.plant({"drop": "after"}, match={"operation": "calendars.insert"})
    with pytest.raises(Transient) as caught:
        await google.account.make_calendar(key("calendar"), "Sessions")
    assert google.delivered()
    assert caught.value.applied
    made = await google.account.make_calendar(key("calendar"), "Sessions")
    assert [one.id for one in await google.account.calendars() if one.name == "Sessions"] == [made.id]


async def test_a_calendar_of_another_key_is_another_one(google: World) -> None:
    one = await google.account.make_calendar(key("calendar-1"), "Sessions")
    other = await google.account.make_calendar(key("calendar-2"), "Sessions")
    assert one.id != other.id


async def test_an_account_that_may_make_no_calendar_says_so(google: World) -> None:
    google.refuse("calendars.insert", "forbidden")
    with pytest.raises(Forbidden) as caught:
        await google.account.make_calendar(key("calendar"), "Sessions")
    assert google.delivered()
    assert caught.value.hint


async def test_too_many_new_calendars_let_the_account_rest(google: World) -> None:
    google.refuse("calendars.insert", "quotaExceeded")
    with pytest.raises(Throttled):
        await google.account.make_calendar(key("calendar"), "Sessions")
    assert google.delivered()
    assert google.account.found


async def test_access_that_was_taken_back_is_told_by_every_verb_of_the_account(google: World) -> None:
    google.hands.revoke()
    with pytest.raises(AuthRevoked):
        await google.account.calendars()
    with pytest.raises(AuthRevoked):
        await google.account.make_calendar(key("calendar"), "Sessions")


async def test_a_check_of_the_primary_calendar_is_one_request(google: World) -> None:
    standing = await google.calendar.check()
    assert (standing.identity, standing.writable) == (google.state.accounts[EMAIL].sub, True)
    assert google.operations() == ["calendars.get"]


async def test_a_calendar_taken_off_the_list_and_still_there_is_not_gone(google: World) -> None:
    info = await google.account.make_calendar(key("calendar"), "Sessions")
    del google.state.accounts[EMAIL].listed[info.id]
    again = google.again()
    calendar = again.account.open(info.id, zone="UTC", collection="sessions")
    assert not (await calendar.check()).writable
    assert (await calendar.read(WINDOW)).complete
    await again.account.aclose()


async def test_two_calendars_of_one_account_are_apart(google: World) -> None:
    info = await google.account.make_calendar(key("calendar"), "Sessions")
    dedicated = google.account.open(info.id, zone="UTC", collection="sessions")
    item = shown((await dedicated.create([draft()]))[0])
    assert item.traits.own
    assert isinstance(item.event.when, Timed)
    assert (await google.calendar.read(WINDOW)).observations == ()
    assert len(Hands(google.state, EMAIL, info.id).events()) == 1
