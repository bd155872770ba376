"""Writes to the simulator over real HTTP: at the version named, with what differs alone, and gone is gone.

Not here: repeated creates (test_microsoft_repeats), batches (test_microsoft_batch), times and occurrences
(test_microsoft_occurrences), guests and rights (test_microsoft_rights).
"""

from dataclasses import replace
from typing import Any

import pytest

from syncd.errors import CalendarGone, Rejected, Stale, Transient
from syncd.model import Event, Field, Gone
from syncd.ports import Edit, Erasure
from syncd.sandbox.microsoft import Hands
from tests.adapters.microsoft_world import (
    EMAIL,
    WINDOW,
    World,
    at,
    draft,
    event,
    key,
    mark,
    put,
    shown,
)
from tests.adapters.microsoft_writes import deleted, made, seen, sent, updated, writes

# --- create -----------------------------------------------------------------------------------------------------------


async def test_a_create_is_one_request_that_invites_and_reminds_nobody(microsoft: World) -> None:
    await microsoft.calendar.check()
    microsoft.forget()
    item = await made(microsoft)
    assert microsoft.operations() == ["events.create"]
    body = sent(microsoft)
    assert (body["transactionId"], body["isReminderOn"]) == (key("one"), False)
    assert "attendees" not in body
    assert microsoft.state.mailed == []
    assert item.traits.mark == mark()


async def test_a_create_shows_what_a_direct_read_shows(microsoft: World) -> None:
    item = await made(microsoft, "one", event(description="first\n\nthird", location="Studio", busy=False))
    again = await seen(microsoft, item.ref)
    assert (again.event, again.version, again.traits) == (item.event, item.version, item.traits)


@pytest.mark.parametrize(
    "code", ["ErrorInvalidRequest", "ErrorPropertyValidationFailure", "TimeZoneNotSupportedException"]
)
async def test_a_draft_that_microsoft_never_takes_is_refused_in_its_place(microsoft: World, code: str) -> None:
    microsoft.refuse("events.create", code)
    (outcome,) = await microsoft.calendar.create([draft()])
    assert microsoft.delivered()
    assert isinstance(outcome, Rejected)
    assert "Yoga" not in f"{outcome} {outcome.hint}"
    assert outcome.ref == key("one")


async def test_a_create_in_a_calendar_that_is_gone_says_so_of_the_calendar(microsoft: World) -> None:
    calendar = microsoft.open(microsoft.family)
    await calendar.check()
    Hands(microsoft.state, EMAIL, microsoft.family).remove_calendar()
    with pytest.raises(CalendarGone):
        await calendar.create([draft()])


async def test_a_create_that_finds_nothing_while_the_calendar_answers_is_for_later(microsoft: World) -> None:
    microsoft.refuse("events.create", "ErrorItemNotFound")
    (outcome,) = await microsoft.calendar.create([draft()])
    assert microsoft.delivered()
    assert isinstance(outcome, Transient)
    assert not outcome.applied


@pytest.mark.parametrize("hour", [0, 1])
async def test_a_time_of_a_doubled_hour_is_the_one_that_was_meant(microsoft: World, hour: int) -> None:
    when = replace(at(25, hour, month=10), end=at(25, hour, month=10).start.replace(minute=30))
    assert (await made(microsoft, "one", event(when))).event.when == when


# --- update -----------------------------------------------------------------------------------------------------------


async def test_an_update_of_what_this_pass_has_read_is_one_request_with_what_differs(microsoft: World) -> None:
    put(microsoft, "Tea", location="Kitchen")
    (item,) = (await microsoft.calendar.read(WINDOW)).observations
    microsoft.forget()
    answer = shown(await updated(microsoft, item, Event(title="Coffee", location="Kitchen", when=at(1))))
    assert answer.event.title == "Coffee"
    assert microsoft.operations() == ["events.update"]
    assert sent(microsoft) == {"subject": "Coffee"}


async def test_an_update_of_what_another_pass_has_read_looks_first(microsoft: World, again: World) -> None:
    item = await made(microsoft)
    await again.calendar.check()
    microsoft.forget()
    assert shown(await updated(again, item, Event(title="Coffee"))).event.title == "Coffee"
    assert microsoft.operations() == ["events.get", "events.update"]


