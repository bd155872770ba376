"""The contract of `create`: once per key, what is written is what is read, and nobody is mailed."""

import dataclasses
from datetime import UTC, date, datetime

import pytest

from syncd.errors import AdapterError, Exists, Rejected
from syncd.model import Event, Field, Timed, When, identical
from tests.contract.cases import BERLIN, WINDOW, YOGA, days, differences, draft, key, seen, timed, yoga
from tests.contract.subjects import Stage


async def made_of(stage: Stage, event: Event) -> Event:
    """What a fresh read shows of an event that was created."""
    made = seen((await stage.calendar.create([draft("one", event)]))[0])
    found = (await stage.calendar.get([made.ref]))[made.ref]
    assert found.absence is None
    assert found.event == made.event, "the answer of a write is what the side holds"
    return found.event


async def test_a_created_item_holds_every_field_that_was_written(stage: Stage) -> None:
    assert differences(await made_of(stage, YOGA), YOGA) == {}


async def test_a_created_item_lies_at_the_outside_for_everybody_to_see(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft()]))[0])
    raw = await stage.hands.raw(made.ref)
    assert [text for text in ("Yoga", "Bring a mat", "Studio") if text not in raw] == []


async def test_the_answer_is_the_observation_that_the_next_read_shows(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft()]))[0])
    (found,) = (await stage.calendar.read(WINDOW)).observations
    assert (found.ref, found.version, found.fingerprint) == (made.ref, made.version, made.fingerprint)
    assert (found.event, found.traits) == (made.event, made.traits)


@pytest.mark.needs("keyed_create")
async def test_the_same_key_twice_gives_the_same_item_or_exists_and_never_two(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft("yoga")]))[0])
    (again,) = await stage.calendar.create([draft("yoga")])
    assert isinstance(again, Exists) or seen(again).ref == made.ref
    assert await stage.hands.titles() == ["Yoga"]


@pytest.mark.needs("keyed_create")
async def test_a_repeated_create_changes_nothing_of_what_lies_there(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft("yoga")]))[0])
    await stage.hands.edit(made.ref, Event(title="Renamed by hand"))
    await stage.calendar.create([draft("yoga")])
    assert await stage.hands.titles() == ["Renamed by hand"]


async def test_different_keys_make_different_items_of_the_same_content(stage: Stage) -> None:
    first = seen((await stage.calendar.create([draft("one")]))[0])
    second = seen((await stage.calendar.create([draft("two")]))[0])
    assert first.ref != second.ref
    assert await stage.hands.titles() == ["Yoga", "Yoga"]


@pytest.mark.needs("batch")
async def test_several_are_answered_in_the_order_of_their_drafts(stage: Stage) -> None:
    drafts = [draft(name, yoga(title=name.title())) for name in ("c", "a", "b")]
    outcomes = await stage.calendar.create(drafts)
    assert [seen(one).event.title for one in outcomes] == ["C", "A", "B"]
    assert await stage.hands.titles() == ["A", "B", "C"]


@pytest.mark.needs("batch", "bad")
async def test_one_bad_item_is_an_error_in_its_place_and_the_others_are_made(stage: Stage) -> None:
    assert stage.unacceptable is not None
    outcomes = await stage.calendar.create(
        [draft("a", yoga(title="A")), draft("bad", stage.unacceptable), draft("b", yoga(title="B"))]
    )
    assert isinstance(outcomes[1], Rejected)
    assert [seen(outcomes[0]).event.title, seen(outcomes[2]).event.title] == ["A", "B"]
    assert await stage.hands.titles() == ["A", "B"]


@pytest.mark.needs("bad")
async def test_an_error_about_an_item_holds_nothing_of_its_text(stage: Stage) -> None:
    assert stage.unacceptable is not None
    (outcome,) = await stage.calendar.create([draft("bad", stage.unacceptable)])
    assert isinstance(outcome, AdapterError)
    assert outcome.side == stage.calendar.side.value
    told = f"{outcome} {outcome.ref} {outcome.hint}"
    texts = [stage.unacceptable.get(name) for name in (Field.TITLE, Field.DESCRIPTION, Field.LOCATION)]
    assert not [text for text in texts if isinstance(text, str) and text and text in told]


@pytest.mark.needs("batch", "keyed_bulk")
async def test_several_repeated_under_their_keys_make_nothing_new(stage: Stage) -> None:
    drafts = [draft(name, yoga(title=name)) for name in ("a", "b")]
    first = [seen(one).ref for one in await stage.calendar.create(drafts)]
    again = await stage.calendar.create(drafts)
    assert all(isinstance(one, Exists) or seen(one).ref == ref for one, ref in zip(again, first, strict=True))
    assert await stage.hands.titles() == ["a", "b"]


@pytest.mark.needs("batch")
async def test_each_of_several_is_found_by_its_key_afterwards(stage: Stage) -> None:
    drafts = [draft(name, yoga(title=name)) for name in ("a", "b")]
    made = [seen(one).ref for one in await stage.calendar.create(drafts)]
    found = await stage.calendar.find([key("a"), key("b")])
    assert [found[key("a")].ref, found[key("b")].ref] == made


