"""Reading the primary calendar of the simulator over real HTTP: listings, tokens, tombstones.

Not here: series, direct reads (test_google_series, test_google_absence).
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncd.errors import CursorExpired, Transient
from syncd.model import Cursor, Timed
from syncd.ports import knowing
from tests.adapters.google_world import (
    BERLIN,
    NOW,
    WINDOW,
    World,
    cursor_of,
    draft,
    fingerprints,
    put,
    shown,
    titles,
    world,
)


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


# --- one query shape --------------------------------------------------------------------------------------------------


async def test_every_listing_asks_in_one_shape_without_window_order_or_filter(google: World) -> None:
    put(google, "Tea")
    await google.calendar.read(await cursor_of(google))
    queries = [row["query"] for row in google.rows() if row["operation"] == "events.list"]
    assert len(queries) == 2
    for query in queries:
        assert "singleEvents=true" in query
        assert "showDeleted=true" in query
        assert "maxResults=2500" in query
        assert not [
            word for word in ("timeM", "orderBy", "q=", "eventTypes", "Property", "updatedMin") if word in query
        ]


async def test_an_idle_read_is_one_request(google: World) -> None:
    put(google, "Tea")
    cursor = await cursor_of(google)
    google.forget()
    found = await google.calendar.read(cursor)
    assert (found.observations, found.removed, found.broken) == ((), (), ())
    assert google.operations() == ["events.list"]


async def test_what_lies_outside_the_window_is_listed_and_not_observed(google: World) -> None:
    far = put(google, "Far", Timed(NOW + timedelta(days=900), NOW + timedelta(days=901), "UTC"))
    near = put(google, "Near")
    found = await google.calendar.read(WINDOW)
    assert [one.ref for one in found.observations] == [near]
    assert found.listed == frozenset({far.id, near.id})
    assert found.groups == {far.id: frozenset(), near.id: frozenset({near.id})}


async def test_pages_are_put_together_and_their_token_is_the_last_one_s(google: World) -> None:
    google.state.switches.set({"short_pages": 2, "empty_first_page": True})
    for number in range(5):
        put(google, f"n{number}")
    found = await google.calendar.read(WINDOW)
    assert titles(found) == ["n0", "n1", "n2", "n3", "n4"]
    assert google.operations().count("events.list") >= 4
    assert found.cursor is not None
    put(google, "n5")
    assert titles(await google.calendar.read(found.cursor)) == ["n5"]


async def test_what_is_known_at_its_version_is_not_shown_again_in_either_reading(google: World) -> None:
    old = put(google, "Old")
    before = await google.calendar.read(WINDOW)
    assert before.cursor is not None
    put(google, "New")
    again = await google.calendar.read(WINDOW, knowing(fingerprints(before)))
    assert titles(again) == ["New"]
    assert again.listed is not None
    assert old.id in again.listed
    made = shown((await google.calendar.create([draft()]))[0])
    known = {**fingerprints(before), made.ref.id: made.fingerprint or ""}
    assert titles(await google.calendar.read(before.cursor, knowing(known))) == ["New"]


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 3])
async def test_a_token_that_expires_on_any_page_expires_the_cursor(google: World, page: int) -> None:
    cursor = await cursor_of(google)
    google.state.switches.set({"short_pages": 1})
    for number in range(4):
        put(google, f"n{number}")
    google.plant({"gone_on_page": page}, match={"operation": "events.list"})
    with pytest.raises(CursorExpired):
        await google.calendar.read(cursor)
    assert google.delivered()
    assert titles(await google.calendar.read(WINDOW)) == ["n0", "n1", "n2", "n3"]


@pytest.mark.parametrize("answer", ["400", "410"])
async def test_a_token_that_was_never_given_out_expires_the_cursor(google: World, answer: str) -> None:
    google.state.switches.set({"malformed_token": answer})
    with pytest.raises(CursorExpired):
        await google.calendar.read(Cursor("never", WINDOW))


@pytest.mark.parametrize(("times", "page"), [(1, 1), (1, 3), (2, 2)])
async def test_a_listing_that_is_broken_off_is_begun_again_once(google: World, times: int, page: int) -> None:
    google.state.switches.set({"short_pages": 1})
    for number in range(4):
        put(google, f"n{number}")
    google.plant({"gone_on_page": page}, match={"operation": "events.list"}, times=times)
    if times == 1:
        assert titles(await google.calendar.read(WINDOW)) == ["n0", "n1", "n2", "n3"]
    else:
        with pytest.raises(Transient, match="twice"):
            await google.calendar.read(WINDOW)
    assert len(google.delivered()) == times


async def test_a_listing_that_ends_in_an_error_is_no_answer_at_all(google: World) -> None:
    google.state.switches.set({"short_pages": 1})
    put(google, "One")
    put(google, "Two")
    google.plant({"error": "backendError"}, match={"operation": "events.list", "query": "pageToken"})
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"kind": "calendar#events", "items": [{}]}', '{"kind": "calendar#events", "items": []}', "text"],
)
async def test_an_answer_that_is_no_listing_or_has_no_end_is_never_an_empty_one(google: World, body: str) -> None:
    google.plant({"status": 200, "body": body}, match={"operation": "events.list"})
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    assert google.delivered()


async def test_after_an_expired_token_what_vanished_in_the_gap_is_no_longer_listed(google: World) -> None:
    lost = put(google, "Lost")
    kept = put(google, "Kept")
    cursor = await cursor_of(google)
    google.hands.delete(lost.id)
    google.state.expire_sync_tokens()
    with pytest.raises(CursorExpired):
        await google.calendar.read(cursor)
    assert (await google.calendar.read(WINDOW)).listed == frozenset({kept.id})


# --- tombstones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", ["bare", "kept"])
async def test_a_deleted_event_is_a_removal_in_a_change_and_not_in_a_listing(google: World, details: str) -> None:
    google.state.switches.set({"cancelled_details": details, "full_list_tombstones": "kept"})
    ref = put(google, "Tea")
    cursor = await cursor_of(google)
    google.hands.delete(ref.id)
    found = await google.calendar.read(cursor)
    assert [(one.group, one.evidence) for one in found.removed] == [(ref.id, "tombstone")]
    assert found.observations == ()
    assert (await google.calendar.read(WINDOW)).listed == frozenset()


async def test_a_row_that_cannot_be_read_is_broken_and_still_listed(google: World) -> None:
    ref = put(google, "Odd")
    row = {"id": ref.id, "etag": '"1"', "status": "confirmed", "start": {}, "end": {}}
    answer = {"kind": "calendar#events", "items": [row], "nextSyncToken": "t", "timeZone": BERLIN}
    google.plant({"status": 200, "body": json.dumps(answer)}, match={"operation": "events.list"})
    found = await google.calendar.read(WINDOW)
    assert google.delivered()
    assert [(one.group, one.fingerprint) for one in found.broken] == [(ref.id, '"1"')]
    assert found.listed == frozenset({ref.id})


async def test_an_event_type_added_later_does_not_break_the_listing(google: World) -> None:
    google.state.switches.set({"future_fields": True})
    put(google, "Tea")
    found = await google.calendar.read(WINDOW)
    assert titles(found) == ["Tea"]
    assert found.broken == ()
