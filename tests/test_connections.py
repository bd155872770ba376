"""The life of a connection: what may be connected (R19, R20), renewing, configuring (R30), pausing, ending (R23)."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.memory import MemoryAccount, MemoryClock, MemorySite, MemoryWorld
from syncd.connections import (
    Desk,
    Request,
    Wish,
    configure,
    confirm,
    connect,
    disconnect,
    existing,
    is_alive,
    pause,
    resume,
)
from syncd.connections.values import Names
from syncd.errors import AuthRevoked, ConfigError, Transient
from syncd.model import (
    Connection,
    Event,
    Link,
    Mark,
    Pair,
    Reason,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Status,
    SyncConfig,
    Target,
    Timed,
    Window,
)
from syncd.normalise import calendar_key, collection_of, covers
from syncd.ports import Changes, ForeignConnection, Owner
from syncd.store import SqlStore, open_store, this_process

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 13, tzinfo=UTC), datetime(2027, 11, 21, tzinfo=UTC))
SITE = "site-1"
EMAIL = "owner@example.org"
BRIDGE = "bridge01"

ANNA = Schedule("s-anna", ScheduleKind.STAFF, "Anna", "r-anna", "Europe/Berlin", owner="u-anna")
BEN = Schedule("s-ben", ScheduleKind.STAFF, "Ben", "r-ben", "Europe/Berlin", owner="u-ben")
YOGA = Schedule("s-yoga", ScheduleKind.SERVICE, "Yoga", "x-yoga", "Europe/Berlin")
OLD = Schedule("s-old", ScheduleKind.STAFF, "Old", "r-old", "Europe/Berlin", active=False)


@dataclass
class Office:
    """A site with four schedules, an account with its default calendar, a store, and a desk between them."""

    world: MemoryWorld
    store: SqlStore
    waits: list[float] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def site(self) -> MemorySite:
        return MemorySite(self.world, SITE)

    @property
    def account(self) -> MemoryAccount:
        return MemoryAccount(self.world, EMAIL)

    @property
    def default(self) -> str:
        return self.world.default_calendar(EMAIL)

    @property
    def desk(self) -> Desk:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        names = Names(collection_of, partial(calendar_key, BRIDGE), covers)
        return Desk(self.store, names, this_process(), NOW, WINDOW, wait)

    def dedicated(self, schedule: Schedule, generation: int = 1) -> str:
        return str(self.account.calendar_id(calendar_key(BRIDGE, schedule.id, generation)))

    async def connect(self, schedule: str = ANNA.id, email: str = EMAIL, **wish: object) -> Connection:
        request = Request(
            id=f"c{next(self.numbers)}",
            provider="memory",
            schedule=schedule,
            email=email,
            sealed=b"sealed",
            wish=Wish(**wish),  # type: ignore[arg-type]
        )
        return await connect(self.desk, self.site, MemoryAccount(self.world, email), request)

    async def refused(self, schedule: str = ANNA.id, email: str = EMAIL, **wish: object) -> tuple[str, ...]:
        before = await self.store.connections()
        with pytest.raises(ConfigError) as error:
            await self.connect(schedule, email, **wish)
        assert await self.store.connections() == before
        return error.value.problems

    async def configure(self, connection: Connection, **wish: object) -> Connection:
        return await configure(self.desk, self.account, connection, Wish(**wish))  # type: ignore[arg-type]

    async def put(self, connection: Connection) -> Connection:
        await self.store.commit(Changes(connections=[connection]), None)
        return connection

    async def pending(self, connection: Connection) -> set[tuple[Side, str]]:
        """What the next pass will look at: side and id."""
        load = await self.store.workload(connection.id, NOW, WINDOW)
        return {(entry.side, entry.ref.id) for item in load.items for entry in item.pending}


@pytest.fixture
async def office(sqlite_url: str) -> AsyncIterator[Office]:
    world = MemoryWorld(MemoryClock(NOW))
    world.add_site(SITE, ANNA, BEN, YOGA, OLD)
    world.add_account(EMAIL)
    store = await open_store(sqlite_url)
    yield Office(world, store)
    await store.aclose()


def yoga(title: str = "Yoga") -> Event:
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return Event(Timed(start, start.replace(hour=10), "UTC"), title, None, None, True)


async def linked(office: Office, connection: Connection) -> Link:
    """An exported session, known to the store."""
    session = Ref(SITE, "w1")
    copy = Ref(collection_of(connection, office.dedicated(ANNA)), "e1")
    link = Link("l1", connection.id, Side.WIX, Pair(session, copy), Pair(yoga(), yoga()), Pair(False, True))
    await office.store.commit(Changes(links=[link]), None)
    return link


# connect


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
    seen = await office.site.read(WINDOW, {})
    await office.store.commit(Changes(observations=seen.observations), None)
    made = await office.connect()
    assert await office.pending(made) == {(Side.WIX, "w1")}


# configure


async def test_r30_configuring_makes_every_link_pending(office: Office) -> None:
    made = await office.connect()
    link = await linked(office, made)
    assert await office.pending(made) == set()
    changed = await office.configure(made, exports=False)
    assert not changed.config.exports
    assert (await office.store.connection(made.id)) == changed
    refs = {(side, ref.id) for side in Side if (ref := link.refs[side]) is not None}
    assert await office.pending(changed) == refs


async def test_r30_import_switched_on_again_meets_the_calendar_anew(office: Office) -> None:
    made = await office.connect()
    name = collection_of(made, office.default)
    office.world.put(office.default, "e9", yoga("Dentist"))
    seen = await office.account.open(office.default, zone="UTC", collection=name).read(WINDOW, {})
    assert seen.cursor is not None
    await office.store.commit(
        Changes(observations=seen.observations, cursors_of=made.id, cursors={name: seen.cursor}), None
    )
    off = await office.configure(made, imports=False)
    assert await office.store.cursor(made.id, name) is None
    assert await office.pending(off) == set()
    again = await office.configure(off, imports=True)
    assert again.config.calendars == (office.default,)
    assert await office.pending(again) == {(Side.EXTERNAL, "e9")}


async def test_r30_a_changed_target_keeps_the_former_calendar_until_it_is_emptied(office: Office) -> None:
    office.world.add_calendar(EMAIL, office.dedicated(ANNA), "syncd")
    made = await office.connect()
    moved = await office.configure(made, target=Target.PRIMARY)
    assert (moved.calendar, moved.retired) == (office.default, (office.dedicated(ANNA),))
    back = await office.configure(moved, target=Target.DEDICATED)
    assert (back.calendar, back.retired) == (office.dedicated(ANNA), (office.default,))


async def test_r22_a_new_dedicated_calendar_is_made_only_on_request(office: Office) -> None:
    made = await office.connect()
    lost = replace(made, calendar=office.dedicated(ANNA), status=Status.ERROR, reason=Reason.EXTERNAL_CALENDAR_DELETED)
    await office.put(lost)
    same = await office.configure(lost, exports=True)
    assert (same.calendar, same.reason) == (lost.calendar, Reason.EXTERNAL_CALENDAR_DELETED)
    fresh = await office.configure(same, new_calendar=True)
    assert (fresh.calendar, fresh.calendar_generation, fresh.retired) == (None, 2, ())
    assert (fresh.status, fresh.reason) == (Status.CONNECTED, None)


@pytest.mark.parametrize("wish", [{"target": Target.PRIMARY}, {"exports": False}], ids=["primary", "no-export"])
async def test_r22_where_no_calendar_has_to_be_made_a_refused_creation_is_over(
    office: Office, wish: dict[str, object]
) -> None:
    made = await office.connect(imports=False, calendars=None)
    reason = Reason.EXTERNAL_CALENDAR_CREATION_FAILED
    refused = await office.put(replace(made, status=Status.ERROR, reason=reason, detail="refused"))
    assert (await office.configure(refused, exports=True)).reason is reason
    healed = await office.configure(refused, **wish)
    assert (healed.status, healed.reason, healed.detail) == (Status.CONNECTED, None, None)


async def test_a_new_dedicated_calendar_does_not_go_with_the_primary_target(office: Office) -> None:
    made = await office.connect(target=Target.PRIMARY)
    with pytest.raises(ConfigError, match="goes with --target dedicated"):
        await office.configure(made, new_calendar=True)
    assert await office.store.connection(made.id) == made


async def test_r19_configuring_may_not_take_anothers_calendar(office: Office) -> None:
    first = await office.connect()
    office.world.add_calendar(EMAIL, "cal-ben", "Ben")
    second = await office.connect(BEN.id, calendars=("Ben",))
    with pytest.raises(ConfigError, match=f"belongs to connection {first.id}"):
        await office.configure(second, calendars=(office.default,))


async def test_a_disconnected_connection_cannot_be_configured(office: Office) -> None:
    made = await office.put(replace(await office.connect(), status=Status.DISCONNECTED))
    with pytest.raises(ConfigError, match="connect once more"):
        await office.configure(made, exports=False)


# the rest


async def test_confirm_pause_and_resume_change_just_that(office: Office) -> None:
    made = await office.connect()
    assert await confirm(office.desk, made) == replace(made, confirmed=True)
    assert (await pause(office.desk, made)).paused
    assert await resume(office.desk, made) == replace(made, confirmed=True)


async def test_a_change_waits_for_a_pass_and_keeps_what_the_pass_wrote(office: Office) -> None:
    """A stale copy in a person's hands must not undo what a pass has found out."""
    made = await office.connect()
    other = Owner("another-host", 1, "then")
    lease = await office.store.acquire(f"connection:{made.id}", other, 60)
    assert lease is not None
    with pytest.raises(Transient, match="another process works on"):
        await pause(office.desk, made)
    assert sum(office.waits) == 20
    await office.store.commit(Changes(connections=[replace(made, status=Status.SYNCED)]), lease)
    await office.store.release(lease)
    assert (await pause(office.desk, made)).status is Status.SYNCED


