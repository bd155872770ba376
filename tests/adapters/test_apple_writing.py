"""Writes to a real Radicale: once per key, only at the version that was read, nobody else's data touched."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.apple.account import CAPABILITIES
from syncd.errors import AdapterError, CalendarGone, Exists, Forbidden, Rejected, Stale, Throttled, Transient
from syncd.model import Event, Field, Gone, Ref
from syncd.ports import Edit, Erasure
from syncd.sandbox.radicale import RadicaleServer
from tests.adapters.apple_world import (
    World,
    at,
    draft,
    event,
    fixture,
    ics,
    mark,
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


async def made(world: World, key: str = "key-1") -> tuple[Ref, str]:
    observed = shown((await world.calendar.create([draft(key)]))[0])
    assert observed.version is not None
    world.forget()
    return observed.ref, observed.version


# create


async def test_creating_is_one_request_and_the_answer_is_what_lies_there(world: World) -> None:
    await world.calendar.check()
    world.forget()
    answer = shown((await world.calendar.create([draft("key-1", event(description="a\nb", location="Hall, 2"))]))[0])
    assert world.requests() == ["PUT"]
    assert answer.ref == Ref(world.calendar.collection, "key-1.ics")
    read = (await world.calendar.get([answer.ref]))[answer.ref]
    assert (read.event, read.version, read.traits.mark) == (answer.event, answer.version, mark("key-1"))


async def test_creating_again_under_a_key_makes_nothing_and_says_that_it_exists(world: World) -> None:
    _, version = await made(world)
    (outcome,) = await world.calendar.create([draft("key-1", event(title="Another"))])
    assert isinstance(outcome, Exists)
    assert (await world.calendar.find(["key-1"]))["key-1"].version == version


async def test_after_a_lost_answer_the_event_is_found_by_its_key(world: World) -> None:
    world.plant({"drop": "after"}, match={"method": "PUT"})
    with pytest.raises(Transient) as lost:
        await world.calendar.create([draft("key-1")])
    assert lost.value.applied
    (outcome,) = await world.calendar.create([draft("key-1")])
    assert isinstance(outcome, Exists)
    assert list(await world.calendar.find(["key-1"])) == ["key-1"]


async def test_a_uid_taken_by_another_object_is_rejected(world: World) -> None:
    await world.put("theirs.ics", ics("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", uid="key-1@syncd"))
    (outcome,) = await world.calendar.create([draft("key-1")])
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 413, 507])
async def test_an_event_that_the_server_refuses_is_rejected_in_its_place(world: World, status: int) -> None:
    world.plant({"status": status}, match={"method": "PUT"})
    (outcome,) = await world.calendar.create([draft()])
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize(("status", "error"), [(503, Throttled), (429, Throttled), (502, Transient)])
async def test_a_server_in_trouble_is_tried_again_later(world: World, status: int, error: type[AdapterError]) -> None:
    world.plant({"status": status, "headers": {"Retry-After": "9"}}, match={"method": "PUT"})
    with pytest.raises(error) as raised:
        await world.calendar.create([draft()])
    assert getattr(raised.value, "retry_after", 9) == 9
    assert isinstance(raised.value, Transient)
    assert raised.value.applied is (status == 502)


async def test_a_calendar_that_is_gone_is_not_said_of_the_item(world: World) -> None:
    await world.calendar.check()
    await world.remove_calendar()
    with pytest.raises(CalendarGone):
        await world.calendar.create([draft()])


async def test_a_calendar_that_became_read_only_stops_the_connection(world: World) -> None:
    world.plant({"status": 403}, match={"method": "PUT"})
    world.make_read_only()
    with pytest.raises(Forbidden):
        await world.calendar.create([draft()])


async def test_without_an_etag_in_the_answer_the_object_is_read_back(world: World) -> None:
    world.plant({"strip_etag": True}, match={"method": "PUT"})
    answer = shown((await world.calendar.create([draft()]))[0])
    assert answer.version is not None
    assert "calendar-multiget" in world.requests()


async def test_what_was_written_and_cannot_be_read_back_now_was_written(world: World) -> None:
    """Neither is it said to be refused, nor is it written again: its version is found by the next read."""
    await world.calendar.check()
    world.plant({"strip_etag": True}, match={"method": "PUT"})
    world.plant({"status": 503, "headers": {"Retry-After": "1"}}, match={"report": "calendar-multiget"})
    world.forget()
    made = shown((await world.calendar.create([draft()]))[0])
    assert (made.event.title, made.version) == ("Yoga", None)
    assert world.requests() == ["PUT", "calendar-multiget"]
    (seen,) = (await world.calendar.get([made.ref])).values()
    assert (seen.event, seen.version is None) == (made.event, False)


async def test_a_weak_etag_in_the_answer_is_no_version(world: World) -> None:
    world.plant({"weak_etag": "header"}, match={"method": "PUT"})
    answer = shown((await world.calendar.create([draft()]))[0])
    assert answer.version is not None
    assert not answer.version.startswith("W/")


async def test_several_drafts_have_their_outcomes_in_their_places(world: World) -> None:
    await made(world, "key-2")
    first, second, third = await world.calendar.create([draft("key-1"), draft("key-2"), draft("bad/key")])
    assert shown(first).ref.id == "key-1.ics"
    assert isinstance(second, Exists)
    assert isinstance(third, Rejected)


# update


async def test_an_update_is_one_read_and_one_write_and_writes_the_given_fields_alone(world: World) -> None:
    ref, version = await made(world)
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="New"), version)])
    assert world.requests() == ["calendar-multiget", "PUT"]
    assert shown(outcome).event == event(title="New")
    assert shown(outcome).version != version


async def test_an_update_at_an_old_version_is_stale_and_writes_nothing(world: World) -> None:
    ref, version = await made(world)
    await world.calendar.update([Edit(ref, Event(title="First"), version)])
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Second"), version)])
    assert isinstance(outcome, Stale)
    assert "Second" not in (await world.text("key-1.ics") or "")


async def test_an_edit_between_our_read_and_our_write_is_not_overwritten(world: World) -> None:
    ref, version = await made(world)
    await world.calendar.update([Edit(ref, Event(title="Theirs"), version)])
    world.plant({"replay": {"back": 1}}, match={"report": "calendar-multiget"})  # read before that, written after it
    world.forget()
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Ours"), version)])
    assert world.requests() == ["calendar-multiget", "PUT"]
    assert isinstance(outcome, Stale)
    assert "Theirs" in (await world.text("key-1.ics") or "")


async def test_where_a_server_has_only_weak_etags_nothing_is_overwritten(world: World) -> None:
    ref, _ = await made(world)
    world.plant({"weak_etag": "all"}, times=-1)
    (updated,) = await world.calendar.update([Edit(ref, Event(title="Ours"), None)])
    (deleted,) = await world.calendar.delete([Erasure(ref, None)])
    assert isinstance(updated, Rejected)
    assert isinstance(deleted, Rejected)
    assert "Ours" not in (await world.text("key-1.ics") or "")


async def test_updating_what_is_gone_is_stale(world: World) -> None:
    ref, version = await made(world)
    await world.remove("key-1.ics")
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Ours"), version)])
    assert isinstance(outcome, Stale)


async def test_an_update_without_a_version_is_written_over_what_was_just_read(world: World) -> None:
    ref, _ = await made(world)
    (outcome,) = await world.calendar.update([Edit(ref, Event(busy=False), None)])
    assert shown(outcome).event.busy is False


async def test_an_update_that_changes_nothing_writes_nothing(world: World) -> None:
    ref, version = await made(world)
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Yoga"), version)])
    assert world.requests() == ["calendar-multiget"]
    assert shown(outcome).version == version


async def test_a_new_mark_replaces_ours(world: World) -> None:
    ref, version = await made(world)
    new = mark(overridden=frozenset({Field.TITLE}))
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Shown"), version, new)])
    assert shown(outcome).traits.mark == new


async def test_a_foreign_event_is_changed_without_a_mark_and_keeps_its_own_data(world: World) -> None:
    version = await world.put("x.ics", fixture("apple_single"))
    ref = Ref(world.calendar.collection, "x.ics")
    (outcome,) = await world.calendar.update([Edit(ref, Event(title="Later", when=at(2)), version, mark())])
    text = (await world.text("x.ics") or "").replace("\r\n ", "")
    assert shown(outcome).traits.mark is None
    for kept in ("X-APPLE-STRUCTURED-LOCATION", "X-APPLE-DEFAULT-ALARM:TRUE", "TRIGGER:-PT15M", "SEQUENCE:4"):
        assert kept in text
    assert "ATTENDEE" not in text


async def test_several_edits_of_one_object_are_one_read_and_one_write(world: World) -> None:
    version = await world.put("s.ics", fixture("weekly_series"))
    refs = [Ref(world.calendar.collection, f"s.ics#{rid}") for rid in ("20261117T170000Z", "20261124T170000Z")]
    await world.calendar.check()
    world.forget()
    outcomes = await world.calendar.update([Edit(ref, Event(title=ref.id[-6:]), version) for ref in refs])
    assert world.requests() == ["calendar-multiget", "PUT"]
    assert [shown(one).ref for one in outcomes] == refs
    assert [one.event.title for one in (await world.calendar.get(refs)).values()] == [ref.id[-6:] for ref in refs]


async def test_of_several_edits_the_stale_one_alone_is_left_out(world: World) -> None:
    version = await world.put("s.ics", fixture("weekly_series"))
    refs = [Ref(world.calendar.collection, f"s.ics#{rid}") for rid in ("20261117T170000Z", "20261103T170000Z")]
    good, gone = await world.calendar.update([Edit(ref, Event(title="New"), version) for ref in refs])
    assert shown(good).event.title == "New"
    assert isinstance(gone, Stale)


# delete


async def test_a_delete_is_one_request_and_repeating_it_is_success(world: World) -> None:
    ref, version = await made(world)
    for _ in range(2):
        absence = shown((await world.calendar.delete([Erasure(ref, version)]))[0]).absence
        assert absence is not None
        assert absence.kind is Gone.GONE
    assert world.requests() == ["DELETE", "DELETE", "PROPFIND"]  # the calendar is there, so it is the event that is not
    assert await world.text("key-1.ics") is None


@pytest.mark.parametrize("known", [True, False])
async def test_an_event_that_is_not_there_in_a_calendar_that_is_not_there_was_not_deleted(
    world: World, known: bool
) -> None:
    ref, version = await made(world)
    await world.remove_calendar()
    with pytest.raises(CalendarGone):
        await world.calendar.delete([Erasure(ref, version if known else None)])


async def test_occurrences_in_a_calendar_that_is_not_there_were_not_deleted(world: World) -> None:
    version = await world.put("s.ics", fixture("weekly_series"))
    await world.calendar.check()
    await world.remove_calendar()
    with pytest.raises(CalendarGone):
        await world.calendar.delete([Erasure(Ref(world.calendar.collection, "s.ics#20261110T170000Z"), version)])


async def test_deleting_what_somebody_edited_is_stale_and_leaves_it(world: World) -> None:
    ref, version = await made(world)
    await world.calendar.update([Edit(ref, Event(title="Edited"), version)])
    (outcome,) = await world.calendar.delete([Erasure(ref, version)])
    assert isinstance(outcome, Stale)
    assert "Edited" in (await world.text("key-1.ics") or "")


async def test_deleting_occurrences_takes_them_out_in_one_write(world: World) -> None:
    version = await world.put("s.ics", fixture("weekly_series"))
    refs = [Ref(world.calendar.collection, f"s.ics#{rid}") for rid in ("20261110T170000Z", "20261124T170000Z")]
    await world.calendar.check()
    world.forget()
    outcomes = await world.calendar.delete([Erasure(ref, version) for ref in refs])
    assert world.requests() == ["calendar-multiget", "PUT"]
    assert all(shown(one).absence is not None for one in outcomes)
    kinds = [one.absence and one.absence.kind for one in (await world.calendar.get(refs)).values()]
    assert kinds == [Gone.GONE, Gone.GONE]


async def test_deleting_the_last_occurrence_of_an_object_deletes_the_object(world: World) -> None:
    version = await world.put("o.ics", fixture("override_only"))
    ref = Ref(world.calendar.collection, "o.ics#20261117T090000Z")
    assert shown((await world.calendar.delete([Erasure(ref, version)]))[0]).absence is not None
    assert await world.text("o.ics") is None


async def test_a_lost_answer_to_a_delete_may_have_been_applied(world: World) -> None:
    ref, version = await made(world)
    world.plant({"drop": "after"}, match={"method": "DELETE"})
    with pytest.raises(Transient) as lost:
        await world.calendar.delete([Erasure(ref, version)])
    assert lost.value.applied


def test_the_capabilities_are_those_that_the_tests_above_show() -> None:
    assert CAPABILITIES.delta
    assert CAPABILITIES.keyed_create
    assert CAPABILITIES.conditional_write
    assert CAPABILITIES.series_edit
    assert (CAPABILITIES.max_batch, CAPABILITIES.max_in_flight) == (1, 8)
