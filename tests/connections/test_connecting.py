"""What may be connected, and what a connection is at first (R19, R20); the same account again renews it.

Not here: what becomes of it (test_changing).
"""

from dataclasses import replace

import pytest

from syncd.errors import AuthRevoked
from syncd.model import (
    Reason,
    Side,
    Status,
    SyncConfig,
    Target,
)
from syncd.ports import Changes, ForeignConnection
from tests.connections.office import ANNA, BEN, EMAIL, OLD, SITE, WINDOW, YOGA, Office, yoga


async def test_a_new_connection_imports_the_default_calendar_and_waits_for_its_confirmation(office: Office) -> None:
    made = await office.connect()
    assert made.config == SyncConfig(imports=True, exports=True, calendars=(office.default,), target=Target.DEDICATED)
    assert (made.status, made.confirmed, made.calendar) == (Status.CONNECTED, False, None)
    assert (made.site, made.schedule, made.identity, made.email) == (SITE, ANNA, office.world.identity(EMAIL), EMAIL)
    assert await office.store.connections() == [made]
    assert await office.store.credentials(made.id) == b"sealed"


async def test_a_schedule_may_be_named_by_its_external_id(office: Office) -> None:
    assert (await office.connect(ANNA.external_id)).schedule == ANNA


async def test_an_unknown_schedule_is_refused(office: Office) -> None:
    (problem,) = await office.refused("nothing")
    assert "`syncd schedules` lists them" in problem


async def test_a_cancelled_schedule_is_refused(office: Office) -> None:
    (problem,) = await office.refused(OLD.id)
    assert "is cancelled" in problem


async def test_r19_a_schedule_that_the_site_itself_syncs_is_refused_with_the_way_out(office: Office) -> None:
    office.world.site_connections[SITE].append(ForeignConnection(ANNA.id, "elsewhere", "CONNECTED"))
    (problem,) = await office.refused()
    assert "synced by the site's own connection (elsewhere, CONNECTED): disconnect it there" in problem


async def test_a_service_schedule_is_exported_only(office: Office) -> None:
    made = await office.connect(YOGA.id)
    assert (made.config.imports, made.config.exports, made.config.calendars) == (False, True, None)
    assert "can be exported, not imported to" in (await office.refused(YOGA.id, "b@example.org", imports=True))[0]


async def test_calendars_are_chosen_by_name_or_id_and_kept_as_ids(office: Office) -> None:
    work = office.world.add_calendar(EMAIL, "cal-work", "Work")
    made = await office.connect(calendars=("Work", office.default, "cal-work"))
    assert made.config.calendars == (work.id, office.default)


async def test_unknown_and_ambiguous_calendars_are_told_at_once_with_what_there_is(office: Office) -> None:
    for name in ("twin-1", "twin-2"):
        office.world.add_calendar(EMAIL, name, "Twin")
    problems = await office.refused(calendars=("Twin", "Nope"))
    assert [problem.split(":")[0] for problem in problems] == [
        "the account has more than one calendar 'Twin'",
        "the account has no calendar 'Nope'",
    ]
    assert "Twin (twin-1), Twin (twin-2)" in problems[0]


async def test_the_primary_target_is_the_default_calendar_and_must_be_writable(office: Office) -> None:
    assert (await office.connect(target=Target.PRIMARY)).calendar == office.default
    office.world.add_account("b@example.org")
    shelf = office.world.shelf(office.world.default_calendar("b@example.org"))
    assert shelf is not None
    shelf.writable = False
    (problem,) = await office.refused(BEN.id, "b@example.org", target=Target.PRIMARY)
    assert "may not be written" in problem


async def test_the_dedicated_calendar_of_a_lost_database_is_found_again(office: Office) -> None:
    office.world.add_calendar(EMAIL, office.dedicated(ANNA), "syncd")
    made = await office.connect()
    assert (made.calendar, made.calendar_generation) == (office.dedicated(ANNA), 1)


async def test_of_several_dedicated_calendars_the_newest_is_found(office: Office) -> None:
    for generation in (1, 3):
        office.world.add_calendar(EMAIL, office.dedicated(ANNA, generation), "syncd")
    made = await office.connect()
    assert (made.calendar, made.calendar_generation) == (office.dedicated(ANNA, 3), 3)


