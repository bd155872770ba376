"""Canonical fields, the lens, the mask, keys and digests: what must stay the same through losses and releases.

Golden values: keys and digests lie in calendars for years; another value would make every copy a stranger.
"""

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import (
    UNSEEN,
    AllDay,
    Connection,
    Event,
    Field,
    Kind,
    Observation,
    Override,
    Overrides,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Text,
    Timed,
    Traits,
    Value,
)
from syncd.normalise import (
    BUSY,
    calendar_key,
    canonical,
    clean,
    clean_text,
    collection_of,
    covers,
    fields_digest,
    fit,
    fit_value,
    holds_in_part,
    is_overridden,
    key_of,
    mask,
    original_id,
    shown,
    value_digest,
)

NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)
YOGA = Event(Timed(NINE, NINE + timedelta(hours=1), "Europe/Berlin"), "Yoga", "Bring a mat", "Room 1", True)
STAFF = Schedule("schedule-1", ScheduleKind.STAFF, "Ada", "resource-1", "Europe/Berlin")
CONNECTION = Connection("c1", "site-1", "memory", STAFF, "account-1", "ada@example.org")
TITLE, DESCRIPTION = Field.TITLE, Field.DESCRIPTION

texts = st.text(max_size=40)
overrides = st.builds(Override, st.none() | texts, st.none() | texts)


def seen(event: Event = YOGA, side: Side = Side.EXTERNAL, **traits: object) -> Observation:
    return Observation(side, Ref("here", "1"), event, NINE, traits=Traits(**traits))  # type: ignore[arg-type]


# texts


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Yoga", "Yoga"),
        ("  Yoga \n", "Yoga"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\tb", "a\tb"),
        ("be\x07ll\x00", "bell"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("", None),
        (" \r\n ", None),
        ("\x00", None),
        (None, None),
        (UNSEEN, UNSEEN),
    ],
)
def test_texts_are_compared_in_one_form(told: Text, kept: Text) -> None:
    assert clean_text(told) == kept


