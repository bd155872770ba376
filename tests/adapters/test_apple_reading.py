"""Reading a calendar on a real Radicale: listings, changes, direct reads, and what faults must not lead to."""

from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.errors import CalendarGone, CursorExpired, Forbidden, Throttled, Transient
from syncd.model import ChangeSet, Cursor, Gone, Ref, Removal
from syncd.ports import Known, knowing
from syncd.sandbox.radicale import RadicaleServer
from tests.adapters.apple_world import (
    WINDOW,
    World,
    draft,
    fixture,
    ics,
    running_radicale,
    shown,
    world_on,
)


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def world(radicale: RadicaleServer) -> AsyncIterator[World]:
    async with world_on(radicale) as one:
        yield one


def single(title: str, uid: str) -> str:
    return ics("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", f"SUMMARY:{title}", uid=uid)


async def filled(world: World, count: int = 3) -> ChangeSet:
    for number in range(count):
        await world.put(f"e{number}.ics", single(f"Event {number}", f"uid-{number}"))
    return await world.calendar.read(WINDOW)


def known(changes: ChangeSet) -> Known:
    return knowing({item.traits.group or "": item.fingerprint or "" for item in changes.observations})


def cursor(changes: ChangeSet) -> Cursor:
    assert changes.cursor is not None
    return changes.cursor


def titles(changes: ChangeSet) -> list[str]:
    return sorted(str(item.event.title) for item in changes.observations)


async def test_a_first_read_lists_everything_and_ends_in_a_cursor(world: World) -> None:
    changes = await filled(world)
    assert titles(changes) == ["Event 0", "Event 1", "Event 2"]
    assert changes.listed == frozenset({"e0.ics", "e1.ics", "e2.ics"})
    assert changes.groups["e0.ics"] == {"e0.ics"}
    assert changes.complete
    assert cursor(changes).window == WINDOW


async def test_objects_that_are_known_are_listed_but_neither_fetched_nor_parsed(world: World) -> None:
    before = await filled(world)
    world.forget()
    changes = await world.calendar.read(WINDOW, known(before))
    assert (changes.observations, changes.listed) == ((), before.listed)
    assert world.requests() == ["sync-collection"]


async def test_objects_with_nothing_in_the_window_are_not_fetched_again_until_they_change(world: World) -> None:
    await world.put("old.ics", ics("DTSTART:20200101T090000Z", "SUMMARY:Old", uid="uid-old"))
    assert (await world.calendar.read(WINDOW)).groups == {"old.ics": frozenset()}
    world.forget()
    assert (await world.calendar.read(WINDOW)).listed == frozenset({"old.ics"})
    assert world.requests() == ["sync-collection"]
    # What the store still has of it must be told of again, however often the answer was lost.
    assert (await world.calendar.read(WINDOW, knowing({"old.ics": "earlier"}))).groups == {"old.ics": frozenset()}
    await world.put("old.ics", single("Moved", "uid-old"))
    assert titles(await world.calendar.read(WINDOW)) == ["Moved"]


async def test_an_idle_read_by_cursor_is_one_request_and_brings_nothing(world: World) -> None:
    before = await filled(world)
    world.forget()
    changes = await world.calendar.read(cursor(before), known(before))
    assert (changes.observations, changes.removed, changes.listed, changes.broken) == ((), (), None, ())
    assert world.requests() == ["sync-collection"]


async def test_a_cursor_brings_what_changed_what_came_and_what_went(world: World) -> None:
    before = await filled(world)
    await world.put("e0.ics", single("Changed", "uid-0"))
    await world.put("new.ics", single("New", "uid-new"))
    await world.remove("e1.ics")
    changes = await world.calendar.read(cursor(before), known(before))
    assert titles(changes) == ["Changed", "New"]
    assert changes.removed == (Removal("e1.ics"),)
    assert changes.listed is None


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412, 418])
async def test_a_refused_token_expires_the_cursor(world: World, status: int) -> None:
    before = await filled(world, 1)
    world.plant({"refuse_token": status})
    with pytest.raises(CursorExpired):
        await world.calendar.read(cursor(before))


