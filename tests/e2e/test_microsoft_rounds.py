"""What Microsoft's delta tells late, twice, without an end or not at all: nothing wrong is deleted, all ends at rest.

Each test looks first whether it really happened. Not here: what concerns no round (test_at_microsoft).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pytest

from syncd.sandbox.microsoft.delta import Round, groups
from syncd.sandbox.microsoft.state import View
from syncd.sandbox.microsoft.values import Event
from tests.e2e.simulated_person import calendar_of, identified
from tests.e2e.studio import Studio, local, spans

pytestmark = pytest.mark.outside("microsoft")
RUN = "FREQ=WEEKLY;COUNT=4"
READ = {"operation": "^calendarView.delta$"}
LATE = local(300, "00:00").date()
RUNS = {f"Run 2026-03-{day:02}T12:30" for day in (4, 11, 18, 25)}


@pytest.mark.rule("R6", "R3")
async def test_an_occurrence_that_is_deleted_without_a_word_frees_its_slot_alone(studio: Studio) -> None:
    refs, name = await _both_ways(studio)
    second = studio.microsoft.occurrence(name, local(9, "12:30"))
    studio.clock.advance(660)
    studio.microsoft.hands.delete(second)
    assert second not in _ids(studio, name)
    assert _told(studio) == {"seriesMaster": 1, "occurrence": 3}
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", *(RUNS - {"Run 2026-03-11T12:30"})}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R31")
async def test_a_series_all_of_whose_ids_change_keeps_its_blocks(studio: Studio) -> None:
    refs, name = await _both_ways(studio)
    before, ids = set(await studio.at_wix()), _ids(studio, name)
    hands = studio.microsoft.hands
    studio.clock.advance(660)
    made = hands.copy(identified(name))
    hands.delete(identified(name))
    assert not ids & {event.id for event in hands.occurrences(made.id, LATE)}
    await studio.settle(3)
    assert set(await studio.at_wix()) == before
    assert len(await studio.history("R31")) == 4
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R31", "R4", "R6")
@pytest.mark.parametrize("rrule", [RUN, "FREQ=DAILY;COUNT=4"], ids=["weekly", "daily"])
async def test_a_series_whose_days_all_change_blocks_the_new_ones_alone(studio: Studio, rrule: str) -> None:
    """Ids of occurrences are made of their days, and nothing is told of the old ones."""
    refs, name = await _both_ways(studio)
    ids = _ids(studio, name)
    studio.clock.advance(660)
    before = set(await studio.at_wix())
    await studio.person.edit(name, start=local(3, "12:30"), end=local(3, "13:30"), rrule=rrule)
    assert not ids & _ids(studio, name)
    assert "removed" not in _told(studio)
    await studio.settle(4)
    if "WEEKLY" in rrule:
        assert set(await studio.at_wix()) == before, "the same blocks, moved"
    days = range(5, 9) if "DAILY" in rrule else range(5, 30, 7)
    blocks = {f"Run 2026-03-{day:02}T12:30" for day in days}
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", *blocks}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R14", "R5")
@pytest.mark.policy(window_future_days=30)
async def test_what_moves_beyond_the_window_is_followed_there_and_back(studio: Studio) -> None:
    refs, _ = await _both_ways(studio)
    before = set(await studio.at_wix())
    await studio.sync()  # the dedicated calendar is new, and is read from now on
    far = {"start": local(60, "15:00"), "end": local(60, "16:00")}
    studio.clock.advance(660)
    await studio.person.edit(studio.microsoft.names["Dentist"], **far)
    copy = await studio.person.copy_of("Yoga")
    await studio.person.edit(copy, **far)
    assert _told(studio) == {"removed": 1}
    assert _told(studio, calendar_of(copy)) == {"removed": 1}
    await studio.settle(3)
    assert set(await studio.at_wix()) == before
    assert set(await studio.blocks()) == {"Dentist 2026-05-01T15:00", *RUNS}
    assert (await studio.at_wix())[refs["Yoga"]]["start"]["localDate"] == "2026-05-01T15:00:00"
    await studio.assert_at_rest()
    await studio.person.edit(copy, start=local(1, "09:00"), end=local(1, "10:00"))
    await studio.person.edit(studio.microsoft.names["Dentist"], start=local(1, "15:00"), end=local(1, "16:00"))
    await studio.settle(2)
    assert set(await studio.at_wix()) == before
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", *RUNS}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R6", "R31", "R16")
@pytest.mark.parametrize("imported", [True, False])
async def test_an_event_moved_to_another_calendar_blocks_if_that_one_is_imported_too(
    studio: Studio, imported: bool
) -> None:
    other = await studio.person.add_calendar("Other")
    calendars = (studio.person.calendar, *([other] if imported else []))
    refs, name = await _both_ways(studio, calendars=calendars)
    studio.clock.advance(660)
    for ref in (studio.microsoft.names["Dentist"], name):
        studio.microsoft.hands.move(identified(ref), other)
    assert _told(studio) == {"removed": 2}
    await studio.settle(4)
    assert set(await studio.blocks()) == ({"Dentist 2026-03-03T15:00", *RUNS} if imported else set())
    assert {event.calendar_id for event in studio.microsoft.hands_in(other).events()} == {other}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R14", "R6", "R25")
@pytest.mark.policy(window_future_days=30)
async def test_events_outside_the_window_that_are_told_as_removed_concern_nothing(studio: Studio) -> None:
    refs, _ = await _both_ways(studio)
    before = await studio.at_wix()
    hands = studio.microsoft.hands
    studio.clock.advance(660)
    trip = hands.add("Trip", local(200, "15:00"), local(200, "16:00"))
    hands.edit(hands.add("Party", local(201, "15:00"), local(201, "16:00")).id, subject="Big party")
    assert _told(studio) == {"removed": 2}
    await studio.settle(1)
    hands.delete(trip.id)
    hands.add("Course", local(100, "15:00"), local(100, "16:00"), rrule="FREQ=DAILY;COUNT=3")
    assert _told(studio) == {"removed": 2}
    studio.forget_requests()
    await studio.settle(2)
    assert studio.written() == []
    assert await studio.at_wix() == before
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R24", "R6")
@pytest.mark.parametrize("page", [1, 2, pytest.param(4, marks=pytest.mark.prove)])
async def test_a_token_that_dies_on_some_page_costs_a_listing_and_nothing_else(studio: Studio, page: int) -> None:
    refs, name = await _both_ways(studio)
    studio.microsoft.server.state.switches.set({"delta_empty_pages": 3})
    studio.clock.advance(660)
    await studio.person.event("Bank", local(2, "15:00"))
    await studio.person.remove(studio.microsoft.names["Dentist"])
    await studio.person.remove_occurrence(name, local(9, "12:30"))
    studio.microsoft.plant({"gone_on_page": page}, READ)
    studio.forget_requests()
    await studio.settle(3)
    assert _statuses(studio).count(410) == 1
    assert set(await studio.blocks()) == {"Bank 2026-03-04T15:00", *(RUNS - {"Run 2026-03-11T12:30"})}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R24", "R6")
@pytest.mark.parametrize("times", [1, 2])
async def test_a_first_listing_that_is_broken_off_is_begun_again_once(studio: Studio, times: int) -> None:
    refs, _ = await _both_ways(studio)
    before = await studio.at_wix()
    studio.microsoft.server.state.switches.set({"delta_empty_pages": 1})
    await studio.person.event("Bank", local(2, "15:00"))
    studio.microsoft.server.state.expire_delta_tokens(studio.person.calendar)
    studio.microsoft.plant({"gone_on_page": 2}, READ, times=times)
    studio.forget_requests()
    result = await studio.attempt()
    assert _statuses(studio).count(410) == 1 + times
    assert (result.error is None) is (times == 1)
    assert before.keys() <= (await studio.at_wix()).keys()
    await studio.settle(2)
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", "Bank 2026-03-04T15:00", *RUNS}
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R24", "R10")
async def test_rows_that_are_told_again_as_they_were_before_undo_nothing(studio: Studio) -> None:
    refs, name = await _both_ways(studio)
    studio.edit(refs["Yoga"], title="Power yoga")
    await studio.person.edit(studio.microsoft.names["Dentist"], title="Dr. Dent")
    await studio.person.edit_occurrence(name, local(9, "12:30"), "Long run", local(9, "17:00"))
    await studio.settle(2)
    before = await studio.at_wix()
    studio.clock.advance(660)
    studio.forget_requests()
    studio.microsoft.plant({"replay": {"back": 1}}, READ, times=-1)
    for _ in range(3):
        await studio.sync()
        studio.clock.advance(30)
    assert _spoilt(studio)
    assert studio.written() == []
    assert await studio.at_wix() == before
    studio.person.heal()
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R4", "R6", "R24")
async def test_empty_pages_are_followed_to_the_rows_behind_them(studio: Studio) -> None:
    refs, _ = await _both_ways(studio)
    await studio.person.event("Bank", local(2, "15:00"))
    await studio.person.remove(studio.microsoft.names["Dentist"])
    studio.microsoft.plant({"empty_pages": 5}, READ, times=-1)
    studio.clock.advance(660)
    studio.forget_requests()
    await studio.sync()
    assert studio.requests().count("calendarView.delta") == 2 * 6
    assert _spoilt(studio)
    assert set(await studio.blocks()) == {"Bank 2026-03-04T15:00", *RUNS}
    studio.person.heal()
    await _nothing_lost(studio, refs)


@pytest.mark.rule("R4", "R6", "R24")
@pytest.mark.parametrize(
    ("times", "news"),
    [
        pytest.param(1, True, id="once"),
        pytest.param(-1, True, id="always"),
        pytest.param(1, False, id="once-without-news", marks=pytest.mark.prove),
        pytest.param(-1, False, id="always-without-news", marks=pytest.mark.prove),
    ],
)
async def test_a_round_without_an_end_is_given_up_and_the_window_is_read_without_it(
    studio: Studio, times: int, news: bool
) -> None:
    refs, _ = await _both_ways(studio)
    if news:
        await studio.person.event("Bank", local(2, "15:00"))
        await studio.person.remove(studio.microsoft.names["Dentist"])
    studio.microsoft.plant({"endless": True}, READ, times=times)
    for _ in range(3):
        studio.clock.advance(660)
        studio.forget_requests()
        await studio.sync()
        assert len(studio.requests()) <= 250
        assert _spoilt(studio) or times == 1
        if times == -1:
            assert "calendarView.list" in studio.requests()
    shown = {"Bank 2026-03-04T15:00"} if news else {"Dentist 2026-03-03T15:00"}
    assert set(await studio.blocks()) == {*shown, *RUNS}
    studio.person.heal()
    await _nothing_lost(studio, refs)


SWITCHES: Final[tuple[Mapping[str, Any], ...]] = (
    {"delta_order": "reversed", "batch_order": "reversed", "delta_dead_code": "resyncRequired"},
    {"delta_order": "shuffled", "batch_order": "shuffled", "delta_outside_removed": False},
    {"delta_split_series": True, "delta_empty_pages": 2, "series_change_key": "series"},
    {"delta_repeats": True, "delta_deleted_series": "all", "batch_beyond_four": "queued"},
    {"if_match": "409", "inner_codes": True, "events_of_me": "default", "null_clears": False},
    {"if_match": "ignore", "copied_properties": False, "transaction_after_delete": "same"},
    {"transaction_after_delete": "free", "transaction_status": "409", "delta_select": "refuse"},
    {"property_expand_on_view": "dropped", "iana_zones": "none", "refresh_rotation": "never"},
    {"delta_tokens_kept": 1, "delta_unknown_token": "404", "calendar_name_taken": "accept"},
    {"read_only_properties": "refuse", "body_rewriting": "stronger", "delta_dead_location": True},
)


@pytest.mark.rule("R1", "R2", "R3", "R4", "R5", "R6", "R24")
@pytest.mark.parametrize(
    "switches",
    [pytest.param(one, marks=pytest.mark.prove if at % 2 else ()) for at, one in enumerate(SWITCHES)],
    ids="-".join,
)
async def test_whatever_is_not_known_of_the_service_may_be_so_or_otherwise(
    studio: Studio, switches: Mapping[str, Any]
) -> None:
    studio.microsoft.server.state.switches.set(dict(switches))
    refs, name = await _both_ways(studio)
    pilates = studio.session("Pilates", local(2, "09:00"), notes="Mat")
    await studio.sync()
    await studio.person.edit_copy("Yoga", title="Early yoga", start=local(1, "08:00"), end=local(1, "09:00"))
    await studio.person.edit_occurrence(name, local(9, "12:30"), "Long run", local(9, "17:00"))
    await studio.person.remove_occurrence(name, local(16, "12:30"))
    studio.edit(refs["Stretch"], title="Stretching", **spans(local(3, "18:00")))
    studio.cancel(pilates)
    studio.edit((await studio.blocks())["Dentist 2026-03-03T15:00"]["id"], title="Dr. Dent")
    await studio.settle(3)
    assert set(await studio.person.shown()) == {"Early yoga 20260303T080000", "Stretching 20260305T180000"}
    assert set(await studio.blocks()) == {
        "Dr. Dent 2026-03-03T15:00",
        "Run 2026-03-04T12:30",
        "Long run 2026-03-11T17:00",
        "Run 2026-03-25T12:30",
    }
    await _nothing_lost(studio, refs)
    await studio.person.remove(name)
    await studio.settle(3)
    assert set(await studio.blocks()) == {"Dr. Dent 2026-03-03T15:00"}
    await _nothing_lost(studio, refs)


async def _both_ways(studio: Studio, **wish: Any) -> tuple[dict[str, str], str]:
    """Two sessions shown outside, an event and a series that block; ids of the sessions, and the series' name."""
    await studio.connect(**wish)
    refs = {
        "Yoga": studio.session("Yoga", local(1, "09:00")),
        "Stretch": studio.session("Stretch", local(3, "09:00")),
    }
    await studio.person.event("Dentist", local(1, "15:00"))
    name = await studio.person.event("Run", local(2, "12:30"), rrule=RUN)
    await studio.sync()
    assert set(await studio.blocks()) == {"Dentist 2026-03-03T15:00", *RUNS}
    assert len(await studio.person.shown()) == 2
    return refs, name


