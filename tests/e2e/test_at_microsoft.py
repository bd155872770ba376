"""What Microsoft alone has: calendars to choose from, time in many words, meetings, guests that are mailed, series.

Not here: what its delta tells and leaves out (test_microsoft_rounds).
"""

import pytest

from syncd.errors import ConfigError
from syncd.model import Target
from syncd.sandbox.microsoft.state import Calendar
from syncd.sandbox.microsoft.values import Event
from tests.e2e.microsoft_person import MicrosoftPerson
from tests.e2e.simulated_person import calendar_of, identified, named_in
from tests.e2e.studio import ZONE, Studio, local, monday, spans

pytestmark = pytest.mark.outside("microsoft")
RUN = "FREQ=WEEKLY;COUNT=4"
EDGES = (local(1, "15:00"), local(1, "16:00"))


@pytest.mark.rule("R16", "R26", "R5a")
@pytest.mark.parametrize("kind", ["read-only", "shared", "invitation", "meeting"])
async def test_what_may_not_be_written_blocks_its_time_and_stays_as_it_is(studio: Studio, kind: str) -> None:
    event = _fixed(studio, kind)
    await studio.connect(calendars=(calendar_of(event),))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    before = await studio.person.raw(event)
    studio.edit(block["id"], title="Moved", **spans(local(2, "08:00")))
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Board 2026-03-03T15:00"}
    studio.cancel(block["id"])
    await studio.settle(3)
    assert await studio.person.raw(event) == before
    assert studio.microsoft.server.state.mailed == []
    await studio.assert_at_rest()


@pytest.mark.rule("R18")
@pytest.mark.parametrize("kind", ["free", "declined", "cancelled"])
async def test_what_takes_nobodys_time_does_not_block(studio: Studio, kind: str) -> None:
    hands = studio.microsoft.hands
    match kind:
        case "free":
            hands.add("Board", *EDGES, showAs="free")
        case "declined":
            hands.answer(hands.invite("Board", *EDGES, "chief@example.test").id, "declined")
        case _:
            hands.cancel(hands.invite("Board", *EDGES, "chief@example.test").id)
    await studio.connect()
    await studio.person.event("Dentist", local(2, "15:00"))
    await studio.sync()
    assert set(await studio.blocks()) == {"Dentist 2026-03-04T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R18", "R4")