async def test_a_token_that_the_server_never_gave_expires_the_cursor(world: World) -> None:
    await filled(world, 1)
    with pytest.raises(CursorExpired):
        await world.calendar.read(Cursor("http://radicale.org/ns/sync/" + "0" * 64, WINDOW))


async def test_an_answer_without_rows_and_without_a_token_expires_the_cursor(world: World) -> None:
    before = await filled(world, 1)
    world.plant({"empty": "bare"}, match={"report": "sync-collection"})
    with pytest.raises(CursorExpired):
        await world.calendar.read(cursor(before))


NO_CTAG = r"<(\w+:)?getctag>.*?</(\w+:)?getctag>"


def without_tokens(world: World) -> None:
    """From now on the server knows no sync-collection."""
    world.plant({"status": 501}, match={"report": "sync-collection"}, times=-1)


async def test_without_sync_collection_an_idle_read_asks_for_the_version_of_the_collection_alone(world: World) -> None:
    without_tokens(world)
    changes = await filled(world)
    assert (changes.complete, len(changes.observations)) == (True, 3)
    world.forget()
    idle = await world.calendar.read(cursor(changes), known(changes))
    assert (idle.observations, idle.removed, idle.listed, idle.cursor) == ((), (), None, changes.cursor)
    assert world.requests() == ["PROPFIND"]


async def test_without_sync_collection_what_changed_is_found_by_a_listing(world: World) -> None:
    without_tokens(world)
    before = await filled(world)
    await world.put("e0.ics", single("Changed", "uid-0"))
    await world.remove("e1.ics")
    with pytest.raises(CursorExpired):
        await world.calendar.read(cursor(before), known(before))
    world.forget()
    changes = await world.calendar.read(WINDOW, known(before))
    assert (titles(changes), changes.listed) == (["Changed"], frozenset({"e0.ics", "e2.ics"}))
    assert world.requests() == ["PROPFIND", "PROPFIND", "calendar-multiget"]
    assert (await world.calendar.read(cursor(changes), known(changes))).complete


async def test_a_change_while_the_collection_is_listed_is_news_to_the_next_read(world: World) -> None:
    without_tokens(world)
    await filled(world)
    version = {"replace": [[r"(<(?:\w+:)?getctag>)[^<]*", r"\1earlier"]]}
    world.plant(version, match={"method": "PROPFIND"})
    changes = await world.calendar.read(WINDOW)
    assert world.proxy.faults.to_json()["faults"][-1]["fired"] == 1
    with pytest.raises(CursorExpired):
        await world.calendar.read(cursor(changes), known(changes))


async def test_a_server_without_tokens_and_versions_is_listed_each_time(world: World) -> None:
    without_tokens(world)
    world.plant({"replace": [[NO_CTAG, ""]]}, match={"method": "PROPFIND"}, times=-1)
    changes = await filled(world)
    assert (changes.cursor, changes.complete, len(changes.observations)) == (None, True, 3)
    assert (await world.calendar.read(WINDOW, known(changes))).listed == changes.listed


async def test_the_version_of_a_calendar_that_is_not_there_is_no_version(world: World) -> None:
    without_tokens(world)
    before = await filled(world, 1)
    await world.remove_calendar()
    with pytest.raises(CalendarGone):
        await world.calendar.read(cursor(before))


async def test_a_listing_that_lost_the_collections_own_row_is_not_complete(world: World) -> None:
    world.plant({"status": 501}, match={"report": "sync-collection"}, times=-1)
    await filled(world)
    world.plant({"drop_rows": "/$"}, match={"method": "PROPFIND", "path": "cal-"}, times=2)
    assert not (await world.calendar.read(WINDOW)).complete


async def test_a_cut_listing_is_read_on_with_the_new_token(world: World) -> None:
    await filled(world)
    path = world.path.replace("%40", "@")
    world.plant({"add_rows": [{"href": path, "status": 507}]}, match={"report": "sync-collection"})
    world.forget()
    changes = await world.calendar.read(WINDOW)
    assert (len(changes.observations), changes.complete) == (3, True)
    assert world.requests()[:2] == ["sync-collection", "sync-collection"]