@given(texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(texts)
def test_a_clean_text_is_composed_and_without_controls_and_outer_blanks(text: str) -> None:
    once = clean_text(text)
    if isinstance(once, str):
        assert unicodedata.is_normalized("NFC", once)
        assert once == once.strip() != ""
        assert not {c for c in once if unicodedata.category(c) == "Cc"} - {"\n", "\t"}


def test_cleaning_an_event_leaves_time_and_unseen_fields_alone() -> None:
    given_ = replace(YOGA, title=" Yoga ", description="", location=UNSEEN)
    assert clean(given_) == replace(YOGA, description=None, location=UNSEEN)
    assert canonical(seen(given_)) == seen(clean(given_))


# the mask


@pytest.mark.parametrize("details", ["full", "title", "busy"])
def test_of_a_private_event_the_time_alone_is_kept(details: str) -> None:
    masked = mask(seen(private=True), details)
    assert masked.event == Event(YOGA.when, BUSY, None, None, True)
    assert masked.traits.masked == {TITLE, DESCRIPTION, Field.LOCATION}


@pytest.mark.parametrize(
    ("details", "event", "hidden"),
    [
        ("full", YOGA, set()),
        ("title", replace(YOGA, description=None, location=None), {DESCRIPTION, Field.LOCATION}),
        ("busy", Event(YOGA.when, BUSY, None, None, True), {TITLE, DESCRIPTION, Field.LOCATION}),
    ],
)
def test_of_any_other_event_the_policy_says_what_is_kept(details: str, event: Event, hidden: set[Field]) -> None:
    masked = mask(seen(), details)
    assert (masked.event, set(masked.traits.masked)) == (event, hidden)


def test_masking_twice_changes_nothing() -> None:
    once = mask(seen(private=True), "full")
    assert mask(once, "full") == once


def test_a_masked_event_holds_nothing_of_what_it_said() -> None:
    told = str(mask(seen(private=True), "full"))
    assert not [text for text in ("Yoga", "Bring a mat", "Room 1") if text in told]


# the lens


@pytest.mark.parametrize(
    ("own", "schedule", "title", "description"),
    [
        (Override(), Override(), "Yoga", "Bring a mat"),
        (Override(title="Mine"), Override(), "Mine", "Bring a mat"),
        (Override(), Override("Class", "See the site"), "Class", "See the site"),
        (Override(title="Mine"), Override("Class", "See the site"), "Mine", "See the site"),
        (Override(description=""), Override("Class", "See the site"), "Class", None),
        (Override("  Mine\r\n"), Override(), "Mine", "Bring a mat"),
    ],
)
def test_each_field_is_shown_from_the_nearest_override(
    own: Override, schedule: Override, title: str, description: str | None
) -> None:
    assert shown(YOGA, Overrides(own, schedule)) == replace(YOGA, title=title, description=description)


def test_with_override_only_the_notes_are_not_shown() -> None:
    assert shown(YOGA, Overrides(), "override_only").description is None
    told = Overrides(schedule=Override(description="See the site"))
    assert shown(YOGA, told, "override_only").description == "See the site"


@given(overrides, overrides)
def test_the_lens_changes_title_and_description_alone_and_only_where_an_override_applies(
    own: Override, schedule: Override
) -> None:
    applied = Overrides(own, schedule)
    projection = shown(YOGA, applied)
    for name in Field:
        if not is_overridden(name, applied):
            assert projection.get(name) == YOGA.get(name)


@given(texts)
def test_an_override_is_shown_as_it_was_set(text: str) -> None:
    assert shown(YOGA, Overrides(session=Override(title=text))).title == clean_text(text)


@given(overrides, overrides)
def test_looking_twice_through_the_same_overrides_shows_the_same(own: Override, schedule: Override) -> None:
    applied = Overrides(own, schedule)
    assert shown(shown(YOGA, applied), applied) == shown(YOGA, applied)


@pytest.mark.parametrize(
    ("name", "applied", "policy", "expected"),
    [
        (TITLE, Overrides(), "notes", False),
        (TITLE, Overrides(schedule=Override(title="Class")), "notes", True),
        (TITLE, Overrides(session=Override(title="")), "notes", True),
        (DESCRIPTION, Overrides(session=Override(title="Mine")), "notes", False),
        (DESCRIPTION, Overrides(), "override_only", True),
        (TITLE, Overrides(), "override_only", False),
        (Field.LOCATION, Overrides(Override("a", "b"), Override("c", "d")), "override_only", False),
    ],
)
def test_an_edit_belongs_to_the_override_where_the_field_is_shown_from_one(
    name: Field, applied: Overrides, policy: str, expected: bool
) -> None:
    assert is_overridden(name, applied, policy) is expected


# what a side can hold


@given(texts, st.integers(1, 40))
def test_a_fitting_text_is_short_enough_and_fits_again(text: str, limit: int) -> None:
    once = fit_value(TITLE, text, {TITLE: limit})
    assert isinstance(once, str)
    assert len(once) <= limit
    assert fit_value(TITLE, once, {TITLE: limit}) == once
    assert text.startswith(once)


@given(texts, st.integers(1, 40))
def test_a_text_that_was_cut_is_a_part_of_the_fuller_one(text: str, limit: int) -> None:
    part = fit_value(TITLE, text, {TITLE: limit})
    assert holds_in_part(part, text) is (part != text)


def test_only_texts_with_a_limit_are_cut() -> None:
    assert fit(YOGA, {TITLE: 2, DESCRIPTION: 6}) == replace(YOGA, title="Yo", description="Bring")
    assert fit(YOGA, {}) == YOGA
    assert fit(replace(YOGA, title=None, description=UNSEEN), {TITLE: 1, DESCRIPTION: 1}).title is None


@pytest.mark.parametrize(
    ("value", "fuller", "expected"),
    [
        ("Bring a", "Bring a mat", True),
        ("Bring a mat", "Bring a mat", False),
        ("Bring a mat", "Bring a", False),
        ("mat", "Bring a mat", False),
        (None, "Bring a mat", False),
        ("Bring", None, False),
        (True, "True", False),
    ],
)
def test_a_part_is_the_beginning_of_the_fuller_text(value: Value, fuller: Value, expected: bool) -> None:
    assert holds_in_part(value, fuller) is expected


# what a connection covers


def connection(kind: ScheduleKind) -> Connection:
    return replace(CONNECTION, schedule=replace(STAFF, kind=kind))


def session(*schedules: str, home: str | None = None, kind: Kind = Kind.ORDINARY) -> Observation:
    return seen(side=Side.WIX, schedules=frozenset(schedules), home=home, kind=kind)


@pytest.mark.parametrize(
    ("kind", "of", "expected"),
    [
        (ScheduleKind.STAFF, session("schedule-1"), True),
        (ScheduleKind.STAFF, session(home="schedule-1"), True),
        (ScheduleKind.STAFF, session("service-1", "resource-1"), True),
        (ScheduleKind.STAFF, session("schedule-2", "resource-2"), False),
        (ScheduleKind.STAFF, session("schedule-1", kind=Kind.WORKING_HOURS), False),
        (ScheduleKind.BUSINESS, session("schedule-2"), True),
        (ScheduleKind.BUSINESS, session(), True),
        (ScheduleKind.BUSINESS, session("schedule-1", kind=Kind.WORKING_HOURS), False),
        (ScheduleKind.SERVICE, session("schedule-1"), True),
        (ScheduleKind.SERVICE, session("schedule-2", "resource-1"), False),
    ],
)
def test_what_a_connection_covers(kind: ScheduleKind, of: Observation, expected: bool) -> None:
    assert covers(connection(kind), of) is expected


# keys and names


def test_keys_are_the_same_for_ever() -> None:
    assert key_of("bridge-1", "schedule-1", "s1", 1) == "q01kju43jg0us0f0o60sdic5fcc9s37k"
    assert calendar_key("bridge-1", "schedule-1", 1) == "iuuavamv3i45fqq2mmtcbl9si8ist8co"


@given(st.tuples(texts, texts, texts, st.integers(0, 10_000)))
def test_a_key_is_32_characters_that_every_side_takes_as_an_id(parts: tuple[str, str, str, int]) -> None:
    key = key_of(*parts)
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdefghijklmnopqrstuv")


@pytest.mark.parametrize(
    "other", [("b2", "s", "o", 1), ("b", "s2", "o", 1), ("b", "s", "o2", 1), ("b", "s", "o", 2), ("bs", "", "o", 1)]
)
def test_bridge_schedule_original_and_generation_each_give_another_key(other: tuple[str, str, str, int]) -> None:
    assert key_of(*other) != key_of("b", "s", "o", 1)


def test_an_event_is_named_with_its_calendar_and_a_session_by_its_id() -> None:
    assert original_id(Side.WIX, Ref("site-1", "s1")) == "s1"
    assert original_id(Side.EXTERNAL, Ref("calendar", "e1")) == "calendar|e1"


def test_a_collection_is_known_by_the_same_name_for_ever_and_hides_addresses() -> None:
    assert collection_of(CONNECTION, "bookings") == "bc82350a9e7ce913"
    assert "ada" not in collection_of(CONNECTION, "ada@example.org")


@pytest.mark.parametrize("slots", [{"provider": "other"}, {"identity": "account-2"}])
def test_equal_calendar_ids_of_two_accounts_are_two_collections(slots: dict[str, str]) -> None:
    other = replace(CONNECTION, **slots)  # type: ignore[arg-type]
    assert collection_of(other, "bookings") != collection_of(CONNECTION, "bookings")


def test_the_same_account_is_the_same_collection_for_every_connection() -> None:
    other = replace(CONNECTION, id="c2", email="new@example.org", schedule=replace(STAFF, id="schedule-2"))
    assert collection_of(other, "bookings") == collection_of(CONNECTION, "bookings")


# digests


def test_digests_are_the_same_for_ever() -> None:
    assert fields_digest(YOGA) == "43435e28be8c4b3f"
    assert value_digest("Yoga") == "5bb461e2fb4f"
    assert value_digest(None) == "1c197daef20d"
    assert value_digest(AllDay(date(2026, 3, 10), date(2026, 3, 12))) == "6e68418e469e"


CHANGES: list[tuple[Field, Value]] = [
    (Field.WHEN, Timed(NINE, NINE + timedelta(hours=2), "Europe/Berlin")),
    (Field.WHEN, AllDay(date(2026, 3, 10), date(2026, 3, 11))),
    (TITLE, "yoga"),
    (DESCRIPTION, None),
    (DESCRIPTION, UNSEEN),
    (Field.LOCATION, "Room 2"),
    (Field.BUSY, False),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_every_field_counts_in_a_digest(name: Field, value: Value) -> None:
    assert fields_digest(YOGA.put({name: value})) != fields_digest(YOGA)


def test_a_side_that_tells_the_same_moment_in_another_zone_has_changed_nothing() -> None:
    offset = timezone(timedelta(hours=1))
    elsewhere = Timed(NINE.astimezone(offset), (NINE + timedelta(hours=1)).astimezone(offset), "Africa/Lagos")
    assert fields_digest(replace(YOGA, when=elsewhere)) == fields_digest(YOGA)


@given(texts, texts)
def test_different_texts_have_different_digests(one: str, other: str) -> None:
    assert (value_digest(one) == value_digest(other)) is (one == other)


def test_a_text_and_a_flag_that_read_alike_differ() -> None:
    assert len({value_digest(value) for value in ("True", True, "None", None, False, "")}) == 6
