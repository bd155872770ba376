"""What is never written: events with guests, texts of online meetings, what may only be read, what lies elsewhere."""

import pytest

from syncd.errors import AdapterError, Forbidden, Rejected, Stale
from syncd.model import Event, Kind, Ref
from syncd.ports import Edit, Erasure
from syncd.sandbox.microsoft import Hands
from tests.adapters.microsoft_world import (
    COLLECTION,
    EMAIL,
    World,
    at,
    cursor_of,
    draft,
    put,
    shown,
)
from tests.adapters.microsoft_writes import BEN, deleted, invited, made, seen, updated, writes

# --- guests, meetings, rights -----------------------------------------------------------------------------------------


async def test_an_event_with_guests_is_never_written(microsoft: World, again: World) -> None:
    ref = invited(microsoft)
    item = await seen(microsoft, ref)
    assert item.traits.guests
    microsoft.forget()
    for one in (microsoft, again):
        assert isinstance(await updated(one, item, Event(title="Coffee")), Rejected)
        assert isinstance(await deleted(one, item), Rejected)
    assert writes(microsoft) == []
    assert microsoft.state.mailed == []
    assert microsoft.titles() == ["Board"]


async def test_guests_asked_after_the_last_look_are_not_mailed_by_a_delete(microsoft: World) -> None:
    item = await made(microsoft)
    guest = {"emailAddress": {"address": BEN, "name": "Ben"}, "type": "required"}
    microsoft.hands.edit(item.ref.id, attendees=[guest])
    microsoft.state.mailed.clear()
    assert isinstance(await deleted(microsoft, item), Stale)
    (outcome,) = await microsoft.calendar.delete([Erasure(item.ref, None)])
    assert isinstance(outcome, Rejected)
    assert microsoft.state.mailed == []


async def test_the_text_of_an_online_meeting_is_left_with_its_way_in(microsoft: World) -> None:
    ref = put(microsoft, "Call", body="Agenda")
    microsoft.hands.meet_online(ref.id)
    item = await seen(microsoft, ref)
    body = microsoft.hands.event(ref.id).fields["body"]
    assert item.event.description == "Agenda"
    assert isinstance(await updated(microsoft, item, Event(description="Another agenda")), Rejected)
    answer = shown(await updated(microsoft, item, Event(title="Call, moved", when=at(2), description="Agenda")))
    assert (answer.event.title, answer.event.when) == ("Call, moved", at(2))
    event_now = microsoft.hands.event(ref.id)
    assert event_now.fields["body"] == body
    assert event_now.fields["isOnlineMeeting"] is True


async def test_a_calendar_that_became_read_only_refuses_as_a_whole(microsoft: World) -> None:
    calendar = microsoft.open(microsoft.family)
    item = shown((await calendar.create([draft("one")]))[0])
    microsoft.state.calendars[microsoft.family].can_edit = False
    for write in (
        calendar.create([draft("two")]),
        calendar.update([Edit(item.ref, Event(title="Coffee"), item.version)]),
        calendar.delete([Erasure(item.ref, item.version)]),
    ):
        with pytest.raises(Forbidden) as caught:
            await write
        assert caught.value.code == "READ_ONLY"
        assert caught.value.hint


async def test_a_write_that_is_barred_in_a_calendar_that_may_be_written_is_refused_alone(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.refuse("events.update", "ErrorAccessDenied")
    outcome = await updated(microsoft, item, Event(title="Coffee"))
    assert microsoft.delivered()
    assert isinstance(outcome, Rejected)


async def test_an_invitation_of_somebody_else_is_fixed_and_never_written(microsoft: World) -> None:
    when = at(1)
    ref = Ref(COLLECTION, microsoft.hands.invite("Board", when.start, when.end, BEN).id)
    item = await seen(microsoft, ref)
    assert (item.traits.kind, item.traits.own) == (Kind.FIXED, False)
    assert isinstance(await updated(microsoft, item, Event(title="Coffee")), Rejected)
    assert isinstance(await deleted(microsoft, item), Rejected)
    assert microsoft.titles() == ["Board"]


async def test_what_was_moved_to_another_calendar_is_not_taken_for_gone(microsoft: World, again: World) -> None:
    item = await made(microsoft)
    microsoft.hands.move(item.ref.id, microsoft.family)
    for outcome in (await updated(again, item, Event(title="Coffee")), await deleted(again, item)):
        assert isinstance(outcome, AdapterError)
    there = Hands(microsoft.state, EMAIL, microsoft.family).events()
    assert [one.fields["subject"] for one in there] == ["Yoga"]


async def test_our_write_is_no_news_to_the_cursor(microsoft: World) -> None:
    cursor = await cursor_of(microsoft)
    item = await made(microsoft)
    found = await microsoft.calendar.read(cursor)
    assert [(one.ref, one.version, one.fingerprint) for one in found.observations] == [
        (item.ref, item.version, item.fingerprint)
    ]
