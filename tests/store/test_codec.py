"""Every value of the model survives the way into text and back."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model import (
    UNSEEN,
    Absence,
    AllDay,
    Connection,
    Create,
    Cursor,
    Delete,
    Event,
    Link,
    Mark,
    Observation,
    Overrides,
    Ref,
    Side,
    Timed,
    Traits,
    Update,
    Window,
)
from syncd.store.codec import Codec
from tests.store.builders import NOW, event, session

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9))])
EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
INSTANTS = st.datetimes(EARLIEST, EARLIEST.replace(year=2090), timezones=ZONES)
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
TEXTS = st.text(st.characters(), max_size=30)
TIMED = st.builds(
    lambda start, seconds, tzid: Timed(start, start + timedelta(seconds=seconds), tzid),
    INSTANTS,
    st.integers(0, 10**6),
    TEXTS,
)
ALL_DAY = st.builds(lambda first, days: AllDay(first, first + timedelta(days=days)), DAYS, st.integers(1, 400))

KNOWN: dict[Any, st.SearchStrategy[Any]] = {datetime: INSTANTS, str: TEXTS, Timed: TIMED, AllDay: ALL_DAY}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model, by its type hints."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if kind in KNOWN:
        return KNOWN[kind]
    if origin in (Union, UnionType):
        return st.one_of(*(values_of(member) for member in arguments))
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        given = dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=True))
        hints = {name: given.get(hint, hint) for name, hint in get_type_hints(origin).items()}
        return st.builds(origin, **{slot.name: values_of(hints[slot.name]) for slot in dataclasses.fields(origin)})
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    return st.from_type(kind)


KINDS: list[Any] = [Event, Traits, Absence, Mark, Observation, Link, Connection, Overrides, Window, Cursor]
WRITES: Any = Create | Update | Delete


@pytest.mark.parametrize("kind", [*KINDS, WRITES], ids=lambda kind: getattr(kind, "__name__", "Write"))
def test_any_value_comes_back_equal(kind: Any) -> None:
    codec = Codec[Any](kind)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(values_of(kind))
    def round_trip(value: Any) -> None:
        text = codec.dump(value)
        back = codec.load(text)
        assert back == value
        assert type(back) is type(value)
        assert text.isascii()
        assert codec.dump(back) == text

    round_trip()


def test_unseen_empty_and_a_value_are_three_things() -> None:
    codec = Codec[Event](Event)
    texts = {codec.dump(Event(title=title)) for title in (UNSEEN, None, "", "unseen")}
    assert len(texts) == 4
    assert codec.load(codec.dump(Event(title=None))).title is None
    assert codec.load(codec.dump(Event())).title is UNSEEN


def test_an_interval_keeps_its_kind_and_its_zone() -> None:
    codec = Codec[Event](Event)
    timed = event().when
    for when in (timed, AllDay(date(2026, 3, 29), date(2026, 3, 30))):
        assert codec.load(codec.dump(Event(when))).when == when
    assert isinstance(timed, Timed)
    back = codec.load(codec.dump(Event(timed))).when
    assert isinstance(back, Timed)
    assert back.tzid == "Europe/Berlin"


def test_instants_come_back_in_utc() -> None:
    start = datetime(2026, 3, 29, 3, tzinfo=timezone(timedelta(hours=2)))
    back = Codec[Window](Window).load(Codec[Window](Window).dump(Window(start, start)))
    assert back.start == start
    assert back.start.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Codec[datetime](datetime).dump(NOW.replace(tzinfo=None))


def test_a_field_that_a_newer_program_wrote_is_passed_over() -> None:
    codec = Codec[Ref](Ref)
    assert codec.load('{"collection":"c","id":"i","later":1}') == Ref("c", "i")


def test_a_type_without_a_form_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="complex"):
        Codec[complex](complex).dump(1j)


def test_observations_are_told_by_side() -> None:
    codec = Codec[Observation](Observation)
    assert codec.load(codec.dump(session())).side is Side.WIX
