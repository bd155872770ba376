"""A schedule that is cancelled, gone, or somebody else's: its connection ends, nothing is removed, Ben goes on. R20."""

from collections.abc import Callable

import pytest

from syncd.model import Reason, Status
from syncd.sandbox.wix import schedules
from tests.baddays.remote.day import BENS_COPIES, BENS_SITE, OLD_COPIES, OLD_SITE, Day

NEXT = "`syncd disconnect` removes what was made, `syncd connect` connects another schedule"


def cancelled(day: Day) -> None:
    schedules.cancel(day.studio.site, day.studio.rows["anna"].id, {})


def handed_over(day: Day) -> None:
    schedules.set_owner(day.studio.site, day.studio.rows["anna"].id, "5ae00000-0000-0000-0000-00000000000e")


def unknown(day: Day) -> None:
    del day.studio.site.schedules._versions[day.studio.rows["anna"].id]


def is_cancelled(day: Day) -> bool:
    found = day.studio.site.schedules.get(day.studio.rows["anna"].id)
    return found is not None and found.status == "CANCELLED"


def is_anothers(day: Day) -> bool:
    found = day.studio.site.schedules.get(day.studio.rows["anna"].id)
    return found is not None and found.owner not in (None, day.studio.rows["anna"].owner)


def is_unknown(day: Day) -> bool:
    return day.studio.site.schedules.get(day.studio.rows["anna"].id) is None


@pytest.mark.parametrize(
    ("happens", "happened", "reads", "words"),
    [
        (cancelled, is_cancelled, 1, "the schedule was cancelled"),
        (handed_over, is_anothers, 2, "the schedule has another owner"),
        (unknown, is_unknown, 2, "the schedule was not found"),
    ],
    ids=["cancelled", "another-owner", "unknown"],
)
def test_a_lost_schedule_ends_its_connection_and_removes_nothing(
    day: Day, happens: Callable[[Day], None], happened: Callable[[Day], bool], reads: int, words: str
) -> None:
    day.news()
    happens(day)
    assert happened(day)
    before, _ = day.on(day.everything())
    assert any(where == f"connection {day.anna}" and words in step for where, _, step in day.checked())
    if reads == 2:
        day.run()
        assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
        assert words in day.stands(day.anna)["detail"]
    said = day.run(code=1)
    assert f"skipped: {words}" in said.about(day.anna)
    assert NEXT in said.about(day.anna)
    assert said.logged("connection stopped", day.anna)["reason"] == "SCHEDULE_LOST"
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"]) == ("DISCONNECTED", "SCHEDULE_LOST")
    assert words in stands["detail"]
    assert NEXT in stands["detail"]
    again = day.run()
    assert "skipped: disconnected" in again.about(day.anna)
    assert [row for row in again.log if row["event"] == "connection stopped"] == []
    site, copies = day.on(day.everything())
    assert site == before | BENS_SITE
    assert copies == OLD_COPIES | BENS_COPIES
    assert OLD_SITE - {"Yoga 2026-03-03T09:00", "Dentist 2026-03-03T15:00"} <= site
    assert day.on(day.status(day.ben)) == (Status.SYNCED, None)


def test_a_lost_schedule_can_still_be_disconnected_by_a_person(day: Day) -> None:
    cancelled(day)
    day.run(code=1)
    assert day.on(day.status(day.anna)) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert "Yoga 20260303T090000" in day.on(day.everything())[1]
    day.syncd("disconnect", day.anna, "--yes")
    day.run()
    assert day.on(day.everything())[1] == {"Paperwork 20260303T110000"}


def test_an_owner_who_comes_back_between_two_reads_ends_nothing(day: Day) -> None:
    handed_over(day)
    day.run()
    assert "another owner" in day.stands(day.anna)["detail"]
    schedules.set_owner(day.studio.site, day.studio.rows["anna"].id, day.studio.rows["anna"].owner)
    day.run()
    stands = day.stands(day.anna)
    assert (stands["status"], stands["detail"]) == ("SYNCED", None)
    day.on(day.at_rest())
