"""Overrides of schedules and sessions: where they are kept, what they apply to, whom they make pending."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.errors import StoreError
from syncd.model import LinkState, Override, Overrides, Ref, Side, Traits
from syncd.ports import Changes
from syncd.store import SqlStore
from tests.store.builders import NOW, SITE, WINDOW, connection, link, session

TITLE = Override("Shown")
OCCURRENCE = Traits(home="staff-1", series="series-1", original_start="2026-03-02T10:00:00")


async def shown(store: SqlStore, ref: str, *schedules: str) -> Overrides:
    return (await store.overrides(SITE, [Ref(SITE, ref)], schedules))[Ref(SITE, ref)]


async def test_a_session_without_overrides_has_empty_ones(store: SqlStore) -> None:
    assert await shown(store, "s1") == Overrides()


async def test_a_session_inherits_from_the_schedule_it_lies_on(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session()]), None)
    await store.put_override(SITE, "schedule", "staff-1", TITLE, NOW)
    await store.put_override("site-2", "schedule", "staff-1", Override("Other"), NOW)
    assert await shown(store, "s1") == Overrides(schedule=TITLE)


async def test_the_schedule_given_stands_for_the_home_of_a_session_that_is_not_stored(store: SqlStore) -> None:
    await store.put_override(SITE, "schedule", "staff-1", TITLE, NOW)
    assert await shown(store, "s1", "staff-1") == Overrides(schedule=TITLE)


async def test_a_schedules_own_override_answers_under_its_id(store: SqlStore) -> None:
    await store.put_override(SITE, "schedule", "staff-1", TITLE, NOW)
    found = await store.overrides(SITE, [], ["staff-1", "staff-2"])
    assert found == {Ref(SITE, "staff-1"): Overrides(schedule=TITLE), Ref(SITE, "staff-2"): Overrides()}


async def test_an_empty_override_clears(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session()]), None)
    for kind, ref in (("schedule", "staff-1"), ("session", "s1")):
        await store.put_override(SITE, kind, ref, TITLE, NOW)
        await store.put_override(SITE, kind, ref, Override(), NOW)
    assert await shown(store, "s1") == Overrides()


async def test_an_occurrence_keeps_its_override_when_its_id_changes(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session("s1", traits=OCCURRENCE)]), None)
    await store.put_override(SITE, "session", "s1", TITLE, NOW)
    await store.commit(Changes(observations=[session("s2", traits=OCCURRENCE)]), None)
    assert (await shown(store, "s2")).session == TITLE


async def test_an_override_may_be_set_by_series_and_original_start(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session("s1", traits=OCCURRENCE)], links=[link()]), None)
    assert await store.put_override(SITE, "session", "series-1#2026-03-02T10:00:00", TITLE, NOW) == 1
    assert (await shown(store, "s1")).session == TITLE


async def test_what_was_set_before_the_series_was_known_is_replaced_not_doubled(store: SqlStore) -> None:
    await store.put_override(SITE, "session", "s1", Override("Old"), NOW)
    await store.commit(Changes(observations=[session("s1", traits=OCCURRENCE)]), None)
    assert (await shown(store, "s1")).session == Override("Old")
    await store.put_override(SITE, "session", "s1", TITLE, NOW)
    await store.put_override(SITE, "session", "s1", Override(), NOW)
    assert (await shown(store, "s1")).session == Override()


async def test_a_moved_override_goes_on_under_the_new_ref(store: SqlStore) -> None:
    await store.put_override(SITE, "session", "s1", TITLE, NOW)
    await store.commit(Changes(moved_overrides=[(Ref(SITE, "s1"), Ref(SITE, "s2"))]), None)
    assert (await shown(store, "s1")).session == Override()
    assert (await shown(store, "s2")).session == TITLE


async def test_a_moved_override_yields_to_the_new_sessions_own(store: SqlStore) -> None:
    await store.put_override(SITE, "session", "s1", Override("Old"), NOW)
    await store.put_override(SITE, "session", "s2", TITLE, NOW)
    await store.commit(Changes(moved_overrides=[(Ref(SITE, "s1"), Ref(SITE, "s2"))]), None)
    assert (await shown(store, "s2")).session == TITLE


async def test_an_override_of_a_session_makes_its_live_links_pending_for_each_connection(store: SqlStore) -> None:
    links = [link("l1"), link("l2", connection="c2"), link("l3", connection="c3", state=LinkState.DISMISSED)]
    owners = [connection(name) for name in ("c1", "c2", "c3")]
    await store.commit(Changes(connections=owners, observations=[session()], links=links), None)
    later = NOW + timedelta(hours=1)
    assert await store.put_override(SITE, "session", "s1", TITLE, later) == 2
    for owner, number in (("c1", 1), ("c2", 1), ("c3", 0)):
        rows = [row for item in (await store.workload(owner, NOW, WINDOW)).items for row in item.pending]
        assert [(row.side, row.ref, row.since) for row in rows] == [(Side.WIX, Ref(SITE, "s1"), later)] * number


async def test_an_override_of_a_schedule_concerns_the_sessions_that_lie_on_it(store: SqlStore) -> None:
    elsewhere = session("s2", traits=Traits(home="staff-2", schedules=frozenset({"staff-1"})))
    links = [link("l1"), link("l2", wix="s2", external="e2")]
    await store.commit(Changes(connections=[connection()], observations=[session(), elsewhere], links=links), None)
    assert await store.put_override(SITE, "schedule", "staff-1", TITLE, NOW) == 1
    (item,) = (await store.workload("c1", NOW, WINDOW)).items
    assert item.link == links[0]


async def test_there_are_overrides_of_schedules_and_sessions_only(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="none of a calendar"):
        await store.put_override(SITE, "calendar", "c", TITLE, NOW)


async def test_an_occurrence_of_another_start_has_no_part_in_it(store: SqlStore) -> None:
    other = replace(OCCURRENCE, original_start="2026-03-09T10:00:00")
    seen = [session("s1", traits=OCCURRENCE), session("s2", traits=other)]
    await store.commit(Changes(observations=seen), None)
    await store.put_override(SITE, "session", "s1", TITLE, NOW)
    assert (await shown(store, "s2")).session == Override()