async def test_r23_disconnecting_ends_it_at_once_and_makes_what_we_made_pending(office: Office) -> None:
    made = await office.put(replace(await office.connect(), confirmed=True, paused=True))
    link = await linked(office, made)
    mark = Mark(BRIDGE, 1, "k", "d", provider="memory")
    office.world.put(SITE, "w7", yoga(), home=ANNA.id, schedules=frozenset({ANNA.id}), mark=mark)
    office.world.put(SITE, "w8", yoga(), home=ANNA.id, schedules=frozenset({ANNA.id}))
    seen = await office.site.read(WINDOW, {})
    await office.store.commit(Changes(observations=seen.observations), None)
    ended = await disconnect(office.desk, made)
    assert ended is not None
    assert (ended.status, ended.disconnecting, ended.paused) == (Status.DISCONNECTED, True, False)
    refs = {(side, ref.id) for side in Side if (ref := link.refs[side]) is not None}
    assert await office.pending(ended) == refs | {(Side.WIX, "w7")}


async def test_a_connection_that_was_never_confirmed_is_forgotten(office: Office) -> None:
    made = await office.connect()
    assert await disconnect(office.desk, made) is None
    assert await office.store.connections() == []
    assert await office.store.credentials(made.id) is None


async def test_what_is_disconnected_already_is_told_so(office: Office) -> None:
    made = await office.put(replace(await office.connect(), status=Status.DISCONNECTED, confirmed=True))
    assert not is_alive(made)
    with pytest.raises(ConfigError, match="disconnected already"):
        await disconnect(office.desk, made)


async def test_r20_a_connection_that_lost_its_schedule_can_be_cleared_away(office: Office) -> None:
    made = await office.connect()
    lost = replace(made, status=Status.DISCONNECTED, reason=Reason.SCHEDULE_LOST, confirmed=True)
    await office.put(lost)
    await linked(office, lost)
    ended = await disconnect(office.desk, lost)
    assert ended is not None
    assert ended.disconnecting


async def test_a_connection_is_found_by_the_beginning_of_its_id(office: Office) -> None:
    made = await office.connect()
    assert await existing(office.store, "c") == made
    await office.connect(YOGA.id)
    for name in ("c", "", "x"):
        with pytest.raises(ConfigError, match="`syncd connections` lists them"):
            await existing(office.store, name)
