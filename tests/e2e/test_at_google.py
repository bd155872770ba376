"""What Google alone has: kinds of events, guests that we may write past, other calendars of the account, series."""

import pytest

from syncd.model import Target
from syncd.sandbox.google import Hands
from syncd.sandbox.google.values import Event
from tests.e2e.simulated_person import identified
from tests.e2e.studio import Studio, local, spans

pytestmark = pytest.mark.outside("google")
RUN = "FREQ=WEEKLY;COUNT=4"


@pytest.mark.rule("R16", "R5a")
@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime", "locked", "invitation", "reader"])
async def test_what_may_not_be_written_blocks_its_time_and_stays_as_it_is(studio: Studio, kind: str) -> None:
    event = _fixed(studio, kind)
    await studio.connect(calendars=(_calendar(studio, kind),), target=Target.DEDICATED)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    before = await studio.person.raw(event)
    studio.edit(block["id"], title="Moved", **spans(local(2, "08:00")))
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Board 2026-03-03T15:00"}
    studio.cancel(block["id"])
    await studio.settle(3)
    assert await studio.person.raw(event) == before
    await studio.assert_at_rest()


@pytest.mark.rule("R16", "R18")
@pytest.mark.parametrize("kind", ["workingLocation", "birthday", "declined"])
async def test_what_takes_nobodys_time_does_not_block(studio: Studio, kind: str) -> None:
    hands, edges = studio.google.hands, (local(1, "15:00"), local(1, "16:00"))
    if kind == "declined":
        hands.answer(hands.invite("Board", *edges, "chief@example.test").id, "declined")
    else:
        hands.add("Board", *edges, type=kind)
    await studio.connect()
    await studio.person.event("Dentist", local(2, "15:00"))
    await studio.sync()
    assert set(await studio.blocks()) == {"Dentist 2026-03-04T15:00"}
    await studio.assert_at_rest()


@pytest.mark.rule("R26", "R2", "R3")
async def test_a_copy_that_was_given_guests_follows_its_session_and_nobody_is_mailed(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.person.invite(await studio.person.copy_of("Yoga"), "guest@example.test")
    await studio.settle(2)
    studio.edit(ref, title="Power yoga")
    await studio.settle(2)
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.guests) == ("Power yoga", ("guest@example.test",))
    studio.cancel(ref)
    await studio.settle(3)
    assert await studio.person.copies() == []
    assert studio.google.server.state.mailed == []
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R24")
@pytest.mark.parametrize("count", [1, 6], ids=["single", "batch"])
@pytest.mark.parametrize("verb", ["insert", "update"])
async def test_an_edit_inside_the_answer_of_our_write_reaches_its_session(
    studio: Studio, verb: str, count: int
) -> None:
    await studio.connect()
    refs = [studio.session(f"Class {number}", local(1 + number, "09:00")) for number in range(count)]
    written = "Class 0"
    if verb == "update":
        await studio.settle(2)
        written = "Course 0"
        for number, ref in enumerate(refs):
            studio.edit(ref, title=f"Course {number}")
    fault = {"do": {"foreign_edit": {"summary": "Theirs"}}, "match": {"operation": f"events.{verb}", "body": written}}
    studio.google.server.app.faults.add(fault)
    await studio.settle(3)
    site = await studio.at_wix()
    assert site[refs[0]]["title"] == "Theirs"
    assert {site[ref]["title"][:-1] for ref in refs[1:]} == ({written[:-1]} if count > 1 else set())
    assert sorted(copy.title for copy in await studio.person.copies()) == sorted(site[ref]["title"] for ref in refs)
    await studio.assert_at_rest()


@pytest.mark.rule("R1", "R25", "R31")
async def test_a_copy_moved_to_another_calendar_costs_no_session_and_is_made_again(
    studio: Studio,
) -> None:
    other = await studio.person.add_calendar("Other")
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    studio.google.hands.move(identified(await studio.person.copy_of("Yoga")), other)
    await studio.settle(4)
    assert set(await studio.at_wix()) == {ref}
    places = sorted(copy.name.partition("/")[0] for copy in await studio.person.copies())
    assert places == sorted([studio.email, other])
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R31")
async def test_an_edited_block_of_an_occurrence_becomes_an_exception_of_its_series(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    block = (await studio.blocks())["Run 2026-03-11T12:30"]
    studio.edit(block["id"], title="Long run", **spans(local(9, "17:00"), 2))
    await studio.sync()
    series, exception = sorted(studio.google.hands.events(), key=lambda event: event.series_id or "")
    assert (series.id, series.recurrence) == (identified(name), (f"RRULE:{RUN}",))
    assert (exception.series_id, exception.fields["summary"]) == (series.id, "Long run")
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
    studio.google.hands.split(f"{identified(name)}_20260405T103000Z", description="Hills", **edges)
    await studio.settle(3)
    assert (set(await studio.at_wix()) == before) is not later
    hour = "18:00" if later else "12:30"
    days = [f"Run 2026-04-05T{hour}", f"Run 2026-04-12T{hour}"]
    assert set(await studio.blocks()) == {"Run 2026-03-22T12:30", "Run 2026-03-29T12:30", *days}
    assert sum("Hills" in block["notes"] for block in (await studio.blocks()).values()) == 2
    await studio.assert_at_rest()


@pytest.mark.rule("R24", "R10")
async def test_a_description_that_google_turns_into_markup_starts_no_echo(studio: Studio) -> None:
    studio.google.server.state.switches.set({"description_html": "rewritten"})
    await studio.connect()
    ref = studio.session("Yoga", notes="Mat & towel\nRoom <1>")
    await studio.sync()
    (copy,) = await studio.person.copies()
    assert "<br>" in str(copy.description)
    await studio.assert_at_rest()
    assert (await studio.at_wix())[ref]["notes"] == "Mat & towel\nRoom <1>"


def _calendar(studio: Studio, kind: str) -> str:
    if kind != "reader":
        return studio.person.calendar
    calendars = studio.google.server.state.calendars.values()
    return next(one.id for one in calendars if one.roles[studio.email] == "reader")


def _fixed(studio: Studio, kind: str) -> str:
    """An event of an hour that syncd may only look at; its name."""
    hands, edges = studio.google.hands, (local(1, "15:00"), local(1, "16:00"))
    event: Event
    match kind:
        case "reader":
            shared = studio.google.server.state.add_calendar(studio.email, "Shared")
            event = Hands(studio.google.server.state, studio.email, shared.id).add("Board", *edges)
            shared.roles[studio.email] = "reader"
            return f"{shared.id}/{event.id}"
        case "locked":
            event = hands.lock(hands.add("Board", *edges).id)
        case "invitation":
            event = hands.invite("Board", *edges, "chief@example.test")
        case _:
            event = hands.add("Board", *edges, type=kind)
    return f"{studio.email}/{event.id}"
