"""Reading the default calendar of the simulator over real HTTP: rounds, pages, tokens.

Not here: series, direct reads, our mark (test_microsoft_series, test_microsoft_absence, test_microsoft_marks).
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.microsoft.listing import SIZES, Round
from syncd.errors import CursorExpired, Forbidden, Transient
from syncd.model import AllDay, Cursor, Timed, Window
from syncd.ports import knowing
from tests.adapters.microsoft_world import (
    NOW,
    WINDOW,
    World,
    at,
    cursor_of,
    draft,
    fingerprints,
    put,
    shown,
    stored,
    titles,
    world,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


def rounds(microsoft: World) -> list[str]:
    return [str(row["query"]) for row in microsoft.rows() if row["operation"] == "calendarView.delta"]


# --- windows ----------------------------------------------------------------------------------------------------------


async def test_a_round_is_asked_for_with_a_window_a_day_wider_and_with_nothing_else(microsoft: World) -> None:
    put(microsoft, "Tea")
    await microsoft.calendar.read(await cursor_of(microsoft))
    first, second = rounds(microsoft)
    assert sorted(first.split("&")) == [
        "endDateTime=2027-10-02T00%3A00%3A00Z",
        "startDateTime=2026-09-30T00%3A00%3A00Z",
    ]
    assert second.startswith("$deltatoken=")


async def test_an_idle_read_is_one_request(microsoft: World) -> None:
    put(microsoft, "Tea")
    cursor = await cursor_of(microsoft)
    microsoft.forget()
    found = await microsoft.calendar.read(cursor)
    assert (found.observations, found.removed, found.broken, found.groups) == ((), (), (), {})
    assert microsoft.operations() == ["calendarView.delta"]


async def test_the_window_is_half_open_and_days_at_its_edges_are_neither_lost_nor_shifted(microsoft: World) -> None:
    def hour(start: datetime) -> Timed:
        return Timed(start, start + timedelta(hours=1), "UTC")

    put(microsoft, "ends as it begins", hour(WINDOW.start - timedelta(hours=1)))
    put(microsoft, "begins with it", hour(WINDOW.start))
    put(microsoft, "ends with it", hour(WINDOW.end - timedelta(hours=1)))
    put(microsoft, "begins as it ends", hour(WINDOW.end))
    put(microsoft, "day before", AllDay(date(2026, 9, 30), date(2026, 10, 1)))
    put(microsoft, "first day", AllDay(date(2026, 10, 1), date(2026, 10, 2)))
    put(microsoft, "last day", AllDay(date(2027, 9, 30), date(2027, 10, 1)))
    put(microsoft, "day after", AllDay(date(2027, 10, 1), date(2027, 10, 2)))
    found = await microsoft.calendar.read(WINDOW)
    assert titles(found) == ["begins with it", "ends with it", "first day", "last day"]
    assert found.listed is not None
    assert len([group for group, held in found.groups.items() if not held]) == len(found.listed) - 4


async def test_what_lies_far_outside_the_window_is_not_listed(microsoft: World) -> None:
    put(microsoft, "Far", Timed(NOW + timedelta(days=900), NOW + timedelta(days=901), "UTC"))
    near = put(microsoft, "Near")
    found = await microsoft.calendar.read(WINDOW)
    assert (found.listed, found.groups) == (frozenset({near.id}), {near.id: frozenset({near.id})})


async def test_the_window_of_a_cursor_goes_on_to_hold(microsoft: World) -> None:
    small = Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC))
    cursor = (await microsoft.calendar.read(small)).cursor
    assert cursor is not None
    put(microsoft, "Outside", at(20))
    put(microsoft, "Inside", at(2))
    found = await microsoft.calendar.read(cursor)
    assert titles(found) == ["Inside"]
    assert found.window == small


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches", [{}, {"delta_empty_pages": 2}, {"delta_repeats": True}, {"delta_order": "shuffled"}]
)
async def test_pages_are_put_together_and_their_token_is_the_last_one_s(
    microsoft: World, switches: dict[str, Any]
) -> None:
    microsoft.switch(**switches)
    for number in range(SIZES[0] + 5):
        put(microsoft, f"n{number:03}", at(1 + number % 20, number % 24))
    found = await microsoft.calendar.read(WINDOW)
    assert titles(found) == [f"n{number:03}" for number in range(SIZES[0] + 5)]
    assert len(rounds(microsoft)) >= 2
    assert found.cursor is not None
    put(microsoft, "new")
    assert titles(await microsoft.calendar.read(found.cursor, stored(found))) == ["new"]


@pytest.mark.parametrize("code", ["UnknownError", "ServiceUnavailable", "GatewayTimeout"])
async def test_a_page_that_the_server_fails_over_is_asked_for_with_fewer_rows(microsoft: World, code: str) -> None:
    for number in range(SIZES[1] + 1):
        put(microsoft, f"n{number:03}", at(1 + number % 20))
    microsoft.refuse("calendarView.delta", code)
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert len(found.observations) == SIZES[1] + 1
    assert len(rounds(microsoft)) == 3, "the failed one, and two pages of the next size"
    assert microsoft.waits.seconds == [1.0]


async def test_a_server_that_fails_over_the_smallest_page_too_is_left_until_later(microsoft: World) -> None:
    put(microsoft, "Tea")
    microsoft.refuse("calendarView.delta", "UnknownError", times=len(SIZES))
    with pytest.raises(Transient):
        await microsoft.calendar.read(WINDOW)
    assert len(microsoft.delivered()) == len(SIZES)


async def test_a_round_without_an_end_is_read_as_a_plain_view_without_a_cursor(microsoft: World) -> None:
    for number in range(15):
        put(microsoft, f"n{number:02}", at(1 + number))
    microsoft.plant({"endless": True}, match={"operation": "calendarView.delta"})
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert titles(found) == [f"n{number:02}" for number in range(15)]
    assert (found.cursor, found.complete) == (None, True)
    assert found.listed == frozenset(one.ref.id for one in found.observations)
    assert "calendarView.list" in microsoft.operations()


async def test_changes_without_an_end_expire_the_cursor(microsoft: World) -> None:
    cursor = await cursor_of(microsoft)
    put(microsoft, "Tea")
    microsoft.plant({"endless": True}, match={"operation": "calendarView.delta"})
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(cursor)
    assert microsoft.delivered()
    assert len(microsoft.rows()) < 10


async def test_empty_pages_without_an_end_are_given_up_too(microsoft: World) -> None:
    base = f"{microsoft.server.base_url}/v1.0/me/calendarView/delta?$skiptoken=1"
    answer = json.dumps({"value": [], "@odata.nextLink": base})
    microsoft.plant({"status": 200, "body": answer}, match={"path": "delta"}, times=500)
    put(microsoft, "Tea")
    found = await microsoft.calendar.read(WINDOW)
    assert titles(found) == ["Tea"]
    assert found.cursor is None
    assert len(microsoft.delivered()) < 100


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"value": []}', '{"value": [{}], "@odata.deltaLink": "x"}', '{"value": [{"id": 7}]}', "text"],
)
async def test_an_answer_that_is_no_round_is_never_an_empty_one(microsoft: World, body: str) -> None:
    microsoft.plant({"status": 200, "body": body}, match={"operation": "calendarView.delta"})
    with pytest.raises(Transient):
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize("location", [True, False])
async def test_a_token_that_dies_on_any_page_expires_the_cursor(microsoft: World, page: int, location: bool) -> None:
    cursor = await cursor_of(microsoft)
    microsoft.switch(delta_empty_pages=1, delta_dead_location=location)
    put(microsoft, "Tea")
    microsoft.plant({"gone_on_page": page}, match={"operation": "calendarView.delta"})
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(cursor)
    assert microsoft.delivered()
    assert titles(await microsoft.calendar.read(WINDOW)) == ["Tea"]


@pytest.mark.parametrize("code", ["SyncStateNotFound", "resyncRequired", "syncStateNotFound"])
async def test_a_token_of_another_time_expires_the_cursor_whatever_the_code_is_called(
    microsoft: World, code: str
) -> None:
    microsoft.switch(delta_token_days=1, delta_dead_code=code)
    cursor = await cursor_of(microsoft)
    microsoft.clock.advance(2 * 86400)
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(cursor)


@pytest.mark.parametrize("answer", ["400", "404", "410"])
async def test_a_token_that_was_never_given_out_expires_the_cursor(microsoft: World, answer: str) -> None:
    microsoft.switch(delta_unknown_token=answer)
    cursor = await cursor_of(microsoft)
    place = cursor.token.partition("?")[0]
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(Cursor(f"{place}?$deltatoken=never", WINDOW))


@pytest.mark.parametrize("token", ["never", "https://evil.example/x", "/../beta/me", ""])
async def test_what_is_no_token_at_all_is_not_sent_anywhere(microsoft: World, token: str) -> None:
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(Cursor(token, WINDOW))
    assert microsoft.rows() == []


@pytest.mark.parametrize(("times", "page"), [(1, 1), (1, 2), (2, 2)])
async def test_a_first_round_that_is_broken_off_is_begun_again_once(microsoft: World, times: int, page: int) -> None:
    microsoft.switch(delta_empty_pages=1)
    for number in range(4):
        put(microsoft, f"n{number}")
    microsoft.plant({"gone_on_page": page}, match={"operation": "calendarView.delta"}, times=times)
    if times == 1:
        assert titles(await microsoft.calendar.read(WINDOW)) == ["n0", "n1", "n2", "n3"]
    else:
        with pytest.raises(Transient, match="twice"):
            await microsoft.calendar.read(WINDOW)
    assert len(microsoft.delivered()) == times


async def test_a_round_that_ends_in_a_refusal_is_no_answer_at_all(microsoft: World) -> None:
    microsoft.switch(delta_empty_pages=1)
    put(microsoft, "One")
    microsoft.plant({"error": "ErrorAccessDenied"}, match={"operation": "calendarView.delta", "query": "skiptoken"})
    with pytest.raises(Forbidden):
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()


async def test_after_an_expired_token_what_vanished_in_the_gap_is_no_longer_listed(microsoft: World) -> None:
    lost, kept = put(microsoft, "Lost"), put(microsoft, "Kept")
    cursor = await cursor_of(microsoft)
    microsoft.hands.delete(lost.id)
    microsoft.plant({"expire_tokens": True}, match={"operation": "calendarView.delta"})
    with pytest.raises(CursorExpired):
        await microsoft.calendar.read(cursor)
    assert (await microsoft.calendar.read(WINDOW)).listed == frozenset({kept.id})


# --- what is known, what is removed -----------------------------------------------------------------------------------


async def test_what_is_known_at_its_version_is_not_shown_again_in_either_reading(microsoft: World) -> None:
    old = put(microsoft, "Old")
    before = await microsoft.calendar.read(WINDOW)
    assert before.cursor is not None
    put(microsoft, "New")
    again = await microsoft.calendar.read(WINDOW, knowing(fingerprints(before)))
    assert titles(again) == ["New"]
    assert again.listed is not None
    assert old.id in again.listed
    made = shown((await microsoft.calendar.create([draft()]))[0])
    known = {**fingerprints(before), made.ref.id: made.fingerprint or ""}
    assert titles(await microsoft.calendar.read(before.cursor, knowing(known))) == ["New"]


async def test_a_deleted_event_is_a_removal_in_a_change_and_not_in_a_full_round(microsoft: World) -> None:
    ref = put(microsoft, "Tea")
    cursor = await cursor_of(microsoft)
    microsoft.hands.delete(ref.id)
    found = await microsoft.calendar.read(cursor)
    assert [one.group for one in found.removed] == [ref.id]
    assert (found.observations, found.broken) == ((), ())
    assert (await microsoft.calendar.read(WINDOW)).listed == frozenset()


@pytest.mark.parametrize("last", ["shown", "removed"])
def test_of_several_showings_of_an_event_in_one_round_the_last_one_counts(last: str) -> None:
    showings: dict[str, dict[str, Any]] = {
        "shown": {"id": "a", "subject": "Tea"},
        "removed": {"id": "a", "@removed": {"reason": "deleted"}},
    }
    found = Round()
    for name in sorted(showings, key=lambda name: name == last):
        found.take(showings[name])
    assert (list(found.rows), list(found.removed)) == ((["a"], []) if last == "shown" else ([], ["a"]))


async def test_an_event_that_its_organiser_calls_off_is_a_removal_too(microsoft: World) -> None:
    when = at(2)
    meeting = microsoft.hands.invite("Meeting", when.start, when.end, "boss@example.org").id
    before = await microsoft.calendar.read(WINDOW)
    assert titles(before) == ["Meeting"]
    assert before.cursor is not None
    microsoft.hands.cancel(meeting)
    found = await microsoft.calendar.read(before.cursor, stored(before))
    assert [(one.group, one.evidence) for one in found.removed] == [(meeting, "cancelled")]
    assert (await microsoft.calendar.read(WINDOW)).listed == frozenset()


async def test_a_row_that_cannot_be_read_is_broken_and_still_listed(microsoft: World) -> None:
    ref = put(microsoft, "Odd")
    row = {"id": ref.id, "@odata.etag": 'W/"1"', "type": "singleInstance", "subject": "Odd", "start": {}, "end": {}}
    link = f"{microsoft.server.base_url}/v1.0/me/calendarView/delta?$deltatoken=1"
    answer = {"value": [row], "@odata.deltaLink": link}
    microsoft.plant({"status": 200, "body": json.dumps(answer)}, match={"operation": "calendarView.delta"})
    found = await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert [(one.group, one.fingerprint, one.passing) for one in found.broken] == [(ref.id, 'W/"1"', False)]
    assert found.listed == frozenset({ref.id})
