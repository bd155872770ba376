"""Writes to the simulator over real HTTP: once per key, at the version named, our fields alone, and nobody is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from syncd.errors import AdapterError, Exists, Forbidden, Rejected, Stale, Transient
from syncd.model import AllDay, Event, Field, Gone, Kind, Observation, Ref
from syncd.ports import Edit, Erasure, knowing
from syncd.sandbox.google import Hands
from tests.adapters.google_world import COLLECTION, EMAIL, NOW, WINDOW, World, at, draft, event, key, mark, shown, world


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


async def made(google: World, name: str = "one", given: Event | None = None) -> Observation:
    return shown((await google.calendar.create([draft(name, given)]))[0])


def put(google: World, title: str = "Tea", **fields: Any) -> Ref:
    when = at(1)
    return Ref(COLLECTION, google.hands.add(title, when.start, when.end, zone=when.tzid, **fields).id)


async def seen(google: World, ref: Ref) -> Observation:
    return (await google.calendar.get([ref]))[ref]


async def updated(google: World, item: Observation, wanted: Event) -> Any:
    return (await google.calendar.update([Edit(item.ref, wanted, item.version)]))[0]


def writes(google: World) -> list[str]:
    return [str(row["operation"]) for row in google.rows() if row["write"]]


# --- create -----------------------------------------------------------------------------------------------------------


async def test_a_create_is_one_request_that_tells_nobody(google: World) -> None:
    await made(google)
    (row,) = google.rows()
    assert row["operation"] == "events.insert"
    assert "sendUpdates=none" in row["query"]
    assert row["body"]["id"] == key("one")
    assert row["body"]["reminders"] == {"useDefault": False}
    assert "attendees" not in row["body"]
    assert google.state.mailed == []


async def test_a_create_whose_answer_is_lost_is_found_and_adopted_under_its_key(google: World) -> None:
    google.plant({"drop": "after"}, match={"operation": "events.insert"})
    with pytest.raises(Transient) as caught:
        await made(google)
    assert google.delivered()
    assert caught.value.applied
    assert isinstance((await google.calendar.create([draft()]))[0], Exists)
    assert (await google.calendar.find([key("one")]))[key("one")].event.title == "Yoga"
    assert google.titles() == ["Yoga"]


async def test_a_create_that_never_arrived_is_made_by_the_next_try(google: World) -> None:
    google.plant({"drop": "before"}, match={"operation": "events.insert"})
    with pytest.raises(Transient):
        await made(google)
    assert google.delivered()
    await made(google)
    assert google.titles() == ["Yoga"]


async def test_a_key_whose_event_was_deleted_is_spent(google: World) -> None:
    item = await made(google)
    google.hands.delete(item.ref.id)
    assert isinstance((await google.calendar.create([draft()]))[0], Exists)
    assert dict(await google.calendar.find([key("one")])) == {}
    assert google.titles() == []


@pytest.mark.parametrize(
    ("reason", "error"),
    [("invalid", Rejected), ("eventTypeRestriction", Rejected), ("forbiddenForNonOrganizer", Rejected)],
)
async def test_a_draft_that_google_never_takes_is_refused_in_its_place(
    google: World, reason: str, error: type[AdapterError]
) -> None:
    google.refuse("events.insert", reason)
    (outcome,) = await google.calendar.create([draft()])
    assert google.delivered()
    assert isinstance(outcome, error)
    assert "Yoga" not in f"{outcome} {outcome.hint}"
    assert outcome.ref == key("one")


async def test_a_time_of_a_doubled_hour_is_the_one_that_was_meant(google: World) -> None:
    for name, hour in (("first", 0), ("second", 1)):
        when = replace(at(25, hour, month=10), end=at(25, hour, month=10).start.replace(minute=30))
        assert (await made(google, name, event(when))).event.when == when


# --- update -----------------------------------------------------------------------------------------------------------


async def test_an_update_of_what_this_pass_has_read_is_one_request(google: World) -> None:
    put(google)
    (item,) = (await google.calendar.read(WINDOW)).observations
    google.forget()
    answer = shown(await updated(google, item, Event(title="Coffee")))
    assert answer.event.title == "Coffee"
    assert google.operations() == ["events.update"]


async def test_an_update_of_what_another_pass_has_read_looks_first(google: World) -> None:
    item = await made(google)
    again = google.again()
    google.forget()
    assert shown(await updated(again, item, Event(title="Coffee"))).event.title == "Coffee"
    assert google.operations() == ["events.get", "events.update"]
    await again.account.aclose()


async def test_what_was_skipped_as_known_can_be_updated_too(google: World) -> None:
    put(google)
    (item,) = (await google.calendar.read(WINDOW)).observations
    again = google.again()
    await again.calendar.read(WINDOW, knowing({item.ref.id: item.fingerprint or ""}))
    assert shown(await updated(again, item, Event(title="Coffee"))).event.title == "Coffee"
    await again.account.aclose()


async def test_an_update_never_patches_and_leaves_what_is_not_ours(google: World) -> None:
    extras: dict[str, Any] = {
        "description": "<b>old</b>",
        "colorId": "7",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 30}]},
        "attendees": [{"email": EMAIL, "responseStatus": "accepted"}, {"email": "cleo@example.test"}],
        "extendedProperties": {"private": {"crm": "4711"}, "shared": {"room": "2"}},
        "guestsCanModify": True,
    }
    ref = put(google, **extras)
    before = dict(google.hands.event(ref.id).fields)
    item = await seen(google, ref)
    assert item.traits.guests
    shown(await updated(google, item, Event(title="Coffee", when=at(2))))
    after = dict(google.hands.event(ref.id).fields)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"summary"}
    assert writes(google) == ["events.update"]
    assert google.state.mailed == []


async def test_an_update_that_changes_nothing_sends_nothing(google: World) -> None:
    item = await made(google)
    google.forget()
    answer = shown(await updated(google, item, item.event))
    assert (answer.version, answer.event) == (item.version, item.event)
    assert writes(google) == []


async def test_a_change_seen_before_the_update_stops_it_without_a_write(google: World) -> None:
    item = await made(google)
    google.hands.edit(item.ref.id, summary="by hand")
    await google.calendar.get([item.ref])
    google.forget()
    assert isinstance(await updated(google, item, Event(title="Coffee")), Stale)
    again = google.again()
    assert isinstance(await updated(again, item, Event(title="Coffee")), Stale)
    assert google.titles() == ["by hand"]
    await again.account.aclose()


async def test_a_change_right_before_the_update_is_found_by_its_precondition(google: World) -> None:
    item = await made(google)
    google.hands.edit(item.ref.id, location="by hand")
    google.forget()
    assert isinstance(await updated(google, item, Event(title="Coffee")), Stale)
    assert [(row["operation"], row["status"]) for row in google.rows()] == [("events.update", 412)]


async def test_an_edit_right_behind_the_update_is_in_its_answer(google: World) -> None:
    item = await made(google)
    google.plant({"foreign_edit": {"location": "by hand"}}, match={"operation": "events.update"})
    answer = shown(await updated(google, item, Event(title="Coffee")))
    assert google.delivered()
    assert (answer.event.title, answer.event.location) == ("Coffee", "by hand")


@pytest.mark.parametrize("revives", ["200", "403", "409", "410"])
async def test_an_update_of_a_deleted_event_brings_nothing_back(google: World, revives: str) -> None:
    google.state.switches.set({"write_to_deleted": revives})
    item = await made(google)
    google.hands.delete(item.ref.id)
    for named in (item.version, None):
        (outcome,) = await google.calendar.update([Edit(item.ref, Event(title="Coffee"), named)])
        assert isinstance(outcome, AdapterError)
    assert google.titles() == []


async def test_an_update_whose_answer_is_lost_may_be_applied_and_is_not_sent_again(google: World) -> None:
    item = await made(google)
    google.forget()
    google.plant({"drop": "after"}, match={"operation": "events.update"})
    with pytest.raises(Transient) as caught:
        await updated(google, item, Event(title="Coffee"))
    assert google.delivered()
    assert caught.value.applied
    assert google.operations() == ["events.update"]
    assert (await seen(google, item.ref)).event.title == "Coffee"


async def test_hours_become_days_and_hours_again(google: World) -> None:
    item = await made(google)
    whole = shown(await updated(google, item, Event(when=AllDay(date(2027, 3, 27), date(2027, 3, 29)))))
    assert whole.event.when == AllDay(date(2027, 3, 27), date(2027, 3, 29))
    assert shown(await updated(google, whole, Event(when=at(3)))).event.when == at(3)


async def test_a_new_mark_comes_with_the_fields(google: World) -> None:
    item = await made(google)
    newer = mark("one", original="session-1", overridden=frozenset({Field.TITLE}))
    (outcome,) = await google.calendar.update([Edit(item.ref, Event(title="Coffee"), item.version, newer)])
    assert shown(outcome).traits.mark == newer


@pytest.mark.parametrize("rewrites", ["kept", "rewritten"])
async def test_a_description_is_the_same_whether_google_rewrites_it_or_not(google: World, rewrites: str) -> None:
    google.state.switches.set({"description_html": rewrites})
    text = "first line\n\nAnna & Ben: 3 < 4, <b>not bold</b> &amp; all"
    item = await made(google, "one", event(description=text))
    assert item.event.description == text
    assert (await seen(google, item.ref)).event.description == text


# --- series -----------------------------------------------------------------------------------------------------------


async def test_one_occurrence_is_edited_and_deleted_alone(google: World) -> None:
    put(google, "Lesson", recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    items = sorted((await google.calendar.read(WINDOW)).observations, key=lambda one: one.ref.id)
    answer = shown(await updated(google, items[1], Event(title="Lesson, moved", when=at(2, 15))))
    assert answer.ref == items[1].ref
    assert answer.traits.original_start == items[1].traits.original_start
    (gone,) = await google.calendar.delete([Erasure(items[2].ref, items[2].version)])
    assert shown(gone).absence is not None
    left = sorted((await google.calendar.read(WINDOW)).observations, key=lambda one: one.ref.id)
    assert [(one.ref, one.event.title) for one in left] == [
        (items[0].ref, "Lesson"),
        (items[1].ref, "Lesson, moved"),
        (items[3].ref, "Lesson"),
    ]


# --- delete -----------------------------------------------------------------------------------------------------------


async def test_a_delete_is_one_request_that_tells_nobody(google: World) -> None:
    item = await made(google)
    google.forget()
    answer = shown((await google.calendar.delete([Erasure(item.ref, item.version)]))[0])
    assert answer.absence is not None
    assert (answer.absence.kind, answer.absence.evidence) == (Gone.GONE, "tombstone")
    (row,) = google.rows()
    assert (row["operation"], "sendUpdates=none" in row["query"]) == ("events.delete", True)


@pytest.mark.parametrize("answer", ["404", "410"])
async def test_deleting_what_never_was_is_success_while_the_calendar_answers(google: World, answer: str) -> None:
    google.state.switches.set({"delete_of_unknown": answer})
    (outcome,) = await google.calendar.delete([Erasure(Ref(COLLECTION, "neverthere0"), None)])
    assert shown(outcome).absence is not None


async def test_deleting_what_somebody_has_deleted_is_success_whatever_the_version(google: World) -> None:
    item = await made(google)
    google.hands.delete(item.ref.id)
    for named in (item.version, None):
        (outcome,) = await google.calendar.delete([Erasure(item.ref, named)])
        assert shown(outcome).absence is not None


async def test_a_precondition_that_fails_on_a_deleted_event_is_success(google: World) -> None:
    item = await made(google)
    google.hands.delete(item.ref.id)
    google.refuse("events.delete", "conditionNotMet")
    (outcome,) = await google.calendar.delete([Erasure(item.ref, item.version)])
    assert google.delivered()
    assert shown(outcome).absence is not None


async def test_a_delete_whose_answer_is_lost_may_be_applied(google: World) -> None:
    item = await made(google)
    google.plant({"drop": "after"}, match={"operation": "events.delete"})
    with pytest.raises(Transient) as caught:
        await google.calendar.delete([Erasure(item.ref, item.version)])
    assert google.delivered()
    assert caught.value.applied
    assert google.titles() == []


# --- rights -----------------------------------------------------------------------------------------------------------


async def test_a_calendar_that_became_read_only_refuses_as_a_whole(google: World) -> None:
    info = await google.account.make_calendar(key("calendar"), "Sessions")
    calendar = google.account.open(info.id, zone="UTC", collection="sessions")
    await calendar.create([draft("one")])
    google.state.calendars[info.id].roles[EMAIL] = "reader"
    with pytest.raises(Forbidden) as caught:
        await calendar.create([draft("two")])
    assert caught.value.code == "READ_ONLY"
    assert caught.value.hint


async def test_an_event_that_google_locks_is_refused_alone(google: World) -> None:
    ref = put(google)
    google.hands.lock(ref.id)
    item = await seen(google, ref)
    assert item.traits.kind is Kind.FIXED
    outcome = await updated(google, item, Event(title="Coffee"))
    assert isinstance(outcome, Rejected)
    assert google.titles() == ["Tea"]


async def test_an_invitation_of_somebody_else_is_fixed_and_free_once_declined(google: World) -> None:
    when = at(1)
    ref = Ref(COLLECTION, google.hands.invite("Board", when.start, when.end, "ben@example.test").id)
    item = await seen(google, ref)
    assert (item.traits.kind, item.traits.own, item.event.busy) == (Kind.FIXED, False, True)
    google.hands.answer(ref.id, "declined")
    assert (await seen(google, ref)).event.busy is False


async def test_no_time_passes_and_no_mail_is_sent_by_any_write(google: World) -> None:
    ref = put(google, attendees=[{"email": "cleo@example.test"}])
    item = await seen(google, ref)
    changed = shown(await updated(google, item, Event(title="Coffee")))
    await google.calendar.delete([Erasure(ref, changed.version)])
    assert google.state.mailed == []
    assert google.clock.now() == NOW
    assert Hands(google.state, EMAIL).events() == []