async def test_all_time_that_is_not_free_blocks(studio: Studio) -> None:
    hands = studio.microsoft.hands
    shown = ("busy", "tentative", "oof", "workingElsewhere", "unknown")
    for day, word in enumerate(shown):
        hands.add(word, local(day, "15:00"), local(day, "16:00"), showAs=word)
    hands.answer(hands.invite("perhaps", local(5, "15:00"), local(5, "16:00"), "chief@example.test").id, "accepted")
    hands.invite("unanswered", local(6, "15:00"), local(6, "16:00"), "chief@example.test")
    await studio.connect()
    await studio.sync()
    blocks = await studio.blocks()
    assert sorted(name.partition(" ")[0] for name in blocks) == sorted([*shown, "perhaps", "unanswered"])
    assert {block["transparency"] for block in blocks.values()} == {"OPAQUE"}
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R18")
async def test_an_invitation_that_is_called_off_or_declined_later_gives_its_time_back(studio: Studio) -> None:
    hands = studio.microsoft.hands
    board, lunch = (hands.invite(title, *EDGES, "chief@example.test").id for title in ("Board", "Lunch"))
    await studio.connect()
    await studio.sync()
    assert set(await studio.blocks()) == {"Board 2026-03-03T15:00", "Lunch 2026-03-03T15:00"}
    hands.cancel(board)
    hands.answer(lunch, "declined")
    await studio.settle(3)
    (block,) = (await studio.blocks()).values()
    assert (block["title"], block["transparency"]) == ("Lunch", "TRANSPARENT")
    assert {event.id for event in hands.events()} == {board, lunch}
    await studio.assert_at_rest()


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("sensitivity", "shown"), [("private", "Busy"), ("confidential", "Busy"), ("personal", "Surgery")]
)
async def test_what_is_marked_as_private_is_shown_as_busy(studio: Studio, sensitivity: str, shown: str) -> None:
    studio.microsoft.hands.add("Surgery", *EDGES, sensitivity=sensitivity, body="secret")
    await studio.connect()
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert (block["title"], "secret" in block["notes"]) == (shown, shown == "Surgery")
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R5", "R5a")
async def test_the_way_into_an_online_meeting_neither_travels_nor_gets_lost(studio: Studio) -> None:
    hands = studio.microsoft.hands
    meeting = hands.meet_online(hands.add("Call", *EDGES, body="Agenda first").id)
    assert "teams.microsoft.com" in meeting.fields["body"]
    await studio.connect()
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["notes"].startswith("Agenda first\n\n[syncd ")
    assert "teams" not in block["notes"]
    studio.edit(block["id"], title="Long call", **spans(local(1, "15:00"), 2))
    await studio.settle(2)
    now = hands.event(meeting.id)
    assert (now.fields["subject"], now.fields["onlineMeeting"]) == ("Long call", meeting.fields["onlineMeeting"])
    assert now.fields["body"] == meeting.fields["body"]
    studio.edit(block["id"], notes=block["notes"].replace("Agenda first", "No agenda"))
    await studio.settle(3)
    assert hands.event(meeting.id).fields["body"] == meeting.fields["body"]
    assert hands.event(meeting.id).fields["isOnlineMeeting"]
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R16", "R5")
async def test_of_several_calendars_each_blocks_and_the_read_only_one_is_never_written(studio: Studio) -> None:
    person = studio.microsoft
    family, holidays = await person.add_calendar("Family"), _subscribed(person)
    person.hands_in(family).add("School", local(2, "15:00"), local(2, "16:00"))
    person.hands_in(holidays.id).add("Founders", monday(3), monday(4), showAs="oof")
    other = person.hands_in(await person.add_calendar("Other")).add("Unread", *EDGES)
    await person.event("Dentist", EDGES[0])
    await studio.connect(calendars=("Calendar", "Family", "Holidays"))
    studio.session("Yoga", local(4, "09:00"))
    await studio.sync()
    blocks = await studio.blocks()
    assert set(blocks) == {"Dentist 2026-03-03T15:00", "School 2026-03-04T15:00", "Founders 2026-03-05T00:00"}
    studio.edit(blocks["School 2026-03-04T15:00"]["id"], title="Football")
    studio.edit(blocks["Founders 2026-03-05T00:00"]["id"], title="Open day")
    before = list(person.records(holidays.id))
    await studio.settle(3)
    assert {one.fields["subject"] for one in person.hands_in(family).events()} == {"Football"}
    assert list(person.records(holidays.id)) == before
    assert set(await studio.blocks()) == {
        "Dentist 2026-03-03T15:00",
        "Football 2026-03-04T15:00",
        "Founders 2026-03-05T00:00",
    }
    assert person.hands_of(other.id).event(other.id) == other
    await studio.assert_at_rest()
    assert studio.requests() == ["calendarView.delta"] * 4


@pytest.mark.rule("R1", "R2", "R3", "R5", "R6", "R25")
async def test_sessions_in_the_default_calendar_live_beside_its_own_events(studio: Studio) -> None:
    await studio.connect(target=Target.PRIMARY)
    yoga, pilates = (studio.session(title, local(day, "09:00")) for day, title in ((1, "Yoga"), (2, "Pilates")))
    await studio.person.event("Dentist", EDGES[0])
    await studio.sync()
    assert await studio.person.calendars() == []
    assert {calendar_of(copy.name) for copy in await studio.person.copies()} == {studio.person.calendar}
    await studio.assert_at_rest()
    assert studio.requests() == ["calendarView.delta"]
    studio.edit(yoga, title="Power yoga")
    await studio.person.edit_copy("Pilates", start=local(2, "11:00"), end=local(2, "12:00"))
    await studio.settle(2)
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000", "Pilates 20260304T110000"}
    assert (await studio.at_wix())[pilates]["start"]["localDate"] == "2026-03-04T11:00:00"
    studio.cancel(yoga)
    studio.clock.advance(660)
    await studio.person.remove_copy("Pilates")
    await studio.settle(3)
    assert await studio.person.shown() == {}
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00"}
    assert set(await studio.person.own()) == {"Dentist 20260303T150000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R19")
