"""The account on the simulator: identity, its calendars, dedicated ones made once, what may be written."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from syncd.errors import AuthRevoked, Forbidden, Throttled, Transient
from syncd.sandbox.microsoft import Hands
from tests.adapters.microsoft_world import EMAIL, IDENTITY, WINDOW, World, draft, key, shown, world


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def test_the_identity_is_that_of_the_grant_and_costs_no_request(microsoft: World) -> None:
    assert await microsoft.account.identity() == IDENTITY
    assert microsoft.rows() == []


@pytest.mark.parametrize("known", [EMAIL, ""])
async def test_the_address_is_that_of_the_grant_or_of_whoever_owns_the_default_calendar(
    microsoft: World, known: str
) -> None:
    microsoft.shelf.grant = replace(microsoft.shelf.grant, email=known)
    assert await microsoft.account.address() == EMAIL
    assert microsoft.operations() == ([] if known else ["calendars.list"])


async def test_the_default_calendar_comes_first_and_what_others_share_names_its_owner(microsoft: World) -> None:
    default, family, holidays = (one for one, _ in microsoft.seeded.calendars)
    shared = microsoft.state.add_calendar(EMAIL, "Team", owner="boss@example.org", owner_name="Boss").id
    found = {one.id: one for one in await microsoft.account.calendars()}
    assert next(iter(found)) == default
    assert [(found[one].default, found[one].writable, found[one].owner) for one in (default, family)] == [
        (True, True, ""),
        (False, True, ""),
    ]
    assert (found[holidays].writable, bool(found[holidays].owner)) == (False, True)
    assert found[shared].owner == "boss@example.org"


async def test_a_dedicated_calendar_that_somebody_else_shares_is_not_taken_for_ours(microsoft: World) -> None:
    name = f"Studio [{key('cal')[:12]}]"
    theirs = microsoft.state.add_calendar(EMAIL, name, owner="boss@example.org", owner_name="Boss", can_edit=False)
    microsoft.switch(calendar_name_taken="accept")
    made = await microsoft.account.make_calendar(key("cal"), "Studio")
    assert (made.id != theirs.id, made.writable) == (True, True)
    assert (await microsoft.account.make_calendar(key("cal"), "Studio")).id == made.id
    assert microsoft.account.calendar_id(key("cal")) == made.id


@pytest.mark.parametrize("owner", ['"Anna"', "null", "[]", '{"address": null}'])
async def test_a_calendar_whose_owner_cannot_be_read_is_listed_all_the_same(microsoft: World, owner: str) -> None:
    body = f'{{"value": [{{"id": "c1", "name": "Work", "canEdit": true, "owner": {owner}}}]}}'
    microsoft.plant({"status": 200, "body": body}, match={"operation": "calendars.list"})
    assert [(one.name, one.writable, one.owner) for one in await microsoft.account.calendars()] == [("Work", True, "")]


async def test_more_calendars_than_a_page_holds_are_all_listed(microsoft: World) -> None:
    for number in range(120):
        microsoft.state.add_calendar(EMAIL, f"n{number}")
    assert len(await microsoft.account.calendars()) == 123
    assert microsoft.operations() == ["calendars.list", "calendars.list"]


@pytest.mark.parametrize("body", ["{}", "[]", '{"value": []}', '{"value": [{"name": "no id"}]}', '{"value": 3}'])
async def test_an_answer_that_lists_nothing_is_never_an_empty_account(microsoft: World, body: str) -> None:
    microsoft.plant({"status": 200, "body": body}, match={"operation": "calendars.list"})
    with pytest.raises(Transient):
        await microsoft.account.calendars()
    assert microsoft.delivered()


async def test_a_dedicated_calendar_says_its_key_in_its_name(microsoft: World) -> None:
    made = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    there = Hands(microsoft.state, EMAIL, made.id).calendar
    assert there.name == f"Sessions [{key('calendar')[:12]}]"
    assert (made.name, made.writable) == ("Sessions", True), "which is nothing for people"


async def test_a_dedicated_calendar_is_made_once_and_known_by_its_key_when_calendars_are_listed(
    microsoft: World,
) -> None:
    made = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    later = microsoft.again().account
    assert later.calendar_id(key("calendar")) is None
    await later.calendars()
    assert later.calendar_id(key("calendar")) == made.id
    assert later.calendar_id(key("another")) is None
    assert (await later.make_calendar(key("calendar"), "Under another name")).id == made.id
    await later.aclose()


async def test_a_dedicated_calendar_whose_making_was_not_answered_is_found_by_its_key(microsoft: World) -> None:
    microsoft.plant({"drop": "after"}, match={"operation": "calendars.create"})
    with pytest.raises(Transient) as caught:
        await microsoft.account.make_calendar(key("calendar"), "Sessions")
    assert microsoft.delivered()
    assert caught.value.applied
    made = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    assert [one.id for one in await microsoft.account.calendars() if one.name.startswith("Sessions")] == [made.id]


@pytest.mark.parametrize("taken", ["409", "accept"])
async def test_calendars_of_two_keys_have_two_names(microsoft: World, taken: str) -> None:
    microsoft.switch(calendar_name_taken=taken)
    one = await microsoft.account.make_calendar(key("first"), "Sessions")
    other = await microsoft.account.make_calendar(key("other"), "Sessions")
    names = {Hands(microsoft.state, EMAIL, made.id).calendar.name for made in (one, other)}
    assert len(names) == 2


async def test_a_name_that_is_taken_and_not_listed_is_looked_for_in_the_next_pass(microsoft: World) -> None:
    microsoft.refuse("calendars.create", "ErrorFolderExists")
    with pytest.raises(Transient):
        await microsoft.account.make_calendar(key("calendar"), "Sessions")
    assert microsoft.delivered()


async def test_an_account_that_may_make_no_calendar_says_so(microsoft: World) -> None:
    microsoft.refuse("calendars.create", "ErrorAccessDenied")
    with pytest.raises(Forbidden) as caught:
        await microsoft.account.make_calendar(key("calendar"), "Sessions")
    assert microsoft.delivered()
    assert caught.value.hint


async def test_a_full_mailbox_lets_the_account_rest(microsoft: World) -> None:
    microsoft.refuse("calendars.create", "ErrorQuotaExceeded")
    with pytest.raises(Throttled):
        await microsoft.account.make_calendar(key("calendar"), "Sessions")
    assert microsoft.delivered()
    assert microsoft.account.found


async def test_access_that_was_taken_back_is_told_by_every_verb_of_the_account(microsoft: World) -> None:
    microsoft.switch(revoked_access="ends")
    microsoft.hands.revoke()
    with pytest.raises(AuthRevoked):
        await microsoft.account.calendars()
    with pytest.raises(AuthRevoked):
        await microsoft.account.make_calendar(key("calendar"), "Sessions")


async def test_to_give_up_a_grant_asks_nothing_since_nobody_would_take_it(microsoft: World) -> None:
    await microsoft.account.give_up()
    assert microsoft.rows() == []


async def test_a_check_is_one_request(microsoft: World) -> None:
    standing = await microsoft.calendar.check()
    assert (standing.identity, standing.writable) == (IDENTITY, True)
    assert microsoft.operations() == ["calendars.get"]
    assert not (await microsoft.open(microsoft.holidays).check()).writable


async def test_two_calendars_of_one_account_are_apart(microsoft: World) -> None:
    info = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    dedicated = microsoft.open(info.id, "sessions")
    item = shown((await dedicated.create([draft()]))[0])
    assert item.traits.own
    assert (await microsoft.calendar.read(WINDOW)).observations == ()
    assert await microsoft.calendar.find([key("one")]) == {}
    assert set(await dedicated.find([key("one")])) == {key("one")}
    assert len(Hands(microsoft.state, EMAIL, info.id).events()) == 1
