"""Writing to a Wix site: blocks made, sessions changed and cancelled, what each answer means, over HTTP.

Not here: when it begins and ends (test_wix_times), reading (test_wix_reading), tokens and refusals as such
(test_wix_client).
"""

from datetime import timedelta

import pytest

from syncd.errors import AdapterError, Forbidden, Rejected, Stale, Transient
from syncd.model import UNSEEN, Event, Gone, Observation, Ref, ScheduleKind, Timed
from syncd.ports import Edit, Erasure
from syncd.sandbox.wix import events
from syncd.sandbox.wix.access import ALL_SCOPES, READ_PI
from syncd.sandbox.wix.values import Resource
from tests.adapters.wix_studio import APP, BRIDGE, INSTANCE, NOW, WINDOW, draft, mark, seen, studio, timed

TOMORROW = NOW + timedelta(days=1)


def ref(identifier: str) -> Ref:
    return Ref(INSTANCE, identifier)


async def test_a_block_lies_on_the_staff_schedule_and_bears_its_mark() -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k1", description="with Dr. No", location="Harley Street")])
        stored = at.raw(seen(made).ref.id)
    assert stored.schedule_id == at.anna.id
    assert stored.type == "DEFAULT"
    assert stored.fields["resources"] == [{"id": "r-anna"}]
    assert stored.fields["transparency"] == "OPAQUE"
    assert stored.fields["location"] == {"type": "CUSTOM", "name": "Harley Street"}
    assert stored.fields["notes"] == f"with Dr. No\n\n[syncd apple {BRIDGE} 1 k1 d1]"
    shown = seen(made)
    assert shown.event == Event(timed(TOMORROW), "Dentist", "with Dr. No", "Harley Street", True)
    assert shown.traits.mark == mark("k1", provider="apple")
    assert shown.traits.participants == 0
    assert shown.version == "1"


async def test_a_block_that_is_free_leaves_its_time_open() -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft(busy=False)])
        assert at.raw(seen(made).ref.id).fields["transparency"] == "TRANSPARENT"
    assert seen(made).event.busy is False


async def test_a_block_on_the_business_schedule_blocks_all_active_staff() -> None:
    async with studio() as at:
        (made,) = await at.adapter.on(at.business, "google").create([draft()])
        stored = at.raw(seen(made).ref.id)
        asked = len(at.requests("schedules"))
        await at.adapter.on(at.business, "google").create([draft("k2")])
        assert len(at.requests("schedules")) == asked
    assert stored.schedule_id == at.business.id
    assert {entry["id"] for entry in stored.fields["resources"]} == {"r-anna", "r-ben"}


async def test_more_staff_than_a_block_takes_is_refused_by_name() -> None:
    async with studio() as at:
        from syncd.sandbox.wix import schedules

        for number in range(99):
            at.site.resources[f"r{number}"] = Resource(f"r{number}", "", "staff")
            schedules.create(at.site, APP, {"name": "staff", "externalId": f"r{number}"})
        (made,) = await at.adapter.on(at.business, "google").create([draft()])
        assert at.requests(write=True) == []
    assert isinstance(made, Rejected)
    assert "101 active staff" in str(made)


@pytest.mark.parametrize("on_service", [True, False])
async def test_a_service_schedule_and_no_schedule_at_all_take_no_blocks(on_service: bool) -> None:
    async with studio() as at:
        assert at.yoga.kind is ScheduleKind.SERVICE
        home = at.adapter.on(at.yoga, "apple") if on_service else at.adapter
        outcomes = await home.create([draft("k1"), draft("k2")])
        assert at.requests(write=True) == []
    assert [type(outcome) for outcome in outcomes] == [Rejected, Rejected]


async def test_a_single_create_repeated_under_its_key_makes_nothing_new() -> None:
    async with studio() as at:
        at.fault("v3/events$", {"drop": "after"}, skip=0)
        with pytest.raises(Transient) as caught:
            await at.blocks.create([draft("k1")])
        (again,) = await at.blocks.create([draft("k1")])
        listed = (await at.adapter.read(WINDOW)).listed
    assert caught.value.applied is True
    assert listed == frozenset({seen(again).ref.id})