async def test_a_calendar_of_somebody_who_is_connected_is_refused_and_that_of_anybody_else_is_not(
    studio: Studio,
) -> None:
    state = studio.microsoft.server.state
    ben = MicrosoftPerson(studio.email.replace("anna", "ben"), ZONE, studio.microsoft.server)
    shared = state.share(ben.calendar, studio.email, can_edit=True)
    ben.hands.add("Board", *EDGES)
    calendars = (studio.person.calendar, shared.id)
    await studio.connect(calendars=calendars)
    await studio.sync()
    assert set(await studio.blocks()) == {"Board 2026-03-03T15:00"}
    await studio.configure(calendars=calendars[:1])
    await studio.sync()
    hers, studio.person = studio.person, ben
    await studio.connect("ben")
    studio.person = hers
    with pytest.raises(ConfigError, match=f"shared by {ben.email}"):
        await studio.connect(calendars=calendars)


@pytest.mark.rule("R1", "R25", "R31")
async def test_a_copy_moved_to_another_calendar_costs_no_session_and_is_made_again(studio: Studio) -> None:
    other = await studio.person.add_calendar("Other")
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    name = await studio.person.copy_of("Yoga")
    studio.microsoft.hands_in(calendar_of(name)).move(identified(name), other)
    await studio.settle(4)
    assert set(await studio.at_wix()) == {ref}
    places = sorted(calendar_of(copy.name) for copy in await studio.person.copies())
    assert places == sorted([calendar_of(name), other])
    await studio.assert_at_rest()


@pytest.mark.rule("R25", "R5")
async def test_a_copy_that_a_person_duplicates_is_told_from_ours_by_no_mark_and_by_where_it_lies(
    studio: Studio,
) -> None:
    await studio.connect(target=Target.PRIMARY)
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.person.duplicate(await studio.person.copy_of("Yoga"), local(1, "07:30"))
    (made,) = (await studio.person.own()).values()
    await studio.settle(2)
    await studio.person.edit(made.name, title="Mine")
    await studio.settle(2)
    assert set(await studio.at_wix()) == {ref}
    assert (await studio.at_wix())[ref]["title"] == "Yoga"
    studio.cancel(ref)
    await studio.settle(3)
    assert await studio.person.copies() == []
    assert await studio.blocks() == {}
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R31")
async def test_an_edited_block_of_an_occurrence_becomes_an_exception_of_its_series(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    block = (await studio.blocks())["Run 2026-03-11T12:30"]
    studio.edit(block["id"], title="Long run", **spans(local(9, "17:00"), 2))
    await studio.sync()
    series, exception = sorted(studio.microsoft.hands.events(), key=lambda event: event.series_id or "")
    assert (series.id, series.is_master) == (identified(name), True)
    assert (exception.series_id, exception.fields["subject"]) == (series.id, "Long run")
    assert set(await studio.person.own()) == {"Run 20260304T123000", "Long run 20260311T170000"}
    assert len(await studio.blocks()) == 4
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R31")
@pytest.mark.parametrize("later", [False, True], ids=["same-hour", "later"])
async def test_this_and_following_leaves_each_occurrence_one_block(studio: Studio, later: bool) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(20, "12:30"), rrule=RUN)  # Sundays, over the change of the clock
    await studio.sync()
    before = set(await studio.at_wix())
    edges = {"start": local(34, "18:00"), "end": local(34, "19:00")} if later else {}
    third = studio.microsoft.occurrence(name, local(34, "12:30"))
    studio.microsoft.hands.split(third, body={"contentType": "text", "content": "Hills"}, **edges)
    await studio.settle(3)
    assert (set(await studio.at_wix()) == before) is not later
    hour = "18:00" if later else "12:30"
    days = [f"Run 2026-04-05T{hour}", f"Run 2026-04-12T{hour}"]
    assert set(await studio.blocks()) == {"Run 2026-03-22T12:30", "Run 2026-03-29T12:30", *days}
    assert sum("Hills" in block["notes"] for block in (await studio.blocks()).values()) == 2
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R10")
async def test_a_description_that_the_server_rewrites_starts_no_echo(studio: Studio) -> None:
    studio.microsoft.server.state.switches.set({"body_rewriting": "stronger"})
    await studio.connect()
    notes = "Mat & towel\n\nRoom <1>, https://example.test/map"
    ref = studio.session("Yoga", notes=notes)
    await studio.sync()
    (copy,) = await studio.person.copies()
    assert copy.description not in (None, notes)
    await studio.assert_at_rest()
    assert (await studio.at_wix())[ref]["notes"] == notes


