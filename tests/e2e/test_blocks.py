"""Events of a person's own calendar and the blocks they make at the site; what is adopted instead of made."""

from datetime import UTC, datetime

import pytest

from syncd.model import Side, Target
from syncd.normalise import collection_of
from tests.e2e.studio import ANNA, BEN, ROOM_1, ROOM_2, Studio, local, monday, spans, taking


@pytest.mark.rule("R4", "R25", "R24")
async def test_an_event_blocks_the_schedule_under_its_providers_tag_and_is_not_exported_again(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"), description="Card", location="Hauptstr. 5")
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert (block["title"], block["start"]["localDate"]) == ("Dentist", "2026-03-03T15:00:00")
    assert (block["transparency"], block["scheduleId"]) == ("OPAQUE", studio.rows["anna"].id)
    assert block["notes"].startswith(f"Card\n\n[syncd {studio.person.provider} ")
    assert await studio.person.calendars() == []
    await studio.assert_at_rest()


@pytest.mark.rule("R4")
async def test_a_block_of_the_business_schedule_takes_all_active_staff(studio: Studio) -> None:
    await studio.connect("business")
    await studio.person.event("Closed", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["scheduleId"] == studio.rows["business"].id
    assert {row["id"] for row in block["resources"]} == {ANNA, BEN}
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R7")
async def test_an_all_day_event_blocks_its_days(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Holiday", monday(3), monday(5))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["allDay"] is True
    assert (block["start"]["localDate"][:10], block["end"]["localDate"][:10]) == ("2026-03-05", "2026-03-07")
    await studio.assert_at_rest()
    await studio.person.event("Holiday", monday(3), monday(6))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["end"]["localDate"][:10] == "2026-03-08"
    await studio.assert_at_rest()


@pytest.mark.rule("R1", "R7")
async def test_an_all_day_session_is_an_event_of_dates(studio: Studio) -> None:
    await studio.connect()
    day = {"start": {"localDate": "2026-03-05T00:00:00"}, "end": {"localDate": "2026-03-06T00:00:00"}}
    studio.session("Closed", local(3, "00:00"), allDay=True, **day)
    await studio.sync()
    (copy,) = await studio.person.copies()
    assert (copy.at, copy.until) == ("20260305", "20260306")
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R7")
@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # 01:30 in Berlin, the hour before the gap
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # 03:00, right behind it
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 for the first time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 for the second time
    ],
    ids=["before-the-gap", "behind-the-gap", "first-of-the-fold", "second-of-the-fold"],
)
async def test_an_event_at_a_change_of_the_clock_blocks_the_instants_it_takes(studio: Studio, start: datetime) -> None:
    await studio.connect()
    await studio.person.event("Night shift", start, zone=None)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["start"]["utcDate"] == start.strftime("%Y-%m-%dT%H:%M:%SZ")
    await studio.assert_at_rest()


@pytest.mark.rule("R5")
async def test_a_moved_event_moves_its_block_and_a_moved_block_moves_its_event(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await studio.person.event("Dentist", local(1, "16:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["start"]["localDate"] == "2026-03-03T16:00:00"
    studio.edit(block["id"], **spans(local(2, "08:00")))
    await studio.sync()
    assert set(await studio.person.own()) == {"Dentist 20260304T080000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R6")
async def test_a_deleted_event_frees_the_slot_at_once(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await studio.person.remove(name)
    await studio.sync()
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_cancelled_block_takes_a_plain_event_with_it_in_the_second_cycle(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    studio.cancel(block["id"])
    await studio.sync()
    assert set(await studio.person.own()) == {"Dentist 20260303T150000"}
    await studio.sync()
    assert await studio.person.own() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R3", "R17")
async def test_a_cancelled_block_of_a_private_event_leaves_it_and_blocks_again_when_it_moves(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Therapy", local(1, "15:00"), private=True)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    studio.cancel(block["id"])
    await studio.settle(2)
    assert set(await studio.person.own()) == {"Therapy 20260303T150000"}
    assert await studio.blocks() == {}
    await studio.assert_at_rest()
    await studio.person.event("Therapy", local(2, "15:00"), private=True)
    await studio.sync()
    assert set(await studio.blocks()) == {"Busy 2026-03-04T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R17")
async def test_a_private_event_is_busy_and_its_text_reaches_neither_the_site_nor_the_store(studio: Studio) -> None:
    connection = await studio.connect()
    await studio.person.event("Surgery", local(1, "15:00"), private=True, description="secret", location="Clinic")
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["title"] == "Busy"
    collection = collection_of(connection, studio.person.calendar)
    refs = await studio.store.entering(Side.EXTERNAL, collection, None, studio.house.rules.window(studio.clock.now()))
    everything = f"{block} {await studio.store.stored(Side.EXTERNAL, refs)} {await studio.store.history()}"
    assert all(word not in everything for word in ("Surgery", "secret", "Clinic"))
    assert refs
    studio.edit(block["id"], title="Known", **spans(local(1, "16:00")))
    await studio.settle(2)
    (block,) = (await studio.blocks()).values()
    assert block["title"] == "Busy"
    (event,) = (await studio.person.own()).values()
    assert (event.title, event.description) == ("Surgery", "secret")
    await studio.assert_at_rest()


@pytest.mark.rule("R18")
async def test_free_time_does_not_block_and_time_that_turns_free_opens_the_slot(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Friend", local(1, "12:00"), free=True)
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}
    await studio.person.event("Dentist", local(1, "15:00"), free=True)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["transparency"] == "TRANSPARENT"
    studio.clock.advance(60)  # apps stamp what they write: byte for byte as before it would be the version of before
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    assert [row["transparency"] for row in (await studio.blocks()).values()] == ["OPAQUE"]
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # at Google and Microsoft: test_at_google, test_at_microsoft
@pytest.mark.rule("R16", "R5a")
async def test_an_event_of_a_read_only_calendar_blocks_and_is_never_written(studio: Studio) -> None:
    written = r"<(\w+:)?(all|write|write-content|bind) ?/>"
    match = {"method": "PROPFIND", "path": "/home/$"}
    studio.proxy.plant({"do": {"replace": [[written, "<read xmlns='DAV:'/>"]]}, "match": match, "times": -1})
    await studio.connect()
    await studio.person.event("Board", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    studio.edit(block["id"], title="Moved", **spans(local(2, "08:00")))
    studio.forget_requests()
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Board 2026-03-03T15:00"}
    assert not any(row.startswith(("PUT", "DELETE")) for row in studio.written())
    studio.cancel(block["id"])
    await studio.settle(3)
    assert set(await studio.person.own()) == {"Board 20260303T150000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R13")
async def test_a_hand_made_twin_is_adopted_without_a_write_and_never_removed_by_us(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Team meeting", local(1, "09:00"))
    await studio.person.event("Team meeting", local(1, "09:00"))
    assert (await studio.sync()).written == 0
    assert await studio.blocks() == {}
    await studio.assert_at_rest()
    studio.edit(ref, title="Big meeting")
    await studio.sync()
    assert set(await studio.person.own()) == {"Big meeting 20260303T090000"}
    studio.cancel(ref)
    await studio.settle(3)
    assert set(await studio.person.own()) == {"Big meeting 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R13", "R1")
async def test_of_two_equal_classes_in_two_rooms_one_is_adopted_and_the_other_exported(studio: Studio) -> None:
    await studio.connect()
    more = {"type": "CLASS", "scheduleId": studio.rows["yoga"].id}
    for room in (ROOM_1, ROOM_2):
        studio.session("Open practice", local(4, "12:00"), resources=taking(ANNA, room), **more)
    await studio.person.event("Open practice", local(4, "12:00"))
    assert (await studio.sync()).written == 1
    assert set(await studio.person.shown()) == {"Open practice 20260306T120000"}
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R13")
async def test_two_equal_classes_in_two_rooms_are_two_events(studio: Studio) -> None:
    await studio.connect()
    more = {"type": "CLASS", "scheduleId": studio.rows["yoga"].id}
    for room in (ROOM_1, ROOM_2):
        studio.session("Open practice", local(4, "12:00"), resources=taking(ANNA, room), **more)
    assert (await studio.sync()).written == 2
    assert len(await studio.person.copies()) == 2
    await studio.assert_at_rest()


@pytest.mark.rule("R25")
async def test_a_persons_copy_of_our_copy_is_left_where_it_is(studio: Studio) -> None:
    await studio.connect()
    studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.person.duplicate(await studio.person.copy_of("Yoga"), local(1, "07:30"))
    await studio.settle(2)
    assert await studio.blocks() == {}
    assert set(await studio.person.own()) == {"Yoga 20260303T073000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R25")
async def test_a_block_is_not_exported_by_the_connection_of_another_schedule(studio: Studio) -> None:
    await studio.connect("anna")
    await studio.person.event("Dentist", local(1, "15:00"))
    studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.connect("business", imports=False, calendars=None, target=Target.DEDICATED)
    await studio.sync()
    await studio.sync()
    assert sorted(copy.title for copy in await studio.person.copies()) == ["Yoga", "Yoga"]
    await studio.assert_at_rest()


@pytest.mark.outside("apple", "microsoft")  # Google mails nobody for a write of ours: test_at_google
@pytest.mark.rule("R26")
async def test_a_copy_that_was_given_guests_is_never_written_again(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.person.invite(await studio.person.copy_of("Yoga"), "guest@example.test")
    studio.forget_requests()
    await studio.settle(2)
    studio.edit(ref, title="Power yoga")
    await studio.settle(2)
    studio.cancel(ref)
    await studio.settle(3)
    assert not any(row.startswith(("PUT", "PATCH", "DELETE")) for row in studio.written())
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.guests) == ("Yoga", ("guest@example.test",))
    await studio.assert_at_rest()


@pytest.mark.rule("R17", "R5")
async def test_an_event_made_private_later_is_masked_at_the_site(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Surgery", local(1, "15:00"), description="secret")
    await studio.sync()
    await studio.person.event("Surgery", local(1, "15:00"), description="secret", private=True)
    await studio.settle(2)
    (block,) = (await studio.blocks()).values()
    assert block["title"] == "Busy"
    assert "secret" not in block["notes"]
    assert set(await studio.person.own()) == {"Surgery 20260303T150000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R17", "R24")
async def test_a_lost_reply_of_a_write_to_a_private_event_tells_nothing_of_it(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Surgery", local(1, "15:00"), private=True)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    studio.edit(block["id"], **spans(local(1, "17:00")))
    studio.person.spoil("change", {"drop": "after"})
    await studio.attempt()
    assert studio.person.delivered()
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Busy 2026-03-03T17:00"}
    assert set(await studio.person.own()) == {"Surgery 20260303T170000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R25")
async def test_a_block_whose_line_somebody_removed_stays_the_block_of_its_event(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    studio.edit(block["id"], notes="Call first")
    await studio.settle(2)
    assert set(await studio.at_wix()) == {block["id"]}
    assert [event.description for event in (await studio.person.own()).values()] == ["Call first"]
    assert await studio.person.calendars() == []
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # at Google and Microsoft: test_at_google, test_at_microsoft
@pytest.mark.rule("R1", "R25", "R31")
async def test_a_copy_that_a_person_moves_to_another_calendar_costs_no_session(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    calendar, name = await studio.dedicated(), await studio.copy_named("Yoga")
    text = (await studio.outside.objects(calendar))[name]
    await studio.outside.remove(calendar, name)
    await studio.outside.put("home/", name, text)
    await studio.settle(4)
    assert set(await studio.at_wix()) == {ref}
    everything = [*(await studio.outside.objects(calendar)), *(await studio.outside.objects("home/"))]
    assert len(everything) == 1
    await studio.assert_at_rest()
