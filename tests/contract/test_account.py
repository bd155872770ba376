"""The contract of accounts and of sites: whose they are, their calendars, their schedules."""

import pytest

from syncd.model import Gone, Schedule, ScheduleKind
from syncd.ports import Account, SiteAdapter
from tests.contract.cases import WINDOW, draft, key, seen, yoga
from tests.contract.subjects import Stage

DEDICATED = key("calendar")


def account_of(stage: Stage) -> Account:
    assert stage.account is not None
    return stage.account


def site_of(stage: Stage) -> SiteAdapter:
    assert stage.site is not None
    return stage.site


async def staff_of(site: SiteAdapter) -> list[Schedule]:
    return [one for one in await site.schedules() if one.kind is ScheduleKind.STAFF and one.active]


@pytest.mark.needs("account")
async def test_the_identity_stays_the_same_and_is_what_its_calendars_say(stage: Stage) -> None:
    identity = await account_of(stage).identity()
    assert identity == await account_of(stage).identity()
    assert (await stage.calendar.check()).identity == identity


@pytest.mark.needs("account")
async def test_the_calendars_are_listed_the_default_first(stage: Stage) -> None:
    await account_of(stage).make_calendar(DEDICATED, "Sessions")
    found = await account_of(stage).calendars()
    assert len(found) == 2
    assert [info.default for info in found[1:]] == [False]
    assert {info.name for info in found} >= {"Sessions"}


@pytest.mark.needs("account")
async def test_a_dedicated_calendar_is_made_once_for_its_key(stage: Stage) -> None:
    first = await account_of(stage).make_calendar(DEDICATED, "Sessions")
    second = await account_of(stage).make_calendar(DEDICATED, "Sessions")
    assert first.id == second.id
    assert [info.id for info in await account_of(stage).calendars()].count(first.id) == 1


@pytest.mark.needs("account")
async def test_a_dedicated_calendar_has_the_id_that_its_key_gives(stage: Stage) -> None:
    foretold = account_of(stage).calendar_id(DEDICATED)
    made = await account_of(stage).make_calendar(DEDICATED, "Sessions")
    assert foretold in {made.id, None}


@pytest.mark.needs("account")
async def test_a_dedicated_calendar_can_be_read_and_written_apart_from_the_others(stage: Stage) -> None:
    made = await account_of(stage).make_calendar(DEDICATED, "Sessions")
    calendar = account_of(stage).open(made.id, zone="UTC", collection="another")
    item = seen((await calendar.create([draft()]))[0])
    assert item.ref.collection == calendar.collection == "another"
    assert [one.ref for one in (await calendar.read(WINDOW)).observations] == [item.ref]
    assert (await stage.calendar.read(WINDOW)).observations == ()
    assert (await calendar.check()).writable


@pytest.mark.needs("account")
async def test_a_calendar_made_again_keeps_what_lies_in_it(stage: Stage) -> None:
    made = await account_of(stage).make_calendar(DEDICATED, "Sessions")
    calendar = account_of(stage).open(made.id, zone="UTC", collection="another")
    item = seen((await calendar.create([draft()]))[0])
    await account_of(stage).make_calendar(DEDICATED, "Sessions")
    assert (await calendar.get([item.ref]))[item.ref].absence is None


@pytest.mark.needs("site")
async def test_a_site_lists_its_schedules_with_their_kinds(stage: Stage) -> None:
    kinds = [one.kind for one in await site_of(stage).schedules()]
    assert ScheduleKind.BUSINESS in kinds
    assert kinds.count(ScheduleKind.STAFF) >= 2


@pytest.mark.needs("site")
async def test_a_site_without_connections_of_its_own_says_so(stage: Stage) -> None:
    assert list(await site_of(stage).foreign_connections()) == []


@pytest.mark.needs("site")
async def test_reading_for_some_schedules_shows_their_sessions_only(stage: Stage) -> None:
    first, second, *_ = await staff_of(site_of(stage))
    mine = await stage.hands.put_on(first, yoga(title="Mine"))
    await stage.hands.put_on(second, yoga(title="Theirs"))
    found = await site_of(stage).covering([first]).read(WINDOW)
    assert [one.ref for one in found.observations] == [mine]


@pytest.mark.needs("site")
async def test_reading_for_the_business_shows_the_sessions_of_all(stage: Stage) -> None:
    schedules = await site_of(stage).schedules()
    whole = next(one for one in schedules if one.kind is ScheduleKind.BUSINESS)
    refs = {await stage.hands.put_on(one, yoga(title=one.name)) for one in await staff_of(site_of(stage))}
    found = await site_of(stage).covering([whole]).read(WINDOW)
    assert {one.ref for one in found.observations} == refs


@pytest.mark.needs("site")
async def test_a_block_lies_on_the_schedule_it_was_aimed_at_and_names_its_provider(stage: Stage) -> None:
    _, second, *_ = await staff_of(site_of(stage))
    made = seen((await site_of(stage).on(second, "apple").create([draft()]))[0])
    assert made.traits.home == second.id
    assert second.id in made.traits.schedules
    assert made.traits.participants == 0
    assert made.traits.mark is not None
    assert made.traits.mark.provider == "apple"
    found = await site_of(stage).covering([second]).read(WINDOW)
    assert [one.ref for one in found.observations] == [made.ref]


@pytest.mark.needs("site")
async def test_a_block_of_the_business_concerns_every_active_member_of_the_staff(stage: Stage) -> None:
    whole = next(one for one in await site_of(stage).schedules() if one.kind is ScheduleKind.BUSINESS)
    made = seen((await site_of(stage).on(whole, "apple").create([draft()]))[0])
    assert {one.resource for one in await staff_of(site_of(stage))} <= made.traits.schedules


@pytest.mark.needs("site")
async def test_a_cancelled_session_is_told_by_its_id_as_cancelled(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    await stage.hands.remove(ref)
    found = (await site_of(stage).get([ref]))[ref]
    assert found.absence is not None
    assert (found.absence.kind, found.absence.evidence) == (Gone.GONE, "cancelled")


@pytest.mark.needs("site")
async def test_participants_are_told_and_a_booking_changes_the_fingerprint(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    before = (await site_of(stage).get([ref]))[ref]
    await stage.hands.book(ref, 3)
    after = (await site_of(stage).get([ref]))[ref]
    assert (before.traits.participants, after.traits.participants) == (0, 3)
    assert before.fingerprint != after.fingerprint