async def _nothing_lost(studio: Studio, refs: Mapping[str, str]) -> None:
    """The sessions are there, and so are their copies, once each; nothing is left to do."""
    assert set(refs.values()) <= set(await studio.at_wix())
    assert len(await studio.person.shown()) == len(refs)
    await studio.assert_at_rest()


def _ids(studio: Studio, name: str) -> set[str]:
    """Of all occurrences of a series."""
    found: list[Event] = studio.microsoft.hands.occurrences(identified(name), LATE)
    return {event.id for event in found}


def _told(studio: Studio, calendar: str = "") -> Mapping[str, int]:
    """What the newest token of a calendar would tell at present, by the types of its rows."""
    state = studio.microsoft.server.state
    where = state.calendars[calendar or studio.person.calendar]
    token = [meant for meant in state.delta_tokens.values() if meant.calendar_id == where.id][-1]
    round_ = Round(state, where, View(state.mailbox_of(where)), token.window, token.version, {})
    rows = [row for group in groups(round_) for row in group]
    return Counter("removed" if row.kind == "removed" else row.event.type for row in rows)


def _statuses(studio: Studio) -> list[int]:
    rows = studio.person.log.to_json()["requests"]
    return [row["status"] for row in rows if row["operation"] == "calendarView.delta"]


def _spoilt(studio: Studio) -> bool:
    """Whether a planted fault was delivered, and showed something else than the truth."""
    faults = [row["fault"] or "" for row in studio.person.log.to_json()["requests"]]
    return any(fault and "no effect" not in fault for fault in faults)
