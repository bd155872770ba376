"""Replies that are lost, servers that refuse, rewrite or repeat themselves: nothing is lost and nothing doubled."""

import pytest

from syncd.model import Rule, Skip
from tests.e2e.studio import Studio, local


@pytest.mark.rule("R1", "R24")
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_create_outside_whose_reply_was_lost_is_made_once(studio: Studio, drop: str) -> None:
    await studio.connect()
    studio.session("Warm-up", local(1, "08:00"))
    await studio.sync()
    for day in range(1, 6):
        studio.session(f"Class {day}", local(day, "10:00"))
    studio.person.spoil("create", {"drop": drop}, times=2)
    await studio.attempt()
    assert studio.person.delivered()
    await studio.settle(2)
    assert len(await studio.person.shown()) == 6
    assert await _open(studio) == 0
    await studio.assert_at_rest()


@pytest.mark.rule("R2", "R24")
async def test_an_update_outside_whose_reply_was_lost_is_seen_and_not_taken_for_an_edit(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    studio.person.spoil("change", {"drop": "after"})
    await studio.attempt()
    assert studio.person.delivered()
    studio.forget_requests()
    await studio.settle(2)
    assert studio.written() == []
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000"}
    assert await studio.history("R10") == []
    await studio.assert_at_rest()


@pytest.mark.rule("R3", "R24")
async def test_a_delete_outside_whose_reply_was_lost_is_over(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.cancel(ref)
    studio.person.spoil("delete", {"drop": "after"})
    await studio.attempt()
    assert studio.person.delivered()
    await studio.settle(2)
    assert await studio.person.shown() == {}
    assert await _open(studio) == 0
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R13", "R24")
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_bulk_create_at_wix_whose_reply_was_lost_is_made_once(studio: Studio, drop: str) -> None:
    await studio.connect()
    for day in range(1, 6):
        await studio.person.event(f"Errand {day}", local(day, "15:00"))
    studio.fault_at_wix("bulk/.*create$", {"drop": drop})
    await studio.attempt()
    await studio.settle(2)
    assert len(await studio.blocks()) == 5
    assert await _open(studio) == 0
    await studio.assert_at_rest()


@pytest.mark.rule("R4", "R24")
async def test_a_bulk_create_that_wix_carries_out_late_is_not_made_twice(studio: Studio) -> None:
    await studio.connect()
    for day in range(1, 4):
        await studio.person.event(f"Errand {day}", local(day, "15:00"))
    studio.fault_at_wix("bulk/.*create$", {"apply_late": True})
    await studio.attempt()
    studio.clock.advance(10)
    await studio.attempt()
    await studio.web.post("/_sandbox/faults/release")
    await studio.settle(3)
    assert len(await studio.blocks()) == 3
    assert await _open(studio) == 0
    await studio.assert_at_rest()


@pytest.mark.rule("R6", "R24")
async def test_a_cancel_at_wix_whose_reply_was_lost_is_over(studio: Studio) -> None:
    await studio.connect()
    name = await studio.person.event("Dentist", local(1, "15:00"))
    await studio.sync()
    await studio.person.remove(name)
    studio.fault_at_wix("cancel", {"drop": "after"})
    await studio.attempt()
    await studio.settle(2)
    assert await studio.blocks() == {}
    assert await _open(studio) == 0
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # at Google and Microsoft: test_at_google, test_at_microsoft
@pytest.mark.rule("R24")
async def test_a_server_that_rewrites_what_we_sent_starts_no_echo(studio: Studio) -> None:
    rewritten = {"replace": [["SUMMARY:Yoga", "SUMMARY;X-ALT=1:Yoga"], ["DESCRIPTION:Mat", "DESCRIPTION:Mat  "]]}
    studio.proxy.plant({"do": {"foreign_edit": rewritten}, "times": -1})
    await studio.connect()
    ref = studio.session("Yoga", notes="Mat")
    await studio.sync()
    await studio.assert_at_rest()
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["notes"]) == ("Yoga", "Mat")


@pytest.mark.rule("R24", "R5")
async def test_an_edit_made_right_behind_our_write_is_kept(studio: Studio) -> None:
    studio.person.edit_behind("Yoga", "Theirs")
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    assert [copy.title for copy in await studio.person.copies()] == ["Theirs"]
    await studio.settle(2)
    assert (await studio.at_wix())[ref]["title"] == "Theirs"
    assert set(await studio.person.shown()) == {"Theirs 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # elsewhere every write has a version of its own
@pytest.mark.rule("R24", "R5")
async def test_an_object_put_back_byte_for_byte_is_an_edit_once_our_write_is_old(studio: Studio) -> None:
    """The version of an object is a hash of its content here, so an old one comes back with it."""
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    calendar, name = await studio.dedicated(), await studio.copy_named("Yoga")
    first = (await studio.outside.objects(calendar))[name]
    studio.edit(ref, title="Power yoga")
    await studio.sync()
    await studio.outside.put(calendar, name, first)
    await studio.sync()
    await studio.settle(3)
    assert (await studio.at_wix())[ref]["title"] == "Yoga"
    assert set(await studio.person.shown()) == {"Yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R27")
async def test_one_event_that_is_refused_is_quarantined_and_the_rest_go_on(studio: Studio) -> None:
    await studio.connect()
    studio.person.spoil("create", studio.person.refusal, text="Cursed", times=-1)
    ref = studio.session("Cursed", local(1, "08:00"))
    for day in range(1, 6):
        studio.session(f"Class {day}", local(day, "10:00"))
    result = await studio.attempt()
    assert studio.person.delivered()
    assert (result.error, result.failed) == (None, 1)
    assert len(await studio.person.shown()) == 5
    plan = (await studio.sync()).plan
    assert plan is not None
    assert [action.why for action in plan.actions if isinstance(action, Skip)] == [Rule.R27]
    await studio.assert_at_rest()
    studio.edit(ref, title="Blessed")
    await studio.sync()
    assert "Blessed 20260303T080000" in await studio.person.shown()
    await studio.assert_at_rest()


@pytest.mark.rule("R25", "R6")
async def test_an_empty_answer_of_the_calendar_cancels_nothing(studio: Studio) -> None:
    await studio.connect()
    for day in range(1, 4):
        studio.session(f"Class {day}", local(day, "10:00"))
        await studio.person.event(f"Errand {day}", local(day, "15:00"))
    await studio.sync()
    before = set(await studio.at_wix())
    studio.person.empty_listings()
    for _ in range(3):
        studio.clock.advance(660)
        await studio.attempt()
        assert studio.person.delivered()
    assert set(await studio.at_wix()) == before
    studio.person.heal()
    await studio.settle(2)
    assert set(await studio.at_wix()) == before
    assert len(await studio.person.shown()) == 3
    await studio.assert_at_rest()


@pytest.mark.rule("R15")
async def test_a_calendar_that_was_emptied_holds_every_write(studio: Studio) -> None:
    await studio.connect()
    refs = {studio.session(f"Class {day}", local(day, "10:00")) for day in range(1, 7)}
    await studio.sync()
    studio.clock.advance(660)
    for title in [f"Class {day}" for day in range(1, 7)]:
        await studio.person.remove_copy(title)
    studio.forget_requests()
    await studio.settle(3)
    assert studio.written() == []
    assert set(await studio.at_wix()) == refs
    assert (await studio.sync()).held == 1


@pytest.mark.rule("R2", "R10")
async def test_an_object_changed_between_reading_and_writing_is_read_again(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    studio.person.spoil("change", {"status": 412})
    await studio.sync()
    assert studio.person.delivered()
    assert set(await studio.person.shown()) == {"Power yoga 20260303T090000"}
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R24")
async def test_an_edit_at_the_site_right_behind_our_write_is_kept(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Mine")
    studio.fault_at_wix("/events/[^/]+$", {"foreign_edit": {"title": "Theirs", "notes": "Meanwhile"}}, method="PATCH")
    await studio.attempt()
    await studio.settle(2)
    row = (await studio.at_wix())[ref]
    assert (row["title"], row["notes"]) == ("Theirs", "Meanwhile")
    (copy,) = await studio.person.copies()
    assert (copy.title, copy.description) == ("Theirs", "Meanwhile")
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R28")
async def test_a_session_changed_between_reading_and_writing_is_read_again(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Mine")
    studio.fault_at_wix("/events/[^/]+$", {"status": 409}, method="PATCH")
    await studio.sync()
    assert (await studio.at_wix())[ref]["title"] == "Mine"
    await studio.assert_at_rest()


async def _open(studio: Studio) -> int:
    """Writes whose outcome is not known yet."""
    return (await studio.store.tally(studio.connection_ids[-1]))["open"]