async def test_several_blocks_go_out_in_one_request_and_are_read_back_in_one() -> None:
    async with studio() as at:
        outcomes = await at.blocks.create([draft(f"k{number}") for number in range(50)])
        assert [row["path"] for row in at.requests()] == ["/calendar/v3/bulk/events/create", "/calendar/v3/events"]
        marks = [seen(outcome).traits.mark for outcome in outcomes]
    assert [found.key for found in marks if found] == [f"k{number}" for number in range(50)]


async def test_an_item_that_fails_in_a_bulk_create_leaves_the_others_in_their_places() -> None:
    async with studio() as at:
        at.fault("bulk/events/create", {"item_failures": [1]})
        first, second, third = await at.blocks.create([draft("k1"), draft("k2"), draft("k3")])
    assert isinstance(second, Transient)
    assert seen(first).traits.mark == mark("k1", provider="apple")
    assert seen(third).traits.mark == mark("k3", provider="apple")


async def test_an_item_that_wix_will_not_take_is_rejected_in_its_place() -> None:
    async with studio() as at:
        century = draft("k2", Timed(TOMORROW, TOMORROW + timedelta(days=40000), "UTC"))
        (alone,) = await at.blocks.create([century])
        outcomes = await at.blocks.create([draft("k1"), century])
    assert isinstance(alone, Rejected)
    assert isinstance(outcomes[0], Observation)
    assert isinstance(outcomes[1], Rejected)


async def test_a_bulk_answer_that_is_lost_may_have_been_applied() -> None:
    async with studio() as at:
        at.fault("bulk/events/create", {"drop": "after"})
        with pytest.raises(Transient) as caught:
            await at.blocks.create([draft("k1"), draft("k2")])
        assert len((await at.adapter.read(WINDOW)).groups) == 2
        assert len(await at.adapter.find(["k1", "k2"])) == 2
    assert caught.value.applied is True


async def test_what_a_first_part_wrote_is_kept_when_a_later_one_fails() -> None:
    async with studio() as at:
        at.fault("bulk/events/create", {"status": 503}, skip=1)
        outcomes = await at.blocks.create([draft(f"k{number}") for number in range(102)])
    assert [isinstance(one, Observation) for one in outcomes] == [True] * 50 + [False] * 52
    failed = outcomes[50:]
    assert [one.applied for one in failed if isinstance(one, Transient)] == [True] * 50 + [False] * 2


async def test_a_bulk_item_without_an_answer_may_have_been_applied() -> None:
    async with studio() as at:
        at.fault("bulk/events/create", {"status": 200, "body": {"results": []}})
        outcomes = await at.blocks.create([draft("k1"), draft("k2")])
    assert [isinstance(one, Transient) and one.applied for one in outcomes] == [True, True]


async def test_a_block_whose_reading_back_fails_is_shown_as_it_was_answered() -> None:
    async with studio() as at:
        at.fault("v3/events$", {"status": 500}, skip=1, times=-1)
        (made,) = await at.blocks.create([draft("k1", description="notes")])
    assert seen(made).event.description == "notes"
    assert seen(made).traits.mark == mark("k1", provider="apple")
    assert seen(made).traits.participants is UNSEEN


async def test_an_older_version_read_back_does_not_hide_what_was_answered() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        at.fault("v3/events$", {"replay": {"back": 1}}, times=-1)
        (done,) = await at.adapter.update([Edit(ref(session), Event(title="Pilates"), "1")])
    assert (seen(done).event.title, seen(done).version) == ("Pilates", "2")


async def test_somebody_elses_edit_right_after_a_write_is_not_written_over() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        at.fault("events/", {"foreign_edit": {"title": "Theirs", "timeZone": "Europe/Berlin"}})
        (done,) = await at.adapter.update([Edit(ref(session), Event(when=timed(TOMORROW, 2)), "1")])
        assert len(at.requests(write=True)) == 1
    assert seen(done).event.title == "Theirs"
    assert seen(done).version == "3"


async def test_an_update_writes_the_seen_fields_and_no_other() -> None:
    async with studio() as at:
        session = at.session(at.yoga, notes="bring a mat", location={"type": "CUSTOM", "name": "Hall"})
        (done,) = await at.adapter.update([Edit(ref(session), Event(title="Pilates", location=None), "1")])
        (write,) = at.requests(write=True)
    assert write["body"] == {
        "event": {"id": session, "revision": "1", "title": "Pilates", "location": None},
        "participantNotification": {"notifyParticipants": False},
    }
    assert seen(done).event == Event(timed(TOMORROW), "Pilates", "bring a mat", None, True)
    assert seen(done).version == "2"


