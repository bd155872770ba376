"""What was observed comes back, with the versions it replaced and the absence it found."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.model import (
    UNSEEN,
    AllDay,
    Event,
    Field,
    Gone,
    Kind,
    Mark,
    Observation,
    Ref,
    Side,
    Timed,
    Traits,
    Unseen,
    Window,
)
from syncd.ports import Changes
from syncd.store import SqlStore
from tests.store.builders import CALENDAR, NOW, SITE, event, gone, outside, session

FULL = Traits(
    uid="uid-1",
    group="object-1",
    series="series-1",
    original_start="2026-03-02T10:00:00",
    kind=Kind.FIXED,
    own=False,
    private=True,
    guests=True,
    participants=UNSEEN,
    mark=Mark("bridge", 2, "key", "digest", "original", "provider", frozenset({Field.TITLE, Field.DESCRIPTION})),
    home="home",
    schedules=frozenset({"a", "b"}),
    created=NOW,
    masked=frozenset({Field.LOCATION}),
)


async def kept(store: SqlStore, seen: Observation) -> Observation:
    return (await store.stored(seen.side, [seen.ref]))[seen.ref].observation


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    "shown",
    [
        Event(),
        Event(title=None, description="", location=UNSEEN, busy=False),
        Event(AllDay(date(2026, 3, 29), date(2026, 3, 31)), "Ferien", "\x00 \ud83d\n'\"", "über", True),
        Event(
            Timed(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin")
        ),
    ],
)
async def test_an_observation_comes_back_equal(store: SqlStore, side: Side, shown: Event) -> None:
    seen = Observation(side, Ref("c|1", "r#1"), shown, NOW, "7", "fp", 2**40, FULL)
    await store.commit(Changes(observations=[seen]), None)
    assert await kept(store, seen) == seen


async def test_nothing_is_known_of_a_ref_that_was_never_seen(store: SqlStore) -> None:
    assert await store.stored(Side.WIX, [Ref(SITE, "s1")]) == {}


async def test_the_same_ref_on_the_other_side_is_another_item(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session()]), None)
    assert await store.stored(Side.EXTERNAL, [Ref(SITE, "s1")]) == {}


async def test_a_replaced_version_is_superseded_newest_last(store: SqlStore) -> None:
    for version in ("1", "2", "3"):
        await store.commit(Changes(observations=[session(version=version)]), None)
    found = (await store.stored(Side.WIX, [Ref(SITE, "s1")]))[Ref(SITE, "s1")]
    assert (found.observation.version, found.superseded) == ("3", ("1", "2"))


async def test_versions_that_follow_in_one_commit_are_superseded_too(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session(version=str(number)) for number in range(3)]), None)
    found = (await store.stored(Side.WIX, [Ref(SITE, "s1")]))[Ref(SITE, "s1")]
    assert (found.observation.version, found.superseded) == ("2", ("0", "1"))


async def test_a_version_that_is_current_again_is_not_superseded(store: SqlStore) -> None:
    for version in ("1", "2", "1"):
        await store.commit(Changes(observations=[session(version=version)]), None)
    found = (await store.stored(Side.WIX, [Ref(SITE, "s1")]))[Ref(SITE, "s1")]
    assert found.superseded == ("2",)


async def test_only_the_newest_20_superseded_versions_are_kept(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session("s2", "a"), session("s2", "b")]), None)
    for number in range(23):
        await store.commit(Changes(observations=[session(version=str(number))]), None)
    found = await store.stored(Side.WIX, [Ref(SITE, "s1"), Ref(SITE, "s2")])
    assert found[Ref(SITE, "s1")].superseded == tuple(str(number) for number in range(2, 22))
    assert found[Ref(SITE, "s2")].superseded == ("a",)


async def test_the_same_version_again_supersedes_nothing(store: SqlStore) -> None:
    for title in ("Yoga", "Pilates"):
        await store.commit(Changes(observations=[session(event=event(title))]), None)
    assert (await store.stored(Side.WIX, [Ref(SITE, "s1")]))[Ref(SITE, "s1")].superseded == ()


async def test_an_absence_keeps_the_fields_that_were_seen_last(store: SqlStore) -> None:
    seen = session(traits=FULL, sequence=4)
    await store.commit(Changes(observations=[seen]), None)
    later = NOW + timedelta(hours=1)
    await store.commit(Changes(observations=[Observation(Side.WIX, seen.ref, Event(), later, absence=gone())]), None)
    assert await kept(store, seen) == replace(seen, seen_at=later, absence=gone())


async def test_an_absence_that_shows_fields_and_a_version_takes_them(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session()]), None)
    cancelled = session(version="2", event=event("Cancelled"), absence=gone())
    await store.commit(Changes(observations=[cancelled]), None)
    assert await kept(store, cancelled) == cancelled
    assert (await store.stored(Side.WIX, [cancelled.ref]))[cancelled.ref].superseded == ("1",)


async def test_an_item_seen_again_is_absent_no_more(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session(absence=gone())]), None)
    await store.commit(Changes(observations=[session(version="2")]), None)
    assert await kept(store, session()) == session(version="2")


async def test_what_we_wrote_is_remembered_through_later_observations(store: SqlStore) -> None:
    seen = session()
    await store.commit(Changes(observations=[seen], wrote=[(Side.WIX, seen.ref, NOW)]), None)
    await store.commit(Changes(observations=[session(version="2")]), None)
    assert (await store.stored(Side.WIX, [seen.ref]))[seen.ref].written_at == NOW


async def test_a_forgotten_item_leaves_nothing_behind(store: SqlStore) -> None:
    await store.commit(Changes(observations=[session(version="1"), session(version="2"), session("s2")]), None)
    await store.commit(Changes(forgotten=[(Side.WIX, Ref(SITE, "s1"))]), None)
    await store.commit(Changes(observations=[session(version="3")]), None)
    found = await store.stored(Side.WIX, [Ref(SITE, "s1"), Ref(SITE, "s2")])
    assert found[Ref(SITE, "s1")].superseded == ()
    assert len(found) == 2


async def test_fingerprints_name_present_groups_only(store: SqlStore) -> None:
    seen = [outside("a"), outside("b", absence=gone()), outside("c", fingerprint=None)]
    await store.commit(Changes(observations=seen), None)
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR) == {"a": "fp-1", "c": None}


async def test_fingerprints_asked_for_by_group_are_those_of_these_groups(store: SqlStore) -> None:
    seen = [outside("a"), outside("b", fingerprint="fp-2"), outside("c", absence=gone())]
    await store.commit(Changes(observations=seen), None)
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR, ["b", "b", "c", "never"]) == {"b": "fp-2"}
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR, []) == {}


async def test_a_group_whose_items_disagree_has_no_fingerprint(store: SqlStore) -> None:
    group = Traits(group="object")
    await store.commit(Changes(observations=[outside("a", "1", traits=group), outside("b", "2", traits=group)]), None)
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR) == {"object": None}


async def test_asked_for_singles_a_series_has_no_fingerprint(store: SqlStore) -> None:
    series = Traits(group="object", series="uid")
    await store.commit(Changes(observations=[outside("a"), outside("b", traits=series)]), None)
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR) == {"a": "fp-1", "object": "fp-1"}
    assert await store.fingerprints(Side.EXTERNAL, CALENDAR, singles=True) == {"a": "fp-1", "object": None}


async def test_a_group_gives_all_its_items_absent_ones_too(store: SqlStore) -> None:
    group = Traits(group="object")
    seen = [outside("a", traits=group), outside("b", traits=group, absence=gone()), outside("c")]
    await store.commit(Changes(observations=seen), None)
    assert await store.in_groups(Side.EXTERNAL, CALENDAR, ["object", "object", "none"]) == seen[:2]


def window(first: int, last: int) -> Window:
    return Window(datetime(2026, 3, first, tzinfo=UTC), datetime(2026, 3, last, tzinfo=UTC))


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        (Timed(datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), "UTC"), False),
        (Timed(datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 0, 1, tzinfo=UTC), "UTC"), True),
        (Timed(datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 4, 1, tzinfo=UTC), "UTC"), False),
        (Timed(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), "UTC"), True),
        (Timed(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC), "UTC"), True),
        (AllDay(date(2026, 3, 3), date(2026, 3, 4)), True),
        (AllDay(date(2026, 3, 1), date(2026, 3, 2)), False),
        (UNSEEN, False),
    ],
)
async def test_the_database_and_the_window_agree_on_what_overlaps(
    store: SqlStore, when: Timed | AllDay | Unseen, inside: bool
) -> None:
    looked = window(2, 4)
    await store.commit(Changes(observations=[session(event=Event(when, "x"))]), None)
    awaited = inside or isinstance(when, Unseen)  # what has no known time may be anywhere
    assert await store.expected(Side.WIX, SITE, looked, ["s1"]) == (["s1"] if awaited else [])
    assert await store.entering(Side.WIX, SITE, None, looked) == ([Ref(SITE, "s1")] if inside else [])
    assert isinstance(when, Unseen) or looked.meets(when) is inside


async def test_a_group_counts_each_item_in_the_window(store: SqlStore) -> None:
    group = Traits(group="object")
    seen = [outside(str(day), traits=group, event=event(day=day)) for day in (1, 2, 3, 9)]
    seen.append(outside("gone", traits=group, absence=gone()))
    await store.commit(Changes(observations=seen), None)
    assert await store.expected(Side.EXTERNAL, CALENDAR, window(1, 5), ["object", "never"]) == ["object"]
    assert await store.expected(Side.EXTERNAL, CALENDAR, window(1, 5), ["other"]) == []


async def test_only_what_the_old_window_did_not_hold_enters_the_new_one(store: SqlStore) -> None:
    seen = [session(str(day), event=event(day=day)) for day in (1, 4, 6)] + [
        session("gone", event=event(day=6), absence=gone(Gone.UNKNOWN))
    ]
    await store.commit(Changes(observations=seen), None)
    assert await store.entering(Side.WIX, SITE, window(1, 5), window(2, 7)) == [Ref(SITE, "6")]


async def test_ten_thousand_observations_are_stored_and_found(store: SqlStore) -> None:
    seen = [session(str(number)) for number in range(10_000)]
    await store.commit(Changes(observations=seen), None)
    found = await store.stored(Side.WIX, [entry.ref for entry in seen])
    assert [found[entry.ref].observation for entry in seen] == seen