async def test_our_mark_comes_back_from_every_read(stage: Stage) -> None:
    given = draft()
    made = seen((await stage.calendar.create([given]))[0])
    (listed,) = (await stage.calendar.read(WINDOW)).observations
    direct = (await stage.calendar.get([made.ref]))[made.ref]
    for one in (made, listed, direct):
        mark = one.traits.mark
        assert mark is not None
        assert (mark.bridge, mark.generation, mark.key) == (given.mark.bridge, 1, given.key)
        assert mark.digest == given.mark.digest
        assert mark.original in {given.mark.original, None}


async def test_our_mark_is_no_part_of_the_fields(stage: Stage) -> None:
    bare = Event(timed(), "Yoga", None, None, True)
    assert (await made_of(stage, bare)).description is None


async def test_nobody_is_invited(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft()]))[0])
    assert await stage.hands.mailed() == 0
    assert not made.traits.guests


async def test_empty_texts_stay_empty(stage: Stage) -> None:
    bare = Event(timed(), "Yoga", None, None, True)
    assert differences(await made_of(stage, bare), bare) == {}


@pytest.mark.parametrize("busy", [True, False])
async def test_free_and_busy_are_kept(stage: Stage, busy: bool) -> None:
    assert (await made_of(stage, dataclasses.replace(YOGA, busy=busy))).busy is busy


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 日本語, עברית",
        "🧘‍♀️ yoga 👩🏽‍🏫",
        'commas, semicolons; back\\slashes "quotes" and <tags> & entities',
        "a long line " * 15,
    ],
)
async def test_text_is_kept_to_the_letter(stage: Stage, text: str) -> None:
    given = Event(timed(), text.strip(), text.strip(), text.strip()[:140].strip(), True)
    assert differences(await made_of(stage, given), given) == {}


async def test_line_ends_in_a_description_are_kept_as_lines(stage: Stage) -> None:
    given = dataclasses.replace(YOGA, description="first\nsecond\n\nfourth: \\n is no line end")
    assert (await made_of(stage, given)).description == given.description


@pytest.mark.needs("limits")
async def test_text_as_long_as_the_limit_is_kept_whole(stage: Stage) -> None:
    for name, limit in stage.calendar.capabilities.limits.items():
        given = YOGA.put({name: "x" * limit})
        made = seen((await stage.calendar.create([draft(name.value, given)]))[0])
        assert differences(made.event, given) == {}


@pytest.mark.needs("limits")
async def test_text_over_the_limit_is_refused_or_cut_and_the_answer_says_which(stage: Stage) -> None:
    for name, limit in stage.calendar.capabilities.limits.items():
        (outcome,) = await stage.calendar.create([draft(name.value, YOGA.put({name: "x" * (limit + 50)}))])
        if not isinstance(outcome, Rejected):
            made = seen(outcome)
            text = made.event.get(name)
            assert isinstance(text, str)
            assert text == "x" * min(len(text), limit + 50)
            assert (await stage.calendar.get([made.ref]))[made.ref].event == made.event


TIMES = [
    timed(date(2030, 3, 30), 23, 8 * 60, BERLIN),  # over the night of the lost hour
    timed(date(2030, 3, 31), 1, 120, BERLIN),
    timed(date(2030, 10, 26), 23, 8 * 60, BERLIN),  # over the night of the doubled hour
    timed(date(2030, 3, 8), 9, 60, "America/New_York"),
    timed(date(2030, 3, 11), 9, 60, "America/New_York"),
    timed(date(2030, 11, 4), 9, 60, "America/New_York"),
    timed(date(2030, 4, 8), 9, 60, "Australia/Lord_Howe"),
    timed(date(2030, 6, 3), 9, 60, "Asia/Kolkata"),
    timed(date(2030, 6, 3), 9, 60, "UTC"),
    timed(date(2030, 7, 1), 22, 26 * 60, BERLIN),
]
either_side = pytest.mark.parametrize("when", TIMES, ids=lambda when: f"{when.tzid}-{when.start:%m%dT%H%M}")


@either_side
async def test_times_are_kept_either_side_of_a_change_of_clocks(stage: Stage, when: When) -> None:
    assert differences(await made_of(stage, yoga(when)), yoga(when)) == {}


@pytest.mark.needs("zones")
@either_side
async def test_times_are_kept_with_their_zone(stage: Stage, when: When) -> None:
    found = await made_of(stage, yoga(when))
    assert identical(found.when, when), found.when


@pytest.mark.parametrize("hour", [0, 1], ids=["first-two-o-clock", "second-two-o-clock"])
async def test_the_doubled_hour_is_kept_where_it_is_or_refused_but_never_moved(stage: Stage, hour: int) -> None:
    start = datetime(2030, 10, 27, hour, 15, tzinfo=UTC)
    when = Timed(start, start.replace(minute=45), BERLIN)
    (outcome,) = await stage.calendar.create([draft("one", yoga(when))])
    if not isinstance(outcome, Rejected):
        assert differences(seen(outcome).event, yoga(when)) == {}


@pytest.mark.needs("all_day")
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("first", [date(2030, 3, 4), date(2030, 3, 31), date(2030, 10, 27)])
async def test_whole_days_are_kept_as_dates(stage: Stage, first: date, count: int) -> None:
    assert (await made_of(stage, yoga(days(first, count)))).when == days(first, count)


async def test_creating_nothing_makes_nothing(stage: Stage) -> None:
    assert list(await stage.calendar.create([])) == []
    assert await stage.hands.titles() == []