async def test_a_description_is_written_around_our_line() -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k1", description="old")])
        block = seen(made)
        (done,) = await at.blocks.update([Edit(block.ref, Event(description="new"), block.version)])
        assert at.raw(block.ref.id).fields["notes"] == f"new\n\n[syncd apple {BRIDGE} 1 k1 d1]"
    assert (seen(done).event.description, seen(done).traits.mark) == ("new", block.traits.mark)


async def test_a_mark_is_written_below_a_description_that_stays() -> None:
    async with studio() as at:
        (made,) = await at.blocks.create([draft("k1", description="stays\nas it is")])
        block = seen(made)
        edit = Edit(block.ref, Event(busy=False), block.version, mark("k1", "d2"))
        (done,) = await at.blocks.update([edit])
    assert seen(done).event.description == "stays\nas it is"
    assert seen(done).traits.mark == mark("k1", "d2", "apple")
    assert seen(done).event.busy is False


async def test_a_mark_is_never_put_on_a_session_that_has_none() -> None:
    async with studio() as at:
        session = at.session(at.yoga, notes="bring a mat")
        edits = [Edit(ref(session), Event(description="bring two"), "1", mark())]
        (done,) = await at.adapter.update(edits)
        assert at.raw(session).fields["notes"] == "bring two"
    assert seen(done).traits.mark is None


async def test_an_edit_of_a_mark_that_is_not_there_writes_nothing() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        (done,) = await at.adapter.update([Edit(ref(session), Event(), "1", mark())])
        assert at.requests(write=True) == []
    assert seen(done).version == "1"


async def test_notes_that_cannot_be_seen_are_not_written_over() -> None:
    async with studio() as at:
        session = at.session(at.yoga, notes="bring a mat")
        at.site.scopes[APP] = ALL_SCOPES - {READ_PI}
        (done,) = await at.adapter.update([Edit(ref(session), Event(description="new"), "1")])
        assert at.raw(session).fields["notes"] == "bring a mat"
    assert isinstance(done, Rejected)
    assert "Including PI" in done.hint


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("fields", [Event(title="x"), Event(description="x")])
async def test_an_update_of_another_revision_is_stale(several: bool, fields: Event) -> None:
    async with studio() as at:
        session, other = at.session(at.yoga), at.session(at.yoga)
        at.edit(session, title="Theirs")
        edits = [Edit(ref(session), fields, "1"), Edit(ref(other), fields, "1")]
        outcomes = await at.adapter.update(edits if several else edits[:1])
        assert at.raw(session).fields["title"] == "Theirs"
    assert isinstance(outcomes[0], Stale)
    assert outcomes[0].ref == session
    assert all(isinstance(one, Observation) for one in outcomes[1:])


async def test_an_update_of_what_is_not_there_is_stale() -> None:
    async with studio() as at:
        (done,) = await at.adapter.update([Edit(ref("nowhere"), Event(title="x"), "1")])
    assert isinstance(done, Stale)


async def test_an_occurrence_is_written_alone_and_keeps_its_id() -> None:
    async with studio() as at:
        at.session(at.yoga, recurrenceRule={"frequency": "WEEKLY", "days": ["TUESDAY"]})
        first, *_ = sorted((await at.adapter.read(WINDOW)).observations, key=lambda one: str(one.event.when))
        (done,) = await at.adapter.update([Edit(first.ref, Event(title="Only this"), first.version)])
        listed = (await at.adapter.read(WINDOW)).observations
    assert seen(done).ref == first.ref
    assert [one.event.title for one in listed].count("Only this") == 1


async def test_a_hundred_updates_take_two_bulk_requests() -> None:
    async with studio() as at:
        sessions = [at.session(at.yoga) for _ in range(100)]
        outcomes = await at.adapter.update([Edit(ref(one), Event(title="x"), "1") for one in sessions])
        assert len(at.requests(write=True)) == 2
    assert {seen(one).event.title for one in outcomes} == {"x"}