async def test_an_update_leaves_what_is_not_ours(microsoft: World) -> None:
    extras: dict[str, Any] = {
        "body": {"contentType": "html", "content": "<b>old</b>"},
        "categories": ["Red"],
        "reminderMinutesBeforeStart": 30,
        "sensitivity": "personal",
        "showAs": "tentative",
        "importance": "high",
    }
    ref = put(microsoft, "Tea", **extras)
    before = dict(microsoft.hands.event(ref.id).fields)
    shown(await updated(microsoft, await seen(microsoft, ref), Event(title="Coffee", busy=True)))
    after = dict(microsoft.hands.event(ref.id).fields)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"subject"}


async def test_an_update_that_changes_nothing_sends_nothing(microsoft: World) -> None:
    item = await made(microsoft, "one", event(description="first\nsecond", location="Studio"))
    microsoft.forget()
    answer = shown(await updated(microsoft, item, item.event))
    assert (answer.version, answer.event) == (item.version, item.event)
    assert writes(microsoft) == []


async def test_a_change_seen_before_the_update_stops_it_without_a_write(microsoft: World, again: World) -> None:
    item = await made(microsoft)
    microsoft.hands.edit(item.ref.id, subject="by hand")
    await microsoft.calendar.get([item.ref])
    microsoft.forget()
    assert isinstance(await updated(microsoft, item, Event(title="Coffee")), Stale)
    assert isinstance(await updated(again, item, Event(title="Coffee")), Stale)
    assert writes(microsoft) == []
    assert microsoft.titles() == ["by hand"]


@pytest.mark.parametrize("status", ["412", "409"])
async def test_a_change_right_before_the_update_is_found_by_its_precondition(microsoft: World, status: str) -> None:
    microsoft.switch(if_match=status)
    item = await made(microsoft)
    microsoft.hands.edit(item.ref.id, location="by hand")
    microsoft.forget()
    assert isinstance(await updated(microsoft, item, Event(title="Coffee")), Stale)
    assert [(row["operation"], row["status"]) for row in microsoft.rows()] == [("events.update", int(status))]
    assert microsoft.titles() == ["Yoga"]


async def test_where_preconditions_are_not_looked_at_a_pass_that_has_not_read_an_event_looks_itself(
    microsoft: World,
    again: World,
) -> None:
    microsoft.switch(if_match="ignore")
    item = await made(microsoft)
    microsoft.hands.edit(item.ref.id, subject="by hand")
    assert isinstance(await updated(again, item, Event(title="Coffee")), Stale)
    assert isinstance(await deleted(again, item), Stale)
    assert microsoft.titles() == ["by hand"]