async def test_the_collection_itself_and_its_children_folders_are_no_objects(world: World) -> None:
    rows = [{"href": world.path, "etag": '"self"'}, {"href": world.path + "sub/", "etag": '"sub"'}]
    world.plant({"add_rows": rows}, match={"report": "sync-collection"})
    assert (await filled(world, 1)).listed == frozenset({"e0.ics"})


async def test_rows_of_another_collection_are_no_empty_calendar(world: World) -> None:
    await filled(world, 1)
    world.plant({"replace": [["cal-", "other-"]]}, match={"report": "sync-collection"})
    with pytest.raises(Transient):
        await world.calendar.read(WINDOW)


async def test_an_object_that_the_multiget_left_out_is_asked_for_alone(world: World) -> None:
    world.plant({"drop_rows": r"e1\.ics"}, match={"report": "calendar-multiget"})
    changes = await filled(world)
    assert titles(changes) == ["Event 0", "Event 1", "Event 2"]
    assert "GET" in world.requests()


async def test_a_listed_object_that_is_never_there_is_broken_and_still_listed(world: World) -> None:
    await filled(world, 1)
    world.plant({"add_rows": [{"href": world.path + "ghost.ics", "etag": '"g"'}]}, match={"report": "sync-collection"})
    changes = await world.calendar.read(WINDOW)
    assert [broken.group for broken in changes.broken] == ["ghost.ics"]
    assert changes.listed == frozenset({"e0.ics", "ghost.ics"})
    assert titles(changes) == ["Event 0"]


async def test_objects_that_are_not_there_in_a_calendar_that_is_not_there_are_no_broken_objects(world: World) -> None:
    await filled(world, 1)
    world.plant({"set_row": {"href": "e0", "status": 404}}, match={"report": "calendar-multiget"})
    world.plant({"status": 404}, match={"method": "GET"})
    world.plant({"status": 404}, match={"method": "PROPFIND", "path": world.path.rsplit("/", 2)[1]}, times=-1)
    with pytest.raises(CalendarGone):
        await world.calendar.read(WINDOW)


async def test_an_object_that_the_server_fails_to_show_has_to_be_asked_for_again(world: World) -> None:
    world.plant({"set_row": {"href": "e1", "status": 500}}, match={"report": "calendar-multiget"})
    world.plant({"status": 500}, match={"method": "GET"})
    changes = await filled(world)
    assert titles(changes) == ["Event 0", "Event 2"]
    assert [(one.group, one.passing) for one in changes.broken] == [("e1.ics", True)]


async def test_a_multiget_that_is_no_xml_is_halved_down_to_the_objects(world: World) -> None:
    world.plant({"replace": [["^", "\x01"]]}, match={"report": "calendar-multiget"}, times=-1)
    changes = await filled(world)
    assert titles(changes) == ["Event 0", "Event 1", "Event 2"]


async def test_a_multiget_that_one_object_makes_fail_is_halved_down_to_it(world: World) -> None:
    """As a server does that answers 500 as a whole for an object that it cannot show."""
    await filled(world, 8)
    spoilt = {"status": 500, "body": "e5"}
    world.plant(spoilt, match={"report": "calendar-multiget", "body": r"e5\.ics"}, times=-1)
    world.plant({"status": 500}, match={"method": "GET", "path": r"e5\.ics"}, times=-1)
    changes = await world.calendar.read(WINDOW)
    assert titles(changes) == [f"Event {number}" for number in (0, 1, 2, 3, 4, 6, 7)]
    assert [(one.group, one.passing) for one in changes.broken] == [("e5.ics", True)]


async def test_a_server_in_trouble_is_not_asked_for_each_object(world: World) -> None:
    await filled(world, 8)
    world.plant({"status": 500}, match={"report": "calendar-multiget"}, times=-1)
    world.plant({"status": 500}, match={"method": "PROPFIND"}, times=-1)
    world.forget()
    with pytest.raises(Transient):
        await world.calendar.read(WINDOW)
    assert world.requests() == ["sync-collection", "calendar-multiget", "PROPFIND"]


