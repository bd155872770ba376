"""Reads of a CalDAV calendar of which one lags behind the other: no change is lost, no token moves past it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.model import ChangeSet, Cursor
from syncd.ports import Known, knowing
from syncd.sandbox.radicale import RadicaleServer
from tests.adapters.apple_world import WINDOW, World, ics, running_radicale, world_on

LISTING, MULTIGET = {"report": "sync-collection"}, {"report": "calendar-multiget"}


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def world(radicale: RadicaleServer) -> AsyncIterator[World]:
    async with world_on(radicale) as one:
        yield one


async def put(world: World, name: str, title: str) -> None:
    await world.put(name, ics("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", f"SUMMARY:{title}", uid=name))


async def filled(world: World) -> tuple[Cursor, Known]:
    """One object, read: the cursor, and what is known."""
    await put(world, "a.ics", "First")
    changes = await world.calendar.read(WINDOW)
    assert changes.cursor is not None
    return changes.cursor, knowing({one.traits.group or "": one.fingerprint or "" for one in changes.observations})


def told(changes: ChangeSet) -> tuple[list[object], list[tuple[str, bool]]]:
    """Titles that were read, and what could not be, with whether that passes."""
    broken = [(one.group, one.passing) for one in changes.broken]
    return [one.event.title for one in changes.observations], broken


def last_fault(world: World) -> str:
    return next(str(row["fault"]) for row in reversed(world.proxy.log.to_json()["requests"]) if row["fault"])


async def test_an_object_read_as_it_was_though_listed_as_changed_has_to_be_asked_for_again(world: World) -> None:
    cursor, known = await filled(world)
    await put(world, "a.ics", "Second")
    world.plant({"replay_rows": {}}, match=MULTIGET)
    late, timely = [await world.calendar.read(cursor, known) for _ in range(2)]
    assert last_fault(world) == "1:replay_rows"
    assert [told(late), told(timely)] == [([], [("a.ics", True)]), (["Second"], [])]


@pytest.mark.parametrize("whole", [False, True], ids=["changes", "everything"])
async def test_an_object_listed_and_not_yet_there_passes_among_changes_and_not_in_a_listing(
    world: World, whole: bool
) -> None:
    cursor, known = await filled(world)
    await put(world, "b.ics", "New")
    world.plant({"set_row": {"href": "b[.]ics", "status": 404}}, match=MULTIGET)
    changes = await world.calendar.read(WINDOW if whole else cursor, known)
    assert last_fault(world) == "1:set_row"
    assert told(changes) == ([], [("b.ics", not whole)])


async def test_an_object_among_the_changes_is_read_though_its_version_is_known(world: World) -> None:
    cursor, known = await filled(world)
    await put(world, "a.ics", "Second")
    world.plant({"replay_rows": {}}, match=LISTING)
    changes = await world.calendar.read(cursor, known)
    assert last_fault(world) == "1:replay_rows"
    assert told(changes) == (["Second"], [])


async def test_changes_that_name_nothing_move_no_token(world: World) -> None:
    cursor, known = await filled(world)
    await put(world, "a.ics", "Second")
    world.plant({"empty": True}, match=LISTING)
    changes = await world.calendar.read(cursor, known)
    assert last_fault(world) == "1:empty"
    assert (told(changes), changes.cursor) == (([], []), cursor)
    assert told(await world.calendar.read(cursor, known)) == (["Second"], [])


async def test_a_weak_etag_of_the_same_version_is_no_earlier_one(world: World) -> None:
    _, known = await filled(world)
    world.plant({"weak_etag": "rows"}, match=LISTING)
    changes = await world.calendar.read(WINDOW, known)
    assert last_fault(world) == "1:weak_etag"
    assert told(changes) == (["First"], [])
