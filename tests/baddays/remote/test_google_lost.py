"""What gets lost between us and Google: cursors, replies, ids, and our own memory of what was sent. R24, R25.

What is not lost then is what the store holds: on both databases, other than the rest of these days.
"""

import asyncio
from contextlib import suppress

import pytest

from tests.baddays.remote.day import COPIES, SITE
from tests.baddays.remote.google_day import GoogleDay
from tests.e2e.studio import local
from tests.e2e.test_together import forget_everything

LISTS = {"operation": "events.list"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.mark.parametrize("page", [1, 3])
def test_a_cursor_that_expires_on_some_page_is_a_full_reading(google_day: GoogleDay, page: int) -> None:
    day = google_day
    names = [day.on(day.studio.person.event(f"Errand {number}", local(4 + number, "15:00"))) for number in range(4)]
    day.run()
    day.google.server.state.switches.set({"short_pages": 1})
    day.news()
    for name in names[:3]:
        day.on(day.studio.person.edit(name, location="Garden"))
    day.on(day.studio.person.remove(names[3]))
    day.studio.forget_requests()
    fault = {"gone_on_page": page, "expire_tokens": True}
    match = {**LISTS, "account": day.studio.email}
    day.google.server.app.faults.add({"do": fault, "match": match})
    day.run()
    assert day.answered(410) == 1
    day.on(day.to_rest())
    site, copies = day.on(day.everything())
    assert site - {f"Errand {number} {local(4 + number, '15:00'):%Y-%m-%dT%H:%M}" for number in range(3)} == SITE
    assert copies == COPIES
    blocks = day.on(day.studio.blocks()).values()
    assert [block["location"]["name"] for block in blocks if block["title"].startswith("Errand ")] == ["Garden"] * 3


def test_a_cursor_that_expires_twice_in_a_row_leaves_the_rest_to_the_next_pass(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    day.google.server.state.switches.set({"short_pages": 1})
    day.outside({"gone_on_page": 2}, match=LISTS)
    said = day.run(code=1)
    assert day.answered(410) >= 2
    assert len(day.delivered()) <= 4, "no loop"
    assert "next: " in said.about(day.anna)
    assert "2 written, 0 failed" in said.about(day.ben)
    day.over()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_a_cursor_refused_in_every_pass_costs_one_listing_each_and_no_loop(google_day: GoogleDay) -> None:
    day = google_day
    day.news()
    day.outside({"expire_tokens": True}, match=LISTS)
    for _ in range(3):
        day.studio.clock.advance(660)
        day.studio.forget_requests()
        day.run()
        assert day.answered(410) == 1
        assert len([row for row in day.studio.requests() if row == "events.list"]) == 3  # hers twice, Ben's once
    assert day.on(day.everything()) == (SITE, COPIES)
    day.over()
    day.on(day.at_rest())


@pytest.mark.parametrize("number", [1, 6], ids=["single", "batch"])
def test_inserts_whose_reply_is_lost_are_made_once(google_day: GoogleDay, number: int) -> None:
    day = google_day
    for one in range(number):
        day.studio.session("Pilates", local(3 + one, "09:00"))
    match = {"method": "POST", "path": "/events$" if number == 1 else "^/batch/"}
    day.outside({"drop": "after"}, match=match, times=1)
    day.on(day.studio.sync_all())
    assert [(method, status) for method, _, status in day.delivered()] == [("POST", None)]
    assert len(day.on(day.everything())[1]) == 2 + number
    day.on(day.to_rest())
    assert len(day.on(day.everything())[1]) == 2 + number
    assert day.stands(day.anna)["open"] == 0


def test_a_process_that_dies_between_a_batch_and_its_record_doubles_nothing(google_day: GoogleDay) -> None:
    day = google_day
    for one in range(6):
        day.studio.session("Pilates", local(3 + one, "09:00"))

    async def dies() -> list[str]:
        working = asyncio.create_task(day.studio.sync_all())
        inserted = day.when("events.insert", working.cancel, times=6)
        with suppress(asyncio.CancelledError):
            await working
        assert working.cancelled()
        return inserted

    assert len(day.on(dies())) == 6
    day.google.server.state.inspect = None
    assert len(day.on(day.everything())[1]) == 8
    assert day.stands(day.anna)["open"] == 6
    day.studio.forget_requests()
    day.on(day.to_rest())
    assert len(day.on(day.everything())[1]) == 8
    assert day.stands(day.anna)["open"] == 0
    assert "events.insert" not in day.studio.requests()


def test_the_id_of_a_deleted_copy_is_taken_and_the_copy_is_made_under_another(google_day: GoogleDay) -> None:
    """The database is lost too, so that nothing but Google knows of the deletion."""
    day = google_day
    day.news()
    day.run()
    day.on(day.studio.person.remove_copy("Pilates"))
    day.on(forget_everything(day.studio))
    day.ben = day.on(day.bens.connect("ben")).id
    day.anna = day.on(day.studio.connect("anna")).id
    day.studio.forget_requests()
    day.on(day.studio.sync_all())
    assert day.answered(409) >= 1
    day.on(day.to_rest())
    assert day.on(day.everything()) == (SITE, COPIES)