async def test_a_conflict_that_passes_is_read_again(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.refuse("events.update", "ErrorIrresolvableConflict")
    assert isinstance(await updated(microsoft, item, Event(title="Coffee")), Stale)
    assert microsoft.delivered()
    assert (
        shown(await updated(microsoft, await seen(microsoft, item.ref), Event(title="Coffee"))).event.title == "Coffee"
    )


async def test_an_edit_right_behind_the_update_is_in_its_answer(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.plant({"foreign_edit": {"location": "by hand"}}, match={"operation": "events.update"})
    answer = shown(await updated(microsoft, item, Event(title="Coffee")))
    assert microsoft.delivered()
    assert (answer.event.title, answer.event.location) == ("Coffee", "by hand")


async def test_an_update_of_a_deleted_event_brings_nothing_back(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.hands.delete(item.ref.id)
    for named in (item.version, None):
        (outcome,) = await microsoft.calendar.update([Edit(item.ref, Event(title="Coffee"), named)])
        assert isinstance(outcome, Stale)
    assert microsoft.titles() == []


async def test_an_update_of_what_its_organiser_called_off_is_stale(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.hands.cancel(item.ref.id)
    (outcome,) = await microsoft.calendar.update([Edit(item.ref, Event(title="Coffee"), None)])
    assert isinstance(outcome, Stale)
    assert microsoft.titles() == ["Canceled: Yoga"]


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"error": {"code": "ServiceUnavailable", "after": True}}])
async def test_an_update_whose_answer_is_lost_may_be_applied_and_is_not_sent_again(
    microsoft: World, fault: dict[str, Any]
) -> None:
    item = await made(microsoft)
    microsoft.forget()
    microsoft.plant(fault, match={"operation": "events.update"})
    with pytest.raises(Transient) as caught:
        await updated(microsoft, item, Event(title="Coffee"))
    assert microsoft.delivered()
    assert caught.value.applied
    assert microsoft.operations() == ["events.update"]
    assert (await seen(microsoft, item.ref)).event.title == "Coffee"


async def test_a_new_mark_comes_with_the_fields_and_the_old_one_stays_without(microsoft: World) -> None:
    item = await made(microsoft)
    newer = mark("one", original="session-1", overridden=frozenset({Field.TITLE}))
    (outcome,) = await microsoft.calendar.update([Edit(item.ref, Event(title="Coffee"), item.version, newer)])
    assert shown(outcome).traits.mark == newer
    assert (await seen(microsoft, item.ref)).traits.mark == newer
    answer = shown(await updated(microsoft, shown(outcome), Event(title="Tea")))
    assert answer.traits.mark == newer
    assert (await seen(microsoft, item.ref)).traits.mark == newer


async def test_an_event_without_our_mark_gets_none(microsoft: World, again: World) -> None:
    ref = put(microsoft, "Tea")
    for one in (microsoft, again):
        item = await seen(one, ref)
        edit = Edit(ref, Event(title=f"{item.event.title}, changed"), item.version, mark())
        assert shown((await one.calendar.update([edit]))[0]).traits.mark is None
    assert (await seen(microsoft, ref)).traits.mark is None


@pytest.mark.parametrize("rewriting", ["wrapped", "stronger"])
async def test_a_text_that_the_server_rewrites_is_written_once(microsoft: World, rewriting: str) -> None:
    microsoft.switch(body_rewriting=rewriting)
    text = "first line\n\n\n  third  line\n<b>not bold</b> & all"
    item = await made(microsoft, "one", event(description=text))
    assert (await seen(microsoft, item.ref)).event == item.event
    microsoft.forget()
    assert shown(await updated(microsoft, item, item.event)).version == item.version
    assert writes(microsoft) == []


# --- delete -----------------------------------------------------------------------------------------------------------


async def test_a_delete_of_what_this_pass_has_read_is_one_request(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.forget()
    answer = shown(await deleted(microsoft, item))
    assert answer.absence is not None
    assert (answer.absence.kind, answer.absence.evidence) == (Gone.GONE, "tombstone")
    assert microsoft.operations() == ["events.delete"]
    assert microsoft.titles() == []


async def test_a_delete_without_a_version_looks_first(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.forget()
    (outcome,) = await microsoft.calendar.delete([Erasure(item.ref, None)])
    assert shown(outcome).absence is not None
    assert microsoft.operations() == ["events.get", "events.delete"]


async def test_deleting_what_is_gone_is_success_while_the_calendar_answers(microsoft: World, again: World) -> None:
    item = await made(microsoft)
    microsoft.hands.delete(item.ref.id)
    for named in (item.version, None):
        (outcome,) = await microsoft.calendar.delete([Erasure(item.ref, named)])
        assert shown(outcome).absence is not None
    assert shown(await deleted(again, item)).absence is not None


async def test_deleting_in_a_calendar_that_is_gone_says_so_of_the_calendar(microsoft: World) -> None:
    calendar = microsoft.open(microsoft.family)
    item = shown((await calendar.create([draft()]))[0])
    Hands(microsoft.state, EMAIL, microsoft.family).remove_calendar()
    with pytest.raises(CalendarGone):
        await calendar.delete([Erasure(item.ref, item.version)])


async def test_a_delete_of_what_was_changed_is_stale(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.hands.edit(item.ref.id, subject="by hand")
    assert isinstance(await deleted(microsoft, item), Stale)
    assert microsoft.titles() == ["by hand"]


async def test_a_precondition_that_fails_on_a_deleted_event_is_success(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.hands.delete(item.ref.id)
    microsoft.refuse("events.delete", "ErrorIrresolvableConflict")
    assert shown(await deleted(microsoft, item)).absence is not None
    assert microsoft.delivered()


async def test_a_delete_whose_answer_is_lost_may_be_applied(microsoft: World) -> None:
    item = await made(microsoft)
    microsoft.plant({"drop": "after"}, match={"operation": "events.delete"})
    with pytest.raises(Transient) as caught:
        await deleted(microsoft, item)
    assert microsoft.delivered()
    assert caught.value.applied
    assert microsoft.titles() == []
