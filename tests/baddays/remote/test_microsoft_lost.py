"""What gets lost between us and Microsoft: tokens, replies, keys, and our own memory of what was sent. R24, R25."""

import asyncio
from contextlib import suppress

import pytest

from tests.baddays.remote.day import COPIES, SITE
from tests.baddays.remote.microsoft_day import MicrosoftDay
from tests.e2e.studio import local
from tests.e2e.test_together import forget_everything

READS = {"operation": "^calendarView.delta$"}
BATCHES = {"path": r"/\$batch$", "body": r'"method": ?"POST"'}


@pytest.mark.parametrize("page", [1, 3])
def test_a_token_that_dies_on_some_page_is_a_full_reading(microsoft_day: MicrosoftDay, page: int) -> None:
    day = microsoft_day
    names = [day.on(day.studio.person.event(f"Errand {number}", local(4 + number, "15:00"))) for number in range(4)]
    day.run()
    day.state.switches.set({"delta_empty_pages": 2})
    day.news()
    for name in names[:3]:
        day.on(day.studio.person.edit(name, location="Garden"))
    day.on(day.studio.person.remove(names[3]))
    day.studio.forget_requests()
    match = {**READS, "account": day.studio.email}
    day.microsoft.plant({"gone_on_page": page}, match)
    day.run()
    assert day.answered(410) == 1
    day.on(day.to_rest())
    site, copies = day.on(day.everything())
    assert site - {f"Errand {number} {local(4 + number, '15:00'):%Y-%m-%dT%H:%M}" for number in range(3)} == SITE
    assert copies == COPIES
    blocks = day.on(day.studio.blocks()).values()
    assert [block["location"]["name"] for block in blocks if block["title"].startswith("Errand ")] == ["Garden"] * 3


@pytest.mark.parametrize("status", [400, pytest.param(404, marks=pytest.mark.prove)])
def test_a_token_that_is_refused_in_another_word_is_a_full_reading_too(
    microsoft_day: MicrosoftDay, status: int
) -> None:
    day = microsoft_day
    day.run()  # the calendar that was made is new, and is read from now on
    day.news()
    day.outside({"bad_token": status}, match=READS)
    for _ in range(3):
        day.studio.clock.advance(660)
        day.studio.forget_requests()
        day.run()
        assert day.answered(status) == 2, "one for each calendar of hers, and no loop"
        assert len([row for row in day.studio.requests() if row == "calendarView.delta"]) == 6
    assert day.on(day.everything()) == (SITE, COPIES)
    day.over()
    day.on(day.at_rest())


def test_a_listing_that_is_broken_off_twice_leaves_the_rest_to_the_next_pass(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    day.news()
    day.state.switches.set({"delta_empty_pages": 1})
    day.outside({"gone_on_page": 2}, match=READS)
    said = day.run(code=1)
    assert day.answered(410) >= 2
    assert len(day.delivered()) <= 4, "no loop"
    assert "next: " in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    day.over()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("lag", [0, 300], ids=["", "look-ups-lag"])
@pytest.mark.parametrize("number", [1, 6], ids=["single", "batch"])
def test_creates_whose_reply_is_lost_are_made_once(microsoft_day: MicrosoftDay, number: int, lag: int) -> None:
    day = microsoft_day
    day.state.switches.set({"property_lag_seconds": lag})
    for one in range(number):
        day.studio.session("Pilates", local(3 + one, "09:00"))
    match = {"method": "POST", "path": "/events$"} if number == 1 else BATCHES
    day.microsoft.plant({"drop": "after"}, match)
    day.on(day.studio.sync_all())
    assert [(method, status) for method, _, status in day.delivered()] == [("POST", None)]
    assert len(day.on(day.everything())[1]) == 2 + number
    day.on(day.to_rest())
    assert len(day.on(day.everything())[1]) == 2 + number
    assert day.stands(day.anna)["open"] == 0


def test_a_process_that_dies_between_a_batch_and_its_record_doubles_nothing(microsoft_day: MicrosoftDay) -> None:
    day = microsoft_day
    for one in range(6):
        day.studio.session("Pilates", local(3 + one, "09:00"))

    async def dies() -> list[str]:
        working = asyncio.create_task(day.studio.sync_all())
        created = day.when("events.create", working.cancel, times=6)
        with suppress(asyncio.CancelledError):
            await working
        assert working.cancelled()
        return created

    assert len(day.on(dies())) == 6
    day.state.inspect = None
    assert len(day.on(day.everything())[1]) == 8
    assert day.stands(day.anna)["open"] == 6
    day.studio.forget_requests()
    day.on(day.to_rest())
    assert len(day.on(day.everything())[1]) == 8
    assert day.stands(day.anna)["open"] == 0
    assert "events.create" not in day.studio.requests()


@pytest.mark.parametrize(
    "after_delete",
    ["refused", pytest.param("same", marks=pytest.mark.prove), pytest.param("free", marks=pytest.mark.prove)],
)
def test_the_transaction_of_a_deleted_copy_is_spent_and_the_copy_is_made_under_another(
    microsoft_day: MicrosoftDay, after_delete: str
) -> None:
    """The database is lost too, so that nothing but Microsoft knows of the deletion."""
    day = microsoft_day
    day.state.switches.set({"transaction_after_delete": after_delete})
    day.news()
    day.run()
    day.on(day.studio.person.remove_copy("Pilates"))
    day.on(forget_everything(day.studio))
    day.ben = day.on(day.bens.connect("ben")).id
    day.anna = day.on(day.studio.connect("anna")).id
    day.studio.clock.advance(660)
    day.studio.forget_requests()
    day.on(day.studio.sync_all())
    assert "events.create" in day.studio.requests()
    day.on(day.to_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
    assert len(day.on(day.microsoft.calendars())) == 1