async def test_a_broken_object_does_not_keep_the_others_back(world: World) -> None:
    bad = {"e1\\.ics": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:Secret\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"}
    world.plant({"serve": bad}, match={"report": "calendar-multiget"})
    changes = await filled(world)
    assert titles(changes) == ["Event 0", "Event 2"]
    assert [(broken.group, broken.reason) for broken in changes.broken] == [("e1.ics", "it has no start")]


async def test_names_with_spaces_and_signs_are_the_same_item_in_every_answer(world: World) -> None:
    await world.put("a%20b%40c%23d.ics", single("Odd", "uid-odd"))
    (item,) = (await world.calendar.read(WINDOW)).observations
    assert item.ref.id == "a b@c#d.ics"
    assert (await world.calendar.get([item.ref]))[item.ref].event == item.event


async def test_a_series_is_expanded_in_the_cursors_window(world: World) -> None:
    first = await world.calendar.read(WINDOW)
    await world.put("s.ics", fixture("weekly_series"))
    changes = await world.calendar.read(cursor(first))
    assert len(changes.groups["s.ics"]) == 51
    assert {item.traits.group for item in changes.observations} == {"s.ics"}


@pytest.mark.parametrize(("status", "error"), [(503, Throttled), (429, Throttled), (500, Transient), (403, Forbidden)])
async def test_an_error_is_never_an_empty_calendar(world: World, status: int, error: type[Exception]) -> None:
    await filled(world, 1)
    world.plant({"status": status, "headers": {"Retry-After": "7"}}, times=-1)
    with pytest.raises(error):
        await world.calendar.read(WINDOW)


async def test_a_calendar_that_somebody_removed_is_gone_and_not_empty(world: World) -> None:
    before = await filled(world, 1)
    await world.remove_calendar()
    for since in (WINDOW, cursor(before)):
        with pytest.raises(CalendarGone):
            await world.calendar.read(since)
    with pytest.raises(CalendarGone):
        await world.calendar.check()
    with pytest.raises(CalendarGone):
        await world.calendar.get([Ref(world.calendar.collection, "e0.ics")])


async def test_a_direct_read_gives_every_ref_an_answer(world: World) -> None:
    (item,) = (await filled(world, 1)).observations
    await world.put("s.ics", fixture("weekly_series"))
    refs = [
        Ref(world.calendar.collection, name) for name in ("no.ics", "s.ics#20311007T160000Z", "s.ics#20261103T170000Z")
    ]
    got = await world.calendar.get([item.ref, *refs, Ref("elsewhere/", "x.ics")])
    kinds = [observed.absence and observed.absence.kind for observed in got.values()]
    assert kinds.count(Gone.GONE) == 2
    assert kinds.count(Gone.UNKNOWN) == 1
    assert got[item.ref].event == item.event
    assert got[refs[1]].event.title == "Pilates"
    assert got[refs[0]].absence.evidence == "listing"  # type: ignore[union-attr]


async def test_an_object_that_cannot_be_read_is_unknown_and_not_gone(world: World) -> None:
    await filled(world, 1)
    world.plant({"serve": {"e0": "BEGIN:VCARD\r\nEND:VCARD\r\n"}}, times=-1)
    ref = Ref(world.calendar.collection, "e0.ics")
    absence = (await world.calendar.get([ref]))[ref].absence
    assert absence is not None
    assert (absence.kind, absence.evidence) == (Gone.UNKNOWN, "not an iCalendar object")


async def test_items_are_found_by_the_key_that_gave_their_name(world: World) -> None:
    made = shown((await world.calendar.create([draft("key-a")]))[0])
    found = await world.calendar.find(["key-a", "key-b", "no such/key"])
    assert {key: item.ref for key, item in found.items()} == {"key-a": made.ref}


async def test_more_objects_than_a_batch_come_in_several_multigets(world: World) -> None:
    changes = await filled(world, 51)
    assert len(changes.observations) == 51
    assert world.requests().count("calendar-multiget") == 2


async def test_check_is_one_request_once_the_account_is_known(world: World) -> None:
    world.forget()
    standing = await world.calendar.check()
    assert (standing.identity, standing.writable) == ("/anna@example.test/", True)
    assert world.requests() == ["PROPFIND"]


async def test_in_a_calendar_without_the_privilege_to_write_items_are_fixed(world: World) -> None:
    world.make_read_only()
    assert not (await world.calendar.check()).writable
    assert {item.traits.kind.value for item in (await filled(world, 1)).observations} == {"fixed"}