async def test_a_cancellation_follows_a_fresh_read_and_is_told_to_nobody() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        at.book(session, 2)
        (done,) = await at.adapter.delete([Erasure(ref(session), "2", participants=2)])
        read, cancel = at.requests()
        assert (read["method"], read["path"]) == ("GET", "/calendar/v3/events")
        assert cancel["body"] == {"participantNotification": {"notifyParticipants": False}}
        assert at.raw(session).status == "CANCELLED"
        assert at.site.notifications == []
    assert seen(done).absence is not None
    assert (seen(done).absence.kind, seen(done).absence.evidence) == (Gone.GONE, "cancelled")  # type: ignore[union-attr]
    assert (seen(done).event.title, seen(done).version) == ("Yoga", "3")


@pytest.mark.parametrize("count", [1, 3])
async def test_a_new_participant_or_revision_stops_a_cancellation(count: int) -> None:
    async with studio() as at:
        sessions = [at.session(at.yoga) for _ in range(count)]
        at.book(sessions[0], 1)
        erasures = [Erasure(ref(one), None if one == sessions[0] else "1", participants=0) for one in sessions]
        outcomes = await at.adapter.delete(erasures)
        at.edit(sessions[0], title="x")
        (edited,) = await at.adapter.delete([Erasure(ref(sessions[0]), "2")])
        assert at.raw(sessions[0]).status == "CONFIRMED"
    assert isinstance(outcomes[0], Stale)
    assert isinstance(edited, Stale)
    assert [isinstance(one, Observation) for one in outcomes[1:]] == [True] * (count - 1)


async def test_participants_that_are_not_shown_stop_a_cancellation_that_asks_for_them() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        at.site.scopes[APP] = ALL_SCOPES - {READ_PI}
        (done,) = await at.adapter.delete([Erasure(ref(session), "1", participants=0)])
        assert at.requests(write=True) == []
    assert isinstance(done, Stale)


async def test_a_session_that_is_cancelled_already_is_done() -> None:
    async with studio() as at:
        session = at.session(at.yoga)
        events.cancel(at.site, session)
        (done,) = await at.adapter.delete([Erasure(ref(session), "1")])
        assert at.requests(write=True) == []
    assert seen(done).absence is not None


async def test_an_id_that_is_not_shown_is_not_taken_for_cancelled() -> None:
    async with studio() as at:
        (done,) = await at.adapter.delete([Erasure(ref("nowhere"), "1")])
    assert isinstance(done, Stale)


async def test_sixty_cancellations_take_one_read_and_two_bulk_requests() -> None:
    async with studio() as at:
        sessions = [at.session(at.yoga) for _ in range(60)]
        outcomes = await at.adapter.delete([Erasure(ref(one), "1") for one in sessions])
        assert [row["method"] for row in at.requests()] == ["GET", "POST", "POST"]
    assert all(seen(one).absence is not None for one in outcomes)


async def test_a_cancellation_that_is_refused_for_good_is_rejected() -> None:
    async with studio() as at:
        at.server.state.switches.set({"bookings_on_change": "refused", "precondition_code": "HAS_BOOKINGS"})
        booked, free = at.session(at.yoga), at.session(at.yoga)
        at.book(booked, 1)
        (alone,) = await at.adapter.delete([Erasure(ref(booked), "2")])
        several = await at.adapter.delete([Erasure(ref(booked), "2"), Erasure(ref(free), "1")])
    assert isinstance(alone, Rejected)
    # in a bulk answer an unknown code has no status to tell: it is tried again later
    assert isinstance(several[0], Transient)
    assert isinstance(several[1], Observation)


async def test_a_write_without_the_permission_names_it() -> None:
    async with studio() as at:
        at.site.scopes[APP] = frozenset({"SCOPE.DC-CALENDAR.READ-PI"})
        with pytest.raises(Forbidden) as caught:
            await at.blocks.create([draft()])
    assert '"Manage Calendars"' in caught.value.hint


async def test_no_text_of_an_item_enters_an_error() -> None:
    async with studio() as at:
        secret = draft("k1", Timed(TOMORROW, TOMORROW + timedelta(days=40000), "UTC"), "private", title="secret")
        (refused,) = await at.blocks.create([secret])
    assert isinstance(refused, AdapterError)
    assert "secret" not in f"{refused} {refused.hint}"
    assert "private" not in f"{refused} {refused.hint}"