@pytest.mark.rule("R7", "R4", "R5")
@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        pytest.param("Asia/Kolkata", marks=pytest.mark.prove),
        pytest.param("Pacific/Auckland", marks=pytest.mark.prove),
    ],
)
async def test_days_stay_days_wherever_they_were_entered_and_whoever_moves_them(studio: Studio, zone: str) -> None:
    await studio.connect()
    await studio.person.event("Holiday", monday(3), monday(5), zone=zone)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert (block["allDay"], block["start"]["localDate"][:10], block["end"]["localDate"][:10]) == (
        True,
        "2026-03-05",
        "2026-03-07",
    )
    studio.edit(block["id"], start={"localDate": "2026-03-06T00:00:00"}, end={"localDate": "2026-03-08T00:00:00"})
    await studio.settle(2)
    (event,) = (await studio.person.own()).values()
    assert (event.at, event.until) == ("20260306", "20260308")
    await studio.assert_at_rest()


@pytest.mark.rule("R26")
async def test_nobody_is_mailed_by_anything_that_is_made_changed_or_removed(studio: Studio) -> None:
    """The simulator mails guests for every write of ours to an event that this mailbox organises, as the service."""
    await studio.connect(target=Target.PRIMARY)
    meeting = named_in(studio.person.calendar, _organised(studio).id)
    ref = studio.session("Yoga", local(2, "09:00"))
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    (block,) = (await studio.blocks()).values()
    studio.edit(block["id"], title="Moved")
    await studio.settle(2)
    studio.cancel(block["id"])
    studio.cancel(ref)
    await studio.settle(3)
    assert await studio.person.copies() == []
    assert [event.name for event in (await studio.person.own()).values()] == [meeting]
    assert studio.microsoft.server.state.mailed == []
    await studio.assert_at_rest()


def _organised(studio: Studio) -> Event:
    guest = {"emailAddress": {"address": "guest@example.test"}}
    made: Event = studio.microsoft.hands.add("Board", *EDGES, attendees=[guest])
    return made


def _subscribed(person: MicrosoftPerson) -> Calendar:
    traits = {"owner": "feeds@example.test", "owner_name": "Holidays", "can_edit": False}
    return person.server.state.add_calendar(person.email, "Holidays", **traits)


def _fixed(studio: Studio, kind: str) -> str:
    """An event of an hour that syncd may only look at; its name."""
    person = studio.microsoft
    match kind:
        case "read-only":
            calendar = _subscribed(person).id
            return named_in(calendar, person.hands_in(calendar).add("Board", *EDGES).id)
        case "shared":
            chief = MicrosoftPerson("chief@example.test", ZONE, person.server)
            event = chief.hands.add("Board", *EDGES)
            shared = person.server.state.share(chief.calendar, person.email, can_edit=False)
            return named_in(shared.id, event.id)
        case "invitation":
            event = person.hands.invite("Board", *EDGES, "chief@example.test")
        case _:
            event = _organised(studio)
    return named_in(person.calendar, event.id)
