"""What may be concluded from a reading: proof of absence, replays, cursors, and what an idle pass costs.

Not here: what follows for links and items (the other modules).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from adapters.memory import FULL, MemoryAccount, MemoryCalendar, Place
from syncd.model import Broken, ChangeSet, Connection, Cursor, Event, Gone, Observation, Ref, Side, Window
from syncd.ports import NOTHING_KNOWN, Capabilities, Known
from syncd.store import open_store
from tests.cycle.bench import EMAIL, SITE_ID, Bench, at, event

YOGA = event("Yoga", at(1, 9), description="Bring a mat", location="Room 1")
DENTIST = event("Dentist", at(1, 14))
ELEVEN = timedelta(minutes=11)


@dataclass
class Wire:
    """How the outside is to answer, and what it was asked. `broken`: groups that cannot be parsed, or not now."""

    numbered: bool = True
    passing: bool = False
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


class WiredCalendar(MemoryCalendar):
    """A calendar that tells what it was asked for, and answers as the wire says."""

    wire: Wire

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        self.wire.asked.append("changes" if isinstance(since, Cursor) else "listing")
        shown = await super().read(since, known)
        hit = {name for name in self.wire.broken if name in shown.groups}
        return replace(
            shown,
            observations=tuple(self._told(seen) for seen in shown.observations if seen.traits.group not in hit),
            groups={name: ids for name, ids in shown.groups.items() if name not in hit},
            broken=tuple(Broken(name, "it cannot be parsed", passing=self.wire.passing) for name in sorted(hit)),
        )

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        self.wire.asked.append("get")
        return {ref: self._told(seen) for ref, seen in (await super().get(refs)).items()}

    def _told(self, seen: Observation) -> Observation:
        return seen if self.wire.numbered else replace(seen, sequence=None)


class WiredAccount(MemoryAccount):
    wire: Wire

    def open(self, calendar: str, *, zone: str, collection: str) -> MemoryCalendar:
        found = WiredCalendar(self._world, Place(calendar, collection, zone), self.capabilities)
        found.wire = self.wire
        return found


@dataclass
class WiredBench(Bench):
    wire: Wire = field(default_factory=Wire)

    async def _account(self, _: Connection) -> MemoryAccount:
        account = WiredAccount(self.world, EMAIL, self.outside)
        account.wire = self.wire
        return account

    async def linked(self, **config: object) -> None:
        """One session with its copy and one event with its block, synced eleven minutes ago."""
        await self.connect(**config)  # type: ignore[arg-type]
        self.session("s1", YOGA)
        self.outside_event("e1", DENTIST)
        await self.settle(2)
        self.wire.asked.clear()

    async def seen(self, side: Side, collection: str, id_: str) -> Observation:
        ref = Ref(collection, id_)
        return (await self.store.stored(side, [ref]))[ref].observation

    async def external(self, calendar: str, id_: str) -> Observation:
        return await self.seen(Side.EXTERNAL, self.collection(await self.connection(), calendar), id_)


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[WiredBench]:
    store = await open_store(database_url)
    try:
        yield WiredBench(store)
    finally:
        await store.aclose()


LISTING = replace(FULL, delta=False)
"""A calendar without cursors: it remembers no removals."""


# listings that conclude nothing


@pytest.mark.rule("R15")
@pytest.mark.parametrize("fault", ["cut", "empty"])
@pytest.mark.parametrize("outside", [FULL, LISTING], ids=["cursors", "listings"])
async def test_a_short_or_an_empty_listing_is_no_deletion(bench: WiredBench, fault: str, outside: Capabilities) -> None:
    bench.outside = outside
    await bench.linked()
    before = bench.raw()
    for _ in range(3):
        bench.world.faults["read"] = [fault] * 3
        assert (await bench.sync()).error is None
        bench.clock.advance(ELEVEN)
    assert bench.raw() == before
    await bench.assert_at_rest()
    assert bench.raw() == before


@pytest.mark.rule("R15")
async def test_after_a_short_listing_everything_of_the_connection_waits(bench: WiredBench) -> None:
    bench.outside = LISTING
    await bench.linked()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    written = len(bench.world.log)
    bench.world.faults["read"] = ["cut"] * 3
    await bench.sync()
    assert bench.world.log[written:] == []
    await bench.settle(1)
    assert set(bench.exported()) == {"Yoga basics"}


async def test_an_error_of_the_collection_is_no_absence(bench: WiredBench) -> None:
    await bench.linked()
    before = bench.raw()
    for fault in ("fail", "throttle", "lose"):
        bench.world.faults["read"] = [fault]
        assert (await bench.sync()).error is not None
        bench.clock.advance(ELEVEN)
    assert bench.raw() == before
    assert (await bench.sync()).error is None
    await bench.assert_at_rest()


async def test_an_absence_counts_only_if_the_collection_answers_afterwards(bench: WiredBench) -> None:
    await bench.linked()
    bench.world.remove(bench.primary, "e1")
    bench.world.faults["check"] = ["fail"]
    assert (await bench.sync()).error is not None
    assert set(bench.blocks()) == {"Dentist"}
    await bench.settle(1)
    assert bench.blocks() == {}


# evidence


async def test_a_tombstone_is_believed_right_after_our_own_write(bench: WiredBench) -> None:
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    copy = bench.exported_id("Yoga")
    bench.world.remove(bench.outside_calendar, copy)
    await bench.sync()
    absence = (await bench.external(bench.outside_calendar, copy)).absence
    assert absence is not None
    assert (absence.kind, absence.evidence) == (Gone.GONE, "tombstone")
    await bench.sync()
    assert bench.inside_titles() == []


async def test_without_a_tombstone_what_we_just_wrote_is_not_gone_for_ten_minutes(bench: WiredBench) -> None:
    bench.outside = LISTING
    await bench.connect()
    bench.session("s1", YOGA)
    await bench.sync()
    copy = bench.exported_id("Yoga")
    bench.world.remove(bench.outside_calendar, copy)
    for _ in range(3):
        bench.clock.advance(timedelta(minutes=3))
        await bench.sync()
        absence = (await bench.external(bench.outside_calendar, copy)).absence
        assert absence is not None
        assert absence.kind is Gone.UNKNOWN
    assert bench.inside_titles() == ["Yoga"]
    bench.clock.advance(timedelta(minutes=2))
    await bench.sync()
    assert bench.inside_titles() == ["Yoga"]
    await bench.sync()
    assert bench.inside_titles() == []
    await bench.assert_at_rest()


async def test_a_session_that_its_id_no_longer_knows_is_unknown_and_keeps_its_copy(bench: WiredBench) -> None:
    await bench.linked()
    bench.world.remove(SITE_ID, "s1")
    await bench.settle(3)
    absence = (await bench.seen(Side.WIX, SITE_ID, "s1")).absence
    assert absence is not None
    assert absence.kind is Gone.UNKNOWN
    assert set(bench.exported()) == {"Yoga"}
    assert (await bench.store.tally(bench.connection_id))["unknown"] == 0
    for _ in range(9):
        bench.clock.advance(timedelta(hours=20))
        await bench.sync()
    assert set(bench.exported()) == {"Yoga"}
    assert (await bench.store.tally(bench.connection_id))["unknown"] == 1
    bench.session("s1", replace(YOGA, title="Yoga is back"))
    await bench.settle(2)
    assert set(bench.exported()) == {"Yoga is back"}
    assert (await bench.store.tally(bench.connection_id))["unknown"] == 0


# replays


@pytest.mark.rule("R24")
async def test_an_earlier_version_is_ignored_for_ten_minutes_after_our_write(bench: WiredBench) -> None:
    bench.wire.numbered = False
    await bench.linked()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.sync()
    for _ in range(3):
        bench.world.faults["read"] = ["replay"] * 3
        bench.world.faults["get"] = ["replay"] * 3
        await bench.sync()
        bench.world.faults.clear()
        bench.clock.advance(timedelta(minutes=3))
    assert bench.inside_titles() == ["Dentist", "Yoga basics"]
    await bench.settle(2)
    assert bench.inside_titles() == ["Dentist", "Yoga basics"]
    assert set(bench.exported()) == {"Yoga basics"}
    await bench.assert_at_rest()


@pytest.mark.rule("R24")
async def test_a_calendar_restored_from_a_backup_is_believed_after_ten_minutes(bench: WiredBench) -> None:
    bench.wire.numbered = False
    await bench.linked()
    bench.world.edit(SITE_ID, "s1", Event(title="Yoga basics"))
    await bench.sync()
    copy = bench.exported_id("Yoga basics")
    shelf = bench.world.shelf(bench.outside_calendar)
    assert shelf is not None
    shelf.items[copy] = shelf.earlier[copy]
    shelf.changes.append(copy)
    await bench.sync()
    assert bench.inside_titles() == ["Dentist", "Yoga basics"]
    bench.clock.advance(ELEVEN)
    await bench.settle(2)
    assert bench.inside_titles() == ["Dentist", "Yoga"]
    await bench.assert_at_rest()


# cursors


async def test_a_change_behind_a_cursor_that_moved_on_is_not_lost(bench: WiredBench) -> None:
    await bench.linked()
    collection = bench.collection(await bench.connection(), bench.outside_calendar)
    old = await bench.store.cursor(bench.connection_id, collection)
    bench.edit_copy("Yoga", Event(location="Garden"))
    bench.world.faults["update"] = ["fail"]
    await bench.sync()
    new = await bench.store.cursor(bench.connection_id, collection)
    assert old is not None
    assert new is not None
    assert old.token != new.token
    assert bench.world.items(SITE_ID)["s1"].event.location == "Room 1"
    bench.wire.asked.clear()
    await bench.sync()
    assert set(bench.wire.asked) == {"changes"}
    assert bench.world.items(SITE_ID)["s1"].event.location == "Garden"


async def test_a_cursor_stays_where_it_was_when_the_reading_fails(bench: WiredBench) -> None:
    await bench.linked()
    collection = bench.collection(await bench.connection(), bench.outside_calendar)
    old = await bench.store.cursor(bench.connection_id, collection)
    bench.world.remove(bench.outside_calendar, bench.exported_id("Yoga"))
    bench.world.faults["check"] = ["fail"]
    await bench.sync()
    assert await bench.store.cursor(bench.connection_id, collection) == old


async def test_a_refused_cursor_means_a_full_listing_that_is_compared_with_what_is_stored(bench: WiredBench) -> None:
    await bench.linked()
    bench.outside_event("e2", event("Lunch", at(2, 12)))
    bench.world.remove(bench.primary, "e1")
    bench.world.expire_cursors(bench.primary)
    await bench.sync()
    assert bench.wire.asked.count("listing") == 1
    assert set(bench.blocks()) == {"Lunch"}
    await bench.assert_at_rest()


async def test_once_a_day_when_the_window_moves_the_whole_listing_is_compared(bench: WiredBench) -> None:
    await bench.linked()
    for _ in range(2):
        bench.clock.advance(timedelta(hours=7))
        await bench.sync()
    assert "listing" not in bench.wire.asked
    bench.clock.advance(timedelta(hours=2))
    await bench.settle(3)
    assert bench.wire.asked.count("listing") == 2


async def test_the_daily_listing_finds_what_the_changes_never_told(bench: WiredBench) -> None:
    await bench.linked()
    shelf = bench.world.shelf(bench.primary)
    assert shelf is not None
    bench.world.remove(bench.primary, "e1")
    shelf.changes.pop()
    await bench.settle(2)
    assert set(bench.blocks()) == {"Dentist"}
    for _ in range(2):
        bench.clock.advance(timedelta(hours=12))
        await bench.settle(1)
    assert bench.blocks() == {}
    await bench.assert_at_rest()


# items that cannot be read


async def test_a_broken_item_is_not_gone_and_the_others_go_on(bench: WiredBench) -> None:
    await bench.linked()
    bench.wire.broken = {"e1"}
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    bench.outside_event("e2", event("Lunch", at(2, 12)))
    await bench.settle(3)
    assert {title: block.when for title, block in bench.blocks().items()} == {
        "Dentist": at(1, 14),
        "Lunch": at(2, 12),
    }
    bench.wire.broken = set()
    bench.world.edit(bench.primary, "e1", Event(title="Dentist again"))
    await bench.settle(2)
    assert bench.blocks()["Dentist again"].when == at(1, 16)
    await bench.assert_at_rest()


@pytest.mark.rule("R27")
async def test_a_broken_item_is_listed_until_it_can_be_read_or_is_gone(bench: WiredBench) -> None:
    await bench.linked()
    bench.outside_event("e2", event("Lunch", at(2, 12)))
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    bench.wire.broken = {"e1", "e2"}
    await bench.settle(2)
    first = await bench.store.notes(bench.connection_id)
    assert [(note.rule, note.reason) for note in first] == [("R27", "it cannot be parsed")] * 2
    await bench.settle(2)
    assert await bench.store.notes(bench.connection_id) == first
    bench.wire.broken = set()
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 17)))
    await bench.settle(1)
    assert [note.item.rpartition("|")[2] for note in await bench.store.notes(bench.connection_id)] == ["e2"]
    bench.world.remove(bench.primary, "e2")
    await bench.settle(1)
    assert await bench.store.notes(bench.connection_id) == []
    await bench.assert_at_rest()


async def test_what_a_side_failed_to_show_is_asked_for_again_with_the_same_cursor(bench: WiredBench) -> None:
    await bench.linked()
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    bench.wire.broken, bench.wire.passing = {"e1"}, True
    await bench.settle(2)
    assert bench.blocks()["Dentist"].when == at(1, 14)
    bench.wire.broken = set()
    await bench.settle(1)
    assert bench.blocks()["Dentist"].when == at(1, 16)
    await bench.assert_at_rest()


# what a pass costs


async def test_an_idle_pass_reads_each_calendar_once_and_writes_nothing(bench: WiredBench) -> None:
    await bench.linked()
    calls: list[str] = []
    bench.world.interrupt = lambda verb, moment: calls.append(verb) if moment == "before" else None
    written = len(bench.world.log)
    await bench.sync()
    assert sorted(calls) == ["identity", "read", "read", "read", "schedules"]
    assert bench.wire.asked == ["changes", "changes"]
    assert bench.world.log[written:] == []


async def test_an_idle_pass_stores_no_observation_and_leaves_nothing_pending(bench: WiredBench) -> None:
    await bench.linked()
    before = await bench.external(bench.primary, "e1")
    await bench.settle(2)
    assert await bench.external(bench.primary, "e1") == before
    assert (await bench.store.tally(bench.connection_id))["pending"] == 0
