"""The life of a connection once it is made: configuring (R30, R22), confirming, pausing, ending (R23).

Not here: how it is made (test_connecting).
"""

from dataclasses import replace

import pytest

from syncd.connections import (
    confirm,
    disconnect,
    existing,
    is_alive,
    pause,
    resume,
)
from syncd.errors import ConfigError, Transient
from syncd.model import (
    Mark,
    Reason,
    Side,
    Status,
    Target,
)
from syncd.normalise import collection_of
from syncd.ports import Changes, Owner
from tests.connections.office import ANNA, BEN, BRIDGE, EMAIL, SITE, WINDOW, YOGA, Office, linked, yoga

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
    seen = await office.account.open(office.default, zone="UTC", collection=name).read(WINDOW)
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
    seen = await office.site.read(WINDOW)
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
