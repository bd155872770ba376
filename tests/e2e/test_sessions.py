"""Sessions of the site and their copies outside: made, changed on either side, cancelled, shown under another title."""

import pytest

from syncd.model import Decision, Status
from tests.e2e.studio import ANNA, ROOM_1, Studio, local, spans, taking


@pytest.mark.rule("R1", "R7", "R24")
async def test_a_session_is_exported_once_with_all_its_fields_and_the_next_pass_is_quiet(studio: Studio) -> None:
    await studio.connect()
    studio.session("Yoga", local(1, "09:00"), notes="Bring a mat", location={"type": "CUSTOM", "name": "Room 1"})
    first = await studio.sync()
    assert (first.written, first.connection.status) == (1, Status.SYNCED)
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.at, copy.until) == ("Yoga", "20260303T090000", "20260303T100000")
    assert (copy.description, copy.location, copy.guests) == ("Bring a mat", "Room 1", ())
    await studio.assert_at_rest()
    assert set(studio.requests()) <= {"PROPFIND", *studio.person.idle}


@pytest.mark.rule("R2")
async def test_a_changed_session_changes_its_copy_and_nothing_else(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    studio.session("Pilates", local(2, "09:00"))
    await studio.sync()
    studio.edit(ref, **spans(local(3, "11:30"), 1.5), title="Power yoga")
    studio.forget_requests()
    await studio.sync()
    assert [row.split()[0] for row in studio.written()] in (["PUT"], ["PATCH"])
    assert set(await studio.person.shown()) == {"Power yoga 20260305T113000", "Pilates 20260304T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R3")
async def test_a_cancelled_session_takes_its_copy_away(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    studio.session("Pilates", local(2, "09:00"))
    await studio.sync()
    studio.cancel(ref)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Pilates 20260304T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5")
async def test_an_edit_of_the_copy_changes_the_session(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Late yoga", start=local(1, "09:30"))
    await studio.sync()
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["start"]["localDate"]) == ("Late yoga", "2026-03-03T09:30:00")
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R28")
async def test_a_deleted_copy_cancels_its_session_in_the_second_cycle(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.clock.advance(660)
    await studio.person.remove_copy("Yoga")
    await studio.sync()
    assert ref in await studio.at_wix()
    await studio.sync()
    assert (await studio.everything_at_wix())[ref]["status"] == "CANCELLED"
    await studio.assert_at_rest()


@pytest.mark.rule("R5a")
@pytest.mark.policy(write_back="off")
async def test_an_edit_that_may_not_travel_is_put_back_once_and_left_the_second_time(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Mine")
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    assert any("Mine" in str(row.action) for row in await studio.history("R5a"))
    await studio.assert_at_rest()
    await studio.person.edit_copy("Yoga", title="Mine")
    await studio.sync()
    assert set(await studio.person.shown()) == {"Mine 20260303T090000"}
    assert (await studio.at_wix())[ref]["title"] == "Yoga"
    await studio.assert_at_rest()


@pytest.mark.rule("R5a", "R8")
async def test_an_emptied_title_is_put_back(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title=None)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    assert (await studio.at_wix())[ref]["title"] == "Yoga"
    await studio.assert_at_rest()


@pytest.mark.rule("R8")
async def test_an_override_is_shown_outside_and_an_edit_there_changes_the_override(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", notes="For staff only")
    await studio.override(ref, title="Busy with Anna", description="")
    await studio.sync()
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.description) == ("Busy with Anna", None)
    await studio.person.edit_copy("Busy with Anna", title="At the studio")
    await studio.sync()
    assert set(await studio.person.shown()) == {"At the studio 20260303T090000"}
    assert (await studio.at_wix())[ref]["title"] == "Yoga"
    await studio.override(ref)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R9")
async def test_edits_of_different_fields_are_merged(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    await studio.person.edit_copy("Yoga", end=local(1, "10:30"))
    await studio.sync()
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["end"]["localDate"]) == ("Power yoga", "2026-03-03T10:30:00")
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.until) == ("Power yoga", "20260303T103000")
    await studio.assert_at_rest()


@pytest.mark.rule("R10")
@pytest.mark.parametrize(
    "winner",
    ["wix", pytest.param("external", marks=pytest.mark.policy(on_clash="external"))],
)
async def test_a_clash_is_decided_by_the_policy_and_the_loser_is_in_the_history(studio: Studio, winner: str) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="From the site")
    await studio.person.edit_copy("Yoga", title="From outside")
    await studio.sync()
    won, lost = ("From the site", "From outside") if winner == "wix" else ("From outside", "From the site")
    assert set(await studio.person.shown()) == {f"{won} 20260303T090000"}
    assert (await studio.at_wix())[ref]["title"] == won
    assert any(lost in str(row.action) for row in await studio.history("R10"))
    await studio.assert_at_rest()


@pytest.mark.rule("R11")
async def test_a_copy_deleted_while_its_session_changed_is_made_again(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.clock.advance(660)
    await studio.person.remove_copy("Yoga")
    studio.edit(ref, title="Power yoga")
    await studio.settle(2)
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000"}
    assert ref in await studio.at_wix()
    await studio.assert_at_rest()


@pytest.mark.rule("R11")
async def test_a_cancelled_session_takes_an_edited_copy_away_and_the_edit_is_in_the_history(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Mine")
    studio.cancel(ref)
    await studio.sync()
    assert await studio.person.shown() == {}
    assert any("Mine" in str(row.action) for row in await studio.history("R11"))
    await studio.assert_at_rest()


@pytest.mark.rule("R12")
async def test_gone_on_both_sides_at_once_writes_nothing(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.clock.advance(660)
    await studio.person.remove_copy("Yoga")
    studio.cancel(ref)
    studio.forget_requests()
    await studio.settle(2)
    assert studio.written() == []
    assert [row.kind for row in await studio.history("R12")] == ["release"]
    await studio.assert_at_rest()


@pytest.mark.rule("R14")
@pytest.mark.policy(window_future_days=30)
async def test_what_lies_beyond_the_window_is_exported_when_the_window_reaches_it(studio: Studio) -> None:
    await studio.connect()
    studio.session("Far yoga", local(40, "09:00"))
    studio.session("Yoga", local(1, "09:00"))
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    for _ in range(4):
        studio.clock.advance(3 * 86_400)
        await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000", "Far yoga 20260411T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R15")
@pytest.mark.policy(delete_limit=2, delete_share=0.1)
async def test_many_deletions_at_once_wait_for_a_person(studio: Studio) -> None:
    await studio.connect()
    refs = [studio.session(f"Class {day}", local(day, "09:00")) for day in range(1, 7)]
    await studio.sync()
    for ref in refs[:4]:
        studio.cancel(ref)
    assert (await studio.sync()).held == 1
    assert len(await studio.person.shown()) == 6
    await studio.decide(Decision.APPROVED)
    assert (await studio.sync()).held == 0
    assert set(await studio.person.shown()) == {"Class 5 20260307T090000", "Class 6 20260308T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R28")
@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.REJECTED])
async def test_a_booked_class_deleted_outside_waits_for_a_person(studio: Studio, decision: Decision) -> None:
    await studio.connect()
    ref = studio.session("Yoga", type="CLASS", scheduleId=studio.rows["yoga"].id, resources=_mine())
    studio.book(ref, 3)
    await studio.sync()
    studio.clock.advance(660)
    await studio.person.remove_copy("Yoga")
    await studio.settle(2)
    assert ref in await studio.at_wix()
    assert (await studio.sync()).held == 1
    assert await studio.decide(decision) == 1
    await studio.settle(2)
    stays = decision is Decision.REJECTED
    assert (ref in await studio.at_wix()) is stays
    assert len(await studio.person.shown()) == stays
    assert studio.site.notifications == []
    await studio.assert_at_rest()


@pytest.mark.rule("R28")
async def test_a_booked_class_moved_outside_is_put_back_when_a_person_rejects_it(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", type="CLASS", scheduleId=studio.rows["yoga"].id, resources=_mine())
    studio.book(ref, 3)
    await studio.sync()
    await studio.person.edit_copy("Yoga", start=local(1, "08:00"), end=local(1, "11:00"))
    assert (await studio.sync()).held == 1
    await studio.decide(Decision.REJECTED)
    await studio.sync()
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    assert (await studio.at_wix())[ref]["start"]["localDate"] == "2026-03-03T09:00:00"
    await studio.assert_at_rest()


@pytest.mark.rule("R32")
async def test_a_title_that_goes_back_and_forth_is_left_alone(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Odd")
    await studio.sync()
    for title in ("Even", "Odd", "Even"):
        studio.edit(ref, title=title)
        await studio.settle(1)
    assert set(await studio.person.shown()) == {"Odd 20260303T090000"}
    assert [note.rule for note in await studio.store.notes()] == ["R32"]
    await studio.assert_at_rest()
    studio.edit(ref, title="Neither")
    await studio.sync()
    assert set(await studio.person.shown()) == {"Neither 20260303T090000"}
    assert await studio.store.notes() == []
    await studio.assert_at_rest()


def _mine() -> list[dict[str, str]]:
    return taking(ANNA, ROOM_1)