async def test_the_dedicated_calendar_is_never_imported_from(office: Office) -> None:
    office.world.add_calendar(EMAIL, office.dedicated(ANNA), "syncd")
    for target in Target:
        (problem,) = await office.refused(calendars=("syncd",), target=target)
        assert "choose others to import from" in problem


async def test_r19_a_calendar_belongs_to_one_connection_and_the_refusal_names_both(office: Office) -> None:
    first = await office.connect()
    (problem,) = await office.refused(BEN.id)
    assert problem.startswith(f"calendar {office.default} belongs to connection {first.id} (schedule Anna)")
    assert "schedule Ben" in problem


async def test_r19_other_calendars_of_the_same_account_may_be_connected(office: Office) -> None:
    await office.connect()
    office.world.add_calendar(EMAIL, "cal-ben", "Ben")
    made = await office.connect(BEN.id, calendars=("Ben",))
    assert made.config.calendars == ("cal-ben",)


async def test_r19_the_same_account_and_schedule_renews_with_the_same_id(office: Office) -> None:
    first = await office.connect(calendars=None)
    broken = replace(first, status=Status.ERROR, reason=Reason.TOKEN_REVOKED, detail="refused", confirmed=True)
    await office.put(broken)
    renewed = await office.connect(exports=False)
    assert renewed == replace(first, confirmed=True, config=replace(first.config, exports=False))
    assert await office.store.connections() == [renewed]


async def test_r19_after_a_disconnect_a_new_connection_is_made(office: Office) -> None:
    first = await office.put(replace(await office.connect(), status=Status.DISCONNECTED))
    second = await office.connect()
    assert second.id != first.id


async def test_r23_the_calendar_stays_taken_until_the_removal_is_over(office: Office) -> None:
    first = await office.connect()
    await office.put(replace(first, status=Status.DISCONNECTED, disconnecting=True, confirmed=True))
    assert "still being disconnected" in (await office.refused())[0]
    assert f"belongs to connection {first.id}" in (await office.refused(BEN.id))[0]


async def test_r21_the_same_address_with_another_account_is_refused(office: Office) -> None:
    first = await office.put(replace(await office.connect(), identity="somebody-else"))
    (problem,) = await office.refused()
    assert f"connection {first.id} has this address but another account" in problem


async def test_a_connect_whose_credentials_are_refused_leaves_nothing(office: Office) -> None:
    office.world.revoked.add(EMAIL)
    with pytest.raises(AuthRevoked):
        await office.connect()
    assert await office.store.connections() == []


async def test_a_new_connection_meets_the_sessions_that_another_has_read_already(office: Office) -> None:
    """What lies in the store is no news to the next reading."""
    office.world.put(SITE, "w1", yoga(), home=ANNA.id, schedules=frozenset({ANNA.id}))
    office.world.put(SITE, "w2", yoga(), home=BEN.id, schedules=frozenset({BEN.id}))
    seen = await office.site.read(WINDOW)
    await office.store.commit(Changes(observations=seen.observations), None)
    made = await office.connect()
    assert await office.pending(made) == {(Side.WIX, "w1")}


async def test_a_calendar_shared_by_an_account_that_is_connected_itself_is_refused(office: Office) -> None:
    office.world.add_account("ola@example.org")
    first = await office.connect(BEN.id, "ola@example.org")
    office.world.add_calendar(EMAIL, "cal-of-ola", "Ola", writable=False)
    office.world.share("cal-of-ola", "Ola@Example.org")
    (problem,) = await office.refused(calendars=("Ola",))
    assert problem.startswith("calendar Ola (cal-of-ola) is shared by Ola@Example.org")
    assert f"(connection {first.id})" in problem


async def test_a_calendar_shared_by_somebody_who_is_not_connected_may_be_imported(office: Office) -> None:
    office.world.add_calendar(EMAIL, "cal-of-ola", "Ola", writable=False)
    office.world.share("cal-of-ola", "ola@example.org")
    made = await office.connect(calendars=("Ola",))
    assert made.config.calendars == ("cal-of-ola",)
